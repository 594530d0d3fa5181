"""Exports: a ledger, or its end, in JSON Lines, ending with a signed checkpoint."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from . import tree
from .blocks import FORMAT, Block, Dropped
from .database import report_of
from .lines import MAX_LINE_BYTES
from .log import Log, check_signed
from .note import Note
from .parts import MAX_PART_BYTES
from .report import Code, Fault, Known, NotALedgerError, Report


def lines_of(file: BinaryIO) -> "Iterator[bytes]":
    """Return lines without their newlines. Raises ValueError."""
    while line := file.readline(MAX_LINE_BYTES + 2):
        if not line.endswith(b"\n"):
            raise ValueError("a line is too long or does not end")
        yield line[:-1]


class Export:
    """An export's first line, and the walk along the others."""

    def __init__(self, first: bytes) -> None:
        """Read the first line. Raises NotALedgerError."""
        try:
            header = json.loads(first)
            self.operator_id, self.segment = str(header["operator_id"]), str(header["segment"])
            self.from_block = int(header["from_block"])
            self.from_seq = int(header.get("from_seq", 1))
            self.previous = bytes.fromhex(header["previous"])
            nodes = [bytes.fromhex(item) for item in header.get("tree", [])]
            self.range = tree.CompactRange(self.from_block, nodes)
            is_format = header["format"] == FORMAT
        except (LookupError, TypeError, ValueError, AttributeError) as err:
            raise NotALedgerError("its first line is not that of an export") from err
        if not is_format or self.from_seq < 1:
            raise NotALedgerError(f"its format is not {FORMAT}")

    def log(self, known: "Known | None" = None) -> Log:
        """Return a walk that begins at the first block."""
        log = Log(self.operator_id, self.segment, known)
        if self.from_block:
            log.begin_at(self.range, self.previous, self.from_seq)
        return log


def read_blocks(lines: "Iterator[bytes]", seq: int) -> "Iterator[Block | Note]":
    """Return an export's blocks, and its checkpoint last; ``seq`` is the last one before.

    Where a block has both parts, ``at`` names the places of its events among its lines. Raises
    ValueError.
    """
    for line in lines:
        head = json.loads(line)
        if "checkpoint" in head:
            if next(lines, None) is not None:
                raise ValueError("something follows the checkpoint")
            yield Note.parse(str(head["checkpoint"]))
            return
        block, seq = _read_block(head, lines, seq)
        yield block
    raise ValueError("the export does not end with a checkpoint")


def _read_block(head: "dict[str, Any]", lines: "Iterator[bytes]", seq: int) -> "tuple[Block, int]":
    """Return a block, and the seq of its last record."""
    observations, events = int(head["observations"]), int(head["events"])
    if observations < 0 or events < 0:
        raise ValueError("a part has no fewer than 0 records")
    if "observations_root" in head:
        root = bytes.fromhex(head["observations_root"])
        kept = Dropped(seq + 1, observations, int(head["ts"]), root)
        own = _take(lines, events)
        return Block(int(head["block"]), kept, own), seq + observations + events
    found = _take(lines, observations + events)
    at = head.get("at", [])
    is_event = {int(place) for place in at} if observations else set(range(events))
    own = [line for place, line in enumerate(found) if place in is_event]
    observed = [line for place, line in enumerate(found) if place not in is_event]
    if len(own) != events:
        raise ValueError("the block's events are not where it says")
    return Block(int(head["block"]), observed, own), seq + len(found)


def _take(lines: "Iterator[bytes]", count: int) -> "list[bytes]":
    taken, length = [], 0
    for _ in range(count):
        line = next(lines, None)
        if line is None:
            raise ValueError("the export ends early")
        taken.append(line)
        length += len(line)
        if length > MAX_PART_BYTES:
            raise ValueError("the block is too long")
    return taken


def verify(path: Path, known: "Known | None" = None) -> Report:
    """Verify an export. Raises NotALedgerError."""
    try:
        with path.open("rb") as file:
            export = Export(file.readline(MAX_LINE_BYTES))
            log = export.log(known)
            fault = _walk(log, read_blocks(lines_of(file), log.seq))
    except OSError as err:
        raise NotALedgerError(f"it cannot be read: {err}") from err
    return report_of("export", log, fault or log.finish())


def _walk(log: Log, blocks: "Iterator[Block | Note]") -> "Fault | None":
    try:
        for item in blocks:
            if isinstance(item, Note):
                return _end(log, item)
            fault, _ = log.feed(item)
            if fault:
                return fault
    except (LookupError, TypeError, ValueError, AttributeError) as err:
        return Fault(log.blocks, log.seq + 1, Code.LINE, str(err) or "no line of an export")
    return None


def _end(log: Log, note: Note) -> "Fault | None":
    """Compare the checkpoint at the end with the blocks before it."""
    try:
        log.check_note(note)
        if log.known.keys:
            check_signed(note, log.known)
            log.tally.signed += 1
    except ValueError as err:
        return Fault(log.blocks, None, Code.CHECKPOINT, f"the checkpoint at the end: {err}")
    log.tally.newest = note
    return None
