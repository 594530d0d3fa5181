"""The tools of language models, called as Home Assistant calls them, without a model."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action, Origin, RecordKind, Temperature

from ..conftest import FAKE, FULL_READING, FakeMiner, RunCycles, make_operator, set_up

HOT = replace(FULL_READING, temperatures=(Temperature(sensor="board_0", temperature_c=99.0),))
TOOLS = ("fleet", "why", "plan", "what_if", "evidence", "propose")

type Call = Callable[..., Awaitable[llm.ToolResult]]


async def api_of(hass: HomeAssistant, context: Context | None) -> llm.APIInstance:
    return await llm.async_get_api(
        hass,
        llm.LLM_API_ASSIST,
        llm.LLMContext(
            platform="chatty",
            context=context,
            language="en",
            assistant="conversation",
            device_id=None,
        ),
    )


@pytest.fixture
def call(hass: HomeAssistant, person: Context) -> Call:
    """Return a function that calls a tool as a model in a user's chat."""

    async def call(name: str, context: Context | None = person, **args: Any) -> llm.ToolResult:
        api = await api_of(hass, context)
        return await api.async_call_tool(
            llm.ToolInput(tool_name=f"aiep_miner__{name}", tool_args=args)
        )

    return call


async def proposal(call: Call, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a sound proposal that cites what the miner reported."""
    records = (await call("why", miner="Miner 1")).data["records"]
    telemetry = next(item for item in records if item["kind"] == "telemetry")
    return {
        "miner": "Miner 1",
        "action": "set_power",
        "value": 2800,
        "confidence": 0.95,
        "reason": "Cheaper energy later",
        "citations": [cite(telemetry, "reading.power_w")],
    } | changes


def cite(record: dict[str, Any], field: str) -> dict[str, Any]:
    return {
        "record_seq": record["record_seq"],
        "record_hash": record["record_hash"],
        "field": field,
        "value": record["fields"][field],
    }


async def test_all_tools_are_there_and_say_what_they_do(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context
) -> None:
    api = await api_of(hass, person)
    mine = {item.name: item for item in api.tools if item.integration == "aiep_miner"}
    assert set(mine) == {f"aiep_miner__{name}" for name in TOOLS}
    assert all(item.title and item.description for item in mine.values())
    writing = [item.name for item in mine.values() if not item.annotations.read_only]
    assert writing == ["aiep_miner__propose"]
    assert "propose" in api.api_prompt


async def test_nothing_is_there_where_no_miner_is_exposed(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context, call: Call
) -> None:
    async_expose_entity(hass, "conversation", "switch.miner_1", should_expose=False)
    api = await api_of(hass, person)
    assert not [item for item in api.tools if item.integration == "aiep_miner"]


async def test_what_the_user_may_not_read_is_not_shown(
    hass: HomeAssistant, site: AiepMinerCoordinator, call: Call
) -> None:
    user = MockUser(is_owner=False).add_to_hass(hass)
    user.mock_policy({})
    assert (await call("fleet", Context(user_id=user.id))).data["count"] == 0
    result = await call("why", Context(user_id=user.id), miner="Miner 1")
    assert result.error


async def test_the_fleet_in_short(site: AiepMinerCoordinator, call: Call) -> None:
    answer = (await call("fleet")).data
    assert (answer["count"], answer["left_off"], answer["modes"]) == (1, 0, {"Site": "auto"})
    (miner,) = answer["miners"]
    assert miner["miner"] == "Miner 1"
    assert miner["mining"] is True
    assert miner["sentence"].startswith("Running since")
    assert miner["power_w"] == pytest.approx(3000, abs=3)


async def test_why_explains_and_offers_what_can_be_cited(
    site: AiepMinerCoordinator, call: Call
) -> None:
    answer = (await call("why", miner="miner 1")).data
    assert answer["status"] == "running_profitable"
    kinds = {item["kind"] for item in answer["records"]}
    assert kinds == {"telemetry", "profit", "decision", "price"}
    telemetry = next(item for item in answer["records"] if item["kind"] == "telemetry")
    assert telemetry["fields"]["reading.temperatures.1.temperature_c"] == "58.5"


async def test_an_unknown_miner_is_an_answer(site: AiepMinerCoordinator, call: Call) -> None:
    for name in ("why", "plan", "what_if"):
        result = await call(name, miner="Atlantis")
        assert result.error
        assert "Atlantis" in result.data["error"]


async def test_there_is_no_plan_without_the_strategy(
    site: AiepMinerCoordinator, call: Call
) -> None:
    result = await call("plan", miner="Miner 1")
    assert result.error
    assert "no plan" in result.data["error"]


async def test_the_plan_of_a_miner(
    hass: HomeAssistant, assistant: None, fake: FakeMiner, run_cycles: RunCycles, call: Call
) -> None:
    site = await set_up(hass, make_operator([FAKE], options={"planning": {"strategy": "plan"}}))
    assert site.data.policy.strategy == "plan"
    while site.data.plan is None:
        await run_cycles(site)
        await hass.async_block_till_done(wait_background_tasks=True)
    answer = (await call("plan", miner="Miner 1")).data
    assert [item["runs"] for item in answer["segments"]] == [True]
    assert "energy_prices" not in answer


async def test_what_if_works_out_and_changes_nothing(
    site: AiepMinerCoordinator, call: Call, fake: FakeMiner
) -> None:
    before = site.data.ledger_records
    answer = (await call("what_if", miner="Miner 1", energy_price_pct=200)).data
    assert answer["hours"] == 24
    now, dearer = answer["as_it_is"], answer["changed"]
    assert now["plan"]["profit"] > 0
    assert dearer["always_on"]["energy_cost"] == pytest.approx(
        3 * now["always_on"]["energy_cost"], rel=1e-3
    )
    assert dearer["plan"]["profit"] >= dearer["always_on"]["profit"]
    off = (await call("what_if", miner="Miner 1", stays_off=True)).data
    assert off["changed"] is None
    assert site.data.ledger_records == before
    assert fake.commands == []


async def test_the_evidence_of_a_decision(site: AiepMinerCoordinator, call: Call) -> None:
    decision = (await call("why", miner="Miner 1")).data["decision"]
    answer = (await call("evidence", miner="Miner 1", record_seq=decision["record_seq"])).data
    assert answer["decision"]["hash"] == decision["record_hash"]
    named = {item["record_seq"] for item in decision["rests_on"]}
    assert {item["seq"] for item in answer["rests_on"]} == named
    for seq in (1, 10**9):
        assert (await call("evidence", miner="Miner 1", record_seq=seq)).error


async def test_a_sound_proposal_is_governed_under_the_models_name(
    site: AiepMinerCoordinator, call: Call, fake: FakeMiner, person: Context
) -> None:
    result = await call("propose", **await proposal(call))
    assert not result.error, result.data
    assert result.data["actionable"] is True, result.data
    assert [(item.action, item.value) for item in fake.commands] == [(Action.SET_POWER, 2800)]
    record = (await site.controller.ledger.latest(RecordKind.PROPOSAL)).record()
    assert (record.origin, record.origin_id, record.user_id) == (
        Origin.LLM,
        "chatty",
        person.user_id,
    )
    assert result.data["track_record"]["proposals"] == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"citations": []}, "citation_missing"),
        ({"confidence": 0.3}, "low_confidence"),
        ({"value": 1e6}, "out_of_bounds"),
    ],
)
async def test_a_proposal_that_is_refused_is_on_record(
    site: AiepMinerCoordinator, call: Call, fake: FakeMiner, changes: dict[str, Any], rule: str
) -> None:
    result = await call("propose", **await proposal(call, **changes))
    assert (result.data["actionable"], result.data["rule"]) == (False, rule)
    proof = await site.controller.ledger.latest(RecordKind.NEGATIVE_PROOF)
    assert proof.seq == result.data["record_seq"] + 1
    assert proof.record().rule == rule
    assert fake.commands == []


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "overclock"},
        {"action": "set_level"},
        {"value": "a lot"},
        {"confidence": 7},
        {"citations": [{"record_seq": 1}]},
        {"surprise": True},
    ],
)
async def test_what_is_no_proposal_is_an_error(
    site: AiepMinerCoordinator, call: Call, fake: FakeMiner, changes: dict[str, Any]
) -> None:
    result = await call("propose", **await proposal(call, **changes))
    assert result.error
    assert fake.commands == []


async def test_a_hot_machine_is_not_started(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    call: Call,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    fake.reading = replace(HOT, mining=False, hashrate_ths=0.0)
    await run_cycles(site, 2)
    fake.commands.clear()
    result = await call("propose", **await proposal(call, action="run", confidence=1.0))
    assert result.data["rule"] == "thermal_override"
    assert fake.commands == []


async def test_who_may_not_control_proposes_nothing(
    hass: HomeAssistant, site: AiepMinerCoordinator, call: Call, fake: FakeMiner
) -> None:
    args = await proposal(call)
    user = MockUser(is_owner=False).add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {"switch.miner_1": {"read": True}}}})
    result = await call("propose", Context(user_id=user.id), **args)
    assert result.error
    assert fake.commands == []
    assert await site.controller.ledger.latest(RecordKind.PROPOSAL) is None


async def test_a_satellites_model_is_no_person(
    site: AiepMinerCoordinator, call: Call, fake: FakeMiner
) -> None:
    await call("propose", None, **await proposal(call))
    record = (await site.controller.ledger.latest(RecordKind.PROPOSAL)).record()
    assert (record.origin, record.origin_id, record.user_id) == (Origin.LLM, "chatty", None)
