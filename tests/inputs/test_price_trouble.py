"""A price source that dies, lies, talks, dawdles or changes its unit: the miners are left as they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import RecordKind
from custom_components.aiep_miner.engine.replay import replay

from ..conftest import RunCycles, make_operator, set_up, simulated

PRICE = "sensor.price"
CHEAP = 0.03
PER_KWH = {"unit_of_measurement": "EUR/kWh"}

type Say = Callable[[HomeAssistant], None]


def say(state: Any, unit: str | None = "EUR/kWh") -> Say:
    attributes = {"unit_of_measurement": unit} if unit else {}
    return lambda hass: hass.states.async_set(PRICE, str(state), attributes, force_update=True)


def silence(_: HomeAssistant) -> None:
    """Report nothing any more."""


def gone(hass: HomeAssistant) -> None:
    hass.states.async_remove(PRICE)


TROUBLE = {
    "dies": (gone, "stale_price"),
    "is unavailable": (say("unavailable"), "stale_price"),
    "sends text": (say("cheap"), "stale_price"),
    "sends no number": (say("nan"), "stale_price"),
    "lies": (say(30.0), "implausible_price"),
    "loses its unit": (say(CHEAP, None), "implausible_price"),
    "changes its unit": (say(CHEAP, "USD/kWh"), "stale_price"),
    "changes the unit alone": (say(CHEAP, "ct/kWh"), "implausible_price"),
    "dawdles": (silence, "stale_price"),
}
CONVERTED = say(CHEAP * 100, "ct/kWh")


async def live(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    speak: Say,
    minutes: int,
) -> None:
    for _ in range(minutes):
        freezer.tick(timedelta(seconds=59))
        speak(hass)
        await run_cycles(site, every_s=1)
        await hass.async_block_till_done(wait_background_tasks=True)


async def wanted(site: AiepMinerCoordinator) -> list[str]:
    found = await site.controller.ledger.query(kinds=[RecordKind.PROPOSAL], limit=1000)
    return [item.body["action"] for item in found]


@pytest.fixture(params=["threshold", "plan"])
async def site(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    request: pytest.FixtureRequest,
) -> AiepMinerCoordinator:
    say(CHEAP)(hass)
    options = {
        "planning": {"strategy": request.param},
        "cycle": {"price_max_age_min": 15},
    }
    return await set_up(
        hass, make_operator([simulated()], data={"energy_price": PRICE}, options=options)
    )


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_it_holds_with_the_reason_and_recovers_by_itself(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    trouble: str,
) -> None:
    speak, reason = TROUBLE[trouble]
    await live(hass, site, run_cycles, freezer, say(CHEAP), 40)
    assert hass.states.get("switch.miner_1").state == "on"
    before = await wanted(site)
    await live(hass, site, run_cycles, freezer, speak, 25)
    decision = site.data.miners["miner-1"].decision
    assert decision is not None
    assert decision.record.reasons == (reason,)
    assert hass.states.get("switch.miner_1").state == "on"
    assert await wanted(site) == before
    await live(hass, site, run_cycles, freezer, say(CHEAP), 5)
    decision = site.data.miners["miner-1"].decision
    assert decision is not None
    assert reason not in decision.record.reasons
    assert await wanted(site) == before
    path = site.controller.ledger.path
    await hass.config_entries.async_unload(site.config_entry.entry_id)
    assert (await hass.async_add_executor_job(replay, path)).difference is None


async def test_another_unit_for_the_same_price_is_no_trouble(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
) -> None:
    await live(hass, site, run_cycles, freezer, say(CHEAP), 20)
    before = await wanted(site)
    await live(hass, site, run_cycles, freezer, CONVERTED, 10)
    assert site.data.divergences == ()
    assert site.data.price is not None
    assert site.data.price.energy_price_per_kwh == pytest.approx(CHEAP)
    assert await wanted(site) == before
