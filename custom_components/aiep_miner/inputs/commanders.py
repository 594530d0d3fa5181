"""Finds out who gives a command: a person, or the automation or script that runs under a context."""

from typing import Final

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..engine.command import CommandOrigin
from ..engine.records import Origin

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


@callback
def command_origin(hass: HomeAssistant, context: Context) -> CommandOrigin:
    """Return who gives a command: a person, when the context leads to a user."""
    if context.user_id is not None:
        return CommandOrigin(kind=Origin.PERSON, user_id=context.user_id)
    return CommandOrigin(kind=Origin.AUTOMATION, origin_id=hass.data[DATA_RUNS].of(context))


@callback
def proposal_origin(
    hass: HomeAssistant, context: Context, *, confidence: float, note: str | None = None
) -> CommandOrigin:
    """Return who makes a proposal; one that a person makes by hand is an automation's all the same."""
    return CommandOrigin(
        kind=Origin.AUTOMATION,
        user_id=context.user_id,
        origin_id=hass.data[DATA_RUNS].of(context) or context.user_id,
        confidence=confidence,
        note=note,
    )
