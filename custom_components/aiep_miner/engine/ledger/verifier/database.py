"""A ledger's file, read page by page while others may write to it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from . import tree
from .blocks import FORMAT, PAGE_BLOCKS, Block, Dropped, Header, genesis, part_root
from .lines import parse
from .log import Log
from .parts import read_page_part, read_part
from .report import Code, Fault, Known, NotALedgerError, Report

MAX_VALUE_BYTES = 1024 * 1024 * 1024
_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
    | {sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CANTOPEN}
)
_PAGE = (
    "SELECT first_ts, last_ts, first_seq, last_seq, codec, observations, dropped, events,"
    " root, hash FROM pages WHERE page = ?"
)
_BLOCKS = (
    "SELECT number, ts, first_seq, codec, observations, events, hash FROM blocks"
    " WHERE number BETWEEN ? AND ? ORDER BY number"
)


def connect(path: Path) -> sqlite3.Connection:
    """Connect for reading only. Raises sqlite3.Error.

    A file that nobody writes is opened as immutable, which leaves no other files beside it.
    """
    log = path.with_name(f"{path.name}-wal")
    still = "" if log.exists() else "&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode=ro{still}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        connection.text_factory = _text  # what is no UTF-8 is found where it is
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def read_meta(connection: sqlite3.Connection) -> "dict[str, str]":
    """Return what the file says of itself; no hash covers it. Raises NotALedgerError."""
    try:
        meta = dict(connection.execute("SELECT key, value FROM meta LIMIT 1000").fetchall())
    except sqlite3.Error as err:
        if is_passing(err):
            raise
        raise NotALedgerError(f"it has no meta table: {err}") from err
    if meta.get("format") != FORMAT:
        raise NotALedgerError(f"its format is {meta.get('format')!r}, not {FORMAT}")
    try:
        meta["operator_id"].encode()
        meta["segment"].encode()
    except (LookupError, AttributeError, UnicodeEncodeError) as err:
        raise NotALedgerError("it does not say whose ledger it is") from err
    return meta


def is_passing(err: sqlite3.Error) -> bool:
    """Return whether an error says nothing about the ledger itself."""
    return getattr(err, "sqlite_errorcode", 0) & 0xFF in _PASSING


class Database:
    """A ledger's file, opened for reading."""

    def __init__(self, path: Path, connection: "sqlite3.Connection | None" = None) -> None:
        """Open. Raises NotALedgerError and sqlite3.Error."""
        self.path = path
        try:
            self.connection = connection or connect(path)
        except sqlite3.Error as err:
            if is_passing(err) and path.exists():
                raise
            raise NotALedgerError(f"it cannot be opened: {err}") from err
        try:
            meta = read_meta(self.connection)
        except BaseException:
            if connection is None:
                self.connection.close()
            raise
        self.operator_id, self.segment = meta["operator_id"], meta["segment"]

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the file, whatever is written meanwhile."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def block_count(self) -> int:
        """Return the number of blocks."""
        with self.snapshot():
            (last,) = self.connection.execute("SELECT max(number) FROM blocks").fetchone()
            (page,) = self.connection.execute("SELECT max(page) FROM pages").fetchone()
        sealed = 0 if page is None else (page + 1) * PAGE_BLOCKS
        return max(sealed, 0 if last is None else last + 1)

    # Verification

    def log(self, known: "Known | None" = None) -> Log:
        """Return a walk that begins at the first block."""
        log = Log(self.operator_id, self.segment, known)
        log.root_at = self.root_at
        return log

    def advance(self, log: Log, upto: int) -> "tuple[Fault | None, bool]":
        """Check the next blocks, a page's at most, of ``upto``; return a fault, and whether all are done.

        Raises sqlite3.Error when the file cannot be read now.
        """
        for fault in self.steps(log, upto):
            if fault is not None:
                return fault, True
        return None, log.blocks >= upto

    def steps(self, log: Log, upto: int) -> "Iterator[Fault | None]":
        """Check the next page or what is left, and yield after each block.

        Raises sqlite3.Error when the file cannot be read now.
        """
        first = seq = log.seq
        rows: list[Any] = []
        try:
            for fault in self._steps(log, upto):
                if fault is not None:
                    yield self._index_fault(first, seq, rows) or fault
                    return
                rows += log.events
                seq = log.seq
                yield None
            yield self._index_fault(first, seq, rows)
        except sqlite3.Error as err:
            if is_passing(err):
                raise
            yield Fault(log.blocks, log.seq + 1, Code.UNREADABLE, f"it cannot be read: {err}")
        except (ValueError, TypeError) as err:
            yield Fault(log.blocks, log.seq + 1, Code.LINE, str(err))

    def _steps(self, log: Log, upto: int) -> "Iterator[Fault | None]":
        page = log.blocks // PAGE_BLOCKS
        with self.snapshot():
            row = self.connection.execute(_PAGE, (page,)).fetchone()
            if row is None:
                last = min(upto, (page + 1) * PAGE_BLOCKS) - 1
                rows = self.connection.execute(_BLOCKS, (log.blocks, last)).fetchall()
        if row is not None:
            yield from self._page(log, page, row)
        elif not rows:
            yield Fault(log.blocks, log.seq + 1, Code.NUMBER, "the block is missing")
        else:
            yield from self._blocks(log, rows)

    def _blocks(self, log: Log, rows: "list[Any]") -> "Iterator[Fault | None]":
        for number, ts, first_seq, codec, observations, events, digest in rows:
            block = Block(number, read_part(codec, observations), read_part(codec, events))
            fault, header = log.feed(block)
            if header and (header.ts, header.first_seq, header.hash) != (ts, first_seq, digest):
                fault = Fault(number, None, Code.STORED, "its time, seq or hash is stored wrong")
            yield fault

    def _page(self, log: Log, page: int, row: "tuple[Any, ...]") -> "Iterator[Fault | None]":
        codec, observations, dropped, events = row[4:8]
        skip, ts, first_ts = log.blocks, log.ts, None
        headers: list[Header] = []
        for block in page_blocks(page, codec, observations, dropped, events):
            if block.number < skip:  # checked in an earlier step, before it was sealed
                continue
            fault, header = log.feed(block)
            if header:
                first_ts = first_ts if headers else log.first_ts
                headers.append(header)
            yield fault
        if observations is None:
            log.mark_dropped(page)
        if not _fits(row, headers, ts, first_ts, is_whole=skip == page * PAGE_BLOCKS):
            detail = "the page's times, seqs, root or hash are stored wrong"
            yield Fault(page * PAGE_BLOCKS, None, Code.PAGE, detail)

    def _index_fault(self, after: int, upto: int, rows: "list[Any]") -> "Fault | None":
        """Compare the index of events with the events of the blocks after one seq up to another."""
        found = self.connection.execute(
            "SELECT seq, ts, kind, subject, block FROM events"
            " WHERE seq > ? AND seq <= ? ORDER BY seq",
            (after or -(2**63), upto),
        ).fetchall()
        if found == rows:
            return None
        seq, block = min(
            (row[0], row[4]) for row in {*found, *rows} if row not in found or row not in rows
        )
        own = next((row[4] for row in rows if row[0] >= seq), block)
        return Fault(own, seq, Code.INDEX, "the index of events is not true")

    def finish(self, log: Log) -> "Fault | None":
        """Check at the end that nothing is there beside the blocks. Raises sqlite3.Error."""
        with self.snapshot():
            low, pages = self.connection.execute(
                "SELECT min(page), max(page) FROM pages"
            ).fetchone()
            number, last = self.connection.execute(
                "SELECT min(number), max(number) FROM blocks"
            ).fetchone()
            end = max(log.blocks, (last or 0) + 1)  # blocks may have been appended meanwhile
            stray = self.connection.execute(
                "SELECT 1 FROM events WHERE seq > ? AND (block < ? OR block >= ?) LIMIT 1",
                (log.seq, log.blocks, end),
            ).fetchone()
        if stray:
            return Fault(log.blocks - 1, None, Code.INDEX, "the index of events is not true")
        sealed = 0 if pages is None else (pages + 1) * PAGE_BLOCKS
        if (low or 0) < 0 or (number is not None and number < sealed):
            return Fault(max(number or 0, 0), None, Code.NUMBER, "a block is there twice")
        return log.finish()

    # Reading

    def first_events(self) -> "list[bytes]":
        """Return the lines of events of the first two blocks. Raises ValueError."""
        rows = self.connection.execute(_BLOCKS, (0, 1)).fetchall()
        if rows:
            return [line for row in rows for line in read_part(row[3], row[5])]
        row = self.connection.execute(_PAGE, (0,)).fetchone()
        if row is None:
            return []
        blocks = read_page_part(row[4], row[7], 0, PAGE_BLOCKS)
        return [*next(blocks), *next(blocks)]

    def root_at(self, size: int) -> bytes:
        """Return the log's root at a number of blocks, from stored hashes. Raises ValueError."""
        return self.range_at(size).root()

    def range_at(self, size: int) -> tree.CompactRange:
        """Return the tree over the first blocks, from stored hashes. Raises ValueError."""
        grown = tree.CompactRange()
        for (root,) in self.connection.execute(
            "SELECT root FROM pages WHERE page < ? ORDER BY page", (size // PAGE_BLOCKS,)
        ):
            grown.append(root, PAGE_BLOCKS)
        while grown.size < size:
            count = min(PAGE_BLOCKS, size - grown.size)
            hashes = self.block_hashes(grown.size, count)
            if len(hashes) != count:
                raise ValueError(f"there are no {size} blocks")
            for digest in hashes:
                grown.append(digest)
        return grown

    def block_hashes(self, first: int, count: int) -> "list[bytes]":
        """Return the hashes of blocks of one page. Raises ValueError and sqlite3.Error."""
        if not count:
            return []
        rows = self.connection.execute(
            "SELECT hash FROM blocks WHERE number BETWEEN ? AND ? ORDER BY number",
            (first, first + count - 1),
        ).fetchall()
        if rows:
            return [digest for (digest,) in rows]
        return [header.hash for header in self.page_headers(first // PAGE_BLOCKS)[:count]]

    def page_headers(self, page: int) -> "list[Header]":
        """Return the headers of a page's blocks, derived from its lines. Raises ValueError."""
        row = self.connection.execute(_PAGE, (page,)).fetchone()
        if row is None:
            raise ValueError(f"there is no page {page}")
        _, _, first_seq, _, codec, observations, dropped, events, _, _ = row
        previous = self.hash_before(page)
        headers = []
        for block in page_blocks(page, codec, observations, dropped, events):
            header = header_of(block, first_seq, previous)
            headers.append(header)
            first_seq, previous = header.last_seq + 1, header.hash
        return headers

    def hash_before(self, page: int) -> bytes:
        """Return the hash of the block before a page. Raises ValueError."""
        if page == 0:
            return genesis(self.operator_id, self.segment)
        row = self.connection.execute(
            "SELECT hash FROM pages WHERE page = ?", (page - 1,)
        ).fetchone()
        if row is None:
            raise ValueError(f"there is no page {page - 1}")
        digest: bytes = row[0]
        return digest


def page_blocks(
    page: int, codec: str, observations: "bytes | None", dropped: "bytes | None", events: bytes
) -> "Iterator[Block]":
    """Return a page's blocks in turn. Raises ValueError."""
    first = page * PAGE_BLOCKS
    own = read_page_part(codec, events, first, PAGE_BLOCKS)
    if observations is not None:
        observed: Iterator[list[bytes] | Dropped] = read_page_part(
            codec, observations, first, PAGE_BLOCKS
        )
    else:
        observed = iter(Dropped.read(codec, dropped or b""))
    for number in range(first, first + PAGE_BLOCKS):
        yield Block(number, next(observed), next(own))
    if next(observed, None) is not None or next(own, None) is not None:
        raise ValueError("something follows the page's last block")


def _fits(
    row: "tuple[Any, ...]",
    headers: "list[Header]",
    ts: int,
    first_ts: "int | None",
    *,
    is_whole: bool,
) -> bool:
    """Return whether a page says of itself what follows from its blocks."""
    stored_ts, last_ts, first_seq, last_seq, _, _, _, _, root, digest = row
    if not headers:
        return True
    first, last = headers[0], headers[-1]
    fits = (last_ts, last_seq, digest) == (last.ts, last.last_seq, last.hash)
    if not is_whole:
        return fits
    is_timely = stored_ts == first_ts if first_ts is not None else ts <= stored_ts <= first.ts
    hashes = [header.hash for header in headers]
    return fits and is_timely and first_seq == first.first_seq and root == tree.root(hashes)


def header_of(block: Block, first_seq: int, previous: bytes) -> Header:
    """Return a stored block's header without checking the block. Raises ValueError."""
    kept = block.observations
    events_root = part_root(block.events)
    if isinstance(kept, Dropped):
        return Header(
            block.number, first_seq, kept.count, len(block.events), kept.ts,
            kept.root, events_root, previous,
        )  # fmt: skip
    lasts = [parse(lines[-1]) for lines in (kept, block.events) if lines]
    ts = max(lasts, key=lambda item: item.seq).ts if lasts else 0
    return Header(
        block.number, first_seq, len(kept), len(block.events), ts,
        part_root(kept), events_root, previous,
    )  # fmt: skip


def verify(path: Path, known: "Known | None" = None) -> Report:
    """Verify a ledger's file, while others may write to it. Raises NotALedgerError."""
    try:
        is_still = not _has_log(path)
        report = _verify(path, known)
        if report.fault and is_still and _has_log(path):  # somebody began to write meanwhile
            report = _verify(path, known)
    except sqlite3.Error as err:
        raise NotALedgerError(f"it cannot be read: {err}") from err
    return report


def _has_log(path: Path) -> bool:
    return os.path.exists(f"{path}-wal")  # noqa: PTH110


def _verify(path: Path, known: "Known | None") -> Report:
    with closing(Database(path)) as database:
        try:
            upto = database.block_count()
        except sqlite3.Error as err:
            if is_passing(err):
                raise
            raise NotALedgerError(f"it is not laid out as the format says: {err}") from err
        log, fault, is_done = database.log(known), None, False
        is_done = upto == 0
        while not is_done:
            fault, is_done = database.advance(log, upto)
        return report_of("ledger", log, fault or database.finish(log))


def report_of(what: str, log: Log, fault: "Fault | None") -> Report:
    """Return what a walk found."""
    remarks = () if fault else log.remarks()
    return Report(what, log.blocks, log.records, log.range.root(), fault, None, remarks)
