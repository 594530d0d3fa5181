"""Prices from fixed numbers and from entities, in whatever unit they come."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.aiep_miner.engine.records import Action, PriceRecord, Temperature
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.inputs.prices import factor, read_prices

from ..conftest import (
    FAKE,
    FULL_READING,
    OPERATOR_DATA,
    FakeMiner,
    RunCycles,
    make_operator,
    set_up,
)


def read(hass: HomeAssistant, **data: Any) -> PriceRecord:
    return read_prices(hass, "site", OPERATOR_DATA | data)


def say(hass: HomeAssistant, value: str, unit: object) -> None:
    hass.states.async_set(
        "sensor.x", value, {} if unit is None else {ATTR_UNIT_OF_MEASUREMENT: unit}
    )


def test_fixed_numbers(hass: HomeAssistant) -> None:
    price = read(hass)
    assert price.currency == "EUR"
    assert price.energy_price_per_kwh == 0.03
    assert price.coin_price == 60_000
    assert price.network_difficulty == 1e14
    assert price.block_reward == 3.125
    assert price.energy_price_updated_ms is None
    assert price.coin_price_updated_ms is None
    assert price.network_difficulty_updated_ms is None


@pytest.mark.parametrize(
    ("unit", "value", "per_kwh"),
    [
        ("EUR/kWh", "0.31", 0.31),
        ("€/kWh", "0.31", 0.31),
        ("eur / kWh", "0.31", 0.31),
        ("ct/kWh", "31", 0.31),
        ("c/kWh", "31", 0.31),
        ("EUR/MWh", "310", 0.31),
        ("EUR/Wh", "0.00031", 0.31),
        (None, "0.31", 0.31),
        ("EUR/MWh", "-12.5", -0.0125),
        ("USD/kWh", "0.31", None),
        ("$/kWh", "0.31", None),
        ("EUR", "0.31", None),
        ("kWh", "0.31", None),
        ("EUR/m³", "0.31", None),
        ("p/kWh", "31", None),
        ("öre/kWh", "31", None),
    ],
)
async def test_energy_units(
    hass: HomeAssistant, unit: str | None, value: str, per_kwh: float | None
) -> None:
    say(hass, value, unit)
    price = read(hass, energy_price="sensor.x").energy_price_per_kwh
    assert price == (None if per_kwh is None else pytest.approx(per_kwh))


@pytest.mark.parametrize(
    ("unit", "currencies"),
    [
        ("ct", {"EUR", "USD", "AUD"}),
        ("¢", {"EUR", "USD", "AUD"}),
        ("p", {"GBP"}),
        ("GBp", {"GBP"}),
        ("øre", {"DKK", "NOK"}),
        ("öre", {"SEK"}),
        ("ore", {"DKK", "NOK", "SEK"}),
        ("snt", {"EUR"}),
        ("gr", {"PLN"}),
        ("h", {"CZK"}),
    ],
)
async def test_hundredths_are_of_their_own_currencies(
    hass: HomeAssistant, unit: str, currencies: set[str]
) -> None:
    say(hass, "31", f"{unit}/kWh")
    every = ("AUD", "CZK", "DKK", "EUR", "GBP", "JPY", "NOK", "PLN", "SEK", "USD")
    factors = {
        currency: found
        for currency in every
        if (found := factor(hass, "energy_price", "sensor.x", currency)) is not None
    }
    assert factors == dict.fromkeys(currencies, 0.01)


@pytest.mark.parametrize(
    ("currency", "unit", "coin_price"),
    [
        ("USD", "$", 61_000),
        ("USD", "USD/BTC", 61_000),
        ("SEK", "kr", 61_000),
        ("USD", None, 61_000),
        ("USD", "EUR", None),
        ("USD", "BTC", None),
        ("USD", "USD/kWh", None),
        ("USD", "USD / MWh", None),
        ("USD", "USD/GJ", None),
    ],
)
async def test_coin_units(
    hass: HomeAssistant, currency: str, unit: str | None, coin_price: float | None
) -> None:
    say(hass, "61000", unit)
    assert read(hass, coin_price="sensor.x", currency=currency).coin_price == coin_price


@pytest.mark.parametrize(
    ("unit", "value", "difficulty"),
    [(None, "1.2e14", 1.2e14), ("T", "120", 1.2e14), ("P", "0.12", 1.2e14), ("EH/s", "1", None)],
)
async def test_difficulty_units(
    hass: HomeAssistant, unit: str | None, value: str, difficulty: float | None
) -> None:
    say(hass, value, unit)
    found = read(hass, network_difficulty="sensor.x").network_difficulty
    assert found == (None if difficulty is None else pytest.approx(difficulty))


@pytest.mark.parametrize("value", ["unavailable", "unknown", "", "cheap", "nan", "inf", "-inf"])
@pytest.mark.parametrize("key", ["energy_price", "coin_price", "network_difficulty"])
async def test_no_number_is_no_price(hass: HomeAssistant, value: str, key: str) -> None:
    say(hass, value, None)
    body = read(hass, **{key: "sensor.x"}).body()
    assert not [name for name in body if name.startswith(key)]


@pytest.mark.parametrize("value", ["0", "-1"])
async def test_coins_and_difficulty_are_positive(hass: HomeAssistant, value: str) -> None:
    say(hass, value, None)
    assert read(hass, coin_price="sensor.x").coin_price is None
    assert read(hass, network_difficulty="sensor.x").network_difficulty is None


@pytest.mark.parametrize("unit", [5, 0, True, ["EUR/kWh"], {"EUR/kWh": 1}])
@pytest.mark.parametrize("key", ["energy_price", "coin_price", "network_difficulty"])
async def test_a_unit_that_is_no_text_does_not_fit(
    hass: HomeAssistant, unit: object, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    say(hass, "0.31", unit)
    body = read(hass, **{key: "sensor.x"}).body()
    assert not [name for name in body if name.startswith(key)]
    assert factor(hass, key, "sensor.x", "EUR") is None
    assert "cannot be read" not in caplog.text


async def test_prices_never_stop_a_safety_stop(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    say(hass, "0.03", "EUR/kWh")
    site = await set_up(hass, make_operator([FAKE], data={"energy_price": "sensor.x"}))
    cycles = site.data.cycles
    hot = (Temperature(sensor="board_0", temperature_c=120.0),)
    fake.reading = replace(FULL_READING, temperatures=hot)
    with patch("custom_components.aiep_miner.inputs.prices.factor", side_effect=RuntimeError):
        await run_cycles(site, 3)
    assert site.data.cycles == cycles + 3
    assert Action.STOP in {command.action for command in fake.commands}


def test_a_price_that_cannot_be_read_leaves_the_others(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    price = read(hass, energy_price=10**400, block_reward=10**400)
    assert price.energy_price_per_kwh is None
    assert price.block_reward is None
    assert price.coin_price == 60_000
    assert "The energy_price cannot be read" in caplog.text


@pytest.mark.parametrize(
    ("value", "unit", "fault"),
    [
        ("0.31", "EUR/kWh", None),
        ("-0.02", "EUR/kWh", None),
        ("0", "EUR/kWh", None),
        ("0.31", None, Reason.UNIT_MISSING),
        ("31", "", Reason.UNIT_MISSING),
        ("0.31", "USD/kWh", Reason.READING_WRONG_UNIT),
        ("cheap", "EUR/kWh", Reason.READING_INVALID),
        ("nan", "EUR/kWh", Reason.READING_INVALID),
        ("inf", "EUR/kWh", Reason.READING_INVALID),
        ("unavailable", "EUR/kWh", Reason.UNREACHABLE),
    ],
)
async def test_what_is_wrong_with_a_price_is_recorded(
    hass: HomeAssistant, value: str, unit: str | None, fault: Reason | None
) -> None:
    say(hass, value, unit)
    price = read(hass, energy_price="sensor.x")
    assert price.faults == ({} if fault is None else {"energy_price_per_kwh": fault})


async def test_what_a_person_sets_needs_no_unit(hass: HomeAssistant) -> None:
    hass.states.async_set("input_number.x", "0.31")
    assert read(hass, energy_price="input_number.x").faults == {}
    say(hass, "1.2e14", None)
    assert read(hass, network_difficulty="sensor.x").faults == {}


async def test_a_price_without_a_unit_holds_until_it_has_one(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    say(hass, "30", None)
    site = await set_up(hass, make_operator([FAKE], data={"energy_price": "sensor.x"}))
    await run_cycles(site, 30)
    assert [item.code for item in site.data.divergences] == [Reason.IMPLAUSIBLE_PRICE]
    assert site.data.divergences[0].causes == (Reason.UNIT_MISSING,)
    assert fake.commands == []
    say(hass, "3", "ct/kWh")
    await run_cycles(site)
    assert site.data.divergences == ()


async def test_missing_entity(hass: HomeAssistant) -> None:
    price = read(hass, energy_price="sensor.nowhere")
    assert price.energy_price_per_kwh is None
    assert price.energy_price_updated_ms is None


async def test_age_counts_from_the_last_report(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    say(hass, "0.31", "EUR/kWh")
    freezer.tick(timedelta(minutes=10))
    say(hass, "0.31", "EUR/kWh")
    price = read(hass, energy_price="sensor.x")
    assert price.energy_price_updated_ms == round(dt_util.utcnow().timestamp() * 1000)


@pytest.mark.parametrize("domain", ["input_number", "number"])
async def test_a_setting_does_not_age(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles, domain: str
) -> None:
    hass.states.async_set(f"{domain}.x", "0.03", {ATTR_UNIT_OF_MEASUREMENT: "EUR/kWh"})
    site = await set_up(hass, make_operator([FAKE], data={"energy_price": f"{domain}.x"}))
    await run_cycles(site, every_s=86_400)
    assert site.data.price.energy_price_per_kwh == 0.03
    assert site.data.price.energy_price_updated_ms is None
    assert site.data.divergences == ()


async def test_a_report_ages(hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles) -> None:
    say(hass, "0.03", "EUR/kWh")
    site = await set_up(hass, make_operator([FAKE], data={"energy_price": "sensor.x"}))
    await run_cycles(site, every_s=86_400)
    assert [item.code for item in site.data.divergences] == [Reason.STALE_PRICE]
