"""Miners, levels and the money of one step: the definitions that plan and accounting share.

A step is 15 minutes. Money is in the currency of the prices. All functions take plain floats or
numpy arrays of one shape.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .profit import HASHES_PER_DIFFICULTY, HASHES_PER_TERAHASH

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

STEP_MIN: Final = 15
STEP_S: Final = STEP_MIN * 60
STEP_MS: Final = STEP_S * 1000
STEP_KWH_PER_W: Final = STEP_MIN / 60 / 1000
"""Energy of one watt over one step."""
STEPS_PER_DAY: Final = 24 * 60 // STEP_MIN


def steps(minutes: float) -> int:
    """Return a duration in steps, rounded up."""
    return math.ceil(minutes / STEP_MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A power and the hash rate that a miner holds at it."""

    hashrate_ths: float
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerModel:
    """What a plan needs to know of a miner."""

    name: str
    levels: tuple[Level, ...]
    """At least one; their order is the operator's and only names them."""
    standby_w: float = 0.0
    """Power while off."""
    min_run_min: float = 0.0
    """Shortest run, in minutes; rounded up to steps."""
    min_idle_min: float = 0.0
    """Shortest pause, in minutes; rounded up to steps."""
    start_min: float = 0.0
    """Minutes at full power without hashing after a start; a long start reaches into later steps."""
    change_min: float = 0.0
    """Minutes without hashing at a change of level; what exceeds the step is not carried on."""
    heat_share: float = 0.0
    """Share of the power that arrives as useful heat, 0…1."""
    priority: float = 1.0
    """Weight of the miner's value when power must be shed; above 0."""

    @property
    def min_run_steps(self) -> int:
        """Return the shortest run in steps, at least 1."""
        return max(1, steps(self.min_run_min))

    @property
    def min_idle_steps(self) -> int:
        """Return the shortest pause in steps, at least 1."""
        return max(1, steps(self.min_idle_min))

    @property
    def lowest_w(self) -> float:
        """Return the power of the lowest level."""
        return min(level.power_w for level in self.levels)

    def power_w(self, choice: int) -> float:
        """Return the power of a choice: 0 is off, n is level n - 1."""
        return self.standby_w if choice == 0 else self.levels[choice - 1].power_w

    def hashrate_ths(self, choice: int) -> float:
        """Return the hash rate of a choice; 0 when off."""
        return 0.0 if choice == 0 else self.levels[choice - 1].hashrate_ths


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known or expected of each step; arrays of one shape, time on the first axis."""

    revenue_per_ths: Floats
    """Money that one TH/s earns over a whole step, the pool's fee taken off."""
    energy_price: Floats
    """Import price per kWh; negative prices are income."""
    feed_in_price: Floats
    """Price per kWh forgone for surplus that miners use."""
    surplus_w: Floats
    """Power that would be fed in; negative where the house imports anyway."""
    heat_demand_w: Floats
    heat_price: Floats
    """What a kWh of heat would cost otherwise."""
    limit_w: Floats
    """Most that all miners together may draw; inf where nothing limits them."""

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.energy_price)

    def at(self, index: int | slice | NDArray[np.integer]) -> Outlook:
        """Return one step, or some steps, of each array."""
        return Outlook(**{name: getattr(self, name)[index] for name in FIELDS})


FIELDS: Final = tuple(Outlook.__dataclass_fields__)


def revenue_per_ths(
    coin_price: Floats, network_difficulty: Floats, block_reward: Floats, pool_fee_pct: float
) -> Floats:
    """Return the money that one TH/s earns in one step.

    Expected blocks are hashes ÷ (difficulty * 2^32) (Bitcoin developer reference, "difficulty");
    each is worth the block reward, subsidy and fees. Raises ValueError unless every difficulty
    is above 0.
    """
    if not np.all(network_difficulty > 0):
        raise ValueError("network_difficulty must be above 0")
    blocks = HASHES_PER_TERAHASH * STEP_S / (network_difficulty * HASHES_PER_DIFFICULTY)
    return np.asarray(blocks * block_reward * coin_price * (1 - pool_fee_pct / 100))


def energy_cost(power_w: Floats, outlook: Outlook) -> Floats:
    """Return the cost of a step: surplus first, at the feed-in price, the rest at the import price."""
    used_w = np.minimum(power_w, np.maximum(outlook.surplus_w, 0.0))
    cost = used_w * outlook.feed_in_price + (power_w - used_w) * outlook.energy_price
    return np.asarray(cost * STEP_KWH_PER_W)


def heat_value(heat_w: Floats, outlook: Outlook) -> Floats:
    """Return the value of heat in a step; heat beyond the demand is worth nothing."""
    useful_w = np.minimum(outlook.heat_demand_w, heat_w)
    return np.asarray(useful_w * outlook.heat_price * STEP_KWH_PER_W)


def site_value(power_w: Floats, heat_w: Floats, outlook: Outlook) -> Floats:
    """Return heat value less energy cost of a step."""
    return heat_value(heat_w, outlook) - energy_cost(power_w, outlook)


def heat_alternative_per_kwh(
    *,
    electric: float | None = None,
    heat_pump: tuple[float, float] | None = None,
    gas: tuple[float, float] | None = None,
    fixed: float | None = None,
) -> float:
    """Return what a kWh of heat costs otherwise: the least of the alternatives named.

    ``electric`` is the import price, ``heat_pump`` (price, coefficient of performance), ``gas``
    (price per kWh of fuel, efficiency 0…1). Without any, heat is worth nothing: 0. Raises
    ValueError for a coefficient or efficiency that is not above 0.
    """
    for _, divisor in filter(None, (heat_pump, gas)):
        if divisor <= 0:
            raise ValueError("a heat pump's coefficient and a boiler's efficiency are above 0")
    costs = [cost for cost in (electric, fixed) if cost is not None]
    costs += [price / divisor for price, divisor in filter(None, (heat_pump, gas))]
    return min(costs, default=0.0)


def coefficient_of_performance(
    outdoor_c: float, supply_c: float = 45.0, quality: float = 0.45
) -> float:
    """Return a heat pump's coefficient of performance, 1…6.

    The Carnot limit T_supply ÷ (T_supply - T_outdoor), in kelvin, times the quality grade, which
    measured air-source heat pumps put at 0.4…0.5.
    """
    lift_k = supply_c - outdoor_c
    if lift_k <= 0:
        return 6.0
    return min(6.0, max(1.0, quality * (supply_c + 273.15) / lift_k))
