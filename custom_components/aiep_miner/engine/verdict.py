"""What became of one proposal, as the records that were filed for it tell."""

from .reasons import Reason
from .records import DecisionRecord, NegativeProofRecord, Outcome, ReceiptRecord, Record
from .views import Filed, Verdict


def verdict_of(filed: list[Filed[Record]]) -> Verdict:
    """Return what the records filed for one proposal say became of it."""
    by_type = {type(item.record): item for item in filed}
    decision: Filed[DecisionRecord] = by_type[DecisionRecord]  # type: ignore[assignment]
    receipts: list[Filed[ReceiptRecord]] = [
        item  # type: ignore[misc]
        for item in filed
        if isinstance(item.record, ReceiptRecord) and item.record.decision == decision.hash
    ]
    proofs: list[Filed[NegativeProofRecord]] = [
        item  # type: ignore[misc]
        for item in filed
        if isinstance(item.record, NegativeProofRecord) and item.record.decision == decision.hash
    ]
    proof = proofs[-1] if proofs else None
    receipt = receipts[-1] if receipts else None
    judgement = decision.record.judgement
    return Verdict(
        decision=decision,
        receipt=receipt,
        negative_proof=proof,
        trust_level=judgement.trust_level if judgement else 0,
        error=_error(decision.record, receipt.record if receipt else None),
    )


def _error(decision: DecisionRecord, receipt: ReceiptRecord | None) -> Reason | None:
    """Return what went wrong on the way to the miner."""
    if receipt is None:
        return Reason.DISPATCH_INTERRUPTED if decision.authorised else None
    return None if receipt.outcome is Outcome.ACCEPTED else receipt.reason
