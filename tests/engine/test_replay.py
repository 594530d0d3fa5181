"""A ledger's decisions follow from its records: on replay they come out the same to the byte."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import Reader
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.records import Action, MiningPolicy, Mode, Origin
from custom_components.aiep_miner.engine.replay import Replay, ReplayReport
from custom_components.aiep_miner.engine.replay import replay as replay_file

from .rig import (
    BAD_PRICES,
    GOOD_PRICES,
    HOT,
    RUNNING,
    Site,
    edit_record,
    ledger_refuses,
    policy_of,
    site,
    temperatures,
)


def replay(path: Path) -> ReplayReport:
    return replay_file(path / "ledger.db")


async def eventful(rig: Site) -> None:
    """Live through everything that a decision can rest on."""
    await rig.cycles(22)
    rig.prices = BAD_PRICES
    await rig.cycles(4)
    rig.prices = GOOD_PRICES
    await rig.command(Action.STOP, "m2", user_id="user-1")
    await rig.cycles(3)
    await rig.restart()
    await rig.cycles(5)
    rig.miners["m1"].reading = replace(RUNNING, temperatures=temperatures(90.0, 70.0, 70.0, 70.0))
    await rig.cycles(3)
    await rig.command(Action.RUN, "m1")
    rig.miners["m1"].reading = RUNNING
    await rig.command(Action.SET_POWER, "m1", origin=Origin.AUTOMATION, value=3000.0)
    await rig.controller.set_policy(
        policy_of(mode=Mode.MANUAL, governor=MiningPolicy(min_trust_for_action=3))
    )
    await rig.cycles(3)
    await rig.controller.hand_back("m2", "user-1")
    await rig.controller.set_policy(policy_of())
    rig.miners["m2"].reading = replace(RUNNING, hashrate_ths=3.0)
    await rig.cycles(20)
    await rig.restart()
    await rig.cycles(5)


async def test_every_decision_comes_out_the_same(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await eventful(rig)
        decisions = len(await rig.records("decision"))
    report = replay(tmp_path)
    assert report.difference is None
    assert report.matched == decisions


async def test_a_restart_after_the_window_replays_too(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(200, seconds=60)
        await rig.restart()
        await rig.cycles(100, seconds=60)
        decisions = len(await rig.records("decision"))
    report = replay(tmp_path)
    assert report.difference is None
    assert report.matched == decisions


async def test_a_clock_that_was_off_replays_too(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        rig.now_ms -= 3_600_000
        await rig.cycles(5)
    report = replay(tmp_path)
    assert (report.difference, report.matched) == (None, 10)


async def test_late_stops_are_counted_apart(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        with ledger_refuses():
            rig.miners["m1"].reading = HOT
            await rig.cycles(2)
        await rig.cycles(5)
    report = replay(tmp_path)
    assert report.difference is None
    assert report.late == 1


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [("telemetry", b"62", b"63"), ("decision", b"profitable", b"unprofitable")],
)
async def test_an_edited_body_is_found(tmp_path, kind, old, new) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
    edit_record(tmp_path / "ledger.db", kind, old, new)
    report = replay(tmp_path)
    assert report.difference is not None
    assert report.difference.reason.startswith("block ")
    assert report.matched == 0


async def test_a_decision_forged_with_its_hash_is_found(tmp_path) -> None:
    """Even where the chain was reckoned anew, the decision does not follow from its evidence."""
    async with site(tmp_path) as rig:
        await rig.cycles(5)
    path = tmp_path / "ledger.db"
    seq = edit_record(path, "decision", b'"profitable"', b'"unprofitable"')
    with closing(Reader(Database(path))) as reader:
        report = Replay(reader).run()
    assert report.difference is not None
    assert (report.difference.seq, "follow" in report.difference.reason) == (seq, True)


async def test_a_short_day_replays() -> None:
    from tests.campaigns.replay import replay_day

    await replay_day(n=240, seed=7)
