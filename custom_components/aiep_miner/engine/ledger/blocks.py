"""Makes the next block of records."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from ..canonical import canonical_objects
from .entries import Draft, Head, LedgerEntry
from .verifier import tree
from .verifier.blocks import DECISION, OBSERVED_KINDS, Decided, Header
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

    entry: LedgerEntry
    decision: dict[str, Any] | None
    """The body of a decision, which its part follows from; other bodies are not kept."""


# What a named tuple's own call does, without a frame for each of thousands.
_ENTRY: Final[Callable[[Iterable[Any]], LedgerEntry]] = partial(tuple.__new__, LedgerEntry)
_STAGED: Final[Callable[[Iterable[Any]], Staged]] = partial(tuple.__new__, Staged)


def stage(drafts: Sequence[Draft], seq: int, last_ts_ms: int) -> list[Staged]:
    """Return records with their entries, the first one behind ``seq``.

    Raises ValueError when a record cannot be written as JSON, is too long, or is from before
    ``last_ts_ms`` or the record before it.
    """
    times_ms = [draft.ts_ms for draft in drafts]
    for draft, before_ms in zip(drafts, (last_ts_ms, *times_ms), strict=False):
        if draft.ts_ms < before_ms:
            raise ValueError(f"a {draft.kind} from before the record before it")
    values = [
        {"body": body, "kind": kind, "seq": number, "subject": subject, "ts": ts_ms}
        for number, (kind, subject, ts_ms, body) in enumerate(drafts, seq + 1)
    ]
    lines = canonical_objects(values, first="body")
    longest = max(map(len, lines), default=0)
    if longest > MAX_LINE_BYTES:
        raise ValueError(f"a record of {longest} bytes is too long")
    sha256 = hashlib.sha256
    hashes = [sha256(b"\0" + line).digest() for line in lines]
    kinds, subjects, _, bodies = zip(*drafts, strict=True) if drafts else ((), (), (), ())
    numbers = range(seq + 1, seq + 1 + len(drafts))
    entries = map(_ENTRY, zip(numbers, times_ms, kinds, subjects, lines, hashes, strict=True))
    decisions = [
        body if kind == DECISION else None for kind, body in zip(kinds, bodies, strict=True)
    ]
    return list(map(_STAGED, zip(entries, decisions, strict=True)))


def build(staged: Sequence[Staged], head: Head, decided: Decided) -> NewBlock:
    """Return the block that follows a head; ``decided`` takes in its decisions."""
    observed: list[LedgerEntry] = []
    own: list[LedgerEntry] = []
    for entry, decision in staged:
        is_observed = entry.kind in OBSERVED_KINDS or (
            decision is not None and decided.takes_as_routine(entry.subject, decision)
        )
        (observed if is_observed else own).append(entry)
    entries = tuple([item.entry for item in staged])
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


def _payload(entries: Sequence[LedgerEntry]) -> bytes:
    lines = [entry.line for entry in entries]
    return b"\n".join(lines) + b"\n" if lines else b""
