"""A miner that is slow to answer a command: nobody waits for it, and its receipt comes all the same."""

import asyncio

import pytest

from custom_components.aiep_miner.engine import controller
from custom_components.aiep_miner.engine.records import Action, RecordKind
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import HOT, RUNNING, Site, assert_replays, assert_settled, ledger_refuses, site


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a cycle wait hardly at all."""
    monkeypatch.setattr(controller, "PROMPT_S", 0.01)


async def overheat_slowly(rig: Site) -> None:
    """Let the first miner overheat, and not answer the stop that it is told."""
    await rig.cycles(3)
    rig.miner.gate = asyncio.Event()
    rig.miner.reading = HOT
    await rig.cycles()


async def answered(rig: Site) -> None:
    """Let the first miner answer, and wait for the receipt."""
    rig.miner.gate.set()
    await asyncio.wait([item.task for item in rig.controller._under_way.values()])


async def test_another_miner_in_danger_is_stopped_meanwhile(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        asking = asyncio.create_task(rig.command(Action.STOP))
        await rig.miner.reached.wait()
        rig.miners["m2"].reading = HOT
        await rig.cycles()
        assert rig.actions("m2") == [Action.STOP]
        await rig.command(Action.STOP, "m2")
        assert not asking.done()
        rig.miner.gate.set()
        result = await asking
        assert result.receipt.record.subject == "m1"
        assert result.error is None
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_it_is_not_told_again_before_it_has_answered(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await overheat_slowly(rig)
        await rig.cycles(9)
        assert rig.actions() == [Action.STOP]
        assert rig.reasons == (Reason.OVERHEAT, Reason.AWAITING_CONFIRMATION)
        assert await rig.outcomes() == []
        await answered(rig)
        await rig.cycles(2)
        assert rig.actions() == [Action.STOP]
        assert await rig.outcomes() == ["accepted", "confirmed"]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_danger_that_arises_meanwhile_is_met(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        asking = asyncio.create_task(rig.command(Action.RESTART))
        await rig.miner.reached.wait()
        await asyncio.sleep(0.02)
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.RESTART, Action.STOP]
        await answered(rig)
        await asking
        await rig.cycles(2)
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_its_answer_is_filed_once_the_ledger_can_be_written(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await overheat_slowly(rig)
        with ledger_refuses():
            await rig.cycles(3)
            await answered(rig)
            await rig.cycles()
        assert rig.actions() == [Action.STOP]
        rig.miner.gate = None
        await rig.cycles(3)
        assert (await rig.outcomes())[0] == "accepted"
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_ledger_that_recovers_meanwhile_does_not_take_it_for_never_sent(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await overheat_slowly(rig)
        with ledger_refuses({RecordKind.PROFIT}):
            await rig.cycles()
        await rig.cycles()
        assert await rig.outcomes() == []
        await answered(rig)
        assert await rig.outcomes() == ["accepted"]
        assert rig.actions() == [Action.STOP]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_the_receipt_of_a_quick_miner_that_cannot_be_filed_does_not_lose_the_slow_ones(
    tmp_path,
) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        rig.miner.reading = rig.miners["m2"].reading = HOT
        with ledger_refuses({RecordKind.RECEIPT}):
            await rig.cycles()
        await rig.cycles()
        receipts = await rig.records("receipt")
        assert {item["subject"] for item in receipts} == {"m2"}
        await answered(rig)
        await rig.cycles(2)
        assert rig.actions() == rig.actions("m2") == [Action.STOP]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_stop_without_a_ledger_is_not_repeated_and_holds_up_nobody(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        rig.miner.reading = HOT
        with ledger_refuses():
            await rig.cycles(2)
        rig.miners["m2"].reading = HOT
        await rig.cycles(2)
        assert rig.actions() == rig.actions("m2") == [Action.STOP]
        asking = asyncio.create_task(rig.command(Action.STOP))
        await rig.cycles()
        assert not asking.done()
        rig.miner.gate.set()
        assert (await asking).error is None
        assert rig.actions() == [Action.STOP, Action.STOP]
        receipts = await rig.records("receipt", subject="m1")
        assert [item.get("late", False) for item in receipts][:2] == [True, False]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_stop_of_the_site_waits_for_the_answer(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await overheat_slowly(rig)
        stopping = asyncio.create_task(rig.controller.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        rig.miner.gate.set()
        await stopping
        rig.miner.reading = RUNNING
        await rig.revive()
        assert [item["kind"] for item in await rig.records("receipt", "lifecycle")] == [
            "lifecycle", "receipt", "lifecycle", "lifecycle",
        ]  # fmt: skip
        assert await rig.outcomes() == ["accepted"]
