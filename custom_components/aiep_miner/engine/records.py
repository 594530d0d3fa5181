"""One frozen dataclass for each kind of record in the ledger.

A record's envelope (``ts_ms`` and ``subject``) lives in the ledger's columns, everything
else in its body. Fields that are None or at their default are left out of the body, so a
body says only what is known. All times are milliseconds since the Unix epoch, UTC.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from mashumaro import DataClassDictMixin
from mashumaro.config import BaseConfig

from .reasons import Reason


class RecordKind(StrEnum):
    """The kinds of record that the ledger format knows."""

    TELEMETRY = "telemetry"
    PRICE = "price"
    PROFIT = "profit"
    DIVERGENCE = "divergence"
    PROPOSAL = "proposal"
    DECISION = "decision"
    RECEIPT = "receipt"
    NEGATIVE_PROOF = "negative_proof"
    OVERRIDE = "override"
    POLICY = "policy"
    REVIEW = "review"
    CHECKPOINT = "checkpoint"
    LIFECYCLE = "lifecycle"


class Action(StrEnum):
    """What can be wanted of a miner."""

    HOLD = "hold"
    RUN = "run"
    STOP = "stop"
    RESTART = "restart"
    SET_POWER = "set_power"
    SET_HASHRATE = "set_hashrate"
    SET_POOL = "set_pool"
    SET_PRESET = "set_preset"
    SET_BOARD = "set_board"
    FAULT_LIGHT = "fault_light"


class Mode(StrEnum):
    """Who acts: the strategy (auto) or only people (manual)."""

    AUTO = "auto"
    MANUAL = "manual"


class Source(StrEnum):
    """Who proposed."""

    STRATEGY = "strategy"
    PERSON = "person"
    AUTOMATION = "automation"
    LLM = "llm"


class Outcome(StrEnum):
    """How a dispatch ended, and later whether telemetry showed its effect."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"


class Basis(StrEnum):
    """Where the hash rate and power of a profit record come from."""

    MEASURED = "measured"
    LAST_RUNNING = "last_running"
    NOMINAL = "nominal"


class Severity(StrEnum):
    """What a divergence does to decisions."""

    HOLD = "hold"
    SAFETY = "safety"
    INFO = "info"


class _Body(DataClassDictMixin):
    """A part of a body; absent keys mean None or the default."""

    class Config(BaseConfig):
        omit_none = True
        omit_default = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature(_Body):
    """One temperature sensor of a miner."""

    sensor: str
    """Stable within the miner: ``board_0``, ``chip_1``, ``outlet_0``, …"""
    temperature_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(_Body):
    """One hashboard."""

    index: int
    hashrate_ths: float | None = None
    temperature_c: float | None = None
    """Of the board itself."""
    chip_temperature_c: float | None = None
    chips_working: int | None = None
    chips_expected: int | None = None
    voltage_v: float | None = None
    frequency_mhz: float | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(_Body):
    """One configured pool. Its user is private and never recorded."""

    index: int
    url: str
    active: bool | None = None
    alive: bool | None = None
    shares_accepted: int | None = None
    shares_rejected: int | None = None
    shares_stale: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(_Body):
    """What a miner said of itself in one poll. Unknown is None, never zero; all numbers finite."""

    mining: bool | None = None
    """Whether it hashes now, as computed from its state, hash rate and power."""
    hashrate_ths: float | None = None
    expected_hashrate_ths: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperatures: tuple[Temperature, ...] = ()
    """Sensors that guard the hardware; ambient air and liquids are not among them."""
    boards: tuple[Board, ...] = ()
    fans_rpm: tuple[int, ...] = ()
    psu_fans_rpm: tuple[int, ...] = ()
    uptime_s: int | None = None
    shares_accepted: int | None = None
    shares_rejected: int | None = None
    shares_stale: int | None = None
    hardware_errors: int | None = None
    best_share: float | None = None
    pools: tuple[Pool, ...] = ()
    preset: str | None = None
    ambient_c: float | None = None
    fault_light: bool | None = None
    messages: tuple[str, ...] = ()
    """The miner's own error messages, sanitised, at most 200 characters each."""

    @property
    def hottest_c(self) -> float | None:
        """The hottest sensor, in °C; None without sensors."""
        return max((item.temperature_c for item in self.temperatures), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(_Body):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryRecord(Record):
    """One poll of one miner: what it said, or why it could not be read."""

    kind: ClassVar = RecordKind.TELEMETRY

    reading: Reading | None = None
    error: Reason | None = None
    """Set when, and only when, ``reading`` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRecord(Record):
    """The prices and network state that a cycle used; a fixed number has no ``…_updated_ms``."""

    kind: ClassVar = RecordKind.PRICE

    currency: str
    energy_price_per_kwh: float | None = None
    energy_price_updated_ms: int | None = None
    coin_price: float | None = None
    """In ``currency`` for one coin."""
    coin_price_updated_ms: int | None = None
    network_difficulty: float | None = None
    network_difficulty_updated_ms: int | None = None
    block_reward: float | None = None
    """Coins for one block, fees left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitRecord(Record):
    """What a miner earns and costs a day, or would if it ran; in the price record's currency."""

    kind: ClassVar = RecordKind.PROFIT

    basis: Basis
    power_basis: Basis | None = None
    """Where the power comes from, when not from where the hash rate does."""
    hashrate_ths: float | None = None
    power_w: float | None = None
    revenue_per_day: float | None = None
    cost_per_day: float | None = None
    heat_credit_per_day: float | None = None
    profit_per_day: float | None = None
    break_even_energy_price_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceRecord(Record):
    """A divergence begins (``active``) or ends; in between it stands."""

    kind: ClassVar = RecordKind.DIVERGENCE

    code: Reason
    severity: Severity
    active: bool
    value: float | None = None
    """What was seen, in the unit of ``limit``."""
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRecord(Record):
    """Something wants a miner to change; whether it may is the governor's to say."""

    kind: ClassVar = RecordKind.PROPOSAL

    action: Action
    source: Source
    reasons: tuple[Reason, ...] = ()
    value: float | None = None
    """W for set_power, TH/s for set_hashrate, an index for set_pool and set_board."""
    option: str | None = None
    """A preset's name."""
    confidence: float = 1.0
    """0…1, the proposer's own."""
    user_id: str | None = None
    """The Home Assistant user, for a person's command."""
    source_id: str | None = None
    """Which automation or agent, for the others."""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(_Body):
    """Record hashes, in hex, of what a decision rests on."""

    telemetry: str | None = None
    price: str | None = None
    profit: str | None = None
    policy: str | None = None
    proposal: str | None = None
    divergences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(_Body):
    """What the governor said, and why."""

    decision_id: str
    """SHA-256, hex, of the canonical evaluation."""
    trust_level: int
    """0 NO_ACTION, 1 ADVISORY, 2 SUPERVISED, 3 AUTONOMOUS."""
    actionable: bool
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
    source: Source = Source.STRATEGY
    value: float | None = None
    option: str | None = None
    mode: Mode = Mode.AUTO
    suppressed_by: Reason | None = None
    """The rule that stopped it, for a change that is not authorised."""
    judgement: Judgement | None = None
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

    decision: str
    """Record hash of the decision, hex."""
    action: Action
    outcome: Outcome
    reason: Reason
    value: float | None = None
    option: str | None = None
    attempt: int = 1
    late: bool = False
    """Written after the fact: the ledger could not be written when the safety stop was due."""
    telemetry: str | None = None
    """Record hash of the telemetry that confirmed or refuted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeProofRecord(Record):
    """A change was wanted and was not made: which rule stopped it."""

    kind: ClassVar = RecordKind.NEGATIVE_PROOF

    decision: str
    action: Action
    rule: Reason
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord(Record):
    """A person took a miner over until ``until_ms``, or handed it back (None)."""

    kind: ClassVar = RecordKind.OVERRIDE

    until_ms: int | None = None
    user_id: str | None = None


class _Explicit(_Body):
    """A part that is written in full: a default may change with a release, a policy may not."""

    class Config(BaseConfig):
        omit_none = True
        omit_default = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerPolicy(_Explicit):
    """What the operator set for one miner."""

    miner_id: str
    nominal_hashrate_ths: float | None = None
    nominal_power_w: float | None = None
    max_power_w: float | None = None
    max_temperature_c: float | None = None
    """Overrides the operator's throttle temperature."""
    actions: tuple[Action, ...] | None = None
    """What the device can do, as found out when it was connected; None while unknown."""
    power_min_w: float | None = None
    power_max_w: float | None = None
    """Bounds that the device itself sets on its power limit."""
    presets: tuple[str, ...] | None = None
    """Those that the device has; None while unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorPolicy(_Explicit):
    """The operator's settings for the governor; see ``engine/governor``."""

    min_trust_for_action: int = 2
    require_consensus: bool = True
    require_hardware_validation: bool = True
    max_hash_rate_change_pct: float = 10.0
    max_hash_rate_change_per_hour_pct: float = 30.0
    max_pool_switches_per_hour: int = 5
    thermal_throttle_temp_c: float = 85.0
    max_power_watts: float | None = None
    """Of the whole site."""
    max_power_change_pct: float | None = None
    """At one time, upwards; None: power may move in one step."""
    max_power_change_per_hour_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord(Record):
    """Every setting that can change a decision, written in full."""

    class Config(_Explicit.Config):
        """A default may change with a release, a policy may not."""

    kind: ClassVar = RecordKind.POLICY

    mode: Mode = Mode.AUTO
    safety_stops_in_manual: bool = False
    interval_s: float = 30.0
    """5…600."""
    person_hold_min: float = 60.0
    profit_margin_per_day: float = 0.0
    """Stop below minus this, start above plus this; in the operator's currency."""
    profit_dwell_min: float = 10.0
    """How long profit must stay on the other side before a miner is started or stopped."""
    price_max_age_min: float = 180.0
    cooldown_c: float = 10.0
    """An overheated miner may run again this far below its limit …"""
    cooldown_min: float = 5.0
    """… and after this time."""
    collapse_pct: float = 50.0
    """A hash rate below this share of the usual one is a collapse …"""
    collapse_min: float = 5.0
    """… after this time, and the miner has run for longer than that."""
    max_restarts_per_day: int = 3
    confirm_cycles: int = 3
    """Polls within which telemetry must show a command's effect."""
    min_fan_rpm: int = 300
    max_proposals_per_hour: int = 120
    """From each automation or agent by itself."""
    pool_fee_pct: float = 0.0
    heat_credit_per_kwh: float = 0.0
    """What a kWh of the miner's heat is worth."""
    keep_bodies_days: float = 30.0
    """Older bodies of telemetry, prices and profits are dropped from the ledger."""
    governor: GovernorPolicy = field(default_factory=GovernorPolicy)
    miners: tuple[MinerPolicy, ...] = ()

    def miner(self, miner_id: str) -> MinerPolicy:
        """Return the miner's own settings, or the defaults."""
        return next(
            (item for item in self.miners if item.miner_id == miner_id),
            MinerPolicy(miner_id=miner_id),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord(Record):
    """An operator's verdict on a supervised decision."""

    kind: ClassVar = RecordKind.REVIEW

    decision: str
    approved: bool
    user_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecord(Record):
    """The chain's head as it was when this was written."""

    kind: ClassVar = RecordKind.CHECKPOINT

    seq: int
    head: str
    signature: str | None = None
    """Ed25519, hex."""


class LifecycleEvent(StrEnum):
    """What happened to the controller."""

    START = "start"
    STOP = "stop"
    RECOVERY = "recovery"
    """A new segment of the ledger began, since the one before could not be continued."""
    PRUNED = "pruned"
    """Bodies of old telemetry, prices and profits are dropped from here on."""


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
    previous_seq: int | None = None
    """At a recovery: the last head known of the segment before …"""
    previous_head: str | None = None
    previous_file: str | None = None
    """… and the name of its file, which was set aside."""
    pruned_to_seq: int | None = None
    """At a pruning: the last seq whose body may be gone."""
    user_id: str | None = None
    """At a recovery: the Home Assistant user who accepted the break."""


RECORD_TYPES: dict[RecordKind, type[Record]] = {
    record_type.kind: record_type
    for record_type in (
        TelemetryRecord,
        PriceRecord,
        ProfitRecord,
        DivergenceRecord,
        ProposalRecord,
        DecisionRecord,
        ReceiptRecord,
        NegativeProofRecord,
        OverrideRecord,
        PolicyRecord,
        ReviewRecord,
        CheckpointRecord,
        LifecycleRecord,
    )
}
