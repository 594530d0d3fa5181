"""Fifty miners of which a third hang, answer slowly, raise or flood: every stop leaves at once."""

import asyncio
import contextlib
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from custom_components.aiep_miner.engine import controller as controlling
from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.ledger import LedgerError, Note
from custom_components.aiep_miner.engine.ledger.blocks import NewBlock
from custom_components.aiep_miner.engine.ledger.store import IsWanted, Store
from custom_components.aiep_miner.engine.miners.base import Command, MinerInfo
from custom_components.aiep_miner.engine.records import Action, Origin, Outcome, Reading
from tests.engine.rig import (
    HOT,
    OPERATOR,
    PRIVATE_KEY,
    RUNNING,
    ScriptedMiner,
    Site,
    assert_settled,
    miner_policy,
    policy_of,
)

MINERS = 50
TROUBLED_EACH = 3
"""One in three misbehaves."""
WITHIN_S = 1.0
"""The most between the poll that shows a danger, or a person's command, and the stop."""
SLOW_DISK_S = (0.0, 0.0, 0.2, 0.8, 2.5)
POLL_S = 2.0
CYCLES_EVERY_S = 0.05
BATCH = 12


class Panic(BaseException):
    """What a panic in a library written in Rust is raised as."""


@dataclass
class StressedMiner(ScriptedMiner):
    """A scripted miner that may misbehave, and notes when it showed a danger and was stopped."""

    trouble: str = ""
    chance: random.Random = field(default_factory=random.Random)
    shown_s: float | None = None
    stopped_s: float | None = None

    async def connect(self) -> MinerInfo:
        return await super().connect()

    async def poll(self) -> Reading:
        await self._misbehave()
        said = await super().poll()
        if self.reading is HOT and self.shown_s is None:
            self.shown_s = time.monotonic()
        return said

    async def execute(self, command: Command) -> None:
        if command.action is Action.STOP and self.stopped_s is None:
            self.stopped_s = time.monotonic()
        await self._misbehave()
        await super().execute(command)

    async def _misbehave(self) -> None:
        match self.trouble:
            case "hangs":
                await asyncio.sleep(3600)
            case "is slow":
                await asyncio.sleep(self.chance.uniform(0.2, 1.5))
            case "raises":
                raise self.chance.choice([ZeroDivisionError, Panic, asyncio.CancelledError])


class _Stress(Site[StressedMiner]):
    """A site under stress, whose clock is the real one."""

    def _controller(self) -> Controller:
        return Controller(
            operator_id=OPERATOR,
            ledger_path=self.path,
            adapters=self.miners,
            policy=self.policy,
            clock=lambda: round(time.time() * 1000),
            on_event=self.notices.append,
            on_governor_event=self.governor_events.append,
            version="campaign",
        )


@contextmanager
def _slow_disk(chance: random.Random) -> Iterator[None]:
    """Let commits take from nothing to longer than a stop may wait."""
    write, over = Store._write, threading.Event()

    def late(store: Store, block: NewBlock, is_wanted: IsWanted) -> None:
        over.wait(chance.choice(SLOW_DISK_S))
        write(store, block, is_wanted)

    with patch.object(Store, "_write", late):
        try:
            yield
        finally:
            over.set()


@asynccontextmanager
async def _stress(chance: random.Random) -> AsyncIterator[_Stress]:
    names = [f"m{number:02}" for number in range(MINERS)]
    troubles = itertools.cycle(("hangs", "is slow", "raises", "floods"))
    miners = {
        name: StressedMiner(
            trouble=next(troubles) if number % TROUBLED_EACH == 0 else "",
            chance=random.Random(chance.random()),
        )
        for number, name in enumerate(names)
    }
    policy = policy_of(miners=tuple(miner_policy(name) for name in names))
    before = controlling.POLL_DEADLINE_S, controlling.DRAIN_S
    with tempfile.TemporaryDirectory() as folder:
        site = _Stress(Path(folder) / "ledger.db", miners, policy)
        controlling.POLL_DEADLINE_S, controlling.DRAIN_S = (POLL_S, POLL_S), 1.0
        try:
            await site.controller.start(private_key=PRIVATE_KEY)
            yield site
        finally:
            await site.controller.stop()
            controlling.POLL_DEADLINE_S, controlling.DRAIN_S = before


async def stops(n: int = 500, seed: int = 1) -> dict[str, Any]:
    """Stop ``n`` miners, in turn for safety and by a person; each within 1 s of its poll or call."""
    chance = random.Random(seed)
    waits: dict[str, list[float]] = {"safety": [], "person": []}
    async with _stress(chance) as site:
        sound = [name for name, miner in site.miners.items() if not miner.trouble]
        await site.controller.run_cycle(site.prices)
        async with _noise(site, chance):
            done = 0
            while done < n:
                batch = chance.sample(sound, min(BATCH, n - done))
                done += len(batch)
                await asyncio.gather(*(_trial(site, name, chance, waits) for name in batch))
        for _ in range(2):
            await site.controller.run_cycle(site.prices)
        await assert_settled_sound(site, set(sound))
    return {
        kind: {
            "trials": len(found),
            "median_s": round(statistics.median(found), 3),
            "longest_s": round(max(found), 3),
        }
        for kind, found in waits.items()
        if found
    }


async def _trial(
    site: _Stress, name: str, chance: random.Random, waits: dict[str, list[float]]
) -> None:
    """Let one machine overheat, or have a person stop it; then let it run again."""
    miner = site.miners[name]
    await asyncio.sleep(chance.uniform(0, 0.3))
    miner.stopped_s = miner.shown_s = None
    before = _last_receipt(site, name)
    kind = chance.choice(sorted(waits))
    if kind == "safety":
        miner.reading = HOT
        await _until(lambda: miner.stopped_s is not None)
        assert miner.shown_s is not None
        waited_s = (miner.stopped_s or 0.0) - miner.shown_s
    else:
        asked_s = time.monotonic()
        result = await site.controller.submit(site.proposal(Action.STOP, name), site.prices)
        assert result.error is None, result
        assert miner.stopped_s is not None
        waited_s = miner.stopped_s - asked_s
    waits[kind].append(waited_s)
    assert waited_s < WITHIN_S, (kind, name, waited_s)
    await _until(lambda: _rests(site, name, before))
    miner.reading = replace(RUNNING)


def _last_receipt(site: _Stress, name: str) -> int:
    """Return the seq of a miner's last receipt; 0 for none."""
    entry = site.controller.view.miners[name].last_receipt
    return entry.seq if entry else 0


def _rests(site: _Stress, name: str, before: int) -> bool:
    """Tell whether telemetry has confirmed that a machine stopped, since a receipt of old."""
    entry = site.controller.view.miners[name].last_receipt
    return entry is not None and entry.seq > before and entry.record.outcome is Outcome.CONFIRMED


async def _until(holds: Any) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - a scripted miner has no event for this
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _noise(site: _Stress, chance: random.Random) -> AsyncIterator[None]:
    """Let cycles, floods of proposals, exports and verifications go on, on a slow disk."""
    work = [_cycles(site), _exports(site), _verifications(site)]
    work += [_flood(site, name) for name, miner in site.miners.items() if miner.trouble]
    with _slow_disk(chance):
        noise = [asyncio.create_task(item) for item in work]
        try:
            yield
        finally:
            for task in noise:
                task.cancel()
            ended = await asyncio.gather(*noise, return_exceptions=True)
    failed = [item for item in ended if not isinstance(item, asyncio.CancelledError)]
    assert not failed, failed


async def _cycles(site: _Stress) -> None:
    while True:
        await site.controller.run_cycle(site.prices)
        await asyncio.sleep(CYCLES_EVERY_S)


async def _flood(site: _Stress, name: str) -> None:
    """Propose without end, as one automation for each miner that misbehaves."""
    while True:
        proposal = site.proposal(
            Action.SET_POWER, name, Origin.AUTOMATION, value=3000.0, origin_id=f"automation.{name}"
        )
        with contextlib.suppress(LedgerError):
            await site.controller.submit(proposal, site.prices)
        await asyncio.sleep(0.01)


async def _exports(site: _Stress) -> None:
    while True:
        with contextlib.suppress(LedgerError):
            note = Note.parse((await site.controller.checkpoint()).body["note"])
            async for _ in site.controller.ledger.export(note=note):
                pass
        await asyncio.sleep(0.05)


async def _verifications(site: _Stress) -> None:
    while True:
        with contextlib.suppress(LedgerError):
            await site.controller.ledger.verify()
        await asyncio.sleep(0.05)


async def assert_settled_sound(site: _Stress, sound: set[str]) -> None:
    """Check that all that was decided for miners that answer has come to its end."""
    records = site.records

    async def of_sound(*kinds: str, subject: str | None = None) -> list[dict[str, Any]]:
        return [item for item in await records(*kinds, subject=subject) if item["subject"] in sound]

    site.records = of_sound  # type: ignore[method-assign]
    await assert_settled(site)
