"""Step one of the cycle: reads the miners.

Every read is a task of its own with a deadline of its own: an adapter that hangs, raises or
panics costs its own miner and no other. Two that want to read a miner at the same time share
one read.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Final

from .miners.base import MinerAdapter, MinerError, MinerInfo
from .records import Reading
from .records.reasons import Reason

_LOGGER = logging.getLogger(__name__)

POLLS_AT_ONCE: Final = 128
GATHER_S: Final = 2.0
"""What was read is governed after this time, though others have not answered."""
URGENT_GATHER_S: Final = 0.05
"""The same once a machine looks endangered: two that overheat together share a commit."""

type Polls = Mapping[str, Reading | Reason]
"""What each miner said, or why it could not be read."""


class Poller:
    """Reads miners, and knows what they can do."""

    def __init__(self, adapters: Mapping[str, MinerAdapter]) -> None:
        """Take the adapters by miner id."""
        self.infos: dict[str, MinerInfo] = {}
        self._adapters = adapters
        self._lost: set[str] = set()
        self._gate = asyncio.Semaphore(POLLS_AT_ONCE)
        self._reading: dict[str, asyncio.Task[Reading | Reason]] = {}

    async def poll(self, miner_id: str, deadline_s: float) -> Reading | Reason:
        """Return what a miner says, or why it could not be read within ``deadline_s``."""
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
        pending = {
            asyncio.create_task(self.poll(miner_id, deadline_s)): miner_id
            for miner_id in sorted(miners)
        }
        loop = asyncio.get_running_loop()
        found: dict[str, Reading | Reason] = {}
        urgent = False
        until_s = loop.time() + GATHER_S
        while pending:
            timeout_s = max(0.0, until_s - loop.time())
            done, _ = await asyncio.wait(
                pending, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                miner_id, said = pending.pop(task), task.result()
                found[miner_id] = said
                if not urgent and isinstance(said, Reading) and is_endangered(miner_id, said):
                    urgent, until_s = True, min(until_s, loop.time() + URGENT_GATHER_S)
            if loop.time() >= until_s and pending:
                if found:
                    yield found
                found, urgent, until_s = {}, False, loop.time() + GATHER_S
        if found:
            yield found

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
            _LOGGER.exception("The adapter of %s failed unexpectedly", miner_id)
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
        return reading


async def _outcome(task: asyncio.Task[Reading | Reason], deadline_s: float) -> Reading | Reason:
    """Return what a read gives; one that outlasts its deadline is ended, and not waited for."""
    done, _ = await asyncio.wait({task}, timeout=deadline_s)
    if not done:
        task.cancel()
        return Reason.TIMEOUT
    return Reason.TIMEOUT if task.cancelled() else task.result()
