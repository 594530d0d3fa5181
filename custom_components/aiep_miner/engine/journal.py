"""Stages records, applies them to the state, and commits them as one block.

Rules:

- Only the journal changes the state, and only by applying records that it stages.
- The state is touched on the journal's own thread, by one job at a time; the block that a job
  has filled goes to the ledger in one commit.
- When a commit fails, the state is ahead of the ledger: every read and write raises LedgerError
  until ``rebuild`` has read the state from the ledger again.
- A job that stages or folds no record for ``DEADLINE_S``, or a commit that outlasts it, raises
  LedgerError here and goes on there; until it has ended, nothing else is asked. The deadline is
  the disk's: what a large fleet takes to compute does not count as a ledger that fails.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Concatenate, Final

from .clock import SteadyClock
from .ledger import Cause, Ledger, LedgerError, LedgerReason, Staged
from .records import Record
from .records.entry import LedgerEntry
from .state import State
from .state.rebuild import Progress, Rebuilt, rebuild

DEADLINE_S: Final = 8.0
"""How long a job may get on with no record, or a commit take, before it counts as failed; for a
job that is noticed within twice this time."""


class Block:
    """The records of one commit: each changes the state as it is staged."""

    def __init__(
        self, ledger: Ledger, state: State, clock_ms: int | None, progress: Progress
    ) -> None:
        """Take the ledger, the state that follows from it, and what a doubted clock shows."""
        self.state = state
        self.entries: list[LedgerEntry[Any]] = []
        self.staged: list[Staged] = []
        self._ledger = ledger
        self._clock_ms = clock_ms
        self._progress = progress

    def stage[R: Record](self, records: Iterable[R]) -> list[LedgerEntry[R]]:
        """Give records their places, apply them and return them. Raises ValueError."""
        given = list(records)
        if self._clock_ms is not None:
            given = [replace(record, clock_ms=self._clock_ms) for record in given]
        staged = self._ledger.stage(given, self.staged)
        entries = [
            LedgerEntry(
                record=_as_staged(record, item), seq=item.entry.seq, hash=item.entry.hash_hex
            )
            for record, item in zip(given, staged, strict=True)
        ]
        for entry in entries:
            self.state.apply(entry)
        self.entries += entries
        self.staged += staged
        self._progress.records += len(entries)
        return entries


@dataclass(frozen=True, slots=True)
class Committed[T]:
    """What a write returned, and the records that it made durable."""

    result: T
    entries: Sequence[LedgerEntry[Record]]


class Journal:
    """One operator's state, and what is appended to the ledger that it follows from."""

    def __init__(self, ledger: Ledger, clock: SteadyClock) -> None:
        """Take an open ledger; ``rebuild`` comes before anything else."""
        self._ledger = ledger
        self._clock = clock
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="aiep_miner_journal")
        self._is_closed = False
        self._state: State | None = None
        self._is_ahead = False
        """Whether a commit failed since the state was read from the ledger."""
        self._recovery = ledger.recovery
        self._progress = Progress()
        self._late: asyncio.Future[Any] | None = None
        """A job that has outlasted its deadline."""

    @property
    def needs_rebuild(self) -> bool:
        """Tell whether the state may not be what follows from the ledger."""
        return self._state is None or self._is_ahead or self._ledger.recovery is not self._recovery

    async def rebuild(self) -> tuple[Rebuilt, dict[str, int]]:
        """Read the state from the ledger; return from where, and until when people held miners.

        A ledger that cannot be read is set aside, and a new segment begins. Raises LedgerError.
        """
        self._check_idle()
        held = _holds(self._state) if self._state is not None else {}
        now_ms = self._clock.now_ms()
        try:
            await self._ledger.catch_up(now_ms)
            state, rebuilt = await self._read_state()
        except LedgerError as err:
            if err.reason is not LedgerReason.CORRUPT:
                raise
            await self._ledger.begin_segment(Cause.CORRUPT, now_ms)
            state, rebuilt = await self._read_state()
        self._state, self._is_ahead = state, False
        self._recovery = self._ledger.recovery
        return rebuilt, held

    async def _read_state(self) -> tuple[State, Rebuilt]:
        operator_id, upto_seq = self._ledger.operator_id, self._ledger.head.seq
        reading = self._ledger.read_first(
            lambda reader: rebuild(operator_id, reader, upto_seq, self._progress)
        )
        return await self._wait(asyncio.ensure_future(reading))

    async def read[**P, T](
        self, look: Callable[Concatenate[State, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a look at the state gives; it must not change it. Raises LedgerError."""
        return await self._run(partial(look, self._current(), *args, **kwargs))

    async def write[**P, T](
        self, fill: Callable[Concatenate[Block, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Committed[T]:
        """Let a function fill a block, and commit it. Raises LedgerError: nothing was written."""
        block = Block(self._ledger, self._current(), self._clock.shown_ms, self._progress)
        self._is_ahead = True
        result = await self._run(partial(fill, block, *args, **kwargs))
        if block.staged:
            appending = self._ledger.append_staged(block.staged, deadline_s=DEADLINE_S)
            job = asyncio.ensure_future(appending)
            await self._end_of(job)
            job.result()
        self._is_ahead = False
        return Committed(result, tuple(block.entries))

    async def upkeep[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work on the ledger's file that changes no state. Raises LedgerError."""
        try:
            self._check_idle()
        except LedgerError:
            work.close()
            raise
        return await self._wait(asyncio.ensure_future(work))

    def close(self) -> None:
        """End the thread, after what is under way."""
        self._is_closed = True
        self._executor.shutdown(wait=False)

    def _check_idle(self) -> None:
        """Raise LedgerError once closed, and while something hangs that was asked for before."""
        if self._is_closed:
            raise LedgerError(LedgerReason.CLOSED, "the journal is closed")
        if self._ledger.is_hanging or (self._late is not None and not self._late.done()):
            raise LedgerError(LedgerReason.IO_ERROR, "an earlier write has not ended")

    async def _run[T](self, job: Callable[[], T]) -> T:
        """Run a job on the journal's thread. Raises LedgerError, also when that takes too long."""
        self._check_idle()
        return await self._wait(asyncio.wrap_future(self._executor.submit(job)))

    async def _wait[T](self, job: asyncio.Future[T]) -> T:
        """Wait for a job that gets on. Raises LedgerError when it does not; it then still runs."""
        seen: int | None = None
        while not job.done() and seen != self._progress.records:
            seen = self._progress.records
            await self._end_of(job, DEADLINE_S)
        if job.done():
            return job.result()
        self._late, self._is_ahead = job, True
        job.add_done_callback(_retrieve)
        raise LedgerError(LedgerReason.IO_ERROR, f"no answer within {DEADLINE_S:g} s")

    async def _end_of(self, job: asyncio.Future[Any], timeout_s: float | None = None) -> None:
        """Wait for a job; one that is given up is waited for before anything else is asked."""
        try:
            await asyncio.wait({job}, timeout=timeout_s)
        except asyncio.CancelledError:
            self._late = job
            job.add_done_callback(_retrieve)
            raise

    def _current(self) -> State:
        """Return the state. Raises LedgerError while it does not follow from the ledger."""
        if self._state is None or self.needs_rebuild:
            raise LedgerError(LedgerReason.IO_ERROR, "the state is to be rebuilt first")
        return self._state


def _retrieve(job: asyncio.Future[Any]) -> None:
    """Take note of how a late job ended: the next rebuild finds out what it wrote."""
    if not job.cancelled():
        job.exception()


def _holds(state: State) -> dict[str, int]:
    """Return until when people hold miners, by miner id."""
    return {
        miner_id: miner.hold_until_ms
        for miner_id, miner in state.miners.items()
        if miner.hold_until_ms is not None
    }


def _as_staged[R: Record](record: R, staged: Staged) -> R:
    """Return a record with the time that the ledger lifted it to: the state follows the ledger."""
    ts_ms = staged.entry.ts_ms
    return record if record.ts_ms == ts_ms else replace(record, ts_ms=ts_ms, clock_ms=record.ts_ms)
