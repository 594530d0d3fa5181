"""Which sensors the parts of a miner have: its boards, fans and pools, as many as there are."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricPotential,
    UnitOfFrequency,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from ..const import UNIT_HASHRATE
from ..engine.read_model import MinerReadModel as Miner
from ..engine.read_model import reject_rate
from ..engine.records import Board, Pool, Reading
from .miner_sensors import MinerSensorDescription


@dataclass(frozen=True, eq=False, kw_only=True)
class PartSensors[T]:
    """One sensor for each part of a kind."""

    key: str
    parts_fn: Callable[[Reading], Iterable[tuple[int, T]]]
    """The parts with their indexes, from 0."""
    value_fn: Callable[[T], StateType]
    details: dict[str, Any] = field(default_factory=dict)
    """What else the descriptions say."""

    def value(self, miner: Miner, index: int) -> StateType:
        """Return a part's value; None when it is unknown or the part is not there."""
        parts = self.parts_fn(miner.reading) if miner.reading else ()
        return next((self.value_fn(part) for place, part in parts if place == index), None)


@cache
def of_part[T](sensors: PartSensors[T], index: int) -> MinerSensorDescription:
    """Describe the sensor of one part; it is unavailable while the part says nothing."""
    return MinerSensorDescription(
        key=f"{sensors.key}_{index}",
        translation_key=sensors.key,
        part=index,
        value_fn=lambda miner: sensors.value(miner, index),
        present_fn=lambda miner: sensors.value(miner, index) is not None,
        entity_category=EntityCategory.DIAGNOSTIC,
        **sensors.details,
    )


def sensors_of_parts(miner: Miner) -> Iterator[MinerSensorDescription]:
    """Describe the sensors of the parts that a miner has now."""
    if miner.reading is None:
        return
    for sensors in PART_SENSORS:
        for index, part in sensors.parts_fn(miner.reading):
            if sensors.value_fn(part) is not None:
                yield of_part(sensors, index)


def _boards(reading: Reading) -> Iterator[tuple[int, Board]]:
    return ((board.index, board) for board in reading.boards)


def _pools(reading: Reading) -> Iterator[tuple[int, Pool]]:
    return ((pool.index, pool) for pool in reading.pools)


_MEASURED: Final = {"state_class": SensorStateClass.MEASUREMENT}
_COUNTED: Final = {"state_class": SensorStateClass.TOTAL_INCREASING}
_DISABLED: Final = {"entity_registry_enabled_default": False}
_CELSIUS: Final = {
    **_MEASURED,
    "device_class": SensorDeviceClass.TEMPERATURE,
    "native_unit_of_measurement": UnitOfTemperature.CELSIUS,
    "suggested_display_precision": 1,
}
_RPM: Final = {**_MEASURED, "native_unit_of_measurement": REVOLUTIONS_PER_MINUTE}

PART_SENSORS: Final[tuple[PartSensors[Any], ...]] = (
    PartSensors(
        key="board_hashrate",
        parts_fn=_boards,
        value_fn=lambda board: board.hashrate_ths,
        details={
            **_MEASURED,
            "native_unit_of_measurement": UNIT_HASHRATE,
            "suggested_display_precision": 2,
        },
    ),
    PartSensors(
        key="board_temperature",
        parts_fn=_boards,
        value_fn=lambda board: board.temperature_c,
        details=_CELSIUS,
    ),
    PartSensors(
        key="chip_temperature",
        parts_fn=_boards,
        value_fn=lambda board: board.chip_temperature_c,
        details=_CELSIUS,
    ),
    PartSensors(
        key="chips_working",
        parts_fn=_boards,
        value_fn=lambda board: board.chips_working,
        details=_MEASURED,
    ),
    PartSensors(
        key="chips_expected",
        parts_fn=_boards,
        value_fn=lambda board: board.chips_expected,
        details=_DISABLED,
    ),
    PartSensors(
        key="board_voltage",
        parts_fn=_boards,
        value_fn=lambda board: board.voltage_v,
        details={
            **_MEASURED,
            **_DISABLED,
            "device_class": SensorDeviceClass.VOLTAGE,
            "native_unit_of_measurement": UnitOfElectricPotential.VOLT,
            "suggested_display_precision": 2,
        },
    ),
    PartSensors(
        key="board_frequency",
        parts_fn=_boards,
        value_fn=lambda board: board.frequency_mhz,
        details={
            **_MEASURED,
            **_DISABLED,
            "device_class": SensorDeviceClass.FREQUENCY,
            "native_unit_of_measurement": UnitOfFrequency.MEGAHERTZ,
            "suggested_display_precision": 0,
        },
    ),
    PartSensors(
        key="fan_speed",
        parts_fn=lambda reading: enumerate(reading.fans_rpm),
        value_fn=lambda rpm: rpm,
        details=_RPM,
    ),
    PartSensors(
        key="psu_fan_speed",
        parts_fn=lambda reading: enumerate(reading.psu_fans_rpm),
        value_fn=lambda rpm: rpm,
        details=_RPM,
    ),
    PartSensors(
        key="pool_shares_accepted",
        parts_fn=_pools,
        value_fn=lambda pool: pool.shares_accepted,
        details={**_COUNTED, **_DISABLED},
    ),
    PartSensors(
        key="pool_shares_rejected",
        parts_fn=_pools,
        value_fn=lambda pool: pool.shares_rejected,
        details={**_COUNTED, **_DISABLED},
    ),
    PartSensors(
        key="pool_shares_stale",
        parts_fn=_pools,
        value_fn=lambda pool: pool.shares_stale,
        details={**_COUNTED, **_DISABLED},
    ),
    PartSensors(
        key="pool_reject_rate",
        parts_fn=_pools,
        value_fn=reject_rate,
        details={
            **_MEASURED,
            **_DISABLED,
            "native_unit_of_measurement": PERCENTAGE,
            "suggested_display_precision": 2,
        },
    ),
)
