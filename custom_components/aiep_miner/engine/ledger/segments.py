"""Sets a ledger's file aside, so that a new segment can begin in its place."""

import os
import sqlite3
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from .model import Head
from .verify import connect_read_only


def has_orphaned_log(path: Path) -> bool:
    """Return whether a write-ahead log lies there without its database.

    That is a setting aside that a crash interrupted; a new database must not take the log.
    """
    return not path.exists() and _companion(path, "-wal").exists()


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
