"""Whether a proposal makes sense at all."""

import math
from typing import Any, Final

from ..records.reasons import Reason
from .model import MiningAction, MiningDomain, MiningSignals
from .numbers import number

ACTIONS: Final = {
    MiningDomain.HASH_RATE: frozenset({MiningAction.TUNE_HASH_RATE}),
    MiningDomain.POWER: frozenset({MiningAction.ADJUST_POWER_LIMIT}),
    MiningDomain.POOL_MANAGEMENT: frozenset({MiningAction.SWITCH_POOL}),
    MiningDomain.THERMAL: frozenset({MiningAction.THERMAL_THROTTLE, MiningAction.STOP}),
    MiningDomain.HARDWARE: frozenset(
        {
            MiningAction.START,
            MiningAction.STOP,
            MiningAction.HARDWARE_RESTART,
            MiningAction.THERMAL_THROTTLE,
        }
    ),
}
"""What can be proposed in each domain, beside NO_ACTION."""


def validate_mining_signals(signals: MiningSignals) -> tuple[Reason, ...]:
    """Return what makes no sense in a proposal; empty when it can be judged.

    The value itself is not looked at: whether it may be missing depends on the action.
    """
    reasons = []
    domain: Any = signals.mining_domain
    action: Any = signals.proposed_action
    if not isinstance(domain, MiningDomain):
        domain = _member(MiningDomain, domain)
    if not isinstance(action, MiningAction):
        action = _member(MiningAction, action)
    if domain is None:
        reasons.append(Reason.INVALID_DOMAIN)
    elif action is None or (action is not MiningAction.NO_ACTION and action not in ACTIONS[domain]):
        reasons.append(Reason.INVALID_ACTION)
    if signals.timestamp is not None and not math.isfinite(number(signals.timestamp)):
        reasons.append(Reason.INVALID_TIMESTAMP)
    if not 0.0 <= number(signals.ai_confidence) <= 1.0:
        reasons.append(Reason.INVALID_CONFIDENCE)
    lists = isinstance(signals.hardware_readings, list | tuple)
    if not lists or not isinstance(signals.temperature_readings, list | tuple):
        reasons.append(Reason.READING_INVALID)
    return tuple(reasons)


def _member[E: (MiningDomain, MiningAction)](kind: type[E], value: Any) -> E | None:
    try:
        return kind(value)
    except ValueError:
        return None
