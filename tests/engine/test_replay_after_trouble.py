"""A ledger replays to the same decisions also where it could not be written, or time went back."""

import pytest

from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.records import Action, Origin, RecordKind

from .rig import HOT, STOPPED, assert_replays, ledger_refuses, site


@pytest.mark.parametrize("origin", [Origin.AUTOMATION, Origin.PERSON])
async def test_a_proposal_while_the_clock_is_behind(tmp_path, origin) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.now_ms -= 3_600_000
        await rig.cycles(2)
        await rig.command(Action.SET_POWER, origin=origin, value=3200.0)
        await rig.cycles(5)
        decisions = await rig.records("decision")
        (proposal,) = await rig.records("proposal")
    (decided,) = [item for item in decisions if item["action"] == "set_power"]
    assert decided["evidence"]["proposal"] == proposal["seq"]
    assert assert_replays(rig.path).matched == len(decisions)


async def test_a_receipt_that_was_filed_late(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        with ledger_refuses({RecordKind.RECEIPT}):
            await rig.command(Action.SET_POWER, value=3000.0)
        rig.now_ms += 50_000
        await rig.cycles()
        await rig.controller.hand_back("m1", None)
        await rig.cycles(40, seconds=7)
        await rig.command(Action.STOP, origin=Origin.AUTOMATION)
        await rig.cycles(3)
        decisions = len(await rig.records("decision"))
    assert assert_replays(rig.path).matched == decisions


async def test_a_stop_that_was_filed_late(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        with ledger_refuses():
            rig.miner.reading = HOT
            await rig.cycles()
            rig.miner.reading = STOPPED
            await rig.cycles(10)
        await rig.cycles(60, seconds=11)
        decisions = len(await rig.records("decision"))
    report = assert_replays(rig.path)
    assert (report.late, report.matched) == (1, decisions - 1)


async def test_a_segment_that_began_while_a_miner_was_handed_back(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        with ledger_refuses(reason=LedgerReason.CORRUPT), pytest.raises(LedgerError):
            await rig.controller.hand_back("m1", None)
        await rig.cycles(5)
        assert (await rig.records("lifecycle"))[0]["seq"] == 1
        assert rig.controller.ledger.recovery is not None
        decisions = len(await rig.records("decision"))
    assert assert_replays(rig.path).matched == decisions == 5
