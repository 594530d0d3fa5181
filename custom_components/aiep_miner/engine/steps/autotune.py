"""Finds the best of a miner's frequency and voltage options: one step, measure, judge.

It only names levels that the device itself lists. A level that errs too much, grows too hot or
was not confirmed is left for the best one known to be good, and is not tried again.
"""

from dataclasses import dataclass
from typing import Final

from ..economics import revenue_per_day
from ..records import Action, AutotuneGoal, AutotuneMode, AutotunePolicy, DeviceLevel, MinerPolicy
from ..records.reasons import Reason
from ..state import LevelFigures, MinerState, State

ACTIVE: Final = frozenset({AutotuneMode.RECOMMEND, AutotuneMode.ACT})
HOUR_MS: Final = 3_600_000
EXPLORED_PER_HOUR: Final = 4
"""Changes of level in an hour after which it stays: the way back needs the governor's last two."""
_NEARLY: Final = 0.06
_WORTH_MOVING: Final = 0.002
"""A better level by less than this share is not worth a change."""


@dataclass(frozen=True, slots=True)
class Step:
    """The level to go to, and why."""

    level: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Grid:
    """The device's options as positions of frequency and voltage."""

    levels: dict[tuple[int, int], DeviceLevel]
    places: dict[str, tuple[int, int]]


def next_step(state: State, miner: MinerState, own: MinerPolicy, ts_ms: int) -> Step | None:
    """Return the step to take now; None to stay and measure, or when there is nothing to tune."""
    tuning, reading = own.autotune, miner.reading
    if tuning is None or tuning.mode not in ACTIVE or reading is None or not reading.mining:
        return None
    grid = _grid(own.levels or ())
    if reading.level is None or reading.level not in grid.places:
        return None
    figures = miner.curve.get(reading.level)
    if _is_bad(figures, tuning) and (back := _retreat(state, miner, grid, tuning)):
        return Step(back, Reason.AUTOTUNE_BACK)
    best = _best(state, miner, grid, tuning)
    if best is None or not _is_measured(figures, tuning):
        return None
    settled = _settle(state, miner, reading.level, best, tuning)
    if sum(1 for at in miner.levels_set_ms if at > ts_ms - HOUR_MS) >= EXPLORED_PER_HOUR:
        return settled
    return _explore(state, miner, grid, best, tuning) or settled


def _explore(
    state: State, miner: MinerState, grid: _Grid, best: str, tuning: AutotunePolicy
) -> Step | None:
    """Return the first neighbour of the good levels that is not known yet and not hopeless.

    The best comes first, then those that are nearly as good: between two hollows lies a ridge.
    """
    for name in _nearly_best(state, miner, grid, best, tuning):
        mhz, mv = grid.places[name]
        for step_mhz, step_mv in _NEIGHBOURS[tuning.goal]:
            place = (mhz + step_mhz, mv + step_mv)
            level = grid.levels.get(place)
            if level is None or _is_tried(miner, level.name, tuning):
                continue
            if not _is_hopeless(miner, grid, place, tuning):
                return Step(level.name, Reason.AUTOTUNE_STEP)
    return None


def _nearly_best(
    state: State, miner: MinerState, grid: _Grid, best: str, tuning: AutotunePolicy
) -> list[str]:
    top = _score(state, miner.curve[best], tuning)
    scores = {name: _score(state, miner.curve[name], tuning) for name in _good(miner, grid, tuning)}
    near = [name for name, score in scores.items() if top - score <= abs(top) * _NEARLY]
    return sorted(near, key=lambda name: -scores[name])


_COOLER: Final = ((0, -1), (1, 0), (-1, 0), (1, -1), (-1, -1), (0, 1), (1, 1), (-1, 1))
_FASTER: Final = ((1, 0), (0, 1), (1, 1), (0, -1), (1, -1), (-1, 0), (-1, -1), (-1, 1))
_NEIGHBOURS: Final = {
    AutotuneGoal.EFFICIENCY: _COOLER,
    AutotuneGoal.PROFIT: _COOLER,
    AutotuneGoal.HASHRATE: _FASTER,
}
"""Steps of frequency and voltage in the order in which they are tried."""


def _settle(
    state: State, miner: MinerState, current: str, best: str, tuning: AutotunePolicy
) -> Step | None:
    if current == best:
        return None
    gain = _score(state, miner.curve[best], tuning) - _score(state, miner.curve[current], tuning)
    worth = abs(_score(state, miner.curve[best], tuning)) * _WORTH_MOVING
    return Step(best, Reason.AUTOTUNE_BEST) if gain > worth else None


def _retreat(state: State, miner: MinerState, grid: _Grid, tuning: AutotunePolicy) -> str | None:
    """Return the best level known to be good, else the coolest one that is not known to be bad."""
    best = _best(state, miner, grid, tuning)
    if best is not None:
        return best
    untried = [
        place
        for place, level in grid.levels.items()
        if not _is_bad(miner.curve.get(level.name), tuning)
    ]
    lowest_mhz = min(untried, default=None)
    if lowest_mhz is None:
        return None
    # The slowest frequency with the most voltage errs the least.
    safest = max(place for place in untried if place[0] == lowest_mhz[0])
    return grid.levels[safest].name


def _best(state: State, miner: MinerState, grid: _Grid, tuning: AutotunePolicy) -> str | None:
    good = _good(miner, grid, tuning)
    return max(good, key=lambda name: _score(state, miner.curve[name], tuning), default=None)


def _good(miner: MinerState, grid: _Grid, tuning: AutotunePolicy) -> list[str]:
    """Return the levels that were measured and kept the limits."""
    curve = miner.curve
    return [
        name
        for name in sorted(grid.places)
        if _is_measured(curve.get(name), tuning) and not _is_bad(curve.get(name), tuning)
    ]


def _score(state: State, figures: LevelFigures, tuning: AutotunePolicy) -> float:
    """Return what a level is worth by the goal: more is better."""
    match tuning.goal:
        case AutotuneGoal.HASHRATE:
            return figures.hashrate_ths
        case AutotuneGoal.PROFIT:
            return _profit(state, figures)
        case _:
            return -(figures.efficiency_j_per_th or float("inf"))


def _profit(state: State, figures: LevelFigures) -> float:
    price = state.price.record if state.price else None
    if price is None or price.energy_price_per_kwh is None or figures.power_w is None:
        return float("-inf")
    policy = state.policy.record
    revenue = revenue_per_day(figures.hashrate_ths, price, policy.pool_fee_pct)
    if revenue is None:
        return float("-inf")
    return revenue - figures.power_w * 24 / 1000 * price.energy_price_per_kwh


def _is_measured(figures: LevelFigures | None, tuning: AutotunePolicy) -> bool:
    return (
        figures is not None
        and figures.measured_ms >= tuning.measure_min * 60_000
        and figures.shares >= tuning.min_shares
    )


def _is_bad(figures: LevelFigures | None, tuning: AutotunePolicy) -> bool:
    """Tell whether a level errs too much or grows too hot; without figures nobody knows."""
    if figures is None:
        return False
    too_hot = figures.hottest_c is not None and figures.hottest_c >= tuning.max_temperature_c
    errs = figures.error_pct is not None and figures.error_pct > tuning.max_error_pct
    return too_hot or errs


def _is_tried(miner: MinerState, name: str, tuning: AutotunePolicy) -> bool:
    """Tell whether a level is known, or could not be set when it was tried."""
    figures = miner.curve.get(name)
    failure = miner.failures.get(Action.SET_LEVEL)
    refused = failure is not None and failure.option == name
    return refused or _is_measured(figures, tuning) or _is_bad(figures, tuning)


def _is_hopeless(
    miner: MinerState, grid: _Grid, place: tuple[int, int], tuning: AutotunePolicy
) -> bool:
    """Tell whether a level must err or overheat more than one that is bad already.

    Errors rise with frequency and fall with voltage; heat rises with both.
    """
    for other, level in grid.levels.items():
        figures = miner.curve.get(level.name)
        if figures is None or not _is_bad(figures, tuning):
            continue
        errs = figures.error_pct is not None and figures.error_pct > tuning.max_error_pct
        if errs and place[0] >= other[0] and place[1] <= other[1]:
            return True
        if not errs and place[0] >= other[0] and place[1] >= other[1]:
            return True
    return False


def _grid(levels: tuple[DeviceLevel, ...]) -> _Grid:
    known = [item for item in levels if item.frequency_mhz and item.voltage_mv]
    frequencies = sorted({item.frequency_mhz or 0.0 for item in known})
    voltages = sorted({item.voltage_mv or 0.0 for item in known})
    placed = {
        (frequencies.index(item.frequency_mhz or 0.0), voltages.index(item.voltage_mv or 0.0)): item
        for item in known
    }
    return _Grid(placed, {item.name: place for place, item in placed.items()})
