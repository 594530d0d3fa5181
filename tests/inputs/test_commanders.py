"""A real automation proposes: what is sound gets done, what is nonsense gets a clear answer."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action, Origin, RecordKind

from ..conftest import RunCycles

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
