"""Two different evaluations never share a decision id, and nothing that came in is changed."""

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.governor import (
    PERMISSIVE,
    HardwareReading,
    Limits,
    MiningAction,
    MiningDomain,
    MiningGovernor,
    MiningPolicy,
    MiningSignals,
    validate_mining_signals,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .streams import RIG, START, USUAL, propose, readings, warmed

HASH, HARDWARE = MiningDomain.HASH_RATE, MiningDomain.HARDWARE


def signals(**more: Any) -> MiningSignals:
    """Return a sound hash-rate proposal with something else in it."""
    sound: dict[str, Any] = {
        "mining_domain": HASH,
        "proposed_action": MiningAction.TUNE_HASH_RATE,
        "ai_value": 100.0,
        "ai_confidence": 0.9,
        "hardware_readings": readings(USUAL[HASH], START),
        "rig_id": RIG,
        "timestamp": START,
    }
    return MiningSignals(**{**sound, **more})


def judged(**more: Any) -> str:
    """Return the decision id of a proposal before a governor that knows the rig."""
    return warmed(HASH).evaluate(signals(**more)).decision_id


ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    2**53,
    2**53 + 1,
    10**400,
    10**400 + 1,
    -(10**400),
    0.1,
    math.nextafter(0.1, 1),
    math.nan,
    math.inf,
    -math.inf,
    "",
    "nan",
    "\ud800",
    "\ud801",
    b"a",
    b"b",
    (),
    [],
    [0],
    [[0]],
    (0,),
    {},
    {"float": "nan"},
    {"a": 1},
    {1: "a"},
    frozenset({1, 2}),
    Decimal("1.1"),
    Decimal("1.10"),
    1j,
)


@pytest.mark.parametrize("field", ["ai_value", "ai_confidence", "timestamp", "rig_id", "pool_url"])
def test_odd_values_all_have_their_own_id(field: str) -> None:
    ids = [judged(**{field: value}) for value in ODD]
    assert len(set(ids)) == len(ODD)
    assert [judged(**{field: value}) for value in ODD] == ids


def test_odd_contexts_and_limits_all_have_their_own_id() -> None:
    for field in ("context", "limits"):
        ids = {judged(**{field: value}) for value in ODD[1:]}
        assert len(ids) == len(ODD) - 1


@pytest.mark.parametrize(
    "change",
    [
        {"ai_value": 100.0000001},
        {"ai_confidence": 0.9000001},
        {"timestamp": START + 1e-6},
        {"current_pool_url": "stratum+tcp://" + "a" * 100},
        {"current_pool_url": "stratum+tcp://" + "a" * 99 + "b"},
        {"context": {"deep": [[[[["a"]]]]]}},
        {"context": {"deep": [[[[["b"]]]]]}},
        {"temperature_readings": [50.0]},
        {"temperature_readings": [HardwareReading(50.0, START, "chip")]},
        {"temperature_readings": [HardwareReading(50.0, START, "other")]},
        {"temperature_readings": [HardwareReading(50.0, START - 1, "chip")]},
        {"limits": Limits(max_value=200.0)},
        {"limits": Limits(max_value=200.0000001)},
        {"limits": Limits(nominal_value=200.0)},
        {"hardware_readings": [*readings(USUAL[HASH], START), HardwareReading(9.0, START, "s0")]},
        {"hardware_readings": [*readings(USUAL[HASH], START), HardwareReading(8.0, START, "s0")]},
        {"hardware_readings": [*readings(USUAL[HASH], START), HardwareReading(1, START, "x" * 65)]},
        {"hardware_readings": [*readings(USUAL[HASH], START), HardwareReading(1, START, "x" * 66)]},
        {"hardware_readings": [*readings(USUAL[HASH], START), "no reading"]},
        {"rig_id": "r" * 65},
        {"rig_id": "r" * 66},
    ],
)
def test_each_change_of_an_input_changes_the_id(change: dict[str, Any]) -> None:
    seen = SEEN.setdefault("ids", {judged(): {}})
    assert seen.setdefault(judged(**change), change) == change


SEEN: dict[str, dict[str, dict[str, Any]]] = {}


def test_equal_inputs_share_their_id() -> None:
    assert judged(ai_value=100) == judged(ai_value=100.0)
    assert judged(mining_domain="HASH_RATE") == judged()
    assert judged(hardware_readings=readings(USUAL[HASH], START)[::-1]) == judged()
    assert judged(context={"a": 1, "b": 2}) == judged(context={"b": 2, "a": 1})
    same = [HardwareReading(int(r.value), START, r.hardware_id) for r in readings((9, 8), START)]
    assert judged(hardware_readings=readings((9.0, 8.0), START)) == judged(hardware_readings=same)


def test_a_fallback_that_is_acted_on_keeps_the_ids_of_its_proposals_apart() -> None:
    one, other = (propose(MiningGovernor(PERMISSIVE), HASH, value) for value in (120.0, 121.0))
    assert one.actionable
    assert other.actionable
    assert one.trusted_value == other.trusted_value
    assert one.decision_id != other.decision_id


def test_another_history_or_policy_is_another_id() -> None:
    base = judged()
    assert warmed(HASH, count=19).evaluate(signals()).decision_id != base
    policy = MiningPolicy(max_hash_rate_change_pct=11.0)
    assert warmed(HASH, policy).evaluate(signals()).decision_id != base


PERTURB: dict[str, Callable[[MiningSignals, float], MiningSignals]] = {
    "value": lambda s, by: replace(s, ai_value=s.ai_value + by),
    "confidence": lambda s, by: replace(s, ai_confidence=s.ai_confidence - by),
    "time": lambda s, by: replace(s, timestamp=(s.timestamp or 0.0) + by),
    "reading": lambda s, by: replace(
        s, hardware_readings=[replace(r, value=r.value + by) for r in s.hardware_readings]
    ),
    "age": lambda s, by: replace(
        s, hardware_readings=[replace(r, timestamp=r.timestamp - by) for r in s.hardware_readings]
    ),
    "heat": lambda s, by: replace(s, temperature_readings=[50.0 + by]),
    "context": lambda s, by: replace(s, context={"note": by}),
    "limits": lambda s, by: replace(s, limits=Limits(site_power_w=by)),
}


@settings(max_examples=150, deadline=None)
@given(
    what=st.sampled_from(sorted(PERTURB)),
    by=st.lists(st.floats(1e-6, 0.4), min_size=2, max_size=2, unique=True),
)
def test_each_field_perturbed_is_another_id(what: str, by: list[float]) -> None:
    changed = [PERTURB[what](signals(), amount) for amount in by]
    distinct = {repr(item) for item in changed} | {repr(signals())}
    ids = {warmed(HASH, count=3).evaluate(item).decision_id for item in (*changed, signals())}
    assert len(ids) == len(distinct)


def test_what_is_too_long_is_refused_by_name_and_shares_no_history() -> None:
    one, other = "r" * 64 + "1", "r" * 64 + "2"
    governor = MiningGovernor()
    for at in (START - 90, START - 60, START - 30):
        governor.observe(one, HASH, readings(USUAL[HASH], at), at)
    decision = governor.evaluate(signals(rig_id=other))
    assert decision.refusal is Reason.INVALID_RIG_ID
    assert "rig_id" in decision.metadata["faults"][0]
    assert governor._rigs.keys() == {one}
    deep: Any = []
    deep.append(deep)
    assert MiningGovernor().evaluate(signals(context={"a": deep})).refusal is Reason.INPUT_TOO_LONG
    many = [HardwareReading(1.0, START, str(n)) for n in range(2000)]
    assert MiningGovernor().evaluate(signals(hardware_readings=many)).refusal is (
        Reason.INPUT_TOO_LONG
    )
    assert validate_mining_signals(signals(pool_url="x" * 5000))[0].startswith("pool_url")


def test_limits_that_are_no_numbers_are_refused() -> None:
    for bad in (Limits(max_value=math.nan), Limits(site_power_w=math.inf), "limits"):
        assert warmed(HASH).evaluate(signals(limits=bad)).refusal is Reason.INVALID_LIMITS


def test_an_evaluation_changes_nothing_that_came_in() -> None:
    given_signals = signals(context={"max_value": 200.0}, temperature_readings=[50.0])
    before = repr(given_signals)
    warmed(HASH).evaluate(given_signals)
    assert repr(given_signals) == before
