"""Keeps a ledger small, in steps short enough to fit between two cycles.

Bodies are compressed with a dictionary made of the ledger's own; those of telemetry, prices and
profits are dropped once they are old enough. The chain covers their hashes and stays whole.
"""

from dataclasses import replace
from itertools import chain, zip_longest
from typing import Final

from ..records import LifecycleEvent, LifecycleRecord, RecordKind
from .bodies import make_dictionary
from .errors import translated
from .model import Query
from .store import LedgerStore

_PRUNABLE: Final = (RecordKind.TELEMETRY, RecordKind.PRICE, RecordKind.PROFIT)
_FIRST_RECORDS: Final = 300
"""So many make the first dictionary."""
_SAMPLED: Final = (*_PRUNABLE, RecordKind.DECISION)
"""What each cycle files; other kinds resemble these well enough."""
_SAMPLES: Final = 75
"""Of each kind, …"""
_SAMPLED_RECORDS: Final = 20_000
"""… among the newest."""
_DICTIONARY_RECORDS: Final = 1_000_000
"""A dictionary is replaced after ten times its age in records, at the latest after these."""
_STEP_RECORDS: Final = 500
_GRANULARITY_MS: Final = 24 * 3_600_000
_DECLARED: Final = "pruned_to"
_DROPPED: Final = "dropped_to"


def maintain(store: LedgerStore, now_ms: int, keep_ms: int) -> bool:
    """Do one step of housekeeping; return whether the next one is due at once.

    Bodies older than ``keep_ms`` go, a day's worth at a time: first a record says so, then
    they are dropped. Raises LedgerError.
    """
    if _wants_dictionary(store):
        _learn(store)
    declared, dropped = int(store.meta(_DECLARED) or 0), int(store.meta(_DROPPED) or 0)
    if dropped < declared:
        return _drop(store, dropped, declared)
    return _declare(store, now_ms - keep_ms, declared)


def _wants_dictionary(store: LedgerStore) -> bool:
    rows = [row for row in store.dictionaries.values() if row]
    if len(rows) < len(store.dictionaries):  # one is lost: there are bodies that cannot be read
        return False
    if not rows:
        return store.head.seq >= _FIRST_RECORDS
    from_seq = max(row[3] for row in rows)
    return store.head.seq >= min(10 * from_seq, from_seq + _DICTIONARY_RECORDS)


def _learn(store: LedgerStore) -> None:
    """Make a dictionary of the newest bodies and compress with it from now on."""
    first = max(1, store.head.seq - _SAMPLED_RECORDS)
    query = Query(from_seq=first, limit=_SAMPLES, newest_first=True)
    newest = [store.query(replace(query, kinds=(kind,))) for kind in _SAMPLED]
    in_turn = chain.from_iterable(zip_longest(*newest))
    samples = (stored.body for stored in in_turn if stored and stored.body)
    store.add_dictionary(make_dictionary(samples))


def _declare(store: LedgerStore, before_ms: int, declared: int) -> bool:
    """Record that bodies from before a time are dropped from here on, once a day's worth is due."""
    if store.first_at(before_ms - _GRANULARITY_MS) - 1 <= declared:
        return False
    last = store.first_at(before_ms) - 1
    record = LifecycleRecord(
        ts_ms=store.last_ts_ms,
        subject=store.operator_id,
        event=LifecycleEvent.PRUNED,
        pruned_to_seq=last,
    )
    store.append([record])
    with translated(), store.transaction():
        store.set_meta(_DECLARED, str(last))
    return True


def _drop(store: LedgerStore, dropped: int, declared: int) -> bool:
    """Drop the next bodies of those declared."""
    last = min(dropped + _STEP_RECORDS, declared)
    marks = ", ".join("?" * len(_PRUNABLE))
    with translated(), store.transaction():
        store.execute(
            "UPDATE records SET body = NULL, codec = 'raw' WHERE seq > ? AND seq <= ?"  # noqa: S608
            f" AND +kind IN ({marks})",
            (dropped, last, *_PRUNABLE),
        )
        store.set_meta(_DROPPED, str(last))
    return last < declared
