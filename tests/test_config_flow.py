"""Adding and changing operators, and their options."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers.selector import ChooseSelector
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.engine.governor import STRICT
from custom_components.aiep_miner.engine.records import Mode
from devtools.forms import operator_form
from devtools.mempool import EmulatedMempool

from .conftest import OPERATOR_DATA, make_operator, set_up, simulated, suggestions

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "machines")

USER_INPUT = operator_form({"name": "Garage", **OPERATOR_DATA, "mode": "manual"})
SOURCE_PATHS = {
    "/api/v1/prices",
    "/api/v1/mining/hashrate/3d",
    "/api/v1/mining/reward-stats/144",
}


def changed(**values: Any) -> dict[str, Any]:
    """Return the form with other values, own ones and the rest."""
    return operator_form({"name": "Garage", **OPERATOR_DATA, "mode": "manual", **values})


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
    assert result["result"].unique_id == "garage"
    assert result["result"].runtime_data.coordinator.data.mode is Mode.MANUAL


async def test_a_new_operator_watches_unless_it_is_said_otherwise(hass: HomeAssistant) -> None:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    filled = result["data_schema"](
        {key: value for key, value in USER_INPUT.items() if key not in ("mode", "currency")}
    )
    assert filled["mode"] == "manual"
    assert filled["currency"] == hass.config.currency


async def test_a_new_operator_leads_to_the_scan(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    kind, next_id = result["next_flow"]
    assert kind == "config_subentries_flow"
    # The browser asks for the form once more before it shows it.
    result = await hass.config_entries.subentries.async_configure(next_id)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "scan")
    assert result["handler"] == (hass.config_entries.async_entries(DOMAIN)[0].entry_id, "miner")


async def test_an_operator_that_does_not_load_leads_nowhere(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    with patch("custom_components.aiep_miner.async_setup_entry", return_value=False):
        result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    assert result["result"].state is ConfigEntryState.SETUP_ERROR
    assert "next_flow" not in result


async def test_price_from_an_entity(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.price", "31.5", {ATTR_UNIT_OF_MEASUREMENT: "ct/kWh"})
    flow_id = await start(hass)
    choice = {"active_choice": "entity", "entity": "sensor.price"}
    result = await hass.config_entries.flow.async_configure(flow_id, changed(energy_price=choice))
    await hass.async_block_till_done()
    assert result["data"]["energy_price"] == "sensor.price"
    price = result["result"].runtime_data.coordinator.data.price
    assert price.energy_price_per_kwh == pytest.approx(0.315)
    assert price.energy_price_updated_ms is not None


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"name": " site "}, {"name": "name_taken"}),
        ({"name": "  "}, {"name": "name_blank"}),
        ({"energy_price": "sensor.dollars"}, {"energy_price": "wrong_unit"}),
        ({"energy_price": "sensor.plain"}, {"energy_price": "wrong_unit"}),
        ({"coin_price": "sensor.plain"}, {"own_values": "own_wrong_unit"}),
        ({"energy_price": {"active_choice": "fixed"}}, {"energy_price": "energy_missing"}),
        ({"coin_price": "sensor.dollars"}, {"own_values": "own_wrong_unit"}),
        ({"network_difficulty": "sensor.dollars"}, {"own_values": "own_wrong_unit"}),
        ({"coin_price": 0}, {"own_values": "own_not_positive"}),
        ({"network_difficulty": 0}, {"own_values": "own_not_positive"}),
        ({"block_reward": 0}, {"own_values": "own_not_positive"}),
        ({"coin_price": {"active_choice": "fixed"}}, {"own_values": "own_missing"}),
        (
            {"network_difficulty": {"active_choice": "entity", "entity": ""}},
            {"own_values": "own_missing"},
        ),
    ],
)
async def test_errors_and_recovery(
    hass: HomeAssistant, wrong: dict[str, Any], errors: dict[str, str]
) -> None:
    make_operator(title="Site").add_to_hass(hass)
    hass.states.async_set("sensor.dollars", "1", {ATTR_UNIT_OF_MEASUREMENT: "USD/kWh"})
    hass.states.async_set("sensor.plain", "0.25")
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, changed(**wrong))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("entity_id", "state"),
    [
        ("input_number.price", "0.25"),  # a setting of one's own needs no unit
        ("sensor.plain", "unavailable"),  # its unit is not known yet
        ("sensor.absent", None),
    ],
)
async def test_a_unit_that_cannot_be_asked_for(
    hass: HomeAssistant, entity_id: str, state: str | None
) -> None:
    if state is not None:
        hass.states.async_set(entity_id, state)
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(
        flow_id, changed(energy_price=entity_id)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_neither_number_nor_entity(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    with pytest.raises(InvalidData):
        await hass.config_entries.flow.async_configure(flow_id, changed(energy_price="dear"))
    result = await hass.config_entries.flow.async_configure(flow_id, USER_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY


PRICED = {
    "energy_price": "sensor.energy",
    "coin_price": "sensor.coin",
    "network_difficulty": 1.2e14,
}
CHOSEN = {
    "energy_price": {"active_choice": "entity", "entity": "sensor.energy"},
    "own_values": {
        "coin_price": {"active_choice": "entity", "entity": "sensor.coin"},
        "network_difficulty": {"active_choice": "fixed", "fixed": 1.2e14},
        "block_reward": 3.125,
    },
}
"""What a browser's choose selector shows, and sends back when nothing is changed."""


def browser_values(schema: Any) -> dict[str, Any]:
    """Return what the browser fills a form with: a suggestion goes to a choice's first option."""
    found: dict[str, Any] = {}
    for marker, value in schema.schema.items():
        suggested = (marker.description or {}).get("suggested_value")
        if isinstance(value, section):
            found[str(marker)] = browser_values(value.schema)
        elif isinstance(value, ChooseSelector) and suggested is not None:
            first = next(iter(value.serialize()["selector"]["choose"]["choices"]))
            found[str(marker)] = {"active_choice": first, first: suggested}
        elif suggested is not None:
            found[str(marker)] = suggested
    return found


async def test_choices_stay_after_an_error(hass: HomeAssistant) -> None:
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, changed(name=" ", **PRICED))
    assert result["errors"] == {"name": "name_blank"}
    shown = browser_values(result["data_schema"])
    assert {key: shown[key] for key in CHOSEN} == CHOSEN


async def test_reconfigured_without_changes_nothing_is_lost(hass: HomeAssistant) -> None:
    entry = make_operator([simulated()], data=PRICED)
    site = await set_up(hass, entry)
    before = dict(entry.data)
    result = await entry.start_reconfigure_flow(hass)
    for _ in range(2):
        shown = browser_values(result["data_schema"])
        assert {key: shown[key] for key in CHOSEN} == CHOSEN
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    result = await hass.config_entries.flow.async_configure(result["flow_id"], shown)
    await hass.async_block_till_done()
    assert result["reason"] == "reconfigure_successful"
    assert (entry.title, dict(entry.data)) == ("Site", before)
    assert entry.runtime_data.coordinator is site, "nothing has changed that a reload would take in"


async def test_reconfigure(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    site = await set_up(hass, operator)
    make_operator(title="Other").add_to_hass(hass)
    result = await operator.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert "mode" not in result["data_schema"].schema

    for name, error in (("Other", "name_taken"), ("\t", "name_blank")):
        form = operator_form({"name": name, **OPERATOR_DATA})
        result = await hass.config_entries.flow.async_configure(result["flow_id"], form)
        assert result["errors"] == {"name": error}

    form = operator_form({"name": " Barn ", **OPERATOR_DATA, "energy_price": 0.2})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], form)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert (operator.title, operator.unique_id) == ("Barn", "barn")
    assert operator.runtime_data.coordinator is not site
    assert operator.runtime_data.coordinator.data.price.energy_price_per_kwh == 0.2


# The public source.


@pytest.fixture
async def mempool(socket_enabled: None) -> AsyncIterator[EmulatedMempool]:
    """Return a public source on loopback."""
    async with EmulatedMempool() as source:
        yield source


def from_source(url: str, **values: Any) -> dict[str, Any]:
    """Return the form with the public source agreed to, and only these own values."""
    form = {"name": "Garage", "currency": "EUR", "energy_price": 0.2, "mode": "manual", **values}
    return operator_form(form, {"enabled": True, "url": url})


async def test_prices_come_from_the_public_source(
    hass: HomeAssistant, mempool: EmulatedMempool
) -> None:
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, from_source(f"{mempool.url}/"))
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        "currency": "EUR",
        "energy_price": 0.2,
        "public_source": mempool.url,
    }
    assert set(mempool.requests) == SOURCE_PATHS
    price = result["result"].runtime_data.coordinator.data.price
    assert price.coin_price == 60_000
    assert price.network_difficulty == 1.27e14
    assert price.block_reward == pytest.approx(3.13)
    assert price.coin_price_updated_ms is not None
    assert price.network_difficulty_updated_ms is not None

    context = {"source": SOURCE_RECONFIGURE, "entry_id": result["result"].entry_id}
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context)
    shown = suggestions(result["data_schema"])
    assert shown["public_source"] == {"enabled": True, "url": mempool.url}
    assert shown["own_values"] == {}


async def test_own_values_go_before_the_source(
    hass: HomeAssistant, mempool: EmulatedMempool
) -> None:
    flow_id = await start(hass)
    form = from_source(mempool.url, coin_price=1_000, block_reward=1)
    result = await hass.config_entries.flow.async_configure(flow_id, form)
    await hass.async_block_till_done()
    price = result["result"].runtime_data.coordinator.data.price
    assert (price.coin_price, price.block_reward) == (1_000, 1)
    assert price.network_difficulty == 1.27e14


@pytest.mark.parametrize(
    ("currency", "change", "error"),
    [
        ("SEK", {}, "source_currency"),
        ("JPY", {}, "source_currency"),
        ("EUR", {"/api/v1/prices": b"no json"}, "source_unreachable"),
        ("EUR", {"/api/v1/mining/hashrate/3d": None}, "source_unreachable"),
    ],
)
async def test_a_source_that_cannot_serve_is_refused(
    hass: HomeAssistant,
    mempool: EmulatedMempool,
    currency: str,
    change: dict[str, Any],
    error: str,
) -> None:
    flow_id = await start(hass)
    good = dict(mempool.replies)
    mempool.replies |= change
    form = from_source(mempool.url) | {"currency": currency}
    result = await hass.config_entries.flow.async_configure(flow_id, form)
    assert result["errors"] == {"public_source": error}
    mempool.replies = good
    result = await hass.config_entries.flow.async_configure(flow_id, from_source(mempool.url))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "url", ["mempool", "ftp://example.org", "http://me:secret@127.0.0.1", "http://["]
)
async def test_the_source_is_a_web_address(
    hass: HomeAssistant, mempool: EmulatedMempool, url: str
) -> None:
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, from_source(url))
    assert result["errors"] == {"public_source": "source_address"}
    assert mempool.requests == []
    result = await hass.config_entries.flow.async_configure(flow_id, from_source(mempool.url))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_without_consent_nothing_is_asked(
    hass: HomeAssistant, mempool: EmulatedMempool
) -> None:
    flow_id = await start(hass)
    form = changed() | {"public_source": {"enabled": False, "url": mempool.url}}
    result = await hass.config_entries.flow.async_configure(flow_id, form)
    await hass.async_block_till_done()
    assert "public_source" not in result["data"]
    assert mempool.requests == []


# Earlier versions.


async def test_migration_gives_a_unique_id(hass: HomeAssistant) -> None:
    entry, twin = make_operator(), make_operator(title="SITE ", data={})
    for it in (entry, twin):
        it.add_to_hass(hass)
        hass.config_entries.async_update_entry(it, unique_id=None, minor_version=1)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (entry.version, entry.minor_version, entry.unique_id) == (1, 2, "site")
    assert twin.state is ConfigEntryState.LOADED
    assert (twin.minor_version, twin.unique_id) == (2, None), "the name is another's already"


async def test_a_later_version_is_not_touched(hass: HomeAssistant) -> None:
    entry = make_operator()
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=2)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR


async def test_a_later_minor_version_is_read_as_it_is(hass: HomeAssistant) -> None:
    entry = make_operator()
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, minor_version=99)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.minor_version == 99


async def test_the_unique_id_follows_a_new_name(
    hass: HomeAssistant, operator: MockConfigEntry
) -> None:
    await set_up(hass, operator)
    hass.config_entries.async_update_entry(operator, title="Cellar")
    await hass.async_block_till_done()
    assert operator.unique_id == "cellar"
    flow_id = await start(hass)
    result = await hass.config_entries.flow.async_configure(flow_id, changed(name="Site"))
    assert result["type"] is FlowResultType.CREATE_ENTRY


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
        "planning": {"strategy": "plan", "min_run_min": 45, "min_idle_min": 15, "start_min": 4},
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
            "sheds_over_limit": True,
        },
        "people": {"person_hold_min": 30, "max_proposals_per_hour": 60},
        "ledger": {"keep_bodies_days": 90},
    }
    display = {"display": {"fleet_size": "many"}}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {**sections, **display}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert operator.options == {"mode": "auto", **sections, **display}
    site = operator.runtime_data.coordinator
    policy = site.data.policy
    for fields in sections.values():
        for field, value in fields.items():
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
    empty: dict[str, Any] = {
        "planning": {},
        "economics": {},
        "safety": {},
        "people": {},
        "ledger": {},
        "display": {},
    }
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
