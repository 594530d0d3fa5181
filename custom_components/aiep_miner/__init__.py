"""AIEP Miner: the governed controller of a fleet of ASIC miners."""

import logging

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.loader import async_get_integration

from .agents.consult import async_setup_consult
from .const import DOMAIN
from .coordinator import AiepMinerConfigEntry, create_runtime_data
from .entities.devices import async_register_devices
from .federation.witness_view import async_setup_witness
from .flows.migration import async_keep_operator_id
from .flows.migration import async_migrate_entry as async_migrate_entry
from .frontend import async_setup_frontend
from .inputs.commanders import async_setup_commanders
from .inputs.curtailment import async_setup_curtailment
from .inputs.network import async_follow_source
from .inputs.questions import async_setup_questions
from .issues.ledger import WHILE_LOADED, async_withdraw, async_withdraw_all
from .issues.passwords import async_forget_logins
from .ledger_service.evidence import async_setup_evidence_actions
from .ledger_service.trust_store import async_leave, ledger_path
from .services import async_setup_actions
from .web.fleet_feed import async_setup_fleet_feed
from .web.log_api import async_setup_log_api
from .web.rest_api import async_setup_api
from .web.websocket_api import async_setup_websocket_api

_LOGGER = logging.getLogger(__name__)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TODO,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all operators share: actions, REST, WebSocket and the dashboard."""
    async_setup_commanders(hass)
    async_setup_questions(hass)
    async_setup_actions(hass)
    async_setup_evidence_actions(hass)
    async_setup_consult(hass)
    async_setup_curtailment(hass)
    async_setup_api(hass)
    async_setup_log_api(hass)
    async_setup_witness(hass)
    async_setup_websocket_api(hass)
    async_setup_fleet_feed(hass)
    await async_setup_frontend(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AiepMinerConfigEntry) -> bool:
    """Set up an operator: its ledger, its miners and its cycle."""
    integration = await async_get_integration(hass, DOMAIN)
    try:
        runtime = create_runtime_data(hass, entry, str(integration.version))
    except (KeyError, TypeError, ValueError) as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="bad_settings",
            translation_placeholders={"error": str(err)},
        ) from err
    async_keep_operator_id(hass, entry)
    async_register_devices(hass, entry)
    async_follow_source(hass, entry)
    coordinator = runtime.coordinator
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = runtime

    async def stop(_: Event) -> None:
        await coordinator.async_shutdown()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    entry.async_on_unload(entry.add_update_listener(_async_entry_updated))
    # The cycle runs for the miners' sake, also when every entity is disabled.
    entry.async_on_unload(coordinator.async_add_listener(lambda: None))

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    # While it was set up nobody listened to changes.
    await coordinator.async_entry_updated()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AiepMinerConfigEntry) -> bool:
    """Unload an operator; a cycle that is under way ends first."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.coordinator.async_shutdown()
        # Nobody is there to take them back when they are over.
        for issue in WHILE_LOADED:
            async_withdraw(hass, entry.entry_id, issue)
        async_forget_logins(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: AiepMinerConfigEntry) -> None:
    """Remove an operator; its ledger is evidence and stays."""
    async_withdraw_all(hass, entry.entry_id)
    async_forget_logins(hass, entry)
    await async_leave(hass, entry.entry_id)
    _LOGGER.info("The ledger of %s stays in %s", entry.title, ledger_path(hass, entry.entry_id))


async def _async_entry_updated(hass: HomeAssistant, entry: AiepMinerConfigEntry) -> None:
    await entry.runtime_data.coordinator.async_entry_updated()
