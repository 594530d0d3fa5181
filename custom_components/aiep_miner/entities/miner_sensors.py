"""Descriptions of the sensors of a miner."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from ..const import PER_DAY, UNIT_HASHRATE
from ..engine.read_model import MinerReadModel as Miner
from ..engine.read_model import reject_rate
from ..engine.records import Outcome, Reading
from ..engine.records.reasons import Reason
from ..entity import MinerEntityDescription
from .fleet_size import FleetSize

UNIT_EFFICIENCY: Final = "J/TH"
PER_KWH: Final = "{}/kWh"
TRUST_LEVELS: Final = ("no_action", "advisory", "supervised", "autonomous")
OUTCOMES: Final = {
    outcome: "uncertain" if outcome is Outcome.UNKNOWN else outcome.value for outcome in Outcome
}
"""In Home Assistant "unknown" means that there is no state."""

type Value = StateType | datetime


@dataclass(frozen=True, kw_only=True)
class MinerSensorDescription(MinerEntityDescription, SensorEntityDescription):
    """Describes a miner's sensor."""

    value_fn: Callable[[Miner], Value]
    attributes_fn: Callable[[Miner], dict[str, Any]] | None = None
    currency_unit: str | None = None
    """The unit, with a placeholder for the operator's currency."""
    once_known: bool = False
    """Whether the entity exists only once it has had a value."""
    significant_digits: int | None = None
    """The digits that a value is rounded to, so that noise does not change the state."""

    step: float | None = None
    """The step that a value is rounded to instead."""

    @override
    def exists(self, miner: Miner) -> bool:
        known = not self.once_known or self.value_fn(miner) is not None
        return known and self.exists_fn(miner)

    def value(self, miner: Miner) -> Value:
        """Return the value that is shown."""
        value = self.value_fn(miner)
        if not isinstance(value, float):
            return value
        if self.step is not None:
            value = round(value / self.step) * self.step
        elif self.significant_digits is not None:
            value = float(f"{value:.{self.significant_digits}g}")
        return unsigned_zero(value, self.suggested_display_precision)


def unsigned_zero(value: float, digits: int | None) -> float:
    """Return 0 for what would be shown as -0.00, and anything else as it is."""
    is_zero = digits is not None and round(value, digits) == 0
    return 0.0 if value <= 0 and is_zero else value


def _efficiency(miner: Miner) -> float | None:
    """Return J/TH; none while nothing is hashed."""
    if not miner.hashrate_ths or miner.power_w is None:
        return None
    return miner.power_w / miner.hashrate_ths


def _started(miner: Miner) -> datetime | None:
    """Return when it started; None for an uptime longer than the calendar."""
    reading, telemetry = miner.reading, miner.telemetry
    if reading is None or telemetry is None or reading.uptime_s is None:
        return None
    seen = datetime.fromtimestamp(telemetry.ts_ms / 1000, UTC)
    try:
        return seen - timedelta(seconds=reading.uptime_s)
    except OverflowError:
        return None


def _break_even(miner: Miner) -> float | None:
    profit = miner.profit
    return profit.break_even_energy_price_per_kwh if profit else None


def _reason(miner: Miner) -> str | None:
    """Return the first reason of the last decision; of a refused one, the rule."""
    decision = miner.decision.record if miner.decision else None
    if decision is None or not decision.reasons:
        return None
    return (decision.suppressed_by or decision.reasons[0]).value


def _receipt_attributes(miner: Miner) -> dict[str, Any]:
    entry = miner.last_receipt
    if entry is None:
        return {}
    return {"action": entry.record.action.value, "reason": entry.record.reason.value}


def _trust_level(miner: Miner) -> str | None:
    evaluation = miner.decision.record.evaluation if miner.decision else None
    return TRUST_LEVELS[evaluation.trust_level] if evaluation else None


def _confidence(miner: Miner) -> float | None:
    evaluation = miner.decision.record.evaluation if miner.decision else None
    return evaluation.score * 100 if evaluation and evaluation.score is not None else None


def _of_reading(value_fn: Callable[[Reading], Value]) -> Callable[[Miner], Value]:
    """Return a function that returns a field of the miner's reading."""
    return lambda miner: value_fn(miner.reading) if miner.reading else None


MINER_SENSORS: Final[tuple[MinerSensorDescription, ...]] = (
    MinerSensorDescription(
        key="hashrate",
        translation_key="hashrate",
        native_unit_of_measurement=UNIT_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        up_to=FleetSize.THOUSANDS,
        significant_digits=4,
        value_fn=lambda miner: miner.hashrate_ths,
    ),
    MinerSensorDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        up_to=FleetSize.THOUSANDS,
        once_known=True,
        significant_digits=4,
        value_fn=_of_reading(lambda reading: reading.power_w),
    ),
    MinerSensorDescription(
        key="estimated_power",
        translation_key="estimated_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        up_to=FleetSize.THOUSANDS,
        once_known=True,
        value_fn=lambda miner: miner.estimated_power_w,
    ),
    MinerSensorDescription(
        key="efficiency",
        translation_key="efficiency",
        native_unit_of_measurement=UNIT_EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        up_to=FleetSize.MANY,
        once_known=True,
        significant_digits=3,
        value_fn=_efficiency,
    ),
    MinerSensorDescription(
        key="temperature",
        translation_key="temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        up_to=FleetSize.THOUSANDS,
        once_known=True,
        step=0.5,
        value_fn=_of_reading(lambda reading: reading.hottest_c),
    ),
    MinerSensorDescription(
        key="fan",
        translation_key="fan",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: min(reading.fans_rpm, default=None)),
    ),
    MinerSensorDescription(
        key="uptime",
        translation_key="uptime",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_started,
    ),
    MinerSensorDescription(
        key="shares_accepted",
        translation_key="shares_accepted",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.shares_accepted),
    ),
    MinerSensorDescription(
        key="shares_rejected",
        translation_key="shares_rejected",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.shares_rejected),
    ),
    MinerSensorDescription(
        key="shares_stale",
        translation_key="shares_stale",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.shares_stale),
    ),
    MinerSensorDescription(
        key="reject_rate",
        translation_key="reject_rate",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        significant_digits=3,
        value_fn=_of_reading(reject_rate),
    ),
    MinerSensorDescription(
        key="active_pool",
        translation_key="active_pool",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=lambda miner: pool.url if (pool := miner.active_pool) else None,
    ),
    MinerSensorDescription(
        key="best_share",
        translation_key="best_share",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.best_share),
    ),
    MinerSensorDescription(
        key="blocks_found",
        translation_key="blocks_found",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.blocks_found),
    ),
    MinerSensorDescription(
        key="expected_hashrate",
        translation_key="expected_hashrate",
        native_unit_of_measurement=UNIT_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        significant_digits=4,
        value_fn=_of_reading(lambda reading: reading.expected_hashrate_ths),
    ),
    MinerSensorDescription(
        key="ambient_temperature",
        translation_key="ambient_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        significant_digits=3,
        value_fn=_of_reading(lambda reading: reading.ambient_c),
    ),
    MinerSensorDescription(
        key="firmware",
        translation_key="firmware",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=lambda miner: miner.info.identity.firmware,
    ),
    MinerSensorDescription(
        key="hardware_errors",
        translation_key="hardware_errors",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        once_known=True,
        value_fn=_of_reading(lambda reading: reading.hardware_errors),
    ),
    MinerSensorDescription(
        key="revenue",
        translation_key="revenue",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        significant_digits=3,
        value_fn=lambda miner: miner.earnings.revenue_per_day,
    ),
    MinerSensorDescription(
        key="cost",
        translation_key="cost",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        significant_digits=3,
        value_fn=lambda miner: miner.earnings.cost_per_day,
    ),
    MinerSensorDescription(
        key="profit",
        translation_key="profit",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        up_to=FleetSize.MANY,
        significant_digits=3,
        value_fn=lambda miner: miner.earnings.profit_per_day,
    ),
    MinerSensorDescription(
        key="break_even",
        translation_key="break_even",
        currency_unit=PER_KWH,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        entity_registry_enabled_default=False,
        significant_digits=3,
        value_fn=_break_even,
        attributes_fn=lambda miner: {"basis": miner.profit.basis.value} if miner.profit else {},
    ),
    MinerSensorDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=[reason.value for reason in Reason],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        needs_reading=False,
        value_fn=_reason,
    ),
    MinerSensorDescription(
        key="trust_level",
        translation_key="trust_level",
        device_class=SensorDeviceClass.ENUM,
        options=list(TRUST_LEVELS),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        needs_reading=False,
        value_fn=_trust_level,
    ),
    MinerSensorDescription(
        key="confidence",
        translation_key="confidence",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        needs_reading=False,
        significant_digits=2,
        value_fn=_confidence,
    ),
    MinerSensorDescription(
        key="last_command",
        translation_key="last_command",
        device_class=SensorDeviceClass.ENUM,
        options=list(OUTCOMES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        up_to=FleetSize.MANY,
        needs_reading=False,
        value_fn=lambda miner: (
            OUTCOMES[miner.last_receipt.record.outcome] if miner.last_receipt else None
        ),
        attributes_fn=_receipt_attributes,
    ),
)
