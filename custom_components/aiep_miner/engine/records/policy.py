"""Every setting that can change a decision, written in full."""

from dataclasses import dataclass, field
from typing import ClassVar

from .base import ExplicitBody, Record
from .kinds import Action, AutotuneGoal, AutotuneMode, Mode, RecordKind, RestartSign
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
    presets: tuple[str, ...] | None = None
    """Those that the device has; None while unknown."""
    levels: tuple[DeviceLevel, ...] | None = None
    """Those that the device has; None while unknown."""
    ranges: tuple[ValueRange, ...] | None = None
    """What the device takes for its other settings; None while unknown."""
    level_change_s: float = 0.0
    """For how long about a change of level keeps the machine from hashing."""
    level_restarts: bool = False
    """Whether a change of level restarts the mining."""
    autotune: AutotunePolicy | None = None
    restart_sign: RestartSign = RestartSign.UPTIME
    """What a poll shows after the device has restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorPolicy(ExplicitBody):
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

    class Config(ExplicitBody.Config):
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
