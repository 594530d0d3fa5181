"""What each of a miner's levels brings, learned from its own telemetry."""

from dataclasses import dataclass, replace
from typing import Final

from ..records import Reading

SETTLED_MS: Final = 180_000
"""After a change of level its readings count from here on: chips take minutes to warm."""
AVERAGED: Final = 40
"""Readings that a mean goes over, the latest the most."""
LATEST: Final = 5
"""Readings that the error rate is a mean of: a chip that begins to err is found out soon."""
MAX_LEVELS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigures:
    """Means over the readings at one level; the hottest is the hottest of them all."""

    readings: int = 0
    measured_ms: int = 0
    """For how long it was measured."""
    shares: int = 0
    """Shares that were accepted meanwhile."""
    hashrate_ths: float = 0.0
    power_w: float | None = None
    error_pct: float | None = None
    ambient_c: float | None = None
    hottest_c: float | None = None

    @property
    def efficiency_j_per_th(self) -> float | None:
        """Return J/TH; None without power or hash rate."""
        if self.power_w is None or self.hashrate_ths <= 0:
            return None
        return self.power_w / self.hashrate_ths


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTrack:
    """The level in force and since when, with the reading before for counting shares."""

    level: str
    since_ms: int
    seen_ms: int
    shares: int | None = None


def followed(
    figures: LevelFigures, track: LevelTrack, reading: Reading, ts_ms: int
) -> LevelFigures:
    """Return a level's figures with one more reading."""
    count = min(figures.readings + 1, AVERAGED)
    before, now = track.shares, reading.shares_accepted
    earned = now - before if before is not None and now is not None and now > before else 0
    hottest = [item for item in (figures.hottest_c, reading.hottest_c) if item is not None]
    return LevelFigures(
        readings=figures.readings + 1,
        measured_ms=figures.measured_ms + max(ts_ms - track.seen_ms, 0),
        shares=figures.shares + earned,
        hashrate_ths=_mean(figures.hashrate_ths, reading.hashrate_ths or 0.0, count),
        power_w=_known_mean(figures.power_w, reading.power_w, count),
        error_pct=_known_mean(figures.error_pct, reading.error_pct, min(count, LATEST)),
        ambient_c=_known_mean(figures.ambient_c, reading.ambient_c, count),
        hottest_c=max(hottest, default=None),
    )


def seen(track: LevelTrack, reading: Reading, ts_ms: int) -> LevelTrack:
    """Return a track that has seen one more reading of the same level."""
    return replace(track, seen_ms=ts_ms, shares=reading.shares_accepted)


def _mean(mean: float, value: float, count: int) -> float:
    return mean + (value - mean) / count


def _known_mean(mean: float | None, value: float | None, count: int) -> float | None:
    if value is None or mean is None:
        return value if mean is None else mean
    return _mean(mean, value, count)
