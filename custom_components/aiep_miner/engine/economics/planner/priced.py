"""The program of one miner at given shadow prices, for many miners and windows in one array.

With a price for each shared thing every miner decides for itself: the work is linear in miners.
Miners of one shape are a bundle; identical ones share a row. The batch axes come last:
[state, row, window].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import Floats, Ints, MinerModel, Outlook
from .states import Shape, lost_shares


@dataclass(frozen=True, slots=True)
class Prices:
    """Shadow prices, as money per watt and step: [step] or [step, window]."""

    power: Floats
    heat: Floats


class Bundle:
    """Miners of one shape: one row for each distinct model."""

    def __init__(self, models: Sequence[MinerModel], counts: Sequence[int]) -> None:
        """Lay out the models' figures as arrays [choice, row] and [state, choice, row]."""
        self.shape = shape = Shape.of(models[0])
        self.models = tuple(models)
        self.counts = np.array(counts, dtype=np.float64)
        choices = range(shape.choices)
        self.power_w = np.array([[m.power_w(c) for m in models] for c in choices])
        self.rate_ths = np.array([[m.hashrate_ths(c) for m in models] for c in choices])
        self.heat_w = self.power_w * np.array([m.heat_share for m in models])
        self.lost = np.stack([lost_shares(m) for m in models], axis=-1)
        self._after_run = np.minimum(np.arange(1, shape.run + 1), shape.run - 1)
        self._after_idle = np.minimum(np.arange(1, shape.idle + 1), shape.idle - 1)
        starts = self.lost[shape.free, 1:, :]
        stays = np.stack([self.lost[shape.on(0, r + 1), 1, :] for r in range(shape.run)])
        moves = stays
        if shape.levels > 1:
            moves = np.stack([self.lost[shape.on(0, r + 1), 2, :] for r in range(shape.run)])
        self._lost_start = starts[0][:, None]
        self._lost_stay = stays[:, :, None]
        self._lost_move = moves[:, :, None]
        """[run, row, 1]: the same for all levels, as the definitions say."""

    def sweep(
        self, outlook: Outlook, prices: Prices, *, values: bool = False, policy: bool = False
    ) -> Sweep:
        """Return the value of each state before each step, back from nothing after the last.

        Arrays of ``outlook`` and ``prices`` are [step, window].
        """
        shape, (count, windows) = self.shape, outlook.energy_price.shape
        rows = len(self.models)
        ahead = np.zeros((shape.states, rows, windows))
        kept = np.zeros((count + 1, *ahead.shape)) if values else None
        table = np.zeros((count, *ahead.shape), dtype=np.int8) if policy else None
        for step in range(count - 1, -1, -1):
            revenue = outlook.revenue_per_ths[step] * self.rate_ths[1:, :, None]
            worth = (
                prices.heat[step] * self.heat_w[:, :, None]
                - prices.power[step] * self.power_w[:, :, None]
            )
            ahead = self._step(revenue, worth, ahead, None if table is None else table[step])
            if kept is not None:
                kept[step] = ahead
        return Sweep(self, ahead, kept, table)

    def _step(
        self, revenue: Floats, worth: Floats, ahead: Floats, table: np.ndarray | None
    ) -> Floats:
        """Return the values before a step; note the best choices in ``table``."""
        shape = self.shape
        idle, run = shape.idle, shape.run
        runs = ahead[idle:].reshape(shape.levels, run, *ahead.shape[1:])
        gain = revenue + worth[1:]
        following = runs[:, self._after_run] + gain[:, None]
        stay = following - self._lost_stay * revenue[:, None]
        move = following - self._lost_move * revenue[:, None]
        best_move = move.max(axis=0)
        value = np.empty_like(ahead)
        on = value[idle:].reshape(runs.shape)
        np.maximum(stay, best_move, out=on)
        stop = worth[0] + ahead[0]
        np.maximum(on[:, shape.min_run - 1 :], stop, out=on[:, shape.min_run - 1 :])
        value[:idle] = worth[0] + ahead[self._after_idle]
        start = runs[:, 0] + gain - self._lost_start * revenue
        best_start = start.max(axis=0)
        if table is not None:
            self._note(table, stay, move, best_move, on)
            table[idle - 1] = np.where(best_start > value[idle - 1], start.argmax(axis=0) + 1, 0)
        np.maximum(value[idle - 1], best_start, out=value[idle - 1])
        return value

    def _note(
        self, table: np.ndarray, stay: Floats, move: Floats, best_move: Floats, on: Floats
    ) -> None:
        shape = self.shape
        level = np.arange(1, shape.levels + 1, dtype=np.int8)[:, None, None, None]
        moved = np.where(best_move > stay, move.argmax(axis=0) + 1, level)
        better = np.maximum(stay, best_move)
        table[shape.idle :] = np.where(on > better, 0, moved).reshape(-1, *on.shape[2:])


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep over a bundle found."""

    bundle: Bundle
    first: Floats
    """Values before the first step: [state, row, window]."""
    values: Floats | None
    """Values before each step: [step + 1, state, row, window]."""
    table: np.ndarray | None
    """Best choices: [step, state, row, window]."""

    def best_start(self) -> Ints:
        """Return the most valuable first state of each row and window."""
        return np.asarray(self.first.argmax(axis=0))

    def demand(self, start: Ints) -> tuple[Floats, Floats, Floats]:
        """Return power and heat of the best schedules, [step, window], and their value, [window].

        ``start`` gives each row's first state, [row, window].
        """
        assert self.table is not None  # noqa: S101 - asked for by the caller
        bundle, shape = self.bundle, self.bundle.shape
        count, _, rows, windows = self.table.shape
        power, heat = np.zeros((count, windows)), np.zeros((count, windows))
        row = np.repeat(np.arange(rows), windows)
        column = np.arange(rows * windows)
        state = start.ravel()
        weights = bundle.counts
        powers, heats = bundle.power_w * weights, bundle.heat_w * weights
        flat = self.table.reshape(count, shape.states, -1)
        for step in range(count):
            choice = flat[step, state, column]
            power[step] = powers[choice, row].reshape(rows, windows).sum(axis=0)
            heat[step] = heats[choice, row].reshape(rows, windows).sum(axis=0)
            state = shape.next_state[state, choice]
        worth = np.take_along_axis(self.first, start[None], axis=0)[0]
        return power, heat, (worth * weights[:, None]).sum(axis=0)
