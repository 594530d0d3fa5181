"""Tells the system's health page how the operators are."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register what is shown."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the sums over all loaded operators."""
    sites = [
        entry.runtime_data.coordinator for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
    views = [site.data for site in sites]
    return {
        "operators": len(views),
        "miners": sum(len(view.miners) for view in views),
        "ledger_records": sum(view.ledger_records for view in views),
        "ledgers_writable": sum(view.ledger_error is None for view in views),
        "ledgers_intact": sum(site.ledger_service.broken is None for site in sites),
    }
