"""The prices ahead of integrations that publish them by an action, and in no attribute."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

type Answer = Mapping[str, Any]
type Ask = Callable[[HomeAssistant, er.RegistryEntry], Awaitable[list[Answer]]]
"""From a price entity to what its integration answers: lists of prices, by name."""

PER_MEGAWATT_HOUR: Final = frozenset({"nordpool"})
"""Integrations whose prices are for a MWh, whatever the unit of their entities."""


async def async_ask(hass: HomeAssistant, entity_id: str) -> tuple[list[Answer], float] | None:
    """Return what the integration of a price entity answers, and the factor to the entity's unit.

    None for an integration that has no such action; an empty list where the action fails.
    """
    entry = er.async_get(hass).async_get(entity_id)
    if entry is None or entry.platform not in ASKED:
        return None
    factor = 0.001 if entry.platform in PER_MEGAWATT_HOUR else 1.0
    return await ASKED[entry.platform](hass, entry), factor


async def _call(hass: HomeAssistant, domain: str, action: str, data: dict[str, Any]) -> Answer:
    try:
        answer = await hass.services.async_call(
            domain, action, data, blocking=True, return_response=True
        )
    except HomeAssistantError:
        return {}
    return answer or {}


async def _nordpool(hass: HomeAssistant, entry: er.RegistryEntry) -> list[Answer]:
    """Return the prices of the entity's area, today and tomorrow: its unique id begins with it."""
    area = entry.unique_id.partition("-")[0]
    today = dt_util.now().date()
    days = [
        await _call(
            hass,
            "nordpool",
            "get_prices_for_date",
            {
                "config_entry": entry.config_entry_id,
                "date": (today + timedelta(days=n)).isoformat(),
            },
        )
        for n in (0, 1)
    ]
    return [{area: day.get(area, [])} for day in days]


async def _tibber(hass: HomeAssistant, entry: er.RegistryEntry) -> list[Answer]:
    """Return the prices of the only home; of several it is not known which one the entity is of."""
    start = dt_util.start_of_local_day()
    span = {"start": start.isoformat(), "end": (start + timedelta(days=2)).isoformat()}
    homes = (await _call(hass, "tibber", "get_prices", span)).get("prices", {})
    return [homes] if len(homes) == 1 else []


def _dutch(domain: str, action: str) -> Ask:
    async def ask(hass: HomeAssistant, entry: er.RegistryEntry) -> list[Answer]:
        start = dt_util.start_of_local_day()
        data = {
            "config_entry": entry.config_entry_id,
            "incl_vat": True,
            "start": start.isoformat(),
            "end": (start + timedelta(days=2)).isoformat(),
        }
        return [await _call(hass, domain, action, data)]

    return ask


ASKED: Final[Mapping[str, Ask]] = {
    "nordpool": _nordpool,
    "tibber": _tibber,
    "energyzero": _dutch("energyzero", "get_energy_prices"),
    "easyenergy": _dutch("easyenergy", "get_energy_usage_prices"),
}
"""By integration."""
