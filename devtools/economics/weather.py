"""Sun, clouds, cold and prices of a made-up place at 50° north, from a seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

STEPS_PER_DAY = 96
LATITUDE = np.radians(50.0)


@dataclass(frozen=True)
class Weather:
    """A year, or some days of it, in steps of 15 minutes."""

    hour: Floats
    day: Floats
    """Day of the year, fractional."""
    clear_sky: Floats
    """Sun's power as a share of the peak, without clouds."""
    clouds: Floats
    """Share of the sun that comes through, with each passing cloud."""
    clouds_forecast: Floats
    """The same as a forecast has it: smooth, and somewhat wrong."""
    outdoor_c: Floats


def smooth_noise(dice: np.random.Generator, size: int, steps: float) -> Floats:
    """Return autocorrelated noise of variance 1 that forgets within some steps."""
    keep = np.exp(-1 / steps)
    shocks = dice.normal(0, np.sqrt(1 - keep**2), size)
    noise = np.empty(size)
    level = dice.normal()
    for step, shock in enumerate(shocks):
        level = keep * level + shock
        noise[step] = level
    return noise


def weather(dice: np.random.Generator, days: int, first_day: int = 0) -> Weather:
    """Return the weather of some days from a day of the year on."""
    size = days * STEPS_PER_DAY
    day = first_day + np.arange(size) / STEPS_PER_DAY
    hour = (np.arange(size) % STEPS_PER_DAY) / 4
    declination = np.radians(-23.45) * np.cos(2 * np.pi * (day + 10) / 365)
    angle = np.radians(15 * (hour - 12))
    height = np.sin(LATITUDE) * np.sin(declination)
    height = height + np.cos(LATITUDE) * np.cos(declination) * np.cos(angle)
    front = smooth_noise(dice, size, 1.5 * STEPS_PER_DAY)
    passing = smooth_noise(dice, size, 3)
    wrong = smooth_noise(dice, size, 24)
    clouds = np.clip(0.62 + 0.3 * front + 0.08 * passing, 0.05, 1.0)
    forecast = np.clip(0.62 + 0.3 * front + 0.08 * wrong, 0.05, 1.0)
    outdoor = 10 - 9 * np.cos(2 * np.pi * (day - 15) / 365) + 4 * np.sin(np.pi * (hour - 9) / 12)
    return Weather(
        hour=hour,
        day=day,
        clear_sky=np.clip(height, 0, None),
        clouds=clouds,
        clouds_forecast=forecast,
        outdoor_c=outdoor + 3 * smooth_noise(dice, size, 2 * STEPS_PER_DAY),
    )


def day_ahead_prices(dice: np.random.Generator, sky: Weather, mean: float) -> Floats:
    """Return hourly market prices per kWh: two peaks, a sunny trough, weather, some below 0."""
    hour = sky.hour
    shape = 0.3 * np.exp(-((hour - 8) ** 2) / 4) + 0.45 * np.exp(-((hour - 19) ** 2) / 5)
    sunny = 0.7 * sky.clear_sky * sky.clouds_forecast
    wind = 0.35 * smooth_noise(dice, len(hour), 1.2 * STEPS_PER_DAY)
    each = 0.08 * smooth_noise(dice, len(hour), 8)
    price = mean * (1 + shape - sunny - wind + each)
    return np.repeat(price.reshape(-1, 4).mean(axis=1), 4).round(4)
