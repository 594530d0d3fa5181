"""The status and the attributes of the decision sensor."""

from typing import Any

from ..engine.read_model import MinerReadModel as Miner
from ..engine.read_model import ReadModel
from ..engine.records import Action, DecisionRecord, Origin
from ..engine.records.entry import LedgerEntry
from ..engine.status import Status, StatusKey


def status_of(data: ReadModel, miner: Miner) -> Status | None:
    """Return why a miner does what it does; a command refused just now comes first."""
    decision = miner.decision.record if miner.decision else None
    if decision is not None and _was_refused(decision) and data.ledger_error is None:
        return Status(
            key=StatusKey.REFUSED,
            placeholders={
                "action": decision.action.value,
                "reason": (decision.suppressed_by or decision.reasons[0]).value,
            },
            since_ms=decision.ts_ms,
        )
    return data.status(miner.miner_id)


def _was_refused(decision: DecisionRecord) -> bool:
    """Return whether a proposal from outside was refused; holds of the rules have a status."""
    asked = decision.action is not Action.HOLD and decision.origin is not Origin.STRATEGY
    return asked and not decision.authorised


def decision_attributes(entry: LedgerEntry[DecisionRecord]) -> dict[str, Any]:
    """Return the last decision; ``reason`` is the rule that refused it, else its first reason."""
    record = entry.record
    reason = record.suppressed_by or next(iter(record.reasons), None)
    return {
        "action": record.action.value,
        "authorised": record.authorised,
        "reason": reason.value if reason else None,
        "reasons": [item.value for item in record.reasons],
        "origin": record.origin.value,
        "suppressed_by": record.suppressed_by.value if record.suppressed_by else None,
        "value": record.value,
    }
