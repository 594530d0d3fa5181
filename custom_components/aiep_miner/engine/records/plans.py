"""A plan: what it rests on, and which miner runs when, at which level and why."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Body, Record
from .kinds import RecordKind
from .reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLevel(Body):
    """A power and a hash rate that a miner can hold."""

    power_w: float
    hashrate_ths: float
    name: str | None = None
    """The device's own; None for a miner that only runs or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMiner(Body):
    """What a plan assumes of a miner, and where that is when the plan begins."""

    miner_id: str
    levels: tuple[PlannedLevel, ...]
    """In order of power; at least one."""
    level: int | None = None
    """Index of the present level; None when off."""
    steps: int = 0
    """Steps of the run or pause so far."""
    change_min: float = 0.0
    """Minutes without hashing at a change of level."""
    heat_share: float = 0.0
    """Share of its power that arrives as wanted heat, 0…1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCap(Body):
    """What an order to curtail leaves for the miners of a plan, and when."""

    from_ms: int
    until_ms: int | None
    limit_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs(Body):
    """All that a plan rests on: the same inputs always give the same plan. A step is 15 minutes."""

    first_ms: int
    """Begin of the first step."""
    energy_prices_per_kwh: tuple[float, ...]
    """By step, in ``currency``."""
    guessed_from: int | None = None
    """First step whose price is not known but repeated from the day before, or from now."""
    currency: str
    revenue_per_ths: float
    """Money that one TH/s earns over a whole step, the pool's fee taken off."""
    surplus_w: tuple[float, ...] = ()
    """By step, what the house leaves for the miners; empty where it is not known."""
    feed_in_price_per_kwh: float = 0.0
    """What is forgone for surplus that miners use."""
    heat_w: float = 0.0
    """The heat that is wanted of the miners …"""
    heat_price_per_kwh: float = 0.0
    """… and what it costs otherwise."""
    heat_credit_per_kwh: float = 0.0
    limit_w: float | None = None
    """What is left of the site's limit for the miners of the plan."""
    caps: tuple[PlannedCap, ...] = ()
    """Orders that lower it for a time."""
    min_run_min: float = 0.0
    min_idle_min: float = 0.0
    start_min: float = 0.0
    miners: tuple[PlannedMiner, ...] = ()
    price: str | None = None
    """Record hash of the prices …"""
    policy: str | None = None
    """… and of the policy that were in force, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSegment(Body):
    """Some time of a miner at one level, or off."""

    from_ms: int
    until_ms: int
    level: int | None = None
    """Index into the levels of ``PlanInputs``; None for off."""
    reason: Reason
    value: float = 0.0
    """Money of the segment against being off."""
    power_w: float = 0.0
    energy_price_per_kwh: float = 0.0
    """Mean over the segment, as is the other one."""
    break_even_per_kwh: float = 0.0
    lowest: int | None = None
    """Lowest and highest level to which it follows the surplus; None for off …"""
    highest: int | None = None
    follows_surplus: bool = False
    """… where it does."""
    guessed: bool = False
    """Whether it rests on prices that are not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerSchedule(Body):
    """A miner's segments, one after the other without gap."""

    miner_id: str
    segments: tuple[PlanSegment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord(Record):
    """What should happen; nothing is done because a plan says so, but by decisions that name it."""

    kind: ClassVar = RecordKind.PLAN

    inputs: PlanInputs
    miners: tuple[MinerSchedule, ...] = ()
    total: float = 0.0
    """Money that the plan makes until its end, in the inputs' currency."""
    bound: float = 0.0
    """Proven upper bound of what any plan makes."""
