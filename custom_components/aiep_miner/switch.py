"""Starts and stops miners and their boards, and lights their lamps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.command import Command
from .engine.miners.base import OFF, ON
from .engine.read_model import MinerReadModel as Miner
from .engine.records import Action
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    async_add_found_entities,
    async_add_miner_entities,
)

# The engine queues commands itself; one that hangs must not hold back another miner's stop.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """Describes a miner's switch."""

    is_on_fn: Callable[[Miner], bool | None]
    turn_fn: Callable[[bool], Command]
    """The command that switches it on or off."""


MINER_SWITCHES: Final = (
    MinerSwitchDescription(
        key="mining",
        translation_key="mining",
        exists_fn=lambda miner: {Action.RUN, Action.STOP} <= miner.info.capabilities.actions,
        needs_record=False,
        is_on_fn=lambda miner: miner.is_mining,
        turn_fn=lambda on: Command(action=Action.RUN if on else Action.STOP),
    ),
    MinerSwitchDescription(
        key="fault_light",
        translation_key="fault_light",
        entity_category=EntityCategory.CONFIG,
        exists_fn=lambda miner: Action.FAULT_LIGHT in miner.info.capabilities.actions,
        is_on_fn=lambda miner: miner.reading.fault_light if miner.reading else None,
        turn_fn=lambda on: Command(action=Action.FAULT_LIGHT, option=ON if on else OFF),
    ),
)


@cache
def board_switch(index: int) -> MinerSwitchDescription:
    """Describe the switch of one board, by its index from 0."""
    return MinerSwitchDescription(
        key=f"board_{index}",
        translation_key="board",
        entity_category=EntityCategory.CONFIG,
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
    async_add_miner_entities(entry, async_add_entities, MINER_SWITCHES, MinerSwitch)
    async_add_found_entities(entry, async_add_entities, board_switches, MinerSwitch)


class MinerSwitch(MinerEntity, SwitchEntity):
    """A switch of a miner; shows what the miner does, not what it was told."""

    entity_description: MinerSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the miner says."""
        return self.entity_description.is_on_fn(self.miner)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self.async_command(self.entity_description.turn_fn(True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self.async_command(self.entity_description.turn_fn(False))
