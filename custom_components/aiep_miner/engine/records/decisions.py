"""The life of a proposal: evaluation, decision, receipt or negative proof, review."""

from dataclasses import dataclass, field
from typing import ClassVar

from .base import Body, Record
from .kinds import Action, Mode, Origin, Outcome, RecordKind
from .reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Body):
    """A record that a proposal rests on, and what it is said to say."""

    seq: int
    hash: str
    """The record's hash, hex, or at least its first ``citations.SHORTEST_HASH`` characters."""
    field: str
    """Path into the record's body, the parts joined by dots: ``reading.temperatures.0.sensor``."""
    says: str
    """The value there, as a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRecord(Record):
    """Something wants a miner to change; whether it may is the governor's to say."""

    kind: ClassVar = RecordKind.PROPOSAL

    action: Action
    origin: Origin
    reasons: tuple[Reason, ...] = ()
    value: float | None = None
    """W for set_power, TH/s for set_hashrate, an index for set_pool and set_board."""
    option: str | None = None
    """A level's name, or on, off, auto."""
    confidence: float = 1.0
    """0…1, the proposer's own."""
    user_id: str | None = None
    """The Home Assistant user, for a person's command."""
    origin_id: str | None = None
    """Which automation or agent, for the others."""
    note: str | None = None
    former_value: float | None = None
    """For a reduction: the power limit in W …"""
    former_option: str | None = None
    """… or the level that it goes back to."""
    refused: int = 0
    """How many proposals like this one were refused, unread, because their origin is over its limit."""
    citations: tuple[Citation, ...] = ()
    citation_fault: Reason | None = None
    """Why the citations do not count; found before the proposal was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Body):
    """Seqs of the records that a decision rests on."""

    telemetry: int | None = None
    price: int | None = None
    profit: int | None = None
    policy: int | None = None
    plan: int | None = None
    proposal: int | None = None
    divergences: tuple[int, ...] = ()
    cited: tuple[int, ...] = ()
    """What the proposal cited, and was found to say what is claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Body):
    """What the governor said, and why."""

    trust_level: int
    """0 NO_ACTION, 1 ADVISORY, 2 SUPERVISED, 3 AUTONOMOUS."""
    actionable: bool
    decision_id: str | None = None
    """SHA-256, hex, of the canonical evaluation; None for a hold like the decision before it."""
    score: float | None = None
    trusted_value: float | None = None
    used_fallback: bool = False
    fallback_reason: str | None = None
    operation_status: str | None = None
    safety_status: str | None = None
    grace_status: str | None = None
    consensus_status: str | None = None
    components: dict[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    discarded: dict[str, str] = field(default_factory=dict)
    """Sensor to the reason code why its reading did not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord(Record):
    """What was decided for a miner, on which evidence. Nothing is done without one."""

    kind: ClassVar = RecordKind.DECISION

    action: Action
    authorised: bool
    """Whether it is to be dispatched; always False for hold."""
    reasons: tuple[Reason, ...]
    origin: Origin = Origin.STRATEGY
    value: float | None = None
    option: str | None = None
    mode: Mode = Mode.AUTO
    suppressed_by: Reason | None = None
    """The rule that stopped it, for a change that is not authorised."""
    evaluation: Evaluation | None = None
    evidence: Evidence = field(default_factory=Evidence)
    review: bool = False
    """Carried out under supervision for somebody outside: a person should look at it."""
    late: bool = False
    """A safety stop that was carried out while the ledger could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRecord(Record):
    """What came of a dispatch.

    Each authorised decision has exactly one with outcome accepted, failed or unknown, and
    later at most one with confirmed or not_confirmed.
    """

    kind: ClassVar = RecordKind.RECEIPT

    decision: int
    """Seq of the decision; 0 when that is in a segment before this one."""
    action: Action
    outcome: Outcome
    reason: Reason
    value: float | None = None
    option: str | None = None
    attempt: int = 1
    late: bool = False
    """Written after the fact: the ledger could not be written when the safety stop was due."""
    telemetry: int | None = None
    """Seq of the telemetry that confirmed or refuted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeProofRecord(Record):
    """A change was wanted and was not made: which rule stopped it."""

    kind: ClassVar = RecordKind.NEGATIVE_PROOF

    decision: int
    """Seq of the decision."""
    action: Action
    rule: Reason
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord(Record):
    """A person took a miner over until ``until_ms``, or handed it back (None)."""

    kind: ClassVar = RecordKind.OVERRIDE

    until_ms: int | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord(Record):
    """An operator's verdict on a supervised decision."""

    kind: ClassVar = RecordKind.REVIEW

    decision: int
    """Seq of the decision."""
    approved: bool
    user_id: str | None = None
    note: str | None = None
