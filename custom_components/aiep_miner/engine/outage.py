"""What happens while the ledger cannot be written, and what it lacks afterwards.

The one exception to recording first: an overheated miner is stopped, and recorded late.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from . import cycle
from .cycle import Polls
from .records import Action, DecisionRecord, Mode, Outcome, OverrideRecord, Reading, Record
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .state import State
from .steps.execute import proof_of, receipt_of


def holds(state: State) -> dict[str, int]:
    """Return until when people hold miners, by miner id."""
    return {
        miner_id: miner.hold_until_ms
        for miner_id, miner in state.miners.items()
        if miner.hold_until_ms is not None
    }


def lost_holds(state: State, held: Mapping[str, int], ts_ms: int) -> list[OverrideRecord]:
    """Return the records of holds that a new segment does not know: people's word stands."""
    known = holds(state)
    return [
        OverrideRecord(ts_ms=ts_ms, subject=miner_id, until_ms=until_ms)
        for miner_id, until_ms in sorted(held.items())
        if until_ms > ts_ms and miner_id not in known
    ]


def settlements(state: State, ts_ms: int, *, sent: Collection[str] | None = None) -> list[Record]:
    """Return the receipts and proofs that are missing from the ledger.

    After a crash nobody knows whether an authorised decision was sent; while the process lives,
    ``sent`` names those that are on their way, and no other was.
    """
    outcome, reason = (
        (Outcome.UNKNOWN, Reason.DISPATCH_INTERRUPTED)
        if sent is None
        else (Outcome.FAILED, Reason.LEDGER_UNAVAILABLE)
    )
    owing = [
        LedgerEntry(record=replace(decision, ts_ms=ts_ms), seq=0, hash=record_hash)
        for miner in state.miners.values()
        for record_hash, decision in miner.open_decisions.items()
        if sent is None or record_hash not in sent
    ]
    authorised = [item for item in owing if item.record.authorised]
    receipts = [receipt_of(item, outcome, reason) for item in authorised]
    proofs = [proof_of(item) for item in owing if not item.record.authorised]
    return [*receipts, *proofs, *cycle.takeovers(state, authorised, receipts, ts_ms)]


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
