"""What all entities have in common."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import Context, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.command import Command
from .engine.read_model import MinerReadModel as Miner
from .entities.fleet_size import FleetSize, async_remove_entities, fleet_size_of
from .entities.state_writer import Slices, async_writer_of
from .errors import raise_for
from .inputs.commanders import command_origin
from .inputs.questions import async_refuse_question

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
    """Whether it is there now; unavailable while it is not."""
    up_to: FleetSize = FleetSize.FEW
    """The largest size of fleet that this is created for."""

    def exists(self, miner: Miner) -> bool:
        """Return whether a miner has this."""
        return self.exists_fn(miner)


class ShownEntity(CoordinatorEntity[AiepMinerCoordinator]):
    """An entity whose state is written only when it changed."""

    _attr_has_entity_name = True
    _written: tuple[Any, ...] | None = None

    def shown(self) -> tuple[Any, ...]:
        """Return the values that the state and its attributes follow from.

        An entity may set its ``_attr_`` fields meanwhile: it is called before each write.
        """
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Be updated by the operator's writer, in slices, rather than by the coordinator."""
        self.async_on_remove(async_writer_of(self.coordinator).add(self))
        self._written = self._now()

    @callback
    def async_show(self) -> None:
        """Write the state if it differs from the one written last."""
        now = self._now()
        if now != self._written:
            self._written = now
            self.async_write_ha_state()

    def _now(self) -> tuple[Any, ...]:
        return (True, *self.shown()) if self.available else (False,)


class OperatorEntity(ShownEntity):
    """An entity of the operator's own device."""

    def __init__(self, coordinator: AiepMinerCoordinator, description: EntityDescription) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        operator_id = coordinator.config_entry.entry_id
        self._attr_unique_id = f"{operator_id}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, operator_id)})


class MinerEntity(ShownEntity):
    """An entity of a miner's device."""

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
        context = self._context or Context()
        async_refuse_question(self.hass, context)
        origin = command_origin(self.hass, context)
        result = await self.coordinator.async_propose(self._miner_id, command, origin)
        raise_for(result, self.coordinator.title(self._miner_id))


class Finder[D: MinerEntityDescription]:
    """Adds the entities of one platform that one miner turns out to have, each once.

    The writer updates it like an entity. A miner that they cannot be found on is logged once,
    and costs the others nothing.
    """

    def __init__(
        self,
        coordinator: AiepMinerCoordinator,
        miner_id: str,
        find: Callable[[Miner], Iterable[D]],
        add: Callable[[str, list[D]], None],
    ) -> None:
        """Look for what ``find`` describes; ``add`` is given what is new."""
        self.entity_id = f"{miner_id} (new entities)"
        self._coordinator = coordinator
        self._miner_id = miner_id
        self._find = find
        self._add = add
        self._added: set[str] = set()
        self._failed = False

    @callback
    def async_show(self) -> None:
        """Add what the miner has and has not had before."""
        try:
            found = list(self._find(self._coordinator.miner(self._miner_id)))
        except Exception:
            if not self._failed:
                title = self._coordinator.title(self._miner_id)
                _LOGGER.exception("What %s has cannot be found out", title)
                self._failed = True
            return
        new = [item for item in found if item.key not in self._added]
        if new:
            self._added.update(item.key for item in new)
            self._add(self._miner_id, new)


async def async_add_miner_entities[D: MinerEntityDescription](
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    entity_class: Callable[[AiepMinerCoordinator, str, D], Entity],
) -> None:
    """Add each miner's entities, each as soon as it is known that the miner has it."""
    size = fleet_size_of(entry)
    known = [item for item in descriptions if size.creates(item.up_to)]
    await async_add_found_entities(
        entry,
        async_add_entities,
        lambda miner: (item for item in known if item.exists(miner)),
        entity_class,
    )


async def async_add_found_entities[D: MinerEntityDescription](
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    find: Callable[[Miner], Iterable[D]],
    entity_class: Callable[[AiepMinerCoordinator, str, D], Entity],
) -> None:
    """Add the entities that are found on each miner, now and after each cycle, each once."""
    coordinator = entry.runtime_data.coordinator
    writer = async_writer_of(coordinator)

    @callback
    def add(miner_id: str, new: list[D]) -> None:
        async_add_entities(
            [entity_class(coordinator, miner_id, item) for item in new],
            config_subentry_id=miner_id,
        )

    async def find_all() -> None:
        slices = Slices()
        for miner_id in coordinator.data.miners:
            if miner_id in entry.subentries:
                finder = Finder(coordinator, miner_id, find, add)
                entry.async_on_unload(writer.add(finder))
                finder.async_show()
                await slices.breathe()

    if fleet_size_of(entry) is FleetSize.FEW:
        await find_all()
    else:
        # Home Assistant complains of platforms that take longer than ten seconds to set up.
        entry.async_create_task(coordinator.hass, find_all(), "aiep_miner entities")


@callback
def async_remove_uncreated(
    entry: AiepMinerConfigEntry, platform: Platform, descriptions: Iterable[MinerEntityDescription]
) -> None:
    """Remove what an earlier, smaller size of fleet created and this one does not."""
    size = fleet_size_of(entry)
    if size is FleetSize.FEW:
        return
    keep = frozenset(item.key for item in descriptions if size.creates(item.up_to))
    async_remove_entities(entry.runtime_data.coordinator.hass, entry, platform, keep)
