"""The plan and the cycle: what a plan is made from, and what it wants of a miner now."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..economics import revenue_per_day
from ..records import (
    Action,
    AutotuneMode,
    DeviceLevel,
    MinerPolicy,
    PlanInputs,
    PlannedCap,
    PlannedLevel,
    PlannedMiner,
    PlanSegment,
)
from ..records.reasons import Reason
from ..state import MinerState, State
from . import power

STEP_MS: Final = 900_000
STEPS_PER_DAY: Final = 96
MOST_STEPS: Final = 2 * STEPS_PER_DAY
MOST_LEVELS: Final = 4
"""Levels of a miner that a plan considers, of those that no other one beats."""
LONG_STEPS: Final = 1000
"""For how long a miner has run or rested when that is not known."""
MAX_AGE_MS: Final = 6 * 3_600_000
"""An older plan is not followed."""
AGING_PER_HOUR: Final = 0.05
"""What a plan loses of its confidence with each hour …"""
GUESSED: Final = 0.9
"""… and what is left of it where prices are only guessed."""

STARTS: Final = frozenset({Action.RUN, Action.RESTART, Action.RESTART_MINING})

REASONS: Final = frozenset(
    {
        *(Reason.PLAN_PAYS, Reason.PLAN_ON_SURPLUS, Reason.PLAN_WITH_HEAT),
        *(Reason.PLAN_CARRIED_THROUGH, Reason.PLAN_BELOW_BREAK_EVEN),
        *(Reason.SURPLUS_ROSE, Reason.SURPLUS_FELL, Reason.HEAT_ENDED),
        *(Reason.WAITING_FOR_SURPLUS, Reason.SURPLUS_UNKNOWN),
        *(Reason.PLAN_LIMIT, Reason.PLAN_NOT_WORTH_A_START, Reason.PLAN_MISSING),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesAhead:
    """Published energy prices: each holds from its time to the next one's, the last to the end."""

    from_ms: tuple[int, ...]
    """Rising."""
    prices_per_kwh: tuple[float, ...]
    """In the operator's currency, all included."""
    until_ms: int

    def at(self, ts_ms: int) -> float | None:
        """Return the price at a time; None where none is published."""
        index = bisect_right(self.from_ms, ts_ms) - 1
        return self.prices_per_kwh[index] if index >= 0 and ts_ms < self.until_ms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SunAhead:
    """The solar power that is forecast, and what the house takes of it."""

    from_ms: tuple[int, ...] = ()
    """Rising; each power holds from its time to the next one's."""
    powers_w: tuple[float, ...] = ()
    house_w: float = 0.0

    def surplus_at(self, ts_ms: int) -> float | None:
        """Return the surplus in W that is forecast for a time; None without a forecast."""
        if not self.from_ms:
            return None
        index = bisect_right(self.from_ms, ts_ms) - 1
        return (self.powers_w[index] if index >= 0 else 0.0) - self.house_w


FADE_STEPS: Final = 6.0
"""Steps in which the present's deviation from the forecast fades by 1/e, as in the backtest."""


def inputs_of(
    state: State, ahead: PricesAhead | None, ts_ms: int, sun: SunAhead | None = None
) -> PlanInputs | None:
    """Return what a plan from now on rests on.

    None while prices are not known or not believed, or no miner may be planned for.

    ``ahead`` None: the present price is fixed.
    """
    policy, price = state.policy.record, state.price
    if price is None or any(code in state.divergences for code in UNUSABLE):
        return None
    revenue = revenue_per_day(1.0, price.record, policy.pool_fee_pct)
    present = price.record.energy_price_per_kwh
    if revenue is None or present is None:
        return None
    first_ms = ts_ms - ts_ms % STEP_MS
    prices, guessed_from = _by_step(ahead, present, first_ms)
    miners = tuple(_planned(state, ts_ms))
    if not miners:
        return None
    planned = {item.miner_id for item in miners}
    limit_w = policy.governor.max_power_watts
    others = (item for item in state.miners if item not in planned)
    others_w = sum(power.measured_w(state, item) for item in others)
    return PlanInputs(
        first_ms=first_ms,
        energy_prices_per_kwh=prices,
        guessed_from=guessed_from,
        currency=price.record.currency,
        revenue_per_ths=revenue / STEPS_PER_DAY,
        heat_credit_per_kwh=policy.heat_credit_per_kwh,
        **_house(state, sun or SunAhead(), first_ms, len(prices), miners),
        limit_w=None if limit_w is None else max(limit_w - others_w, 0.0),
        caps=tuple(
            PlannedCap(
                from_ms=order.from_ms,
                until_ms=order.until_ms,
                limit_w=max(order.limit_w - others_w, 0.0),
            )
            for item in state.orders.values()
            if (order := item.record).limit_w is not None and order.is_open(ts_ms)
        ),
        min_run_min=policy.min_run_min,
        min_idle_min=policy.min_idle_min,
        start_min=policy.start_min,
        miners=miners,
        price=price.hash,
        policy=state.policy.hash,
    )


def _house(
    state: State, sun: SunAhead, first_ms: int, steps: int, miners: tuple[PlannedMiner, ...]
) -> dict[str, Any]:
    """Return what a plan knows of sun and heat: the present, and what is forecast."""
    house = state.house.record if state.house else None
    if house is None or first_ms - house.ts_ms > STEP_MS:
        return {}
    known: dict[str, Any] = {}
    if house.surplus_w is not None:
        feed_in = house.feed_in_price_per_kwh or 0.0
        known |= {
            "surplus_w": _surplus_ahead(house.surplus_w, sun, first_ms, steps),
            "feed_in_price_per_kwh": feed_in,
        }
    if house.heat_wanted and house.heat_price_per_kwh is not None:
        heat_w = sum(item.levels[-1].power_w * item.heat_share for item in miners)
        known |= {"heat_w": round(heat_w, 1), "heat_price_per_kwh": house.heat_price_per_kwh}
    return known


def _surplus_ahead(now_w: float, sun: SunAhead, first_ms: int, steps: int) -> tuple[float, ...]:
    """Return the surplus of each step: the forecast, to which the present fades."""
    ahead = [sun.surplus_at(first_ms + n * STEP_MS) or 0.0 for n in range(steps)]
    off_w = now_w - ahead[0]
    return tuple(
        round(forecast_w + off_w * math.exp(-n / FADE_STEPS)) + 0.0
        for n, forecast_w in enumerate(ahead)
    )


UNUSABLE: Final = (Reason.STALE_PRICE, Reason.IMPLAUSIBLE_PRICE)


def _by_step(
    ahead: PricesAhead | None, present: float, first_ms: int
) -> tuple[tuple[float, ...], int | None]:
    """Return the prices of the steps ahead, and the first that is only guessed.

    What is not published is as at the same time of the last published day, else as now.
    """
    if ahead is None:
        return (present,) * STEPS_PER_DAY, None
    known = -(-(ahead.until_ms - first_ms) // STEP_MS)
    prices: list[float] = []
    guessed_from = None
    for step in range(min(max(known, STEPS_PER_DAY), MOST_STEPS)):
        found = present if step == 0 else ahead.at(first_ms + step * STEP_MS)
        if found is None:
            guessed_from = step if guessed_from is None else guessed_from
            before = ahead.at(first_ms + (step - STEPS_PER_DAY) * STEP_MS)
            found = prices[step - STEPS_PER_DAY] if step >= STEPS_PER_DAY else before
        prices.append(present if found is None else found)
    return tuple(prices), guessed_from


def known_miners(state: State) -> tuple[PlannedMiner, ...]:
    """Return all miners of which enough is known to plan for them, in danger or held as well."""
    return tuple(
        PlannedMiner(
            miner_id=own.miner_id,
            levels=levels,
            change_min=own.level_change_s / 60,
            heat_share=own.heat_share_pct / 100,
        )
        for own in state.policy.record.miners
        if (levels := _levels(state.miner(own.miner_id), own))
    )


def _planned(state: State, ts_ms: int) -> Iterator[PlannedMiner]:
    """Yield the miners that a plan may command and knows enough of."""
    for own in state.policy.record.miners:
        miner = state.miner(own.miner_id)
        levels = _levels(miner, own)
        if not levels or not is_free(miner, own, ts_ms):
            continue
        runs, since_ms = _running_since(miner, ts_ms)
        passed = LONG_STEPS if since_ms is None else ts_ms // STEP_MS - since_ms // STEP_MS
        yield PlannedMiner(
            miner_id=own.miner_id,
            levels=levels,
            level=present_level(miner, levels) if runs else None,
            steps=max(0, min(passed, LONG_STEPS)),
            change_min=own.level_change_s / 60,
            heat_share=own.heat_share_pct / 100,
        )


def _running_since(miner: MinerState, ts_ms: int) -> tuple[bool, int | None]:
    """Return whether a miner runs, or will by a command under way, and since when; None unknown."""
    told = {miner.pending.receipt.action} if miner.pending else set(miner.commanded)
    if Action.STOP in told:
        return False, ts_ms
    if told & STARTS:
        return True, ts_ms
    mining = miner.reading is not None and miner.reading.mining is True
    return mining, miner.running_since_ms if mining else miner.stopped_since_ms


def is_free(miner: MinerState, own: MinerPolicy, ts_ms: int) -> bool:
    """Tell whether nothing but money decides on a miner: no danger, no doubt, no person."""
    held = miner.hold_until_ms is not None and ts_ms < miner.hold_until_ms
    able = own.actions is None or {Action.RUN, Action.STOP} <= set(own.actions)
    known = miner.reading is not None and miner.reading.mining is not None
    return able and known and not (held or miner.latched or miner.dangers or miner.doubts)


def _levels(miner: MinerState, own: MinerPolicy) -> tuple[PlannedLevel, ...]:
    """Return the levels that no other one beats, by power; its usual run where it lists none."""
    tunes = own.autotune is not None and own.autotune.mode is AutotuneMode.ACT
    if own.levels and own.actions and Action.SET_LEVEL in own.actions and not tunes:
        found = sorted(
            (item for level in own.levels if (item := _figures(miner, level)) is not None),
            key=lambda item: (item.power_w, -item.hashrate_ths),
        )
        best: list[PlannedLevel] = []
        for item in found:
            if not best or item.hashrate_ths > best[-1].hashrate_ths:
                best.append(item)
        if best:
            return _spread(best)
    rate_ths, power_w = miner.usual(own)
    if not rate_ths or not power_w:
        return ()
    return (PlannedLevel(power_w=power_w, hashrate_ths=rate_ths),)


def _figures(miner: MinerState, level: DeviceLevel) -> PlannedLevel | None:
    """Return what a level brings: as learned, else as the device claims; None unknown."""
    learned = miner.curve.get(level.name)
    power_w = learned.power_w if learned and learned.power_w else level.power_w
    rate_ths = learned.hashrate_ths if learned else level.hashrate_ths
    if not power_w or not rate_ths:
        return None
    return PlannedLevel(name=level.name, power_w=power_w, hashrate_ths=rate_ths)


def _spread(levels: list[PlannedLevel]) -> tuple[PlannedLevel, ...]:
    """Return at most ``MOST_LEVELS`` levels, spread evenly from the lowest to the highest."""
    last = len(levels) - 1
    if last < MOST_LEVELS:
        return tuple(levels)
    return tuple(levels[round(last * n / (MOST_LEVELS - 1))] for n in range(MOST_LEVELS))


def present_level(miner: MinerState, levels: tuple[PlannedLevel, ...]) -> int:
    """Return the index of the level that a running miner is at, else of the nearest by power."""
    reading = miner.reading
    names = [level.name for level in levels]
    if reading is not None and reading.level in names and reading.level is not None:
        return names.index(reading.level)
    drawn_w = (reading.power_w if reading else None) or levels[-1].power_w
    return min(range(len(levels)), key=lambda n: abs(levels[n].power_w - drawn_w))


# What the plan wants now


def segment_of(state: State, miner_id: str, ts_ms: int) -> PlanSegment | None:
    """Return a miner's segment of the plan in force; None without one that may be followed."""
    schedule, plan = state.schedules.get(miner_id), state.plan
    if schedule is None or plan is None or ts_ms - plan.record.ts_ms > MAX_AGE_MS:
        return None
    index = bisect_right(schedule.segments, ts_ms, key=lambda item: item.from_ms) - 1
    if index < 0 or ts_ms >= schedule.segments[index].until_ms:
        return None
    return schedule.segments[index]


def bound_until_ms(state: State, miner: MinerState) -> int | None:
    """Return until when a miner's minimum run or pause lasts; None where it is not known."""
    policy, reading = state.policy.record, miner.reading
    if reading is None:
        return None
    since_ms = miner.running_since_ms if reading.mining else miner.stopped_since_ms
    least_min = policy.min_run_min if reading.mining else policy.min_idle_min
    return None if since_ms is None else since_ms + round(least_min * 60_000)


def level_of(state: State, miner_id: str, level: int | None) -> str | None:
    """Return the name of a planned level; None for off, and for a miner that only runs."""
    planned = state.planned.get(miner_id)
    return planned.levels[level].name if planned and level is not None else None


def confidence_of(state: State, segment: PlanSegment, ts_ms: int, basis: float) -> float:
    """Return the confidence in a plan's wish, from that in the figures, its age and its prices."""
    age_h = (ts_ms - state.plan.record.ts_ms) / 3_600_000 if state.plan else 0.0
    known = GUESSED if segment.guessed else 1.0
    return round(basis * known * (1 - AGING_PER_HOUR * age_h), 4)
