"""The consensus layer, which asks whether the sensors agree on the present.

A set-point is a target and differs from the present by design; an estimate must be near its
peers. A sensor is held against its own usual offset from the group, so that the healthy
spread between boards passes and a jump against the own baseline does not.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..records.reasons import Reason
from .case import TEMPERATURE_DOMAINS, Case
from .numbers import Group, group_of, median
from .presets import PASS_RATIO, Preset

PASSED: Final = "passed"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"

MOVEMENT_SHARE: Final = 0.35
"""While the whole group moves (warm-up, cooling), its members drift apart by up to this share."""
FROZEN_PEERS_SHOW: Final = 4
"""A sensor that repeated one value while its peers showed this many different ones is frozen."""
UNIT: Final = 1000.0
UNIT_NEAR: Final = math.log(1.25, UNIT)
"""A factor to the usual value within 25 % of a power of 1000 is a mistake of the unit."""


class Consensus(NamedTuple):
    """What the layer found."""

    status: str
    """Skipped where the policy does without the consensus that was not reached; no pass."""
    agreement: float
    """The share of the sensors that agree, 0…1."""
    peers_agree: bool
    """The same question with grace's closer delta, as a majority."""
    full_quorum: bool
    """Whether the preset's whole quorum agreed."""
    reasons: tuple[Reason, ...] = ()


def unit_mistake(value: float, usual: float) -> bool:
    """Tell whether a value is the usual one in another unit, off by 10^±3, 10^±6, …."""
    if not (0.0 < value < math.inf and 0.0 < usual < math.inf):
        return False
    powers = (math.log(value) - math.log(usual)) / math.log(UNIT)
    whole = round(powers)
    return whole != 0 and abs(powers - whole) <= UNIT_NEAR


def set_liars_aside(case: Case) -> None:
    """Name sensors that are frozen or speak in another unit, and rest on the others."""
    group = case.group
    if group is None:
        return
    liars: dict[str, Reason] = {}
    if case.domain not in TEMPERATURE_DOMAINS:
        usual = case.usual
        for name, value in group.seen:
            if not usual / 500 < value < usual * 500 and unit_mistake(value, usual):
                liars[name] = Reason.READING_WRONG_UNIT
    if len(group.seen) > 1:
        liars |= dict.fromkeys(_frozen(case, group), Reason.READING_FROZEN)
    if liars:
        case.liars = liars
        honest = [item for item in group.seen if item[0] not in liars]
        case.rest_on(group_of(honest, case.preset))


def _frozen(case: Case, group: Group) -> list[str]:
    """Return the sensors that stood still to the last digit while most peers kept moving."""
    sensors = case.view.sensors_with_raw()
    raws = [(name, sensors[name].raw) for name, _ in group.seen if name in sensors]
    still = [name for name, raw in raws if raw[0] == raw[-1] and len(set(raw)) == 1]
    if not still:
        return []
    moving = sum(_moves(raw) for name, raw in raws if name not in still)
    return still if 2 * moving > len(group.seen) - 1 else []


def _moves(raw: Sequence[float]) -> bool:
    """Tell whether a sensor showed a new value almost every time; absence is no movement."""
    return len({item for item in raw if item == item}) >= FROZEN_PEERS_SHOW  # noqa: PLR0124 - NaN


def check(case: Case) -> Consensus:
    """Ask the sensors that were not set aside; those that disagree are named in the case."""
    group = case.group
    if group is None:
        none = (Reason.NO_READINGS,)
        return Consensus(_status(case, none), 0.0, False, False, none)
    agreeing, near, hot = _count(case, group)
    asked = len(group.seen) + len(case.liars)
    reasons = sorted(set(case.liars.values())) if case.liars else []
    if agreeing < case.preset.quorum and agreeing < _needed(case, len(group.seen)):
        reasons.append(Reason.QUORUM_MISSED)
    if agreeing < PASS_RATIO * asked:
        reasons.append(Reason.SENSORS_DISAGREE)
    if hot and not case.stops:
        reasons.append(Reason.SENSOR_HOT)
    return Consensus(
        _status(case, reasons),
        agreeing / asked,
        near >= PASS_RATIO * asked,
        agreeing >= case.preset.quorum,
        tuple(reasons),
    )


def _status(case: Case, reasons: Sequence[Reason]) -> str:
    if not reasons:
        return PASSED
    return FAILED if case.policy.require_consensus else SKIPPED


def _needed(case: Case, seen: int) -> int:
    """Return how many sensors must agree: most of the quorum, or of those the device has."""
    known = case.limits.sensors_expected or max(case.view.known_sensors(), seen)
    return math.ceil(PASS_RATIO * min(case.preset.quorum, known))


def _count(case: Case, group: Group) -> tuple[int, int, bool]:
    """Return how many sensors agree, how many closely, and whether one is hot."""
    preset, centre, ordered = case.preset, group.centre, group.ordered
    close = min(preset.tolerance(centre), preset.peer_tolerance(centre))
    if ordered[-1] - centre <= close and centre - ordered[0] <= close:
        return len(ordered), len(ordered), False  # whatever is usual for each of them
    moved = 0.0
    if case.domain in TEMPERATURE_DOMAINS and case.view.count:
        moved = MOVEMENT_SHARE * abs(centre - case.usual)
    delta = preset.tolerance(centre) + moved
    peer_delta = preset.peer_tolerance(centre) + moved
    usual = [case.view.learned_offset(name) for name, _ in group.seen]
    centre += _shift(group, usual)
    agreeing = near = 0
    hot = False
    for (name, value), offset in zip(group.seen, usual, strict=True):
        off = _beyond(value - centre, offset, preset, centre)
        if -delta <= off <= delta:
            agreeing += 1
        else:
            case.dissent[name] = Reason.SENSOR_DISAGREES
        near += -peer_delta <= off <= peer_delta
        if preset.hot_delta is not None and off > preset.hot_delta + moved:
            hot = True
            case.dissent[name] = Reason.SENSOR_HOT
    return agreeing, near, hot


def _shift(group: Group, usual: Sequence[float | None]) -> float:
    """Return how far the centre moved against what the sensors' usual offsets lead to.

    When some sensors leave the group its median moves; those that stayed are held against
    where it would be without that.
    """
    centre = group.centre
    moves = [
        value - centre - (offset or 0.0)
        for (_, value), offset in zip(group.seen, usual, strict=True)
    ]
    moves.sort()
    return median(moves)


def _beyond(offset: float, usual: float | None, preset: Preset, centre: float) -> float:
    """Return how far an offset is outside of what the sensor usually shows, signed.

    Usual is everything between the group and the learned offset: when a machine cools, its
    boards come together. Before anything was learned it is the preset's spread.
    """
    if usual is None:
        spread = max(preset.spread, preset.spread_share * centre)
        low, high = -spread, spread
    else:
        low, high = min(usual, 0.0), max(usual, 0.0)
    return offset - high if offset > high else min(offset - low, 0.0)
