"""A plan for the steps ahead: levels, and how close they come to the best."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..model import Floats, Ints, Outlook, site_value
from .engine import ExactProgram, PricedProgram, Program, Values, program_for
from .joint import TOLERANCE_W
from .prices import DualProblem, solve
from .problem import Plan, Problem
from .segments import Shared, segments
from .states import Shape, lost_shares


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the values of states that the online step chooses by."""

    plan: Plan
    problem: Problem
    program: Program = field(compare=False)
    values: Values = field(compare=False)

    def choose(self, step: int, states: Ints, measured: Outlook, limits_w: Floats) -> Ints:
        """Return all choices of a step at once from what is measured now."""
        return self.program.choose(states, measured, limits_w, self.values.at(step + 1, 0))


def states_of(problem: Problem) -> Ints:
    """Return each miner's state when the plan begins."""
    states = []
    for miner, now in zip(problem.miners, problem.now, strict=True):
        shape = Shape.of(miner)
        on = None if now.level is None else shape.on(now.level, now.steps)
        states.append(shape.off(now.steps) if on is None else on)
    return np.array(states)


def plan(problem: Problem) -> Plan:
    """Return the plan of a problem. Deterministic: no clock, no randomness."""
    return plan_ahead(problem).plan


def plan_ahead(problem: Problem) -> Planned:
    """Return the plan with the values that the online step needs."""
    states = states_of(problem)
    window = problem.outlook.at(np.arange(len(problem.outlook))[:, None])
    priced = PricedProgram(problem.miners, states=states)
    dual = solve(DualProblem(priced.bundles, window), starts=priced.row_states)
    program = program_for(problem.miners)
    if isinstance(program, ExactProgram):
        values = program.values(window, len(problem.outlook) + 1)
        bound = program.value_of(states, values.at(0, 0))
    else:
        program = priced
        values = priced.values_at(window, dual, len(problem.outlook) + 1)
        bound = float(dual.bound[0])
    choices = _follow(problem, program, values, states)
    choices, total, kept = _prefer_in_force(problem, choices)
    shared = Shared.of(problem, priced, dual.prices)
    return Planned(
        Plan(
            ts_ms=problem.ts_ms,
            miners=segments(problem, choices, states, shared),
            total=total,
            bound=max(bound, total),
            power_price_per_kwh=tuple(shared.power.tolist()),
            limit_price_per_kwh=tuple(shared.limit.tolist()),
            choices=tuple(map(tuple, choices.tolist())),
            kept=kept,
        ),
        problem,
        program,
        values,
    )


def _follow(problem: Problem, program: Program, values: Values, states: Ints) -> Ints:
    shapes = [Shape.of(miner) for miner in problem.miners]
    choices = np.zeros((len(problem.outlook), len(shapes)), dtype=np.int64)
    for step in range(len(problem.outlook)):
        limits_w = problem.outlook.limit_w[step + 1 :]
        now = problem.outlook.at(step)
        choices[step] = program.choose(states, now, limits_w, values.at(step + 1, 0))
        states = _after(shapes, states, choices[step])
    return choices


def _after(shapes: Sequence[Shape], states: Ints, chosen: Ints) -> Ints:
    moves = zip(shapes, states.tolist(), chosen.tolist(), strict=True)
    return np.array([shape.next_state[state, choice] for shape, state, choice in moves])


def worth(problem: Problem, choices: Ints) -> float:
    """Return the money that choices make; -inf where they break a minimum time or a limit."""
    power = np.zeros(len(choices))
    heat, hashing = power.copy(), power.copy()
    states = states_of(problem).tolist()
    for m, miner in enumerate(problem.miners):
        shape, lost, state = Shape.of(miner), lost_shares(miner), states[m]
        for step, choice in enumerate(choices[:, m].tolist()):
            power[step] += miner.power_w(choice)
            heat[step] += miner.power_w(choice) * miner.heat_share
            hashing[step] += miner.hashrate_ths(choice) * (1 - lost[state, choice])
            state = int(shape.next_state[state, choice])
            if state < 0:
                return -np.inf
    outlook = problem.outlook
    if (power > np.maximum(outlook.limit_w, _least_w(problem)) + TOLERANCE_W).any():
        return -np.inf
    money = hashing * outlook.revenue_per_ths + site_value(power, heat, outlook)
    return float(money.sum())


def _least_w(problem: Problem) -> float:
    return sum(min(miner.standby_w, miner.lowest_w) for miner in problem.miners)


def _prefer_in_force(problem: Problem, choices: Ints) -> tuple[Ints, float, bool]:
    """Keep the plan in force unless the new one gains what a change must gain: no churn."""
    total = worth(problem, choices)
    if problem.in_force is None:
        return choices, total, False
    before = np.array(problem.in_force, dtype=np.int64)
    if before.shape != choices.shape:
        return choices, total, False
    old = worth(problem, before)
    if old == -np.inf or total - old >= problem.least_gain:
        return choices, total, False
    return before, old, True
