"""A ledger that cannot be written for a while: what may be done, and what is filed afterwards."""

import asyncio

import pytest

from custom_components.aiep_miner.engine.ledger import Cause, LedgerError
from custom_components.aiep_miner.engine.records import Action, Mode, Origin, RecordKind
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import (
    BAD_PRICES,
    HOT,
    assert_replays,
    assert_settled,
    ledger_refuses,
    policy_of,
    site,
)

PAGE_BYTES = 4096


async def test_without_a_ledger_nothing_happens_but_a_safety_stop(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(22)
        with ledger_refuses():
            rig.prices = BAD_PRICES
            rig.miners["m2"].reading = HOT
            await rig.cycles(3)
            assert rig.actions() == []
            assert rig.actions("m2") == [Action.STOP]
            assert "disk_full" in rig.controller.view.ledger_error
            with pytest.raises(LedgerError):
                await rig.command(Action.RESTART)
            with pytest.raises(LedgerError):
                await rig.command(Action.STOP, origin=Origin.AUTOMATION)
            assert rig.actions() == []
        await rig.cycles()
        assert rig.controller.view.ledger_error is None
        late = [item for item in await rig.records("receipt") if item.get("late")]
        assert [(item["subject"], item["action"]) for item in late] == [("m2", "stop")]
        assert [item["event"] for item in await rig.records("lifecycle")] == ["start", "recovery"]
        await assert_settled(rig)


async def test_a_stop_without_effect_is_repeated_without_a_ledger(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.obeys = False
        rig.miner.reading = HOT
        with ledger_refuses():
            await rig.cycles(60)
            assert rig.actions() == [Action.STOP] * 30, "one a minute"
        await rig.controller.stop()
        await rig.revive()
        late = [item for item in await rig.records("decision") if item.get("late")]
        assert len(late) == 30
        await assert_settled(rig)


async def test_a_stop_from_without_a_ledger_is_filed_when_the_site_stops(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = HOT
        with ledger_refuses():
            await rig.cycles()
        assert rig.actions() == [Action.STOP]
        await rig.restart()
        late = [item for item in await rig.records("decision", "receipt") if item.get("late")]
        assert [(item["kind"], item["action"]) for item in late] == [
            ("decision", "stop"),
            ("receipt", "stop"),
        ]
        await rig.cycles(3)
        assert rig.actions() == [Action.STOP]
        await assert_settled(rig)


async def test_a_receipt_that_could_not_be_filed_is_owed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        with ledger_refuses({RecordKind.RECEIPT}):
            result = await rig.command(Action.STOP)
        assert (result.error, result.is_recorded, result.receipt.seq) == (None, True, 0)
        await rig.cycles(2)
        assert await rig.outcomes() == ["accepted", "confirmed"]
        assert rig.actions() == [Action.STOP]
        await assert_settled(rig)


async def test_a_safety_stop_whose_receipt_could_not_be_filed_is_not_sent_twice(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = HOT
        with ledger_refuses({RecordKind.RECEIPT}):
            await rig.cycles()
            assert rig.actions() == [Action.STOP]
        await rig.cycles(3)
        assert rig.actions() == [Action.STOP]
        assert await rig.outcomes() == ["accepted", "confirmed"]
        await assert_settled(rig)


async def test_a_decision_whose_proof_cannot_be_recorded_is_not_recorded_either(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(3)
        with ledger_refuses({RecordKind.NEGATIVE_PROOF}), pytest.raises(LedgerError):
            await rig.command(Action.STOP, origin=Origin.AUTOMATION)
        result = await rig.command(Action.STOP)
        assert (result.rule, result.error) == (None, None)
        assert rig.actions() == [Action.STOP]
        assert await rig.records("negative_proof") == []
        await assert_settled(rig)


async def test_a_persons_stop_passes_on_a_full_disk_and_is_recorded_late(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        with ledger_refuses():
            result = await rig.command(Action.STOP, user_id="user-1")
            assert (result.rule, result.error, result.is_recorded) == (None, None, False)
            assert rig.actions() == [Action.STOP]
        await rig.cycles(2)
        assert rig.actions() == [Action.STOP]
        (decision,) = [item for item in await rig.records("decision") if item.get("late")]
        assert decision["origin"] == "person"
        assert decision["reasons"] == ["person_command", "ledger_unavailable"]
        assert rig.reasons == (Reason.PERSON_HOLD,)
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_ledger_that_cannot_be_read_at_the_start_is_set_aside(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(80)
        await rig.controller.stop()
        with rig.path.open("r+b") as file:
            pages = file.seek(0, 2) // PAGE_BYTES
            for page in range(pages // 4, pages // 2):
                file.seek(page * PAGE_BYTES)
                file.write(b"\xff" * PAGE_BYTES)
        await rig.revive()
        recovery = rig.controller.ledger.recovery
        assert recovery is not None
        assert recovery.cause is Cause.CORRUPT
        assert (tmp_path / recovery.file).stat().st_size == pages * PAGE_BYTES
        await rig.cycles(2)
        assert rig.controller.view.ledger_error is None


async def test_the_first_cycle_only_observes_also_without_a_ledger(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.reading = HOT
        with ledger_refuses():
            await rig.cycles()
            assert rig.actions() == []
            await rig.cycles()
            assert rig.actions() == [Action.STOP]


async def test_after_an_outage_nothing_is_shown_as_fresh_before_a_whole_cycle(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        with ledger_refuses():
            await rig.cycles(3)
        await rig.command(Action.STOP, "m2")
        assert rig.controller.view.ledger_error is not None
        await rig.cycles()
        assert rig.controller.view.ledger_error is None


async def test_without_a_ledger_a_miner_that_hangs_keeps_no_other_from_being_stopped(
    tmp_path,
) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        rig.miner.reading = rig.miners["m2"].reading = HOT
        with ledger_refuses():
            cycle = asyncio.create_task(rig.cycles())
            await rig.miner.reached.wait()
            await rig.miners["m2"].reached.wait()
            rig.miner.gate.set()
            await cycle
        assert rig.actions() == rig.actions("m2") == [Action.STOP]
