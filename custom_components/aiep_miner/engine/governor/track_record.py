"""The track record of each outside source, and the trust that follows from it.

A pure fold over proposals, receipts, negative proofs and reviews, in ledger order. A proposal of
a source is settled by the next receipt or proof for the same miner and action. The ceiling rule:

- A new source is supervised.
- Advisory: of its last 20 outcomes people reversed 3, or 10 or more are known and more than half
  of them are bad (refused, failed, without effect, reversed).
- Autonomous: 20 of its last 50 outcomes are confirmed, none was reversed, at most a tenth is bad.

What an advisory source proposes and would have been acted on counts as withheld, which is not
bad: after 20 of them it is supervised again. What the site's mode or ledger holds back counts
neither way.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..records import (
    OWN_ORIGINS,
    Action,
    CryptoMiningTrustLevel,
    NegativeProofRecord,
    Origin,
    Outcome,
    ProfitRecord,
    ProposalRecord,
    ReceiptRecord,
    Record,
    ReviewRecord,
)
from ..records.reasons import Reason

REMEMBERED: Final = 50
"""Outcomes of each source that its ceiling looks back on."""
LATELY: Final = 20
"""Outcomes that can make it advisory, and confirmed ones that make it autonomous."""
REVERSALS: Final = 3
ENOUGH: Final = 10
MOST_BAD: Final = 0.1
MAX_SOURCES: Final = 64
REVERSED_WITHIN_MS: Final = 3_600_000
"""A person who commands otherwise within this time reverses what was done."""
GAINS_FOR_MS: Final = 24 * 3_600_000
LONGEST_STEP_MS: Final = 600_000
DAY_MS: Final = 24 * 3_600_000
NOT_ITS_FAULT: Final = frozenset(
    {
        Reason.MANUAL_MODE,
        Reason.LEDGER_TAMPERED,
        Reason.LEDGER_UNAVAILABLE,
        Reason.DISPATCH_INTERRUPTED,
    }
)

_RUNS: Final = frozenset({Action.RUN, Action.STOP, Action.RESTART})
_TUNES: Final = frozenset({Action.SET_POWER, Action.SET_HASHRATE})


class Result(StrEnum):
    """What became of a proposal."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    REFUSED = "refused"
    WITHHELD = "withheld"
    REVERSED = "reversed"


_BAD: Final = frozenset({Result.FAILED, Result.REFUSED, Result.REVERSED})


def _count_bad(results: Iterable[Result]) -> int:
    return sum(result in _BAD for result in results)


@dataclass(slots=True, kw_only=True)
class TrackRecord:
    """What one source proposed, and what became of it."""

    source: str
    proposals: int = 0
    allowed: int = 0
    confirmed: int = 0
    refused: int = 0
    reversed: int = 0
    """By a person, within an hour or in a review."""
    gained: float = 0.0
    """In the operator's currency, negative for a cost; of what the state was folded from."""
    recent: deque[Result] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def ceiling(self) -> CryptoMiningTrustLevel:
        """Return the highest trust level that follows from the record."""
        lately = list(self.recent)[-LATELY:]
        mostly_bad = len(lately) >= ENOUGH and 2 * _count_bad(lately) > len(lately)
        if mostly_bad or lately.count(Result.REVERSED) >= REVERSALS:
            return CryptoMiningTrustLevel.ADVISORY
        recent = self.recent
        proven = recent.count(Result.CONFIRMED) >= LATELY and Result.REVERSED not in recent
        if proven and _count_bad(recent) <= MOST_BAD * len(recent):
            return CryptoMiningTrustLevel.AUTONOMOUS
        return CryptoMiningTrustLevel.SUPERVISED

    def count(self, result: Result) -> None:
        """Count what became of a proposal."""
        self.recent.append(result)
        self.confirmed += result is Result.CONFIRMED
        self.refused += result is Result.REFUSED
        self.reversed += result is Result.REVERSED


@dataclass(slots=True, kw_only=True)
class _Act:
    """The last thing that was done on a miner for a source."""

    source: str
    proposal: ProposalRecord
    decision: str
    ts_ms: int
    profit_before: float | None
    seen_ms: int
    reversed: bool = False


def source_of(proposal: ProposalRecord) -> str | None:
    """Return the source that a proposal counts for; None for people and the rules themselves."""
    if proposal.origin in OWN_ORIGINS:
        return None
    return f"{proposal.origin}:{proposal.origin_id or ''}"


class TrackRecords:
    """The track records of all outside sources of a site; of too many the longest silent goes."""

    def __init__(self) -> None:
        """Begin without any source."""
        self.sources: dict[str, TrackRecord] = {}
        self._proposed: dict[str, ProposalRecord] = {}
        """Miner to the last proposal of a source that is not settled."""
        self._acts: dict[str, _Act] = {}
        self._profits: dict[str, float | None] = {}

    def ceiling(self, proposal: ProposalRecord) -> CryptoMiningTrustLevel:
        """Return the highest trust level for a proposal; people and the rules have no ceiling."""
        source = source_of(proposal)
        if source is None:
            return CryptoMiningTrustLevel.AUTONOMOUS
        known = self.sources.get(source)
        return CryptoMiningTrustLevel.SUPERVISED if known is None else known.ceiling

    def follow(self, record: Record) -> None:
        """Take a record in; kinds that tell nothing of a source change nothing."""
        match record:
            case ProposalRecord():
                self._propose(record)
            case ReceiptRecord():
                self._receive(record)
            case NegativeProofRecord():
                self._refuse(record)
            case ReviewRecord():
                self._review(record)

    def _propose(self, record: ProposalRecord) -> None:
        source = source_of(record)
        if source is None:
            self._proposed.pop(record.subject, None)
            if record.origin is Origin.PERSON:
                self._command(record)
            return
        known = self.sources.pop(source, None) or TrackRecord(source=source)
        self.sources[source] = known
        known.proposals += 1
        self._proposed[record.subject] = record
        if len(self.sources) > MAX_SOURCES:
            del self.sources[next(iter(self.sources))]

    def _command(self, record: ProposalRecord) -> None:
        """Take a person's command: one that contradicts what was just done reverses it."""
        act = self._acts.get(record.subject)
        if act is None or record.ts_ms > act.ts_ms + REVERSED_WITHIN_MS:
            return
        if _contradicts(record, act.proposal):
            self._reverse(act)

    def _reverse(self, act: _Act) -> None:
        known = self.sources.get(act.source)
        if known is not None and not act.reversed:
            act.reversed = True
            known.count(Result.REVERSED)

    def _receive(self, record: ReceiptRecord) -> None:
        act = self._acts.get(record.subject)
        if act is not None and act.decision == record.decision:
            if record.outcome is Outcome.CONFIRMED:
                self._settle(act.source, Result.CONFIRMED)
            elif record.reason is Reason.EFFECT_NOT_SEEN:
                self._settle(act.source, Result.FAILED)
            return
        proposal = self._settled(record.subject, record.action)
        if proposal is None:
            self._acts.pop(record.subject, None)  # somebody else acts on the miner now
            return
        source = source_of(proposal) or ""
        if source in self.sources:
            self.sources[source].allowed += 1
        if record.outcome is Outcome.FAILED:
            self._settle(source, Result.FAILED)
        self._acts[record.subject] = _Act(
            source=source,
            proposal=proposal,
            decision=record.decision,
            ts_ms=record.ts_ms,
            profit_before=self._profits.get(record.subject),
            seen_ms=record.ts_ms,
        )

    def _refuse(self, record: NegativeProofRecord) -> None:
        proposal = self._settled(record.subject, record.action)
        if proposal is None or record.rule in NOT_ITS_FAULT:
            return
        withheld = record.rule is Reason.SOURCE_CEILING
        self._settle(source_of(proposal), Result.WITHHELD if withheld else Result.REFUSED)

    def _review(self, record: ReviewRecord) -> None:
        act = self._acts.get(record.subject)
        if act is not None and act.decision == record.decision and not record.approved:
            self._reverse(act)

    def _settled(self, miner_id: str, action: Action) -> ProposalRecord | None:
        proposal = self._proposed.get(miner_id)
        if proposal is None or proposal.action is not action:
            return None
        return self._proposed.pop(miner_id)

    def _settle(self, source: str | None, result: Result) -> None:
        known = self.sources.get(source or "")
        if known is not None:
            known.count(result)

    def earn(self, record: ProfitRecord) -> None:
        """Count what an act gained since the last profit record.

        A start gains the profit that the miner makes, a stop the loss that it would make,
        anything else the difference to the profit before. For a day, or until the next command.
        """
        before = self._profits.get(record.subject)
        self._profits[record.subject] = record.profit_per_day
        act = self._acts.get(record.subject)
        if act is None or record.profit_per_day is None or act.reversed:
            return
        step_ms, act.seen_ms = record.ts_ms - act.seen_ms, record.ts_ms
        gain = _gain_per_day(act, record.profit_per_day)
        if before is None or gain is None or record.ts_ms > act.ts_ms + GAINS_FOR_MS:
            return
        known = self.sources.get(act.source)
        if known is not None:
            known.gained += gain * min(step_ms, LONGEST_STEP_MS) / DAY_MS


def _gain_per_day(act: _Act, profit_per_day: float) -> float | None:
    action = act.proposal.action
    if action is Action.RUN:
        return profit_per_day
    if action is Action.STOP:
        return -profit_per_day
    return None if act.profit_before is None else profit_per_day - act.profit_before


def _contradicts(command: ProposalRecord, done: ProposalRecord) -> bool:
    """Tell whether a command is about the same matter as what was done, and wants otherwise."""
    one, other = command.action, done.action
    same_matter = one is other or {one, other} <= _RUNS or {one, other} <= _TUNES
    wants = (command.action, command.value, command.option)
    return same_matter and wants != (done.action, done.value, done.option)
