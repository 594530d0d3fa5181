"""The time that records carry: the wall clock, bounded by a clock that cannot be set.

Rules:

- The time never goes back. While the wall clock is behind, the time goes on with the monotonic
  clock, and ``shown_ms`` is what the wall clock shows.
- A jump forward of more than ``JUMP_MS`` against the monotonic clock is held in the same way
  until ``CONFIRMATIONS`` readings over ``CONFIRM_S`` agree on it.
- Nothing is pruned by a clock that is doubtful, or that was set within ``STEADY_S``.
"""

from collections.abc import Callable
from typing import Final

JUMP_MS: Final = 300_000
"""The most that the wall clock may gain on the monotonic clock between two readings."""
CONFIRMATIONS: Final = 5
CONFIRM_S: Final = 120.0
STEADY_S: Final = 86_400.0
LONG_PAUSE_MS: Final = 7 * 86_400_000
"""After a longer time without records, the clock at the start may be as wrong as the pause is long."""


class SteadyClock:
    """Milliseconds since the Unix epoch, UTC."""

    def __init__(self, wall: Callable[[], int], monotonic: Callable[[], float]) -> None:
        """Take the wall clock (ms since the epoch) and the monotonic clock (s)."""
        self._wall = wall
        self._monotonic = monotonic
        self._now_ms = 0
        self._ticks = monotonic()
        self._steady_from = self._ticks
        self._candidate_ms: float | None = None
        """Wall clock minus monotonic clock, of a jump that waits for its confirmation."""
        self._agreed = 0
        self._agreed_from = 0.0
        self.jumped_ms = 0
        """By how much the time jumped forward, as far as nothing was moved along with it."""
        self.shown_ms: int | None = None
        """What the wall clock shows while the time does not follow it; None while it does."""

    def begin(self, last_ms: int) -> None:
        """Go on from the time of the last record."""
        wall_ms = self._wall()
        self._now_ms = max(last_ms, self._now_ms)
        self._ticks = self._monotonic()
        long_pause = last_ms and wall_ms - last_ms > LONG_PAUSE_MS
        self._steady_from = self._ticks + (STEADY_S if long_pause else 0.0)
        self._now_ms = max(wall_ms, self._now_ms)

    def now_ms(self) -> int:
        """Return the time."""
        ticks, wall_ms = self._monotonic(), self._wall()
        expected_ms = self._now_ms + max(0, int((ticks - self._ticks) * 1000))
        self._ticks = ticks
        if not self._now_ms or self._follows(wall_ms, expected_ms, ticks):
            self._now_ms, self.shown_ms = wall_ms, None
        else:
            self._now_ms, self.shown_ms = expected_ms, wall_ms
        return self._now_ms

    @property
    def is_doubtful(self) -> bool:
        """Tell whether the wall clock shows a time that is not believed."""
        return self.shown_ms is not None

    @property
    def may_prune(self) -> bool:
        """Tell whether the clock has been right for long enough to drop what is old by it."""
        return not self.is_doubtful and self._monotonic() >= self._steady_from

    def moved(self, jump_ms: int) -> None:
        """Note that terms that run were moved along with a jump."""
        self.jumped_ms -= jump_ms

    def _follows(self, wall_ms: int, expected_ms: int, ticks: float) -> bool:
        if wall_ms < self._now_ms:
            self._candidate_ms = None
            return False
        if wall_ms - expected_ms <= JUMP_MS:
            self._candidate_ms = None
            return True
        if not self._is_confirmed(wall_ms - ticks * 1000, ticks):
            return False
        self.jumped_ms += wall_ms - expected_ms
        self._steady_from, self._candidate_ms = ticks + STEADY_S, None
        return True

    def _is_confirmed(self, offset_ms: float, ticks: float) -> bool:
        """Count readings that agree on a jump."""
        if self._candidate_ms is None or abs(offset_ms - self._candidate_ms) > JUMP_MS:
            self._candidate_ms, self._agreed, self._agreed_from = offset_ms, 0, ticks
        self._agreed += 1
        return self._agreed > CONFIRMATIONS and ticks - self._agreed_from >= CONFIRM_S
