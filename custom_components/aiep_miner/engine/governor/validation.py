"""Whether a proposal makes sense at all."""

import math
from typing import Any, Final, NamedTuple

from ..records.reasons import Reason
from .limits import limits_of
from .model import HardwareReading, Limits, MiningAction, MiningDomain, MiningSignals
from .numbers import ID_LENGTH, is_name, number
from .presets import PRESETS

ACTIONS: Final = {
    MiningDomain.HASH_RATE: frozenset({MiningAction.TUNE_HASH_RATE}),
    MiningDomain.POWER: frozenset({MiningAction.ADJUST_POWER_LIMIT}),
    MiningDomain.POOL_MANAGEMENT: frozenset({MiningAction.SWITCH_POOL}),
    MiningDomain.THERMAL: frozenset({MiningAction.THERMAL_THROTTLE, MiningAction.STOP}),
    MiningDomain.HARDWARE: frozenset(
        {
            MiningAction.START,
            MiningAction.STOP,
            MiningAction.HARDWARE_RESTART,
            MiningAction.THERMAL_THROTTLE,
        }
    ),
}
"""What can be proposed in each domain, beside NO_ACTION."""
URL_LENGTH: Final = 2048
READINGS: Final = 1024
"""More of them are no proposal of one rig."""
VALUELESS: Final = frozenset({MiningAction.START, MiningAction.STOP, MiningAction.NO_ACTION})
"""Actions whose value may be missing."""


class Fault(NamedTuple):
    """What makes a proposal unfit to be judged."""

    reason: Reason
    message: str
    """Names the field."""


def validate_mining_signals(signals: MiningSignals) -> list[str]:
    """Return what is wrong with a proposal, one message for each field; empty when all is well.

    Some of it keeps the proposal from being judged at all; the rest, such as readings that are
    missing or lie, the layers will weigh.
    """
    messages = [fault.message for fault in faults_of(signals)]
    return [*messages, *_value_messages(signals), *_reading_messages(signals)]


def faults_of(signals: MiningSignals) -> list[Fault]:
    """Return what keeps a proposal from being judged.

    The value itself is not looked at: whether it may be missing depends on the action.
    """
    faults: list[Fault] = []
    domain, action, at = signals.mining_domain, signals.proposed_action, signals.timestamp
    typed = type(domain) is MiningDomain and type(action) is MiningAction
    if not typed or action not in ACTIONS[domain]:
        faults += _kind_faults(signals)
    if at is not None and not math.isfinite(number(at)):
        faults.append(Fault(Reason.INVALID_TIMESTAMP, "timestamp is not a finite number"))
    if not 0.0 <= number(signals.ai_confidence) <= 1.0:
        faults.append(Fault(Reason.INVALID_CONFIDENCE, "ai_confidence is not within 0 and 1"))
    if not is_name(signals.rig_id):
        message = f"rig_id is not text of at most {ID_LENGTH} printable characters"
        faults.append(Fault(Reason.INVALID_RIG_ID, message))
    if not _is_url(signals.pool_url):
        faults.append(_url_fault("pool_url"))
    if not _is_url(signals.current_pool_url):
        faults.append(_url_fault("current_pool_url"))
    if not _is_list(signals.hardware_readings):
        faults.append(_list_fault("hardware_readings", signals.hardware_readings))
    if not _is_list(signals.temperature_readings):
        faults.append(_list_fault("temperature_readings", signals.temperature_readings))
    limits = signals.limits
    if limits is not None and not (type(limits) is Limits and limits.makes_sense):
        faults.append(Fault(Reason.INVALID_LIMITS, "limits are not Limits of finite numbers"))
    return faults


def _kind_faults(signals: MiningSignals) -> list[Fault]:
    domain: Any = signals.mining_domain
    action: Any = signals.proposed_action
    if not isinstance(domain, MiningDomain):
        domain = _member(MiningDomain, domain)
    if not isinstance(action, MiningAction):
        action = _member(MiningAction, action)
    if domain is None:
        return [Fault(Reason.INVALID_DOMAIN, "mining_domain is not a MiningDomain")]
    if action is None:
        return [Fault(Reason.INVALID_ACTION, "proposed_action is not a MiningAction")]
    if action is not MiningAction.NO_ACTION and action not in ACTIONS[domain]:
        message = f"proposed_action {action} does not belong to mining_domain {domain}"
        return [Fault(Reason.INVALID_ACTION, message)]
    return []


def _is_url(url: Any) -> bool:
    return url is None or (isinstance(url, str) and len(url) <= URL_LENGTH)


def _url_fault(name: str) -> Fault:
    message = f"{name} is not text of at most {URL_LENGTH} characters"
    return Fault(Reason.INPUT_TOO_LONG, message)


def _is_list(items: Any) -> bool:
    return (type(items) is list or isinstance(items, list | tuple)) and len(items) <= READINGS


def _list_fault(name: str, items: Any) -> Fault:
    if isinstance(items, list | tuple):
        return Fault(Reason.INPUT_TOO_LONG, f"{name} has more than {READINGS} items")
    return Fault(Reason.READING_INVALID, f"{name} is not a list")


def _member[E: (MiningDomain, MiningAction)](kind: type[E], value: Any) -> E | None:
    try:
        return kind(value)
    except ValueError:
        return None


def _value_messages(signals: MiningSignals) -> list[str]:
    """Return what is wrong with the proposed value."""
    domain = _member(MiningDomain, signals.mining_domain)
    action = _member(MiningAction, signals.proposed_action)
    if domain is None or action is None or action is MiningAction.NO_ACTION:
        return []
    value = number(signals.ai_value)
    if not math.isfinite(value):
        return [] if action in VALUELESS else ["ai_value is not a finite number"]
    bounds = PRESETS[domain].bounds
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        what = "score" if domain is MiningDomain.POOL_MANAGEMENT else "temperature"
        return [f"ai_value: {domain} {what} out of range {bounds[0]:g} to {bounds[1]:g}"]
    if value < 0:
        what = "hash rate" if domain is MiningDomain.HASH_RATE else "power"
        return [f"ai_value: {what} is negative, must be non-negative"]
    return []


def _reading_messages(signals: MiningSignals) -> list[str]:
    """Return what is wrong with single readings, and whether there are none."""
    found = []
    safe = limits_of(signals).person or _member(MiningAction, signals.proposed_action) in VALUELESS
    if not signals.hardware_readings and not safe:
        found.append("hardware_readings is empty: nothing shows the present")
    for name in ("hardware_readings", "temperature_readings"):
        items = getattr(signals, name)
        if isinstance(items, list | tuple):
            found += [
                f"{name}[{index}]{fault}"
                for index, item in enumerate(items[:READINGS])
                if (fault := _reading_fault(item, bare=name == "temperature_readings"))
            ]
    return found


def _reading_fault(item: Any, *, bare: bool) -> str | None:
    if not isinstance(item, HardwareReading):
        plain_value = bare and math.isfinite(number(item))
        return None if plain_value else " is not a HardwareReading"
    if not is_name(item.hardware_id):
        return f".hardware_id is not text of at most {ID_LENGTH} printable characters"
    if not math.isfinite(number(item.value)):
        return ".value is not a finite number"
    if not math.isfinite(number(item.timestamp)):
        return ".timestamp is not a finite number"
    return None
