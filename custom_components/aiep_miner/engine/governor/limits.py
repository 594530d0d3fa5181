"""Reads ``Limits`` from the context of the published API, which is a dict of anything."""

from collections.abc import Callable
from typing import Any, Final

from .model import Limits, MiningSignals
from .numbers import finite_or_none

NO_LIMITS: Final = Limits()

_NUMBERS: Final = (
    "min_value",
    "max_value",
    "nominal_value",
    "usual_value",
    "commanded_value",
    "max_temperature_c",
    "max_power_w",
    "site_power_w",
)


def limits_of(signals: MiningSignals) -> Limits:
    """Return the limits of a proposal: its own, else those that its context tells."""
    limits = signals.limits
    if type(limits) is Limits:
        return limits
    return read_limits(signals.context) if signals.context else NO_LIMITS


def read_limits(context: Any) -> Limits:
    """Return the limits in a context; what makes no sense in it is left out."""
    if not isinstance(context, dict):
        return NO_LIMITS
    fields: dict[str, Any] = {}
    for key, value in context.items():
        field = _FIELDS.get(key)
        if field is not None and (limit := field[1](value)) is not None:
            fields[field[0]] = limit
    return Limits(**fields)


def _sensors(value: Any) -> int | None:
    count = finite_or_none(value)
    return None if count is None or count < 0 else int(count)


_FIELDS: Final[dict[Any, tuple[str, Callable[[Any], float | bool | None]]]] = {
    **{name: (name, finite_or_none) for name in _NUMBERS},
    "start_power_w": ("claimed_power_w", finite_or_none),
    "source": ("person", lambda value: value == "person"),
    "safety": ("safety", lambda value: value is True),
    "supported": ("supported", lambda value: value is not False),
    "idle_without_sensors": ("idle_without_sensors", lambda value: value is True),
    "sensors_expected": ("sensors_expected", _sensors),
}
"""Context key to the field that it sets, and the reader of its value."""
