"""Four sites: a household, a hobbyist, a farm under a limit, and a host with curtailment."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from .weather import STEPS_PER_DAY, Floats, Weather, day_ahead_prices, smooth_noise, weather

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
SEED = 11
S19 = {
    "levels": [
        {"hashrate_ths": 95, "power_w": 3250},
        {"hashrate_ths": 78, "power_w": 2400},
        {"hashrate_ths": 55, "power_w": 1600},
    ],
    "standby_w": 20,
    "min_run_min": 30,
    "min_idle_min": 30,
    "start_min": 5,
    "change_min": 1,
}
S21 = {
    "levels": [
        {"hashrate_ths": 200, "power_w": 3550},
        {"hashrate_ths": 160, "power_w": 2600},
        {"hashrate_ths": 115, "power_w": 1750},
    ],
    "standby_w": 25,
    "min_run_min": 30,
    "min_idle_min": 30,
    "start_min": 8,
    "change_min": 2,
}
M30 = {
    "levels": [{"hashrate_ths": 88, "power_w": 3344}, {"hashrate_ths": 70, "power_w": 2450}],
    "standby_w": 15,
    "min_run_min": 60,
    "min_idle_min": 30,
    "start_min": 12,
    "change_min": 3,
}
BITAXE = {
    "levels": [{"hashrate_ths": 1.2, "power_w": 18}],
    "standby_w": 2,
    "min_run_min": 60,
    "min_idle_min": 60,
    "start_min": 2,
    "change_min": 0,
}


@dataclass(frozen=True)
class Site:
    """A scenario and its series, as the backtest reads them."""

    scenario: dict[str, Any]
    columns: dict[str, Floats]
    first: datetime = FIRST_DAY

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both files; return their paths."""
        scenario, series = folder / "scenario.yaml", folder / "series.csv"
        scenario.write_text(yaml.safe_dump(self.scenario, sort_keys=False), "utf-8")
        with series.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["ts", *self.columns])
            writer.writerows(self.rows())
        return scenario, series

    def rows(self) -> list[list[str]]:
        """Return the series' rows."""
        size = len(next(iter(self.columns.values())))
        stamps = [self.first + timedelta(minutes=15 * step) for step in range(size)]
        cells = zip(*(values.tolist() for values in self.columns.values()), strict=True)
        return [
            [f"{stamp:%Y-%m-%dT%H:%M:%SZ}", *("" if np.isnan(c) else repr(c) for c in row)]
            for stamp, row in zip(stamps, cells, strict=True)
        ]


def _miners(kinds: list[tuple[str, dict[str, Any], int]], **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": f"{name}-{number + 1}", **kind, **more}
        for name, kind, count in kinds
        for number in range(count)
    ]


def _coin(dice: np.random.Generator, size: int, price: float) -> dict[str, Floats]:
    """Return price, difficulty and reward: a wandering price, an adjustment every two weeks."""
    wander = np.exp(0.12 * smooth_noise(dice, size, 20 * STEPS_PER_DAY))
    epochs = 1 + np.cumsum(dice.normal(0.004, 0.02, size // (14 * STEPS_PER_DAY) + 1))
    fees = 0.08 + 0.05 * np.abs(smooth_noise(dice, size, STEPS_PER_DAY))
    return {
        "coin_price": (price * wander).round(2),
        "network_difficulty": 1.1e14 * np.repeat(epochs, 14 * STEPS_PER_DAY)[:size],
        "block_reward": (3.125 + fees).round(6),
    }


def _series(
    sky: Weather, prices: Floats, coin: dict[str, Floats], more: dict[str, Floats]
) -> dict[str, Floats]:
    nothing = np.zeros(len(prices))
    return {
        "energy_price_per_kwh": prices,
        "feed_in_price_per_kwh": more.pop("feed_in_price_per_kwh", nothing),
        "surplus_w": more.pop("surplus_w", nothing),
        **coin,
        "heat_demand_w": more.pop("heat_demand_w", nothing),
        "outdoor_c": sky.outdoor_c.round(1),
        **more,
    }


def household(days: int = 365, seed: int = SEED, first_day: int = 0) -> Site:
    """Return a house with 10 kWp of sun, rooms to heat, day-ahead prices and two miners."""
    dice = np.random.default_rng([seed, 1])
    sky = weather(dice, days, first_day)
    size = len(sky.hour)
    load = (
        350 + 250 * np.exp(-((sky.hour - 19) ** 2) / 6) + 300 * np.abs(smooth_noise(dice, size, 2))
    )
    house = 350 + 250 * np.exp(-((sky.hour - 19) ** 2) / 6) + 240
    warmth = np.clip((16 - sky.outdoor_c) * 260, 0, None)
    heating = np.clip(warmth * (1 + 0.15 * smooth_noise(dice, size, 6)), 0, None)
    market = day_ahead_prices(dice, sky, 0.085)
    more = {
        "feed_in_price_per_kwh": np.full(size, 0.08),
        "surplus_w": (10_000 * sky.clear_sky * sky.clouds - load).round(0),
        "heat_demand_w": heating.round(0),
        "forecast_surplus_w": (10_000 * sky.clear_sky * sky.clouds_forecast - house).round(0),
        "forecast_heat_w": warmth.round(0),
    }
    scenario = {
        "currency": "EUR",
        "site": {"max_power_w": 7000, "heat_price_per_kwh": 0.12, "pool_fee_pct": 2},
        "time_zone": "Europe/Berlin",
        "miners": [
            {"name": "s19", **S19, "heat_share": 0.9},
            {"name": "m30", **M30, "heat_share": 0.9},
        ],
    }
    return Site(
        scenario, _series(sky, market + 0.11, _coin(dice, size, 98_000), more), _begin(first_day)
    )


def hobbyist(days: int = 365, seed: int = SEED, first_day: int = 0) -> Site:
    """Return a flat with a flat tariff, a balcony's sun and a small miner beside a big one."""
    dice = np.random.default_rng([seed, 2])
    sky = weather(dice, days, first_day)
    size = len(sky.hour)
    load = 150 + 200 * np.abs(smooth_noise(dice, size, 2))
    more = {
        "feed_in_price_per_kwh": np.full(size, 0.04),
        "surplus_w": (8_000 * sky.clear_sky * sky.clouds - load).round(0),
        "forecast_surplus_w": (8_000 * sky.clear_sky * sky.clouds_forecast - 310).round(0),
    }
    scenario = {
        "currency": "EUR",
        "site": {"max_power_w": 3600, "pool_fee_pct": 1},
        "miners": [{"name": "s19", **S19}, {"name": "bitaxe", **BITAXE}],
    }
    return Site(
        scenario,
        _series(sky, np.full(size, 0.29), _coin(dice, size, 105_000), more),
        _begin(first_day),
    )


def farm(days: int = 365, seed: int = SEED, first_day: int = 0, size: int = 20) -> Site:
    """Return miners of three kinds under half of the power that they could draw."""
    dice = np.random.default_rng([seed, 3])
    sky = weather(dice, days, first_day)
    miners = _miners(
        [("s19", S19, size * 2 // 5), ("s21", S21, size * 3 // 10), ("m30", M30, size * 3 // 10)]
    )
    most = sum(max(level["power_w"] for level in miner["levels"]) for miner in miners)
    scenario = {
        "currency": "EUR",
        "site": {"max_power_w": round(most / 2), "pool_fee_pct": 1.5},
        "miners": miners,
    }
    prices = day_ahead_prices(dice, sky, 0.062)
    coin = _coin(dice, len(sky.hour), 85_000)
    return Site(scenario, _series(sky, prices, coin, {}), _begin(first_day))


def host(days: int = 365, seed: int = SEED, first_day: int = 0, size: int = 100) -> Site:
    """Return miners of three kinds on cheap power that a grid operator curtails at times."""
    dice = np.random.default_rng([seed, 4])
    sky = weather(dice, days, first_day)
    miners = _miners(
        [("s19", S19, size * 2 // 5), ("s21", S21, size * 2 // 5), ("m30", M30, size // 5)]
    )
    size = len(sky.hour)
    most = sum(max(level["power_w"] for level in miner["levels"]) for miner in miners)
    cap = np.full(size, np.nan)
    for begin in np.flatnonzero(dice.random(size) < 1 / (4 * STEPS_PER_DAY)).tolist():
        cap[begin : begin + int(dice.integers(4, 17))] = round(most * dice.choice([0.1, 0.3, 0.6]))
    scenario = {
        "currency": "USD",
        "site": {"max_power_w": most, "pool_fee_pct": 1},
        "miners": miners,
    }
    prices = day_ahead_prices(dice, sky, 0.042)
    coin = _coin(dice, size, 90_000)
    return Site(scenario, _series(sky, prices, coin, {"cap_w": cap}), _begin(first_day))


def _begin(first_day: int) -> datetime:
    return FIRST_DAY + timedelta(days=first_day)


SITES = {"household": household, "hobbyist": hobbyist, "farm": farm, "host": host}
