"""The safety layer: one score from stability, agreement, likelihood and the proposer's confidence."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..records.reasons import Reason
from .case import Case

ACCEPTED: Final = "accepted"
BORDERLINE: Final = "borderline"
REJECTED: Final = "rejected"

CONFIDENCE_SHARE: Final = 0.15
"""How much of the score is the proposer's own confidence."""
LEAST_HISTORY: Final = 3
"""Observations before this one without which nothing is known of stability."""
UNSTABLE: Final = 4.0
"""Noise of this many times what is steady leaves no stability."""


class Safety(NamedTuple):
    """What the layer found; all shares 0…1."""

    status: str
    score: float
    stability: float
    agreement: float
    likelihood: float
    reasons: tuple[Reason, ...] = ()


def stability(baseline: Sequence[float], steady: float) -> float:
    """Return 1 for noise up to ``steady``, falling to 0, with at most six decimals.

    Noise is the second difference that a third of them stay below: neither a trend nor a
    jump counts, not even where the hour holds but five observations.
    """
    if len(baseline) < LEAST_HISTORY:
        return 0.0
    bends = [abs(a - 2 * b + c) for a, b, c in zip(baseline, baseline[1:], baseline[2:])]  # noqa: B905 - staggered
    noise = sorted(bends)[(len(bends) - 1) // 3]
    if noise <= steady:
        return 1.0
    if steady <= 0:
        return 0.0
    return round(max(0.0, 1.0 - (noise / steady - 1.0) / (UNSTABLE - 1.0)), 6)


def forecast_gap(baseline: Sequence[float], present: float) -> float:
    """Return how far a present is off what the last two observations lead to, from 0.

    They lead to anything between a stop and going on as before: noise, drift and the
    exponential approach of a warm-up or a cooling are no surprise.
    """
    last = baseline[-1]
    on = 2 * last - baseline[-2] if len(baseline) > 1 else last
    low, high = (last, on) if last <= on else (on, last)
    return max(low - present, present - high, 0.0)


def jumped(case: Case, gap: float) -> bool:
    """Tell whether the present left its forecast so far that it must be seen twice."""
    return gap > max(case.preset.jump, case.preset.jump_share * case.past.scale)


def check(case: Case, agreement: float, likelihood: float) -> Safety:
    """Score a proposal against the presents observed before."""
    preset, (baseline, _, scale) = case.preset, case.past
    steady = max(preset.noise_share * scale, preset.tolerance(scale))
    steadiness = stability(baseline, steady)
    for_stability, for_agreement, for_likelihood = preset.weights
    blend = for_stability * steadiness + for_agreement * agreement + for_likelihood * likelihood
    score = round((1 - CONFIDENCE_SHARE) * blend + CONFIDENCE_SHARE * case.confidence, 6)
    status, reasons = _status(case, len(baseline), score)
    return Safety(status, score, steadiness, agreement, likelihood, reasons)


def _status(case: Case, known: int, score: float) -> tuple[str, tuple[Reason, ...]]:
    if known < LEAST_HISTORY:
        return REJECTED, (Reason.HISTORY_TOO_SHORT,)
    if score >= case.preset.accept:
        return ACCEPTED, ()
    if score >= case.preset.borderline:
        return BORDERLINE, ()
    return REJECTED, (Reason.SCORE_TOO_LOW,)
