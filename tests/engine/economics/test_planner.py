"""The planner against an exact solver, its own bound, and its promises."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.economics.backtest.accounting import (
    account,
    broken_minimum_times,
)
from custom_components.aiep_miner.engine.economics.model import Level, MinerModel, Outlook
from custom_components.aiep_miner.engine.economics.planner.engine import (
    ExactProgram,
    PricedProgram,
    program_for,
)
from custom_components.aiep_miner.engine.economics.planner.plan import plan, plan_ahead, states_of
from custom_components.aiep_miner.engine.economics.planner.problem import (
    MinerNow,
    Plan,
    Problem,
    SegmentReason,
)

from .oracle import best_value
from .sites import excerpt, model, outlook

IDLE = MinerNow(level=None, steps=1000)


def problem(miners, ahead: Outlook, **changes) -> Problem:
    fields = {"ts_ms": 0, "now": (IDLE,) * len(miners)}
    return Problem(miners=tuple(miners), outlook=ahead, **fields | changes)


def checked(task: Problem) -> Plan:
    """Return the plan after checking what every plan promises."""
    found = plan(task)
    choices = np.array(found.choices)
    money = account(choices, task.miners, task.outlook)
    assert money.profit == pytest.approx(found.total)
    assert money.cap_violation_wh == 0
    assert broken_minimum_times(choices, task.miners) == []
    assert found.bound >= found.total
    return found


@pytest.mark.parametrize(
    ("name", "miners", "steps", "limit_w"),
    [
        ("household", slice(0, 2), slice(0, 96), 7000),
        ("household", slice(0, 2), slice(40, 104), 4300),
        ("hobbyist", slice(0, 2), slice(20, 84), None),
    ],
)
def test_few_miners_are_planned_exactly(name, miners, steps, limit_w) -> None:
    some, ahead = excerpt(name, miners, steps, limit_w)
    found = checked(problem(some, ahead))
    assert found.total == pytest.approx(best_value(some, ahead), abs=1e-6)
    assert found.bound == pytest.approx(found.total)


@pytest.mark.parametrize(("seed", "share"), [(1, 0.98), (3, 0.98)])
def test_a_tight_limit_is_shared_almost_at_best(seed: int, share: float) -> None:
    some, ahead = excerpt("farm", slice(5, 10), slice(30, 54), 9_000, seed)
    found = checked(problem(some, ahead))
    assert isinstance(program_for(some), PricedProgram)
    best = best_value(some, ahead)
    assert found.bound >= best - 1e-6
    assert found.total >= share * best


def test_many_miners_come_close_to_their_bound() -> None:
    some, ahead = excerpt("host", slice(None), slice(0, 96), 200_000)
    found = checked(problem(some, ahead))
    assert found.gap < 0.005


def test_the_priced_bound_is_above_the_exact_optimum() -> None:
    some, ahead = excerpt("household", slice(0, 2), slice(0, 96), 5000)
    exact = plan(problem(some, ahead))
    dual = PricedProgram(some).solve(ahead.at(np.arange(96)[:, None]))
    assert float(dual.bound[0]) >= exact.total - 1e-9


def test_the_same_problem_gives_the_same_plan() -> None:
    some, ahead = excerpt("farm", slice(None), slice(0, 48), 30_000)
    assert plan(problem(some, ahead)) == plan(problem(some, ahead))


def test_a_run_that_has_just_begun_goes_on() -> None:
    dear = outlook(4, energy_price=9.0)
    found = plan(problem([model()], dear, now=(MinerNow(level=0, steps=1),)))
    assert [row[0] for row in found.choices] == [2, 0, 0, 0]


def test_a_pause_that_has_just_begun_goes_on() -> None:
    found = plan(
        problem([model()], outlook(4, energy_price=0.0), now=(MinerNow(level=None, steps=1),))
    )
    assert [row[0] for row in found.choices] == [0, 1, 1, 1]


def test_a_start_waits_where_an_announced_limit_would_cut_its_run() -> None:
    miners = [replace(model(min_run_min=60), name=f"m{n}") for n in range(8)]
    ahead = outlook(8, energy_price=0.0)
    limits = np.array([24_000.0, 24_000, 24_000, 4_000, 4_000, 24_000, 24_000, 24_000])
    for few in (miners[:2], miners):
        checked(problem(few, replace(ahead, limit_w=limits)))


def test_reasons_and_values_of_segments() -> None:
    cheap_then_dear = replace(outlook(8), energy_price=np.array([0.1] * 4 + [9.0] * 4))
    (miner,) = plan(problem([model()], cheap_then_dear)).miners
    running, off = miner.segments
    assert (running.level, running.from_ms, running.until_ms) == (0, 0, 3_600_000)
    assert running.reason is SegmentReason.PAYS_ON_IMPORT
    # Four steps of a coin each less 5 minutes, and 2980 W above standby for an hour at 10 ct.
    assert running.value == pytest.approx(4 - 5 / 15 - 2.98 * 0.1)
    assert (off.level, off.reason) == (None, SegmentReason.BELOW_BREAK_EVEN)
    assert off.energy_price_per_kwh == pytest.approx(9.0)
    # The lower level is the more efficient one: 0.6 for 0.375 kWh.
    assert off.break_even_per_kwh == pytest.approx(1.6)


def test_a_run_on_surplus_says_so_and_stays_open_to_the_fast_layer() -> None:
    sunny = outlook(8, energy_price=9.0, surplus_w=1600.0)
    (miner,) = plan(problem([model()], sunny)).miners
    (segment,) = miner.segments
    assert (segment.level, segment.reason) == (1, SegmentReason.PAYS_ON_SURPLUS)
    assert (segment.lowest, segment.highest) == (0, 1)


def test_a_run_that_only_heat_pays_says_so() -> None:
    warm = outlook(8, energy_price=1.65, heat_demand_w=5000.0, heat_price=0.5)
    (segment,) = plan(problem([model()], warm)).miners[0].segments
    assert segment.reason is SegmentReason.PAYS_WITH_HEAT


def test_guesses_are_marked() -> None:
    task = problem([model()], outlook(8), guessed_from=4)
    assert all(segment.guessed for segment in plan(task).miners[0].segments)
    assert not any(s.guessed for s in plan(replace(task, guessed_from=None)).miners[0].segments)


def test_power_under_a_limit_has_a_price() -> None:
    miners = [replace(model(), name=f"m{n}") for n in range(10)]
    found = plan(problem(miners, outlook(8, energy_price=0.0, limit_w=14_000.0)))
    # One more kWh would be 1000 / 1500 of the efficient level's 0.6 in a quarter of an hour.
    assert max(found.limit_price_per_kwh) == pytest.approx(1.6, rel=0.05)
    free = plan(problem(miners, outlook(8, energy_price=0.0)))
    assert max(free.limit_price_per_kwh) == 0


def test_a_plan_in_force_is_kept_unless_the_new_one_gains_enough() -> None:
    some, ahead = excerpt("household", slice(0, 2), slice(40, 72), 7000)
    best = plan(problem(some, ahead))
    nothing = tuple((0, 0) for _ in range(32))
    task = problem(some, ahead, in_force=nothing, least_gain=1e9)
    assert plan(task).choices == nothing
    assert plan(task).kept
    replaced = plan(replace(task, least_gain=0.0))
    assert (replaced.choices, replaced.kept) == (best.choices, False)
    broken = tuple((1 + n % 2, n % 2) for n in range(32))
    assert plan(replace(task, in_force=broken)).choices == best.choices


def test_the_online_step_sees_what_is_measured() -> None:
    """A cloudless plan meets a cloud: without surplus the miner stays off, with it, it runs."""
    sunny = outlook(8, energy_price=9.0, surplus_w=1600.0)
    planned = plan_ahead(problem([model()], sunny))
    states = states_of(planned.problem)
    dark = replace(sunny.at(0), surplus_w=np.float64(0.0))
    assert planned.choose(0, states, sunny.at(0), sunny.limit_w[1:]).tolist() == [2]
    assert planned.choose(0, states, dark, sunny.limit_w[1:]).tolist() == [0]


miners_of_any_kind = st.builds(
    lambda rates, standby, run, idle, start, change, share: MinerModel(
        name="any",
        levels=tuple(Level(hashrate_ths=r, power_w=p) for r, p in rates),
        standby_w=standby,
        min_run_min=run,
        min_idle_min=idle,
        start_min=start,
        change_min=change,
        heat_share=share,
    ),
    st.lists(st.tuples(st.floats(0, 200), st.floats(0, 4000)), min_size=1, max_size=3),
    st.floats(0, 50),
    st.sampled_from([0, 15, 31, 60]),
    st.sampled_from([0, 15, 40]),
    st.sampled_from([0, 5, 22]),
    st.sampled_from([0, 1, 16]),
    st.sampled_from([0.0, 0.9]),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(miners_of_any_kind, min_size=1, max_size=4), st.integers(0, 1000))
def test_whatever_comes_minimum_times_and_limits_hold(miners, seed: int) -> None:
    dice = np.random.default_rng(seed)
    miners = [replace(miner, name=f"m{n}") for n, miner in enumerate(miners)]
    most = sum(max(level.power_w for level in miner.levels) for miner in miners)
    least = sum(max(miner.standby_w, 0) for miner in miners)
    ahead = Outlook(
        revenue_per_ths=dice.uniform(0, 0.002, 30),
        energy_price=dice.normal(0.1, 0.2, 30),
        feed_in_price=dice.normal(0.1, 0.1, 30),
        surplus_w=dice.normal(1000, 3000, 30),
        heat_demand_w=dice.uniform(0, 3000, 30),
        heat_price=np.full(30, 0.1),
        limit_w=np.repeat(dice.uniform(least, max(most, least), 6), 5),
    )
    task = problem(miners, ahead)
    found = checked(task)
    if isinstance(program_for(miners), ExactProgram):
        assert found.gap == pytest.approx(0, abs=1e-6)
