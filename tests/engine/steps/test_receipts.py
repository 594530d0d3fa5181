"""What becomes of a decision: it is sent once, after it is durable, and ends in one receipt."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Origin, Outcome, RestartSign
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import BAD_PRICES, RUNNING, STOPPED, assert_settled, site


async def test_nothing_is_dispatched_before_its_decision_is_on_disk(tmp_path) -> None:
    async with site(tmp_path) as rig:
        seen: list[str] = []
        execute = rig.miner.execute

        async def witness(command):
            with closing(sqlite3.connect(f"file:{rig.path}?mode=ro", uri=True)) as other:
                row = other.execute(
                    "SELECT kind FROM events WHERE kind IN ('decision', 'receipt') "
                    "ORDER BY seq DESC LIMIT 1"
                ).fetchone()
            seen.append(row[0])
            await execute(command)

        rig.miner.execute = witness
        await rig.cycles(2)
        await rig.command(Action.STOP)
        assert seen == ["decision"]


async def test_a_failed_dispatch_is_repeated_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.refusal = MinerError(Reason.ACCESS_DENIED)
        rig.prices = BAD_PRICES
        await rig.cycles(10)
        assert rig.actions() == [Action.STOP] * 2
        receipts = await rig.records("receipt")
        assert [(item["outcome"], item["reason"]) for item in receipts] == [
            ("failed", "access_denied")
        ] * 2
        await assert_settled(rig)


async def test_a_miner_that_says_yes_and_does_nothing_is_found_out(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.obeys = False
        rig.prices = BAD_PRICES
        await rig.cycles(20)
        assert rig.actions() == [Action.STOP] * 2
        assert await rig.outcomes() == ["accepted", "not_confirmed"] * 2
        assert rig.view.not_confirmed is Action.STOP
        assert Reason.NOT_CONFIRMED in rig.reasons
        await assert_settled(rig)


async def test_a_start_that_shows_no_effect_is_repeated_once_as_a_start(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        await rig.command(Action.STOP)
        await rig.controller.hand_back("m1", None)
        rig.miner.obeys = False
        await rig.cycles(60)
        assert rig.actions() == [Action.STOP, Action.RUN, Action.RUN]
        assert Reason.NOT_CONFIRMED in rig.reasons


async def test_a_dispatch_that_another_followed_is_closed_once(tmp_path) -> None:
    """Also when the one that followed it fails."""
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.obeys = False
        await rig.command(Action.RESTART)
        rig.miner.refusal = MinerError(Reason.ACCESS_DENIED)
        await rig.command(Action.STOP)
        rig.miner.refusal = None
        await rig.cycles(15)
        receipts = await rig.records("receipt")
        assert [(item["action"], item["outcome"], item["reason"]) for item in receipts] == [
            ("restart", "accepted", "dispatch_accepted"),
            ("restart", "not_confirmed", "superseded"),
            ("stop", "failed", "access_denied"),
        ]
        await assert_settled(rig)


async def test_a_crash_before_the_receipt_ends_as_unknown_and_is_not_sent_again(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.gate = asyncio.Event()
        killed = asyncio.create_task(rig.command(Action.STOP))
        await rig.miner.reached.wait()
        rig.miner.reading = STOPPED
        await rig.crash()
        rig.miner.gate.set()
        await killed
        await rig.cycles(3)
        receipts = await rig.records("receipt")
        assert [(item["outcome"], item["reason"]) for item in receipts] == [
            ("unknown", "dispatch_interrupted"),
            ("confirmed", "effect_seen"),
        ]
        assert rig.actions() == [Action.STOP]
        await assert_settled(rig)


async def test_whoever_gives_up_on_a_cycle_leaves_no_dispatch_without_its_receipt(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        rig.miner.gate = asyncio.Event()
        task = asyncio.create_task(rig.cycles())
        await rig.miner.reached.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        rig.miner.gate.set()
        await rig.cycles(10)
        assert rig.actions() == [Action.STOP]
        assert await rig.outcomes() == ["accepted", "confirmed"]
        await assert_settled(rig)


async def test_a_command_repeated_without_effect_does_not_keep_the_rules_from_acting(
    tmp_path,
) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.obeys = False
        rig.prices = BAD_PRICES
        for _ in range(10):
            await rig.command(Action.SET_POWER, origin=Origin.AUTOMATION, value=2000.0)
            await rig.cycles(1)
        told = rig.actions()
        assert told.count(Action.SET_POWER) > 1
        assert Action.STOP in told


async def test_where_only_the_mining_restarts_its_pause_is_the_sign(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = replace(rig.miner.capabilities, restart_sign=RestartSign.MINING)
        rig.miner.obeys = False
        await rig.cycles(3)
        await rig.command(Action.RESTART)
        await rig.cycles()
        assert rig.view.pending == Action.RESTART
        rig.miner.reading = replace(RUNNING, mining=False, hashrate_ths=0.0)
        await rig.cycles()
        assert rig.view.pending == Action.RESTART
        rig.miner.reading = RUNNING
        await rig.cycles()
        assert rig.view.last_receipt.record.outcome is Outcome.CONFIRMED


async def test_an_uptime_that_begins_anew_is_no_sign_there(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = replace(rig.miner.capabilities, restart_sign=RestartSign.MINING)
        await rig.cycles(3)
        await rig.command(Action.RESTART)
        await rig.cycles(12)
        assert rig.view.last_receipt.record.outcome is Outcome.NOT_CONFIRMED


async def test_a_restart_is_confirmed_although_its_answer_came_long_after_it(tmp_path) -> None:
    """What counts is when it was decided: the miner is up again before the command has ended."""
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.gate = asyncio.Event()
        told = asyncio.create_task(rig.command(Action.RESTART))
        await rig.miner.reached.wait()
        rig.miner.uptime_s = 0
        rig.miner.obeys = False
        await rig.cycles(3)
        rig.miner.gate.set()
        await told
        await rig.cycles()
        assert rig.view.last_receipt.record.outcome is Outcome.CONFIRMED


async def test_a_restart_that_did_not_happen_is_not_confirmed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.obeys = False
        rig.miner.uptime_s = 600
        await rig.command(Action.RESTART)
        await rig.cycles(12)
        assert rig.view.last_receipt.record.outcome is Outcome.NOT_CONFIRMED


async def test_a_restart_that_a_crash_interrupted_is_confirmed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.gate = asyncio.Event()
        killed = asyncio.create_task(rig.command(Action.RESTART))
        await rig.miner.reached.wait()
        rig.miner.uptime_s = 0
        await rig.cycles(2)
        rig.miner.obeys = False
        await rig.crash()
        rig.miner.gate.set()
        await killed
        await rig.cycles()
        assert await rig.outcomes() == ["unknown", "confirmed"]
