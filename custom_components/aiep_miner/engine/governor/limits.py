"""Reads ``Limits`` from the context of the published API, which is a dict of anything."""

from collections.abc import Mapping
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
    if isinstance(signals.limits, Limits):
        return signals.limits
    return read_limits(signals.context) if signals.context else NO_LIMITS


def read_limits(context: Any) -> Limits:
    """Return the limits in a context; what makes no sense in it is left out."""
    if not isinstance(context, Mapping):
        return NO_LIMITS
    fields: dict[str, Any] = {}
    for key, value in context.items():
        name = _NUMBERS.get(key)
        if name is not None and (limit := finite_or_none(value)) is not None:
            fields[name] = limit
    sensors = finite_or_none(context.get("sensors_expected"))
    if sensors is not None and sensors >= 0:
        fields["sensors_expected"] = int(sensors)
    return Limits(
        person=context.get("source") == "person",
        safety=context.get("safety") is True,
        supported=context.get("supported") is not False,
        idle_without_sensors=context.get("idle_without_sensors") is True,
        **fields,
    )
