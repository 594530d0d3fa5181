"""Stages records, applies them to the state, and commits them as one block.

Rules:

- Only the journal changes the state, and only by applying records that it stages.
- A write is one job on the ledger's thread: stage, apply, commit, with one transaction.
- When a commit fails, the state is ahead of the ledger: every read and write raises LedgerError
  until ``rebuild`` has read the state from the ledger again.
- A job that outlasts ``DEADLINE_S`` raises LedgerError here and goes on there; until it has
  ended, nothing else is asked of the ledger.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Concatenate, Final

from .clock import SteadyClock
from .ledger import Head, Ledger, LedgerError, LedgerReason, LedgerStore, RecoveryCause, Stored
from .records import Record
from .records.entry import LedgerEntry
from .state import State
from .state.rebuild import Rebuilt, rebuild

DEADLINE_S: Final = 8.0
"""The most that a job on the ledger's thread may take before it counts as failed."""


class Block:
    """The records of one commit: each changes the state as it is staged."""

    def __init__(self, store: LedgerStore, state: State, clock_ms: int | None) -> None:
        """Take the ledger's file, the state that follows from it, and what a doubted clock shows."""
        self.state = state
        self.entries: list[LedgerEntry[Any]] = []
        self._store = store
        self._clock_ms = clock_ms
        self._staged: list[Stored] = []

    @property
    def head(self) -> Head:
        """Return where the chain ends once the block is committed."""
        if not self._staged:
            return self._store.head
        return Head(self._staged[-1].seq, self._staged[-1].hash)

    def stage[R: Record](self, records: Iterable[R]) -> list[LedgerEntry[R]]:
        """Chain records, apply them and return them. Raises LedgerError, ValueError."""
        given = list(records)
        if self._clock_ms is not None:
            given = [replace(record, clock_ms=self._clock_ms) for record in given]
        stored = self._store.stage(given, self._staged)
        entries = [
            LedgerEntry(record=_as_stored(record, item.ts_ms), seq=item.seq, hash=item.hash_hex)
            for record, item in zip(given, stored, strict=True)
        ]
        for entry in entries:
            self.state.apply(entry)
        self.entries += entries
        return entries

    def commit(self) -> None:
        """Make all of it durable. Raises LedgerError."""
        self._store.commit(self._staged)


@dataclass(frozen=True, slots=True)
class Committed[T]:
    """What a write returned, and the records that it made durable."""

    result: T
    entries: Sequence[LedgerEntry[Record]]


class Journal:
    """One operator's ledger and the state that follows from it, on the ledger's thread."""

    def __init__(self, ledger: Ledger, clock: SteadyClock) -> None:
        """Take an open ledger; ``rebuild`` comes before anything else."""
        self._ledger = ledger
        self._clock = clock
        self._state: State | None = None
        self._is_ahead = False
        """Whether a commit failed since the state was read from the ledger."""
        self._recovery = ledger.recovery
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
        return await self._run(self._rebuild)

    async def read[**P, T](
        self, look: Callable[Concatenate[State, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a look at the state gives; it must not change it. Raises LedgerError."""
        return await self._run(self._read, look, *args, **kwargs)

    async def write[**P, T](
        self, fill: Callable[Concatenate[Block, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Committed[T]:
        """Let a function fill a block, and commit it. Raises LedgerError: nothing was written."""
        return await self._run(self._write, self._clock.shown_ms, fill, *args, **kwargs)

    async def upkeep[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work on the ledger's file that changes no state. Raises LedgerError."""
        if self._is_late:
            work.close()
            raise LedgerError(LedgerReason.IO_ERROR, "an earlier write has not ended")
        return await self._wait(work)

    @property
    def _is_late(self) -> bool:
        return self._late is not None and not self._late.done()

    async def _run[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on the ledger's thread. Raises LedgerError, also when that takes too long."""
        return await self.upkeep(self._ledger.run(function, *args, **kwargs))

    async def _wait[T](self, work: Coroutine[Any, Any, T]) -> T:
        job = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({job}, timeout=DEADLINE_S)
        if done:
            return job.result()
        self._late, self._is_ahead = job, True
        job.add_done_callback(_retrieve)
        raise LedgerError(LedgerReason.IO_ERROR, f"no answer within {DEADLINE_S:g} s")

    def _rebuild(self) -> tuple[Rebuilt, dict[str, int]]:
        store = self._ledger.store
        held = _holds(self._state) if self._state is not None else {}
        try:
            store.read_head_anew()
            state, rebuilt = rebuild(store.operator_id, store, store.head.seq)
        except LedgerError as err:
            if err.reason is not LedgerReason.CORRUPT:
                raise
            store.begin_segment(RecoveryCause.CORRUPT)
            state, rebuilt = rebuild(store.operator_id, store, store.head.seq)
        self._state, self._is_ahead, self._recovery = state, False, store.recovery
        return rebuilt, held

    def _read[**P, T](
        self, look: Callable[Concatenate[State, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return look(self._current(), *args, **kwargs)

    def _write[**P, T](
        self,
        clock_ms: int | None,
        fill: Callable[Concatenate[Block, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Committed[T]:
        block = Block(self._ledger.store, self._current(), clock_ms)
        try:
            result = fill(block, *args, **kwargs)
            block.commit()
        except BaseException:
            self._is_ahead = True
            raise
        return Committed(result, tuple(block.entries))

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


def _as_stored[R: Record](record: R, ts_ms: int) -> R:
    """Return a record with the time that the ledger lifted it to: the state follows the ledger."""
    return record if record.ts_ms == ts_ms else replace(record, ts_ms=ts_ms, clock_ms=record.ts_ms)
