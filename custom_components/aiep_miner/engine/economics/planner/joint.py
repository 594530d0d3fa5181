"""The exact program of a few miners: dynamic programming over their joint states."""

import math
from collections.abc import Sequence

import numpy as np

from ..model import Floats, Ints, MinerModel, Outlook, site_value
from .states import Shape, lost_shares

EXCESS_PENALTY = 1e6
"""Money per watt above the limit and step: more than anything else in a plan is worth."""
TOLERANCE_W = 1e-6


def joint_states(miners: Sequence[MinerModel]) -> int:
    """Return the number of joint states, what decides whether the exact program fits."""
    return math.prod(Shape.of(miner).states for miner in miners)


def joint_choices(miners: Sequence[MinerModel]) -> int:
    """Return the number of joint choices."""
    return math.prod(len(miner.levels) + 1 for miner in miners)


class JointProgram:
    """Values and choices over all combinations of the miners' states."""

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Lay out the tables: states and choices counted with the last miner fastest."""
        self.shapes = tuple(Shape.of(miner) for miner in miners)
        self._state_sizes = tuple(shape.states for shape in self.shapes)
        self._choice_sizes = tuple(shape.choices for shape in self.shapes)
        self.choices: Ints = np.stack(
            np.unravel_index(np.arange(math.prod(self._choice_sizes)), self._choice_sizes), axis=1
        )
        powers = [[m.power_w(c) for c in range(len(m.levels) + 1)] for m in miners]
        self.power_w = self._total([np.array(power) for power in powers])
        self.heat_w = self._total(
            [np.array(p) * m.heat_share for p, m in zip(powers, miners, strict=True)]
        )
        self._tabulate(miners)

    def _total(self, by_miner: Sequence[Floats]) -> Floats:
        columns = [values[self.choices[:, m]] for m, values in enumerate(by_miner)]
        return np.asarray(np.sum(columns, axis=0, dtype=np.float64))

    def _tabulate(self, miners: Sequence[MinerModel]) -> None:
        count = math.prod(self._state_sizes)
        states = np.unravel_index(np.arange(count), self._state_sizes)
        hashing = np.zeros((len(self.choices), count))
        following = np.zeros((len(self.choices), count), dtype=np.int64)
        allowed = np.ones((len(self.choices), count), dtype=bool)
        for m, (miner, shape) in enumerate(zip(miners, self.shapes, strict=True)):
            rates = np.array([miner.hashrate_ths(c) for c in range(shape.choices)])
            at = (states[m][None, :], self.choices[:, m][:, None])
            hashing += (rates * (1 - lost_shares(miner)))[at]
            after = shape.next_state[at]
            allowed &= after >= 0
            following = following * shape.states + np.maximum(after, 0)
        self._rows = [np.flatnonzero(row) for row in allowed]
        """States in which a choice is allowed, by choice."""
        self._hashing = [hashing[c, rows] for c, rows in enumerate(self._rows)]
        self._after = [following[c, rows] for c, rows in enumerate(self._rows)]
        self._open = [np.flatnonzero(column) for column in allowed.T]
        """Choices that are allowed in a state, by state."""
        self._open_hashing = [hashing[c, s] for s, c in enumerate(self._open)]
        self._open_after = [following[c, s] for s, c in enumerate(self._open)]
        self._blocked = np.where(allowed, 0.0, -np.inf)
        self._hashing_table, self._after_table = hashing, following

    @property
    def states(self) -> int:
        """Return the number of joint states."""
        return math.prod(self._state_sizes)

    @property
    def start(self) -> int:
        """Return the joint state in which every miner is off and may start."""
        return self.index([shape.free for shape in self.shapes])

    def index(self, states: Sequence[int]) -> int:
        """Return the joint state of the miners' states."""
        return int(np.ravel_multi_index(tuple(states), self._state_sizes))

    def split(self, state: int) -> Ints:
        """Return the miners' states of a joint one."""
        return np.array(np.unravel_index(state, self._state_sizes))

    def worth(self, outlook: Outlook) -> Floats:
        """Return the money of each joint choice but for revenue: [choice] or [choice, window]."""
        spread = (slice(None), *(None,) * np.ndim(outlook.surplus_w))
        power, heat = self.power_w[spread], self.heat_w[spread]
        excess = np.maximum(power - outlook.limit_w - TOLERANCE_W, 0.0)
        return site_value(power, heat, outlook) - EXCESS_PENALTY * excess

    def values(self, outlook: Outlook, keep: int) -> Floats:
        """Return the value of each joint state before each step: [step, state, window].

        ``outlook`` has [step, window]; only the first ``keep`` steps' values are returned. Nothing
        is worth anything after the last step.
        """
        windows = outlook.energy_price.shape[1]
        ahead = np.zeros((self.states, windows))
        kept = np.zeros((min(keep, len(outlook) + 1), self.states, windows))
        for step in range(len(outlook) - 1, -1, -1):
            now = outlook.at(step)
            ahead = self._step(now.revenue_per_ths, self.worth(now), ahead)
            if step < len(kept):
                kept[step] = ahead
        return kept

    def _step(self, revenue: Floats, worth: Floats, ahead: Floats) -> Floats:
        best = np.full_like(ahead, -np.inf)
        for c, rows in enumerate(self._rows):
            value = self._hashing[c][:, None] * revenue + (ahead[self._after[c]] + worth[c])
            best[rows] = np.maximum(best[rows], value)
        return best

    def all_values(self, outlook: Outlook) -> Floats:
        """Return the value of each joint state before each step of one window: [step + 1, state]."""
        values = np.zeros((len(outlook) + 1, self.states))
        worth = self.worth(outlook)
        for step in range(len(outlook) - 1, -1, -1):
            table = self._hashing_table * outlook.revenue_per_ths[step] + self._blocked
            table += worth[:, step, None]
            table += values[step + 1][self._after_table]
            table.max(axis=0, out=values[step])
        return values

    def choose(
        self, state: int, revenue: float, worth: Floats, ahead: Floats
    ) -> tuple[int, int, float]:
        """Return the best joint choice, the state after it, and its value.

        ``worth`` is of each joint choice, ``ahead`` of each joint state after the step.
        """
        choices, after = self._open[state], self._open_after[state]
        value = self._open_hashing[state] * revenue + worth[choices] + ahead[after]
        best = int(value.argmax())
        return int(choices[best]), int(after[best]), float(value[best])
