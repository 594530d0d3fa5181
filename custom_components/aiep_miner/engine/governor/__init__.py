"""Whether a proposal has earned the right to act: the trust pipeline and its policy."""

from .events import RATE_REASONS, events_of
from .governor import (
    MiningGovernor,
    create_default_governor,
    create_mining_governor,
    create_permissive_governor,
    create_strict_governor,
)
from .model import (
    CryptoMiningTrustLevel,
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
from .policy import PERMISSIVE, STANDARD, STRICT, MiningPolicy, policy_from_record
from .presets import (
    HASH_RATE_OPTIMIZATION,
    POOL_SWITCHING,
    POWER_MANAGEMENT,
    THERMAL_PROTECTION,
    Preset,
)
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
    "as_evaluation",
    "create_default_governor",
    "create_mining_governor",
    "create_permissive_governor",
    "create_strict_governor",
    "events_of",
    "policy_from_record",
    "validate_mining_signals",
]
