"""Which prices are plausible, by what was accepted before.

A price that jumps is doubted; one that stays where it jumped to is accepted after a while, so
that nobody has to help. Zero and negative energy prices are as good as others.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..economics import revenue_per_day
from ..records import PriceRecord
from ..records.reasons import Reason

REMEMBERED: Final = 96
"""Different values of a quantity that are remembered: a day of quarter hours."""
ACCEPT_AFTER_MS: Final = 30 * 60_000
"""A price that has jumped is accepted when it has stayed there for this long."""
CONSISTENT: Final = 3.0
"""The highest ratio of the values seen meanwhile."""
ENERGY_JUMP: Final = 15.0
"""Times the largest price accepted lately, or its inverse times the smallest: 100 is a unit's
mistake, and tariffs with taxes stay within ten."""
COIN_JUMP: Final = 3.0
"""Between two reports; the largest daily move of bitcoin since 2014 was 40 %."""
DIFFICULTY_JUMP: Final = 4.5
"""Bitcoin's rules bound a change to a factor of four."""
HIGHEST_BREAK_EVENS: Final = 50.0
"""An energy price above this many break-even prices is another unit's number."""
REFERENCE_J_PER_TH: Final = 30.0
"""The efficiency of the machine that this break-even price is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a quantity's value is not believed, and the bound that it breaks."""

    reason: Reason
    value: float | None = None
    limit: float | None = None


@dataclass(slots=True)
class _Jumped:
    since_ms: int
    low: float
    high: float


@dataclass(slots=True)
class PriceHistory:
    """What was accepted of each quantity, and what is doubted now."""

    doubts: dict[str, Doubt] = field(default_factory=dict)
    """Field of the price record to the doubt about its present value."""
    _accepted: dict[str, deque[float]] = field(default_factory=dict)
    _jumped: dict[str, _Jumped] = field(default_factory=dict)

    def follow(self, record: PriceRecord) -> None:
        """Judge a record's values, and remember those that are believed."""
        self.doubts = {}
        for name in ("energy_price_per_kwh", "coin_price", "network_difficulty"):
            value = getattr(record, name)
            if value is None:
                continue
            doubt = self._doubt(record, name, value)
            if doubt is not None:
                self.doubts[name] = doubt
                continue
            self._accept(name, value)

    def _accept(self, name: str, value: float) -> None:
        self._jumped.pop(name, None)
        accepted = self._accepted.setdefault(name, deque(maxlen=REMEMBERED))
        if not accepted or accepted[-1] != value:
            accepted.append(value)

    def _doubt(self, record: PriceRecord, name: str, value: float) -> Doubt | None:
        if name in record.faults:
            return Doubt(reason=record.faults[name], value=value)
        accepted = self._accepted.get(name)
        limit = _bound(record, name, value, accepted) if accepted else None
        if accepted and limit is None:
            return None
        highest = _highest_energy_price(record) if name == "energy_price_per_kwh" else None
        if highest is not None and value > highest:
            return Doubt(reason=Reason.OUT_OF_BOUNDS, value=value, limit=highest)
        if limit is None or self._has_stayed(record.ts_ms, name, abs(value)):
            return None
        return Doubt(reason=Reason.PRESENT_JUMPED, value=value, limit=limit)

    def _has_stayed(self, ts_ms: int, name: str, size: float) -> bool:
        """Tell whether a quantity has stayed where it jumped to; if so, what was before is past."""
        before = self._jumped.get(name)
        if before is None or max(size, before.high) > CONSISTENT * min(size, before.low):
            self._jumped[name] = _Jumped(ts_ms, size, size)
            return False
        before.low, before.high = min(size, before.low), max(size, before.high)
        if ts_ms - before.since_ms < ACCEPT_AFTER_MS:
            return False
        del self._accepted[name]
        return True


def _highest_energy_price(record: PriceRecord) -> float | None:
    """Return the highest believable energy price: it scales with the currency by the coin's."""
    revenue_of_th = revenue_per_day(1.0, record, 0.0)
    if not revenue_of_th:
        return None
    kwh_of_th = REFERENCE_J_PER_TH * 24 / 1000
    return HIGHEST_BREAK_EVENS * revenue_of_th / kwh_of_th


def _bound(record: PriceRecord, name: str, value: float, accepted: deque[float]) -> float | None:
    """Return the bound that a value breaks; None for a plausible one."""
    if name == "energy_price_per_kwh":
        return _energy_bound(value, accepted)
    if getattr(record, f"{name}_updated_ms") is None:
        return None  # a person's own number
    factor = COIN_JUMP if name == "coin_price" else DIFFICULTY_JUMP
    last = accepted[-1]
    if value > last * factor:
        return last * factor
    return last / factor if value < last / factor else None


def _energy_bound(value: float, accepted: deque[float]) -> float | None:
    largest = max(map(abs, accepted))
    if largest and abs(value) > largest * ENERGY_JUMP:
        return largest * ENERGY_JUMP
    smallest = min((price for price in accepted if price > 0), default=None)
    if smallest is None or not 0 < value < smallest / ENERGY_JUMP:
        return None
    return smallest / ENERGY_JUMP
