"""Whether what the house measures is plausible, compared with what was accepted before.

A value that jumps tenfold is doubted; one that stays where it jumped to is accepted after a while.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..records import InputRecord
from ..records.reasons import Reason

ACCEPT_AFTER_MS: Final = 30 * 60_000
"""A value that has jumped is accepted when it has stayed there for this long."""
CONSISTENT: Final = 3.0
"""The highest ratio of the values seen meanwhile."""
JUMP: Final = 10.0
"""Times the largest value accepted lately: a unit's mistake is at least that."""
JUMP_C: Final = 10.0
"""No room changes by so many kelvin between two readings."""
REMEMBERED: Final = 240
SMALLEST: Final = {"grid_w": 2000.0, "battery_w": 2000.0}
"""A power below ten times this never is a jump: a kettle draws 2 kW."""
POWERS: Final = ("grid_w", "battery_w")
PRICES: Final = ("feed_in_price_per_kwh", "heat_price_per_kwh")
CHECKED: Final = (*POWERS, *PRICES, "room_c", "wanted_c")


@dataclass(frozen=True, slots=True)
class _Jumped:
    since_ms: int
    low: float
    high: float

    def holds(self, size: float) -> bool:
        """Tell whether a value is about where the jump led."""
        return max(size, self.high) <= CONSISTENT * min(size, self.low)


@dataclass(slots=True)
class HouseHistory:
    """The values accepted lately of each quantity, and where those that jumped stay."""

    _accepted: dict[str, deque[float]] = field(default_factory=dict)
    _jumped: dict[str, _Jumped] = field(default_factory=dict)

    def doubts(self, record: InputRecord) -> dict[str, Reason]:
        """Return the fields of a record that are not believed."""
        jumped = [
            name
            for name in CHECKED
            if name not in record.faults
            and (value := getattr(record, name)) is not None
            and self._is_jump(name, value)
            and not self._has_stayed(record.ts_ms, name, abs(value))
        ]
        return dict.fromkeys(jumped, Reason.PRESENT_JUMPED)

    def follow(self, record: InputRecord) -> None:
        """Remember what a record's values are, accepted or not."""
        for name in CHECKED:
            value = getattr(record, name)
            if value is None:
                continue
            if name not in record.faults:
                if self._is_jump(name, value):  # it has stayed: what was before no longer counts
                    del self._accepted[name]
                self._jumped.pop(name, None)
                self._accepted.setdefault(name, deque(maxlen=REMEMBERED)).append(value)
            elif record.faults[name] is Reason.PRESENT_JUMPED:
                self._jumped[name] = self._moved(record.ts_ms, name, abs(value))

    def _moved(self, ts_ms: int, name: str, size: float) -> _Jumped:
        before = self._jumped.get(name)
        if before is None or not before.holds(size):
            return _Jumped(ts_ms, size, size)
        return _Jumped(before.since_ms, min(size, before.low), max(size, before.high))

    def _has_stayed(self, ts_ms: int, name: str, size: float) -> bool:
        before = self._jumped.get(name)
        is_there = before is not None and before.holds(size)
        return is_there and before is not None and ts_ms - before.since_ms >= ACCEPT_AFTER_MS

    def _is_jump(self, name: str, value: float) -> bool:
        accepted = self._accepted.get(name)
        if not accepted:
            return False
        if name in ("room_c", "wanted_c"):
            return abs(value - accepted[-1]) > JUMP_C
        sizes = [abs(item) for item in accepted]
        largest = max(*sizes, SMALLEST.get(name, 0.0))
        if name in POWERS:
            return abs(value) > JUMP * largest
        smallest = min((size for size in sizes if size > 0), default=None)
        is_far_below = smallest is not None and 0 < abs(value) < smallest / JUMP
        return largest > 0 and (abs(value) > JUMP * largest or is_far_below)
