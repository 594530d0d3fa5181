"""Somebody edits a ledger: the verifier finds every change."""

import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import Head, LedgerStore, verify
from custom_components.aiep_miner.engine.ledger.verify import DICTIONARY_TABLES
from tests.engine.ledger_samples import OPERATOR, aged, contents

NUMBERS = ("seq", "ts")
TEXTS = ("kind", "subject", "codec")
BLOBS = ("body", "body_hash", "hash")
META = "key IN ('format', 'operator_id', 'created_ms')"
OFTEN = 0.9
"""The share of single-byte changes among the edits."""
type Edit = Callable[[sqlite3.Connection, random.Random], str]


def ledger_tampering(n: int = 5000, seed: int = 1) -> dict[str, int]:
    """Edit a 2,000-record ledger n times, a byte or some records at a time: each is found."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        original, edited = Path(name) / "ledger.db", Path(name) / "edited.db"
        head = aged(original)
        with closing(sqlite3.connect(original)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        assert not _is_found(original, head)
        for _ in range(n):
            edit = _change_byte if chance.random() < OFTEN else chance.choice(EDITS)
            shutil.copyfile(original, edited)
            what = _carry_out(edit, edited, chance)
            assert _is_found(edited, head), f"not found: {what}"
            found[what.split(":")[0]] += 1
    return dict(sorted(found.items()))


def ledger_old_copies(n: int = 100, seed: int = 1) -> int:
    """Put n older copies of a ledger back, or cut its end off: the head kept outside tells."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        original, older = Path(name) / "ledger.db", Path(name) / "older.db"
        head = aged(original)
        for _ in range(n):
            shutil.copyfile(original, older)
            cut = chance.randrange(1, head.seq)
            with closing(sqlite3.connect(older)) as connection, connection:
                connection.execute("DELETE FROM records WHERE seq > ?", (cut,))
            fault = verify.verify(older, {head.seq: head.hash}).fault
            assert fault is not None, cut
    return n


def ledger_dictionaries(n: int = 100, seed: int = 1) -> int:
    """Change a byte of one copy of a dictionary n times: it is not used, and opening heals it."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        original, edited = Path(name) / "ledger.db", Path(name) / "edited.db"
        head = aged(original)
        sound = contents(original)
        for _ in range(n):
            shutil.copyfile(original, edited)
            table = chance.choice(DICTIONARY_TABLES)
            what = _carry_out(partial(_change_copy, table=table), edited, chance)
            assert not _is_found(edited, head), what
            assert contents(edited) == sound, what
            LedgerStore.open(edited, OPERATOR, known_head=head).close()
            with closing(sqlite3.connect(edited)) as connection:
                first, second = (
                    connection.execute(f"SELECT * FROM {name}").fetchall()
                    for name in DICTIONARY_TABLES
                )
            assert first == second, what
            assert contents(edited) == sound, what
    return n


def _carry_out(edit: Edit, path: Path, chance: random.Random) -> str:
    """Edit a file until something of it has changed; return what."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        while True:
            try:
                return edit(connection, chance)
            except sqlite3.IntegrityError:  # the seq is taken: not an edit that can be made
                continue


def _is_found(path: Path, head: Head) -> bool:
    try:
        return verify.verify(path, {head.seq: head.hash}).fault is not None
    except verify.NotALedgerError:
        return True


def _random_seq(connection: sqlite3.Connection, chance: random.Random) -> int:
    (last,) = connection.execute("SELECT max(seq) FROM records").fetchone()
    return chance.randint(1, last)


def _flip(data: bytes, chance: random.Random) -> bytes:
    """Change one byte."""
    changed = bytearray(data)
    changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    return bytes(changed)


def _change_byte(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Change one byte of a record, of the meta table or of a dictionary."""
    if chance.random() < 0.03:
        return chance.choice([_change_meta, _change_dictionary])(connection, chance)
    column = chance.choice([*NUMBERS, *TEXTS, *BLOBS, *BLOBS])
    seq = _random_seq(connection, chance)
    (value,) = connection.execute(f"SELECT {column} FROM records WHERE seq = ?", (seq,)).fetchone()
    if value is None:  # a pruned body: there is no byte to change
        column = "body_hash"
        (value,) = connection.execute(
            "SELECT body_hash FROM records WHERE seq = ?", (seq,)
        ).fetchone()
    if isinstance(value, int):
        changed = int.from_bytes(_flip(value.to_bytes(8, signed=True), chance), signed=True)
        _set(connection, f"{column} = ?", (changed, seq))
    elif isinstance(value, str):
        _set(connection, f"{column} = CAST(? AS TEXT)", (_flip(value.encode(), chance), seq))
    else:
        _set(connection, f"{column} = ?", (_flip(value, chance), seq))
    return f"byte in {column}: record {seq}, was {value!r}"


def _set(connection: sqlite3.Connection, assignment: str, values: tuple) -> None:
    connection.execute(f"UPDATE records SET {assignment} WHERE seq = ?", values)


def _change_meta(connection: sqlite3.Connection, chance: random.Random) -> str:
    column = chance.choice(["key", "value"])
    rows = connection.execute(f"SELECT rowid, {column} FROM meta WHERE {META}").fetchall()
    rowid, value = chance.choice(rows)
    changed = _flip(value.encode(), chance)
    connection.execute(
        f"UPDATE meta SET {column} = CAST(? AS TEXT) WHERE rowid = ?", (changed, rowid)
    )
    return f"byte in meta: {value}"


def _change_dictionary(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Change a byte of both copies: with one that is whole nothing is lost."""
    return ", ".join(_change_copy(connection, chance, table) for table in DICTIONARY_TABLES)


def _change_copy(connection: sqlite3.Connection, chance: random.Random, table: str) -> str:
    column = chance.choice(["data", "sha256"])
    (value,) = connection.execute(f"SELECT {column} FROM {table}").fetchone()
    connection.execute(f"UPDATE {table} SET {column} = ?", (_flip(value, chance),))
    return f"byte in {table}: {column}"


def _delete(connection: sqlite3.Connection, chance: random.Random) -> str:
    seq = _random_seq(connection, chance)
    count = chance.choice([1, 1, 2, 50])
    connection.execute("DELETE FROM records WHERE seq BETWEEN ? AND ?", (seq, seq + count - 1))
    return f"deletion: {count} from {seq}"


def _delete_and_close_ranks(connection: sqlite3.Connection, chance: random.Random) -> str:
    seq = _random_seq(connection, chance)
    connection.execute("DELETE FROM records WHERE seq = ?", (seq,))
    connection.execute("UPDATE records SET seq = -(seq - 1) WHERE seq > ?", (seq,))
    connection.execute("UPDATE records SET seq = -seq WHERE seq < 0")
    return f"deletion, renumbered: {seq}"


def _swap(connection: sqlite3.Connection, chance: random.Random) -> str:
    first, second = _random_seq(connection, chance), _random_seq(connection, chance)
    if first == second:
        second = first % 1000 + 1
    for old, new in ((first, 0), (second, first), (0, second)):
        connection.execute("UPDATE records SET seq = ? WHERE seq = ?", (new, old))
    return f"swap: {first} and {second}"


def _truncate(connection: sqlite3.Connection, chance: random.Random) -> str:
    seq = _random_seq(connection, chance)
    connection.execute("DELETE FROM records WHERE seq >= ?", (seq,))
    return f"truncation: from {seq}"


def _insert(connection: sqlite3.Connection, chance: random.Random) -> str:
    seq = _random_seq(connection, chance)
    (last,) = connection.execute("SELECT max(seq) FROM records").fetchone()
    new = chance.choice([last + 1, 0, -7])
    connection.execute(
        "INSERT INTO records SELECT ?, ts, kind, subject, codec, body, body_hash, hash"
        " FROM records WHERE seq = ?",
        (new, seq),
    )
    if new > last:  # a perfect copy of the last hash, too: only the link is wrong
        connection.execute(
            "UPDATE records SET ts = (SELECT max(ts) FROM records) WHERE seq=?", (new,)
        )
    return f"insertion: {seq} as {new}"


def _drop_body(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Suppress what was read, or decided, outside the declared pruning."""
    (seq,) = connection.execute(
        "SELECT seq FROM records WHERE body IS NOT NULL AND (seq > ? OR kind = 'decision')"
        " ORDER BY abs(seq - ?) LIMIT 1",
        (_pruned_to(connection), _random_seq(connection, chance)),
    ).fetchone()
    _set(connection, "body = NULL, codec = 'raw'", (seq,))
    return f"dropped body: {seq}"


def _pruned_to(connection: sqlite3.Connection) -> int:
    (value,) = connection.execute("SELECT value FROM meta WHERE key = 'pruned_to'").fetchone()
    return int(value)


EDITS: list[Edit] = [_delete, _delete_and_close_ranks, _swap, _truncate, _insert, _drop_body]
