"""Shared logs: all of a log's blocks, where some records are shown and others are only hashes.

JSON Lines. First ``{"format":"aiep-log/1","from_block":…,"operator_id":…,"segment":…}``, with
``previous``, ``first_seq`` and ``tree`` where it does not begin at block 0. Then for each block a
head ``{"block":N,"events":k,"events_hidden":…,"observations":m,"observations_hidden":…,"ts":…}``
and the lines that are shown, observations before events. A ``…_hidden`` is the part's root in hex
when nothing of it is shown, else a list of ``[place, hash]``. Last ``{"checkpoint":"…note…"}``, or
``{"next_block":N}`` where blocks follow that the checkpoint covers.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import tree
from .blocks import Header, genesis
from .export import lines_of
from .lines import MAX_LINE_BYTES, Record, parse, record_hash
from .log import check_origin, check_signed
from .note import Note, origin_of
from .report import Code, Fault, Known, NotALedgerError, Report

FORMAT = "aiep-log/1"
MAX_RECORDS = 1_000_000
"""Of one part of a block."""
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError)


class DivergedError(Exception):
    """A block or checkpoint does not continue the log."""

    def __init__(self, block: int, code: str, detail: str) -> None:
        """Take the block and what is wrong with it."""
        super().__init__(f"block {block}: {detail}")
        self.fault = Fault(block, None, code, detail)


def hidden_part(hashes: Sequence[bytes], shown: "set[int]") -> "str | list[list[int | str]]":
    """Return how the records of a part that are not shown are written."""
    if not shown:
        return tree.root(hashes).hex()
    return [[place, node.hex()] for place, node in enumerate(hashes) if place not in shown]


class SharedLog:
    """Follows a shared log: each block is checked against those before it."""

    def __init__(self, operator_id: str, segment: str) -> None:
        """Begin at block 0."""
        self.operator_id, self.segment = operator_id, segment
        self.range = tree.CompactRange()
        self.hash = genesis(operator_id, segment)
        self.seq, self.ts = 0, 0
        self.roots: dict[int, bytes] = {}
        """Roots at the sizes of the last blocks."""

    @property
    def blocks(self) -> int:
        """Return how many blocks there are."""
        return self.range.size

    @property
    def origin(self) -> str:
        """Return the origin of the log's checkpoints."""
        return origin_of(self.operator_id, self.segment)

    def feed(self, head: "dict[str, Any]", lines: "Sequence[bytes]") -> "list[Record]":
        """Take the next block; return the records that it shows. Raises DivergedError."""
        number = self.blocks
        try:
            if int(head["block"]) != number:
                raise ValueError(f"block {head['block']} is where this one should be")
            observations, rest = _part(head, "observations", list(lines))
            events, rest = _part(head, "events", rest)
            if rest:
                raise ValueError("lines that belong to no part")
            counts = int(head["observations"]), int(head["events"])
            header = Header(
                number, self.seq + 1, *counts, int(head["ts"]), observations, events, self.hash
            )
            records = [parse(line) for line in lines]
            self._check(header, records)
            digest = header.hash
        except _MALFORMED as err:
            raise DivergedError(number, Code.LINE, str(err) or "not a block") from err
        self.range.append(digest)
        self.hash, self.seq, self.ts = digest, header.last_seq, header.ts
        self.roots[self.blocks] = self.range.root()
        if len(self.roots) > 1024:
            del self.roots[next(iter(self.roots))]
        return sorted(records, key=lambda item: item.seq)

    def _check(self, header: Header, records: "list[Record]") -> None:
        if header.last_seq < header.first_seq or header.ts < self.ts:
            raise ValueError("the block has no record, or a time before the block's before it")
        for record in records:
            if not header.first_seq <= record.seq <= header.last_seq:
                raise ValueError(f"record {record.seq} does not belong to the block")
            if not self.ts <= record.ts <= header.ts:
                raise ValueError(f"record {record.seq} has another time than its block")

    def check_note(self, note: Note, known: "Known | None" = None) -> int:
        """Compare a checkpoint with the log; return its size.

        One of a log that is longer than what has arrived is not compared. Raises DivergedError.
        """
        try:
            head = check_origin(note, self.origin)
            if known is not None and known.keys:
                check_signed(note, known)
        except ValueError as err:
            raise DivergedError(self.blocks, Code.SIGNATURE, f"the checkpoint: {err}") from err
        if head.size in self.roots and self.roots[head.size] != head.root:
            raise DivergedError(
                max(0, head.size - 1), Code.CHECKPOINT,
                f"the log's root at {head.size} blocks is not the checkpoint's",
            )  # fmt: skip
        return head.size

    def state(self) -> "dict[str, Any]":
        """Return, in plain JSON types, what a later walk goes on from."""
        return {
            "operator_id": self.operator_id,
            "segment": self.segment,
            "blocks": self.blocks,
            "tree": [node.hex() for node in self.range.nodes],
            "hash": self.hash.hex(),
            "seq": self.seq,
            "ts": self.ts,
        }

    @classmethod
    def restored(cls, state: "dict[str, Any]") -> "SharedLog":
        """Go on where a state was taken. Raises ValueError."""
        try:
            log = cls(str(state["operator_id"]), str(state["segment"]))
            nodes = [bytes.fromhex(node) for node in state["tree"]]
            log.range = tree.CompactRange(int(state["blocks"]), nodes)
            log.hash, log.seq = bytes.fromhex(state["hash"]), int(state["seq"])
            log.ts = int(state["ts"])
        except (LookupError, TypeError, AttributeError) as err:
            raise ValueError("no state of a walk") from err
        log.roots[log.blocks] = log.range.root()
        return log


def _part(head: "dict[str, Any]", name: str, lines: "list[bytes]") -> "tuple[bytes, list[bytes]]":
    """Return a part's root, and the lines that remain. Raises ValueError."""
    count, hidden = int(head[name]), head[f"{name}_hidden"]
    if not 0 <= count <= MAX_RECORDS:
        raise ValueError("a part cannot have so many records")
    if isinstance(hidden, str):
        return bytes.fromhex(hidden), lines
    hashes: dict[int, bytes] = {int(place): bytes.fromhex(node) for place, node in hidden}
    if not set(hashes) <= set(range(count)) or len(hashes) != len(hidden):
        raise ValueError("a hidden record is at no place")
    shown = iter(lines)
    leaves = []
    for place in range(count):
        node = hashes.get(place)
        if node is None:
            line = next(shown, None)
            if line is None:
                raise ValueError("a record is missing")
            node = record_hash(line)
        leaves.append(node)
    return tree.root(leaves), list(shown)


def read_blocks(
    lines: "Iterable[bytes]",
) -> "Iterator[tuple[dict[str, Any], list[bytes]] | Note]":
    """Yield a shared log's blocks as their heads and lines, and its checkpoint last, if it has one.

    Raises ValueError.
    """
    source = iter(lines)
    for line in source:
        head = json.loads(line)
        if "checkpoint" in head:
            yield Note.parse(str(head["checkpoint"]))
            return
        if "next_block" in head:
            return
        yield head, [next(source, b"") for _ in range(_shown(head))]
    raise ValueError("it ends early")


def _shown(head: "dict[str, Any]") -> int:
    """Return how many lines follow a block's head. Raises ValueError."""
    count = 0
    for name in ("observations", "events"):
        hidden, size = head[f"{name}_hidden"], int(head[name])
        if not 0 <= size <= MAX_RECORDS:
            raise ValueError("a part cannot have so many records")
        count += 0 if isinstance(hidden, str) else size - len(hidden)
    return count


def begin(first: bytes) -> SharedLog:
    """Read a shared log's first line. Raises NotALedgerError."""
    try:
        header = json.loads(first)
        is_format = header["format"] == FORMAT
        log = SharedLog(str(header["operator_id"]), str(header["segment"]))
        if header["from_block"]:
            nodes = [bytes.fromhex(node) for node in header["tree"]]
            log.range = tree.CompactRange(int(header["from_block"]), nodes)
            log.hash = bytes.fromhex(header["previous"])
            log.seq = int(header["first_seq"]) - 1
    except _MALFORMED as err:
        raise NotALedgerError("its first line is not that of a shared log") from err
    if not is_format:
        raise NotALedgerError(f"its format is not {FORMAT}")
    return log


def verify(path: Path, known: "Known | None" = None) -> Report:
    """Verify a shared log. Raises NotALedgerError."""
    known = known or Known()
    records, fault, note = 0, None, None
    try:
        with path.open("rb") as file:
            log = begin(file.readline(MAX_LINE_BYTES))
            for item in read_blocks(lines_of(file)):
                if isinstance(item, Note):
                    note = item
                else:
                    records += len(log.feed(*item))
            fault = _end(log, note, known)
    except OSError as err:
        raise NotALedgerError(f"it cannot be read: {err}") from err
    except DivergedError as err:
        fault = err.fault
    except _MALFORMED as err:
        fault = Fault(log.blocks, None, Code.LINE, str(err) or "no line of a shared log")
    remark = "signed by the key" if known.keys else "signature not checked"
    if note is None:
        remark = "no checkpoint at its end: blocks follow"
    return Report("shared log", log.blocks, records, log.range.root(), fault, None, (remark,))


def _end(log: SharedLog, note: "Note | None", known: Known) -> "Fault | None":
    """Compare the checkpoints with the log."""
    for item in (*known.checkpoints, *([note] if note else [])):
        size = log.check_note(item, known)
        if size > log.blocks:
            return Fault(log.blocks, None, Code.CUT_OFF, f"{size} blocks are known of this log")
    return None
