"""An operator that goes by a plan, in Home Assistant: made beside the loop, shown, followed."""

import json
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_dumps
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Strategy
from custom_components.aiep_miner.engine.replay import replay

from ..conftest import RunCycles, make_operator, set_up, simulated

PRICE = "sensor.price"
CHEAP, DEAR = 0.02, 0.25


def publish(hass: HomeAssistant, dear_from: datetime) -> None:
    """Publish quarter hours of a day from now on: cheap, then dear for six hours."""
    now = dt_util.utcnow()
    begin = now.replace(minute=0, second=0, microsecond=0)
    prices = []
    for hour in range(30):
        start = begin + timedelta(hours=hour)
        is_dear = dear_from <= start < dear_from + timedelta(hours=6)
        prices.append({"start": start.isoformat(), "value": DEAR if is_dear else CHEAP})
    present = next(item["value"] for item in reversed(prices) if item["start"] <= now.isoformat())
    hass.states.async_set(
        PRICE,
        str(present),
        {"unit_of_measurement": "EUR/kWh", "raw_today": prices},
        force_update=True,
    )


@pytest.fixture
def dear_from(freezer: FrozenDateTimeFactory, machines: object) -> datetime:
    """Return when the dear hours begin: two hours after the next full one."""
    return dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)


@pytest.fixture
async def planned(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object, dear_from: datetime
) -> AiepMinerCoordinator:
    publish(hass, dear_from)
    entry = make_operator(
        [simulated()],
        data={"energy_price": PRICE},
        options={"planning": {"strategy": "plan"}},
    )
    site = await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return site


async def pass_time(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, dear_from: datetime,
    minutes: int,
) -> None:  # fmt: skip
    for _ in range(minutes):
        publish(hass, dear_from)
        await run_cycles(site, every_s=60)
        await hass.async_block_till_done(wait_background_tasks=True)


async def get_plan(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, "get_plan", data, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return response


async def test_the_plan_is_made_shown_and_followed(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    run_cycles: RunCycles,
    dear_from: datetime,
) -> None:
    await pass_time(hass, planned, run_cycles, dear_from, 45)
    change = hass.states.get("sensor.site_next_planned_change")
    assert dt_util.parse_datetime(change.state) == dear_from
    assert (change.attributes["miner"], change.attributes["action"]) == ("Miner 1", "stop")
    at = f"{dt_util.as_local(dear_from):%H:%M}"
    assert change.attributes["sentence"] == (
        f"Miner 1: Stop at {at}. By the plan energy costs more than it earns."
    )
    assert float(hass.states.get("sensor.site_planned_power").state) > 1000
    profit = hass.states.get("sensor.site_profit_of_the_plan")
    assert profit.attributes["unit_of_measurement"] == "EUR"
    assert float(profit.state) <= profit.attributes["bound"] + 0.01
    sentence = hass.states.get("sensor.miner_1_decision").state
    assert sentence.startswith(f"Runs by the plan until {at}, since ")

    calendar = hass.states.get("calendar.site_plan")
    assert (calendar.state, calendar.attributes["message"]) == ("on", "Miner 1")
    events = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": "calendar.site_plan", "duration": {"hours": 24}},
        blocking=True,
        return_response=True,
    )
    now_on, later = events["calendar.site_plan"]["events"]
    assert dt_util.parse_datetime(now_on["end"]) == dear_from
    assert dt_util.parse_datetime(later["start"]) == dear_from + timedelta(hours=6)
    assert later["description"].startswith("It pays by the plan: ")
    assert f"at {CHEAP} EUR/kWh on average" in later["description"]

    plan = await get_plan(hass)
    assert plan["price_fault"] is None
    assert dt_util.parse_datetime(plan["prices_known_until"]) > dear_from
    (miner,) = plan["miners"]
    runs, rests, *_ = miner["segments"]
    assert (miner["name"], runs["runs"], rests["runs"]) == ("Miner 1", True, False)
    assert dt_util.parse_datetime(rests["from"]) == dear_from
    assert dt_util.parse_datetime(rests["until"]) == dear_from + timedelta(hours=6)
    assert rests["energy_price_per_kwh"] == DEAR
    filed = await planned.controller.ledger.get(plan["record_seq"])
    assert (filed.kind, filed.hash_hex) == ("plan", plan["record_hash"])

    left = round((dear_from - dt_util.utcnow()).total_seconds() / 60)
    await pass_time(hass, planned, run_cycles, dear_from, left + 10)
    assert hass.states.get("switch.miner_1").state == "off"
    sentence = hass.states.get("sensor.miner_1_decision").state
    assert sentence.startswith("Off by the plan until ")
    assert hass.states.get("sensor.miner_1_decision").attributes["origin"] == "planner"
    path = planned.controller.ledger.path
    await hass.config_entries.async_unload(planned.config_entry.entry_id)
    report = await hass.async_add_executor_job(replay, path)
    assert report.difference is None
    assert report.plans >= 2


async def test_the_dashboard_shows_the_plan_to_who_may_see_its_miners(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    run_cycles: RunCycles,
    dear_from: datetime,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_user: MockUser,
    hass_read_only_access_token: str,
) -> None:
    await pass_time(hass, planned, run_cycles, dear_from, 2)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "aiep_miner/fleet/plan", "operator_id": "site"})
    plan = (await client.receive_json())["result"]["plan"]
    assert plan == json.loads(json_dumps(await get_plan(hass)))
    await client.send_json_auto_id({"type": "aiep_miner/fleet/subscribe"})
    await client.receive_json()
    operator = (await client.receive_json())["event"]["operator"]
    assert operator["plan_seq"] == plan["record_seq"]
    assert operator["next_change"].startswith("Miner 1: ")

    hass_read_only_user.mock_policy({})
    stranger = await hass_ws_client(hass, hass_read_only_access_token)
    await stranger.send_json_auto_id({"type": "aiep_miner/fleet/plan", "operator_id": "site"})
    assert (await stranger.receive_json())["error"]["code"] == "unauthorized"


async def test_plans_are_few(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    run_cycles: RunCycles,
    dear_from: datetime,
) -> None:
    before = len(await planned.controller.ledger.query(kinds=("plan",)))
    await pass_time(hass, planned, run_cycles, dear_from, 90)
    after = len(await planned.controller.ledger.query(kinds=("plan",)))
    assert 1 <= after - before <= 4


async def test_a_source_that_lies_is_named_and_nothing_is_followed_blindly(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    run_cycles: RunCycles,
    dear_from: datetime,
) -> None:
    await pass_time(hass, planned, run_cycles, dear_from, 30)
    for state, attributes in (
        ("nonsense", {"unit_of_measurement": "EUR/kWh", "raw_today": "soon"}),
        (str(CHEAP), {"unit_of_measurement": "EUR/kWh", "raw_today": []}),
    ):
        hass.states.async_set(PRICE, state, attributes, force_update=True)
        await run_cycles(planned, 12, every_s=60)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert hass.states.get("switch.miner_1").state == "on"
    assert (await get_plan(hass))["price_fault"] == "no_readings"
    await pass_time(hass, planned, run_cycles, dear_from, 30)
    plan = await get_plan(hass)
    assert plan["price_fault"] is None
    assert not plan["miners"][0]["segments"][0]["guessed"]


async def test_a_planner_that_fails_is_tried_again_later(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    run_cycles: RunCycles,
    dear_from: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = len(await planned.controller.ledger.query(kinds=("plan",)))
    with patch(
        "custom_components.aiep_miner.engine.controller.solve", side_effect=ValueError("broken")
    ):
        await pass_time(hass, planned, run_cycles, dear_from, 66)
    assert 1 <= caplog.text.count("no plan could be made") <= 2
    assert hass.states.get("switch.miner_1").state == "on"
    await pass_time(hass, planned, run_cycles, dear_from, 6)
    assert len(await planned.controller.ledger.query(kinds=("plan",))) > before


async def test_without_a_plan_the_action_says_so(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 3)
    assert site.data.policy.strategy is Strategy.THRESHOLD
    with pytest.raises(ServiceValidationError) as failed:
        await get_plan(hass)
    assert failed.value.translation_key == "no_plan"
    for entity_id in ("sensor.site_next_planned_change", "calendar.site_plan"):
        entity = er.async_get(hass).async_get(entity_id)
        assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_the_form_switches_to_a_plan_and_back(
    hass: HomeAssistant, operator: MockConfigEntry, run_cycles: RunCycles
) -> None:
    site = await set_up(hass, operator)
    flow = await hass.config_entries.options.async_init(operator.entry_id)
    flow = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "settings"}
    )
    sections = ("cycle", "planning", "economics", "safety", "people", "ledger", "display")
    chosen: dict[str, Any] = {name: {} for name in sections}
    chosen["planning"] = {"strategy": "plan", "price_forecast": PRICE, "min_run_min": 60}
    result = await hass.config_entries.options.async_configure(flow["flow_id"], chosen)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    site = operator.runtime_data.coordinator
    policy = site.data.policy
    assert (policy.strategy, policy.min_run_min, policy.start_min) == (Strategy.PLAN, 60, 5)
    assert operator.options["planning"]["price_forecast"] == PRICE
    await run_cycles(site)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (await get_plan(hass))["miners"]
    hass.config_entries.async_update_entry(
        operator, options={**operator.options, "planning": {"strategy": "threshold"}}
    )
    await hass.async_block_till_done()
    assert site.data.policy.strategy is Strategy.THRESHOLD
    assert site.data.plan is None


async def test_an_integration_that_answers_by_an_action_is_asked_and_not_too_often(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    dear_from: datetime,
    run_cycles: RunCycles,
) -> None:
    source = MockConfigEntry(domain="energyzero", entry_id="prices")
    source.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        "sensor", "energyzero", "now", suggested_object_id="price", config_entry=source
    )
    asked = []

    async def prices(call: ServiceCall) -> dict[str, Any]:
        asked.append(call)
        return {"prices": hass.data["published"]}

    hass.services.async_register(
        "energyzero", "get_energy_prices", prices, supports_response=SupportsResponse.ONLY
    )

    def publish_by_action() -> None:
        publish(hass, dear_from)
        state = hass.states.get(PRICE)
        hass.data["published"] = [
            {"timestamp": row["start"], "price": row["value"]}
            for row in state.attributes["raw_today"]
        ]
        unit = {"unit_of_measurement": "EUR/kWh"}
        hass.states.async_set(PRICE, state.state, unit, force_update=True)

    publish_by_action()
    options = {"planning": {"strategy": "plan"}}
    site = await set_up(
        hass, make_operator([simulated()], data={"energy_price": PRICE}, options=options)
    )
    for _ in range(70):
        publish_by_action()
        await run_cycles(site, every_s=60)
        await hass.async_block_till_done(wait_background_tasks=True)
    plan = await get_plan(hass)
    assert plan["price_fault"] is None
    assert dt_util.parse_datetime(plan["miners"][0]["segments"][0]["until"]) == dear_from
    assert 1 <= len(asked) <= 3
