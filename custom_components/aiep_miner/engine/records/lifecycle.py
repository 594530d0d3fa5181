"""What happened to the controller and to its ledger."""

from dataclasses import dataclass
from typing import ClassVar

from .base import Record
from .kinds import LifecycleEvent, RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecord(Record):
    """A signed head of the log, with the cosignatures of its witnesses."""

    kind: ClassVar = RecordKind.CHECKPOINT

    note: str
    """The whole C2SP signed note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRecord(Record):
    """The controller started, stopped or recovered."""

    kind: ClassVar = RecordKind.LIFECYCLE

    event: LifecycleEvent
    version: str | None = None
    rebuilt_from_seq: int | None = None
    """At a start: the state was rebuilt from the records from here on."""
    open_decisions: int = 0
    """At a start: how many decisions the crash had left without a receipt."""
    detail: str | None = None
    previous: str | None = None
    """At a recovery: the last head known of the segment before …"""
    previous_file: str | None = None
    """… and the name of its file, which was set aside."""
    from_page: int | None = None
    """At a pruning: the first page whose observations may be gone …"""
    to_page: int | None = None
    """… and the last."""
    user_id: str | None = None
    """At a recovery: the Home Assistant user who accepted the break."""
