"""Remembers which automation or script runs under which context."""

from typing import Final

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

EVENTS: Final = ("automation_triggered", "script_started")
"""Importing their names would load both components, which need not be there."""
MAX_RUNS: Final = 5_000


class Runs:
    """The latest runs of automations and scripts, the oldest forgotten first.

    Their states do not tell: each run puts its context in place of that of the run before.
    """

    def __init__(self) -> None:
        """Begin knowing none."""
        self._running: dict[str, str] = {}

    @callback
    def note(self, event: Event) -> None:
        """Note what has begun; a script that an automation calls runs on the automation's behalf."""
        self._running.setdefault(event.context.id, event.data[ATTR_ENTITY_ID])
        if len(self._running) > MAX_RUNS:
            del self._running[next(iter(self._running))]

    def of(self, context: Context) -> str | None:
        """Return the entity that runs under a context, or under the one that led to it."""
        known = (self._running.get(key) for key in (context.id, context.parent_id) if key)
        return next(filter(None, known), None)


DATA_RUNS: Final[HassKey[Runs]] = HassKey("aiep_miner_runs")


@callback
def async_setup_runs(hass: HomeAssistant) -> None:
    """Listen to what begins."""
    hass.data[DATA_RUNS] = runs = Runs()
    for event in EVENTS:
        hass.bus.async_listen(event, runs.note)
