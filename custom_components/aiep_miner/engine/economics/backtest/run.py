"""A backtest: the strategy, running always, and the best that hindsight finds, side by side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np

from ..model import Ints, Outlook
from ..planner.engine import ExactProgram, PricedProgram, program_for
from ..planner.priced import Prices
from ..planner.prices import DualProblem
from ..policies import AlwaysOn, Threshold
from .accounting import Account, account
from .forecast import Forecast, Knowledge
from .scenario import Scenario
from .series import Series
from .simulate import follow_plan, follow_policy

HINDSIGHT_CORE, HINDSIGHT_HORIZON, HINDSIGHT_ROUNDS = 384, 480, 40
"""Steps that a window of hindsight decides, steps that it sees, and rounds of its prices."""


class PolicyName(StrEnum):
    """What decides."""

    PLAN = "plan"
    THRESHOLD = "threshold"
    ALWAYS_ON = "always_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a backtest."""

    strategy: Account
    always_on: Account
    hindsight: Account
    bound: float
    """Proven upper bound of the profit of any schedule."""
    schedule: Ints
    """The strategy's choices, [step, miner]: 0 off, n level n - 1."""


def backtest(
    scenario: Scenario,
    series: Series,
    policy: PolicyName = PolicyName.PLAN,
    forecast: Forecast = Forecast.PERFECT,
) -> Result:
    """Return what a policy would have made of a series under a forecast."""
    knowledge = Knowledge(scenario, series, forecast)
    truth, miners = knowledge.truth, scenario.miners
    always = follow_policy(AlwaysOn(miners), miners, knowledge)
    if policy is PolicyName.PLAN:
        program = program_for(miners)
        schedule = follow_plan(program, miners, knowledge, knowledge.replan_steps())
    elif policy is PolicyName.THRESHOLD:
        schedule = follow_policy(Threshold(miners), miners, knowledge)
    else:
        schedule = always
    best, bound = hindsight(scenario, series)
    accounts = [account(found, miners, truth) for found in (best, schedule, always)]
    feasible = [
        found for found in accounts if found.cap_violation_wh <= accounts[0].cap_violation_wh
    ]
    known = max(feasible, key=lambda found: found.profit)
    return Result(
        strategy=accounts[1],
        always_on=accounts[2],
        hindsight=known,
        bound=max(bound, known.profit),
        schedule=schedule,
    )


def hindsight(scenario: Scenario, series: Series) -> tuple[Ints, float]:
    """Return the best schedule found knowing everything, and an upper bound of any one's profit."""
    program = program_for(scenario.miners, HINDSIGHT_ROUNDS)
    knowledge = Knowledge(scenario, series, Forecast.PERFECT)
    if isinstance(program, ExactProgram):
        return _exact(program, knowledge.truth)
    assert isinstance(program, PricedProgram)  # noqa: S101 - the only other one
    starts = np.arange(0, len(knowledge), HINDSIGHT_CORE)
    found: list[Prices] = []
    schedule = follow_plan(
        Remembering(program, found),
        scenario.miners,
        knowledge,
        starts,
        min(HINDSIGHT_HORIZON, len(knowledge)),
    )
    return schedule, prove(program, knowledge.truth, found)


def _exact(program: ExactProgram, truth: Outlook) -> tuple[Ints, float]:
    joint = program.joint
    values = joint.all_values(truth)
    state = joint.start
    schedule = np.zeros((len(truth), len(joint.shapes)), dtype=np.int64)
    worth = joint.worth(truth)
    for step in range(len(truth)):
        choice, state, _ = joint.choose(
            state, float(truth.revenue_per_ths[step]), worth[:, step], values[step + 1]
        )
        schedule[step] = joint.choices[choice]
    return schedule, float(values[0, joint.start])


class Remembering:
    """A priced program that keeps the prices of its windows."""

    exact = False

    def __init__(self, program: PricedProgram, found: list[Prices]) -> None:
        """Keep prices in ``found``."""
        self._program, self._found = program, found
        self.start, self.cells, self.choose = program.start, program.cells, program.choose

    def values(self, outlook: Outlook, keep: int) -> Any:
        """Return the program's values and keep its prices."""
        values = self._program.values(outlook, keep)
        assert values.prices is not None  # noqa: S101 - a priced program has them
        self._found.append(
            Prices(values.prices.power[:HINDSIGHT_CORE], values.prices.heat[:HINDSIGHT_CORE])
        )
        return values


def prove(program: PricedProgram, truth: Outlook, found: Sequence[Prices]) -> float:
    """Return the bound that the windows' prices, put together, prove for the whole series."""
    size = len(truth)
    power = np.concatenate([prices.power.T.ravel() for prices in found])[:size]
    heat = np.concatenate([prices.heat.T.ravel() for prices in found])[:size]
    whole = truth.at(np.arange(size)[:, None])
    problem = DualProblem(program.bundles, whole)
    bound = problem.upper_bound(Prices(power[:, None], heat[:, None]))
    return float(bound[0])


def levels_changed(result: Result, scenario: Scenario, series: Series) -> list[dict[str, Any]]:
    """Return every miner's level where it changes: counted from 0, None for off."""
    before = np.vstack([np.zeros_like(result.schedule[:1]), result.schedule[:-1]])
    changes = np.argwhere(result.schedule != before).tolist()
    return [
        {
            "ts": _stamp(int(series.ts_ms[step])),
            "miner": scenario.miners[m].name,
            "level": int(result.schedule[step, m]) - 1 if result.schedule[step, m] else None,
        }
        for step, m in changes
    ]


def _stamp(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def as_json(result: Result) -> dict[str, Any]:
    """Return the totals as plain data."""
    return {
        "strategy": asdict(result.strategy),
        "always_on": asdict(result.always_on),
        "hindsight": asdict(result.hindsight) | {"bound": result.bound},
    }
