"""Whether the value fits the present: targets by their distance, estimates by their nearness."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from ..records.reasons import Reason
from .case import Case
from .model import MiningAction, MiningDomain
from .numbers import median
from .present import unit_mistake
from .state import IDLE_SHARE, WARM_UP_S

REFERENCE_S: Final = 300.0
"""The first five minutes of the hour, as a median, are where it was an hour ago."""
FARTHEST: Final = 0.75
"""The likelihood of a target at the very limit, and of an estimate at the edge of its peers."""


def check(case: Case) -> tuple[list[Reason], float]:
    """Return what stands against the value, and how likely it is (0…1)."""
    if case.action is MiningAction.NO_ACTION:
        return [], 1.0
    if case.domain is MiningDomain.HASH_RATE:
        policy = case.policy
        return _target(
            case, policy.max_hash_rate_change_pct, policy.max_hash_rate_change_per_hour_pct
        )
    if case.domain is MiningDomain.POWER:
        return _power(case)
    return _estimate(case)


def _power(case: Case) -> tuple[list[Reason], float]:
    reference = case.last_good
    if reference is not None and unit_mistake(case.value, reference):
        return [Reason.UNIT_MISTAKE], 0.0
    if case.reduces_power:
        return [], 1.0
    step_pct, hourly_pct = (
        case.policy.max_power_change_pct,
        case.policy.max_power_change_per_hour_pct,
    )
    # A step that may be repeated would be none: without an hourly limit it is the hour's.
    return _target(case, step_pct, step_pct if hourly_pct is None else hourly_pct)


def _target(
    case: Case, step_pct: float | None, hourly_pct: float | None
) -> tuple[list[Reason], float]:
    """Judge a set-point by its distance from the present and from an hour ago."""
    if step_pct is None and hourly_pct is None:
        return [], 1.0
    if case.present.whole is None:
        return [Reason.NO_READINGS], 0.0
    distance = abs(case.value - case.present.whole)
    reach = (step_pct or 0.0) / 100 * case.present.whole
    if step_pct is not None and distance > reach:
        wrong_unit = unit_mistake(case.value, case.present.whole)
        return [Reason.UNIT_MISTAKE if wrong_unit else Reason.STEP_TOO_LARGE], 0.0
    if hourly_pct is not None and _walked_off(case, case.present.whole, hourly_pct / 100):
        return [Reason.HOURLY_CHANGE_TOO_LARGE], 0.0
    if step_pct is None or reach == 0.0:
        return [], 1.0
    return [], 1.0 - (1.0 - FARTHEST) * (distance / reach) ** 2


def _walked_off(case: Case, whole: float, share: float) -> bool:
    """Tell whether a target leaves the hourly band, other than on the way back into it.

    What counts is one board's hash rate, so that a board that is switched off is no walk.
    """
    reference, warming = hour_ago(case)
    if reference is None:
        return False
    target = case.value * case.present.share
    if reference * (1 - share) <= target <= reference * (1 + share):
        return False
    if warming and target <= reference:
        return False
    low, high = sorted((whole * case.present.share, reference))
    return not low <= target <= high


def hour_ago(case: Case) -> tuple[float | None, bool]:
    """Return where the present was an hour ago, or when it was first known, and whether it warms up.

    Idle times and the warm-up that follows them say nothing. Where the hour begins with them the
    machine was where it last ran before; None when nothing of that is known either.
    """
    times, trail = case.view.trail()
    highest = max(trail) if trail else 0.0
    if trail and min(trail) > IDLE_SHARE * highest and not _idle(case, highest):
        return median(sorted(trail[: bisect_right(times, times[0] + REFERENCE_S)])), False
    before = case.view.last_running()
    idle_below = IDLE_SHARE * max(highest, max(before, default=0.0))
    ran = sorted([value for value in before if value > idle_below])
    reference = median(ran) if ran else _usual(case)
    idle_at = -WARM_UP_S
    for index, value in enumerate(trail):
        if value <= idle_below:
            idle_at = times[index]
        elif index == 0 or (reference is None and times[index] - idle_at > WARM_UP_S):
            reference = _first(times, trail, index, idle_below)
    return reference, case.view.upto - idle_at <= WARM_UP_S


def _idle(case: Case, highest: float) -> bool:
    """Tell whether all of the hour is idle, measured by when the machine last ran."""
    before = case.view.last_running()
    return bool(before) and highest <= IDLE_SHARE * max(before)


def _usual(case: Case) -> float | None:
    """Return what the rig showed while it last ran, before anything that is remembered."""
    usual = case.limits.usual_value
    return None if usual is None else usual * case.present.share


def _first(
    times: Sequence[float], trail: Sequence[float], start: int, idle_below: float = 0.0
) -> float:
    """Return the median of the first five minutes from an index on."""
    end = bisect_right(times, times[start] + REFERENCE_S)
    early = sorted([value for value in trail[start:end] if value > idle_below])
    return median(early) if early else trail[start]


def _estimate(case: Case) -> tuple[list[Reason], float]:
    """Judge an estimate by its distance from its peers; a temperature of hardware by the hottest."""
    if case.present.group is None:
        return [Reason.NO_READINGS], 0.0
    ordered = case.present.group.ordered
    high = ordered[-1]
    low = high if case.domain is MiningDomain.HARDWARE else ordered[0]
    distance = max(low - case.value, case.value - high, 0.0)
    reach = case.preset.tolerance(high)
    if not distance <= reach:
        return [Reason.VALUE_NOT_CONFIRMED], 0.0
    return [], 1.0 - (1.0 - FARTHEST) * (distance / reach) if reach else 1.0
