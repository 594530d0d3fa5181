"""Which readings count, and why the others do not.

What is valid follows from a reading, its fellows and the time alone, never from what was
learned before. So the observed state can be rebuilt from the records.
"""

import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ..records.reasons import Reason
from .model import HardwareReading
from .numbers import ID_LENGTH, number, shown

STALE_AFTER_S: Final = 300.0
FUTURE_AFTER_S: Final = 5.0
"""How far the clock of a sensor may be ahead."""


class Sifted(NamedTuple):
    """Readings that count, in the order of their ids, and those that do not."""

    values: list[tuple[str, float]]
    times: list[float]
    """When each of them was taken, in s."""
    discarded: dict[str, Reason]
    newest: float
    """When the newest of them was taken, in s; -inf without any."""
    beyond: float = -math.inf
    """The largest value above all that is possible, of those in time; -inf without any."""


def sift(
    raw: Iterable[Any], now: float, possible: tuple[float, float], *, validate: bool = True
) -> Sifted:
    """Sort readings into those that count and those that do not.

    Without validation stale, future and repeated readings count, impossible ones never do.
    Of several readings under one id the newest counts, then the largest. A reading under a name
    that is too long or no text never counts.
    """
    low, high = possible
    earliest, latest = now - STALE_AFTER_S, now + FUTURE_AFTER_S
    kept: dict[str, tuple[float, float]] = {}
    discarded: dict[str, Reason] = {}
    beyond = -math.inf
    for reading in raw:
        if not isinstance(reading, HardwareReading):
            _discard(discarded, shown(None), Reason.READING_INVALID)
            continue
        name, value, at = reading.hardware_id, reading.value, reading.timestamp
        if type(value) is not float or type(at) is not float:
            value, at = number(value), number(at)
        # As ``is_name``, without a call for each reading.
        if not isinstance(name, str) or len(name) > ID_LENGTH or not name.isprintable():
            _discard(discarded, shown(name), Reason.READING_INVALID)
            continue
        in_time = earliest <= at <= latest
        if not (low <= value <= high and -math.inf < at < math.inf):
            if in_time and high < value < math.inf:
                beyond = max(beyond, value)
            _discard(discarded, name, _fault(value, at, low))
            continue
        if validate and not in_time:
            late = Reason.READING_FUTURE if at > now else Reason.READING_STALE
            _discard(discarded, name, late)
            continue
        earlier = kept.get(name)
        if earlier is not None and validate:
            _discard(discarded, name, Reason.READING_DUPLICATED)
        if earlier is None or (at, value) > earlier:
            kept[name] = (at, value)
    names = sorted(kept)
    values = [(name, kept[name][1] + 0.0) for name in names]
    times = [kept[name][0] + 0.0 for name in names]
    return Sifted(values, times, discarded, max(times) if times else -math.inf, beyond)


def _discard(discarded: dict[str, Reason], name: str, fault: Reason) -> None:
    """Name a reading; of several faults under one id the alphabet decides, not the order."""
    discarded[name] = min(fault, discarded.get(name, fault))


def _fault(value: float, at: float, low: float) -> Reason:
    if not math.isfinite(value) or not math.isfinite(at):
        return Reason.READING_INVALID
    return Reason.READING_NEGATIVE if value < low == 0.0 else Reason.READING_IMPOSSIBLE
