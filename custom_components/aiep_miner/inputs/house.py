"""Reads what the house beside the miners measures: power at the grid, battery, heat.

Units are converted, signs are the operator's; what is silent, old or in another unit is a fault.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.climate.const import ATTR_CURRENT_TEMPERATURE
from homeassistant.const import (
    ATTR_TEMPERATURE,
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter, TemperatureConverter

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
    CONF_OUTDOOR,
    CONF_ROOM_TEMPERATURE,
    CONF_WANTED_TEMPERATURE,
)
from ..engine.economics.model import coefficient_of_performance, heat_alternative_per_kwh
from ..engine.records import InputRecord, PriceRecord
from ..engine.records.reasons import Reason
from .prices import Found, read_price

SIGN_IMPORT: Final = "import"
SIGN_EXPORT: Final = "export"
SIGN_DISCHARGE: Final = "discharge"
SIGN_CHARGE: Final = "charge"

HEAT_ELECTRIC: Final = "electric"
HEAT_PUMP: Final = "heat_pump"
HEAT_GAS: Final = "gas"
HEAT_FIXED: Final = "fixed"
HEAT_SOURCES: Final = (HEAT_ELECTRIC, HEAT_PUMP, HEAT_GAS, HEAT_FIXED)

POWER_MAX_AGE_S: Final = 600.0
"""A meter that says nothing for longer is not read; a power of 0 does not age."""
SLOW_MAX_AGE_S: Final = 6 * 3600.0
"""The same for temperatures and a state of charge, which many devices report when they change."""
MOST_W: Final = 1e7
USUAL_COP: Final = 3.0
"""A heat pump's coefficient of performance where the outdoor temperature is not known."""
NOTHING: Final = Found()


@callback
def read_house(
    hass: HomeAssistant, operator_id: str, options: Mapping[str, Any], prices: PriceRecord
) -> InputRecord | None:
    """Return what the house measures now; None where nothing of it is set up."""
    if not any(options.get(key) for key in (CONF_GRID_POWER, CONF_CLIMATE, CONF_ROOM_TEMPERATURE)):
        return None
    room, wanted = _temperatures(hass, options)
    found = {
        "grid_w": _grid(hass, options),
        "battery_w": _battery(hass, options),
        "battery_pct": _level(hass, options.get(CONF_BATTERY_LEVEL)),
        "feed_in_price_per_kwh": _feed_in(hass, options, prices.currency),
        "room_c": room,
        "wanted_c": wanted,
    }
    return InputRecord(
        ts_ms=0,
        subject=operator_id,
        grid_w=found["grid_w"].value,
        battery_w=found["battery_w"].value,
        battery_pct=found["battery_pct"].value,
        feed_in_price_per_kwh=found["feed_in_price_per_kwh"].value,
        room_c=room.value,
        wanted_c=wanted.value,
        heat_price_per_kwh=_heat_price(hass, options, prices.energy_price_per_kwh),
        faults={name: item.fault for name, item in found.items() if item.fault is not None},
    )


# Power


def _grid(hass: HomeAssistant, options: Mapping[str, Any]) -> Found:
    """Return the power at the grid, import positive."""
    found = _power(hass, options.get(CONF_GRID_POWER))
    if options.get(CONF_EXPORT_POWER):
        return _difference(found, _power(hass, options[CONF_EXPORT_POWER]))
    return _turned(found) if options.get(CONF_GRID_SIGN) == SIGN_EXPORT else found


def _battery(hass: HomeAssistant, options: Mapping[str, Any]) -> Found:
    """Return the power of the battery, discharge positive."""
    found = _power(hass, options.get(CONF_BATTERY_POWER))
    if options.get(CONF_BATTERY_CHARGE):
        return _difference(found, _power(hass, options[CONF_BATTERY_CHARGE]))
    return _turned(found) if options.get(CONF_BATTERY_SIGN) == SIGN_CHARGE else found


def _turned(found: Found) -> Found:
    return found if found.value is None else Found(value=-found.value + 0.0)


def _difference(one: Found, other: Found) -> Found:
    fault = one.fault or other.fault
    if fault is not None or one.value is None or other.value is None:
        return Found(fault=fault or Reason.UNREACHABLE)
    return Found(value=one.value - other.value)


def _power(hass: HomeAssistant, entity_id: str | None) -> Found:
    if not entity_id:
        return NOTHING
    state = hass.states.get(entity_id)
    found = _number(state, PowerConverter, UnitOfPower.WATT, MOST_W)
    if state is None or not found.value:  # what is 0 may go unreported for a night
        return found
    return _fresh(state, found, POWER_MAX_AGE_S)


def _level(hass: HomeAssistant, entity_id: str | None) -> Found:
    if not entity_id:
        return NOTHING
    state = hass.states.get(entity_id)
    if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return Found(fault=Reason.UNREACHABLE)
    if state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) != PERCENTAGE:
        return Found(fault=Reason.READING_WRONG_UNIT)
    value = _finite(state.state)
    if value is None:
        return Found(fault=Reason.READING_INVALID)
    if not 0 <= value <= 100:
        return Found(fault=Reason.READING_IMPOSSIBLE)
    return _fresh(state, Found(value=value), SLOW_MAX_AGE_S)


# Heat


def _temperatures(hass: HomeAssistant, options: Mapping[str, Any]) -> tuple[Found, Found]:
    """Return the room's temperature and the one that is wanted, in °C."""
    climate, room = options.get(CONF_CLIMATE), options.get(CONF_ROOM_TEMPERATURE)
    wanted_c = options.get(CONF_WANTED_TEMPERATURE)
    wanted = NOTHING if wanted_c is None else Found(value=float(wanted_c))
    if not climate:
        return _temperature(hass, room), wanted if room else NOTHING
    state = hass.states.get(climate)
    if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return (_temperature(hass, room) if room else Found(fault=Reason.UNREACHABLE)), wanted
    unit = hass.config.units.temperature_unit
    measured = _celsius(state.attributes.get(ATTR_CURRENT_TEMPERATURE), unit)
    target = NOTHING
    if state.state != "off":
        target = _celsius(state.attributes.get(ATTR_TEMPERATURE), unit)
    return (_temperature(hass, room) if room else measured), target


def _temperature(hass: HomeAssistant, entity_id: str | None) -> Found:
    if not entity_id:
        return NOTHING
    state = hass.states.get(entity_id)
    found = _number(state, TemperatureConverter, UnitOfTemperature.CELSIUS, 100.0)
    return found if state is None else _fresh(state, found, SLOW_MAX_AGE_S)


def _celsius(value: Any, unit: str) -> Found:
    number = _finite(value)
    if number is None:
        return Found(fault=Reason.READING_INVALID)
    return Found(value=TemperatureConverter.convert(number, unit, UnitOfTemperature.CELSIUS))


def _heat_price(
    hass: HomeAssistant, options: Mapping[str, Any], energy_price: float | None
) -> float | None:
    """Return what a kWh of heat costs otherwise; None where that is not known."""
    source, price = options.get(CONF_HEAT_SOURCE), options.get(CONF_HEAT_PRICE)
    match source:
        case "fixed" if price is not None:
            return heat_alternative_per_kwh(fixed=float(price))
        case "gas" if price is not None:
            share = float(options.get(CONF_HEAT_EFFICIENCY) or 100.0) / 100
            return round(heat_alternative_per_kwh(gas=(float(price), share)), 6)
        case "electric" if energy_price is not None:
            return heat_alternative_per_kwh(electric=energy_price)
        case "heat_pump" if energy_price is not None:
            outdoor_c = _temperature(hass, options.get(CONF_OUTDOOR)).value
            cop = USUAL_COP if outdoor_c is None else coefficient_of_performance(outdoor_c)
            return round(heat_alternative_per_kwh(heat_pump=(energy_price, cop)), 6)
        case _:
            return None


def _feed_in(hass: HomeAssistant, options: Mapping[str, Any], currency: str) -> Found:
    """Return the feed-in price; nothing is paid where none is set up."""
    if options.get(CONF_FEED_IN_PRICE) is None:
        return NOTHING
    return read_price(hass, CONF_FEED_IN_PRICE, {**options, CONF_CURRENCY: currency})


# Numbers


def _number(
    state: State | None,
    converter: type[PowerConverter | TemperatureConverter],
    unit: str,
    most: float,
) -> Found:
    if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return Found(fault=Reason.UNREACHABLE)
    own_unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if own_unit not in converter.VALID_UNITS:
        return Found(fault=Reason.READING_WRONG_UNIT)
    number = _finite(state.state)
    if number is None:
        return Found(fault=Reason.READING_INVALID)
    value = round(converter.convert(number, own_unit, unit), 3)
    return Found(fault=Reason.READING_IMPOSSIBLE) if abs(value) > most else Found(value=value)


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except TypeError, ValueError:
        return None
    return number if math.isfinite(number) else None


def _fresh(state: State, found: Found, max_age_s: float) -> Found:
    age_s = dt_util.utcnow().timestamp() - state.last_reported_timestamp
    return (
        Found(fault=Reason.READING_STALE)
        if found.value is not None and age_s > max_age_s
        else found
    )
