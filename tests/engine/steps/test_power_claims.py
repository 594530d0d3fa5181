"""Every action that can raise power claims it, within the miner's limit and the site's."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError
from custom_components.aiep_miner.engine.records import (
    Action,
    Board,
    MinerPolicy,
    MiningPolicy,
    Origin,
    PolicyRecord,
    Reading,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import LEVELS, RUNNING, STOPPED, Site, miner_policy, policy_of, site

ALL = frozenset(Action) - {Action.HOLD}
MINERS = ("m1", "m2")
BOARDS = (Board(index=0, enabled=True), Board(index=1, enabled=False))
RAISES = [
    (Action.SET_HASHRATE, {"value": 108.0}),
    (Action.SET_LEVEL, {"option": "high"}),
    (Action.SET_BOARD, {"value": 1.0, "option": "on"}),
    (Action.SET_POWER, {"value": 3600.0}),
]


def limited(site_w: float | None, **own: float) -> PolicyRecord:
    """Return a policy with a limit for the site or for each miner."""
    return policy_of(
        governor=MiningPolicy(max_power_watts=site_w),
        miners=tuple(miner_policy(miner_id, **own) for miner_id in MINERS),
    )


async def learned(rig: Site) -> None:
    """Let both miners run for a while, offering every action."""
    for miner in rig.miners.values():
        miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0, levels=LEVELS)
        miner.reading = replace(RUNNING, boards=BOARDS, level="low")
    await rig.cycles(22)


@pytest.mark.parametrize(("action", "target"), RAISES)
@pytest.mark.parametrize("policy", [limited(6700.0), limited(None, max_power_w=3400.0)])
@pytest.mark.parametrize("origin", [Origin.PERSON, Origin.AUTOMATION])
async def test_no_action_evades_the_limit(tmp_path: Path, action, target, policy, origin) -> None:
    async with site(tmp_path, policy, MINERS) as rig:
        await learned(rig)
        result = await rig.command(action, origin=origin, **target)
        assert result.rule is Reason.OVER_POWER_LIMIT
        assert rig.actions() == []


async def test_a_hash_rate_target_within_the_limit_passes(tmp_path: Path) -> None:
    async with site(tmp_path, limited(6700.0), MINERS) as rig:
        await learned(rig)
        assert (await rig.command(Action.SET_HASHRATE, value=102.0)).rule is None
        assert (await rig.command(Action.SET_HASHRATE, value=95.0)).rule is None


async def test_a_target_on_its_way_counts_for_the_others(tmp_path: Path) -> None:
    async with site(tmp_path, limited(7000.0), MINERS) as rig:
        await learned(rig)
        for miner in rig.miners.values():
            miner.obeys = False
        assert (await rig.command(Action.SET_HASHRATE, "m1", value=106.0)).rule is None
        second = await rig.command(Action.SET_HASHRATE, "m2", value=106.0)
        assert second.rule is Reason.OVER_POWER_LIMIT


@pytest.mark.parametrize(
    ("action", "target"),
    [(Action.RUN, {}), (Action.RESTART, {}), (Action.SET_LEVEL, {"option": "high"})],
)
@pytest.mark.parametrize("own", [{}, {"max_power_w": 4000.0}])
async def test_unknown_power_does_not_start_under_a_limit(tmp_path, action, target, own) -> None:
    site_w = None if own else 7000.0
    policy = policy_of(
        governor=MiningPolicy(max_power_watts=site_w),
        miners=(MinerPolicy(miner_id="m1", **own),),
    )
    async with site(tmp_path, policy) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, levels=LEVELS)
        rig.miner.reading = replace(STOPPED, power_w=None)
        await rig.cycles(22)
        assert (await rig.command(action, **target)).rule is Reason.POWER_MAXIMUM_UNKNOWN
        assert rig.actions() == []


async def test_another_of_unknown_power_keeps_a_start_back(tmp_path: Path) -> None:
    policy = policy_of(
        governor=MiningPolicy(max_power_watts=7000.0),
        miners=(miner_policy("m1"), MinerPolicy(miner_id="m2")),
    )
    async with site(tmp_path, policy, MINERS) as rig:
        rig.miner.reading = STOPPED
        rig.miners["m2"].reading = replace(RUNNING, power_w=None)
        await rig.cycles(22)
        assert (await rig.command(Action.RUN)).rule is Reason.POWER_MAXIMUM_UNKNOWN


async def test_a_reduction_passes_on_a_site_that_is_over_its_limit(tmp_path: Path) -> None:
    async with site(tmp_path, limited(6000.0), MINERS) as rig:
        await learned(rig)
        assert (await rig.command(Action.SET_HASHRATE, value=95.0)).rule is None


async def test_a_start_that_was_never_seen_still_counts(tmp_path: Path) -> None:
    async with site(tmp_path, limited(4000.0), MINERS) as rig:
        frozen = replace(STOPPED, uptime_s=5, shares_accepted=1)
        rig.miners["m2"].reading = STOPPED

        async def repeat() -> object:
            return frozen

        rig.miner.poll = repeat
        await rig.cycles(3)
        assert (await rig.command(Action.RUN, "m1")).rule is None
        await rig.cycles(15)
        assert "not_confirmed" in await rig.outcomes()
        assert (await rig.command(Action.RUN, "m2")).rule is Reason.OVER_POWER_LIMIT


async def test_fewer_boards_need_more_power_for_the_same_hash_rate(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, max_power_w=3600.0), MINERS) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        rig.miner.reading = replace(RUNNING, boards=BOARDS, hashrate_ths=50.0, power_w=1600.0)
        await rig.cycles(2)
        result = await rig.command(Action.SET_HASHRATE, value=100.0)
        assert result.rule is Reason.OVER_POWER_LIMIT


async def test_a_second_board_counts_the_one_that_was_just_switched_on(tmp_path: Path) -> None:
    boards = tuple(Board(index=index, enabled=index == 0) for index in range(3))
    one = replace(RUNNING, boards=boards, hashrate_ths=33.0, power_w=1085.0)
    policy = limited(None, max_power_w=2500.0, nominal_hashrate_ths=33.0, nominal_power_w=1085.0)
    async with site(tmp_path, policy, MINERS) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        rig.miner.reading = one
        await rig.cycles(22)
        first = await rig.command(Action.SET_BOARD, value=1.0, option="on")
        assert first.rule is None
        # Before the device shows the first one, and after.
        second = await rig.command(Action.SET_BOARD, value=2.0, option="on")
        assert second.rule is Reason.OVER_POWER_LIMIT
        rig.miner.reading = replace(
            one,
            boards=(boards[0], replace(boards[1], enabled=True), boards[2]),
            hashrate_ths=66.0,
            power_w=2160.0,
        )
        third = await rig.command(Action.SET_BOARD, value=2.0, option="on")
        assert third.rule is Reason.OVER_POWER_LIMIT
        assert rig.actions() == [Action.SET_BOARD]


async def test_boards_that_came_on_in_a_stop_count_for_the_start(tmp_path: Path) -> None:
    two = tuple(Board(index=index, enabled=index < 2) for index in range(3))
    async with site(tmp_path, limited(None, max_power_w=2500.0), MINERS) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        rig.miner.reading = replace(RUNNING, boards=two, hashrate_ths=66.0, power_w=2160.0)
        await rig.cycles(22)
        assert (await rig.command(Action.STOP)).rule is None
        three = tuple(replace(board, enabled=True) for board in two)
        rig.miner.reading = replace(STOPPED, boards=three)
        await rig.cycles(3)
        assert (await rig.command(Action.RUN)).rule is Reason.OVER_POWER_LIMIT


async def test_a_target_in_force_counts_for_the_start_after_a_stop(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, max_power_w=3400.0), MINERS) as rig:
        await learned(rig)
        assert (await rig.command(Action.SET_HASHRATE, value=102.0)).rule is None
        rig.miner.reading = replace(rig.miner.reading, hashrate_ths=102.0, power_w=3380.0)
        await rig.cycles(2)
        assert (await rig.command(Action.STOP)).rule is None
        rig.miner.reading = replace(STOPPED, boards=BOARDS)
        # Only now the operator allows less than the target needs.
        await rig.controller.set_policy(limited(None, max_power_w=3300.0))
        await rig.cycles(3)
        assert (await rig.command(Action.RUN)).rule is Reason.OVER_POWER_LIMIT


async def test_a_hash_rate_of_a_silent_miner_is_of_unknown_power(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, max_power_w=4000.0), MINERS) as rig:
        await learned(rig)
        rig.miner.reading = MinerError(Reason.UNREACHABLE, "silent")
        await rig.cycles(4)
        result = await rig.command(Action.SET_HASHRATE, value=90.0)
        assert result.rule is Reason.POWER_MAXIMUM_UNKNOWN


async def test_a_start_that_a_frozen_miner_hides_counts_for_the_others(tmp_path: Path) -> None:
    async with site(tmp_path, limited(4000.0), MINERS) as rig:
        frozen = replace(STOPPED, uptime_s=5, shares_accepted=1)

        async def repeat() -> object:
            return frozen

        for miner in rig.miners.values():
            miner.capabilities = Capabilities(actions=ALL)
        rig.miners["m2"].reading = STOPPED
        rig.miner.poll = repeat
        await rig.cycles(3)
        assert (await rig.command(Action.RESTART_MINING, "m1")).rule is None
        await rig.cycles(15)
        assert (await rig.command(Action.RUN, "m2")).rule is Reason.OVER_POWER_LIMIT


async def test_no_reduction_of_a_miner_that_repeats_itself_after_a_stop(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of()) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        await rig.cycles(22)
        rig.miner.reading = replace(RUNNING, fans_rpm=(4200, 0), uptime_s=7, shares_accepted=1)
        last = rig.miner.reading

        async def repeat() -> object:
            return last

        rig.miner.poll = repeat
        await rig.cycles(4)
        stops = rig.actions()
        assert set(stops) == {Action.STOP}
        result = await rig.command(Action.SET_POWER, origin=Origin.AUTOMATION, value=2500.0)
        assert result.rule is not None
        assert rig.actions() == stops


async def test_a_frozen_miner_hides_that_a_board_went_off(tmp_path: Path) -> None:
    boards = tuple(Board(index=index, enabled=True) for index in range(3))
    async with site(tmp_path, limited(None, max_power_w=3600.0), MINERS) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        rig.miner.reading = replace(RUNNING, boards=boards)
        await rig.cycles(22)
        poll, frozen = rig.miner.poll, await rig.miner.poll()

        async def repeat() -> Reading:
            return frozen

        rig.miner.poll = repeat
        off = await rig.command(Action.SET_BOARD, value=1.0, option="off")
        assert off.rule is None
        # On its way, and when its time is over: 105 TH/s on two boards are 4,300 W.
        before = await rig.command(Action.SET_HASHRATE, value=105.0)
        assert before.rule is Reason.POWER_MAXIMUM_UNKNOWN
        await rig.cycles(1, seconds=600.0)
        assert (await rig.outcomes())[-1] == "not_confirmed"
        after = await rig.command(Action.SET_HASHRATE, value=105.0)
        assert after.rule is Reason.POWER_MAXIMUM_UNKNOWN
        rig.miner.poll = poll
        assert (await rig.command(Action.SET_HASHRATE, value=105.0)).rule is None


async def test_a_limit_that_a_machine_passed_does_not_count_for_its_start(tmp_path: Path) -> None:
    boards = tuple(Board(index=index, enabled=index < 2) for index in range(3))
    two = replace(RUNNING, boards=boards, hashrate_ths=66.0, power_w=2160.0)
    three = tuple(replace(board, enabled=True) for board in boards)
    async with site(tmp_path, limited(None, max_power_w=3000.0), MINERS) as rig:
        rig.miner.capabilities = Capabilities(actions=ALL, power_max_w=4000.0)
        rig.miner.reading = two
        await rig.cycles(22)
        # It ignores the limit, and is near enough to it to be taken for obedient.
        assert (await rig.command(Action.SET_POWER, value=2000.0)).rule is None
        await rig.cycles(3)
        assert (await rig.outcomes())[-1] == "confirmed"
        # A board comes back.
        rig.miner.reading = replace(two, boards=three, hashrate_ths=100.0, power_w=3240.0)
        await rig.cycles(3)
        assert (await rig.command(Action.STOP)).rule is None
        await rig.cycles(3)
        assert (await rig.command(Action.RUN)).rule is Reason.OVER_POWER_LIMIT
