"""Who changes the state next: one at a time, the most urgent first."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum


class Urgency(IntEnum):
    """The order in which those that wait have their turn."""

    SAFETY = 0
    """A machine in danger, or a stop that a person wants."""
    PERSON = 1
    CYCLE = 2
    """A cycle, or the receipts of dispatches."""
    OUTSIDE = 3
    """Proposals of automations, language models and other programs."""
    UPKEEP = 4
    """Checkpoints and housekeeping."""


class Turns:
    """A lock with priorities; those of the same urgency have their turn in the order they came."""

    def __init__(self) -> None:
        """Begin with nobody holding it."""
        self._held = False
        self._order = itertools.count()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def take(self, urgency: Urgency) -> AsyncIterator[None]:
        """Hold the turn within the block."""
        await self._acquire(urgency)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, urgency: Urgency) -> None:
        if not self._held:
            self._held = True
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn was given, and is not taken
                self._release()
            raise

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._held = False
