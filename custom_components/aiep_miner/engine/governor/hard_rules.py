"""The rules that nobody passes by, persons included.

What a rule stops is named; an empty answer means that no rule stands against the proposal.
"""

import math
from typing import Final

from ..records.reasons import Reason
from . import steps
from .case import Case
from .model import MiningAction
from .state import WINDOW_S

STARTS_STOPS_PER_HOUR: Final = 24
"""A machine that is switched more often suffers; stops of persons and of safety always pass."""
RESTARTS_PER_HOUR: Final = 6
HEADROOM: Final = 1.25
"""Without a known device maximum, power may be set this far above nominal, or above what it was
an hour ago: never above what the last change itself brought about."""

SET_POINTS: Final = frozenset({MiningAction.TUNE_HASH_RATE, MiningAction.ADJUST_POWER_LIMIT})
TARGETS: Final = frozenset({*SET_POINTS, MiningAction.SWITCH_POOL, MiningAction.THERMAL_THROTTLE})
"""Actions that are nothing without a value."""


def thermal_override(case: Case) -> Reason | None:
    """Stop everything but a stop and a power reduction at the throttle temperature."""
    if not case.overheated or case.stops or case.reduces_power:
        return None
    return Reason.THERMAL_OVERRIDE


def bounds(case: Case) -> Reason | None:
    """Keep the value finite and within the hard bounds of its domain and device.

    A stop has none: the hotter its machine, the more it is due.
    """
    if case.stops:
        return None
    if not math.isfinite(case.value):
        return Reason.INVALID_VALUE if case.action in TARGETS else None
    if case.preset.bounds is not None:
        low, high = case.preset.bounds
        if not low <= case.value <= high:
            return Reason.OUT_OF_BOUNDS
    if case.action in SET_POINTS and not _in_device_bounds(case):
        return Reason.OUT_OF_BOUNDS
    return None


def _in_device_bounds(case: Case) -> bool:
    limits = case.limits
    lowest = max(limits.min_value or 0.0, 0.0)
    return lowest <= case.value <= (math.inf if limits.max_value is None else limits.max_value)


def power_maximum(case: Case) -> Reason | None:
    """Keep a rig within its own maximum, and the site within the policy's."""
    if case.stops:
        return None
    if case.action is MiningAction.ADJUST_POWER_LIMIT:
        return _power_limit(case)
    own_w = case.limits.max_power_w
    claimed_w = own_w if case.limits.claimed_power_w is None else case.limits.claimed_power_w
    if claimed_w is None:
        unlimited = case.policy.max_power_watts is None
        return None if unlimited else Reason.POWER_MAXIMUM_UNKNOWN
    # What a start leads to was so before; what raises power beyond the rig's maximum was not.
    if own_w is not None and claimed_w > own_w and case.action is not MiningAction.START:
        return Reason.OVER_POWER_LIMIT
    return _site_has_room(case, claimed_w)


def _power_limit(case: Case) -> Reason | None:
    limits = case.limits
    if limits.max_power_w is not None and case.value > limits.max_power_w:
        return Reason.OVER_POWER_LIMIT
    unbounded = limits.max_power_w is None and limits.max_value is None
    if unbounded and not case.reduces_power and not case.value <= HEADROOM * _power_anchor(case):
        return Reason.POWER_MAXIMUM_UNKNOWN
    return _site_has_room(case, case.value)


def _site_has_room(case: Case, power_w: float) -> Reason | None:
    site_w = case.policy.max_power_watts
    if site_w is None or power_w == 0.0:
        return None
    others_w = max(case.limits.site_power_w or 0.0, 0.0)
    return Reason.OVER_POWER_LIMIT if others_w + power_w > site_w else None


def _power_anchor(case: Case) -> float:
    """Return the power in W that a raise is measured against, else the present one."""
    known = (case.limits.nominal_value, steps.hour_ago(case)[0], case.present.whole)
    return next((value for value in known if value is not None), 0.0)


def rate(case: Case) -> Reason | None:
    """Limit pool switches, starts and stops, and restarts in any hour of the rig's own time."""
    if case.action is MiningAction.SWITCH_POOL:
        limit, reason = case.policy.max_pool_switches_per_hour, Reason.POOL_SWITCH_RATE
    elif case.action is MiningAction.HARDWARE_RESTART:
        limit, reason = RESTARTS_PER_HOUR, Reason.RESTART_RATE
    elif case.action is MiningAction.START or (case.stops and not _stop_passes(case)):
        limit, reason = STARTS_STOPS_PER_HOUR, Reason.START_STOP_RATE
    else:
        return None
    commands = case.rig.commands_since(case.action, case.now - WINDOW_S)
    return reason if len(commands) >= limit else None


def _stop_passes(case: Case) -> bool:
    """Tell whether a stop is a person's or one of safety."""
    return case.limits.person or case.limits.safety or case.overheated


def pool_change(case: Case) -> Reason | None:
    """Switch only to another pool."""
    switches = case.action is MiningAction.SWITCH_POOL
    same = case.pool is not None and case.pool == case.current_pool
    return Reason.POOL_UNCHANGED if switches and same else None


def check(case: Case) -> list[Reason]:
    """Return the rules that stand against a proposal, what weighs most first."""
    if not case.limits.supported:
        return [Reason.UNSUPPORTED_ACTION]
    if case.stops and case.limits.person:
        return []
    found = [thermal_override(case)]
    if case.action is not MiningAction.NO_ACTION:
        found += [bounds(case), power_maximum(case), rate(case), pool_change(case)]
    return [reason for reason in found if reason is not None]
