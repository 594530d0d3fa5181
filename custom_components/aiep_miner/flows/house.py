"""The form of sun, battery and heat, and what is measured now by what it says."""

from collections.abc import Mapping
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
)

from ..const import (
    CONF_BATTERY_CHARGE,
    CONF_BATTERY_LEVEL,
    CONF_BATTERY_POWER,
    CONF_BATTERY_SIGN,
    CONF_CLIMATE,
    CONF_CURRENCY,
    CONF_EXPORT_POWER,
    CONF_FEED_IN_PRICE,
    CONF_GRID_POWER,
    CONF_GRID_SIGN,
    CONF_HEAT_EFFICIENCY,
    CONF_HEAT_PRICE,
    CONF_HEAT_SOURCE,
    CONF_HOUSE_LOAD,
    CONF_OUTDOOR,
    CONF_ROOM_TEMPERATURE,
    CONF_SIGNAL,
    CONF_SIGNAL_MAX_AGE,
    CONF_SIGNAL_POWER,
    CONF_SIGNAL_STALE,
    CONF_SOLAR_FORECAST,
    CONF_WANTED_TEMPERATURE,
    SECTION_HOUSE,
)
from ..engine.records import InputRecord
from ..entities.status_text import async_number, async_text, async_word
from ..inputs.curtailment_signal import STALE_IGNORE, STALE_MEANS
from ..inputs.house import (
    HEAT_SOURCES,
    SIGN_CHARGE,
    SIGN_DISCHARGE,
    SIGN_EXPORT,
    SIGN_IMPORT,
    read_house,
)
from ..inputs.prices import fits, read_prices
from .operator import number_or_entity
from .options import SETTINGS, number

USUAL_LOAD_W: Final = 300.0
SUN: Final = "sun"
BATTERY: Final = "battery"
HEAT: Final = "heat"
SIGNAL: Final = "curtailment"
SIGNAL_DOMAINS: Final = [
    *("binary_sensor", "input_boolean", "switch"),
    *("sensor", "number", "input_number"),
]
VALUES: Final = ("grid", "battery", "level", "feed_in", "room", "wanted", "heat_price")
"""What the last step shows."""


def _sensor(device_class: str) -> EntitySelector:
    return EntitySelector(
        EntitySelectorConfig(filter=[{"domain": ["sensor"], "device_class": [device_class]}])
    )


def _select(name: str, *options: str) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=list(options), translation_key=name))


def house_schema(values: Mapping[str, Any]) -> vol.Schema:
    """Return the form, filled with values."""
    (floor,) = (item for item in SETTINGS if item.section == SECTION_HOUSE)
    sections: dict[str, dict[vol.Marker, Any]] = {
        SUN: {
            vol.Optional(CONF_GRID_POWER): _sensor("power"),
            vol.Required(CONF_GRID_SIGN, default=SIGN_IMPORT): _select(
                CONF_GRID_SIGN, SIGN_IMPORT, SIGN_EXPORT
            ),
            vol.Optional(CONF_EXPORT_POWER): _sensor("power"),
            vol.Optional(CONF_FEED_IN_PRICE): number_or_entity(
                None, "/ kWh", values.get(CONF_FEED_IN_PRICE)
            ),
            vol.Required(CONF_SOLAR_FORECAST, default=False): BooleanSelector(),
            vol.Required(CONF_HOUSE_LOAD, default=USUAL_LOAD_W): number(0, 100_000, "W"),
        },
        BATTERY: {
            vol.Optional(CONF_BATTERY_POWER): _sensor("power"),
            vol.Required(CONF_BATTERY_SIGN, default=SIGN_DISCHARGE): _select(
                CONF_BATTERY_SIGN, SIGN_DISCHARGE, SIGN_CHARGE
            ),
            vol.Optional(CONF_BATTERY_CHARGE): _sensor("power"),
            vol.Optional(CONF_BATTERY_LEVEL): _sensor("battery"),
            floor.marker: floor.selector,
        },
        HEAT: {
            vol.Optional(CONF_CLIMATE): EntitySelector(EntitySelectorConfig(domain="climate")),
            vol.Optional(CONF_ROOM_TEMPERATURE): _sensor("temperature"),
            vol.Optional(CONF_WANTED_TEMPERATURE): number(5, 90, "°C", step=None),
            vol.Optional(CONF_HEAT_SOURCE): _select(CONF_HEAT_SOURCE, *HEAT_SOURCES),
            vol.Optional(CONF_HEAT_PRICE): number(0, unit="/ kWh", step=None),
            vol.Optional(CONF_HEAT_EFFICIENCY): number(10, 120, "%", step=None),
            vol.Optional(CONF_OUTDOOR): _sensor("temperature"),
        },
        SIGNAL: {
            vol.Optional(CONF_SIGNAL): EntitySelector(EntitySelectorConfig(domain=SIGNAL_DOMAINS)),
            vol.Required(CONF_SIGNAL_POWER, default=0): number(0, unit="W", step=None),
            vol.Required(CONF_SIGNAL_MAX_AGE, default=0): number(0, 10_080, "min"),
            vol.Required(CONF_SIGNAL_STALE, default=STALE_IGNORE): _select(
                CONF_SIGNAL_STALE, *STALE_MEANS
            ),
        },
    }
    return vol.Schema(
        {
            vol.Required(name): section(vol.Schema(fields), {"collapsed": name != SUN})
            for name, fields in sections.items()
        }
    )


def flat(user_input: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was entered, without sections and empty fields."""
    return {
        key: value
        for fields in user_input.values()
        for key, value in fields.items()
        if value is not None
    }


def nested(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return values as the form shows them."""
    return {
        str(name): {
            str(field): values[str(field)] for field in fields.schema.schema if str(field) in values
        }
        for name, fields in house_schema(values).schema.items()
    }


@callback
def house_errors(
    hass: HomeAssistant, values: Mapping[str, Any], entry: ConfigEntry[Any]
) -> dict[str, str]:
    """Return what is wrong with the input, by section."""
    errors = {}
    price = values.get(CONF_FEED_IN_PRICE)
    currency = entry.data[CONF_CURRENCY]
    if isinstance(price, str) and not fits(hass, CONF_FEED_IN_PRICE, price, currency):
        errors[SUN] = "wrong_unit"
    if values.get(CONF_BATTERY_POWER) and not values.get(CONF_GRID_POWER):
        errors[BATTERY] = "battery_without_grid"
    has_room = values.get(CONF_CLIMATE) or values.get(CONF_ROOM_TEMPERATURE)
    if has_room and not values.get(CONF_HEAT_SOURCE):
        errors[HEAT] = "heat_source_missing"
    if values.get(CONF_HEAT_SOURCE) in ("gas", "fixed") and values.get(CONF_HEAT_PRICE) is None:
        errors[HEAT] = "heat_price_missing"
    return errors


@callback
def live_values(
    hass: HomeAssistant, values: Mapping[str, Any], entry: ConfigEntry[Any]
) -> dict[str, str]:
    """Return what is measured now by what was entered, as text."""
    prices = read_prices(hass, entry.entry_id, entry.data)
    house = read_house(hass, entry.entry_id, values, prices)
    if house is None:
        return dict.fromkeys(VALUES, async_text(hass, "common", "common.house_none"))
    per_kwh = f"{prices.currency}/kWh"
    return {
        "grid": _flow(hass, house, "grid_w", ("house_imported", "house_exported")),
        "battery": _flow(hass, house, "battery_w", ("house_discharged", "house_charged")),
        "level": _value(hass, house, "battery_pct", "%"),
        "feed_in": _value(hass, house, "feed_in_price_per_kwh", per_kwh),
        "room": _value(hass, house, "room_c", "°C"),
        "wanted": _value(hass, house, "wanted_c", "°C"),
        "heat_price": _value(hass, house, "heat_price_per_kwh", per_kwh),
    }


def _flow(hass: HomeAssistant, house: InputRecord, name: str, words: tuple[str, str]) -> str:
    value = getattr(house, name)
    if value is None:
        return _value(hass, house, name, "W")
    word = words[0] if value >= 0 else words[1]
    return async_text(hass, "common", f"common.{word}").format(power_w=round(abs(value)))


def _value(hass: HomeAssistant, house: InputRecord, name: str, unit: str) -> str:
    value = getattr(house, name)
    if name in house.faults:
        return async_word(hass, "reason", house.faults[name].value)
    if value is None:
        return async_text(hass, "common", "common.house_none")
    return f"{async_number(hass, value)} {unit}"
