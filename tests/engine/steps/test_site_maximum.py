"""The power that all miners of a site may draw together."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.records import Action, MiningPolicy, PolicyRecord
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import (
    BAD_PRICES,
    GOOD_PRICES,
    STOPPED,
    Site,
    assert_replays,
    miner_policy,
    policy_of,
    site,
)

MINERS = ("m1", "m2")


def enough_for_one() -> PolicyRecord:
    """Return a policy under which only one of two miners may run."""
    return policy_of(
        governor=MiningPolicy(max_power_watts=4000.0),
        miners=tuple(miner_policy(miner_id) for miner_id in MINERS),
    )


async def rest(rig: Site) -> None:
    """Let both miners stand still for a while, as nothing is to be earned."""
    rig.prices = BAD_PRICES
    for miner in rig.miners.values():
        miner.reading = STOPPED
    await rig.cycles(22)
    rig.prices = GOOD_PRICES


async def test_miners_that_pay_at_the_same_time_do_not_start_together(tmp_path) -> None:
    async with site(tmp_path, enough_for_one(), MINERS) as rig:
        await rest(rig)
        await rig.cycles(6)
        assert rig.actions("m1") == [Action.RUN]
        assert rig.actions("m2") == []
        proofs = await rig.records("negative_proof", subject="m2")
        assert {item["rule"] for item in proofs} == {"over_power_limit"}


async def test_a_start_counts_before_the_machine_draws_its_power(tmp_path) -> None:
    async with site(tmp_path, enough_for_one(), MINERS) as rig:
        await rest(rig)
        for miner in rig.miners.values():
            miner.obeys = False
        first = await rig.command(Action.RUN, "m1")
        second = await rig.command(Action.RUN, "m2")
        assert (first.rule, second.rule) == (None, Reason.OVER_POWER_LIMIT)
        assert rig.actions("m2") == []


async def test_a_miner_that_was_removed_counts_no_longer(tmp_path) -> None:
    policy = enough_for_one()
    async with site(tmp_path, policy, MINERS) as rig:
        rig.miner.reading = STOPPED
        await rig.cycles(22)
        assert rig.actions() == []
        del rig.miners["m2"]
        rig.policy = replace(policy, miners=policy.miners[:1])
        await rig.restart()
        await rig.cycles(30)
        assert rig.actions() == [Action.RUN]


@pytest.mark.parametrize("max_power_w", [None, 4000.0, 8000.0])
async def test_starts_at_the_same_time_replay(tmp_path, max_power_w) -> None:
    policy = replace(enough_for_one(), governor=MiningPolicy(max_power_watts=max_power_w))
    async with site(tmp_path, policy, MINERS) as rig:
        await rest(rig)
        await rig.cycles(3)
        started = [miner_id for miner_id in MINERS if rig.actions(miner_id)]
        assert len(started) == (1 if max_power_w == 4000.0 else 2)
    assert_replays(rig.path)
