"""Which sensors a miner has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

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
from ..engine.records import Action, Outcome, Reading
from ..engine.records.reasons import Reason
from ..entity import MinerEntityDescription

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
    """The unit, with a place for the operator's currency."""


def _efficiency(miner: Miner) -> float | None:
    """Return J/TH; none while nothing is hashed."""
    if not miner.hashrate_ths or miner.power_w is None:
        return None
    return miner.power_w / miner.hashrate_ths


def _started(miner: Miner) -> datetime | None:
    """Return when it started; None for an uptime that reaches back beyond the calendar."""
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


def _decision_attributes(miner: Miner) -> dict[str, Any]:
    filed = miner.decision
    if filed is None:
        return {}
    record = filed.record
    return {
        "reason": record.reasons[0].value if record.reasons else None,
        "reasons": [reason.value for reason in record.reasons],
        "origin": record.origin.value,
        "value": record.value,
        "authorised": record.authorised,
        "suppressed_by": record.suppressed_by.value if record.suppressed_by else None,
        "record_seq": filed.seq,
        "record_hash": filed.hash,
    }


def _receipt_attributes(miner: Miner) -> dict[str, Any]:
    filed = miner.last_receipt
    if filed is None:
        return {}
    return {
        "action": filed.record.action.value,
        "reason": filed.record.reason.value,
        "record_seq": filed.seq,
        "record_hash": filed.hash,
    }


def _trust_level(miner: Miner) -> str | None:
    evaluation = miner.decision.record.evaluation if miner.decision else None
    return TRUST_LEVELS[evaluation.trust_level] if evaluation else None


def _confidence(miner: Miner) -> float | None:
    evaluation = miner.decision.record.evaluation if miner.decision else None
    return evaluation.score * 100 if evaluation and evaluation.score is not None else None


def _of_reading(value_fn: Callable[[Reading], Value]) -> Callable[[Miner], Value]:
    """Return a function for a value that the miner itself says."""
    return lambda miner: value_fn(miner.reading) if miner.reading else None


def _telemetry(
    key: str, value_fn: Callable[[Miner], Value], **kwargs: Any
) -> MinerSensorDescription:
    """Describe a sensor that exists once the miner has said its value for the first time."""
    return MinerSensorDescription(
        key=key,
        translation_key=key,
        value_fn=value_fn,
        exists_fn=lambda miner: value_fn(miner) is not None,
        **kwargs,
    )


MINER_SENSORS: Final[tuple[MinerSensorDescription, ...]] = (
    MinerSensorDescription(
        key="hashrate",
        translation_key="hashrate",
        native_unit_of_measurement=UNIT_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda miner: miner.hashrate_ths,
    ),
    _telemetry(
        "power",
        _of_reading(lambda reading: reading.power_w),
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    _telemetry(
        "estimated_power",
        lambda miner: miner.estimated_power_w,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    _telemetry(
        "efficiency",
        _efficiency,
        native_unit_of_measurement=UNIT_EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    _telemetry(
        "temperature",
        _of_reading(lambda reading: reading.hottest_c),
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        attributes_fn=lambda miner: {
            item.sensor: item.temperature_c
            for item in (miner.reading.temperatures if miner.reading else ())
        },
    ),
    _telemetry(
        "fan",
        _of_reading(lambda reading: min(reading.fans_rpm, default=None)),
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        attributes_fn=lambda miner: {
            f"fan_{index}": rpm
            for index, rpm in enumerate(miner.reading.fans_rpm if miner.reading else ())
        },
    ),
    _telemetry(
        "uptime",
        _started,
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "shares_accepted",
        _of_reading(lambda reading: reading.shares_accepted),
        state_class=SensorStateClass.TOTAL_INCREASING,
    ),
    _telemetry(
        "shares_rejected",
        _of_reading(lambda reading: reading.shares_rejected),
        state_class=SensorStateClass.TOTAL_INCREASING,
    ),
    _telemetry(
        "shares_stale",
        _of_reading(lambda reading: reading.shares_stale),
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    _telemetry(
        "reject_rate",
        _of_reading(reject_rate),
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "active_pool",
        lambda miner: pool.url if (pool := miner.active_pool) else None,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "best_share",
        _of_reading(lambda reading: reading.best_share),
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "expected_hashrate",
        _of_reading(lambda reading: reading.expected_hashrate_ths),
        native_unit_of_measurement=UNIT_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "ambient_temperature",
        _of_reading(lambda reading: reading.ambient_c),
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "firmware",
        lambda miner: miner.info.identity.firmware,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _telemetry(
        "hardware_errors",
        _of_reading(lambda reading: reading.hardware_errors),
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    MinerSensorDescription(
        key="revenue",
        translation_key="revenue",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda miner: miner.earnings.revenue_per_day,
    ),
    MinerSensorDescription(
        key="cost",
        translation_key="cost",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda miner: miner.earnings.cost_per_day,
    ),
    MinerSensorDescription(
        key="profit",
        translation_key="profit",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda miner: miner.earnings.profit_per_day,
    ),
    MinerSensorDescription(
        key="break_even",
        translation_key="break_even",
        currency_unit=PER_KWH,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        value_fn=_break_even,
        attributes_fn=lambda miner: {"basis": miner.profit.basis.value} if miner.profit else {},
    ),
    MinerSensorDescription(
        key="decision",
        translation_key="decision",
        device_class=SensorDeviceClass.ENUM,
        options=[action.value for action in Action],
        needs_reading=False,
        value_fn=lambda miner: miner.decision.record.action.value if miner.decision else None,
        attributes_fn=_decision_attributes,
    ),
    MinerSensorDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=[reason.value for reason in Reason],
        needs_reading=False,
        value_fn=lambda miner: (
            miner.decision.record.reasons[0].value
            if miner.decision and miner.decision.record.reasons
            else None
        ),
    ),
    MinerSensorDescription(
        key="trust_level",
        translation_key="trust_level",
        device_class=SensorDeviceClass.ENUM,
        options=list(TRUST_LEVELS),
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
        needs_reading=False,
        value_fn=_confidence,
    ),
    MinerSensorDescription(
        key="last_command",
        translation_key="last_command",
        device_class=SensorDeviceClass.ENUM,
        options=list(OUTCOMES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        needs_reading=False,
        value_fn=lambda miner: (
            OUTCOMES[miner.last_receipt.record.outcome] if miner.last_receipt else None
        ),
        attributes_fn=_receipt_attributes,
    ),
)
