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
from homeassistant.const import Platform, UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.records import Strategy
from .engine.status import Status
from .entities.decision import decision_attributes, status_of
from .entities.fleet_size import FleetSize, fleet_size_of
from .entities.miner_sensors import MINER_SENSORS, MinerSensorDescription, unsigned_zero
from .entities.operator_sensors import OPERATOR_SENSORS, OperatorSensorDescription
from .entities.part_sensors import sensors_of_parts
from .entities.status_text import async_person, async_sentence, is_news, iso_time
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    OperatorEntity,
    async_add_found_entities,
    async_add_miner_entities,
    async_remove_uncreated,
)

PARALLEL_UPDATES = 0

MAX_GAP_INTERVALS: Final = 3
"""Over a longer time without a good poll nobody knows what energy was used."""


@dataclass(frozen=True, kw_only=True)
class EnergySensorDescription(MinerEntityDescription, SensorEntityDescription):
    """Describes a miner's energy meter."""


@dataclass(frozen=True, kw_only=True)
class DecisionSensorDescription(MinerEntityDescription, SensorEntityDescription):
    """Describes a miner's sentence."""


ENERGY: Final = EnergySensorDescription(
    key="energy",
    translation_key="energy",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    state_class=SensorStateClass.TOTAL_INCREASING,
    suggested_display_precision=2,
    exists_fn=lambda miner: miner.power_w is not None,
    up_to=FleetSize.THOUSANDS,
)

DECISION: Final = DecisionSensorDescription(
    key="decision",
    translation_key="decision",
    up_to=FleetSize.THOUSANDS,
    needs_reading=False,
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
    async_remove_uncreated(entry, Platform.SENSOR, (*MINER_SENSORS, DECISION, ENERGY))
    await async_add_miner_entities(entry, async_add_entities, MINER_SENSORS, MinerSensor)
    if fleet_size_of(entry) is FleetSize.FEW:
        await async_add_found_entities(entry, async_add_entities, sensors_of_parts, MinerSensor)
    await async_add_miner_entities(entry, async_add_entities, (DECISION,), DecisionSensor)
    await async_add_miner_entities(entry, async_add_entities, (ENERGY,), EnergySensor)


def _unit(
    description: MinerSensorDescription | OperatorSensorDescription, currency: str
) -> str | None:
    if description.currency_unit is not None:
        return description.currency_unit.format(currency)
    return description.native_unit_of_measurement


class OperatorSensor(OperatorEntity, SensorEntity):
    """A sensor of the operator's device."""

    _unrecorded_attributes = frozenset({"decisions", "sentence", "sources"})

    entity_description: OperatorSensorDescription

    def __init__(
        self, coordinator: AiepMinerCoordinator, description: OperatorSensorDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, description)
        self._attr_native_unit_of_measurement = _unit(description, coordinator.currency)
        if description.of_plan:
            is_planned = coordinator.controller.view.policy.strategy is Strategy.PLAN
            self._attr_entity_registry_enabled_default = is_planned

    @override
    def shown(self) -> tuple[Any, ...]:
        description, site = self.entity_description, self.coordinator
        value = description.value_fn(site)
        if isinstance(value, float):
            value = unsigned_zero(value, description.suggested_display_precision)
        self._attr_native_value = value
        attributes_fn = description.attributes_fn
        self._attr_extra_state_attributes = attributes_fn(site) if attributes_fn else {}
        return self._attr_native_value, self._attr_extra_state_attributes


class MinerSensor(MinerEntity, SensorEntity):
    """A sensor of a miner."""

    entity_description: MinerSensorDescription

    def __init__(
        self, coordinator: AiepMinerCoordinator, miner_id: str, description: MinerSensorDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, miner_id, description)
        self._attr_native_unit_of_measurement = _unit(description, coordinator.currency)

    @override
    def shown(self) -> tuple[Any, ...]:
        description, miner = self.entity_description, self.miner
        self._attr_native_value = description.value(miner)
        attributes_fn = description.attributes_fn
        self._attr_extra_state_attributes = attributes_fn(miner) if attributes_fn else {}
        return self._attr_native_value, self._attr_extra_state_attributes


class DecisionSensor(MinerEntity, SensorEntity):
    """Why a miner does what it does, since when and until when, in one sentence.

    The state follows the status in steps: numbers that merely tremble do not change it. The
    record that the attributes name is the one with which the state began.
    """

    entity_description: DecisionSensorDescription

    _status: Status | None = None

    @override
    def shown(self) -> tuple[Any, ...]:
        now = status_of(self.coordinator.data, self.miner)
        if now is None or is_news(self._status, now):
            self._status = now
        decision = self.miner.decision
        return self._status, decision_attributes(decision) if decision else None

    @property
    @override
    def native_value(self) -> str | None:
        """Return the sentence."""
        return async_sentence(self.hass, self._status) if self._status else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the status as data, and the decision that it rests on."""
        miner, status = self.miner, self._status
        held = miner.hold_until_ms is not None
        decision = miner.decision
        return {
            "status": status.key.value if status else None,
            "since": iso_time(status.since_ms if status else None),
            "until": iso_time(status.until_ms if status else None),
            "held_by": async_person(self.hass, miner.hold_user_id) if held else None,
            "held_until": iso_time(miner.hold_until_ms),
            **(decision_attributes(decision) if decision else {}),
            "record_seq": decision.seq if decision else None,
            "record_hash": decision.hash if decision else None,
        }


class EnergySensor(MinerEntity, RestoreSensor):
    """Counts the energy that a miner used between polls that both succeeded."""

    entity_description: EnergySensorDescription

    _energy_kwh = 0.0
    _last: tuple[int, float] | None = None
    """When (ms) the miner was last read, and its power in W then."""

    @override
    def shown(self) -> tuple[Any, ...]:
        return (self.native_value,)

    @property
    @override
    def native_value(self) -> float:
        """Return the kWh counted so far."""
        return round(self._energy_kwh, 6)

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from where it was before the restart."""
        restored = await self.async_get_last_sensor_data()
        if restored is not None and isinstance(restored.native_value, int | float):
            self._energy_kwh = float(restored.native_value)
        self._count()
        await super().async_added_to_hass()

    @callback
    @override
    def async_show(self) -> None:
        """Add what was used since the last poll."""
        self._count()
        super().async_show()

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
