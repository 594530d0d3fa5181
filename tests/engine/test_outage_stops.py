"""A machine in danger is stopped, whatever else is wrong with it, its site or its prices."""

import math
from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Board, Pool, Reading, Temperature
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import GOOD_PRICES, HOT, RUNNING, STOPPED, assert_settled, policy_of, site, temperatures


async def test_an_overheating_miner_is_stopped_and_confirmed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]
        await rig.cycles(3)
        assert rig.actions() == [Action.STOP]
        receipts = await rig.records("receipt")
        assert [item["outcome"] for item in receipts] == ["accepted", "confirmed"]
        assert receipts[0]["decision"] == receipts[1]["decision"]
        await assert_settled(rig)


@pytest.mark.parametrize("hottest", [85.0, 96.0, 108.3, 149.0, 200.0, 1000.0])
@pytest.mark.parametrize("cycles_before", [1, 25])
async def test_no_heat_is_too_great_to_stop_for(tmp_path, hottest, cycles_before) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(cycles_before)
        rig.miner.reading = replace(RUNNING, temperatures=temperatures(66.0, hottest))
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


async def test_a_person_holds_no_safety_stop(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.reading = STOPPED
        await rig.cycles(2)
        await rig.command(Action.RUN)
        rig.miner.reading = HOT
        await rig.cycles(2)
        assert rig.actions() == [Action.RUN, Action.STOP]


async def test_an_ignored_stop_is_repeated_though_effects_may_take_hours(tmp_path) -> None:
    async with site(tmp_path, policy_of(confirm_cycles=20, interval_s=600.0)) as rig:
        await rig.cycles(3, seconds=600)
        rig.miner.obeys = False
        rig.miner.reading = HOT
        await rig.cycles(12, seconds=600)
        assert rig.actions() == [Action.STOP] * 12
        await assert_settled(rig)


async def test_sensors_that_fall_silent_do_not_end_an_overheating(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.obeys = False
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]
        rig.miner.reading = replace(RUNNING, temperatures=())
        await rig.cycles(20)
        assert Reason.OVERHEAT in rig.reasons
        assert set(rig.actions()) == {Action.STOP}
        assert len(rig.actions()) > 1


async def test_a_miner_that_is_read_only_now_and_then_is_stopped_when_it_is(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = MinerError(Reason.TIMEOUT)
        await rig.cycles()
        assert rig.actions() == []
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]
        rig.miner.reading = MinerError(Reason.TIMEOUT)
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


@pytest.mark.parametrize(
    "nonsense",
    [
        {"network_difficulty": 1e-300},
        {"network_difficulty": None},
        {"coin_price": 1e308},
        {"coin_price": 0.0},
        {"energy_price_per_kwh": 1e308},
        {"energy_price_per_kwh": -1.0},
        {"energy_price_updated_ms": 2**52},
        {"energy_price_updated_ms": -5},
        {"block_reward": None},
    ],
    ids=str,
)
async def test_nonsense_among_the_prices_keeps_nobody_from_a_stop(tmp_path, nonsense) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miner.reading = HOT
        rig.prices = replace(GOOD_PRICES, **nonsense)
        await rig.cycles(2)
        assert rig.actions() == [Action.STOP]
        assert rig.controller.view.ledger_error is None
        await assert_settled(rig)


NONSENSE = {
    "nothing": Reading(),
    "nothing but mining": Reading(mining=True),
    "hot and mining unknown": Reading(temperatures=temperatures(90.0)),
    "negative power": replace(RUNNING, power_w=-5.0),
    "negative rate": replace(RUNNING, hashrate_ths=-1.0),
    "expected rate of zero": replace(RUNNING, expected_hashrate_ths=0.0),
    "negative expected rate": replace(RUNNING, expected_hashrate_ths=-3.0),
    "huge rate and power": replace(RUNNING, hashrate_ths=1e300, power_w=1e300),
    "huge share": replace(RUNNING, best_share=1e308),
    "board named twice": replace(RUNNING, boards=(Board(index=0, hashrate_ths=50.0),) * 2),
    "sensor named twice": replace(
        RUNNING,
        temperatures=(
            Temperature(sensor="board_0", temperature_c=50.0),
            Temperature(sensor="board_0", temperature_c=60.0),
        ),
    ),
    "colder than can be": replace(RUNNING, temperatures=temperatures(-300.0)),
    "no fans": replace(RUNNING, fans_rpm=()),
    "negative shares": replace(
        RUNNING, pools=(Pool(index=0, url="x", shares_accepted=-5, shares_rejected=5),)
    ),
}
UNRECORDABLE = {
    "temperature that is no number": replace(RUNNING, temperatures=temperatures(math.nan)),
    "infinite rate": replace(RUNNING, hashrate_ths=math.inf),
    "more shares than JSON can count": replace(RUNNING, shares_stale=2**60),
    "fan faster than JSON can count": replace(RUNNING, fans_rpm=(2**60,)),
}


@pytest.mark.parametrize("what", [*NONSENSE, *UNRECORDABLE])
async def test_nonsense_from_one_miner_keeps_nobody_from_stopping_another(tmp_path, what) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miners["m2"].reading = {**NONSENSE, **UNRECORDABLE}[what]
        rig.miner.reading = HOT
        await rig.cycles(4)
        assert rig.actions() == [Action.STOP]
        assert rig.controller.view.ledger_error is None
        error = rig.controller.view.miners["m2"].telemetry.error
        assert error is (Reason.BAD_REPLY if what in UNRECORDABLE else None)
