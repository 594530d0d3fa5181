"""What the last days would have been: by the ledger's records, as an action and in the form."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action

from ..conftest import RunCycles, make_operator, propose, set_up, simulated


@pytest.fixture
async def lived(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
) -> AiepMinerCoordinator:
    """Return an operator that has recorded most of a day: sun half of the time, a dear grid."""
    house = {"grid_power": "sensor.grid", "grid_sign": "import", "feed_in_price": 0.01}
    unit = {"unit_of_measurement": "W"}
    hass.states.async_set("sensor.grid", "0", unit)
    entry = make_operator(
        [simulated()], data={"energy_price": 0.4}, options={"house": house, "mode": "manual"}
    )
    site = await set_up(hass, entry)
    await propose(site, Action.STOP, Context(user_id="somebody"))
    for step in range(76):
        grid_w = "-5000" if step % 38 < 19 else "6000"
        freezer.tick(timedelta(seconds=899))
        hass.states.async_set("sensor.grid", grid_w, unit, force_update=True)
        await run_cycles(site, every_s=1)
    return site


async def backtest(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, "backtest", data, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    return response


async def test_the_last_day_by_strategy(hass: HomeAssistant, lived: AiepMinerCoordinator) -> None:
    found = await backtest(hass, days=1, forecast="perfect")
    assert (found["steps"], found["currency"]) == (96, "EUR")
    assert found["steps_without_records"] == pytest.approx(20, abs=2)
    profits = {name: found[name]["profit"] for name in ("plan", "threshold", "always_on")}
    assert profits["plan"] >= profits["threshold"] > profits["always_on"]
    assert profits["plan"] <= found["hindsight"]["bound"] + 1e-6
    assert found["plan"]["surplus_kwh"] > 10
    assert found["plan"]["grid_kwh"] < found["always_on"]["grid_kwh"]


async def test_a_month_is_too_long_for_a_day_of_records(
    hass: HomeAssistant, lived: AiepMinerCoordinator
) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await backtest(hass)
    assert error.value.translation_key == "too_few_records"


async def test_the_form_says_what_would_have_been(
    hass: HomeAssistant, lived: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.aiep_miner.flows.operator_options.BACKTEST_DAYS", 1)
    options = hass.config_entries.options
    result = await options.async_init(lived.config_entry.entry_id)
    result = await options.async_configure(result["flow_id"], {"next_step_id": "backtest"})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await hass.async_block_till_done()
    result = await options.async_configure(result["flow_id"])
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "backtest_result")
    shown = result["description_placeholders"]
    assert (shown["days"], shown["currency"]) == ("1", "EUR")
    assert float(shown["always_on"]) < float(shown["plan"]) <= float(shown["bound"])
    before = dict(lived.config_entry.options)
    result = await options.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert lived.config_entry.options == before


async def test_the_form_says_when_there_is_too_little(
    hass: HomeAssistant, lived: AiepMinerCoordinator
) -> None:
    options = hass.config_entries.options
    result = await options.async_init(lived.config_entry.entry_id)
    result = await options.async_configure(result["flow_id"], {"next_step_id": "backtest"})
    await hass.async_block_till_done()
    result = await options.async_configure(result["flow_id"])
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "too_few_records")
