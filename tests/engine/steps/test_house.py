"""Miners follow the sun and the heat that is wanted, within what the plan leaves open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.miners.base import Capabilities, Command
from custom_components.aiep_miner.engine.records import (
    Action,
    InputRecord,
    PolicyRecord,
    Strategy,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import PLACEHOLDERS, StatusKey
from custom_components.aiep_miner.engine.steps.planning import SunAhead

from ..rig import (
    EVERYTHING,
    GOOD_PRICES,
    PRIVATE_KEY,
    STOPPED,
    Site,
    assert_replays,
    assert_settled,
    miner_policy,
    policy_of,
)
from .test_shed import LEVELS, LevelMiner

DEAR, FEED_IN = 0.25, 0.01
HIGH_W, LOW_W = 3250.0, 1600.0


@dataclass
class House:
    """A house with sun and a battery, on whose meter the miners' power shows at once."""

    sun_w: float = 0.0
    load_w: float = 0.0
    battery_w: float | None = None
    battery_pct: float | None = None
    room_c: float | None = None
    heat_price: float | None = None
    grid_fault: Reason | None = None
    meter_factor: float = 1.0

    def said(self, drawn_w: float) -> InputRecord:
        grid_w = (drawn_w + self.load_w - self.sun_w - (self.battery_w or 0.0)) * self.meter_factor
        return InputRecord(
            ts_ms=0,
            subject="",
            grid_w=None if self.grid_fault else grid_w,
            battery_w=self.battery_w,
            battery_pct=self.battery_pct,
            feed_in_price_per_kwh=FEED_IN,
            room_c=self.room_c,
            wanted_c=None if self.room_c is None else 21.0,
            heat_price_per_kwh=self.heat_price,
            faults={"grid_w": self.grid_fault} if self.grid_fault else {},
        )


@dataclass
class SunMiner(LevelMiner):
    """A miner that starts at the level that it is told."""

    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            actions=frozenset({*EVERYTHING, Action.SET_LEVEL}),
            levels=LEVELS,
            level_change_s=30.0,
            level_restarts=True,
        )
    )

    def _obey(self, command: Command) -> None:
        super()._obey(command)
        if command.action is Action.RUN and command.option is not None:
            super()._obey(replace(command, action=Action.SET_LEVEL))


class SunnySite(Site[Any]):
    """A site in a house, planned anew every quarter of an hour."""

    house = House()
    sun: SunAhead | None = None
    passed = 0

    async def live(self, minutes: float) -> None:
        for _ in range(round(minutes * 2)):
            self.passed += 1
            self.now_ms += 30_000
            drawn_w = sum(miner.reading.power_w for miner in self.miners.values())
            await self.controller.run_cycle(self.prices, self.house.said(drawn_w))
            if self.passed % 30 == 3:
                assert await self.controller.plan(None, self.sun)

    @property
    def status(self) -> Any:
        found = self.controller.view.status("m1")
        named = {*found.placeholders}
        named |= {"since"} if found.since_ms is not None else set()
        named |= {"until"} if found.until_ms is not None else set()
        assert named == PLACEHOLDERS[found.key]
        return found


def sunny(**changes: Any) -> PolicyRecord:
    miner = miner_policy(heat_share_pct=changes.pop("heat_share_pct", 0.0))
    values = {"strategy": Strategy.PLAN, "min_run_min": 10.0, "min_idle_min": 10.0}
    return policy_of(**{**values, "miners": (miner,), **changes})


@asynccontextmanager
async def sunny_site(
    path: Path, kind: type[LevelMiner] = SunMiner, **changes: Any
) -> AsyncIterator[SunnySite]:
    rig = SunnySite(path / "ledger.db", {"m1": kind()}, sunny(**changes))
    rig.prices = replace(GOOD_PRICES, energy_price_per_kwh=DEAR)
    rig.house = House()
    rig.miners["m1"].reading = replace(STOPPED, level="high")
    await rig.controller.start(private_key=PRIVATE_KEY)
    try:
        yield rig
    finally:
        await rig.controller.stop()
    assert_replays(rig.path)


async def test_it_follows_the_sun_up_and_down(tmp_path: Path) -> None:
    async with sunny_site(tmp_path) as rig:
        await rig.live(15)
        assert rig.actions() == []
        found = rig.status
        assert found.key is StatusKey.WAITING_FOR_SURPLUS
        assert (found.placeholders["needed_w"], found.placeholders["surplus_w"]) == (LOW_W, 0)
        rig.house.sun_w = 2000.0
        await rig.live(2)
        assert [(item.action, item.option) for item in rig.miner.commands] == [(Action.RUN, "low")]
        await rig.live(2)
        assert rig.status.key is StatusKey.PLAN_ON_SURPLUS
        rig.house.sun_w = 4000.0
        await rig.live(7)
        assert rig.miner.commands[-1].option == "high"
        rig.house.sun_w = 2000.0
        await rig.live(2)
        assert rig.miner.reading.level == "high"  # a cloud of two minutes changes nothing
        await rig.live(3)
        assert rig.miner.reading.level == "low"
        rig.house.sun_w = 0.0
        await rig.live(12)
        assert rig.actions()[-1] is Action.STOP
        proposals = await rig.records("proposal")
        assert {item["origin"] for item in proposals} == {"planner"}
        assert [reason for item in proposals for reason in item["reasons"]] == [
            *("surplus_rose", "surplus_rose", "surplus_fell", "surplus_fell")
        ]
        await assert_settled(rig)


async def test_firmware_that_starts_at_the_level_of_before_waits_for_as_much_sun(
    tmp_path: Path,
) -> None:
    async with sunny_site(tmp_path, LevelMiner) as rig:
        rig.house.sun_w = 2000.0
        await rig.live(15)
        assert rig.actions() == []
        rig.house.sun_w = 3500.0
        await rig.live(3)
        assert [(item.action, item.option) for item in rig.miner.commands] == [(Action.RUN, None)]


async def test_what_a_device_claims_of_its_levels_is_enough_to_begin_with(tmp_path: Path) -> None:
    unknown = miner_policy(nominal_hashrate_ths=None, nominal_power_w=None)
    async with sunny_site(tmp_path, miners=(unknown,)) as rig:
        await rig.live(3)
        assert rig.status.key is StatusKey.WAITING_FOR_SURPLUS
        rig.house.sun_w = 2000.0
        await rig.live(12)
        assert [(item.action, item.option) for item in rig.miner.commands] == [(Action.RUN, "low")]


async def test_a_minimum_run_is_not_broken_for_a_cloud(tmp_path: Path) -> None:
    async with sunny_site(tmp_path, min_run_min=60.0) as rig:
        rig.house.sun_w = 5000.0
        await rig.live(30)
        assert rig.miner.reading.level == "high"
        rig.house.sun_w = 0.0
        await rig.live(15)
        assert rig.miner.reading.level == "low"
        assert rig.miner.reading.mining


async def test_a_battery_below_its_floor_comes_first_and_is_never_drawn_on(tmp_path: Path) -> None:
    async with sunny_site(tmp_path) as rig:
        rig.house = House(sun_w=4000.0, battery_w=-4000.0, battery_pct=30.0)
        await rig.live(15)
        assert rig.actions() == []
        rig.house.battery_pct = 60.0
        await rig.live(3)
        assert rig.actions() == [Action.RUN]
        # The charge gives way to the miner, and then the battery fills the gap of a cloud.
        rig.house = House(sun_w=4000.0, battery_w=-750.0, battery_pct=60.0)
        await rig.live(8)
        rig.house = House(sun_w=1700.0, battery_w=1550.0, battery_pct=60.0)
        await rig.live(0.5)
        assert rig.miner.commands[-1].option == "low"


async def test_heat_that_is_wanted_lets_it_run_at_a_loss(tmp_path: Path) -> None:
    async with sunny_site(tmp_path, heat_share_pct=100.0) as rig:
        rig.house = House(room_c=19.0, heat_price=0.24)
        await rig.live(12)
        assert rig.actions() == [Action.RUN]
        await rig.live(20)
        found = rig.status
        assert found.key is StatusKey.PLAN_WITH_HEAT
        assert found.placeholders["heat_price"] == 0.24
        rig.house.room_c = 21.5
        await rig.live(5)
        assert rig.actions() == [Action.RUN, Action.STOP]
        (*_, stop) = await rig.records("proposal")
        assert stop["reasons"] == ["heat_ended"]


async def test_the_forecast_is_planned_with(tmp_path: Path) -> None:
    async with sunny_site(tmp_path) as rig:
        begin = rig.now_ms + 2 * 3_600_000
        rig.sun = SunAhead(
            from_ms=(begin, begin + 4 * 3_600_000), powers_w=(5000.0, 0.0), house_w=300.0
        )
        await rig.live(5)
        (plan,) = await rig.records("plan")
        surplus_w = plan["inputs"]["surplus_w"]
        assert surplus_w[0] == 0.0
        assert max(surplus_w) == pytest.approx(4700, abs=100)
        assert surplus_w[-1] == pytest.approx(-300, abs=1)
        reasons = [item["reason"] for item in plan["miners"][0]["segments"]]
        assert reasons == ["plan_below_break_even", "plan_on_surplus", "plan_below_break_even"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"grid_fault": Reason.UNREACHABLE}, Reason.UNREACHABLE),
        ({"grid_fault": Reason.READING_STALE}, Reason.READING_STALE),
        ({"meter_factor": 1000.0}, Reason.PRESENT_JUMPED),
    ],
)
async def test_without_a_surplus_that_is_believed_it_is_left_as_it_is(
    tmp_path: Path, change: dict[str, Any], reason: Reason
) -> None:
    async with sunny_site(tmp_path) as rig:
        rig.house.sun_w = 5000.0
        await rig.live(22)
        assert rig.miner.reading.mining
        count = len(rig.miner.commands)
        rig.house = replace(rig.house, sun_w=3000.0, **change)
        await rig.live(5)
        found = rig.status
        assert (found.key, found.placeholders) == (StatusKey.SURPLUS_UNKNOWN, {"reason": reason})
        (begun,) = [item for item in await rig.records("divergence") if item["active"]]
        assert (begun["code"], begun["causes"]) == ("input_doubted", [reason])
        assert len(rig.miner.commands) == count
        # The next plan reckons with no sun and stops it.
        await rig.live(15)
        assert rig.actions()[-1] is Action.STOP
        rig.house = House(sun_w=5000.0)
        await rig.live(30)
        assert rig.miner.reading.mining


async def test_a_jump_that_stays_is_accepted(tmp_path: Path) -> None:
    async with sunny_site(tmp_path) as rig:
        rig.house.load_w = 300.0
        await rig.live(20)
        rig.house.load_w = 40_000.0
        await rig.live(20)
        assert "grid_w" in rig.controller.view.house.faults
        await rig.live(12)
        assert rig.controller.view.house.faults == {}
        assert rig.controller.view.house.surplus_w == -40_000.0
