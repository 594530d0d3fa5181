"""What a miner earns and costs."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine import economics
from custom_components.aiep_miner.engine.economics import Figures
from custom_components.aiep_miner.engine.records import Basis, PolicyRecord, ProfitRecord, Reading
from tests.engine.rig import GOOD_PRICES

POLICY = PolicyRecord(ts_ms=0, subject="operator")


def assess(hashrate_ths=100.0, power_w=3000.0, price=GOOD_PRICES, **policy) -> ProfitRecord:
    return economics.assess(
        ts_ms=1,
        miner_id="m1",
        figures=Figures(basis=Basis.MEASURED, hashrate_ths=hashrate_ths, power_w=power_w),
        price=price,
        policy=replace(POLICY, **policy),
    )


def test_one_block_worth_of_hashes_earns_one_reward() -> None:
    """At difficulty 1, 2^32 hashes a day are one block a day."""
    assert economics.coins_per_day(2**32 / 86_400 / 1e12, 1.0, 3.125) == pytest.approx(3.125)


def test_profit_adds_up() -> None:
    profit = assess()
    # 100 TH/s * 86400 s / (1.2e14 * 2^32) * 3.125 * 90 000
    assert profit.revenue_per_day == pytest.approx(4.7148, abs=1e-3)
    assert profit.cost_per_day == pytest.approx(3.0 * 24 * 0.05)
    assert profit.profit_per_day == pytest.approx(profit.revenue_per_day - profit.cost_per_day)


def test_break_even_price_makes_profit_zero() -> None:
    price = assess().break_even_energy_price_per_kwh
    at_break_even = assess(price=replace(GOOD_PRICES, energy_price_per_kwh=price))
    assert at_break_even.profit_per_day == pytest.approx(0, abs=1e-4)


def test_break_even_counts_heat_and_fee() -> None:
    settings = {"heat_credit_per_kwh": 0.04, "pool_fee_pct": 2.0}
    price = assess(**settings).break_even_energy_price_per_kwh
    at_break_even = assess(price=replace(GOOD_PRICES, energy_price_per_kwh=price), **settings)
    assert at_break_even.profit_per_day == pytest.approx(0, abs=1e-4)
    assert at_break_even.heat_credit_per_day == pytest.approx(3.0 * 24 * 0.04)


def test_negative_energy_price_earns() -> None:
    profit = assess(price=replace(GOOD_PRICES, energy_price_per_kwh=-0.10))
    assert profit.cost_per_day == pytest.approx(-7.2)


@pytest.mark.parametrize(
    ("figures", "price"),
    [
        ({"hashrate_ths": None}, {}),
        ({"power_w": None}, {}),
        ({}, {"coin_price": None}),
        ({}, {"network_difficulty": None}),
        ({}, {"network_difficulty": 0.0}),
        ({}, {"energy_price_per_kwh": None}),
        ({}, {"block_reward": None}),
    ],
)
def test_unknown_inputs_leave_profit_unknown(figures, price) -> None:
    assert assess(**figures, price=replace(GOOD_PRICES, **price)).profit_per_day is None


def test_a_stopped_miner_earns_nothing_now() -> None:
    earnings = economics.earnings_now(
        Reading(mining=False, hashrate_ths=0.0, power_w=20.0), assess(), GOOD_PRICES
    )
    assert earnings.revenue_per_day == 0.0
    assert earnings.profit_per_day == pytest.approx(-0.02 * 24 * 0.05)


def test_a_stopped_miner_of_unknown_power_costs_nobody_knows_what() -> None:
    earnings = economics.earnings_now(Reading(mining=False), assess(), GOOD_PRICES)
    assert earnings.revenue_per_day == 0.0
    assert earnings.cost_per_day is None
    assert earnings.profit_per_day is None


@pytest.mark.parametrize("energy_price", [0.05, 0.0, -0.05])
def test_there_is_no_negative_zero(energy_price) -> None:
    price = replace(GOOD_PRICES, energy_price_per_kwh=energy_price)
    earnings = economics.earnings_now(Reading(mining=False, power_w=0.0), assess(), price)
    assert str(earnings.cost_per_day) == "0.0"
    assert str(earnings.profit_per_day) == "0.0"


def test_earnings_are_unknown_without_a_reading() -> None:
    assert economics.earnings_now(None, assess(), GOOD_PRICES) is None
    assert economics.earnings_now(Reading(), assess(), GOOD_PRICES) is None
