"""The sentence on a miner follows from the rules and names the numbers that they rest on."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Mode, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import PLACEHOLDERS, Status, StatusKey

from .rig import (
    BAD_PRICES,
    COLLAPSED,
    FAN_FAILED,
    HOT,
    RUNNING,
    STOPPED,
    Site,
    ledger_refuses,
    policy_of,
    site,
    temperatures,
)

MINUTE_MS = 60_000


def status(rig: Site) -> Status:
    """Return the first miner's sentence; check that it names what its key promises."""
    found: Status = rig.controller.view.status("m1")
    named = {
        *found.placeholders,
        *(["since"] if found.since_ms is not None else []),
        *(["until"] if found.until_ms is not None else []),
    }
    assert named == PLACEHOLDERS[found.key]
    return found


async def test_runs_with_profit(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        found = status(rig)
        assert found.key is StatusKey.RUNNING_PROFITABLE
        assert found.since_ms == rig.now_ms - 30_000
        assert found.placeholders["energy_price"] == 0.05
        assert found.placeholders["currency"] == "EUR"
        assert found.placeholders["profit_per_day"] == round(rig.view.profit.profit_per_day, 2)


async def test_off_names_the_price_below_which_it_starts(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(profit_margin_per_day=0.78)) as rig:
        rig.prices = BAD_PRICES
        await rig.cycles(8)
        off_ms = rig.now_ms
        await rig.cycles(10)
        found = status(rig)
        assert found.key is StatusKey.OFF_UNPROFITABLE
        assert found.since_ms is not None
        assert found.since_ms <= off_ms
        break_even = found.placeholders["break_even"]
        assert isinstance(break_even, float)
        # 3,250 W are 78 kWh a day: the margin of 0.78 is a cent for each.
        assert found.placeholders["start_below"] == pytest.approx(break_even - 0.01, abs=2e-4)
        rig.prices = replace(BAD_PRICES, energy_price_per_kwh=break_even - 0.0095)
        await rig.cycles(1)
        assert rig.miner.commands[-1].action is Action.STOP
        rig.prices = replace(BAD_PRICES, energy_price_per_kwh=break_even - 0.0105)
        await rig.cycles(1)
        assert rig.miner.commands[-1].action is Action.RUN


async def test_waits_for_the_dwell_time_until(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(profit_dwell_min=10.0)) as rig:
        await rig.cycles(2)
        rig.prices = BAD_PRICES
        await rig.cycles(1)
        found = status(rig)
        assert found.key is StatusKey.RUNNING_UNPROFITABLE
        assert found.until_ms == rig.now_ms + 10 * MINUTE_MS


async def test_waits_for_a_stop_to_show(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(8)
        rig.miner.obeys = False
        rig.prices = BAD_PRICES
        await rig.cycles(1)
        found = status(rig)
        assert (found.key, found.placeholders) == (StatusKey.CONFIRMING, {"action": Action.STOP})
        assert found.since_ms == rig.now_ms
        await rig.cycles(10)
        found = status(rig)
        assert (found.key, found.placeholders) == (StatusKey.NOT_OBEYED, {"action": Action.STOP})
        assert found.until_ms is not None
        assert found.until_ms > rig.now_ms


async def test_cools_down_from_its_hottest(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(cooldown_min=9.0)) as rig:
        await rig.cycles(1)
        rig.miner.reading = HOT
        await rig.cycles(1)
        hot_ms = rig.now_ms
        rig.miner.reading = replace(STOPPED, temperatures=temperatures(88.0, 70.0))
        await rig.cycles(2)
        rig.miner.reading = replace(STOPPED, temperatures=temperatures(80.0, 70.0))
        await rig.cycles(2)
        found = status(rig)
        assert found.key is StatusKey.COOLING_DOWN
        assert found.placeholders == {"from_c": 92.0, "resume_c": 75.0}
        assert found.until_ms == hot_ms + 2 * 30_000 + 9 * MINUTE_MS
        await rig.cycles(20)
        found = status(rig)
        assert found.key is StatusKey.STILL_HOT
        assert found.placeholders == {"temperature_c": 80.0, "resume_c": 75.0}


async def test_danger_is_named_while_nobody_may_stop_it(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        assert status(rig).key is StatusKey.MANUAL_RUNNING
        rig.miner.reading = HOT
        await rig.cycles(1)
        found = status(rig)
        assert found.key is StatusKey.DANGER_IN_MANUAL
        assert found.placeholders == {"reason": Reason.OVERHEAT}


async def test_a_failed_fan_keeps_it_off(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.reading = FAN_FAILED
        await rig.cycles(6)
        found = status(rig)
        assert found.key is StatusKey.OFF_IN_DANGER
        assert found.placeholders == {"reason": Reason.FAN_FAILURE}


async def test_held_by_a_person_until(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        await rig.command(Action.STOP, origin=Origin.PERSON, user_id="owner")
        sent_ms = rig.now_ms
        await rig.cycles(1)
        found = status(rig)
        assert (found.key, found.placeholders) == (StatusKey.HELD, {"user_id": "owner"})
        assert found.until_ms == sent_ms + 60 * MINUTE_MS
        await rig.restart()
        await rig.cycles(1)
        assert status(rig) == found


async def test_no_contact_since_and_why(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.reading = MinerError(Reason.AUTH_FAILED, "refused")
        await rig.cycles(1)
        lost_ms = rig.now_ms
        await rig.cycles(2)
        found = status(rig)
        assert found.key is StatusKey.NO_CONTACT
        assert found.placeholders == {"error": Reason.AUTH_FAILED}
        assert found.since_ms == lost_ms


async def test_low_hash_rate_then_restarts_until_left_alone(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(collapse_min=5.0, max_restarts_per_day=0)) as rig:
        await rig.cycles(15)
        rig.miner.reading = COLLAPSED
        await rig.cycles(1)
        found = status(rig)
        assert found.key is StatusKey.HASHRATE_LOW
        assert found.placeholders == {"hashrate_ths": 3.0, "usual_ths": 100.0}
        assert found.until_ms == rig.now_ms + 5 * MINUTE_MS
        await rig.cycles(11)
        assert status(rig).key is StatusKey.LATCHED


async def test_unknown_and_old_prices(tmp_path: Path) -> None:
    async with site(tmp_path, policy_of(price_max_age_min=60.0)) as rig:
        await rig.cycles(2)
        good = rig.prices
        rig.prices = replace(good, coin_price=None)
        await rig.cycles(1)
        assert status(rig).key is StatusKey.PRICE_UNKNOWN
        rig.prices = good
        await rig.cycles(1)
        rig.prices = replace(good, energy_price_updated_ms=rig.now_ms - 90 * MINUTE_MS)
        await rig.cycles(1)
        found = status(rig)
        assert found.key is StatusKey.PRICE_STALE
        assert found.placeholders == {"age_min": 90, "limit_min": 60}


async def test_phantom_is_left_as_it_is(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(6)
        rig.miner.reading = replace(RUNNING, power_w=30.0)
        await rig.cycles(1)
        found = status(rig)
        assert found.key is StatusKey.DOUBTFUL
        assert found.placeholders == {"reason": Reason.PHANTOM_HASHRATE}


async def test_a_ledger_that_cannot_be_written(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        with ledger_refuses():
            await rig.cycles(1)
        assert status(rig).key is StatusKey.LEDGER_OUTAGE
