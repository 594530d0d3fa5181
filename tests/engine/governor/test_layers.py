"""The governor's units, each alone."""

import math
from array import array

import pytest

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.governor import (
    HASH_RATE_OPTIMIZATION,
    POWER_MANAGEMENT,
    STANDARD,
    THERMAL_PROTECTION,
    HardwareReading,
    Limits,
    MiningAction,
    MiningDomain,
    MiningOperationStatus,
    MiningPolicy,
    MiningSignals,
)
from custom_components.aiep_miner.engine.governor.case import Case, open_case
from custom_components.aiep_miner.engine.governor.digest import (
    evaluation_bytes,
    inputs_of,
    plain,
)
from custom_components.aiep_miner.engine.governor.grace import Grace
from custom_components.aiep_miner.engine.governor.grace import check as grace_check
from custom_components.aiep_miner.engine.governor.health import status_of
from custom_components.aiep_miner.engine.governor.limits import read_limits
from custom_components.aiep_miner.engine.governor.numbers import group_of, is_name, number, shown
from custom_components.aiep_miner.engine.governor.policy import policy_hash
from custom_components.aiep_miner.engine.governor.present import look_back, unit_mistake
from custom_components.aiep_miner.engine.governor.readings import sift
from custom_components.aiep_miner.engine.governor.safety import forecast_gap, stability
from custom_components.aiep_miner.engine.governor.state import Rig
from custom_components.aiep_miner.engine.governor.steps import hour_ago
from custom_components.aiep_miner.engine.records.reasons import Reason

from .streams import START, readings

HASH, POWER = MiningDomain.HASH_RATE, MiningDomain.POWER


def case_of(rig: Rig, at: float, value: float = 100.0, domain: MiningDomain = HASH) -> Case:
    """Return a case whose only reading shows the value."""
    signals = MiningSignals(domain, MiningAction.NO_ACTION, value, 0.9, readings([value], at))
    return open_case(signals, rig, STANDARD, at, Limits())


# Readings


def test_sifting_names_each_fault_and_keeps_the_newest_of_a_sensor() -> None:
    raw = [
        HardwareReading(5.0, START, "b"),
        HardwareReading(4.0, START, "a"),
        HardwareReading(4.5, START - 1, "a"),
        HardwareReading(1.0, START - 301, "old"),
        HardwareReading(1.0, START + 6, "soon"),
        HardwareReading(99.0, START, "wild"),
        "not a reading",
    ]
    sifted = sift(raw, START, (0.0, 10.0))
    assert sifted.values == [("a", 4.0), ("b", 5.0)]
    assert sifted.discarded == {
        "a": Reason.READING_DUPLICATED,
        "old": Reason.READING_STALE,
        "soon": Reason.READING_FUTURE,
        "wild": Reason.READING_IMPOSSIBLE,
        "?": Reason.READING_INVALID,
    }
    assert sifted.newest == START
    assert sift(list(reversed(raw)), START, (0.0, 10.0)) == sifted


def test_without_validation_only_the_impossible_is_left_out() -> None:
    raw = [HardwareReading(1.0, START - 9999, "old"), HardwareReading(math.nan, START, "nan")]
    sifted = sift(raw, START, (0.0, 10.0), validate=False)
    assert sifted.values == [("old", 1.0)]
    assert sifted.discarded == {"nan": Reason.READING_INVALID}


# Numbers


@pytest.mark.parametrize(
    ("given", "expected"),
    [(1, 1.0), (2.5, 2.5), (10**400, math.inf), (-(10**400), -math.inf)],
)
def test_numbers(given: float, expected: float) -> None:
    assert number(given) == expected


@pytest.mark.parametrize("given", [None, "1", True, [], 1j])
def test_what_is_no_number(given: object) -> None:
    assert math.isnan(number(given))


def test_names_are_short_and_can_be_encoded() -> None:
    assert is_name("x" * 64)
    assert is_name("ü")
    assert not any(map(is_name, ("x" * 65, "\ud800", 7, None)))


def test_what_is_shown_is_short_and_can_be_encoded() -> None:
    assert shown("x" * 100) == "x" * 64
    assert shown("\ud800ü") == "?ü"
    assert shown(7) == "?"


def test_a_group_leaves_out_what_is_switched_off_and_what_is_far_off() -> None:
    boards = [("a", 0.0), ("b", 30.0), ("c", 32.0), ("d", 90.0)]
    group = group_of(boards, HASH_RATE_OPTIMIZATION)
    assert group is not None
    assert group.seen == boards[1:]
    assert (group.centre, group.present) == (32.0, 31.0)
    assert group_of([], HASH_RATE_OPTIMIZATION) is None
    still = group_of([("a", 0.0), ("b", 0.0)], HASH_RATE_OPTIMIZATION)
    assert still is not None
    assert still.present == 0.0


def test_tolerances_are_the_larger_of_both_deltas_but_no_large_share() -> None:
    assert THERMAL_PROTECTION.tolerance(10.0) == 2.0
    assert THERMAL_PROTECTION.tolerance(75.0) == pytest.approx(3.0)
    assert POWER_MANAGEMENT.tolerance(150.0) == 10.0
    assert POWER_MANAGEMENT.tolerance(5000.0) == pytest.approx(250.0)
    assert POWER_MANAGEMENT.tolerance(15.0) == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("value", "usual", "mistake"),
    [
        (1000.0, 1.0, True),
        (1.2e6, 1.2, True),
        (0.00325, 3.25, True),
        (0.9, 1000.0, True),
        (1.6, 1000.0, False),
        (15.0, 1.0, False),
        (0.0, 1.0, False),
        (1.0, 0.0, False),
        (math.inf, 1.0, False),
        (1e308, 1e-308, False),
    ],
)
def test_unit_mistakes(value: float, usual: float, mistake: bool) -> None:
    assert unit_mistake(value, usual) is mistake


# Safety and grace


def test_noise_trend_and_jump_are_told_apart() -> None:
    noisy = array("d", [10, 30, 5, 40, 0, 50, 3, 44])
    assert stability(array("d", range(8)), 0.1) == 1.0
    assert stability(array("d", [1, 1, 1, 1, 50, 50, 50, 50]), 0.1) == 1.0
    assert stability(noisy, 5.0) == 0.0
    assert 0.0 < stability(noisy, 25.0) < 1.0
    assert stability(array("d", [1, 1]), 1.0) == 0.0
    assert stability(noisy, 0.0) == 0.0


@pytest.mark.parametrize(
    ("baseline", "present", "gap"),
    [([5], 5, 0), ([5], 8, 3), ([4, 6], 7, 0), ([4, 6], 8, 0), ([4, 6], 9, 1), ([6, 4], 1, 1)],
)
def test_the_forecast_is_anything_between_a_stop_and_going_on(
    baseline: list[float], present: float, gap: float
) -> None:
    assert forecast_gap(baseline, present) == gap


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ((True, True, False), "passed"),
        ((False, True, True), "passed"),
        ((True, False, False), "failed"),
    ],
)
def test_grace_wants_two_of_three(checks: tuple[bool, bool, bool], status: str) -> None:
    assert Grace(*checks).status == status


def test_grace_minds_a_fast_rise_but_no_fast_fall_of_temperatures() -> None:
    case = case_of(Rig(), START, 60.0, MiningDomain.THERMAL)
    scale = 50.0

    def grace(baseline: list[float], gap: float, *, peers_agree: bool) -> Grace:
        past = look_back(baseline)._replace(scale=scale)
        return grace_check(case._replace(past=past), gap, peers_agree=peers_agree)

    assert not grace([20, 30, 40, 50], 0.0, peers_agree=True).trend
    falling = [50.0, 40.0, 30.0, 20.0]
    assert grace(falling, 0.0, peers_agree=True).trend
    assert grace(falling, 99.0, peers_agree=False) == Grace(True, False, False)
    assert grace([], 0.0, peers_agree=False) == Grace(False, False, False)


# Where it was an hour ago


def follow(levels: list[float], step_s: float = 60.0) -> Case:
    """Return the case that comes after these hash rates."""
    rig = Rig()
    at = START
    for level in levels:
        case = case_of(rig, at, level)
        at += step_s
    return case


def test_the_reference_is_the_median_of_the_first_minutes() -> None:
    reference, warming = hour_ago(follow([100, 90, 110, 104, 96, 100, 150, 200]))
    assert reference == 100.0
    assert not warming


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    reference, _ = hour_ago(follow([100.0] * 10 + [200.0] * 65))
    assert reference == 200.0


def test_idle_times_and_the_warm_up_after_them_say_nothing() -> None:
    reference, warming = hour_ago(follow([0, 0, 0, 20, 60, 90, 100]))
    assert reference is None
    assert warming
    reference, warming = hour_ago(follow([0, 0, *[50.0] * 9, *[100.0] * 9]))
    assert reference == 100.0
    assert not warming
    reference, warming = hour_ago(follow([100, 100, 0, 0, 50, 60]))
    assert reference == 100.0
    assert warming
    assert hour_ago(follow([100]))[0] is None


# Context, canonical form, hashes


def test_a_context_is_read_for_what_makes_sense_in_it() -> None:
    limits = read_limits(
        {
            "source": "person",
            "supported": False,
            "min_value": "many",
            "max_value": math.inf,
            "max_power_w": 10,
            "sensors_expected": -3,
            "safety": "yes",
            "idle_without_sensors": True,
            "unheard_of": 1,
        }
    )
    assert (limits.person, limits.supported, limits.safety) == (True, False, False)
    assert (limits.min_value, limits.max_value, limits.max_power_w) == (None, None, 10.0)
    assert limits.sensors_expected is None
    assert limits.idle_without_sensors
    assert read_limits("nonsense") == read_limits({})


def test_the_canonical_form_is_rfc_8785() -> None:
    context = {
        "b": [1, 2.0, -0.0, 1e300, 1e-7, math.nan, 10**30],
        "a": {"é\ud800": True, 3: None, 4: "x"},
        "deep": {"er": {"and": {"deeper": 1}}},
        "odd": object(),
        "text": 'quote " and \x07 \x7f ☃ 🎉',
    }
    signals = MiningSignals(HASH, MiningAction.TUNE_HASH_RATE, 1.0, 0.5, context=context)
    inputs = inputs_of(signals)
    assert inputs.whole
    evaluation = {"inputs": inputs.fields, "z": [plain(0.1 + 0.2), plain(-2.50)]}
    assert evaluation_bytes(evaluation) == canonical(evaluation)
    assert b'["deeper",1]' in evaluation_bytes(evaluation)


def test_the_policy_hash_covers_what_judges() -> None:
    base = policy_hash(MiningPolicy())
    assert policy_hash(MiningPolicy(enable_audit_events=False)) == base
    assert policy_hash(MiningPolicy(max_power_watts=1.0)) != base


@pytest.mark.parametrize(
    ("fallbacks", "decisions", "status"),
    [
        (4, 4, "UNKNOWN"),
        (1, 10, "HEALTHY"),
        (2, 19, "WARNING"),
        (11, 50, "DEGRADED"),
        (16, 50, "CRITICAL"),
    ],
)
def test_health(fallbacks: int, decisions: int, status: str) -> None:
    assert status_of(fallbacks, decisions) is MiningOperationStatus(status)
