"""What counts as normal in each domain.

The absolute deltas are the published ones; each has a relative companion, so that the same
rule holds at 1 TH/s and at 500 TH/s, at 15 W and at 5 kW. The larger of the two applies; a
delta in W is capped at a share of the value, since 10 W would be everything to a 15 W device.
"""

import math
from dataclasses import dataclass
from typing import Final

from .model import MiningDomain


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Thresholds of one domain; values in the domain's unit (TH/s, °C, W, 0…1)."""

    accept: float
    """A score from here on is accepted …"""
    borderline: float
    """… and one from here on when grace lets it pass."""
    bounds: tuple[float, float] | None
    """Hard bounds of the proposed value."""
    possible: tuple[float, float]
    """A reading outside of this is no measurement."""
    quorum: int
    delta: float
    """How far apart agreeing sensors may be."""
    delta_share: float
    peer_delta: float
    """The same, for grace."""
    peer_delta_share: float
    cap_share: float = math.inf
    """No absolute delta exceeds this share of the value."""
    spread: float
    """How far apart sensors may be whose offsets have not been learned yet."""
    spread_share: float
    zero_is_off: bool = False
    """A sensor at zero beside others belongs to a part that is switched off."""
    hot_delta: float | None = None
    """A sensor this far above its learned offset stops everything but a stop."""
    jump: float
    """A present this far off its forecast must be seen twice."""
    jump_share: float
    noise_share: float
    """Noise up to this share of the value, or up to ``delta``, is steady."""
    epsilon: float
    """How far off, as a share, the grace forecast may be."""
    weights: tuple[float, float, float]
    """Of stability, agreement and likelihood."""
    history: int
    """Observations kept."""
    window: int
    """Observations that stability and forecast look at."""

    def tolerance(self, value: float) -> float:
        """Return how far sensors may be apart at this value."""
        return max(self.delta_share * value, min(self.delta, self.cap_share * value))

    def peer_tolerance(self, value: float) -> float:
        """Return how far peers may be apart for grace at this value."""
        return max(self.peer_delta_share * value, min(self.peer_delta, self.cap_share * value))


HASH_RATE_OPTIMIZATION: Final = Preset(
    accept=0.90,
    borderline=0.75,
    bounds=None,
    possible=(0.0, 5_000.0),
    quorum=3,
    delta=2e-6,
    delta_share=0.12,
    peer_delta=3e-6,
    peer_delta_share=0.15,
    zero_is_off=True,
    spread=0.0,
    spread_share=0.25,
    jump=0.0,
    jump_share=0.25,
    noise_share=0.10,
    epsilon=0.10,
    weights=(0.40, 0.35, 0.25),
    history=60,
    window=10,
)
"""The published deltas are 2 and 3 MH/s, here in TH/s."""

THERMAL_PROTECTION: Final = Preset(
    accept=0.95,
    borderline=0.85,
    bounds=(0.0, 95.0),
    possible=(-40.0, 150.0),
    quorum=4,
    delta=2.0,
    delta_share=0.04,
    peer_delta=1.5,
    peer_delta_share=0.04,
    spread=15.0,
    spread_share=0.0,
    hot_delta=6.0,
    jump=10.0,
    jump_share=0.15,
    noise_share=0.04,
    epsilon=0.08,
    weights=(0.55, 0.25, 0.20),
    history=120,
    window=20,
)
POWER_MANAGEMENT: Final = Preset(
    accept=0.93,
    borderline=0.80,
    bounds=None,
    possible=(0.0, 50_000.0),
    quorum=3,
    delta=10.0,
    delta_share=0.05,
    peer_delta=15.0,
    peer_delta_share=0.07,
    cap_share=0.15,
    zero_is_off=True,
    spread=0.0,
    spread_share=0.10,
    jump=0.0,
    jump_share=0.25,
    noise_share=0.06,
    epsilon=0.08,
    weights=(0.50, 0.30, 0.20),
    history=80,
    window=15,
)
POOL_SWITCHING: Final = Preset(
    accept=0.88,
    borderline=0.72,
    bounds=(0.0, 1.0),
    possible=(0.0, 1.0),
    quorum=3,
    delta=0.05,
    delta_share=0.05,
    peer_delta=0.08,
    peer_delta_share=0.08,
    spread=0.15,
    spread_share=0.0,
    jump=0.20,
    jump_share=0.20,
    noise_share=0.08,
    epsilon=0.12,
    weights=(0.35, 0.40, 0.25),
    history=50,
    window=10,
)

PASS_RATIO: Final = 0.60
"""The share of the sensors that must agree."""
GRACE_PASSES: Final = 2
"""Of grace's three checks."""

TEMPERATURE_DOMAINS: Final = frozenset({MiningDomain.THERMAL, MiningDomain.HARDWARE})

PRESETS: Final = {
    MiningDomain.HASH_RATE: HASH_RATE_OPTIMIZATION,
    MiningDomain.THERMAL: THERMAL_PROTECTION,
    MiningDomain.HARDWARE: THERMAL_PROTECTION,
    MiningDomain.POWER: POWER_MANAGEMENT,
    MiningDomain.POOL_MANAGEMENT: POOL_SWITCHING,
}
