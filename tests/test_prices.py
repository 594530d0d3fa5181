"""Prices from fixed numbers and from entities, in whatever unit they come."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.aiep_miner.engine.records import PriceRecord
from custom_components.aiep_miner.prices import read_prices

from .conftest import OPERATOR_DATA


def read(hass: HomeAssistant, **data: Any) -> PriceRecord:
    return read_prices(hass, "site", OPERATOR_DATA | data)


def say(hass: HomeAssistant, value: str, unit: str | None) -> None:
    hass.states.async_set("sensor.x", value, {ATTR_UNIT_OF_MEASUREMENT: unit} if unit else {})


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
    ],
)
async def test_energy_units(
    hass: HomeAssistant, unit: str | None, value: str, per_kwh: float | None
) -> None:
    say(hass, value, unit)
    price = read(hass, energy_price="sensor.x").energy_price_per_kwh
    assert price == (None if per_kwh is None else pytest.approx(per_kwh))


@pytest.mark.parametrize(
    ("currency", "unit", "coin_price"),
    [
        ("USD", "$", 61_000),
        ("USD", "USD/BTC", 61_000),
        ("SEK", "kr", 61_000),
        ("USD", None, 61_000),
        ("USD", "EUR", None),
        ("USD", "BTC", None),
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
