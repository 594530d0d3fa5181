"""What a site's own records say: its last days as a series, its settings as a scenario."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from ...records import InputRecord, PlannedMiner, PolicyRecord, PriceRecord
from ..live import model_of
from ..model import STEP_MS, Floats
from ..policies import Threshold
from .accounting import Account, account
from .forecast import Forecast, Knowledge
from .run import PolicyName, Result, backtest
from .scenario import Scenario
from .series import Series
from .simulate import follow_policy

MOST_MISSING: Final = 0.5
"""Share of the steps without a record above which nothing is worth saying."""
PRICES: Final = ("energy_price_per_kwh", "coin_price", "network_difficulty", "block_reward")


class TooFewRecords(ValueError):  # noqa: N818 - what it is, not what it does
    """The records of the time that is asked for do not suffice."""


class Recorder:
    """Takes records in, and makes a series of their means by step."""

    def __init__(self, first_ms: int, steps: int) -> None:
        """Begin with nothing: ``first_ms`` is the begin of the first step."""
        self._first_ms = first_ms
        self._steps = steps
        names = (*PRICES, "surplus_w", "feed_in_price_per_kwh", "heat_wanted", "heat_price_per_kwh")
        self._sums = {name: np.zeros(steps) for name in names}
        self._counts = {name: np.zeros(steps) for name in names}

    def take(self, record: PriceRecord | InputRecord) -> None:
        """Take a record in; what is at fault does not count."""
        step = (record.ts_ms - self._first_ms) // STEP_MS
        if not 0 <= step < self._steps:
            return
        names = PRICES
        if isinstance(record, InputRecord):
            names = ("surplus_w", "feed_in_price_per_kwh", "heat_wanted", "heat_price_per_kwh")
        for name in names:
            value = getattr(record, name)
            if value is not None and name not in record.faults:
                self._sums[name][step] += value
                self._counts[name][step] += 1

    @property
    def missing(self) -> int:
        """Return in how many steps there is no energy price."""
        return int((self._counts["energy_price_per_kwh"] == 0).sum())

    @property
    def heat_price_per_kwh(self) -> float:
        """Return the mean of what heat cost otherwise; 0 where that is not known."""
        count = self._counts["heat_price_per_kwh"].sum()
        return float(self._sums["heat_price_per_kwh"].sum() / count) if count else 0.0

    def series(self, heat_w: float) -> Series:
        """Return the series; ``heat_w`` is wanted while heat is. Raises TooFewRecords."""
        if self.missing > self._steps * MOST_MISSING:
            raise TooFewRecords
        prices = {name: self._filled(name) for name in PRICES}
        if not np.all(prices["network_difficulty"] > 0):
            raise TooFewRecords
        measured = self._counts["surplus_w"].any()
        return Series(
            ts_ms=self._first_ms + STEP_MS * np.arange(self._steps),
            columns={
                **prices,
                "surplus_w": self._filled("surplus_w"),
                "feed_in_price_per_kwh": self._filled("feed_in_price_per_kwh")
                if measured
                else prices["energy_price_per_kwh"],
                "heat_demand_w": self._filled("heat_wanted") * heat_w,
            },
        )

    def _filled(self, name: str) -> Floats:
        """Return the means; a step without a record is like the one before it, the first like the next."""
        counts = self._counts[name]
        known = np.flatnonzero(counts)
        if not known.size:
            return np.zeros(self._steps)
        at = np.maximum(np.searchsorted(known, np.arange(self._steps), side="right") - 1, 0)
        return np.asarray(self._sums[name][known[at]] / counts[known[at]])


def scenario_of(
    policy: PolicyRecord,
    miners: Iterable[PlannedMiner],
    *,
    currency: str,
    time_zone: str,
    heat_price_per_kwh: float,
) -> Scenario:
    """Return a site's settings as a scenario."""
    limit_w = policy.governor.max_power_watts
    return Scenario(
        currency=currency,
        time_zone=ZoneInfo(time_zone),
        max_power_w=np.inf if limit_w is None else limit_w,
        heat_price_per_kwh=heat_price_per_kwh,
        pool_fee_pct=policy.pool_fee_pct,
        miners=tuple(model_of(miner, policy) for miner in miners),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the strategies would have made of the same days."""

    steps: int
    missing: int
    """Steps without a record, which count like the one before."""
    result: Result
    threshold: Account


def compare(
    recorder: Recorder, scenario: Scenario, forecast: Forecast = Forecast.PUBLISHED
) -> Comparison:
    """Return what each strategy would have made of a time. Raises TooFewRecords."""
    if not scenario.miners:
        raise TooFewRecords
    heat_w = sum(miner.power_w(len(miner.levels)) * miner.heat_share for miner in scenario.miners)
    series = recorder.series(heat_w)
    knowledge = Knowledge(scenario, series, forecast)
    simple = follow_policy(Threshold(scenario.miners), scenario.miners, knowledge)
    return Comparison(
        steps=len(series),
        missing=recorder.missing,
        result=backtest(scenario, series, PolicyName.PLAN, forecast),
        threshold=account(simple, scenario.miners, knowledge.truth),
    )
