"""Lets a backup taken at any moment hold ledgers that verify."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .const import DATA_BACKUP, DOMAIN
from .ledger_service.service import LedgerService
from .ledger_service.trust_store import async_hold

LONGEST: Final = timedelta(hours=6)
"""After that a backup has failed without telling; the ledgers do not wait for it any more."""

_DATA_LIMIT: Final[HassKey[CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_backup_limit")


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Make the ledgers' files fit to be copied while cycles go on."""

    async def give_up(_now: datetime) -> None:
        await async_post_backup(hass)

    _stop_waiting(hass)
    hass.data[_DATA_LIMIT] = async_call_later(hass, LONGEST, give_up)
    cares = _cares(hass)
    for ledger_service in cares:
        ledger_service.async_follow()
    hass.data[DATA_BACKUP] = True
    await asyncio.gather(
        *(ledger_service.async_hold_still() for ledger_service in cares),
        *(async_hold(hass, operator_id, is_held=True) for operator_id in _unloaded(hass)),
    )


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as usual."""
    _stop_waiting(hass)
    hass.data[DATA_BACKUP] = False
    await asyncio.gather(
        *(ledger_service.async_let_go() for ledger_service in _cares(hass)),
        *(async_hold(hass, operator_id, is_held=False) for operator_id in _unloaded(hass)),
    )


def _stop_waiting(hass: HomeAssistant) -> None:
    if stop := hass.data.pop(_DATA_LIMIT, None):
        stop()


def _unloaded(hass: HomeAssistant) -> list[str]:
    """Return the operators that have a trust store in no one's hands."""
    unloaded = (ConfigEntryState.NOT_LOADED, ConfigEntryState.SETUP_ERROR)
    entries = hass.config_entries.async_entries(DOMAIN)
    return [entry.entry_id for entry in entries if entry.state in unloaded]


def _cares(hass: HomeAssistant) -> list[LedgerService]:
    return [
        entry.runtime_data.ledger_service
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
