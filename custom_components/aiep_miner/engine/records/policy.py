"""Every setting that can change a decision, written in full."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple

from .base import ExplicitBody, Record
from .kinds import (
    Action,
    AutotuneGoal,
    AutotuneMode,
    CryptoMiningTrustLevel,
    Mode,
    RecordKind,
    RestartSign,
    Strategy,
)
from .levels import DeviceLevel, ValueRange


@dataclass(frozen=True, slots=True, kw_only=True)
class AutotunePolicy(ExplicitBody):
    """How a miner with frequency and voltage options is tuned."""

    mode: AutotuneMode = AutotuneMode.OFF
    goal: AutotuneGoal = AutotuneGoal.EFFICIENCY
    max_temperature_c: float = 68.0
    max_error_pct: float = 2.0
    measure_min: float = 6.0
    """For how long a level is measured once it has settled …"""
    min_shares: int = 20
    """… and how many shares that must have brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerPolicy(ExplicitBody):
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
    levels: tuple[DeviceLevel, ...] | None = None
    """Those that the device has; None while unknown."""
    ranges: tuple[ValueRange, ...] | None = None
    """What the device takes for its other settings; None while unknown."""
    level_change_s: float = 0.0
    """For how long about a change of level keeps the machine from hashing."""
    level_restarts: bool = False
    """Whether a change of level restarts the mining."""
    autotune: AutotunePolicy | None = None
    heat_share_pct: float = 0.0
    """How much of its power arrives as heat where that is wanted, 0…100."""
    restart_sign: RestartSign = RestartSign.UPTIME
    """What a poll shows after the device has restarted."""


class FormLimits(NamedTuple):
    """Between which values the form of the governor's settings takes a number."""

    minimum: float
    maximum: float | None = None
    unit: str | None = None
    step: float | None = None
    """None accepts any number."""


FORM: Final = "form"
"""The key of a field's ``FormLimits`` in its metadata."""


def _limit(default: Any, *form: Any) -> Any:
    return field(default=default, metadata={FORM: FormLimits(*form)})


@dataclass(frozen=True, slots=True)
class MiningPolicy(ExplicitBody):
    """The operator's limits for the governor, and how much trust an action needs.

    One type from the form to the record to the governor. Raises ValueError for limits that make
    no sense.
    """

    min_trust_for_action: CryptoMiningTrustLevel = CryptoMiningTrustLevel.SUPERVISED
    require_consensus: bool = True
    require_hardware_validation: bool = True
    max_hash_rate_change_pct: float = _limit(10.0, 0, 100, "%")
    """At one time, in both directions."""
    max_hash_rate_change_per_hour_pct: float = _limit(30.0, 0, 1000, "%")
    """Against where the hash rate was an hour ago, or where it last ran."""
    max_pool_switches_per_hour: int = _limit(5, 0, 100, None, 1)
    thermal_throttle_temp_c: float = _limit(85.0, 30, 120, "°C")
    """Reaching it counts."""
    max_power_watts: float | None = _limit(None, 1, None, "W")
    """Of the whole site."""
    max_power_change_pct: float | None = _limit(None, 0, 1000, "%")
    """At one time, upwards; None: power may move in one step."""
    max_power_change_per_hour_pct: float | None = _limit(None, 0, 1000, "%")
    """None: the sum of an hour's steps is limited to one step, where there is such a limit."""
    enable_audit_events: bool = field(default=True, metadata={"serialize": "omit"})
    track_decision_history: bool = field(default=True, metadata={"serialize": "omit"})

    def __post_init__(self) -> None:
        """Take the trust level as a number, too; refuse limits that are negative or no numbers."""
        level = CryptoMiningTrustLevel(self.min_trust_for_action)
        object.__setattr__(self, "min_trust_for_action", level)
        limits = (
            self.max_hash_rate_change_pct,
            self.max_hash_rate_change_per_hour_pct,
            self.max_pool_switches_per_hour,
            self.max_power_watts,
            self.max_power_change_pct,
            self.max_power_change_per_hour_pct,
        )
        if not all(limit is None or 0 <= limit < math.inf for limit in limits):
            raise ValueError("a limit is negative or not finite")
        if not math.isfinite(self.thermal_throttle_temp_c):
            raise ValueError("the throttle temperature is not finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCap(ExplicitBody):
    """The highest trust level that the operator grants an outside source, whatever its record."""

    source: str
    """Origin and id, as in ``automation:id``."""
    ceiling: CryptoMiningTrustLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord(Record):
    """Every setting that can change a decision, written in full."""

    class Config(ExplicitBody.Config):
        """A default may change with a release, a policy may not."""

    kind: ClassVar = RecordKind.POLICY

    mode: Mode = Mode.AUTO
    safety_stops_in_manual: bool = False
    sheds_over_limit: bool = False
    """Whether miners give up power while the site's measured power is above its limit."""
    interval_s: float = 30.0
    """5…600."""
    person_hold_min: float = 60.0
    strategy: Strategy = Strategy.THRESHOLD
    min_run_min: float = 30.0
    """For a plan: the shortest run …"""
    min_idle_min: float = 30.0
    """… the shortest pause …"""
    start_min: float = 5.0
    """… and how long a start takes at full power without hashing."""
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
    battery_floor_pct: float = 50.0
    """A battery below this state of charge takes the surplus before the miners."""
    governor: MiningPolicy = field(default_factory=MiningPolicy)
    source_caps: tuple[SourceCap, ...] = ()
    miners: tuple[MinerPolicy, ...] = ()
    user_id: str | None = field(default=None, compare=False)
    """The Home Assistant user who set it by an entity; None for the forms, and no setting itself."""

    def source_ceiling(self, source: str | None) -> CryptoMiningTrustLevel:
        """Return the highest trust level that a source may reach."""
        return next(
            (cap.ceiling for cap in self.source_caps if cap.source == source),
            CryptoMiningTrustLevel.AUTONOMOUS,
        )
