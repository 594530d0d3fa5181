"""Commands through switch, buttons, numbers and selects: who gave them, and what came of it."""

import asyncio
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from syrupy.assertion import SnapshotAssertion

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError, MinerInfo
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.miners.simulated.machine import MachineFault
from custom_components.aiep_miner.engine.records import (
    Action,
    Origin,
    ProposalRecord,
    Reading,
    RecordKind,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .conftest import (
    FAKE,
    FULL_INFO,
    FULL_READING,
    FakeMiner,
    RunCycles,
    make_operator,
    set_up,
    simulated,
)
from .entity_pictures import check_platform

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")
"""Also what is disabled at first."""

CAN = Capabilities(actions=frozenset({Action.RUN, Action.STOP}))
SWITCH = {"entity_id": "switch.miner_1"}
RESUME = {"entity_id": "button.miner_1_resume_automation"}
PLATFORMS = (Platform.SWITCH, Platform.BUTTON, Platform.NUMBER, Platform.SELECT)


async def call(
    hass: HomeAssistant, domain: str, service: str, context: Context, **data: Any
) -> None:
    await hass.services.async_call(domain, service, data, blocking=True, context=context)


async def last_proposal(site: AiepMinerCoordinator) -> ProposalRecord:
    filed = await site.controller.ledger.latest(RecordKind.PROPOSAL)
    record = filed.record()
    assert isinstance(record, ProposalRecord)
    return record


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_entities(
    hass: HomeAssistant, fake: FakeMiner, snapshot: SnapshotAssertion, platform: Platform
) -> None:
    await check_platform(hass, snapshot, platform)


async def test_switch_stops_and_starts(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 3)
    await call(hass, "switch", "turn_off", person, **SWITCH)
    await run_cycles(site)
    assert hass.states.get("switch.miner_1").state == STATE_OFF
    assert hass.states.get("sensor.miner_1_last_command").state == "confirmed"
    assert float(hass.states.get("sensor.miner_1_hash_rate").state) == 0

    await run_cycles(site, 8)
    assert hass.states.get("switch.miner_1").state == STATE_OFF, "a person holds it"
    await call(hass, "switch", "turn_on", person, **SWITCH)
    await run_cycles(site, 4)
    assert hass.states.get("switch.miner_1").state == STATE_ON


async def test_command_names_the_person(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    await call(hass, "switch", "turn_off", person, **SWITCH)
    assert [command.action for command in fake.commands] == [Action.STOP]
    proposal = await last_proposal(fake_site)
    assert proposal.origin is Origin.PERSON
    assert proposal.user_id == person.user_id
    assert proposal.reasons == (Reason.PERSON_COMMAND,)


async def test_command_without_a_user_is_a_proposal(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    automation = {
        "id": "night",
        "alias": "Night",
        "trigger": {"platform": "event", "event_type": "night"},
        "action": {"service": "switch.turn_off", "target": SWITCH},
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    hass.bus.async_fire("night")
    await hass.async_block_till_done()
    proposal = await last_proposal(fake_site)
    assert proposal.action is Action.STOP
    assert proposal.origin is Origin.AUTOMATION
    assert proposal.origin_id == "automation.night"
    assert proposal.user_id is None


async def test_manual_mode_suppresses_automations_but_not_people(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    mode = {"entity_id": "select.site_mode", "option": "manual"}
    await call(hass, "select", "select_option", person, **mode)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "switch", "turn_off", Context(), **SWITCH)
    assert refused.value.translation_domain == "aiep_miner"
    assert refused.value.translation_key == "manual_mode"
    assert refused.value.translation_placeholders == {"miner": "Miner 1"}
    assert fake.commands == []

    await call(hass, "switch", "turn_off", person, **SWITCH)
    assert len(fake.commands) == 1


async def test_overheated_miner_is_not_started(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    hot = (Temperature(sensor="board_0", temperature_c=95.0),)
    fake.reading = Reading(mining=False, hashrate_ths=0.0, temperatures=hot)
    await run_cycles(fake_site)
    fake.commands.clear()
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "switch", "turn_on", person, **SWITCH)
    assert refused.value.translation_key == "thermal_override"
    assert fake.commands == []
    proof = await fake_site.controller.ledger.latest(RecordKind.NEGATIVE_PROOF)
    assert proof.record().action is Action.RUN


@pytest.mark.parametrize("reason", [Reason.UNREACHABLE, Reason.ACCESS_DENIED])
async def test_failed_dispatch(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    reason: Reason,
) -> None:
    async def fail(_: object) -> None:
        raise MinerError(reason)

    fake.execute = fail  # type: ignore[method-assign]
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "switch", "turn_off", person, **SWITCH)
    assert not isinstance(failed.value, ServiceValidationError)
    assert failed.value.translation_key == reason.value
    assert hass.states.get("sensor.miner_1_last_command").state == "failed"


async def test_yes_and_nothing_done_is_a_problem(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    machines: dict[str, SimulatedMiner],
    person: Context,
    run_cycles: RunCycles,
) -> None:
    machines["simulated-1"].inject(MachineFault.IGNORE_COMMANDS)
    await call(hass, "switch", "turn_off", person, **SWITCH)
    await run_cycles(site, 5)
    assert hass.states.get("switch.miner_1").state == STATE_ON
    problem = hass.states.get("binary_sensor.miner_1_problem")
    assert problem.state == STATE_ON
    assert problem.attributes["not_confirmed"] == "stop"
    assert hass.states.get("sensor.miner_1_last_command").state == "not_confirmed"

    await call(hass, "button", "press", person, entity_id="button.miner_1_resume_automation")
    assert hass.states.get("binary_sensor.miner_1_problem").state == STATE_OFF


async def test_ledger_error_is_told(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    broken_ledger: None,
) -> None:
    for domain, service, data in (
        ("switch", "turn_on", SWITCH),
        ("button", "press", {"entity_id": "button.miner_1_restart"}),
        ("button", "press", {"entity_id": "button.site_run_cycle"}),
        ("select", "select_option", {"entity_id": "select.site_mode", "option": "manual"}),
    ):
        with pytest.raises(HomeAssistantError) as failed:
            await call(hass, domain, service, person, **data)
        assert failed.value.translation_key == "ledger_unavailable"
    assert fake.commands == []


async def test_a_person_stops_a_miner_while_the_ledger_cannot_be_written(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
    broken_ledger: None,
) -> None:
    await run_cycles(fake_site)
    assert fake_site.data.ledger_error is not None
    assert hass.states.get("switch.miner_1").state == "on"
    await call(hass, "switch", "turn_off", person, **SWITCH)
    assert [command.action for command in fake.commands] == [Action.STOP]


async def test_restart_button(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    await call(hass, "button", "press", person, entity_id="button.miner_1_restart")
    assert [command.action for command in fake.commands] == [Action.RESTART]


async def test_resume_automation(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, person: Context
) -> None:
    await call(hass, "switch", "turn_off", person, **SWITCH)
    assert fake_site.data.miners["miner-1"].hold_until_ms
    await call(hass, "button", "press", person, entity_id="button.miner_1_resume_automation")
    assert fake_site.data.miners["miner-1"].hold_until_ms is None
    override = await fake_site.controller.ledger.latest(RecordKind.OVERRIDE)
    assert override.record().user_id == person.user_id


async def test_automation_does_not_end_what_a_person_began(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, person: Context
) -> None:
    await call(hass, "switch", "turn_off", person, **SWITCH)
    held = fake_site.data.miners["miner-1"].hold_until_ms
    resume = {"entity_id": "button.miner_1_resume_automation"}
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "button", "press", Context(), **resume)
    assert refused.value.translation_key == "person_needed"
    assert fake_site.data.miners["miner-1"].hold_until_ms == held is not None
    (begun,) = await fake_site.controller.ledger.query(kinds=(RecordKind.OVERRIDE,))
    assert begun.record().until_ms == held


async def test_silent_miner_can_only_be_handed_back(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(fake_site)
    for entity_id in (
        "switch.miner_1",
        "button.miner_1_restart",
        "number.miner_1_power_limit",
        "number.miner_1_hash_rate_target",
        "select.miner_1_pool",
        "select.miner_1_level",
    ):
        assert hass.states.get(entity_id).state == STATE_UNAVAILABLE


async def test_automation_is_resumed_while_there_is_something_to_resume(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    assert hass.states.get(RESUME["entity_id"]).state == STATE_UNAVAILABLE
    await call(hass, "switch", "turn_off", person, **SWITCH)
    assert hass.states.get(RESUME["entity_id"]).state != STATE_UNAVAILABLE
    fake.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(fake_site)
    assert hass.states.get(RESUME["entity_id"]).state != STATE_UNAVAILABLE, "silent, but held"
    await call(hass, "button", "press", person, **RESUME)
    assert hass.states.get(RESUME["entity_id"]).state == STATE_UNAVAILABLE


async def test_silent_miner_keeps_its_choices(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = replace(FULL_READING, pools=(), expected_hashrate_ths=None)
    await run_cycles(fake_site)
    assert len(hass.states.get("select.miner_1_pool").attributes["options"]) == 2
    assert hass.states.get("number.miner_1_hash_rate_target").attributes["max"] == 150


async def test_power_limit(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site, 3)
    target = {"entity_id": "number.miner_1_power_limit", "value": 2500}
    await call(hass, "number", "set_value", person, **target)
    assert [(item.action, item.value) for item in fake.commands] == [(Action.SET_POWER, 2500.0)]
    assert hass.states.get("number.miner_1_power_limit").state == "3100.0", "not what it was told"


async def test_no_power_limit_without_a_range(hass: HomeAssistant, fake: FakeMiner) -> None:
    fake.info = MinerInfo(capabilities=Capabilities(actions=frozenset({Action.SET_POWER})))
    await set_up(hass, make_operator([FAKE]))
    assert hass.states.get("number.miner_1_power_limit") is None


async def test_power_limit_out_of_range(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    with pytest.raises(ServiceValidationError):
        await call(
            hass,
            "number",
            "set_value",
            person,
            entity_id="number.miner_1_power_limit",
            value=4100,
        )
    assert fake.commands == []


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
async def test_a_target_is_a_number(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    value: str,
) -> None:
    for name in ("power_limit", "hash_rate_target"):
        target = {"entity_id": f"number.miner_1_{name}", "value": value}
        with pytest.raises(ServiceValidationError) as refused:
            await call(hass, "number", "set_value", person, **target)
        if value == "nan":
            assert refused.value.translation_key == "not_a_number"
            assert refused.value.translation_placeholders == {"miner": "Miner 1"}
    assert fake.commands == []


async def test_a_lowered_target_leaves_the_way_back(
    hass: HomeAssistant, fake: FakeMiner, person: Context, run_cycles: RunCycles
) -> None:
    data = {key: value for key, value in FAKE["data"].items() if key != "nominal_hashrate_ths"}
    site = await set_up(hass, make_operator([{**FAKE, "data": data}]))
    assert most(hass) == 151.5
    fake.reading = replace(FULL_READING, hashrate_ths=30.0, expected_hashrate_ths=30.0)
    await run_cycles(site)
    assert most(hass) == 151.5
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert most(hass) == 151.5
    fake.reading = replace(FULL_READING, hashrate_ths=120.0, expected_hashrate_ths=None)
    await run_cycles(site.config_entry.runtime_data.coordinator)
    assert most(hass) == 180


def most(hass: HomeAssistant) -> float:
    value = hass.states.get("number.miner_1_hash_rate_target").attributes["max"]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("name", "gone"), [("pool", "2: stratum+tcp://two.example:3333"), ("level", "turbo")]
)
async def test_a_choice_that_is_gone(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
    name: str,
    gone: str,
) -> None:
    fake.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(fake_site)
    fake.error, fake.reading = None, replace(FULL_READING, pools=())
    fake.info = replace(FULL_INFO, capabilities=replace(FULL_INFO.capabilities, levels=()))
    await run_cycles(fake_site)
    target = {"entity_id": f"select.miner_1_{name}", "option": gone}
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "select", "select_option", person, **target)
    assert refused.value.translation_key == "not_offered"
    assert refused.value.translation_placeholders == {"miner": "Miner 1", "option": gone}
    assert fake.commands == []


async def test_a_command_that_hangs_holds_back_no_other_miner(
    hass: HomeAssistant, enable_custom_integrations: None, person: Context
) -> None:
    miners = {name: FakeMiner(MinerInfo(capabilities=CAN), FULL_READING) for name in "12"}
    answer = asyncio.Event()

    async def hang(_: object) -> None:
        await answer.wait()

    miners["1"].execute = hang  # type: ignore[method-assign]
    subentries = [simulated(seed) for seed in (1, 2)]
    with patch(
        "custom_components.aiep_miner.coordinator.create_adapter",
        lambda _hass, data, _: miners[str(data["seed"])],
    ):
        await set_up(hass, make_operator(subentries))
    first = hass.async_create_task(call(hass, "switch", "turn_off", person, **SWITCH))
    try:
        async with asyncio.timeout(30):
            await call(hass, "switch", "turn_off", person, entity_id="switch.miner_2")
        assert [command.action for command in miners["2"].commands] == [Action.STOP]
        assert not first.done()
    finally:
        answer.set()
        await first


async def test_level(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    target = {"entity_id": "select.miner_1_level", "option": "turbo"}
    await call(hass, "select", "select_option", person, **target)
    assert [(item.action, item.option) for item in fake.commands] == [(Action.SET_LEVEL, "turbo")]


async def test_pool(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 2)
    options = hass.states.get("select.miner_1_pool").attributes["options"]
    target = {"entity_id": "select.miner_1_pool", "option": options[1]}
    await call(hass, "select", "select_option", person, **target)
    await run_cycles(site)
    assert hass.states.get("select.miner_1_pool").state == options[1]


async def test_mode(hass: HomeAssistant, site: AiepMinerCoordinator, person: Context) -> None:
    mode = {"entity_id": "select.site_mode", "option": "manual"}
    await call(hass, "select", "select_option", person, **mode)
    await hass.async_block_till_done()
    assert hass.states.get("select.site_mode").state == "manual"
    entry = site.config_entry
    assert entry.options["mode"] == "manual"
    assert entry.runtime_data.coordinator is site, "no reload"
    policies = await site.controller.ledger.query(kinds=(RecordKind.POLICY,))
    modes = [item.record().mode.value for item in policies]
    assert modes[-2:] == ["auto", "manual"]
    assert policies[-1].record().user_id == person.user_id
    assert policies[-2].record().user_id is None

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("select.site_mode").state == "manual"


async def test_caller_that_gives_up_leaves_a_receipt(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    task = hass.async_create_task(call(hass, "switch", "turn_off", person, **SWITCH))
    task.cancel()
    await fake_site.async_refresh()  # a cycle comes after what is under way
    assert [command.action for command in fake.commands] == [Action.STOP]
    receipt = await fake_site.controller.ledger.latest(RecordKind.RECEIPT)
    assert receipt.record().action is Action.STOP


async def test_run_cycle_and_verify_ledger(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, person: Context
) -> None:
    cycles = fake_site.data.cycles
    await call(hass, "button", "press", person, entity_id="button.site_run_cycle")
    assert fake_site.data.cycles == cycles + 1

    assert hass.states.get("sensor.site_ledger_verification").state == "unknown"
    await call(hass, "button", "press", person, entity_id="button.site_verify_ledger")
    verification = hass.states.get("sensor.site_ledger_verification")
    assert verification.state == "intact"
    assert verification.attributes["records"] == fake_site.data.ledger_records


async def test_miner_that_can_only_be_read(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.info = MinerInfo()
    await set_up(hass, make_operator([FAKE]))
    for platform in PLATFORMS:
        own = [item for item in hass.states.async_entity_ids(platform) if "miner_1" in item]
        assert own == (["button.miner_1_resume_automation"] if platform == "button" else [])
