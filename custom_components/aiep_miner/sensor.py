"""Shows what the miners do, earn and cost, and what was decided for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .entities.miner_sensors import MINER_SENSORS, MinerSensorDescription, Value
from .entities.operator_sensors import OPERATOR_SENSORS, OperatorSensorDescription
from .entities.part_sensors import sensors_of_parts
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    OperatorEntity,
    async_add_found_entities,
    async_add_miner_entities,
)

PARALLEL_UPDATES = 0

MAX_GAP_INTERVALS: Final = 3
"""Over a longer time without a good poll nobody knows what energy was used."""


@dataclass(frozen=True, kw_only=True)
class EnergySensorDescription(MinerEntityDescription, SensorEntityDescription):
    """Describes a miner's energy meter."""


ENERGY: Final = EnergySensorDescription(
    key="energy",
    translation_key="energy",
    exists_fn=lambda miner: miner.power_w is not None,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's sensors, and each miner's as far as it has them."""
    async_add_entities(
        OperatorSensor(entry.runtime_data.coordinator, description)
        for description in OPERATOR_SENSORS
    )
    async_add_miner_entities(entry, async_add_entities, MINER_SENSORS, MinerSensor)
    async_add_found_entities(entry, async_add_entities, sensors_of_parts, MinerSensor)
    async_add_miner_entities(entry, async_add_entities, (ENERGY,), EnergySensor)


def _unit(
    description: MinerSensorDescription | OperatorSensorDescription, currency: str
) -> str | None:
    if description.currency_unit is not None:
        return description.currency_unit.format(currency)
    return description.native_unit_of_measurement


class OperatorSensor(OperatorEntity, SensorEntity):
    """A sensor of the operator's device."""

    _unrecorded_attributes = frozenset({"decisions"})

    entity_description: OperatorSensorDescription

    def __init__(
        self, coordinator: AiepMinerCoordinator, description: OperatorSensorDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, description)
        self._attr_native_unit_of_measurement = _unit(description, coordinator.currency)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the state."""
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what there is to say beside the state."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.coordinator) if attributes_fn else None


class MinerSensor(MinerEntity, SensorEntity):
    """A sensor of a miner."""

    entity_description: MinerSensorDescription

    # They change with each cycle; which record it was can be found in the ledger.
    _unrecorded_attributes = frozenset({"record_seq", "record_hash"})

    def __init__(
        self, coordinator: AiepMinerCoordinator, miner_id: str, description: MinerSensorDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, miner_id, description)
        self._attr_native_unit_of_measurement = _unit(description, coordinator.currency)

    @property
    @override
    def native_value(self) -> Value:
        """Return the state."""
        return self.entity_description.value_fn(self.miner)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what there is to say beside the state."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.miner) if attributes_fn else None


class EnergySensor(MinerEntity, RestoreSensor):
    """Counts the energy that a miner used between polls that both succeeded."""

    entity_description: EnergySensorDescription

    _attr_device_class = SensorDeviceClass.ENERGY
    _attr_native_unit_of_measurement = UnitOfEnergy.KILO_WATT_HOUR
    _attr_state_class = SensorStateClass.TOTAL_INCREASING
    _attr_suggested_display_precision = 2

    _energy_kwh = 0.0
    _last: tuple[int, float] | None = None
    """When (ms) the miner was last read, and its power in W then."""

    @property
    @override
    def native_value(self) -> float:
        """Return the kWh counted so far."""
        return round(self._energy_kwh, 6)

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from where it was before the restart."""
        await super().async_added_to_hass()
        restored = await self.async_get_last_sensor_data()
        if restored is not None and isinstance(restored.native_value, int | float):
            self._energy_kwh = float(restored.native_value)
        self._count()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Add what was used since the last poll."""
        self._count()
        super()._handle_coordinator_update()

    def _count(self) -> None:
        miner = self.miner
        power_w, telemetry = miner.power_w, miner.telemetry
        if power_w is None or telemetry is None:
            return
        if self._last is not None:
            elapsed_ms = telemetry.ts_ms - self._last[0]
            longest_ms = MAX_GAP_INTERVALS * self.coordinator.data.policy.interval_s * 1000
            if 0 < elapsed_ms <= longest_ms:
                mean_w = (self._last[1] + power_w) / 2
                self._energy_kwh += max(mean_w, 0.0) * elapsed_ms / 3_600_000_000
        self._last = (telemetry.ts_ms, power_w)
