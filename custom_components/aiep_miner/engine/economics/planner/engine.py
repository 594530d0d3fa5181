"""The two programs behind one interface: exact for few joint states, priced for more.

A program turns an outlook into values of states; ``choose`` takes one step with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..model import Floats, Ints, MinerModel, Outlook
from .choice import Choice, SiteStep
from .joint import EXCESS_PENALTY, TOLERANCE_W, JointProgram, joint_choices, joint_states
from .priced import Bundle, Prices
from .prices import ROUNDS, Dual, DualProblem, solve
from .states import Shape

MOST_JOINT_STATES = 640
MOST_JOINT_CHOICES = 128


@dataclass(frozen=True, slots=True)
class Values:
    """Values of states before each step of some windows, and what shared things are worth."""

    parts: tuple[Floats, ...]
    """Each [step, state, row, window] (bundles) or [step, state, window] (joint)."""
    prices: Prices | None
    bound: Floats | None

    def at(self, step: int, window: int) -> Ahead:
        """Return the values before a step of a window."""
        heat = 0.0 if self.prices is None else float(self.prices.heat[step - 1, window])
        return Ahead(tuple(part[step, ..., window] for part in self.parts), heat)


@dataclass(frozen=True, slots=True)
class Ahead:
    """Values of the states after a step, and the heat's shadow price in it."""

    parts: tuple[Floats, ...]
    heat_price: float


class Program(Protocol):
    """What plan and backtest ask of a program."""

    exact: bool
    start: Ints
    """Each miner's state when off and free to start."""
    cells: int
    """State values of one step and window."""

    def values(self, outlook: Outlook, keep: int) -> Values:
        """Return the values of states before the first ``keep`` steps: outlook [step, window]."""

    def choose(self, states: Ints, now: Outlook, limits_w: Floats, ahead: Ahead) -> Ints:
        """Return each miner's choice.

        Surplus and heat demand of ``now`` may be arrays of equally likely cases: what is measured
        is one step old. ``limits_w`` are the limits announced of the next steps.
        """


def program_for(miners: Sequence[MinerModel], rounds: int = ROUNDS) -> Program:
    """Return the exact program where its tables are small, else the priced one."""
    few = joint_states(miners) <= MOST_JOINT_STATES and joint_choices(miners) <= MOST_JOINT_CHOICES
    return ExactProgram(miners) if few else PricedProgram(miners, rounds)


class Commitments:
    """Power that states after a step bind for the steps to come."""

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Work out the power that each miner must draw at least, when bound and when not."""
        self.shapes = [Shape.of(miner) for miner in miners]
        self.steps = max(shape.min_run for shape in self.shapes) - 1
        self.free_w = np.array([min(m.standby_w, m.lowest_w) for m in miners])
        self.bound_w = np.array([m.lowest_w for m in miners])

    def binding(self, limits_w: Floats) -> Floats | None:
        """Return the limits that could bind, [step]; None when none of them can."""
        limits_w = limits_w[: self.steps]
        if not limits_w.size or limits_w.min() >= self.bound_w.sum():
            return None
        return np.asarray(np.maximum(limits_w, self.free_w.sum()) + TOLERANCE_W)

    def power_w(self, states: Ints, chosen: Ints, count: int) -> Floats:
        """Return the power that choices bind at least, in each of the next steps."""
        lasting = np.array(
            [
                shape.committed_steps(int(shape.next_state[s, c]))
                for shape, s, c in zip(self.shapes, states, chosen, strict=True)
            ]
        )
        bound = lasting[None, :] >= np.arange(1, count + 1)[:, None]
        return np.asarray(np.where(bound, self.bound_w, self.free_w).sum(axis=1))


class ExactProgram:
    """Dynamic programming over the joint states of a few miners."""

    exact = True

    def __init__(self, miners: Sequence[MinerModel]) -> None:
        """Lay out the joint tables."""
        self.joint = JointProgram(miners)
        self.start = np.array([shape.free for shape in self.joint.shapes])
        self.cells = self.joint.states
        self._commitments = commitments = Commitments(miners)
        split = [self.joint.split(state) for state in range(self.joint.states)]
        lasting = np.array(
            [
                [
                    shape.committed_steps(int(s))
                    for shape, s in zip(self.joint.shapes, row, strict=True)
                ]
                for row in split
            ]
        )
        bound = [lasting >= k for k in range(1, commitments.steps + 1)]
        powers = [np.where(b, commitments.bound_w, commitments.free_w).sum(axis=1) for b in bound]
        self._committed_w = np.array(powers).reshape(commitments.steps, self.joint.states)

    def values(self, outlook: Outlook, keep: int) -> Values:
        """Return the values of the joint states before the first steps."""
        return Values((self.joint.values(outlook, keep),), None, None)

    def value_of(self, states: Ints, ahead: Ahead) -> float:
        """Return the value of the miners' states."""
        return float(ahead.parts[0][self.joint.index(states.tolist())])

    def choose(self, states: Ints, now: Outlook, limits_w: Floats, ahead: Ahead) -> Ints:
        """Return each miner's choice."""
        values = ahead.parts[0]
        binding = self._commitments.binding(limits_w)
        if binding is not None:
            excess = self._committed_w[: len(binding)] - binding[:, None]
            values = values - EXCESS_PENALTY * np.maximum(excess.max(axis=0), 0.0)
        state = self.joint.index(states.tolist())
        worth = self.joint.worth(now)
        if worth.ndim > 1:
            worth = worth.mean(axis=1)
        choice, _, _ = self.joint.choose(state, float(now.revenue_per_ths), worth, values)
        return np.asarray(self.joint.choices[choice])


class PricedProgram:
    """Shadow prices, and the choice of all levels at once with the values that they give."""

    exact = False

    def __init__(
        self, miners: Sequence[MinerModel], rounds: int = ROUNDS, states: Ints | None = None
    ) -> None:
        """Bundle the miners by shape, identical ones in one row.

        With ``states``, what each is in at first, only those in one state share a row.
        """
        self._rounds = rounds
        self._commitments = Commitments(miners)
        shapes = [Shape.of(miner) for miner in miners]
        self.start = np.array([shape.free for shape in shapes])
        self.bundles: list[Bundle] = []
        self._members: list[tuple[Ints, Ints]] = []
        """Of each bundle: the miners, and the row of each."""
        self.row_states: list[Ints] = []
        """Of each bundle: the first state of each row, [row, 1]."""
        kinds = [_kind(miner) for miner in miners]
        if states is not None:
            kinds = [(*kind, state) for kind, state in zip(kinds, states.tolist(), strict=True)]
        for shape in dict.fromkeys(shapes):
            members = [m for m, other in enumerate(shapes) if other == shape]
            first: dict[tuple[object, ...], int] = {}
            for m in members:
                first.setdefault(kinds[m], m)
            rows = list(first)
            row = np.array([rows.index(kinds[m]) for m in members])
            counts = np.bincount(row, minlength=len(rows)).tolist()
            self.bundles.append(Bundle([miners[m] for m in first.values()], counts))
            self._members.append((np.array(members), row))
            begin = self.start if states is None else states
            self.row_states.append(begin[list(first.values())][:, None])
        self.cells = sum(b.shape.states * len(b.models) for b in self.bundles)
        self._lay_out(miners)

    def _lay_out(self, miners: Sequence[MinerModel]) -> None:
        width = max(bundle.shape.choices for bundle in self.bundles)
        self._power = np.zeros((len(miners), width))
        self._heat = np.zeros((len(miners), width))
        for bundle, (members, row) in zip(self.bundles, self._members, strict=True):
            self._power[members, : bundle.shape.choices] = bundle.power_w[:, row].T
            self._heat[members, : bundle.shape.choices] = bundle.heat_w[:, row].T
        self._hashing = [
            np.moveaxis(bundle.rate_ths * (1 - bundle.lost), -1, 0) for bundle in self.bundles
        ]
        """Of each bundle: hash rate less lost minutes, [row, state, choice]."""

    def solve(self, outlook: Outlook, rounds: int | None = None) -> Dual:
        """Return shadow prices of the steps ahead: outlook [step, window]."""
        return solve(DualProblem(self.bundles, outlook), rounds or self._rounds)

    def values(self, outlook: Outlook, keep: int) -> Values:
        """Return the values of each bundle's states before the first steps."""
        return self.values_at(outlook, self.solve(outlook), keep)

    def values_at(self, outlook: Outlook, dual: Dual, keep: int) -> Values:
        """Return the values of states at given prices."""
        parts = []
        for bundle in self.bundles:
            kept = bundle.sweep(outlook, dual.prices, values=True).values
            assert kept is not None  # noqa: S101 - asked for above
            parts.append(kept[:keep].copy())
        return Values(tuple(parts), dual.prices, dual.bound)

    def choose(self, states: Ints, now: Outlook, limits_w: Floats, ahead: Ahead) -> Ints:
        """Return each miner's choice."""
        worth = self._worth(states, float(now.revenue_per_ths), ahead)
        site = SiteStep(
            float(now.energy_price),
            float(now.feed_in_price),
            now.surplus_w,
            now.heat_demand_w,
            float(now.heat_price),
            max(float(now.limit_w), float(self._commitments.free_w.sum())),
        )
        choice = Choice(worth, self._power, self._heat, site)
        chosen = choice.solve(ahead.heat_price)
        binding = self._commitments.binding(limits_w)
        if binding is not None:
            self._keep_promises(states, choice, worth, binding)
        return chosen

    def _worth(self, states: Ints, revenue: float, ahead: Ahead) -> Floats:
        worth = np.full(self._power.shape, -np.inf)
        groups = zip(self.bundles, self._members, self._hashing, ahead.parts, strict=True)
        for bundle, (members, row), hashing, values in groups:
            state = states[members]
            after = bundle.shape.next_state[state]
            value = values[np.maximum(after, 0), row[:, None]] + hashing[row, state] * revenue
            worth[members, : bundle.shape.choices] = np.where(after >= 0, value, -np.inf)
        return worth

    def _keep_promises(self, states: Ints, choice: Choice, worth: Floats, limits_w: Floats) -> None:
        """Take back starts whose minimum runs would break a limit that is announced."""
        commitments = self._commitments
        while True:
            starts = np.flatnonzero((states == self.start) & (choice.chosen > 0))
            excess = commitments.power_w(states, choice.chosen, len(limits_w)) - limits_w
            if not starts.size or not (excess > 0).any():
                return
            watts = commitments.bound_w[starts] - commitments.free_w[starts]
            gain = worth[starts, choice.chosen[starts]] - worth[starts, 0]
            worst = starts[int((gain / np.maximum(watts, 1e-9)).argmin())]
            worth[worst, 1:] = -np.inf
            choice.chosen[worst] = 0


def _kind(miner: MinerModel) -> tuple[object, ...]:
    """Return what makes two miners identical: everything but name and priority."""
    return (
        miner.levels,
        miner.standby_w,
        miner.min_run_min,
        miner.min_idle_min,
        miner.start_min,
        miner.change_min,
        miner.heat_share,
    )
