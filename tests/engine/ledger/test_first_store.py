"""The ledger's file: append, read, refuse, recover."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import pytest

from custom_components.aiep_miner.engine.ledger import (
    FaultCode,
    Head,
    LedgerError,
    LedgerReason,
    LedgerStore,
    Query,
    Recovery,
    RecoveryCause,
    Span,
    segments,
    verify,
)
from custom_components.aiep_miner.engine.ledger.model import RARE
from custom_components.aiep_miner.engine.records import (
    LifecycleRecord,
    PriceRecord,
    RecordKind,
    TelemetryRecord,
)
from tests.campaigns.ledger_disk import can_mount, small_disk
from tests.engine.ledger_samples import (
    INTERVAL_MS,
    OPERATOR,
    START_MS,
    contents,
    fill,
    price,
    profit,
    seqs,
    telemetry,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aiep_miner" / OPERATOR / "ledger.db"


@pytest.fixture
def store(path: Path):
    store = LedgerStore.open(path, OPERATOR)
    yield store
    store.close()


def edit(path: Path, *statements: str) -> None:
    """Change a closed ledger behind its back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def assert_intact(store: LedgerStore) -> None:
    assert verify.verify(store.path, {store.head.seq: store.head.hash}).fault is None


def test_a_new_ledger_is_as_the_format_says(store: LedgerStore) -> None:
    store.append([price(START_MS)])
    with closing(sqlite3.connect(store.path)) as connection:
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    assert meta == {
        "format": "aiep-ledger/1",
        "operator_id": OPERATOR,
        "created_ms": str(START_MS),
    }
    assert mode == ("wal",)
    assert store.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_records_come_back_as_they_went_in(store: LedgerStore) -> None:
    records = [telemetry(START_MS), price(START_MS), profit(START_MS + 5)]
    stored = store.append(records)
    assert [item.record() for item in stored] == records
    assert [store.get(seq) for seq in (1, 2, 3)] == list(stored)
    assert store.head == Head(3, stored[-1].hash)
    assert store.last_ts_ms == START_MS + 5
    assert_intact(store)


def test_the_chain_is_the_one_of_the_format(store: LedgerStore) -> None:
    """Computed here from the format page alone."""
    import hashlib
    import struct

    (stored,) = store.append([price(START_MS)])
    prev = hashlib.sha256(b"aiep-ledger/1\n" + OPERATOR.encode()).digest()
    body = b'{"currency":"EUR","energy_price_per_kwh":0.08}'
    assert stored.body == body
    chained = (
        prev
        + struct.pack(">Q", 1)
        + struct.pack(">q", START_MS)
        + struct.pack(">H", 5)
        + b"price"
        + struct.pack(">H", len(OPERATOR))
        + OPERATOR.encode()
        + hashlib.sha256(body).digest()
    )
    assert stored.hash == hashlib.sha256(chained).digest()


def test_a_ledger_goes_on_where_it_ended(path: Path, store: LedgerStore) -> None:
    fill(store, 3)
    head, last_ts_ms = store.head, store.last_ts_ms
    store.close()
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert (again.head, again.last_ts_ms) == (head, last_ts_ms)
    assert again.recovery is None
    assert again.fault is None
    again.append([price(last_ts_ms)])
    assert_intact(again)
    again.close()


def test_a_clock_that_jumps_back_is_lifted_and_told(store: LedgerStore) -> None:
    store.append([price(START_MS)])
    back = START_MS - 3_600_000
    first, second = store.append([telemetry(back), replace(price(START_MS + 1), clock_ms=None)])
    assert first.ts_ms == START_MS
    record = first.record()
    assert isinstance(record, TelemetryRecord)
    assert (record.ts_ms, record.clock_ms) == (START_MS, back)
    assert second.record().clock_ms is None
    assert_intact(store)


def test_an_append_is_whole_or_not_at_all(store: LedgerStore) -> None:
    store.append([price(START_MS)])
    head = store.head
    bad = PriceRecord(
        ts_ms=START_MS, subject=OPERATOR, currency="EUR", energy_price_per_kwh=float("nan")
    )
    with pytest.raises(ValueError, match="nan"):
        store.append([price(START_MS), bad])
    assert store.head == head
    assert store.append([]) == ()
    store.append([price(START_MS)])
    assert store.head.seq == 2
    assert_intact(store)


def test_two_writers_cannot_fork_the_chain(path: Path, store: LedgerStore) -> None:
    store.append([price(START_MS)])
    other = LedgerStore.open(path, OPERATOR)
    other.append([price(START_MS)])
    with pytest.raises(LedgerError) as caught:
        store.append([telemetry(START_MS)])
    assert caught.value.reason is LedgerReason.LOCKED
    other.append([price(START_MS)])
    assert_intact(other)
    other.close()


def test_a_locked_file_is_told_and_then_written(
    store: LedgerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([price(START_MS)])
    store.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError) as caught:
            store.append([price(START_MS)])
        other.execute("ROLLBACK")
    assert caught.value.reason is LedgerReason.LOCKED
    store.append([price(START_MS)])
    assert store.head.seq == 2
    assert_intact(store)


def test_a_closed_ledger_says_so(store: LedgerStore) -> None:
    store.close()
    store.close()
    for call in (
        lambda: store.append([price(START_MS)]),
        lambda: store.get(1),
        lambda: store.begin_segment(RecoveryCause.ACCEPTED),
    ):
        with pytest.raises(LedgerError) as caught:
            call()
        assert caught.value.reason is LedgerReason.CLOSED


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError) as caught:
        LedgerStore.open(tmp_path / "file" / "ledger.db", OPERATOR)
    assert caught.value.reason is LedgerReason.IO_ERROR


@pytest.mark.skipif(not can_mount(), reason="may not mount a small disk")
def test_a_read_only_disk_is_told_and_nothing_is_set_aside(tmp_path: Path) -> None:
    with small_disk(tmp_path):
        store = LedgerStore.open(tmp_path / "ledger.db", OPERATOR)
        fill(store, 3)
        store.close()
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        for path in (store.path, tmp_path / "new.db", tmp_path / "folder" / "new.db"):
            with pytest.raises(LedgerError) as caught:
                LedgerStore.open(path, OPERATOR, known_head=store.head)
            assert caught.value.reason is LedgerReason.READ_ONLY
        assert verify.verify(store.path, {store.head.seq: store.head.hash}).fault is None
        assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


# Reading


@pytest.fixture
def filled(store: LedgerStore) -> LedgerStore:
    """100 cycles of 7 records."""
    fill(store, 100)
    return store


def test_query_by_kind_and_subject(filled: LedgerStore) -> None:
    found = filled.query(Query(kinds=(RecordKind.TELEMETRY,), subject="miner-1"))
    assert len(found) == 100
    assert {(item.kind, item.subject) for item in found} == {(RecordKind.TELEMETRY, "miner-1")}
    assert seqs(found) == sorted(seqs(found))
    both = filled.query(Query(kinds=(RecordKind.PRICE, RecordKind.PROFIT), limit=10))
    assert seqs(both) == [1, 3, 6, 8, 10, 13, 15, 17, 20, 22]
    newest = filled.query(
        Query(kinds=(RecordKind.PRICE, RecordKind.PROFIT), limit=3, newest_first=True)
    )
    assert seqs(newest) == [699, 696, 694]
    assert len(filled.query(Query(subject="miner-0", limit=10_000))) == 300
    assert filled.query(Query(subject="nobody")) == ()


def test_query_by_seq_and_time(filled: LedgerStore) -> None:
    assert seqs(filled.query(Query(from_seq=690, to_seq=9999))) == list(range(690, 701))
    assert seqs(filled.query(Query(to_seq=3, newest_first=True))) == [3, 2, 1]
    second = START_MS + INTERVAL_MS
    assert seqs(filled.query(Query(from_ts=second, to_ts=second))) == list(range(8, 15))
    assert seqs(filled.query(Query(from_ts=second + 1, limit=1))) == [15]
    assert filled.query(Query(from_ts=START_MS + 100 * INTERVAL_MS)) == ()
    assert filled.query(Query(to_ts=START_MS - 1)) == ()
    assert filled.query(Query(from_seq=5, to_seq=4)) == ()


def test_query_by_hash(filled: LedgerStore) -> None:
    wanted = filled.get(123)
    assert wanted is not None
    assert filled.query(Query(hash_hex=wanted.hash_hex)) == (wanted,)
    assert filled.query(Query(hash_hex=wanted.hash_hex, to_seq=122)) == ()
    assert filled.query(Query(hash_hex="00" * 32)) == ()


def test_long_searches_are_cut_into_spans(filled: LedgerStore, monkeypatch) -> None:
    monkeypatch.setattr("custom_components.aiep_miner.engine.ledger.store._SCAN_ROWS", 64)
    query = Query(kinds=(RecordKind.TELEMETRY,), subject="miner-1", limit=50, newest_first=True)
    spans = list(filled.spans(query))
    assert spans[0] == Span(641, 700)
    assert spans[-1] == Span(1, 64)
    newest = filled.query(query)
    oldest = filled.query(replace(query, newest_first=False, limit=1000))
    assert seqs(newest) == seqs(oldest)[:-51:-1]
    assert list(filled.spans(replace(query, subject=None))) == spans
    assert list(filled.spans(Query(kinds=(RecordKind.PRICE,)))) == [Span(1, 700)]
    assert list(filled.spans(Query())) == [Span(1, 700)]


def test_rare_kinds_are_found_by_an_index_that_holds_nothing_else(filled: LedgerStore) -> None:
    def plan(kind: RecordKind) -> str:
        ((where, values),) = Query(kinds=(kind,)).conditions()
        statement = f"EXPLAIN QUERY PLAN SELECT * FROM records WHERE seq BETWEEN 1 AND 9{where}"
        return filled.execute(statement, values).fetchone()[3]

    frequent = {RecordKind.TELEMETRY, RecordKind.PROFIT, RecordKind.DECISION}
    for kind in RecordKind:
        index = "PRIMARY KEY" if kind in frequent else "INDEX records_by_kind (kind=? AND rowid>?"
        assert index in plan(kind), kind
    indexed = f"SELECT count(*) FROM records INDEXED BY records_by_kind WHERE {RARE}"
    assert filled.execute(indexed).fetchone() == (100,)


def test_a_ledger_with_an_index_of_all_kinds_goes_on(path: Path, filled: LedgerStore) -> None:
    """As the first versions wrote it; it keeps its index."""
    head = filled.head
    filled.close()
    full = "CREATE INDEX records_by_kind ON records (kind)"
    edit(path, "DROP INDEX records_by_kind", full)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.fault is None
    again.append([price(again.last_ts_ms)])
    assert len(again.query(Query(kinds=(RecordKind.TELEMETRY, RecordKind.PRICE)))) == 301
    (kept,) = again.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'records_by_kind'"
    ).fetchone()
    assert kept == full
    assert_intact(again)
    again.close()


def test_first_at_is_exact_also_among_equal_times(filled: LedgerStore) -> None:
    for number in range(100):
        assert filled.first_at(START_MS + number * INTERVAL_MS) == 7 * number + 1
        assert filled.first_at(START_MS + number * INTERVAL_MS + 1) == 7 * number + 8
    assert filled.first_at(0) == 1


def test_read_streams_a_range_in_chunks(filled: LedgerStore) -> None:
    chunks = list(filled.read(10, 50, chunk=16))
    assert [len(chunk) for chunk in chunks] == [16, 16, 9]
    assert [item.seq for chunk in chunks for item in chunk] == list(range(10, 51))
    assert sum(map(len, filled.read())) == 700


def test_an_empty_ledger_answers_too(store: LedgerStore) -> None:
    assert store.get(1) is None
    assert store.query(Query()) == ()
    assert list(store.read()) == []
    assert store.first_at(START_MS) == 1
    assert verify.verify(store.path, {0: store.head.hash}).count == 0


def test_a_record_of_an_unknown_kind_is_kept_and_not_decoded(path: Path, store) -> None:
    store.append([price(START_MS)])
    store.close()
    body, body_hash = b"{}", verify._sha256(b"{}")
    digest = verify.link(store.head.hash, 2, START_MS, "novelty", "x", body_hash)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO records VALUES (2, ?, 'novelty', 'x', 'raw', ?, ?, ?)",
            (START_MS, body, body_hash, digest),
        )
    again = LedgerStore.open(path, OPERATOR)
    stored = again.get(2)
    assert stored is not None
    assert stored.kind == "novelty"
    with pytest.raises(ValueError, match="cannot be decoded"):
        stored.record()
    again.close()


def test_a_damaged_body_is_told(path: Path, filled: LedgerStore) -> None:
    filled.close()
    edit(path, "UPDATE records SET codec = 'deflate:9' WHERE seq = 5")
    again = LedgerStore.open(path, OPERATOR)
    with pytest.raises(LedgerError) as caught:
        again.get(5)
    assert caught.value.reason is LedgerReason.CORRUPT
    assert again.get(6) is not None
    again.close()


def test_read_only_reads_along_with_a_writer_and_never_writes(filled: LedgerStore) -> None:
    reader = LedgerStore.open_read_only(filled.path)
    assert (reader.operator_id, reader.head) == (OPERATOR, filled.head)
    with pytest.raises(LedgerError) as caught:
        reader.append([price(START_MS)])
    assert caught.value.reason is LedgerReason.READ_ONLY
    filled.append([price(filled.last_ts_ms)])
    assert reader.get(701) is not None
    reader.close()
    with pytest.raises(LedgerError) as caught:
        LedgerStore.open_read_only(filled.path.with_name("none.db"))
    assert caught.value.reason is LedgerReason.IO_ERROR


# Heads kept outside


def test_a_known_head_within_the_chain_is_fine(path: Path, filled: LedgerStore) -> None:
    earlier = filled.get(300)
    assert earlier is not None
    filled.close()
    again = LedgerStore.open(path, OPERATOR, known_head=Head(300, earlier.hash))
    assert again.fault is None
    again.close()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM records WHERE seq > 650", FaultCode.HEAD_MISSING),
        ("UPDATE records SET hash = zeroblob(32) WHERE seq = 700", FaultCode.HEAD_DIFFERS),
    ],
)
def test_a_ledger_that_lost_its_head_is_told_and_kept(
    path: Path, filled: LedgerStore, statement: str, code: FaultCode
) -> None:
    head = filled.head
    filled.close()
    edit(path, statement)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.fault is not None
    assert again.fault.code is code
    assert again.recovery is None
    again.append([price(again.last_ts_ms)])
    recovery = again.begin_segment(RecoveryCause.ACCEPTED)
    assert again.fault is None
    assert recovery.file == "ledger.aside-1.db"
    assert path.with_name("ledger.aside-1.db").exists()
    again.append([price(START_MS)])
    assert_intact(again)
    again.close()


# Files that are no ledger


def damage_header(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 500)


def cut_in_half(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def lose_the_table(path: Path) -> None:
    edit(path, "DROP TABLE records")


def change_operator(path: Path) -> None:
    edit(path, "UPDATE meta SET value = 'somebody' WHERE key = 'operator_id'")


def change_format(path: Path) -> None:
    edit(path, "UPDATE meta SET value = 'aiep-ledger/7' WHERE key = 'format'")


@pytest.mark.parametrize(
    "damage", [damage_header, cut_in_half, lose_the_table, change_operator, change_format]
)
def test_a_file_that_is_no_ledger_is_set_aside_and_named(
    path: Path, filled: LedgerStore, damage
) -> None:
    head = filled.head
    filled.close()
    damage(path)
    damaged = path.read_bytes()
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.recovery == Recovery(RecoveryCause.CORRUPT, head, "ledger.aside-1.db")
    assert path.with_name("ledger.aside-1.db").read_bytes() == damaged
    assert again.head.seq == 0
    (added,) = again.append([price(START_MS)])
    assert added.seq == 2
    first = again.get(1)
    assert first is not None
    record = first.record()
    assert isinstance(record, LifecycleRecord)
    assert (record.event, record.detail) == ("recovery", "corrupt")
    assert (record.previous_seq, record.previous_head) == (head.seq, head.hash.hex())
    assert record.previous_file == "ledger.aside-1.db"
    assert_intact(again)
    again.close()
    calm = LedgerStore.open(path, OPERATOR, known_head=again.head)
    assert calm.recovery is None
    calm.close()


def test_a_recovery_survives_a_crash_before_the_first_append(
    path: Path, filled: LedgerStore
) -> None:
    head = filled.head
    filled.close()
    damage_header(path)
    LedgerStore.open(path, OPERATOR, known_head=head).close()
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.recovery is not None
    assert again.recovery.previous == head
    again.append([price(START_MS)])
    assert again.get(1).kind is RecordKind.LIFECYCLE
    again.close()


class CrashError(BaseException):
    """The power is cut."""


@pytest.mark.parametrize(
    ("point", "call"),
    [
        ("segments.salvaged_head", 1),
        ("segments.discard_next", 1),
        ("LedgerStore._load", 1),
        ("LedgerStore._await_recovery", 1),
        ("segments.move", 1),
        ("segments.move", 2),
        ("segments.finish", 2),
        ("LedgerStore._load", 2),
        ("LedgerStore.append", 1),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_while_a_corrupt_ledger_is_set_aside_raises_no_alarm(
    path: Path,
    filled: LedgerStore,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    call: int,
    after: bool,
) -> None:
    """The next start finishes it: the known head belongs to the file that was set aside."""
    head = filled.head
    filled.close()
    damage_header(path)
    damaged = path.read_bytes()
    place = f"custom_components.aiep_miner.engine.ledger.store.{point}"
    original, calls = resolve_name(place), []

    def crash(*arguments: object) -> object:
        calls.append(arguments)
        result = original(*arguments) if after or len(calls) < call else None
        if len(calls) == call:
            raise CrashError
        return result

    monkeypatch.setattr(place, crash)
    with pytest.raises(CrashError):
        LedgerStore.open(path, OPERATOR, known_head=head).append([price(START_MS)])
    monkeypatch.undo()
    for _ in range(3):  # nor when the new head is not kept outside for a while
        again = LedgerStore.open(path, OPERATOR, known_head=head)
        assert again.fault is None
        assert again.recovery == Recovery(RecoveryCause.CORRUPT, head, "ledger.aside-1.db")
        again.append([price(START_MS)])
        assert_intact(again)
        again.close()
    assert again.head.seq >= 4
    assert path.with_name("ledger.aside-1.db").read_bytes() == damaged
    assert not segments.next_name(path).exists()


@pytest.mark.parametrize(
    "recovery",
    [
        Recovery(RecoveryCause.ACCEPTED, Head(9999, bytes(32)), "ledger.aside-1.db"),
        Recovery(RecoveryCause.CORRUPT, Head(9999, bytes(32)), None),
        Recovery(RecoveryCause.CORRUPT, Head(10, bytes(32)), "ledger.aside-1.db"),
        Recovery(RecoveryCause.CORRUPT, None, "ledger.aside-1.db"),
    ],
)
def test_an_empty_ledger_put_in_place_is_not_excused_by_a_note(
    path: Path, filled: LedgerStore, recovery: Recovery
) -> None:
    head = filled.head
    filled.close()
    path.unlink()
    LedgerStore.open(path, OPERATOR).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        note = ("pending_recovery", recovery.to_text())
        connection.execute("INSERT INTO meta VALUES (?, ?)", note)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.fault is not None
    assert again.fault.code is FaultCode.HEAD_MISSING
    again.close()


def test_a_new_segment_that_names_another_head_is_told(path: Path, filled: LedgerStore) -> None:
    head = filled.head
    filled.close()
    damage_header(path)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    again.append([price(START_MS)])
    again.close()
    for known in (Head(head.seq, bytes(32)), Head(head.seq + 1, head.hash)):
        again = LedgerStore.open(path, OPERATOR, known_head=known)
        assert again.fault is not None
        assert again.recovery is None
        again.close()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"event":"start"}',
        b'{"detail":"accepted","event":"recovery","previous_head":"","previous_seq":900}',
        b'{"detail":"corrupt","event":"recovery","previous_head":7,"previous_seq":900}',
        b'{"event":"recovery","previous_seq":900}',
    ],
)
def test_a_first_record_that_tells_nothing_excuses_nothing(
    path: Path, filled: LedgerStore, body: bytes
) -> None:
    head = filled.head
    filled.close()
    edit(path, "DELETE FROM records WHERE seq > 1", "UPDATE records SET kind = 'lifecycle'")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET body = ?", (body,))
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.fault is not None
    assert again.fault.code is FaultCode.HEAD_MISSING
    again.close()


def test_the_salvaged_head_counts_when_it_is_the_later(path: Path, filled: LedgerStore) -> None:
    head, earlier = filled.head, filled.get(10)
    filled.close()
    change_operator(path)
    again = LedgerStore.open(path, OPERATOR, known_head=Head(10, earlier.hash))
    assert again.recovery.previous == head
    again.close()


def test_a_missing_file_is_told(path: Path, filled: LedgerStore) -> None:
    head = filled.head
    filled.close()
    shutil.rmtree(path.parent)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.recovery == Recovery(RecoveryCause.MISSING, head, None)
    again.append([price(START_MS)])
    record = again.get(1).record()
    assert (record.detail, record.previous_seq) == ("missing", 700)
    assert_intact(again)
    again.close()


def test_every_set_aside_file_is_kept(path: Path, filled: LedgerStore) -> None:
    filled.close()
    for number in (1, 2, 3):
        damage_header(path)
        LedgerStore.open(path, OPERATOR).close()
        assert path.with_name(f"ledger.aside-{number}.db").exists()


def test_an_interrupted_setting_aside_is_finished(path: Path, filled: LedgerStore) -> None:
    """The database was moved, its log not yet: a new database must not take that log."""
    log = path.with_name("ledger.db-wal")
    copy = log.read_bytes()
    assert copy
    filled.close()
    path.rename(path.with_name("elsewhere.db"))
    log.write_bytes(copy)
    again = LedgerStore.open(path, OPERATOR)
    assert again.head.seq == 0
    assert path.with_name("ledger.aside-1.db-wal").read_bytes() == copy
    again.close()


def test_a_file_found_corrupt_by_an_append_is_set_aside_at_once(
    path: Path, filled: LedgerStore
) -> None:
    head = filled.head
    filled.close()
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'records_by_kind'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    with pytest.raises(LedgerError) as caught:
        again.append([price(START_MS)])
    assert caught.value.reason is LedgerReason.CORRUPT
    assert again.recovery == Recovery(RecoveryCause.CORRUPT, head, "ledger.aside-1.db")
    again.append([price(START_MS)])
    assert again.head.seq == 2
    assert_intact(again)
    again.close()
    assert len(contents(path.with_name("ledger.aside-1.db"))) == 700


def test_a_segment_that_could_not_begin_begins_with_a_later_append(
    path: Path, filled: LedgerStore, monkeypatch
) -> None:
    head = filled.head
    monkeypatch.setattr(filled, "_connect", lambda: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(LedgerError) as caught:
        filled.begin_segment(RecoveryCause.CORRUPT)
    assert caught.value.reason is LedgerReason.DISK_FULL
    monkeypatch.undo()
    filled.append([price(START_MS)])
    assert filled.recovery.previous == head
    assert_intact(filled)
    assert len(contents(path.with_name("ledger.aside-1.db"))) == 700


def test_heads_are_written_as_the_verifier_takes_them() -> None:
    head = Head(7, bytes(range(32)))
    assert Head.parse(str(head)) == head
    for text in ("", "7", "7:zz", "x:" + "00" * 32, "7:" + "00" * 31):
        with pytest.raises(ValueError):  # noqa: PT011
            Head.parse(text)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET hash = x'00' WHERE seq = 700",
        "INSERT INTO meta VALUES ('pending_recovery', 'nonsense')",
        "INSERT INTO meta VALUES ('pending_recovery', '[1, 2]')",
        "DELETE FROM meta WHERE key = 'operator_id'",
    ],
)
def test_an_end_that_cannot_be_continued_begins_a_new_segment(
    path: Path, filled: LedgerStore, statement: str
) -> None:
    head = filled.head
    filled.close()
    edit(path, statement)
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert again.recovery == Recovery(RecoveryCause.CORRUPT, head, "ledger.aside-1.db")
    again.append([price(START_MS)])
    assert_intact(again)
    again.close()


def test_a_ledger_with_the_formats_tables_alone_is_read_and_gone_on_with(
    path: Path, filled: LedgerStore
) -> None:
    head = filled.head
    filled.close()
    edit(path, "DROP TABLE dictionaries", "DROP INDEX records_by_kind")
    reader = LedgerStore.open_read_only(path)
    assert (reader.head, len(reader.query(Query(kinds=(RecordKind.PRICE,))))) == (head, 100)
    reader.close()
    again = LedgerStore.open(path, OPERATOR, known_head=head)
    assert (again.recovery, again.fault) == (None, None)
    again.append([price(again.last_ts_ms)])
    assert_intact(again)
    again.close()


def test_a_known_head_on_a_damaged_page_is_told(path: Path, filled: LedgerStore) -> None:
    early, head = filled.get(1), filled.head
    filled.close()
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(early.body) // 4096 * 4096)
        file.write(b"\xff" * 4096)
    again = LedgerStore.open(path, OPERATOR, known_head=Head(1, early.hash))
    assert again.fault is not None
    assert again.fault.code is FaultCode.UNREADABLE
    assert again.check_head(head) is None
    again.close()


def test_an_endless_body_is_refused(store: LedgerStore) -> None:
    endless = replace(price(START_MS), currency="x" * verify.MAX_BODY_BYTES)
    with pytest.raises(ValueError, match="too long"):
        store.append([endless])
    assert store.head.seq == 0


def test_a_database_of_something_else_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    edit(path, "CREATE TABLE other (x)")
    with pytest.raises(LedgerError) as caught:
        LedgerStore.open_read_only(path)
    assert caught.value.reason is LedgerReason.CORRUPT
