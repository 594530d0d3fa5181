"""Why a ledger fails, in the terms of those who use it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from .verifier.report import NotALedgerError


class LedgerReason(StrEnum):
    """Why the ledger could not do what was asked."""

    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    CORRUPT = "corrupt"
    LOCKED = "locked"
    CLOSED = "closed"
    TIMED_OUT = "timed_out"
    """It did not end within its deadline."""
    IO_ERROR = "io_error"


class LedgerError(Exception):
    """The ledger could not do what was asked; nothing of it was written."""

    def __init__(self, reason: LedgerReason, message: str) -> None:
        """Tell the reason, for programs, and what happened, for people."""
        super().__init__(f"{reason}: {message}")
        self.reason = reason


_REASONS = {
    sqlite3.SQLITE_FULL: LedgerReason.DISK_FULL,
    sqlite3.SQLITE_READONLY: LedgerReason.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: LedgerReason.CORRUPT,
    sqlite3.SQLITE_NOTADB: LedgerReason.CORRUPT,
    sqlite3.SQLITE_BUSY: LedgerReason.LOCKED,
    sqlite3.SQLITE_LOCKED: LedgerReason.LOCKED,
    sqlite3.SQLITE_CONSTRAINT: LedgerReason.LOCKED,
    sqlite3.SQLITE_PERM: LedgerReason.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: LedgerReason.IO_ERROR,
    sqlite3.SQLITE_IOERR: LedgerReason.IO_ERROR,
    sqlite3.SQLITE_NOMEM: LedgerReason.IO_ERROR,
}
_OS_REASONS = {
    errno.ENOSPC: LedgerReason.DISK_FULL,
    errno.EDQUOT: LedgerReason.DISK_FULL,
    errno.EROFS: LedgerReason.READ_ONLY,
    errno.EACCES: LedgerReason.READ_ONLY,
    errno.EPERM: LedgerReason.READ_ONLY,
}


def _reason_of(err: sqlite3.Error | OSError, default: LedgerReason) -> LedgerReason:
    """Return why SQLite or the operating system failed."""
    if isinstance(err, OSError):
        return _OS_REASONS.get(err.errno or 0, LedgerReason.IO_ERROR)
    return _REASONS.get(getattr(err, "sqlite_errorcode", 0) & 0xFF, default)


@contextmanager
def translated(default: LedgerReason = LedgerReason.IO_ERROR) -> Iterator[None]:
    """Turn what SQLite, the operating system and the verifier raise into LedgerError."""
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        raise LedgerError(_reason_of(err, default), str(err)) from err
    except NotALedgerError as err:
        raise LedgerError(LedgerReason.CORRUPT, str(err)) from err
