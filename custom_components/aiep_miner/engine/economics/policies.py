"""The simple policies: run when it pays (``threshold``), and run whatever it costs (``always_on``)."""

from collections.abc import Sequence

import numpy as np

from .model import STEP_KWH_PER_W, Floats, Ints, MinerModel, Outlook
from .planner.engine import Commitments
from .planner.joint import TOLERANCE_W
from .planner.states import Shape

HYSTERESIS = 0.02
"""Share of a miner's turnover by which profit must be above or below 0 before it is switched."""


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
        return self._fit(np.ones(len(states), dtype=bool), states, now, limits_w)

    def _fit(self, wants: np.ndarray, states: Ints, now: Outlook, limits_w: Floats) -> Ints:
        key = (wants.tobytes(), states.tobytes(), now.limit_w.tobytes(), limits_w.tobytes())
        if self._last is None or self._last[0] != key:
            self._last = (key, self._fitted(wants, states, float(now.limit_w), limits_w))
        return self._last[1]

    def _fitted(self, wants: np.ndarray, states: Ints, limit_w: float, limits_w: Floats) -> Ints:
        """Return the highest levels under the limit for those that want to run or must."""
        limits_w = limits_w[: self._commitments.steps]
        bound_w, free_w = self._commitments.bound_w, self._commitments.free_w
        left = self._left_steps(states)
        standby_w = np.array([miner.standby_w for miner in self._miners])
        room_w = limit_w - float(np.where(left > 0, bound_w, standby_w).sum())
        lasting = left[None, :] > np.arange(1, len(limits_w) + 1)[:, None]
        later_w = limits_w - np.where(lasting, bound_w, free_w).sum(axis=1)
        chosen = np.zeros(len(states), dtype=np.int64)
        for m, miner in enumerate(self._miners):
            if not (wants[m] or left[m]):
                continue
            idle = states[m] < self._shapes[m].idle
            bound = slice(0, self._shapes[m].min_run - 1)
            if idle and not self._may_start(m, int(states[m]), later_w[bound]):
                continue
            base_w = bound_w[m] if left[m] else standby_w[m]
            chosen[m] = self._highest(m, room_w + base_w, bool(left[m]), bool(wants[m]))
            room_w += base_w - miner.power_w(int(chosen[m]))
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

    def _highest(self, m: int, most_w: float, must: bool, wants: bool) -> int:
        """Return the highest level that fits; off where none does, the lowest where it must run."""
        miner, lowest = self._miners[m], self._descending[m][-1]
        for choice in self._descending[m] if wants else ():
            if miner.power_w(choice) <= most_w + TOLERANCE_W:
                return choice
        return lowest if must else 0


class Threshold(AlwaysOn):
    """Run each miner while it pays, with hysteresis: the profit rule as a policy of this engine.

    A miner is judged at its highest level on what the miners before it leave of surplus and heat
    demand.
    """

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Begin with every miner off."""
        super().__init__(miners)
        highest = [order[0] for order in self._descending]
        figures = zip(miners, highest, strict=True)
        self._power = np.array([m.power_w(c) for m, c in figures])
        self._rate = np.array([m.hashrate_ths(c) for m, c in zip(miners, highest, strict=True)])
        self._share = np.array([m.heat_share for m in miners])
        self._wants = np.zeros(len(miners), dtype=bool)

    def choose(self, states: Ints, now: Outlook, limits_w: Floats) -> Ints:
        """Return each miner's choice."""
        profit, turnover = self._profit(now)
        margin = HYSTERESIS * turnover
        self._wants = (profit > margin) | (self._wants & (profit >= -margin))
        return self._fit(self._wants, states, now, limits_w)

    def _profit(self, now: Outlook) -> tuple[Floats, Floats]:
        """Return each miner's profit in the step, and revenue plus energy at the import price."""
        power = self._power
        running = np.where(self._wants, power, 0.0)
        before = np.cumsum(running) - running
        used = np.clip(max(float(np.mean(now.surplus_w)), 0.0) - before, 0.0, power)
        cost = (used * now.feed_in_price + (power - used) * now.energy_price) * STEP_KWH_PER_W
        warm = np.clip(np.mean(now.heat_demand_w) - before * self._share, 0.0, power * self._share)
        heat = warm * now.heat_price * STEP_KWH_PER_W
        revenue = self._rate * now.revenue_per_ths
        turnover = revenue + power * np.abs(now.energy_price) * STEP_KWH_PER_W
        return revenue + heat - cost, turnover
