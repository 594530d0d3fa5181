"""Who gives a command; and a real automation proposes, with a clear answer."""

from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import intent, llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action, Origin, RecordKind
from custom_components.aiep_miner.inputs.commanders import (
    DATA_CONTEXTS,
    MAX_REMEMBERED,
    command_origin,
)

from ..conftest import FakeMiner, RunCycles

LEARNING_CYCLES = 22


async def automation_answers(
    hass: HomeAssistant, device_id: str, value: float, confidence: float = 0.95
) -> dict[str, Any]:
    """Let an automation propose a power limit; return its response variable."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "id": "surplus",
                "alias": "Surplus",
                "triggers": {"trigger": "event", "event_type": "sun_shines"},
                "actions": [
                    {
                        "action": "aiep_miner.propose",
                        "data": {
                            "device_id": device_id,
                            "action": "set_power",
                            "value": value,
                            "confidence": confidence,
                            "note": "solar surplus",
                        },
                        "response_variable": "answer",
                    },
                    {"event": "answered", "event_data_template": {"answer": "{{ answer }}"}},
                ],
            }
        },
    )
    await hass.async_block_till_done()
    answers = async_capture_events(hass, "answered")
    hass.bus.async_fire("sun_shines")
    await hass.async_block_till_done()
    while not answers:
        await hass.async_block_till_done(wait_background_tasks=True)
    answer: dict[str, Any] = answers[0].data["answer"]
    return answer


async def test_sound_power_limit_is_set_and_confirmed(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    answer = await automation_answers(hass, device_id, 3000)
    assert answer["actionable"] is True
    assert answer["outcome"] == "accepted"
    assert answer["trusted_value"] == 3000
    await run_cycles(site, 3)
    state = hass.states.get("number.miner_1_power_limit")
    assert float(state.state) == 3000
    receipts = await site.controller.ledger.query(kinds=[RecordKind.RECEIPT])
    assert [item.record().outcome for item in receipts] == ["accepted", "confirmed"]
    proposal = (await site.controller.ledger.query(kinds=[RecordKind.PROPOSAL]))[0].record()
    assert (proposal.origin, proposal.origin_id) == (Origin.AUTOMATION, "automation.surplus")


async def test_nonsense_gets_a_clear_refusal(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    before = site.data.miners["miner-1"].telemetry.reading.power_limit_w
    answer = await automation_answers(hass, device_id, 1_000_000)
    assert answer["actionable"] is False
    assert answer["rule"] == "out_of_bounds"
    assert answer["outcome"] is None
    await run_cycles(site, 3)
    assert site.data.miners["miner-1"].telemetry.reading.power_limit_w == before
    proofs = await site.controller.ledger.query(kinds=[RecordKind.NEGATIVE_PROOF])
    assert [(item.record().action, item.record().rule) for item in proofs] == [
        (Action.SET_POWER, "out_of_bounds")
    ]
    assert proofs[0].seq == answer["record_seq"] + 1
    assert await site.controller.ledger.query(kinds=[RecordKind.RECEIPT]) == ()


async def test_replay_action_matches_every_decision(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    await automation_answers(hass, device_id, 3000)
    response = await hass.services.async_call(
        "aiep_miner", "replay_ledger", {}, blocking=True, return_response=True
    )
    decisions = await site.controller.ledger.query(kinds=[RecordKind.DECISION])
    assert response["difference"] is None
    assert response["matched"] == len(decisions)


async def test_runs_are_remembered_by_their_parent_and_not_for_ever(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    contexts, first = hass.data[DATA_CONTEXTS], Context()
    hass.bus.async_fire("automation_triggered", {"entity_id": "automation.one"}, context=first)
    hass.bus.async_fire("script_started", {"entity_id": "script.called"}, context=first)
    assert contexts.run_of(first) == "automation.one"
    assert contexts.run_of(Context(parent_id=first.id)) == "automation.one"
    assert contexts.run_of(Context()) is None
    for number in range(MAX_REMEMBERED):
        hass.bus.async_fire("script_started", {"entity_id": f"script.{number}"})
    assert contexts.run_of(first) is None


AUTOMATION = {
    "id": "night",
    "alias": "Night",
    "triggers": {"trigger": "event", "event_type": "night"},
    "actions": {"action": "switch.turn_off", "target": {"entity_id": "switch.miner_1"}},
}


async def last_origin(site: AiepMinerCoordinator) -> tuple[Origin, str | None, str | None]:
    entry = await site.controller.ledger.latest(RecordKind.PROPOSAL)
    record = entry.record()
    return record.origin, record.origin_id, record.user_id


async def test_an_automation_started_by_hand_is_a_persons(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, person: Context
) -> None:
    assert await async_setup_component(hass, "automation", {"automation": [AUTOMATION]})
    await hass.services.async_call(
        "automation", "trigger", {"entity_id": "automation.night"}, blocking=True, context=person
    )
    await hass.async_block_till_done()
    assert await last_origin(fake_site) == (Origin.PERSON, None, person.user_id)


async def test_an_automation_that_a_persons_deed_triggers_is_none(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, person: Context
) -> None:
    assert await async_setup_component(hass, "automation", {"automation": [AUTOMATION]})
    hass.bus.async_fire("night", context=person)
    await hass.async_block_till_done()
    assert await last_origin(fake_site) == (Origin.AUTOMATION, "automation.night", None)


@pytest.mark.parametrize("spoken", [True, False], ids=["satellite", "user"])
async def test_what_a_language_model_does_is_its_own(
    hass: HomeAssistant,
    fake: FakeMiner,
    fake_site: AiepMinerCoordinator,
    person: Context,
    spoken: bool,
) -> None:
    context = Context() if spoken else person
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await async_setup_component(hass, "intent", {})
    api = await llm.async_get_api(
        hass,
        llm.LLM_API_ASSIST,
        llm.LLMContext(
            platform="test",
            context=context,
            language="en",
            assistant="conversation",
            device_id=None,
        ),
    )
    (tool,) = [item.name for item in api.tools if item.name.endswith("HassTurnOff")]
    off = llm.ToolInput(tool_name=tool, tool_args={"name": "Miner 1", "domain": ["switch"]})
    with pytest.raises(intent.IntentHandleError):
        await api.async_call_tool(off)  # as of any proposal, trust must be earned first
    await hass.async_block_till_done()
    assert await last_origin(fake_site) == (Origin.LLM, "test", context.user_id)
    assert fake.commands == []
    assert fake_site.data.miners["miner-1"].hold_until_ms is None, "it takes nothing over"


def test_a_bare_context_is_nobodys(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    assert command_origin(hass, Context()).kind is Origin.AUTOMATION
