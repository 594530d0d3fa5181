"""A safety stop and a person's stop leave at once, whatever else hangs, floods or panics."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine import controller as controlling
from custom_components.aiep_miner.engine import journal
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason, LedgerStore
from custom_components.aiep_miner.engine.miners.base import Capabilities
from custom_components.aiep_miner.engine.outage import Phase
from custom_components.aiep_miner.engine.records import Action, Origin, Pool
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.state import rebuild as rebuilding
from custom_components.aiep_miner.engine.steps import govern as governing

from .rig import (
    EVERYTHING,
    FAN_FAILED,
    HOT,
    RUNNING,
    Site,
    assert_replays,
    assert_settled,
    site,
)

SOON_S = 1.0
POOLS = tuple(
    Pool(index=index, url=f"stratum+tcp://{index}.example:3333", active=not index,
         shares_accepted=1000, shares_rejected=1)
    for index in range(3)
)  # fmt: skip


class Panic(BaseException):
    """What a panic in a library written in Rust is raised as."""


@contextmanager
def slow_disk(seconds: float) -> Iterator[threading.Event]:
    """Let each commit take longer, until the event is set."""
    write, over = LedgerStore._write, threading.Event()

    def late(store, records) -> None:
        over.wait(seconds)
        write(store, records)

    with patch.object(LedgerStore, "_write", late):
        try:
            yield over
        finally:
            over.set()


def hang(rig: Site, *miner_ids: str) -> asyncio.Event:
    """Let miners answer no poll until the event is set."""
    go_on = asyncio.Event()
    for miner_id in miner_ids:
        miner, poll = rig.miners[miner_id], rig.miners[miner_id].poll

        async def hanging(poll=poll):
            await go_on.wait()
            return await poll()

        miner.poll = hanging
    return go_on


async def stopped_after(rig: Site, miner_id: str) -> float:
    """Return after how many seconds a miner is told to stop."""
    started_s = time.monotonic()
    async with asyncio.timeout(20):
        await rig.miners[miner_id].reached.wait()
    assert rig.actions(miner_id)[0] is Action.STOP
    return time.monotonic() - started_s


async def test_a_quiet_cycle_is_one_commit(tmp_path) -> None:
    async with site(tmp_path, miners=[f"m{number}" for number in range(20)]) as rig:
        await rig.cycles(3)
        commits, commit = [], LedgerStore.commit

        def count(store, staged) -> None:
            commits.append([item.kind for item in staged])
            commit(store, staged)

        with patch.object(LedgerStore, "commit", count):
            await rig.cycles(1)
        assert len(commits) == 1
        assert len(commits[0]) == 20 * 3 + 1, "telemetry, profit and decision each, and a price"


async def test_proposals_to_a_hanging_miner_hold_up_nobodys_stop(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2", "m3")) as rig:
        await rig.cycles(2)
        go_on = hang(rig, "m1")
        asking = [
            asyncio.create_task(
                rig.command(Action.SET_POWER, origin=Origin.AUTOMATION, value=3000.0 + number)
            )
            for number in range(8)
        ]
        await asyncio.sleep(0.1)
        rig.miners["m2"].reading = HOT
        cycle = asyncio.create_task(rig.cycles())
        person = asyncio.create_task(rig.command(Action.STOP, "m3"))
        waits = await asyncio.gather(stopped_after(rig, "m2"), stopped_after(rig, "m3"))
        assert max(waits) < SOON_S
        go_on.set()
        await asyncio.gather(cycle, person, *asking)
        await assert_settled(rig)
    assert_replays(rig.path)


@pytest.mark.parametrize("reading", [HOT, FAN_FAILED], ids=["overheat", "fan failure"])
async def test_a_slow_disk_holds_up_no_safety_stop(tmp_path, reading) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = reading
        if reading is FAN_FAILED:
            await rig.cycles()
        with slow_disk(3.0) as over:
            cycle = asyncio.create_task(rig.cycles())
            assert await stopped_after(rig, "m1") < SOON_S
            over.set()
            await cycle
        await rig.cycles(2)
        assert rig.actions() == [Action.STOP], "the decision that follows is not sent again"
        (receipt, confirmed) = await rig.records("receipt")
        assert (receipt["outcome"], receipt["late"]) == ("accepted", True)
        assert confirmed["outcome"] == "confirmed"
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_readers_hold_up_no_safety_stop(tmp_path) -> None:
    """Forty scans, exports and a verification that take their time on the readers' threads."""
    select, over, reading = LedgerStore.select, threading.Event(), threading.Event()

    def slow(store, *arguments):
        reading.set()
        over.wait(20)
        return select(store, *arguments)

    async def export(ledger) -> int:
        return sum([len(block) async for block in ledger.export()])

    async with site(tmp_path) as rig:
        await rig.cycles(3)
        ledger = rig.controller.ledger
        with patch.object(LedgerStore, "select", slow):
            readers = [asyncio.create_task(ledger.query(subject="m1")) for _ in range(40)]
            readers += [asyncio.create_task(export(ledger)) for _ in range(4)]
            await asyncio.to_thread(reading.wait, 5)
            rig.miner.reading = HOT
            cycle = asyncio.create_task(rig.cycles())
            assert await stopped_after(rig, "m1") < SOON_S
            await cycle
            assert not any(task.done() for task in readers)
            over.set()
            await asyncio.gather(*readers)
        await rig.cycles(2)
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_disk_that_hangs_is_an_outage_and_what_it_wrote_is_not_done(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "DEADLINE_S", 0.5)
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        with slow_disk(30.0) as over:
            rig.miner.reading = HOT
            cycle = asyncio.create_task(rig.cycles())
            assert await stopped_after(rig, "m1") < SOON_S
            await cycle
            assert rig.controller.phase is Phase.OUTAGE
            assert "no answer" in rig.controller.view.ledger_error
            result = await rig.command(Action.STOP, "m2")
            assert (result.error, result.is_recorded) == (None, False)
            over.set()
            await asyncio.sleep(0.1)
        await rig.cycles(3)
        assert rig.controller.phase is Phase.RECORDING
        assert rig.actions() == rig.actions("m2") == [Action.STOP]
        await assert_settled(rig)
    assert_replays(rig.path)


@pytest.mark.parametrize("slow", ["a decision", "a record of the rebuild"])
async def test_a_block_that_gets_on_is_waited_for_however_long_it_takes(
    tmp_path, monkeypatch: pytest.MonkeyPatch, slow
) -> None:
    monkeypatch.setattr(journal, "DEADLINE_S", 0.2)
    module, name = (governing, "decide") if slow == "a decision" else (rebuilding, "_apply")
    quick = getattr(module, name)

    def slowly(*args, **more):
        time.sleep(0.08)
        return quick(*args, **more)

    async with site(tmp_path, miners=tuple(f"m{number}" for number in range(8))) as rig:
        await rig.cycles()
        monkeypatch.setattr(module, name, slowly)
        await rig.restart()
        await rig.cycles()
        assert rig.controller.phase is Phase.RECORDING
        assert rig.controller.view.ledger_error is None
        monkeypatch.undo()
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_what_cannot_be_shown_is_done_and_recorded_all_the_same(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        error = LedgerError(LedgerReason.IO_ERROR, "no answer")
        with patch.object(journal.Journal, "read", side_effect=error):
            result = await rig.command(Action.STOP)
        assert (result.error, result.is_recorded) == (None, True)
        await rig.cycles(3)
        assert rig.controller.view.ledger_error is None
        assert rig.actions() == [Action.STOP]
        assert await rig.outcomes() == ["accepted", "confirmed"]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_ledger_that_does_not_open_lets_stops_pass_and_is_opened_later(tmp_path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way", "utf-8")
    async with site(folder, miners=("m1", "m2", "m3")) as rig:
        assert rig.controller.phase is Phase.UNOPENED
        assert rig.controller.view.ledger_error is not None
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [], "the first cycle only observes"
        await rig.cycles()
        assert rig.actions() == [Action.STOP]
        with pytest.raises(LedgerError):
            await rig.command(Action.RESTART, "m2")
        await rig.command(Action.STOP, "m3")
        assert (rig.actions("m2"), rig.actions("m3")) == ([], [Action.STOP])
        folder.unlink()
        await rig.cycles()
        assert rig.controller.phase is Phase.RECORDING
        assert rig.controller.view.ledger_error is None
        late = [item["subject"] for item in await rig.records("decision") if item.get("late")]
        assert late == ["m1", "m3"]
        await rig.cycles(2)
        await assert_settled(rig)
    assert_replays(rig.path)


@pytest.mark.parametrize("error", [Panic, asyncio.CancelledError, GeneratorExit])
async def test_a_panic_ends_one_poll_and_one_command_only(tmp_path, error) -> None:
    async def fail(*_):
        raise error

    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(2)
        rig.miner.poll = fail
        rig.miners["m2"].reading = HOT
        await rig.cycles()
        assert rig.actions("m2") == [Action.STOP]
        assert rig.view.telemetry.error in (Reason.BAD_REPLY, Reason.TIMEOUT)
        rig.miner.execute = fail
        result = await rig.command(Action.STOP)
        assert result.receipt.record.outcome == "unknown"
        await rig.cycles(2)
        await assert_settled(rig)


async def test_a_flood_costs_a_bounded_number_of_records(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        before = len(await rig.records())
        polls = rig.miner.polls
        for _ in range(2_000):
            rig.now_ms += 30
            result = await rig.controller.submit(
                rig.proposal(Action.SET_POWER, origin=Origin.AUTOMATION, value=3000.0), rig.prices
            )
        assert result.rule is Reason.SOURCE_RATE_LIMITED
        await rig.cycles()
        assert rig.miner.polls - polls <= 125
        assert len(await rig.records()) - before < 125 * 8
        counted = sum(item.get("refused", 0) for item in await rig.records("proposal"))
        assert counted == 2_000 - 120
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_limits_count_what_is_on_its_way(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = Capabilities(actions=EVERYTHING | {Action.SET_POOL})
        rig.miner.reading = replace(RUNNING, pools=POOLS)
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        asking = [
            asyncio.create_task(rig.command(Action.SET_POOL, value=float(1 + number % 2)))
            for number in range(12)
        ]
        await asyncio.sleep(1.0)
        rig.miner.gate.set()
        results = await asyncio.gather(*asking)
        assert rig.actions() == [Action.SET_POOL] * 5
        assert [item.rule for item in results].count(Reason.POOL_SWITCH_RATE) == 7
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_another_program_that_wrote_the_ledger_is_followed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        other = LedgerStore.open(rig.path, "operator")
        other.append([rig.prices.__class__(ts_ms=rig.now_ms, subject="operator", currency="EUR")])
        other.close()
        await rig.cycles()
        assert "another program" in rig.controller.view.ledger_error
        await rig.cycles()
        assert rig.controller.view.ledger_error is None
        assert rig.controller.view.divergences == ()


async def test_a_command_that_hangs_does_not_hold_up_the_end_and_the_others_are_watched(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlling, "DRAIN_S", 1.5)
    monkeypatch.setattr(controlling, "WATCH_EVERY_S", 0.3)
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        asking = asyncio.create_task(rig.command(Action.RESTART))
        await rig.miner.reached.wait()
        started_s = time.monotonic()
        stopping = asyncio.create_task(rig.controller.stop())
        await asyncio.sleep(0.1)
        rig.miners["m2"].reading = HOT
        await stopping
        assert time.monotonic() - started_s < 8
        assert rig.actions("m2") == [Action.STOP]
        assert (await asking).error is Reason.DISPATCH_INTERRUPTED
        await rig.revive()
        assert sorted(await rig.outcomes()) == ["accepted", "unknown"]
        await assert_settled(rig)
