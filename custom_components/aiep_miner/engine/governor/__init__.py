"""Whether a proposal has earned the right to act: the trust pipeline and its policy."""

from ..records import CryptoMiningTrustLevel, MiningPolicy
from .events import RATE_REASONS, events_of
from .governor import (
    MiningGovernor,
    create_default_governor,
    create_mining_governor,
    create_permissive_governor,
    create_strict_governor,
)
from .model import (
    EventType,
    HardwareReading,
    Limits,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningEvent,
    MiningOperationStatus,
    MiningSignals,
)
from .outcome import as_evaluation
from .policy import PERMISSIVE, STANDARD, STRICT
from .presets import (
    HASH_RATE_OPTIMIZATION,
    POOL_SWITCHING,
    POWER_MANAGEMENT,
    THERMAL_PROTECTION,
    Preset,
)
from .track_record import TrackRecord, TrackRecords, source_of
from .validation import validate_mining_signals

__all__ = [
    "HASH_RATE_OPTIMIZATION",
    "PERMISSIVE",
    "POOL_SWITCHING",
    "POWER_MANAGEMENT",
    "RATE_REASONS",
    "STANDARD",
    "STRICT",
    "THERMAL_PROTECTION",
    "CryptoMiningTrustLevel",
    "EventType",
    "HardwareReading",
    "Limits",
    "MiningAction",
    "MiningDecision",
    "MiningDomain",
    "MiningEvent",
    "MiningGovernor",
    "MiningOperationStatus",
    "MiningPolicy",
    "MiningSignals",
    "Preset",
    "TrackRecord",
    "TrackRecords",
    "as_evaluation",
    "create_default_governor",
    "create_mining_governor",
    "create_permissive_governor",
    "create_strict_governor",
    "events_of",
    "source_of",
    "validate_mining_signals",
]
