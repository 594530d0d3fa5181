"""What goes into the governor and what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from ..records.reasons import Reason


class MiningDomain(StrEnum):
    """What a proposal is about; each domain has a preset and a history of its own."""

    HASH_RATE = "hash_rate"
    THERMAL = "thermal"
    POWER = "power"
    POOL_MANAGEMENT = "pool_management"
    HARDWARE = "hardware"


class MiningAction(StrEnum):
    """What is proposed."""

    TUNE_HASH_RATE = "tune_hash_rate"
    ADJUST_POWER_LIMIT = "adjust_power_limit"
    SWITCH_POOL = "switch_pool"
    THERMAL_THROTTLE = "thermal_throttle"
    HARDWARE_RESTART = "hardware_restart"
    START = "start"
    STOP = "stop"
    NO_ACTION = "no_action"


class CryptoMiningTrustLevel(IntEnum):
    """How far a proposal is trusted."""

    NO_ACTION = 0
    ADVISORY = 1
    SUPERVISED = 2
    AUTONOMOUS = 3


class MiningOperationStatus(StrEnum):
    """How well things stand: of one decision's evidence, or of the governor's recent work."""

    HEALTHY = "healthy"
    WARNING = "warning"
    DEGRADED = "degraded"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class EventType(StrEnum):
    """What a MiningEvent tells."""

    DECISION = "decision"
    FALLBACK = "fallback"
    THERMAL_OVERRIDE = "thermal_override"
    RATE_LIMIT = "rate_limit"
    HEALTH_CHANGE = "health_change"


@dataclass(frozen=True, slots=True)
class HardwareReading:
    """What one sensor said: TH/s, °C, W or, for pools, a share 0…1."""

    value: float
    timestamp: float
    """Seconds since the Unix epoch."""
    hardware_id: str
    """Stable within the rig. In HASH_RATE the readings are parts of a whole when every id
    begins with ``board_``; otherwise each is a measurement of the whole."""


@dataclass(frozen=True, slots=True)
class MiningSignals:
    """One proposal and the evidence that came with it.

    ``ai_value`` is the target in HASH_RATE (TH/s) and POWER (W); an estimate of the present in
    THERMAL (°C) and POOL_MANAGEMENT (0…1); the hottest present temperature (°C) in HARDWARE.

    ``context`` keys, all optional: ``source`` ("person" faces the hard rules only), ``supported``,
    ``min_value`` and ``max_value`` (device bounds of the target), ``max_temperature_c`` (in place
    of the policy's), ``max_power_w`` (of the rig), ``site_power_w`` (all other rigs together),
    ``start_power_w`` (what a start adds to the site), ``sensors_expected``,
    ``idle_without_sensors``, ``safety`` (a stop that a safety divergence asks for).
    """

    mining_domain: MiningDomain
    proposed_action: MiningAction
    ai_value: float
    ai_confidence: float
    hardware_readings: Sequence[HardwareReading] = field(default_factory=list)
    rig_id: str = "default"
    pool_url: str | None = None
    current_pool_url: str | None = None
    timestamp: float | None = None
    """Seconds since the Unix epoch; None means the newest reading's."""
    context: Mapping[str, Any] = field(default_factory=dict)
    temperature_readings: Sequence[HardwareReading | float] = field(default_factory=list)
    """For the thermal override in every domain, in °C."""


@dataclass(frozen=True, slots=True)
class MiningDecision:
    """The governor's answer; every number in it is finite."""

    decision_id: str
    """SHA-256, hex, over inputs, policy, history digest and outcome; see ``digest``."""
    timestamp: float
    authorized_level: CryptoMiningTrustLevel
    actionable: bool
    trusted_value: float
    """The proposed value when it is trusted, else the last good one; 0 when none is known."""
    mining_domain: MiningDomain
    proposed_action: MiningAction
    operation_status: MiningOperationStatus
    """How good this decision's own evidence is."""
    used_fallback: bool
    fallback_reason: Reason | None
    safety_flags: tuple[Reason, ...]
    """The hard rules that stand against it."""
    reasons: tuple[Reason, ...]
    """Why, what weighs most first."""
    metadata: Mapping[str, Any]
    """confidence_score, safety_status, grace_status, consensus_status, components, discarded,
    rig_id, and for a person's command what the layers would have said (layers_level,
    layers_reasons)."""

    @property
    def refusal(self) -> Reason | None:
        """Return the rule that weighs most against acting; None when actionable."""
        return None if self.actionable else self.reasons[0]


@dataclass(frozen=True, slots=True)
class MiningEvent:
    """Something that an operator may want to hear of."""

    type: EventType
    timestamp: float
    rig_id: str
    mining_domain: MiningDomain
    detail: Mapping[str, Any]
