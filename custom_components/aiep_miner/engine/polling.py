"""Step one of the cycle: reads the miners.

Every read is a task of its own with a deadline of its own: an adapter that hangs, raises or
panics affects its own miner and no other. Two callers that read a miner at the same time share
one read.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from .miners.base import MinerAdapter, MinerError, MinerInfo
from .records import Reading
from .records.reasons import Reason

_LOGGER = logging.getLogger(__name__)

POLLS_AT_ONCE: Final = 128
GATHER_S: Final = 2.0
"""After this time what was read is governed, although other miners have not answered."""
URGENT_GATHER_S: Final = 0.05
"""The same once a machine looks endangered: two that overheat together share a commit."""

type Polls = Mapping[str, Reading | Reason]
"""Miner id to its reading, or to why it could not be read."""


class Poller:
    """Reads miners, and keeps their identity and capabilities."""

    def __init__(self, adapters: Mapping[str, MinerAdapter]) -> None:
        """Take the adapters by miner id."""
        self.infos: dict[str, MinerInfo] = {}
        self._adapters = adapters
        self._lost: set[str] = set()
        self._failed: set[str] = set()
        """Miners whose adapter failed unexpectedly, and was logged, since they were read last."""
        self._gate = asyncio.Semaphore(POLLS_AT_ONCE)
        self._reading: dict[str, asyncio.Task[Reading | Reason]] = {}

    async def poll(self, miner_id: str, deadline_s: float) -> Reading | Reason:
        """Return a miner's reading, or why it could not be read within ``deadline_s``."""
        task = self._reading.get(miner_id)
        if task is None:
            async with self._gate:
                task = self._reading.get(miner_id) or self._begin(miner_id)
                return await _outcome(task, deadline_s)
        return await _outcome(task, deadline_s)

    async def slices(
        self,
        miners: Iterable[str],
        deadline_s: float,
        is_endangered: Callable[[str, Reading], bool],
    ) -> AsyncIterator[dict[str, Reading | Reason]]:
        """Read miners at once; yield all that was read, in one dict unless some are slow.

        A machine that looks endangered waits ``URGENT_GATHER_S`` for others, any other
        ``GATHER_S``.
        """
        ids = sorted(miners)
        unread = iter(ids)
        found: dict[str, Reading | Reason] = {}
        due = asyncio.Event()
        """A machine looks endangered, or all have been read."""

        async def read() -> None:
            for miner_id in unread:
                said = found[miner_id] = await self.poll(miner_id, deadline_s)
                if isinstance(said, Reading) and is_endangered(miner_id, said):
                    due.set()

        # A few tasks that take one miner after another: a task for each of a thousand miners,
        # and a wait for all of them, would hold the event loop up.
        reads = asyncio.gather(*(read() for _ in ids[:POLLS_AT_ONCE]))
        reads.add_done_callback(lambda _: due.set())
        while found or not reads.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await due.wait()
            if due.is_set():
                await asyncio.wait({reads}, timeout=URGENT_GATHER_S)
            due.clear()
            if found:
                slice_, found = found, {}
                yield slice_
        reads.result()

    async def close(self) -> None:
        """End the reads that are under way, without waiting for an adapter that hangs."""
        for task in self._reading.values():
            task.cancel()
        if self._reading:
            await asyncio.wait(self._reading.values(), timeout=1.0)

    def _begin(self, miner_id: str) -> asyncio.Task[Reading | Reason]:
        task = asyncio.create_task(self._read(miner_id))
        self._reading[miner_id] = task
        task.add_done_callback(lambda _: self._reading.pop(miner_id, None))
        return task

    async def _read(self, miner_id: str) -> Reading | Reason:
        try:
            return await self._connect_and_poll(miner_id)
        except MinerError as err:
            return err.reason
        except TimeoutError:
            return Reason.TIMEOUT
        except KeyboardInterrupt, SystemExit:  # the process' own end
            raise
        except asyncio.CancelledError:
            return Reason.TIMEOUT
        except BaseException:  # also a panic of a library written in Rust
            if miner_id not in self._failed:
                _LOGGER.exception("The adapter of %s failed unexpectedly", miner_id)
            self._failed.add(miner_id)
            return Reason.BAD_REPLY

    async def _connect_and_poll(self, miner_id: str) -> Reading:
        """Read one miner, identifying it first when it is new or was lost; raises MinerError."""
        adapter = self._adapters[miner_id]
        was_lost = miner_id in self._lost
        self._lost.add(miner_id)
        if was_lost or miner_id not in self.infos:
            self.infos[miner_id] = await adapter.connect()
        reading = await adapter.poll()
        self._lost.discard(miner_id)
        self._failed.discard(miner_id)
        return reading


async def _outcome(task: asyncio.Task[Reading | Reason], deadline_s: float) -> Reading | Reason:
    """Return the result of a read; one that outlasts its deadline is cancelled, not waited for."""
    done, _ = await asyncio.wait({task}, timeout=deadline_s)
    if not done:
        task.cancel()
        return Reason.TIMEOUT
    return Reason.TIMEOUT if task.cancelled() else task.result()
