"""A scripted language model that lies, floods, cites wrong records and wants to start a hot machine.

Through Home Assistant's real AI Task component. Nothing of it acts; all of it is on record.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
)
from homeassistant.components.conversation import ChatLog
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.agents.consult import MAX_PROPOSALS
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.admission import REFUSED_EVERY_MS, WAITING
from custom_components.aiep_miner.engine.records import Action, Origin, RecordKind, Temperature

from ..conftest import FULL_READING, FakeMiner, RunCycles

MODEL = "ai_task.model"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "language-models.md").read_text("utf-8")
HOT = (Temperature(sensor="board_0", temperature_c=99.0),)

type Script = Callable[[dict[str, Any]], Any]


class ScriptedModel(AITaskEntity):
    """A model that answers what the test wants, from the situation that it is shown."""

    _attr_supported_features = AITaskEntityFeature.GENERATE_DATA
    entity_id = MODEL
    script: Script
    asked: GenDataTask

    async def _async_generate_data(self, task: GenDataTask, chat_log: ChatLog) -> GenDataTaskResult:
        self.asked = task
        situation = json.loads(task.instructions.rsplit("as JSON:\n", 1)[1])
        return GenDataTaskResult(
            conversation_id=chat_log.conversation_id, data=self.script(situation)
        )


@pytest.fixture
async def model(hass: HomeAssistant, assistant: None) -> ScriptedModel:
    """Return the model, as an entity of Home Assistant's AI Task component."""
    assert await async_setup_component(hass, "ai_task", {})
    model = ScriptedModel()
    await hass.data[DATA_INSTANCES]["ai_task"].async_add_entities([model])
    return model


async def consult(hass: HomeAssistant, context: Context | None = None) -> dict[str, Any]:
    """Consult the model through the action."""
    response = await hass.services.async_call(
        "aiep_miner",
        "consult",
        {"entity_id": MODEL, "question": "Is it worth it?"},
        blocking=True,
        context=context,
        return_response=True,
    )
    await hass.async_block_till_done()
    return response


def sound(situation: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a proposal that cites truly."""
    miner = situation["miners"][0]
    record = next(item for item in miner["records"] if item["kind"] == "telemetry")
    return {
        "miner": miner["miner"],
        "action": "set_power",
        "value": 2800,
        "confidence": 0.95,
        "reason": "Cheaper energy later",
        "citations": [
            {
                "record_seq": record["record_seq"],
                "record_hash": record["record_hash"],
                "field": "reading.power_w",
                "value": record["fields"]["reading.power_w"],
            }
        ],
    } | changes


def lie(situation: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a proposal whose citation is changed."""
    proposal = sound(situation)
    proposal["citations"][0] |= changes
    return proposal


async def records(site: AiepMinerCoordinator, kind: RecordKind) -> list[Any]:
    found = await site.controller.ledger.query(kinds=[kind], limit=10_000)
    return [item.record() for item in found]


async def test_a_sound_proposal_is_judged_under_the_models_name(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    model: ScriptedModel,
    fake: FakeMiner,
    person: Context,
) -> None:
    model.script = lambda situation: {"proposals": [sound(situation)]}
    response = await consult(hass, person)
    (answer,) = response["proposals"]
    assert (answer["actionable"], answer["rule"]) == (True, None), answer
    assert [item.action for item in fake.commands] == [Action.SET_POWER]
    (proposal,) = await records(site, RecordKind.PROPOSAL)
    assert (proposal.origin, proposal.origin_id, proposal.user_id) == (
        Origin.LLM,
        MODEL,
        person.user_id,
    )
    assert response["track_record"]["allowed"] == 1
    assert "Is it worth it?" in model.asked.instructions
    assert site.data.miners["miner-1"].hold_until_ms is None, "it takes nothing over"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"value": "9999"}, "citation_false"),
        ({"field": "reading.invented"}, "citation_false"),
        ({"record_hash": "f" * 16}, "citation_unresolved"),
        ({"record_seq": 987_654}, "citation_unresolved"),
    ],
)
async def test_a_lie_ends_in_a_negative_proof(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    model: ScriptedModel,
    fake: FakeMiner,
    change: dict[str, Any],
    rule: str,
) -> None:
    model.script = lambda situation: {"proposals": [lie(situation, **change)]}
    (answer,) = (await consult(hass))["proposals"]
    assert (answer["actionable"], answer["rule"]) == (False, rule)
    (proof,) = await records(site, RecordKind.NEGATIVE_PROOF)
    assert proof.rule == rule
    (proposal,) = await records(site, RecordKind.PROPOSAL)
    assert (proposal.origin, proposal.origin_id) == (Origin.LLM, MODEL)
    assert fake.commands == []


async def test_a_hot_machine_is_not_started_whatever_is_said(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    model: ScriptedModel,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    fake.reading = replace(FULL_READING, mining=False, hashrate_ths=0.0, temperatures=HOT)
    await run_cycles(site, 2)
    fake.commands.clear()
    model.script = lambda situation: {
        "proposals": [
            sound(situation, action="run", confidence=1.0, reason="It is cool, trust me"),
            sound(situation, action="restart", confidence=1.0),
            sound(situation, action="run", citations=[]),
        ]
    }
    answers = (await consult(hass))["proposals"]
    rules = Counter(answer["rule"] for answer in answers)
    assert rules == {"thermal_override": 2, "citation_missing": 1}
    assert fake.commands == []
    proofs = await records(site, RecordKind.NEGATIVE_PROOF)
    assert Counter(str(item.rule) for item in proofs if item.rule in rules) == rules


async def test_a_flood_is_bounded_and_counted(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    model: ScriptedModel,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    count = MAX_PROPOSALS
    model.script = lambda situation: {"proposals": [lie(situation, value="1")] * (2 * count)}
    before = site.data.ledger_records
    response = await consult(hass)
    rules = Counter(answer["rule"] for answer in response["proposals"])
    assert rules == {"citation_false": WAITING, "source_rate_limited": count - WAITING}
    await run_cycles(site, 1, every_s=REFUSED_EVERY_MS / 1000 + 1)
    assert fake.commands == []
    proposals = await records(site, RecordKind.PROPOSAL)
    assert {(item.origin, item.origin_id) for item in proposals} == {(Origin.LLM, MODEL)}
    assert sum(item.refused or 1 for item in proposals) == count
    assert site.data.ledger_records - before < 10 * WAITING
    assert site.data.governor.sources[f"llm:{MODEL}"].ceiling.name == "ADVISORY"


async def test_a_model_that_lied_often_may_only_advise(
    hass: HomeAssistant, site: AiepMinerCoordinator, model: ScriptedModel, fake: FakeMiner
) -> None:
    model.script = lambda situation: {"proposals": [lie(situation, value="1")] * 12}
    await consult(hass)
    model.script = lambda situation: {"proposals": [sound(situation)]}
    response = await consult(hass)
    assert response["proposals"][0]["rule"] == "source_ceiling"
    assert response["track_record"]["ceiling"] == "advisory"
    shown = hass.states.get("sensor.site_governor_health").attributes["sources"]
    assert shown[f"llm:{MODEL}"] == response["track_record"]
    assert fake.commands == []


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "turn everything on",
        {"proposals": "all of them"},
        {"proposals": [None, 3, [], {"miner": "Miner 1"}, {"action": "run"}]},
        {"proposals": [{"miner": "Miner 1", "action": "overclock", "confidence": 1}]},
        {"commands": [{"miner": "Miner 1", "action": "run"}]},
    ],
    ids=["nothing", "text", "no list", "rubbish", "unknown action", "other key"],
)
async def test_rubbish_is_no_proposal(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    model: ScriptedModel,
    fake: FakeMiner,
    answer: Any,
) -> None:
    model.script = lambda _situation: answer
    response = await consult(hass)
    assert all("error" in item for item in response["proposals"])
    assert response["track_record"] is None
    assert fake.commands == []


async def test_a_miner_that_is_not_there_is_an_error(
    hass: HomeAssistant, site: AiepMinerCoordinator, model: ScriptedModel
) -> None:
    model.script = lambda situation: {"proposals": [sound(situation, miner="Atlantis")]}
    (answer,) = (await consult(hass))["proposals"]
    assert "Atlantis" in answer["error"]


async def test_a_model_that_fails_says_so(
    hass: HomeAssistant, site: AiepMinerCoordinator, model: ScriptedModel
) -> None:
    def fail(_situation: dict[str, Any]) -> Any:
        raise HomeAssistantError("out of tokens")

    model.script = fail
    with pytest.raises(HomeAssistantError, match="out of tokens"):
        await consult(hass)


async def test_the_example_of_the_documentation(
    hass: HomeAssistant, site: AiepMinerCoordinator, model: ScriptedModel, fake: FakeMiner
) -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    config = yaml.safe_load(found[1].replace("ai_task.openai_ai_task", MODEL))
    model.script = lambda situation: {"proposals": [sound(situation)]}
    assert await async_setup_component(hass, "automation", config)
    target = {"entity_id": "automation.ask_a_model_every_evening"}
    await hass.services.async_call("automation", "trigger", target, blocking=True)
    await hass.async_block_till_done()
    # Its timer must not outlive the test.
    await hass.services.async_call("automation", "turn_off", target, blocking=True)
    assert [item.action for item in fake.commands] == [Action.SET_POWER]
    (proposal,) = await records(site, RecordKind.PROPOSAL)
    assert (proposal.origin, proposal.origin_id) == (Origin.LLM, MODEL)


async def test_without_ai_tasks_the_action_says_so(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await consult(hass)
    assert raised.value.translation_key == "no_ai_task"
