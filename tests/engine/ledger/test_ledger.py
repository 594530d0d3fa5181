"""The ledger as the event loop uses it."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import (
    FaultCode,
    Head,
    Ledger,
    LedgerError,
    LedgerReason,
    LedgerStore,
    RecoveryCause,
    Stored,
    public_key,
)
from custom_components.aiep_miner.engine.ledger.walk import Walk
from custom_components.aiep_miner.engine.records import RecordKind
from tests.engine.ledger_samples import (
    DAY_MS,
    INTERVAL_MS,
    OPERATOR,
    PRIVATE_KEY,
    START_MS,
    fill,
    price,
    profit,
    seqs,
    telemetry,
)


@pytest.fixture
async def ledger(tmp_path: Path):
    ledger = await Ledger.open(tmp_path / "deep" / "down" / "ledger.db", OPERATOR)
    yield ledger
    await ledger.close()


async def test_append_and_read(ledger: Ledger) -> None:
    assert (ledger.head.seq, ledger.count, ledger.last_ts_ms) == (0, 0, 0)
    stored = await ledger.append([telemetry(START_MS), price(START_MS)])
    assert ledger.head == Head(2, stored[-1].hash)
    assert (ledger.count, ledger.last_ts_ms) == (2, START_MS)
    assert ledger.operator_id == OPERATOR
    assert ledger.path.exists()
    assert await ledger.get(2) == stored[1]
    assert await ledger.get(3) is None
    assert await ledger.get_by_hash(stored[0].hash_hex) == stored[0]
    assert await ledger.get_by_hash(stored[0].hash_hex, kinds=[RecordKind.PRICE]) is None
    assert await ledger.latest(RecordKind.PRICE) == stored[1]
    assert await ledger.latest(RecordKind.TELEMETRY, "nobody") is None
    with pytest.raises(ValueError, match="hex"):
        await ledger.get_by_hash("no hash")


async def test_query_takes_every_filter(ledger: Ledger) -> None:
    await ledger.run(fill, ledger.store, 20)
    found = await ledger.query(
        kinds=[RecordKind.TELEMETRY, RecordKind.PROFIT],
        subject="miner-0",
        from_seq=8,
        to_seq=100,
        from_ts=START_MS + 2 * INTERVAL_MS,
        to_ts=START_MS + 8 * INTERVAL_MS,
        limit=3,
        newest_first=True,
    )
    assert seqs(found) == [59, 58, 52]
    assert len(await ledger.query(limit=10)) == 10


async def test_all_writing_runs_on_one_thread_that_is_not_the_loops(ledger: Ledger) -> None:
    threads = set(await asyncio.gather(*(ledger.run(threading.get_ident) for _ in range(10))))
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


async def test_readers_hold_up_no_append_and_are_few(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty scans and an export that take their time; what is appended meanwhile does not wait."""
    await ledger.run(fill, ledger.store, 20)
    select, go_on, reading = LedgerStore.select, threading.Event(), threading.Event()
    threads: set[str] = set()

    def slow(store: LedgerStore, *arguments: object) -> tuple[Stored, ...]:
        threads.add(threading.current_thread().name)
        reading.set()
        go_on.wait(20)
        return select(store, *arguments)

    async def export() -> int:
        return len(b"".join([block async for block in ledger.export()]).splitlines())

    monkeypatch.setattr(LedgerStore, "select", slow)
    scans = [asyncio.ensure_future(ledger.query(subject="miner-0")) for _ in range(40)]
    exporting = asyncio.ensure_future(export())
    await asyncio.to_thread(reading.wait, 5)
    async with asyncio.timeout(5):
        await ledger.append([price(ledger.last_ts_ms)])
    assert not any(scan.done() for scan in scans)
    go_on.set()
    assert {len(found) for found in await asyncio.gather(*scans)} == {60}
    assert await exporting in (141, 142), "it ends with the head at its own beginning"
    assert 1 <= len(threads) <= 2


async def test_a_reader_given_up_is_closed_after_its_last_call(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    select, go_on, reading = LedgerStore.select, threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def slow(store: LedgerStore, *arguments: object) -> tuple[Stored, ...]:
        reading.set()
        go_on.wait(20)
        try:
            return select(store, *arguments)
        except BaseException as err:
            failures.append(err)
            raise

    await ledger.append([price(START_MS)])
    monkeypatch.setattr(LedgerStore, "select", slow)
    scan = asyncio.ensure_future(ledger.query())
    await asyncio.to_thread(reading.wait, 5)
    scan.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scan
    waiting = asyncio.ensure_future(ledger.get(1))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(ledger.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert failures == [], "the connection was open until the call had ended"
    assert not ledger.path.with_name("ledger.db-wal").exists()
    with pytest.raises(LedgerError) as caught:
        await waiting
    assert caught.value.reason is LedgerReason.CLOSED
    with pytest.raises(LedgerError):
        await ledger.get(1)


async def test_another_operators_file_is_not_read(ledger: Ledger) -> None:
    await ledger.append([price(START_MS)])
    with pytest.raises(LedgerError) as caught:
        LedgerStore.open_read_only(ledger.path, "another")
    assert caught.value.reason is LedgerReason.CORRUPT


async def test_the_loop_is_not_held_up(ledger: Ledger) -> None:
    """While the ledger's thread is busy, the loop beats on."""
    beats = 0
    slow = asyncio.ensure_future(ledger.run(time.sleep, 0.3))
    append = asyncio.ensure_future(ledger.append([price(START_MS)]))
    while not slow.done():
        beats += 1
        await asyncio.sleep(0.01)
    assert beats > 5
    assert len(await append) == 1


async def test_appends_at_once_keep_their_order(ledger: Ledger) -> None:
    stored = await asyncio.gather(
        *(ledger.append([profit(START_MS + number)]) for number in range(20))
    )
    assert [item[0].seq for item in stored] == list(range(1, 21))
    assert (await ledger.verify()).fault is None


async def test_a_cancelled_append_may_be_there_and_the_chain_holds(ledger: Ledger) -> None:
    blocker = asyncio.ensure_future(ledger.run(time.sleep, 0.05))
    append = asyncio.ensure_future(ledger.append([price(START_MS)]))
    await asyncio.sleep(0.01)
    append.cancel()
    with pytest.raises(asyncio.CancelledError):
        await append
    await blocker
    await ledger.append([price(START_MS)])
    assert ledger.count in (1, 2)
    assert (await ledger.verify()).fault is None


async def test_a_closed_ledger_refuses(ledger: Ledger) -> None:
    waiting = asyncio.ensure_future(ledger.append([price(START_MS)]))
    await asyncio.sleep(0)
    await ledger.close()
    await ledger.close()
    assert len(await waiting) == 1  # what was asked before is done
    for call in (ledger.append([price(START_MS)]), ledger.get(1), ledger.verify()):
        with pytest.raises(LedgerError) as caught:
            await call
        assert caught.value.reason is LedgerReason.CLOSED


async def test_close_ends_the_thread(tmp_path: Path) -> None:
    ledger = await Ledger.open(tmp_path / "ledger.db", OPERATOR)
    thread = await ledger.run(threading.current_thread)
    await ledger.close()
    await asyncio.get_running_loop().run_in_executor(None, thread.join, 5)
    assert not thread.is_alive()


def ledger_threads_end() -> None:
    """Wait until no ledger has a thread any more."""
    for thread in threading.enumerate():
        if "aiep_miner_ledger" in thread.name:
            thread.join(20)
            assert not thread.is_alive()


async def test_an_open_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError):
        await Ledger.open(tmp_path / "file" / "ledger.db", OPERATOR)
    await asyncio.to_thread(ledger_threads_end)


async def test_an_open_that_is_cancelled_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opening = asyncio.ensure_future(Ledger.open(path, OPERATOR))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await asyncio.to_thread(ledger_threads_end)
    assert not path.with_name("ledger.db-wal").exists()
    again = await Ledger.open(path, OPERATOR)
    await again.append([price(START_MS)])
    await again.close()


async def test_recovery_and_heads_show(ledger: Ledger) -> None:
    await ledger.append([price(START_MS), price(START_MS)])
    head = ledger.head
    assert await ledger.check_head(head) is None
    assert (await ledger.check_head(Head(3, head.hash))).code is FaultCode.HEAD_MISSING
    assert (await ledger.check_head(Head(1, head.hash))).code is FaultCode.HEAD_DIFFERS
    await ledger.close()
    again = await Ledger.open(ledger.path, OPERATOR, known_head=Head(9, head.hash))
    assert again.fault is not None
    assert again.recovery is None
    recovery = await again.begin_segment(RecoveryCause.ACCEPTED)
    assert again.recovery == recovery
    assert again.fault is None
    assert recovery.previous == head
    await again.close()


# Verification


async def filled(ledger: Ledger, cycles: int = 900) -> None:
    await ledger.run(fill, ledger.store, cycles)


async def test_verify_tells_how_far_it_is(ledger: Ledger) -> None:
    await filled(ledger)
    told: list[tuple[int, int]] = []
    report = await ledger.verify(
        heads=[ledger.head], progress=lambda state, total: told.append((state["seq"], total))
    )
    assert (report.fault, report.count) == (None, 6300)
    assert told == [(2000, 6300), (4000, 6300), (6000, 6300)]


async def test_verify_goes_on_where_it_was_left(ledger: Ledger) -> None:
    await filled(ledger)
    states: asyncio.Queue[dict] = asyncio.Queue()
    task = asyncio.ensure_future(
        ledger.verify(progress=lambda state, _: states.put_nowait(state), pause_s=60)
    )
    state = await states.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert state["seq"] == 2000
    told: list[int] = []
    report = await ledger.verify(state=state, progress=lambda state, _: told.append(state["seq"]))
    assert told[0] == 4000
    assert (report.fault, report.count) == (None, 6300)


async def test_a_state_of_another_chain_is_not_believed(ledger: Ledger) -> None:
    await filled(ledger, 10)
    for state in (
        {"seq": 5, "hash": "00" * 32},
        {"seq": 500, "hash": "00" * 32},
        {"seq": "five"},
        {},
        {"seq": 0, "hash": 7},
    ):
        report = await ledger.verify(state=state)
        assert (report.fault, report.count) == (None, 70)


async def test_verify_finds_an_edit_and_a_head_before_the_state(ledger: Ledger) -> None:
    await filled(ledger)
    states: list[dict] = []
    await ledger.verify(progress=lambda state, _: states.append(state))
    wrong = Head(10, bytes(32))
    report = await ledger.verify(state=states[0], heads=[wrong])
    assert report.fault is not None
    assert (report.fault.seq, report.fault.code) == (10, FaultCode.HEAD_DIFFERS)
    await ledger.run(
        lambda: ledger.store.execute("UPDATE records SET ts = ts + 1 WHERE seq = 5000")
    )
    for state in (None, states[0]):
        report = await ledger.verify(state=state)
        assert report.fault is not None
        assert (report.fault.seq, report.fault.code) == (5000, FaultCode.HASH)


async def test_cycles_go_on_while_verifying(ledger: Ledger) -> None:
    """Appends, the first dictionary and pruning between the steps do not confuse it."""
    await filled(ledger)

    async def live() -> None:
        for number in range(30):
            await ledger.append([telemetry(ledger.last_ts_ms, power_w=3000.0 + number)])
            await ledger.maintain(ledger.last_ts_ms, DAY_MS)

    report, _ = await asyncio.gather(ledger.verify(pause_s=0.01), live())
    assert report.fault is None
    again = await ledger.verify(heads=[ledger.head])
    assert again.fault is None
    assert again.chain.pruned > 0


async def test_a_ledger_can_be_closed_while_it_is_verified(ledger: Ledger) -> None:
    await filled(ledger)
    seen = asyncio.Event()
    task = asyncio.ensure_future(ledger.verify(progress=lambda *_: seen.set(), pause_s=0.05))
    await seen.wait()
    await ledger.close()
    with pytest.raises(LedgerError) as caught:
        await task
    assert caught.value.reason is LedgerReason.CLOSED
    assert not ledger.path.with_name("ledger.db-wal").exists()


async def test_a_verification_given_up_as_it_begins_leaves_nothing_open(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, begun = Walk.begin, []
    has_begun, goes_on = threading.Event(), threading.Event()

    def slow(*arguments: object) -> Walk:
        begun.append(begin(*arguments))
        has_begun.set()
        goes_on.wait(5)
        return begun[0]

    await ledger.append([price(START_MS)])
    monkeypatch.setattr(Walk, "begin", slow)
    verifying = asyncio.ensure_future(ledger.verify())
    await asyncio.to_thread(has_begun.wait, 5)
    verifying.cancel()
    closing = asyncio.ensure_future(ledger.close())
    await asyncio.sleep(0)
    goes_on.set()
    await closing
    assert verifying.cancelled()
    assert not ledger.path.with_name("ledger.db-wal").exists()


async def test_an_empty_ledger_verifies_also_when_it_begins_meanwhile(ledger: Ledger) -> None:
    assert (await ledger.verify()).fault is None
    verifying = asyncio.ensure_future(ledger.verify())
    appending = asyncio.ensure_future(ledger.append([price(START_MS)]))
    await appending
    assert (await verifying).fault is None


async def test_checkpoint_export_and_bundle_through_the_loop(ledger: Ledger) -> None:
    await filled(ledger, 10)
    await ledger.checkpoint(START_MS + DAY_MS, PRIVATE_KEY)
    report = await ledger.verify(key=public_key(PRIVATE_KEY))
    assert (report.fault, report.chain.signed) == (None, 1)
    lines = b"".join([block async for block in ledger.export(5, 9)]).splitlines()
    assert len(lines) == 6
    decision = await ledger.latest(RecordKind.DECISION)
    lines = b"".join([block async for block in ledger.bundle(decision.seq)]).splitlines()
    assert lines[0].startswith(b'{"format":"aiep-ledger/1"')
