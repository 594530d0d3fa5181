"""How the parts of blocks are stored: lines with newlines, raw or compressed, alone or in pages."""

import lzma
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

from .lines import MAX_LINE_BYTES

RAW, DEFLATE, XZ = "raw", "deflate", "xz"
MAX_PART_BYTES = 256 * 1024 * 1024
"""Of one block, inflated: a page may hold more, and is read block by block."""
_CHUNK_BYTES = 256 * 1024
_SOME_LINES = 256
_XZ_MEMORY_BYTES = 64 * 1024 * 1024


def inflate(codec: str, data: bytes) -> "Iterator[bytes]":
    """Return what is stored, in chunks of bounded size. Raises ValueError."""
    if codec == RAW:
        return iter((data,))
    if codec == DEFLATE:
        return _inflate_deflate(data)
    if codec == XZ:
        return _inflate_xz(data)
    raise ValueError(f"unknown codec {codec!r}")


def _inflate_deflate(data: bytes) -> "Iterator[bytes]":
    stream = zlib.decompressobj(-15)
    try:
        while not stream.eof:
            chunk = stream.decompress(data, _CHUNK_BYTES)
            data = stream.unconsumed_tail
            if not chunk and not data and not stream.eof:
                raise ValueError("the deflate stream ends early")
            yield chunk
    except zlib.error as err:
        raise ValueError("no deflate stream") from err
    if stream.unused_data:
        raise ValueError("bytes follow the deflate stream")


def _inflate_xz(data: bytes) -> "Iterator[bytes]":
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)
    try:
        while not stream.eof:
            chunk = stream.decompress(data, _CHUNK_BYTES)
            data = b""
            if not chunk and stream.needs_input:
                raise ValueError("the xz stream ends early")
            yield chunk
    except lzma.LZMAError as err:
        raise ValueError("no xz stream") from err
    if stream.unused_data:
        raise ValueError("bytes follow the xz stream")


def split_lines(chunks: "Iterable[bytes]") -> "Iterator[bytes]":
    """Return lines without their newlines. Raises ValueError when the last one has none."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("a line is too long")
    if rest:
        raise ValueError("the last line does not end")


def read_part(codec: str, data: bytes) -> "list[bytes]":
    """Return the lines of one block's part. Raises ValueError."""
    return list(split_lines(_bounded(inflate(codec, data))))


def _bounded(chunks: "Iterable[bytes]") -> "Iterator[bytes]":
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > MAX_PART_BYTES:
            raise ValueError("the part is too long")
        yield chunk


def marker(number: int, records: int) -> bytes:
    """Return the line that precedes a block's lines in a page, without its newline."""
    return b'{"block":%d,"records":%d}' % (number, records)


def read_page_part(codec: str, data: bytes, first: int, blocks: int) -> "Iterator[list[bytes]]":
    """Return the lines of each of a page's blocks in turn, the first one's number is given.

    Raises ValueError when something else is there.
    """
    lines = split_lines(inflate(codec, data))
    for number in range(first, first + blocks):
        head = next(lines, b"")
        _, _, count = head[:-1].rpartition(b":")
        if not count.isdigit() or head != marker(number, int(count[:10])):
            raise ValueError(f"block {number} is not marked in the page")
        yield _take(lines, int(count))
    if next(lines, None) is not None:
        raise ValueError("lines follow the last block of the page")


def _take(lines: "Iterator[bytes]", count: int) -> "list[bytes]":
    """Return the next lines. Raises ValueError when there are fewer, or too much in them."""
    found: list[bytes] = []
    length = 0
    while len(found) < count:
        some = list(islice(lines, min(count - len(found), _SOME_LINES)))
        length += sum(map(len, some))
        if not some:
            raise ValueError("the page ends early")
        if length > MAX_PART_BYTES:
            raise ValueError("the part is too long")
        found += some
    return found
