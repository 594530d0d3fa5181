"""What is known at a step: perfect, as published, or the same hour yesterday."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from ..model import STEP_MIN, STEP_MS, STEPS_PER_DAY, Floats, Ints, Outlook, revenue_per_ths, steps
from ..nowcast import Nowcast
from .scenario import Scenario
from .series import Series

REPLAN_MINUTES = (60, 420, 780, 1140)
"""Local minutes of the day at which is replanned: every six hours, one when prices are published."""
PUBLISHED_MINUTE = 780
"""Local minute of the day, 13:00, from which tomorrow's prices are known."""
LEAD_MIN = 90.0
"""How long before a cap is announced where no miner has a minimum run."""
CAP_PERSISTS = 8
"""Steps for which the last announced cap is assumed to go on."""


class Forecast(StrEnum):
    """What a plan may know of the future."""

    PERFECT = "perfect"
    PUBLISHED = "published"
    NAIVE = "naive"


def actual(scenario: Scenario, series: Series) -> Outlook:
    """Return what really happens."""
    size = len(series)
    cap = series.columns.get("cap_w", np.full(size, np.nan))
    limit = np.fmin(np.full(size, scenario.max_power_w), cap)
    return Outlook(
        revenue_per_ths=revenue_per_ths(
            series["coin_price"],
            series["network_difficulty"],
            series["block_reward"],
            scenario.pool_fee_pct,
        ),
        energy_price=series["energy_price_per_kwh"],
        feed_in_price=series["feed_in_price_per_kwh"],
        surplus_w=series["surplus_w"],
        heat_demand_w=series["heat_demand_w"],
        heat_price=np.full(size, scenario.heat_price_per_kwh),
        limit_w=limit,
    )


@dataclass(frozen=True, slots=True)
class Days:
    """Local days of the steps."""

    minute: Ints
    """Local minute of the day at which each step begins."""
    next_midnight: Ints
    """First step of the next local day; may lie behind the series."""
    after_next: Ints
    """First step of the day after the next."""

    @classmethod
    def of(cls, ts_ms: Ints, zone: ZoneInfo) -> Days:
        """Return the local days of steps that begin at these times."""
        size = len(ts_ms)
        longer = int(ts_ms[0]) + STEP_MS * np.arange(size + 3 * STEPS_PER_DAY)
        local = [datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone) for ms in longer.tolist()]
        day = np.array([moment.toordinal() for moment in local])
        minute = np.array([moment.hour * 60 + moment.minute for moment in local[:size]])
        begins = np.flatnonzero(np.diff(day)) + 1
        at = np.searchsorted(begins, np.arange(size), side="right")
        return cls(minute, begins[at], begins[at + 1])


class Knowledge:
    """What may be known at each step of a series under a forecast."""

    def __init__(self, scenario: Scenario, series: Series, forecast: Forecast) -> None:
        """Read off local days and announcements once."""
        self.truth = actual(scenario, series)
        self.forecast = forecast
        self._days = Days.of(series.ts_ms, scenario.time_zone)
        self._no_cap_w = scenario.max_power_w
        longest = max(miner.min_run_min for miner in scenario.miners)
        self.lead = steps(longest or LEAD_MIN)
        given = series.columns if forecast is Forecast.PUBLISHED else {}
        self._surplus = Nowcast(self.truth.surplus_w, given.get("forecast_surplus_w"))
        self._heat = Nowcast(self.truth.heat_demand_w, given.get("forecast_heat_w"), 0.0)
        self._certain = self._surplus.certain & self._heat.certain

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.truth)

    def replan_steps(self) -> Ints:
        """Return the steps at which is replanned: the fixed hours, and news about caps."""
        fixed = np.isin(self._days.minute, REPLAN_MINUTES)
        fixed[0] = True
        if self.forecast is not Forecast.PERFECT:
            fixed |= self._cap_news()
        return np.flatnonzero(fixed)

    def _cap_news(self) -> np.ndarray:
        """Return the steps at which a change of the cap comes into view, at most one an hour."""
        limit = self.truth.limit_w
        news = np.zeros(len(limit), dtype=bool)
        changes = np.flatnonzero(limit[1:] != limit[:-1]) + 1
        last = -STEPS_PER_DAY
        for step in np.maximum(changes - self.lead, 0).tolist():
            if step - last >= 60 // STEP_MIN:
                news[step], last = True, step
        return news

    def announced(self, step: int) -> Floats:
        """Return the limits of the next steps, as far as they are announced."""
        return self.truth.limit_w[step + 1 : step + 1 + self.lead]

    def now(self, step: int) -> Outlook:
        """Return what is taken for true at a step when its levels are chosen.

        Unless everything is known, surplus and heat demand are those measured in the step before,
        moved on by the forecast, in some equally likely cases.
        """
        present = self.truth.at(step)
        if self.forecast is Forecast.PERFECT:
            return present
        surplus, heat = self._surplus.cases[step], self._heat.cases[step]
        if self._certain[step]:
            surplus, heat = surplus[0], heat[0]
        return replace(present, surplus_w=surplus, heat_demand_w=heat)

    def windows(self, starts: Ints, horizon: int) -> Outlook:
        """Return what is expected at each start of the steps that follow: [step, window]."""
        ahead = starts[None, :] + np.arange(horizon)[:, None]
        if self.forecast is Forecast.PERFECT:
            return self._true(ahead)
        last = len(self) - 1
        prices = self._price_source(ahead, starts)
        prices = np.minimum(np.where(prices < 0, starts, prices), last)
        yesterday = np.minimum(_day_before(ahead, starts[None, :]), last)
        held = np.broadcast_to(starts, ahead.shape)
        truth = self.truth
        return Outlook(
            revenue_per_ths=truth.revenue_per_ths[held],
            energy_price=truth.energy_price[prices],
            feed_in_price=truth.feed_in_price[prices],
            surplus_w=self._expected(self._surplus, ahead, yesterday),
            heat_demand_w=np.maximum(self._expected(self._heat, ahead, yesterday), 0.0),
            heat_price=truth.heat_price[held],
            limit_w=self._limits(ahead, starts),
        )

    def _true(self, ahead: Ints) -> Outlook:
        """Return the future itself; steps behind the end are worth nothing."""
        inside = ahead < len(self)
        at = np.minimum(ahead, len(self) - 1)
        outlook = self.truth.at(at)
        values = {name: getattr(outlook, name) for name in Outlook.__dataclass_fields__}
        masked = {name: np.where(inside, value, 0.0) for name, value in values.items()}
        return Outlook(**masked | {"limit_w": np.where(inside, outlook.limit_w, np.inf)})

    def _price_source(self, ahead: Ints, starts: Ints) -> Ints:
        """Return the steps whose prices are expected: known ones, else the last known day's."""
        if self.forecast is Forecast.NAIVE:
            return np.where(ahead == starts[None, :], ahead, _day_before(ahead, starts[None, :]))
        days = self._days
        late = days.minute[starts] >= PUBLISHED_MINUTE
        known = np.where(late, days.after_next[starts], days.next_midnight[starts])[None, :]
        known = np.minimum(known, len(self))
        return np.where(ahead < known, ahead, _day_before(ahead, known))

    def _expected(self, power: Nowcast, ahead: Ints, yesterday: Ints) -> Floats:
        """Return the forecast, corrected by what was measured last, else yesterday's measurement."""
        given = np.where(
            ahead < len(self), power.forecast[np.minimum(ahead, len(self) - 1)], np.nan
        )
        given = given + power.correction(ahead[0], len(ahead))
        naive = np.where(yesterday < 0, 0.0, power.measured[np.maximum(yesterday, 0)])
        return np.where(np.isnan(given), naive, given)

    def _limits(self, ahead: Ints, starts: Ints) -> Floats:
        """Return the limits: caps as far as announced, then the last for a while, then the site's."""
        seen = np.minimum(ahead, starts[None, :] + self.lead)
        limits = self.truth.limit_w[np.minimum(seen, len(self) - 1)]
        return np.where(ahead > seen + CAP_PERSISTS, self._no_cap_w, limits)


def _day_before(step: Ints, known: Ints) -> Ints:
    """Return the same time of the last day before ``known``; the step itself where it is before."""
    days = np.maximum(-(-(step - known + 1) // STEPS_PER_DAY), 0)
    return np.asarray(step - STEPS_PER_DAY * days)
