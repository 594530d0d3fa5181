"""Answers questions to Assist about a miner: why, when, how hot, how much it earns.

Home Assistant's agent may treat an unknown question as a command ("why isn't the miner running"
turns it on). Registered sentences match first, and any other sentence that begins like a question is
refused as a command.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from homeassistant.components.conversation.chat_log import current_chat_log
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import CONF_PLATFORM, EVENT_HOMEASSISTANT_STOP, Platform
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
from ..entities.answers import ANSWERS
from .commanders import async_said_to_assist

_LOGGER = logging.getLogger(__name__)

CONVERSATION: Final = "conversation"
DATA_QUESTIONS: Final[HassKey[Questions]] = HassKey("aiep_miner_questions")
REFRESH_S: Final = 2.0
"""How long changes of names are collected before the sentences are registered again."""
MAX_NAMES: Final = 250
"""The most miners in the sentences: the agent compares each sentence with every name."""

_NOT: Final = "[not]"
_BE: Final = "(is|isn't|isnt|is not|was|wasn't|wasnt|was not)"
_DO: Final = (
    "(did|didn't|didnt|did not|does|doesn't|doesnt|does not|has|hasn't|hasnt|has not|won't|wont)"
)
_RUNS: Final = (
    "(running|mining|hashing|working|on|off|stopped|started|starting|stopping|paused|idle|held)"
)
_DOES: Final = (
    "(run|mine|hash|work|start|stop|pause|started|stopped|restart|restarted|shut down|turn off"
    "|turn on|shut off|switch off|switch on|been stopped|been started)"
)
_BEGINS: Final = (
    "(start|stop|run|mine|be on|be off|be back|come back|restart|starting|stopping|running)"
)
_EARNS: Final = "(earn|earned|earning|make|made|making)"
_ENGLISH: Final[Mapping[str, tuple[str, ...]]] = {
    "why": (
        f"(why|how come) {_BE} [the] {{miner}} {_NOT} {_RUNS} [now|anymore|any more]",
        f"(why|how come) [the] {{miner}} {_BE} {_NOT} {_RUNS} [now|anymore|any more]",
        f"(why|how come) {_DO} [the] {{miner}} {_NOT} {_DOES} [now|anymore|any more]",
        f"(why|how come) [the] {{miner}} {_DO} {_NOT} {_DOES} [now|anymore|any more]",
        "(what is|what's|whats) [the] {miner} doing [now]",
        "(what is|what's|whats) (wrong|up|the matter) with [the] {miner}",
    ),
    "when": (f"when (will|does|is|can|would) [the] {{miner}} [going to] {_BEGINS} [again]",),
    "hot": (
        "how (hot|warm|cold|cool) (is|was) [the] {miner} [now]",
        "(what is|what's|whats) the temperature of [the] {miner}",
    ),
    "earned": (
        f"how much [money] (does|did|has|is|will) [the] {{miner}} {_EARNS} [today|a day|now]",
        "how much (profit|revenue) does [the] {miner} make [today|a day|per day|now]",
        "(what is|what's|whats) the profit of [the] {miner}",
    ),
}
_WHY_DE: Final = "(warum|wieso|weshalb)"
_THE_DE: Final = "[der|die|das]"
_NOW_DE: Final = "[gerade|jetzt|denn|heute]"
_STATE_DE: Final = (
    "(aus|an|gestoppt|gestartet|angehalten|ausgeschaltet|eingeschaltet|pausiert|abgeschaltet)"
)
_DID_DE: Final = "(gestoppt|gestartet|angehalten|ausgeschaltet|eingeschaltet|neu gestartet)"
_RUNS_DE: Final = "(läuft|lief|schürft|arbeitet|startet|stoppt|steht|rechnet)"
_EARNS_DE: Final = "(verdient|bringt|erwirtschaftet|macht)"
_GERMAN: Final[Mapping[str, tuple[str, ...]]] = {
    "why": (
        f"{_WHY_DE} (ist|war) {_THE_DE} {{miner}} {_NOW_DE} [nicht] {_STATE_DE}",
        f"{_WHY_DE} {_RUNS_DE} {_THE_DE} {{miner}} {_NOW_DE} [nicht] [mehr|still]",
        f"{_WHY_DE} (wurde|hat) {_THE_DE} {{miner}} {_NOW_DE} [nicht] {_DID_DE}",
        f"was (macht|tut) {_THE_DE} {{miner}} {_NOW_DE}",
        "was ist [los] mit [dem|der] {miner} [los]",
    ),
    "when": (
        f"wann {_RUNS_DE} {_THE_DE} {{miner}} [wieder]",
        f"wann (geht|schaltet) {_THE_DE} {{miner}} [wieder] (an|aus|los)",
        f"wann wird {_THE_DE} {{miner}} [wieder] (gestartet|gestoppt|eingeschaltet|ausgeschaltet)",
    ),
    "hot": (
        f"wie (heiß|heiss|warm|kalt) ist {_THE_DE} {{miner}} {_NOW_DE}",
        "(was|wie hoch|wie) ist die temperatur (von|vom|des|der) {miner}",
    ),
    "earned": (
        f"wie viel [geld] {_EARNS_DE} {_THE_DE} {{miner}} {_NOW_DE} [am tag|pro tag] [ein]",
        f"was (verdient|bringt) {_THE_DE} {{miner}} {_NOW_DE} [am tag|pro tag] [ein]",
        "wie hoch ist der gewinn (von|vom|des|der) {miner}",
    ),
}
SENTENCES: Final[Mapping[str, tuple[str, ...]]] = {
    question: _ENGLISH[question] + _GERMAN[question] for question in _ENGLISH
}
"""Sentences by question, in all languages; ``{miner}`` is replaced by the list of names."""

QUESTION: Final = re.compile(
    r"\s*(why|when|how|what|whats|who|where|which|is|isnt|isn['\u2019]t|are|arent|aren['\u2019]t|was|were"
    r"|does|doesnt|doesn['\u2019]t|did|didnt|didn['\u2019]t|has|hasnt|hasn['\u2019]t"
    r"|warum|wieso|weshalb|wann|wie|was|wer|ist|läuft|hat|pourquoi|quand|comment|combien|quel"
    r"|est-ce|por qué|cuándo|cómo|cuánto|perché|quando|quanto|waarom|wanneer|hoe)\b",
    re.IGNORECASE,
)


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
    if QUESTION.match(text):
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
            said = sayable(run_variables["trigger"]["sentence"])
            name = max((item for item in self._names if item in said), key=len)
            text = ANSWERS[question](self._hass, self._names[name])
            return ScriptRunResult(text, None, {})

        return answer


def spoken_names(hass: HomeAssistant) -> Iterator[tuple[str, str]]:
    """Yield names and aliases of the miners exposed to Assist, with the miners' ids."""
    entities = er.async_get(hass)
    listed = 0
    for entry in hass.config_entries.async_entries(DOMAIN):
        for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
            miner_id = entity.config_subentry_id
            if not miner_id or not _is_main(entity, miner_id) or listed >= MAX_NAMES:
                continue
            if not async_should_expose(hass, CONVERSATION, entity.entity_id):
                continue
            listed += 1
            for name in er.async_get_entity_aliases(hass, entity):
                if spoken := sayable(name):
                    yield spoken, miner_id


def _is_main(entity: er.RegistryEntry, miner_id: str) -> bool:
    """Return whether an entity represents its miner: the switch, or the *Mining* sensor."""
    return entity.unique_id == f"{miner_id}_mining" and entity.domain in (
        Platform.SWITCH,
        Platform.BINARY_SENSOR,
    )


def sayable(text: str) -> str:
    """Return a text fit for a sentence: no punctuation, single spaces, lower case."""
    return " ".join(re.sub(r"[^\w'\u2019-]+", " ", text).split()).lower()
