"""Reports what the governor did, and blocks that a miner found."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import ATTR_DEVICE_ID, EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator, governor_signal
from .engine.events import GovernorEvent
from .engine.governor import EventType
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    OperatorEntity,
    async_add_miner_entities,
    async_remove_uncreated,
)

PARALLEL_UPDATES = 0

GOVERNOR: Final = EventEntityDescription(
    key="governor",
    translation_key="governor",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[kind.value for kind in EventType],
)


@dataclass(frozen=True, kw_only=True)
class MinerEventDescription(MinerEntityDescription, EventEntityDescription):
    """Describes a miner's events."""


BLOCK: Final = MinerEventDescription(
    key="block",
    translation_key="block",
    event_types=["found"],
    exists_fn=lambda miner: miner.reading is not None and miner.reading.blocks_found is not None,
    needs_reading=False,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's governor events, and the blocks of miners that count them."""
    async_add_entities([GovernorEventEntity(entry.runtime_data.coordinator, GOVERNOR)])
    async_remove_uncreated(entry, Platform.EVENT, (BLOCK,))
    await async_add_miner_entities(entry, async_add_entities, (BLOCK,), BlockEventEntity)


class GovernorEventEntity(OperatorEntity, EventEntity):
    """The last thing that the governor did."""

    @override
    def shown(self) -> tuple[Any, ...]:
        return ()

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


class BlockEventEntity(MinerEntity, EventEntity):
    """A block that a miner found: its count rose since the last reading."""

    entity_description: MinerEventDescription

    def __init__(
        self, coordinator: AiepMinerCoordinator, miner_id: str, description: MinerEventDescription
    ) -> None:
        """Initialize the entity; what was found before is not reported."""
        super().__init__(coordinator, miner_id, description)
        self._known = self._count()

    def _count(self) -> int | None:
        return self.miner.reading.blocks_found if self.miner.reading else None

    @override
    def shown(self) -> tuple[Any, ...]:
        return (self.state,)

    @callback
    @override
    def async_show(self) -> None:
        """Report a rise; a lower count is a miner that began anew."""
        if (count := self._count()) is not None:
            if self._known is not None and count > self._known:
                self._trigger_event("found", {"blocks_found": count})
            self._known = count
        super().async_show()
