"""Miners follow a plan over the prices ahead: made beside the loop, recorded, governed, replayed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.records import (
    Action,
    MiningPolicy,
    Mode,
    PolicyRecord,
    Strategy,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import PLACEHOLDERS, StatusKey
from custom_components.aiep_miner.engine.steps.planning import (
    MAX_AGE_MS,
    STEP_MS,
    STEPS_PER_DAY,
    PricesAhead,
)

from ..rig import (
    GOOD_PRICES,
    PRIVATE_KEY,
    START_MS,
    STOPPED,
    Site,
    assert_replays,
    assert_settled,
    miner_policy,
    policy_of,
)
from .test_shed import LevelMiner, ScriptedMiner

CHEAP, DEAR = 0.02, 0.25
HOUR_MS = 3_600_000
FIRST_MS = START_MS - START_MS % STEP_MS + STEP_MS
"""Begin of the first step that is planned."""


def planned(**changes: Any) -> PolicyRecord:
    miners = tuple(miner_policy(name) for name in ("m1", "m2"))
    return policy_of(**{"strategy": Strategy.PLAN, "interval_s": 60.0, "miners": miners} | changes)


def hours(*prices: float, begin_ms: int = FIRST_MS) -> PricesAhead:
    """Return hourly prices."""
    return PricesAhead(
        from_ms=tuple(begin_ms + n * HOUR_MS for n in range(len(prices))),
        prices_per_kwh=prices,
        until_ms=begin_ms + len(prices) * HOUR_MS,
    )


CHEAP_THEN_DEAR = hours(*[CHEAP] * 3, *[DEAR] * 6, *[CHEAP] * 15)


class PlannedSite(Site[Any]):
    """A site whose present price is the published one, planned anew every hour."""

    ahead: PricesAhead | None = CHEAP_THEN_DEAR
    fixed = CHEAP

    async def live(self, minutes: int) -> None:
        for minute in range(minutes):
            published = self.ahead.at(self.now_ms + 60_000) if self.ahead else self.fixed
            price = CHEAP if published is None else published
            self.prices = replace(
                GOOD_PRICES,
                energy_price_per_kwh=price,
                energy_price_updated_ms=None if self.ahead is None else self.now_ms + 60_000,
            )
            await self.cycles(seconds=60)
            if minute % 60 == 2:
                assert await self.controller.plan(self.ahead)


@asynccontextmanager
async def planned_site(
    path: Path, kind: type[ScriptedMiner] = ScriptedMiner, **changes: Any
) -> AsyncIterator[PlannedSite]:
    rig = PlannedSite(path / "ledger.db", {n: kind() for n in ("m1", "m2")}, planned(**changes))
    await rig.controller.start(private_key=PRIVATE_KEY)
    try:
        yield rig
    finally:
        await rig.controller.stop()


def status(rig: Site[Any]) -> Any:
    found = rig.controller.view.status("m1")
    named = {*found.placeholders}
    named |= {"since"} if found.since_ms is not None else set()
    named |= {"until"} if found.until_ms is not None else set()
    assert named == PLACEHOLDERS[found.key]
    return found


async def test_it_stops_for_the_dear_hours_and_starts_again(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        await rig.live(30)
        found = status(rig)
        assert found.key is StatusKey.PLAN_PAYS
        assert found.until_ms == FIRST_MS + 3 * HOUR_MS
        await rig.live(180)
        assert rig.actions("m1") == rig.actions("m2") == [Action.STOP]
        stop = next(item for item in await rig.records("proposal") if item["action"] == "stop")
        assert (stop["origin"], stop["reasons"]) == ("planner", ["plan_below_break_even"])
        plans = {item["seq"]: item for item in await rig.records("plan")}
        decision = next(item for item in await rig.records("decision") if item["action"] == "stop")
        assert decision["evidence"]["plan"] in plans
        assert decision["evaluation"]["actionable"]
        found = status(rig)
        assert found.key is StatusKey.PLAN_BELOW_BREAK_EVEN
        assert found.until_ms == FIRST_MS + 9 * HOUR_MS
        assert found.placeholders["energy_price"] == DEAR
        await rig.live(360)
        assert rig.actions("m1") == [Action.STOP, Action.RUN]
        await assert_settled(rig)
    report = assert_replays(rig.path)
    assert report.plans == len(plans) + 6


async def test_what_is_not_published_is_guessed_and_less_certain(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(CHEAP, CHEAP, CHEAP, DEAR)
        await rig.live(10)
        (plan,) = await rig.records("plan")
        inputs = plan["inputs"]
        assert inputs["guessed_from"] == 16
        assert len(inputs["energy_prices_per_kwh"]) == STEPS_PER_DAY
        assert set(inputs["energy_prices_per_kwh"][16:]) == {CHEAP}
        segments = plan["miners"][0]["segments"]
        assert [item.get("guessed", False) for item in segments][-1] is True
        assert inputs["price"] in {item["hash"] for item in await rig.records("price")}


async def test_the_day_before_is_repeated_beyond_what_is_published(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(*[CHEAP, DEAR] * 12, begin_ms=FIRST_MS - 12 * HOUR_MS)
        await rig.live(5)
        (plan,) = await rig.records("plan")
        prices = plan["inputs"]["energy_prices_per_kwh"]
        assert plan["inputs"]["guessed_from"] == 48
        assert prices[48:] == prices[:48] == ([CHEAP] * 4 + [DEAR] * 4) * 6


async def test_a_fixed_price_is_known_for_good(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead, rig.fixed = None, DEAR
        await rig.live(30)
        assert rig.reasons == (Reason.MINIMUM_TIME,)
        assert status(rig).until_ms == START_MS + 60_000 + 30 * 60_000
        await rig.live(5)
        assert rig.actions("m1") == [Action.STOP]
        (plan, *_) = await rig.records("plan")
        assert "guessed_from" not in plan["inputs"]
    assert_replays(rig.path)


async def test_without_a_plan_nothing_is_changed(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.prices = replace(GOOD_PRICES, energy_price_per_kwh=DEAR)
        await rig.cycles(30)
        assert rig.actions("m1") == []
        assert status(rig).key is StatusKey.PLAN_MISSING


async def test_an_old_plan_is_not_followed(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(*[CHEAP] * 10, *[DEAR] * 14)
        await rig.live(5)
        for _ in range(100):
            rig.prices = replace(rig.prices, energy_price_updated_ms=rig.now_ms + 300_000)
            await rig.cycles(seconds=300)
        assert rig.now_ms - START_MS > MAX_AGE_MS
        assert rig.actions("m1") == []
        assert status(rig).key is StatusKey.PLAN_MISSING


async def test_no_plan_is_made_of_prices_that_are_not_believed(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        await rig.live(10)
        rig.prices = replace(GOOD_PRICES, energy_price_per_kwh=None)
        await rig.cycles(2)
        assert not await rig.controller.plan(CHEAP_THEN_DEAR)
        assert len(await rig.records("plan")) == 1
        assert rig.reasons == (Reason.STALE_PRICE,)


async def test_a_level_is_chosen_by_its_price(tmp_path: Path) -> None:
    # At the high level the last 1,650 W bring 40 TH/s, at the low one 1,600 W bring 60 TH/s.
    async with planned_site(tmp_path, LevelMiner) as rig:
        rig.ahead = hours(*[CHEAP] * 2, *[0.058] * 22)
        await rig.live(150)
        assert [(item.action, item.option) for item in rig.miners["m1"].commands] == [
            (Action.SET_LEVEL, "low")
        ]
        assert rig.miners["m1"].reading.level == "low"
    assert_replays(rig.path)


async def test_the_limit_is_shared_by_value(tmp_path: Path) -> None:
    async with planned_site(tmp_path, governor=MiningPolicy(max_power_watts=4000.0)) as rig:
        rig.ahead = hours(*[CHEAP] * 24)
        rig.miners["m2"].reading = STOPPED
        await rig.live(30)
        assert rig.actions("m1") == rig.actions("m2") == []
        (plan,) = await rig.records("plan")
        reasons = {item["miner_id"]: item["segments"][0]["reason"] for item in plan["miners"]}
        assert reasons == {"m1": "plan_pays", "m2": "plan_limit"}
        assert rig.controller.view.status("m2").key is StatusKey.PLAN_LIMIT


async def test_a_person_and_manual_mode_go_first(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(*[DEAR] * 24)
        await rig.command(Action.RUN, "m2", user_id="user")
        await rig.live(40)
        assert rig.actions("m1") == [Action.STOP]
        assert rig.actions("m2") == [Action.RUN]
        await rig.set_policy(planned(mode=Mode.MANUAL))
        rig.ahead = hours(*[CHEAP] * 24)
        await rig.live(70)
        assert rig.actions("m1") == [Action.STOP]
        (proof, *_) = await rig.records("negative_proof", subject="m1")
        assert (proof["action"], proof["rule"]) == ("run", "manual_mode")
    assert_replays(rig.path)


async def test_a_restart_keeps_the_plan_in_force(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(*[CHEAP] * 10, *[DEAR] * 14)
        await rig.live(60)
        for _ in range(30):
            rig.prices = replace(rig.prices, energy_price_updated_ms=rig.now_ms + 300_000)
            await rig.cycles(seconds=300)
        await rig.restart()
        await rig.cycles(2)
        assert status(rig).key is StatusKey.PLAN_PAYS
    assert_replays(rig.path)


@pytest.mark.parametrize("fresh", [True, False])
async def test_confidence_falls_with_the_age_of_the_plan(tmp_path: Path, fresh: bool) -> None:
    async with planned_site(tmp_path) as rig:
        await rig.live(10)
        for _ in range(16):
            rig.prices = replace(rig.prices, energy_price_updated_ms=rig.now_ms + 720_000)
            await rig.cycles(seconds=720)
            if fresh:
                await rig.controller.plan(CHEAP_THEN_DEAR)
        (stop, *_) = await rig.records("proposal", subject="m1")
        assert stop["action"] == "stop"
        assert (stop["confidence"] > 0.93) is fresh
        assert 0.8 < stop["confidence"] < 0.95
