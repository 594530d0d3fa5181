"""The governor as its users see it: what is authorised, what is not, and why."""

import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.governor import (
    HASH_RATE_OPTIMIZATION,
    PERMISSIVE,
    POOL_SWITCHING,
    POWER_MANAGEMENT,
    STANDARD,
    STRICT,
    THERMAL_PROTECTION,
    CryptoMiningTrustLevel,
    EventType,
    HardwareReading,
    MiningAction,
    MiningDomain,
    MiningGovernor,
    MiningOperationStatus,
    MiningPolicy,
    MiningSignals,
    Preset,
    as_evaluation,
    create_default_governor,
    create_mining_governor,
    create_permissive_governor,
    create_strict_governor,
    validate_mining_signals,
)
from custom_components.aiep_miner.engine.records import Evaluation, PolicyRecord
from custom_components.aiep_miner.engine.records.reasons import Reason

from .streams import RIG, START, USUAL, propose, readings, warmed

HASH, POWER, THERMAL, POOL, HARDWARE = (
    MiningDomain.HASH_RATE,
    MiningDomain.POWER,
    MiningDomain.THERMAL,
    MiningDomain.POOL_MANAGEMENT,
    MiningDomain.HARDWARE,
)
DOMAINS = list(MiningDomain)


# Trust that is earned


@pytest.mark.parametrize("domain", DOMAINS)
def test_agreeing_sensors_with_a_steady_history_earn_autonomy(domain: MiningDomain) -> None:
    decision = propose(warmed(domain), domain)
    assert decision.actionable
    assert decision.authorized_level is CryptoMiningTrustLevel.AUTONOMOUS
    assert decision.reasons == (Reason.TRUST_EARNED,)
    assert decision.refusal is None
    assert decision.operation_status is MiningOperationStatus.HEALTHY


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_trusted_before_anything_was_observed(domain: MiningDomain) -> None:
    decision = propose(MiningGovernor(), domain)
    assert not decision.actionable
    assert decision.refusal is Reason.HISTORY_TOO_SHORT
    assert decision.operation_status is MiningOperationStatus.UNKNOWN


@pytest.mark.parametrize("domain", DOMAINS)
def test_three_observations_are_enough(domain: MiningDomain) -> None:
    assert not propose(warmed(domain, count=2), domain).actionable
    assert propose(warmed(domain, count=3), domain).actionable


def test_history_learns_what_is_observed_not_what_was_answered() -> None:
    governor = warmed(HASH, count=5)
    for step in range(40):  # refused each time, and the rig moves on by itself
        at = START + step * 60
        factor = 1 + step / 200
        propose(governor, HASH, 300.0, [value * factor for value in USUAL[HASH]], at=at)
    decision = propose(governor, HASH, values=[value * 1.2 for value in USUAL[HASH]], at=at + 60)
    assert decision.actionable


@pytest.mark.parametrize(
    ("domain", "scale"),
    [(HASH, 0.012), (HASH, 5.0), (POWER, 15 / 3250), (POWER, 2.0)],
)
def test_the_same_rule_holds_at_any_scale(domain: MiningDomain, scale: float) -> None:
    values = [value * scale for value in USUAL[domain]]
    governor = warmed(domain, values=values)
    assert propose(governor, domain, values=values).actionable
    apart = [values[0], values[0] * 1.6, values[0] * 0.5, values[0] * 1.5, values[0] * 0.6]
    refused = propose(governor, domain, values[0], apart, at=START + 30)
    assert Reason.SENSORS_DISAGREE in refused.reasons


# Set-points and estimates


@pytest.mark.parametrize(("factor", "actionable"), [(1.09, True), (0.91, True), (1.11, False)])
def test_hash_rate_moves_within_the_policys_step(factor: float, actionable: bool) -> None:
    decision = propose(warmed(HASH), HASH, 100.2 * factor)
    assert decision.actionable is actionable
    assert actionable or decision.refusal is Reason.STEP_TOO_LARGE
    if not actionable:
        assert decision.trusted_value == pytest.approx(100.2)


def test_power_may_fall_at_once_and_rise_within_its_bounds() -> None:
    bounds = {"min_value": 500.0, "max_value": 3600.0}
    governor = warmed(POWER)
    assert propose(governor, POWER, 600.0, context=bounds).actionable
    assert propose(governor, POWER, 3600.0, context=bounds, at=START + 30).actionable
    over = propose(governor, POWER, 3600.01, context=bounds, at=START + 60)
    assert over.refusal is Reason.OUT_OF_BOUNDS
    under = propose(governor, POWER, 499.0, context=bounds, at=START + 90)
    assert under.refusal is Reason.OUT_OF_BOUNDS


def test_power_beyond_all_that_was_observed_needs_a_known_maximum() -> None:
    governor = warmed(POWER)
    assert propose(governor, POWER, 5000.0).refusal is Reason.POWER_MAXIMUM_UNKNOWN
    known = {"max_power_w": 5200.0}
    assert propose(governor, POWER, 5000.0, context=known, at=START + 30).actionable


def test_power_rises_by_the_policys_step_where_it_sets_one() -> None:
    policy = MiningPolicy(max_power_change_pct=10.0)
    context = {"max_value": 9000.0}
    assert propose(warmed(POWER, policy), POWER, 3500.0, context=context).actionable
    over = propose(warmed(POWER, policy), POWER, 3700.0, context=context)
    assert over.refusal is Reason.STEP_TOO_LARGE
    assert propose(warmed(POWER, policy), POWER, 1000.0, context=context).actionable


@pytest.mark.parametrize("value", [3.25, 0.00325])
def test_a_power_limit_in_another_unit_is_a_mistake(value: float) -> None:
    assert propose(warmed(POWER), POWER, value).refusal is Reason.UNIT_MISTAKE


def test_a_hash_rate_in_another_unit_is_a_mistake() -> None:
    assert propose(warmed(HASH), HASH, 100_000.0).refusal is Reason.UNIT_MISTAKE


def test_boards_are_parts_of_the_whole() -> None:
    governor = MiningGovernor()
    boards = [HardwareReading(33.0 + n, START, f"board_{n}") for n in range(3)]
    for step in range(20):
        at = START - 600 + step * 30
        shown = [replace(board, timestamp=at) for board in boards]
        governor.observe(RIG, HASH, shown, at)
    assert propose(governor, HASH, 102.0 * 1.05, hardware_readings=boards).actionable
    assert not propose(governor, HASH, 34.0, hardware_readings=boards).actionable


@pytest.mark.parametrize("domain", [THERMAL, POOL])
def test_an_estimate_must_lie_among_its_peers(domain: MiningDomain) -> None:
    low = min(USUAL[domain])
    assert propose(warmed(domain), domain, low * 0.5).refusal is Reason.VALUE_NOT_CONFIRMED


def test_a_hardware_action_names_the_hottest_temperature() -> None:
    assert propose(warmed(HARDWARE), HARDWARE, 66.5).actionable
    assert propose(warmed(HARDWARE), HARDWARE, 61.0).refusal is Reason.VALUE_NOT_CONFIRMED


# Real hardware


def test_a_healthy_spread_passes_and_a_jump_does_not() -> None:
    spread = (55.0, 61.0, 67.0)
    governor = warmed(HARDWARE, values=spread)
    assert propose(governor, HARDWARE, values=spread).actionable
    jumped = propose(governor, HARDWARE, values=(70.0, 61.0, 67.0), at=START + 30)
    assert Reason.SENSOR_HOT in jumped.reasons
    assert jumped.metadata["discarded"] == {"s0": Reason.SENSOR_HOT}


def test_a_hot_sensor_is_no_reason_against_a_stop() -> None:
    governor = warmed(HARDWARE)
    values = (76.0, *USUAL[HARDWARE][1:])
    stop = propose(governor, HARDWARE, values=values, proposed_action=MiningAction.STOP)
    assert stop.actionable


def test_one_sensor_suffices_for_a_device_that_has_one_but_not_for_autonomy() -> None:
    for domain in DOMAINS:
        values = USUAL[domain][:1]
        decision = propose(warmed(domain, values=values), domain, values=values)
        assert decision.authorized_level is CryptoMiningTrustLevel.SUPERVISED, domain
        assert decision.actionable


def test_sensors_that_vanish_are_missed() -> None:
    governor = warmed(HARDWARE)
    decision = propose(governor, HARDWARE, values=USUAL[HARDWARE][:1])
    assert decision.refusal is Reason.QUORUM_MISSED
    told = propose(
        warmed(HARDWARE, values=(60.0,)), HARDWARE, values=(60.0,), context={"sensors_expected": 4}
    )
    assert told.refusal is Reason.QUORUM_MISSED


def test_a_board_that_is_switched_off_is_no_lie() -> None:
    values = (60.0, 62.0, 64.0)
    governor = warmed(HARDWARE, values=values)
    for step, cold in enumerate((55.0, 47.0, 40.0, 33.0, 28.0, 26.0)):
        decision = propose(governor, HARDWARE, values=(cold, 62.0, 64.0), at=START + step * 30)
        assert decision.actionable, step
    assert propose(governor, HARDWARE, values=(62.0, 64.0), at=START + 300).actionable


def test_all_boards_cool_together_after_a_stop() -> None:
    values = (55.0, 61.0, 70.0)
    governor = warmed(HARDWARE, values=values)
    refused = 0
    for step in range(1, 20):
        left = math.exp(-step * 30 / 100)
        cooled = [25 + (value - 25) * left for value in values]
        refused += not propose(governor, HARDWARE, values=cooled, at=START + step * 30).actionable
    assert refused <= 1


def test_a_single_jump_must_be_seen_twice() -> None:
    governor = warmed(HARDWARE, values=(45.0,))
    assert propose(governor, HARDWARE, values=(70.0,)).refusal is Reason.PRESENT_JUMPED
    assert propose(governor, HARDWARE, values=(70.0,), at=START + 30).actionable


# Thermal override


@pytest.mark.parametrize("domain", [HASH, POWER, POOL])
@pytest.mark.parametrize("hot", [85.0, HardwareReading(85.0, START, "chip"), 400.0])
def test_heat_stops_every_domain(domain: MiningDomain, hot: Any) -> None:
    decision = propose(
        warmed(domain), domain, max(USUAL[domain]) * 1.001, temperature_readings=[hot]
    )
    assert decision.refusal is Reason.THERMAL_OVERRIDE
    assert decision.operation_status is MiningOperationStatus.CRITICAL


@pytest.mark.parametrize("domain", [THERMAL, HARDWARE])
def test_heat_in_the_readings_stops_all_but_a_stop(domain: MiningDomain) -> None:
    values = (85.0, *USUAL[domain][1:])
    refused = propose(warmed(domain), domain, 85.0, values)
    assert refused.refusal is Reason.THERMAL_OVERRIDE
    stop = propose(warmed(domain), domain, 85.0, values, proposed_action=MiningAction.STOP)
    assert stop.actionable
    assert stop.authorized_level is CryptoMiningTrustLevel.AUTONOMOUS
    assert stop.reasons == (Reason.THERMAL_OVERRIDE,)


def test_just_below_the_threshold_is_no_override() -> None:
    decision = propose(warmed(HASH), HASH, temperature_readings=[84.999])
    assert decision.actionable


def test_heat_lets_a_power_reduction_through_but_no_increase() -> None:
    less = propose(warmed(POWER), POWER, 2000.0, temperature_readings=[90.0])
    assert less.actionable
    assert less.trusted_value == 2000.0
    more = propose(warmed(POWER), POWER, 3300.0, temperature_readings=[90.0])
    assert more.refusal is Reason.THERMAL_OVERRIDE


def test_heat_observed_elsewhere_counts_for_five_minutes() -> None:
    governor = warmed(HASH)
    governor.observe(RIG, HARDWARE, readings((90.0,), START - 30), START - 30)
    assert propose(governor, HASH).refusal is Reason.THERMAL_OVERRIDE
    assert propose(governor, HASH, at=START + 280).actionable


@pytest.mark.parametrize(("own", "actionable"), [(70.0, True), (65.0, False)])
def test_a_miners_own_limit_may_be_stricter(own: float, actionable: bool) -> None:
    decision = propose(warmed(HARDWARE), HARDWARE, context={"max_temperature_c": own})
    assert decision.actionable is actionable


def test_a_miners_own_limit_may_be_laxer() -> None:
    values = [value + 24 for value in USUAL[HARDWARE]]
    governor = warmed(HARDWARE, values=values)
    assert propose(governor, HARDWARE, values=values).refusal is Reason.THERMAL_OVERRIDE
    own = {"max_temperature_c": 95.0}
    assert propose(governor, HARDWARE, values=values, context=own, at=START + 30).actionable


def test_a_stop_does_not_pass_on_the_proposers_word_that_it_is_hot() -> None:
    stop = propose(warmed(HARDWARE), HARDWARE, 90.0, proposed_action=MiningAction.STOP)
    assert not stop.actionable


# Policy: power, rates, levels


def test_the_sites_power_counts_all_rigs() -> None:
    policy = MiningPolicy(max_power_watts=10_000.0)
    context = {"max_value": 3600.0, "site_power_w": 6700.0}
    assert propose(warmed(POWER, policy), POWER, 3300.0, context=context).actionable
    over = propose(warmed(POWER, policy), POWER, 3300.1, context=context)
    assert over.refusal is Reason.OVER_POWER_LIMIT


def test_a_start_needs_room_on_the_site() -> None:
    policy = MiningPolicy(max_power_watts=10_000.0)
    context = {"site_power_w": 7000.0, "start_power_w": 3250.0}
    decision = propose(warmed(HARDWARE, policy), HARDWARE, context=context)
    assert decision.refusal is Reason.OVER_POWER_LIMIT


def test_a_miners_own_power_maximum_counts() -> None:
    context = {"max_power_w": 3200.0}
    assert propose(warmed(POWER), POWER, 3201.0, context=context).refusal is Reason.OVER_POWER_LIMIT


def switch(governor: MiningGovernor, at: float, **more: Any) -> Any:
    pools = {"pool_url": "stratum+tcp://b", "current_pool_url": "stratum+tcp://a"}
    return propose(governor, POOL, at=at, **{**pools, **more})


def test_pool_switches_are_limited_in_any_hour_of_the_signals_own_time() -> None:
    governor = warmed(POOL)
    times = [START + n * 60 for n in range(8)]
    assert [switch(governor, at).actionable for at in times] == [True] * 5 + [False] * 3
    assert switch(governor, START + 61).refusal is Reason.POOL_SWITCH_RATE
    later = warmed(POOL)
    for n in range(5):
        later.note(RIG, MiningAction.SWITCH_POOL, START - 3600 + n)
    assert switch(later, START).actionable  # the oldest of them is an hour old


def test_a_switch_to_the_same_pool_is_none() -> None:
    same = switch(warmed(POOL), START, current_pool_url="stratum+tcp://b")
    assert same.refusal is Reason.POOL_UNCHANGED


def test_a_command_is_counted_once() -> None:
    governor = warmed(POOL)
    for n in range(4):
        at = START + n * 60
        assert switch(governor, at).actionable
        governor.note(RIG, MiningAction.SWITCH_POOL, at)
    assert switch(governor, START + 300).actionable


def test_only_what_was_done_counts_when_somebody_else_acts() -> None:
    governor = warmed(POOL, counts_decisions=False)
    assert all(switch(governor, START + n * 60).actionable for n in range(10))


@pytest.mark.parametrize(
    ("action", "limit", "reason"),
    [
        (MiningAction.START, 24, Reason.START_STOP_RATE),
        (MiningAction.HARDWARE_RESTART, 6, Reason.RESTART_RATE),
    ],
)
def test_starts_and_restarts_are_limited(action: MiningAction, limit: int, reason: Reason) -> None:
    governor = warmed(HARDWARE)
    for n in range(limit):
        governor.note(RIG, action, START - n)
    decision = propose(governor, HARDWARE, proposed_action=action)
    assert decision.refusal is reason
    other = propose(governor, HARDWARE, proposed_action=action, rig_id="other")
    assert other.refusal is not reason


def test_an_overheated_machine_is_stopped_however_often() -> None:
    governor = warmed(HARDWARE)
    for n in range(50):
        governor.note(RIG, MiningAction.STOP, START - n)
    values = (90.0, *USUAL[HARDWARE][1:])
    stop = propose(governor, HARDWARE, 90.0, values, proposed_action=MiningAction.STOP)
    assert stop.actionable


@pytest.mark.parametrize("confidence", [0.0, 0.49, 0.4999])
@pytest.mark.parametrize("policy", [STANDARD, PERMISSIVE])
def test_self_doubt_is_heard(confidence: float, policy: MiningPolicy) -> None:
    decision = propose(warmed(HASH, policy), HASH, ai_confidence=confidence)
    assert decision.refusal is Reason.LOW_CONFIDENCE


def test_a_skipped_consensus_is_no_pass() -> None:
    policy = MiningPolicy(require_consensus=False)
    agreed = propose(warmed(HASH, policy), HASH)
    assert agreed.authorized_level is CryptoMiningTrustLevel.AUTONOMOUS
    one_hot = (60.0, 77.0, 64.0, 66.0, 61.0)
    decision = propose(warmed(HARDWARE, policy), HARDWARE, values=one_hot)
    assert decision.authorized_level is CryptoMiningTrustLevel.SUPERVISED
    assert decision.metadata["consensus_status"] == "skipped"
    assert Reason.CONSENSUS_SKIPPED in decision.reasons


def test_a_walk_is_a_jump() -> None:
    governor = warmed(HASH)
    level = 1.0
    for step in range(40):
        values = [value * level for value in USUAL[HASH]]
        at = START + step * 30
        decision = propose(governor, HASH, 100.2 * level * 1.03, values, at=at)
        if not decision.actionable:
            break
        level *= 1.03
    assert decision.refusal is Reason.HOURLY_CHANGE_TOO_LARGE
    assert level * 1.03 > 1.29
    back = propose(governor, HASH, 100.2 * level * 0.95, values, at=at + 30)
    assert back.actionable


# Readings


def changed(at: int = 0, **change: Any) -> list[HardwareReading]:
    shown = readings(USUAL[HASH], START)
    shown[at] = replace(shown[at], **change)
    return shown


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": math.nan}, Reason.READING_INVALID),
        ({"value": math.inf}, Reason.READING_INVALID),
        ({"value": None}, Reason.READING_INVALID),
        ({"value": -1.0}, Reason.READING_NEGATIVE),
        ({"value": 1e6}, Reason.READING_IMPOSSIBLE),
        ({"timestamp": START - 301}, Reason.READING_STALE),
        ({"timestamp": START + 6}, Reason.READING_FUTURE),
        ({"timestamp": math.nan}, Reason.READING_INVALID),
        ({"hardware_id": "s1"}, Reason.READING_DUPLICATED),
    ],
)
def test_a_reading_that_lies_is_named_and_nothing_is_done(change: Any, code: Reason) -> None:
    decision = propose(warmed(HASH), HASH, 100.0, hardware_readings=changed(**change))
    assert decision.refusal is code
    assert code in decision.metadata["discarded"].values()


def test_a_reading_in_another_unit_is_named() -> None:
    decision = propose(warmed(HASH), HASH, 100.0, hardware_readings=changed(value=0.1))
    assert decision.refusal is Reason.READING_WRONG_UNIT
    assert decision.metadata["discarded"] == {"s0": Reason.READING_WRONG_UNIT}


def test_a_frozen_sensor_is_named_when_its_peers_move() -> None:
    governor = MiningGovernor()
    for step in range(20):
        at = START + step * 30
        values = (60.0, 61.0 + step / 5, 62.1 + step / 5, 63.2 + step / 5)
        decision = propose(governor, HARDWARE, values=values, at=at)
    assert Reason.READING_FROZEN in decision.reasons
    assert decision.metadata["discarded"]["s0"] is Reason.READING_FROZEN


def test_sensors_of_a_steady_machine_may_all_stand_still() -> None:
    decision = propose(warmed(HARDWARE), HARDWARE)
    assert decision.actionable


def test_validation_can_be_left_out() -> None:
    policy = MiningPolicy(require_hardware_validation=False)
    old = [replace(r, timestamp=START - 400) for r in readings(USUAL[HASH], START)]
    assert propose(warmed(HASH), HASH, hardware_readings=old).refusal is Reason.READING_STALE
    assert propose(warmed(HASH, policy), HASH, hardware_readings=old).actionable


# Without evidence


def test_without_sensors_only_the_safe_direction_is_open() -> None:
    bare: dict[str, Any] = {"hardware_readings": [], "value": 0.0}
    stop = propose(MiningGovernor(), HARDWARE, proposed_action=MiningAction.STOP, **bare)
    assert stop.authorized_level is CryptoMiningTrustLevel.SUPERVISED
    assert stop.reasons == (Reason.SAFE_DIRECTION,)
    assert propose(MiningGovernor(), HARDWARE, **bare).refusal is Reason.NO_READINGS
    restart = propose(
        MiningGovernor(), HARDWARE, proposed_action=MiningAction.HARDWARE_RESTART, **bare
    )
    assert restart.refusal is Reason.NO_READINGS


def test_without_a_power_sensor_a_reduction_is_held_against_the_last_known_power() -> None:
    governor = warmed(POWER)
    less = propose(governor, POWER, 3000.0, hardware_readings=[])
    assert less.authorized_level is CryptoMiningTrustLevel.SUPERVISED
    more = propose(governor, POWER, 3300.0, hardware_readings=[])
    assert not more.actionable


def test_a_machine_that_shows_no_temperatures_while_idle_can_be_started() -> None:
    context = {"idle_without_sensors": True}
    start = propose(MiningGovernor(), HARDWARE, 0.0, hardware_readings=[], context=context)
    assert start.authorized_level is CryptoMiningTrustLevel.SUPERVISED
    restart = propose(
        MiningGovernor(),
        HARDWARE,
        0.0,
        hardware_readings=[],
        context=context,
        proposed_action=MiningAction.HARDWARE_RESTART,
    )
    assert not restart.actionable


def test_a_stop_of_safety_needs_no_consensus() -> None:
    values = (20.0, 60.0, 45.0, 80.0, 33.0)
    bad: dict[str, Any] = {"values": values, "proposed_action": MiningAction.STOP}
    assert not propose(warmed(HARDWARE), HARDWARE, **bad).actionable
    assert propose(warmed(HARDWARE, STRICT), HARDWARE, context={"safety": True}, **bad).actionable


# Persons


def test_a_person_faces_the_hard_rules_only() -> None:
    person = {"source": "person", "max_value": 9000.0}
    decision = propose(MiningGovernor(STRICT), HASH, 150.0, context=person, ai_confidence=0.1)
    assert decision.actionable
    assert decision.reasons == (Reason.PERSON_COMMAND,)
    assert decision.metadata["layers_level"] is CryptoMiningTrustLevel.NO_ACTION
    assert Reason.LOW_CONFIDENCE in decision.metadata["layers_reasons"]
    over = propose(MiningGovernor(), POWER, 9001.0, context=person)
    assert over.refusal is Reason.OUT_OF_BOUNDS


@pytest.mark.parametrize("action", [MiningAction.START, MiningAction.HARDWARE_RESTART])
def test_a_person_cannot_start_what_is_too_hot(action: MiningAction) -> None:
    values = (85.0, 70.0, 70.0, 70.0)
    decision = propose(
        warmed(HARDWARE),
        HARDWARE,
        85.0,
        values,
        proposed_action=action,
        context={"source": "person"},
    )
    assert decision.refusal is Reason.THERMAL_OVERRIDE


@pytest.mark.parametrize("value", [0.0, 90.0, math.nan, -300.0])
def test_a_person_may_always_stop(value: float) -> None:
    governor = MiningGovernor(STRICT)
    for n in range(100):
        governor.note(RIG, MiningAction.STOP, START - n)
    stop = propose(
        governor,
        HARDWARE,
        value,
        (),
        proposed_action=MiningAction.STOP,
        context={"source": "person"},
    )
    assert stop.actionable
    assert math.isfinite(stop.trusted_value)


def test_nobody_does_what_the_device_cannot() -> None:
    context = {"source": "person", "supported": False}
    stop = propose(MiningGovernor(), HARDWARE, proposed_action=MiningAction.STOP, context=context)
    assert stop.refusal is Reason.UNSUPPORTED_ACTION


# A hold, and nonsense


def test_a_hold_shows_the_level_that_the_evidence_earns() -> None:
    hold = propose(warmed(HARDWARE), HARDWARE, 0.0, proposed_action=MiningAction.NO_ACTION)
    assert hold.authorized_level is CryptoMiningTrustLevel.AUTONOMOUS
    assert not hold.actionable
    assert not hold.used_fallback


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mining_domain": "weather"}, Reason.INVALID_DOMAIN),
        ({"proposed_action": "dance"}, Reason.INVALID_ACTION),
        ({"proposed_action": MiningAction.START}, Reason.INVALID_ACTION),
        ({"timestamp": math.nan}, Reason.INVALID_TIMESTAMP),
        ({"ai_confidence": 1.1}, Reason.INVALID_CONFIDENCE),
        ({"ai_confidence": math.nan}, Reason.INVALID_CONFIDENCE),
        ({"hardware_readings": None}, Reason.READING_INVALID),
    ],
)
def test_nonsense_is_refused_by_name(change: dict[str, Any], reason: Reason) -> None:
    sound: dict[str, Any] = {
        "mining_domain": HASH,
        "proposed_action": MiningAction.TUNE_HASH_RATE,
        "ai_value": 100.0,
        "ai_confidence": 0.9,
    }
    sound["hardware_readings"] = readings(USUAL[HASH], START)
    assert validate_mining_signals(MiningSignals(**sound)) == []
    signals = MiningSignals(**{**sound, **change})
    assert any(
        message.startswith(next(iter(change))) for message in validate_mining_signals(signals)
    )
    decision = MiningGovernor().evaluate(signals)
    assert not decision.actionable
    assert decision.refusal is reason
    assert as_evaluation(decision).trust_level == 0


def test_without_a_time_of_its_own_the_newest_reading_tells() -> None:
    decision = propose(warmed(HASH), HASH, timestamp=None)
    assert decision.timestamp == START
    assert decision.actionable


# Policies and factories


def test_the_published_presets() -> None:
    shown = [
        (p.accept, p.borderline, p.quorum, p.delta, p.peer_delta, p.epsilon, p.weights)
        for p in (HASH_RATE_OPTIMIZATION, THERMAL_PROTECTION, POWER_MANAGEMENT, POOL_SWITCHING)
    ]
    assert shown == [
        (0.90, 0.75, 3, 2e-6, 3e-6, 0.10, (0.40, 0.35, 0.25)),
        (0.95, 0.85, 4, 2.0, 1.5, 0.08, (0.55, 0.25, 0.20)),
        (0.93, 0.80, 3, 10.0, 15.0, 0.08, (0.50, 0.30, 0.20)),
        (0.88, 0.72, 3, 0.05, 0.08, 0.12, (0.35, 0.40, 0.25)),
    ]
    assert isinstance(POOL_SWITCHING, Preset)
    with pytest.raises(FrozenInstanceError):
        POOL_SWITCHING.accept = 0.1  # type: ignore[misc]


def test_factories() -> None:
    assert create_default_governor().policy == create_mining_governor().policy == MiningPolicy()
    strict, permissive = create_strict_governor().policy, create_permissive_governor().policy
    assert strict.min_trust_for_action is CryptoMiningTrustLevel.AUTONOMOUS
    assert (strict.max_hash_rate_change_pct, strict.max_pool_switches_per_hour) == (5.0, 2)
    assert strict.thermal_throttle_temp_c == 80.0
    assert permissive.min_trust_for_action is CryptoMiningTrustLevel.ADVISORY
    assert not permissive.require_consensus
    assert not permissive.require_hardware_validation
    assert permissive.max_hash_rate_change_pct == 50.0
    assert permissive.max_pool_switches_per_hour == 100


def test_the_policy_is_one_type_from_the_record_to_the_governor() -> None:
    policy = MiningPolicy(
        CryptoMiningTrustLevel.AUTONOMOUS,
        require_consensus=False,
        require_hardware_validation=False,
        max_hash_rate_change_pct=1.0,
        max_hash_rate_change_per_hour_pct=2.0,
        max_pool_switches_per_hour=3,
        thermal_throttle_temp_c=70.0,
        max_power_watts=4.0,
        max_power_change_pct=5.0,
        max_power_change_per_hour_pct=6.0,
    )
    body = PolicyRecord(ts_ms=0, subject="site", governor=policy).body()
    assert "enable_audit_events" not in body["governor"]
    assert PolicyRecord.from_body(0, "site", body).governor == policy
    with pytest.raises(ValueError, match="governor"):
        PolicyRecord.from_body(0, "site", {"governor": {"max_power_watts": -1}})


@pytest.mark.parametrize(
    "bad",
    [
        {"max_hash_rate_change_pct": -1.0},
        {"max_power_watts": math.nan},
        {"thermal_throttle_temp_c": math.inf},
        {"min_trust_for_action": 7},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"limit|temperature|valid"):
        MiningPolicy(**bad)


def test_another_policy_keeps_what_was_observed() -> None:
    governor = warmed(HARDWARE)
    governor.set_policy(STRICT)
    assert propose(governor, HARDWARE).actionable
    governor.set_policy(MiningPolicy(thermal_throttle_temp_c=60.0))
    assert propose(governor, HARDWARE, at=START + 30).refusal is Reason.THERMAL_OVERRIDE


def test_permissive_acts_on_less_but_never_on_a_lie_of_the_step() -> None:
    cold = propose(MiningGovernor(PERMISSIVE), HASH, 120.0)
    assert cold.actionable
    assert cold.authorized_level is CryptoMiningTrustLevel.ADVISORY
    assert cold.used_fallback
    assert cold.trusted_value == pytest.approx(100.2)
    assert not propose(MiningGovernor(PERMISSIVE), HASH, 151.0).actionable


def test_a_fallback_beyond_a_limit_is_not_acted_on() -> None:
    policy = replace(PERMISSIVE, max_power_watts=3000.0)
    decision = propose(MiningGovernor(policy), POWER, 2900.0, context={"max_value": 3600.0})
    assert not decision.actionable


# What it tells of itself


def test_events_and_history_are_bounded_and_can_be_switched_off() -> None:
    governor = warmed(HASH)
    for n in range(300):
        propose(governor, HASH, at=START + n * 30)
    assert len(governor.get_decision_history()) == len(governor.get_events()) == 256
    assert governor.get_decision_history(1)[0].timestamp == START + 299 * 30
    assert governor.get_events(0) == []
    silent = MiningGovernor(
        replace(STANDARD, enable_audit_events=False, track_decision_history=False)
    )
    propose(silent, HASH)
    assert silent.get_events() == silent.get_decision_history() == []
    assert silent.get_metrics()["evaluations"] == 1


def test_each_kind_of_event_is_told() -> None:
    governor = warmed(POOL)
    for n in range(7):
        switch(governor, START + n * 60)
    propose(governor, HASH, temperature_readings=[99.0])
    for n in range(10):
        propose(governor, HASH, 300.0, at=START + n * 30)
    told = {event.event_type for event in governor.get_events()}
    assert told == set(EventType)
    change = next(e for e in governor.get_events() if e.detail.get("status") == "CRITICAL")
    assert change.event_type is EventType.HEALTH_CHANGE
    assert change.mining_domain is HASH


def test_health_follows_the_share_of_fallbacks() -> None:
    governor = warmed(HASH)
    assert governor.get_health()["status"] is MiningOperationStatus.UNKNOWN
    statuses = []
    for n in range(20):
        apart = (100.0, 50.0, 160.0, 20.0, 190.0) if n >= 14 else USUAL[HASH]
        propose(governor, HASH, 100.0, apart, at=START + n * 30)
        statuses.append(governor.get_subsystem_health(HASH)["status"].value)
    assert list(dict.fromkeys(statuses)) == ["UNKNOWN", "HEALTHY", "WARNING", "DEGRADED"]
    assert governor.get_health()["status"] is MiningOperationStatus.DEGRADED
    assert governor.get_health()["fallback_rate"] == 0.3
    assert governor.get_subsystem_health(POWER)["status"] is MiningOperationStatus.UNKNOWN


def test_metrics_count() -> None:
    governor = warmed(HASH)
    propose(governor, HASH)
    propose(governor, HASH, 300.0, at=START + 30)
    metrics = governor.get_metrics()
    assert metrics["evaluations"] == 2
    assert metrics["actionable"] == metrics["level_autonomous"] == metrics["level_no_action"] == 1
    assert metrics["fallback_events"] == 1
    assert metrics["rigs"] == 1


# Its form in the ledger


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_evaluation_holds_what_was_said(domain: MiningDomain) -> None:
    decision = propose(warmed(domain), domain, hardware_readings=changed(value=math.nan))
    evaluation = as_evaluation(decision)
    assert evaluation.decision_id == decision.decision_id
    assert len(evaluation.decision_id) == 64
    assert evaluation.trust_level == decision.authorized_level
    assert evaluation.reasons == tuple(decision.reasons)
    assert evaluation.discarded["s0"] == Reason.READING_INVALID
    assert Evaluation.from_dict(evaluation.to_dict()) == evaluation
    assert canonical(evaluation.to_dict())


def test_the_id_covers_inputs_policy_history_and_outcome() -> None:
    base = propose(warmed(HASH), HASH).decision_id
    assert propose(warmed(HASH), HASH).decision_id == base
    others = [
        propose(warmed(HASH), HASH, 100.1),
        propose(warmed(HASH), HASH, ai_confidence=0.91),
        propose(warmed(HASH), HASH, at=START + 1),
        propose(warmed(HASH), HASH, context={"source": "llm"}),
        propose(warmed(HASH), HASH, context={"note": "why not"}),
        propose(warmed(HASH), HASH, pool_url="stratum+tcp://a"),
        propose(warmed(HASH), HASH, temperature_readings=[50.0]),
        propose(warmed(HASH), HASH, hardware_readings=changed(value=100.1)),
        propose(warmed(HASH), HASH, hardware_readings=changed(timestamp=START - 1)),
        propose(warmed(HASH), HASH, hardware_readings=changed(hardware_id="other")),
        propose(warmed(HASH, count=19), HASH),
        propose(warmed(HASH, MiningPolicy(max_hash_rate_change_pct=11.0)), HASH),
    ]
    assert len({base, *(decision.decision_id for decision in others)}) == 1 + len(others)
