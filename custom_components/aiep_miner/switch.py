"""Starts and stops miners."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.records import Action
from .entity import MinerEntity, MinerEntityDescription, async_add_miner_entities

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """Describes a miner's switch."""


MINING: Final = MinerSwitchDescription(
    key="mining",
    translation_key="mining",
    exists_fn=lambda miner: {Action.RUN, Action.STOP} <= miner.info.capabilities.actions,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch for each miner that can be started and stopped."""
    async_add_miner_entities(entry, async_add_entities, (MINING,), MiningSwitch)


class MiningSwitch(MinerEntity, SwitchEntity):
    """Commands a miner to mine or not; shows what it does, not what it was told."""

    entity_description: MinerSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the miner hashes."""
        return self.miner.reading.mining if self.miner.reading else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Start mining."""
        await self.async_command(Action.RUN)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop mining."""
        await self.async_command(Action.STOP)
