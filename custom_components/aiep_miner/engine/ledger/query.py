"""Finds records: events through their index, observations through the blocks of that time."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Final

from .entries import LedgerEntry, Query
from .errors import LedgerError, LedgerReason
from .verifier.blocks import EVENTS, OBSERVATIONS, OBSERVED_KINDS, PAGE_BLOCKS
from .verifier.database import Database
from .verifier.parts import read_page_part, read_part

_NOT_INDEXED: Final = OBSERVED_KINDS | {"decision"}
"""Routine holds are decisions, and observations, too."""
_CACHE_BYTES: Final = 4 * 1024 * 1024

type Batches = Generator[list[LedgerEntry]]
"""What was found, a block or a page at a time, so that the work can pause in between."""


class Reader:
    """Reads a segment, on a connection of its own or the writer's.

    Raises sqlite3.Error, and LedgerError when the index of events names a record that is not there.
    """

    def __init__(self, database: Database) -> None:
        """Take an open file."""
        self.database = database
        self._connection = database.connection
        self._cache: dict[tuple[int, str], list[list[bytes]]] = {}
        self._cached_bytes = 0

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    # Queries

    def entry(self, seq: int) -> LedgerEntry | None:
        """Return one record; None when there is none, or it was dropped."""
        query = Query(from_seq=seq, to_seq=seq, limit=1)
        row = self._connection.execute("SELECT block FROM events WHERE seq = ?", (seq,)).fetchone()
        if row is not None:
            return self._event(seq, row[0])
        return next((entry for batch in self._scan(query) for entry in batch), None)

    def find(self, query: Query) -> Batches:
        """Yield the records that match, at most ``limit`` of them, in order or newest first."""
        left = query.limit
        is_indexed = query.kinds and _NOT_INDEXED.isdisjoint(query.kinds)
        for found in self._indexed(query) if is_indexed else self._scan(query):
            batch = found[:left]
            left -= len(batch)
            yield batch
            if left <= 0:
                return

    def select(self, query: Query) -> tuple[LedgerEntry, ...]:
        """Return the records that match at once."""
        return tuple(entry for batch in self.find(query) for entry in batch)

    def read(self, from_seq: int = 1, to_seq: int | None = None) -> Batches:
        """Yield a range of records in order; dropped ones are missing."""
        return self._scan(Query(from_seq=from_seq, to_seq=to_seq))

    def first_at(self, ts_ms: int) -> int:
        """Return the first seq at or after a time; one past the last record's for none.

        Where observations were dropped, it is that of the next record that is there.
        """
        for batch in self._scan(Query(from_ts=ts_ms)):
            if batch:
                return batch[0].seq
        return self.last_seq() + 1

    def last_seq(self) -> int:
        """Return the last record's seq; 0 for none."""
        row = self._connection.execute(
            "SELECT number FROM blocks ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if row is not None:
            return max(entry.seq for entry in self._row_entries(row[0], Query()))
        pages = self._page_count()
        return int(self._page_head(pages - 1, "last_seq")) if pages else 0

    def is_event(self, seq: int) -> bool:
        """Return whether a record is an event, which is never dropped."""
        found = self._connection.execute("SELECT 1 FROM events WHERE seq = ?", (seq,)).fetchone()
        return found is not None

    def block_of(self, seq: int) -> int | None:
        """Return the number of the block that a record is in; None when there is none."""
        row = self._connection.execute("SELECT block FROM events WHERE seq = ?", (seq,)).fetchone()
        if row is not None:
            return int(row[0])
        number = self._last_block("first_seq", seq)
        if self._connection.execute("SELECT 1 FROM blocks WHERE number = ?", (number,)).fetchone():
            return number
        page = number // PAGE_BLOCKS
        token = b'"seq":%d,"subject":' % seq
        for place, lines in enumerate(self._page_lines(page, OBSERVATIONS)):
            if any(token in line and LedgerEntry.of(line).seq == seq for line in lines):
                return page * PAGE_BLOCKS + place
        return None

    def first_seq(self, number: int) -> int:
        """Return the seq of a block's first record. Raises ValueError."""
        row = self._connection.execute(
            "SELECT first_seq FROM blocks WHERE number = ?", (number,)
        ).fetchone()
        if row is not None:
            return int(row[0])
        page, place = divmod(number, PAGE_BLOCKS)
        return self.database.page_headers(page)[place].first_seq

    # Events, through the index

    def _indexed(self, query: Query) -> Batches:
        where, values = _conditions(query)
        order = "DESC" if query.newest_first else "ASC"
        last: int | None = None
        while True:
            step = "" if last is None else f" AND seq {'<' if query.newest_first else '>'} {last}"
            rows = self._connection.execute(
                f"SELECT seq, block FROM events WHERE {where}{step} ORDER BY seq {order} LIMIT 256",  # noqa: S608
                values,
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [self._event(seq, block) for seq, block in rows]

    def _event(self, seq: int, block: int) -> LedgerEntry:
        """Return an event from the block that the index names. Raises LedgerError."""
        for line in self._block_lines(block, EVENTS):
            if b'"seq":%d,"subject":' % seq in line and (entry := LedgerEntry.of(line)).seq == seq:
                return entry
        raise LedgerError(LedgerReason.CORRUPT, f"record {seq} is not in block {block}")

    def _block_lines(self, number: int, part: str) -> list[bytes]:
        row = self._connection.execute(
            f"SELECT codec, {part} FROM blocks WHERE number = ?",  # noqa: S608
            (number,),
        ).fetchone()
        if row is not None:
            return read_part(*row)
        page, place = divmod(number, PAGE_BLOCKS)
        lines = self._page_lines(page, part)
        return lines[place] if lines else []

    # Anything, block by block

    def _scan(self, query: Query) -> Batches:
        """Yield what matches of each block or page that may hold it."""
        first, last = self._bounds(query)
        wanted = _tokens(query)
        number = last if query.newest_first else first
        while first <= number <= last:
            begin, end, entries = self._unit(number, query, wanted)
            found = [entry for entry in entries if query.matches(entry)]
            found.sort(key=lambda entry: entry.seq, reverse=query.newest_first)
            yield found
            number = begin - 1 if query.newest_first else end + 1

    def _unit(
        self, number: int, query: Query, wanted: Sequence[bytes]
    ) -> tuple[int, int, Iterator[LedgerEntry]]:
        """Return the first and last block of what is stored together, and its records."""
        exists = self._connection.execute("SELECT 1 FROM blocks WHERE number = ?", (number,))
        if exists.fetchone():
            return number, number, self._row_entries(number, query, wanted)
        page = number // PAGE_BLOCKS
        parts = (self._page_lines(page, part) for part in _parts(query))
        lines = (line for part in parts for block in part for line in block)
        entries = (LedgerEntry.of(line) for line in _filtered(lines, wanted))
        return page * PAGE_BLOCKS, (page + 1) * PAGE_BLOCKS - 1, entries

    def _row_entries(
        self, number: int, query: Query, wanted: Sequence[bytes] = ()
    ) -> Iterator[LedgerEntry]:
        lines = (line for part in _parts(query) for line in self._block_lines(number, part))
        return (LedgerEntry.of(line) for line in _filtered(lines, wanted))

    def _page_lines(self, page: int, part: str) -> list[list[bytes]]:
        """Return the lines of a page's part, block by block; nothing when they were dropped."""
        if (page, part) in self._cache:
            return self._cache[page, part]
        row = self._connection.execute(
            f"SELECT codec, {part} FROM pages WHERE page = ?",  # noqa: S608
            (page,),
        ).fetchone()
        if row is None or row[1] is None:
            return []
        codec, data = row
        found = list(read_page_part(codec, data, page * PAGE_BLOCKS, PAGE_BLOCKS))
        self._remember(page, part, found)
        return found

    def _remember(self, page: int, part: str, found: list[list[bytes]]) -> None:
        length = sum(len(line) for lines in found for line in lines)
        if self._cached_bytes + length > _CACHE_BYTES:
            self._cache.clear()
            self._cached_bytes = 0
        if length <= _CACHE_BYTES:
            self._cache[page, part] = found
            self._cached_bytes += length

    # Where to look

    def _bounds(self, query: Query) -> tuple[int, int]:
        """Return the first and last block that may hold what is wanted."""
        first, last = 0, self.database.block_count() - 1
        if query.from_seq is not None:
            first = max(first, self._last_block("first_seq", query.from_seq))
        if query.from_ts is not None:
            first = max(first, self._first_block_ending_at(query.from_ts))
        if query.to_seq is not None:
            last = min(last, self._last_block("first_seq", query.to_seq))
        if query.to_ts is not None:
            last = min(last, self._first_block_ending_at(query.to_ts + 1))
        return first, last

    def _last_block(self, column: str, value: int) -> int:
        """Return the last block that begins at or before a seq, or the end of such a page."""
        low, high = self._connection.execute(
            "SELECT min(number), max(number) FROM blocks"
        ).fetchone()
        if low is not None and self._column(low, "first_seq") <= value:
            return _bisect(low, high + 1, lambda item: self._column(item, "first_seq") <= value) - 1
        pages = self._page_count()
        page = _bisect(0, pages, lambda item: self._page_head(item, column) <= value) - 1
        return page * PAGE_BLOCKS if page >= 0 else 0

    def _first_block_ending_at(self, ts_ms: int) -> int:
        """Return the first block, or that of a page, that ends at or after a time."""
        pages = self._page_count()
        page = _bisect(0, pages, lambda item: self._page_head(item, "last_ts") < ts_ms)
        if page < pages:
            return page * PAGE_BLOCKS
        count = self.database.block_count()
        return _bisect(pages * PAGE_BLOCKS, count, lambda item: self._column(item, "ts") < ts_ms)

    def _page_count(self) -> int:
        (last,) = self._connection.execute("SELECT max(page) FROM pages").fetchone()
        return 0 if last is None else int(last) + 1

    def _page_head(self, page: int, column: str) -> int:
        (value,) = self._connection.execute(
            f"SELECT {column} FROM pages INDEXED BY page_heads WHERE page = ?",  # noqa: S608
            (page,),
        ).fetchone()
        return int(value)

    def _column(self, number: int, column: str) -> int:
        """Return a block's column, or its page's when it was sealed meanwhile."""
        row = self._connection.execute(
            f"SELECT {column} FROM blocks WHERE number = ?",  # noqa: S608
            (number,),
        ).fetchone()
        name = "last_ts" if column == "ts" else column
        return int(row[0]) if row else self._page_head(number // PAGE_BLOCKS, name)


def _bisect(low: int, high: int, is_before: Callable[[int], bool]) -> int:
    """Return the first number for which a bound that is met first is not met any more."""
    while low < high:
        middle = (low + high) // 2
        if is_before(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _parts(query: Query) -> tuple[str, ...]:
    """Return the parts in which to look."""
    if query.kinds and OBSERVED_KINDS.issuperset(query.kinds):
        return (OBSERVATIONS,)
    return (OBSERVATIONS, EVENTS)


def _tokens(query: Query) -> tuple[bytes, ...]:
    """Return what a line must hold one of."""
    return tuple(b'"kind":"%b","seq":' % kind.encode() for kind in map(str, query.kinds))


def _filtered(lines: Iterator[bytes], wanted: Sequence[bytes]) -> Iterator[bytes]:
    if not wanted:
        return lines
    return (line for line in lines if any(token in line for token in wanted))


def _conditions(query: Query) -> tuple[str, list[Any]]:
    """Return the condition on the index of events, and its values."""
    terms = [f"kind IN ({', '.join('?' * len(query.kinds))})"]
    values: list[Any] = [*map(str, query.kinds)]
    for term, value in (
        ("subject = ?", query.subject),
        ("seq >= ?", query.from_seq),
        ("seq <= ?", query.to_seq),
        ("ts >= ?", query.from_ts),
        ("ts <= ?", query.to_ts),
    ):
        if value is not None:
            terms.append(term)
            values.append(value)
    return " AND ".join(terms), values
