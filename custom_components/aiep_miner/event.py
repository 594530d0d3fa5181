"""Reports what the governor did."""

from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import ATTR_DEVICE_ID, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry, governor_signal
from .engine.events import GovernorEvent
from .engine.governor import EventType
from .entity import OperatorEntity

PARALLEL_UPDATES = 0

GOVERNOR: Final = EventEntityDescription(
    key="governor",
    translation_key="governor",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[kind.value for kind in EventType],
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's governor events."""
    async_add_entities([GovernorEventEntity(entry.runtime_data.coordinator, GOVERNOR)])


class GovernorEventEntity(OperatorEntity, EventEntity):
    """The last thing that the governor did."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the governor."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, governor_signal(self.coordinator.config_entry.entry_id), self._report
            )
        )

    @callback
    def _report(self, event: GovernorEvent) -> None:
        self._trigger_event(event.kind.value, self._attributes(event))
        self.async_write_ha_state()

    def _attributes(self, event: GovernorEvent) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "miner_id": event.miner_id,
            ATTR_DEVICE_ID: self.coordinator.device_id(event.miner_id) if event.miner_id else None,
            "action": event.action.value if event.action else None,
            "trust_level": event.trust_level,
            "reasons": list(event.reasons),
            "status": event.status,
            "record_seq": event.seq,
            "record_hash": event.hash,
        }
        return {key: value for key, value in attributes.items() if value is not None}
