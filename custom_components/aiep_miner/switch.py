"""Starts and stops miners and their boards, and lights their lamps."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.command import Command
from .engine.miners.base import OFF, ON
from .engine.read_model import MinerReadModel as Miner
from .engine.records import Action
from .entities.fleet_size import FleetSize, fleet_size_of
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    async_add_found_entities,
    async_add_miner_entities,
    async_remove_uncreated,
)

# The engine queues commands itself; one that hangs must not hold back another miner's stop.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """Describes a miner's switch."""

    is_on_fn: Callable[[Miner], bool | None]
    turn_fn: Callable[[bool], Command]
    """The command that switches it on or off."""
    pending_fn: Callable[[Miner], bool | None] = lambda _: None
    """What the command asked for whose effect is not confirmed yet."""


def can_be_switched(miner: Miner) -> bool:
    """Return whether a miner can be started and stopped."""
    return {Action.RUN, Action.STOP} <= miner.info.capabilities.actions


def _pending(miner: Miner) -> bool | None:
    if miner.pending is None:
        return None
    return {Action.RUN: True, Action.STOP: False}.get(miner.pending)


MINER_SWITCHES: Final = (
    MinerSwitchDescription(
        key="mining",
        translation_key="mining",
        # Assist says "turn off <miner>": the main feature has the device's own name.
        name=None,
        up_to=FleetSize.THOUSANDS,
        exists_fn=can_be_switched,
        needs_record=False,
        is_on_fn=lambda miner: miner.is_mining,
        turn_fn=lambda on: Command(action=Action.RUN if on else Action.STOP),
        pending_fn=_pending,
    ),
    MinerSwitchDescription(
        key="fault_light",
        translation_key="fault_light",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        exists_fn=lambda miner: Action.FAULT_LIGHT in miner.info.capabilities.actions,
        is_on_fn=lambda miner: miner.reading.fault_light if miner.reading else None,
        turn_fn=lambda on: Command(action=Action.FAULT_LIGHT, option=ON if on else OFF),
    ),
    MinerSwitchDescription(
        key="scaling",
        translation_key="scaling",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        exists_fn=lambda miner: Action.SET_SCALING in miner.info.capabilities.actions,
        is_on_fn=lambda miner: miner.reading.scaling if miner.reading else None,
        turn_fn=lambda on: Command(action=Action.SET_SCALING, option=ON if on else OFF),
    ),
)


@cache
def board_switch(index: int) -> MinerSwitchDescription:
    """Describe the switch of one board, by its index from 0."""
    return MinerSwitchDescription(
        key=f"board_{index}",
        translation_key="board",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        part=index,
        present_fn=lambda miner: _is_enabled(miner, index) is not None,
        is_on_fn=lambda miner: _is_enabled(miner, index),
        turn_fn=lambda on: Command(
            action=Action.SET_BOARD, value=float(index), option=ON if on else OFF
        ),
    )


def _is_enabled(miner: Miner, index: int) -> bool | None:
    boards = miner.reading.boards if miner.reading else ()
    return next((board.enabled for board in boards if board.index == index), None)


def board_switches(miner: Miner) -> Iterator[MinerSwitchDescription]:
    """Describe a switch for each board that can be switched by itself."""
    if miner.reading is None or Action.SET_BOARD not in miner.info.capabilities.actions:
        return
    for board in miner.reading.boards:
        if board.enabled is not None:
            yield board_switch(board.index)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches that each miner has."""
    async_remove_uncreated(entry, Platform.SWITCH, MINER_SWITCHES)
    await async_add_miner_entities(entry, async_add_entities, MINER_SWITCHES, MinerSwitch)
    if fleet_size_of(entry) is FleetSize.FEW:
        await async_add_found_entities(entry, async_add_entities, board_switches, MinerSwitch)


class MinerSwitch(MinerEntity, SwitchEntity):
    """A switch of a miner; shows what the miner does, or is on its way to do."""

    entity_description: MinerSwitchDescription

    _asked: bool | None = None
    """What a command under way asks for, until the miner has answered."""

    @override
    def shown(self) -> tuple[Any, ...]:
        return self.is_on, self._pending

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what was commanded until telemetry confirms or refutes it, else what it does."""
        pending = self._pending
        return self.entity_description.is_on_fn(self.miner) if pending is None else pending

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return whether the state is still to be confirmed."""
        return {"pending": self._pending is not None}

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self._turn(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self._turn(False)

    @property
    def _pending(self) -> bool | None:
        if self._asked is not None:
            return self._asked
        return self.entity_description.pending_fn(self.miner)

    async def _turn(self, on: bool) -> None:
        self._asked = on
        self.async_show()
        try:
            await self.async_command(self.entity_description.turn_fn(on))
        finally:
            self._asked = None
            self.async_show()
