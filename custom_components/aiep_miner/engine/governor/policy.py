"""The operator's limits, and how much trust an action needs."""

import math
from dataclasses import asdict, dataclass
from typing import Final

from ..canonical import content_hash
from ..records import GovernorPolicy
from .model import CryptoMiningTrustLevel


@dataclass(frozen=True, slots=True)
class MiningPolicy:
    """Limits that every proposal meets. Raises ValueError for limits that make no sense."""

    min_trust_for_action: CryptoMiningTrustLevel = CryptoMiningTrustLevel.SUPERVISED
    require_consensus: bool = True
    require_hardware_validation: bool = True
    max_hash_rate_change_pct: float = 10.0
    """At one time, in both directions."""
    max_hash_rate_change_per_hour_pct: float = 30.0
    """Against where the hash rate was an hour ago."""
    max_pool_switches_per_hour: int = 5
    thermal_throttle_temp_c: float = 85.0
    """Reaching it counts."""
    max_power_watts: float | None = None
    """Of the whole site."""
    max_power_change_pct: float | None = None
    """At one time, upwards; None: power may move in one step."""
    max_power_change_per_hour_pct: float | None = None
    enable_audit_events: bool = True
    track_decision_history: bool = True

    def __post_init__(self) -> None:
        """Refuse limits that are negative or no numbers."""
        CryptoMiningTrustLevel(self.min_trust_for_action)
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


NOT_JUDGED_BY: Final = frozenset({"enable_audit_events", "track_decision_history"})
"""Fields that change no decision."""


def policy_hash(policy: MiningPolicy) -> str:
    """Return the SHA-256, hex, over the canonical fields that can change a decision."""
    fields = asdict(policy)
    return content_hash(
        {name: value for name, value in fields.items() if name not in NOT_JUDGED_BY}
    ).hex()


def policy_from_record(record: GovernorPolicy) -> MiningPolicy:
    """Return the policy that a policy record sets; raises ValueError for a nonsensical one."""
    return MiningPolicy(
        min_trust_for_action=CryptoMiningTrustLevel(record.min_trust_for_action),
        require_consensus=record.require_consensus,
        require_hardware_validation=record.require_hardware_validation,
        max_hash_rate_change_pct=record.max_hash_rate_change_pct,
        max_hash_rate_change_per_hour_pct=record.max_hash_rate_change_per_hour_pct,
        max_pool_switches_per_hour=record.max_pool_switches_per_hour,
        thermal_throttle_temp_c=record.thermal_throttle_temp_c,
        max_power_watts=record.max_power_watts,
        max_power_change_pct=record.max_power_change_pct,
        max_power_change_per_hour_pct=record.max_power_change_per_hour_pct,
    )


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
