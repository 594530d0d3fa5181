"""Buttons that restart a miner, hand it back, run a cycle and verify the ledger."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.command import Command
from .engine.records import Action
from .entity import MinerEntity, MinerEntityDescription, OperatorEntity, async_add_miner_entities
from .errors import require_person

# The engine queues commands itself; one that hangs must not hold back another miner's stop.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerButtonDescription(MinerEntityDescription, ButtonEntityDescription):
    """Describes a miner's button."""

    press_fn: Callable[[MinerButton], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class OperatorButtonDescription(ButtonEntityDescription):
    """Describes an operator's button."""

    press_fn: Callable[[AiepMinerCoordinator], Awaitable[object]]


MINER_BUTTONS: Final = (
    MinerButtonDescription(
        key="restart",
        device_class=ButtonDeviceClass.RESTART,
        exists_fn=lambda miner: Action.RESTART in miner.info.capabilities.actions,
        press_fn=lambda button: button.async_command(Command(action=Action.RESTART)),
    ),
    MinerButtonDescription(
        key="resume_automation",
        translation_key="resume_automation",
        needs_reading=False,
        press_fn=lambda button: button.async_hand_back(),
    ),
)

OPERATOR_BUTTONS: Final = (
    OperatorButtonDescription(
        key="run_cycle",
        translation_key="run_cycle",
        press_fn=lambda coordinator: coordinator.async_run_cycle(),
    ),
    OperatorButtonDescription(
        key="verify_ledger",
        translation_key="verify_ledger",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda coordinator: coordinator.async_verify_ledger(),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's and the miners' buttons."""
    async_add_entities(
        OperatorButton(entry.runtime_data.coordinator, description)
        for description in OPERATOR_BUTTONS
    )
    async_add_miner_entities(entry, async_add_entities, MINER_BUTTONS, MinerButton)


class OperatorButton(OperatorEntity, ButtonEntity):
    """A button of the operator's device."""

    entity_description: OperatorButtonDescription

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self.entity_description.press_fn(self.coordinator)


class MinerButton(MinerEntity, ButtonEntity):
    """A button of a miner."""

    entity_description: MinerButtonDescription

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self.entity_description.press_fn(self)

    async def async_hand_back(self) -> None:
        """Give the miner back to the automation, if a person asks for it."""
        context = self._context or Context()
        require_person(context)
        await self.coordinator.async_hand_back(self._miner_id, context)
