"""What triggers and conditions see of the entities that an automation is aimed at."""

from collections.abc import Iterable
from typing import Final

from homeassistant.components.binary_sensor.const import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor.const import DOMAIN as SENSOR_DOMAIN
from homeassistant.components.switch.const import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec

from ..const import DOMAIN
from ..coordinator import AiepMinerConfigEntry
from ..engine.read_model import MinerReadModel as Miner

DOMAIN_SPECS: Final = {
    domain: DomainSpec() for domain in (BINARY_SENSOR_DOMAIN, SENSOR_DOMAIN, SWITCH_DOMAIN)
}

# Translation keys of the entities.
DECISION: Final = "decision"
LEDGER_VERIFICATION: Final = "ledger_verification"
MINING: Final = "mining"
NEXT_CHANGE: Final = "next_change"
ORDERED_POWER: Final = "ordered_power"
PROBLEM: Final = "problem"
REVIEWS: Final = "reviews"

_OPPOSITE: Final = {STATE_ON: STATE_OFF, STATE_OFF: STATE_ON}


@callback
def async_entities_with(
    hass: HomeAssistant, entity_ids: Iterable[str], translation_key: str
) -> set[str]:
    """Return those of the entities that are this integration's and have a translation key."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id)) is not None
        and (entry.platform, entry.translation_key) == (DOMAIN, translation_key)
    }


@callback
def async_miner_of(hass: HomeAssistant, entity_id: str) -> Miner | None:
    """Return the miner that an entity is of; None while its operator is not loaded."""
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None or entity.config_entry_id is None or entity.config_subentry_id is None:
        return None
    entry: AiepMinerConfigEntry | None
    entry = hass.config_entries.async_get_entry(entity.config_entry_id)
    if entry is None or not hasattr(entry, "runtime_data"):
        return None
    return entry.runtime_data.coordinator.data.miners.get(entity.config_subentry_id)


def mining_state(state: State) -> str:
    """Return on or off by what a miner does; its switch shows what was asked while that is pending."""
    return _OPPOSITE[state.state] if state.attributes.get("pending") else state.state


def reasons_of(state: State) -> frozenset[str]:
    """Return the reasons that a *Problem* sensor shows."""
    return frozenset(state.attributes.get("reasons", ()))
