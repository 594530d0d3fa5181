"""What a ledger is given and gives: entries, heads, queries, and why a segment began."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from ..records import RECORD_TYPES, Record, RecordKind
from .verifier import lines
from .verifier.blocks import genesis

_TAIL: Final = re.compile(
    rb',"kind":"([^"\\]*)","seq":([0-9]+),"subject":"([^"\\]*)","ts":(-?[0-9]+)\}'
)


class Draft(NamedTuple):
    """A record before it has a seq."""

    kind: str
    subject: str
    ts_ms: int
    body: dict[str, Any]

    @classmethod
    def of(cls, record: Record, last_ts_ms: int) -> Self:
        """Return a record's draft; a time before ``last_ts_ms`` is lifted to it.

        ``clock_ms`` then tells what the clock showed.
        """
        if record.ts_ms < last_ts_ms:
            record = replace(record, ts_ms=last_ts_ms, clock_ms=record.ts_ms)
        return cls(str(record.kind), record.subject, record.ts_ms, record.body())


class LedgerEntry(NamedTuple):
    """A record as it is in the ledger."""

    seq: int
    ts_ms: int
    kind: str
    subject: str
    line: bytes
    """The whole record in canonical JSON."""
    hash: bytes
    """Record hash, 32 bytes: SHA-256 of a zero byte and the line."""

    @classmethod
    def of(cls, line: bytes) -> Self:
        """Return the entry of a line. Raises ValueError when it is none."""
        tail = _TAIL.fullmatch(line, max(line.rfind(b',"kind":"'), 0))
        if tail is None:
            record = lines.parse(line)
            digest = lines.record_hash(line)
            return cls(record.seq, record.ts, record.kind, record.subject, line, digest)
        kind, seq, subject, ts = tail.groups()
        digest = lines.record_hash(line)
        return cls(int(seq), int(ts), kind.decode(), subject.decode(), line, digest)

    @property
    def hash_hex(self) -> str:
        """Return the record hash in hex."""
        return self.hash.hex()

    @property
    def body(self) -> dict[str, Any]:
        """Return the record's body, decoded anew each time."""
        body: dict[str, Any] = json.loads(self.line)["body"]
        return body

    def record(self) -> Record:
        """Decode the record. Raises ValueError when it is unknown or malformed."""
        if self.kind not in RECORD_TYPES:
            raise ValueError(f"record {self.seq} ({self.kind}) cannot be decoded")
        record_type = RECORD_TYPES[RecordKind(self.kind)]
        try:
            return record_type.from_body(self.ts_ms, self.subject, self.body)
        except (LookupError, TypeError, RecursionError) as err:
            raise ValueError(f"record {self.seq} ({self.kind}) is malformed") from err


@dataclass(frozen=True, slots=True)
class Head:
    """Where a segment ends."""

    segment: str
    blocks: int
    """Number of blocks; 0 for none."""
    hash: bytes
    """Of the last block, 32 bytes."""
    seq: int
    """Of the last record; 0 for none."""

    def __str__(self) -> str:
        """Return ``SEGMENT:BLOCKS:SEQ:HEXHASH``."""
        return f"{self.segment}:{self.blocks}:{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` returned. Raises ValueError."""
        segment, blocks, seq, digest = text.split(":")
        head = cls(segment, int(blocks), bytes.fromhex(digest), int(seq))
        if len(head.hash) != 32 or not segment:
            raise ValueError(f"{text!r} is no head")
        return head

    @classmethod
    def empty(cls, operator_id: str, segment: str) -> Self:
        """Return the head of a segment without blocks."""
        return cls(segment, 0, genesis(operator_id, segment), 0)


class Cause(StrEnum):
    """Why a new segment began."""

    CORRUPT = "corrupt"
    """SQLite refused the file."""
    FOREIGN = "foreign"
    """The file was no ledger, or another operator's."""
    MISSING = "missing"
    """There was no file, although a head was known."""
    BEHIND = "behind"
    """The file ended before the known head or the last checkpoint: an older copy, or cut off."""
    DIFFERS = "differs"
    """The file did not hold the known head."""
    TAIL = "tail"
    """After the known head there were blocks that this installation did not write."""
    ACCEPTED = "accepted"
    """A person accepted that the segment was broken."""
    FORMAT = "format"
    """The file was of format 1."""
    RESTORED = "restored"
    """The file came from a backup: the segment may have gone on after the copy was made."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a segment began that follows another."""

    cause: Cause
    previous: str | None
    """The last trusted head of the segment before: a ``Head``'s text, ``SEQ:HEXHASH`` of format 1."""
    file: str | None
    """The name under which that segment was set aside, beside the ledger."""
    user_id: str | None = None
    """Who accepted the break."""
    checkpoint: str | None = None
    """The last checkpoint that is known to be signed in that segment, a whole note."""

    def draft(self, ts_ms: int, operator_id: str) -> Draft:
        """Return the new segment's first record."""
        body: dict[str, Any] = {"event": "recovery", "detail": str(self.cause)}
        named = {
            "previous": self.previous,
            "previous_checkpoint": self.checkpoint,
            "previous_file": self.file,
            "user_id": self.user_id,
        }
        body |= {name: value for name, value in named.items() if value is not None}
        return Draft("lifecycle", operator_id, ts_ms, body)

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self | None:
        """Return what a segment's first record says; None when it names no segment before it."""
        body = entry.body
        if entry.kind != "lifecycle" or body.get("event") != "recovery":
            return None
        try:
            cause = Cause(str(body.get("detail")))
        except ValueError:
            return None
        names = ("previous", "previous_file", "user_id", "previous_checkpoint")
        return cls(cause, *map(body.get, names))


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong with the file that was found in the ledger's place at the opening."""

    cause: Cause
    detail: str

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{self.detail} [{self.cause}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What the trust store knows of a ledger when it is opened."""

    head: Head | None = None
    """The last known head."""
    is_clean: bool = False
    """Whether the head was kept at a clean stop: then nothing may follow it."""
    checkpoint: str | None = None
    """The last signed checkpoint, a whole note."""
    is_copy: bool = False
    """Whether this was read from a backup: more may have been signed since than is known here."""
    format_1_head: str | None = None
    """The last known head of a ledger of format 1, ``SEQ:HEXHASH``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which records are wanted; all bounds are included, empty ones match everything."""

    kinds: Sequence[str] = ()
    subject: str | None = None
    from_seq: int | None = None
    to_seq: int | None = None
    from_ts: int | None = None
    """Milliseconds since the Unix epoch."""
    to_ts: int | None = None
    limit: int = 1000
    newest_first: bool = False

    def matches(self, entry: LedgerEntry) -> bool:
        """Return whether an entry is wanted."""
        return (
            (not self.kinds or entry.kind in self.kinds)
            and (self.subject is None or entry.subject == self.subject)
            and (self.from_seq is None or entry.seq >= self.from_seq)
            and (self.to_seq is None or entry.seq <= self.to_seq)
            and (self.from_ts is None or entry.ts_ms >= self.from_ts)
            and (self.to_ts is None or entry.ts_ms <= self.to_ts)
        )
