"""The one exception: a machine that overheats is stopped even while the ledger cannot be written."""

from dataclasses import dataclass

from .cycle import Polls
from .reasons import Reason
from .records import Action, DecisionRecord, Mode, Outcome, Reading
from .state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStop:
    """A stop that was sent and is owed to the ledger."""

    decision: DecisionRecord
    outcome: Outcome
    reason: Reason


def due_stops(state: State, polls: Polls, ts_ms: int) -> list[DecisionRecord]:
    """Return a late decision for each running machine at or above its limit."""
    policy = state.policy.record
    if policy.mode is Mode.MANUAL and not policy.safety_stops_in_manual:
        return []
    return [
        DecisionRecord(
            ts_ms=ts_ms,
            subject=miner_id,
            action=Action.STOP,
            authorised=True,
            reasons=(Reason.OVERHEAT, Reason.LEDGER_UNAVAILABLE),
            mode=policy.mode,
            late=True,
        )
        for miner_id, found in sorted(polls.items())
        if isinstance(found, Reading) and _overheats(state, miner_id, found)
    ]


def _overheats(state: State, miner_id: str, reading: Reading) -> bool:
    hottest = reading.hottest_c
    running = reading.mining is not False and Action.STOP not in state.miner(miner_id).commanded
    return running and hottest is not None and hottest >= state.limit_c(miner_id)
