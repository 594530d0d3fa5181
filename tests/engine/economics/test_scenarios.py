"""The three scenarios of docs/economics.md: their numbers come out as they are written there."""

import re
from pathlib import Path

import pytest
import yaml

from custom_components.aiep_miner.engine.economics.backtest.accounting import account
from custom_components.aiep_miner.engine.economics.backtest.forecast import Forecast, Knowledge
from custom_components.aiep_miner.engine.economics.backtest.run import backtest
from custom_components.aiep_miner.engine.economics.backtest.scenario import read_scenario
from custom_components.aiep_miner.engine.economics.backtest.series import read_series
from custom_components.aiep_miner.engine.economics.backtest.simulate import follow_policy
from custom_components.aiep_miner.engine.economics.policies import Threshold
from devtools.economics.sites import SITES

DOCS = Path(__file__).resolve().parents[3] / "docs" / "economics.md"
ROWS = re.findall(
    r"\| `(\w+)(?: --first-day (\d+))?` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| (\d+) \| (.+) \|",
    DOCS.read_text("utf-8"),
)


def test_there_are_three() -> None:
    assert {row[0] for row in ROWS} == {"household", "farm", "hobbyist"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_numbers_are_those_of_a_run(row: tuple[str, ...], tmp_path: Path) -> None:
    name, first_day, plan, threshold, always, bound, starts, energies = row
    written, lines = SITES[name](30, first_day=int(first_day or 0)).write(tmp_path)
    scenario = read_scenario(yaml.safe_load(written.read_text("utf-8")))
    series = read_series(lines.read_text("utf-8").splitlines())
    found = backtest(scenario, series, forecast=Forecast.PUBLISHED)
    knowledge = Knowledge(scenario, series, Forecast.PUBLISHED)
    simple = account(
        follow_policy(Threshold(scenario.miners), scenario.miners, knowledge),
        scenario.miners,
        knowledge.truth,
    )
    said = [float(text) for text in (plan, threshold, always, bound)]
    profits = [found.strategy.profit, simple.profit, found.always_on.profit, found.bound]
    assert profits == pytest.approx(said, abs=0.006)
    assert found.strategy.starts == int(starts)
    kwh = [float(text.replace(",", "")) for text in energies.split(", ")]
    assert [found.strategy.kwh, found.strategy.surplus_kwh] == pytest.approx(kwh, abs=0.6)
