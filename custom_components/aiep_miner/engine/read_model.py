"""What the outside sees of an operator and its miners: frozen, and replaced by each commit.

Each miner carries its own settings, so that nothing that shows a miner looks through others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from .economics import Earnings, earnings_now
from .governor import TrackRecord
from .ledger import Head
from .miners.base import MinerInfo
from .records import (
    Action,
    CryptoMiningTrustLevel,
    CurtailmentRecord,
    DecisionRecord,
    DivergenceRecord,
    InputRecord,
    MinerPolicy,
    MiningPolicy,
    Mode,
    PlanRecord,
    PolicyRecord,
    Pool,
    PriceRecord,
    ProfitRecord,
    Reading,
    ReceiptRecord,
    Strategy,
    TelemetryRecord,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .state import LevelFigures, State
from .state.sheds import Shed
from .status import LEDGER_OUTAGE, Status, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerReadModel:
    """One miner after a commit."""

    miner_id: str
    policy: MinerPolicy
    limit_c: float = MiningPolicy().thermal_throttle_temp_c
    """The temperature in °C at which it counts as overheated."""
    info: MinerInfo = field(default_factory=MinerInfo)
    """What it is and can do; nothing until ``reached``."""
    reached: bool = False
    """Whether it was connected to since the start."""
    fresh: bool = True
    """Whether this is of the last poll; not while the ledger cannot be written."""
    unrecorded: Reading | None = None
    """What it said last, while the ledger cannot be written."""
    telemetry: TelemetryRecord | None = None
    profit: ProfitRecord | None = None
    """What it would earn if it ran, when it is stopped: see ``ProfitRecord.basis``."""
    earnings: Earnings = field(default_factory=Earnings)
    """What it earns now; zero revenue when stopped, nothing known when the last poll failed."""
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
    commanded: frozenset[Action] = frozenset()
    """Being sent: decided, without an answer from the miner yet."""
    pending: Action | None = None
    """Dispatched, not yet confirmed."""
    not_confirmed: Action | None = None
    """Dispatched, and telemetry did not show its effect."""
    status: Status | None = None
    """Why it does what it does; see ``ReadModel.status``."""
    curve: Mapping[str, LevelFigures] = field(default_factory=dict)
    """What each level brought so far, by its name."""

    @property
    def reading(self) -> Reading | None:
        """Return what it said in the last poll; None when that failed or is old."""
        return self.telemetry.reading if self.telemetry and self.fresh else None

    @property
    def is_mining(self) -> bool | None:
        """Return whether it runs, as far as it has said, recorded or not."""
        reading = self.reading or self.unrecorded
        return reading.mining if reading else None

    @property
    def hashrate_ths(self) -> float | None:
        """Return the hash rate in TH/s; a paused miner has none, whatever it says."""
        if self.reading is None:
            return None
        return 0.0 if self.reading.mining is False else self.reading.hashrate_ths

    @property
    def estimated_power_w(self) -> float | None:
        """Return the nominal power in W while a miner that cannot measure its own runs."""
        reading, nominal_w = self.reading, self.policy.nominal_power_w
        if reading is None or reading.mining is None or nominal_w is None:
            return None
        if not self.reached or self.info.capabilities.reports_power:
            return None
        return nominal_w if reading.mining else 0.0

    @property
    def power_w(self) -> float | None:
        """Return the power in W: measured, else estimated, else None."""
        measured_w = self.reading.power_w if self.reading else None
        return self.estimated_power_w if measured_w is None else measured_w

    @property
    def active_pool(self) -> Pool | None:
        """Return the pool that it works for."""
        pools = self.reading.pools if self.reading else ()
        return next((pool for pool in pools if pool.active), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainHealth:
    """How the governor's recent decisions went, in one domain or over all."""

    status: str = "unknown"
    """healthy, warning, degraded, critical or unknown."""
    decisions: int = 0
    fallback_rate: float = 0.0
    """Share (0…1) of them that fell back to the last good value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """The track record of one source of proposals."""

    proposals: int
    allowed: int
    confirmed: int
    refused: int
    reversed: int
    gained: float
    """In the operator's currency, negative for a cost."""
    ceiling: CryptoMiningTrustLevel
    """The highest trust level that follows."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self) | {"ceiling": self.ceiling.name.lower()}


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorView:
    """How well the governor's evidence is doing."""

    overall: DomainHealth = field(default_factory=DomainHealth)
    domains: Mapping[str, DomainHealth] = field(default_factory=dict)
    sources: Mapping[str, SourceView] = field(default_factory=dict)
    """Origin and id, such as ``llm:ai_task.model``, to the track record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """One operator after a commit."""

    operator_id: str
    ts_ms: int
    cycles: int
    """Since the start."""
    policy: PolicyRecord
    price: PriceRecord | None = None
    house: InputRecord | None = None
    """What the house measured last; None where nothing of it is set up."""
    miners: Mapping[str, MinerReadModel] = field(default_factory=dict)
    divergences: tuple[DivergenceRecord, ...] = ()
    """The active ones of the site itself, e.g. a stale price."""
    orders: tuple[LedgerEntry[CurtailmentRecord], ...] = ()
    """Orders to curtail that are in force or will be."""
    ordered_w: float | None = None
    """The limit in W that they set now."""
    sheds: Mapping[str, Shed] = field(default_factory=dict)
    """Miner to what it gave up for the site's limit."""
    plan: LedgerEntry[PlanRecord] | None = None
    """The plan in force, where the policy goes by one."""
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

    def failing(
        self,
        error: str,
        polls: Mapping[str, Reading | Reason] | None = None,
        infos: Mapping[str, MinerInfo] | None = None,
    ) -> Self:
        """Return the same while the ledger cannot be written: nothing recorded is fresh.

        ``polls`` are what the miners said last, ``infos`` what they can do: they can be stopped.
        """
        miners = {
            miner_id: _failing(miner, (polls or {}).get(miner_id), (infos or {}).get(miner_id))
            for miner_id, miner in self.miners.items()
        }
        return replace(self, miners=miners, ledger_error=error)

    def status(self, miner_id: str) -> Status | None:
        """Return the sentence on a miner; None before the first cycle."""
        if self.ledger_error is not None:
            return LEDGER_OUTAGE
        miner = self.miners.get(miner_id)
        return miner.status if miner else None

    def total(self, value_of: Callable[[MinerReadModel], float | None]) -> float | None:
        """Return the sum over the miners whose value is known; None when it is of none."""
        values = [value_of(miner) for miner in self.miners.values()]
        known = [value for value in values if value is not None]
        return sum(known) if known else None


def _failing(
    miner: MinerReadModel, said: Reading | Reason | None, info: MinerInfo | None
) -> MinerReadModel:
    return replace(
        miner,
        fresh=False,
        earnings=Earnings(),
        unrecorded=said if isinstance(said, Reading) else miner.unrecorded,
        info=info or miner.info,
        reached=miner.reached or info is not None,
    )


def reject_rate(shares: Reading | Pool) -> float | None:
    """Return how many of a miner's or pool's shares were rejected, in percent."""
    accepted, rejected = shares.shares_accepted, shares.shares_rejected
    if accepted is None or rejected is None or not accepted + rejected:
        return None
    return rejected / (accepted + rejected) * 100


def unrecorded(operator_id: str, policy: PolicyRecord, miners: Sequence[str]) -> ReadModel:
    """Return what is known of a site before its ledger was opened: its settings."""
    own = {item.miner_id: item for item in policy.miners}
    return ReadModel(
        operator_id=operator_id,
        ts_ms=0,
        cycles=0,
        policy=policy,
        miners={
            miner_id: MinerReadModel(
                miner_id=miner_id,
                policy=(mine := own.get(miner_id, MinerPolicy(miner_id=miner_id))),
                limit_c=mine.max_temperature_c or policy.governor.thermal_throttle_temp_c,
            )
            for miner_id in miners
        },
    )


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
        house=state.house.record if state.house else None,
        miners={
            miner_id: _miner(
                state,
                state.own(miner_id),
                infos.get(miner_id),
                ts_ms,
            )
            for miner_id in miners
        },
        divergences=tuple(filed.record for filed in state.divergences.values()),
        plan=state.plan if state.policy.record.strategy is Strategy.PLAN else None,
        orders=tuple(item for item in state.orders.values() if item.record.is_open(ts_ms)),
        ordered_w=state.ordered_w(ts_ms),
        sheds=dict(state.sheds.miners),
        governor=_governor_view(state),
        reviews=tuple(state.reviews.values()),
        ledger_records=head.seq,
        ledger_head=head.hash.hex(),
    )


def _governor_view(state: State) -> GovernorView:
    report = state.governor.get_health()
    return GovernorView(
        overall=_health(report),
        domains={domain.lower(): _health(item) for domain, item in report["domains"].items()},
        sources={name: _source(item) for name, item in state.track_records.sources.items()},
    )


def _source(known: TrackRecord) -> SourceView:
    return SourceView(
        proposals=known.proposals,
        allowed=known.allowed,
        confirmed=known.confirmed,
        refused=known.refused,
        reversed=known.reversed,
        gained=round(known.gained, 2) + 0.0,
        ceiling=known.ceiling,
    )


def _health(report: Mapping[str, Any]) -> DomainHealth:
    return DomainHealth(
        status=report["status"].lower(),
        decisions=report["decisions"],
        fallback_rate=report["fallback_rate"],
    )


def _miner(state: State, own: MinerPolicy, info: MinerInfo | None, ts_ms: int) -> MinerReadModel:
    miner = state.miner(own.miner_id)
    telemetry = miner.telemetry.record if miner.telemetry else None
    profit = miner.profit.record if miner.profit else None
    price = state.price.record if state.price else None
    held = miner.hold_until_ms if miner.hold_until_ms and miner.hold_until_ms > ts_ms else None
    throttle_c = state.policy.record.governor.thermal_throttle_temp_c
    reading = telemetry.reading if telemetry else None
    return MinerReadModel(
        miner_id=own.miner_id,
        policy=own,
        limit_c=throttle_c if own.max_temperature_c is None else own.max_temperature_c,
        info=info or MinerInfo(),
        reached=info is not None,
        telemetry=telemetry,
        profit=profit,
        earnings=earnings_now(reading, profit, price) or Earnings(),
        decision=miner.decision,
        last_receipt=miner.receipt,
        divergences=tuple(filed.record for filed in miner.divergences.values()),
        hold_until_ms=held,
        hold_user_id=miner.hold_user_id if held else None,
        latched=miner.latched,
        commanded=miner.commanded,
        pending=miner.pending.receipt.action if miner.pending else None,
        not_confirmed=miner.not_confirmed,
        status=status_of(state, own.miner_id, ts_ms),
        curve=dict(miner.curve),
    )
