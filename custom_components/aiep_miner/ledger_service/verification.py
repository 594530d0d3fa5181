"""What a verification of an operator's ledger found."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from ..engine.ledger import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification found."""

    intact: bool
    records: int
    head: str | None = None
    """Record hash of the last record that was verified, hex."""
    first_bad_seq: int | None = None
    fault: str | None = None

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return what a report says."""
        fault = report.fault
        return cls(
            intact=fault is None,
            records=report.count,
            head=report.chain.hash.hex(),
            first_bad_seq=fault.seq if fault else None,
            fault=str(fault) if fault else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)
