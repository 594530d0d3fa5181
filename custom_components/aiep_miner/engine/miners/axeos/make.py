"""Commands for AxeOS, the firmware of BitAxes, over its web interface.

The library sends a command again when the answer is bad or missing; here each goes out once.
"""

from functools import partial

from ...records import Action
from ..base import Command
from ..make import Call, Make

_PATHS = {Action.RUN: "/api/system/resume", Action.STOP: "/api/system/pause"}


class BitAxe(Make):
    """A BitAxe."""

    def call_for(self, command: Command) -> Call | None:
        """Return what pauses or resumes it."""
        path = _PATHS.get(command.action)
        return None if path is None else partial(self._post, path)

    async def _post(self, path: str) -> bool:
        await self.link.http().write("POST", path)
        return True
