"""One proposal, made ready to be judged: numbers normalised, readings sifted, history at hand."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..records.reasons import Reason
from .model import HardwareReading, MiningAction, MiningDomain, MiningSignals
from .numbers import Group, finite_or_none, group_of, median, number, rounded, text
from .policy import MiningPolicy
from .presets import PRESETS, Preset
from .readings import STALE_AFTER_S, Sifted, sift
from .state import Rig, View

TEMPERATURE_DOMAINS: Final = frozenset({MiningDomain.THERMAL, MiningDomain.HARDWARE})
HIGHEST_C: Final = PRESETS[MiningDomain.HARDWARE].possible[1]
BOARD: Final = "board_"
_NO_READINGS: Final = Sifted([], [], {}, -math.inf)


@dataclass(slots=True)
class Limits:
    """What the context says of the device and the one who proposes; None where it says nothing."""

    person: bool = False
    supported: bool = True
    min_value: float | None = None
    max_value: float | None = None
    max_temperature_c: float | None = None
    max_power_w: float | None = None
    site_power_w: float | None = None
    start_power_w: float | None = None
    sensors_expected: int | None = None
    idle_without_sensors: bool = False
    safety: bool = False


def _count_or_none(value: Any) -> int | None:
    count = finite_or_none(value)
    return None if count is None or count < 0 else int(count)


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "supported": lambda value: value is not False,
    "min_value": finite_or_none,
    "max_value": finite_or_none,
    "max_temperature_c": finite_or_none,
    "max_power_w": finite_or_none,
    "site_power_w": finite_or_none,
    "start_power_w": finite_or_none,
    "sensors_expected": _count_or_none,
    "idle_without_sensors": lambda value: value is True,
    "safety": lambda value: value is True,
}


def read_limits(context: Any) -> Limits:
    """Return what a context says; what makes no sense in it is left out."""
    limits = Limits()
    if not isinstance(context, dict):
        return limits
    for key, value in context.items():
        reader = _READERS.get(key)
        if reader is not None:
            setattr(limits, key, reader(value))
    limits.person = context.get("source") == "person"
    return limits


@dataclass(slots=True, kw_only=True)
class Case:
    """A proposal with all that it is judged by."""

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
    hottest: float
    """The hottest temperature in °C that anything claims; -inf without any."""
    measured: float
    """The hottest temperature in °C that a valid reading shows; -inf without any."""
    given: int
    """How many readings came with the proposal."""
    pool: str | None
    current_pool: str | None

    group: Group | None = None
    """The readings that consensus may rest on; None without any."""
    whole: float | None = None
    """The trusted present of what ``value`` is about."""
    share: float = 1.0
    """What a board has of the whole; 1 unless the readings are of boards."""
    claims: list[float] = field(default_factory=list)
    """Temperatures in °C that anything claims, beside the valid readings."""
    usual: float = 0.0
    """The median of the presents observed before; 0 without any."""
    scale: float = 0.0
    """The larger of that and the last one, as a size: while a machine starts, usual is idle."""
    liars: dict[str, Reason] = field(default_factory=dict)
    """Sensor to the reason why its valid reading was set aside."""
    dissent: dict[str, Reason] = field(default_factory=dict)
    """Sensor to the reason why it does not agree with the others."""

    @property
    def throttle_c(self) -> float:
        """Return the temperature in °C from which on only cooling is allowed."""
        own = self.limits.max_temperature_c
        return self.policy.thermal_throttle_temp_c if own is None else own

    def look_back(self, baseline: Sequence[float]) -> None:
        """Take the measure of the presents that were observed before."""
        if baseline:
            self.usual = median(sorted(baseline))
            self.scale = max(abs(self.usual), abs(baseline[-1]))

    @property
    def overheated(self) -> bool:
        """Tell whether anything claims the throttle temperature; reaching it counts."""
        return self.hottest >= self.throttle_c

    @property
    def stops(self) -> bool:
        """Tell whether the proposal is a stop."""
        return self.action is MiningAction.STOP

    @property
    def reduces_power(self) -> bool:
        """Tell whether the proposal is a power limit below the present, or the last known, power."""
        if self.action is not MiningAction.ADJUST_POWER_LIMIT:
            return False
        present = self.whole if self.given else self.last_good
        return present is not None and self.value < present

    @property
    def last_good(self) -> float | None:
        """Return the trusted present, else the last one observed within the hour."""
        if self.whole is not None:
            return self.whole
        before = self.view.before(1)
        return before[0] if before else None

    def rest_on(self, group: Group | None) -> None:
        """Take these readings for the present."""
        self.group = group
        self.whole = None if group is None else group.present
        self.share = 1.0
        if group is None or self.domain is not MiningDomain.HASH_RATE:
            return
        if all(name.startswith(BOARD) for name, _ in group.seen):
            self.whole = math.fsum(group.ordered)
            self.share = 1.0 / len(group.ordered)


def moment(signals: MiningSignals, last: float) -> float:
    """Return the proposal's time in s: its own, else its newest reading's, else the last known."""
    if signals.timestamp is not None:
        return number(signals.timestamp)
    readings = (*signals.hardware_readings, *signals.temperature_readings)
    times = [number(item.timestamp) for item in readings if isinstance(item, HardwareReading)]
    return max((at for at in times if math.isfinite(at)), default=last)


def open_case(signals: MiningSignals, rig: Rig, policy: MiningPolicy, now: float) -> Case:
    """Make a valid proposal ready to be judged, and learn what its readings show."""
    domain = MiningDomain(signals.mining_domain)
    preset = PRESETS[domain]
    history = rig.history(domain)
    raw = signals.hardware_readings
    sifted = sift(raw, now, preset.possible) if raw else _NO_READINGS
    group = group_of(sifted.values, preset)
    history.add(sifted.newest, group)
    upto = sifted.newest if sifted.values else now
    if sifted.discarded and not policy.require_hardware_validation:
        sifted = sift(raw, now, preset.possible, validate=False)
        group = group_of(sifted.values, preset)
    case = Case(
        domain=domain,
        action=MiningAction(signals.proposed_action),
        value=rounded(signals.ai_value),
        confidence=rounded(signals.ai_confidence),
        now=now,
        rig=rig,
        policy=policy,
        preset=preset,
        limits=read_limits(signals.context),
        sifted=sifted,
        view=View(history, now, upto),
        hottest=-math.inf,
        measured=-math.inf,
        given=len(raw),
        pool=_pool(signals.pool_url),
        current_pool=_pool(signals.current_pool_url),
    )
    _take_temperatures(case, signals)
    case.rest_on(group)
    return case


def _take_temperatures(case: Case, signals: MiningSignals) -> None:
    """Find the hottest claim, of readings valid or not and of the value, and the hottest reading."""
    claims = case.claims = [_claim(item) for item in signals.temperature_readings]
    measured = [claim for claim in claims if claim <= HIGHEST_C]
    measured.append(case.rig.hottest(case.now, STALE_AFTER_S))
    if case.domain in TEMPERATURE_DOMAINS:
        measured += [value for _, value in case.sifted.values]
        if case.action is not MiningAction.NO_ACTION and case.value == case.value:
            claims.append(case.value)
        if case.sifted.discarded:
            claims += [_claim(item) for item in signals.hardware_readings]
    case.measured = max(measured)
    case.hottest = max(case.measured, *claims, -math.inf)


def _claim(item: Any) -> float:
    """Return what a reading claims in °C; -inf when that is no number."""
    value: Any = item.value if isinstance(item, HardwareReading) else item
    if type(value) is not float:
        value = number(value)
    return value + 0.0 if value == value else -math.inf  # noqa: PLR0124 - NaN


def _pool(url: Any) -> str | None:
    return None if url is None else text(url)
