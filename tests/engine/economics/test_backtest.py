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
from custom_components.aiep_miner.engine.economics.backtest.simulate import (
    follow_plan,
    follow_policy,
)
from custom_components.aiep_miner.engine.economics.planner.engine import program_for
from custom_components.aiep_miner.engine.economics.policies import Threshold
from devtools.economics.sites import farm, household
from scripts._lib.backtest import main

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
    ("name", "first_day", "more", "perfect", "published"),
    [
        ("household", 90, {}, 0.999, 0.95),
        ("hobbyist", 140, {}, 0.999, 0.65),
        ("farm", 60, {"size": 10}, 0.97, 0.965),
        ("host", 60, {"size": 20}, 0.998, 0.995),
    ],
)
def test_shares_of_the_bound(name, first_day, more, perfect, published) -> None:
    scenario, series = load(name, 3, first_day=first_day, **more)
    best = checked(scenario, series)
    assert best.strategy.profit >= perfect * best.bound
    real = follow_plan(
        program_for(scenario.miners),
        scenario.miners,
        (knowledge := Knowledge(scenario, series, Forecast.PUBLISHED)),
        knowledge.replan_steps(),
    )
    money = account(real, scenario.miners, knowledge.truth)
    assert published * best.bound <= money.profit <= best.bound
    assert money.cap_violation_wh == 0
    assert broken_minimum_times(real, scenario.miners) == []
    simple = follow_policy(Threshold(scenario.miners), scenario.miners, knowledge)
    assert account(simple, scenario.miners, knowledge.truth).profit < money.profit
    assert best.always_on.profit < money.profit


def test_naive_forecasts_are_survived() -> None:
    scenario, series = load("household", 4, first_day=100)
    checked(scenario, series, forecast=Forecast.NAIVE)


@pytest.mark.parametrize("forecast", Forecast)
@pytest.mark.parametrize("steps", [1, 2, 97])
def test_short_series_are_survived(steps: int, forecast: Forecast) -> None:
    scenario, series = load("household", 2, first_day=120)
    columns = {name: values[:steps] for name, values in series.columns.items()}
    del columns["forecast_surplus_w"], columns["forecast_heat_w"]
    checked(scenario, Series(ts_ms=series.ts_ms[:steps], columns=columns), forecast=forecast)


def test_always_on_is_its_own_strategy() -> None:
    result = checked(*load("farm", 1, size=10), PolicyName.ALWAYS_ON)
    assert result.strategy == result.always_on


def test_always_on_takes_the_highest_levels_that_fit_in_order() -> None:
    site = farm(1, size=10)
    site.scenario["site"]["max_power_w"] = 3250 + 2400 + 8 * 25
    scenario, series = parsed(site)
    result = checked(scenario, series, PolicyName.ALWAYS_ON)
    assert result.schedule[0].tolist() == [1, 2] + [0] * 8


@pytest.mark.parametrize("forecast", Forecast)
@pytest.mark.parametrize("few", [slice(6, 12), slice(6, 8)])
def test_caps_that_come_and_go_are_kept_and_break_no_minimum_time(few, forecast) -> None:
    scenario, series = load("host", 1, seed=5, size=15)
    dice = np.random.default_rng(3)
    cap = np.repeat(dice.uniform(300, 24_000, 32), 3)
    cap[::7] = np.nan
    miners = scenario.miners[few]
    wild = replace(series, columns=series.columns | {"cap_w": cap / 6 * len(miners)})
    for policy in (PolicyName.PLAN, PolicyName.THRESHOLD):
        checked(replace(scenario, miners=miners), wild, policy, forecast)


def test_a_cap_below_all_standby_is_met_as_well_as_can_be() -> None:
    scenario, series = load("farm", 1, size=10)
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
    # Berlin is an hour ahead: local midnight is step 92 of a UTC day, 13:00 its step 48.
    before, after = knowledge.windows(np.array([143, 144]), 144).energy_price.T
    assert before[: 188 - 143].tolist() == prices[143:188].tolist()
    assert before[188 - 143] == prices[92]
    assert after[: 284 - 144].tolist() == prices[144:284].tolist()
    assert after[284 - 144] == prices[188]


@pytest.mark.parametrize(("first_day", "lengths"), [(87, [92, 96]), (297, [100, 96])])
def test_local_days_of_23_and_25_hours(first_day: int, lengths: list[int]) -> None:
    scenario, series = load("household", 3, first_day=first_day)
    midnights = sorted(set(Days.of(series.ts_ms, scenario.time_zone).next_midnight.tolist()))
    assert [later - earlier for earlier, later in pairwise(midnights)][:2] == lengths
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


def test_the_script_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario, series = household(1, first_day=120).write(tmp_path)
    assert main([str(scenario), str(series), "--policy", "threshold", "--series"]) == 0
    printed = capsys.readouterr().out
    assert "hindsight" in printed
    assert "% of it" in printed
    assert "  s19  level " in printed


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("series.csv", "ts,nonsense\n1,2\n", "series.csv: row 0 (line 1), column"),
        ("series.csv", b"\xff\xfe\x00", "series.csv: not UTF-8"),
        ("scenario.yaml", b"\xff\xfe\x00", "scenario.yaml: not"),
        ("scenario.yaml", "miners: [", "scenario.yaml: line"),
        ("scenario.yaml", "miners: 3", "scenario.yaml: miners"),
        ("scenario.yaml", None, "scenario.yaml"),
    ],
)
def test_the_script_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file, content, words
) -> None:
    scenario, series = household(1).write(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main([str(scenario), str(series), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert words in printed.err
