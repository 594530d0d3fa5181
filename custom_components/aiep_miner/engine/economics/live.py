"""From a plan's inputs, as recorded, to the plan: the planner behind records."""

from typing import Final

import numpy as np

from ..records import MinerSchedule, PlanInputs, PlannedMiner, PlanRecord, PlanSegment
from ..records.reasons import Reason
from .model import Level, MinerModel, Outlook
from .planner.plan import plan
from .planner.problem import MinerNow, MinerPlan, Problem, SegmentReason

STANDBY_W: Final = 20.0
"""What a stopped machine draws; makers state 10 to 30 W."""
DECIMALS: Final = 6

REASONS: Final = {
    SegmentReason.PAYS_ON_IMPORT: Reason.PLAN_PAYS,
    SegmentReason.PAYS_ON_SURPLUS: Reason.PLAN_PAYS,
    SegmentReason.PAYS_WITH_HEAT: Reason.PLAN_PAYS,
    SegmentReason.CARRIED_THROUGH: Reason.PLAN_CARRIED_THROUGH,
    SegmentReason.BELOW_BREAK_EVEN: Reason.PLAN_BELOW_BREAK_EVEN,
    SegmentReason.LIMIT: Reason.PLAN_LIMIT,
    SegmentReason.NOT_WORTH_A_START: Reason.PLAN_NOT_WORTH_A_START,
}
"""The planner's reasons as records name them."""


def solve(ts_ms: int, operator_id: str, inputs: PlanInputs) -> PlanRecord:
    """Return the plan of some inputs; the same inputs always give the same plan.

    Takes up to seconds for many miners: call it beside the event loop.
    """
    found = plan(_problem(inputs))
    return PlanRecord(
        ts_ms=ts_ms,
        subject=operator_id,
        inputs=inputs,
        miners=tuple(_schedule(item, inputs.heat_credit_per_kwh) for item in found.miners),
        total=_rounded(found.total),
        bound=_rounded(found.bound),
    )


def _problem(inputs: PlanInputs) -> Problem:
    steps = len(inputs.energy_prices_per_kwh)
    nothing = np.zeros(steps)
    # All heat is credited, so a kWh costs less by it.
    price = np.array(inputs.energy_prices_per_kwh) - inputs.heat_credit_per_kwh
    limit_w = np.inf if inputs.limit_w is None else inputs.limit_w
    return Problem(
        ts_ms=inputs.first_ms,
        miners=tuple(_model(miner, inputs) for miner in inputs.miners),
        now=tuple(MinerNow(level=miner.level, steps=miner.steps) for miner in inputs.miners),
        outlook=Outlook(
            revenue_per_ths=np.full(steps, inputs.revenue_per_ths),
            energy_price=price,
            feed_in_price=price,
            surplus_w=nothing,
            heat_demand_w=nothing,
            heat_price=nothing,
            limit_w=np.full(steps, limit_w),
        ),
        guessed_from=inputs.guessed_from,
    )


def _model(miner: PlannedMiner, inputs: PlanInputs) -> MinerModel:
    return MinerModel(
        name=miner.miner_id,
        levels=tuple(
            Level(hashrate_ths=level.hashrate_ths, power_w=level.power_w) for level in miner.levels
        ),
        standby_w=STANDBY_W,
        min_run_min=inputs.min_run_min,
        min_idle_min=inputs.min_idle_min,
        start_min=inputs.start_min,
        change_min=miner.change_min,
    )


def _schedule(found: MinerPlan, credit_per_kwh: float) -> MinerSchedule:
    return MinerSchedule(
        miner_id=found.miner,
        segments=tuple(
            PlanSegment(
                from_ms=item.from_ms,
                until_ms=item.until_ms,
                level=item.level,
                reason=REASONS[item.reason],
                value=_rounded(item.value),
                power_w=_rounded(item.power_w),
                energy_price_per_kwh=_rounded(item.energy_price_per_kwh + credit_per_kwh),
                break_even_per_kwh=_rounded(item.break_even_per_kwh + credit_per_kwh),
                guessed=item.guessed,
            )
            for item in found.segments
        ),
    )


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0
