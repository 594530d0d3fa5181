"""A miner's power from a sensor of Home Assistant, in whatever it says."""

import pytest
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant

from custom_components.aiep_miner.inputs.linked_power import power_w_of

from ..conftest import FAKE, FakeMiner, RunCycles, make_operator, set_up


@pytest.mark.parametrize(
    ("value", "unit", "power_w"),
    [
        ("3100", "W", 3100.0),
        ("3.1", "kW", 3100.0),
        ("0", "W", 0.0),
        ("100", "kW", 100_000.0),
        ("100.1", "kW", None),
        ("1e30", "W", None),
        ("inf", "W", None),
        ("nan", "W", None),
        ("-5", "W", None),
        ("unavailable", "W", None),
        ("3100", "EUR", None),
        ("3100", None, None),
        ("3100", 5, None),
        ("3100", True, None),
        ("3100", ["W"], None),
        ("3100", {"W": 1}, None),
    ],
)
async def test_what_a_sensor_shows(
    hass: HomeAssistant, value: str, unit: object, power_w: float | None
) -> None:
    hass.states.async_set("sensor.plug", value, {ATTR_UNIT_OF_MEASUREMENT: unit})
    assert power_w_of(hass, "sensor.plug") == power_w


async def test_no_sensor_shows_nothing(hass: HomeAssistant) -> None:
    assert power_w_of(hass, "sensor.nowhere") is None


@pytest.mark.parametrize("unit", [["W"], 5])
async def test_a_sensor_that_says_nonsense_leaves_the_miners_own_word(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles, unit: object
) -> None:
    data = {**FAKE["data"], "power_entity": "sensor.plug"}
    hass.states.async_set("sensor.plug", "2900", {ATTR_UNIT_OF_MEASUREMENT: "W"})
    site = await set_up(hass, make_operator([{**FAKE, "data": data}]))
    assert float(hass.states.get("sensor.miner_1_power").state) == 2900
    hass.states.async_set("sensor.plug", "2900", {ATTR_UNIT_OF_MEASUREMENT: unit})
    await run_cycles(site)
    assert float(hass.states.get("sensor.miner_1_power").state) == 3000
