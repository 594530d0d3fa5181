"""The ledger as the event loop uses it: a thread that writes, others that read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from pathlib import Path
from typing import Any, Self

from ..records import Record, RecordKind
from . import export, retention, signing, stillness
from .errors import LedgerError, LedgerReason
from .model import Head, Query, Recovery, RecoveryCause, Stored
from .readers import Reader, Readers
from .store import LedgerStore
from .verify import Fault, Report
from .walk import Walk


class Ledger:
    """One operator's ledger. Nothing here blocks the event loop.

    What changes the file runs on one thread, in the order in which it was asked for; a call
    that is cancelled while it waits may still be carried out there. What only reads has
    connections and threads of its own, sees what was committed when it began, and holds up
    no commit.
    """

    def __init__(self, executor: ThreadPoolExecutor, store: LedgerStore) -> None:
        """Take an opened store and the thread it was opened on; see ``open``."""
        self.store = store
        """For functions given to ``run``: it belongs to the ledger's thread."""
        self._executor = executor
        self._readers = Readers()
        self._is_closed = False

    @classmethod
    async def open(cls, path: Path, operator_id: str, *, known_head: Head | None = None) -> Self:
        """Open a ledger, or create it with its folder; see ``LedgerStore.open``.

        Raises LedgerError.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aiep_miner_ledger")
        opening = executor.submit(LedgerStore.open, path, operator_id, known_head=known_head)
        try:
            store = await asyncio.shield(asyncio.wrap_future(opening))
        except BaseException:
            if not opening.done():  # cancelled: whoever waits no longer cannot close it
                executor.submit(lambda: opening.result().close())
            executor.shutdown(wait=False)
            raise
        return cls(executor, store)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.store.path

    @property
    def operator_id(self) -> str:
        """Whose ledger it is."""
        return self.store.operator_id

    @property
    def head(self) -> Head:
        """The last record's seq and hash."""
        return self.store.head

    @property
    def last_ts_ms(self) -> int:
        """The last record's time; 0 for an empty ledger."""
        return self.store.last_ts_ms

    @property
    def count(self) -> int:
        """How many records the chain has."""
        return self.store.head.seq

    @property
    def recovery(self) -> Recovery | None:
        """Why a new segment began since the ledger was opened; None if none did."""
        return self.store.recovery

    @property
    def fault(self) -> Fault | None:
        """What was wrong with the head when the ledger was opened, against the known one."""
        return self.store.fault

    async def run[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on the ledger's thread; raises LedgerError when that is closed."""
        if self._is_closed:
            raise LedgerError(LedgerReason.CLOSED, "the ledger is closed")
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def append(self, records: Sequence[Record]) -> tuple[Stored, ...]:
        """Append all records in one transaction; see ``LedgerStore.append``."""
        return await self.run(self.store.append, records)

    def _reading(self) -> AbstractAsyncContextManager[tuple[Reader[LedgerStore], LedgerStore]]:
        """Open the file for reading, for as long as the block runs."""
        return self._readers.reader(self._open_read_only)

    def _open_read_only(self) -> LedgerStore:
        return LedgerStore.open_read_only(self.path, self.operator_id)

    async def get(self, seq: int) -> Stored | None:
        """Return one record. Raises LedgerError."""
        async with self._reading() as (reader, store):
            return await reader.run(store.get, seq)

    async def get_by_hash(
        self, hash_hex: str, *, kinds: Sequence[RecordKind] = (), to_seq: int | None = None
    ) -> Stored | None:
        """Return the record with a hash, looked for from the newest (or ``to_seq``) back.

        Hashes have no index: the kind, and a seq close after it, make it quick. Raises
        LedgerError, and ValueError when the text is no hash.
        """
        query = Query(kinds=kinds, to_seq=to_seq, hash_hex=hash_hex, limit=1, newest_first=True)
        return next(iter(await self._query(query)), None)

    async def latest(self, kind: RecordKind, subject: str | None = None) -> Stored | None:
        """Return the newest record of a kind (and subject). Raises LedgerError."""
        query = Query(kinds=(kind,), subject=subject, limit=1, newest_first=True)
        return next(iter(await self._query(query)), None)

    async def query(
        self,
        *,
        kinds: Sequence[RecordKind] = (),
        subject: str | None = None,
        from_seq: int | None = None,
        to_seq: int | None = None,
        from_ts: int | None = None,
        to_ts: int | None = None,
        limit: int = 1000,
        newest_first: bool = False,
    ) -> tuple[Stored, ...]:
        """Return the records that match all filters; bounds are included, times in ms.

        Raises LedgerError.
        """
        query = Query(
            kinds=kinds,
            subject=subject,
            from_seq=from_seq,
            to_seq=to_seq,
            from_ts=from_ts,
            to_ts=to_ts,
            limit=limit,
            newest_first=newest_first,
        )
        return await self._query(query)

    async def _query(self, query: Query) -> tuple[Stored, ...]:
        """Look through one span after the other, so that other readers come in between."""
        found: list[Stored] = []
        async with self._reading() as (reader, store):
            for span in await reader.run(lambda: list(store.spans(query))):
                found.extend(await reader.run(store.select, query, span, query.limit - len(found)))
                if len(found) >= query.limit:
                    break
        return tuple(found)

    async def verify(
        self,
        *,
        heads: Sequence[Head] = (),
        key: bytes | None = None,
        state: dict[str, Any] | None = None,
        progress: Callable[[dict[str, Any], int], None] = lambda _state, _count: None,
        pause_s: float = 0.0,
    ) -> Report:
        """Verify the chain in small steps, between which appends and cycles go on.

        ``heads`` are known from outside and ``key`` is the operator's public key. ``progress``
        gets, after each step, a state (plain JSON types, its ``seq`` tells how far) and the
        number of records; with that ``state`` a later call goes on where this one was left.
        Raises LedgerError when the file cannot be read at all, or not now.
        """
        begin = partial(self._begin_walk, heads, key, state)
        async with self._readers.reader(begin) as (reader, walk):
            while not await reader.run(walk.step):
                progress(walk.chain.state(), max(self.count, walk.chain.seq))
                await asyncio.sleep(pause_s)
            return walk.report()

    def _begin_walk(
        self, heads: Sequence[Head], key: bytes | None, state: dict[str, Any] | None
    ) -> Walk:
        with closing(self._open_read_only()) as store:
            return Walk.begin(store, heads, key, state)

    async def maintain(self, now_ms: int, keep_ms: int) -> bool:
        """Do one step of housekeeping; see ``retention.maintain``."""
        return await self.run(retention.maintain, self.store, now_ms, keep_ms)

    async def checkpoint(self, now_ms: int, private_key: bytes) -> Stored:
        """Append a signed checkpoint of the head; see ``signing.checkpoint``."""
        return await self.run(signing.checkpoint, self.store, now_ms, private_key)

    async def export(
        self, from_seq: int = 1, to_seq: int | None = None, *, public_key: bytes | None = None
    ) -> AsyncIterator[bytes]:
        """Yield an export in blocks of whole lines; see ``export.export``."""
        async with self._reading() as (reader, store):
            blocks = export.export(store, from_seq, to_seq, public_key=public_key)
            while block := await reader.run(next, blocks, b""):
                yield block

    async def bundle(self, seq: int, *, public_key: bytes | None = None) -> AsyncIterator[bytes]:
        """Yield a decision's evidence bundle in blocks of lines; see ``export.bundle``."""
        async with self._reading() as (reader, store):
            blocks = export.bundle(store, seq, public_key=public_key)
            while block := await reader.run(next, blocks, b""):
                yield block

    async def check_head(self, known: Head) -> Fault | None:
        """Compare with a head kept outside; see ``LedgerStore.check_head``."""
        return await self.run(self.store.check_head, known)

    async def begin_segment(self, cause: RecoveryCause) -> Recovery:
        """Set the ledger aside and begin anew; see ``LedgerStore.begin_segment``."""
        return await self.run(self.store.begin_segment, cause)

    async def hold_still(self) -> None:
        """Keep the files fit to be copied; see ``stillness.hold_still``."""
        await self.run(stillness.hold_still, self.store)

    async def let_go(self) -> None:
        """End that; see ``stillness.let_go``."""
        await self.run(stillness.let_go, self.store)

    async def close(self) -> None:
        """Close the file and end the thread, after what was asked before. Twice is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        self._readers.refuse()
        ending = self._executor.submit(self._close)
        self._executor.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(ending))

    def _close(self) -> None:
        """Close the readers, then the store: what closes the file last takes its log back."""
        self._readers.close()
        self.store.close()
