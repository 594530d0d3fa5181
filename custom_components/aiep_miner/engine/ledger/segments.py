"""Sets a ledger's file aside, so that a new segment can begin in its place."""

import os
import sqlite3
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from .model import Head
from .verify import connect_read_only


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
    """Delete a next segment whose making was interrupted; nothing was appended to it."""
    for suffix in ("", "-wal", "-shm"):
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
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            _companion(path, suffix).rename(_companion(target, suffix))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def salvaged_head(path: Path) -> Head | None:
    """Return the last head that can still be read from a file that was set aside."""
    try:
        with closing(connect_read_only(path)) as file:
            row = file.execute("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return None
    match row:
        case (int(seq), bytes(digest)) if len(digest) == 32:
            return Head(seq, digest)
    return None
