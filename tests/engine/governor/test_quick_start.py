"""The published way of use: factories, a proposal, what to do with the answer."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.aiep_miner.engine.governor import (
    CryptoMiningTrustLevel,
    HardwareReading,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningGovernor,
    MiningOperationStatus,
    MiningPolicy,
    MiningSignals,
    create_default_governor,
    create_mining_governor,
    create_permissive_governor,
    create_strict_governor,
    validate_mining_signals,
)


def propose(governor: MiningGovernor, value: float = 101.0) -> MiningDecision:
    """Propose a hash rate with readings of now, and without a time or limits."""
    shown = [
        HardwareReading(value=100.0 + spread, timestamp=time.time(), hardware_id=f"rig_{index:02d}")
        for index, spread in enumerate((-0.5, 0.2, 0.4))
    ]
    proposal = MiningSignals(
        mining_domain=MiningDomain.HASH_RATE,
        proposed_action=MiningAction.TUNE_HASH_RATE,
        ai_value=value,
        ai_confidence=0.88,
        hardware_readings=shown,
        rig_id="rig_01",
    )
    return governor.evaluate(proposal)


def carry_out(decision: MiningDecision) -> str:
    """Do with a decision what a caller does."""
    if decision.actionable:
        return f"set {decision.trusted_value}"
    if decision.used_fallback:
        return f"fall back: {decision.fallback_reason}"
    return f"withheld at {decision.authorized_level.name}"


def test_a_governor_warms_up_and_then_acts() -> None:
    governor = create_mining_governor()
    said = [carry_out(propose(governor)) for _ in range(8)]
    assert said[0] == "fall back: history_too_short"
    assert said[-1] == "set 101.0"
    assert governor.get_metrics()["evaluations"] == 8
    assert len(governor.get_decision_history()) == 8
    assert "decision" in {event.event_type for event in governor.get_events()}


@pytest.mark.parametrize(
    ("create", "level", "switches", "throttle_c"),
    [
        (create_mining_governor, CryptoMiningTrustLevel.SUPERVISED, 5, 85.0),
        (create_default_governor, CryptoMiningTrustLevel.SUPERVISED, 5, 85.0),
        (create_strict_governor, CryptoMiningTrustLevel.AUTONOMOUS, 2, 80.0),
        (create_permissive_governor, CryptoMiningTrustLevel.ADVISORY, 100, 85.0),
    ],
)
def test_factories_take_overrides(
    create: Callable[..., MiningGovernor],
    level: CryptoMiningTrustLevel,
    switches: int,
    throttle_c: float,
) -> None:
    policy = create().policy
    assert policy.min_trust_for_action is level
    assert policy.max_pool_switches_per_hour == switches
    assert policy.thermal_throttle_temp_c == throttle_c
    own = create(max_pool_switches_per_hour=1, max_power_watts=5000.0).policy
    assert (own.max_pool_switches_per_hour, own.max_power_watts) == (1, 5000.0)
    assert own.min_trust_for_action is level
    with pytest.raises(TypeError):
        create(no_such_field=1)
    with pytest.raises(ValueError, match="negative"):
        create(max_hash_rate_change_pct=-1.0)


def test_a_policy_can_be_given_and_overridden() -> None:
    policy = MiningPolicy(thermal_throttle_temp_c=70.0)
    assert create_mining_governor(policy).policy == policy
    assert create_mining_governor(policy=policy, require_consensus=False).policy == MiningPolicy(
        thermal_throttle_temp_c=70.0, require_consensus=False
    )


def test_members_have_their_published_values() -> None:
    for kind in (MiningDomain, MiningAction, MiningOperationStatus):
        assert [member.value for member in kind] == [member.name for member in kind]
    assert MiningOperationStatus.HEALTHY == "HEALTHY"
    assert [level.value for level in CryptoMiningTrustLevel] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ()),
        ({"ai_confidence": 1.5}, ("ai_confidence",)),
        ({"hardware_readings": []}, ("hardware_readings",)),
        ({"ai_value": -10.0}, ("ai_value", "hash rate", "non-negative")),
        ({"ai_value": float("nan")}, ("ai_value",)),
        ({"mining_domain": "THERMAL"}, ("proposed_action", "THERMAL")),
        (
            {
                "mining_domain": MiningDomain.THERMAL,
                "proposed_action": MiningAction.THERMAL_THROTTLE,
                "ai_value": 200.0,
            },
            ("ai_value", "THERMAL", "out of range"),
        ),
        (
            {
                "mining_domain": MiningDomain.POOL_MANAGEMENT,
                "proposed_action": MiningAction.SWITCH_POOL,
                "ai_value": 2.5,
            },
            ("ai_value", "POOL", "score"),
        ),
        ({"rig_id": "r" * 65}, ("rig_id", "64")),
        (
            {"hardware_readings": [HardwareReading(float("nan"), 1.0, "a")]},
            ("hardware_readings[0].value",),
        ),
        (
            {"temperature_readings": [HardwareReading(1.0, 1.0, "x" * 65)]},
            ("temperature_readings[0].hardware_id",),
        ),
    ],
)
def test_validation_returns_messages_that_name_the_field(
    change: dict[str, Any], words: tuple[str, ...]
) -> None:
    sound: dict[str, Any] = {
        "mining_domain": MiningDomain.HASH_RATE,
        "proposed_action": MiningAction.TUNE_HASH_RATE,
        "ai_value": 95.0,
        "ai_confidence": 0.85,
        "hardware_readings": [HardwareReading(93.0, 1.0, "rig_01")],
    }
    messages = validate_mining_signals(MiningSignals(**{**sound, **change}))
    assert isinstance(messages, list)
    assert bool(messages) is bool(words)
    assert all(any(word in message for message in messages) for word in words)
