"""What of a log is shared with others: named miners' records, everything else as hashes."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from .entries import LedgerEntry
from .export import blocks_of, range_of
from .query import Reader
from .verifier import shared
from .verifier.blocks import EVENTS, OBSERVATIONS, Block, Dropped
from .verifier.lines import record_hash
from .verifier.note import Checkpoint, Note

SHARED_KINDS: Final = frozenset({"price", "checkpoint", "curtailment"})
"""Kinds of the operator's own records that everybody sees whom a log is shared with."""

type Miners = frozenset[str] | None
"""The miners that are shown; None for everything."""


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def is_shown(entry: LedgerEntry, miners: Miners, operator_id: str) -> bool:
    """Return whether a record is shown to somebody who may see some miners."""
    if miners is None:
        return True
    if entry.subject == operator_id:
        return str(entry.kind) in SHARED_KINDS
    named = entry.body.get("miners") or ()
    return entry.subject in miners and miners.issuperset(named)


def share(
    reader: Reader, from_block: int, limit: int, miners: Miners, note: Note
) -> Iterator[bytes]:
    """Yield at most ``limit`` blocks of a shared log, in chunks of whole lines.

    It ends with the checkpoint when it holds all blocks that this covers, else with the number of
    the next block. Raises ValueError when there are no such blocks, and sqlite3.Error.
    """
    count = reader.database.block_count()
    if not 0 <= from_block <= count:
        raise ValueError("there are no such blocks")
    yield _compact(_begin(reader, from_block))
    to_block = min(count, from_block + limit)
    number = from_block
    while number < to_block:
        for block in blocks_of(reader, number):
            if number <= block.number < to_block:
                yield _block(block, miners, reader.database.operator_id)
            number = max(number, block.number + 1)
    is_whole = Checkpoint.parse(note.text).size <= to_block
    yield _compact({"checkpoint": str(note)} if is_whole else {"next_block": to_block})


def _begin(reader: Reader, from_block: int) -> dict[str, Any]:
    database = reader.database
    head: dict[str, Any] = {
        "format": shared.FORMAT,
        "from_block": from_block,
        "operator_id": database.operator_id,
        "segment": database.segment,
    }
    if from_block:
        head["previous"], head["tree"], head["first_seq"] = range_of(reader, from_block)
    return head


def _block(block: Block, miners: Miners, operator_id: str) -> bytes:
    """Return a block's head and the lines that are shown."""
    kept = block.observations
    if isinstance(kept, Dropped):
        observed = _Part(kept.count, kept.root.hex(), [], kept.ts)
    else:
        observed = _part(kept, miners, operator_id)
    events = _part(block.events, miners, operator_id)
    head = {
        "block": block.number,
        EVENTS: events.size,
        f"{EVENTS}_hidden": events.hidden,
        OBSERVATIONS: observed.size,
        f"{OBSERVATIONS}_hidden": observed.hidden,
        "ts": max(observed.ts_ms, events.ts_ms),
    }
    return _compact(head) + b"".join(line + b"\n" for line in (*observed.shown, *events.shown))


class _Part(NamedTuple):
    """A part of a block as it is shared."""

    size: int
    hidden: Any
    shown: list[bytes]
    ts_ms: int
    """Time of its last record."""


def _part(lines: Sequence[bytes], miners: Miners, operator_id: str) -> _Part:
    entries = [LedgerEntry.of(line) for line in lines]
    places = {place for place, item in enumerate(entries) if is_shown(item, miners, operator_id)}
    return _Part(
        len(entries),
        shared.hidden_part([record_hash(line) for line in lines], places),
        [line for place, line in enumerate(lines) if place in places],
        max((item.ts_ms for item in entries), default=0),
    )
