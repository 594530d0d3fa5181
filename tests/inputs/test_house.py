"""Sun, battery and heat: what Home Assistant's entities say of them, and the form that asks."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import InputRecord, PriceRecord
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.inputs import energy_dashboard
from custom_components.aiep_miner.inputs.energy_dashboard import async_suggestions, async_sun_ahead
from custom_components.aiep_miner.inputs.house import read_house

from ..conftest import RunCycles, make_operator, set_up, simulated, suggestions

PRICES = PriceRecord(ts_ms=0, subject="", currency="EUR", energy_price_per_kwh=0.3)
GRID = {"grid_power": "sensor.grid", "grid_sign": "import"}


def say(hass: HomeAssistant, entity_id: str, state: Any, unit: str | None = "W") -> None:
    attributes = {"unit_of_measurement": unit} if unit else {}
    hass.states.async_set(entity_id, str(state), attributes, force_update=True)


def read(hass: HomeAssistant, **options: Any) -> InputRecord:
    found = read_house(hass, "site", options, PRICES)
    assert found is not None
    return found


def test_nothing_is_read_where_nothing_is_set_up(hass: HomeAssistant) -> None:
    assert read_house(hass, "site", {}, PRICES) is None
    assert read_house(hass, "site", {"heat_source": "gas"}, PRICES) is None


@pytest.mark.parametrize(
    ("options", "grid_w"),
    [
        ({}, 1500.0),
        ({"grid_sign": "export"}, -1500.0),
        ({"export_power": "sensor.export"}, 1300.0),
    ],
)
def test_signs_and_units_of_the_grid(
    hass: HomeAssistant, options: dict[str, Any], grid_w: float
) -> None:
    say(hass, "sensor.grid", 1.5, "kW")
    say(hass, "sensor.export", 200)
    assert read(hass, **GRID | options).grid_w == grid_w


@pytest.mark.parametrize(
    ("state", "unit", "fault"),
    [
        ("unavailable", "W", Reason.UNREACHABLE),
        ("much", "W", Reason.READING_INVALID),
        ("nan", "W", Reason.READING_INVALID),
        ("100", "kWh", Reason.READING_WRONG_UNIT),
        ("100", None, Reason.READING_WRONG_UNIT),
        ("1e9", "W", Reason.READING_IMPOSSIBLE),
    ],
)
def test_what_is_wrong_with_a_meter(
    hass: HomeAssistant, state: str, unit: str | None, fault: Reason
) -> None:
    say(hass, "sensor.grid", state, unit)
    found = read(hass, **GRID)
    assert (found.grid_w, found.faults) == (None, {"grid_w": fault})


def test_a_meter_that_falls_silent_is_stale(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    say(hass, "sensor.grid", 300)
    freezer.tick(timedelta(minutes=9))
    assert read(hass, **GRID).grid_w == 300.0
    freezer.tick(timedelta(minutes=2))
    assert read(hass, **GRID).faults == {"grid_w": Reason.READING_STALE}
    say(hass, "sensor.grid", 0)
    freezer.tick(timedelta(hours=9))
    assert read(hass, **GRID).grid_w == 0.0  # what feeds nothing in says so once a night


def test_battery(hass: HomeAssistant) -> None:
    say(hass, "sensor.grid", 0)
    say(hass, "sensor.battery", -800)
    say(hass, "sensor.charge", 1000)
    say(hass, "sensor.level", 55, "%")
    battery = {"battery_power": "sensor.battery", "battery_level": "sensor.level"}
    found = read(hass, **GRID, **battery)
    assert (found.battery_w, found.battery_pct) == (-800.0, 55.0)
    assert read(hass, **GRID, **battery, battery_sign="charge").battery_w == 800.0
    assert read(hass, **GRID, **battery, battery_charge_power="sensor.charge").battery_w == -1800.0
    say(hass, "sensor.level", 101, "%")
    assert read(hass, **GRID, **battery).faults == {"battery_pct": Reason.READING_IMPOSSIBLE}
    say(hass, "sensor.level", 0.5, None)
    assert read(hass, **GRID, **battery).faults == {"battery_pct": Reason.READING_WRONG_UNIT}


def test_feed_in_price(hass: HomeAssistant) -> None:
    say(hass, "sensor.grid", 0)
    assert read(hass, **GRID, feed_in_price=0.08).feed_in_price_per_kwh == 0.08
    say(hass, "sensor.tariff", 8.2, "ct/kWh")
    found = read(hass, **GRID, feed_in_price="sensor.tariff").feed_in_price_per_kwh
    assert found == pytest.approx(0.082)
    say(hass, "sensor.tariff", 8.2, "USD/kWh")
    faults = read(hass, **GRID, feed_in_price="sensor.tariff").faults
    assert faults == {"feed_in_price_per_kwh": Reason.READING_WRONG_UNIT}


def test_a_thermostat(hass: HomeAssistant) -> None:
    values = {"current_temperature": 19.5, "temperature": 21.0}
    hass.states.async_set("climate.room", "heat", values)
    found = read(hass, climate="climate.room")
    assert (found.room_c, found.wanted_c) == (19.5, 21.0)
    hass.states.async_set("climate.room", "off", values)
    assert read(hass, climate="climate.room").wanted_c is None
    hass.states.async_set("climate.room", "unavailable")
    assert read(hass, climate="climate.room").faults == {"room_c": Reason.UNREACHABLE}
    say(hass, "sensor.tank", 122, "°F")
    found = read(hass, room_temperature="sensor.tank", wanted_temperature=55)
    assert (found.room_c, found.wanted_c) == (50.0, 55.0)


@pytest.mark.parametrize(
    ("options", "price"),
    [
        ({"heat_source": "electric"}, 0.3),
        ({"heat_source": "heat_pump"}, 0.1),
        ({"heat_source": "heat_pump", "outdoor_temperature": "sensor.outdoor"}, 0.094295),
        ({"heat_source": "gas", "heat_price": 0.09, "heat_efficiency_pct": 90}, 0.1),
        ({"heat_source": "fixed", "heat_price": 0.12}, 0.12),
        ({"heat_source": "gas"}, None),
        ({}, None),
    ],
)
def test_what_heat_costs_otherwise(
    hass: HomeAssistant, options: dict[str, Any], price: float | None
) -> None:
    say(hass, "sensor.outdoor", 0, "°C")
    hass.states.async_set("climate.room", "heat", {"current_temperature": 19, "temperature": 21})
    found = read(hass, climate="climate.room", **options).heat_price_per_kwh
    assert found == (None if price is None else pytest.approx(price, abs=1e-6))


# The energy dashboard


def dashboard(*sources: dict[str, Any]) -> Any:
    async def found(_: HomeAssistant) -> list[dict[str, Any]]:
        return list(sources)

    return patch.object(energy_dashboard, "_async_sources", found)


async def test_the_form_begins_with_what_the_energy_dashboard_knows(hass: HomeAssistant) -> None:
    for name in ("grid", "battery", "level"):
        say(hass, f"sensor.{name}", 1)
    sources = (
        {
            "type": "grid",
            "power_config": {"stat_rate_inverted": "sensor.grid"},
            "number_energy_price_export": 0.08,
        },
        {"type": "solar", "config_entry_solar_forecast": ["forecast"]},
        {
            "type": "battery",
            "stat_rate": "sensor.battery",
            "stat_soc": "sensor.level",
        },
    )
    with dashboard(*sources):
        assert await async_suggestions(hass) == {
            "grid_power": "sensor.grid",
            "grid_sign": "export",
            "feed_in_price": 0.08,
            "solar_forecast": True,
            "battery_power": "sensor.battery",
            "battery_sign": "discharge",
            "battery_level": "sensor.level",
        }
    two = {"stat_rate_from": "sensor.grid", "stat_rate_to": "sensor.gone"}
    with dashboard({"type": "grid", "power_config": two}):
        assert await async_suggestions(hass) == {"grid_power": "sensor.grid", "grid_sign": "import"}
    assert await async_suggestions(hass) == {}


async def test_the_solar_forecast(hass: HomeAssistant) -> None:
    MockConfigEntry(domain="sun_forecast", entry_id="forecast").add_to_hass(hass)
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)

    async def ask(_: HomeAssistant, entry_id: str) -> dict[str, Any]:
        assert entry_id == "forecast"
        hours = [begin + timedelta(minutes=30 * n) for n in range(3)]
        return {
            "wh_hours": {at.isoformat(): wh for at, wh in zip(hours, (500, 1000, 0), strict=True)}
        }

    async def platforms(_: HomeAssistant) -> dict[str, Any]:
        return {"sun_forecast": ask}

    source = {"type": "solar", "config_entry_solar_forecast": ["forecast"]}
    where = "homeassistant.components.energy.websocket_api.async_get_energy_platforms"
    with dashboard(source), patch(where, platforms):
        assert await async_sun_ahead(hass, {}) is None
        ahead = await async_sun_ahead(hass, {"solar_forecast": True, "house_load_w": 300})
    assert ahead is not None
    begin_ms = round(begin.timestamp() * 1000)
    assert ahead.surplus_at(begin_ms) == 700.0
    assert ahead.surplus_at(begin_ms + 45 * 60_000) == 1700.0
    assert ahead.surplus_at(begin_ms + 5 * 3_600_000) == -300.0
    assert ahead.surplus_at(begin_ms - 1) == -300.0


# The form

ENTERED = {
    "sun": {
        "grid_power": "sensor.grid",
        "grid_sign": "import",
        "feed_in_price": {"active_choice": "fixed", "fixed": 0.08},
        "solar_forecast": False,
        "house_load_w": 300,
    },
    "battery": {"battery_sign": "discharge", "battery_floor_pct": 40},
    "heat": {},
    "curtailment": {"signal_power_w": 0, "signal_max_age_min": 0, "signal_stale": "ignore"},
}


async def open_form(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "house"}
    )


async def test_the_signs_are_shown_and_confirmed(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    say(hass, "sensor.grid", -1234)
    configure = hass.config_entries.options.async_configure
    with dashboard({"type": "grid", "stat_rate": "sensor.grid"}):
        form = await open_form(hass, site.config_entry)
    assert suggestions(form["data_schema"])["sun"] == {
        "grid_power": "sensor.grid",
        "grid_sign": "import",
    }
    result = await configure(form["flow_id"], ENTERED)
    assert result["step_id"] == "house_values"
    placeholders = result["description_placeholders"]
    assert placeholders["grid"] == "1234 W fed in"
    assert placeholders["feed_in"] == "0.08 EUR/kWh"
    assert placeholders["battery"] == "not set up"
    result = await configure(form["flow_id"], {"correct": False})
    assert result["step_id"] == "house"
    turned = {**ENTERED, "sun": {**ENTERED["sun"], "grid_sign": "export"}}
    result = await configure(form["flow_id"], turned)
    assert result["description_placeholders"]["grid"] == "1234 W imported"
    result = await configure(form["flow_id"], {"correct": True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await run_cycles(site)
    house = site.data.house
    assert house is not None
    assert (house.grid_w, house.feed_in_price_per_kwh) == (1234.0, 0.08)
    assert site.data.policy.battery_floor_pct == 40.0
    form = await open_form(hass, site.config_entry)
    assert suggestions(form["data_schema"])["sun"]["grid_sign"] == "export"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"battery": {"battery_power": "sensor.battery"}, "sun": {"grid_power": None}},
         {"battery": "battery_without_grid"}),
        ({"heat": {"climate": "climate.room"}}, {"heat": "heat_source_missing"}),
        ({"heat": {"climate": "climate.room", "heat_source": "gas"}}, {"heat": "heat_price_missing"}),
        ({"sun": {"feed_in_price": {"active_choice": "entity", "entity": "sensor.grid"}}},
         {"sun": "wrong_unit"}),
    ],
)  # fmt: skip
async def test_errors_of_the_form_and_recovery(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    say(hass, "sensor.grid", 0)
    form = await open_form(hass, site.config_entry)
    configure = hass.config_entries.options.async_configure
    entered = {
        name: {
            key: value
            for key, value in {**fields, **changes.get(name, {})}.items()
            if value is not None
        }
        for name, fields in ENTERED.items()
    }
    result = await configure(form["flow_id"], entered)
    assert (result["step_id"], result["errors"]) == ("house", errors)
    result = await configure(form["flow_id"], ENTERED)
    assert result["step_id"] == "house_values"
    result = await configure(form["flow_id"], {"correct": True})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_plan_knows_the_sun(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object, run_cycles: RunCycles
) -> None:
    say(hass, "sensor.grid", -2000)
    options = {"planning": {"strategy": "plan"}, "house": {**GRID, "feed_in_price": 0.02}}
    entry = make_operator([simulated()], data={"energy_price": 0.4}, options=options)
    site = await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    shown = hass.states.get("sensor.site_surplus_for_miners")
    assert float(shown.state) > 2000
    assert (shown.attributes["grid_w"], shown.attributes["faults"]) == (-2000.0, {})
    plan = site.data.plan
    assert plan is not None
    assert plan.record.inputs.feed_in_price_per_kwh == 0.02
    first, *rest = plan.record.inputs.surplus_w
    assert first > 2000
    assert rest[0] < first
    for _ in range(16):
        say(hass, "sensor.grid", -2000)
        await run_cycles(site, every_s=60)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.plan is not None
    assert site.data.plan.seq > plan.seq
