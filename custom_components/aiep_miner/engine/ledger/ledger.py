"""The ledger as the event loop uses it: one thread writes, some others read."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from ..records import Record
from . import export, pages, segments, sharing
from .blocks import Staged, stage
from .entries import Cause, Draft, Finding, Head, LedgerEntry, Query, Recovery, Trusted
from .errors import LedgerError, LedgerReason, translated
from .proofs import Prover
from .query import Reader
from .readers import Readers, Session
from .signing import Signer
from .verifier import database as reading
from .verifier import lines as parsed
from .verifier import statement
from .verifier.log import Log
from .verifier.note import Checkpoint, Note, VerifierKey
from .verifier.report import Fault, Known, Report

_STEP_S: Final = 0.008
"""How long a reader works before others have their turn …"""
_PAUSE_S: Final = 0.008
"""… and how long it pauses then, when it works in the background."""
_YIELD_S: Final = 1.0
"""The longest that a reader waits for a write to end."""
WRITE_DEADLINE_S: Final = 30.0
READ_DEADLINE_S: Final = 60.0


class Ledger:
    """One operator's ledger. Nothing here blocks the event loop.

    What changes the file runs on one thread, in the order in which it was asked for. Queries,
    exports, proofs, verifications and compression run on a few other threads, each with a
    connection of its own, in steps of some milliseconds, and give way to appends. Deadlines are
    in seconds; None waits for ever.
    """

    def __init__(self, executor: ThreadPoolExecutor, opened: segments.Opened) -> None:
        """Take an opened ledger and the thread that opened it; see ``open``."""
        self._store = opened.store
        self._writer = executor
        self._readers = Readers()
        self._is_calm = threading.Event()
        self._is_calm.set()
        self._writes = 0
        """How many are under way or wait for the thread."""
        self._counting = threading.Lock()
        self._is_closed = False
        self._hanging: Future[Any] | None = None
        self.recovery: Recovery | None = opened.recovery
        """Why a new segment began since the ledger was opened; None if none did."""
        self.finding: Finding | None = opened.finding
        """What was wrong with what lay in the ledger's place; None when nothing was."""

    @classmethod
    async def open(
        cls,
        path: Path,
        operator_id: str,
        *,
        private_key: bytes,
        now_ms: int,
        trusted: Trusted | None = None,
        deadline_s: float | None = WRITE_DEADLINE_S,
    ) -> Self:
        """Open a ledger, or create it with its folder; see ``segments.open_ledger``.

        ``trusted`` is what the trust store knows. Raises LedgerError, and ValueError for a key
        that is none.
        """
        signer = Signer(private_key)
        executor = ThreadPoolExecutor(1, thread_name_prefix="aiep_miner_ledger")
        opening = executor.submit(
            segments.open_ledger, path, operator_id, signer, trusted or Trusted(), now_ms
        )
        try:
            opened = await _within(opening, deadline_s)
        except BaseException:
            if not opening.done():  # nobody waits for it any longer: it is closed when it ends
                opening.add_done_callback(_close_opened)
            executor.shutdown(wait=False)
            raise
        return cls(executor, opened)

    # What it is

    @property
    def path(self) -> Path:
        """Return where the file lies."""
        return self._store.path

    @property
    def operator_id(self) -> str:
        """Return whose ledger it is."""
        return self._store.operator_id

    @property
    def segment(self) -> str:
        """Return the name of the segment."""
        return self._store.segment

    @property
    def head(self) -> Head:
        """Return where the log ends, as of the last commit."""
        return self._store.head

    @property
    def last_ts_ms(self) -> int:
        """Return the last record's time; 0 for an empty segment."""
        return self._store.last_ts_ms

    @property
    def origin(self) -> str:
        """Return the origin of this segment's checkpoints."""
        return self._store.origin

    @property
    def verifier_key(self) -> VerifierKey:
        """Return the key by which this segment's checkpoints are verified; its text is the vkey."""
        return self._store.signer.verifier_key(self._store.origin)

    @property
    def is_hanging(self) -> bool:
        """Return whether a write that missed its deadline has not ended yet."""
        return self._hanging is not None and not self._hanging.done()

    # Writing

    async def append(
        self, records: Sequence[Record], *, deadline_s: float | None = WRITE_DEADLINE_S
    ) -> tuple[LedgerEntry, ...]:
        """Append all records as one block, with one commit, or none of them.

        They are on disk when this returns. A time before the last record's is lifted to it, and
        ``clock_ms`` says what the clock showed. Raises LedgerError, and ValueError when a record
        cannot be written as JSON. After ``timed_out`` the block may still have been written if
        the disk hung in the very commit: what counts is what the ledger then holds.
        """
        given = list(records)
        staged = partial(self.stage, given)
        return await self._write(partial(self._append, staged), deadline_s=deadline_s)

    async def append_staged(
        self, staged: Sequence[Staged], *, deadline_s: float | None = WRITE_DEADLINE_S
    ) -> tuple[LedgerEntry, ...]:
        """Append what ``stage`` returned, as one block. Raises LedgerError, like ``append``."""
        call = partial(self._append, lambda: staged)
        return await self._write(call, deadline_s=deadline_s)

    def stage(self, records: Iterable[Record], behind: Sequence[Staged] = ()) -> tuple[Staged, ...]:
        """Return records with their entries as they will be, behind those staged before.

        Raises ValueError when a record cannot be written as JSON.
        """
        last = behind[-1].entry if behind else None
        seq, last_ts = (
            (last.seq, last.ts_ms) if last else (self._store.head.seq, self._store.last_ts_ms)
        )
        drafts: list[Draft] = []
        lifted_ts = last_ts
        for record in records:
            drafts.append(Draft.of(record, lifted_ts))
            lifted_ts = drafts[-1].ts_ms
        return tuple(stage(drafts, seq, last_ts))

    def _append(
        self, staged: Callable[[], Sequence[Staged]], is_wanted: Callable[[], bool]
    ) -> tuple[LedgerEntry, ...]:
        try:
            if not self._store.is_open:
                self._store.connect()
            block = staged()
            return self._store.append_staged(block, is_wanted) if block else ()
        except LedgerError as err:
            if err.reason is LedgerReason.CORRUPT:
                self._begin_segment(Cause.CORRUPT, self._store.last_ts_ms, None)
            raise

    def _begin_segment(self, cause: Cause, now_ms: int, user_id: str | None) -> Recovery:
        previous = str(self._store.head)
        self.recovery = segments.begin_segment(
            self._store, cause, previous, now_ms, user_id=user_id
        )
        return self.recovery

    async def catch_up(self, now_ms: int) -> None:
        """Read the head anew: another process may have appended.

        What this installation did not write is set aside as a finding. Raises LedgerError.
        """
        await self._do(self._catch_up, now_ms)

    def _catch_up(self, now_ms: int) -> None:
        if not self._store.is_open:
            self._store.connect()
            return
        finding = segments.catch_up(self._store)
        if finding is not None:
            self._begin_segment(finding.cause, now_ms, None)
            self.finding = finding

    async def begin_segment(
        self, cause: Cause, now_ms: int, *, user_id: str | None = None
    ) -> Recovery:
        """Set the file aside and begin a new segment. Raises LedgerError."""
        recovery = await self._do(self._begin_segment, cause, now_ms, user_id)
        if cause is Cause.ACCEPTED:
            self.finding = None
        return recovery

    async def checkpoint(self, now_ms: int) -> LedgerEntry:
        """Append a signed checkpoint of all blocks so far. Raises LedgerError.

        Nothing is signed that is not consistent with what was signed before.
        """
        return await self._do(self._store.checkpoint, now_ms)

    async def append_note(self, note: Note, now_ms: int) -> LedgerEntry:
        """Append a checkpoint record that holds a note with its cosignatures.

        Raises LedgerError, and ValueError when the note is not one of this log or is about a log
        so much shorter that no verifier would compare it.
        """
        head = Checkpoint.parse(note.text)
        if head.origin != self.origin or head.size < self.head.blocks - 63 * 256:
            raise ValueError("the note is not a recent one of this log")
        return await self._do(self._store.append_note, note, now_ms)

    async def _do[**P, T](self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call on the writer's thread that is not to be given up. Raises LedgerError."""
        return await self._write(lambda _: call(*args, **kwargs), deadline_s=WRITE_DEADLINE_S)

    async def _write[T](
        self, call: Callable[[Callable[[], bool]], T], *, deadline_s: float | None
    ) -> T:
        """Run a call on the writer's thread. Raises LedgerError, after the deadline too.

        The call gets what tells, just before a commit, whether it is still waited for.
        """
        if self._is_closed:
            raise LedgerError(LedgerReason.CLOSED, "the ledger is closed")
        if self.is_hanging:
            raise LedgerError(LedgerReason.TIMED_OUT, "an earlier write hangs")
        wanted = threading.Event()
        wanted.set()
        self._count(1)  # readers give way from here on
        running = self._writer.submit(self._run, partial(call, wanted.is_set))
        try:
            return await _within(running, deadline_s)
        except TimeoutError:
            wanted.clear()
            self._hanging = running
            raise LedgerError(LedgerReason.TIMED_OUT, "the write hangs") from None

    def _run[T](self, call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._writes += change
            (self._is_calm.clear if self._writes else self._is_calm.set)()

    # Reading

    def _reading(self) -> AbstractAsyncContextManager[tuple[Session[Reader], Reader]]:
        """Open the present segment for reading, for as long as the block runs."""
        return self._readers.reader(self._open_reader)

    def _open_reader(self) -> Reader:
        with translated():
            database = reading.Database(self._store.path)
        if database.operator_id != self.operator_id:
            database.close()
            raise LedgerError(LedgerReason.CORRUPT, "not a ledger of this operator")
        return Reader(database)

    async def read[T](
        self, look: Callable[[Reader], T], *, deadline_s: float | None = READ_DEADLINE_S
    ) -> T:
        """Return what a look at the ledger gives, on a reader's thread. Raises LedgerError."""
        async with _deadline(deadline_s), self._reading() as (session, reader):
            return await session.run(_translated, look, reader)

    async def read_first[T](self, look: Callable[[Reader], T]) -> T:
        """Return what a look at the ledger gives, before all readers that wait.

        Appends wait until it has ended. Raises LedgerError, also for what is damaged.
        """
        return await self._write(lambda _: self._read_first(look), deadline_s=None)

    def _read_first[T](self, look: Callable[[Reader], T]) -> T:
        try:
            with translated():
                return look(Reader(reading.Database(self._store.path, self._store.connection)))
        except ValueError as err:
            raise LedgerError(LedgerReason.CORRUPT, str(err)) from err

    async def _in_steps[T](
        self, session: Session[Reader], steps: pages.Steps[T], *, is_hurried: bool = True
    ) -> T:
        """Return what work in steps comes to; in the background it pauses in between.

        Raises LedgerError, also for what is damaged.
        """
        while not (ended := await session.run(self._some_steps, steps)):
            if not is_hurried:
                await asyncio.sleep(_PAUSE_S)
        return ended[0]

    def _some_steps[T](self, steps: pages.Steps[T]) -> tuple[T] | tuple[()]:
        """Work for some milliseconds; return what it has come to, once it has."""
        until_s = time.monotonic() + _STEP_S
        try:
            with translated():
                while time.monotonic() < until_s:
                    self._is_calm.wait(_YIELD_S)
                    next(steps)
        except StopIteration as end:
            return (end.value,)
        except ValueError as err:
            raise LedgerError(LedgerReason.CORRUPT, str(err)) from err
        return ()

    async def get(self, seq: int) -> LedgerEntry | None:
        """Return one record; None when there is none or it was dropped. Raises LedgerError."""
        try:
            return await self.read(lambda reader: reader.entry(seq))
        except ValueError as err:
            raise LedgerError(LedgerReason.CORRUPT, str(err)) from err

    async def latest(self, kind: str, subject: str | None = None) -> LedgerEntry | None:
        """Return the newest record of a kind (and subject). Raises LedgerError."""
        found = await self.query(kinds=(kind,), subject=subject, limit=1, newest_first=True)
        return next(iter(found), None)

    async def query(  # noqa: PLR0913 - filters, all by name
        self,
        *,
        kinds: Sequence[str] = (),
        subject: str | None = None,
        from_seq: int | None = None,
        to_seq: int | None = None,
        from_ts: int | None = None,
        to_ts: int | None = None,
        limit: int = 1000,
        newest_first: bool = False,
        deadline_s: float | None = READ_DEADLINE_S,
    ) -> tuple[LedgerEntry, ...]:
        """Return the records that match all filters; bounds are included, times in ms.

        Raises LedgerError, after the deadline too.
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
        async with _deadline(deadline_s), self._reading() as (session, reader):
            return await self._in_steps(session, _select(reader, query))

    async def export(
        self, from_block: int = 0, to_block: int | None = None, *, note: Note
    ) -> AsyncIterator[bytes]:
        """Yield an export in chunks of whole lines, with a checkpoint at its end.

        ``to_block`` is left out; by default the export ends where the note's checkpoint does.
        Raises LedgerError, and ValueError when there are no such blocks.
        """
        end = Checkpoint.parse(note.text).size if to_block is None else to_block
        async with self._reading() as (session, reader):
            chunks = export.export(reader, from_block, end, note)
            while chunk := await session.run(_translated, self._some, chunks):
                yield chunk

    async def share(
        self, from_block: int, limit: int, miners: sharing.Miners, *, note: Note
    ) -> AsyncIterator[bytes]:
        """Yield blocks with the records of some miners, see ``sharing.share``. Raises LedgerError."""
        async with self._reading() as (session, reader):
            chunks = sharing.share(reader, from_block, limit, miners, note)
            while chunk := await session.run(_translated, self._some, chunks):
                yield chunk

    def _some(self, chunks: Iterator[bytes], least: int = 65_536) -> bytes:
        """Return the next chunks together, for some milliseconds of work."""
        self._is_calm.wait(_YIELD_S)
        found, length, until_s = [], 0, time.monotonic() + _STEP_S
        for chunk in chunks:
            found.append(chunk)
            length += len(chunk)
            if length >= least or time.monotonic() > until_s:
                break
        return b"".join(found)

    async def bundle(self, seq: int, note: Note) -> dict[str, Any]:
        """Return the evidence bundle of a decision (``aiep-evidence/2``, plain JSON types).

        ``note`` is a checkpoint that covers it. Raises LedgerError, and ValueError.
        """
        return await self.read(lambda reader: Prover(reader).bundle(seq, note))

    async def proof(self, seq: int, note: Note) -> str:
        """Return a record's C2SP tlog-proof file. Raises LedgerError, and ValueError."""
        return await self.read(lambda reader: Prover(reader).proof_file(seq, note))

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the hashes that prove that ``old`` blocks are a prefix of ``new`` blocks.

        Raises LedgerError, and ValueError when there are not so many.
        """
        return await self.read(lambda reader: Prover(reader).consistency(old, new))

    async def root_at(self, blocks: int) -> bytes:
        """Return the log's root at a number of blocks. Raises LedgerError."""
        return await self.read(lambda reader: Prover(reader).root(blocks))

    async def covered_seq(self, note: Note) -> int:
        """Return the last record that a checkpoint of this log covers; 0 for none.

        Raises LedgerError, and ValueError when it is of another log.
        """
        head = Checkpoint.parse(note.text)
        if head.origin != self.origin:
            raise ValueError("the checkpoint is of another log")
        if head.size >= self.head.blocks:
            return self.head.seq
        return await self.read(lambda reader: reader.first_seq(head.size) - 1)

    async def statement(self, terms: statement.Terms) -> dict[str, Any]:
        """Return lines and totals of a service statement (plain JSON types). Raises LedgerError."""
        async with self._reading() as (session, reader):
            return await self._in_steps(session, _fold(reader, terms), is_hurried=False)

    # Verification

    async def verify(
        self,
        *,
        known: Known | None = None,
        state: dict[str, Any] | None = None,
        progress: Callable[[dict[str, Any], int], None] = lambda _state, _count: None,
        is_hurried: bool = False,
    ) -> Report:
        """Verify all blocks so far, from the first one or from where ``state`` was taken.

        ``progress`` gets, after each page, a state (plain JSON types; its ``blocks`` tells how
        far) and the number of blocks. In the background it pauses; ``is_hurried`` does not.
        Raises LedgerError when the file cannot be read at all, or not now.
        """
        upto = self.head.blocks
        async with self._reading() as (session, reader):
            log = await session.run(_translated, self._begin_walk, reader, known, state)
            fault: Fault | None = None
            while fault is None and log.blocks < upto:
                steps = _check(reader.database, log, upto)
                fault = await self._in_steps(session, steps, is_hurried=is_hurried)
                progress(log.state(), upto)
            fault = fault or await session.run(_translated, reader.database.finish, log)
        return reading.report_of("ledger", log, fault)

    @staticmethod
    def _begin_walk(reader: Reader, known: Known | None, state: dict[str, Any] | None) -> Log:
        """Begin a walk, or go on with one if the log still passes where that was left."""
        log = reader.database.log(known)
        if state is None:
            return log
        try:
            log.restore(state)
            if log.blocks <= reader.database.block_count() and log.range.root() == (
                reader.database.root_at(log.blocks)
            ):
                return log
        except ValueError:
            pass
        return reader.database.log(known)

    # Housekeeping

    async def maintain(
        self,
        now_ms: int,
        keep_ms: int,
        in_turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> bool:
        """Do one step of housekeeping; return whether another one is due.

        A step seals a page, or drops the observations of one that is older than ``keep_ms``
        after an event that says so; that event is appended within ``in_turn``. Raises LedgerError.
        """
        page = await self._housekeep(pages.due_page)
        if page is not None:
            sealed = await self._work(lambda reader: pages.seal(reader, page))
            await self._housekeep(pages.swap, sealed)
            return True
        old = await self._housekeep(pages.old_pages, now_ms - keep_ms)
        if old is None:
            return False
        if await self._housekeep(pages.declared_to) < old[0]:
            async with in_turn():
                await self._housekeep(pages.declare, *old, now_ms)
        remains = await self._work(lambda reader: pages.kept(reader, old[0]))
        await self._housekeep(pages.drop, old[0], remains)
        return True

    async def _housekeep[T](self, call: Callable[..., T], *args: Any) -> T:
        return await self._do(partial(call, self._store), *args)

    async def _work[T](self, begin: Callable[[reading.Database], pages.Steps[T]]) -> T:
        """Return what work in the background comes to. Raises LedgerError."""
        async with self._reading() as (session, reader):
            return await self._in_steps(session, begin(reader.database), is_hurried=False)

    # Backups and the end

    async def hold_still(self) -> None:
        """Keep the file fit to be copied until ``let_go``. Raises LedgerError."""
        await self._do(self._store.hold_still)

    async def let_go(self) -> None:
        """Let the file change again. Raises LedgerError."""
        await self._do(self._store.let_go)

    async def close(self, *, deadline_s: float | None = WRITE_DEADLINE_S) -> None:
        """Close the files and end the threads, after what was asked before. Twice is fine.

        Raises LedgerError when a write that hangs does not let it end within the deadline.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._readers.refuse()
        closing = self._writer.submit(self._close)
        self._writer.shutdown(wait=False)
        try:
            await _within(closing, deadline_s)
        except TimeoutError:
            raise LedgerError(LedgerReason.TIMED_OUT, "a write hangs") from None

    def _close(self) -> None:
        """Close the readers, then the store: it is to be the last, and fold the log in."""
        self._readers.close()
        self._store.close()


@asynccontextmanager
async def _deadline(seconds: float | None) -> AsyncIterator[None]:
    """Raise LedgerError when the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise LedgerError(LedgerReason.TIMED_OUT, "the reading takes too long") from None


def _translated[**P, T](call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with translated():
        return call(*args, **kwargs)


def _select(reader: Reader, query: Query) -> pages.Steps[tuple[LedgerEntry, ...]]:
    """Return the records that match, a block or page a step."""
    found: list[LedgerEntry] = []
    for batch in reader.find(query):
        found += batch
        yield
    return tuple(found)


def _fold(reader: Reader, terms: statement.Terms) -> pages.Steps[dict[str, Any]]:
    """Fold a ledger's records into a statement, a block or page a step."""
    folding = statement.Fold(terms)
    polls_ms = max(0, terms.from_ms - statement.POLLS_BACK_MS)
    events = Query(
        kinds=tuple(sorted(statement.EVENT_KINDS)),
        from_ts=max(0, terms.from_ms - statement.LOOK_BACK_MS),
        to_ts=polls_ms - 1,
        limit=sys.maxsize,
    )
    everything = Query(
        kinds=tuple(sorted(statement.EVENT_KINDS | statement.POLL_KINDS)),
        from_ts=polls_ms,
        to_ts=terms.to_ms,
        limit=sys.maxsize,
    )
    for query in (events, everything):
        for batch in reader.find(query):
            for item in batch:
                folding.feed(
                    parsed.Record(
                        item.seq, item.ts_ms, str(item.kind), item.subject, item.body, item.line
                    )
                )
            yield
    return folding.result()


def _check(database: reading.Database, log: Log, upto: int) -> pages.Steps[Fault | None]:
    """Check the next page, or the blocks that are not yet in one; return what is wrong."""
    for fault in database.steps(log, upto):
        if fault is not None:
            return fault
        yield
    return None


async def _within[T](running: Future[T], deadline_s: float | None) -> T:
    """Wait for what runs on a thread. Raises TimeoutError; it then still runs."""
    ending = asyncio.wrap_future(running)
    ending.add_done_callback(_retrieve)
    done, _ = await asyncio.wait({ending}, timeout=deadline_s)
    if not done:
        raise TimeoutError
    return ending.result()


def _retrieve(ended: asyncio.Future[Any]) -> None:
    """Take note of how a call ended that nobody may wait for any more."""
    if not ended.cancelled():
        ended.exception()


def _close_opened(opening: Future[segments.Opened]) -> None:
    """Close a ledger whose opening nobody waits for any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().store.close()
