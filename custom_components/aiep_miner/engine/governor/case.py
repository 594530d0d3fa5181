"""One proposal, made ready to be judged: numbers normalised, readings sifted, history at hand."""

import math
from typing import Any, Final, NamedTuple

from ..records import MiningPolicy
from .model import HardwareReading, Limits, MiningAction, MiningDomain, MiningSignals
from .numbers import group_of, number, rounded
from .present import Past, Present, look_back, present_of
from .presets import PRESETS, TEMPERATURE_DOMAINS, Preset
from .readings import STALE_AFTER_S, Sifted, sift
from .state import Rig, View

_NO_READINGS: Final = Sifted([], [], {}, -math.inf)


class Heat(NamedTuple):
    """The hottest temperatures in °C; -inf without any."""

    claimed: float
    """Of all that anything claims, readings that do not count and the value included."""
    measured: float
    """Of what readings show, those above all that is possible included."""


class Case(NamedTuple):
    """A proposal with all that it is judged by; no layer changes it."""

    domain: MiningDomain
    action: MiningAction
    value: float
    """With at most six decimals; NaN when it is no number."""
    confidence: float
    now: float
    rig: Rig
    policy: MiningPolicy
    preset: Preset
    limits: Limits
    sifted: Sifted
    view: View
    heat: Heat
    past: Past
    present: Present
    given: int
    """How many readings came with the proposal."""
    pool: Any
    current_pool: Any
    stops: bool
    """Whether the proposal is a stop."""
    throttle_c: float
    """The temperature in °C from which on only cooling is allowed."""

    @property
    def overheated(self) -> bool:
        """Tell whether anything claims the throttle temperature; reaching it counts."""
        return self.heat.claimed >= self.throttle_c

    @property
    def reduces_power(self) -> bool:
        """Tell whether the proposal is a power limit below both the power and the limit in force.

        Without readings the last known power counts.
        """
        if self.action is not MiningAction.ADJUST_POWER_LIMIT:
            return False
        present = self.present.whole if self.given else self.last_good
        commanded = self.limits.commanded_value
        if commanded is not None and self.value >= commanded:
            return False
        return present is not None and self.value < present

    @property
    def last_good(self) -> float | None:
        """Return the trusted present, else the last one observed within the hour."""
        if self.present.whole is not None:
            return self.present.whole
        before = self.view.before(1)
        return before[0] if before else None


def moment(signals: MiningSignals, rig: Rig | None) -> float:
    """Return the proposal's time in s: its own, else its newest reading's, else the last known."""
    if signals.timestamp is not None:
        return number(signals.timestamp)
    readings = (*signals.hardware_readings, *signals.temperature_readings)
    times = [number(item.timestamp) for item in readings if isinstance(item, HardwareReading)]
    return max((at for at in times if math.isfinite(at)), default=rig.latest if rig else 0.0)


def open_case(
    signals: MiningSignals, rig: Rig, policy: MiningPolicy, now: float, limits: Limits
) -> Case:
    """Make a valid proposal ready to be judged, and learn what its readings show."""
    domain, action = signals.mining_domain, signals.proposed_action
    if type(domain) is not MiningDomain or type(action) is not MiningAction:
        domain, action = MiningDomain(domain), MiningAction(action)
    value = rounded(signals.ai_value)
    preset = PRESETS[domain]
    history = rig.history(domain)
    raw = signals.hardware_readings
    sifted = sift(raw, now, preset.possible) if raw else _NO_READINGS
    group = group_of(sifted.values, preset)
    history.add(sifted.newest, group, hottest_of(domain, sifted))
    upto = sifted.newest if sifted.values else now
    if sifted.discarded and not policy.require_hardware_validation:
        sifted = sift(raw, now, preset.possible, validate=False)
        group = group_of(sifted.values, preset)
    view = View(history, now, upto)
    past = look_back(view.before(preset.window))
    own_c = limits.max_temperature_c
    about = (
        value if domain in TEMPERATURE_DOMAINS and action is not MiningAction.NO_ACTION else None
    )
    return Case(
        domain,
        action,
        value,
        number(signals.ai_confidence),
        now,
        rig,
        policy,
        preset,
        limits,
        sifted,
        view,
        _heat(signals, rig.hottest(now, STALE_AFTER_S), domain, sifted, about),
        past,
        present_of(domain, preset, view, past, group),
        len(raw),
        signals.pool_url,
        signals.current_pool_url,
        action is MiningAction.STOP,
        policy.thermal_throttle_temp_c if own_c is None else own_c,
    )


def hottest_of(domain: MiningDomain, sifted: Sifted) -> float:
    """Return the hottest temperature in °C of readings; one beyond what is possible is a fault."""
    if domain not in TEMPERATURE_DOMAINS:
        return -math.inf
    return max([sifted.beyond, *[value for _, value in sifted.values]])


def _heat(
    signals: MiningSignals, known: float, domain: MiningDomain, sifted: Sifted, value: float | None
) -> Heat:
    claimed, measured = -math.inf, known
    for item in signals.temperature_readings:
        claim = _claim(item)
        claimed = max(claimed, claim)
        if measured < claim < math.inf:
            measured = claim
    if domain in TEMPERATURE_DOMAINS:
        measured = max(measured, hottest_of(domain, sifted))
        if value is not None and value == value:  # noqa: PLR0124 - NaN
            claimed = max(claimed, value)
        if sifted.discarded:
            claimed = max([claimed, *map(_claim, signals.hardware_readings)])
    return Heat(max(claimed, measured), measured)


def _claim(item: Any) -> float:
    """Return what a reading claims in °C; -inf when that is no number."""
    value: Any = item.value if isinstance(item, HardwareReading) else item
    if type(value) is not float:
        value = number(value)
    return value + 0.0 if value == value else -math.inf  # noqa: PLR0124 - NaN
