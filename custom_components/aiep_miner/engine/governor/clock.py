"""What time it is, as far as observations and proposals tell; no clock is read."""

import math
from typing import Final

from .state import WINDOW_S

AHEAD_S: Final = WINDOW_S
"""How far a proposal may be dated ahead of what is known. An hour on, nothing that is remembered
counts any more."""


class Clock:
    """The latest time that is known, in s since the Unix epoch.

    Observations set it. A proposal moves it on by an hour at most. As long as nothing was ever
    observed a time further ahead counts when a second, later proposal confirms it.
    """

    __slots__ = ("_claimed", "_observed", "latest")

    def __init__(self) -> None:
        """Begin not knowing the time."""
        self.latest = -math.inf
        self._claimed = math.inf
        self._observed = False

    def observe(self, at: float) -> None:
        """Take the time of an observation."""
        self.latest, self._observed, self._claimed = at, True, math.inf

    def admits(self, at: float) -> bool:
        """Tell whether a proposal may be dated so, and move on to it."""
        if at > self.latest + AHEAD_S > -math.inf and not self._confirms(at):
            self._claimed = at
            return False
        self.latest, self._claimed = max(self.latest, at), math.inf
        return True

    def _confirms(self, at: float) -> bool:
        """Tell whether a proposal repeats, a little later, the time that one before it claimed."""
        return not self._observed and self._claimed < at <= self._claimed + AHEAD_S

    def allows_note(self, at: float) -> bool:
        """Tell whether a command may have been given at a time."""
        return self.latest == -math.inf or at <= self.latest + AHEAD_S
