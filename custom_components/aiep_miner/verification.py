"""Verifies an operator's ledger on demand."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .engine.ledger import Head
from .engine.ledger.verify import NotALedgerError, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification found."""

    intact: bool
    records: int
    head: str | None = None
    """Record hash of the last record that was verified, hex."""
    first_bad_seq: int | None = None
    fault: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def verify_ledger(path: Path, known: Head) -> Verification:
    """Read the whole file and compare it with the head that is known here."""
    try:
        report = verify(path, {known.seq: known.hash})
    except NotALedgerError as err:
        return Verification(intact=False, records=0, fault=str(err))
    return Verification(
        intact=report.fault is None,
        records=report.count,
        head=report.chain.hash.hex(),
        first_bad_seq=report.fault.seq if report.fault else None,
        fault=str(report.fault) if report.fault else None,
    )
