"""The evidence: an append-only log of blocks, format 2; see docs/ledger-format-2.md."""

from ..errors import LedgerError, LedgerReason
from ..verifier.report import Fault, Report
from .entries import Cause, Finding, Head, LedgerEntry, Query, Recovery, Trusted
from .ledger import Ledger
from .signing import Signer, generate_key

__all__ = [
    "Cause",
    "Fault",
    "Finding",
    "Head",
    "Ledger",
    "LedgerEntry",
    "LedgerError",
    "LedgerReason",
    "Query",
    "Recovery",
    "Report",
    "Signer",
    "Trusted",
    "generate_key",
]
