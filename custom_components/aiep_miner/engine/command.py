"""A command and its origin: action, value, who and why, from the entity to the socket."""

from dataclasses import dataclass

from .miners.base import Command
from .records import Citation, Origin, ProposalRecord
from .records.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOrigin:
    """Who gives a command or makes a proposal."""

    kind: Origin
    user_id: str | None = None
    """The Home Assistant user whose context it is."""
    origin_id: str | None = None
    """The automation, script or agent; None for people."""
    confidence: float = 1.0
    """0…1, stated by the origin."""
    note: str | None = None
    citations: tuple[Citation, ...] = ()
    must_cite: bool = False
    """Whether a proposal without citations is refused."""


def proposal_of(miner_id: str, command: Command, origin: CommandOrigin) -> ProposalRecord:
    """Return the proposal for a command; its time is set when it is recorded."""
    is_person = origin.kind is Origin.PERSON
    uncited = origin.must_cite and not origin.citations
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
        citations=origin.citations,
        citation_fault=Reason.CITATION_MISSING if uncited else None,
    )


__all__ = ["Command", "CommandOrigin", "proposal_of"]
