"""Pictures of entities, for snapshots."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

VOLATILE = {"options", "record_seq", "record_hash"}
"""They follow from everything in the ledger, or grow with the engine's reasons."""
JUDGED = ("ledger_head", "ledger_records", "confidence", "trust_level")
"""States that follow from the engine's inner workings."""


def picture(hass: HomeAssistant, platform: str) -> dict[str, Any]:
    """Return what a user sees of each entity of a platform, disabled ones included."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), "site")
    return {
        entity.entity_id: _entity(hass, entity)
        for entity in sorted(entities, key=lambda item: item.entity_id)
        if entity.domain == platform
    }


def _entity(hass: HomeAssistant, entity: er.RegistryEntry) -> dict[str, Any]:
    state = hass.states.get(entity.entity_id)
    volatile = entity.unique_id.endswith(JUDGED)
    return {
        "unique_id": entity.unique_id,
        "name": entity.original_name,
        "translation_key": entity.translation_key,
        "category": entity.entity_category,
        "disabled_by": entity.disabled_by,
        "subentry": entity.config_subentry_id,
        "state": None if state is None or volatile else state.state,
        "attributes": {
            str(key): value
            for key, value in (state.attributes if state else {}).items()
            if key not in VOLATILE
        },
    }
