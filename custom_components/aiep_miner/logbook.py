"""Describes the integration's events in the logbook."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .engine.events import CycleEventKind
from .engine.records import Action
from .entities.miner_sensors import OUTCOMES
from .entities.status_text import async_text, async_word

type Describe = Callable[[Event], dict[str, str]]


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Describe decisions, suppressions and receipts."""
    for kind in CycleEventKind:
        async_describe_event(DOMAIN, f"{DOMAIN}_{kind}", _describer(hass, kind))


def _describer(hass: HomeAssistant, kind: CycleEventKind) -> Describe:
    @callback
    def describe(event: Event) -> dict[str, str]:
        device = dr.async_get(hass).async_get(event.data[ATTR_DEVICE_ID] or "")
        name = (device.name_by_user or device.name) if device else None
        words = {
            key: async_word(hass, key, str(event.data.get(key, ""))) for key in ("action", "reason")
        }
        outcome = OUTCOMES.get(event.data.get("outcome", ""), "")
        words["outcome"] = async_text(hass, "entity", f"entity.sensor.last_command.state.{outcome}")
        held = kind is CycleEventKind.DECISION and event.data.get("action") == Action.HOLD
        message = async_text(hass, "common", f"common.logbook_{'hold' if held else kind}")
        return {
            LOGBOOK_ENTRY_NAME: name or event.data["miner_id"],
            LOGBOOK_ENTRY_MESSAGE: message.format(**words),
        }

    return describe
