"""Reads ``Limits`` from the context of the published API, which is a dict of anything."""

from collections.abc import Callable
from typing import Any, Final

from .model import Limits, MiningSignals
from .numbers import finite_or_none

NO_LIMITS: Final = Limits()

_NUMBERS: Final = {
    name: name
    for name in (
        "min_value",
        "max_value",
        "nominal_value",
        "usual_value",
        "commanded_value",
        "max_temperature_c",
        "max_power_w",
        "site_power_w",
    )
} | {"start_power_w": "claimed_power_w"}
"""Context key to the field that it sets."""


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
        name = _NUMBERS.get(key)
        if name is None:
            if key in _OTHERS:
                fields |= _OTHERS[key](value)
        elif (limit := finite_or_none(value)) is not None:
            fields[name] = limit
    return Limits(**fields)


def _sensors(value: Any) -> dict[str, Any]:
    count = finite_or_none(value)
    return {} if count is None or count < 0 else {"sensors_expected": int(count)}


_OTHERS: Final[dict[str, Callable[[Any], dict[str, Any]]]] = {
    "source": lambda value: {"person": value == "person"},
    "safety": lambda value: {"safety": value is True},
    "supported": lambda value: {"supported": value is not False},
    "idle_without_sensors": lambda value: {"idle_without_sensors": value is True},
    "sensors_expected": _sensors,
}
