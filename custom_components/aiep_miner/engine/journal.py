"""Where a cycle reads and files: the ledger, the state that follows from it, and the miners."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .ledger import Ledger
from .miners.base import MinerAdapter, MinerInfo
from .records import Reading, Record
from .records.entry import LedgerEntry
from .state import State
from .steps.execute import Executor


class Journal:
    """One operator's ledger, state and miners.

    The state lives on the ledger's thread: ``read`` and ``file`` run there, one after the
    other, so nothing here holds up the event loop and nothing needs a lock.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        state: State,
        adapters: Mapping[str, MinerAdapter],
        clock: Callable[[], int],
        on_filed: Callable[[LedgerEntry[Record]], None],
    ) -> None:
        """Take an open ledger and the state that was rebuilt from it."""
        self.executor = Executor(adapters)
        self.infos: dict[str, MinerInfo] = {}
        self.owed: list[Record] = []
        """Receipts of dispatches that the ledger could not take yet."""
        self._ledger = ledger
        self._state = state
        self._adapters = adapters
        self._clock = clock
        self._on_filed = on_filed
        self._now_ms = ledger.last_ts_ms
        self._clock_ms: int | None = None
        """What the wall clock shows, while it is behind the last record's time."""
        self._ticks = time.monotonic()
        self._lost: set[str] = set()

    def now_ms(self) -> int:
        """Return the time in ms; it goes on, never back, when the wall clock is set back."""
        ticks = time.monotonic()
        wall_ms = self._clock()
        behind = wall_ms < self._now_ms
        self._clock_ms = wall_ms if behind else None
        self._now_ms = self._now_ms + int((ticks - self._ticks) * 1000) if behind else wall_ms
        self._ticks = ticks
        return self._now_ms

    async def read[T](self, look: Callable[[State], T]) -> T:
        """Return what a look at the state gives; it must not change it."""
        return await self._ledger.run(look, self._state)

    async def file[R: Record](self, build: Callable[[State], Sequence[R]]) -> list[LedgerEntry[R]]:
        """Build records from the state, make them durable, and let the state follow them.

        All of them in one transaction; raises LedgerError, and then nothing has changed.
        """
        records = await self._ledger.run(build, self._state)
        if not records:
            return []
        if self._clock_ms is not None:
            records = [replace(record, clock_ms=self._clock_ms) for record in records]
        stored = await self._ledger.append(records)
        filed = [
            LedgerEntry(record=_as_stored(record, item.ts_ms), seq=item.seq, hash=item.hash_hex)
            for record, item in zip(records, stored, strict=True)
        ]
        await self._ledger.run(self._follow, filed)
        for item in filed:
            self._on_filed(item)
        return filed

    def _follow[R: Record](self, filed: Sequence[LedgerEntry[R]]) -> None:
        for item in filed:
            self._state.apply(item)

    def renew(self, state: State) -> None:
        """Go on with a state that was rebuilt."""
        self._state = state

    async def file_owed(self, records: Sequence[Record]) -> None:
        """File what came of a dispatch; what the ledger cannot take now is kept and filed later."""
        self.owed += records
        owed = list(self.owed)
        await self.file(lambda _: owed)
        self.owed.clear()

    async def read_miner(self, miner_id: str) -> Reading:
        """Poll one miner, identifying it first when it is new or was lost; raises MinerError."""
        adapter = self._adapters[miner_id]
        was_lost = miner_id in self._lost
        self._lost.add(miner_id)
        if was_lost or miner_id not in self.infos:
            self.infos[miner_id] = await adapter.connect()
        reading = await adapter.poll()
        self._lost.discard(miner_id)
        return reading


def _as_stored[R: Record](record: R, ts_ms: int) -> R:
    """Return a record with the time that the ledger lifted it to: the state follows the ledger."""
    return record if record.ts_ms == ts_ms else replace(record, ts_ms=ts_ms, clock_ms=record.ts_ms)
