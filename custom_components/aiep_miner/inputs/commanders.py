"""Determines the origin of a command: a person, an automation or a language model.

Home Assistant passes a ``Context`` with each action. It has a user for actions in the UI;
automations have a context of their own whose parent is that of the trigger; a voice satellite has a
context without a user; and a language model acts with the context of the chat, user included. So the
context alone does not identify the origin.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.conversation.chat_log import ChatLog, current_chat_log
from homeassistant.const import ATTR_DOMAIN, ATTR_ENTITY_ID, ATTR_SERVICE, EVENT_CALL_SERVICE
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..engine.command import CommandOrigin
from ..engine.records import Origin

EVENTS: Final = ("automation_triggered", "script_started")
"""Importing their names would load both components, which need not be there."""
ATTR_SOURCE: Final = "source"
"""What triggered an automation; absent when a user started it by hand."""
MAX_REMEMBERED: Final = 5_000


class Latest[T]:
    """Values by key, the oldest forgotten first."""

    def __init__(self) -> None:
        """Create without values."""
        self._values: dict[str, T] = {}

    def set(self, key: str, value: T) -> None:
        """Keep a value, unless the key has one already."""
        self._values.setdefault(key, value)
        if len(self._values) > MAX_REMEMBERED:
            del self._values[next(iter(self._values))]

    def get(self, *keys: str | None) -> T | None:
        """Return the value of the first key that has one."""
        return next((self._values[key] for key in keys if key in self._values), None)


class Contexts:
    """Facts about recent contexts that the contexts do not carry themselves."""

    def __init__(self) -> None:
        """Create without contexts."""
        self._runs: Latest[str] = Latest()
        """Context id to the automation or script that runs under it.

        Their states do not suffice: each run replaces the context of the run before.
        """
        self._started_by: Latest[str] = Latest()
        """Context id of a call that starts automations, and of their runs, to the user."""
        self._llm: Latest[str] = Latest()
        """Context id to the integration of the language model that acts under it."""

    @callback
    def note_start(self, event: Event[Any]) -> None:
        """Note a user who starts an automation by hand."""
        if event.context.user_id is not None:
            self._started_by.set(event.context.id, event.context.user_id)

    @callback
    def note_run(self, event: Event[Any]) -> None:
        """Note a run; a script that an automation calls belongs to the automation's run."""
        context = event.context
        self._runs.set(context.id, event.data[ATTR_ENTITY_ID])
        if ATTR_SOURCE not in event.data and (user := self._started_by.get(context.parent_id)):
            self._started_by.set(context.id, user)

    @callback
    def note_llm(self, context: Context | None, agent: str) -> None:
        """Note that a language model acts under a context from now on."""
        if context is not None:
            self._llm.set(context.id, agent)

    def run_of(self, context: Context) -> str | None:
        """Return the automation or script that runs under a context or under its parent."""
        return self._runs.get(context.id, context.parent_id)

    def user_of(self, context: Context) -> str | None:
        """Return the user of a context: its own, or the one who started the automation."""
        return context.user_id or self._started_by.get(context.id)

    def agent_of(self, context: Context) -> str | None:
        """Return the language model that acts under a context or under its parent."""
        return self._llm.get(context.id, context.parent_id)


DATA_CONTEXTS: Final[HassKey[Contexts]] = HassKey("aiep_miner_contexts")


@callback
def async_setup_commanders(hass: HomeAssistant) -> None:
    """Listen to runs of automations and scripts."""
    hass.data[DATA_CONTEXTS] = contexts = Contexts()
    for event in EVENTS:
        hass.bus.async_listen(event, contexts.note_run)
    hass.bus.async_listen(EVENT_CALL_SERVICE, contexts.note_start, event_filter=_starts_automation)


@callback
def _starts_automation(data: Mapping[str, Any]) -> bool:
    return bool(data[ATTR_DOMAIN] == "automation" and data[ATTR_SERVICE] == "trigger")


@callback
def command_origin(hass: HomeAssistant, context: Context) -> CommandOrigin:
    """Return the origin of a command.

    It is a person's when its context has a user or when it was given to Assist. Commands of
    language models and automations are proposals, whichever user's chat or action triggered them.
    """
    user_id = hass.data[DATA_CONTEXTS].user_of(context)
    is_llm = _is_llm(hass.data[DATA_CONTEXTS], context)
    if not is_llm and (user_id is not None or async_said_to_assist(hass, context)):
        return CommandOrigin(kind=Origin.PERSON, user_id=user_id)
    return proposal_origin(hass, context)


@callback
def proposal_origin(
    hass: HomeAssistant, context: Context, *, confidence: float = 1.0, note: str | None = None
) -> CommandOrigin:
    """Return the origin of a proposal; a person's own counts as an automation's."""
    contexts = hass.data[DATA_CONTEXTS]
    user_id = contexts.user_of(context)
    is_llm = _is_llm(contexts, context)
    source = contexts.agent_of(context) if is_llm else contexts.run_of(context)
    return CommandOrigin(
        kind=Origin.LLM if is_llm else Origin.AUTOMATION,
        user_id=user_id,
        origin_id=source or user_id,
        confidence=confidence,
        note=note,
    )


@callback
def async_said_to_assist(hass: HomeAssistant, context: Context) -> bool:
    """Return whether Assist handles a person's sentence now, without a language model.

    An automation that the sentence triggers has a run of its own, and does not count.
    """
    contexts = hass.data[DATA_CONTEXTS]
    if current_chat_log.get() is None or _is_llm(contexts, context):
        return False
    return contexts.run_of(context) is None


def _is_llm(contexts: Contexts, context: Context) -> bool:
    chat = current_chat_log.get()
    return contexts.agent_of(context) is not None or (
        chat is not None and _is_llm_turn(chat, context)
    )


def _is_llm_turn(chat: ChatLog, context: Context) -> bool:
    """Return whether a model acts in this turn; a chat keeps the API of earlier turns."""
    said = chat.llm_api.llm_context.context if chat.llm_api else None
    return said is not None and said.id == context.id


@callback
def async_require_person(hass: HomeAssistant, context: Context) -> None:
    """Raise ServiceValidationError unless the origin is a person."""
    if command_origin(hass, context).kind is not Origin.PERSON:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="person_needed")
