"""Simulated miners with prepared answers, on a clock moved by hand: what benchmarks measure with.

The simulation's own work falls between the cycles, so that a cycle's figures do not contain it.
"""

from typing import Final

from custom_components.aiep_miner.engine.miners.base import Command, MinerAdapter, MinerInfo
from custom_components.aiep_miner.engine.records import Reading

BEGIN_S: Final = 1_800_000_000


class ManualClock:
    """A site's time, moved by hand."""

    def __init__(self, step_s: int) -> None:
        """Begin at a fixed moment; each step has so many seconds."""
        self._now_s = BEGIN_S
        self._step_s = step_s

    def advance(self) -> None:
        """Let one step pass."""
        self._now_s += self._step_s

    def seconds(self) -> float:
        """Return the time in seconds."""
        return float(self._now_s)

    def milliseconds(self) -> int:
        """Return the time in ms since the epoch."""
        return self._now_s * 1000


class ReadyMiner:
    """A miner with a prepared answer, so that a poll costs nothing."""

    def __init__(self, miner: MinerAdapter) -> None:
        """Wrap a miner."""
        self._miner = miner
        self._reading: Reading | None = None
        self.commands = 0

    async def prepare(self) -> None:
        """Poll the miner; the answer is that of later polls."""
        self._reading = await self._miner.poll()

    async def connect(self) -> MinerInfo:
        """Return what the miner is."""
        return await self._miner.connect()

    async def poll(self) -> Reading:
        """Return the prepared answer."""
        if self._reading is None:
            await self.prepare()
        assert self._reading is not None
        return self._reading

    async def execute(self, command: Command) -> None:
        """Pass a command on, and count it."""
        self.commands += 1
        await self._miner.execute(command)

    async def close(self) -> None:
        """Close the miner."""
        await self._miner.close()
