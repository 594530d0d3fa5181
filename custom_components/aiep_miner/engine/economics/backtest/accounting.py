"""What a schedule earned and cost: from the definitions alone, whatever made the schedule.

A schedule is an array [step, miner] of choices: 0 is off, n is level n - 1. All miners begin off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model import (
    STEP_KWH_PER_W,
    STEP_MIN,
    Floats,
    Ints,
    MinerModel,
    Outlook,
    energy_cost,
    heat_value,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Totals of a schedule; money in the scenario's currency."""

    profit: float
    revenue: float
    energy_cost: float
    heat_value: float
    kwh: float
    grid_kwh: float
    surplus_kwh: float
    run_hours: float
    starts: int
    level_changes: int
    cap_violation_wh: float


def account(schedule: Ints, miners: Sequence[MinerModel], outlook: Outlook) -> Account:
    """Return the totals of a schedule under what really happened."""
    power = np.zeros(len(outlook))
    heat = np.zeros(len(outlook))
    hashing = np.zeros(len(outlook))
    for column, miner in zip(schedule.T, miners, strict=True):
        levels = np.array([miner.power_w(c) for c in range(len(miner.levels) + 1)])
        rates = np.array([miner.hashrate_ths(c) for c in range(len(miner.levels) + 1)])
        power += levels[column]
        heat += levels[column] * miner.heat_share
        hashing += rates[column] * hashing_shares(column, miner)
    revenue = float(np.sum(hashing * outlook.revenue_per_ths))
    cost = float(np.sum(energy_cost(power, outlook)))
    warmth = float(np.sum(heat_value(heat, outlook)))
    surplus = np.minimum(power, np.maximum(outlook.surplus_w, 0.0))
    before = np.vstack([np.zeros((1, schedule.shape[1]), dtype=schedule.dtype), schedule[:-1]])
    return Account(
        profit=revenue - cost + warmth,
        revenue=revenue,
        energy_cost=cost,
        heat_value=warmth,
        kwh=float(power.sum()) * STEP_KWH_PER_W,
        grid_kwh=float((power - surplus).sum()) * STEP_KWH_PER_W,
        surplus_kwh=float(surplus.sum()) * STEP_KWH_PER_W,
        run_hours=float((schedule > 0).sum()) * STEP_MIN / 60,
        starts=int(((before == 0) & (schedule > 0)).sum()),
        level_changes=int(((before > 0) & (schedule > 0) & (before != schedule)).sum()),
        cap_violation_wh=_violation_wh(power, outlook.limit_w),
    )


def _violation_wh(power_w: Floats, limit_w: Floats) -> float:
    # A millionth of a watt is what the order of a sum of floats may add.
    excess = np.maximum(power_w - limit_w, 0.0)
    return float(excess[excess > 1e-6].sum()) * STEP_KWH_PER_W * 1000


def hashing_shares(choices: Ints, miner: MinerModel) -> Floats:
    """Return the share of each step that one miner hashes."""
    running = choices > 0
    step = np.arange(len(choices))
    last_off = np.maximum.accumulate(np.where(running, -1, step))
    ran_before = step - last_off - 1
    lost = np.clip(miner.start_min - STEP_MIN * ran_before, 0.0, STEP_MIN)
    before = np.concatenate(([0], choices[:-1]))
    changed = running & (before > 0) & (before != choices)
    lost += np.where(changed, miner.change_min, 0.0)
    return np.where(running, 1 - np.minimum(lost, STEP_MIN) / STEP_MIN, 0.0)


def broken_minimum_times(schedule: Ints, miners: Sequence[MinerModel]) -> list[tuple[int, int]]:
    """Return (step, miner index) of each run or pause that ends too early; the end cuts none."""
    broken = []
    for m, miner in enumerate(miners):
        running = np.concatenate(([False], schedule[:, m] > 0))
        edges = np.flatnonzero(np.diff(running))
        for begin, end in pairwise(edges.tolist()):
            least = miner.min_run_steps if running[begin + 1] else miner.min_idle_steps
            if end - begin < least:
                broken.append((end, m))
    return broken
