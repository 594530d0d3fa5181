"""Makes the next block of records."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ...canonical import canonical
from ..verifier import tree
from ..verifier.blocks import EVENTS, OBSERVATIONS, Decided, Header
from ..verifier.lines import MAX_LINE_BYTES
from .entries import Draft, Head, LedgerEntry


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


def build(drafts: Sequence[Draft], head: Head, last_ts_ms: int, decided: Decided) -> NewBlock:
    """Return the block that follows a head; ``decided`` takes in its decisions.

    Raises ValueError when a record cannot be written as JSON, is too long, or is from before
    ``last_ts_ms`` or the record before it.
    """
    parts: dict[str, list[LedgerEntry]] = {OBSERVATIONS: [], EVENTS: []}
    entries = []
    for seq, draft in enumerate(drafts, head.seq + 1):
        if draft.ts_ms < last_ts_ms:
            raise ValueError(f"a {draft.kind} from before the record before it")
        last_ts_ms, entry = draft.ts_ms, _entry(seq, draft)
        entries.append(entry)
        parts[decided.part_of(draft.kind, draft.subject, draft.body)].append(entry)
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
    return NewBlock(
        header, header.hash, _payload(observed), _payload(own), tuple(entries), tuple(own)
    )


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
