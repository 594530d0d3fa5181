"""What a device listed, and nothing else, may be sent to it."""

import math
from collections.abc import Iterable

from ..records import Action, DeviceLevel, ValueRange
from ..records.reasons import Reason
from .base import AUTO, Capabilities, Command, MinerError
from .values import number, text

MAX_LEVELS = 64
_POWER_LEVELS = 5
_POWER_STEP_W = 10.0


def check(capabilities: Capabilities, command: Command) -> None:
    """Raise UNSUPPORTED_ACTION for an action, a level or a value that the device did not list."""
    if command.action not in capabilities.actions:
        raise MinerError(Reason.UNSUPPORTED_ACTION, command.action)
    if command.action is Action.SET_LEVEL:
        if all(level.name != command.option for level in capabilities.levels):
            raise MinerError(Reason.UNSUPPORTED_ACTION, "no such level")
        return
    limits = _limits(capabilities, command.action)
    if limits is None or (command.action is Action.SET_FAN and command.option == AUTO):
        return
    value = command.value
    if value is None or not math.isfinite(value) or not limits[0] <= value <= limits[1]:
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no value of {value}")


def _limits(capabilities: Capabilities, action: Action) -> tuple[float, float] | None:
    if action is Action.SET_POWER:
        low_w, high_w = capabilities.power_min_w, capabilities.power_max_w
        return (0.0 if low_w is None else low_w, math.inf if high_w is None else high_w)
    ranges = capabilities.ranges
    return next(((item.low, item.high) for item in ranges if item.action is action), None)


def level_named(capabilities: Iterable[DeviceLevel], name: str | None) -> DeviceLevel | None:
    """Return the level of a name."""
    return next((level for level in capabilities if level.name == name), None)


def listed(value: object) -> str | None:
    """Return a name as a device listed it; None for one that cannot be shown as it is."""
    return value if isinstance(value, str) and text(value) == value else None


def numbers(value: object, low: float, high: float) -> tuple[float, ...]:
    """Return the plausible numbers of a list that a device sent, ascending, each once."""
    if not isinstance(value, list):
        return ()
    known = (number(item, low, high) for item in value[:MAX_LEVELS])
    return tuple(sorted({item for item in known if item is not None}))


def unique(levels: Iterable[DeviceLevel]) -> tuple[DeviceLevel, ...]:
    """Return levels by their names, each once, at most 64, in their order."""
    named: dict[str, DeviceLevel] = {}
    for level in levels:
        if text(level.name) == level.name and len(named) < MAX_LEVELS:
            named.setdefault(level.name, level)
    return tuple(named.values())


def power_levels(low_w: float | None, high_w: float | None) -> tuple[DeviceLevel, ...]:
    """Return even steps of a power limit's range, for devices that list nothing but the range."""
    if low_w is None or high_w is None or not 0 < low_w < high_w:
        return ()
    share = (high_w - low_w) / (_POWER_LEVELS - 1)
    watts = [low_w + share * index for index in range(_POWER_LEVELS)]
    rounded = (round(value / _POWER_STEP_W) * _POWER_STEP_W for value in watts[1:-1])
    inner = (value for value in rounded if low_w < value < high_w)
    return unique(power_level(value) for value in (low_w, *inner, high_w))


def power_level(power_w: float) -> DeviceLevel:
    """Return the level that a power limit is."""
    return DeviceLevel(name=f"{power_w:.0f} W", power_w=power_w)


def level_at(levels: Iterable[DeviceLevel], power_limit_w: float | None) -> str | None:
    """Return the name of the level whose power limit is in force."""
    if power_limit_w is None:
        return None
    return next((item.name for item in levels if _same(item.power_w, power_limit_w)), None)


def _same(one_w: float | None, other_w: float) -> bool:
    return one_w is not None and abs(one_w - other_w) <= max(1.0, other_w * 0.002)


def ranged(action: Action, low: float, high: float, step: float = 1.0) -> ValueRange:
    """Return the range of an action's values."""
    return ValueRange(action=action, low=low, high=high, step=step)
