"""Sites in memory for the tests of the economics."""

from dataclasses import replace

import numpy as np

from custom_components.aiep_miner.engine.economics.backtest.forecast import actual
from custom_components.aiep_miner.engine.economics.backtest.scenario import Scenario, read_scenario
from custom_components.aiep_miner.engine.economics.backtest.series import Series, read_series
from custom_components.aiep_miner.engine.economics.model import Level, MinerModel, Outlook
from devtools.economics.sites import SITES, Site


def parsed(site: Site) -> tuple[Scenario, Series]:
    """Return a generated site as the backtest reads it."""
    lines = [",".join(["ts", *site.columns]), *(",".join(row) for row in site.rows())]
    return read_scenario(site.scenario), read_series(lines)


def load(
    name: str, days: int, seed: int = 11, first_day: int = 0, **more: int
) -> tuple[Scenario, Series]:
    """Return one of the four sites."""
    return parsed(SITES[name](days, seed, first_day, **more))


def excerpt(
    name: str, miners: slice, steps: slice, limit_w: float | None = None, seed: int = 11
) -> tuple[tuple[MinerModel, ...], Outlook]:
    """Return some miners and steps of a site in summer, under a limit of their own."""
    scenario, series = load(name, 2, seed, 150)
    outlook = actual(scenario, series).at(steps)
    if limit_w is not None:
        outlook = replace(outlook, limit_w=np.full(len(outlook), limit_w))
    return scenario.miners[miners], outlook


def outlook(steps: int, **changes: float) -> Outlook:
    """Return steps that are all alike: a TH/s earns 1 cent a step, energy costs 20 ct/kWh."""
    fields = {
        "revenue_per_ths": 0.01,
        "energy_price": 0.20,
        "feed_in_price": 0.08,
        "surplus_w": 0.0,
        "heat_demand_w": 0.0,
        "heat_price": 0.0,
        "limit_w": np.inf,
    }
    return Outlook(**{k: np.full(steps, v) for k, v in (fields | changes).items()})


def model(**changes) -> MinerModel:
    """Return a miner of two levels with minimum times and lost minutes."""
    fields = {
        "name": "m",
        "levels": (Level(hashrate_ths=100, power_w=3000), Level(hashrate_ths=60, power_w=1500)),
        "standby_w": 20.0,
        "min_run_min": 30.0,
        "min_idle_min": 30.0,
        "start_min": 5.0,
        "change_min": 1.0,
        "heat_share": 0.5,
    }
    return MinerModel(**fields | changes)
