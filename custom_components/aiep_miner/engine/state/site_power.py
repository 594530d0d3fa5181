"""The power of a site's miners as a running sum, so that a claim costs no look at all of them.

The sum is exact, as a fraction: it does not depend on the order in which miners changed, and a
replay comes to the same value.
"""

from collections.abc import Callable
from fractions import Fraction


class SitePower:
    """The power in W that each counted miner draws at most, and the sum of what is known."""

    def __init__(self) -> None:
        """Begin with no miner."""
        self._known: dict[str, Fraction] = {}
        self._unknown: set[str] = set()
        self._total_w = Fraction(0)
        self._changed: set[str] = set()

    def touch(self, miner_id: str) -> None:
        """Note that a miner's power may be another one than was counted."""
        self._changed.add(miner_id)

    def others_w(self, miner_id: str, counted_w: Callable[[str], float | None]) -> float | None:
        """Return the power in W of all miners but one; None while that of another is unknown.

        ``counted_w`` returns a miner's power; it is called for those that changed.
        """
        self._recount(counted_w)
        if len(self._unknown) > (miner_id in self._unknown):
            return None
        return float(self._total_w - self._known.get(miner_id, 0))

    def total_w(self, counted_w: Callable[[str], float | None]) -> float:
        """Return the power in W of all miners whose power is known."""
        self._recount(counted_w)
        return float(self._total_w)

    def _recount(self, counted_w: Callable[[str], float | None]) -> None:
        for changed in self._changed:
            self._count(changed, counted_w(changed))
        self._changed.clear()

    def _count(self, miner_id: str, power_w: float | None) -> None:
        self._total_w -= self._known.pop(miner_id, 0)
        self._unknown.discard(miner_id)
        if power_w is None:
            self._unknown.add(miner_id)
        else:
            self._known[miner_id] = Fraction(power_w)
            self._total_w += self._known[miner_id]
