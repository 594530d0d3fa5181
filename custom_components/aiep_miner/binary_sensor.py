"""Shows whether the miners hash, and whether something is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.read_model import MinerReadModel as Miner
from .entities.fleet_size import FleetSize
from .entities.problems import (
    miner_problem_attributes,
    miner_problems,
    operator_problem_attributes,
)
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    OperatorEntity,
    async_add_miner_entities,
    async_remove_uncreated,
)
from .switch import can_be_switched

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerBinarySensorDescription(MinerEntityDescription, BinarySensorEntityDescription):
    """Describes a miner's binary sensor."""

    is_on_fn: Callable[[Miner], bool | None]
    attributes_fn: Callable[[Miner], dict[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class OperatorBinarySensorDescription(BinarySensorEntityDescription):
    """Describes an operator's binary sensor."""

    attributes_fn: Callable[[AiepMinerCoordinator], dict[str, Any]]
    """What is wrong; on while there are ``reasons``."""


MINER_BINARY_SENSORS: Final = (
    MinerBinarySensorDescription(
        key="mining",
        translation_key="mining",
        device_class=BinarySensorDeviceClass.RUNNING,
        up_to=FleetSize.THOUSANDS,
        # Where there is a switch it shows the same.
        exists_fn=lambda miner: miner.reached and not can_be_switched(miner),
        is_on_fn=lambda miner: miner.reading.mining if miner.reading else None,
    ),
    MinerBinarySensorDescription(
        key="problem",
        translation_key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        up_to=FleetSize.THOUSANDS,
        needs_reading=False,
        is_on_fn=lambda miner: bool(miner_problems(miner)),
        attributes_fn=miner_problem_attributes,
    ),
)

OPERATOR_BINARY_SENSORS: Final = (
    OperatorBinarySensorDescription(
        key="problem",
        translation_key="operator_problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        attributes_fn=operator_problem_attributes,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's and the miners' binary sensors."""
    async_add_entities(
        OperatorBinarySensor(entry.runtime_data.coordinator, description)
        for description in OPERATOR_BINARY_SENSORS
    )
    async_remove_uncreated(entry, Platform.BINARY_SENSOR, MINER_BINARY_SENSORS)
    await async_add_miner_entities(
        entry, async_add_entities, MINER_BINARY_SENSORS, MinerBinarySensor
    )


class OperatorBinarySensor(OperatorEntity, BinarySensorEntity):
    """A binary sensor of the operator's device."""

    entity_description: OperatorBinarySensorDescription

    @override
    def shown(self) -> tuple[Any, ...]:
        return (self.extra_state_attributes,)

    @property
    @override
    def is_on(self) -> bool:
        """Return the state."""
        return bool(self.extra_state_attributes["reasons"])

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what is wrong."""
        return self.entity_description.attributes_fn(self.coordinator)


class MinerBinarySensor(MinerEntity, BinarySensorEntity):
    """A binary sensor of a miner."""

    entity_description: MinerBinarySensorDescription

    @override
    def shown(self) -> tuple[Any, ...]:
        return self.is_on, self.extra_state_attributes

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state."""
        return self.entity_description.is_on_fn(self.miner)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what there is to say beside the state."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.miner) if attributes_fn else None
