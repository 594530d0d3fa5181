"""Lets a backup taken at any moment hold ledgers that verify."""

import asyncio

from homeassistant.core import HomeAssistant

from .care import LedgerCare
from .const import DATA_BACKUP, DOMAIN


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Make the ledgers' files fit to be copied while cycles go on."""
    cares = _cares(hass)
    for care in cares:
        care.async_follow()
    hass.data[DATA_BACKUP] = True
    await asyncio.gather(*(care.async_hold_still() for care in cares))


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as usual."""
    hass.data[DATA_BACKUP] = False
    await asyncio.gather(*(care.async_let_go() for care in _cares(hass)))


def _cares(hass: HomeAssistant) -> list[LedgerCare]:
    return [entry.runtime_data.care for entry in hass.config_entries.async_loaded_entries(DOMAIN)]
