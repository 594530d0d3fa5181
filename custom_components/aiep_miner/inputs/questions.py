"""Answers questions to Assist: why, when, how hot, how much a miner or all of them earn.

Home Assistant's agent may treat an unknown question as a command ("why isn't the miner running"
turns it on). Registered sentences match first, and any other sentence that begins like a question is
refused as a command.
"""

import logging
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from homeassistant.components.conversation.chat_log import current_chat_log
from homeassistant.const import CONF_PLATFORM, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.script import ScriptRunResult
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)
from homeassistant.setup import async_when_setup
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..entities.answers import ANSWERS, async_voice
from .commanders import async_said_to_assist
from .exposed import exposed_miners
from .sentences import QUESTION, SENTENCES

_LOGGER = logging.getLogger(__name__)

CONVERSATION: Final = "conversation"
DATA_QUESTIONS: Final[HassKey[Questions]] = HassKey("aiep_miner_questions")
REFRESH_S: Final = 2.0
"""How long changes of names are collected before the sentences are registered again."""
MAX_NAMES: Final = 250
"""The most miners in the sentences: the agent compares each sentence with every name."""


@callback
def async_refuse_question(hass: HomeAssistant, context: Context) -> None:
    """Raise ServiceValidationError when a command comes from a question to Assist.

    Commands of automations that a sentence triggers, and of language models, are not concerned.
    """
    chat = current_chat_log.get()
    said = async_said_to_assist(hass, context)
    if chat is None or not said:
        return
    text = next((item.content for item in reversed(chat.content) if item.role == "user"), "")
    if QUESTION.match(text.replace("\u2019", "'")):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="question")


@callback
def async_setup_questions(hass: HomeAssistant) -> None:
    """Register the questions once the conversation component is set up."""

    async def begin(_hass: HomeAssistant, _component: str) -> None:
        hass.data[DATA_QUESTIONS] = questions = Questions(hass)
        for event in (
            dr.EVENT_DEVICE_REGISTRY_UPDATED,
            er.EVENT_ENTITY_REGISTRY_UPDATED,
        ):
            hass.bus.async_listen(event, questions.names_may_have_changed)
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, questions.stop)
        await questions.register()

    async_when_setup(hass, CONVERSATION, begin)


class Questions:
    """The sentences that are registered, under the names that the miners have now."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Create without sentences."""
        self._hass = hass
        self._names: dict[str, str] = {}
        """Spoken name to miner id."""
        self._unregister: list[CALLBACK_TYPE] = []
        self._debouncer = Debouncer(
            hass, _LOGGER, cooldown=REFRESH_S, immediate=False, function=self.register
        )

    @callback
    def names_may_have_changed(self, event: Event[Any]) -> None:
        """Schedule a new registration of the sentences, if the names changed."""
        self._debouncer.async_schedule_call()

    @callback
    def stop(self, _event: Event[Any]) -> None:
        """Stop registering."""
        self._debouncer.async_shutdown()

    async def register(self) -> None:
        """Register the sentences under the present names."""
        names = dict(spoken_names(self._hass))
        if names == self._names:
            return
        self._names = names
        while self._unregister:
            self._unregister.pop()()
        if names:
            for question in SENTENCES:
                await self._listen(question)

    async def _listen(self, question: str) -> None:
        names = "(" + "|".join(sorted(self._names, key=len, reverse=True)) + ")"
        sentences = [item.replace("{miner}", names) for item in SENTENCES[question]]
        config = await async_validate_trigger_config(
            self._hass, [{CONF_PLATFORM: CONVERSATION, "command": sentences}]
        )
        end = await async_initialize_triggers(
            self._hass, config, self._answerer(question), DOMAIN, question, _LOGGER.log
        )
        if end is not None:
            self._unregister.append(end)

    def _answerer(self, question: str) -> Callable[..., Any]:
        async def answer(
            run_variables: dict[str, Any], context: Context | None = None
        ) -> ScriptRunResult:
            heard = run_variables["trigger"]["user_input"]
            said = sayable(heard["text"])
            name = max((item for item in self._names if item in said), key=len, default="")
            voice = await async_voice(self._hass, heard["language"])
            text = ANSWERS[question](voice, self._names.get(name))
            return ScriptRunResult(text, None, {})

        return answer


def spoken_names(hass: HomeAssistant) -> Iterator[tuple[str, str]]:
    """Yield names and aliases of the miners exposed to Assist, with the miners' ids."""
    for entity, miner_id in islice(exposed_miners(hass, CONVERSATION), MAX_NAMES):
        for name in er.async_get_entity_aliases(hass, entity):
            if spoken := sayable(name):
                yield spoken, miner_id


def sayable(text: str) -> str:
    """Return a text fit for a sentence: no punctuation, single spaces, lower case."""
    return " ".join(re.sub(r"[^\w'\u2019-]+", " ", text).split()).lower()
