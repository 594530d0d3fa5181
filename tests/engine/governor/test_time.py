"""The future is refused, and what an hour's standstill must not make the governor forget."""

import pytest

from custom_components.aiep_miner.engine.governor import (
    HardwareReading,
    Limits,
    MiningAction,
    MiningDomain,
    MiningGovernor,
    MiningPolicy,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .streams import RIG, START, USUAL, propose, readings, warmed

HASH, POWER, POOL, HARDWARE = (
    MiningDomain.HASH_RATE,
    MiningDomain.POWER,
    MiningDomain.POOL_MANAGEMENT,
    MiningDomain.HARDWARE,
)
YEAR_S = 365 * 86_400.0
STOP = MiningAction.STOP


@pytest.mark.parametrize("ahead_s", [3700.0, YEAR_S, 1e12])
def test_an_evaluation_from_the_future_disables_nothing(ahead_s: float) -> None:
    governor = warmed(HARDWARE)
    future = propose(governor, HARDWARE, at=START + ahead_s)
    assert future.refusal is Reason.TIMESTAMP_FUTURE
    hot = readings((95.0, 94.0, 93.0, 92.0), START)
    governor.observe(RIG, HARDWARE, hot, START)
    assert propose(governor, HASH, at=START + 30).refusal is Reason.THERMAL_OVERRIDE


def test_an_observation_has_the_last_word_on_what_a_proposal_dated_ahead() -> None:
    governor = warmed(HARDWARE)
    propose(governor, HARDWARE, at=START + 3000)
    governor.observe(RIG, HARDWARE, readings((95.0, 94.0, 93.0, 92.0), START), START)
    assert propose(governor, HASH, at=START + 30).refusal is Reason.THERMAL_OVERRIDE


def test_rate_limits_outlive_notes_from_the_future() -> None:
    governor = warmed(POOL)
    for n in range(5):
        governor.note(RIG, MiningAction.SWITCH_POOL, START - n)
    for n in range(300):
        governor.note(RIG, MiningAction.SWITCH_POOL, START + YEAR_S + n)
    assert propose(governor, POOL).refusal is Reason.POOL_SWITCH_RATE


def test_without_observations_a_later_proposal_confirms_that_time_went_on() -> None:
    governor = MiningGovernor()
    for n in range(4):
        propose(governor, HASH, at=START + n * 30)
    later = START + 86_400
    assert propose(governor, HASH, at=later).refusal is Reason.TIMESTAMP_FUTURE
    assert propose(governor, HASH, at=later + 30).refusal is Reason.HISTORY_TOO_SHORT


def test_a_failed_poll_tells_the_time_too() -> None:
    governor = warmed(HARDWARE)
    governor.tick(START + 7200)
    decision = propose(governor, HARDWARE, at=START + 7200)
    assert decision.refusal is Reason.HISTORY_TOO_SHORT


@pytest.mark.parametrize("at", [START, START + YEAR_S, float("nan"), float("inf")])
def test_a_persons_stop_waits_for_nothing(at: float) -> None:
    stop = propose(
        warmed(HARDWARE),
        HARDWARE,
        at=at,
        proposed_action=STOP,
        ai_confidence=float("nan"),
        limits=Limits(person=True),
    )
    assert stop.actionable
    assert stop.proposed_action is STOP


def test_a_stop_of_safety_passes_from_any_time_but_a_start_does_not() -> None:
    safety = Limits(safety=True)
    assert propose(
        warmed(HARDWARE), HARDWARE, at=START + YEAR_S, proposed_action=STOP, limits=safety
    ).actionable
    assert not propose(warmed(HARDWARE), HARDWARE, at=START + YEAR_S, limits=safety).actionable


def run(governor: MiningGovernor, level: float, begin: float, minutes: int) -> float:
    """Observe a hash rate for a while; return the time after it."""
    for minute in range(minutes):
        at = begin + minute * 60
        governor.observe(RIG, HASH, readings([level * v for v in USUAL[HASH]], at), at)
    return begin + minutes * 60


@pytest.mark.parametrize("standstill_min", [70, 600])
def test_the_hourly_limit_outlives_a_standstill(standstill_min: int) -> None:
    governor = MiningGovernor()
    at = run(governor, 1.0, START, 90)
    at = run(governor, 0.0, at, standstill_min)
    at = run(governor, 1.5, at, 15)
    raised = propose(governor, HASH, 155.0, [1.5 * value for value in USUAL[HASH]], at=at)
    assert raised.refusal is Reason.HOURLY_CHANGE_TOO_LARGE
    back = propose(governor, HASH, 140.0, [1.5 * value for value in USUAL[HASH]], at=at + 60)
    assert back.actionable


def test_the_hourly_limit_outlives_a_restart_with_what_the_caller_remembers() -> None:
    governor = MiningGovernor()
    at = run(governor, 0.0, START, 10)
    at = run(governor, 1.5, at, 15)
    values = [1.5 * value for value in USUAL[HASH]]
    told = propose(governor, HASH, 155.0, values, at=at, limits=Limits(usual_value=100.0))
    assert told.refusal is Reason.HOURLY_CHANGE_TOO_LARGE
    assert propose(governor, HASH, 155.0, values, at=at + 60).actionable


def test_power_does_not_ratchet_on_its_own_effect() -> None:
    governor, level, at = warmed(POWER), 3250.0, START
    for _ in range(20):
        decision = propose(governor, POWER, level * 1.2, (level,) * 3, at=at)
        if not decision.actionable:
            break
        level, at = level * 1.2, at + 60
    assert decision.refusal is Reason.POWER_MAXIMUM_UNKNOWN
    assert level <= 3250.0 * 1.25
    own = Limits(nominal_value=3000.0)
    assert propose(warmed(POWER), POWER, 3700.0, limits=own).actionable
    assert not propose(warmed(POWER), POWER, 3800.0, limits=own).actionable


def test_a_step_may_not_be_repeated_within_the_hour() -> None:
    governor, level, at = warmed(POWER, MiningPolicy(max_power_change_pct=10.0)), 3250.0, START
    bounds = Limits(max_value=9000.0)
    for _ in range(10):
        decision = propose(governor, POWER, level * 1.04, (level,) * 3, at=at, limits=bounds)
        if not decision.actionable:
            break
        level, at = level * 1.04, at + 60
    assert decision.refusal is Reason.HOURLY_CHANGE_TOO_LARGE
    assert level <= 3250.0 * 1.1


def test_a_reduction_is_below_the_limit_in_force_too() -> None:
    hot = {"temperature_readings": [90.0]}
    lowered = Limits(commanded_value=2000.0)
    assert not propose(warmed(POWER), POWER, 2500.0, limits=lowered, **hot).actionable
    assert propose(warmed(POWER), POWER, 1900.0, limits=lowered, **hot).actionable


@pytest.mark.parametrize("value", [255.0, 151.0])
def test_a_temperature_beyond_all_that_is_possible_is_heat(value: float) -> None:
    values = (value, *USUAL[HARDWARE][1:])
    assert propose(warmed(HARDWARE), HARDWARE, values=values).refusal is Reason.THERMAL_OVERRIDE
    stop = propose(warmed(HARDWARE), HARDWARE, values=values, proposed_action=STOP)
    assert stop.actionable
    governor = warmed(HASH)
    governor.observe(RIG, HARDWARE, [HardwareReading(value, START, "chip")], START)
    assert propose(governor, HASH).refusal is Reason.THERMAL_OVERRIDE


def test_what_is_no_number_is_no_heat_to_stop_for() -> None:
    values = (float("inf"), *USUAL[HARDWARE][1:])
    stop = propose(warmed(HARDWARE), HARDWARE, 60.0, values, proposed_action=STOP)
    assert not stop.actionable


def test_a_start_of_unknown_power_needs_a_site_without_a_limit() -> None:
    unknown = Limits(claimed_power_w=None)
    limited = MiningPolicy(max_power_watts=9000.0)
    assert propose(warmed(HARDWARE), HARDWARE, limits=unknown).actionable
    refused = propose(warmed(HARDWARE, limited), HARDWARE, limits=unknown)
    assert refused.refusal is Reason.POWER_MAXIMUM_UNKNOWN
