"""Keeps a ledger's files fit to be copied while records go on being appended.

The database itself stands still; what is appended goes to its write-ahead log, of which any
beginning that ends with a whole transaction is a sound ledger, too.
"""

import sqlite3
from typing import Final

from .errors import translated
from .store import LedgerStore

_CHECKPOINT_PAGES: Final = 1000
"""SQLite's own default."""


def hold_still(store: LedgerStore) -> None:
    """Bring the database up to date and leave it so until ``let_go``. Raises LedgerError."""
    with translated():
        _set_checkpoints(store, 0)
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def let_go(store: LedgerStore) -> None:
    """Let the database follow its log again. Raises LedgerError."""
    with translated():
        _set_checkpoints(store, _CHECKPOINT_PAGES)


def _set_checkpoints(store: LedgerStore, pages: int) -> None:
    """Write the log back after so many pages; with 0 not at all, not even when it is closed."""
    connection = store.execute(f"PRAGMA wal_autocheckpoint = {pages}").connection
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, not pages)
