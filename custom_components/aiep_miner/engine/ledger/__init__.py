"""The evidence: an append-only log of blocks; see docs/ledger-format.md."""

from .blocks import Staged
from .entries import Cause, Finding, Head, LedgerEntry, Query, Recovery, Trusted
from .errors import LedgerError, LedgerReason
from .importing import import_export
from .ledger import Ledger
from .query import Reader
from .signing import Signer, generate_key
from .verifier.note import Note
from .verifier.report import Fault, Known, Report

__all__ = [
    "Cause",
    "Fault",
    "Finding",
    "Head",
    "Known",
    "Ledger",
    "LedgerEntry",
    "LedgerError",
    "LedgerReason",
    "Note",
    "Query",
    "Reader",
    "Recovery",
    "Report",
    "Signer",
    "Staged",
    "Trusted",
    "generate_key",
    "import_export",
]
