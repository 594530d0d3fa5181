"""What a miner earns and costs, or would if it ran."""

import math
from dataclasses import dataclass

from .records import Basis, PolicyRecord, PriceRecord, ProfitRecord, Reading

HASHES_PER_DIFFICULTY = 2**32
"""Expected hashes for a block at difficulty 1.

A block's target at difficulty 1 is 0xffff * 2^208, so one hash in 2^256 / (0xffff * 2^208),
which is 2^32 to within 0.002 %, meets it (Bitcoin developer reference, "difficulty").
"""

SECONDS_PER_DAY = 86_400
HASHES_PER_TERAHASH = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """What a miner earns and costs as it runs now, a day, in the price record's currency."""

    revenue_per_day: float | None = None
    cost_per_day: float | None = None
    heat_credit_per_day: float | None = None
    profit_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The hash rate and power that a profit is reckoned from."""

    basis: Basis
    hashrate_ths: float | None
    power_w: float | None
    power_basis: Basis | None = None
    """Where the power comes from, when not from where the hash rate does."""


def coins_per_day(hashrate_ths: float, network_difficulty: float, block_reward: float) -> float:
    """Return the expected coins a day; the expectation of a Poisson process, not a promise."""
    hashes = hashrate_ths * HASHES_PER_TERAHASH * SECONDS_PER_DAY
    return hashes / (network_difficulty * HASHES_PER_DIFFICULTY) * block_reward


def revenue_per_day(
    hashrate_ths: float | None, price: PriceRecord, pool_fee_pct: float
) -> float | None:
    """Return the revenue a day in the price's currency, the pool's fee taken off."""
    if (
        hashrate_ths is None
        or price.coin_price is None
        or price.block_reward is None
        or not price.network_difficulty
    ):
        return None
    coins = coins_per_day(hashrate_ths, price.network_difficulty, price.block_reward)
    return coins * price.coin_price * (1 - pool_fee_pct / 100)


def kwh_per_day(power_w: float) -> float:
    """Return the energy in kWh that a constant power uses in a day."""
    return power_w * 24 / 1000


def _times(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left * right


def _rounded(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(value, 6) + 0.0  # makes 0 of -0


def assess(
    *,
    ts_ms: int,
    miner_id: str,
    figures: Figures,
    price: PriceRecord,
    policy: PolicyRecord,
) -> ProfitRecord:
    """Return the profit record for a hash rate and power; unknown inputs leave gaps, never zeros."""
    revenue = revenue_per_day(figures.hashrate_ths, price, policy.pool_fee_pct)
    energy_kwh = None if figures.power_w is None else kwh_per_day(figures.power_w)
    cost = _times(energy_kwh, price.energy_price_per_kwh)
    heat = _times(energy_kwh, policy.heat_credit_per_kwh) if policy.heat_credit_per_kwh else None
    profit = None if revenue is None or cost is None else revenue - cost + (heat or 0.0)
    break_even = None
    if revenue is not None and energy_kwh:
        break_even = revenue / energy_kwh + policy.heat_credit_per_kwh
    return ProfitRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        basis=figures.basis,
        power_basis=figures.power_basis,
        hashrate_ths=figures.hashrate_ths,
        power_w=figures.power_w,
        revenue_per_day=_rounded(revenue),
        cost_per_day=_rounded(cost),
        heat_credit_per_day=_rounded(heat),
        profit_per_day=_rounded(profit),
        break_even_energy_price_per_kwh=_rounded(break_even),
    )


def earnings_now(
    reading: Reading | None, profit: ProfitRecord | None, price: PriceRecord | None
) -> Earnings | None:
    """Return what a miner earns at this moment: a stopped one earns nothing and costs its standby."""
    if reading is None or profit is None or reading.mining is None:
        return None
    if reading.mining:
        return Earnings(
            revenue_per_day=profit.revenue_per_day,
            cost_per_day=profit.cost_per_day,
            heat_credit_per_day=profit.heat_credit_per_day,
            profit_per_day=profit.profit_per_day,
        )
    standby_kwh = None if reading.power_w is None else kwh_per_day(reading.power_w)
    cost = _times(standby_kwh, price.energy_price_per_kwh if price else None)
    return Earnings(
        revenue_per_day=0.0,
        cost_per_day=_rounded(cost),
        profit_per_day=None if cost is None else _rounded(-cost),
    )
