"""Miners give up power while the site is above its limit, and get it back when there is room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.governor.hard_rules import RESTARTS_PER_HOUR
from custom_components.aiep_miner.engine.miners.base import Capabilities, Command, MinerError
from custom_components.aiep_miner.engine.records import (
    Action,
    DeviceLevel,
    MiningPolicy,
    Mode,
    PolicyRecord,
    Reading,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import StatusKey

from ..rig import (
    BAD_PRICES,
    EVERYTHING,
    GOOD_PRICES,
    RUNNING,
    STOPPED,
    ScriptedMiner,
    Site,
    assert_replays,
    assert_settled,
    miner_policy,
    policy_of,
    site,
)

MINERS = ("m1", "m2", "m3")
LEVELS = (
    DeviceLevel(name="low", power_w=1600.0, hashrate_ths=60.0),
    DeviceLevel(name="high", power_w=3250.0, hashrate_ths=100.0),
)
RESTORED_IN = 30
"""Cycles of 30 s in which all three miners have had time to get their power back."""


def limited(limit_w: float | None, **changes: Any) -> PolicyRecord:
    """Return a policy under which miners give up power above a limit."""
    governor = MiningPolicy(max_power_watts=limit_w)
    miners = tuple(miner_policy(miner_id) for miner_id in MINERS)
    return policy_of(**{"sheds_over_limit": True, "governor": governor, "miners": miners} | changes)


@dataclass
class LevelMiner(ScriptedMiner):
    """A miner with two levels."""

    reading: Any = field(default_factory=lambda: replace(RUNNING, level="high"))
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            actions=frozenset({*EVERYTHING, Action.SET_LEVEL}), levels=LEVELS, level_change_s=30.0
        )
    )

    def _obey(self, command: Command) -> None:
        assert isinstance(self.reading, Reading)
        if command.action is Action.SET_LEVEL:
            level = next(item for item in LEVELS if item.name == command.option)
            self.reading = replace(
                self.reading,
                level=level.name,
                mining=True,
                power_w=level.power_w,
                hashrate_ths=level.hashrate_ths,
            )
            return
        super()._obey(command)


@dataclass
class PowerMiner(ScriptedMiner):
    """A miner that takes power limits between 1,000 and 3,600 W."""

    reading: Any = field(default_factory=lambda: replace(RUNNING, power_limit_w=3250.0))
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            actions=EVERYTHING, power_min_w=1000.0, power_max_w=3600.0
        )
    )

    def _obey(self, command: Command) -> None:
        assert isinstance(self.reading, Reading)
        if command.action is Action.SET_POWER and command.value is not None:
            share = command.value / 3250.0
            self.reading = replace(
                self.reading,
                power_w=command.value,
                power_limit_w=command.value,
                hashrate_ths=100.0 * share,
            )
            return
        super()._obey(command)


@asynccontextmanager
async def over_limit(
    path: Path, kind: type[ScriptedMiner] = ScriptedMiner, limit_w: float = 7000.0, **changes: Any
) -> AsyncIterator[Site]:
    """Run three miners of 3,250 W for a while, then set a limit for the site."""
    rig = Site(path / "ledger.db", {name: kind() for name in MINERS}, limited(None, **changes))
    await rig.controller.start()
    try:
        await rig.cycles(22)
        await rig.set_policy(limited(limit_w, **changes))
        yield rig
    finally:
        await rig.controller.stop()


def drawn_w(rig: Site) -> float:
    return sum(miner.reading.power_w for miner in rig.miners.values())


def status(rig: Site, miner_id: str) -> Any:
    return rig.controller.view.status(miner_id)


def sent(rig: Site) -> dict[str, list[Action]]:
    return {name: actions for name in MINERS if (actions := rig.actions(name))}


async def test_nothing_is_given_up_unless_the_operator_wants_it(tmp_path: Path) -> None:
    async with over_limit(tmp_path, sheds_over_limit=False) as rig:
        await rig.cycles(5)
        assert sent(rig) == {}
        assert await rig.records("divergence") == []


async def test_the_least_valuable_is_stopped_at_once_and_all_is_on_record(tmp_path: Path) -> None:
    async with over_limit(tmp_path) as rig:
        rig.miners["m2"].reading = replace(RUNNING, hashrate_ths=95.0)
        await rig.cycles()
        assert sent(rig) == {"m2": [Action.STOP]}
        assert drawn_w(rig) < 7000
        (proposal,) = await rig.records("proposal")
        assert (proposal["origin"], proposal["reasons"]) == ("planner", ["site_limit_exceeded"])
        (decision,) = [item for item in await rig.records("decision") if item["authorised"]]
        assert decision["subject"] == "m2"
        assert decision["evidence"]["proposal"] == proposal["hash"]
        await rig.cycles(2)
        begun, ended = await rig.records("divergence", subject="operator")
        assert (begun["code"], begun["value"], begun["limit"]) == (
            "site_limit_exceeded", 9750.0, 7000.0,
        )  # fmt: skip
        assert decision["evidence"]["divergences"] == [begun["hash"]]
        assert not ended["active"]
        assert await rig.outcomes() == ["accepted", "confirmed"]
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_what_brought_the_site_above_its_limit_is_named(tmp_path: Path) -> None:
    async with site(tmp_path, limited(7000.0), MINERS) as rig:
        rig.miners["m3"].reading = STOPPED
        await rig.cycles(22)
        assert await rig.records("divergence") == []
        rig.miners["m1"].reading = replace(RUNNING, power_w=3800.0)
        await rig.cycles()
        (begun,) = await rig.records("divergence")
        assert begun["miners"] == ["m1"]


async def test_one_that_does_not_obey_is_named_and_another_follows(tmp_path: Path) -> None:
    async with over_limit(tmp_path) as rig:
        rig.miners["m1"].obeys = False
        await rig.cycles()
        assert sent(rig) == {"m1": [Action.STOP]}
        await rig.cycles(2)
        assert sent(rig) == {"m1": [Action.STOP]}, "it has the time that firmware needs"
        await rig.cycles(2)
        assert sent(rig) == {"m1": [Action.STOP], "m2": [Action.STOP]}
        await rig.cycles(3)
        named = [item["miners"] for item in await rig.records("divergence") if "miners" in item]
        assert named == [["m1"]]
        assert drawn_w(rig) < 7000
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_a_lower_level_goes_before_a_stop_and_is_given_back(tmp_path: Path) -> None:
    async with over_limit(tmp_path, LevelMiner, limit_w=8500.0) as rig:
        await rig.cycles()
        assert sent(rig) == {"m1": [Action.SET_LEVEL]}
        assert rig.miners["m1"].commands[0].option == "low"
        assert drawn_w(rig) <= 8500
        await rig.cycles(12)
        assert status(rig, "m1").key is StatusKey.REDUCED_FOR_LIMIT
        assert status(rig, "m1").placeholders == {"limit_w": 8500, "power_w": 1600}
        await rig.set_policy(limited(10_100.0))
        await rig.cycles(10)
        assert [item.option for item in rig.miners["m1"].commands] == ["low", "high"]
        (*_, last) = await rig.records("proposal")
        assert (last["origin"], last["reasons"]) == ("planner", ["site_limit_room"])
        await rig.cycles(12)
        assert status(rig, "m1").key is StatusKey.RUNNING_PROFITABLE
    assert_replays(rig.path)


async def test_a_level_that_shows_no_effect_is_not_waited_for_as_long_as_for_a_boot(
    tmp_path: Path,
) -> None:
    async with over_limit(tmp_path, LevelMiner, limit_w=8500.0) as rig:
        rig.miners["m1"].obeys = False
        await rig.cycles(6)
        assert sent(rig) == {"m1": [Action.SET_LEVEL], "m2": [Action.SET_LEVEL]}
        assert drawn_w(rig) <= 8500
    assert_replays(rig.path)


async def test_a_power_limit_is_lowered_by_what_is_needed_and_given_back(tmp_path: Path) -> None:
    async with over_limit(tmp_path, PowerMiner, limit_w=9000.0) as rig:
        await rig.cycles()
        (command,) = [item for miner in rig.miners.values() for item in miner.commands]
        assert command.action is Action.SET_POWER
        assert command.value == 3250 - (9750 - 9000 * 0.99)
        await rig.set_policy(limited(10_100.0))
        await rig.cycles(RESTORED_IN)
        assert [item.value for item in rig.miners["m1"].commands] == [2410.0, 3250.0]
    assert_replays(rig.path)


async def test_stopped_ones_start_again_one_after_the_other(tmp_path: Path) -> None:
    async with over_limit(tmp_path, limit_w=3500.0) as rig:
        await rig.cycles()
        assert sent(rig) == {"m1": [Action.STOP], "m2": [Action.STOP]}
        await rig.cycles(15)
        assert status(rig, "m1").key is StatusKey.OFF_FOR_LIMIT
        assert status(rig, "m1").placeholders == {"limit_w": 3500}
        await rig.set_policy(limited(12_000.0))
        running = []
        for _ in range(RESTORED_IN):
            await rig.cycles()
            running.append(sum(miner.reading.mining for miner in rig.miners.values()))
        # Ten minutes after they were stopped the first starts, the second two minutes later.
        assert [running.count(number) for number in (1, 2, 3)] == [4, 4, 22]
        proposals = await rig.records("proposal")
        assert [item["reasons"] for item in proposals[2:]] == [["site_limit_room"]] * 2
        await assert_settled(rig)
    assert_replays(rig.path)


async def test_it_stays_off_while_there_is_too_little_room(tmp_path: Path) -> None:
    async with over_limit(tmp_path, limit_w=9740.0) as rig:
        await rig.cycles(60)
        assert sent(rig) == {"m1": [Action.STOP]}, "noise of a reading must not start it"
        assert await rig.records("negative_proof") == []


async def test_one_that_no_longer_pays_stays_off(tmp_path: Path) -> None:
    async with over_limit(tmp_path) as rig:
        await rig.cycles(3)
        rig.prices = BAD_PRICES
        await rig.cycles(15)
        assert status(rig, "m1").key is StatusKey.OFF_UNPROFITABLE
        assert all(actions == [Action.STOP] for actions in sent(rig).values())
        rig.prices = GOOD_PRICES
        await rig.set_policy(limited(None))
        await rig.cycles(RESTORED_IN)
        assert all(miner.reading.mining for miner in rig.miners.values())
    assert_replays(rig.path)


async def test_a_miner_that_a_person_took_over_comes_last(tmp_path: Path) -> None:
    async with over_limit(tmp_path) as rig:
        rig.miners["m1"].reading = replace(RUNNING, hashrate_ths=95.0)
        await rig.command(Action.FAULT_LIGHT, "m1", option="on")
        await rig.command(Action.SET_POWER, "m1", value=3250.0, user_id="user")
        await rig.cycles(4)
        assert "m1" not in {
            item["subject"] for item in await rig.records("proposal") if item["origin"] == "planner"
        }
        await rig.set_policy(limited(1000.0))
        await rig.cycles()
        assert Action.STOP in rig.actions("m1")


async def test_a_person_may_start_it_where_there_is_room(tmp_path: Path) -> None:
    async with over_limit(tmp_path) as rig:
        await rig.cycles(3)
        refused = await rig.command(Action.RUN, "m1")
        assert refused.rule is Reason.OVER_POWER_LIMIT
        await rig.set_policy(limited(12_000.0))
        assert (await rig.command(Action.RUN, "m1")).rule is None
        await rig.cycles(RESTORED_IN)
        assert rig.actions("m1") == [Action.STOP, Action.RUN]
        assert status(rig, "m1").key is StatusKey.HELD
    assert_replays(rig.path)


async def test_in_manual_mode_it_ends_in_negative_proofs(tmp_path: Path) -> None:
    async with over_limit(tmp_path, mode=Mode.MANUAL) as rig:
        await rig.cycles(10)
        assert sent(rig) == {}
        proofs = await rig.records("negative_proof")
        assert {item["rule"] for item in proofs} == {"manual_mode"}
        assert len(proofs) == 3, "said again every ten minutes at most"
    assert_replays(rig.path)


async def test_a_reduction_that_is_refused_is_followed_by_a_stop(tmp_path: Path) -> None:
    rig = Site(tmp_path / "ledger.db", {"m1": LevelMiner()}, limited(None))
    await rig.controller.start()
    try:
        await rig.cycles(22)
        # More restarts of firmware within an hour are refused by the governor.
        for number in range(RESTARTS_PER_HOUR):
            await rig.command(Action.SET_LEVEL, option=LEVELS[number % 2].name)
            await rig.cycles(2)
        await rig.cycles(12)
        await rig.controller.hand_back("m1", None)
        await rig.set_policy(limited(2000.0))
        await rig.cycles()
        planned = [item for item in await rig.records("proposal") if item["origin"] == "planner"]
        assert [item["action"] for item in planned] == ["set_level", "stop"]
        (proof,) = await rig.records("negative_proof")
        assert (proof["action"], proof["rule"]) == ("set_level", "restart_rate")
        assert rig.miner.reading.mining is False
        await assert_settled(rig)
    finally:
        await rig.controller.stop()
    assert_replays(rig.path)


async def test_a_restart_days_later_still_knows_what_to_give_back(tmp_path: Path) -> None:
    async with over_limit(tmp_path, LevelMiner, limit_w=8500.0) as rig:
        await rig.cycles(5)
        await rig.cycles(300, seconds=600)
        await rig.restart()
        await rig.cycles(12)
        assert status(rig, "m1").key is StatusKey.REDUCED_FOR_LIMIT
        await rig.set_policy(limited(12_000.0))
        await rig.cycles(3)
        assert [item.option for item in rig.miners["m1"].commands] == ["low", "high"]
    assert_replays(rig.path)


@pytest.mark.parametrize("obeys", [True, False])
async def test_a_miner_that_falls_silent_counts_for_five_minutes(
    tmp_path: Path, obeys: bool
) -> None:
    """One that cannot be reached cannot be stopped: the others make room as long as it may draw."""
    async with site(tmp_path, limited(7000.0), MINERS) as rig:
        rig.miners["m3"].reading = STOPPED
        await rig.cycles(22)
        rig.miners["m1"].reading = MinerError(Reason.UNREACHABLE)
        await rig.set_policy(limited(6000.0))
        rig.miners["m2"].obeys = obeys
        await rig.cycles(2)
        assert sent(rig) == {"m2": [Action.STOP]}
        await rig.cycles(12)
        last = (await rig.records("divergence", subject="operator"))[-1]
        assert last["active"] is False
