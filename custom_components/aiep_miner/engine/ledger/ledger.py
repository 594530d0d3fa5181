"""The ledger on its own thread: what the event loop uses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self

from ..records import Record, RecordKind
from . import export, retention, signing, stillness
from .errors import LedgerError, LedgerReason
from .model import Head, Query, Recovery, RecoveryCause, Stored
from .store import LedgerStore
from .verify import Fault, Report
from .walk import Walk


class Ledger:
    """One operator's ledger. Nothing here blocks the event loop.

    Everything runs on one dedicated thread, in the order in which it was asked for. A call
    that is cancelled while it waits may still be carried out there.
    """

    def __init__(self, executor: ThreadPoolExecutor, store: LedgerStore) -> None:
        """Take an opened store and the thread it was opened on; see ``open``."""
        self.store = store
        """For functions given to ``run``: it belongs to the ledger's thread."""
        self._executor = executor
        self._walks: set[Walk] = set()
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

    async def get(self, seq: int) -> Stored | None:
        """Return one record. Raises LedgerError."""
        return await self.run(self.store.get, seq)

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
        """Look through one span after the other, so that appends come in between."""
        found: list[Stored] = []
        for span in await self.run(lambda: list(self.store.spans(query))):
            found.extend(await self.run(self.store.select, query, span, query.limit - len(found)))
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
        walk = await self.run(self._begin_walk, heads, key, state)
        try:
            while not await self.run(walk.step):
                progress(walk.chain.state(), max(self.count, walk.chain.seq))
                await asyncio.sleep(pause_s)
        finally:
            if not self._is_closed:
                self._executor.submit(self._end_walk, walk)
        return walk.report()

    def _begin_walk(
        self, heads: Sequence[Head], key: bytes | None, state: dict[str, Any] | None
    ) -> Walk:
        """Begin a walk, on the ledger's thread, where also one that nobody waits for is known."""
        walk = Walk.begin(self.store, heads, key, state)
        self._walks.add(walk)
        return walk

    def _end_walk(self, walk: Walk) -> None:
        self._walks.remove(walk)
        walk.close()

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
        blocks = export.export(self.store, from_seq, to_seq, public_key=public_key)
        while block := await self.run(next, blocks, b""):
            yield block

    async def bundle(self, seq: int, *, public_key: bytes | None = None) -> AsyncIterator[bytes]:
        """Yield a decision's evidence bundle in blocks of lines; see ``export.bundle``."""
        blocks = export.bundle(self.store, seq, public_key=public_key)
        while block := await self.run(next, blocks, b""):
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
        closing = self._executor.submit(self._close)
        self._executor.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))

    def _close(self) -> None:
        """Close the walks, then the store: whoever closes the file last takes its log back."""
        while self._walks:
            self._walks.pop().close()
        self.store.close()
