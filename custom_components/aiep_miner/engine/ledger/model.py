"""What a ledger holds and is asked for: heads, stored records, queries, recoveries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self

from ..records import RECORD_TYPES, LifecycleEvent, LifecycleRecord, Record, RecordKind
from . import verify


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: the last record's seq (0 for none) and hash (32 bytes)."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        """Return ``SEQ:HEXHASH``, as the verifier takes it."""
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``SEQ:HEXHASH``. Raises ValueError."""
        return cls(*verify.parse_head(text))


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it stands in the ledger."""

    seq: int
    ts_ms: int
    kind: RecordKind | str
    """A string only for a kind that this version does not know."""
    subject: str
    body: bytes | None
    """Canonical JSON, uncompressed; None once pruned."""
    body_hash: bytes
    hash: bytes

    @property
    def hash_hex(self) -> str:
        """The record hash, by which other records name this one."""
        return self.hash.hex()

    def record(self) -> Record:
        """Decode the record. Raises ValueError when its body is pruned, unknown or malformed."""
        if self.body is None or self.kind not in RECORD_TYPES:
            raise ValueError(f"record {self.seq} ({self.kind}) cannot be decoded")
        record_type = RECORD_TYPES[RecordKind(self.kind)]
        try:
            return record_type.from_body(self.ts_ms, self.subject, json.loads(self.body))
        except (LookupError, TypeError, RecursionError) as err:  # members or objects are missing
            raise ValueError(f"record {self.seq} ({self.kind}) is malformed") from err


class RecoveryCause(StrEnum):
    """Why a new segment of the ledger began."""

    CORRUPT = "corrupt"
    """SQLite refused the file, or it was no ledger of this operator."""
    MISSING = "missing"
    """There was no file, although a head was known."""
    ACCEPTED = "accepted"
    """A person accepted that the chain was broken."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A new segment began; its first record, written with the next append, says so too."""

    cause: RecoveryCause
    previous: Head | None
    """The last head known of the segment before."""
    file: str | None
    """The name under which that segment was set aside, beside the ledger."""

    def record(self, ts_ms: int, operator_id: str) -> LifecycleRecord:
        """Return the new segment's first record."""
        return LifecycleRecord(
            ts_ms=ts_ms,
            subject=operator_id,
            event=LifecycleEvent.RECOVERY,
            detail=self.cause,
            previous_seq=self.previous.seq if self.previous else None,
            previous_head=self.previous.hash.hex() if self.previous else None,
            previous_file=self.file,
        )

    @classmethod
    def told_by(cls, record: Record) -> Self | None:
        """Return what a segment's first record tells; None when it tells of no recovery.

        Raises ValueError when it is malformed.
        """
        if not isinstance(record, LifecycleRecord) or record.event is not LifecycleEvent.RECOVERY:
            return None
        seq, digest = record.previous_seq, bytes.fromhex(record.previous_head or "")
        previous = None if seq is None else Head(seq, digest)
        return cls(RecoveryCause(record.detail or ""), previous, record.previous_file)

    def to_text(self) -> str:
        """Return it as text for the meta table."""
        return json.dumps([self.cause, str(self.previous or ""), self.file])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read it back. Raises ValueError or TypeError."""
        cause, previous, file = json.loads(text)
        return cls(RecoveryCause(cause), Head.parse(previous) if previous else None, file)


FREQUENT: Final = frozenset({RecordKind.TELEMETRY, RecordKind.PROFIT, RecordKind.DECISION})
"""Of these each cycle files one for each miner: they are found by looking at one record after the
other as fast as with an index, which would cost 17 bytes for each of them."""
RARE: Final = " AND ".join(f"kind <> '{kind}'" for kind in sorted(FREQUENT))
"""What the index of the other kinds holds; a statement that is to use it says the same."""


class Span(NamedTuple):
    """A range of seqs, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which records are wanted; all bounds are included, empty ones match everything."""

    kinds: Sequence[RecordKind] = ()
    subject: str | None = None
    from_seq: int | None = None
    to_seq: int | None = None
    from_ts: int | None = None
    """Milliseconds since the Unix epoch."""
    to_ts: int | None = None
    hash_hex: str | None = None
    limit: int = 1000
    newest_first: bool = False

    @property
    def is_scan(self) -> bool:
        """Whether records are looked through one by one: only rare kinds, seq and time are indexed."""
        by_content = self.subject is not None or self.hash_hex is not None
        return by_content or not FREQUENT.isdisjoint(self.kinds)

    def conditions(self) -> Sequence[tuple[str, list[str | bytes]]]:
        """Return the conditions beside the span, with their values, for each statement to run."""
        where = ""
        values: list[str | bytes] = []
        if self.subject is not None:
            where += " AND subject = ?"
            values.append(self.subject)
        if self.hash_hex is not None:
            where += " AND hash = ?"
            values.append(bytes.fromhex(self.hash_hex))
        if not self.kinds:
            return [(where, values)]
        return [
            (f"{where} AND kind = ?{'' if kind in FREQUENT else f' AND {RARE}'}", [*values, kind])
            for kind in sorted(set(self.kinds))
        ]
