"""The presets of the governor's policy, and its hash."""

from dataclasses import asdict
from typing import Final

from ..canonical import content_hash
from ..records import CryptoMiningTrustLevel, MiningPolicy

NOT_JUDGED_BY: Final = frozenset({"enable_audit_events", "track_decision_history"})
"""Fields that change no decision."""


def policy_hash(policy: MiningPolicy) -> str:
    """Return the SHA-256, hex, over the canonical fields that can change a decision."""
    fields = asdict(policy)
    return content_hash(
        {name: value for name, value in fields.items() if name not in NOT_JUDGED_BY}
    ).hex()


STANDARD: Final = MiningPolicy()
STRICT: Final = MiningPolicy(
    min_trust_for_action=CryptoMiningTrustLevel.AUTONOMOUS,
    max_hash_rate_change_pct=5.0,
    max_pool_switches_per_hour=2,
    thermal_throttle_temp_c=80.0,
)
PERMISSIVE: Final = MiningPolicy(
    min_trust_for_action=CryptoMiningTrustLevel.ADVISORY,
    require_consensus=False,
    require_hardware_validation=False,
    max_hash_rate_change_pct=50.0,
    max_pool_switches_per_hour=100,
)
