"""Following a policy through a series, step by step, on what may be known at each."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from ..model import Floats, Ints, MinerModel, Outlook
from ..planner.engine import Program
from ..planner.states import Shape
from .forecast import Knowledge

HORIZON = 96
"""Steps that a plan looks ahead: a day. Longer ones gained nothing on the seeded years."""
CHUNK_CELLS = 4_000_000
"""State values held at a time."""


class Policy(Protocol):
    """A policy without a plan."""

    def choose(self, states: Ints, now: Outlook, limits_w: Floats) -> Ints:
        """Return each miner's choice."""


class Clockwork:
    """The states of the miners, moved on by their choices."""

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Begin with every miner off and free to start."""
        shapes = [Shape.of(miner) for miner in miners]
        states, choices = max(s.states for s in shapes), max(s.choices for s in shapes)
        self._next = np.full((len(miners), states, choices), -1)
        for m, shape in enumerate(shapes):
            self._next[m, : shape.states, : shape.choices] = shape.next_state
        self._rows = np.arange(len(miners))
        self.states: Ints = np.array([shape.free for shape in shapes])

    def advance(self, chosen: Ints) -> None:
        """Move on by a step. Raises ValueError where a minimum time forbids a choice."""
        states = self._next[self._rows, self.states, chosen]
        if states.min() < 0:
            raise ValueError("a choice breaks a minimum time")
        self.states = states


def follow_policy(policy: Policy, miners: Sequence[MinerModel], knowledge: Knowledge) -> Ints:
    """Return the schedule, [step, miner], of a policy without a plan."""
    clockwork = Clockwork(miners)
    schedule = np.zeros((len(knowledge), len(miners)), dtype=np.int64)
    for step in range(len(knowledge)):
        chosen = policy.choose(clockwork.states, knowledge.now(step), knowledge.announced(step))
        schedule[step] = chosen
        clockwork.advance(chosen)
    return schedule


def follow_plan(
    program: Program,
    miners: Sequence[MinerModel],
    knowledge: Knowledge,
    starts: Ints,
    horizon: int = HORIZON,
) -> Ints:
    """Return the schedule, [step, miner], of plans made at some steps, the first of them 0.

    Each plan gives values of states; the levels of each step are chosen from them and from what is
    known at the step.
    """
    clockwork = Clockwork(miners)
    schedule = np.zeros((len(knowledge), len(miners)), dtype=np.int64)
    ends = np.append(starts[1:], len(knowledge))
    keep = int((ends - starts).max()) + 1
    for first, last in _chunks(len(starts), keep, program):
        outlook = knowledge.windows(starts[first:last], max(horizon, keep))
        values = program.values(outlook, keep)
        for window, (begin, end) in enumerate(
            zip(starts[first:last].tolist(), ends[first:last].tolist(), strict=True)
        ):
            for step in range(begin, end):
                ahead = values.at(step - begin + 1, window)
                chosen = program.choose(
                    clockwork.states, knowledge.now(step), knowledge.announced(step), ahead
                )
                schedule[step] = chosen
                clockwork.advance(chosen)
    return schedule


def _chunks(windows: int, keep: int, program: Program) -> Iterator[tuple[int, int]]:
    """Yield ranges of windows that are solved at once."""
    size = max(1, min(256, CHUNK_CELLS // (keep * program.cells)))
    for first in range(0, windows, size):
        yield first, min(first + size, windows)
