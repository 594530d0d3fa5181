"""Adding and changing operators, and their options."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.engine.governor import STRICT
from custom_components.aiep_miner.engine.records import Mode

from .conftest import OPERATOR_DATA, make_operator, set_up, simulated

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "machines")

USER_INPUT = {"name": "Garage", **OPERATOR_DATA, "mode": "manual"}


async def start(hass: HomeAssistant) -> str:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {}
    return result["flow_id"]


async def test_add_operator(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Garage"
    assert result["data"] == OPERATOR_DATA
    assert result["options"] == {"mode": "manual"}
    assert result["result"].runtime_data.coordinator.data.mode is Mode.MANUAL


async def test_price_from_an_entity(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.price", "31.5", {ATTR_UNIT_OF_MEASUREMENT: "ct/kWh"})
    flow_id = await start(hass)
    choice = {"active_choice": "entity", "entity": "sensor.price"}
    result = await hass.config_entries.flow.async_configure(
        flow_id, {**USER_INPUT, "energy_price": choice}
    )
    await hass.async_block_till_done()
    assert result["data"]["energy_price"] == "sensor.price"
    price = result["result"].runtime_data.coordinator.data.price
    assert price.energy_price_per_kwh == pytest.approx(0.315)
    assert price.energy_price_updated_ms is not None


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"name": " site "}, {"name": "name_taken"}),
        ({"energy_price": "sensor.dollars"}, {"energy_price": "wrong_unit"}),
        ({"coin_price": "sensor.dollars"}, {"coin_price": "wrong_unit"}),
        ({"network_difficulty": "sensor.dollars"}, {"network_difficulty": "wrong_unit"}),
        ({"coin_price": 0}, {"coin_price": "not_positive"}),
        ({"network_difficulty": 0}, {"network_difficulty": "not_positive"}),
        ({"block_reward": 0}, {"block_reward": "not_positive"}),
        ({"name": "  "}, {"name": "name_blank"}),
    ],
)
async def test_errors_and_recovery(
    hass: HomeAssistant, wrong: dict[str, Any], errors: dict[str, str]
) -> None:
    make_operator(title="Site").add_to_hass(hass)
    hass.states.async_set("sensor.dollars", "1", {ATTR_UNIT_OF_MEASUREMENT: "USD/kWh"})
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, {**USER_INPUT, **wrong})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_neither_number_nor_entity(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    with pytest.raises(InvalidData):
        await hass.config_entries.flow.async_configure(
            flow_id, {**USER_INPUT, "energy_price": "dear"}
        )
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_reconfigure(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    site = await set_up(hass, operator)
    make_operator(title="Other").add_to_hass(hass)
    result = await operator.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert "mode" not in result["data_schema"].schema

    changed = {"name": "Other", **OPERATOR_DATA, "energy_price": 0.2}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], changed)
    assert result["errors"] == {"name": "name_taken"}

    changed["name"] = "\t"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], changed)
    assert result["errors"] == {"name": "name_blank"}

    changed["name"] = " Barn "
    result = await hass.config_entries.flow.async_configure(result["flow_id"], changed)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert operator.title == "Barn"
    assert operator.runtime_data.coordinator is not site
    assert operator.runtime_data.coordinator.data.price.energy_price_per_kwh == 0.2


async def test_options(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    site = await set_up(hass, operator)
    result = await hass.config_entries.options.async_init(operator.entry_id)
    assert result["type"] is FlowResultType.MENU
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "settings"}
    )
    assert result["step_id"] == "settings"
    sections = {
        "cycle": {"interval_s": 60, "confirm_cycles": 4, "price_max_age_min": 90},
        "economics": {
            "profit_margin_per_day": 1.5,
            "profit_dwell_min": 0,
            "pool_fee_pct": 2,
            "heat_credit_per_kwh": 0.05,
        },
        "safety": {
            "cooldown_c": 15,
            "cooldown_min": 10,
            "collapse_pct": 40,
            "collapse_min": 3,
            "max_restarts_per_day": 1,
            "min_fan_rpm": 500,
            "safety_stops_in_manual": True,
        },
        "people": {"person_hold_min": 30, "max_proposals_per_hour": 60},
        "ledger": {"keep_bodies_days": 90},
    }
    result = await hass.config_entries.options.async_configure(result["flow_id"], sections)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert operator.options == {"mode": "auto", **sections}
    assert operator.runtime_data.coordinator is site
    policy = site.data.policy
    for section in sections.values():
        for field, value in section.items():
            assert getattr(policy, field) == value


@pytest.mark.parametrize("interval_s", [4, 601])
async def test_interval_has_bounds(
    hass: HomeAssistant, operator: MockConfigEntry, interval_s: int
) -> None:
    await set_up(hass, operator)
    result = await hass.config_entries.options.async_init(operator.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "settings"}
    )
    empty: dict[str, Any] = {"economics": {}, "safety": {}, "people": {}, "ledger": {}}
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            result["flow_id"], {"cycle": {"interval_s": interval_s}, **empty}
        )
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"cycle": {"interval_s": 5}, **empty}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_governor_begins_with_a_preset(
    hass: HomeAssistant, operator: MockConfigEntry
) -> None:
    site = await set_up(hass, operator)
    result = await hass.config_entries.options.async_init(operator.entry_id)
    for user_input in ({"next_step_id": "preset"}, {"preset": "strict"}):
        result = await hass.config_entries.options.async_configure(result["flow_id"], user_input)
    assert result["step_id"] == "governor"
    suggested = {
        marker.schema: marker.description["suggested_value"]
        for marker in result["data_schema"].schema
        if marker.description
    }
    assert suggested["min_trust_for_action"] == "3"
    assert suggested["thermal_throttle_temp_c"] == 80

    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {**suggested, "max_power_watts": 9000}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    governor = site.data.policy.governor
    assert governor.min_trust_for_action == STRICT.min_trust_for_action
    assert governor.max_pool_switches_per_hour == STRICT.max_pool_switches_per_hour
    assert governor.max_power_watts == 9000


async def test_governor_shows_what_is_set(hass: HomeAssistant) -> None:
    entry = make_operator([simulated()], options={"governor": {"max_power_watts": 5000.0}})
    await set_up(hass, entry)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    for user_input in ({"next_step_id": "preset"}, {"preset": "current"}):
        result = await hass.config_entries.options.async_configure(result["flow_id"], user_input)
    result = await hass.config_entries.options.async_configure(result["flow_id"], {})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.runtime_data.coordinator.data.policy.governor.max_power_watts is None


async def test_preset_leaves_what_it_does_not_limit(hass: HomeAssistant) -> None:
    limits = {"max_power_watts": 9000.0, "thermal_throttle_temp_c": 71.0}
    entry = make_operator([simulated()], options={"governor": limits})
    await set_up(hass, entry)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    for user_input in ({"next_step_id": "preset"}, {"preset": "strict"}):
        result = await hass.config_entries.options.async_configure(result["flow_id"], user_input)
    suggested = {
        marker.schema: marker.description["suggested_value"]
        for marker in result["data_schema"].schema
        if marker.description
    }
    assert suggested["max_power_watts"] == 9000
    assert suggested["thermal_throttle_temp_c"] == STRICT.thermal_throttle_temp_c


async def configure(hass: HomeAssistant, entry: MockConfigEntry, **access: bool) -> dict[str, Any]:
    """Go through the options of the operator's own credentials."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    user_input = {"enabled": True, "may_act": False, "rotate": False, **access}
    for step in ({"next_step_id": "access"}, user_input):
        result = await hass.config_entries.options.async_configure(result["flow_id"], step)
    return result


async def test_secret_is_shown_once(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    trust_store = (await set_up(hass, operator)).ledger_service.trust_store
    assert trust_store.trusted.access is None

    result = await configure(hass, operator)
    assert result["step_id"] == "secret"
    secret = result["description_placeholders"]["secret"]
    assert len(secret) > 40
    assert trust_store.trusted.access.secret == secret
    result = await hass.config_entries.options.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY

    result = await configure(hass, operator, may_act=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert trust_store.trusted.access.secret == secret
    assert trust_store.trusted.access.may_act
    assert secret not in str(operator.as_dict())

    result = await configure(hass, operator, rotate=True)
    assert result["description_placeholders"]["secret"] != secret
    assert trust_store.trusted.access.secret == result["description_placeholders"]["secret"]

    result = await configure(hass, operator, enabled=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert trust_store.trusted.access is None


async def test_access_needs_a_loaded_operator(
    hass: HomeAssistant, operator: MockConfigEntry
) -> None:
    await set_up(hass, operator)
    await hass.config_entries.async_unload(operator.entry_id)
    result = await hass.config_entries.options.async_init(operator.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "access"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_not_loaded"
