"""The actions: run a cycle, verify the ledger, propose a change."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import probatio as vol
import pytest
from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from custom_components.aiep_miner.const import DOMAIN, EVENT_LEDGER_VERIFIED
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import MinerInfo
from custom_components.aiep_miner.engine.records import Origin, ProposalRecord, RecordKind

from .conftest import FAKE, FakeMiner, RunCycles, make_operator, set_up, simulated

LEARNING_CYCLES = 25
"""After so many observations trust is earned."""


async def act(
    hass: HomeAssistant, name: str, context: Context | None = None, **data: Any
) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=True, context=context
    )
    assert isinstance(response, dict)
    return response


async def test_run_cycle(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    cycles = site.data.cycles
    response = await act(hass, "run_cycle")
    assert site.data.cycles == cycles + 1
    assert response["ledger_head"] == site.data.ledger_head
    (decision,) = response["decisions"]
    assert decision["miner_id"] == "miner-1"
    assert decision["action"] == "hold"


async def test_operator_must_be_named_when_there_are_several(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    await set_up(hass, make_operator(title="Other"))
    with pytest.raises(ServiceValidationError):
        await act(hass, "run_cycle")
    response = await act(hass, "run_cycle", config_entry_id="other")
    assert response["decisions"] == []


async def test_a_cycle_that_fails_is_an_error(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context
) -> None:
    with patch.object(type(site.controller), "run_cycle", side_effect=RuntimeError("broken")):
        with pytest.raises(HomeAssistantError) as failed:
            await act(hass, "run_cycle")
        assert failed.value.translation_key == "cycle_failed"
        button = {"entity_id": "button.site_run_cycle"}
        with pytest.raises(HomeAssistantError) as failed:
            await hass.services.async_call("button", "press", button, blocking=True, context=person)
        assert failed.value.translation_key == "cycle_failed"
    assert (await act(hass, "run_cycle"))["decisions"]


@pytest.mark.parametrize("action", ["run_cycle", "verify_ledger"])
async def test_operator_must_be_loaded(
    hass: HomeAssistant, operator: MockConfigEntry, action: str
) -> None:
    await set_up(hass, operator)
    await hass.config_entries.async_unload(operator.entry_id)
    with pytest.raises(ServiceValidationError):
        await act(hass, action, config_entry_id=operator.entry_id)


async def test_verify_intact_ledger(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    events = async_capture_events(hass, EVENT_LEDGER_VERIFIED)
    response = await act(hass, "verify_ledger")
    assert response == {
        "intact": True,
        "records": site.data.ledger_records,
        "head": site.data.ledger_head,
        "first_bad_seq": None,
        "fault": None,
    }
    await hass.async_block_till_done()
    assert [event.data["intact"] for event in events] == [True]
    assert ir.async_get(hass).async_get_issue(DOMAIN, "ledger_broken_site") is None


def put_body(path: Path, body: bytes) -> None:
    """Write into the file behind the ledger's back."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE records SET body = ? WHERE seq = 3", (body,))


async def test_verify_broken_ledger(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site)
    path = site.controller.ledger.path
    with closing(sqlite3.connect(path)) as database:
        (body,) = database.execute("SELECT body FROM records WHERE seq = 3").fetchone()
    edited = bytes(body).replace(b"a", b"b", 1)
    assert edited != body
    put_body(path, edited)

    response = await act(hass, "verify_ledger")
    assert response["intact"] is False
    assert response["first_bad_seq"] == 3
    assert hass.states.get("sensor.site_ledger_verification").state == "broken"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "ledger_broken_site")
    assert issue is not None
    assert "seq 3" in issue.translation_placeholders["error"]

    # Putting it right behind everybody's back does not make it trusted again: a person does.
    put_body(path, body)
    assert (await act(hass, "verify_ledger"))["intact"] is True
    assert hass.states.get("sensor.site_ledger_verification").state == "broken"
    assert ir.async_get(hass).async_get_issue(DOMAIN, "ledger_broken_site") is not None


async def test_verify_when_the_file_is_gone(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    path = site.controller.ledger.path
    path.rename(path.with_suffix(".gone"))
    response = await act(hass, "verify_ledger")
    assert response["intact"] is False
    assert response["fault"]


async def test_good_proposal_is_carried_out(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    response = await act(
        hass,
        "propose",
        device_id=device_id,
        action="set_power",
        value=3000,
        confidence=0.97,
        note="night tariff",
    )
    assert response["actionable"] is True, response
    assert response["outcome"] == "accepted"
    assert response["trusted_value"] == 3000
    assert response["level"] >= 2
    assert response["rule"] is None
    filed = await site.controller.ledger.get(response["record_seq"])
    assert filed.hash_hex == response["record_hash"]

    await run_cycles(site, 2)
    assert float(hass.states.get("number.miner_1_power_limit").state) == 3000
    assert hass.states.get("sensor.miner_1_last_command").state == "confirmed"


@pytest.mark.parametrize(
    ("value", "confidence"), [(50_000, 0.99), (-5, 0.99), (3000, 0.2)], ids=str
)
async def test_nonsense_is_refused_and_proved(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    device_id: str,
    value: float,
    confidence: float,
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    before = hass.states.get("number.miner_1_power_limit").state
    response = await act(
        hass,
        "propose",
        device_id=device_id,
        action="set_power",
        value=value,
        confidence=confidence,
    )
    assert response["actionable"] is False
    assert response["outcome"] is None
    assert response["rule"]
    proof = await site.controller.ledger.latest(RecordKind.NEGATIVE_PROOF)
    assert proof.record().decision == response["record_hash"]
    await run_cycles(site)
    assert hass.states.get("number.miner_1_power_limit").state == before


async def test_proposal_is_never_a_persons_command(
    hass: HomeAssistant, site: AiepMinerCoordinator, device_id: str, person: Context
) -> None:
    await act(hass, "propose", person, device_id=device_id, action="stop", confidence=0.9)
    filed = await site.controller.ledger.latest(RecordKind.PROPOSAL)
    proposal = filed.record()
    assert isinstance(proposal, ProposalRecord)
    assert proposal.origin is Origin.AUTOMATION
    assert proposal.user_id == proposal.origin_id == person.user_id
    assert proposal.confidence == 0.9


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 1.1},
        {"confidence": "nan"},
        {"value": "inf"},
        {"action": "explode"},
        {"action": "hold"},
        {"value": None},
        {"action": "set_level"},
        {"note": "x" * 501},
        {"note": "\ud800"},
        {"option": "x" * 201},
        {"option": "\ud800"},
    ],
    ids=ascii,
)
async def test_schema(hass: HomeAssistant, device_id: str, wrong: dict[str, Any]) -> None:
    data = {"device_id": device_id, "action": "set_power", "value": 3000, "confidence": 0.9}
    data = {key: value for key, value in (data | wrong).items() if value is not None}
    with pytest.raises(vol.Invalid):
        await act(hass, "propose", **data)


async def test_device_must_be_a_miner(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    operator = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "site"), "site")
    assert operator is not None
    for device_id, key in (
        (operator.id, "no_such_miner"),
        ("unheard-of", "service_device_not_found"),
    ):
        with pytest.raises(ServiceValidationError) as wrong:
            await act(hass, "propose", device_id=device_id, action="stop", confidence=1)
        assert wrong.value.translation_key == key


async def test_ledger_error(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, broken_ledger: None
) -> None:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, "propose", device_id=device.id, action="stop", confidence=1)
    assert failed.value.translation_key == "ledger_unavailable"
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, "run_cycle")
    assert failed.value.translation_key == "ledger_unavailable"
    assert fake.commands == []


REVIEW = {"record_hash": "00" * 32, "approved": True}


@pytest.mark.parametrize(
    ("name", "data"), [("verify_ledger", {}), ("replay_ledger", {}), ("review", REVIEW)]
)
async def test_closed_ledger(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    name: str,
    data: dict[str, Any],
    person: Context,
) -> None:
    await site.controller.stop()
    with pytest.raises(HomeAssistantError) as failed:
        await hass.services.async_call(
            DOMAIN,
            name,
            data,
            blocking=True,
            context=person,
            return_response=name != "review",
        )
    assert failed.value.translation_key == "ledger_unavailable"


# Explaining


async def test_an_explanation_names_the_records_that_the_decision_rests_on(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    device_id: str,
    hass_read_only_user: MockUser,
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    stopped = await act(hass, "propose", device_id=device_id, action="stop", confidence=0.95)
    await run_cycles(site, 2)
    seen = Context(user_id=hass_read_only_user.id)
    answer = await act(hass, "explain", seen, device_id=device_id)
    shown = hass.states.get("sensor.miner_1_decision")
    assert answer["sentence"] == shown.state
    for key in ("status", "since", "until"):
        assert answer[key] == shown.attributes[key]
    assert (answer["name"], answer["mode"], answer["mining"]) == ("Miner 1", "auto", False)
    assert answer["last_command"]["action"] == "stop"
    assert answer["last_command"]["outcome"] == "confirmed"
    decision = answer["decision"]
    assert decision["action"] == "hold"
    rests_on = {item["kind"]: item for item in decision["rests_on"]}
    assert set(rests_on) == {"telemetry", "price", "profit", "policy"}
    for item in decision["rests_on"]:
        filed = await site.controller.ledger.get(item["record_seq"])
        assert (filed.kind, filed.hash_hex) == (item["kind"], item["record_hash"])
        assert filed.seq < decision["record_seq"]
    assert stopped["record_seq"] < decision["record_seq"]


async def test_an_explanation_of_a_stop_cites_the_proposal(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, LEARNING_CYCLES)
    await act(hass, "propose", device_id=device_id, action="set_power", value=9e9, confidence=0.9)
    answer = await act(hass, "explain", device_id=device_id)
    assert answer["status"] == "refused"
    assert answer["numbers"]["action"] == "set_power"
    decision = answer["decision"]
    assert (decision["authorised"], decision["origin"]) == (False, "automation")
    assert decision["reason"] == decision["suppressed_by"] == answer["numbers"]["reason"]
    proposal = next(item for item in decision["rests_on"] if item["kind"] == "proposal")
    filed = await site.controller.ledger.get(proposal["record_seq"])
    assert filed.record().value == 9e9


async def test_an_explanation_needs_no_ledger(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, device_id: str
) -> None:
    await run_cycles(site, 2)
    await site.controller.stop()
    answer = await act(hass, "explain", device_id=device_id)
    assert answer["sentence"]
    assert {item["record_seq"] for item in answer["decision"]["rests_on"]} == {None}


async def test_who_may_not_see_a_miner_gets_no_explanation(
    hass: HomeAssistant, site: AiepMinerCoordinator, device_id: str
) -> None:
    user = MockUser().add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {"light.kitchen": {"read": True}}}})
    with pytest.raises(Unauthorized):
        await act(hass, "explain", Context(user_id=user.id), device_id=device_id)


# Who may do what


async def nothing_happens(
    hass: HomeAssistant, site: AiepMinerCoordinator, name: str, context: Context, **data: Any
) -> None:
    """Expect a refusal that leaves no trace."""
    before = site.controller.ledger.head, site.data.cycles
    with pytest.raises(Unauthorized):
        await hass.services.async_call(DOMAIN, name, data, blocking=True, context=context)
    assert (site.controller.ledger.head, site.data.cycles) == before


@pytest.mark.parametrize("name", ["run_cycle", "verify_ledger", "replay_ledger", "propose"])
async def test_who_may_only_look_cannot_act(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    device_id: str,
    hass_read_only_user: MockUser,
    name: str,
) -> None:
    proposal = {"device_id": device_id, "action": "stop", "confidence": 1}
    data = proposal if name == "propose" else {}
    await nothing_happens(hass, site, name, Context(user_id=hass_read_only_user.id), **data)
    with pytest.raises(UnknownUser):
        await act(hass, name, Context(user_id="nobody"), **data)


@pytest.fixture
def guest(hass: HomeAssistant) -> MockUser:
    """Return a user who may control one miner, and hand another one back."""
    user = MockUser().add_to_hass(hass)
    entities = ("switch.miner_1", "button.miner_2_resume_automation")
    user.mock_policy({"entities": {"entity_ids": {key: {"control": True} for key in entities}}})
    return user


async def test_who_may_control_one_miner_proposes_for_no_other(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: dict[str, object],
    guest: MockUser,
) -> None:
    site = await set_up(hass, make_operator([simulated(1), simulated(2)]))
    context = Context(user_id=guest.id)
    proposal = {"action": "stop", "confidence": 1}
    other = site.device_id("miner-2")
    await nothing_happens(hass, site, "propose", context, device_id=other, **proposal)
    own = await act(hass, "propose", context, device_id=site.device_id("miner-1"), **proposal)
    assert own["record_seq"]
    assert (await act(hass, "run_cycle", context))["decisions"]


async def test_a_miner_without_a_switch_goes_by_all_that_it_has(
    hass: HomeAssistant, fake: FakeMiner, guest: MockUser, person: Context
) -> None:
    fake.info = MinerInfo()
    site = await set_up(hass, make_operator([FAKE]))
    proposal = {"device_id": site.device_id("miner-1"), "action": "stop", "confidence": 1}
    await nothing_happens(hass, site, "propose", Context(user_id=guest.id), **proposal)
    assert (await act(hass, "propose", person, **proposal))["rule"] == "unsupported_action"


async def test_a_review_is_an_administrators(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_read_only_user: MockUser
) -> None:
    users = await hass.auth.async_get_group(GROUP_ID_USER)
    for user in (hass_read_only_user, MockUser(groups=[users]).add_to_hass(hass)):
        await nothing_happens(hass, site, "review", Context(user_id=user.id), **REVIEW)


async def test_a_review_is_not_an_automations(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(DOMAIN, "review", REVIEW, blocking=True)
    assert refused.value.translation_key == "person_needed"


@pytest.mark.parametrize("note", ["x" * 501, "\ud800"], ids=ascii)
async def test_schema_of_a_review(
    hass: HomeAssistant, site: AiepMinerCoordinator, note: str
) -> None:
    with pytest.raises(vol.Invalid):
        await hass.services.async_call(DOMAIN, "review", REVIEW | {"note": note}, blocking=True)
