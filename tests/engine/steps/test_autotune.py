"""Tuning a modelled BitAxe: towards its best options, never out of its limits, replayable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.records import (
    Action,
    AutotuneMode,
    AutotunePolicy,
    MinerPolicy,
    Outcome,
)
from tests.campaigns import autotune
from tests.campaigns.autotune import (
    LEVELS,
    MAX_C,
    MAX_ERROR_PCT,
    SETTLING_S,
    SiliconMiner,
    shortfall,
)

from ..rig import PRIVATE_KEY, Site, assert_replays, policy_of

CYCLE_S = 60.0


def tuned(mode: AutotuneMode) -> MinerPolicy:
    tuning = AutotunePolicy(mode=mode, max_temperature_c=MAX_C, max_error_pct=MAX_ERROR_PCT)
    return MinerPolicy(miner_id="m1", max_temperature_c=80.0, autotune=tuning)


@asynccontextmanager
async def tuning_site(
    path: Path, seed: int, mode: AutotuneMode = AutotuneMode.ACT
) -> AsyncIterator[tuple[Site[SiliconMiner], SiliconMiner]]:
    miner = SiliconMiner(seed)
    rig = Site(path / "ledger.db", {"m1": miner}, policy_of(miners=(tuned(mode),)))
    await rig.controller.start(private_key=PRIVATE_KEY)
    try:
        yield rig, miner
    finally:
        await rig.controller.stop()


async def hours(rig: Site[SiliconMiner], count: float) -> None:
    miner = rig.miners["m1"]
    for _ in range(round(count * 3600 / CYCLE_S)):
        miner.advance(CYCLE_S)
        await rig.cycles(seconds=CYCLE_S)


async def test_it_finds_the_best_options_within_the_limits(tmp_path: Path) -> None:
    async with tuning_site(tmp_path, 1) as (rig, miner):
        await hours(rig, 8)
        assert shortfall(1, miner) < 0.03
        assert miner.longest_out_s <= SETTLING_S
        names = {item.name for item in LEVELS}
        assert {item.option for item in miner.commands} <= names
        assert {item.action for item in miner.commands} == {Action.SET_LEVEL}
        sent = [item for item in await rig.records("decision") if item["authorised"]]
        assert len(sent) == len(miner.commands)
        assert all(item["evaluation"]["trust_level"] >= 2 for item in sent)
    assert_replays(tmp_path / "ledger.db")


async def test_it_only_recommends_when_told_so(tmp_path: Path) -> None:
    async with tuning_site(tmp_path, 1, AutotuneMode.RECOMMEND) as (rig, miner):
        await hours(rig, 1)
        assert miner.commands == []
        proofs = await rig.records("negative_proof")
        assert {item["rule"] for item in proofs} == {"autotune_recommends"}
        assert len(proofs) <= 6, "said again every ten minutes at most"


@pytest.mark.parametrize("mode", [AutotuneMode.OFF, AutotuneMode.OBSERVE])
async def test_it_proposes_nothing_unless_told_so(tmp_path: Path, mode: AutotuneMode) -> None:
    async with tuning_site(tmp_path, 1, mode) as (rig, miner):
        await hours(rig, 0.6)
        assert miner.commands == []
        assert await rig.records("negative_proof") == []


async def test_a_level_that_is_not_taken_is_not_tried_again(tmp_path: Path) -> None:
    async with tuning_site(tmp_path, 1) as (rig, miner):
        miner.obeys = False
        await hours(rig, 2)
        tried = [item.option for item in miner.commands]
        assert len(tried) > 0
        assert rig.view.last_receipt.record.outcome is Outcome.NOT_CONFIRMED
        assert miner.machine.mhz == 490


async def test_a_person_who_takes_over_stops_it(tmp_path: Path) -> None:
    async with tuning_site(tmp_path, 1) as (rig, miner):
        await hours(rig, 0.5)
        before = len(miner.commands)
        await rig.command(Action.SET_LEVEL, option=LEVELS[0].name)
        await hours(rig, 0.8)
        assert [item.option for item in miner.commands[before:]] == [LEVELS[0].name]


async def test_it_finds_the_best_of_other_chips_too() -> None:
    found = await autotune.autotune(n=3, seed=5)
    assert found["chips"] == 3
