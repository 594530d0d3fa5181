"""What a measured power is at present, when its last measurement is one step old."""

import numpy as np

from .model import STEPS_PER_DAY, Floats

RECENT = 4
"""Steps just past whose errors count."""
DAYS, AROUND = 4, 1
"""Past days whose errors at this time of day count, and steps around it."""
OFFSETS = np.array(
    [
        *range(-RECENT, 0),
        *(
            near - STEPS_PER_DAY * day
            for day in range(1, DAYS + 1)
            for near in range(-AROUND, AROUND + 1)
        ),
    ]
)
FADE_STEPS = 6.0
"""Steps in which the last measurement's deviation from the forecast fades by 1/e."""


class Nowcast:
    """A power that is measured step by step, with a forecast or without.

    The present is the last measurement moved on by the forecast's change. How wrong that was at
    the same time of the last days and just before gives the equally likely cases of the present.
    """

    def __init__(self, measured: Floats, forecast: Floats | None, least_w: float = -np.inf) -> None:
        """Take arrays [step]; NaN in the forecast where there is none."""
        self.measured = measured
        self.forecast = np.full_like(measured, np.nan) if forecast is None else forecast
        first = np.nan_to_num(self.forecast[:1])
        trend = np.nan_to_num(np.diff(self.forecast))
        self.expected = np.maximum(np.concatenate((first, measured[:-1] + trend)), least_w)
        error = measured - self.expected
        past = np.arange(len(error))[:, None] + OFFSETS
        errors = np.where(past >= 1, error[np.maximum(past, 0)], 0.0)
        self.cases = np.maximum(self.expected[:, None] + errors, least_w)
        """The equally likely values: [step, case]."""
        self.certain = np.ptp(self.cases, axis=1) == 0
        """Whether all cases of a step agree."""

    def correction(self, starts: np.ndarray, horizon: int) -> Floats:
        """Return what to add to the forecast ahead of some steps: [step, start]."""
        last = np.maximum(starts - 1, 0)
        deviation = np.nan_to_num(self.measured[last] - self.forecast[last])
        deviation = np.where(starts > 0, deviation, 0.0)
        return np.asarray(deviation * np.exp(-np.arange(horizon)[:, None] / FADE_STEPS))
