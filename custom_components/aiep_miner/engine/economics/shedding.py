"""Which machine gives up power first: by the value lost for each watt, never by place in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A level, or off, that a machine may take; value in money per hour."""

    choice: int
    """0 is off, n is level n - 1."""
    power_w: float
    value_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheddable:
    """A machine with where it is and where it may go."""

    name: str
    now: Rung
    lower: tuple[Rung, ...]
    """Rungs that minimum times and safety allow; any order."""
    priority: float = 1.0
    """Weight of the value lost: 2 counts each money unit twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shed:
    """A machine that goes to a lower rung."""

    name: str
    choice: int
    saved_w: float
    lost_per_hour: float


type _Ranked = tuple[tuple[float, bool], str, Rung]
"""A move's rank, its machine, and where it leads."""


def shed(machines: Sequence[Sheddable], excess_w: float) -> tuple[Shed, ...]:
    """Return the moves that save at least ``excess_w``, or all that can be saved.

    Moves with the least weighted value lost a watt come first; among equals a change of level
    before a stop, then the name. What a later move made needless is taken back.
    """
    by_name = {machine.name: machine for machine in machines}
    moves = [move for machine in machines for move in _next(machine, machine.now)]
    heapify(moves)
    taken: dict[str, Rung] = {}
    saved_w = 0.0
    while moves and saved_w < excess_w:
        _, name, rung = heappop(moves)
        saved_w += taken.get(name, by_name[name].now).power_w - rung.power_w
        taken[name] = rung
        for move in _next(by_name[name], rung):
            heappush(moves, move)
    return tuple(
        Shed(
            name=name,
            choice=rung.choice,
            saved_w=by_name[name].now.power_w - rung.power_w,
            lost_per_hour=by_name[name].now.value_per_hour - rung.value_per_hour,
        )
        for name, rung in sorted(_needed(taken, by_name, excess_w).items())
    )


def _next(machine: Sheddable, at: Rung) -> list[_Ranked]:
    """Return the best move of a machine from a rung; none where it cannot go lower."""
    lower = [rung for rung in machine.lower if rung.power_w < at.power_w]
    moves = [(_merit(machine, at, rung), machine.name, rung) for rung in lower]
    return [min(moves, key=lambda move: move[0])] if moves else []


def _merit(machine: Sheddable, at: Rung, rung: Rung) -> tuple[float, bool]:
    lost = (at.value_per_hour - rung.value_per_hour) * machine.priority
    return lost / (at.power_w - rung.power_w), rung.choice == 0


def _needed(
    taken: dict[str, Rung], machines: dict[str, Sheddable], excess_w: float
) -> dict[str, Rung]:
    """Take back the dearest moves that the others make needless."""
    saved = {name: machines[name].now.power_w - rung.power_w for name, rung in taken.items()}
    total_w = sum(saved.values())
    kept = dict(taken)
    for name in sorted(taken, key=lambda name: (-_lost(machines[name], taken[name]), name)):
        if total_w - saved[name] >= excess_w:
            total_w -= saved[name]
            del kept[name]
    return kept


def _lost(machine: Sheddable, rung: Rung) -> float:
    return (machine.now.value_per_hour - rung.value_per_hour) * machine.priority
