"""From a plan's inputs, as recorded, to the plan: the planner behind records."""

from typing import Final

import numpy as np

from ..records import (
    MinerSchedule,
    PlanInputs,
    PlannedMiner,
    PlanRecord,
    PlanSegment,
    PolicyRecord,
)
from ..records.reasons import Reason
from .model import STEP_MS, Floats, Level, MinerModel, Outlook
from .planner.plan import plan
from .planner.problem import MinerNow, MinerPlan, Problem, Segment, SegmentReason

STANDBY_W: Final = 20.0
"""What a stopped machine draws; makers state 10 to 30 W …"""
STANDBY_SHARE: Final = 0.25
"""… and no more than this share of its lowest level: a BitAxe runs on 15 W."""
DECIMALS: Final = 6

REASONS: Final = {
    SegmentReason.PAYS_ON_IMPORT: Reason.PLAN_PAYS,
    SegmentReason.PAYS_ON_SURPLUS: Reason.PLAN_ON_SURPLUS,
    SegmentReason.PAYS_WITH_HEAT: Reason.PLAN_WITH_HEAT,
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
        miners=tuple(_schedule(item, inputs) for item in found.miners),
        total=_rounded(found.total),
        bound=_rounded(found.bound),
    )


def _problem(inputs: PlanInputs) -> Problem:
    steps = len(inputs.energy_prices_per_kwh)
    # All heat is credited, so a kWh costs less by it.
    price = np.array(inputs.energy_prices_per_kwh) - inputs.heat_credit_per_kwh
    feed_in = np.full(steps, inputs.feed_in_price_per_kwh - inputs.heat_credit_per_kwh)
    return Problem(
        ts_ms=inputs.first_ms,
        miners=tuple(model_of(miner, inputs) for miner in inputs.miners),
        now=tuple(MinerNow(level=miner.level, steps=miner.steps) for miner in inputs.miners),
        outlook=Outlook(
            revenue_per_ths=np.full(steps, inputs.revenue_per_ths),
            energy_price=price,
            feed_in_price=feed_in if inputs.surplus_w else price,
            surplus_w=np.array(inputs.surplus_w) if inputs.surplus_w else np.zeros(steps),
            heat_demand_w=np.full(steps, inputs.heat_w),
            heat_price=np.full(steps, inputs.heat_price_per_kwh),
            limit_w=_limits_w(inputs),
        ),
        guessed_from=inputs.guessed_from,
    )


def _limits_w(inputs: PlanInputs) -> Floats:
    """Return the limit of each step: the lowest of those that hold at any time within it."""
    steps = len(inputs.energy_prices_per_kwh)
    limits = np.full(steps, np.inf if inputs.limit_w is None else inputs.limit_w)
    begins = inputs.first_ms + STEP_MS * np.arange(steps)
    for cap in inputs.caps:
        until_ms = np.inf if cap.until_ms is None else cap.until_ms
        holds = (begins + STEP_MS > cap.from_ms) & (begins < until_ms)
        limits[holds] = np.minimum(limits[holds], cap.limit_w)
    return limits


def model_of(miner: PlannedMiner, times: PlanInputs | PolicyRecord) -> MinerModel:
    """Return a miner as the planner takes it; ``times`` says how long it runs and rests at least."""
    return MinerModel(
        name=miner.miner_id,
        levels=tuple(
            Level(hashrate_ths=level.hashrate_ths, power_w=level.power_w) for level in miner.levels
        ),
        standby_w=min(STANDBY_W, STANDBY_SHARE * miner.levels[0].power_w),
        min_run_min=times.min_run_min,
        min_idle_min=times.min_idle_min,
        start_min=times.start_min,
        change_min=miner.change_min,
        heat_share=miner.heat_share,
    )


def _schedule(found: MinerPlan, inputs: PlanInputs) -> MinerSchedule:
    return MinerSchedule(
        miner_id=found.miner,
        segments=tuple(_segment(item, inputs) for item in found.segments),
    )


def _segment(found: Segment, inputs: PlanInputs) -> PlanSegment:
    lowest, highest = _band(found)
    follows = bool(inputs.surplus_w) and lowest != highest
    return PlanSegment(
        from_ms=found.from_ms,
        until_ms=found.until_ms,
        level=found.level,
        reason=REASONS[found.reason],
        value=_rounded(found.value),
        power_w=_rounded(found.power_w),
        energy_price_per_kwh=_rounded(found.energy_price_per_kwh + inputs.heat_credit_per_kwh),
        break_even_per_kwh=_rounded(found.break_even_per_kwh + inputs.heat_credit_per_kwh),
        lowest=lowest if follows else None,
        highest=highest if follows else None,
        follows_surplus=follows,
        guessed=found.guessed,
    )


def _band(found: Segment) -> tuple[int | None, int | None]:
    """Return between which levels surplus moves a miner; what pays on import is the least."""
    on_surplus = found.level is None or found.reason is SegmentReason.PAYS_ON_SURPLUS
    lowest = None if on_surplus else found.level
    return lowest, found.highest - 1 if found.highest else None


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0
