"""The states of one miner: (off, steps idle) or (level, steps run), both capped.

State indices: 0 … idle-1 are off for 1 … idle steps, then run states level by level. Choice 0 is
off, choice n is level n - 1. A run is capped where its minimum is over and no start minutes are
left, so that any longer run has the same future.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..model import STEP_MIN, Floats, Ints, MinerModel, steps


@dataclass(frozen=True)
class Shape:
    """The layout of a miner's states; miners of one shape are solved in the same arrays."""

    idle: int
    """Steps of idling that are told apart, at least 1."""
    run: int
    """Steps of running that are told apart, at least 1."""
    min_run: int
    """Steps after which a run may end."""
    levels: int

    @classmethod
    def of(cls, miner: MinerModel) -> Shape:
        """Return a miner's layout."""
        run = max(miner.min_run_steps, steps(miner.start_min))
        return cls(miner.min_idle_steps, run, miner.min_run_steps, len(miner.levels))

    @property
    def states(self) -> int:
        """Return the number of states."""
        return self.idle + self.levels * self.run

    @property
    def choices(self) -> int:
        """Return the number of choices."""
        return self.levels + 1

    @property
    def free(self) -> int:
        """Return the state of a miner that is off and may start."""
        return self.idle - 1

    def off(self, idle_steps: int) -> int:
        """Return the state after some steps idle."""
        return min(max(idle_steps, 1), self.idle) - 1

    def on(self, level: int, run_steps: int) -> int:
        """Return the state after some steps of a run that is at a level now."""
        return self.idle + level * self.run + min(max(run_steps, 1), self.run) - 1

    @cached_property
    def next_state(self) -> Ints:
        """Return the state after a choice: [state, choice]; -1 where minimum times forbid it."""
        table = np.full((self.states, self.choices), -1)
        for idle in range(1, self.idle + 1):
            table[self.off(idle), 0] = self.off(idle + 1)
        for level in range(self.levels):
            table[self.free, level + 1] = self.on(level, 1)
            for run in range(1, self.run + 1):
                state = self.on(level, run)
                if run >= self.min_run:
                    table[state, 0] = self.off(1)
                for other in range(self.levels):
                    table[state, other + 1] = self.on(other, run + 1)
        return table

    def committed_steps(self, state: int) -> int:
        """Return for how many further steps a miner in this state must run."""
        if state < self.idle:
            return 0
        return max(0, self.min_run - 1 - (state - self.idle) % self.run)


def lost_shares(miner: MinerModel) -> Floats:
    """Return the share of the step that a choice does not hash: [state, choice]; 0 for off.

    The start's minutes fall on the first steps of a run, those of a change of level on the step of
    the change; together at most the whole step.
    """
    shape = Shape.of(miner)
    minutes = np.zeros((shape.states, shape.choices))
    minutes[shape.free, 1:] = miner.start_min
    for level in range(shape.levels):
        for run in range(1, shape.run + 1):
            row = minutes[shape.on(level, run)]
            row[1:] = max(0.0, miner.start_min - STEP_MIN * run)
            row[1:] = np.minimum(row[1:], STEP_MIN) + miner.change_min
            row[level + 1] -= miner.change_min
    return np.minimum(minutes / STEP_MIN, 1.0)
