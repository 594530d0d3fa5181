"""The ledger's file: one SQLite database, appended to in transactions, read through indexes.

Everything here blocks and belongs to one thread; ``Ledger`` puts it on one of its own.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from heapq import merge
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from ..canonical import canonical
from ..records import RECORD_TYPES, Record, RecordKind
from . import segments, verify
from .bodies import BodyCodec
from .errors import LedgerError, LedgerReason, translated
from .model import RARE, Head, Query, Recovery, RecoveryCause, Span, Stored
from .verify import DICTIONARY_TABLES, FORMAT, DictionaryRow, Fault, FaultCode

_SCHEMA = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE records (
      seq       INTEGER PRIMARY KEY,
      ts        INTEGER NOT NULL,
      kind      TEXT NOT NULL,
      subject   TEXT NOT NULL,
      codec     TEXT NOT NULL,
      body      BLOB,
      body_hash BLOB NOT NULL,
      hash      BLOB NOT NULL
    ) STRICT;
"""
_DICTIONARY_COLUMNS = """(
      id INTEGER PRIMARY KEY, data BLOB NOT NULL, sha256 BLOB NOT NULL, from_seq INTEGER NOT NULL
    ) STRICT"""
_EXTRAS = f"""
    CREATE INDEX IF NOT EXISTS records_by_kind ON records (kind) WHERE {RARE};
    CREATE TABLE IF NOT EXISTS dictionaries {_DICTIONARY_COLUMNS};
"""
_COLUMNS = "seq, ts, kind, subject, codec, body, body_hash, hash"
_INSERT = f"INSERT INTO records ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_WAL_LIMIT_BYTES = 8 * 1024 * 1024
_BUSY_TIMEOUT_S = 10.0
_SCAN_ROWS = 50_000
_PENDING = "pending_recovery"


class LedgerStore:
    """One ledger file, on the thread that opened it."""

    def __init__(self, path: Path, operator_id: str) -> None:
        """Prepare; ``open`` and ``open_read_only`` make ready ones."""
        self.path = path
        self.operator_id = operator_id
        self.head = Head(0, verify.genesis(operator_id))
        self.last_ts_ms = 0
        """0 for an empty ledger."""
        self.recovery: Recovery | None = None
        """What happened if this process had to begin a new segment; None if all is well."""
        self.fault: Fault | None = None
        """What was wrong with the head when the ledger was opened."""
        self._pending: Recovery | None = None
        self.dictionaries: dict[int, DictionaryRow | None] = {}
        """By number; None for one of which no copy is whole."""
        self.bodies = BodyCodec()
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False

    @classmethod
    def open(cls, path: Path, operator_id: str, *, known_head: Head | None = None) -> Self:
        """Open for appending, or create; takes as long for a long ledger as for a short one.

        A file that cannot be a ledger is set aside, never deleted, and a new segment begins.
        ``known_head`` is the last head kept outside the file. Raises LedgerError.
        """
        store = cls(path, operator_id)
        try:
            with translated():
                path.parent.mkdir(parents=True, exist_ok=True)
                store._begin(known_head)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open_read_only(cls, path: Path, operator_id: str | None = None) -> Self:
        """Open a ledger to read it, an operator's if one is named. Raises LedgerError."""
        with translated(LedgerReason.CORRUPT):
            connection = verify.connect_read_only(path)
            try:
                store = cls(path, operator_id or verify.read_meta(connection)["operator_id"])
                store._connection = connection
                store._load()
                store._take_dictionaries()
            except BaseException:
                connection.close()
                raise
        return store

    def close(self) -> None:
        """Close the file; the store cannot be used any more. Closing twice is fine."""
        self._is_closed = True
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Opening and recovery

    def _begin(self, known_head: Head | None) -> None:
        """Open the file, whatever state it is in."""
        if not os.access(self.path.parent, os.W_OK):
            raise LedgerError(LedgerReason.READ_ONLY, f"{self.path.parent} cannot be written")
        segments.finish(self.path)
        is_missing = not self.path.exists() and known_head is not None and known_head.seq > 0
        try:
            self._connect()
        except LedgerError as err:
            if err.reason is not LedgerReason.CORRUPT:
                raise
            self._begin_segment(RecoveryCause.CORRUPT, known_head)
            return
        if is_missing:
            self._await_recovery(Recovery(RecoveryCause.MISSING, known_head, None))
        elif known_head is not None:
            self.fault = self.check_head(known_head)
            if self.fault is not None and (recovery := self._recovery_from(known_head)):
                self.recovery, self.fault = recovery, None

    def _connect(self) -> None:
        """Connect, create what a new file lacks, and read where the chain stands."""
        with translated(LedgerReason.CORRUPT):
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None
            )
            self.execute("PRAGMA journal_mode = WAL")
            self.execute("PRAGMA synchronous = FULL")
            self.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
            self.execute("PRAGMA cell_size_check = ON")
            with self.transaction():
                self._create()
            self._load()
            self._mend(self._take_dictionaries())

    def _create(self) -> None:
        """Write the tables that a ledger lacks."""
        if self.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            for statement in _SCHEMA.split(";"):
                self.execute(statement)
            self.set_meta("format", FORMAT)
            self.set_meta("operator_id", self.operator_id)
        for statement in _EXTRAS.split(";"):
            self.execute(statement)

    def _load(self) -> None:
        """Read the head. Raises LedgerError when this is not the operator's sound ledger."""
        meta = verify.read_meta(self._opened)
        if meta["operator_id"] != self.operator_id:
            raise LedgerError(LedgerReason.CORRUPT, "not a ledger of this operator")
        last = self.execute("SELECT seq, hash, ts FROM records ORDER BY seq DESC LIMIT 1")
        match last.fetchone():
            case None:
                self.head, self.last_ts_ms = Head(0, verify.genesis(self.operator_id)), 0
            case (int(seq), bytes(digest), int(ts)) if len(digest) == 32:
                self.head, self.last_ts_ms = Head(seq, digest), ts
            case _:
                raise LedgerError(LedgerReason.CORRUPT, "the last record is malformed")
        try:
            self._pending = Recovery.from_text(meta[_PENDING]) if _PENDING in meta else None
        except (ValueError, TypeError) as err:
            raise LedgerError(LedgerReason.CORRUPT, "malformed recovery note") from err
        self.recovery = self._pending or self.recovery

    def _take_dictionaries(self) -> list[str]:
        """Read the dictionaries; return their tables that are missing or damaged."""
        self.dictionaries, bad = verify.read_dictionaries(self._opened)
        self._use_dictionaries()
        return bad

    def _use_dictionaries(self) -> None:
        self.bodies = BodyCodec({row[0]: row[1] for row in self.dictionaries.values() if row})

    def _mend(self, tables: list[str]) -> None:
        """Write tables of dictionaries anew. Raises LedgerError when there is nothing to go by."""
        if len(tables) == len(DICTIONARY_TABLES) and not self.dictionaries:
            raise LedgerError(LedgerReason.CORRUPT, "its dictionaries cannot be read")
        if tables:
            with self.transaction():
                for table in tables:
                    self._renew(table)

    def _renew(self, table: str) -> None:
        """Write one anew. A damaged one stays under another name, for its pages may lie.

        Freed or changed, they could take pages of the records with them.
        """
        exists = "SELECT 1 FROM sqlite_schema WHERE name = ?"
        if self.execute(exists, (table,)).fetchone():
            (version,) = self.execute("PRAGMA schema_version").fetchone()
            self.execute(f"ALTER TABLE {table} RENAME TO damaged_{version}")
        self.execute(f"CREATE TABLE {table} {_DICTIONARY_COLUMNS}")
        self._insert_dictionaries(table, filter(None, self.dictionaries.values()))

    def _insert_dictionaries(self, table: str, rows: Iterable[DictionaryRow]) -> None:
        self._opened.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)  # noqa: S608

    def add_dictionary(self, data: bytes) -> None:
        """Compress with a dictionary from now on. Raises LedgerError."""
        with translated():
            self._mend(verify.read_dictionaries(self._opened)[1])
            number = max(self.dictionaries, default=0) + 1
            row = (number, data, hashlib.sha256(data).digest(), self.head.seq)
            with self.transaction():
                for table in DICTIONARY_TABLES:
                    self._insert_dictionaries(table, [row])
        self.dictionaries[number] = row
        self._use_dictionaries()

    def begin_segment(self, cause: RecoveryCause) -> Recovery:
        """Set the ledger aside and begin a new segment: it is broken, or its break was accepted.

        Raises LedgerError.
        """
        if self._is_closed:
            raise LedgerError(LedgerReason.CLOSED, "the ledger is closed")
        with translated():
            return self._begin_segment(cause, self.head)

    def _begin_segment(self, cause: RecoveryCause, known_head: Head | None) -> Recovery:
        """Set the file aside; the one in its place knows already whose head it has to name.

        A crash at any point leaves either the old file or the new one, which ``finish`` moves.
        """
        self._disconnect()
        aside = segments.free_name(self.path)
        heads = [head for head in (known_head, segments.salvaged_head(self.path)) if head]
        recovery = Recovery(cause, max(heads, key=lambda head: head.seq, default=None), aside.name)
        segments.discard_next(self.path)
        fresh = type(self)(segments.next_name(self.path), self.operator_id)
        try:
            fresh._connect()
            fresh._await_recovery(recovery)
        finally:
            fresh.close()
        segments.move(self.path, aside)
        segments.finish(self.path)
        self.fault = None
        self._connect()
        return recovery

    def _await_recovery(self, recovery: Recovery) -> None:
        """Remember, durably, that the first append begins with a recovery record."""
        with self.transaction():
            self.set_meta(_PENDING, recovery.to_text())
        self._pending = self.recovery = recovery

    def _recovery_from(self, known: Head) -> Recovery | None:
        """Return how this segment began, when a head is that of the corrupt one before it.

        So it is when a crash came before the new segment's head was kept outside.
        """
        try:
            told = self._pending or self._told_recovery()
        except LedgerError, ValueError, TypeError:  # altered: the fault stands
            return None
        if told is None or told.cause is not RecoveryCause.CORRUPT or told.previous is None:
            return None
        is_named = told.previous == known or told.previous.seq > known.seq
        return told if is_named and told.file else None

    def _told_recovery(self) -> Recovery | None:
        """Return what the first record tells. Raises LedgerError, ValueError and TypeError."""
        first = self.get(1)
        return Recovery.told_by(first.record()) if first else None

    def check_head(self, known: Head) -> Fault | None:
        """Return what is wrong when a head kept outside is not in this chain. Raises LedgerError."""
        if known.seq > self.head.seq:
            return Fault(self.head.seq + 1, FaultCode.HEAD_MISSING)
        try:
            found = self._read("SELECT hash FROM records WHERE seq = ?", (known.seq,))
        except LedgerError as err:
            if err.reason is not LedgerReason.CORRUPT:
                raise
            return Fault(known.seq, FaultCode.UNREADABLE)
        expected = found[0][0] if found else verify.genesis(self.operator_id)
        return None if expected == known.hash else Fault(known.seq, FaultCode.HEAD_DIFFERS)

    # Appending

    def append(self, records: Sequence[Record]) -> tuple[Stored, ...]:
        """Append all records in one transaction, or none; they are on disk when this returns.

        A time before the last record's is lifted to it, and the record's ``clock_ms`` says what
        the clock showed. Raises LedgerError, after which the same call may be tried again, and
        ValueError when a record cannot be written as JSON (NaN, infinity).
        """
        staged: list[Stored] = []
        stored = self.stage(records, staged)
        self.commit(staged)
        return stored

    def stage(self, records: Sequence[Record], staged: list[Stored]) -> tuple[Stored, ...]:
        """Chain records behind those staged before, in memory; add them to ``staged``.

        Each has its seq and hash at once, so that later records of the same commit may name it.
        Raises LedgerError and ValueError, like ``append``.
        """
        if not records:
            return ()
        self._reopen()
        if self._pending and not staged:
            staged += self._chain([self._pending.record(records[0].ts_ms, self.operator_id)], [])
        stored = self._chain(records, staged)
        staged += stored
        return stored

    def commit(self, staged: Sequence[Stored]) -> None:
        """Write what was staged, in one transaction. Raises LedgerError: nothing was written."""
        if not staged:
            return
        try:
            with translated():
                self._write(staged)
        except LedgerError as err:
            if err.reason is LedgerReason.CORRUPT:
                self.begin_segment(RecoveryCause.CORRUPT)
            raise
        self._pending = None
        self.head = Head(staged[-1].seq, staged[-1].hash)
        self.last_ts_ms = staged[-1].ts_ms

    def read_head_anew(self) -> None:
        """Take the head from the file, to which another program may have appended.

        A chain that does not hold the head known so far is a fault. Raises LedgerError.
        """
        known = self.head
        if self._connection is None:
            return
        with translated():
            self._load()
        self.fault = self.check_head(known) or self.fault

    def _reopen(self) -> None:
        """Take up again a new segment that could not be begun when the old one broke."""
        if self._connection is None and not self._is_closed:
            with translated():
                self._begin(self.head)

    def _chain(self, records: Sequence[Record], staged: Sequence[Stored]) -> tuple[Stored, ...]:
        """Put records onto the chain, behind those staged, in memory."""
        stored = []
        seq, prev, last_ts = self.head.seq, self.head.hash, self.last_ts_ms
        if staged:
            seq, prev, last_ts = staged[-1].seq, staged[-1].hash, staged[-1].ts_ms
        for given in records:
            record = given
            if record.ts_ms < last_ts:
                record = replace(record, ts_ms=last_ts, clock_ms=record.ts_ms)
            body = canonical(record.body())
            if len(body) > verify.MAX_BODY_BYTES:
                raise ValueError(f"a body of {len(body)} bytes is too long")
            seq, last_ts, body_hash = seq + 1, record.ts_ms, hashlib.sha256(body).digest()
            prev = verify.link(prev, seq, last_ts, record.kind, record.subject, body_hash)
            stored.append(Stored(seq, last_ts, record.kind, record.subject, body, body_hash, prev))
        return tuple(stored)

    def _write(self, stored: Sequence[Stored]) -> None:
        """Write records durably."""
        rows = [
            (item.seq, item.ts_ms, str(item.kind), item.subject,
             *self.bodies.encode(item.body), item.body_hash, item.hash)
            for item in stored
        ]  # fmt: skip
        with self.transaction():
            self._check_sole_writer()
            if not self.head.seq:
                self.set_meta("created_ms", str(stored[0].ts_ms))
                self.execute("DELETE FROM meta WHERE key = ?", (_PENDING,))
            self._opened.executemany(_INSERT, rows)

    def adopt(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Fill an empty ledger with the rows of a chain that was verified. Raises LedgerError."""
        with translated(), self.transaction():
            self._opened.executemany(_INSERT, rows)
            self.execute(
                "INSERT INTO meta SELECT 'created_ms', CAST(ts AS TEXT) FROM records WHERE seq = 1"
            )
        with translated():
            self._load()

    def _check_sole_writer(self) -> None:
        """Refuse to fork the chain when somebody else has appended."""
        last = self.execute("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1").fetchone()
        if last != ((self.head.seq, self.head.hash) if self.head.seq else None):
            raise LedgerError(LedgerReason.LOCKED, "another program writes this ledger")

    # Reading

    def get(self, seq: int) -> Stored | None:
        """Return one record. Raises LedgerError."""
        return next(iter(self.select(Query(), Span(seq, seq), 1)), None)

    def query(self, query: Query) -> tuple[Stored, ...]:
        """Return the records that match. Raises LedgerError."""
        found: list[Stored] = []
        for span in self.spans(query):
            found.extend(self.select(query, span, query.limit - len(found)))
            if len(found) >= query.limit:
                break
        return tuple(found)

    def read(
        self, from_seq: int = 1, to_seq: int | None = None, *, chunk: int = 1000
    ) -> Iterator[tuple[Stored, ...]]:
        """Return a range of records in order, in chunks. Raises LedgerError."""
        last = self.head.seq if to_seq is None else to_seq
        while from_seq <= last:
            rows = self.select(Query(), Span(from_seq, last), chunk)
            if not rows:
                return
            yield rows
            from_seq = rows[-1].seq + 1

    def first_at(self, ts_ms: int) -> int:
        """Return the first seq at or after a time; one past the head if there is none.

        Found by bisection, since times never decrease. Raises LedgerError.
        """
        low, high = 1, self.head.seq + 1
        while low < high:
            middle = (low + high) // 2
            row = self._read("SELECT ts FROM records WHERE seq >= ? LIMIT 1", (middle,))
            if row and row[0][0] < ts_ms:
                low = middle + 1
            else:
                high = middle
        return low

    def spans(self, query: Query) -> Iterator[Span]:
        """Return the parts in which to look for records, each quick to look through.

        Raises LedgerError.
        """
        first, last = query.from_seq or 1, min(query.to_seq or self.head.seq, self.head.seq)
        if query.from_ts is not None:
            first = max(first, self.first_at(query.from_ts))
        if query.to_ts is not None:
            last = min(last, self.first_at(query.to_ts + 1) - 1)
        step = _SCAN_ROWS if query.is_scan else max(1, last - first + 1)
        starts = range(first, last + 1, step)
        for start in reversed(starts) if query.newest_first else starts:
            yield Span(start, min(start + step - 1, last))

    def select(self, query: Query, span: Span, limit: int) -> tuple[Stored, ...]:
        """Return at most ``limit`` records that match within a span. Raises LedgerError."""
        order = "DESC" if query.newest_first else "ASC"
        found = [
            self._read(
                f"SELECT {_COLUMNS} FROM records WHERE seq BETWEEN ? AND ?{where}"  # noqa: S608
                f" ORDER BY seq {order} LIMIT ?",
                (span.first, span.last, *values, limit),
            )
            for where, values in query.conditions()
        ]
        rows = merge(*found, key=itemgetter(0), reverse=query.newest_first)
        return tuple(self._stored(row) for row in islice(rows, limit))

    def _stored(self, row: tuple[Any, ...]) -> Stored:
        seq, ts_ms, kind, subject, codec, stored, body_hash, digest = row
        try:
            body = self.bodies.decode(codec, stored)
        except ValueError as err:
            raise LedgerError(LedgerReason.CORRUPT, f"the body of record {seq}") from err
        known = RecordKind(kind) if kind in RECORD_TYPES else kind
        return Stored(seq, ts_ms, known, subject, body, body_hash, digest)

    # The file

    @property
    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerError(LedgerReason.CLOSED, "the ledger is closed")
        return self._connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement. Raises sqlite3.Error."""
        return self._opened.execute(statement, values)

    def _read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows, and leave no read transaction open. Raises LedgerError."""
        with translated():
            return self.execute(statement, values).fetchall()

    def meta(self, key: str) -> str | None:
        """Return a note about the file. Raises LedgerError."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Note something about the file, which no hash covers. Raises sqlite3.Error."""
        self.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block does, or nothing of it."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # the first error is the one to tell
                if self._opened.in_transaction:
                    self.execute("ROLLBACK")
            raise
