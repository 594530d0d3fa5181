"""Opens a ledger and judges what lies in its place; begins new segments.

A segment that cannot be continued is set aside, never deleted. The new one names it in its first
record and signs that in its second, before it takes the file's place.
"""

import os
import re
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from .entries import Cause, Finding, Head, LedgerEntry, Recovery, Trusted
from .errors import LedgerError, LedgerReason, translated
from .signing import Signer
from .store import Store, is_writable
from .verifier import cosignature
from .verifier import database as reading
from .verifier.note import Checkpoint, Note
from .verifier.report import NotALedgerError

_FORMAT_1: Final = "aiep-ledger/1"
_NAME: Final = re.compile(r"[\w.-]{1,200}\.db")
_SUFFIXES: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger that is open, and how it was found."""

    store: Store
    recovery: Recovery | None = None
    """Why a new segment began at this opening; None when none did."""
    finding: Finding | None = None
    """What a person must accept before anything rests on what was there."""


class _FoundError(Exception):
    """The file cannot be continued."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(cause, detail)


def open_ledger(
    path: Path, operator_id: str, signer: Signer, trusted: Trusted, now_ms: int
) -> Opened:
    """Open a ledger, or begin it; takes as long for a long one as for a short one.

    What cannot be trusted is set aside and a new segment begins: nothing rests on it. Raises
    LedgerError when nothing can be opened or written now.
    """
    with translated():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not is_writable(path):
            raise LedgerError(LedgerReason.READ_ONLY, f"{path.parent} cannot be written")
        finish(path)
    store = Store(path, operator_id, signer)
    try:
        return Opened(_open(store, trusted, now_ms))
    except _FoundError as found:
        return _begin_anew(store, found.finding, trusted, now_ms)
    except BaseException:
        store.close()
        raise


def _open(store: Store, trusted: Trusted, now_ms: int) -> Store:
    """Open what is there. Raises _FoundError when it cannot be continued, and LedgerError."""
    if not store.path.exists():
        if trusted.head or trusted.format_1_head:
            raise _FoundError(Cause.MISSING, "the ledger's file is missing")
        return store.create(new_segment(), now_ms)
    try:
        kind = _format_of(store.path, store.operator_id)
        if kind == _FORMAT_1:
            raise _FoundError(Cause.FORMAT, "the file is of format 1")
        store.connect()
        _compare(store, trusted)
    except LedgerError as err:
        if err.reason is not LedgerReason.CORRUPT:
            raise
        raise _FoundError(Cause.CORRUPT, str(err)) from err
    return store


def _format_of(path: Path, operator_id: str) -> str:
    """Return the format of a file. Raises _FoundError when it is no ledger of the operator's."""
    try:
        with closing(reading.connect(path)) as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta LIMIT 1000"))
    except sqlite3.Error as err:
        if reading.is_passing(err):
            raise LedgerError(LedgerReason.LOCKED, str(err)) from err
        raise _FoundError(Cause.CORRUPT, f"the file is no ledger: {err}") from err
    if meta.get("operator_id") != operator_id:
        raise _FoundError(Cause.FOREIGN, "the file is not a ledger of this operator")
    return str(meta.get("format"))


def catch_up(store: Store) -> Finding | None:
    """Take in what else was appended to an open segment; return why that cannot be continued.

    Only what this installation wrote is continued. Raises LedgerError.
    """
    known = store.head
    with translated():
        store.load()
    try:
        _compare(store, Trusted(head=known))
    except _FoundError as found:
        store.head = known
        return found.finding
    return None


def _compare(store: Store, trusted: Trusted) -> None:
    """Compare an open segment with what the trust store knows. Raises _FoundError."""
    known, head = trusted.head, store.head
    if known is not None and known.segment != head.segment:
        if not _follows(store, known):
            detail = f"segment {head.segment} is in the place of {known.segment}"
            raise _FoundError(Cause.DIFFERS, detail)
    elif known is not None:
        _compare_head(store, known)
    if trusted.checkpoint is not None:
        _compare_checkpoint(store, trusted.checkpoint)
    is_same = known is None or known.segment == head.segment
    if known != head and head.blocks:
        _check_tail(store, trusted)
    if trusted.is_copy and is_same and head.blocks:
        detail = f"the backup ends at {head.blocks} blocks; the segment may have gone on"
        raise _FoundError(Cause.RESTORED, detail)


def _check_tail(store: Store, trusted: Trusted) -> None:
    """Check what follows the known head. Raises _FoundError."""
    known, head = trusted.head, store.head
    if known is not None and trusted.is_clean and known.segment == head.segment:
        detail = f"after the clean stop at {known.blocks} blocks there are {head.blocks}"
        raise _FoundError(Cause.TAIL, detail)
    if not store.is_own():
        blocks = known.blocks if known and known.segment == head.segment else 0
        raise _FoundError(Cause.TAIL, f"what follows {blocks} blocks was not written here")


def _compare_head(store: Store, known: Head) -> None:
    found = store.hash_at(known.blocks)
    if found is None:
        detail = f"it has {store.head.blocks} blocks; {known.blocks} are known"
        raise _FoundError(Cause.BEHIND, detail)
    if found != known.hash:
        raise _FoundError(Cause.DIFFERS, f"block {known.blocks - 1} is not the one that is known")


def _compare_checkpoint(store: Store, text: str) -> None:
    """Compare lengths now; the roots are compared before anything is signed."""
    head = Checkpoint.parse(Note.parse(text).text)
    if head.origin != store.origin:
        return
    if head.size > store.head.blocks:
        detail = f"it has {store.head.blocks} blocks; a checkpoint of {head.size} is signed"
        raise _FoundError(Cause.BEHIND, detail)
    store.signed = head


# A segment that follows another


def _follows(store: Store, known: Head) -> bool:
    """Return whether a segment began when the known one was set aside, by this installation.

    Its first record names the other segment's head and file, the second one signs that, and the
    file is there and holds both that head and the known one.
    """
    try:
        reader = reading.Database(store.path, store.connection)
        recovery, note = _beginning(reader)
        if recovery is None or recovery.previous is None or not _is_signed(store, note):
            return False
        named = Head.parse(recovery.previous)
        file = recovery.file or ""
        if named.segment != known.segment or named.blocks < known.blocks:
            return False
        return bool(_NAME.fullmatch(file)) and _holds(
            store, store.path.with_name(file), known, named
        )
    except ValueError, LookupError, NotALedgerError, sqlite3.Error:
        return False


def _beginning(reader: reading.Database) -> tuple[Recovery | None, Note]:
    """Return what a segment's first two blocks say. Raises ValueError and LookupError."""
    first, second = reader.first_events()[:2]
    note = Note.parse(LedgerEntry.of(second).body["note"])
    return Recovery.of(LedgerEntry.of(first)), note


def _is_signed(store: Store, note: Note) -> bool:
    """Return whether the beginning of a segment is signed by this installation's key."""
    head = Checkpoint.parse(note.text)
    if head.origin != store.origin or head.size != 1 or head.root != store.root_at(1):
        return False
    found = cosignature.check_all(note, [store.signer.verifier_key(store.origin)])
    return any(item.verdict is cosignature.Verdict.VALID for item in found)


def _holds(store: Store, path: Path, *heads: Head) -> bool:
    """Return whether a file that was set aside holds some heads. Raises ValueError."""
    with closing(reading.Database(path)) as reader:
        for head in heads:
            page, place = divmod(head.blocks - 1, 256)
            if head.blocks and reader.block_hashes(page * 256, place + 1)[place] != head.hash:
                return False
        return reader.operator_id == store.operator_id and reader.segment == heads[0].segment


def _begin_anew(store: Store, finding: Finding, trusted: Trusted, now_ms: int) -> Opened:
    """Begin a new segment in place of what was found. Raises LedgerError."""
    store.close()
    previous, cause = str(trusted.head) if trusted.head else None, finding.cause
    is_fine = cause is Cause.RESTORED
    if cause is Cause.FORMAT:
        previous, is_fine = _format_1_head(store.path, trusted)
    elif store.head.blocks and (is_fine or previous is None):
        previous = str(store.head)
    if trusted.head is None and trusted.format_1_head is None:
        is_fine |= cause in (Cause.CORRUPT, Cause.FOREIGN, Cause.FORMAT)
    recovery = begin_segment(store, cause, previous, now_ms, checkpoint=trusted.checkpoint)
    return Opened(store, recovery, None if is_fine else finding)


def _format_1_head(path: Path, trusted: Trusted) -> tuple[str | None, bool]:
    """Return the last head of a format 1 file, and whether it is the known one or follows it."""
    known = trusted.format_1_head
    try:
        with closing(reading.connect(path)) as file:
            last = file.execute(
                "SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            seq, _, digest = (known or "0:").partition(":")
            row = file.execute("SELECT hash FROM records WHERE seq = ?", (int(seq),)).fetchone()
    except sqlite3.Error, ValueError:
        return known, False
    head = f"{last[0]}:{last[1].hex()}" if last else None
    is_known = known is None or int(seq) == 0 or bool(row and row[0].hex() == digest)
    return (head if is_known else known), is_known and trusted.head is None


def begin_segment(
    store: Store,
    cause: Cause,
    previous: str | None,
    now_ms: int,
    *,
    user_id: str | None = None,
    checkpoint: str | None = None,
) -> Recovery:
    """Set the file aside and begin a new segment in its place; the store goes on with that.

    A crash at any point leaves the old file in its place, or the new one, whole. Raises
    LedgerError.
    """
    path = store.path
    with translated():
        has_file = path.exists()
        aside = free_name(path)
        file = aside.name if has_file else None
        recovery = Recovery(cause, previous, file, user_id, checkpoint)
        discard_next(path)
        _make_ready(store, recovery, now_ms)
        store.close()
        if has_file:
            move(path, aside)
        finish(path)
    store.signed = None
    store.connect()
    return recovery


def _make_ready(store: Store, recovery: Recovery, now_ms: int) -> None:
    fresh = Store(next_name(store.path), store.operator_id, store.signer)
    try:
        fresh.create(new_segment(), now_ms)
        fresh.append([recovery.draft(now_ms, store.operator_id)])
        fresh.checkpoint(now_ms)
    finally:
        fresh.close()


def new_segment() -> str:
    """Return a name that no segment had, not even one that a restored backup does not know."""
    return secrets.token_hex(4)


# Files


def _companion(path: Path, suffix: str) -> Path:
    """Return one of the files that SQLite keeps beside a database."""
    return path.with_name(path.name + suffix)


def free_name(path: Path) -> Path:
    """Return a name beside the ledger under which it can be set aside."""
    for number in count(1):
        name = path.with_name(f"{path.stem}.aside-{number}{path.suffix}")
        if not name.exists() and not _companion(name, "-wal").exists():
            return name
    raise AssertionError


def next_name(path: Path) -> Path:
    """Return where the next segment is made ready before the ledger is set aside."""
    return path.with_name(f"{path.stem}.next{path.suffix}")


def discard_next(path: Path) -> None:
    """Delete a next segment whose making was interrupted."""
    for suffix in _SUFFIXES:
        _companion(next_name(path), suffix).unlink(missing_ok=True)


def finish(path: Path) -> None:
    """Finish a setting aside that a crash interrupted. Raises OSError."""
    if path.exists():
        return
    if _companion(path, "-wal").exists():  # a new database must not take the old one's log
        move(path, free_name(path))
    if next_name(path).exists():
        move(next_name(path), path)


def move(path: Path, target: Path) -> None:
    """Rename a database and what belongs to it, durably. Raises OSError."""
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            _companion(path, suffix).rename(_companion(target, suffix))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
