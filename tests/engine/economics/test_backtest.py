"""The backtest from files to figures, against its own promises."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from custom_components.aiep_miner.engine.economics.backtest.accounting import (
    account,
    broken_minimum_times,
)
from custom_components.aiep_miner.engine.economics.backtest.forecast import (
    Days,
    Forecast,
    Knowledge,
)
from custom_components.aiep_miner.engine.economics.backtest.run import PolicyName, Result, backtest
from custom_components.aiep_miner.engine.economics.backtest.scenario import Scenario
from custom_components.aiep_miner.engine.economics.backtest.series import Series
from devtools.economics.sites import farm, household

from .sites import load, parsed

ROOT = Path(__file__).resolve().parents[3]
TOTALS = {
    "profit",
    "revenue",
    "energy_cost",
    "heat_value",
    "kwh",
    "grid_kwh",
    "surplus_kwh",
    "run_hours",
    "starts",
    "level_changes",
    "cap_violation_wh",
}


def checked(
    scenario: Scenario,
    series: Series,
    policy: PolicyName = PolicyName.PLAN,
    forecast: Forecast = Forecast.PERFECT,
) -> Result:
    """Return a backtest's result after checking what every one promises."""
    result = backtest(scenario, series, policy, forecast)
    assert broken_minimum_times(result.schedule, scenario.miners) == []
    truth = Knowledge(scenario, series, forecast).truth
    assert account(result.schedule, scenario.miners, truth) == result.strategy
    for found in (result.strategy, result.always_on, result.hindsight):
        assert found.cap_violation_wh == 0
        assert found.profit <= result.bound + 1e-9
    return result


@pytest.mark.parametrize(
    ("name", "first_day", "perfect", "published"),
    [
        ("household", 90, 0.999, 0.95),
        ("hobbyist", 140, 0.999, 0.85),
        ("farm", 60, 0.98, 0.975),
        ("host", 60, 0.998, 0.995),
    ],
)
def test_shares_of_the_bound(name, first_day, perfect, published) -> None:
    scenario, series = load(name, 10, first_day=first_day)
    best = checked(scenario, series)
    assert best.strategy.profit >= perfect * best.bound
    real = checked(scenario, series, forecast=Forecast.PUBLISHED)
    assert real.strategy.profit >= published * real.bound
    simple = checked(scenario, series, PolicyName.THRESHOLD, Forecast.PUBLISHED)
    assert simple.always_on.profit < simple.strategy.profit < real.strategy.profit
    for result in (best, real):
        assert result.strategy.starts <= 2.5 * 10 * len(scenario.miners)


def test_naive_forecasts_are_survived() -> None:
    scenario, series = load("household", 4, first_day=100)
    checked(scenario, series, forecast=Forecast.NAIVE)


def test_always_on_is_its_own_strategy() -> None:
    result = checked(*load("farm", 1), PolicyName.ALWAYS_ON)
    assert result.strategy == result.always_on


def test_always_on_takes_the_highest_levels_that_fit_in_order() -> None:
    site = farm(1)
    site.scenario["site"]["max_power_w"] = 3250 + 2400 + 18 * 25
    scenario, series = parsed(site)
    result = checked(scenario, series, PolicyName.ALWAYS_ON)
    assert result.schedule[0].tolist() == [1, 2] + [0] * 18


def test_caps_that_come_and_go_are_kept_and_break_no_minimum_time() -> None:
    scenario, series = load("host", 3, seed=5)
    dice = np.random.default_rng(3)
    cap = np.repeat(dice.uniform(3_000, 300_000, 3 * 96 // 3), 3)
    cap[::7] = np.nan
    few = replace(scenario, miners=scenario.miners[38:44] + scenario.miners[78:84])
    wild = replace(series, columns=series.columns | {"cap_w": cap / 9})
    for forecast in Forecast:
        checked(few, wild, forecast=forecast)
    checked(few, wild, PolicyName.THRESHOLD)


def test_a_cap_below_all_standby_is_met_as_well_as_can_be() -> None:
    scenario, series = load("farm", 1)
    capped = replace(series, columns=series.columns | {"cap_w": np.full(96, 100.0)})
    result = backtest(scenario, capped)
    standby = sum(miner.standby_w for miner in scenario.miners)
    assert result.strategy.run_hours == 0
    assert result.strategy.cap_violation_wh == pytest.approx((standby - 100) * 24)


@pytest.mark.parametrize("forecast", [Forecast.PUBLISHED, Forecast.NAIVE])
def test_no_forecast_knows_the_future(forecast: Forecast) -> None:
    """What happens later changes nothing that was decided before."""
    scenario, series = load("household", 3, first_day=100)
    cut = 150
    others = {
        name: np.concatenate((values[:cut], values[cut:] * 0.3 + 1))
        for name, values in series.columns.items()
        if name in {"surplus_w", "heat_demand_w", "coin_price"}
    }
    if forecast is Forecast.NAIVE:
        later = np.concatenate((series["energy_price_per_kwh"][:cut], np.full(138, 0.01)))
        others["energy_price_per_kwh"] = later
    changed = replace(series, columns=series.columns | others)
    before = backtest(scenario, series, forecast=forecast).schedule[:cut]
    after = backtest(scenario, changed, forecast=forecast).schedule[:cut]
    assert (before == after).all()


def test_tomorrow_s_prices_are_known_from_one_o_clock_local_time() -> None:
    scenario, series = load("household", 3)
    prices = np.arange(288.0)
    numbered = replace(series, columns=series.columns | {"energy_price_per_kwh": prices})
    knowledge = Knowledge(scenario, numbered, Forecast.PUBLISHED)
    # Berlin's midnight is 23:00 UTC in January; 12:45 is step 47, 13:00 step 48 (UTC+1).
    before, after = knowledge.windows(np.array([47, 48]), 144).energy_price.T
    assert before[: 92 - 47].tolist() == prices[47:92].tolist()
    assert before[92 - 47] == prices[0]
    assert after[: 188 - 48].tolist() == prices[48:188].tolist()
    assert after[188 - 48] == prices[92]


@pytest.mark.parametrize(("first_day", "lengths"), [(87, [92, 96]), (297, [100, 96])])
def test_local_days_of_23_and_25_hours(first_day: int, lengths: list[int]) -> None:
    scenario, series = load("household", 5, first_day=first_day)
    midnights = sorted(set(Days.of(series.ts_ms, scenario.time_zone).next_midnight.tolist()))
    assert [later - earlier for earlier, later in pairwise(midnights)][1:3] == lengths
    checked(scenario, series, forecast=Forecast.PUBLISHED)


def test_negative_prices_and_dear_feed_in_are_survived() -> None:
    scenario, series = load("household", 2, first_day=120)
    odd = replace(
        series,
        columns=series.columns
        | {
            "energy_price_per_kwh": series["energy_price_per_kwh"] - 0.25,
            "feed_in_price_per_kwh": np.full(192, 0.4),
        },
    )
    result = checked(scenario, odd)
    assert result.strategy.profit == pytest.approx(result.bound)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts._lib.backtest", "scenario.yaml", "series.csv"]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_script_prints_the_contract_s_json(tmp_path: Path) -> None:
    household(2, first_day=120).write(tmp_path)
    done = run(tmp_path, "--forecast", "published", "--series", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) == {"strategy", "always_on", "hindsight", "series"}
    assert set(found["strategy"]) == set(found["always_on"]) == TOTALS
    assert set(found["hindsight"]) == TOTALS | {"bound"}
    levels: dict[str, int | None] = {"s19": None, "m30": None}
    starts = 0
    for entry in found["series"]:
        assert set(entry) == {"ts", "miner", "level"}
        assert entry["level"] != levels[entry["miner"]]
        starts += levels[entry["miner"]] is None
        levels[entry["miner"]] = entry["level"]
    assert starts == found["strategy"]["starts"] > 0


def test_the_script_prints_a_table(tmp_path: Path) -> None:
    household(1, first_day=120).write(tmp_path)
    done = run(tmp_path, "--policy", "threshold")
    assert done.returncode == 0
    assert "hindsight" in done.stdout
    assert "% of it" in done.stdout


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("series.csv", "ts,nonsense\n1,2\n", "series.csv: row 0 (line 1), column"),
        ("series.csv", b"\xff\xfe\x00", "series.csv"),
        ("scenario.yaml", "miners: [", "scenario.yaml: line"),
        ("scenario.yaml", "miners: 3", "scenario.yaml: miners"),
        ("scenario.yaml", None, "scenario.yaml"),
    ],
)
def test_the_script_refuses_in_one_line(tmp_path: Path, file, content, words) -> None:
    household(1).write(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run(tmp_path, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
