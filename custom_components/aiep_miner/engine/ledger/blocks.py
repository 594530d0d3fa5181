"""Makes the next block of records."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..canonical import canonical
from .entries import Draft, Head, LedgerEntry
from .verifier import tree
from .verifier.blocks import EVENTS, OBSERVATIONS, Decided, Header
from .verifier.lines import MAX_LINE_BYTES


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block that is ready to be written."""

    header: Header
    hash: bytes
    observations: bytes
    """Payload of the part: lines with their newlines."""
    events: bytes
    entries: tuple[LedgerEntry, ...]
    """All records in order."""
    index: tuple[LedgerEntry, ...]
    """Those that the index of events names."""


class Staged(NamedTuple):
    """A record with the place that it will have in the ledger."""

    draft: Draft
    entry: LedgerEntry


def stage(drafts: Iterable[Draft], seq: int, last_ts_ms: int) -> Iterator[Staged]:
    """Return records with their entries, the first one behind ``seq``.

    Raises ValueError when a record cannot be written as JSON, is too long, or is from before
    ``last_ts_ms`` or the record before it.
    """
    for number, draft in enumerate(drafts, seq + 1):
        if draft.ts_ms < last_ts_ms:
            raise ValueError(f"a {draft.kind} from before the record before it")
        last_ts_ms = draft.ts_ms
        yield Staged(draft, _entry(number, draft))


def build(staged: Sequence[Staged], head: Head, decided: Decided) -> NewBlock:
    """Return the block that follows a head; ``decided`` takes in its decisions."""
    parts: dict[str, list[LedgerEntry]] = {OBSERVATIONS: [], EVENTS: []}
    for draft, entry in staged:
        parts[decided.part_of(draft.kind, draft.subject, draft.body)].append(entry)
    entries = tuple(item.entry for item in staged)
    observed, own = parts[OBSERVATIONS], parts[EVENTS]
    header = Header(
        number=head.blocks,
        first_seq=head.seq + 1,
        observations=len(observed),
        events=len(own),
        ts=entries[-1].ts_ms,
        observations_root=tree.root([entry.hash for entry in observed]),
        events_root=tree.root([entry.hash for entry in own]),
        previous=head.hash,
    )
    return NewBlock(header, header.hash, _payload(observed), _payload(own), entries, tuple(own))


def _entry(seq: int, draft: Draft) -> LedgerEntry:
    kind, subject, ts_ms, body = draft
    value = {"body": body, "kind": kind, "seq": seq, "subject": subject, "ts": ts_ms}
    line = canonical(value)
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"a record of {len(line)} bytes is too long")
    digest = hashlib.sha256(b"\0" + line).digest()
    return LedgerEntry(seq, ts_ms, kind, subject, line, digest)


def _payload(entries: Sequence[LedgerEntry]) -> bytes:
    return b"".join([entry.line + b"\n" for entry in entries])
