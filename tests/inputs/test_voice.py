"""What is said to Assist: commands are people's, and a question never switches anything.

All through Home Assistant's own default agent.
"""

from dataclasses import replace

import pytest
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import intent
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import (
    Action,
    Origin,
    ProposalRecord,
    Reading,
    RecordKind,
)

from ..conftest import FAKE, FULL_READING, FakeMiner, RunCycles, make_operator, set_up

OFF = replace(FULL_READING, mining=False, hashrate_ths=0.0)
QUESTIONS = (
    "why isn't miner 1 running?",
    "Why isn\u2019t miner 1 running",
    "why is miner 1 off",
    "why did miner 1 stop",
    "why miner 1 is not running",
    "how come miner 1 is not running",
    "when will miner 1 start again?",
    "how hot is miner 1?",
    "how much does miner 1 earn?",
)
UNKNOWN_QUESTIONS = (
    "why on earth isn't my miner 1 on please",
    "is it true that miner 1 is on",
    "what would it take to turn on miner 1",
    "warum nur ist miner 1 nicht an",
)


GERMAN_QUESTIONS = {
    "Warum ist Miner 1 aus?": "Miner 1: ",
    "warum ist der miner 1 nicht an": "Miner 1: ",
    "wieso läuft miner 1 nicht mehr": "Miner 1: ",
    "weshalb wurde miner 1 gestoppt": "Miner 1: ",
    "was macht miner 1 gerade": "Miner 1: ",
    "was ist mit miner 1 los": "Miner 1: ",
    "wann startet miner 1 wieder": "Miner 1: ",
    "wann geht der miner 1 wieder an": "Miner 1: ",
    "wie heiß ist miner 1": "Miner 1 hat 58 Grad",
    "wie hoch ist die temperatur von miner 1": "Miner 1 hat 58 Grad",
    "wie viel verdient miner 1 heute": "Miner 1 bringt ",
    "was bringt miner 1 am tag ein": "Miner 1 bringt ",
}


@pytest.fixture
async def site(hass: HomeAssistant, fake: FakeMiner) -> AiepMinerCoordinator:
    """Return an operator whose miner is exposed to Assist, as switches are by default."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    site = await set_up(hass, make_operator([FAKE]))
    await hass.async_block_till_done(wait_background_tasks=True)
    return site


@pytest.fixture(params=["satellite", "user"])
def context(request: pytest.FixtureRequest, person: Context) -> Context:
    """Return a satellite's context, which has no user, and a user's."""
    return Context() if request.param == "satellite" else person


async def say(hass: HomeAssistant, text: str, context: Context) -> intent.IntentResponse:
    result = await conversation.async_converse(hass, text, None, context, language="en")
    await hass.async_block_till_done()
    return result.response


def speech(response: intent.IntentResponse) -> str:
    text: str = response.speech["plain"]["speech"]
    return text


async def proposals(site: AiepMinerCoordinator) -> list[ProposalRecord]:
    entries = await site.controller.ledger.query(kinds=[RecordKind.PROPOSAL])
    records = [item.record() for item in entries]
    return [item for item in records if isinstance(item, ProposalRecord)]


async def test_turn_off(
    hass: HomeAssistant, site: AiepMinerCoordinator, fake: FakeMiner, context: Context
) -> None:
    response = await say(hass, "turn off Miner 1", context)
    assert response.response_type is intent.IntentResponseType.ACTION_DONE
    assert [command.action for command in fake.commands] == [Action.STOP]
    (proposal,) = await proposals(site)
    assert (proposal.origin, proposal.user_id) == (Origin.PERSON, context.user_id)
    assert site.data.miners["miner-1"].hold_until_ms, "a person has taken it over"


async def test_turn_on(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    run_cycles: RunCycles,
) -> None:
    fake.reading = OFF
    await run_cycles(site)
    await say(hass, "turn on Miner 1", context)
    assert [command.action for command in fake.commands] == [Action.RUN]
    assert (await proposals(site))[-1].origin is Origin.PERSON


@pytest.mark.parametrize(("reading", "answer"), [(FULL_READING, "Yes"), (OFF, "No")])
async def test_is_it_on(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    run_cycles: RunCycles,
    reading: Reading,
    answer: str,
) -> None:
    fake.reading = reading
    await run_cycles(site)
    for verb in ("on", "running"):
        response = await say(hass, f"is Miner 1 {verb}", context)
        assert speech(response).startswith((answer, "Miner 1: ")), verb
    assert fake.commands == []


@pytest.mark.parametrize("question", QUESTIONS)
async def test_questions_are_answered_and_switch_nothing(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    run_cycles: RunCycles,
    question: str,
) -> None:
    fake.reading = OFF
    await run_cycles(site)
    response = await say(hass, question, context)
    assert response.response_type is intent.IntentResponseType.ACTION_DONE
    assert speech(response).startswith("Miner 1")
    assert fake.commands == []
    assert await proposals(site) == []


@pytest.mark.parametrize("question", UNKNOWN_QUESTIONS)
async def test_a_question_that_is_not_known_switches_nothing_either(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    fake: FakeMiner,
    context: Context,
    run_cycles: RunCycles,
    question: str,
) -> None:
    fake.reading = OFF
    await run_cycles(site)
    await say(hass, question, context)
    assert fake.commands == []
    assert await proposals(site) == []


async def test_why_answers_with_the_status_sentence(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site)
    sentence = hass.states.get("sensor.miner_1_decision").state
    response = await say(hass, "why is miner 1 running?", Context())
    assert speech(response) == f"Miner 1: {sentence}"


async def test_german_questions_are_answered_in_german_and_switch_nothing(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles, context: Context
) -> None:
    hass.config.language = "de"
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    site = await set_up(hass, make_operator([FAKE]))
    await run_cycles(site, 2)
    await hass.async_block_till_done(wait_background_tasks=True)
    for question, answer in GERMAN_QUESTIONS.items():
        result = await conversation.async_converse(hass, question, None, context, language="de")
        assert speech(result.response).startswith(answer), question
    result = await conversation.async_converse(hass, "warum läuft miner 1", None, context)
    assert "seit" in speech(result.response)
    assert fake.commands == []
    assert await proposals(site) == []


async def test_new_names_are_heard(
    hass: HomeAssistant, site: AiepMinerCoordinator, freezer: object
) -> None:
    er.async_get(hass).async_update_entity("switch.miner_1", aliases=["hydro rack (left)"])
    site_questions = hass.data["aiep_miner_questions"]
    await site_questions.register()
    response = await say(hass, "why is the hydro rack left on?", Context())
    assert speech(response).startswith("Miner 1: ")
