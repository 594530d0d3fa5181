"""Describes the integration's events in the logbook."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .engine.events import CycleEventKind

type Describe = Callable[[Event], dict[str, str]]

_MESSAGES = {
    CycleEventKind.DECISION: "decided {action}: {reason}",
    CycleEventKind.SUPPRESSION: "suppressed {action}: {reason}",
    CycleEventKind.RECEIPT: "{action} {outcome}: {reason}",
}


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Describe decisions, suppressions and receipts."""
    for kind, message in _MESSAGES.items():
        async_describe_event(DOMAIN, f"{DOMAIN}_{kind}", _describer(hass, message))


def _describer(hass: HomeAssistant, message: str) -> Describe:
    @callback
    def describe(event: Event) -> dict[str, str]:
        device = dr.async_get(hass).async_get(event.data[ATTR_DEVICE_ID] or "")
        name = (device.name_by_user or device.name) if device else None
        words = {
            key: str(event.data.get(key, "")).replace("_", " ")
            for key in ("action", "reason", "outcome")
        }
        return {
            LOGBOOK_ENTRY_NAME: name or event.data["miner_id"],
            LOGBOOK_ENTRY_MESSAGE: message.format(**words),
        }

    return describe
