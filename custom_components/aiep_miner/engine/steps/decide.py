"""What the operator's rules want of a miner: one proposal, each with its reasons.

Safety comes before everything; then what is still under way; then people; then the
evidence; then faults; then money.
"""

from collections.abc import Callable
from typing import Final

from ..records import Action, Basis, Origin, ProposalRecord, Severity
from ..records.reasons import Reason
from ..state import MinerState, State

ATTEMPTS: Final = 2
"""A command that shows no effect is repeated once."""
RETRY_AFTER_MS: Final = 3_600_000
"""After this a command that failed twice may be tried anew."""
SUPPRESSION_REPEAT_MS: Final = 600_000
"""How long a suppression by mode or capability stands before it is proven anew."""

SAFETY_STOP_MS: Final = 90_000
"""A machine in danger is told again after this, however long the operator lets effects take."""

CONFIDENCE: Final = {Basis.MEASURED: 0.95, Basis.LAST_RUNNING: 0.92, Basis.NOMINAL: 0.9}
"""How sure the strategy is of a profit, by what it was reckoned from."""

type Wish = tuple[Action, tuple[Reason, ...], float]
"""Action, reasons, confidence 0…1."""


def propose(state: State, miner_id: str, ts_ms: int) -> ProposalRecord:
    """Return what the rules want of a miner now; hold when nothing, or when nothing may be wanted."""
    action, reasons, confidence = wish(state, miner_id, ts_ms)
    return ProposalRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=action,
        origin=Origin.STRATEGY,
        reasons=reasons,
        confidence=confidence,
    )


def wish(state: State, miner_id: str, ts_ms: int) -> Wish:
    """Return the action that the rules want, why, and with which confidence."""
    return _spare_repeats(state.miner(miner_id), ts_ms, _wish(state, miner_id, ts_ms))


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
    # Whoever repeats a command for ever must not keep the rules from acting for ever.
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
        # A machine that has just faltered is judged by its fault first, not by what it earns.
        if ts_ms < miner.settled_from_ms:
            return _hold(Reason.SETTLING)
        return _hold(Reason.HASHRATE_LOW) if miner.low_since_ms is not None else None
    day_ago = ts_ms - 24 * 3_600_000
    restarts = sum(1 for at in miner.restarts_ms if at > day_ago)
    if restarts >= state.policy.record.max_restarts_per_day:
        return _hold(Reason.RESTART_LIMIT_LATCHED, Reason.HASHRATE_COLLAPSE)
    return _try(miner, ts_ms, Action.RESTART, (Reason.HASHRATE_COLLAPSE,), 0.95)


def _earn(state: State, miner: MinerState, ts_ms: int) -> Wish:
    policy = state.policy.record
    if state.divergences:
        return _hold(*state.divergences)
    profit = miner.profit.record if miner.profit else None
    if profit is None or profit.profit_per_day is None or miner.reading is None:
        return _hold(Reason.PROFIT_UNKNOWN)
    wanted = _wanted(miner)
    if wanted is None:
        return _hold(_standing(miner))
    if wanted is Action.RUN and _still_hot(state, miner, ts_ms):
        return _hold(Reason.COOLING_DOWN)
    reason = Reason.PROFITABLE if wanted is Action.RUN else Reason.UNPROFITABLE
    if ts_ms - miner.profit_side_since_ms < policy.profit_dwell_min * 60_000:
        return _hold(reason, Reason.AWAITING_DWELL)
    return _try(miner, ts_ms, wanted, (reason,), CONFIDENCE[profit.basis])


def _wanted(miner: MinerState) -> Action | None:
    mining = miner.reading.mining if miner.reading else None
    if mining is False and miner.profit_side > 0:
        return Action.RUN
    if mining and miner.profit_side < 0:
        return Action.STOP
    return None


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


def _try(
    miner: MinerState, ts_ms: int, action: Action, reasons: tuple[Reason, ...], confidence: float
) -> Wish:
    """Want an action, unless it has just shown no effect as often as it may be tried."""
    failure = miner.failures.get(action)
    if (
        failure is not None
        and failure.attempt >= ATTEMPTS
        and ts_ms - failure.ts_ms < RETRY_AFTER_MS
    ):
        return _hold(*reasons, Reason.NOT_CONFIRMED)
    return action, reasons, confidence


def _spare_repeats(miner: MinerState, ts_ms: int, wanted: Wish) -> Wish:
    """Hold where the same wish was suppressed a moment ago by a rule that still stands."""
    action, reasons, _ = wanted
    proof = miner.suppressed
    if action is Action.HOLD or proof is None:
        return wanted
    same = (proof.action, proof.reasons) == (action, reasons)
    if same and ts_ms - proof.ts_ms < SUPPRESSION_REPEAT_MS:
        return _hold(*reasons, Reason.STILL_SUPPRESSED)
    return wanted
