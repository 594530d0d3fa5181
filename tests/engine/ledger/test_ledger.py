"""The ledger as the event loop uses it: nothing waits for what need not be waited for."""

import asyncio
import gc
import json
import random
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import Cause, Ledger, Query, Reader, Trusted
from custom_components.aiep_miner.engine.ledger import ledger as ledger_module
from custom_components.aiep_miner.engine.ledger.errors import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.query import Batches
from custom_components.aiep_miner.engine.ledger.verifier import bundle
from custom_components.aiep_miner.engine.ledger.verifier import export as exported
from custom_components.aiep_miner.engine.ledger.verifier.note import Note
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.records import PriceRecord, RecordKind, TelemetryRecord

from .samples import DAY_MS, OPERATOR, PRIVATE_KEY, SIGNER, START_MS, change, fill, verify
from .samples import price_record as price
from .samples import telemetry_record as telemetry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def begun(path: Path, trusted: Trusted | None = None, now_ms: int = START_MS) -> Ledger:
    return await Ledger.open(
        path, OPERATOR, private_key=PRIVATE_KEY, now_ms=now_ms, trusted=trusted
    )


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[Ledger]:
    ledger = await begun(path)
    yield ledger
    await ledger.close()


def filled(ledger: Ledger, cycles: int) -> None:
    """Append cycles on the ledger's thread, while nothing else happens."""
    first = ledger.head.blocks
    ledger._writer.submit(fill, ledger._store, cycles, first=first).result()


async def test_records_go_in_and_come_out(ledger: Ledger) -> None:
    entries = await ledger.append([telemetry(START_MS), price(START_MS)])
    assert [entry.seq for entry in entries] == [1, 2]
    assert [type(entry.record()) for entry in entries] == [TelemetryRecord, PriceRecord]
    assert await ledger.get(2) == entries[1]
    assert await ledger.get(3) is None
    assert await ledger.latest(RecordKind.TELEMETRY) == entries[0]
    assert await ledger.latest(RecordKind.TELEMETRY, "nobody") is None
    assert await ledger.query(kinds=(RecordKind.PRICE,)) == (entries[1],)
    assert (ledger.head.seq, ledger.head.blocks, ledger.last_ts_ms) == (2, 1, START_MS)


async def test_a_clock_that_goes_back_is_lifted(ledger: Ledger) -> None:
    await ledger.append([price(START_MS)])
    lifted, later = await ledger.append([price(START_MS - 500), price(START_MS + 1)])
    assert (lifted.ts_ms, lifted.body["clock_ms"]) == (START_MS, START_MS - 500)
    assert (later.ts_ms, later.body.get("clock_ms")) == (START_MS + 1, None)
    signed = await ledger.checkpoint(START_MS - 900)
    assert signed.body["clock_ms"] == START_MS - 900


async def test_a_start_after_a_stop(path: Path) -> None:
    ledger = await begun(path)
    await ledger.append([price(START_MS)])
    signed = await ledger.checkpoint(START_MS)
    head = ledger.head
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerError) as caught:
        await ledger.get(1)
    assert caught.value.reason is LedgerReason.CLOSED
    with pytest.raises(LedgerError):
        await ledger.append([price(START_MS)])
    known = Trusted(head=head, is_clean=True, checkpoint=signed.body["note"])
    again = await begun(path, known)
    assert (again.finding, again.recovery, again.head) == (None, None, head)
    await again.close()
    assert not path.with_name("ledger.db-wal").exists()


async def test_evidence_for_others(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger, 30)
    note = Note.parse((await ledger.checkpoint(START_MS)).body["note"])
    (decided,) = await ledger.query(kinds=("decision",), limit=1)
    made = await ledger.bundle(decided.seq, note)
    (tmp_path / "bundle.json").write_text(json.dumps(made))
    assert bundle.verify(tmp_path / "bundle.json", Known(keys=(ledger.verifier_key,))).fault is None
    assert (await ledger.proof(decided.seq, note)).startswith("c2sp.org/tlog-proof@v1\n")
    assert len(await ledger.consistency(7, 30)) > 0
    with pytest.raises(ValueError, match="no decision"):
        await ledger.bundle(1, note)
    chunks = [chunk async for chunk in ledger.export(note=note)]
    (tmp_path / "export.jsonl").write_bytes(b"".join(chunks))
    assert exported.verify(tmp_path / "export.jsonl").fault is None
    with pytest.raises(ValueError, match="no such blocks"):
        async for _ in ledger.export(50, note=note):
            pass


async def test_readers_hold_up_no_append_and_are_few(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty scans that take their time; what is appended meanwhile does not wait."""
    filled(ledger, 20)
    find, go_on, reading = Reader.find, threading.Event(), threading.Event()
    threads: set[str] = set()

    def slow(reader: Reader, query: Query) -> Batches:
        threads.add(threading.current_thread().name)
        reading.set()
        go_on.wait(20)
        yield from find(reader, query)

    monkeypatch.setattr(Reader, "find", slow)
    scans = [asyncio.ensure_future(ledger.query(kinds=("telemetry",))) for _ in range(40)]
    await asyncio.to_thread(reading.wait, 5)
    async with asyncio.timeout(5):
        await ledger.append([price(ledger.last_ts_ms)])
        assert await ledger.read_first(Reader.last_seq) == ledger.head.seq
    assert not any(scan.done() for scan in scans)
    go_on.set()
    assert {len(found) for found in await asyncio.gather(*scans)} == {40}
    assert 1 <= len(threads) <= 2


async def test_a_reader_given_up_is_closed_after_its_last_call(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, go_on, reading = Reader.find, threading.Event(), threading.Event()
    failures: list[Exception] = []

    def slow(reader: Reader, query: Query) -> Batches:
        reading.set()
        go_on.wait(20)
        try:
            yield from list(find(reader, query))
        except Exception as err:
            failures.append(err)
            raise

    await ledger.append([price(START_MS)])
    monkeypatch.setattr(Reader, "find", slow)
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


async def test_another_operators_file_is_not_read(ledger: Ledger, tmp_path: Path) -> None:
    await ledger.append([price(START_MS)])
    change(ledger.path, "UPDATE meta SET value = 'another' WHERE key = 'operator_id'")
    with pytest.raises(LedgerError) as caught:
        await ledger.get(1)
    assert caught.value.reason is LedgerReason.CORRUPT


@pytest.mark.parametrize(
    "text", ["UPDATE pages SET observations = x'00'", "UPDATE pages SET events = zeroblob(9)"]
)
async def test_what_is_damaged_is_said_to_be(ledger: Ledger, text: str) -> None:
    filled(ledger, 330)
    await ledger.maintain(ledger.last_ts_ms, DAY_MS)
    change(ledger.path, text)
    for reading in (
        ledger.get(2),
        ledger.query(limit=10),
        ledger.read_first(lambda reader: list(reader.read())),
    ):
        with pytest.raises(LedgerError) as caught:
            await reading
        assert caught.value.reason is LedgerReason.CORRUPT


async def test_cosignatures_are_kept(ledger: Ledger) -> None:
    filled(ledger, 5)
    note = Note.parse((await ledger.checkpoint(START_MS)).body["note"])
    entry = await ledger.append_note(note, START_MS)
    assert entry.body["note"] == str(note)
    assert (await ledger.verify()).fault is None
    foreign = Note(note.text.replace(ledger.segment, "other"), note.signatures)
    with pytest.raises(ValueError, match="not a recent one"):
        await ledger.append_note(foreign, START_MS)


async def test_housekeeping_seals_drops_and_verifies(ledger: Ledger) -> None:
    filled(ledger, 700)
    now_ms = ledger.last_ts_ms
    steps = 0
    while await ledger.maintain(now_ms, DAY_MS):
        steps += 1
    assert steps == 2
    while await ledger.maintain(now_ms + 2 * DAY_MS, DAY_MS):
        steps += 1
    assert steps == 4
    states: list[dict] = []
    report = await ledger.verify(progress=lambda state, _: states.append(state), is_hurried=True)
    assert report.fault is None, report.line()
    assert report.blocks == ledger.head.blocks == 701
    assert [state["blocks"] for state in states] == [256, 512, 701]
    json.dumps(states)
    again = await ledger.verify(state=states[1], is_hurried=True)
    assert (again.fault, again.root, again.records) == (None, report.root, report.records)
    for wrong in ({}, {**states[1], "tree": states[0]["tree"]}, {**states[1], "segment": "x"}):
        assert (await ledger.verify(state=wrong, is_hurried=True)).root == report.root


async def test_a_verification_finds_what_was_changed(ledger: Ledger) -> None:
    filled(ledger, 20)
    change(ledger.path, "UPDATE blocks SET ts = ts + 1 WHERE number = 7")
    report = await ledger.verify()
    assert report.fault is not None
    assert report.fault.block == 7


async def test_readers_delay_no_append(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """All readers hang; records are appended all the same."""
    filled(ledger, 5)
    release = threading.Event()
    hanging = [asyncio.create_task(ledger.read(lambda _: release.wait(20))) for _ in range(3)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        await ledger.append([price(ledger.last_ts_ms)])
    with pytest.raises(LedgerError) as caught:
        await ledger.read(lambda reader: reader.last_seq(), deadline_s=0.05)
    assert caught.value.reason is LedgerReason.TIMED_OUT
    release.set()
    assert await asyncio.gather(*hanging) == [True] * len(hanging)
    assert await ledger.read(lambda reader: reader.last_seq()) == 36


async def test_a_write_that_hangs_is_given_up(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await ledger.append([price(START_MS)])
    release = threading.Event()
    real = ledger._store._check_sole_writer

    def hangs() -> None:
        release.wait(20)
        real()

    monkeypatch.setattr(ledger._store, "_check_sole_writer", hangs)
    began_s = time.monotonic()
    with pytest.raises(LedgerError) as caught:
        await ledger.append([price(START_MS + 1)], deadline_s=0.2)
    assert caught.value.reason is LedgerReason.TIMED_OUT
    assert time.monotonic() - began_s < 5
    assert ledger.is_hanging
    with pytest.raises(LedgerError) as caught:
        await ledger.append([price(START_MS + 2)])
    assert caught.value.reason is LedgerReason.TIMED_OUT
    release.set()
    while ledger.is_hanging:  # noqa: ASYNC110 - it has nothing to wait for
        await asyncio.sleep(0.01)
    assert ledger.head.seq == 1  # it was rolled back: nobody waited for it any more
    await asyncio.sleep(0)
    gc.collect()
    assert caplog.text == ""
    await ledger.append([price(START_MS + 3)])
    assert (await ledger.verify()).fault is None


async def test_a_closing_that_hangs_says_so(path: Path) -> None:
    ledger = await begun(path)
    release = threading.Event()
    waiting = asyncio.create_task(ledger._do(release.wait, 20))
    await asyncio.sleep(0.05)
    with pytest.raises(LedgerError) as caught:
        await ledger.close(deadline_s=0.1)
    assert caught.value.reason is LedgerReason.TIMED_OUT
    release.set()
    await waiting


async def test_an_opening_that_is_given_up_closes_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    real = ledger_module.segments.open_ledger

    def slow(*args: object) -> object:
        release.wait(20)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger_module.segments, "open_ledger", slow)
    with pytest.raises(TimeoutError):
        await Ledger.open(path, OPERATOR, private_key=PRIVATE_KEY, now_ms=START_MS, deadline_s=0.1)
    release.set()
    monkeypatch.undo()
    async with asyncio.timeout(20):
        while any(  # noqa: ASYNC110 - a thread has no event for its end
            item.name.startswith("aiep_miner_ledger") for item in threading.enumerate()
        ):
            await asyncio.sleep(0.01)
    assert path.exists()  # noqa: ASYNC240
    assert not path.with_name("ledger.db-wal").exists()
    ledger = await begun(path)
    await ledger.close()


async def test_a_file_that_breaks_in_use_is_set_aside(ledger: Ledger) -> None:
    filled(ledger, 20)
    head = ledger.head

    def breaks() -> None:
        raise LedgerError(LedgerReason.CORRUPT, "database disk image is malformed")

    ledger._store._check_sole_writer = breaks  # type: ignore[method-assign]
    with pytest.raises(LedgerError) as caught:
        await ledger.append([price(START_MS * 2)])
    assert caught.value.reason is LedgerReason.CORRUPT
    del ledger._store._check_sole_writer  # type: ignore[method-assign]
    assert ledger.recovery is not None
    assert (ledger.recovery.cause, ledger.recovery.previous) == (Cause.CORRUPT, str(head))
    assert ledger.finding is None
    assert await ledger.get(100) is None  # readers follow
    (entry,) = await ledger.append([price(START_MS * 2)])
    assert entry.seq == 3
    assert (await ledger.verify(known=Known(keys=(ledger.verifier_key,)))).fault is None


async def test_a_person_accepts_a_break(ledger: Ledger) -> None:
    filled(ledger, 20)
    segment = ledger.segment
    recovery = await ledger.begin_segment(Cause.ACCEPTED, START_MS * 2, user_id="user")
    assert ledger.segment != segment
    assert recovery.user_id == "user"
    first = await ledger.get(1)
    assert first is not None
    assert first.body["previous_file"] == recovery.file == "ledger.aside-1.db"


async def test_a_copy_made_while_it_holds_still_is_sound(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger, 20)
    await ledger.hold_still()
    begun_with = ledger.path.read_bytes()
    filled(ledger, 5)
    assert ledger.path.read_bytes() == begun_with
    (tmp_path / "copy.db").write_bytes(begun_with)
    assert verify(tmp_path / "copy.db").blocks == 20
    await ledger.let_go()
    filled(ledger, 5)
    assert (await ledger.verify()).blocks == 30


async def test_appends_go_on_during_all_that_reads(ledger: Ledger) -> None:
    """Exports, verification and sealing run; the slowest append is not slow."""
    filled(ledger, 400)
    note = Note.parse((await ledger.checkpoint(START_MS)).body["note"])
    noise = random.Random(1)

    async def exports() -> int:
        return sum([len(chunk) async for chunk in ledger.export(note=note)])

    async def tidies() -> None:
        while await ledger.maintain(START_MS, DAY_MS):
            pass

    work = [asyncio.create_task(item) for item in (exports(), ledger.verify(), tidies())]
    count = 0
    while not all(task.done() for task in work):
        async with asyncio.timeout(5):
            await ledger.append([telemetry(ledger.last_ts_ms)])
        count += 1
        await asyncio.sleep(noise.uniform(0, 0.02))
    size, report, _ = await asyncio.gather(*work)
    assert count > 5
    assert size > 100_000
    assert report.fault is None
    assert (await ledger.verify(is_hurried=True)).fault is None
    assert SIGNER.public_key == ledger.verifier_key.public_key
