"""The ledger's file as its one writer uses it: blocks are appended, each in one transaction.

Everything here blocks and belongs to one thread; ``Ledger`` puts it on one of its own.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from .blocks import NewBlock, Staged, build, stage
from .entries import Draft, Head, LedgerEntry
from .errors import LedgerError, LedgerReason, translated
from .signing import Signer
from .verifier import database as reading
from .verifier import tree
from .verifier.blocks import FORMAT, PAGE_BLOCKS, Block, Decided
from .verifier.note import Checkpoint, Note, origin_of
from .verifier.parts import RAW, read_part

SCHEMA: Final = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE blocks (
      number INTEGER PRIMARY KEY, ts INTEGER NOT NULL, first_seq INTEGER NOT NULL,
      codec TEXT NOT NULL, observations BLOB NOT NULL, events BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE pages (
      page INTEGER PRIMARY KEY, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL,
      first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
      codec TEXT NOT NULL, observations BLOB, dropped BLOB, events BLOB NOT NULL,
      root BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
      block INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX events_by_kind ON events (kind);
    CREATE INDEX events_by_subject ON events (subject);
    CREATE INDEX page_heads ON pages (page, first_ts, last_ts, first_seq, last_seq, root, hash);
    CREATE INDEX pages_observed ON pages (page, last_ts) WHERE observations IS NOT NULL;
"""
_INSERT_BLOCK: Final = "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)"
_INSERT_EVENT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?)"
_WAL_LIMIT_BYTES: Final = 8 * 1024 * 1024
_BUSY_TIMEOUT_S: Final = 10.0
COMMIT_MAC: Final = "commit_mac"
"""In ``meta``: the code of the last block. It adds trust after a crash and decides nothing else."""

type IsWanted = Callable[[], bool]
"""Tells, just before a commit, whether somebody still waits for it."""


def _always() -> bool:
    return True


class Store:
    """One segment's file, open for appending."""

    def __init__(self, path: Path, operator_id: str, signer: Signer) -> None:
        """Prepare; ``connect`` opens."""
        self.path = path
        self.operator_id = operator_id
        self.signer = signer
        self.segment = ""
        self.head = Head("", 0, b"", 0)
        self.last_ts_ms = 0
        """0 for an empty segment."""
        self.signed: Checkpoint | None = None
        """The last checkpoint that was signed, as far as it is known here."""
        self._decided = Decided()
        self._connection: sqlite3.Connection | None = None
        self._version = 0
        self._tree: tree.CompactRange | None = None

    # The file

    def connect(self) -> Self:
        """Open the file of a segment, and read its head. Raises LedgerError."""
        with translated(LedgerReason.CORRUPT):
            self._connect()
            meta = reading.read_meta(self.connection)
            if meta["operator_id"] != self.operator_id:
                raise LedgerError(LedgerReason.CORRUPT, "not a ledger of this operator")
            self.segment = meta["segment"]
            self.load()
        return self

    def create(self, segment: str, now_ms: int) -> Self:
        """Make the file of a new segment. Raises LedgerError."""
        with translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connect()
            with self.transaction():
                for statement in SCHEMA.split(";"):
                    self.connection.execute(statement)
                for key, value in (
                    ("format", FORMAT),
                    ("operator_id", self.operator_id),
                    ("segment", segment),
                    ("created_ms", str(now_ms)),
                ):
                    self.connection.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
            self.segment = segment
            self.load()
        return self

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"journal_size_limit = {_WAL_LIMIT_BYTES}",
            "cell_size_check = ON",
            "trusted_schema = OFF",
            # Some builds overwrite what is deleted with zeros. What sealing deletes is in a page by
            # then, and overwriting it would hold up commits for as long as writing it did.
            "secure_delete = OFF",
        ):
            self.connection.execute(f"PRAGMA {pragma}")
        self._version = self._data_version()

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection. Raises LedgerError when the file is closed."""
        if self._connection is None:
            raise LedgerError(LedgerReason.CLOSED, "the ledger is closed")
        return self._connection

    @property
    def is_open(self) -> bool:
        """Return whether the file is open."""
        return self._connection is not None

    @property
    def origin(self) -> str:
        """Return the origin of the segment's checkpoints."""
        return origin_of(self.operator_id, self.segment)

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self) -> None:
        """Read the head from the last block, whose hash is computed anew.

        Raises LedgerError and sqlite3.Error.
        """
        self._version = self._data_version()
        head = Head.empty(self.operator_id, self.segment)
        last_ts = 0
        page = self.connection.execute(
            "SELECT page, last_ts, last_seq, hash FROM pages INDEXED BY page_heads"
            " ORDER BY page DESC LIMIT 1"
        ).fetchone()
        if page is not None:
            number, last_ts, seq, digest = page
            head = Head(self.segment, (number + 1) * PAGE_BLOCKS, digest, seq)
        (last,) = self.connection.execute("SELECT max(number) FROM blocks").fetchone()
        if last is not None and last >= head.blocks:
            head, last_ts = self._load_block(last, head)
        self.head, self.last_ts_ms = head, last_ts
        self._tree, self._decided = None, Decided()

    def _load_block(self, number: int, sealed: Head) -> tuple[Head, int]:
        """Return the head that a block is, and its time. Raises LedgerError."""
        before = sealed.hash
        if number > sealed.blocks:
            (before,) = self.connection.execute(
                "SELECT hash FROM blocks WHERE number = ?", (number - 1,)
            ).fetchone() or (b"",)
        row = self.connection.execute(
            "SELECT first_seq, codec, observations, events, hash FROM blocks WHERE number = ?",
            (number,),
        ).fetchone()
        first_seq, codec, observations, events, digest = row
        try:
            block = Block(number, read_part(codec, observations), read_part(codec, events))
            header = reading.header_of(block, first_seq, before)
            fits = header.hash == digest
        except ValueError as err:
            raise LedgerError(LedgerReason.CORRUPT, f"the last block: {err}") from err
        if not fits:
            raise LedgerError(LedgerReason.CORRUPT, "the last block is not what its hash says")
        return Head(self.segment, number + 1, digest, header.last_seq), header.ts

    def is_own(self) -> bool:
        """Return whether this installation wrote the last block. Raises sqlite3.Error."""
        row = self.connection.execute(
            "SELECT value FROM meta WHERE key = ?", (COMMIT_MAC,)
        ).fetchone()
        return self.signer.is_mac(row[0] if row else None, self.head.hash)

    def hash_at(self, blocks: int) -> bytes | None:
        """Return the hash of the last of so many blocks; None when there are fewer.

        Raises LedgerError.
        """
        if blocks in (0, self.head.blocks):
            empty = Head.empty(self.operator_id, self.segment)
            return self.head.hash if blocks else empty.hash
        if blocks > self.head.blocks:
            return None
        page, place = divmod(blocks - 1, PAGE_BLOCKS)
        with translated():
            try:
                return self._reader().block_hashes(page * PAGE_BLOCKS, place + 1)[place]
            except (ValueError, IndexError) as err:
                raise LedgerError(LedgerReason.CORRUPT, f"block {blocks - 1}: {err}") from err

    def _reader(self) -> reading.Database:
        """Return what reads hashes, on the writer's connection."""
        return reading.Database(self.path, self.connection)

    # Appending

    def append(
        self, drafts: Sequence[Draft], is_wanted: IsWanted = _always
    ) -> tuple[LedgerEntry, ...]:
        """Append all records as one block, or none; they are on disk when this returns.

        Raises LedgerError, after which the same call may be tried again, and ValueError when a
        record cannot be written as JSON (NaN, infinity).
        """
        staged = tuple(stage(drafts, self.head.seq, self.last_ts_ms))
        return self.append_staged(staged, is_wanted) if staged else ()

    def append_staged(
        self, staged: Sequence[Staged], is_wanted: IsWanted = _always
    ) -> tuple[LedgerEntry, ...]:
        """Append records that were given their places before. Raises LedgerError, like ``append``."""
        if staged[0].entry.seq != self.head.seq + 1:
            raise LedgerError(LedgerReason.LOCKED, "something else was appended meanwhile")
        try:
            block = build(staged, self.head, self._decided)
            with translated():
                self._write(block, is_wanted)
        except BaseException:
            for item in staged:  # the next decision is an event: none is dropped by mistake
                self._decided.last.pop(item.entry.subject, None)
            raise
        header = block.header
        self.head = Head(self.segment, header.number + 1, block.hash, header.last_seq)
        self.last_ts_ms = header.ts
        if self._tree is not None:
            self._tree.append(block.hash)
        return block.entries

    def _write(self, block: NewBlock, is_wanted: IsWanted) -> None:
        header = block.header
        with self.transaction(is_wanted):
            self._check_sole_writer()
            self.connection.execute(
                _INSERT_BLOCK,
                (
                    header.number, header.ts, header.first_seq, RAW,
                    block.observations, block.events, block.hash,
                ),
            )  # fmt: skip
            if block.index:
                self.connection.executemany(
                    _INSERT_EVENT,
                    [
                        (entry.seq, entry.ts_ms, entry.kind, entry.subject, header.number)
                        for entry in block.index
                    ],
                )
            self.connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                (COMMIT_MAC, self.signer.mac(block.hash)),
            )

    def _data_version(self) -> int:
        version: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _check_sole_writer(self) -> None:
        """Refuse to fork the chain when somebody else has written. Raises LedgerError."""
        version = self._data_version()
        if version == self._version:
            return
        row = (
            self.connection.execute(
                "SELECT number + 1, hash FROM blocks ORDER BY number DESC LIMIT 1"
            ).fetchone()
            or self.connection.execute(
                "SELECT (page + 1) * 256, hash FROM pages ORDER BY page DESC LIMIT 1"
            ).fetchone()
        )
        if row != ((self.head.blocks, self.head.hash) if self.head.blocks else None):
            raise LedgerError(LedgerReason.LOCKED, "another program writes this ledger")
        self._version = version

    @contextmanager
    def transaction(self, is_wanted: IsWanted = _always) -> Iterator[None]:
        """Commit what is done in between, or nothing of it.

        Nothing either when it is not wanted any more just before the commit.
        """
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            _check_wanted(is_wanted)
            self.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # the first error is the one to tell
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
            raise

    # Signing

    def root_at(self, blocks: int) -> bytes:
        """Return the log's root at a number of blocks. Raises LedgerError."""
        with translated():
            try:
                if blocks == self.head.blocks:
                    return self._grown().root()
                return self._reader().root_at(blocks)
            except ValueError as err:
                raise LedgerError(LedgerReason.CORRUPT, str(err)) from err

    def _grown(self) -> tree.CompactRange:
        """Return the tree over all blocks; built once, from the roots that pages store."""
        if self._tree is None or self._tree.size != self.head.blocks:
            self._tree = self._reader().range_at(self.head.blocks)
        return self._tree

    def checkpoint(self, now_ms: int) -> LedgerEntry:
        """Append a signed checkpoint of all blocks so far. Raises LedgerError.

        Nothing is signed that is not consistent with what was signed before.
        """
        head = Checkpoint(self.origin, self.head.blocks, self.root_at(self.head.blocks))
        self._check_consistent(head)
        note = self.signer.sign(head)
        entry = self.append_note(note, now_ms)
        self.signed = head
        return entry

    def append_note(self, note: Note, now_ms: int) -> LedgerEntry:
        """Append a checkpoint record that holds a note. Raises LedgerError."""
        ts_ms = max(now_ms, self.last_ts_ms)
        body: dict[str, Any] = {"note": str(note)}
        if ts_ms != now_ms:
            body["clock_ms"] = now_ms
        return self.append([Draft("checkpoint", self.operator_id, ts_ms, body)])[0]

    def _check_consistent(self, head: Checkpoint) -> None:
        signed = self.signed
        if signed is None or signed.origin != head.origin:
            return
        if signed.size > head.size or self.root_at(signed.size) != signed.root:
            detail = f"it is not consistent with the checkpoint signed at {signed.size} blocks"
            raise LedgerError(LedgerReason.CORRUPT, detail)

    # Backups

    def hold_still(self) -> None:
        """Bring the database up to date and leave it so until ``let_go``: it may be copied.

        What is appended meanwhile goes to the write-ahead log. Raises LedgerError.
        """
        with translated():
            self._set_checkpoints(0)
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def let_go(self) -> None:
        """Let the database follow its log again. Raises LedgerError."""
        with translated():
            self._set_checkpoints(1000)

    def _set_checkpoints(self, pages: int) -> None:
        """Write the log back after so many pages; with 0 not at all, not even at the closing."""
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, not pages)


def _check_wanted(is_wanted: IsWanted) -> None:
    if not is_wanted():
        raise LedgerError(LedgerReason.TIMED_OUT, "the deadline was over before the commit")


def is_writable(path: Path) -> bool:
    """Return whether files can be made beside a ledger."""
    return os.access(path.parent, os.W_OK)
