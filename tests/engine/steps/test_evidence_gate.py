"""Doubtful evidence and dangers bind everybody but people, whatever the action."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError
from custom_components.aiep_miner.engine.records import Action, Board, Origin, Pool
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import FAN_FAILED, HOT, LEVELS, RUNNING, STOPPED, Site, assert_replays, policy_of, site

ALL = frozenset(Action) - {Action.HOLD}
BOARDS = (
    Board(index=0, hashrate_ths=50.0, enabled=True),
    Board(index=1, hashrate_ths=50.0, enabled=True),
    Board(index=2, enabled=False),
)
POOLS = (
    Pool(index=0, url="stratum+tcp://a:1", active=True, shares_accepted=990, shares_rejected=10),
    Pool(index=1, url="stratum+tcp://b:1", active=False, shares_accepted=99, shares_rejected=1),
)
CHANGES = [
    (Action.RUN, {}),
    (Action.RESTART, {}),
    (Action.SET_POWER, {"value": 3900.0}),
    (Action.SET_HASHRATE, {"value": 105.0}),
    (Action.SET_POOL, {"value": 1.0}),
    (Action.SET_LEVEL, {"option": "high"}),
    (Action.SET_BOARD, {"value": 2.0, "option": "on"}),
]


def able(rig: Site) -> None:
    """Let the miner offer every action."""
    rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0, levels=LEVELS)
    rig.miner.reading = replace(RUNNING, boards=BOARDS, pools=POOLS, level="low")


async def freeze(rig: Site) -> None:
    """Let the device repeat its last answer to the digit."""
    frozen = replace(rig.miner.reading, uptime_s=4711, shares_accepted=17)

    async def poll() -> object:
        return frozen

    rig.miner.poll = poll
    await rig.cycles(6)


async def propose(rig: Site, action: Action, **more):
    more = {"origin": Origin.AUTOMATION, "origin_id": "automation.sun", "confidence": 0.95, **more}
    return await rig.command(action, **more)


@pytest.mark.parametrize(("action", "target"), CHANGES)
async def test_a_frozen_device_is_left_as_it_is(tmp_path: Path, action, target) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        await freeze(rig)
        result = await propose(rig, action, **target)
        assert result.rule is Reason.PHANTOM_HASHRATE
        assert rig.actions() == []
    assert_replays(rig.path)


@pytest.mark.parametrize(("action", "target"), CHANGES)
async def test_a_silent_device_is_left_as_it_is(tmp_path: Path, action, target) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        rig.miner.reading = MinerError(Reason.TIMEOUT)
        await rig.cycles(2)
        assert (await propose(rig, action, **target)).rule is Reason.COMMS_LOST
        assert rig.actions() == []


async def test_people_and_stops_pass_the_gate(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        await freeze(rig)
        assert (await propose(rig, Action.STOP)).rule is None
        assert (await rig.command(Action.SET_POWER, value=3200.0)).rule is None
        assert rig.actions() == [Action.STOP, Action.SET_POWER]


@pytest.mark.parametrize(("action", "target"), CHANGES)
async def test_a_failed_fan_forbids_automations_every_change(tmp_path, action, target) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        rig.miner.reading = replace(rig.miner.reading, fans_rpm=FAN_FAILED.fans_rpm)
        await rig.cycles(6)
        assert rig.actions() == [Action.STOP]
        assert (await propose(rig, action, **target)).rule is Reason.FAN_FAILURE
        assert rig.actions() == [Action.STOP]


@pytest.mark.parametrize("origin", [Origin.AUTOMATION, Origin.PERSON])
@pytest.mark.parametrize(("action", "target"), CHANGES)
async def test_overheating_forbids_everybody_every_change(tmp_path, action, target, origin) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        rig.miner.obeys = False
        rig.miner.reading = replace(rig.miner.reading, temperatures=HOT.temperatures)
        await rig.cycles(1)
        result = await propose(rig, action, origin=origin, **target)
        assert result.rule is Reason.THERMAL_OVERRIDE
        assert rig.actions() == [Action.STOP]


async def test_a_reduction_passes_in_danger_below_the_commanded_limit_alone(tmp_path) -> None:
    async with site(tmp_path, policy_of(confirm_cycles=1)) as rig:
        able(rig)
        await rig.cycles(22)
        assert (await rig.command(Action.SET_POWER, value=2000.0)).rule is None
        rig.miner.obeys = False
        # It still draws its old power when it overheats.
        rig.miner.reading = replace(rig.miner.reading, temperatures=HOT.temperatures)
        await rig.cycles(1)
        raised = await rig.command(Action.SET_POWER, value=2500.0)
        assert raised.rule is Reason.THERMAL_OVERRIDE
        assert (await rig.command(Action.SET_POWER, value=1500.0)).rule is None


async def test_the_fault_light_shows_a_machine_in_danger(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        able(rig)
        await rig.cycles(22)
        rig.miner.reading = replace(STOPPED, temperatures=HOT.temperatures)
        await rig.cycles(1)
        assert (await propose(rig, Action.FAULT_LIGHT, option="on")).rule is None
