"""The evidence: an append-only, hash-chained ledger; see docs/ledger-format.md."""

from .errors import LedgerError, LedgerReason
from .export import import_export
from .ledger import Ledger
from .model import Head, Query, Recovery, RecoveryCause, Span, Stored
from .signing import generate_key, public_key
from .store import LedgerStore
from .verify import Fault, FaultCode, Report

__all__ = [
    "Fault",
    "FaultCode",
    "Head",
    "Ledger",
    "LedgerError",
    "LedgerReason",
    "LedgerStore",
    "Query",
    "Recovery",
    "RecoveryCause",
    "Report",
    "Span",
    "Stored",
    "generate_key",
    "import_export",
    "public_key",
]
