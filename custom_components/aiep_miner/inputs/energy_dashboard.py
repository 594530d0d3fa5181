"""What Home Assistant's energy dashboard knows of the house: its sensors, prices, solar forecast."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_BATTERY_CHARGE,
    CONF_BATTERY_LEVEL,
    CONF_BATTERY_POWER,
    CONF_BATTERY_SIGN,
    CONF_EXPORT_POWER,
    CONF_FEED_IN_PRICE,
    CONF_GRID_POWER,
    CONF_GRID_SIGN,
    CONF_HOUSE_LOAD,
    CONF_SOLAR_FORECAST,
)
from ..engine.steps.planning import SunAhead
from .house import SIGN_CHARGE, SIGN_DISCHARGE, SIGN_EXPORT, SIGN_IMPORT

ENERGY: Final = "energy"
HOUR_MS: Final = 3_600_000
FORECASTS: Final = "config_entry_solar_forecast"
GRID: Final = (CONF_GRID_POWER, CONF_GRID_SIGN, CONF_EXPORT_POWER, SIGN_IMPORT, SIGN_EXPORT)
BATTERY: Final = (
    *(CONF_BATTERY_POWER, CONF_BATTERY_SIGN, CONF_BATTERY_CHARGE),
    *(SIGN_DISCHARGE, SIGN_CHARGE),
)


async def async_suggestions(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the form may begin with; nothing where no energy dashboard is set up."""
    found: dict[str, Any] = {}
    for source in await _async_sources(hass):
        match source.get("type"):
            case "grid" if CONF_GRID_POWER not in found:
                found |= _powers(source, GRID) | _feed_in(source)
            case "battery" if CONF_BATTERY_POWER not in found:
                found |= _powers(source, BATTERY)
                found |= {CONF_BATTERY_LEVEL: source["stat_soc"]} if source.get("stat_soc") else {}
            case "solar" if source.get(FORECASTS):
                found[CONF_SOLAR_FORECAST] = True
    known = {*hass.states.async_entity_ids()}
    return {
        key: value
        for key, value in found.items()
        if not isinstance(value, str) or "." not in value or value in known
    }


async def async_sun_ahead(hass: HomeAssistant, options: Mapping[str, Any]) -> SunAhead | None:
    """Return the solar power that is forecast; None where none is, or is not to be used."""
    if not options.get(CONF_SOLAR_FORECAST):
        return None
    entries = {
        entry_id
        for source in await _async_sources(hass)
        for entry_id in source.get(FORECASTS) or ()
    }
    powers: dict[int, float] = {}
    for entry_id in sorted(entries):
        for at_ms, power_w in (await _async_forecast(hass, entry_id)).items():
            powers[at_ms] = powers.get(at_ms, 0.0) + power_w
    if not powers:
        return None
    times = sorted(powers)
    return SunAhead(
        from_ms=tuple(times),
        powers_w=tuple(round(powers[at_ms], 1) for at_ms in times),
        house_w=float(options.get(CONF_HOUSE_LOAD) or 0.0),
    )


async def _async_sources(hass: HomeAssistant) -> list[Mapping[str, Any]]:
    if ENERGY not in hass.config.components:
        return []
    from homeassistant.components.energy.data import (  # noqa: PLC0415 - needs the recorder
        async_get_manager,
    )

    manager = await async_get_manager(hass)
    return list(manager.data["energy_sources"]) if manager.data else []


async def _async_forecast(hass: HomeAssistant, entry_id: str) -> dict[int, float]:
    """Return the power in W that an integration forecasts, by the time that it begins at."""
    from homeassistant.components.energy.websocket_api import (  # noqa: PLC0415 - see above
        async_get_energy_platforms,
    )

    entry = hass.config_entries.async_get_entry(entry_id)
    platforms = await async_get_energy_platforms(hass)
    if entry is None or entry.domain not in platforms:
        return {}
    forecast = await platforms[entry.domain](hass, entry_id)
    energies = {
        int(at.timestamp() * 1000): float(wh)
        for text, wh in (forecast or {"wh_hours": {}})["wh_hours"].items()
        if (at := dt_util.parse_datetime(text)) is not None
    }
    times = sorted(energies)
    gaps = [min(after - before, HOUR_MS) for before, after in pairwise(times)]
    found = {
        at_ms: energies[at_ms] * HOUR_MS / gap
        for at_ms, gap in zip(times, [*gaps, gaps[-1] if gaps else HOUR_MS], strict=True)
    }
    if times:  # nothing is forecast after the last
        found[times[-1] + HOUR_MS] = 0.0
    return found


def _powers(source: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    power, sign, opposite, positive, negative = keys
    config = source.get("power_config") or {}
    if "stat_rate_from" in config:
        return {power: config["stat_rate_from"], opposite: config["stat_rate_to"], sign: positive}
    if "stat_rate_inverted" in config:
        return {power: config["stat_rate_inverted"], sign: negative}
    rate = config.get("stat_rate") or source.get("stat_rate")
    return {power: rate, sign: positive} if rate else {}


def _feed_in(source: Mapping[str, Any]) -> dict[str, Any]:
    price = source.get("entity_energy_price_export") or source.get("number_energy_price_export")
    return {} if price is None else {CONF_FEED_IN_PRICE: price}
