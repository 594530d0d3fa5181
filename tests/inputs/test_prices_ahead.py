"""The prices that entities publish for the hours to come, in the forms that integrations give them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.inputs.prices_ahead import (
    NONE_AHEAD,
    Published,
    read_prices_ahead,
)

SENSOR = "sensor.price"
BEGIN = datetime(2026, 12, 1, 12, tzinfo=dt_util.UTC)
NOW_MS = round((BEGIN + timedelta(minutes=20)).timestamp() * 1000)
BEGIN_MS, HOUR_MS = round(BEGIN.timestamp() * 1000), 3_600_000
PRICES = (0.20, 0.10, 0.30)


def read(hass: HomeAssistant, forecast: str | None = None, **data: Any) -> Published:
    return read_prices_ahead(hass, {"currency": "EUR", "energy_price": SENSOR, **data}, forecast)


def publish(
    hass: HomeAssistant, state: str = "0.20", unit: str = "EUR/kWh", **attributes: Any
) -> None:
    hass.states.async_set(SENSOR, state, {"unit_of_measurement": unit, **attributes})


def hour(index: int) -> datetime:
    return BEGIN + timedelta(hours=index)


def rows(start: str, value: str, end: str | None = None, *, as_text: bool = True) -> list[Any]:
    found = []
    for index, price in enumerate(PRICES):
        row: dict[str, Any] = {start: hour(index), value: price}
        row |= {end: hour(index + 1)} if end else {}
        if as_text:
            row = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
        found.append(row)
    return found


@pytest.mark.parametrize(
    "attributes",
    [
        {"raw_today": rows("start", "value", "end", as_text=False)},
        {"data": rows("start_time", "price_per_kwh", "end_time")},
        {"today": rows("startsAt", "total")[:2], "tomorrow": rows("startsAt", "total")[2:]},
        {"rates": rows("start", "value_inc_vat", "end")},
        {"prices": rows("time", "price")},
        {"raw_today": rows("hour", "price"), "raw_tomorrow": []},
        {"forecasts": rows("start_time", "per_kwh", "end_time")},
        {"prices": {hour(n).isoformat(): price for n, price in enumerate(PRICES)}},
        {"prices": [{"datetime": hour(n).isoformat(), "price": str(p)} for n, p in enumerate(PRICES)]},
    ],
    ids=range(9),
)  # fmt: skip
def test_forms_of_lists(hass: HomeAssistant, attributes: dict[str, Any]) -> None:
    publish(hass, **attributes, friendly_name="Price", peak={"max": 1.0}, average=0.2)
    found = read(hass)
    assert found.fault is None
    assert found.ahead is not None
    assert found.ahead.from_ms == tuple(BEGIN_MS + n * HOUR_MS for n in range(3))
    assert found.ahead.prices_per_kwh == PRICES
    assert found.ahead.until_ms == BEGIN_MS + 3 * HOUR_MS
    assert found.ahead.at(NOW_MS) == 0.20
    assert found.ahead.at(NOW_MS + HOUR_MS) == 0.10
    assert found.ahead.at(NOW_MS + 3 * HOUR_MS) is None
    assert found.ahead.at(BEGIN_MS - 1) is None


def test_local_times_without_a_zone(hass: HomeAssistant) -> None:
    local = dt_util.as_local(BEGIN).replace(tzinfo=None)
    publish(hass, prices=[{"start": local.isoformat(), "value": 0.2}])
    ahead = read(hass).ahead
    assert ahead is not None
    assert ahead.from_ms == (BEGIN_MS,)
    assert ahead.until_ms == BEGIN_MS + HOUR_MS


@pytest.mark.parametrize(("unit", "factor"), [("ct/kWh", 0.01), ("EUR/MWh", 0.001)])
def test_units_are_converted(hass: HomeAssistant, unit: str, factor: float) -> None:
    publish(hass, str(0.2), unit, raw_today=rows("start", "value"))
    ahead = read(hass).ahead
    assert ahead is not None
    assert ahead.prices_per_kwh == pytest.approx([price * factor for price in PRICES])


def test_a_fixed_price_holds_for_good(hass: HomeAssistant) -> None:
    assert read(hass, energy_price=0.30) == Published(ahead=None)
    assert read(hass, energy_price="input_number.price") == Published(ahead=None)


def test_another_entity_may_be_named(hass: HomeAssistant) -> None:
    publish(hass, raw_today=rows("start", "value"))
    found = read(hass, forecast=SENSOR, energy_price=0.30)
    assert found.ahead is not None
    assert found.ahead.prices_per_kwh == PRICES


@pytest.mark.parametrize(
    ("state", "unit", "attributes", "fault"),
    [
        ("0.2", "EUR/kWh", {}, Reason.NO_READINGS),
        ("0.2", "EUR/kWh", {"raw_today": "soon"}, Reason.NO_READINGS),
        (
            "0.2",
            "EUR/kWh",
            {"raw_today": [None, 3, {"start": "x", "value": 1}]},
            Reason.NO_READINGS,
        ),
        ("0.2", "EUR/kWh", {"raw_today": rows("start", "nonsense")}, Reason.NO_READINGS),
        ("0.2", "USD/kWh", {"raw_today": rows("start", "value")}, Reason.READING_WRONG_UNIT),
        ("200", "EUR/kWh", {"raw_today": rows("start", "value")}, Reason.READING_WRONG_UNIT),
        ("0.0002", "EUR/kWh", {"raw_today": rows("start", "value")}, Reason.READING_WRONG_UNIT),
        (
            "0.2",
            "EUR/kWh",
            {"raw_today": [*rows("start", "value"), {"start": hour(5), "value": 999.0}]},
            Reason.OUT_OF_BOUNDS,
        ),
    ],
)
def test_what_is_not_believed(
    hass: HomeAssistant, state: str, unit: str, attributes: dict[str, Any], fault: Reason
) -> None:
    publish(hass, state, unit, **attributes)
    assert read(hass) == Published(ahead=NONE_AHEAD, fault=fault)


def test_bad_rows_are_left_out(hass: HomeAssistant) -> None:
    broken = [
        *rows("start", "value"),
        {"start": hour(3).isoformat(), "value": float("nan")},
        {"start": hour(4).isoformat(), "value": True},
        {"start": hour(5).isoformat(), "value": "dear"},
        {"value": 0.1},
    ]
    publish(hass, raw_today=broken)
    ahead = read(hass).ahead
    assert ahead is not None
    assert ahead.prices_per_kwh == PRICES


def test_an_entity_that_is_gone(hass: HomeAssistant) -> None:
    assert read(hass) == Published(ahead=NONE_AHEAD, fault=Reason.UNREACHABLE)


def test_negative_prices_and_zero_are_prices(hass: HomeAssistant) -> None:
    publish(
        hass,
        "0",
        raw_today=[{"start": hour(n), "value": p} for n, p in enumerate((0.0, -0.1, 0.2))],
    )
    ahead = read(hass).ahead
    assert ahead is not None
    assert ahead.prices_per_kwh == (0.0, -0.1, 0.2)
