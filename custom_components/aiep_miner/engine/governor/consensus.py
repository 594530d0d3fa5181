"""The consensus layer, which asks whether the sensors agree on the present.

A set-point is a target and differs from the present by design; an estimate must be near its
peers. A sensor is held against its own usual offset from the group, so that the healthy
spread between boards passes and a jump against the own baseline does not.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..records.reasons import Reason
from .case import Case
from .numbers import Group, median
from .presets import PASS_RATIO, TEMPERATURE_DOMAINS, Preset

PASSED: Final = "passed"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"

MOVEMENT_SHARE: Final = 0.35
"""While the whole group moves (warm-up, cooling), its members drift apart by up to this share."""

NOBODY: Final[Mapping[str, Reason]] = {}


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
    dissent: Mapping[str, Reason] = NOBODY
    """Sensor to the reason why it does not agree with the others."""


def check(case: Case) -> Consensus:
    """Ask the sensors that were not set aside."""
    group, liars = case.present.group, case.present.liars
    if group is None:
        none = (Reason.NO_READINGS,)
        return Consensus(_status(case, none), 0.0, False, False, none)
    agreeing, near, dissent = _count(case, group)
    asked = len(group.seen) + len(liars)
    reasons = sorted(set(liars.values())) if liars else []
    if agreeing < case.preset.quorum and agreeing < _needed(case, len(group.seen)):
        reasons.append(Reason.QUORUM_MISSED)
    if agreeing < PASS_RATIO * asked:
        reasons.append(Reason.SENSORS_DISAGREE)
    if dissent and not case.stops and Reason.SENSOR_HOT in dissent.values():
        reasons.append(Reason.SENSOR_HOT)
    return Consensus(
        _status(case, reasons),
        agreeing / asked,
        near >= PASS_RATIO * asked,
        agreeing >= case.preset.quorum,
        tuple(reasons),
        dissent,
    )


def _status(case: Case, reasons: Sequence[Reason]) -> str:
    if not reasons:
        return PASSED
    return FAILED if case.policy.require_consensus else SKIPPED


def _needed(case: Case, seen: int) -> int:
    """Return how many sensors must agree: most of the quorum, or of those the device has."""
    known = case.limits.sensors_expected or max(case.view.known_sensors(), seen)
    return math.ceil(PASS_RATIO * min(case.preset.quorum, known))


def _count(case: Case, group: Group) -> tuple[int, int, Mapping[str, Reason]]:
    """Return how many sensors agree, how many closely, and why others do not."""
    preset, centre, ordered = case.preset, group.centre, group.ordered
    close = min(preset.tolerance(centre), preset.peer_tolerance(centre))
    if ordered[-1] - centre <= close and centre - ordered[0] <= close:
        return len(ordered), len(ordered), NOBODY  # whatever is usual for each of them
    moved = 0.0
    if case.domain in TEMPERATURE_DOMAINS and case.view.count:
        moved = MOVEMENT_SHARE * abs(centre - case.past.usual)
    delta = preset.tolerance(centre) + moved
    peer_delta = preset.peer_tolerance(centre) + moved
    usual = [case.view.learned_offset(name) for name, _ in group.seen]
    centre += _shift(group, usual)
    agreeing = near = 0
    dissent: dict[str, Reason] = {}
    for (name, value), offset in zip(group.seen, usual, strict=True):
        off = _beyond(value - centre, offset, preset, centre)
        if -delta <= off <= delta:
            agreeing += 1
        else:
            dissent[name] = Reason.SENSOR_DISAGREES
        near += -peer_delta <= off <= peer_delta
        if preset.hot_delta is not None and off > preset.hot_delta + moved:
            dissent[name] = Reason.SENSOR_HOT
    return agreeing, near, dissent


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
