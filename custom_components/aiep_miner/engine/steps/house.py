"""Sun and heat between the steps of a plan: what the house leaves for the miners, and who follows it.

What the house measured is completed into one record in each cycle: the surplus, since when it
suffices for more or falls short, and which miners change their level now. Decisions follow from
that record; a replay completes it anew and compares.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from ..economics.fast import FastMiner, FastReason, FastState, Moment, Move, follow
from ..economics.live import model_of
from ..economics.model import STEP_KWH_PER_W
from ..records import HouseMove, InputRecord, PlanInputs, PlannedMiner, PlanSegment, Strategy
from ..records.reasons import Reason
from ..state import MinerState, State
from . import planning, power
from .planning import STEP_MS

NO_LIMIT_W: Final = 1e9
MOVE_HOLDS_MS: Final = 90_000
"""Miners that answer late follow a move of the cycle that they are late for."""
DISCHARGE_W: Final = 50.0
"""Less is how a battery's controller trembles around nothing."""
HOUR_MS: Final = 3_600_000
RAISES_PER_HOUR: Final = 4
"""The governor allows six changes of level an hour: two are left for the sun to go."""
REASONS: Final = {
    FastReason.SURPLUS_ROSE: Reason.SURPLUS_ROSE,
    FastReason.SURPLUS_FELL: Reason.SURPLUS_FELL,
    FastReason.HEAT_ENDED: Reason.HEAT_ENDED,
}
STEPS_PER_HOUR: Final = 3_600_000 // STEP_MS


def measure(state: State, said: InputRecord) -> InputRecord:
    """Return what the house measured, completed by what follows from it.

    The telemetry of the same moment has to be in the state.
    """
    said = replace(said, faults=said.faults | state.house_history.doubts(said))
    found = replace(said, drawn_w=round(power.site_w(state), 1), heat_wanted=_wants_heat(said))
    found = replace(found, surplus_w=_surplus_w(found, state.policy.record.battery_floor_pct))
    if state.policy.record.strategy is not Strategy.PLAN or found.surplus_w is None:
        return found
    return _followed(state, found)


def as_said(record: InputRecord) -> InputRecord:
    """Return a record without what ``measure`` adds to it."""
    faults: dict[str, Reason] = {}
    for name, fault in record.faults.items():
        if fault is not Reason.PRESENT_JUMPED:
            faults[name] = Reason(fault)
    return replace(
        record,
        faults=faults,
        drawn_w=0.0,
        surplus_w=None,
        heat_wanted=False,
        room_since_ms=None,
        short_since_ms=None,
        cold_since_ms=None,
        moves=(),
    )


def _usable(record: InputRecord, name: str) -> float | None:
    value: float | None = getattr(record, name)
    return None if name in record.faults else value


def _surplus_w(record: InputRecord, floor_pct: float) -> float | None:
    """Return what the miners may draw without import; a battery below its floor comes first.

    What a battery discharges counts as import.
    """
    grid_w = _usable(record, "grid_w")
    if grid_w is None or "battery_w" in record.faults:
        return None
    battery_w = record.battery_w or 0.0
    level_pct = _usable(record, "battery_pct")
    is_full_enough = level_pct is not None and level_pct >= floor_pct
    spare_w = -min(battery_w, 0.0) if is_full_enough else 0.0
    return round(record.drawn_w - grid_w - max(battery_w, 0.0) + spare_w, 1)


def _wants_heat(record: InputRecord) -> bool:
    room_c, wanted_c = _usable(record, "room_c"), _usable(record, "wanted_c")
    return room_c is not None and wanted_c is not None and room_c < wanted_c


# Who follows


def _followed(state: State, found: InputRecord) -> InputRecord:
    miners = list(_followers(state, found))
    before = state.house.record if state.house else found
    drawn_w = sum(item.model.power_w(item.choice) for item in miners)
    free_w = (found.surplus_w or 0.0) - found.drawn_w
    timers = FastState(
        room_since_ms=before.room_since_ms,
        short_since_ms=before.short_since_ms,
        cold_since_ms=before.cold_since_ms,
    )
    limit_w = power.site_limit_w(state, found.ts_ms)
    room_w = NO_LIMIT_W if limit_w is None else max(limit_w - found.drawn_w, 0.0)
    moment = Moment(
        ts_ms=found.ts_ms,
        surplus_w=drawn_w + free_w,
        limit_w=drawn_w + room_w,
        heat_demand_w=NO_LIMIT_W if found.heat_wanted else 0.0,
        discharges=min(-free_w, found.battery_w or 0.0) > DISCHARGE_W,
    )
    timers, moves = follow(timers, moment, miners)
    return replace(
        found,
        room_since_ms=timers.room_since_ms,
        short_since_ms=timers.short_since_ms,
        cold_since_ms=timers.cold_since_ms,
        moves=tuple(map(_move, moves)),
    )


def _move(move: Move) -> HouseMove:
    level = move.choice - 1 if move.choice else None
    return HouseMove(miner_id=move.miner, level=level, reason=REASONS[move.reason])


def _followers(state: State, found: InputRecord) -> Iterator[FastMiner]:
    """Yield the miners that a plan lets follow sun or heat, and that nothing else is under way for."""
    if state.plan is None:
        return
    inputs = state.plan.record.inputs
    for planned in inputs.miners:
        miner_id = planned.miner_id
        miner, segment = state.miner(miner_id), planning.segment_of(state, miner_id, found.ts_ms)
        if segment is None or miner.reading is None or miner.reading.mining is None:
            continue
        is_busy = miner.pending is not None or miner.commanded
        if is_busy or not planning.is_free(miner, state.own(miner_id), found.ts_ms):
            continue
        now = _Now(miner=miner, planned=planned, segment=segment, inputs=inputs)
        yield _follower(state, now, found)


class _Now(NamedTuple):
    """A miner, and what the plan in force assumes and wants of it."""

    miner: MinerState
    planned: PlannedMiner
    segment: PlanSegment
    inputs: PlanInputs


def _follower(state: State, now: _Now, found: InputRecord) -> FastMiner:
    miner, segment = now.miner, now.segment
    is_bound = found.ts_ms < (planning.bound_until_ms(state, miner) or 0)
    mining = miner.reading is not None and miner.reading.mining is True
    choice = _choice(planning.present_level(miner, now.planned.levels)) if mining else 0
    lowest, highest = _choice(segment.lowest), _choice(segment.highest)
    if not mining and not state.own(miner.miner_id).level_restarts and highest:
        lowest = highest = _choice(_level_of_before(miner, now.planned))
    changes = sum(1 for at in miner.levels_set_ms if at > found.ts_ms - HOUR_MS)
    return FastMiner(
        model=model_of(now.planned, now.inputs),
        choice=choice,
        lowest=lowest,
        highest=choice if mining and changes >= RAISES_PER_HOUR else highest,
        values_per_hour=_values_per_hour(now, found),
        may_stop=not is_bound,
        may_start=not is_bound and _has_cooled(state, miner, found.ts_ms),
        for_heat=segment.reason is Reason.PLAN_WITH_HEAT,
        follows_surplus=segment.follows_surplus,
    )


def _level_of_before(miner: MinerState, planned: PlannedMiner) -> int:
    """Return the level at which a stopped miner starts; the highest where that is not known."""
    reading = miner.reading
    name = (reading.level if reading else None) or miner.running_level
    names = [level.name for level in planned.levels]
    return names.index(name) if name in names else len(names) - 1


def _has_cooled(state: State, miner: MinerState, ts_ms: int) -> bool:
    rests_ms = state.policy.record.cooldown_min * 60_000
    return miner.overheated_ms is None or ts_ms - miner.overheated_ms >= rests_ms


def _choice(level: int | None) -> int:
    return 0 if level is None else level + 1


def _values_per_hour(now: _Now, found: InputRecord) -> tuple[float, ...]:
    """Return the money an hour of being off and of each level, on surplus at the feed-in price."""
    inputs = now.inputs
    heat = now.planned.heat_share * inputs.heat_price_per_kwh if found.heat_wanted else 0.0
    per_kwh = heat + inputs.heat_credit_per_kwh - inputs.feed_in_price_per_kwh
    step = [
        level.hashrate_ths * inputs.revenue_per_ths + level.power_w * STEP_KWH_PER_W * per_kwh
        for level in now.planned.levels
    ]
    return (0.0, *(round(value * STEPS_PER_HOUR, 6) for value in step))


# What that wants of a miner now


def move_of(state: State, miner_id: str, ts_ms: int) -> HouseMove | None:
    """Return the move that a miner is to make now; None for none."""
    house = state.house.record if state.house else None
    if house is None or ts_ms - house.ts_ms > MOVE_HOLDS_MS:
        return None
    return next((move for move in house.moves if move.miner_id == miner_id), None)


def follows(segment: PlanSegment, miner: MinerState, level: int | None) -> bool:
    """Tell whether a miner at a level, or off, is where the surplus and not the plan moves it."""
    if not segment.follows_surplus or miner.reading is None:
        return False
    lowest, highest = _choice(segment.lowest), _choice(segment.highest)
    return lowest <= _choice(level) <= highest


def is_surplus_known(state: State, ts_ms: int) -> bool:
    """Tell whether the surplus is known now."""
    house = state.house.record if state.house else None
    return house is not None and house.surplus_w is not None and ts_ms - house.ts_ms <= STEP_MS
