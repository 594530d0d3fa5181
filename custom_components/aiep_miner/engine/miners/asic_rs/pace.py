"""Which polls read everything: what only a command changes is not read each time."""

from dataclasses import replace
from typing import Final

from ...records import Reading
from ..make import Apply, as_it_is

EVERY: Final = 10
"""Of so many polls one reads everything."""
AFTER_COMMAND: Final = 20
"""Polls that read everything after a command: its effect is looked for in each."""


class Pace:
    """Counts one device's polls, and keeps what was read for those that read less."""

    def __init__(self) -> None:
        """Begin with a poll that reads everything."""
        self._lean = 0
        self._watched = 0
        self._full: Reading | None = None
        self._settings: Apply = as_it_is

    @property
    def is_full(self) -> bool:
        """Return whether the next poll reads everything."""
        return self._full is None or self._watched > 0 or self._lean >= EVERY - 1

    def watch(self) -> None:
        """Read everything for a while: a command went out."""
        self._watched = AFTER_COMMAND

    def keep(self, reading: Reading, settings: Apply) -> None:
        """Note what a full poll brought."""
        self._full, self._settings = reading, settings
        self._lean, self._watched = 0, max(self._watched - 1, 0)

    def fill(self, reading: Reading) -> Reading:
        """Return a lean poll's reading with what the last full one brought."""
        self._lean += 1
        known = self._full or reading
        return replace(
            reading,
            fault_light=known.fault_light,
            messages=known.messages,
            power_limit_w=known.power_limit_w,
        )

    def with_settings(self, reading: Reading) -> Reading:
        """Return a reading with the settings that were read last."""
        return self._settings(reading)
