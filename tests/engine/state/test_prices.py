"""Prices that cannot be true hold the rules, and need nobody to be believed again."""

from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.records import PriceRecord
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.state.prices import PriceHistory
from custom_components.aiep_miner.engine.status import StatusKey

from ..rig import GOOD_PRICES, START_MS, assert_replays, site

MINUTE_MS = 60_000
REPORTED = replace(
    GOOD_PRICES,
    energy_price_per_kwh=0.25,
    energy_price_updated_ms=START_MS,
    coin_price_updated_ms=START_MS,
    network_difficulty_updated_ms=START_MS,
)


class Told:
    """A history that is told prices minute by minute."""

    def __init__(self) -> None:
        self.history = PriceHistory()
        self.ts_ms = START_MS

    def tell(self, minutes: float = 1, base: PriceRecord = REPORTED, **prices: object) -> set[str]:
        """Tell one record some minutes after the last; return what is doubted."""
        self.ts_ms += round(minutes * MINUTE_MS)
        self.history.follow(replace(base, ts_ms=self.ts_ms, **prices))
        return set(self.history.doubts)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("energy_price_per_kwh", 0.25 * 25),
        ("energy_price_per_kwh", 0.25 / 25),
        ("energy_price_per_kwh", 0.0025),
        ("energy_price_per_kwh", -25.0),
        ("coin_price", 90_000.0 * 25),
        ("coin_price", 90_000.0 / 25),
        ("network_difficulty", 1.2e14 / 25),
        ("network_difficulty", 1.2e17),
    ],
)
def test_a_jump_is_doubted_and_accepted_when_it_stays(name: str, value: float) -> None:
    told = Told()
    assert told.tell() == set()
    assert name in told.tell(**{name: value})
    assert told.history.doubts[name].reason in (Reason.PRESENT_JUMPED, Reason.OUT_OF_BOUNDS)
    if told.history.doubts[name].reason is Reason.OUT_OF_BOUNDS:
        return
    for _ in range(29):
        assert told.tell(**{name: value}) == {name}
    assert told.tell(**{name: value}) == set()
    assert told.tell(**{name: value * 1.02}) == set()


def test_a_jump_that_goes_back_leaves_no_trace() -> None:
    told = Told()
    told.tell()
    for _ in range(20):
        assert told.tell(energy_price_per_kwh=4.0, coin_price=200_000.0)
        assert told.tell() == set()


def test_values_that_leap_about_are_not_accepted() -> None:
    told = Told()
    told.tell()
    for step in range(120):
        price = 0.001 if step % 2 else 0.00001
        assert told.tell(energy_price_per_kwh=price) == {"energy_price_per_kwh"}


@pytest.mark.parametrize(
    "prices",
    [
        [0.25, 0.0, -0.02, 0.0, 0.12, 0.38, 0.30],
        [0.30, 0.05, -0.50, 0.90, 2.0],
        [0.05, 0.60],
        [-0.01, -0.05, 0.02, 0.25],
    ],
)
def test_tariffs_that_there_are_pass_at_once(prices: list[float]) -> None:
    told = Told()
    assert all(told.tell(15, energy_price_per_kwh=price) == set() for price in prices)


def test_the_first_price_is_measured_by_what_the_coins_are_worth() -> None:
    assert Told().tell(energy_price_per_kwh=30.0) == {"energy_price_per_kwh"}
    assert Told().tell(energy_price_per_kwh=0.60) == set()
    # In yen everything is 160 times as much.
    assert Told().tell(energy_price_per_kwh=40.0, coin_price=90_000.0 * 160) == set()
    stays = Told()
    for _ in range(90):
        assert stays.tell(energy_price_per_kwh=30.0) == {"energy_price_per_kwh"}


def test_what_a_person_sets_may_jump() -> None:
    told = Told()
    told.tell(base=GOOD_PRICES)
    assert told.tell(base=GOOD_PRICES, coin_price=900_000.0, network_difficulty=1.2e12) == set()


async def test_an_implausible_price_holds_with_its_reason_and_ends_by_itself(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as rig:
        rig.prices = replace(GOOD_PRICES, energy_price_updated_ms=rig.now_ms)
        await rig.cycles(22)
        rig.prices = replace(rig.prices, energy_price_per_kwh=0.05 * 25)
        await rig.cycles(20)
        assert rig.actions() == []
        assert rig.reasons == (Reason.IMPLAUSIBLE_PRICE,)
        (divergence,) = rig.controller.view.divergences
        assert divergence.fields == ("energy_price_per_kwh",)
        assert divergence.causes == (Reason.PRESENT_JUMPED,)
        status = rig.controller.view.status("m1")
        assert status.key is StatusKey.PRICE_IMPLAUSIBLE
        assert status.placeholders == {
            "quantity": "energy_price",
            "reason": Reason.PRESENT_JUMPED,
        }
        await rig.restart()
        await rig.cycles(45)
        assert rig.controller.view.divergences == ()
        assert rig.actions()[-1] == "stop"
    assert_replays(rig.path)


async def test_an_unknown_price_names_itself(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.prices = replace(
            GOOD_PRICES, coin_price=None, faults={"coin_price": Reason.READING_INVALID}
        )
        await rig.cycles(1)
        (divergence,) = rig.controller.view.divergences
        assert (divergence.code, divergence.fields, divergence.causes) == (
            Reason.STALE_PRICE,
            ("coin_price",),
            (Reason.READING_INVALID,),
        )
