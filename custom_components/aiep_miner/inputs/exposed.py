"""The miners that are exposed to an assistant, and the names that they have there."""

from collections.abc import Iterator

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN


@callback
def exposed_miners(hass: HomeAssistant, assistant: str) -> Iterator[tuple[er.RegistryEntry, str]]:
    """Yield the entity that represents each miner exposed to an assistant, and the miner's id."""
    entities = er.async_get(hass)
    for entry in hass.config_entries.async_entries(DOMAIN):
        for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
            miner_id = entity.config_subentry_id
            if not miner_id or not is_main(entity, miner_id):
                continue
            if async_should_expose(hass, assistant, entity.entity_id):
                yield entity, miner_id


def is_main(entity: er.RegistryEntry, miner_id: str) -> bool:
    """Return whether an entity represents its miner: the switch, or the *Mining* sensor."""
    return entity.unique_id == f"{miner_id}_mining" and entity.domain in (
        Platform.SWITCH,
        Platform.BINARY_SENSOR,
    )
