"""Takes the picture of the site that the outside sees after a cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .economics import Earnings, earnings_now
from .ledger import Head
from .miners.base import MinerInfo
from .records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    Mode,
    PolicyRecord,
    PriceRecord,
    ProfitRecord,
    ReceiptRecord,
    TelemetryRecord,
)
from .records.entry import LedgerEntry
from .state import State
from .status import LEDGER_OUTAGE, Status, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerReadModel:
    """One miner after a cycle."""

    miner_id: str
    info: MinerInfo | None = None
    """None until the miner was reached for the first time since the start."""
    telemetry: TelemetryRecord | None = None
    profit: ProfitRecord | None = None
    """What it would earn if it ran, when it is stopped: see ``ProfitRecord.basis``."""
    earnings: Earnings | None = None
    """What it earns now; zero revenue when stopped; None when the last poll failed."""
    decision: LedgerEntry[DecisionRecord] | None = None
    last_receipt: LedgerEntry[ReceiptRecord] | None = None
    divergences: tuple[DivergenceRecord, ...] = ()
    """The active ones."""
    hold_until_ms: int | None = None
    """A person took the miner over until then …"""
    hold_user_id: str | None = None
    """… and this Home Assistant user it was."""
    latched: bool = False
    """Restarted too often: automation leaves it alone until a person hands it back."""
    pending: Action | None = None
    """Dispatched, not yet confirmed."""
    not_confirmed: Action | None = None
    """Dispatched, and telemetry did not show its effect."""
    status: Status | None = None
    """Why it does what it does; see ``ReadModel.status``."""


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
class ReadModel:
    """One operator after a cycle."""

    operator_id: str
    ts_ms: int
    cycles: int
    """Since the start."""
    policy: PolicyRecord
    price: PriceRecord | None = None
    miners: Mapping[str, MinerReadModel] = field(default_factory=dict)
    divergences: tuple[DivergenceRecord, ...] = ()
    """The active ones of the site itself, e.g. a stale price."""
    governor: GovernorView = field(default_factory=GovernorView)
    reviews: tuple[LedgerEntry[DecisionRecord], ...] = ()
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

    def status(self, miner_id: str) -> Status | None:
        """Return the sentence on a miner; None before the first cycle."""
        if self.ledger_error is not None:
            return LEDGER_OUTAGE
        miner = self.miners.get(miner_id)
        return miner.status if miner else None


def read_model_of(
    state: State,
    *,
    miners: Sequence[str],
    infos: Mapping[str, MinerInfo],
    ts_ms: int,
    cycles: int,
    head: Head,
) -> ReadModel:
    """Return the site as it is now."""
    return ReadModel(
        operator_id=state.operator_id,
        ts_ms=ts_ms,
        cycles=cycles,
        policy=state.policy.record,
        price=state.price.record if state.price else None,
        miners={
            miner_id: _miner_view(state, miner_id, infos.get(miner_id), ts_ms)
            for miner_id in miners
        },
        divergences=tuple(filed.record for filed in state.divergences.values()),
        governor=_governor_view(state),
        reviews=tuple(state.reviews.values()),
        ledger_records=head.seq,
        ledger_head=head.hash.hex(),
    )


def _governor_view(state: State) -> GovernorView:
    report = state.governor.get_health()
    return GovernorView(
        overall=_health(report),
        domains={domain: _health(item) for domain, item in report["domains"].items()},
    )


def _health(report: Mapping[str, Any]) -> DomainHealth:
    return DomainHealth(
        status=str(report["status"]),
        decisions=report["decisions"],
        fallback_rate=report["fallback_rate"],
    )


def _miner_view(state: State, miner_id: str, info: MinerInfo | None, ts_ms: int) -> MinerReadModel:
    miner = state.miner(miner_id)
    telemetry = miner.telemetry.record if miner.telemetry else None
    profit = miner.profit.record if miner.profit else None
    price = state.price.record if state.price else None
    held = miner.hold_until_ms if miner.hold_until_ms and miner.hold_until_ms > ts_ms else None
    return MinerReadModel(
        miner_id=miner_id,
        info=info,
        telemetry=telemetry,
        profit=profit,
        earnings=earnings_now(telemetry.reading if telemetry else None, profit, price),
        decision=miner.decision,
        last_receipt=miner.receipt,
        divergences=tuple(filed.record for filed in miner.divergences.values()),
        hold_until_ms=held,
        hold_user_id=miner.hold_user_id if held else None,
        latched=miner.latched,
        pending=miner.pending.receipt.action if miner.pending else None,
        not_confirmed=miner.not_confirmed,
        status=status_of(state, miner_id, ts_ms),
    )
