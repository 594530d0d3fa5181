"""An order to curtail a site: a power that its miners must not draw more than, for a time."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Record
from .kinds import Origin, RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailmentRecord(Record):
    """An order, or its release; of two with the same id the later one counts."""

    kind: ClassVar = RecordKind.CURTAILMENT

    order_id: str
    limit_w: float | None = None
    """The most that all miners together may draw; None releases the order."""
    from_ms: int = 0
    until_ms: int | None = None
    """None: until it is released."""
    percent: float | None = None
    """What was ordered, where that was a share."""
    note: str | None = None
    """Why, in the words of who ordered or released it."""
    origin: Origin
    user_id: str | None = None
    """The Home Assistant user, where one is known."""

    def is_open(self, ts_ms: int) -> bool:
        """Tell whether the order is in force at a time, or will be."""
        return self.limit_w is not None and (self.until_ms is None or ts_ms < self.until_ms)

    def limit_at(self, ts_ms: int) -> float | None:
        """Return the limit in W that the order sets at a time; None where it sets none."""
        return self.limit_w if self.is_open(ts_ms) and self.from_ms <= ts_ms else None
