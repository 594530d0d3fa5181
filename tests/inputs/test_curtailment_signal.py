"""An entity that orders a site to draw less: late, twice, stale, contradictory."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.replay import replay
from custom_components.aiep_miner.inputs.curtailment_signal import RELEASE, Wanted, read_signal

from ..conftest import RunCycles, make_operator, set_up, simulated
from .test_curtailment import act

SIGNAL = "binary_sensor.grid"


@pytest.mark.parametrize(
    ("state", "unit", "wanted"),
    [
        ("on", None, Wanted(limit_w=1500.0)),
        ("off", None, RELEASE),
        ("2", "kW", Wanted(limit_w=2000.0)),
        ("2000", None, Wanted(limit_w=2000.0)),
        ("40", "%", Wanted(percent=40.0)),
        ("100", "%", RELEASE),
        ("0", "W", Wanted(limit_w=0.0)),
        ("-1", "W", None),
        ("nan", "W", None),
        ("a lot", "W", None),
        ("7", "°C", None),
        ("unavailable", None, None),
    ],
)
def test_what_a_signal_says(
    hass: HomeAssistant, state: str, unit: str | None, wanted: Wanted | None
) -> None:
    hass.states.async_set(SIGNAL, state, {"unit_of_measurement": unit} if unit else {})
    assert read_signal(hass, {"signal": SIGNAL, "signal_power_w": 1500}) == wanted


def test_a_signal_that_is_not_there(hass: HomeAssistant) -> None:
    assert read_signal(hass, {"signal": SIGNAL}) is None


async def signalled(hass: HomeAssistant, **options: Any) -> AiepMinerCoordinator:
    house = {"signal": SIGNAL, "signal_power_w": 0, **options}
    return await set_up(hass, make_operator([simulated()], options={"house": house}))


async def orders(site: AiepMinerCoordinator) -> list[tuple[float | None, str]]:
    found = await site.controller.ledger.query(kinds=["curtailment"], limit=100)
    return [(item.body.get("limit_w"), item.body["order_id"]) for item in found]


async def say(hass: HomeAssistant, state: str, unit: str | None = None) -> None:
    attributes = {"unit_of_measurement": unit} if unit else {}
    hass.states.async_set(SIGNAL, state, attributes, force_update=True)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_from_the_signal_to_the_release(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    run_cycles: RunCycles,
) -> None:
    await say(hass, "off")
    site = await signalled(hass)
    await run_cycles(site, 25)
    assert await orders(site) == []
    await say(hass, "on")  # the cycle begins at once
    assert await orders(site) == [(0.0, "signal")]
    assert hass.states.get("sensor.miner_1_decision").attributes["reasons"] == [
        "site_limit_exceeded"
    ]
    await say(hass, "on")
    await run_cycles(site, 12)
    assert len(await orders(site)) == 1  # twice is once
    assert hass.states.get("switch.miner_1").state == "off"
    await say(hass, "off")
    assert await orders(site) == [(0.0, "signal"), (None, "signal")]
    await run_cycles(site, 30)
    assert hass.states.get("switch.miner_1").state == "on"
    path = site.controller.ledger.path
    await hass.config_entries.async_unload(site.config_entry.entry_id)
    assert (await hass.async_add_executor_job(replay, path)).difference is None


async def test_an_order_outlasts_a_restart_and_is_not_given_twice(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object, run_cycles: RunCycles
) -> None:
    await say(hass, "40", "%")
    site = await signalled(hass)
    await run_cycles(site, 3)
    assert len(await orders(site)) == 1
    await hass.config_entries.async_reload(site.config_entry.entry_id)
    await hass.async_block_till_done()
    site = site.config_entry.runtime_data.coordinator
    await run_cycles(site, 3)
    assert len(await orders(site)) == 1
    # It went away while nobody listened: a late release.
    await hass.config_entries.async_unload(site.config_entry.entry_id)
    await say(hass, "100", "%")
    await hass.config_entries.async_setup(site.config_entry.entry_id)
    site = site.config_entry.runtime_data.coordinator
    await run_cycles(site, 2)
    assert (await orders(site))[1:] == [(None, "signal")]


@pytest.mark.parametrize(("stale", "limit_w"), [("ignore", None), ("curtail", 800.0)])
async def test_a_signal_that_goes_stale(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    stale: str,
    limit_w: float | None,
) -> None:
    await say(hass, "2000", "W")
    options = {"signal_power_w": 800, "signal_max_age_min": 5, "signal_stale": stale}
    site = await signalled(hass, **options)
    await run_cycles(site, 2)
    assert await orders(site) == [(2000.0, "signal")]
    freezer.tick(timedelta(minutes=6))
    await run_cycles(site, 2)
    assert await orders(site) == [(2000.0, "signal"), (limit_w, "signal")]
    await say(hass, "2000", "W")
    assert (await orders(site))[2:] == [(2000.0, "signal")]
    await say(hass, "unavailable")
    assert (await orders(site))[3:] == [(limit_w, "signal")]


async def test_of_contradictory_orders_the_lowest_counts(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object, run_cycles: RunCycles
) -> None:
    await say(hass, "2000", "W")
    site = await signalled(hass)
    await run_cycles(site, 2)
    await act(hass, "curtail", power_w=1000, event_id="utility")
    assert site.data.ordered_w == 1000.0
    await say(hass, "500", "W")
    assert site.data.ordered_w == 500.0
    # A person releases all; the signal comes back only with a change.
    await act(hass, "release")
    await run_cycles(site, 3)
    assert site.data.ordered_w is None
    await say(hass, "600", "W")
    assert site.data.ordered_w == 600.0
