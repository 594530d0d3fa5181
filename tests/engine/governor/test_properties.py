"""What holds for every input: hypothesis looks for one that breaks it."""

import math
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.governor import (
    PERMISSIVE,
    STANDARD,
    STRICT,
    CryptoMiningTrustLevel,
    HardwareReading,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningGovernor,
    MiningPolicy,
    MiningSignals,
    as_evaluation,
)
from custom_components.aiep_miner.engine.governor.digest import (
    evaluation_bytes,
    inputs_of,
    plain,
)

from .streams import ACTION, RIG, START, USUAL, readings, warmed

SAFE = {MiningAction.STOP, MiningAction.ADJUST_POWER_LIMIT}
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, -(10**400), 1e308, -0.0, 5e-324, 85.0, 100.0, 0.5]),
)
domains = st.sampled_from(list(MiningDomain))
any_reading = st.one_of(
    anything,
    st.builds(
        HardwareReading,
        value=st.one_of(anything, st.floats(-10, 200)),
        timestamp=st.one_of(anything, st.floats(START - 500, START + 10)),
        hardware_id=st.one_of(anything, st.sampled_from(["s0", "s1", "board_0", "\ud800"])),
    ),
)
any_context = st.one_of(
    anything,
    st.dictionaries(
        st.sampled_from(
            [
                "source",
                "supported",
                "min_value",
                "max_value",
                "max_temperature_c",
                "max_power_w",
                "site_power_w",
                "start_power_w",
                "sensors_expected",
                "idle_without_sensors",
                "safety",
                "else",
            ]
        ),
        st.one_of(anything, st.sampled_from(["person", "llm"]), st.lists(anything, max_size=2)),
        max_size=5,
    ),
)
any_signals = st.builds(
    MiningSignals,
    mining_domain=st.one_of(domains, anything),
    proposed_action=st.one_of(st.sampled_from(list(MiningAction)), anything),
    ai_value=anything,
    ai_confidence=st.one_of(anything, st.floats(0, 1)),
    hardware_readings=st.one_of(anything, st.lists(any_reading, max_size=6)),
    rig_id=st.one_of(anything, st.just(RIG)),
    pool_url=anything,
    current_pool_url=anything,
    timestamp=st.one_of(anything, st.floats(START - 1e4, START + 1e4)),
    context=any_context,
    temperature_readings=st.one_of(anything, st.lists(any_reading, max_size=3)),
)


def policies() -> st.SearchStrategy[MiningPolicy]:
    """Return policies of every strictness."""
    return st.builds(
        MiningPolicy,
        min_trust_for_action=st.sampled_from([level for level in CryptoMiningTrustLevel if level]),
        require_consensus=st.booleans(),
        require_hardware_validation=st.booleans(),
        max_hash_rate_change_pct=st.sampled_from([1.0, 5.0, 10.0, 50.0]),
        max_hash_rate_change_per_hour_pct=st.sampled_from([5.0, 30.0, 100.0]),
        max_pool_switches_per_hour=st.sampled_from([0, 1, 5, 100]),
        thermal_throttle_temp_c=st.sampled_from([60.0, 66.0, 80.0, 85.0]),
        max_power_watts=st.sampled_from([None, 3000.0, 3260.0, 9000.0]),
        max_power_change_pct=st.sampled_from([None, 1.0, 20.0]),
        max_power_change_per_hour_pct=st.sampled_from([None, 5.0, 30.0]),
    )


flaws = st.tuples(
    st.integers(0, 4),
    st.sampled_from(["value", "timestamp", "hardware_id"]),
    st.sampled_from([1.01, 1.3, 0.001]),
)


@st.composite
def plausible(draw: st.DrawFn) -> MiningSignals:
    """Draw a proposal near what is sound, with one thing or another off."""
    domain = draw(domains)
    factor = draw(st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.95, 1.02, 1.07, 1.2, 1.5, 1000.0]))
    shown = readings(USUAL[domain], START)[: draw(st.sampled_from([5, 5, 5, 4, 3, 1, 0]))]
    for spot, part, by in draw(st.lists(flaws, max_size=2)):
        if spot < len(shown):
            off = {
                "value": shown[spot].value * by,
                "timestamp": START - 400 * by,
                "hardware_id": "s0",
            }
            shown[spot] = replace(shown[spot], **{part: off[part]})
    base = max((reading.value for reading in shown), default=USUAL[domain][0])
    actions = [ACTION[domain], ACTION[domain], MiningAction.NO_ACTION]
    if domain is MiningDomain.HARDWARE:
        actions += [MiningAction.STOP, MiningAction.HARDWARE_RESTART]
    return MiningSignals(
        mining_domain=domain,
        proposed_action=draw(st.sampled_from(actions)),
        ai_value=base * factor,
        ai_confidence=draw(st.sampled_from([0.0, 0.49, 0.5, 0.6, 0.9, 1.0])),
        hardware_readings=draw(st.permutations(shown)),
        rig_id=RIG,
        timestamp=START,
        context=draw(
            st.sampled_from(
                [
                    {},
                    {"source": "person"},
                    {"max_value": 5000.0, "min_value": 1.0},
                    {"max_power_w": 3255.0, "site_power_w": 4000.0},
                    {"max_temperature_c": 64.0},
                    {"idle_without_sensors": True},
                    {"sensors_expected": 5},
                    {"safety": True},
                ]
            )
        ),
        temperature_readings=draw(st.lists(st.sampled_from([50.0, 84.9, 85.0, 400.0]), max_size=2)),
    )


def check_finite(decision: MiningDecision) -> None:
    """Check that every number of a decision is finite, and that it can be written."""
    evaluation = as_evaluation(decision)
    assert math.isfinite(decision.trusted_value)
    assert math.isfinite(decision.timestamp)
    canonical(evaluation.to_dict())


@settings(max_examples=600, deadline=None)
@given(signals=any_signals, policy=policies())
def test_nothing_makes_it_raise_or_return_what_is_not_finite(
    signals: MiningSignals, policy: MiningPolicy
) -> None:
    governor = warmed(MiningDomain.HASH_RATE, policy, count=4)
    check_finite(governor.evaluate(signals))
    check_finite(governor.evaluate(signals))


@settings(max_examples=300, deadline=None)
@given(signals=st.lists(st.one_of(any_signals, plausible()), max_size=6))
def test_the_same_stream_gives_the_same_decisions(signals: list[MiningSignals]) -> None:
    one, other = MiningGovernor(), MiningGovernor()
    assert list(map(one.evaluate, signals)) == list(map(other.evaluate, signals))


def hottest_of(signals: MiningSignals) -> float:
    """Return the hottest temperature that a plausible proposal shows."""
    hot = [float(str(item)) for item in signals.temperature_readings]
    if signals.mining_domain in (MiningDomain.THERMAL, MiningDomain.HARDWARE):
        hot += [reading.value for reading in signals.hardware_readings]
    return max(hot, default=-math.inf)


@settings(max_examples=1000, deadline=None)
@given(signals=plausible(), policy=policies())
def test_no_authorised_decision_exceeds_a_limit(
    signals: MiningSignals, policy: MiningPolicy
) -> None:
    decision = warmed(signals.mining_domain, policy).evaluate(signals)
    if not decision.actionable:
        return
    context: dict[str, Any] = dict(signals.context)
    value, action = decision.trusted_value, decision.proposed_action
    assert action is not MiningAction.NO_ACTION
    throttle = context.get("max_temperature_c", policy.thermal_throttle_temp_c)
    if hottest_of(signals) >= throttle:
        present = [reading.value for reading in signals.hardware_readings]
        assert action in SAFE
        assert action is MiningAction.STOP or value < max(present, default=3250.0)
    if action is MiningAction.ADJUST_POWER_LIMIT:
        site = context.get("site_power_w", 0.0) + value
        assert site <= (policy.max_power_watts or math.inf)
        assert value <= context.get("max_power_w", math.inf)
        assert context.get("min_value", 0.0) <= value <= context.get("max_value", math.inf)
    if context.get("source") == "person":
        return
    assert signals.ai_confidence >= 0.5
    if action is MiningAction.TUNE_HASH_RATE:
        present = [reading.value for reading in signals.hardware_readings]
        share = policy.max_hash_rate_change_pct / 100
        rounding = 1e-6
        assert min(present) * (1 - share) - rounding <= value
        assert value <= max(present) * (1 + share) + rounding


@settings(max_examples=400, deadline=None)
@given(signals=plausible(), data=st.data())
def test_the_order_of_readings_does_not_matter(signals: MiningSignals, data: st.DataObject) -> None:
    shuffled = replace(
        signals,
        hardware_readings=data.draw(st.permutations(list(signals.hardware_readings))),
        temperature_readings=data.draw(st.permutations(list(signals.temperature_readings))),
        context=dict(reversed(list(signals.context.items()))),
    )
    domain = signals.mining_domain
    assert warmed(domain).evaluate(signals) == warmed(domain).evaluate(shuffled)


@settings(max_examples=400, deadline=None)
@given(raw=st.lists(any_reading, max_size=6), data=st.data())
def test_the_order_of_wild_readings_does_not_matter(raw: list[Any], data: st.DataObject) -> None:
    signals = MiningSignals(
        MiningDomain.HARDWARE, MiningAction.START, 50.0, 0.9, raw, RIG, timestamp=START
    )
    shuffled = replace(signals, hardware_readings=data.draw(st.permutations(raw)))
    assert MiningGovernor().evaluate(signals) == MiningGovernor().evaluate(shuffled)


def stricter(policy: MiningPolicy, data: st.DataObject) -> MiningPolicy:
    """Draw a policy that allows no more than the given one in any field."""
    draw = data.draw
    shrink = st.sampled_from([1.0, 0.9, 0.5, 0.1])
    power = policy.max_power_watts
    step, hourly = policy.max_power_change_pct, policy.max_power_change_per_hour_pct
    return replace(
        policy,
        min_trust_for_action=CryptoMiningTrustLevel(
            draw(st.integers(policy.min_trust_for_action, 3))
        ),
        require_consensus=policy.require_consensus or draw(st.booleans()),
        require_hardware_validation=policy.require_hardware_validation or draw(st.booleans()),
        max_hash_rate_change_pct=policy.max_hash_rate_change_pct * draw(shrink),
        max_hash_rate_change_per_hour_pct=policy.max_hash_rate_change_per_hour_pct * draw(shrink),
        max_pool_switches_per_hour=draw(st.integers(0, policy.max_pool_switches_per_hour)),
        thermal_throttle_temp_c=policy.thermal_throttle_temp_c * draw(shrink),
        max_power_watts=4000.0 if power is None else power * draw(shrink),
        max_power_change_pct=10.0 if step is None else step * draw(shrink),
        max_power_change_per_hour_pct=10.0 if hourly is None else hourly * draw(shrink),
    )


@settings(max_examples=1000, deadline=None)
@given(signals=plausible(), policy=policies(), data=st.data())
def test_a_stricter_policy_authorises_a_subset(
    signals: MiningSignals, policy: MiningPolicy, data: st.DataObject
) -> None:
    """But for what leads to less heat: a lower throttle temperature lets that through sooner."""
    tight = stricter(policy, data)
    strict = warmed(signals.mining_domain, tight).evaluate(signals)
    lax = warmed(signals.mining_domain, policy).evaluate(signals)
    cooler = tight.thermal_throttle_temp_c < policy.thermal_throttle_temp_c
    if strict.actionable and not (cooler and strict.proposed_action in SAFE):
        assert lax.actionable


@settings(max_examples=300, deadline=None)
@given(signals=plausible())
def test_the_presets_are_ordered(signals: MiningSignals) -> None:
    strict, standard, permissive = (
        warmed(signals.mining_domain, policy).evaluate(signals).actionable
        for policy in (STRICT, STANDARD, PERMISSIVE)
    )
    if signals.proposed_action not in SAFE:
        assert strict <= standard <= permissive


@settings(max_examples=300, deadline=None)
@given(signals=plausible(), count=st.integers(1, 300))
def test_a_raised_bar_never_authorises_more(signals: MiningSignals, count: int) -> None:
    def authorised(level: CryptoMiningTrustLevel) -> bool:
        policy = MiningPolicy(min_trust_for_action=level)
        governor = warmed(signals.mining_domain, policy, count=min(count, 30))
        return governor.evaluate(signals).actionable

    bars = [authorised(level) for level in CryptoMiningTrustLevel]
    assert bars == sorted(bars, reverse=True)


json_like = st.recursive(
    anything,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.text(), st.integers()), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=600, deadline=None)
@given(context=json_like, numbers=st.lists(st.floats()))
def test_the_fast_form_is_the_canonical_one(context: Any, numbers: list[float]) -> None:
    signals = MiningSignals(context, context, context, context, context=context)
    numbers_written = [plain(item) for item in numbers]
    evaluation = {"inputs": inputs_of(signals).fields, "numbers": numbers_written}
    assert evaluation_bytes(evaluation) == canonical(evaluation)
