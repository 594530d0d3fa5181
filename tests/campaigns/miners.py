"""Emulated miners of every make under a governed cycle: every fault, and a long run."""

import asyncio
import gc
import itertools
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from custom_components.aiep_miner.engine import controller as controlling
from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from custom_components.aiep_miner.engine.miners.base import MinerAdapter
from custom_components.aiep_miner.engine.miners.cgminer import CgminerMiner
from custom_components.aiep_miner.engine.records import (
    Action,
    Mode,
    Origin,
    Outcome,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    ReceiptRecord,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from devtools.emulators.base import Emulator, Fault, control
from devtools.emulators.cgminer import EmulatedCgminer
from devtools.emulators.fleet import MAKES
from devtools.hass_process import emulated_fleet

MINER = "miner"
PRICES = PriceRecord(
    ts_ms=0,
    subject="",
    currency="EUR",
    energy_price_per_kwh=0.05,
    coin_price=60_000.0,
    network_difficulty=1e14,
    block_reward=3.125,
)
CYCLE_S = 1.0
"""For what takes until the deadline, whatever that is."""
LIBRARY_S = 5.0
"""As long as the library itself would wait for one endpoint, at the least."""
PATIENCE_S = 20.0
"""For what is not a question of time: the machine may be busy with other things."""
FAST = 60.0

WIRE = {
    Fault.DOWN: {Reason.UNREACHABLE},
    Fault.HANG: {Reason.TIMEOUT},
    Fault.SLOW_DRIP: {Reason.TIMEOUT},
    Fault.GARBAGE: {Reason.BAD_REPLY},
    Fault.TRUNCATED: {Reason.BAD_REPLY},
    Fault.BROKEN_JSON: {Reason.BAD_REPLY},
    Fault.UNAUTHORIZED: {Reason.AUTH_FAILED, Reason.BAD_REPLY},
}
"""A cgminer that allows nobody closes the connection without a word: a bad reply."""
OPEN_READS = {
    *("luxos", "avalon", "avalon_q", "nano3s", "whatsminer_v2", "whatsminer_v3"),
    *("epic", "vnish"),
}
"""Anybody may read these makes."""
COMMAND_FAULTS = {
    Fault.WRITE_DENIED: {Outcome.FAILED, Outcome.UNKNOWN},
    Fault.IGNORE_WRITES: {Outcome.ACCEPTED},
}

_hosts = itertools.count(1)


def _host() -> str:
    number = next(_hosts)
    return f"127.{220 + os.getpid() % 20}.{number // 250}.{number % 250 + 1}"


@dataclass
class _Site:
    """One operator without Home Assistant, and a clock that can be put on."""

    folder: Path
    adapters: dict[str, MinerAdapter]
    ahead_ms: int = 0
    receipts: list[ReceiptRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller = Controller(
            operator_id="campaign",
            ledger_path=self.folder / "ledger.db",
            adapters=self.adapters,
            policy=PolicyRecord(ts_ms=0, subject="campaign", mode=Mode.MANUAL, interval_s=5.0),
            clock=lambda: round(time.time() * 1000) + self.ahead_ms,
            on_event=lambda _: None,
            on_governor_event=lambda _: None,
            version="0",
        )

    async def cycle(self) -> None:
        self.ahead_ms += 5_000
        await self.controller.run_cycle(PRICES)

    async def stop(self) -> Outcome:
        """Stop the miner as a person; return how the dispatch ended."""
        self.ahead_ms += 1_000
        proposal = ProposalRecord(
            ts_ms=0,
            subject=MINER,
            action=Action.STOP,
            origin=Origin.PERSON,
            reasons=(Reason.PERSON_COMMAND,),
            user_id="somebody",
        )
        result = await self.controller.submit(proposal, PRICES)
        assert result.receipt is not None, result
        return result.receipt.record.outcome

    @property
    def error(self) -> Reason | None:
        telemetry = self.controller.view.miners[MINER].telemetry
        assert telemetry is not None
        return telemetry.error

    @property
    def outcome(self) -> Outcome | None:
        filed = self.controller.view.miners[MINER].last_receipt
        return filed.record.outcome if filed else None


@asynccontextmanager
async def _site(adapters: dict[str, MinerAdapter]) -> AsyncIterator[_Site]:
    with tempfile.TemporaryDirectory() as folder:
        site = _Site(Path(folder), adapters)
        await site.controller.start(private_key=bytes(range(32)))
        try:
            yield site
        finally:
            await site.controller.stop()


@asynccontextmanager
async def _deadline(cycle_s: float) -> AsyncIterator[None]:
    """Shorten the deadline of a poll: loopback needs no more."""
    before = controlling.POLL_DEADLINE_S
    controlling.POLL_DEADLINE_S = (cycle_s, cycle_s)
    try:
        yield
    finally:
        controlling.POLL_DEADLINE_S = before


@asynccontextmanager
async def _rig(make: str) -> AsyncIterator[tuple[Emulator, _Site]]:
    """Run one device and a site that reads it."""
    device: Emulator
    if make == "cgminer":
        device = EmulatedCgminer(host=_host(), time_scale=FAST)
    else:
        device = MAKES[make](_host(), time_scale=FAST)
    async with device, aiohttp.ClientSession() as session, _deadline(PATIENCE_S):
        adapter: MinerAdapter
        if isinstance(device, EmulatedCgminer):
            adapter = CgminerMiner(device.host, device.port, deadline_s=PATIENCE_S)
        else:
            adapter = AsicRsMiner(device.host, session=session, poll_s=PATIENCE_S)
        async with _site({MINER: adapter}) as site:
            await site.cycle()
            assert site.error is None, site.error
            yield device, site


async def miner_faults(n: int = 3, seed: int = 1) -> dict[str, int]:
    """Try every make with every fault, ``n`` times in random order: right state, recovery."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(n):
        cases = _cases()
        chance.shuffle(cases)
        for make, fault in cases:
            async with _rig(make) as (device, site):
                if fault in WIRE:
                    await _wire_fault(make, fault, device, site)
                else:
                    await _command_fault(make, fault, device, site)
            seen[fault] += 1
    return dict(sorted(seen.items()))


def _cases() -> list[tuple[str, Fault]]:
    makes = (*MAKES, "cgminer")
    wire = [
        (make, fault)
        for make in makes
        for fault in WIRE
        if fault is not Fault.UNAUTHORIZED or make not in OPEN_READS
    ]
    commands = [(make, fault) for make in makes for fault in COMMAND_FAULTS]
    return wire + commands


async def _wire_fault(make: str, fault: Fault, device: Emulator, site: _Site) -> None:
    await device.set_fault(fault)
    started_s = time.monotonic()
    async with _deadline(CYCLE_S if WIRE[fault] == {Reason.TIMEOUT} else PATIENCE_S):
        await site.cycle()
    took_s = time.monotonic() - started_s
    assert took_s < LIBRARY_S, (make, fault, took_s)
    assert site.error in WIRE[fault], (make, fault, site.error)
    await device.set_fault(fault, active=False)
    # A request that was under way when its poll was given up still ends by its own deadline.
    async with asyncio.timeout(LIBRARY_S):
        await site.cycle()
        while site.error is not None:
            await site.cycle()
    assert site.error is None, (make, fault, site.error)
    assert device.log.writes == [], (make, fault)


async def _command_fault(make: str, fault: Fault, device: Emulator, site: _Site) -> None:
    await device.set_fault(fault)
    outcome = await site.stop()
    assert outcome in COMMAND_FAULTS[fault], (make, fault, outcome)
    sent = _commands(device)
    if outcome is not Outcome.FAILED:
        for _ in range(15):
            await site.cycle()
        assert site.outcome is Outcome.NOT_CONFIRMED, (make, fault, site.outcome)
    assert _commands(device) == sent, (make, fault, "sent again")
    await device.set_fault(fault, active=False)
    assert await site.stop() is Outcome.ACCEPTED, (make, fault)
    for _ in range(15):
        await asyncio.sleep(0.02)
        await site.cycle()
    assert site.outcome is Outcome.CONFIRMED, (make, fault, site.outcome)


def _commands(device: Emulator) -> list[str]:
    return [item.command for item in device.log.writes]


# The long run.

FLEET = 50
HANGING_EACH = 5
SOAK_POLL_S = 0.25
SOAK_CYCLE_S = 0.5
"""A sixtieth of what a cycle has by default: 15 s to poll, 30 s until the next one."""
BEAT_S = 0.002
LIMIT_BLOCKED_S = 0.05
LIMIT_GROWTH_MB = 4.0
"""In the second half of the run."""
WARM_UP = 5


class _Heart:
    """Beats on the event loop; notes the longest time that the loop was kept from it.

    What the thread waited for a processor does not count: others had it. What it waited for
    anything else does: its own work, a call that blocks, another thread with the GIL.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.longest_wall_s = 0.0
        self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

    async def beat(self) -> None:
        try:
            while True:
                started_s, queued_s = time.perf_counter(), self._queued_s()
                await asyncio.sleep(BEAT_S)
                late_s = time.perf_counter() - started_s - BEAT_S
                self.longest_wall_s = max(self.longest_wall_s, late_s)
                self.longest_s = max(self.longest_s, late_s - self._queued_s() + queued_s)
        finally:
            os.close(self._schedstat)

    def _queued_s(self) -> float:
        """Return how long the thread has been ready to run without a processor."""
        return int(os.pread(self._schedstat, 128, 0).split()[1]) / 1e9


async def soak(n: int = 2000, seed: int = 1, cycle_s: float = SOAK_CYCLE_S) -> dict[str, Any]:
    """Poll 50 miners of which one in five hangs, ``n`` cycles: deadline, loop, memory, files.

    ``cycle_s`` is the most that a cycle may take.
    """
    chance = random.Random(seed)
    makes = list(MAKES)
    hosts = {_host(): makes[number % len(makes)] for number in range(FLEET)}
    hanging = chance.sample(sorted(hosts), FLEET // HANGING_EACH)
    async with emulated_fleet(hosts) as ports, aiohttp.ClientSession() as session:
        miners: dict[str, MinerAdapter] = {
            host: AsicRsMiner(host, session=session, poll_s=PATIENCE_S) for host in hosts
        }
        async with _site(miners) as site:
            async with _deadline(PATIENCE_S):
                for _ in range(WARM_UP):
                    await site.cycle()
            assert _answered(site) == set(hosts)
            before = await _resources()
            for host in hanging:
                await control(host, ports[host], "fault", fault=Fault.HANG, active=True)
            async with _deadline(SOAK_POLL_S):
                found = await _watch(site, set(hanging), n, before)
    assert found["longest_cycle_s"] < cycle_s, found
    return found


def _answered(site: _Site) -> set[str]:
    """Return the miners that could be read in the last cycle."""
    return {
        miner_id
        for miner_id, miner in site.controller.view.miners.items()
        if miner.telemetry is not None and miner.telemetry.reading is not None
    }


async def _watch(
    site: _Site, hanging: set[str], n: int, before: dict[str, float]
) -> dict[str, Any]:
    """Run ``n`` cycles; raise AssertionError for what must hold on any machine."""
    for _ in range(WARM_UP):
        await site.cycle()
    gc.freeze()  # a full collection of what was there before is not ours to answer for
    heart = _Heart()
    beating = asyncio.create_task(heart.beat())
    cycles_s = []
    polls = 0
    half = before
    for number in range(n):
        started_s = time.monotonic()
        await site.cycle()
        cycles_s.append(time.monotonic() - started_s)
        answered = _answered(site)
        assert not answered & hanging, answered & hanging
        polls += len(answered)
        if number == n // 2:
            half = _used()
    beating.cancel()
    after = await _resources()
    found = {
        "cycles": n,
        "polls_answered": f"{polls / n / (FLEET - len(hanging)):.2%}",
        "mean_cycle_s": round(sum(cycles_s) / n, 3),
        "longest_cycle_s": round(max(cycles_s), 3),
        "loop_blocked_s": round(heart.longest_s, 4),
        "loop_blocked_wall_s": round(heart.longest_wall_s, 4),
        "files": (before["files"], after["files"]),
        "memory_mb": tuple(round(item["memory_mb"], 1) for item in (before, half, after)),
    }
    assert after["files"] <= before["files"], found
    assert after["memory_mb"] <= half["memory_mb"] + LIMIT_GROWTH_MB, found
    assert heart.longest_s < LIMIT_BLOCKED_S, found
    return found


async def _resources() -> dict[str, float]:
    gc.collect()
    await asyncio.sleep(0.2)
    return _used()


def _used() -> dict[str, float]:
    """Return the process' open files and resident memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return {
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    }
