"""Damage to a dictionary: each lies in two tables, and one that is whole is enough."""

import hashlib
import random
import sqlite3
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import (
    FaultCode,
    LedgerError,
    LedgerReason,
    LedgerStore,
    RecoveryCause,
    verify,
)
from custom_components.aiep_miner.engine.ledger.retention import maintain
from tests.engine.ledger_samples import DAY_MS, OPERATOR, contents, fill

PAGE = 4096
FIRST_COMPRESSED = 701
TABLES = verify.DICTIONARY_TABLES
FORGED = b"forged"
LONG = [random.Random(seed).randbytes(6000) for seed in (1, 2)]
EDITS = [
    "UPDATE {} SET data = zeroblob(6000) WHERE id = 1",
    "UPDATE {} SET sha256 = zeroblob(32) WHERE id = 2",
    "DELETE FROM {} WHERE id = 2",
    "DELETE FROM {}",
    "DROP TABLE {}",
    "ALTER TABLE {} RENAME COLUMN data TO other",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a ledger with raw bodies, and bodies of three dictionaries, two longer than a page."""
    path = tmp_path / "ledger.db"
    store = LedgerStore.open(path, OPERATOR)
    fill(store, 100)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    fill(store, 10, first=100)
    for first, data in zip((110, 120), LONG, strict=True):
        store.add_dictionary(data)
        fill(store, 10, first=first)
    codecs = store.execute("SELECT DISTINCT codec FROM records").fetchall()
    assert {codec for (codec,) in codecs} == {"raw", "deflate:1", "deflate:2", "deflate:3"}
    store.close()
    return path


def edit(path: Path, *statements: str, values: tuple = ()) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement, values)


def roots(path: Path) -> list[int]:
    """Return the numbers of the first page of each table of dictionaries."""
    with closing(sqlite3.connect(path)) as connection:
        found = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema"))
    return [found[table] for table in TABLES]


def pages(path: Path) -> list[int]:
    """Return the numbers of all pages with something of a dictionary."""
    data = path.read_bytes()
    slices = [long[at : at + 100] for long in LONG for at in (0, 5900)]
    found = {
        number
        for number in range(1, len(data) // PAGE + 1)
        for part in slices
        if part in data[(number - 1) * PAGE : number * PAGE]
    }
    return sorted({*found, *roots(path)})


def damage(path: Path, numbers: list[int], junk: bytes) -> None:
    with path.open("r+b") as file:
        for number in numbers:
            file.seek((number - 1) * PAGE)
            file.write(junk * (PAGE // len(junk)))


def fault(path: Path) -> verify.Fault | None:
    return verify.verify(path, {}).fault


def rows(path: Path) -> list[list[tuple]]:
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]


def assert_survives(path: Path, original: list[tuple], dictionaries: list[list[tuple]]) -> None:
    """All is read, the verifier finds it intact, and opening heals."""
    assert fault(path) is None
    assert contents(path) == original
    store = LedgerStore.open(path, OPERATOR)
    assert (store.recovery, store.head.seq) == (None, len(original))
    fill(store, 1, first=1300)
    store.close()
    assert rows(path) == dictionaries
    assert fault(path) is None
    assert contents(path)[: len(original)] == original


def test_both_tables_have_every_dictionary(path: Path) -> None:
    first, second = rows(path)
    assert [row[0] for row in first] == [1, 2, 3]
    assert first == second


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", EDITS)
def test_one_edited_copy_is_not_used_and_healed(path: Path, table: str, statement: str) -> None:
    original, dictionaries = contents(path), rows(path)
    edit(path, statement.format(table))
    assert_survives(path, original, dictionaries)


@pytest.mark.parametrize("junk", [b"\0", b"\xff", b"\r\0\0\1", b"\5\0\0\1"])
def test_any_one_damaged_page_is_survived(path: Path, junk: bytes) -> None:
    original, dictionaries, sound = contents(path), rows(path), path.read_bytes()
    numbers = pages(path)
    assert len(numbers) >= 2 + 2 * 3
    for number in numbers:
        path.write_bytes(sound)
        damage(path, [number], junk)
        assert_survives(path, original, dictionaries)


def test_different_dictionaries_damaged_in_either_table_are_both_healed(path: Path) -> None:
    original, dictionaries = contents(path), rows(path)
    edit(path, *(f"DELETE FROM {t} WHERE id = {n}" for n, t in enumerate(TABLES, 1)))
    assert_survives(path, original, dictionaries)


def test_a_damaged_table_is_put_aside_and_not_changed(path: Path) -> None:
    """Pages that it may wrongly claim could be others'."""
    root, _ = roots(path)
    damage(path, [root], b"\xff")
    LedgerStore.open(path, OPERATOR).close()
    assert path.read_bytes()[(root - 1) * PAGE :][:PAGE] == b"\xff" * PAGE
    LedgerStore.open(path, OPERATOR).close()
    with closing(sqlite3.connect(path)) as connection:
        aside = "SELECT rootpage FROM sqlite_schema WHERE name LIKE 'damaged_%'"
        assert connection.execute(aside).fetchall() == [(root,)]


def test_a_ledger_with_one_copy_gets_the_second(path: Path) -> None:
    """So ledgers were written at first."""
    original, dictionaries = contents(path), rows(path)
    edit(path, "DROP TABLE dictionary_copies")
    assert_survives(path, original, dictionaries)
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
    assert not [name for name in names if name.startswith("damaged")]


def test_damage_while_the_ledger_is_open_is_healed_with_the_next_dictionary(path: Path) -> None:
    store = LedgerStore.open(path, OPERATOR)
    store.execute("UPDATE dictionaries SET data = x'00' WHERE id = 1")
    store.execute("DROP TABLE dictionary_copies")
    store.add_dictionary(b"the next")
    store.execute("DELETE FROM dictionary_copies WHERE id = 2")
    store.add_dictionary(b"the last")
    store.close()
    first, second = rows(path)
    assert [row[0] for row in second] == [1, 2, 3, 4, 5]
    assert first[1:] == second[1:]


def assert_lost(path: Path, original: list[tuple]) -> None:
    """A fault is told at the first body that cannot be read; raw ones are."""
    told = fault(path)
    assert told == verify.Fault(FIRST_COMPRESSED, FaultCode.MALFORMED)
    reader = LedgerStore.open_read_only(path)
    raw = list(chain.from_iterable(reader.read(1, FIRST_COMPRESSED - 1)))
    assert [item.body for item in raw] == [row[4] for row in original[: FIRST_COMPRESSED - 1]]
    with pytest.raises(LedgerError) as caught:
        reader.get(FIRST_COMPRESSED)
    assert caught.value.reason is LedgerReason.CORRUPT
    reader.close()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EDITS[0], EDITS[0]),
        (EDITS[0], "UPDATE {} SET sha256 = zeroblob(32) WHERE id = 1"),
        (EDITS[0], "DELETE FROM {} WHERE id = 1"),
    ],
)
def test_damage_to_both_copies_is_a_fault(path: Path, first: str, second: str) -> None:
    original = contents(path)
    edit(path, first.format(TABLES[0]), second.format(TABLES[1]))
    assert_lost(path, original)
    store = LedgerStore.open(path, OPERATOR)
    fill(store, 1, first=1300)
    assert not maintain(store, store.last_ts_ms, DAY_MS * 365)
    assert store.get(store.head.seq).record()
    assert (store.recovery, store.dictionaries[1]) == (None, None)
    store.close()
    assert_lost(path, original)


def test_two_tables_that_cannot_be_read_begin_a_new_segment(path: Path) -> None:
    original = contents(path)
    damage(path, roots(path), b"\xff")
    assert_lost(path, original)
    store = LedgerStore.open(path, OPERATOR)
    assert store.recovery is not None
    assert store.recovery.cause is RecoveryCause.CORRUPT
    store.close()
    assert_lost(path.with_name("ledger.aside-1.db"), original)


@pytest.mark.parametrize("table", TABLES)
def test_a_forged_dictionary_with_its_own_hash_is_never_used(path: Path, table: str) -> None:
    original = contents(path)
    forged = (FORGED, hashlib.sha256(FORGED).digest())
    edit(path, f"UPDATE {table} SET data = ?, sha256 = ? WHERE id = 1", values=forged)
    assert_lost(path, original)
    LedgerStore.open(path, OPERATOR).close()
    assert_lost(path, original)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_other_types_is_not_believed(path: Path, table: str) -> None:
    original = contents(path)
    edit(
        path,
        f"DROP TABLE {table}",
        f"CREATE TABLE {table} (id, data, sha256, from_seq)",
        f"INSERT INTO {table} VALUES ('x', 'y', 1.5, NULL), (1, 'text', x'00', 'x')",
    )
    assert fault(path) is None
    assert contents(path) == original
    store = LedgerStore.open(path, OPERATOR)
    assert store.recovery is None
    store.close()
    assert fault(path) is None
