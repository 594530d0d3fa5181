"""What became of one proposal, as the records that were filed for it tell."""

from dataclasses import dataclass

from .records import DecisionRecord, NegativeProofRecord, Outcome, ReceiptRecord, Record
from .records.entry import LedgerEntry
from .records.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What became of a proposal from outside."""

    decision: LedgerEntry[DecisionRecord]
    receipt: LedgerEntry[ReceiptRecord] | None = None
    negative_proof: LedgerEntry[NegativeProofRecord] | None = None
    trust_level: int = 0
    error: Reason | None = None
    """Why a dispatch failed."""

    @property
    def rule(self) -> Reason | None:
        """Return the rule that stopped it; None when it was dispatched."""
        return self.negative_proof.record.rule if self.negative_proof else None


def command_result_of(filed: list[LedgerEntry[Record]]) -> CommandResult:
    """Return what the records filed for one proposal say became of it."""
    by_type = {type(item.record): item for item in filed}
    decision: LedgerEntry[DecisionRecord] = by_type[DecisionRecord]  # type: ignore[assignment]
    receipts: list[LedgerEntry[ReceiptRecord]] = [
        item  # type: ignore[misc]
        for item in filed
        if isinstance(item.record, ReceiptRecord) and item.record.decision == decision.hash
    ]
    proofs: list[LedgerEntry[NegativeProofRecord]] = [
        item  # type: ignore[misc]
        for item in filed
        if isinstance(item.record, NegativeProofRecord) and item.record.decision == decision.hash
    ]
    proof = proofs[-1] if proofs else None
    receipt = receipts[-1] if receipts else None
    evaluation = decision.record.evaluation
    return CommandResult(
        decision=decision,
        receipt=receipt,
        negative_proof=proof,
        trust_level=evaluation.trust_level if evaluation else 0,
        error=_error(decision.record, receipt.record if receipt else None),
    )


def _error(decision: DecisionRecord, receipt: ReceiptRecord | None) -> Reason | None:
    """Return what went wrong on the way to the miner."""
    if receipt is None:
        return Reason.DISPATCH_INTERRUPTED if decision.authorised else None
    return None if receipt.outcome is Outcome.ACCEPTED else receipt.reason
