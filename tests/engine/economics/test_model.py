"""The definitions: coins, energy, heat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.economics.model import (
    STEPS_PER_DAY,
    coefficient_of_performance,
    energy_cost,
    heat_alternative_per_kwh,
    heat_value,
    revenue_per_ths,
)
from custom_components.aiep_miner.engine.economics.profit import coins_per_day

from .sites import outlook

finite = st.floats(-1e6, 1e6)


def array(value: float) -> np.ndarray:
    return np.array([value])


def test_the_published_hashprice_example() -> None:
    """elektronics.dev/docs/hashprice: difficulty 10^14, 100,000 USD, 3.125 coins: 62.81 USD/PH/day.

    It rounds the blocks a day to 0.000201 on the way.
    """
    per_step = revenue_per_ths(array(100_000.0), array(1e14), array(3.125), 0.0)
    assert per_step[0] * STEPS_PER_DAY * 1000 == pytest.approx(62.81, rel=1e-3)


def test_the_published_example_of_a_block_a_day() -> None:
    """blog.devfans.io/math-formulas-in-bitcoin-mining: 489.8 PH/s at difficulty 9,853,622,692,186."""
    per_step = revenue_per_ths(array(1.0), array(9_853_622_692_186.0), array(1.0), 0.0)
    assert 489_800 * per_step[0] * STEPS_PER_DAY == pytest.approx(1.0, rel=1e-3)


def test_one_block_in_ten_minutes_for_the_whole_network() -> None:
    """Difficulty is set so that the network finds a block in 600 s: 144 a day."""
    difficulty = 100e12
    network_ths = difficulty * 2**32 / 600 / 1e12
    per_step = revenue_per_ths(array(1.0), array(difficulty), array(1.0), 0.0)
    assert network_ths * per_step[0] * STEPS_PER_DAY == pytest.approx(144)


def test_step_and_day_agree_with_the_profit_of_a_miner() -> None:
    per_step = revenue_per_ths(array(90_000.0), array(1.2e14), array(3.125), 2.0)
    per_day = coins_per_day(100, 1.2e14, 3.125) * 90_000 * 0.98
    assert 100 * per_step[0] * STEPS_PER_DAY == pytest.approx(per_day)


@pytest.mark.parametrize("difficulty", [0.0, -1.0, float("nan")])
def test_no_difficulty_is_refused(difficulty: float) -> None:
    with pytest.raises(ValueError, match="network_difficulty"):
        revenue_per_ths(array(1.0), array(difficulty), array(1.0), 0.0)


def test_surplus_comes_first_at_the_feed_in_price() -> None:
    # 1 kWh drawn in a step: 0.4 of it surplus at 8 ct, 0.6 imported at 20 ct.
    assert energy_cost(array(4000.0), outlook(1, surplus_w=1600.0))[0] == pytest.approx(0.152)


def test_surplus_comes_first_even_where_feed_in_pays_more() -> None:
    cost = energy_cost(array(4000.0), outlook(1, surplus_w=1600.0, feed_in_price=0.5))
    assert cost[0] == pytest.approx(0.4 * 0.5 + 0.6 * 0.2)


def test_an_importing_house_has_no_surplus() -> None:
    assert energy_cost(array(4000.0), outlook(1, surplus_w=-900.0))[0] == pytest.approx(0.2)


def test_a_negative_price_is_income() -> None:
    assert energy_cost(array(4000.0), outlook(1, energy_price=-0.05))[0] == pytest.approx(-0.05)


def test_heat_beyond_the_demand_is_worth_nothing() -> None:
    warm = outlook(1, heat_demand_w=2000.0, heat_price=0.12)
    assert heat_value(array(1000.0), warm)[0] == pytest.approx(0.25 * 0.12)
    assert heat_value(array(9000.0), warm)[0] == pytest.approx(0.5 * 0.12)


@given(finite, finite, finite, st.floats(0, 1e6), finite)
def test_cost_is_between_its_two_prices(power, dear, cheap, drawn, surplus) -> None:
    cost = energy_cost(
        array(drawn), outlook(1, energy_price=dear, feed_in_price=cheap, surplus_w=surplus)
    )[0]
    kwh = drawn / 4000
    slack = 1e-9 * (1 + abs(kwh * dear) + abs(kwh * cheap))
    assert min(dear, cheap) * kwh - slack <= cost <= max(dear, cheap) * kwh + slack


def test_the_cheapest_alternative_gives_heat_its_value() -> None:
    assert heat_alternative_per_kwh(electric=0.30, heat_pump=(0.30, 3.0)) == pytest.approx(0.10)
    assert heat_alternative_per_kwh(gas=(0.09, 0.9), fixed=0.2) == pytest.approx(0.10)
    assert heat_alternative_per_kwh() == 0.0
    with pytest.raises(ValueError, match="above 0"):
        heat_alternative_per_kwh(gas=(0.09, 0.0))


def test_a_heat_pump_at_a_standard_point() -> None:
    """EN 14511's A7/W45: air-source heat pumps on the market reach about 3.5 to 4."""
    assert 3.4 <= coefficient_of_performance(7.0) <= 4.1
    assert coefficient_of_performance(-15.0) < coefficient_of_performance(0.0)
    assert coefficient_of_performance(60.0) == 6.0
