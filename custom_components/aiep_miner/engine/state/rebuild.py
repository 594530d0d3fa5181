"""Rebuilds the state from the ledger, at a start and in a replay."""

from dataclasses import dataclass, replace
from typing import Final

from ..ledger import LedgerStore, Query, Stored
from ..records import Record, RecordKind
from ..records.entry import LedgerEntry
from .state import State

WINDOW_MS: Final = 2 * 3_600_000
"""The governor and the rules use nothing older than this."""
RECORDS_WITHOUT_TELEMETRY: Final = 50_000
"""Records that are folded when no telemetry bounds the window."""
LONG_WINDOW_MS: Final = 8 * 24 * 3_600_000
"""Records that matter for longer: restarts for a day, a takeover for a week at most."""
LONG_KINDS: Final = (RecordKind.RECEIPT, RecordKind.OVERRIDE)
LONG_RECORDS: Final = 5_000
SOURCE_KINDS: Final = (
    RecordKind.PROPOSAL,
    RecordKind.RECEIPT,
    RecordKind.NEGATIVE_PROOF,
    RecordKind.REVIEW,
)
"""Records from which it follows what became of proposals."""
SOURCE_RECORDS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The range of records that a state was rebuilt from."""

    from_seq: int
    """First seq of the window that was folded whole; 1 for a short ledger."""
    whole: bool
    """Whether no body of that window was pruned."""


@dataclass(slots=True)
class Progress:
    """How many records were folded, for a thread that waits for it."""

    records: int = 0


def rebuild(
    operator_id: str, store: LedgerStore, upto_seq: int, progress: Progress | None = None
) -> tuple[State, Rebuilt]:
    """Return what the ledger's recent records up to a seq make known; raises LedgerError.

    The result depends on the records alone, so a replay rebuilds the same state at a start.
    """
    state, progress = State(operator_id), progress or Progress()
    # What was learned last counts, not when somebody last started or stopped.
    query = Query(kinds=(RecordKind.TELEMETRY,), to_seq=upto_seq, limit=1, newest_first=True)
    last = next(iter(store.query(query)), None) if upto_seq else None
    from_seq = max(1, upto_seq - RECORDS_WITHOUT_TELEMETRY + 1)
    if last is not None:
        from_seq = max(1, store.first_at(last.ts_ms - WINDOW_MS))
        for stored in _of_sources(store, from_seq, last.ts_ms):
            _follow_sources(state, stored)
        for stored in _before(store, from_seq, last.ts_ms):
            _apply(state, stored, sources=False)
    whole = True
    for chunk in store.read(from_seq, upto_seq):
        for stored in chunk:
            whole = _apply(state, stored) and whole
            progress.records += 1
    return state, Rebuilt(from_seq=from_seq, whole=whole)


def _before(store: LedgerStore, from_seq: int, last_ms: int) -> list[Stored]:
    """Return the records from before the window that still matter, oldest first."""
    if from_seq == 1:
        return []
    before = Query(to_seq=from_seq - 1, newest_first=True)
    policy = store.query(replace(before, kinds=(RecordKind.POLICY,), limit=1))
    plan = store.query(replace(before, kinds=(RecordKind.PLAN,), limit=1))
    lasting = store.query(
        replace(before, kinds=LONG_KINDS, from_ts=last_ms - LONG_WINDOW_MS, limit=LONG_RECORDS)
    )
    # A divergence is recorded when it begins and ends; in between it is active, however long.
    standing = store.query(replace(before, kinds=(RecordKind.DIVERGENCE,), limit=LONG_RECORDS))
    return sorted((*policy, *plan, *lasting, *standing), key=lambda stored: stored.seq)


def _of_sources(store: LedgerStore, from_seq: int, last_ms: int) -> list[Stored]:
    """Return the records on outside sources from before the window, oldest first."""
    query = Query(
        kinds=SOURCE_KINDS,
        to_seq=from_seq - 1,
        from_ts=last_ms - LONG_WINDOW_MS,
        limit=SOURCE_RECORDS,
        newest_first=True,
    )
    return list(reversed(store.query(query))) if from_seq > 1 else []


def _follow_sources(state: State, stored: Stored) -> None:
    record = _record(stored)
    if record is not None:
        state.follow_sources(record)


def _apply(state: State, stored: Stored, *, sources: bool = True) -> bool:
    record = _record(stored)
    if record is None:
        return False
    state.apply(LedgerEntry(record=record, seq=stored.seq, hash=stored.hash_hex), sources=sources)
    return True


def _record(stored: Stored) -> Record | None:
    """Return the record of an entry; None when it is pruned or cannot be read."""
    if stored.body is None:
        return None
    try:
        return stored.record()
    except ValueError:  # altered, or of another release: the verification tells of it
        return None
