"""What is set already is not set again, and an automation cannot keep the rules from judging."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.miners.base import Capabilities
from custom_components.aiep_miner.engine.records import Action, Board, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import BAD_PRICES, LEVELS, RUNNING, Site, assert_replays, assert_settled, policy_of, site

ALL = frozenset(Action) - {Action.HOLD}


async def propose(rig: Site, action: Action, **more):
    more = {"origin": Origin.AUTOMATION, "origin_id": "automation.sun", "confidence": 0.95, **more}
    return await rig.command(action, **more)


async def test_an_unchanged_limit_is_refused_with_a_proof(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(collapse_min=5.0)) as rig:
        await rig.cycles(22)
        assert (await propose(rig, Action.SET_POWER, value=3000.0)).rule is None
        rig.miner.reading = replace(RUNNING, power_w=3000.0, power_limit_w=3000.0)
        for _ in range(6):
            await rig.cycles(10)
            again = await propose(rig, Action.SET_POWER, value=3000.0)
            assert again.rule is Reason.UNCHANGED_TARGET
            assert again.negative_proof is not None
        assert rig.actions() == [Action.SET_POWER]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_limit_that_was_changed_elsewhere_is_set_again(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        await propose(rig, Action.SET_POWER, value=3000.0)
        rig.miner.reading = replace(RUNNING, power_w=3000.0, power_limit_w=3000.0)
        await rig.cycles(2)
        rig.miner.reading = replace(RUNNING, power_w=3250.0, power_limit_w=3250.0)
        await rig.cycles(8)
        assert (await propose(rig, Action.SET_POWER, value=3000.0)).rule is None


async def test_a_target_without_effect_may_be_sent_again(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        await propose(rig, Action.SET_POWER, value=2900.0)
        assert (await propose(rig, Action.SET_POWER, value=2900.0)).rule is Reason.UNCHANGED_TARGET
        await rig.cycles(10)
        assert "not_confirmed" in await rig.outcomes()
        assert (await propose(rig, Action.SET_POWER, value=2900.0)).rule is None


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (Action.RUN, {}),
        (Action.SET_LEVEL, {"option": "low"}),
        (Action.SET_BOARD, {"value": 0.0, "option": "on"}),
        (Action.FAULT_LIGHT, {"option": "off"}),
    ],
)
async def test_what_the_miner_shows_already_is_refused(tmp_path: Path, action, target) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, levels=LEVELS)
        rig.miner.reading = replace(
            RUNNING, level="low", boards=(Board(index=0, enabled=True),), fault_light=False
        )
        await rig.cycles(22)
        assert (await propose(rig, action, **target)).rule is Reason.UNCHANGED_TARGET
        assert (await rig.command(action, **target)).rule is None


async def test_the_rules_stop_a_miner_whose_limit_is_set_every_five_minutes(tmp_path) -> None:
    async with site(tmp_path, policy_of(collapse_min=5.0, profit_dwell_min=10.0)) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        for step in range(12):
            watts = 3000.0 - 20.0 * (step % 2)
            await propose(rig, Action.SET_POWER, value=watts)
            if Action.STOP in rig.actions():
                break
            rig.miner.reading = replace(RUNNING, power_w=watts, power_limit_w=watts)
            await rig.cycles(9)
        assert Action.STOP in rig.actions()
        assert len(rig.actions()) > 2, "the automation was heard before"


async def test_commands_by_turns_do_not_keep_the_rules_waiting(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(collapse_min=1.0)) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL)
        await rig.cycles(22)
        rig.miner.obeys = False
        rig.prices = BAD_PRICES
        for step in range(20):
            action, value = (
                (Action.SET_POWER, 3000.0 - step)
                if step % 2
                else (Action.SET_HASHRATE, 100.0 - step / 10)
            )
            await propose(rig, action, value=value)
            await rig.cycles(1)
        assert Action.STOP in rig.actions()
