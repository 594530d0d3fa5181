"""Appending, sealing, dropping and finding: what was said is found again, whatever happens."""

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger import pages
from custom_components.aiep_miner.engine.ledger.entries import Draft, LedgerEntry, Query
from custom_components.aiep_miner.engine.ledger.errors import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.lines import record_hash
from custom_components.aiep_miner.engine.ledger.verifier.note import Checkpoint

from .samples import (
    DAY_MS,
    INTERVAL_MS,
    OPERATOR,
    SIGNER,
    START_MS,
    aged,
    cycle,
    decision,
    drop,
    fill,
    opened,
    run,
    seal,
    telemetry,
    verify,
    written,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def reader_of(store: Store) -> Reader:
    return Reader(Database(store.path))


# Blocks


def test_entries_say_seq_and_hash(path: Path) -> None:
    store = opened(path).store
    entries = store.append(cycle(0, random.Random(1)))
    assert [entry.seq for entry in entries] == list(range(1, 8))
    for entry, draft in zip(entries, cycle(0, random.Random(1)), strict=True):
        assert json.loads(entry.line) == {
            "body": json.loads(json.dumps(draft.body)), "kind": draft.kind, "seq": entry.seq,
            "subject": draft.subject, "ts": draft.ts_ms,
        }  # fmt: skip
        assert entry.hash == record_hash(entry.line)
        assert LedgerEntry.of(entry.line) == entry
    assert store.append([]) == ()
    assert (store.head.blocks, store.head.seq) == (1, 7)
    store.close()


def parts(store: Store) -> list[str]:
    """Return in which part each record of the newest block is."""
    row = store.connection.execute(
        "SELECT observations, events FROM blocks ORDER BY number DESC LIMIT 1"
    ).fetchone()
    found = {}
    for name, payload in zip(("observation", "event"), row, strict=True):
        for line in payload.splitlines():
            found[json.loads(line)["seq"]] = name
    return [found[seq] for seq in sorted(found)]


def test_a_hold_is_routine_when_the_decision_before_it_was_the_same_hold(path: Path) -> None:
    store = opened(path).store
    for drafts, wanted in (
        ([decision(1)], ["event"]),
        ([decision(2)], ["observation"]),
        ([decision(3, reasons=("hot",))], ["event"]),
        ([decision(4, reasons=("hot",)), decision(4)], ["observation", "event"]),
        ([decision(5, action="run")], ["event"]),
        ([decision(6)], ["event"]),
        ([decision(7, miner="other"), decision(7)], ["event", "observation"]),
        ([decision(8, action="run"), decision(8, action="run")], ["event", "event"]),
        ([telemetry(9), Draft("policy", OPERATOR, 9, {})], ["observation", "event"]),
    ):
        store.append(drafts)
        assert parts(store) == wanted, drafts
    store.close()
    again = opened(path).store
    again.append([decision(10)])  # nothing is remembered over a restart: rather an event too many
    assert parts(again) == ["event"]
    again.close()
    assert verify(path).fault is None


def test_a_failed_append_makes_no_hold_routine(path: Path) -> None:
    store = opened(path).store
    with pytest.raises(LedgerError) as caught:
        store.append([decision(1)], lambda: False)
    assert caught.value.reason is LedgerReason.TIMED_OUT
    store.append([decision(2)])
    assert parts(store) == ["event"]
    assert store.head.blocks == 1
    store.close()
    assert verify(path).fault is None


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), 2**53, object(), "\ud800", "x" * 2**21]
)
def test_what_no_record_can_hold_changes_nothing(path: Path, bad: object) -> None:
    store = written(path, 3)
    head = store.head
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        store.append([telemetry(START_MS * 2), Draft("policy", OPERATOR, START_MS * 2, {"a": bad})])
    assert store.head == head
    store.append([telemetry(START_MS * 2)])
    store.close()
    assert verify(path).fault is None


def test_two_writers_do_not_fork_the_chain(path: Path) -> None:
    one = written(path, 3)
    two = Store(path, OPERATOR, SIGNER).connect()
    fill(one, 1, first=3)
    with pytest.raises(LedgerError) as caught:
        fill(two, 1, first=3)
    assert caught.value.reason is LedgerReason.LOCKED
    fill(one, 330, first=4)
    seal(one)
    with pytest.raises(LedgerError):
        fill(two, 1, first=3)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("INSERT INTO meta VALUES ('note', 'somebody else wrote, but no block')")
    fill(one, 1, first=400)
    for store in (one, two):
        store.close()
    assert verify(path).fault is None


@pytest.mark.parametrize(
    "statement", ["INSERT INTO blocks", "INSERT INTO events", "INSERT OR REPLACE"]
)
def test_a_commit_is_whole_or_not_at_all(path: Path, statement: str) -> None:
    store = written(path, 3)
    head = store.head
    real = store.connection

    class Failing:
        """The connection, until a statement fails as on a full disk."""

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def execute(self, text: str, *values: object) -> object:
            if text.startswith(statement):
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return real.execute(text, *values)

        def executemany(self, text: str, values: object) -> object:
            return (
                self.execute(text) if text.startswith(statement) else real.executemany(text, values)
            )

    store._connection = Failing()  # type: ignore[assignment]
    with pytest.raises(LedgerError) as caught:
        store.append([Draft("policy", OPERATOR, START_MS * 2, {})])
    assert caught.value.reason is LedgerReason.DISK_FULL
    assert store.head == head
    store._connection = real
    store.append([Draft("policy", OPERATOR, START_MS * 2, {})])
    store.close()
    assert verify(path).fault is None


# Pages


def lines_of(store: Store) -> list[bytes]:
    with closing(reader_of(store)) as reader:
        return [entry.line for batch in reader.read() for entry in batch]


def test_sealing_changes_nothing_that_is_said(path: Path) -> None:
    store = written(path, 330)
    before, head = lines_of(store), store.head
    assert seal(store) == 1
    assert (store.head, lines_of(store)) == (head, before)
    assert pages.due_page(store) is None
    fill(store, 3, first=330)
    store.close()
    report = verify(path)
    assert report.fault is None, report.line()
    again = opened(path).store
    assert again.head.blocks == report.blocks == 334
    again.close()


def test_a_ledger_of_pages_only_goes_on(path: Path) -> None:
    store = written(path, 512, signs=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "KEEP_BLOCKS", 0)
        assert seal(store) == 2
    head = store.head
    store.close()
    again = opened(path).store
    assert again.head == head
    assert again.hash_at(512) == head.hash
    assert again.root_at(512)
    fill(again, 3, first=512)
    again.close()
    assert verify(path).fault is None


@pytest.mark.parametrize("codec", ["deflate", "xz"])
def test_both_codecs(path: Path, codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_WORTH", 9 if codec == "xz" else 0)
    monkeypatch.setattr(pages, "_MAX_LOAD", 9)
    store = written(path, 330)
    before = lines_of(store)
    seal(store)
    assert store.connection.execute("SELECT codec FROM pages").fetchone() == (codec,)
    assert lines_of(store) == before
    store.close()
    assert verify(path).fault is None


def test_a_slow_machine_takes_deflate(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MAX_LOAD", 0)
    store = written(path, 330)
    seal(store)
    assert store.connection.execute("SELECT codec FROM pages").fetchone() == ("deflate",)
    store.close()


def test_blocks_that_changed_meanwhile_are_not_replaced(path: Path) -> None:
    store = written(path, 330)
    with closing(Database(path)) as reader:
        sealed = run(pages.seal(reader, 0))
    wrong = replace(sealed, values=(*sealed.values[:-1], bytes(32)))
    with pytest.raises(LedgerError):
        pages.swap(store, wrong)
    pages.swap(store, sealed)
    with pytest.raises(LedgerError):
        pages.swap(store, sealed)
    store.close()
    assert verify(path).fault is None


def test_a_page_that_reads_back_differently_is_not_taken(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = written(path, 330)
    monkeypatch.setattr(pages, "inflate", lambda _codec, _data: iter([b"something else"]))
    with closing(Database(path)) as reader, pytest.raises(LedgerError):
        run(pages.seal(reader, 0))
    store.close()


def test_dropping_keeps_events_and_the_chain(path: Path) -> None:
    store = written(path, 700)
    seal(store)
    events = [
        line for line in lines_of(store)
        if json.loads(line)["kind"] in ("decision", "checkpoint")
        and json.loads(line)["body"].get("action") != "hold"
    ]  # fmt: skip
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    size = path.stat().st_size
    assert drop(store, store.last_ts_ms + DAY_MS) == 2
    left = lines_of(store)
    assert [line for line in events if line not in left] == []
    assert len(left) < 4900 / 3
    assert store.head.blocks == 702
    (declared,) = store.connection.execute(
        "SELECT count(*) FROM events WHERE kind = 'lifecycle'"
    ).fetchone()
    assert declared == 1
    fill(store, 5, first=700)
    assert drop(store, store.last_ts_ms + DAY_MS) == 0
    store.close()
    assert path.stat().st_size <= size * 1.05
    report = verify(path)
    assert report.fault is None, report.line()
    assert report.records == 700 * 7 + 2 + 35


def test_a_crash_between_the_event_and_the_dropping(path: Path) -> None:
    store = written(path, 700)
    seal(store)
    old = pages.old_pages(store, store.last_ts_ms)
    assert old == (0, 1)
    pages.declare(store, *old, store.last_ts_ms)
    store.close()
    assert verify(path).fault is None
    again = opened(path).store
    assert pages.declared_to(again) == 1
    assert drop(again, again.last_ts_ms) == 2
    count = again.connection.execute("SELECT count(*) FROM events WHERE kind = 'lifecycle'")
    assert count.fetchone() == (1,)
    again.close()
    assert verify(path).fault is None


# Finding


def test_queries_find_what_a_filter_over_all_finds(path: Path) -> None:
    store = aged(path)
    with closing(reader_of(store)) as reader:
        everything = [entry for batch in reader.read() for entry in batch]
        noise = random.Random(3)
        for _ in range(60):
            query = _random_query(noise, everything)
            wanted = [entry for entry in everything if query.matches(entry)]
            if query.newest_first:
                wanted.reverse()
            assert reader.select(query) == tuple(wanted[: query.limit]), query
    store.close()


def _random_query(noise: random.Random, entries: list[LedgerEntry]) -> Query:
    def some[T](values: list[T]) -> T | None:
        return noise.choice(values) if noise.random() < 0.4 else None

    one, other = sorted(noise.sample(entries, 2), key=lambda entry: entry.seq)
    kinds = noise.choice(
        [
            (),
            ("decision",),
            ("telemetry", "price"),
            ("checkpoint", "lifecycle"),
            ("profit", "decision"),
        ]
    )
    return Query(
        kinds=kinds,
        subject=some(["miner-0", "miner-1", OPERATOR, "nobody"]),
        from_seq=some([one.seq, 0, 1, 10_000]),
        to_seq=some([other.seq, 1, 10_000]),
        from_ts=some([one.ts_ms, 0]),
        to_ts=some([other.ts_ms, START_MS]),
        limit=noise.choice([1, 5, 100_000]),
        newest_first=noise.random() < 0.5,
    )


def test_each_record_is_found_by_seq(path: Path) -> None:
    store = aged(path)
    with closing(reader_of(store)) as reader:
        everything = {entry.seq: entry for batch in reader.read() for entry in batch}
        for seq in [*range(0, 4905, 97), 1, 4903, 4904, -1]:
            assert reader.entry(seq) == everything.get(seq), seq
            if seq in everything:
                assert reader.block_of(seq) is not None
        assert reader.last_seq() == 4903
    store.close()


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(-5, 705), st.integers(-1, 1))
def test_the_first_record_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, number: int, off: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "times" / "ledger.db"
    if not path.exists():
        aged(path).close()
    with closing(Reader(Database(path))) as reader:
        ts_ms = START_MS + number * INTERVAL_MS + off
        found = reader.first_at(ts_ms)
        wanted = (entry.seq for batch in reader.read() for entry in batch if entry.ts_ms >= ts_ms)
        assert found == next(wanted, 4904)


def test_a_reader_follows_while_pages_are_sealed(path: Path) -> None:
    store = written(path, 400)
    with closing(reader_of(store)) as reader:
        batches = reader.read()
        found = [next(batches) for _ in range(50)]
        seal(store)
        fill(store, 3, first=400)
        found += list(batches)
        seqs = [entry.seq for batch in found for entry in batch]
        assert sorted(set(seqs)) == list(range(1, 400 * 7 + 2))
    store.close()


# Signing


def test_nothing_inconsistent_is_signed(path: Path) -> None:
    store = written(path, 20)
    store.signed = Checkpoint(store.origin, 10, bytes(32))
    with pytest.raises(LedgerError, match="not consistent"):
        store.checkpoint(START_MS * 2)
    store.signed = Checkpoint(store.origin, 99, bytes(32))
    with pytest.raises(LedgerError, match="not consistent"):
        store.checkpoint(START_MS * 2)
    store.signed = Checkpoint(store.origin, 10, store.root_at(10))
    store.checkpoint(START_MS * 2)
    store.signed = Checkpoint("another segment", 99, bytes(32))
    store.checkpoint(START_MS * 2)
    store.close()
    assert verify(path).fault is None
