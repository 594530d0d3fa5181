"""The simple policies: run when it pays (``threshold``), and run whatever it costs (``always_on``)."""

from collections.abc import Sequence

import numpy as np

from .model import STEP_KWH_PER_W, Floats, Ints, MinerModel, Outlook
from .planner.engine import Commitments
from .planner.joint import TOLERANCE_W
from .planner.states import Shape

HYSTERESIS = 0.02
"""Share of the energy's cost by which profit must be above or below 0 before it is switched."""


class AlwaysOn:
    """Every miner at the highest level that the limit allows, in the operator's order."""

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Sort every miner's levels by power."""
        self._miners = tuple(miners)
        self._shapes = [Shape.of(miner) for miner in miners]
        self._commitments = Commitments(miners)
        self._descending = [
            sorted(range(1, len(m.levels) + 1), key=m.power_w, reverse=True) for m in miners
        ]
        self._last: tuple[tuple[bytes, ...], Ints] | None = None

    def choose(self, states: Ints, now: Outlook, limits_w: Floats) -> Ints:
        """Return each miner's choice. ``limits_w`` are the limits announced of the next steps."""
        count = len(states)
        return self._fit(np.arange(count), np.full(count, np.inf), states, now, limits_w)

    def _fit(
        self, order: Ints, ceiling_w: Floats, states: Ints, now: Outlook, limits_w: Floats
    ) -> Ints:
        arrays = (order, ceiling_w, states, now.limit_w, limits_w)
        key = tuple(array.tobytes() for array in arrays)
        if self._last is None or self._last[0] != key:
            self._last = (
                key,
                self._fitted(order, ceiling_w, states, float(now.limit_w), limits_w),
            )
        return self._last[1]

    def _fitted(
        self, order: Ints, ceiling_w: Floats, states: Ints, limit_w: float, limits_w: Floats
    ) -> Ints:
        """Return the highest levels under limit and ceilings; a ceiling of -inf means off."""
        limits_w = limits_w[: self._commitments.steps]
        bound_w, free_w = self._commitments.bound_w, self._commitments.free_w
        left = self._left_steps(states)
        standby_w = np.array([miner.standby_w for miner in self._miners])
        room_w = limit_w - float(np.where(left > 0, bound_w, standby_w).sum())
        lasting = left[None, :] > np.arange(1, len(limits_w) + 1)[:, None]
        later_w = limits_w - np.where(lasting, bound_w, free_w).sum(axis=1)
        chosen = np.zeros(len(states), dtype=np.int64)
        for m in order.tolist():
            idle = states[m] < self._shapes[m].idle
            bound = slice(0, self._shapes[m].min_run - 1)
            if idle and not self._may_start(m, int(states[m]), later_w[bound]):
                continue
            base_w = bound_w[m] if left[m] else standby_w[m]
            most_w = min(room_w + base_w, ceiling_w[m])
            chosen[m] = self._highest(m, most_w, bool(left[m]))
            room_w += base_w - self._miners[m].power_w(int(chosen[m]))
            if idle and chosen[m]:
                later_w[bound] -= bound_w[m] - free_w[m]
        return chosen

    def _left_steps(self, states: Ints) -> Ints:
        """Return for how many steps from now each miner must run on."""
        return np.array(
            [shape.committed_steps(int(s)) for shape, s in zip(self._shapes, states, strict=True)]
        )

    def _may_start(self, m: int, state: int, later_w: Floats) -> bool:
        more_w = self._commitments.bound_w[m] - self._commitments.free_w[m]
        return state == self._shapes[m].free and not (later_w + TOLERANCE_W < more_w).any()

    def _highest(self, m: int, most_w: float, must: bool) -> int:
        """Return the highest level that fits; off where none does, the lowest where it must run."""
        for choice in self._descending[m]:
            if self._miners[m].power_w(choice) <= most_w + TOLERANCE_W:
                return choice
        return self._descending[m][-1] if must else 0


class Threshold(AlwaysOn):
    """Run each miner while it pays, with hysteresis: the profit rule as a policy of this engine.

    A miner is judged at its most profitable level on what the miners before it leave of surplus and
    heat demand. Where the limit does not suffice for all that pay, those with the most profit a
    watt come first, at the level with the most profit a watt.
    """

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Begin with every miner off."""
        super().__init__(miners)
        shape = (len(miners), max(len(miner.levels) for miner in miners))
        self._power, self._rate = np.full(shape, np.nan), np.full(shape, np.nan)
        for m, miner in enumerate(miners):
            self._power[m, : len(miner.levels)] = [level.power_w for level in miner.levels]
            self._rate[m, : len(miner.levels)] = [level.hashrate_ths for level in miner.levels]
        self._share = np.array([[m.heat_share] for m in miners])
        self._standby_w = np.array([miner.standby_w for miner in miners])
        self._rows = np.arange(len(miners))
        self._wants = np.zeros(len(miners), dtype=bool)
        self._drawn = np.zeros(len(miners))

    def choose(self, states: Ints, now: Outlook, limits_w: Floats) -> Ints:
        """Return each miner's choice."""
        profit = self._profit(now)
        level = np.nanargmax(profit, axis=1)
        best, power = profit[self._rows, level], self._power[self._rows, level]
        margin = HYSTERESIS * power * np.abs(now.energy_price) * STEP_KWH_PER_W
        self._wants = (best > margin) | (self._wants & (best >= -margin))
        order = self._rows
        if np.where(self._wants, power, self._standby_w).sum() > now.limit_w:
            merit = profit / np.maximum(self._power, 1.0)
            level = np.nanargmax(merit, axis=1)
            power = self._power[self._rows, level]
            order = np.argsort(-merit[self._rows, level], kind="stable")
        ceiling = np.where(self._wants, power, -np.inf)
        chosen = self._fit(order, ceiling, states, now, limits_w)
        self._drawn = np.where(chosen > 0, self._power[self._rows, chosen - 1], 0.0)
        return chosen

    def _profit(self, now: Outlook) -> Floats:
        """Return the profit of each level in the step, [miner, level]."""
        power = self._power
        before = (np.cumsum(self._drawn) - self._drawn)[:, None]
        surplus_w, demand_w = float(np.mean(now.surplus_w)), float(np.mean(now.heat_demand_w))
        used = np.minimum(np.maximum(surplus_w - before, 0.0), power)
        cost = (used * now.feed_in_price + (power - used) * now.energy_price) * STEP_KWH_PER_W
        wanted = np.maximum(demand_w - before * self._share, 0.0)
        heat = np.minimum(wanted, power * self._share) * now.heat_price * STEP_KWH_PER_W
        return np.asarray(self._rate * now.revenue_per_ths + heat - cost)
