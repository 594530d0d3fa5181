"""What the dashboard shows of an operator and of each miner, as JSON: unknown is null, never zero."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.read_model import MinerReadModel as Miner
from ..engine.read_model import ReadModel
from ..engine.status import Status
from ..entities.decision import status_of
from ..entities.plan import miner_segments, next_change_details
from ..entities.problems import miner_problems, operator_problem_attributes
from ..entities.status_text import async_person, async_sentence, is_news

type Json = dict[str, Any]

SIGNIFICANT_DIGITS: Final = 4
"""The digits of figures, so that noise does not send a row again."""
PLATFORM_OF: Final[Mapping[str, Platform]] = {
    "mining": Platform.SWITCH,
    "hashrate": Platform.SENSOR,
    "temperature": Platform.SENSOR,
    "power": Platform.SENSOR,
    "profit": Platform.SENSOR,
    "decision": Platform.SENSOR,
    "restart": Platform.BUTTON,
    "resume_automation": Platform.BUTTON,
    "level": Platform.SELECT,
}
"""The entities that the dashboard leads to, by the key in their unique ids."""


def rounded(value: float | None) -> float | None:
    """Return a figure with ``SIGNIFICANT_DIGITS``."""
    return None if value is None else float(f"{value:.{SIGNIFICANT_DIGITS}g}")


class Sentences:
    """The sentence on each miner, written anew only when its status changed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._written: dict[str, tuple[Status, str]] = {}

    @callback
    def async_of(self, hass: HomeAssistant, view: ReadModel, miner: Miner) -> str | None:
        """Return why a miner does what it does; None before the first cycle."""
        status = status_of(view, miner)
        if status is None:
            return None
        written = self._written.get(miner.miner_id)
        if written is None or is_news(written[0], status):
            written = self._written[miner.miner_id] = status, async_sentence(hass, status)
        return written[1]


@callback
def async_miner_row(
    hass: HomeAssistant, site: AiepMinerCoordinator, miner: Miner, sentence: str | None
) -> Json:
    """Return one miner's row."""
    reading, identity = miner.reading, miner.info.identity
    return {
        "name": site.title(miner.miner_id),
        "device_id": site.device_id(miner.miner_id),
        "entity_id": async_entity_id(hass, miner.miner_id, "mining"),
        "rate_entity_id": async_entity_id(hass, miner.miner_id, "hashrate"),
        "make": identity.make,
        "model": identity.model,
        "contact": reading is not None or miner.unrecorded is not None,
        "mining": miner.is_mining,
        "pending": miner.pending.value if miner.pending else None,
        "held_until_ms": miner.hold_until_ms,
        "sentence": sentence,
        "level": reading.level if reading else None,
        "hashrate_ths": rounded(miner.hashrate_ths),
        "expected_ths": rounded(reading.expected_hashrate_ths) if reading else None,
        "power_w": rounded(miner.power_w),
        "temperature_c": rounded(reading.hottest_c) if reading else None,
        "limit_c": miner.limit_c,
        "profit_per_day": rounded(miner.earnings.profit_per_day),
        "problems": miner_problems(miner),
    }


@callback
def async_operator_row(site: AiepMinerCoordinator) -> Json:
    """Return what the headline says of an operator."""
    view = site.data
    price = view.price
    return {
        "title": site.config_entry.title,
        "device_id": site.device_id(site.config_entry.entry_id),
        "currency": site.currency,
        "mode": view.mode.value,
        "interval_s": view.policy.interval_s,
        "energy_price": rounded(price.energy_price_per_kwh) if price else None,
        "problems": [
            item for item in operator_problem_attributes(site)["reasons"] if item != "miners"
        ],
        "reviews": len(view.reviews),
        "plan_seq": view.plan.seq if view.plan else None,
        "next_change": next_change_details(site).get("sentence"),
        "ledger_records": view.ledger_records,
        "ledger_broken": site.ledger_service.broken is not None,
    }


@callback
def async_miner_details(hass: HomeAssistant, site: AiepMinerCoordinator, miner: Miner) -> Json:
    """Return what the page of one miner shows beside its row."""
    reading, identity, profit = miner.reading, miner.info.identity, miner.profit
    decision = miner.decision
    earnings = miner.earnings
    return {
        "firmware": identity.firmware,
        "hostname": identity.hostname,
        "actions": sorted(action.value for action in miner.info.capabilities.actions),
        "entities": {
            key: entity_id
            for key in PLATFORM_OF
            if (entity_id := async_entity_id(hass, miner.miner_id, key)) is not None
        },
        "held_by": async_person(hass, miner.hold_user_id) if miner.hold_until_ms else None,
        "latched": miner.latched,
        "revenue_per_day": rounded(earnings.revenue_per_day),
        "cost_per_day": rounded(earnings.cost_per_day),
        "break_even": rounded(profit.break_even_energy_price_per_kwh) if profit else None,
        "boards": [
            {
                "index": board.index,
                "hashrate_ths": rounded(board.hashrate_ths),
                "temperature_c": rounded(board.temperature_c),
                "chip_temperature_c": rounded(board.chip_temperature_c),
                "chips_working": board.chips_working,
                "chips_expected": board.chips_expected,
                "enabled": board.enabled,
            }
            for board in (reading.boards if reading else ())
        ],
        "temperatures": {
            item.sensor: rounded(item.temperature_c)
            for item in (reading.temperatures if reading else ())
        },
        "fans_rpm": list(reading.fans_rpm) if reading else [],
        "uptime_s": reading.uptime_s if reading else None,
        "shares_accepted": reading.shares_accepted if reading else None,
        "shares_rejected": reading.shares_rejected if reading else None,
        "pool": miner.active_pool.url if miner.active_pool else None,
        "plan": miner_segments(hass, site, miner.miner_id),
        "levels": [
            {
                "name": name,
                "hashrate_ths": rounded(figures.hashrate_ths),
                "power_w": rounded(figures.power_w),
                "efficiency_j_per_th": rounded(figures.efficiency_j_per_th),
                "measured_s": figures.measured_ms // 1000,
            }
            for name, figures in miner.curve.items()
        ],
        "decision": {
            "seq": decision.seq,
            "hash": decision.hash,
            "action": decision.record.action.value,
            "authorised": decision.record.authorised,
        }
        if decision
        else None,
    }


@callback
def async_entity_id(hass: HomeAssistant, miner_id: str, key: str) -> str | None:
    """Return a miner's enabled entity by the key in its unique id; None where it has none."""
    registry = er.async_get(hass)
    platforms = [PLATFORM_OF[key]]
    if key == "mining":
        # A miner that can only be read has a sensor in place of the switch.
        platforms.append(Platform.BINARY_SENSOR)
    for platform in platforms:
        entity_id = registry.async_get_entity_id(platform, DOMAIN, f"{miner_id}_{key}")
        if entity_id is not None and registry.entities[entity_id].disabled_by is None:
            return entity_id
    return None


def changes(before: Json | None, now: Json) -> Json:
    """Return the fields that differ; all of them without an earlier row."""
    if before is None:
        return now
    return {key: value for key, value in now.items() if before.get(key) != value}


def review_rows(site: AiepMinerCoordinator) -> list[Json]:
    """Return the decisions that wait for a review, oldest first."""
    return [
        {
            "seq": filed.seq,
            "hash": filed.hash,
            "ts": filed.record.ts_ms,
            "miner_id": filed.record.subject,
            "action": filed.record.action.value,
            "value": filed.record.value,
            "option": filed.record.option,
            "origin": filed.record.origin.value,
            "reasons": [reason.value for reason in filed.record.reasons],
        }
        for filed in site.data.reviews
    ]
