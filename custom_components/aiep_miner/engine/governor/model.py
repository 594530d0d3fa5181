"""What goes into the governor and what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from ..records import CryptoMiningTrustLevel
from ..records.reasons import Reason


class MiningDomain(StrEnum):
    """What a proposal is about; each domain has a preset and a history of its own."""

    HASH_RATE = "HASH_RATE"
    THERMAL = "THERMAL"
    POWER = "POWER"
    POOL_MANAGEMENT = "POOL_MANAGEMENT"
    HARDWARE = "HARDWARE"


class MiningAction(StrEnum):
    """What is proposed."""

    TUNE_HASH_RATE = "TUNE_HASH_RATE"
    ADJUST_POWER_LIMIT = "ADJUST_POWER_LIMIT"
    SWITCH_POOL = "SWITCH_POOL"
    THERMAL_THROTTLE = "THERMAL_THROTTLE"
    HARDWARE_RESTART = "HARDWARE_RESTART"
    START = "START"
    STOP = "STOP"
    NO_ACTION = "NO_ACTION"


class MiningOperationStatus(StrEnum):
    """How well things stand: of one decision's evidence, or of the governor's recent work."""

    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    DEGRADED = "DEGRADED"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


class EventType(StrEnum):
    """What a MiningEvent reports."""

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
    """Stable within the rig, at most 64 characters. In HASH_RATE the readings are parts of a
    whole when every id begins with ``board_``; otherwise each is a measurement of the whole."""


class Limits(NamedTuple):
    """Limits of the device and the site, and what is known of the proposer.

    None means unknown, or not limited. With a number that is not finite nothing is judged.
    """

    person: bool = False
    """A person's command: it faces the hard rules only."""
    safety: bool = False
    """A stop that a safety divergence asks for."""
    ceiling: CryptoMiningTrustLevel = CryptoMiningTrustLevel.AUTONOMOUS
    """The highest level that the proposer's track record allows."""
    supported: bool = True
    """Whether the device can do it."""
    min_value: float | None = None
    max_value: float | None = None
    """Bounds that the device sets on the target, in the domain's unit."""
    nominal_value: float | None = None
    """What the operator says that the rig is made for, in the domain's unit."""
    usual_value: float | None = None
    """What the rig showed while it last ran, from before the governor's own memory."""
    commanded_value: float | None = None
    """The target in force, in the domain's unit."""
    max_temperature_c: float | None = None
    """In place of the policy's throttle temperature."""
    max_power_w: float | None = None
    """Of the rig."""
    site_power_w: float | None = None
    """Of all other rigs together."""
    claimed_power_w: float | None = 0.0
    """The power that the rig draws once the proposal took effect, when the proposal can raise
    it; None when that is unknown. A power limit claims its own value."""
    sensors_expected: int | None = None
    idle_without_sensors: bool = False
    """A rig that shows no temperatures while it rests, and has rested long enough."""

    @property
    def makes_sense(self) -> bool:
        """Tell whether all numbers are finite: only then is a number less itself 0."""
        try:
            return all(value is None or value - value == 0.0 for value in self)
        except TypeError:
            return False


@dataclass(frozen=True, slots=True)
class MiningSignals:
    """One proposal and the evidence that came with it.

    ``ai_value`` is the target in HASH_RATE (TH/s) and POWER (W); an estimate of the present in
    THERMAL (°C) and POOL_MANAGEMENT (0…1); the hottest present temperature (°C) in HARDWARE.

    ``limits`` tells what is known of device, site and proposer. Without it they are read from
    ``context``, whose keys are all optional: ``source`` ("person" faces the hard rules only) and
    the names of the fields of ``Limits``, but ``start_power_w`` for ``claimed_power_w``.
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
    limits: Limits | None = None


class MiningDecision(NamedTuple):
    """The governor's answer; every number in it is finite."""

    decision_id: str
    """SHA-256, hex, over inputs as they came, policy, history digest and outcome; see ``digest``."""
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
    rig_id; for a person's command what the layers would have said (layers_level,
    layers_reasons); for signals that cannot be judged the messages that say why (faults)."""

    @property
    def refusal(self) -> Reason | None:
        """Return the rule that weighs most against acting; None when actionable."""
        return None if self.actionable else self.reasons[0]


@dataclass(frozen=True, slots=True)
class MiningEvent:
    """Something that an operator may want to hear of."""

    event_type: EventType
    timestamp: float
    rig_id: str
    mining_domain: MiningDomain
    detail: Mapping[str, Any]
