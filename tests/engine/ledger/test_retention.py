"""Compression and pruning: small, in small steps, and the chain holds."""

import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger import FaultCode, LedgerStore, Query, verify
from custom_components.aiep_miner.engine.ledger.bodies import RAW, BodyCodec, make_dictionary
from custom_components.aiep_miner.engine.ledger.retention import maintain
from custom_components.aiep_miner.engine.records import LifecycleEvent, RecordKind
from tests.engine.ledger_samples import (
    DAY_MS,
    INTERVAL_MS,
    OPERATOR,
    contents,
    cycle,
    decided,
    fill,
)

CYCLES_A_DAY = DAY_MS // INTERVAL_MS


@pytest.fixture
def store(tmp_path: Path):
    store = LedgerStore.open(tmp_path / "ledger.db", OPERATOR)
    yield store
    store.close()


def codecs(store: LedgerStore) -> set[tuple[str, str, bool]]:
    return set(store.execute("SELECT kind, codec, body IS NULL FROM records").fetchall())


def assert_intact(store: LedgerStore) -> verify.Report:
    report = verify.verify(store.path, {store.head.seq: store.head.hash})
    assert report.fault is None, str(report.fault)
    return report


def finish(store: LedgerStore, now_ms: int, keep_ms: int) -> int:
    steps = 1
    while maintain(store, now_ms, keep_ms):
        steps += 1
    return steps


def test_bodies_are_compressed_once_there_is_something_to_learn_from(store: LedgerStore) -> None:
    fill(store, 10)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    assert not store.bodies.dictionaries
    fill(store, 90, first=10)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    assert list(store.bodies.dictionaries) == [1]
    before = contents(store.path)
    fill(store, 10, first=100, seed=2)
    assert {kind for kind, codec, _ in codecs(store) if codec == "deflate:1"} == {
        "telemetry",
        "price",
        "profit",
        "decision",
    }
    assert contents(store.path)[:700] == before
    noise = random.Random(2)
    added = [record for number in range(100, 110) for record in cycle(number, noise)]
    assert [item.record() for item in store.query(Query(from_seq=701))] == added
    assert_intact(store)


def test_compression_pays(store: LedgerStore) -> None:
    fill(store, 100)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    fill(store, 100, first=100)
    ((raw, compressed),) = store.execute(
        "SELECT sum(length(body)) FILTER (WHERE seq <= 700),"
        " sum(length(body)) FILTER (WHERE seq > 700) FROM records WHERE kind = 'telemetry'"
    ).fetchall()
    assert compressed < raw / 5


def test_what_is_kept_for_ever_is_compressed_and_never_dropped(store: LedgerStore) -> None:
    fill(store, 100)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    seq = decided(store, store.last_ts_ms)
    fill(store, 10 * CYCLES_A_DAY, first=101)
    finish(store, store.last_ts_ms, DAY_MS)
    ((codec,),) = store.execute("SELECT codec FROM records WHERE seq = ?", (seq,)).fetchall()
    assert codec == "deflate:1"
    record = store.get(seq).record()
    assert record.evidence.policy
    with pytest.raises(ValueError, match="cannot be decoded"):
        store.get(seq - 1).record()
    assert_intact(store)


def test_a_new_dictionary_follows_a_ledger_that_has_grown(store: LedgerStore) -> None:
    fill(store, 100)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    fill(store, 1100, first=100)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    fill(store, 10, first=1200)
    assert list(store.bodies.dictionaries) == [1, 2]
    assert {codec for _, codec, _ in codecs(store)} == {"raw", "deflate:1", "deflate:2"}
    assert_intact(store)
    store.close()
    again = LedgerStore.open(store.path, OPERATOR)
    assert len([item.record() for chunk in again.read() for item in chunk]) == again.head.seq
    again.close()


def test_old_bodies_go_and_the_ledger_says_so(store: LedgerStore) -> None:
    fill(store, 10 * CYCLES_A_DAY)
    seq = decided(store, store.last_ts_ms)
    finish(store, store.last_ts_ms, 3 * DAY_MS)
    kept_from = store.first_at(store.last_ts_ms - 3 * DAY_MS)
    prunable = Query(kinds=(RecordKind.TELEMETRY, RecordKind.PRICE, RecordKind.PROFIT))
    for stored in store.query(prunable):
        assert (stored.body is None) == (stored.seq < kept_from)
    assert all(item.body for item in store.query(Query(kinds=(RecordKind.DECISION,), limit=9999)))
    (said,) = store.query(Query(kinds=(RecordKind.LIFECYCLE,)))
    record = said.record()
    assert (record.event, record.pruned_to_seq) == (LifecycleEvent.PRUNED, kept_from - 1)
    assert said.seq > seq
    report = assert_intact(store)
    assert report.chain.pruned == (kept_from - 1) // 7 * 5
    with pytest.raises(ValueError, match="cannot be decoded"):
        store.get(1).record()


def test_pruning_waits_for_a_days_worth(store: LedgerStore) -> None:
    fill(store, 2 * CYCLES_A_DAY)
    head = store.head
    assert finish(store, store.last_ts_ms, DAY_MS) == 1
    assert store.head == head
    fill(store, 2, first=2 * CYCLES_A_DAY)
    finish(store, store.last_ts_ms, DAY_MS)
    declared = store.head
    assert declared.seq == head.seq + 15
    fill(store, CYCLES_A_DAY // 2, first=2 * CYCLES_A_DAY + 2)
    assert not maintain(store, store.last_ts_ms, DAY_MS)
    assert len(store.query(Query(kinds=(RecordKind.LIFECYCLE,)))) == 1


def test_the_record_comes_before_the_first_body_goes(store: LedgerStore) -> None:
    """A crash at any point between the steps leaves a ledger that verifies."""
    fill(store, 10 * CYCLES_A_DAY)
    going = True
    gone = []
    while going:
        going = maintain(store, store.last_ts_ms, DAY_MS)
        report = assert_intact(store)
        gone.append(report.chain.pruned)
        store.close()
        store = LedgerStore.open(store.path, OPERATOR, known_head=store.head)
    assert gone[0] == 0
    assert gone == sorted(gone)
    assert len(gone) > 3
    assert gone[-1] > 3000
    store.close()


def test_steps_are_small(store: LedgerStore) -> None:
    fill(store, 20 * CYCLES_A_DAY)
    maintain(store, store.last_ts_ms, DAY_MS)
    before = store.execute("SELECT count(*) FROM records WHERE body IS NULL").fetchone()[0]
    maintain(store, store.last_ts_ms, DAY_MS)
    after = store.execute("SELECT count(*) FROM records WHERE body IS NULL").fetchone()[0]
    assert 0 < after - before <= 500


@pytest.mark.parametrize(
    ("statement", "seq", "code"),
    [
        (
            "UPDATE records SET body = NULL, codec = 'raw' WHERE seq = 9001",
            9001,
            FaultCode.PRUNING_NOT_RECORDED,
        ),
        (
            "UPDATE records SET body = NULL, codec = 'raw' WHERE seq = 4",
            4,
            FaultCode.BODY_MISSING,
        ),
        ("UPDATE records SET body = NULL WHERE seq = 9001", 9001, FaultCode.MALFORMED),
        ("DELETE FROM dictionaries; DELETE FROM dictionary_copies", None, FaultCode.MALFORMED),
        (
            "UPDATE dictionaries SET data = x'00'; UPDATE dictionary_copies SET data = x'00'",
            None,
            FaultCode.MALFORMED,
        ),
    ],
)
def test_what_retention_may_not_do_is_found(
    store: LedgerStore, statement: str, seq: int | None, code: FaultCode
) -> None:
    fill(store, 12 * CYCLES_A_DAY)
    maintain(store, store.last_ts_ms, DAY_MS * 365)
    fill(store, 7 * CYCLES_A_DAY, first=12 * CYCLES_A_DAY)
    finish(store, store.last_ts_ms, 8 * DAY_MS)
    assert_intact(store)
    for part in statement.split(";"):
        store.execute(part)
    fault = verify.verify(store.path, {}).fault
    assert fault is not None
    assert fault.code is code
    first_compressed = 12 * CYCLES_A_DAY * 7 + 1
    assert fault.seq == (seq or first_compressed)


# The codec


@given(st.lists(st.binary(max_size=300), max_size=20), st.binary(max_size=2000))
def test_every_body_comes_back(samples: list[bytes], body: bytes) -> None:
    codec = BodyCodec({1: make_dictionary(samples), 3: b"newest"})
    name, stored = codec.encode(body)
    assert name in (RAW, "deflate:3")
    assert stored is not None
    assert len(stored) <= len(body)
    assert codec.decode(name, stored) == body
    assert BodyCodec().encode(body) == (RAW, body)
    assert codec.encode(None) == (RAW, None)


def test_malformed_bodies_are_refused() -> None:
    body = b'{"reading":{"power_w":3250}}' * 20
    codec = BodyCodec({1: make_dictionary([body])})
    name, stored = codec.encode(body)
    assert name == "deflate:1"
    assert stored is not None
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    big = bomb.compress(bytes(verify.MAX_BODY_BYTES + 1)) + bomb.flush()
    for bad_name, bad in (
        ("deflate:2", stored),
        ("deflate:01", stored),
        ("zstd:1", stored),
        ("", stored),
        (name, b""),
        (name, b"\0"),
        (name, stored[:-1]),
        (name, stored + b"\0"),
        (name, stored[:-2] + stored[-1:]),
        (name, big + bytes([sum(big) % 256])),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            codec.decode(bad_name, bad)


def test_each_single_byte_of_a_stored_body_counts() -> None:
    body = b'{"reading":{"power_w":3250,"hashrate_ths":101.25,"mining":true}}' * 3
    codec = BodyCodec({1: make_dictionary([body[:100]])})
    name, stored = codec.encode(body)
    assert name != RAW
    assert stored is not None
    for position in range(len(stored)):
        for flip in range(1, 256):
            changed = bytearray(stored)
            changed[position] ^= flip
            try:
                assert codec.decode(name, bytes(changed)) != body
            except ValueError:
                continue


def test_a_dictionary_keeps_one_of_each_sort() -> None:
    noise = random.Random(1)
    sorts = [
        [b'{"power_w":%d,"kind":"telemetry"}' % noise.randint(3000, 3300) for _ in range(50)],
        [b'{"profit_per_day":%d,"basis":"x"}' % noise.randint(0, 99) for _ in range(50)],
    ]
    dictionary = make_dictionary([body for pair in zip(*sorts, strict=True) for body in pair])
    assert b"telemetry" in dictionary
    assert b"profit_per_day" in dictionary
    assert len(dictionary) <= 6 * 1024


def test_pruning_frees_space_for_what_follows(store: LedgerStore) -> None:
    """The file of a ledger that is pruned grows by what is kept, not by what was read."""
    sizes = []
    for day in range(12):
        fill(store, CYCLES_A_DAY * 3, first=day * CYCLES_A_DAY * 3)
        finish(store, store.last_ts_ms, DAY_MS)
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append(store.path.stat().st_size)
    unpruned = LedgerStore.open(store.path.with_name("unpruned.db"), OPERATOR)
    fill(unpruned, CYCLES_A_DAY * 36)
    unpruned.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sizes[-1] < unpruned.path.stat().st_size * 0.75
    unpruned.close()
