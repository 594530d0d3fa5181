"""Robust numbers from whatever comes in."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from .presets import Preset

DECIMALS: Final = 6
ID_LENGTH: Final = 64


def number(value: Any) -> float:
    """Return a float; NaN for what is no number, infinity for what is too large."""
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def rounded(value: Any) -> float:
    """Return a float with at most six decimals; everything is judged in this form."""
    return round(number(value), DECIMALS)


def finite_or_none(value: Any) -> float | None:
    """Return a finite float, None for anything else."""
    as_float = number(value)
    return as_float if math.isfinite(as_float) else None


def is_name(value: Any) -> bool:
    """Tell whether a value can name a rig or a sensor: at most 64 printable characters."""
    return isinstance(value, str) and len(value) <= ID_LENGTH and value.isprintable()


def shown(value: Any) -> str:
    """Return a name as people are shown it, at most 64 characters; "?" for what is no text."""
    if not isinstance(value, str):
        return "?"
    short = value[:ID_LENGTH]
    return short if short.isascii() else short.encode("utf-8", "replace").decode()


def median(ordered: Sequence[float]) -> float:
    """Return the median of sorted, non-empty values."""
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


class Group(NamedTuple):
    """Readings of one moment, of sensors that show something; one at zero is switched off."""

    seen: Sequence[tuple[str, float]]
    """In the order of the sensors' ids."""
    ordered: list[float]
    """The values alone, sorted."""
    centre: float
    """Their median."""
    present: float
    """The mean of those within the preset's spread of the median: the trusted state."""


def group_of(values: Sequence[tuple[str, float]], preset: Preset) -> Group | None:
    """Return the group that readings make; None without any."""
    if not values:
        return None
    ordered = sorted([value for _, value in values])
    if ordered[0] == 0.0 and ordered[-1] != 0.0 and preset.zero_is_off:
        values = [item for item in values if item[1] != 0.0]
        ordered = [value for value in ordered if value != 0.0]
    centre = median(ordered)
    reach = max(preset.spread, preset.spread_share * centre)
    near = ordered
    if ordered[-1] - centre > reach or centre - ordered[0] > reach:
        near = [value for value in ordered if abs(value - centre) <= reach]
    present = math.fsum(near) / len(near) if near else centre
    return Group(values, ordered, centre, present)
