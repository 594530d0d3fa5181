"""What a restart of the controller keeps, and what it files."""

from dataclasses import asdict

import pytest

from custom_components.aiep_miner.engine.records import Action, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.state import rebuild

from ..rig import COLLAPSED, FAN_FAILED, HOT, RUNNING, edit_record, policy_of, site

HOUR_MS = 3_600_000


async def test_the_stop_is_recorded_and_lets_go(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles()
        await rig.restart()
        assert rig.miner.closed
        assert [item["event"] for item in await rig.records("lifecycle")] == [
            "start",
            "stop",
            "start",
        ]


async def test_the_same_policy_is_recorded_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        await rig.restart()
        await rig.cycles(3)
        policies = await rig.records("policy")
        # Once as set, once with what the device was found to be able to do.
        assert len(policies) == 2
        assert policies[-1]["miners"][0]["actions"] == ["restart", "run", "set_power", "stop"]


async def test_a_fan_failure_of_hours_ago_keeps_a_miner_stopped(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.reading = FAN_FAILED
        await rig.cycles(4)
        assert rig.actions() == [Action.STOP]
        await rig.cycles(150, seconds=60)
        await rig.restart()
        await rig.cycles(30)
        assert Reason.FAN_FAILURE in rig.reasons
        assert rig.actions() == [Action.STOP]


async def test_a_latch_outlasts_a_pause_of_hours_and_a_second_restart(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_restarts_per_day=0)) as rig:
        await rig.cycles(22)
        rig.miner.reading = COLLAPSED
        await rig.cycles(10)
        assert rig.view.latched
        rig.now_ms += 3 * HOUR_MS
        for _ in range(2):
            await rig.restart()
            assert rig.view.latched
        rig.miner.reading = RUNNING
        await rig.cycles(5)
        assert rig.reasons == (Reason.RESTART_LIMIT_LATCHED,)


async def test_a_record_that_cannot_be_understood_does_not_prevent_a_start(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        await rig.controller.stop()
        edit_record(rig.path, "decision", b'"action":"hold"', b'"action":"fly"')
        await rig.revive()
        await rig.cycles(3)
        assert rig.controller.view.ledger_error is None
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


async def test_a_restart_shortens_no_window_however_many_records_there_are(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "RECORDS_WITHOUT_TELEMETRY", 5)
    async with site(tmp_path) as rig:
        await rig.cycles(200)
        await rig.restart()
        [*_, start] = await rig.records("lifecycle")
        assert start["rebuilt_from_seq"] == 1


async def test_the_track_record_of_a_source_outlasts_a_restart_of_hours_later(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        await rig.command(Action.STOP, origin=Origin.AUTOMATION, origin_id="solar")
        await rig.cycles(10)
        before = asdict(rig.controller.journal._state.track_records.sources["automation:solar"])
        assert (before["proposals"], before["allowed"], before["confirmed"]) == (1, 1, 1)
        await rig.cycles(200, seconds=60)
        await rig.restart()
        after = asdict(rig.controller.journal._state.track_records.sources["automation:solar"])
        assert after | {"gained": 0.0} == before | {"gained": 0.0}
