"""Which events a decision makes: one table, for the governor and for what is shown of it."""

from collections.abc import Collection
from typing import Final

from ..records.reasons import Reason
from .model import EventType

RATE_REASONS: Final = frozenset(
    {Reason.POOL_SWITCH_RATE, Reason.START_STOP_RATE, Reason.RESTART_RATE}
)


def events_of(reasons: Collection[str], *, used_fallback: bool) -> list[EventType]:
    """Return the events that a decision with these reasons makes, the decision itself first."""
    kinds = [EventType.DECISION]
    if used_fallback:
        kinds.append(EventType.FALLBACK)
    if Reason.THERMAL_OVERRIDE in reasons:
        kinds.append(EventType.THERMAL_OVERRIDE)
    if not RATE_REASONS.isdisjoint(reasons):
        kinds.append(EventType.RATE_LIMIT)
    return kinds
