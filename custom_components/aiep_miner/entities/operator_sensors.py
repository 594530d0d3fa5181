"""Descriptions of the sensors of an operator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfPower
from homeassistant.helpers.typing import StateType

from ..const import PER_DAY, UNIT_HASHRATE
from ..coordinator import AiepMinerCoordinator
from ..engine.governor import MiningDomain
from .curtailment import curtailment_details, ordered_w
from .house import house_details, surplus_w
from .plan import (
    next_change_at,
    next_change_details,
    plan_details,
    plan_profit,
    planned_power_w,
)

HEALTH: Final = ("healthy", "warning", "degraded", "critical")
MAX_REVIEWS_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class OperatorSensorDescription(SensorEntityDescription):
    """Describes an operator's sensor."""

    value_fn: Callable[[AiepMinerCoordinator], StateType | datetime]
    attributes_fn: Callable[[AiepMinerCoordinator], dict[str, Any]] | None = None
    currency_unit: str | None = None
    of_plan: bool = False
    """Shown by default only where the operator goes by a plan …"""
    of_house: bool = False
    """… or where the power at the grid is measured."""


def _verification(site: AiepMinerCoordinator) -> str | None:
    """Return the result of the last verification; None before the first since the start."""
    if site.ledger_service.broken is not None:
        return "broken"
    return None if site.ledger_service.verification is None else "intact"


def _verification_details(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the findings of the last verification, and the progress of one under way."""
    found, progress = site.ledger_service.verification, site.ledger_service.progress
    details = found.as_dict() if found else {}
    return details if progress is None else details | {"progress_pct": round(progress * 100, 1)}


def _witnesses(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return how each witness is."""
    return {"witnesses": site.ledger_service.witnesses.standings()}


def _health(status: str) -> str | None:
    return status if status in HEALTH else None


def _domain_health(domain: str) -> OperatorSensorDescription:
    """Describe the governor's health in one domain."""

    def status(site: AiepMinerCoordinator) -> str | None:
        health = site.data.governor.domains.get(domain)
        return _health(health.status) if health else None

    return OperatorSensorDescription(
        key=f"governor_health_{domain}",
        translation_key=f"governor_health_{domain}",
        device_class=SensorDeviceClass.ENUM,
        options=list(HEALTH),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=status,
    )


def _reviews(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the newest decisions that wait for a review."""
    return {
        "decisions": [
            {
                "miner_id": filed.record.subject,
                "action": filed.record.action.value,
                "value": filed.record.value,
                "record_seq": filed.seq,
                "record_hash": filed.hash,
            }
            for filed in site.data.reviews[-MAX_REVIEWS_SHOWN:]
        ]
    }


def _sources(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the track record of each source of proposals, where there is one."""
    shown = {name: item.as_dict() for name, item in site.data.governor.sources.items()}
    return {"sources": shown} if shown else {}


PLAN_SENSORS: Final = (
    OperatorSensorDescription(
        key="next_change",
        translation_key="next_change",
        device_class=SensorDeviceClass.TIMESTAMP,
        of_plan=True,
        value_fn=next_change_at,
        attributes_fn=next_change_details,
    ),
    OperatorSensorDescription(
        key="planned_power",
        translation_key="planned_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        of_plan=True,
        value_fn=planned_power_w,
    ),
    OperatorSensorDescription(
        key="plan_profit",
        translation_key="plan_profit",
        device_class=SensorDeviceClass.MONETARY,
        currency_unit="{}",
        suggested_display_precision=2,
        of_plan=True,
        value_fn=plan_profit,
        attributes_fn=plan_details,
    ),
)
OPERATOR_SENSORS: Final = (
    *PLAN_SENSORS,
    OperatorSensorDescription(
        key="surplus",
        translation_key="surplus",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        of_house=True,
        value_fn=surplus_w,
        attributes_fn=house_details,
    ),
    OperatorSensorDescription(
        key="ordered_power",
        translation_key="ordered_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=ordered_w,
        attributes_fn=curtailment_details,
    ),
    OperatorSensorDescription(
        key="fleet_hashrate",
        translation_key="fleet_hashrate",
        native_unit_of_measurement=UNIT_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda site: site.data.total(lambda miner: miner.hashrate_ths),
    ),
    OperatorSensorDescription(
        key="fleet_power",
        translation_key="fleet_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda site: site.data.total(lambda miner: miner.power_w),
    ),
    OperatorSensorDescription(
        key="fleet_profit",
        translation_key="fleet_profit",
        currency_unit=PER_DAY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda site: site.data.total(lambda miner: miner.earnings.profit_per_day),
    ),
    OperatorSensorDescription(
        key="governor_health",
        translation_key="governor_health",
        device_class=SensorDeviceClass.ENUM,
        options=list(HEALTH),
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda site: _health(site.data.governor.overall.status),
        attributes_fn=_sources,
    ),
    *(_domain_health(domain.lower()) for domain in MiningDomain),
    OperatorSensorDescription(
        key="fallback_rate",
        translation_key="fallback_rate",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda site: site.data.governor.overall.fallback_rate * 100,
    ),
    OperatorSensorDescription(
        key="reviews",
        translation_key="reviews",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda site: len(site.data.reviews),
        attributes_fn=_reviews,
    ),
    OperatorSensorDescription(
        key="ledger_records",
        translation_key="ledger_records",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda site: site.data.ledger_records,
    ),
    OperatorSensorDescription(
        key="ledger_verification",
        translation_key="ledger_verification",
        device_class=SensorDeviceClass.ENUM,
        options=["intact", "broken"],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_verification,
        attributes_fn=_verification_details,
    ),
    OperatorSensorDescription(
        key="last_cosignature",
        translation_key="last_cosignature",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda site: site.ledger_service.witnesses.last_time,
        attributes_fn=_witnesses,
    ),
)
