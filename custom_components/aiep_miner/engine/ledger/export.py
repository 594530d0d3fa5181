"""Exports in JSON Lines."""

import json
from collections.abc import Iterator
from typing import Any

from .entries import LedgerEntry
from .proofs import Prover
from .query import Reader
from .verifier.blocks import FORMAT, PAGE_BLOCKS, Block, Dropped
from .verifier.database import page_blocks
from .verifier.note import Note
from .verifier.parts import read_part


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def export(reader: Reader, from_block: int, to_block: int, note: Note) -> Iterator[bytes]:
    """Yield an export in chunks of whole lines: blocks up to ``to_block``, which is left out.

    ``note`` is the checkpoint at its end. Raises ValueError when there are no such blocks, and
    sqlite3.Error.
    """
    database = reader.database
    if not 0 <= from_block < to_block <= database.block_count():
        raise ValueError("there are no such blocks")
    seq, start = _begin(reader, from_block)
    yield _compact(start)
    number = from_block
    while number < to_block:
        for block in blocks_of(reader, number):
            if number <= block.number < to_block:
                yield _block_lines(block, seq)
                seq += _count(block)
            number = max(number, block.number + 1)
    yield _compact({"checkpoint": str(note)})


def _begin(reader: Reader, from_block: int) -> tuple[int, dict[str, Any]]:
    """Return the seq of the first record, and an export's first line."""
    database = reader.database
    header: dict[str, Any] = {
        "format": FORMAT,
        "from_block": from_block,
        "operator_id": database.operator_id,
        "segment": database.segment,
    }
    if not from_block:
        header["previous"] = database.hash_before(0).hex()
        return 1, header
    header["previous"], header["tree"], header["from_seq"] = range_of(reader, from_block)
    return header["from_seq"], header


def range_of(reader: Reader, from_block: int) -> tuple[str, list[str], int]:
    """Return what precedes a block (1 or more): hash in hex, the tree's nodes, and its first seq."""
    page, place = divmod(from_block, PAGE_BLOCKS)
    previous = (
        reader.database.block_hashes(page * PAGE_BLOCKS, place)[-1]
        if place
        else reader.database.hash_before(page)
    )
    nodes = [node.hex() for node in _range(Prover(reader), from_block)]
    return previous.hex(), nodes, reader.first_seq(from_block)


def _range(prover: Prover, size: int) -> Iterator[bytes]:
    """Return the roots of the perfect subtrees of a tree, largest first."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield prover.subtree(start, 1 << level)
            start += 1 << level


def blocks_of(reader: Reader, number: int) -> Iterator[Block]:
    """Return a block, or all of the page that it is in. Raises ValueError for a missing one."""
    connection = reader.database.connection
    row = connection.execute(
        "SELECT codec, observations, events FROM blocks WHERE number = ?", (number,)
    ).fetchone()
    if row is not None:
        codec, observations, events = row
        return iter([Block(number, read_part(codec, observations), read_part(codec, events))])
    page = number // PAGE_BLOCKS
    row = connection.execute(
        "SELECT codec, observations, dropped, events FROM pages WHERE page = ?", (page,)
    ).fetchone()
    if row is None:
        raise ValueError(f"block {number} is missing")
    return page_blocks(page, *row)


def _count(block: Block) -> int:
    kept = block.observations
    return len(block.events) + (kept.count if isinstance(kept, Dropped) else len(kept))


def _block_lines(block: Block, seq: int) -> bytes:
    """Return a block's head line and its records in order; ``seq`` is its first record's."""
    kept, own = block.observations, list(block.events)
    head: dict[str, Any] = {"block": block.number, "events": len(own)}
    if isinstance(kept, Dropped):
        head |= {"observations": kept.count, "observations_root": kept.root.hex(), "ts": kept.ts}
        return _compact(head) + b"".join(line + b"\n" for line in own)
    head["observations"] = len(kept)
    lines = [*kept, *own]
    if kept and own:
        events = {LedgerEntry.of(line).seq: line for line in own}
        rest = iter(kept)
        lines = [events.get(number) or next(rest) for number in range(seq, seq + len(lines))]
        head["at"] = sorted(number - seq for number in events)
    return _compact(head) + b"".join(line + b"\n" for line in lines)
