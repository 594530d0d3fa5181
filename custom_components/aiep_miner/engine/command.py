"""A command and its origin: what is wanted of a miner, by whom and why, from entity to socket."""

from dataclasses import dataclass

from .miners.base import Command
from .records import Origin, ProposalRecord
from .records.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOrigin:
    """Who wants a command."""

    kind: Origin
    user_id: str | None = None
    """The Home Assistant user whose context it is."""
    origin_id: str | None = None
    """Which automation, script or agent; None for people."""
    confidence: float = 1.0
    """0…1, the origin's own."""
    note: str | None = None


def proposal_of(miner_id: str, command: Command, origin: CommandOrigin) -> ProposalRecord:
    """Return the proposal that brings a command before the governor; it is dated when recorded."""
    is_person = origin.kind is Origin.PERSON
    return ProposalRecord(
        ts_ms=0,
        subject=miner_id,
        action=command.action,
        origin=origin.kind,
        reasons=(Reason.PERSON_COMMAND if is_person else Reason.OUTSIDE_PROPOSAL,),
        value=command.value,
        option=command.option,
        confidence=origin.confidence,
        user_id=origin.user_id,
        origin_id=origin.origin_id,
        note=origin.note,
    )


__all__ = ["Command", "CommandOrigin", "proposal_of"]
