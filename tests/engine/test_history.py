"""Whatever happens to a site: every decision ends once, and the ledger replays."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace

import pytest

from custom_components.aiep_miner.engine import controller
from custom_components.aiep_miner.engine.command_result import CommandResult
from custom_components.aiep_miner.engine.ledger import LedgerError
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import (
    Action,
    MiningPolicy,
    Mode,
    Origin,
    RecordKind,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import (
    BAD_PRICES,
    COLLAPSED,
    DISPATCHED,
    FAN_FAILED,
    GOOD_PRICES,
    HOT,
    RUNNING,
    ScriptedMiner,
    Site,
    assert_replays,
    assert_settled,
    ledger_refuses,
    policy_of,
    site,
)

MINERS = ("m1", "m2")
HOUR_MS = 3_600_000
SITE_MAXIMUM = MiningPolicy(max_power_watts=6000.0)
ODD_RATES = (
    COLLAPSED,
    replace(RUNNING, hashrate_ths=45.0),
    replace(RUNNING, hashrate_ths=None),
)
REFUSED = (
    RecordKind.RECEIPT,
    RecordKind.DECISION,
    RecordKind.TELEMETRY,
    RecordKind.NEGATIVE_PROOF,
    RecordKind.PROFIT,
)


@dataclass
class Life:
    """A site to which things happen by chance."""

    rig: Site
    chance: random.Random
    refused: set[RecordKind] = field(default_factory=set)
    """The kinds of record that the ledger cannot write now."""
    waiting: list[asyncio.Task[CommandResult]] = field(default_factory=list)
    """Commands whose answer nobody waits for."""

    @property
    def some_miner(self) -> ScriptedMiner:
        return self.rig.miners[self.chance.choice(MINERS)]


async def nothing_happens(life: Life) -> None:
    """Let some time pass, as after every step."""


async def a_miner_overheats(life: Life) -> None:
    life.some_miner.reading = HOT


async def a_miner_runs(life: Life) -> None:
    life.some_miner.reading = RUNNING


async def a_miner_falls_silent(life: Life) -> None:
    life.some_miner.reading = MinerError(Reason.TIMEOUT)


async def a_fan_fails(life: Life) -> None:
    life.some_miner.reading = FAN_FAILED


async def a_hash_rate_is_odd(life: Life) -> None:
    life.some_miner.reading = life.chance.choice(ODD_RATES)


async def a_miner_changes_its_obedience(life: Life) -> None:
    miner = life.some_miner
    miner.obeys = not miner.obeys


async def a_miner_changes_its_refusal(life: Life) -> None:
    miner = life.some_miner
    miner.refusal = None if miner.refusal else MinerError(Reason.REFUSED)


async def a_miner_becomes_slow(life: Life) -> None:
    miner = life.some_miner
    miner.gate = miner.gate or asyncio.Event()


async def the_slow_answer(life: Life) -> None:
    for miner in life.rig.miners.values():
        if miner.gate is not None:
            miner.gate.set()
            miner.gate = None


async def prices_change(life: Life) -> None:
    life.rig.prices = life.chance.choice((GOOD_PRICES, BAD_PRICES))


async def the_clock_goes_forward(life: Life) -> None:
    life.rig.now_ms += life.chance.choice((3, 200)) * HOUR_MS


async def the_clock_goes_back(life: Life) -> None:
    life.rig.now_ms -= HOUR_MS


async def the_ledger_fails(life: Life) -> None:
    life.refused.add(life.chance.choice(REFUSED))


async def the_ledger_works(life: Life) -> None:
    life.refused.clear()


async def the_site_restarts(life: Life) -> None:
    await the_slow_answer(life)
    await life.rig.controller.stop()
    life.refused.clear()
    await life.rig.revive()


async def the_process_is_killed(life: Life) -> None:
    life.refused.clear()
    await life.rig.crash()


async def the_policy_changes(life: Life) -> None:
    trust = life.chance.choice((1, 2, 3))
    governor = replace(SITE_MAXIMUM, min_trust_for_action=trust)
    policy = policy_of(mode=life.chance.choice(list(Mode)), governor=governor)
    await life.rig.set_policy(policy)


async def somebody_commands(life: Life) -> None:
    command = life.rig.command(
        life.chance.choice((Action.RUN, Action.STOP, Action.SET_POWER)),
        life.chance.choice(MINERS),
        life.chance.choice((Origin.PERSON, Origin.AUTOMATION)),
        value=3000.0,
    )
    if any(miner.gate for miner in life.rig.miners.values()):
        life.waiting.append(asyncio.create_task(command))
    else:
        await command


async def a_miner_is_handed_back(life: Life) -> None:
    await life.rig.controller.hand_back("m1", None)


STEPS: dict[Callable[[Life], Awaitable[None]], int] = {
    nothing_happens: 10,
    a_miner_overheats: 8,
    a_miner_runs: 12,
    a_miner_falls_silent: 4,
    a_fan_fails: 4,
    a_hash_rate_is_odd: 4,
    a_miner_changes_its_obedience: 2,
    a_miner_changes_its_refusal: 2,
    a_miner_becomes_slow: 3,
    the_slow_answer: 3,
    prices_change: 6,
    the_clock_goes_forward: 2,
    the_clock_goes_back: 3,
    the_ledger_fails: 4,
    the_ledger_works: 2,
    the_site_restarts: 4,
    the_process_is_killed: 2,
    the_policy_changes: 5,
    somebody_commands: 17,
    a_miner_is_handed_back: 3,
}
"""What can happen, and how often in a hundred."""


async def live(life: Life, steps: int) -> None:
    """Let things happen, with a few cycles after each; a ledger that works ends it."""
    with ledger_refuses(life.refused):
        for step in life.chance.choices(list(STEPS), list(STEPS.values()), k=steps):
            with suppress(LedgerError) if life.refused else nullcontext():
                await step(life)
            await life.rig.cycles(life.chance.randint(1, 4), life.chance.choice((7, 30, 61)))
    await the_slow_answer(life)
    await life.rig.cycles(3)
    await asyncio.gather(*life.waiting, return_exceptions=True)
    await life.rig.restart()


@pytest.mark.parametrize("seed", range(2))
async def test_any_history_settles_and_replays(tmp_path, seed, monkeypatch) -> None:
    monkeypatch.setattr(controller, "PROMPT_S", 0.01)
    async with site(tmp_path, policy_of(governor=SITE_MAXIMUM), MINERS) as rig:
        await live(Life(rig, random.Random(seed)), steps=160)
        await assert_settled(rig)
        outcomes = set(await rig.outcomes())
        proofs = await rig.records("negative_proof")
        decisions = len(await rig.records("decision"))
    assert outcomes & DISPATCHED
    assert outcomes - DISPATCHED
    assert proofs
    report = assert_replays(rig.path)
    assert report.matched + report.late == decisions
