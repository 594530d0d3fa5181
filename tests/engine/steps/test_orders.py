"""Orders to curtail a site: kept at once, for as long as they hold, and given back after them."""

from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.records import (
    Action,
    CurtailmentRecord,
    MiningPolicy,
    Origin,
    Strategy,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import StatusKey

from ..rig import RUNNING, STOPPED, Site, assert_replays, assert_settled, policy_of, site
from .test_planning import CHEAP, hours, planned_site
from .test_shed import MINERS, RESTORED_IN, LevelMiner, limited, over_limit, sent, status

MINUTE_MS = 60_000


def order(order_id: str = "event-1", limit_w: float | None = 4000.0, **changes: Any):
    values = {"from_ms": 0, "origin": Origin.AUTOMATION, "note": "grid", **changes}
    return CurtailmentRecord(
        ts_ms=0, subject="operator", order_id=order_id, limit_w=limit_w, **values
    )


def running(rig: Site) -> int:
    return sum(miner.reading.mining for miner in rig.miners.values())


async def three(rig: Site) -> None:
    await rig.set_policy(limited(None, sheds_over_limit=False))
    await rig.cycles(22)
    assert running(rig) == 3


async def test_an_order_is_kept_in_the_next_cycle_and_ends_by_itself(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, sheds_over_limit=False), MINERS) as rig:
        await three(rig)
        await rig.controller.order(order(until_ms=rig.now_ms + 20 * MINUTE_MS))
        assert rig.controller.view.ordered_w == 4000.0
        await rig.cycles()
        assert sent(rig) == {"m1": [Action.STOP], "m2": [Action.STOP]}
        await rig.cycles(20)
        assert status(rig, "m1").key is StatusKey.OFF_FOR_LIMIT
        assert status(rig, "m1").placeholders == {"limit_w": 4000}
        refused = await rig.command(Action.RUN, "m1")
        assert refused.rule is Reason.OVER_POWER_LIMIT
        assert running(rig) == 1
        await rig.cycles(22)
        assert rig.controller.view.orders == ()
        await rig.cycles(RESTORED_IN)
        assert running(rig) == 3
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_an_order_for_later_begins_when_it_says(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, sheds_over_limit=False), MINERS) as rig:
        await three(rig)
        await rig.controller.order(order(from_ms=rig.now_ms + 5 * MINUTE_MS))
        await rig.cycles(9)
        assert sent(rig) == {}
        assert rig.controller.view.ordered_w is None
        await rig.cycles(2)
        assert running(rig) == 1


async def test_the_lowest_of_several_orders_counts_and_the_latest_of_one(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, sheds_over_limit=False), MINERS) as rig:
        await three(rig)
        for item in (
            order("a", 7000.0),
            order("b", 4000.0),
            order("a", 9000.0),
            order("b", 4000.0),
        ):
            await rig.controller.order(item)
        assert rig.controller.view.ordered_w == 4000.0
        await rig.controller.order(order("b", None, note="over"))
        assert rig.controller.view.ordered_w == 9000.0
        await rig.cycles()
        assert running(rig) == 2


async def test_an_order_that_is_over_when_it_arrives_changes_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, sheds_over_limit=False), MINERS) as rig:
        await three(rig)
        await rig.controller.order(order(from_ms=1, until_ms=rig.now_ms - 1))
        await rig.cycles(3)
        assert rig.controller.view.orders == ()
        assert sent(rig) == {}


async def test_a_restart_days_later_still_keeps_an_open_order(tmp_path: Path) -> None:
    async with site(tmp_path, limited(None, sheds_over_limit=False), MINERS) as rig:
        await three(rig)
        await rig.controller.order(order())
        await rig.cycles(3)
        await rig.cycles(1500, seconds=600)
        await rig.restart()
        await rig.cycles(10)
        assert rig.controller.view.ordered_w == 4000.0
        assert running(rig) == 1
        await rig.controller.order(order(limit_w=None))
        await rig.cycles(RESTORED_IN)
        assert running(rig) == 3


async def test_a_preview_says_what_would_be_given_up_and_does_nothing(tmp_path: Path) -> None:
    async with over_limit(tmp_path, LevelMiner, limit_w=20_000.0) as rig:
        drawn_w, reductions = await rig.controller.preview(7000.0)
        before = len(await rig.records())
        assert drawn_w == 9750.0
        assert sum(item.from_w - item.to_w for item in reductions) >= 9750 - 7000
        assert {(item.action, item.option) for item in reductions} == {(Action.SET_LEVEL, "low")}
        assert (await rig.controller.preview(10_000.0))[1] == ()
        await rig.cycles(2)
        assert sent(rig) == {}
        assert len(await rig.records()) > before


async def test_a_plan_keeps_an_order_that_is_announced(tmp_path: Path) -> None:
    async with planned_site(tmp_path) as rig:
        rig.ahead = hours(*[CHEAP] * 24)
        from_ms = rig.now_ms + 2 * 60 * MINUTE_MS
        until_ms = from_ms + 60 * MINUTE_MS
        await rig.controller.order(order(limit_w=4000.0, from_ms=from_ms, until_ms=until_ms))
        await rig.live(10)
        (plan,) = await rig.records("plan")
        off = [
            item
            for miner in plan["miners"]
            for item in miner["segments"]
            if item.get("level") is None
        ]
        (rest,) = off
        assert rest["reason"] == "plan_limit"
        assert rest["from_ms"] <= from_ms
        assert rest["until_ms"] >= until_ms
    assert_replays(rig.path)


async def test_nothing_starts_during_an_order_that_would_break_it(tmp_path: Path) -> None:
    policy = policy_of(governor=MiningPolicy(), strategy=Strategy.THRESHOLD)
    async with site(tmp_path, policy) as rig:
        rig.miner.reading = STOPPED
        await rig.controller.order(order(limit_w=3000.0))
        await rig.cycles(30)
        assert rig.actions() == []
        assert {item["rule"] for item in await rig.records("negative_proof")} == {
            "over_power_limit"
        }
        rig.miner.reading = RUNNING  # somebody starts it at the device
        await rig.cycles(1)
        assert rig.actions() == [Action.STOP]
    assert_replays(rig.path)
