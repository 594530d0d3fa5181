"""How many requests without a log-in are answered: a bound for each address, and one for all."""

from typing import Final

BURST: Final = 30
"""Requests of one address that are answered at once."""
REFILL_PER_S: Final = 0.5
ALL_BURST: Final = 300
ALL_REFILL_PER_S: Final = 10.0
MAX_ADDRESSES: Final = 1024


class _Bucket:
    """Tokens that come back over time."""

    def __init__(self, burst: float, refill_per_s: float, now_s: float) -> None:
        self._burst, self._refill_per_s = burst, refill_per_s
        self._tokens, self._at_s = burst, now_s

    def take(self, now_s: float) -> bool:
        back = (now_s - self._at_s) * self._refill_per_s
        self._tokens, self._at_s = min(self._burst, self._tokens + back), now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Pace:
    """Bounds requests; the least recently seen address is forgotten when there are too many."""

    def __init__(self) -> None:
        """Begin with everything allowed."""
        self._all: _Bucket | None = None
        self._of: dict[str, _Bucket] = {}

    def admits(self, address: str | None, now_s: float) -> bool:
        """Count a request at a time in s of any clock that does not go back."""
        if self._all is None:
            self._all = _Bucket(ALL_BURST, ALL_REFILL_PER_S, now_s)
        name = address or ""
        bucket = self._of.pop(name, None) or _Bucket(BURST, REFILL_PER_S, now_s)
        self._of[name] = bucket
        if len(self._of) > MAX_ADDRESSES:
            del self._of[next(iter(self._of))]
        return bucket.take(now_s) and self._all.take(now_s)
