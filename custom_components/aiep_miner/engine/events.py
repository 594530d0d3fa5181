"""Events: changes and dispatches. A decision that repeats the last one emits none."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .governor import EventType, events_of
from .read_model import GovernorView
from .records import (
    Action,
    DecisionRecord,
    Evaluation,
    NegativeProofRecord,
    Outcome,
    ReceiptRecord,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason

REMEMBERED: Final = 1024
"""How many decisions' trust levels are remembered for their receipts."""


class CycleEventKind(StrEnum):
    """What an event is about; each kind is an event type on the Home Assistant bus."""

    DECISION = "decision"
    SUPPRESSION = "suppression"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEvent:
    """Something changed or was acted on."""

    kind: CycleEventKind
    miner_id: str
    action: Action
    reason: Reason
    trust_level: int
    seq: int
    hash: str
    outcome: Outcome | None = None
    """Of a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorEvent:
    """A fallback, limit or change of health in the governor."""

    kind: EventType
    miner_id: str | None = None
    """None for a change of health."""
    action: Action | None = None
    trust_level: int | None = None
    reasons: tuple[str, ...] = ()
    status: str | None = None
    """The new health, of a change."""
    seq: int | None = None
    hash: str | None = None


class EventEmitter:
    """Turns ledger entries into events, each change once."""

    def __init__(
        self,
        on_event: Callable[[CycleEvent], None],
        on_governor_event: Callable[[GovernorEvent], None],
    ) -> None:
        """Take the callbacks that receive the events."""
        self._on_event = on_event
        self._on_governor_event = on_governor_event
        self._health = GovernorView().overall.status
        self._last: dict[tuple[str, CycleEventKind], tuple[object, ...]] = {}
        self._trust: dict[int, int] = {}
        """Seq to trust level of the latest decisions that asked for a change."""

    def emit(self, entries: Iterable[LedgerEntry[Any]]) -> None:
        """Emit what a commit has made durable, in its order."""
        for entry in entries:
            self._emit(entry)

    def _emit(self, filed: LedgerEntry[Any]) -> None:
        match filed.record:
            case DecisionRecord() as record:
                self._decision(filed, record)
            case NegativeProofRecord() as record:
                changed = self._changed(
                    record.subject, CycleEventKind.SUPPRESSION, (record.action, record.rule)
                )
                if changed:
                    self._tell(
                        filed,
                        CycleEventKind.SUPPRESSION,
                        record.action,
                        record.rule,
                        trust_level=self._trust.get(record.decision, 0),
                    )
            case ReceiptRecord() as record:
                self._tell(
                    filed,
                    CycleEventKind.RECEIPT,
                    record.action,
                    record.reason,
                    trust_level=self._trust.get(record.decision, 0),
                    outcome=record.outcome,
                )

    def governor_health(self, status: str) -> None:
        """Emit an event when the governor's health changed since the last call."""
        if status != self._health:
            self._on_governor_event(GovernorEvent(kind=EventType.HEALTH_CHANGE, status=status))
        self._health = status

    def _judged(
        self, filed: LedgerEntry[Any], record: DecisionRecord, evaluation: Evaluation
    ) -> None:
        for kind in events_of(evaluation.reasons, used_fallback=evaluation.used_fallback):
            self._on_governor_event(
                GovernorEvent(
                    kind=kind,
                    miner_id=record.subject,
                    action=record.action,
                    trust_level=evaluation.trust_level,
                    reasons=evaluation.reasons,
                    seq=filed.seq,
                    hash=filed.hash,
                )
            )

    def _decision(self, filed: LedgerEntry[Any], record: DecisionRecord) -> None:
        trust_level = record.evaluation.trust_level if record.evaluation else 0
        if record.action is not Action.HOLD:
            self._remember(filed.seq, trust_level)
            if record.evaluation is not None:
                self._judged(filed, record, record.evaluation)
        if Reason.STILL_SUPPRESSED in record.reasons:
            return
        what = (record.action, record.reasons, record.authorised)
        changed = self._changed(record.subject, CycleEventKind.DECISION, what)
        if record.authorised or changed:
            self._tell(
                filed,
                CycleEventKind.DECISION,
                record.action,
                record.reasons[0],
                trust_level=trust_level,
            )
        if record.action is Action.HOLD and changed:
            # The same suppression after a pause is a change again.
            self._last.pop((record.subject, CycleEventKind.SUPPRESSION), None)

    def _remember(self, decision: int, trust_level: int) -> None:
        self._trust[decision] = trust_level
        if len(self._trust) > REMEMBERED:
            del self._trust[next(iter(self._trust))]

    def _changed(self, subject: str, kind: CycleEventKind, what: tuple[object, ...]) -> bool:
        before = self._last.get((subject, kind))
        self._last[subject, kind] = what
        return before != what

    def _tell(
        self,
        filed: LedgerEntry[Any],
        kind: CycleEventKind,
        action: Action,
        reason: Reason,
        *,
        trust_level: int,
        outcome: Outcome | None = None,
    ) -> None:
        self._on_event(
            CycleEvent(
                kind=kind,
                miner_id=filed.record.subject,
                action=action,
                reason=reason,
                trust_level=trust_level,
                seq=filed.seq,
                hash=filed.hash,
                outcome=outcome,
            )
        )
