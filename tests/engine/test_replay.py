"""A ledger's decisions follow from its records: on replay they come out the same to the byte."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import Reader, Trusted
from custom_components.aiep_miner.engine.ledger.segments import open_ledger
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.records import Action, MiningPolicy, Mode, Origin
from custom_components.aiep_miner.engine.replay import Replay, ReplayReport
from custom_components.aiep_miner.engine.replay import replay as replay_file

from .ledger.samples import SIGNER, drop, seal, write_format_1
from .rig import (
    BAD_PRICES,
    GOOD_PRICES,
    HOT,
    OPERATOR,
    RUNNING,
    START_MS,
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


def drop_the_first_page(path: Path) -> None:
    store = open_ledger(path / "ledger.db", OPERATOR, SIGNER, Trusted(), START_MS).store
    seal(store)
    (end_ms,) = store.connection.execute("SELECT last_ts FROM pages WHERE page = 0").fetchone()
    assert drop(store, end_ms + 1) == 1
    store.close()


async def test_it_says_from_where_it_replays_what_was_dropped(tmp_path) -> None:
    """From the first start that rests on nothing that was dropped; not before."""
    async with site(tmp_path) as rig:
        await rig.cycles(420, seconds=60)
    drop_the_first_page(tmp_path)
    report = replay(tmp_path)
    assert (report.difference, report.from_seq, report.matched) == (None, None, 0)
    assert report.unproven > 100

    async with site(tmp_path) as rig:
        rig.now_ms += 430 * 60_000
        await rig.cycles(1)
    # The window of that start was from before it, after what was dropped.
    async with site(tmp_path) as rig:
        rig.now_ms += 440 * 60_000
        await rig.cycles(20, seconds=60)
        starts = [
            item["seq"] for item in await rig.records("lifecycle") if item["event"] == "start"
        ]
    report = replay(tmp_path)
    assert report.difference is None
    assert report.from_seq in starts[1:]
    assert report.matched >= 20


async def test_what_follows_a_change_of_format_replays(tmp_path) -> None:
    head = write_format_1(tmp_path / "ledger.db", operator_id=OPERATOR)
    async with site(tmp_path, trusted=Trusted(format_1_head=head)) as rig:
        await eventful_short(rig)
        first = (await rig.records("lifecycle"))[0]
        decisions = len(await rig.records("decision"))
    assert (first["seq"], first["detail"], first["previous"]) == (1, "format", head)
    report = replay(tmp_path)
    assert (report.difference, report.from_seq, report.matched) == (None, 1, decisions)


async def eventful_short(rig: Site) -> None:
    await rig.cycles(5)
    rig.prices = BAD_PRICES
    await rig.cycles(4)
    await rig.restart()
    await rig.cycles(3)


async def test_a_short_day_replays() -> None:
    from tests.campaigns.replay import replay_day

    await replay_day(n=240, seed=7)
