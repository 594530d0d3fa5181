"""Between the steps of a plan: surplus now, orders at once, strikes, and heat that ends.

Every call takes the measurements of one moment and the state that the call before returned. Levels
change within the band that the plan left open; a miner is stopped only where its band holds off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .model import MinerModel
from .shedding import Rung, Sheddable, shed

RAISE_AFTER_MS = 60_000
LOWER_AFTER_MS = 180_000
"""How long surplus must suffice, or fall short, before a level follows it: evcc's defaults.
What a battery would have to make up for is lowered at once."""


class FastReason(StrEnum):
    """Why a level changes between the steps; names of translated sentences."""

    CAP = "cap"
    STRIKE = "strike"
    SURPLUS_ROSE = "surplus_rose"
    SURPLUS_FELL = "surplus_fell"
    HEAT_ENDED = "heat_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class FastMiner:
    """A miner at this moment, within what its segment of the plan allows."""

    model: MinerModel
    choice: int
    """0 is off, n is level n - 1."""
    lowest: int
    highest: int
    """The band: choices in order of power."""
    values_per_hour: tuple[float, ...]
    """Money per hour of each choice, off first, without the energy's cost."""
    may_stop: bool
    """Whether its minimum run is over and its stop is allowed."""
    may_start: bool
    """Whether its minimum pause is over and a start would keep every announced limit."""
    for_heat: bool = False
    """Whether it runs only because its heat is wanted."""
    follows_surplus: bool = False
    """Whether it runs, or may start, only on surplus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is measured now."""

    ts_ms: int
    surplus_w: float
    """Power that miners may use without import: measured feed-in plus what they draw."""
    limit_w: float
    heat_demand_w: float
    strike: bool = False
    """Whether a strike limit says stop."""
    discharges: bool = False
    """Whether a battery makes up for surplus that falls short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FastState:
    """Since when surplus suffices for more, falls short, and heat is no longer wanted."""

    room_since_ms: int | None = None
    short_since_ms: int | None = None
    cold_since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of one miner's choice."""

    miner: str
    choice: int
    reason: FastReason


def follow(
    state: FastState, moment: Moment, miners: Sequence[FastMiner]
) -> tuple[FastState, tuple[Move, ...]]:
    """Return the state and the moves of this moment: limits at once, then strikes, heat, surplus."""
    if moment.strike:
        return FastState(), _stops(miners, FastReason.STRIKE)
    drawn_w = sum(_power(miner, miner.choice) for miner in miners)
    if drawn_w > moment.limit_w:
        return FastState(), _shed(miners, drawn_w - moment.limit_w, FastReason.CAP)
    state = replace(state, cold_since_ms=_since(state.cold_since_ms, moment, _cold(moment, miners)))
    if _lasts(state.cold_since_ms, moment, LOWER_AFTER_MS):
        heaters = [miner for miner in miners if miner.for_heat]
        return FastState(), _stops(heaters, FastReason.HEAT_ENDED)
    return _follow_surplus(state, moment, miners, drawn_w)


def _follow_surplus(
    state: FastState, moment: Moment, miners: Sequence[FastMiner], drawn_w: float
) -> tuple[FastState, tuple[Move, ...]]:
    followers = [miner for miner in miners if miner.follows_surplus]
    free_w = moment.surplus_w - drawn_w
    rise = _best_rise(followers, min(free_w, moment.limit_w - drawn_w))
    short = free_w < 0 and any(miner.choice for miner in followers)
    state = replace(
        state,
        room_since_ms=_since(state.room_since_ms, moment, rise is not None),
        short_since_ms=_since(state.short_since_ms, moment, short),
    )
    if rise is not None and _lasts(state.room_since_ms, moment, RAISE_AFTER_MS):
        return FastState(cold_since_ms=state.cold_since_ms), (rise,)
    falls = moment.discharges or _lasts(state.short_since_ms, moment, LOWER_AFTER_MS)
    if short and falls:
        moves = _shed(followers, -free_w, FastReason.SURPLUS_FELL, within_band=True)
        return FastState(cold_since_ms=state.cold_since_ms), moves
    return state, ()


def _since(since_ms: int | None, moment: Moment, holds: bool) -> int | None:
    if not holds:
        return None
    return moment.ts_ms if since_ms is None else since_ms


def _lasts(since_ms: int | None, moment: Moment, enough_ms: int) -> bool:
    return since_ms is not None and moment.ts_ms - since_ms >= enough_ms


def _cold(moment: Moment, miners: Sequence[FastMiner]) -> bool:
    """Return whether heat is made that nobody wants."""
    return moment.heat_demand_w <= 0 and any(m.for_heat and m.choice for m in miners)


def _power(miner: FastMiner, choice: int) -> float:
    return miner.model.power_w(choice)


def _stops(miners: Sequence[FastMiner], reason: FastReason) -> tuple[Move, ...]:
    """Return a stop of each miner that runs and may stop, its lowest level for the others."""
    moves = []
    for miner in miners:
        choice = 0 if miner.may_stop else _lowest(miner)
        if miner.choice and miner.choice != choice:
            moves.append(Move(miner=miner.model.name, choice=choice, reason=reason))
    return tuple(moves)


def _lowest(miner: FastMiner) -> int:
    return min(range(1, len(miner.model.levels) + 1), key=miner.model.power_w)


def _in_band(miner: FastMiner, choice: int) -> bool:
    least, most = _power(miner, miner.lowest), _power(miner, miner.highest)
    return least <= _power(miner, choice) <= most


def _shed(
    miners: Sequence[FastMiner], excess_w: float, reason: FastReason, within_band: bool = False
) -> tuple[Move, ...]:
    """Return the moves that save enough; a limit goes before the plan's bands."""
    machines = [
        Sheddable(
            name=miner.model.name,
            now=_rung(miner, miner.choice),
            lower=tuple(
                _rung(miner, choice)
                for choice in range(len(miner.model.levels) + 1)
                if (choice or miner.may_stop) and (not within_band or _in_band(miner, choice))
            ),
            priority=miner.model.priority,
        )
        for miner in miners
        if miner.choice
    ]
    return tuple(
        Move(miner=move.name, choice=move.choice, reason=reason)
        for move in shed(machines, excess_w)
    )


def _rung(miner: FastMiner, choice: int) -> Rung:
    return Rung(
        choice=choice,
        power_w=_power(miner, choice),
        value_per_hour=miner.values_per_hour[choice],
    )


def _best_rise(miners: Sequence[FastMiner], free_w: float) -> Move | None:
    """Return the change within the bands that uses free surplus for the most money."""
    rises = [
        (miner.values_per_hour[choice] - miner.values_per_hour[miner.choice], miner, choice)
        for miner in miners
        for choice in range(1, len(miner.model.levels) + 1)
        if _may_rise(miner, choice, free_w)
    ]
    gaining = [rise for rise in rises if rise[0] > 0]
    if not gaining:
        return None
    _, miner, choice = min(gaining, key=lambda rise: (-rise[0], rise[1].model.name, rise[2]))
    return Move(miner=miner.model.name, choice=choice, reason=FastReason.SURPLUS_ROSE)


def _may_rise(miner: FastMiner, choice: int, free_w: float) -> bool:
    more_w = _power(miner, choice) - _power(miner, miner.choice)
    open_ = _in_band(miner, choice) and (miner.choice != 0 or miner.may_start)
    return open_ and 0 < more_w <= free_w


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeLimits:
    """Prices at which mining stops and resumes, judged over windows."""

    stop_above: float
    resume_below: float
    """At most ``stop_above``."""
    emergency_above: float = float("inf")
    """Price that stops at once."""
    stop_windows: int = 2
    resume_windows: int = 4
    window_ms: int = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeState:
    """Mean price of the window under way, windows in a row beyond a limit, and the verdict."""

    striking: bool = False
    window: int | None = None
    total: float = 0.0
    samples: int = 0
    in_a_row: int = 0


def strike(state: StrikeState, limits: StrikeLimits, ts_ms: int, price: float) -> StrikeState:
    """Return the state after one price: a window counts when it is over, an emergency at once."""
    window = ts_ms // limits.window_ms
    if state.window is not None and window != state.window:
        state = _close_window(state, limits)
    if price > limits.emergency_above:
        state = replace(state, striking=True, in_a_row=0)
    fresh = state.window != window
    return replace(
        state,
        window=window,
        total=price if fresh else state.total + price,
        samples=1 if fresh else state.samples + 1,
    )


def _close_window(state: StrikeState, limits: StrikeLimits) -> StrikeState:
    mean = state.total / state.samples
    beyond = mean < limits.resume_below if state.striking else mean > limits.stop_above
    needed = limits.resume_windows if state.striking else limits.stop_windows
    in_a_row = state.in_a_row + 1 if beyond else 0
    if in_a_row >= needed:
        return replace(state, striking=not state.striking, in_a_row=0, window=None)
    return replace(state, in_a_row=in_a_row, window=None)
