"""The plan in force as sensors and the action ``get_plan`` show it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import AiepMinerCoordinator
from ..engine.records import Action, LedgerEntry, MinerSchedule, PlanRecord, PlanSegment
from ..engine.steps.planning import STEP_MS
from .status_text import async_number, async_text, async_word, iso_time, local_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a miner that is planned."""

    miner_id: str
    action: Action
    segment: PlanSegment


def next_change(site: AiepMinerCoordinator, miner_id: str | None = None) -> Change | None:
    """Return the first change ahead, of one miner or of all.

    None without a plan, or where it changes nothing.
    """
    plan, now_ms = site.data.plan, site.data.ts_ms
    if plan is None:
        return None
    changes = [
        item
        for schedule in plan.record.miners
        if miner_id in (None, schedule.miner_id)
        for item in _changes(schedule, now_ms)
    ]
    return min(changes, key=lambda item: (item.segment.from_ms, item.miner_id), default=None)


def _changes(schedule: MinerSchedule, now_ms: int) -> Iterator[Change]:
    """Yield the first change of a miner that is ahead."""
    for before, after in pairwise(schedule.segments):
        if after.from_ms <= now_ms:
            continue
        action = Action.SET_LEVEL if before.level is not None else Action.RUN
        if after.level is None:
            action = Action.STOP
        yield Change(miner_id=schedule.miner_id, action=action, segment=after)
        return


def next_change_at(site: AiepMinerCoordinator) -> datetime | None:
    """Return when the next planned change is."""
    change = next_change(site)
    return dt_util.utc_from_timestamp(change.segment.from_ms / 1000) if change else None


def next_change_details(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return which change is next, as codes and as a sentence."""
    change = next_change(site)
    if change is None:
        return {}
    return {
        "miner": site.title(change.miner_id),
        "action": change.action.value,
        "reason": change.segment.reason.value,
        "sentence": change_sentence(site, change),
    }


def change_sentence(site: AiepMinerCoordinator, change: Change, language: str | None = None) -> str:
    """Return a planned change as a sentence."""
    hass, segment = site.hass, change.segment
    return async_text(hass, "common", "common.plan_change", language).format(
        miner=site.title(change.miner_id),
        action=async_word(hass, "action", change.action.value, language),
        at=local_time(segment.from_ms),
        reason=async_word(hass, "reason", segment.reason.value, language),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A time in which a miner is to run, whatever its level."""

    miner_id: str
    name: str
    start: datetime
    end: datetime
    description: str


def planned_runs(site: AiepMinerCoordinator) -> Iterator[Run]:
    """Yield the runs of the plan in force, by miner; changes of level do not part them."""
    plan = site.data.plan
    for schedule in plan.record.miners if plan else ():
        for running, found in groupby(schedule.segments, key=lambda item: item.level is not None):
            if not running:
                continue
            segments = list(found)
            yield Run(
                miner_id=schedule.miner_id,
                name=site.title(schedule.miner_id),
                start=dt_util.utc_from_timestamp(segments[0].from_ms / 1000),
                end=dt_util.utc_from_timestamp(segments[-1].until_ms / 1000),
                description=_description(site, segments),
            )


def _description(site: AiepMinerCoordinator, segments: list[PlanSegment]) -> str:
    """Return a run's power, value and energy price as a sentence."""
    value = sum(item.value for item in segments)
    hours = [(item.until_ms - item.from_ms) / 3_600_000 for item in segments]
    power_w = sum(item.power_w * h for item, h in zip(segments, hours, strict=True)) / sum(hours)
    price = sum(
        item.energy_price_per_kwh * h for item, h in zip(segments, hours, strict=True)
    ) / sum(hours)
    return async_text(site.hass, "common", "common.plan_run").format(
        power_w=async_number(site.hass, power_w),
        value=async_number(site.hass, value),
        energy_price=async_number(site.hass, price),
        currency=site.currency,
        reason=async_word(site.hass, "reason", segments[0].reason.value),
    )


def planned_power_w(site: AiepMinerCoordinator) -> float | None:
    """Return the power in W that the plan has for now; None without a plan."""
    plan, now_ms = site.data.plan, site.data.ts_ms
    if plan is None:
        return None
    return sum(
        segment.power_w
        for schedule in plan.record.miners
        for segment in schedule.segments
        if segment.from_ms <= now_ms < segment.until_ms
    )


def plan_profit(site: AiepMinerCoordinator) -> float | None:
    """Return what the plan makes until its end, in the operator's currency."""
    return site.data.plan.record.total if site.data.plan else None


def plan_details(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return how far the plan goes, what it rests on, and how close it is to the best."""
    plan, fault = site.data.plan, site.planning.fault
    faults = {"price_fault": fault.value if fault else None}
    return {**_totals(plan), **faults} if plan else faults


def _totals(entry: LedgerEntry[PlanRecord]) -> dict[str, Any]:
    record, inputs = entry.record, entry.record.inputs
    steps, guessed = len(inputs.energy_prices_per_kwh), inputs.guessed_from
    return {
        "made_at": iso_time(record.ts_ms),
        "until": iso_time(inputs.first_ms + steps * STEP_MS),
        "prices_known_until": iso_time(
            inputs.first_ms + (steps if guessed is None else guessed) * STEP_MS
        ),
        "bound": record.bound,
        "record_seq": entry.seq,
        "record_hash": entry.hash,
    }


def plan_response(
    hass: HomeAssistant, site: AiepMinerCoordinator, entry: LedgerEntry[PlanRecord]
) -> dict[str, Any]:
    """Return a whole plan as plain data."""
    record, inputs = entry.record, entry.record.inputs
    guessed_from = inputs.guessed_from
    return {
        **plan_details(site),
        "currency": inputs.currency,
        "total": record.total,
        "energy_prices": [
            {
                "from": iso_time(inputs.first_ms + step * STEP_MS),
                "price_per_kwh": price,
                "guessed": guessed_from is not None and step >= guessed_from,
            }
            for step, price in enumerate(inputs.energy_prices_per_kwh)
        ],
        "miners": [
            {
                "miner_id": schedule.miner_id,
                "name": site.title(schedule.miner_id),
                "segments": _segments(hass, entry, schedule),
            }
            for schedule in record.miners
        ],
    }


def miner_segments(
    hass: HomeAssistant, site: AiepMinerCoordinator, miner_id: str
) -> list[dict[str, Any]]:
    """Return when a miner is to run from now on, as plain data; empty without a plan."""
    plan, now_ms = site.data.plan, site.data.ts_ms
    if plan is None:
        return []
    for schedule in plan.record.miners:
        if schedule.miner_id == miner_id:
            ahead = tuple(item for item in schedule.segments if item.until_ms > now_ms)
            return _segments(hass, plan, replace(schedule, segments=ahead))
    return []


def _segments(
    hass: HomeAssistant, entry: LedgerEntry[PlanRecord], schedule: MinerSchedule
) -> list[dict[str, Any]]:
    levels = next(
        item.levels for item in entry.record.inputs.miners if item.miner_id == schedule.miner_id
    )
    return [
        {
            "from": iso_time(item.from_ms),
            "until": iso_time(item.until_ms),
            "runs": item.level is not None,
            "level": None if item.level is None else levels[item.level].name,
            "power_w": item.power_w,
            "reason": item.reason.value,
            "sentence": async_word(hass, "reason", item.reason.value),
            "value": item.value,
            "energy_price_per_kwh": item.energy_price_per_kwh,
            "break_even_per_kwh": item.break_even_per_kwh,
            "guessed": item.guessed,
        }
        for item in schedule.segments
    ]
