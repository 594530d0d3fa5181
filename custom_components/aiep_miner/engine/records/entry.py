"""A record with its place in the ledger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry[R]:
    """A record with its place in the ledger."""

    record: R
    seq: int
    hash: str
    """Record hash, hex; as unique as the record, also among segments."""
