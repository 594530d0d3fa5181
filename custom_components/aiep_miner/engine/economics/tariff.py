"""Time-of-use tariffs: a price for each step, by local time of day and day of the week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from .model import STEP_MS, Floats, Ints

EVERY_DAY = frozenset(range(7))
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Hours of some weekdays at one price; a band may pass midnight."""

    begin_min: int
    """Local minute of the day, 0…1439."""
    end_min: int
    """Local minute of the day, exclusive; at or before ``begin_min`` it is on the next day."""
    price_per_kwh: float
    weekdays: frozenset[int] = EVERY_DAY
    """Days on which the band begins; Monday is 0."""

    def __post_init__(self) -> None:
        """Raise ValueError for hours or days that are none."""
        if not (0 <= self.begin_min < MINUTES_PER_DAY and 0 < self.end_min <= MINUTES_PER_DAY):
            raise ValueError("a band begins and ends within a day of 1,440 minutes")
        if not self.weekdays <= EVERY_DAY:
            raise ValueError("weekdays are 0 (Monday) to 6")

    def covers(self, weekday: int, minute: int) -> bool:
        """Return whether a local time lies in the band."""
        if self.begin_min < self.end_min:
            return weekday in self.weekdays and self.begin_min <= minute < self.end_min
        if minute >= self.begin_min:
            return weekday in self.weekdays
        return minute < self.end_min and (weekday - 1) % 7 in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Bands in order of precedence, a price elsewhere, and what is added to each price."""

    time_zone: ZoneInfo
    bands: tuple[Band, ...]
    otherwise_per_kwh: float
    adder_per_kwh: float = 0.0
    tax_pct: float = 0.0

    def price_per_kwh(self, moment: datetime) -> float:
        """Return the price at a moment, adder and tax included."""
        local = moment.astimezone(self.time_zone)
        minute = local.hour * 60 + local.minute
        covering = (b.price_per_kwh for b in self.bands if b.covers(local.weekday(), minute))
        return self.total_per_kwh(next(covering, self.otherwise_per_kwh))

    def total_per_kwh(self, price_per_kwh: float) -> float:
        """Return a bare price with adder and tax."""
        return (price_per_kwh + self.adder_per_kwh) * (1 + self.tax_pct / 100)

    def prices(self, first_ms: int, count: int) -> Floats:
        """Return the prices of steps of 15 minutes from a time on.

        Local days of 23 and 25 hours have 92 and 100 steps.
        """
        moments = (
            datetime.fromtimestamp((first_ms + STEP_MS * n) / 1000, UTC) for n in range(count)
        )
        return np.array([self.price_per_kwh(moment) for moment in moments])


def to_steps(ts_ms: Sequence[int], prices: Iterable[float], first_ms: int, count: int) -> Floats:
    """Return hourly or other published prices by step: each holds from its time to the next one's.

    NaN where a step begins before the first price. Raises ValueError unless times rise.
    """
    stamps: Ints = np.asarray(ts_ms, dtype=np.int64)
    if not len(stamps) or (np.diff(stamps) <= 0).any():
        raise ValueError("prices need rising times")
    at = np.searchsorted(stamps, first_ms + STEP_MS * np.arange(count), side="right") - 1
    return np.where(at >= 0, np.array(list(prices), dtype=np.float64)[np.maximum(at, 0)], np.nan)
