"""What a site would make of the hours ahead if something were different: a backtest of them."""

import math
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ..records import PlanInputs
from .backtest.accounting import Account
from .backtest.run import PolicyName, backtest
from .backtest.scenario import Scenario
from .backtest.series import Series
from .live import STANDBY_W
from .model import STEP_MS, STEP_S, Level, MinerModel
from .profit import HASHES_PER_DIFFICULTY, HASHES_PER_TERAHASH

ONE_COIN: Final = HASHES_PER_TERAHASH * STEP_S / HASHES_PER_DIFFICULTY
"""The difficulty at which one TH/s finds one block a step: a coin's price is then its revenue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is imagined to be different."""

    energy_price_pct: float = 0.0
    """By how many percent energy is dearer; negative for cheaper."""
    revenue_pct: float = 0.0
    """By how many percent a hash brings more."""
    limit_w: float | None = None
    """Most that all miners together may draw; None leaves it as it is."""
    without: frozenset[str] = frozenset()
    """Ids of miners that stay off."""


def what_if(inputs: PlanInputs, change: Change) -> dict[str, Account] | None:
    """Return what each policy would make of a plan's inputs after a change; None without miners.

    Every miner begins off. Takes up to seconds for many miners: call it beside the event loop.
    """
    miners = tuple(item for item in inputs.miners if item.miner_id not in change.without)
    if not miners:
        return None
    inputs = replace(inputs, miners=miners)
    scenario, series = _scenario(inputs, change), _series(inputs, change)
    plan = backtest(scenario, series, PolicyName.PLAN)
    threshold = backtest(scenario, series, PolicyName.THRESHOLD)
    return {
        PolicyName.PLAN: plan.strategy,
        PolicyName.THRESHOLD: threshold.strategy,
        PolicyName.ALWAYS_ON: plan.always_on,
    }


def _scenario(inputs: PlanInputs, change: Change) -> Scenario:
    limit_w = inputs.limit_w if change.limit_w is None else change.limit_w
    return Scenario(
        currency=inputs.currency,
        time_zone=ZoneInfo("UTC"),
        max_power_w=math.inf if limit_w is None else limit_w,
        heat_price_per_kwh=0.0,
        pool_fee_pct=0.0,
        miners=tuple(
            MinerModel(
                name=miner.miner_id,
                levels=tuple(
                    Level(hashrate_ths=level.hashrate_ths, power_w=level.power_w)
                    for level in miner.levels
                ),
                standby_w=STANDBY_W,
                min_run_min=inputs.min_run_min,
                min_idle_min=inputs.min_idle_min,
                start_min=inputs.start_min,
                change_min=miner.change_min,
            )
            for miner in inputs.miners
        ),
    )


def _series(inputs: PlanInputs, change: Change) -> Series:
    prices = np.array(inputs.energy_prices_per_kwh) * (1 + change.energy_price_pct / 100)
    size = len(prices)
    revenue = inputs.revenue_per_ths * (1 + change.revenue_pct / 100)
    columns = {
        "energy_price_per_kwh": prices - inputs.heat_credit_per_kwh,
        "feed_in_price_per_kwh": prices - inputs.heat_credit_per_kwh,
        "surplus_w": np.zeros(size),
        "heat_demand_w": np.zeros(size),
        "coin_price": np.full(size, revenue),
        "network_difficulty": np.full(size, ONE_COIN),
        "block_reward": np.ones(size),
    }
    return Series(ts_ms=inputs.first_ms + STEP_MS * np.arange(size), columns=columns)
