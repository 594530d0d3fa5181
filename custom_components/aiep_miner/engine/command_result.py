"""The result of one proposal, from its ledger entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .records import DecisionRecord, NegativeProofRecord, Outcome, ReceiptRecord, Record
from .records.entry import LedgerEntry
from .records.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The decision on a proposal from outside, and its receipt or negative proof."""

    decision: LedgerEntry[DecisionRecord]
    """Its seq is 0 and its hash empty while the ledger does not hold it yet."""
    receipt: LedgerEntry[ReceiptRecord] | None = None
    negative_proof: LedgerEntry[NegativeProofRecord] | None = None

    @property
    def trust_level(self) -> int:
        """Return the governor's trust level, 0…3."""
        evaluation = self.decision.record.evaluation
        return evaluation.trust_level if evaluation else 0

    @property
    def is_recorded(self) -> bool:
        """Return whether the ledger holds the decision already."""
        return self.decision.seq > 0

    @property
    def rule(self) -> Reason | None:
        """Return the rule that stopped it; None when it was dispatched."""
        return self.negative_proof.record.rule if self.negative_proof else None

    @property
    def error(self) -> Reason | None:
        """Return why the dispatch failed; None when the miner accepted the command."""
        if self.receipt is None:
            return Reason.DISPATCH_INTERRUPTED if self.decision.record.authorised else None
        receipt = self.receipt.record
        return None if receipt.outcome is Outcome.ACCEPTED else receipt.reason


def command_result_of(
    decision: LedgerEntry[DecisionRecord], entries: Iterable[LedgerEntry[Any]]
) -> CommandResult:
    """Return the result that the entries of a decision amount to."""
    mine = [item for item in entries if getattr(item.record, "decision", None) == decision.seq]
    return CommandResult(
        decision=decision,
        receipt=_last(mine, ReceiptRecord),
        negative_proof=_last(mine, NegativeProofRecord),
    )


def not_yet_recorded[R: Record](record: R) -> LedgerEntry[R]:
    """Return a record as an entry that the ledger does not hold yet."""
    return LedgerEntry(record=record, seq=0, hash="")


def _last[R: Record](entries: list[LedgerEntry[Any]], kind: type[R]) -> LedgerEntry[R] | None:
    return next((item for item in reversed(entries) if isinstance(item.record, kind)), None)
