"""Shadow prices of power and heat: a deflected subgradient on the Lagrangian dual.

The site sells power and heat to its miners. For every pair of prices, what the miners make at them
plus what the site makes of selling is an upper bound of any schedule's value (weak duality, Geoffrion
1974); the least bound gives the prices. Steps shrink by 0.6 after six rounds without progress and
restart from the best (Held, Wolfe and Crowder 1974).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model import STEP_KWH_PER_W, Floats, Ints, Outlook
from .priced import Bundle, Prices

ROUNDS = 16
SHRINK, PATIENCE = 0.6, 6
STALE, PROGRESS = 10, 1e-5
"""Rounds without progress of any window, as a share of its bound, after which no more are made."""
DEFLECTION = 0.5
"""Weight of the last direction in the next."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What a step's power costs the site, as a convex curve; all arrays of one shape.

    From ``least_w`` to ``cheap_w`` a watt costs ``cheap``, from there to ``most_w`` it costs
    ``dear``. Where import is cheaper than feed-in the curve is not convex and is replaced by its
    chord, which only raises the bound.
    """

    least_w: Floats
    cheap_w: Floats
    most_w: Floats
    cheap: Floats
    dear: Floats
    at_least: Floats
    """Cost of ``least_w``."""

    @classmethod
    def of(cls, outlook: Outlook, least_w: float, most_w: float) -> Supply:
        """Return the supply of steps for miners that draw between ``least_w`` and ``most_w``."""
        most = np.clip(outlook.limit_w, least_w, most_w)
        surplus = np.clip(outlook.surplus_w, 0.0, None)
        cheap, dear = outlook.feed_in_price * STEP_KWH_PER_W, outlook.energy_price * STEP_KWH_PER_W
        at_least = np.minimum(least_w, surplus) * cheap + np.maximum(least_w - surplus, 0.0) * dear
        at_most = np.minimum(most, surplus) * cheap + np.maximum(most - surplus, 0.0) * dear
        chord = (at_most - at_least) / np.maximum(most - least_w, 1e-9)
        bent = dear >= cheap
        cheap_w = np.where(bent, np.clip(surplus, least_w, most), least_w)
        dear = np.where(bent, dear, chord)
        least = np.full_like(most, least_w)
        return cls(least, cheap_w, most, np.where(cheap_w > least, cheap, dear), dear, at_least)

    def offer(self, price: Floats, wanted_w: Floats) -> Floats:
        """Return the most profitable power to sell; where several are, the one nearest to a wish."""
        low = np.where(price < self.cheap, self.least_w, self.cheap_w)
        low = np.where(price > self.dear, self.most_w, low)
        high = np.where(price < self.dear, self.cheap_w, self.most_w)
        high = np.where(price < self.cheap, self.least_w, high)
        low = np.where(price == self.cheap, self.least_w, low)
        return np.clip(wanted_w, low, high)

    def profit(self, price: Floats) -> Floats:
        """Return what selling makes at a price."""
        cheap_w, dear_w = self.cheap_w - self.least_w, self.most_w - self.cheap_w
        return np.asarray(
            price * self.least_w
            - self.at_least
            + cheap_w * np.maximum(price - self.cheap, 0.0)
            + dear_w * np.maximum(price - self.dear, 0.0)
        )

    def clamp(self, price: Floats, before: Floats, limited: np.ndarray) -> Floats:
        """Return a price within sense, held at a kink that the step from ``before`` crosses."""
        crosses = (before - self.dear) * (price - self.dear) < 0
        price = np.where(crosses, self.dear, np.maximum(price, self.cheap))
        return np.where(limited, price, np.minimum(price, self.dear))


@dataclass(frozen=True, slots=True)
class Dual:
    """Prices and the bound that they prove: [window]."""

    prices: Prices
    bound: Floats


class DualProblem:
    """The bundles of a site and the steps ahead, [step, window]."""

    def __init__(self, bundles: Sequence[Bundle], outlook: Outlook) -> None:
        """Work out supply and heat once."""
        self.bundles, self.outlook = tuple(bundles), outlook
        self.least_w = sum(float(b.power_w.min(axis=0) @ b.counts) for b in bundles)
        self.most_w = sum(float(b.power_w.max(axis=0) @ b.counts) for b in bundles)
        self.least_heat_w = sum(float(b.heat_w.min(axis=0) @ b.counts) for b in bundles)
        self.most_heat_w = sum(float(b.heat_w.max(axis=0) @ b.counts) for b in bundles)
        self.supply = Supply.of(outlook, self.least_w, self.most_w)
        self.limited = self.supply.most_w < self.most_w - 1e-6
        self.heat_worth = outlook.heat_price * STEP_KWH_PER_W
        self.demand_w = np.clip(outlook.heat_demand_w, self.least_heat_w, self.most_heat_w)
        self._idle_heat = outlook.heat_demand_w < self.least_heat_w

    @property
    def has_heat(self) -> bool:
        """Return whether heat is worth anything to any miner."""
        return self.most_heat_w > 0 and bool((self.heat_worth > 0).any())

    def heat_profit(self, price: Floats) -> Floats:
        """Return what the site makes of heat that it buys from the miners at a price."""
        useful = np.minimum(self.outlook.heat_demand_w, self.least_heat_w)
        more = self.demand_w - self.least_heat_w
        spare = self.most_heat_w - self.demand_w
        return np.asarray(
            useful * self.heat_worth
            - price * self.least_heat_w
            + more * np.maximum(self.heat_worth - price, 0.0)
            + spare * np.maximum(-price, 0.0)
        )

    def heat_bought(self, price: Floats, offered_w: Floats) -> Floats:
        """Return the most profitable heat to buy; where several are, the one nearest to an offer."""
        low = np.where(price < self.heat_worth, self.demand_w, self.least_heat_w)
        high = np.where(price > 0, self.demand_w, self.most_heat_w)
        high = np.where(price > self.heat_worth, self.least_heat_w, high)
        return np.clip(offered_w, np.minimum(low, high), high)

    def upper_bound(self, prices: Prices) -> Floats:
        """Return the bound, [window], that prices prove for miners that begin off and free."""
        bound = self.supply.profit(prices.power).sum(axis=0) + self.heat_profit(prices.heat).sum(
            axis=0
        )
        for bundle in self.bundles:
            first = bundle.sweep(self.outlook, prices).first[bundle.shape.free]
            bound = bound + bundle.counts @ first
        return np.asarray(bound)

    def evaluate(
        self, prices: Prices, starts: Sequence[Ints] | None
    ) -> tuple[Floats, Floats, Floats]:
        """Return the bound, [window], and the miners' power and heat, [step, window]."""
        power = np.zeros_like(prices.power)
        heat = np.zeros_like(prices.power)
        bound = self.supply.profit(prices.power).sum(axis=0)
        bound = bound + self.heat_profit(prices.heat).sum(axis=0)
        for n, bundle in enumerate(self.bundles):
            sweep = bundle.sweep(self.outlook, prices, policy=True)
            start = sweep.best_start() if starts is None else starts[n]
            more_power, more_heat, worth = sweep.demand(start)
            power += more_power
            heat += more_heat
            bound = bound + worth
        return bound, power, heat


def first_prices(problem: DualProblem) -> Prices:
    """Return the prices that clear each step by itself, without start costs and minimum times."""
    supply = problem.supply
    prices = Prices(supply.dear.copy(), np.where(problem._idle_heat, 0.0, problem.heat_worth))
    for _ in range(2 if problem.has_heat else 1):
        prices = replace(prices, power=_cleared_power(problem, prices))
        if problem.has_heat:
            prices = replace(prices, heat=_cleared_heat(problem, prices))
    return prices


def _static(problem: DualProblem, prices: Prices) -> tuple[Floats, Floats]:
    """Return power and heat of miners that choose each step by itself."""
    power, heat = np.zeros_like(prices.power), np.zeros_like(prices.power)
    revenue = problem.outlook.revenue_per_ths
    for bundle in problem.bundles:
        for row, count in enumerate(bundle.counts):
            figures = zip(
                bundle.rate_ths[:, row], bundle.power_w[:, row], bundle.heat_w[:, row], strict=True
            )
            best = np.full_like(power, -np.inf)
            drawn, warmth = np.zeros_like(power), np.zeros_like(power)
            for rate, watts, heat_w in figures:
                value = revenue * rate - prices.power * watts + prices.heat * heat_w
                better = value > best
                best = np.where(better, value, best)
                drawn = np.where(better, watts, drawn)
                warmth = np.where(better, heat_w, warmth)
            power += count * drawn
            heat += count * warmth
    return power, heat


def _cleared_power(problem: DualProblem, prices: Prices) -> Floats:
    supply = problem.supply
    wanted, _ = _static(problem, replace(prices, power=supply.dear))
    scarce, plenty = wanted > supply.most_w, wanted < supply.cheap_w
    if not (scarce.any() or plenty.any()):
        return supply.dear.copy()
    target = np.where(scarce, supply.most_w, supply.cheap_w)
    low = np.where(plenty, supply.cheap, supply.dear)
    high = np.where(scarce, supply.dear + _ceiling(problem), supply.dear)
    for _ in range(20):
        middle = (low + high) / 2
        wanted, _ = _static(problem, replace(prices, power=middle))
        low, high = np.where(wanted > target, middle, low), np.where(wanted > target, high, middle)
    cheap_enough, _ = _static(problem, replace(prices, power=supply.cheap))
    cleared = np.where(plenty & (cheap_enough <= supply.cheap_w), supply.cheap, (low + high) / 2)
    return np.where(scarce | plenty, cleared, supply.dear)


def _ceiling(problem: DualProblem) -> Floats:
    """Return a rise of the power price above which nobody runs."""
    most = max(
        float((b.rate_ths[1:] / np.maximum(b.power_w[1:] - b.power_w[0], 1.0)).max())
        for b in problem.bundles
    )
    outlook = problem.outlook
    return np.asarray(
        outlook.revenue_per_ths * most + problem.heat_worth + np.abs(problem.supply.dear)
    )


def _cleared_heat(problem: DualProblem, prices: Prices) -> Floats:
    low, high = np.zeros_like(prices.heat), problem.heat_worth.copy()
    _, offered = _static(problem, replace(prices, heat=high))
    enough = offered > problem.demand_w
    if not enough.any():
        return high
    for _ in range(12):
        middle = (low + high) / 2
        _, offered = _static(problem, replace(prices, heat=middle))
        low, high = (
            np.where(offered > problem.demand_w, low, middle),
            np.where(offered > problem.demand_w, middle, high),
        )
    return np.where(enough, (low + high) / 2, problem.heat_worth)


def solve(
    problem: DualProblem,
    rounds: int = ROUNDS,
    starts: Sequence[Ints] | None = None,
    first: Prices | None = None,
) -> Dual:
    """Return shadow prices from some rounds of subgradient, and the bound that they prove.

    ``starts`` are the first states of each bundle's rows, [row, window]; None leaves them free.
    """
    prices = best = first_prices(problem) if first is None else first
    least = np.full(prices.power.shape[1], np.inf)
    if _settled(problem):
        return Dual(prices, problem.evaluate(prices, starts)[0])
    size, failures = np.full_like(least, 0.3), np.zeros_like(least)
    way = Prices(np.zeros_like(prices.power), np.zeros_like(prices.heat))
    best_way = way
    stale = 0
    for _ in range(rounds):
        bound, power, heat = problem.evaluate(prices, starts)
        towards = _direction(problem, prices, power, heat)
        better = bound < least - 1e-9 * np.abs(bound)
        stale = 0 if (bound < least - PROGRESS * np.abs(bound)).any() else stale + 1
        if stale >= STALE:
            break
        least = np.where(better, bound, least)
        best = _where(better, prices, best)
        best_way = _where(better, towards, best_way)
        failures = np.where(better, 0, failures + 1)
        tired = failures >= PATIENCE
        size = np.where(tired, size * SHRINK, size)
        failures = np.where(tired, 0, failures)
        way = Prices(towards.power + DEFLECTION * way.power, towards.heat + DEFLECTION * way.heat)
        way = _where(tired, best_way, way)
        prices = _moved(problem, _where(tired, best, prices), way, size)
    return Dual(best, least)


def _settled(problem: DualProblem) -> bool:
    """Return whether nothing is shared: no limit binds, no surplus bends the price, no heat."""
    supply = problem.supply
    shared = problem.limited | (supply.cheap < supply.dear)
    return not shared.any() and not problem.has_heat


def _direction(problem: DualProblem, prices: Prices, power: Floats, heat: Floats) -> Prices:
    """Return by how much, as a share of the site, each thing is wanted more than it is there."""
    supplied = problem.supply.offer(prices.power, power)
    bought = problem.heat_bought(prices.heat, heat)
    return Prices(
        (power - supplied) / max(problem.most_w, 1.0),
        (bought - heat) / max(problem.most_heat_w, 1.0),
    )


def _moved(problem: DualProblem, prices: Prices, way: Prices, size: Floats) -> Prices:
    scale = _typical(problem)
    power = prices.power + size * scale * way.power
    heat = prices.heat + size * problem.heat_worth * way.heat
    return Prices(
        problem.supply.clamp(power, prices.power, problem.limited),
        np.clip(heat, 0.0, problem.heat_worth) if problem.has_heat else prices.heat,
    )


def _typical(problem: DualProblem) -> Floats:
    """Return what a watt over a step is worth to a typical miner: the scale of the prices."""
    efficiency = sum(float(b.rate_ths.max(axis=0) @ b.counts) for b in problem.bundles)
    return np.asarray(problem.outlook.revenue_per_ths * efficiency / max(problem.most_w, 1.0))


def _where(which: np.ndarray, left: Prices, right: Prices) -> Prices:
    return Prices(np.where(which, left.power, right.power), np.where(which, left.heat, right.heat))
