"""Refuses proposals of an origin that is over its limit, before anything is read or recorded.

The number of records is bounded: what is refused within ``REFUSED_EVERY_MS`` becomes one
counted proposal for each of at most ``REFUSED_KEPT`` kinds of it.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from .governor import source_of
from .records import OWN_ORIGINS, ProposalRecord

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
ALL_A_MINUTE: Final = 120
"""The most proposals from all automations, language models and programs together, in a minute."""
WAITING: Final = 32
"""The most such proposals at one time."""
MAX_ORIGINS: Final = 256
REFUSED_KEPT: Final = 8
REFUSED_EVERY_MS: Final = 10_000


class Admission:
    """Counts proposals from outside; people and the strategy are not counted."""

    def __init__(self) -> None:
        """Create without any proposals counted."""
        self._waiting = 0
        self._minute: deque[int] = deque(maxlen=ALL_A_MINUTE)
        self._hours: dict[str, deque[int]] = {}
        self._refused: dict[tuple[object, ...], ProposalRecord] = {}
        self._recorded_ms = -REFUSED_EVERY_MS

    def admits(self, proposal: ProposalRecord, per_hour: int, now_ms: int) -> bool:
        """Count a proposal, and return whether it is within the limits."""
        key = source_of(proposal)
        if key is None:
            return True
        stamps = self._hours.setdefault(key, deque())
        while stamps and stamps[0] <= now_ms - HOUR_MS:
            stamps.popleft()
        busy = self._waiting >= WAITING
        flooded = len(self._minute) == ALL_A_MINUTE and self._minute[0] > now_ms - MINUTE_MS
        if busy or flooded or len(stamps) >= per_hour:
            return False
        stamps.append(now_ms)
        self._minute.append(now_ms)
        self._forget()
        return True

    @contextmanager
    def waiting(self, proposal: ProposalRecord) -> Iterator[None]:
        """Count a proposal as waiting inside the context."""
        counted = proposal.origin not in OWN_ORIGINS
        self._waiting += counted
        try:
            yield
        finally:
            self._waiting -= counted

    def refuse(self, proposal: ProposalRecord) -> None:
        """Count a refusal, together with refusals of the same kind."""
        key: tuple[object, ...] = (
            proposal.origin, proposal.origin_id, proposal.subject, proposal.action,
        )  # fmt: skip
        if key not in self._refused and len(self._refused) >= REFUSED_KEPT:
            key = next(reversed(self._refused))
        before = self._refused.get(key)
        counted = before.refused if before else 0
        self._refused[key] = replace(proposal, refused=counted + 1)

    def take_refused(self, now_ms: int) -> tuple[ProposalRecord, ...]:
        """Return the counted refusals to record; none within ``REFUSED_EVERY_MS`` of the last."""
        if not self._refused or now_ms - self._recorded_ms < REFUSED_EVERY_MS:
            return ()
        refused, self._refused = tuple(self._refused.values()), {}
        self._recorded_ms = now_ms
        return refused

    def _forget(self) -> None:
        while len(self._hours) > MAX_ORIGINS:
            del self._hours[next(iter(self._hours))]
