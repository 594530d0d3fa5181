"""Nobody starts a machine that is in danger."""

from dataclasses import replace

from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import FAN_FAILED, HOT, STOPPED, assert_settled, site, temperatures


async def test_nobody_starts_an_overheated_miner(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.reading = replace(STOPPED, temperatures=temperatures(85.0, 60.0, 60.0, 60.0))
        result = await rig.command(Action.RUN)
        assert result.rule is Reason.THERMAL_OVERRIDE
        assert rig.actions() == []
        await assert_settled(rig)


async def test_nobody_starts_a_miner_that_was_hot_when_it_was_last_read(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = HOT
        await rig.cycles(2)
        rig.miner.reading = MinerError(Reason.TIMEOUT)
        await rig.cycles(12)
        result = await rig.command(Action.RUN)
        assert result.rule is Reason.THERMAL_OVERRIDE
        assert rig.actions() == [Action.STOP]


async def test_no_automation_starts_a_miner_whose_fan_failed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.reading = FAN_FAILED
        await rig.cycles(6)
        for _ in range(5):
            result = await rig.command(Action.RUN, origin=Origin.AUTOMATION)
            assert result.rule is Reason.FAN_FAILURE
            await rig.cycles(6)
        assert rig.actions() == [Action.STOP]
        await assert_settled(rig)
