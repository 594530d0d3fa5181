"""The grace layer: lets a borderline proposal pass when two of three checks speak for it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from .case import Case
from .numbers import median
from .presets import GRACE_PASSES, TEMPERATURE_DOMAINS

PASSED: Final = "passed"
FAILED: Final = "failed"


class Grace(NamedTuple):
    """Which checks passed."""

    trend: bool
    forecast: bool
    peers: bool

    @property
    def status(self) -> str:
        """Return whether enough of them did."""
        return PASSED if self.trend + self.forecast + self.peers >= GRACE_PASSES else FAILED


def check(case: Case, gap: float, *, peers_agree: bool) -> Grace:
    """Check trend, forecast and peers; ``gap`` is how far the present is off its forecast."""
    baseline, allowed = case.past.baseline, case.preset.epsilon * case.past.scale
    return Grace(
        trend=_calm(case, baseline, allowed),
        forecast=bool(baseline) and gap <= allowed,
        peers=peers_agree,
    )


def _calm(case: Case, baseline: Sequence[float], allowed: float) -> bool:
    """Tell whether the present drifts slowly; a temperature may fall as fast as it likes."""
    if len(baseline) < 2:
        return False
    drift = median(sorted([after - before for before, after in pairwise(baseline)]))
    if case.domain in TEMPERATURE_DOMAINS and drift < 0:
        return True
    return abs(drift) <= allowed
