"""Small streams of readings for the governor's tests."""

from collections.abc import Sequence
from typing import Any

from custom_components.aiep_miner.engine.governor import (
    STANDARD,
    HardwareReading,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningGovernor,
    MiningPolicy,
    MiningSignals,
)

START = 1_790_000_000.0
RIG = "rig"
ACTION = {
    MiningDomain.HASH_RATE: MiningAction.TUNE_HASH_RATE,
    MiningDomain.POWER: MiningAction.ADJUST_POWER_LIMIT,
    MiningDomain.THERMAL: MiningAction.THERMAL_THROTTLE,
    MiningDomain.POOL_MANAGEMENT: MiningAction.SWITCH_POOL,
    MiningDomain.HARDWARE: MiningAction.START,
}
USUAL = {
    MiningDomain.HASH_RATE: (100.0, 101.0, 99.5, 100.5, 100.0),
    MiningDomain.POWER: (3250.0, 3260.0, 3240.0, 3255.0, 3245.0),
    MiningDomain.THERMAL: (60.0, 62.0, 64.0, 66.0, 61.0),
    MiningDomain.POOL_MANAGEMENT: (0.98, 0.99, 0.985, 0.98, 0.99),
    MiningDomain.HARDWARE: (60.0, 62.0, 64.0, 66.0, 61.0),
}


def readings(values: Sequence[float], at: float, name: str = "s") -> list[HardwareReading]:
    """Return one reading for each sensor."""
    return [HardwareReading(value, at, f"{name}{index}") for index, value in enumerate(values)]


def warmed(
    domain: MiningDomain,
    policy: MiningPolicy = STANDARD,
    values: Sequence[float] | None = None,
    count: int = 20,
    **more: Any,
) -> MiningGovernor:
    """Return a governor that observed steady values every 30 s up to START - 30."""
    governor = MiningGovernor(policy, **more)
    for step in range(count):
        at = START + (step - count) * 30
        governor.observe(RIG, domain, readings(values or USUAL[domain], at), at)
    return governor


def propose(
    governor: MiningGovernor,
    domain: MiningDomain,
    value: float | None = None,
    values: Sequence[float] | None = None,
    at: float = START,
    **more: Any,
) -> MiningDecision:
    """Evaluate a proposal, by default the usual value with usual readings."""
    shown = USUAL[domain] if values is None else values
    if value is None:
        value = max(shown) if domain is MiningDomain.HARDWARE else sorted(shown)[len(shown) // 2]
    given: dict[str, Any] = {
        "proposed_action": ACTION[domain],
        "ai_confidence": 0.9,
        "hardware_readings": readings(shown, at),
        "rig_id": RIG,
        "timestamp": at,
    }
    return governor.evaluate(
        MiningSignals(mining_domain=domain, ai_value=value, **{**given, **more})
    )
