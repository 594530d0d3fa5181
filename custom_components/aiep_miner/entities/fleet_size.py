"""Which entities are created for each miner: the larger the fleet, the fewer."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_FLEET_SIZE, SECTION_DISPLAY, SUBENTRY_MINER

AUTOMATIC: Final = "automatic"
MANY_FROM: Final = 101
THOUSANDS_FROM: Final = 501
"""Numbers of miners from which the automatic choice is a larger fleet size."""


class FleetSize(StrEnum):
    """Few: everything; many: no parts and no diagnostics; thousands: the least.

    Home Assistant adds at most 10,000 enabled entities for a config entry.
    """

    FEW = "few"
    MANY = "many"
    THOUSANDS = "thousands"

    def creates(self, up_to: FleetSize) -> bool:
        """Return whether an entity that is created ``up_to`` a size is created for this one."""
        order = list(FleetSize)
        return order.index(self) <= order.index(up_to)


def fleet_size_of(entry: ConfigEntry[Any]) -> FleetSize:
    """Return the configured size, else the size for the operator's number of miners."""
    chosen = entry.options.get(SECTION_DISPLAY, {}).get(CONF_FLEET_SIZE, AUTOMATIC)
    if chosen in list(FleetSize):
        return FleetSize(chosen)
    miners = len(entry.get_subentries_of_type(SUBENTRY_MINER))
    if miners >= THOUSANDS_FROM:
        return FleetSize.THOUSANDS
    return FleetSize.MANY if miners >= MANY_FROM else FleetSize.FEW


@callback
def async_remove_entities(
    hass: HomeAssistant, entry: ConfigEntry[Any], platform: str, keep: frozenset[str]
) -> None:
    """Remove the miners' entities of a platform, except those with a key in ``keep``."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        miner_id = entity.config_subentry_id
        if entity.domain != platform or miner_id is None:
            continue
        if entity.unique_id.removeprefix(f"{miner_id}_") not in keep:
            registry.async_remove(entity.entity_id)
