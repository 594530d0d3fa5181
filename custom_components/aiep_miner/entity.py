"""What all entities have in common."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.core import Context, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.command import Command
from .engine.read_model import MinerReadModel as Miner
from .errors import raise_for
from .inputs.commanders import command_origin

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MinerEntityDescription(EntityDescription):
    """What every description of a miner's entity says."""

    exists_fn: Callable[[Miner], bool] = lambda _: True
    """Whether the miner has this at all; asked again after each cycle until it does."""
    needs_reading: bool = True
    """Unavailable when the last poll failed."""
    needs_record: bool = True
    """Unavailable while the ledger cannot be written; a machine can be stopped all the same."""
    part: int | None = None
    """Index, from 0, of the board, fan or pool that this is of."""
    present_fn: Callable[[Miner], bool] = lambda _: True
    """Whether the part is there; unavailable while it is not."""


class OperatorEntity(CoordinatorEntity[AiepMinerCoordinator]):
    """An entity of the operator's own device."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: AiepMinerCoordinator, description: EntityDescription) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        operator_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{operator_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, operator_id)})


class MinerEntity(CoordinatorEntity[AiepMinerCoordinator]):
    """An entity of a miner's device."""

    _attr_has_entity_name = True
    entity_description: MinerEntityDescription

    def __init__(
        self, coordinator: AiepMinerCoordinator, miner_id: str, description: MinerEntityDescription
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        self._miner_id = miner_id
        self._attr_unique_id = f"{miner_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, miner_id)})
        if description.part is not None:
            self._attr_translation_placeholders = {"number": str(description.part + 1)}

    @property
    def miner(self) -> Miner:
        """Return what there is to show."""
        return self.coordinator.miner(self._miner_id)

    @property
    @override
    def available(self) -> bool:
        """Return whether there is something to show: nothing stale, nothing invented."""
        description, miner = self.entity_description, self.miner
        reading = miner.reading if description.needs_record else miner.reading or miner.unrecorded
        if not super().available or (description.needs_reading and reading is None):
            return False
        return description.present_fn(miner)

    async def async_command(self, command: Command) -> None:
        """Command the miner; raises a translated error when it is refused or fails."""
        origin = command_origin(self.hass, self._context or Context())
        result = await self.coordinator.async_propose(self._miner_id, command, origin)
        raise_for(result, self.coordinator.title(self._miner_id))


@callback
def async_add_miner_entities[D: MinerEntityDescription](
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    entity_class: Callable[[AiepMinerCoordinator, str, D], Entity],
) -> None:
    """Add each miner's entities, each as soon as it is known that the miner has it."""
    known = tuple(descriptions)
    async_add_found_entities(
        entry,
        async_add_entities,
        lambda miner: (item for item in known if item.exists_fn(miner)),
        entity_class,
    )


@callback
def async_add_found_entities[D: MinerEntityDescription](
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    find: Callable[[Miner], Iterable[D]],
    entity_class: Callable[[AiepMinerCoordinator, str, D], Entity],
) -> None:
    """Add the entities that are found on each miner, now and after each cycle, each once.

    A miner that they cannot be found on is logged once, and costs the others nothing.
    """
    coordinator = entry.runtime_data.coordinator
    added: set[tuple[str, str]] = set()
    failed: set[str] = set()

    @callback
    def add_new_of(miner_id: str) -> None:
        new = [
            description
            for description in find(coordinator.miner(miner_id))
            if (miner_id, description.key) not in added
        ]
        if new:
            added.update((miner_id, description.key) for description in new)
            async_add_entities(
                [entity_class(coordinator, miner_id, item) for item in new],
                config_subentry_id=miner_id,
            )

    @callback
    def add_new() -> None:
        for miner_id in coordinator.data.miners:
            if miner_id not in entry.subentries:
                continue
            try:
                add_new_of(miner_id)
            except Exception:
                if miner_id not in failed:
                    title = coordinator.title(miner_id)
                    _LOGGER.exception("What %s has cannot be found out", title)
                    failed.add(miner_id)

    add_new()
    entry.async_on_unload(coordinator.async_add_listener(add_new))
