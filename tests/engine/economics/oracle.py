"""The best schedule from a mixed-integer solver (HiGHS): what the planner is measured against.

For energy prices at or above the feed-in price, heat prices at or above 0, and starts and changes
that lose at most one step together.
"""

from collections.abc import Sequence

import highspy

from custom_components.aiep_miner.engine.economics.model import (
    STEP_KWH_PER_W,
    STEP_MIN,
    MinerModel,
    Outlook,
)


def best_value(miners: Sequence[MinerModel], outlook: Outlook) -> float:
    """Return the most money that any schedule makes, miners off and free to start at first."""
    program = _Program(outlook)
    for miner in miners:
        program.add(miner)
    return program.solve()


class _Program:
    def __init__(self, outlook: Outlook) -> None:
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("mip_rel_gap", 1e-7)
        self._outlook = outlook
        self._steps = range(len(outlook))
        self._power = [0.0 for _ in self._steps]
        self._heat = [0.0 for _ in self._steps]
        self._revenue = 0.0

    def add(self, miner: MinerModel) -> None:
        solver, steps, levels = self._solver, self._steps, range(len(miner.levels))
        assert miner.start_min + miner.change_min <= STEP_MIN
        at = [[solver.addBinary() for _ in levels] for _ in steps]
        on = [sum(row) for row in at]
        for step in steps:
            before = on[step - 1] if step else 0.0
            solver.addConstr(on[step] <= 1)
            self._power[step] += miner.standby_w * (1 - on[step])
            for level in levels:
                self._add_level(miner, at, level, step, before)
            self._hold(miner, on, step, before)
            heat = sum(miner.levels[n].power_w * at[step][n] for n in levels)
            self._heat[step] += (heat + miner.standby_w * (1 - on[step])) * miner.heat_share

    def _add_level(self, miner: MinerModel, at, level: int, step: int, before) -> None:
        solver, figures = self._solver, miner.levels[level]
        here = at[step][level]
        started, changed = solver.addVariable(lb=0, ub=1), solver.addVariable(lb=0, ub=1)
        solver.addConstr(started >= here - before)
        others = [n for n in range(len(miner.levels)) if n != level]
        if step:
            solver.addConstr(changed >= here + sum(at[step - 1][n] for n in others) - 1)
        lost = (miner.start_min * started + miner.change_min * changed) / STEP_MIN
        worth = figures.hashrate_ths * float(self._outlook.revenue_per_ths[step])
        self._revenue += worth * here - worth * lost
        self._power[step] += figures.power_w * here

    def _hold(self, miner: MinerModel, on, step: int, before) -> None:
        for later in range(step + 1, min(step + miner.min_run_steps, len(on))):
            self._solver.addConstr(on[later] >= on[step] - before)
        for later in range(step + 1, min(step + miner.min_idle_steps, len(on))):
            if step:
                self._solver.addConstr(on[later] <= 1 - (before - on[step]))

    def solve(self) -> float:
        solver, outlook = self._solver, self._outlook
        money = self._revenue
        for step in self._steps:
            dear, cheap = float(outlook.energy_price[step]), float(outlook.feed_in_price[step])
            assert dear >= cheap
            used = solver.addVariable(lb=0, ub=max(float(outlook.surplus_w[step]), 0.0))
            warm = solver.addVariable(lb=0, ub=float(outlook.heat_demand_w[step]))
            solver.addConstr(used <= self._power[step])
            solver.addConstr(warm <= self._heat[step])
            if outlook.limit_w[step] < float("inf"):
                solver.addConstr(self._power[step] <= float(outlook.limit_w[step]))
            cost = dear * self._power[step] - (dear - cheap) * used
            money += (float(outlook.heat_price[step]) * warm - cost) * STEP_KWH_PER_W
        solver.maximize(money)
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return solver.getInfo().objective_function_value
