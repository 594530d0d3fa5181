"""A clock that is set forward and back."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.clock import (
    CONFIRM_S,
    CONFIRMATIONS,
    JUMP_MS,
    STEADY_S,
    SteadyClock,
)
from custom_components.aiep_miner.engine.ledger.pages import KEEP_BLOCKS
from custom_components.aiep_miner.engine.ledger.verifier.blocks import PAGE_BLOCKS
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import GOOD_PRICES, START_MS, Site, assert_replays, policy_of, site

YEAR_MS = 365 * 86_400_000


async def test_a_clock_that_jumps_back_never_breaks_the_order(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        before = rig.now_ms
        rig.clock_off_ms = -3_600_000
        await rig.cycles(3)
        records = await rig.records()
        stamps = [item["ts"] for item in records]
        assert stamps == sorted(stamps)
        said = [item["clock_ms"] for item in records if "clock_ms" in item]
        assert len(said) == 3 * 4, "telemetry, price, profit and decision of each cycle"
        assert all(at < before for at in said)
        rig.clock_off_ms = 0
        await rig.cycles()
        assert "clock_ms" not in (await rig.records())[-1]


async def test_prices_are_not_stale_after_the_clock_was_ahead_for_a_moment(tmp_path) -> None:
    async def cycle_with_fresh_price(rig: Site) -> None:
        rig.prices = replace(GOOD_PRICES, energy_price_updated_ms=rig.now_ms)
        await rig.cycles()

    async with site(tmp_path) as rig:
        await cycle_with_fresh_price(rig)
        rig.now_ms += YEAR_MS
        await cycle_with_fresh_price(rig)
        rig.now_ms -= YEAR_MS
        for _ in range(20):
            await cycle_with_fresh_price(rig)
            assert "clock_ms" in (await rig.records("price"))[-1], "the ledger's time is ahead"
            assert rig.controller.view.divergences == ()
        rig.now_ms += 4 * 3_600_000
        await rig.cycles()
        assert [item.code for item in rig.controller.view.divergences] == [Reason.STALE_PRICE]


class Clocks:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.ticks_s = 1000.0
        self.off_ms = 0
        self.clock = SteadyClock(self.wall_ms, lambda: self.ticks_s)
        self.clock.begin(self.wall_ms())

    def wall_ms(self) -> int:
        return START_MS + round(self.ticks_s * 1000) + self.off_ms

    def after(self, seconds: float) -> int:
        """Let time pass; return by how many ms the clock is off what time has passed."""
        self.ticks_s += seconds
        return self.clock.now_ms() - START_MS - round(self.ticks_s * 1000)


@pytest.mark.parametrize("jump_ms", [JUMP_MS + 1, 3_600_000, YEAR_MS])
def test_a_jump_is_held_until_it_is_confirmed(jump_ms) -> None:
    clocks = Clocks()
    assert clocks.after(30) == 0
    clocks.off_ms = jump_ms
    for _ in range(CONFIRMATIONS):
        assert abs(clocks.after(10)) <= 1
        assert clocks.clock.is_doubtful
        assert not clocks.clock.may_prune
    clocks.after(CONFIRM_S)
    assert clocks.after(10) == jump_ms
    assert not clocks.clock.is_doubtful
    assert abs(clocks.clock.jumped_ms - jump_ms) <= 1
    assert not clocks.clock.may_prune, "for a day"
    clocks.after(STEADY_S)
    assert clocks.clock.may_prune


def test_a_clock_that_is_wrong_for_a_moment_changes_nothing() -> None:
    clocks = Clocks()
    clocks.off_ms = YEAR_MS
    for _ in range(CONFIRMATIONS):
        clocks.after(1)
    clocks.off_ms = 0
    assert abs(clocks.after(1000)) <= 1
    assert clocks.clock.jumped_ms == 0
    assert clocks.clock.may_prune


def test_a_clock_that_jumps_about_is_never_believed() -> None:
    clocks = Clocks()
    for number in range(100):
        clocks.off_ms = YEAR_MS * (1 + number % 3)
        assert abs(clocks.after(60)) <= 100
    assert clocks.clock.is_doubtful


def test_small_steps_are_followed_at_once() -> None:
    clocks = Clocks()
    clocks.off_ms = JUMP_MS - 1000
    assert clocks.after(30) == JUMP_MS - 1000
    assert not clocks.clock.is_doubtful


def test_a_start_long_after_the_last_record_does_not_prune_for_a_day() -> None:
    clocks = Clocks()
    clocks.clock.begin(clocks.wall_ms() - YEAR_MS)
    assert not clocks.clock.may_prune
    clocks.after(STEADY_S)
    assert clocks.clock.may_prune


async def test_a_person_holds_a_miner_through_a_jump(tmp_path) -> None:
    async with site(tmp_path, policy_of(person_hold_min=60.0)) as rig:
        await rig.cycles(25)
        await rig.command(Action.STOP)
        await rig.cycles(5)
        rig.clock_off_ms = YEAR_MS
        await rig.cycles(100)
        assert rig.reasons == (Reason.PERSON_HOLD,)
        assert rig.actions() == [Action.STOP]
        assert "clock_ms" not in (await rig.records())[-1], "the jump is confirmed by now"
        await rig.cycles(30)
        assert rig.actions() == [Action.STOP, Action.RUN]
    assert_replays(rig.path)


async def test_a_clock_ahead_for_a_cycle_prunes_nothing(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(PAGE_BLOCKS + KEEP_BLOCKS)
        rig.clock_off_ms = YEAR_MS
        await rig.cycles()
        while await rig.controller.maintain(30 * 86_400_000):
            pass
        rig.clock_off_ms = 0
        await rig.cycles()
        while await rig.controller.maintain(30 * 86_400_000):
            pass
        stored = await rig.controller.ledger.query(limit=10_000)
        assert [item.seq for item in stored] == list(range(1, rig.controller.ledger.head.seq + 1))
        assert rig.controller.view.divergences == ()
