"""The strategy: one proposal for each miner, with its reasons.

The order: safety, commands under way, people's holds, evidence, faults, profit.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from ..records import (
    Action,
    Basis,
    Origin,
    PlanSegment,
    ProposalRecord,
    Reading,
    Severity,
    Strategy,
)
from ..records.reasons import Reason
from ..state import MinerState, State
from . import autotune, house, mains, planning
from .mains import Wish

ATTEMPTS: Final = 2
"""A command that shows no effect is repeated once."""
RETRY_AFTER_MS: Final = 3_600_000
"""After this a command that failed twice may be tried anew."""
SUPPRESSION_REPEAT_MS: Final = 600_000
"""How long the same suppressed action is held before it is proposed again."""

SAFETY_STOP_MS: Final = 90_000
"""A safety stop without effect is sent again after this, whatever the confirmation window."""

CONFIDENCE: Final = {Basis.MEASURED: 0.95, Basis.LAST_RUNNING: 0.92, Basis.NOMINAL: 0.9}
"""The strategy's confidence in a profit, by the basis that it was calculated from."""

TUNING_CONFIDENCE: Final = 0.9
FALTERING: Final = frozenset(
    {
        *(Reason.HASHRATE_LOW, Reason.HASHRATE_COLLAPSE, Reason.SETTLING),
        *(Reason.RESTART_LIMIT_LATCHED, Reason.NOT_CONFIRMED),
    }
)
PLANNED_RUN: Final = frozenset(
    {
        *(Reason.PLAN_PAYS, Reason.PLAN_CARRIED_THROUGH),
        *(Reason.PLAN_ON_SURPLUS, Reason.PLAN_WITH_HEAT),
    }
)
TUNABLE: Final = frozenset({Reason.PROFITABLE, Reason.WITHIN_HYSTERESIS, *PLANNED_RUN})
"""Why a running miner is left as it is when it may be tuned."""


def propose(state: State, miner_id: str, ts_ms: int) -> ProposalRecord:
    """Return the strategy's proposal for a miner; ``hold`` when no action is due or allowed."""
    action, reasons, confidence = mains.or_power_off(
        state, miner_id, ts_ms, wish(state, miner_id, ts_ms)
    )
    if tuning := _tune(state, state.miner(miner_id), ts_ms, action, reasons):
        return tuning
    is_planned = not planning.REASONS.isdisjoint(reasons)
    return ProposalRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=action,
        origin=Origin.PLANNER if is_planned else Origin.STRATEGY,
        reasons=reasons,
        option=_planned_level(state, miner_id, ts_ms, action) if is_planned else None,
        confidence=confidence,
    )


def _planned_level(state: State, miner_id: str, ts_ms: int, action: Action) -> str | None:
    """Return the level that a start or a change of level leads to."""
    segment = planning.segment_of(state, miner_id, ts_ms)
    if segment is None or action not in (Action.RUN, Action.SET_LEVEL):
        return None
    if action is Action.RUN and not state.own(miner_id).level_restarts:
        return None  # it starts at the level of before
    target = _target(state, state.miner(miner_id), segment, ts_ms)
    return planning.level_of(state, miner_id, target.level)


def _tune(
    state: State, miner: MinerState, ts_ms: int, wanted: Action, reasons: tuple[Reason, ...]
) -> ProposalRecord | None:
    """Return the next step of tuning, where nothing else is wanted of a miner that earns.

    Back from a bad level it goes also where that is why the miner falters.
    """
    own = state.own(miner.miner_id)
    step = autotune.next_step(state, miner, own, ts_ms)
    shed = state.sheds.miners.get(miner.miner_id)
    if step is None or (shed is not None and shed.holds_down(miner.reading)):
        return None
    calm = wanted is Action.HOLD and set(reasons) <= TUNABLE
    back = step.reason is Reason.AUTOTUNE_BACK and set(reasons) <= TUNABLE | FALTERING
    if not calm and not back:
        return None
    wish = (Action.SET_LEVEL, (step.reason,), TUNING_CONFIDENCE)
    action, reasons, confidence = spare_repeats(miner, ts_ms, wish)
    return ProposalRecord(
        ts_ms=ts_ms,
        subject=miner.miner_id,
        action=action,
        origin=Origin.STRATEGY,
        reasons=reasons,
        option=step.level if action is Action.SET_LEVEL else None,
        confidence=confidence,
    )


def wish(state: State, miner_id: str, ts_ms: int) -> Wish:
    """Return the action that the rules propose, its reasons and its confidence."""
    return spare_repeats(state.miner(miner_id), ts_ms, _wish(state, miner_id, ts_ms))


def _hold(*reasons: Reason) -> Wish:
    return Action.HOLD, reasons, 1.0


def _wish(state: State, miner_id: str, ts_ms: int) -> Wish:
    miner = state.miner(miner_id)
    steps: tuple[Callable[[State, MinerState, int], Wish | None], ...] = (
        _observe_first,
        _keep_safe,
        _let_finish,
        _leave_to_person,
        _doubt_evidence,
        _heal,
    )
    for step in steps:
        wish = step(state, miner, ts_ms)
        if wish is not None:
            return wish
    return _earn(state, miner, ts_ms)


def _observe_first(_state: State, miner: MinerState, _ts_ms: int) -> Wish | None:
    return None if miner.observed else _hold(Reason.OBSERVING)


def _keep_safe(_state: State, miner: MinerState, ts_ms: int) -> Wish | None:
    if Reason.COMMS_LOST in miner.divergences or miner.reading is None:
        return _hold(Reason.COMMS_LOST)
    dangers = miner.dangers
    if not dangers:
        return None
    if miner.reading.mining is False:
        return _hold(*dangers, Reason.ALREADY_STOPPED)
    pending = miner.pending
    told = (
        pending is not None
        and pending.receipt.action is Action.STOP
        and ts_ms - pending.since_ms < SAFETY_STOP_MS
    )
    if told or Action.STOP in miner.commanded:
        return _hold(*dangers, Reason.AWAITING_CONFIRMATION)
    return Action.STOP, dangers, 1.0


def _let_finish(state: State, miner: MinerState, ts_ms: int) -> Wish | None:
    if miner.commanded:
        return _hold(Reason.AWAITING_CONFIRMATION)
    pending = miner.pending
    if pending is None:
        return None
    # An automation that repeats a command must not suspend the rules without limit.
    if ts_ms - pending.first_ms >= state.window_ms(pending.receipt.action):
        return None
    return _hold(Reason.AWAITING_CONFIRMATION)


def _leave_to_person(_state: State, miner: MinerState, ts_ms: int) -> Wish | None:
    held = miner.hold_until_ms is not None and ts_ms < miner.hold_until_ms
    return _hold(Reason.PERSON_HOLD) if held else None


def _doubt_evidence(state: State, miner: MinerState, _ts_ms: int) -> Wish | None:
    doubts = tuple(
        code for code, filed in miner.divergences.items() if filed.record.severity is Severity.HOLD
    )
    if Reason.LEDGER_TAMPERED in state.divergences:
        doubts = (Reason.LEDGER_TAMPERED, *doubts)
    return _hold(*doubts) if doubts else None


def _heal(state: State, miner: MinerState, ts_ms: int) -> Wish | None:
    if miner.latched:
        return _hold(Reason.RESTART_LIMIT_LATCHED)
    if Reason.HASHRATE_COLLAPSE not in miner.divergences:
        # A fault of the hash rate is examined before profit, which depends on it.
        # A move with the sun does not depend on either.
        moves = house.move_of(state, miner.miner_id, ts_ms) is not None
        if ts_ms < miner.settled_from_ms and not moves:
            return _hold(Reason.SETTLING)
        return _hold(Reason.HASHRATE_LOW) if miner.low_since_ms is not None else None
    day_ago = ts_ms - 24 * 3_600_000
    restarts = sum(1 for at in miner.restarts_ms if at > day_ago)
    if restarts >= state.policy.record.max_restarts_per_day:
        return _hold(Reason.RESTART_LIMIT_LATCHED, Reason.HASHRATE_COLLAPSE)
    return attempt(miner, ts_ms, Action.RESTART, (Reason.HASHRATE_COLLAPSE,), 0.95)


def _earn(state: State, miner: MinerState, ts_ms: int) -> Wish:
    doubts = [
        code for code, filed in state.divergences.items() if filed.record.severity is Severity.HOLD
    ]
    profit = miner.profit.record if miner.profit else None
    known = profit is not None and profit.profit_per_day is not None
    if state.policy.record.strategy is Strategy.PLAN and not doubts:
        # A plan may rest on what a device claims of its levels, before it has ever run.
        basis = profit.basis if profit is not None and known else Basis.NOMINAL
        if known or miner.miner_id in state.planned:
            return _follow_plan(state, miner, ts_ms, CONFIDENCE[basis])
    if doubts or profit is None or not known or miner.reading is None:
        return _hold(*doubts or (Reason.PROFIT_UNKNOWN,))
    return _follow_profit(state, miner, ts_ms, CONFIDENCE[profit.basis])


def _follow_profit(state: State, miner: MinerState, ts_ms: int, confidence: float) -> Wish:
    """Return what the profit now wants of a miner, against the margin and after the dwell time."""
    wanted = _wanted(state, miner)
    if wanted is Action.RUN and _still_hot(state, miner, ts_ms):
        return _hold(Reason.COOLING_DOWN)
    if wanted is Action.RUN and _gave_way(state, miner):
        return _hold(Reason.SITE_LIMIT_EXCEEDED)
    if wanted is None:
        return _hold(_standing(miner))
    reason = Reason.PROFITABLE if wanted is Action.RUN else Reason.UNPROFITABLE
    if ts_ms - miner.profit_side_since_ms < state.policy.record.profit_dwell_min * 60_000:
        return _hold(reason, Reason.AWAITING_DWELL)
    return attempt(miner, ts_ms, wanted, (reason,), confidence)


class _Target(NamedTuple):
    """The level that a miner is to be at now, and why; None for off."""

    level: int | None
    reason: Reason


def _target(state: State, miner: MinerState, segment: PlanSegment, ts_ms: int) -> _Target:
    """Return where the plan, or the surplus within what the plan left open, wants a miner now."""
    move = house.move_of(state, miner.miner_id, ts_ms)
    if move is not None:
        return _Target(move.level, move.reason)
    level = _level_now(state, miner)
    if not house.follows(segment, miner, level):
        return _Target(segment.level, segment.reason)
    if not house.is_surplus_known(state, ts_ms):
        return _Target(level, Reason.SURPLUS_UNKNOWN)
    if level is None:
        return _Target(None, Reason.WAITING_FOR_SURPLUS)
    pays = level == segment.level and segment.reason is not Reason.PLAN_ON_SURPLUS
    return _Target(level, segment.reason if pays else Reason.PLAN_ON_SURPLUS)


def _level_now(state: State, miner: MinerState) -> int | None:
    planned = state.planned.get(miner.miner_id)
    if planned is None or miner.reading is None or not miner.reading.mining:
        return None
    return planning.present_level(miner, planned.levels)


def _follow_plan(state: State, miner: MinerState, ts_ms: int, basis: float) -> Wish:
    """Return what the plan in force wants of a miner at this moment."""
    segment = planning.segment_of(state, miner.miner_id, ts_ms)
    reading = miner.reading
    if segment is None or reading is None or reading.mining is None:
        return _hold(Reason.PLAN_MISSING)
    target = _target(state, miner, segment, ts_ms)
    action = _change_to(state, miner, target, reading)
    if action is None:
        return _hold(target.reason)
    if action is Action.RUN and _still_hot(state, miner, ts_ms):
        return _hold(Reason.COOLING_DOWN)
    if action is Action.RUN and _gave_way(state, miner):
        return _hold(Reason.SITE_LIMIT_EXCEEDED)
    bound_until_ms = planning.bound_until_ms(state, miner)
    if action is not Action.SET_LEVEL and ts_ms < (bound_until_ms or 0):
        return _hold(Reason.MINIMUM_TIME)
    confidence = planning.confidence_of(state, segment, ts_ms, basis)
    return attempt(miner, ts_ms, action, (target.reason,), confidence)


def _change_to(state: State, miner: MinerState, target: _Target, reading: Reading) -> Action | None:
    """Return the action that leads to a level; None when the miner is there."""
    if target.level is None:
        return Action.STOP if reading.mining else None
    if not reading.mining:
        return Action.RUN
    level = planning.level_of(state, miner.miner_id, target.level)
    shed = state.sheds.miners.get(miner.miner_id)
    reduced = shed is not None and shed.holds_down(reading)
    is_there = level is None or reading.level in (None, level)
    return None if is_there or reduced else Action.SET_LEVEL


def _wanted(state: State, miner: MinerState) -> Action | None:
    mining = miner.reading.mining if miner.reading else None
    # What gave way to the site's limit was running, if only within the margin.
    starts_from = 0 if _gave_way(state, miner) else 1
    if mining is False and miner.profit_side >= starts_from:
        return Action.RUN
    if mining and miner.profit_side < 0:
        return Action.STOP
    return None


def _gave_way(state: State, miner: MinerState) -> bool:
    """Tell whether it is off for the site's limit: ``shed`` starts it again, once there is room."""
    shed = state.sheds.miners.get(miner.miner_id)
    return shed is not None and shed.keeps_off(miner.reading)


def _standing(miner: MinerState) -> Reason:
    return {1: Reason.PROFITABLE, 0: Reason.WITHIN_HYSTERESIS, -1: Reason.UNPROFITABLE}[
        miner.profit_side
    ]


def _still_hot(state: State, miner: MinerState, ts_ms: int) -> bool:
    policy = state.policy.record
    if miner.overheated_ms is None:
        return False
    if ts_ms - miner.overheated_ms < policy.cooldown_min * 60_000:
        return True
    hottest = miner.reading.hottest_c if miner.reading else None
    return hottest is not None and hottest > state.limit_c(miner.miner_id) - policy.cooldown_c


def attempt(
    miner: MinerState, ts_ms: int, action: Action, reasons: tuple[Reason, ...], confidence: float
) -> Wish:
    """Return an action, or a hold after ``ATTEMPTS`` without effect in ``RETRY_AFTER_MS``."""
    failure = miner.failures.get(action)
    if (
        failure is not None
        and failure.attempt >= ATTEMPTS
        and ts_ms - failure.ts_ms < RETRY_AFTER_MS
    ):
        return _hold(*reasons, Reason.NOT_CONFIRMED)
    return action, reasons, confidence


def spare_repeats(miner: MinerState, ts_ms: int, wanted: Wish) -> Wish:
    """Return a hold when the same action was suppressed recently by a rule that still applies."""
    action, reasons, _ = wanted
    proof = miner.suppressed
    # What surplus no longer covers is tried again with each measurement.
    if action is Action.HOLD or proof is None or Reason.SURPLUS_FELL in reasons:
        return wanted
    same = (proof.action, proof.reasons) == (action, reasons)
    if same and ts_ms - proof.ts_ms < SUPPRESSION_REPEAT_MS:
        return _hold(*reasons, Reason.STILL_SUPPRESSED)
    return wanted
