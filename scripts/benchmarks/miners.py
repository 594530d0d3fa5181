"""What our adapter costs over bare pyasic-rs: CPU for each poll.

Emulated miners run in a process of their own. Bare is a kept ``Miner`` object read with the
same fields left out; ``bare_everything`` is the same without leaving anything out. ``recorded``
is our poll with a record's canonical bytes.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import batched
from typing import Any

import aiohttp
from pyasic_rs import MinerFactory
from pyasic_rs.data import DataField, MinerData

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from custom_components.aiep_miner.engine.records import TelemetryRecord
from devtools.emulators.antminer import Antminer
from devtools.emulators.avalon import Avalon
from devtools.emulators.bitaxe import BitAxe
from devtools.emulators.luxos import LuxOs
from devtools.emulators.whatsminer_v2 import WhatsminerV2

LIMIT_RATIO = 1.4
SHELF = (BitAxe, Antminer, LuxOs, Avalon, WhatsminerV2)
WARM_UP = 3

type Poll = Callable[[], Awaitable[object]]


def hosts(count: int) -> list[str]:
    """Return loopback addresses of their own for this benchmark."""
    return [f"127.9.{number // 250}.{number % 250 + 1}" for number in range(count)]


async def serve(count: int) -> None:
    """Run the emulated miners until standard input closes; their time stands still."""
    async with AsyncExitStack() as stack:
        for number, host in enumerate(hosts(count)):
            make = SHELF[number % len(SHELF)]
            await stack.enter_async_context(make(host, clock=lambda: 0.0))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def serving(count: int) -> Iterator[None]:
    """Have the emulated miners in another process."""
    command = [sys.executable, "-m", "scripts.benchmarks.miners", "--serve", str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe
        assert process.stdout is not None  # noqa: S101 - a pipe
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the emulated miners did not start; may port 80 be bound?")
        yield
        process.stdin.close()


async def cpu_s(polls: list[Poll], rounds: int, at_once: int) -> float:
    """Return the CPU time of one poll of one miner, in s, when some are polled at once."""
    started = time.process_time()
    for _ in range(rounds):
        for some in batched(polls, at_once, strict=True):
            await asyncio.gather(*(poll() for poll in some))
    return (time.process_time() - started) / rounds / len(polls)


def recorded(miner: AsicRsMiner) -> Poll:
    """Return a poll that ends in a record's canonical bytes."""

    async def poll() -> bytes:
        record = TelemetryRecord(ts_ms=1, subject="miner", reading=await miner.poll())
        return canonical(record.body())

    return poll


async def bare(host: str, excluded: list[DataField]) -> Poll:
    """Return a poll of the library alone."""
    miner = await MinerFactory().get_miner(host)
    assert miner is not None  # noqa: S101 - it was served a moment ago

    async def poll() -> MinerData:
        return await miner.get_data(exclude=excluded)

    return poll


async def excluded_by(miner: AsicRsMiner) -> list[DataField]:
    """Return what the adapter leaves out."""
    await miner.connect()
    device = miner._device
    assert device is not None  # noqa: S101 - it has just connected
    return device.excluded


async def measure(count: int, at_once: int, rounds: int, repeats: int) -> dict[str, Any]:
    """Return figures for a number of miners; the ways take turns."""
    addresses = hosts(count)
    session = aiohttp.ClientSession()
    ours = [AsicRsMiner(host, session=session) for host in addresses]
    ways = {
        "ours": [miner.poll for miner in ours],
        "recorded": [recorded(miner) for miner in ours],
        "bare": [
            await bare(host, await excluded_by(miner))
            for host, miner in zip(addresses, ours, strict=True)
        ],
        "bare_everything": [await bare(host, []) for host in addresses],
    }
    for polls in ways.values():
        await cpu_s(polls, WARM_UP, at_once)
    runs = [
        {way: await cpu_s(polls, rounds, at_once) for way, polls in ways.items()}
        for _ in range(repeats)
    ]
    await asyncio.gather(*(miner.close() for miner in ours))
    await session.close()
    # Whatever else runs on the machine only adds to a run: the least is nearest to the truth.
    least = {way: min(run[way] for run in runs) for way in ways}
    ratio = least["ours"] / least["bare"]
    return {
        **{f"{way}_ms": seconds * 1000 for way, seconds in least.items()},
        "ratio": ratio,
        "ratio_to_everything": least["ours"] / least["bare_everything"],
        "limit": LIMIT_RATIO,
        "within": ratio <= LIMIT_RATIO,
    }


def run(quick: bool = False) -> dict[str, Any]:
    """Return the figures for 1 miner at a time, of every make in turn, and for 50 at once."""
    results = {}
    for count, at_once, rounds in ((len(SHELF), 1, 100), (50, 50, 8)):
        with serving(count):
            share = rounds // 4 if quick else rounds
            figures = asyncio.run(measure(count, at_once, share, repeats=9))
        results[f"miners_{at_once}"] = figures
    return results


def main() -> None:
    """Print the figures, or serve the miners for them."""
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
