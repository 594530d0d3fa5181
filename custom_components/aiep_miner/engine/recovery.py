"""What the ledger lacks after a crash or an outage, and what a new segment of it must be told."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from . import cycle
from .execution import proof_of, receipt_of
from .reasons import Reason
from .records import Outcome, OverrideRecord, Record
from .state import State
from .views import Filed


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
        Filed(record=replace(decision, ts_ms=ts_ms), seq=0, hash=record_hash)
        for miner in state.miners.values()
        for record_hash, decision in miner.open_decisions.items()
        if sent is None or record_hash not in sent
    ]
    authorised = [item for item in owing if item.record.authorised]
    receipts = [receipt_of(item, outcome, reason) for item in authorised]
    proofs = [proof_of(item) for item in owing if not item.record.authorised]
    return [*receipts, *proofs, *cycle.takeovers(state, authorised, receipts, ts_ms)]
