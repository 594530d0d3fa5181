"""Blocks: the header, what belongs to which part, and one block as it is read."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from . import tree
from .parts import inflate

FORMAT = "aiep-ledger/2"
PAGE_BLOCKS = 256
OBSERVATIONS, EVENTS = "observations", "events"
DECISION = "decision"
OBSERVED_KINDS = frozenset({"telemetry", "price", "input", "profit"})
MAX_DECIDED = 65_536
"""How many miners' decisions are remembered; when there are more, all are forgotten."""
_HEADER = struct.Struct(">QQIIq32s32s32s")
_DROPPED = struct.Struct(">QIq32s")


def genesis(operator_id: str, segment: str) -> bytes:
    """Return what block 0 of a segment names as the hash before it."""
    return sha256(f"{FORMAT}\n{operator_id}\n{segment}".encode()).digest()


@dataclass(frozen=True)
class Header:
    """What identifies a block: 128 bytes, derived from its lines and the block before."""

    number: int
    first_seq: int
    observations: int
    """Number of records in that part."""
    events: int
    ts: int
    """Of the block's last record, in ms."""
    observations_root: bytes
    events_root: bytes
    previous: bytes
    """Hash of the block before."""

    @property
    def last_seq(self) -> int:
        """Return the seq of the block's last record."""
        return self.first_seq + self.observations + self.events - 1

    def to_bytes(self) -> bytes:
        """Return the 128 bytes. Raises ValueError when a number does not fit."""
        try:
            return _HEADER.pack(
                self.number, self.first_seq, self.observations, self.events, self.ts,
                self.observations_root, self.events_root, self.previous,
            )  # fmt: skip
        except struct.error as err:
            raise ValueError("a number is out of range") from err

    @classmethod
    def from_bytes(cls, data: bytes) -> "Header":
        """Read a header. Raises ValueError."""
        if len(data) != _HEADER.size:
            raise ValueError(f"a header has {_HEADER.size} bytes")
        return cls(*_HEADER.unpack(data))

    @property
    def hash(self) -> bytes:
        """Return the block's hash, which is its leaf in the log."""
        return tree.leaf_hash(self.to_bytes())


@dataclass(frozen=True)
class Dropped:
    """What is kept of a part whose lines are gone."""

    first_seq: int
    """Of the block."""
    count: int
    ts: int
    """Of the block's last record."""
    root: bytes

    BYTES = _DROPPED.size
    """How long it is: 52."""

    def to_bytes(self) -> bytes:
        """Return ``BYTES`` bytes."""
        return _DROPPED.pack(self.first_seq, self.count, self.ts, self.root)

    @classmethod
    def read(cls, codec: str, stored: bytes) -> "list[Dropped]":
        """Read what a page keeps. Raises ValueError."""
        data = b"".join(islice(inflate(codec, stored), 2))
        if len(data) != PAGE_BLOCKS * _DROPPED.size:
            raise ValueError("what is kept of dropped observations has a wrong length")
        return [cls(*values) for values in _DROPPED.iter_unpack(data)]


@dataclass(frozen=True)
class Block:
    """A block as it is stored: its lines, or what is kept of the observations."""

    number: int
    observations: "Sequence[bytes] | Dropped"
    events: "Sequence[bytes]"


def part_root(lines: "Iterable[bytes]") -> bytes:
    """Return the Merkle root over a part's lines."""
    return tree.root([sha256(b"\0" + line).digest() for line in lines])


def named_seqs(seq: int, body: "dict[str, Any]") -> "list[int]":
    """Return the seqs of the records that a decision with a seq rests on.

    Raises ValueError when they are none, or do not come before it.
    """
    evidence = body.get("evidence") or {}
    if type(evidence) is not dict:
        raise ValueError("its evidence is not named by seqs")
    named: list[int] = []
    for value in evidence.values():
        for item in value if type(value) is list else (value,):
            if type(item) is not int or not 0 < item < seq:
                raise ValueError(f"its evidence {item} is no record before it")
            named.append(item)
    return named


class Decided:
    """Tells routine holds from events: a hold like the miner's decision before it is routine.

    A decision is a routine hold when the same miner's decision before it, in the same segment,
    was a hold for the same reasons. The memory is bounded: see ``MAX_DECIDED``.
    """

    def __init__(self, last: "dict[str, str] | None" = None) -> None:
        """Begin with what each miner's last decision was; see ``last``."""
        self.last = dict(last or {})
        """Miner id to the digest of its last decision's action and reasons."""
        self.has_forgotten = False
        """Whether decisions may have come before that are not remembered."""

    def takes_as_routine(
        self, subject: str, body: "dict[str, Any]", *, is_lenient: bool = False
    ) -> bool:
        """Take a miner's next decision; return whether it is a routine hold.

        A lenient answer is that nothing that is remembered speaks against that.
        """
        last, digest = self.last.get(subject), _digest(body)
        is_alike = digest == last or (is_lenient and self.has_forgotten and last is None)
        if digest != last:
            self._remember(subject, digest)
        return is_alike and body.get("action") == "hold"

    def _remember(self, subject: str, digest: str) -> None:
        if len(self.last) >= MAX_DECIDED and subject not in self.last:
            self.last.clear()
            self.has_forgotten = True
        self.last[subject] = digest


def _digest(body: "dict[str, Any]") -> str:
    """Return what makes two holds alike, in bounded size."""
    reasons = body.get("reasons")
    names = map(str, reasons) if isinstance(reasons, (list, tuple)) else ()
    text = "\n".join((str(body.get("action")), *names))
    return text if len(text) <= 64 else sha256(text.encode()).hexdigest()
