"""Divergences, each seen through whole cycles: how it begins, what it does, how it ends."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.records import Action, MinerPolicy
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import GOOD_PRICES, RUNNING, STOPPED, Site, policy_of, site, temperatures


def codes(rig: Site) -> set[Reason]:
    return {item.code for item in rig.view.divergences}


@pytest.mark.parametrize(("hottest", "overheats"), [(84.9, False), (85.0, True), (200.0, True)])
async def test_reaching_the_limit_counts_as_overheated(tmp_path, hottest, overheats) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].reading = replace(RUNNING, temperatures=temperatures(60.0, hottest))
        await rig.cycles()
        assert (Reason.OVERHEAT in codes(rig)) is overheats


async def test_a_miners_own_limit_comes_before_the_sites(tmp_path) -> None:
    policy = policy_of(miners=(MinerPolicy(miner_id="m1", max_temperature_c=65.0),))
    async with site(tmp_path, policy) as rig:
        await rig.cycles(2)
        assert Reason.OVERHEAT in codes(rig)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


async def test_an_overheated_miner_runs_again_once_it_has_cooled(tmp_path) -> None:
    async with site(tmp_path) as rig:
        miner = rig.miners["m1"]
        await rig.cycles(25)
        miner.reading = replace(RUNNING, temperatures=temperatures(88.0, 70.0, 70.0, 70.0))
        await rig.cycles(2)
        assert [item.action for item in miner.commands] == [Action.STOP]
        for hottest in (84.0, 82.0, 80.0, 78.0, 76.0):
            miner.reading = replace(
                miner.reading,
                temperatures=temperatures(hottest, hottest - 8, hottest - 7, hottest - 9),
            )
            await rig.cycles()
            assert len(miner.commands) == 1
            assert Reason.COOLING_DOWN in rig.view.decision.record.reasons
        for step in range(25):
            hottest = max(45.0, 74.0 - 2 * step)
            miner.reading = replace(
                miner.reading,
                temperatures=temperatures(hottest, hottest - 8, hottest - 7, hottest - 9),
            )
            await rig.cycles()
        assert [item.action for item in miner.commands] == [Action.STOP, Action.RUN]


async def test_a_fan_that_has_turned_and_stands_still_stops_the_miner(tmp_path) -> None:
    async with site(tmp_path) as rig:
        miner = rig.miners["m1"]
        await rig.cycles(3)
        miner.reading = replace(RUNNING, fans_rpm=(0, 4260))
        await rig.cycles()
        assert Reason.FAN_FAILURE not in codes(rig)
        await rig.cycles()
        assert Reason.FAN_FAILURE in codes(rig)
        assert [item.action for item in miner.commands] == [Action.STOP]
        miner.reading = replace(miner.reading, fans_rpm=(0, 0))
        await rig.cycles(20)
        assert Reason.FAN_FAILURE in codes(rig)
        assert len(miner.commands) == 1


async def test_a_safety_stop_needs_no_trust_to_be_earned(tmp_path) -> None:
    """A device with one sensor never earns autonomy; under a strict policy it still is stopped."""
    base = policy_of()
    policy = replace(base, governor=replace(base.governor, min_trust_for_action=3))
    async with site(tmp_path, policy) as rig:
        rig.miners["m1"].reading = replace(RUNNING, temperatures=temperatures(60.0))
        await rig.cycles(2)
        rig.miners["m1"].reading = replace(
            RUNNING, temperatures=temperatures(60.0), fans_rpm=(0, 4260)
        )
        await rig.cycles(2)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


async def test_one_glitch_of_a_tachometer_is_no_failure(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = replace(RUNNING, fans_rpm=(0, 4260))
        await rig.cycles()
        rig.miners["m1"].reading = RUNNING
        await rig.cycles(3)
        assert codes(rig) == set()
        assert rig.miners["m1"].commands == []


async def test_fans_that_never_turned_are_not_missed(tmp_path) -> None:
    """A hydro or immersion miner reports fans at 0, or none."""
    async with site(tmp_path) as rig:
        rig.miners["m1"].reading = replace(RUNNING, fans_rpm=(0, 0))
        await rig.cycles(5)
        assert codes(rig) == set()


async def test_a_low_hash_rate_is_a_collapse_only_after_a_while(tmp_path) -> None:
    async with site(tmp_path, policy_of(collapse_min=2.0)) as rig:
        await rig.cycles(10)
        rig.miners["m1"].reading = replace(RUNNING, hashrate_ths=49.0)
        await rig.cycles(4)
        assert codes(rig) == set()
        await rig.cycles()
        assert Reason.HASHRATE_COLLAPSE in codes(rig)


async def test_a_stopped_miner_has_not_collapsed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(10)
        await rig.command(Action.STOP)
        await rig.cycles(20)
        assert codes(rig) == set()


@pytest.mark.parametrize(
    "phantom",
    [
        replace(RUNNING, power_w=15.0),
        replace(RUNNING, hashrate_ths=100_000.0),
        replace(RUNNING, hashrate_ths=33.0, power_w=33.0),
    ],
    ids=["no power", "wrong unit", "power far below the hash rate's"],
)
async def test_a_phantom_hash_rate_is_held(tmp_path, phantom) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(10)
        rig.miners["m1"].reading = phantom
        await rig.cycles(2)
        assert Reason.PHANTOM_HASHRATE in codes(rig)
        assert rig.view.decision.record.reasons == (Reason.PHANTOM_HASHRATE,)
        rig.miners["m1"].reading = RUNNING
        await rig.cycles()
        assert codes(rig) == set()


async def test_a_hash_rate_that_never_moves_is_a_phantom(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        miner = rig.miners["m1"]

        async def frozen():
            return replace(RUNNING, uptime_s=1234, shares_accepted=77)

        miner.poll = frozen
        await rig.cycles(10, seconds=1)
        assert Reason.PHANTOM_HASHRATE not in codes(rig)
        await rig.cycles(4)
        assert Reason.PHANTOM_HASHRATE in codes(rig)


@pytest.mark.parametrize("field", ["energy_price_per_kwh", "coin_price", "network_difficulty"])
async def test_a_missing_price_is_stale(tmp_path, field) -> None:
    async with site(tmp_path) as rig:
        rig.prices = replace(GOOD_PRICES, **{field: None})
        await rig.cycles()
        assert [item.code for item in rig.controller.view.divergences] == [Reason.STALE_PRICE]
        rig.prices = GOOD_PRICES
        await rig.cycles()
        assert rig.controller.view.divergences == ()


async def test_a_divergence_is_recorded_when_it_begins_and_ends(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = replace(RUNNING, power_w=15.0)
        await rig.cycles(6)
        rig.miners["m1"].reading = RUNNING
        await rig.cycles(3)
        found = [(item["code"], item["active"]) for item in await rig.records("divergence")]
        assert found == [("phantom_hashrate", True), ("phantom_hashrate", False)]


@pytest.mark.parametrize(
    ("lacking", "fields"),
    [
        ({"hashrate_ths": None, "mining": None}, ("hashrate_ths",)),
        ({"temperatures": ()}, ("temperatures",)),
        ({"power_w": None, "fans_rpm": ()}, ("fans_rpm", "power_w")),
    ],
)
async def test_what_a_miner_no_longer_reports_is_a_divergence(tmp_path, lacking, fields) -> None:
    async with site(tmp_path) as rig:
        miner = rig.miners["m1"]
        await rig.cycles(3)
        miner.reading = replace(RUNNING, **lacking)
        await rig.cycles()
        assert codes(rig) == set(), "one may be a lost answer"
        await rig.cycles()
        (found,) = rig.view.divergences
        assert (found.code, found.fields) == (Reason.READING_INCOMPLETE, fields)
        miner.reading = RUNNING
        await rig.cycles()
        assert codes(rig) == set()


async def test_a_stopped_miner_may_report_less(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = replace(STOPPED, temperatures=(), fans_rpm=(), power_w=None)
        await rig.cycles(3)
        assert Reason.READING_INCOMPLETE not in codes(rig)


async def test_what_a_miner_never_reported_is_not_missed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].reading = replace(RUNNING, power_w=None, fans_rpm=())
        await rig.cycles(5)
        assert Reason.READING_INCOMPLETE not in codes(rig)
