"""The envelope that every record has, and the parts that bodies consist of.

A record's envelope (``ts_ms`` and ``subject``) is kept apart from its body. Fields that are
None or at their default are left out of the body. All times are milliseconds since the Unix
epoch, UTC.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from mashumaro import DataClassDictMixin
from mashumaro.config import BaseConfig

from .kinds import RecordKind


class Body(DataClassDictMixin):
    """A part of a body; absent keys mean None or the default."""

    class Config(BaseConfig):
        """What is left out."""

        omit_none = True
        omit_default = True


class ExplicitBody(Body):
    """A part that is written in full: a default may change with a release, a policy may not."""

    class Config(BaseConfig):
        """What is left out."""

        omit_none = True
        omit_default = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Body):
    """The envelope that every record has."""

    kind: ClassVar[RecordKind]

    ts_ms: int = field(metadata={"serialize": "omit"})
    subject: str = field(metadata={"serialize": "omit"})
    """A miner id, or the operator id."""
    clock_ms: int | None = None
    """What the clock showed, when that was before the last record and ``ts_ms`` was lifted."""

    def body(self) -> dict[str, Any]:
        """Return what goes into the ledger's body column, as plain JSON types."""
        return self.to_dict()

    @classmethod
    def from_body(cls, ts_ms: int, subject: str, body: dict[str, Any]) -> Self:
        """Rebuild a record; unknown keys are ignored, bad ones raise ValueError."""
        return cls.from_dict({**body, "ts_ms": ts_ms, "subject": subject})
