"""Somebody edits a ledger: every change is found."""

import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import Head, Known
from custom_components.aiep_miner.engine.ledger.verifier.report import NotALedgerError
from tests.engine.ledger.samples import aged, keys, newest_note, verify

COLUMNS = {
    "blocks": ("number", "ts", "first_seq", "codec", "observations", "events", "hash"),
    "pages": (
        *("page", "first_ts", "last_ts", "first_seq", "last_seq", "codec"),
        *("observations", "dropped", "events", "root", "hash"),
    ),
    "events": ("seq", "ts", "kind", "subject", "block"),
}
META = "key IN ('format', 'operator_id', 'segment')"
OFTEN = 0.8
"""The share of single-byte changes among the edits."""

type Edit = Callable[[sqlite3.Connection, random.Random], str]


def ledger_tampering(n: int = 5000, seed: int = 1) -> dict[str, int]:
    """Edit a ledger of pages, blocks and dropped observations n times, a byte or some blocks at a
    time: each change is found."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        original, edited = Path(name) / "ledger.db", Path(name) / "edited.db"
        known, _ = _sound(original)
        assert not _is_found(original, known)
        for _ in range(n):
            edit = _change_byte if chance.random() < OFTEN else chance.choice(EDITS)
            shutil.copyfile(original, edited)
            what = _carry_out(edit, edited, chance)
            assert _is_found(edited, known), f"not found: {what}"
            found[what.split(":")[0]] += 1
    return dict(sorted(found.items()))


def ledger_old_copies(n: int = 100, seed: int = 1) -> int:
    """Cut n copies of a ledger off at their ends: the head, or the checkpoint, kept outside tells."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        original, older = Path(name) / "ledger.db", Path(name) / "older.db"
        known, head = _sound(original)
        for _ in range(n):
            shutil.copyfile(original, older)
            with closing(sqlite3.connect(older)) as connection, connection:
                (first,) = connection.execute("SELECT min(number) FROM blocks").fetchone()
                cut = chance.randrange(first, head.blocks - 1)
                _cut_off(connection, cut)
            by_head = Known(heads=known.heads)
            by_note = Known(checkpoints=known.checkpoints)
            assert verify(older, by_head).fault is not None, cut
            assert verify(older, by_note).fault is not None, cut
    return n


def _sound(path: Path) -> tuple[Known, Head]:
    """Write a ledger; return what is known of it outside."""
    store = aged(path)
    head, note = store.head, newest_note(store)
    known = Known(heads=((head.blocks, head.hash),), checkpoints=(note,), keys=keys(store).keys)
    store.connection.execute("PRAGMA journal_mode = DELETE")
    store.close()
    return known, head


def _carry_out(edit: Edit, path: Path, chance: random.Random) -> str:
    """Edit a file until something of it has changed; return what."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        while True:
            try:
                return edit(connection, chance)
            except sqlite3.IntegrityError:  # the key is taken: not an edit that can be made
                continue


def _is_found(path: Path, known: Known) -> bool:
    try:
        return verify(path, known).fault is not None
    except NotALedgerError:
        return True


def _flip(data: bytes, chance: random.Random) -> bytes:
    """Change one byte."""
    changed = bytearray(data)
    changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    return bytes(changed)


def _flipped(value: int | str | bytes, chance: random.Random) -> int | bytes:
    if isinstance(value, int):
        return int.from_bytes(_flip(value.to_bytes(8, signed=True), chance), signed=True)
    return _flip(value.encode() if isinstance(value, str) else value, chance)


def _change_byte(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Change one byte of a block, a page, the events' index or the meta table."""
    if chance.random() < 0.03:
        return _change_meta(connection, chance)
    table = chance.choice(list(COLUMNS))
    column = chance.choice(COLUMNS[table])
    row = connection.execute(
        f"SELECT rowid, {column} FROM {table} WHERE length({column}) > 0 ORDER BY random() LIMIT 1"
    ).fetchone()
    if row is None:
        return _change_byte(connection, chance)
    rowid, value = row
    cast = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
    connection.execute(
        f"UPDATE {table} SET {column} = {cast} WHERE rowid = ?", (_flipped(value, chance), rowid)
    )
    return f"byte in {table}.{column}: row {rowid}, was {value!r}"


def _change_meta(connection: sqlite3.Connection, chance: random.Random) -> str:
    column = chance.choice(["key", "value"])
    rows = connection.execute(f"SELECT rowid, {column} FROM meta WHERE {META}").fetchall()
    rowid, value = chance.choice(rows)
    connection.execute(
        f"UPDATE meta SET {column} = CAST(? AS TEXT) WHERE rowid = ?",
        (_flipped(value, chance), rowid),
    )
    return f"byte in meta: {value}"


def _random_block(connection: sqlite3.Connection, chance: random.Random) -> int:
    first, last = connection.execute("SELECT min(number), max(number) FROM blocks").fetchone()
    return chance.randint(first, last)


def _delete(connection: sqlite3.Connection, chance: random.Random) -> str:
    number = _random_block(connection, chance)
    connection.execute("DELETE FROM blocks WHERE number = ?", (number,))
    return f"deleted block: {number}"


def _delete_page(connection: sqlite3.Connection, chance: random.Random) -> str:
    connection.execute("DELETE FROM pages WHERE page = ?", (chance.choice([0, 1]),))
    return "deleted page"


def _delete_event(connection: sqlite3.Connection, chance: random.Random) -> str:
    connection.execute(
        "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events ORDER BY random() LIMIT 1)"
    )
    return "deleted index entry"


def _swap(connection: sqlite3.Connection, chance: random.Random) -> str:
    first = _random_block(connection, chance)
    second = _random_block(connection, chance)
    if first == second:
        return _swap(connection, chance)
    for old, new in ((first, -1), (second, first), (-1, second)):
        connection.execute("UPDATE blocks SET number = ? WHERE number = ?", (new, old))
    return f"swap: {first} and {second}"


def _truncate(connection: sqlite3.Connection, chance: random.Random) -> str:
    number = _random_block(connection, chance)
    _cut_off(connection, number)
    return f"truncation: behind {number - 1}"


def _cut_off(connection: sqlite3.Connection, number: int) -> None:
    """Remove a block, all that follow, and their index."""
    connection.execute("DELETE FROM blocks WHERE number >= ?", (number,))
    connection.execute("DELETE FROM events WHERE block >= ?", (number,))


def _drop(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Suppress observations that no event declares to be dropped."""
    number = _random_block(connection, chance)
    connection.execute("UPDATE blocks SET observations = x'' WHERE number = ?", (number,))
    return f"emptied observations: {number}"


EDITS: list[Edit] = [_delete, _delete_page, _delete_event, _swap, _truncate, _drop]
