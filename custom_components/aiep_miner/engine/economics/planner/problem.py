"""What a plan rests on and what it says, as frozen data."""

from dataclasses import dataclass
from enum import StrEnum

from ..model import MinerModel, Outlook


class SegmentReason(StrEnum):
    """Why a miner is at a level for some time; names of translated sentences."""

    PAYS_ON_IMPORT = "pays_on_import"
    """What it earns, heat included, is above the import price."""
    PAYS_ON_SURPLUS = "pays_on_surplus"
    """What it earns is above the feed-in price but not above the import price."""
    PAYS_WITH_HEAT = "pays_with_heat"
    """Without the heat it would not pay."""
    CARRIED_THROUGH = "carried_through"
    """A start would cost more than running on, or the minimum run is not over."""
    BELOW_BREAK_EVEN = "below_break_even"
    """Energy costs more than the miner would earn."""
    LIMIT = "limit"
    """It would pay, but the site's limit is worth more to others."""
    NOT_WORTH_A_START = "not_worth_a_start"
    """It would pay for a while, but not as much as a start costs, or the minimum pause is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerNow:
    """Where a miner is when a plan begins."""

    level: int | None
    """Index of its level; None when off."""
    steps: int
    """Steps of the run or the pause so far; large where nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that a plan rests on; the same problem always gives the same plan."""

    ts_ms: int
    """Begin of the first step."""
    miners: tuple[MinerModel, ...]
    now: tuple[MinerNow, ...]
    outlook: Outlook
    """Arrays [step]."""
    guessed_from: int | None = None
    """First step whose prices are not known but repeated from the days before."""
    in_force: tuple[tuple[int, ...], ...] | None = None
    """Choices, by step and miner, of the plan that this one would replace."""
    least_gain: float = 0.0
    """Money that a new plan must gain over the one in force to replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Some steps of a miner at one level."""

    from_ms: int
    until_ms: int
    level: int | None
    reason: SegmentReason
    value: float
    """Money of the segment against being off; energy at the shadow price of power."""
    energy_price_per_kwh: float
    """Mean import price."""
    break_even_per_kwh: float
    """Mean energy price at which the best level would just pay, heat included."""
    power_w: float
    lowest: int
    highest: int
    """Choices, in order of power, between which the fast layer may move: 0 is off."""
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerPlan:
    """A miner's segments, one after the other without gap."""

    miner: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What should happen, as data for a record."""

    ts_ms: int
    miners: tuple[MinerPlan, ...]
    total: float
    """Money that the plan makes, standby and lost minutes counted."""
    bound: float
    """Proven upper bound of what any plan makes."""
    power_price_per_kwh: tuple[float, ...]
    """Shadow price of a kWh, by step."""
    limit_price_per_kwh: tuple[float, ...]
    """What one more kWh under the site's limit would be worth, by step; 0 where none binds."""
    choices: tuple[tuple[int, ...], ...]
    """By step and miner: 0 off, n level n - 1."""
    kept: bool = False
    """Whether the plan in force was kept because a new one gains too little."""

    @property
    def gap(self) -> float:
        """Return how much more than the plan the bound allows, as a share of the bound's size."""
        return (self.bound - self.total) / max(abs(self.bound), 1e-9)
