"""Brings operators of earlier versions up to date."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from .operator import operator_id_of

VERSION: Final = 1
MINOR_VERSION: Final = 2
"""2: unique ids; the public source and the users who may read are off where nothing is stored."""


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Migrate an operator; Home Assistant itself refuses one of a later major version."""
    if entry.minor_version < MINOR_VERSION:
        async_keep_operator_id(hass, entry)
        hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION)
    return True


@callback
def async_keep_operator_id(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Let the unique id follow a name that was changed outside of the flow, unless it is taken."""
    unique_id = operator_id_of(entry.title)
    holder = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, unique_id)
    if holder is None:
        hass.config_entries.async_update_entry(entry, unique_id=unique_id)
