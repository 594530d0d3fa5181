"""Money of a schedule, worked out by hand."""

import numpy as np
import pytest

from custom_components.aiep_miner.engine.economics.backtest.accounting import (
    account,
    broken_minimum_times,
    hashing_shares,
)

from .sites import model, outlook

OFF, HIGH, LOW = 0, 1, 2


def schedule(*choices: int) -> np.ndarray:
    return np.array(choices)[:, None]


def test_a_run_in_the_first_step_is_a_start_and_loses_its_minutes() -> None:
    assert hashing_shares(np.array([HIGH, HIGH, OFF, LOW]), model()) == pytest.approx(
        [10 / 15, 1, 0, 10 / 15]
    )


def test_a_long_start_reaches_into_later_steps() -> None:
    shares = hashing_shares(np.array([HIGH] * 4), model(start_min=35))
    assert shares == pytest.approx([0, 0, 10 / 15, 1])


def test_a_change_of_level_loses_its_minute_and_adds_to_a_start() -> None:
    shares = hashing_shares(np.array([HIGH, LOW, LOW, HIGH]), model(start_min=20))
    assert shares == pytest.approx([0, 9 / 15, 1, 14 / 15])


def test_no_more_than_the_step_is_lost() -> None:
    shares = hashing_shares(np.array([HIGH, LOW, LOW]), model(start_min=29, change_min=40))
    assert shares == pytest.approx([0, 0, 1])


def test_all_figures_of_a_small_schedule() -> None:
    steps = outlook(4, surplus_w=1000.0, heat_demand_w=1200.0, heat_price=0.12, limit_w=2990.0)
    found = account(schedule(OFF, HIGH, LOW, OFF), [model()], steps)
    assert found.revenue == pytest.approx(100 * 0.01 * 10 / 15 + 60 * 0.01 * 14 / 15)
    # Surplus: 20 W, 1000 W, 1000 W, 20 W for 15 minutes each; the rest of 3000 and 1500 W imported.
    assert found.surplus_kwh == pytest.approx((20 + 1000 + 1000 + 20) / 4000)
    assert found.grid_kwh == pytest.approx((2000 + 500) / 4000)
    assert found.kwh == pytest.approx(found.surplus_kwh + found.grid_kwh)
    assert found.energy_cost == pytest.approx(found.surplus_kwh * 0.08 + found.grid_kwh * 0.20)
    # Heat: half the power, 10, 1500, 750, 10 W, of which at most 1200 W are wanted.
    assert found.heat_value == pytest.approx((10 + 1200 + 750 + 10) / 4000 * 0.12)
    assert found.profit == pytest.approx(found.revenue - found.energy_cost + found.heat_value)
    assert (found.run_hours, found.starts, found.level_changes) == (0.5, 1, 1)
    assert found.cap_violation_wh == pytest.approx(10 / 4)


def test_miners_share_the_surplus() -> None:
    both = account(np.ones((1, 2), dtype=int), [model(), model()], outlook(1, surplus_w=4000.0))
    assert both.surplus_kwh == pytest.approx(1.0)
    assert both.grid_kwh == pytest.approx(0.5)


def test_broken_minimum_times_are_found_and_the_end_cuts_none() -> None:
    miners = [model(min_run_min=40, min_idle_min=20)]
    assert broken_minimum_times(schedule(1, 1, 1, 0, 0, 1), miners) == []
    assert broken_minimum_times(schedule(1, 1, 0, 0, 0, 0), miners) == [(2, 0)]
    assert broken_minimum_times(schedule(1, 1, 1, 0, 1, 1), miners) == [(4, 0)]
