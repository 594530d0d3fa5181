"""Forty sentences a language to Home Assistant's own agent: questions are answered, and switch nothing."""

from dataclasses import replace
from typing import Final

import pytest
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import intent
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action, RecordKind
from custom_components.aiep_miner.inputs.sentences import LANGUAGES, QUESTION

from ..conftest import FAKE, FULL_READING, FakeMiner, RunCycles, make_operator, set_up

OFF: Final = replace(FULL_READING, mining=False, hashrate_ths=0.0)
WHY, HOT, EARNED, ALL, ANY = "why", "hot", "earned", "all_earned", None
"""What a sentence is answered with; ``ANY`` is for questions that are not known."""

ENGLISH: Final = {
    "Why is Miner 1 off?": WHY,
    "why isn't miner 1 running": WHY,
    "Why isn\u2019t miner 1 mining?": WHY,
    "why is the miner 1 not on": WHY,
    "why did miner 1 stop": WHY,
    "why did miner 1 turn off": WHY,
    "why has miner 1 stopped": WHY,
    "why does miner 1 not run": WHY,
    "why doesn't miner 1 start": WHY,
    "why won't miner 1 turn on": WHY,
    "how come miner 1 is not running": WHY,
    "how come miner 1 was shut off": ANY,
    "tell me why miner 1 is off": WHY,
    "since when is miner 1 off": WHY,
    "how long has miner 1 been off": WHY,
    "what is miner 1 doing": WHY,
    "what's wrong with miner 1": WHY,
    "what is going on with miner 1": WHY,
    "what is the status of miner 1": WHY,
    "When does Miner 1 start?": WHY,
    "when will miner 1 start again": WHY,
    "when is miner 1 going to run": WHY,
    "what time does miner 1 start": WHY,
    "when will miner 1 be back": WHY,
    "How hot is Miner 1?": HOT,
    "how warm is the miner 1 now": HOT,
    "what is the temperature of miner 1": HOT,
    "what temperature is miner 1": HOT,
    "is miner 1 too hot": HOT,
    "how much does miner 1 earn": EARNED,
    "how much money did miner 1 make today": EARNED,
    "what does miner 1 earn a day": EARNED,
    "How much did the miners earn today?": ALL,
    "how much have my miners made so far today": ALL,
    "what do all the miners earn": ALL,
    "why on earth isn't my miner 1 on please": ANY,
    "is it true that miner 1 is on": ANY,
    "what would it take to turn on miner 1": ANY,
    "do you know when to turn on miner 1": ANY,
    "miner 1, why is it not turned on": ANY,
    "check whether miner 1 is turned on": ANY,
}
GERMAN: Final = {
    "Warum ist Miner 1 aus?": WHY,
    "warum ist der miner 1 nicht an": WHY,
    "wieso läuft miner 1 nicht mehr": WHY,
    "weshalb wurde miner 1 gestoppt": WHY,
    "warum hat miner 1 angehalten": WHY,
    "warum ist miner 1 gerade ausgeschaltet": WHY,
    "warum startet der miner 1 nicht": WHY,
    "warum steht der miner 1 still": WHY,
    "warum arbeitet mein miner 1 nicht": WHY,
    "sag mir warum miner 1 aus ist": WHY,
    "weißt du warum der miner 1 nicht läuft": WHY,
    "seit wann ist miner 1 aus": WHY,
    "wie lange ist der miner 1 schon aus": WHY,
    "was macht miner 1 gerade": WHY,
    "was ist mit miner 1 los": WHY,
    "wie ist der Status von Miner 1?": WHY,
    "Wann startet Miner 1?": WHY,
    "wann startet miner 1 wieder": WHY,
    "wann geht der miner 1 wieder an": WHY,
    "wann wird miner 1 wieder eingeschaltet": WHY,
    "wann soll der miner 1 wieder laufen": WHY,
    "um wie viel uhr startet der miner 1": WHY,
    "wann fängt miner 1 wieder an": WHY,
    "Wie heiß ist Miner 1?": HOT,
    "wie warm ist der miner 1 gerade": HOT,
    "wie hoch ist die temperatur von miner 1": HOT,
    "welche temperatur hat miner 1": HOT,
    "wie viel grad hat der miner 1": HOT,
    "ist miner 1 zu heiß": HOT,
    "wie viel verdient miner 1 heute": EARNED,
    "was bringt miner 1 am tag ein": EARNED,
    "wie viel hat der miner 1 heute verdient": EARNED,
    "wie hoch ist der gewinn von miner 1": EARNED,
    "Wie viel haben die Miner heute verdient?": ALL,
    "wie viel geld bringen meine miner am tag": ALL,
    "was haben die miner heute eingebracht": ALL,
    "warum nur ist miner 1 nicht an": ANY,
    "ist miner 1 eigentlich eingeschaltet": ANY,
    "weißt du ob miner 1 an ist": ANY,
    "miner 1 ist warum nicht an": ANY,
    "soll ich den miner 1 einschalten": ANY,
}
SPANISH: Final = {
    "¿Por qué está apagado Miner 1?": WHY,
    "por qué no está encendido el miner 1": WHY,
    "por qué el miner 1 está apagado": WHY,
    "por que esta parado el miner 1": WHY,
    "por qué no funciona el miner 1": WHY,
    "por qué el miner 1 no funciona": WHY,
    "por qué se ha parado el miner 1": WHY,
    "por qué se detuvo el miner 1": WHY,
    "por qué no arranca miner 1": WHY,
    "por qué no mina el miner 1": WHY,
    "por qué el miner 1 ya no mina": WHY,
    "dime por qué el miner 1 está apagado": WHY,
    "desde cuándo está apagado el miner 1": WHY,
    "cuánto tiempo lleva miner 1 apagado": WHY,
    "qué hace el miner 1": WHY,
    "qué está haciendo miner 1 ahora": WHY,
    "¿Qué le pasa al miner 1?": WHY,
    "qué pasa con miner 1": WHY,
    "cuál es el estado del miner 1": WHY,
    "¿Cuándo arranca Miner 1?": WHY,
    "cuándo empieza el miner 1": WHY,
    "cuándo se enciende el miner 1": WHY,
    "cuándo volverá a funcionar miner 1": WHY,
    "cuándo va a encenderse el miner 1": WHY,
    "a qué hora arranca el miner 1": WHY,
    "cuándo estará encendido el miner 1": WHY,
    "¿Qué temperatura tiene Miner 1?": HOT,
    "cuál es la temperatura del miner 1": HOT,
    "a qué temperatura está el miner 1": HOT,
    "cuántos grados tiene el miner 1": HOT,
    "está muy caliente el miner 1": HOT,
    "cuánto gana miner 1 hoy": EARNED,
    "cuánto ha ganado hoy el miner 1": EARNED,
    "cuánto dinero gana el miner 1 al día": EARNED,
    "cuál es el beneficio del miner 1": EARNED,
    "¿Cuánto han ganado hoy los mineros?": ALL,
    "cuánto ganan mis mineros al día": ALL,
    "cuánto dinero ganaron los mineros hoy": ALL,
    "está encendido de verdad el miner 1": ANY,
    "por qué demonios no enciendes el miner 1": ANY,
    "mira si el miner 1 está encendido": ANY,
}
FRENCH: Final = {
    "Pourquoi Miner 1 est-il éteint ?": WHY,
    "pourquoi le miner 1 est éteint": WHY,
    "pourquoi est-ce que le miner 1 est arrêté": WHY,
    "pourquoi le miner 1 n'est pas allumé": WHY,
    "pourquoi le miner 1 n\u2019est pas allumé": WHY,
    "pourquoi miner 1 n'est-il pas en marche": WHY,
    "pourquoi le miner 1 ne tourne pas": WHY,
    "pourquoi miner 1 ne tourne-t-il plus": WHY,
    "pourquoi le miner 1 ne mine plus": WHY,
    "pourquoi le miner 1 s'est arrêté": WHY,
    "pourquoi miner 1 s'est-il arrêté": WHY,
    "pourquoi le miner 1 a été arrêté": WHY,
    "pourquoi le miner 1 ne démarre pas": WHY,
    "dis-moi pourquoi le miner 1 est éteint": WHY,
    "depuis quand le miner 1 est-il éteint": WHY,
    "que fait le miner 1": WHY,
    "que se passe-t-il avec miner 1": WHY,
    "qu'est-ce qui se passe avec le miner 1": WHY,
    "quel est l'état du miner 1": WHY,
    "Quand Miner 1 va-t-il démarrer ?": WHY,
    "quand est-ce que le miner 1 démarre": WHY,
    "quand démarre le miner 1": WHY,
    "quand le miner 1 redémarre-t-il": WHY,
    "quand miner 1 sera-t-il allumé à nouveau": WHY,
    "à quelle heure le miner 1 démarre": WHY,
    "quand le miner 1 va redémarrer": WHY,
    "Quelle est la température de Miner 1 ?": HOT,
    "quelle est la température du miner 1": HOT,
    "à quelle température est le miner 1": HOT,
    "combien de degrés fait le miner 1": HOT,
    "est-ce que le miner 1 est trop chaud": HOT,
    "combien gagne le miner 1 aujourd'hui": EARNED,
    "combien d'argent rapporte miner 1 par jour": EARNED,
    "combien miner 1 a-t-il gagné aujourd'hui": EARNED,
    "quel est le bénéfice du miner 1": EARNED,
    "Combien les mineurs ont-ils gagné aujourd'hui ?": ALL,
    "combien rapportent mes mineurs par jour": ALL,
    "combien est-ce que les mineurs ont gagné aujourd'hui": ALL,
    "miner 1 est-il allumé": ANY,
    "pourquoi donc n'as-tu pas allumé miner 1": ANY,
    "vérifie si le miner 1 est allumé": ANY,
}
QUESTIONS: Final = {"en": ENGLISH, "de": GERMAN, "es": SPANISH, "fr": FRENCH}
ANSWERS: Final = {
    "en": {WHY: "Miner 1: Off since ", HOT: "Miner 1 is at 58", EARNED: "Miner 1 earns", ALL: "0 of 1"},
    "de": {WHY: "Miner 1: Aus seit ", HOT: "Miner 1 hat 58", EARNED: "Miner 1 bringt", ALL: "0 von 1"},
    "es": {WHY: "Miner 1: Apagado desde ", HOT: "Miner 1 está a 58", EARNED: "Miner 1 da", ALL: "0 de 1"},
    "fr": {
        WHY: "Miner 1 : Arrêté depuis ",
        HOT: "Miner 1 est à 58",
        EARNED: "Miner 1 rapporte",
        ALL: "0 mineurs sur 1",
    },
}  # fmt: skip
COMMANDS: Final = {
    "en": ("turn on Miner 1", "turn off Miner 1"),
    "de": ("schalte Miner 1 ein", "schalte Miner 1 aus"),
    "es": ("enciende Miner 1", "apaga Miner 1"),
    "fr": ("allume Miner 1", "éteins Miner 1"),
}


@pytest.fixture
async def site(hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles) -> AiepMinerCoordinator:
    """Return an operator whose miner is off, and exposed to Assist as switches are by default."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    fake.reading = OFF
    site = await set_up(hass, make_operator([FAKE]))
    await run_cycles(site, 2)
    await hass.async_block_till_done(wait_background_tasks=True)
    return site


@pytest.fixture(params=["satellite", "user"])
def context(request: pytest.FixtureRequest, person: Context) -> Context:
    """Return a satellite's context, which has no user, and a user's."""
    return Context() if request.param == "satellite" else person


async def say(
    hass: HomeAssistant, text: str, context: Context, language: str
) -> intent.IntentResponse:
    result = await conversation.async_converse(hass, text, None, context, language=language)
    await hass.async_block_till_done()
    return result.response


@pytest.mark.parametrize("language", QUESTIONS)
async def test_questions_are_answered_in_their_language_and_switch_nothing(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    language: str,
) -> None:
    assert len(QUESTIONS[language]) >= 40
    wrong = {}
    for question, wanted in QUESTIONS[language].items():
        said = (await say(hass, question, context, language)).speech["plain"]["speech"]
        if wanted is not ANY and not said.startswith(ANSWERS[language][wanted]):
            wrong[question] = said
    assert wrong == {}
    assert fake.commands == []
    assert await site.controller.ledger.query(kinds=[RecordKind.PROPOSAL]) == ()


@pytest.mark.parametrize("language", COMMANDS)
async def test_commands_switch(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    run_cycles: RunCycles,
    language: str,
) -> None:
    on, off = COMMANDS[language]
    await say(hass, on, context, language)
    fake.reading = FULL_READING
    await run_cycles(site, 2)
    await say(hass, off, context, language)
    assert [command.action for command in fake.commands] == [Action.RUN, Action.STOP]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_command_counts_as_a_question_and_each_question_does(language: str) -> None:
    assert not any(QUESTION.match(command) for command in COMMANDS[language])
    asked = [question.replace("\u2019", "'") for question in QUESTIONS[language]]
    assert [question for question in asked if not QUESTION.match(question)] == []
