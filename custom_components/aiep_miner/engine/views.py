"""What the engine shows to the outside: frozen pictures of a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .miners.base import MinerInfo
from .reasons import Reason
from .records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    Mode,
    NegativeProofRecord,
    Outcome,
    PolicyRecord,
    PriceRecord,
    ProfitRecord,
    ReceiptRecord,
    TelemetryRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed[R]:
    """A record with its place in the ledger."""

    record: R
    seq: int
    hash: str
    """Record hash, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earnings:
    """What a miner earns and costs as it runs now, a day, in the price record's currency."""

    revenue_per_day: float | None = None
    cost_per_day: float | None = None
    heat_credit_per_day: float | None = None
    profit_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerView:
    """One miner after a cycle."""

    miner_id: str
    info: MinerInfo | None = None
    """None until the miner was reached for the first time since the start."""
    telemetry: TelemetryRecord | None = None
    profit: ProfitRecord | None = None
    """What it would earn if it ran, when it is stopped: see ``ProfitRecord.basis``."""
    earnings: Earnings | None = None
    """What it earns now; zero revenue when stopped; None when the last poll failed."""
    decision: Filed[DecisionRecord] | None = None
    last_receipt: Filed[ReceiptRecord] | None = None
    divergences: tuple[DivergenceRecord, ...] = ()
    """The active ones."""
    hold_until_ms: int | None = None
    """A person took the miner over until then."""
    latched: bool = False
    """Restarted too often: automation leaves it alone until a person hands it back."""
    pending: Action | None = None
    """Dispatched, not yet confirmed."""
    not_confirmed: Action | None = None
    """Dispatched, and telemetry did not show its effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainHealth:
    """How the governor's recent decisions went, in one domain or over all."""

    status: str = "unknown"
    """healthy, warning, degraded, critical or unknown."""
    decisions: int = 0
    fallback_rate: float = 0.0
    """Share (0…1) of them that fell back to the last good value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorView:
    """How well the governor's evidence is doing."""

    overall: DomainHealth = field(default_factory=DomainHealth)
    domains: Mapping[str, DomainHealth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """One operator after a cycle."""

    operator_id: str
    ts_ms: int
    cycles: int
    """Since the start."""
    policy: PolicyRecord
    price: PriceRecord | None = None
    miners: Mapping[str, MinerView] = field(default_factory=dict)
    divergences: tuple[DivergenceRecord, ...] = ()
    """The active ones of the site itself, e.g. a stale price."""
    governor: GovernorView = field(default_factory=GovernorView)
    reviews: tuple[Filed[DecisionRecord], ...] = ()
    """Supervised decisions that were carried out and nobody has reviewed, oldest first."""
    ledger_records: int = 0
    ledger_head: str = ""
    """Record hash of the last record, hex."""
    ledger_error: str | None = None
    """Why the ledger cannot be written; None when it can."""

    @property
    def mode(self) -> Mode:
        """Return who acts."""
        return self.policy.mode


class NoticeKind(StrEnum):
    """What a notice tells; each becomes an event on the Home Assistant bus."""

    DECISION = "decision"
    SUPPRESSION = "suppression"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something changed or was acted on."""

    kind: NoticeKind
    miner_id: str
    action: Action
    reason: Reason
    trust_level: int
    seq: int
    hash: str
    outcome: Outcome | None = None
    """Of a receipt."""


class GovernorEventKind(StrEnum):
    """What a governor event tells."""

    DECISION = "decision"
    FALLBACK = "fallback"
    THERMAL_OVERRIDE = "thermal_override"
    RATE_LIMIT = "rate_limit"
    HEALTH_CHANGE = "health_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorEvent:
    """Something in the governor's work that an operator may want to hear of."""

    kind: GovernorEventKind
    miner_id: str | None = None
    """None for a change of health."""
    action: Action | None = None
    trust_level: int | None = None
    reasons: tuple[str, ...] = ()
    status: str | None = None
    """The new health, of a change."""
    seq: int | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a proposal from outside."""

    decision: Filed[DecisionRecord]
    receipt: Filed[ReceiptRecord] | None = None
    negative_proof: Filed[NegativeProofRecord] | None = None
    trust_level: int = 0
    error: Reason | None = None
    """Why a dispatch failed."""

    @property
    def rule(self) -> Reason | None:
        """Return the rule that stopped it; None when it was dispatched."""
        return self.negative_proof.record.rule if self.negative_proof else None
