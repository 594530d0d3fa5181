"""Tells the outside what changed or was acted on; what merely repeats stays in the ledger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from .governor import events_of
from .reasons import Reason
from .records import (
    Action,
    DecisionRecord,
    Judgement,
    NegativeProofRecord,
    Outcome,
    ReceiptRecord,
    Record,
)
from .views import (
    Filed,
    GovernorEvent,
    GovernorEventKind,
    GovernorView,
    Notice,
    NoticeKind,
)

REMEMBERED: Final = 1024
"""Decisions whose trust level is known when their receipts come."""


class Notices:
    """Turns filed records into notices, each change once."""

    def __init__(
        self,
        on_notice: Callable[[Notice], None],
        on_governor_event: Callable[[GovernorEvent], None],
    ) -> None:
        """Take who is to be told."""
        self._on_notice = on_notice
        self._on_governor_event = on_governor_event
        self._health = GovernorView().overall.status
        self._last: dict[tuple[str, NoticeKind], tuple[object, ...]] = {}
        self._trust: dict[str, int] = {}
        """Record hash to trust level of the latest decisions that asked for a change."""
        self._collected: list[Filed[Record]] | None = None

    @contextmanager
    def collect(self) -> Iterator[list[Filed[Record]]]:
        """Keep what is filed in the meantime."""
        collected: list[Filed[Record]] = []
        self._collected = collected
        try:
            yield collected
        finally:
            self._collected = None

    def filed(self, filed: Filed[Record]) -> None:
        """Take a record in that has just become durable."""
        if self._collected is not None:
            self._collected.append(filed)
        match filed.record:
            case DecisionRecord() as record:
                self._decision(filed, record)
            case NegativeProofRecord() as record:
                changed = self._changed(
                    record.subject, NoticeKind.SUPPRESSION, (record.action, record.rule)
                )
                if changed:
                    self._tell(
                        filed,
                        NoticeKind.SUPPRESSION,
                        record.action,
                        record.rule,
                        trust_level=self._trust.get(record.decision, 0),
                    )
            case ReceiptRecord() as record:
                self._tell(
                    filed,
                    NoticeKind.RECEIPT,
                    record.action,
                    record.reason,
                    trust_level=self._trust.get(record.decision, 0),
                    outcome=record.outcome,
                )

    def governor_health(self, status: str) -> None:
        """Take the governor's health after a cycle in."""
        if status != self._health:
            self._on_governor_event(
                GovernorEvent(kind=GovernorEventKind.HEALTH_CHANGE, status=status)
            )
        self._health = status

    def _judged(self, filed: Filed[Record], record: DecisionRecord, judgement: Judgement) -> None:
        for kind in events_of(judgement.reasons, used_fallback=judgement.used_fallback):
            self._on_governor_event(
                GovernorEvent(
                    kind=GovernorEventKind(kind),
                    miner_id=record.subject,
                    action=record.action,
                    trust_level=judgement.trust_level,
                    reasons=judgement.reasons,
                    seq=filed.seq,
                    hash=filed.hash,
                )
            )

    def _decision(self, filed: Filed[Record], record: DecisionRecord) -> None:
        trust_level = record.judgement.trust_level if record.judgement else 0
        if record.action is not Action.HOLD:
            self._remember(filed.hash, trust_level)
            if record.judgement is not None:
                self._judged(filed, record, record.judgement)
        if Reason.STILL_SUPPRESSED in record.reasons:
            return
        what = (record.action, record.reasons, record.authorised)
        changed = self._changed(record.subject, NoticeKind.DECISION, what)
        if record.authorised or changed:
            self._tell(
                filed,
                NoticeKind.DECISION,
                record.action,
                record.reasons[0],
                trust_level=trust_level,
            )
        if record.action is Action.HOLD and changed:
            # What is wanted after a pause is news again.
            self._last.pop((record.subject, NoticeKind.SUPPRESSION), None)

    def _remember(self, decision: str, trust_level: int) -> None:
        self._trust[decision] = trust_level
        if len(self._trust) > REMEMBERED:
            del self._trust[next(iter(self._trust))]

    def _changed(self, subject: str, kind: NoticeKind, what: tuple[object, ...]) -> bool:
        before = self._last.get((subject, kind))
        self._last[subject, kind] = what
        return before != what

    def _tell(
        self,
        filed: Filed[Record],
        kind: NoticeKind,
        action: Action,
        reason: Reason,
        *,
        trust_level: int,
        outcome: Outcome | None = None,
    ) -> None:
        self._on_notice(
            Notice(
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
