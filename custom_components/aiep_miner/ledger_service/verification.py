"""What a verification of an operator's ledger found."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from ..engine.ledger import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification found."""

    intact: bool
    records: int
    blocks: int = 0
    root: str | None = None
    """The log's root at so many blocks, hex."""
    first_bad_block: int | None = None
    first_bad_seq: int | None = None
    fault: str | None = None

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return what a report says."""
        fault = report.fault
        return cls(
            intact=fault is None,
            records=report.records,
            blocks=report.blocks,
            root=report.root.hex(),
            first_bad_block=fault.block if fault else None,
            first_bad_seq=fault.seq if fault else None,
            fault=str(fault) if fault else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)
