"""Bad input is refused in one line that names row and column; odd input is survived."""

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.economics.backtest.scenario import BadInput, read_scenario
from custom_components.aiep_miner.engine.economics.backtest.series import Series, read_series

HEADER = (
    "ts,energy_price_per_kwh,feed_in_price_per_kwh,surplus_w,coin_price,network_difficulty,"
    "block_reward,heat_demand_w,outdoor_c,cap_w"
)
ROW = "0.25,0.08,1200,90000,1.1e14,3.2,500,7.5,"
SCENARIO = """
currency: EUR
site: {max_power_w: 7000, heat_price_per_kwh: 0.12, pool_fee_pct: 2}
miners:
  - name: s19
    levels: [{hashrate_ths: 95, power_w: 3250}, {hashrate_ths: 55, power_w: 1600}]
    standby_w: 20
    min_run_min: 30
"""


def lines(count: int = 4) -> list[str]:
    stamps = [f"2025-01-01T{n // 4:02}:{15 * (n % 4):02}:00Z" for n in range(count)]
    return [HEADER, *(f"{stamp},{ROW}" for stamp in stamps)]


def altered(row: int, column: str, cell: str) -> list[str]:
    text = lines()
    cells = text[row].split(",")
    cells[HEADER.split(",").index(column)] = cell
    text[row] = ",".join(cells)
    return text


def refused(text: list[str]) -> str:
    with pytest.raises(BadInput) as caught:
        read_series(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_series_is_read() -> None:
    series = read_series(lines())
    assert len(series) == 4
    assert series["coin_price"].tolist() == [90_000.0] * 4
    assert np.isnan(series["cap_w"]).all()
    assert series.ts_ms[1] - series.ts_ms[0] == 900_000


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("energy_price_per_kwh", "nan", "finite"),
        ("energy_price_per_kwh", "", "empty"),
        ("energy_price_per_kwh", "dear", "not a number"),
        ("energy_price_per_kwh", "inf", "finite"),
        ("energy_price_per_kwh", "250", "implausible"),
        ("coin_price", "90000000", "implausible"),
        ("coin_price", "-1", "negative"),
        ("network_difficulty", "0", "above 0"),
        ("network_difficulty", "-5", "above 0"),
        ("surplus_w", "nan", "finite"),
        ("cap_w", "-1", "negative"),
        ("cap_w", "nan", "finite"),
        ("ts", "yesterday", "ISO 8601"),
        ("ts", "", "ISO 8601"),
        ("ts", "2025-01-01T00:00:00Z", "doubled"),
        ("ts", "2025-01-01T01:15:00Z", "75 minutes"),
    ],
)
def test_a_bad_cell_is_named(column: str, cell: str, words: str) -> None:
    said = refused(altered(2, column, cell))
    assert said.startswith(f"row 2 (line 3), column {column}: ")
    assert words in said


def test_a_missing_hour_is_named() -> None:
    text = lines(12)
    said = refused(text[:5] + text[9:])
    assert said.startswith("row 5 (line 6), column ts: 75 minutes after the row before")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ([], "header"),
        ([HEADER], "no row"),
        ([HEADER.replace("coin_price", "coin"), *lines()[1:]], "column coin_price: missing"),
        ([HEADER.replace("outdoor_c", "cap_w"), *lines()[1:]], "column cap_w: occurs twice"),
        ([*lines(), "2025-01-01T01:00:00Z,0.25"], "row 5 (line 6), column feed_in"),
        (['"' + "x" * 200_000 + '"'], "CSV"),
        ([HEADER, "2025-01-01T00:00:00Z,0.25\x00,1,1,1,1,1,1,1,"], "energy_price_per_kwh"),
    ],
)
def test_a_bad_file_is_named(text: list[str], words: str) -> None:
    assert words in refused(text)


def test_what_may_vary_does() -> None:
    shifted = [line.replace("Z", "+00:00").replace(",", " , ") for line in lines()]
    assert len(read_series(["\ufeff" + shifted[0], *shifted[1:], "", ",,,,,,,,,"])) == 4
    naive = [line.replace("Z,", ",") for line in lines()]
    assert read_series(naive).ts_ms.tolist() == read_series(lines()).ts_ms.tolist()
    assert read_series([line.rsplit(",", 1)[0] for line in lines()]).columns.get("cap_w") is None
    forecast = [f"{line},{'forecast_heat_w' if n == 0 else ''}" for n, line in enumerate(lines())]
    assert np.isnan(read_series(forecast)["forecast_heat_w"]).all()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from(HEADER.split(",")),
    st.text(max_size=8) | st.floats().map(str) | st.integers().map(str),
)
def test_no_cell_is_followed_by_a_traceback(row: int, column: str, cell: str) -> None:
    text = altered(row, column, cell.replace("\n", " ").replace("\r", " "))
    try:
        series = read_series(text)
    except BadInput:
        assert refused(text).startswith("row")
        return
    assert isinstance(series, Series)
    assert all(np.isfinite(series[name]).all() for name in ("energy_price_per_kwh", "surplus_w"))


def test_a_good_scenario_is_read() -> None:
    scenario = read_scenario(yaml.safe_load(SCENARIO))
    assert scenario.max_power_w == 7000
    (miner,) = scenario.miners
    assert (miner.min_run_steps, miner.min_idle_steps, miner.heat_share) == (2, 1, 0.0)
    assert scenario.ignored == ()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("power_w: 3250", "power_w: much", "miners[0].levels[0].power_w"),
        ("power_w: 3250", "power_w: -1", "miners[0].levels[0].power_w"),
        ("power_w: 3250", "power: 3250", "miners[0].levels[0].power_w"),
        ("name: s19", "label: s19", "miners[0].name"),
        ("min_run_min: 30", "min_run_min: .nan", "miners[0].min_run_min"),
        ("min_run_min: 30", "min_run_min: true", "miners[0].min_run_min"),
        ("standby_w: 20", "heat_share: 1.5", "miners[0].heat_share"),
        ("pool_fee_pct: 2", "pool_fee_pct: 102", "site.pool_fee_pct"),
        ("currency: EUR", "time_zone: Moon/Base", "time_zone"),
        ("site: {", "site: [{", "YAML"),
        ("miners:", "machines:", "miners"),
    ],
)
def test_a_bad_scenario_is_refused_by_field(before: str, after: str, words: str) -> None:
    text = SCENARIO.replace(before, after)
    if words == "YAML":
        text = text.replace("pool_fee_pct: 2}", "pool_fee_pct: 2}]")
        words = "site"
    with pytest.raises(BadInput) as caught:
        read_scenario(yaml.safe_load(text))
    assert words in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "text", 3, {"miners": []}, {"miners": [3]}])
def test_what_is_no_scenario_is_refused(document: object) -> None:
    with pytest.raises(BadInput):
        read_scenario(document)


def test_two_miners_of_one_name_are_refused_and_unknown_keys_are_told() -> None:
    document = yaml.safe_load(SCENARIO)
    document["miners"][0]["min_rum_min"] = 3
    assert read_scenario(document).ignored == ("miners: min_rum_min",)
    document["miners"] *= 2
    with pytest.raises(BadInput, match="twice"):
        read_scenario(document)
