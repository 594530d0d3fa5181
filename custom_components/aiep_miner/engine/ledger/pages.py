"""Seals blocks into pages and drops old observations, in steps that hold up no commit.

What is costly, compressing and reading, is done on a reader's connection, block by block; the
writer only swaps the result in. Each swap is one transaction.
"""

import lzma
import sqlite3
import time
import zlib
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from .entries import Draft, LedgerEntry
from .errors import LedgerError, LedgerReason, translated
from .query import Reader
from .store import Store
from .verifier import tree
from .verifier.blocks import PAGE_BLOCKS, Dropped, part_root
from .verifier.database import Database
from .verifier.parts import DEFLATE, XZ, inflate, marker, read_page_part, read_part

KEEP_BLOCKS: Final = 64
"""The newest blocks stay rows: a head that the trust store kept a minute ago is found at once."""
_SAMPLE_BLOCKS: Final = 8
_WORTH: Final = 0.92
"""xz is taken when it needs less than this share of what deflate needs …"""
_MAX_LOAD: Final = 0.02
"""… and this share of the time that the page's blocks span."""
_XZ_FILTERS: Final = (
    {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20, "nice_len": 273, "pb": 0},
)
"""A dictionary of 1 MiB: it needs some 12 MiB to compress and 1 MiB to read. Long matches save a
tenth and cost twice the time."""

_DROPPED_FILTERS: Final = ({"id": lzma.FILTER_DELTA, "dist": Dropped.BYTES}, *_XZ_FILTERS)
"""What is kept of a block differs from the block before in its hash, and else by the same steps."""

type Steps[T] = Generator[None, None, T]
"""Work in small steps that returns something at the end."""


def _compressor(codec: str, filters: Sequence[dict[str, int]] = _XZ_FILTERS) -> Any:
    if codec == DEFLATE:
        return zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC32, None, list(filters))


def compressed(
    codec: str, payloads: Iterable[bytes], filters: Sequence[dict[str, int]] = _XZ_FILTERS
) -> bytes:
    """Return some payloads as one stream."""
    compressor = _compressor(codec, filters)
    return b"".join([*map(compressor.compress, payloads), compressor.flush()])


def compressed_dropped(codec: str, dropped: Iterable[Dropped]) -> bytes:
    """Return what is kept of a page's observations as one stream."""
    return compressed(codec, [item.to_bytes() for item in dropped], _DROPPED_FILTERS)


class _Part:
    """A page's part in the making."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._compressor = _compressor(codec)
        self._chunks: list[bytes] = []
        self._digest = sha256()

    def add(self, number: int, lines: list[bytes]) -> None:
        """Add a block's lines, each ended by a newline in the page."""
        payload = b"\n".join((marker(number, len(lines)), *lines, b""))
        self._digest.update(payload)
        self._chunks.append(self._compressor.compress(payload))

    def finish(self) -> bytes:
        """Return what is stored, after reading it back. Raises LedgerError when it differs."""
        data = b"".join((*self._chunks, self._compressor.flush()))
        digest = sha256()
        for chunk in inflate(self.codec, data):
            digest.update(chunk)
        if digest.digest() != self._digest.digest():
            raise LedgerError(LedgerReason.IO_ERROR, "a page reads back differently")
        return data


@dataclass(frozen=True, slots=True)
class Sealed:
    """A page that is ready to take the place of its blocks."""

    page: int
    values: tuple[Any, ...]
    """The columns after ``page``."""


def due_page(store: Store) -> int | None:
    """Return the next page to seal; None when it has not enough blocks. Raises LedgerError."""
    with translated():
        (first,) = store.connection.execute("SELECT min(number) FROM blocks").fetchone()
    if first is None or store.head.blocks < first + PAGE_BLOCKS + KEEP_BLOCKS:
        return None
    return int(first) // PAGE_BLOCKS


def _row(
    connection: sqlite3.Connection, number: int
) -> tuple[int, int, bytes, list[bytes], list[bytes]]:
    """Return a block's time, first seq, hash and lines. Raises ValueError."""
    row = connection.execute(
        "SELECT ts, first_seq, hash, codec, observations, events FROM blocks WHERE number = ?",
        (number,),
    ).fetchone()
    if row is None:
        raise ValueError(f"block {number} is missing")
    ts, first_seq, digest, codec, observations, events = row
    return ts, first_seq, digest, read_part(codec, observations), read_part(codec, events)


def choose_codec(reader: Database, first: int) -> Steps[str]:
    """Return the codec for a page, measured on some of its blocks."""
    sizes, times_s = {}, {}
    rows = [_row(reader.connection, first + step) for step in range(_SAMPLE_BLOCKS)]
    payload = b"\n".join(line for row in rows for line in (*row[3], *row[4]))
    span_s = max(1.0, (rows[-1][0] - rows[0][0]) / 1000)
    for codec in (DEFLATE, XZ):
        yield
        began_s = time.thread_time()
        compressor = _compressor(codec)
        sizes[codec] = len(compressor.compress(payload) + compressor.flush())
        times_s[codec] = time.thread_time() - began_s
    is_worth = sizes[XZ] < _WORTH * sizes[DEFLATE] and times_s[XZ] < _MAX_LOAD * span_s
    return XZ if is_worth else DEFLATE


def seal(reader: Database, page: int) -> Steps[Sealed]:
    """Return a page made of its blocks. Raises ValueError when one cannot be read."""
    first = page * PAGE_BLOCKS
    codec = yield from choose_codec(reader, first)
    observations, events = _Part(codec), _Part(codec)
    hashes: list[bytes] = []
    first_ts = first_seq = ts = seq = 0
    for number in range(first, first + PAGE_BLOCKS):
        yield
        ts, begin, digest, observed, own = _row(reader.connection, number)
        if not hashes:
            first_ts, first_seq, seq = _first_ts(begin, observed, own), begin, begin - 1
        observations.add(number, observed)
        events.add(number, own)
        hashes.append(digest)
        seq += len(observed) + len(own)
    stored, stored_events = observations.finish(), events.finish()
    values = (
        first_ts, ts, first_seq, seq, codec, stored, None, stored_events,
        tree.root(hashes), hashes[-1],
    )  # fmt: skip
    return Sealed(page, values)


def _first_ts(seq: int, observed: list[bytes], own: list[bytes]) -> int:
    """Return the time of a block's first record."""
    entries = (LedgerEntry.of(lines[0]) for lines in (observed, own) if lines)
    return next(entry.ts_ms for entry in entries if entry.seq == seq)


def swap(store: Store, sealed: Sealed) -> None:
    """Put a page in the place of its blocks. Raises LedgerError."""
    first = sealed.page * PAGE_BLOCKS
    with translated(), store.transaction():
        found = store.connection.execute(
            "SELECT hash FROM blocks WHERE number = ?", (first + PAGE_BLOCKS - 1,)
        ).fetchone()
        if found != (sealed.values[-1],):
            raise LedgerError(LedgerReason.LOCKED, "the blocks are not those that were sealed")
        marks = ", ".join("?" * (1 + len(sealed.values)))
        store.connection.execute(
            f"INSERT INTO pages VALUES ({marks})",  # noqa: S608
            (sealed.page, *sealed.values),
        )
        store.connection.execute(
            "DELETE FROM blocks WHERE number BETWEEN ? AND ?", (first, first + PAGE_BLOCKS - 1)
        )


# Dropping


def old_pages(store: Store, before_ms: int) -> tuple[int, int] | None:
    """Return the first and last page whose observations ended before a time; None for none.

    Raises LedgerError.
    """
    with translated():
        first, last = store.connection.execute(
            "SELECT min(page), max(page) FROM pages INDEXED BY pages_observed"
            " WHERE observations IS NOT NULL AND last_ts < ?",
            (before_ms,),
        ).fetchone()
    return None if first is None else (first, last)


def declare(store: Store, first: int, last: int, now_ms: int) -> None:
    """Record that the observations of some pages are dropped from here on. Raises LedgerError."""
    body = {"event": "pruned", "from_page": first, "to_page": last}
    ts_ms = max(now_ms, store.last_ts_ms)
    store.append([Draft("lifecycle", store.operator_id, ts_ms, body)])


def declared_to(store: Store) -> int:
    """Return the last page that events declare to be dropped; -1 for none. Raises LedgerError."""
    with translated():
        reader = Reader(Database(store.path, store.connection))
        rows = store.connection.execute(
            "SELECT seq FROM events WHERE kind = 'lifecycle' ORDER BY seq DESC LIMIT 1000"
        ).fetchall()
        for (seq,) in rows:
            entry = reader.entry(seq)
            if entry is not None and entry.body.get("event") == "pruned":
                return int(entry.body["to_page"])
    return -1


def kept(reader: Database, page: int) -> Steps[bytes]:
    """Return what is kept of a page's observations. Raises ValueError."""
    row = reader.connection.execute(
        "SELECT first_seq, codec, observations, events FROM pages WHERE page = ?", (page,)
    ).fetchone()
    first_seq, codec, observations, events = row
    observed = read_page_part(codec, observations, page * PAGE_BLOCKS, PAGE_BLOCKS)
    own = read_page_part(codec, events, page * PAGE_BLOCKS, PAGE_BLOCKS)
    parts = []
    for lines, more in zip(observed, own, strict=True):
        yield
        parts.append(_kept(first_seq, lines, more))
        first_seq += len(lines) + len(more)
    return compressed_dropped(codec, parts)


def _kept(first_seq: int, lines: list[bytes], more: list[bytes]) -> Dropped:
    lasts = [LedgerEntry.of(part[-1]) for part in (lines, more) if part]
    ts_ms = max(lasts, key=lambda entry: entry.seq).ts_ms
    return Dropped(first_seq, len(lines), ts_ms, part_root(lines))


def drop(store: Store, page: int, remains: bytes) -> None:
    """Drop a page's observations. Raises LedgerError."""
    with translated(), store.transaction():
        store.connection.execute(
            "UPDATE pages SET observations = NULL, dropped = ?"
            " WHERE page = ? AND observations IS NOT NULL",
            (remains, page),
        )
