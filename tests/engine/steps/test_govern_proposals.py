"""Proposals from outside: judged like the strategy's, counted against their source, reviewed."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.governor import EventType
from custom_components.aiep_miner.engine.miners.base import Capabilities
from custom_components.aiep_miner.engine.records import Action, Board, MinerPolicy, Origin, Pool
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import EVERYTHING, LEVELS, RUNNING, Site, policy_of, site

POOLS = (
    Pool(index=0, url="stratum+tcp://a:1", active=True, shares_accepted=990, shares_rejected=10),
    Pool(index=1, url="stratum+tcp://b:1", active=False, shares_accepted=99, shares_rejected=1),
)


async def propose(rig: Site, action: Action, value: float | None = None, **more):
    more = {"origin": Origin.AUTOMATION, "origin_id": "automation.sun", "confidence": 0.9, **more}
    return await rig.command(action, value=value, **more)


async def learned(rig: Site) -> None:
    for step in range(22):
        rig.miners["m1"].reading = replace(
            RUNNING, power_w=3250.0 + step % 3, hashrate_ths=100.0 + (step % 5) / 10
        )
        await rig.cycles()


async def test_a_sound_power_limit_is_set(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        result = await propose(rig, Action.SET_POWER, 3000.0)
        assert (result.rule, result.error) == (None, None)
        assert result.decision.record.value == 3000.0
        assert [(item.action, item.value) for item in rig.miners["m1"].commands] == [
            (Action.SET_POWER, 3000.0)
        ]
        rig.miners["m1"].reading = replace(RUNNING, power_w=3000.0, power_limit_w=3000.0)
        await rig.cycles()
        assert rig.view.last_receipt.record.outcome == "confirmed"


@pytest.mark.parametrize(
    ("value", "confidence", "rule"),
    [
        (1e9, 0.9, Reason.OVER_POWER_LIMIT),
        (-5.0, 0.9, None),
        (3000.0, 0.4, Reason.LOW_CONFIDENCE),
    ],
)
async def test_nonsense_is_refused_with_a_proof(tmp_path, value, confidence, rule) -> None:
    policy = policy_of(miners=(MinerPolicy(miner_id="m1", max_power_w=3600.0),))
    async with site(tmp_path, policy) as rig:
        await learned(rig)
        result = await propose(rig, Action.SET_POWER, value, confidence=confidence)
        assert result.rule is not None
        assert rule is None or result.rule is rule
        assert result.negative_proof.record.decision == result.decision.hash
        assert rig.miners["m1"].commands == []


async def test_the_site_maximum_counts_all_miners(tmp_path) -> None:
    base = policy_of()
    policy = replace(base, governor=replace(base.governor, max_power_watts=6000.0))
    async with site(tmp_path, policy, miners=("m1", "m2")) as rig:
        await learned(rig)
        assert (await propose(rig, Action.SET_POWER, 3300.0)).rule is not None
        assert (await propose(rig, Action.SET_POWER, 2500.0)).rule is None


async def test_each_source_is_limited_for_itself(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_proposals_per_hour=3)) as rig:
        await learned(rig)
        watts = range(3200, 3150, -10)
        rules = [(await propose(rig, Action.SET_POWER, float(value))).rule for value in watts]
        assert rules == [None, None, None, *[Reason.SOURCE_RATE_LIMITED] * 2]
        other = await propose(rig, Action.SET_POWER, 3100.0, origin_id="automation.other")
        assert other.rule is None
        person = await rig.command(Action.SET_POWER, value=3150.0)
        assert person.rule is None
        await rig.restart()
        await rig.cycles()
        assert (await propose(rig, Action.SET_POWER, 3200.0)).rule is Reason.SOURCE_RATE_LIMITED
        await rig.cycles(1, seconds=3600)
        await rig.cycles(22)
        assert (await propose(rig, Action.SET_POWER, 3200.0)).rule is None


async def test_a_supervised_decision_waits_for_review(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        result = await propose(rig, Action.SET_POWER, 3000.0)
        assert result.trust_level == 2, "one power meter cannot earn more than supervision"
        assert [item.hash for item in rig.controller.view.reviews] == [result.decision.hash]
        await rig.controller.review(result.decision.hash, approved=True, user_id="user-1")
        assert rig.controller.view.reviews == ()
        review = (await rig.records("review"))[0]
        assert (review["decision"], review["approved"]) == (result.decision.hash, True)
        with pytest.raises(KeyError):
            await rig.controller.review(result.decision.hash, approved=True, user_id="user-1")


async def test_a_pool_is_switched_within_its_rate(tmp_path) -> None:
    base = policy_of()
    policy = replace(base, governor=replace(base.governor, max_pool_switches_per_hour=2))
    async with site(tmp_path, policy) as rig:
        rig.miners["m1"].capabilities = Capabilities(actions=EVERYTHING | {Action.SET_POOL})
        rig.miners["m1"].reading = replace(RUNNING, pools=POOLS)
        await rig.cycles(22)
        rules = []
        for index in (1, 0, 1):
            rules.append((await rig.command(Action.SET_POOL, value=float(index))).rule)
            pools = tuple(replace(pool, active=pool.index == index) for pool in POOLS)
            rig.miners["m1"].reading = replace(RUNNING, pools=pools)
            await rig.cycles()
        assert rules == [None, None, Reason.POOL_SWITCH_RATE]
        assert [item.value for item in rig.miners["m1"].commands] == [1.0, 0.0]


async def test_an_automation_may_switch_to_a_sound_pool(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].capabilities = Capabilities(actions=EVERYTHING | {Action.SET_POOL})
        rig.miners["m1"].reading = replace(RUNNING, pools=POOLS)
        await rig.cycles(22)
        assert (await propose(rig, Action.SET_POOL, 1.0)).rule is None


async def test_the_governor_tells_what_it_did(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        await propose(rig, Action.SET_POWER, 3000.0)
        kinds = [item.kind for item in rig.governor_events]
        assert EventType.DECISION in kinds
        rig.miners["m1"].reading = replace(
            RUNNING,
            temperatures=tuple(replace(item, temperature_c=90.0) for item in RUNNING.temperatures),
        )
        await rig.command(Action.RUN)
        kinds = [item.kind for item in rig.governor_events]
        assert EventType.THERMAL_OVERRIDE in kinds


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (Action.SET_POOL, {"value": 99.0}),
        (Action.SET_POOL, {"value": 0.5}),
        (Action.SET_POOL, {"value": -1.0}),
        (Action.SET_BOARD, {"value": 3.0, "option": "off"}),
        (Action.SET_LEVEL, {"option": "nonsense"}),
        (Action.SET_LEVEL, {}),
    ],
)
@pytest.mark.parametrize("origin", [Origin.AUTOMATION, Origin.PERSON])
async def test_what_the_miner_does_not_have_is_refused_with_a_proof(
    tmp_path, action, named, origin
) -> None:
    async with site(tmp_path) as rig:
        everything = EVERYTHING | {Action.SET_POOL, Action.SET_BOARD, Action.SET_LEVEL}
        rig.miner.capabilities = Capabilities(actions=everything, levels=LEVELS)
        boards = (Board(index=0, hashrate_ths=50.0), Board(index=1, hashrate_ths=50.0))
        rig.miner.reading = replace(RUNNING, pools=POOLS, boards=boards)
        await rig.cycles(22)
        result = await rig.command(action, origin=origin, **named)
        assert result.rule is Reason.UNSUPPORTED_ACTION
        assert result.negative_proof is not None
        assert rig.actions() == []


async def test_levels_that_the_miner_has_are_set(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = Capabilities(
            actions=EVERYTHING | {Action.SET_LEVEL}, levels=LEVELS
        )
        await rig.cycles(22)
        result = await rig.command(Action.SET_LEVEL, option="low")
        assert (result.rule, result.error) == (None, None)
        assert [(item.action, item.option) for item in rig.miner.commands] == [
            (Action.SET_LEVEL, "low")
        ]
