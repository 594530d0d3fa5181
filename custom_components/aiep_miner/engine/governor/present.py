"""What a rig shows now, without the sensors that lie, and what it showed before."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..records.reasons import Reason
from .model import MiningDomain
from .numbers import Group, group_of, median
from .presets import TEMPERATURE_DOMAINS, Preset
from .state import View

BOARD: Final = "board_"
UNIT: Final = 1000.0
UNIT_NEAR: Final = math.log(1.25, UNIT)
"""A factor to the usual value within 25 % of a power of 1000 is a mistake of the unit."""
FROZEN_PEERS_SHOW: Final = 4
"""A sensor that repeated one value while its peers showed this many different ones is frozen."""


class Past(NamedTuple):
    """The presents that were observed before."""

    baseline: Sequence[float]
    """Those that stability and forecast look at, oldest first."""
    usual: float
    """Their median; 0 without any."""
    scale: float
    """The larger of that and the last one, as a size: while a machine starts, usual is idle."""


class Present(NamedTuple):
    """What the readings show that consensus may rest on."""

    group: Group | None
    """None without any."""
    whole: float | None
    """The trusted present of what the value is about."""
    share: float
    """What a board has of the whole; 1 unless the readings are of boards."""
    liars: dict[str, Reason]
    """Sensor to the reason why its valid reading was set aside."""


def look_back(baseline: Sequence[float]) -> Past:
    """Take the measure of the presents that were observed before."""
    if not baseline:
        return Past(baseline, 0.0, 0.0)
    usual = median(sorted(baseline))
    return Past(baseline, usual, max(abs(usual), abs(baseline[-1])))


def unit_mistake(value: float, usual: float) -> bool:
    """Tell whether a value is the usual one in another unit, off by 10^±3, 10^±6, …."""
    if not (0.0 < value < math.inf and 0.0 < usual < math.inf):
        return False
    powers = (math.log(value) - math.log(usual)) / math.log(UNIT)
    whole = round(powers)
    return whole != 0 and abs(powers - whole) <= UNIT_NEAR


def present_of(
    domain: MiningDomain, preset: Preset, view: View, past: Past, group: Group | None
) -> Present:
    """Name sensors that are frozen or speak in another unit, and rest on the others."""
    if group is None:
        return Present(None, None, 1.0, {})
    liars: dict[str, Reason] = {}
    if domain not in TEMPERATURE_DOMAINS:
        usual, ordered = past.usual, group.ordered
        if not (usual / 500 < ordered[0] and ordered[-1] < usual * 500):
            for name, value in group.seen:
                if unit_mistake(value, usual):
                    liars[name] = Reason.READING_WRONG_UNIT
    if len(group.seen) > 1:
        liars |= dict.fromkeys(_frozen(view, group), Reason.READING_FROZEN)
    if liars:
        honest = [item for item in group.seen if item[0] not in liars]
        return _rest_on(domain, group_of(honest, preset), liars)
    return _rest_on(domain, group, liars)


def _frozen(view: View, group: Group) -> list[str]:
    """Return the sensors that stood still to the last digit while most peers kept moving."""
    sensors = view.sensors_with_raw()
    raws = [(name, sensors[name].raw) for name, _ in group.seen if name in sensors]
    still = [name for name, raw in raws if raw[0] == raw[-1] == raw[1] and len(set(raw)) == 1]
    if not still:
        return []
    moving = sum(_moves(raw) for name, raw in raws if name not in still)
    return still if 2 * moving > len(group.seen) - 1 else []


def _moves(raw: Sequence[float]) -> bool:
    """Tell whether a sensor showed a new value almost every time; absence is no movement."""
    return len({item for item in raw if item == item}) >= FROZEN_PEERS_SHOW  # noqa: PLR0124 - NaN


def _rest_on(domain: MiningDomain, group: Group | None, liars: dict[str, Reason]) -> Present:
    """Take these readings for the present; boards are parts of the whole."""
    if group is None:
        return Present(None, None, 1.0, liars)
    # The names are in order: what stands between two boards is a board.
    first, last = group.seen[0][0], group.seen[-1][0]
    boards = first.startswith(BOARD) and last.startswith(BOARD)
    if boards and domain is MiningDomain.HASH_RATE:
        count = len(group.ordered)
        return Present(group, math.fsum(group.ordered), 1.0 / count, liars)
    return Present(group, group.present, 1.0, liars)
