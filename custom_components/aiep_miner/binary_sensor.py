"""Shows whether the miners hash, and whether something is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.read_model import MinerReadModel as Miner
from .engine.read_model import ReadModel
from .engine.records import DivergenceRecord, Severity
from .entity import MinerEntity, MinerEntityDescription, OperatorEntity, async_add_miner_entities

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerBinarySensorDescription(MinerEntityDescription, BinarySensorEntityDescription):
    """Describes a miner's binary sensor."""

    is_on_fn: Callable[[Miner], bool | None]
    attributes_fn: Callable[[Miner], dict[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class OperatorBinarySensorDescription(BinarySensorEntityDescription):
    """Describes an operator's binary sensor."""

    is_on_fn: Callable[[ReadModel], bool]
    attributes_fn: Callable[[ReadModel], dict[str, Any]]


def _codes(divergences: tuple[DivergenceRecord, ...]) -> list[str]:
    return sorted(item.code.value for item in divergences if item.severity is not Severity.INFO)


def _messages(miner: Miner) -> list[str]:
    return list(miner.reading.messages) if miner.reading else []


def _problem(miner: Miner) -> bool:
    view = miner
    return bool(_codes(view.divergences) or view.not_confirmed or view.latched or _messages(miner))


def _problem_attributes(miner: Miner) -> dict[str, Any]:
    telemetry, not_confirmed = miner.telemetry, miner.not_confirmed
    return {
        "divergences": _codes(miner.divergences),
        "not_confirmed": not_confirmed.value if not_confirmed else None,
        "latched": miner.latched,
        "poll_error": telemetry.error.value if telemetry and telemetry.error else None,
        "messages": _messages(miner),
    }


MINER_BINARY_SENSORS: Final = (
    MinerBinarySensorDescription(
        key="mining",
        translation_key="mining",
        device_class=BinarySensorDeviceClass.RUNNING,
        is_on_fn=lambda miner: miner.reading.mining if miner.reading else None,
    ),
    MinerBinarySensorDescription(
        key="problem",
        translation_key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        needs_reading=False,
        is_on_fn=_problem,
        attributes_fn=_problem_attributes,
    ),
)

OPERATOR_BINARY_SENSORS: Final = (
    OperatorBinarySensorDescription(
        key="problem",
        translation_key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda view: bool(_codes(view.divergences) or view.ledger_error),
        attributes_fn=lambda view: {
            "divergences": _codes(view.divergences),
            "ledger_error": view.ledger_error,
        },
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
    async_add_miner_entities(entry, async_add_entities, MINER_BINARY_SENSORS, MinerBinarySensor)


class OperatorBinarySensor(OperatorEntity, BinarySensorEntity):
    """A binary sensor of the operator's device."""

    entity_description: OperatorBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool:
        """Return the state."""
        return self.entity_description.is_on_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what is wrong."""
        return self.entity_description.attributes_fn(self.coordinator.data)


class MinerBinarySensor(MinerEntity, BinarySensorEntity):
    """A binary sensor of a miner."""

    entity_description: MinerBinarySensorDescription

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
