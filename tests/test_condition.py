"""Conditions, tested through the command that the automation editor uses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components import aiep_miner
from custom_components.aiep_miner.condition import CONDITIONS
from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Temperature

from .conftest import (
    FAKE,
    FULL_READING,
    FakeMiner,
    RunCycles,
    make_operator,
    set_up,
)

DESCRIPTIONS = Path(aiep_miner.__file__).with_name("conditions.yaml")
HOT = (Temperature(sensor="board_0", temperature_c=95.0),)


class Conditions:
    """Tests conditions of the one miner."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        self._hass, self._client = hass, client

    async def __call__(self, name: str, **options: Any) -> bool:
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, "miner-1"), "site"
        )
        assert device is not None
        condition = {
            "condition": f"{DOMAIN}.{name}",
            "target": {"device_id": [device.id]},
            "options": {"behavior": "any", **options},
        }
        await self._client.send_json_auto_id({"type": "test_condition", "condition": condition})
        answer = await self._client.receive_json()
        assert answer["success"], answer
        result: bool = answer["result"]["result"]
        return result


@pytest.fixture
async def holds(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Conditions:
    """Return a function that tests a condition; set up the operator first."""
    assert await async_setup_component(hass, "automation", {})
    return Conditions(hass, await hass_ws_client(hass))


def test_each_is_described() -> None:
    file = yaml.safe_load(DESCRIPTIONS.read_text("utf-8"))
    assert {name for name in file if not name.startswith(".")} == set(CONDITIONS)


async def test_is_mining(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    holds: Conditions,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    assert await holds("is_mining")
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.miner_1"}, blocking=True, context=person
    )
    assert await holds("is_mining"), "it was asked to stop, and still hashes"
    fake.reading = replace(FULL_READING, mining=False, hashrate_ths=0.0, power_w=20.0)
    await run_cycles(fake_site)
    assert not await holds("is_mining")


async def test_is_held_by_person(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    holds: Conditions,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    assert not await holds("is_held_by_person")
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.miner_1"}, blocking=True, context=person
    )
    assert await holds("is_held_by_person")


async def test_is_in_danger(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    holds: Conditions,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    assert not await holds("is_in_danger")
    fake.reading = replace(FULL_READING, messages=("PSU error",))
    await run_cycles(fake_site)
    assert not await holds("is_in_danger"), "a problem, and no danger"
    fake.reading = replace(FULL_READING, temperatures=HOT)
    await run_cycles(fake_site, 2)
    assert await holds("is_in_danger")


async def test_price_above_break_even(
    hass: HomeAssistant,
    fake: FakeMiner,
    hass_ws_client: WebSocketGenerator,
    run_cycles: RunCycles,
) -> None:
    hass.states.async_set("sensor.tariff", "0.03", {"unit_of_measurement": "EUR/kWh"})
    entry = make_operator([FAKE], data={"energy_price": "sensor.tariff"})
    site = await set_up(hass, entry)
    assert await async_setup_component(hass, "automation", {})
    holds = Conditions(hass, await hass_ws_client(hass))
    await run_cycles(site)
    assert not await holds("price_above_break_even")
    hass.states.async_set("sensor.tariff", "0.20", {"unit_of_measurement": "EUR/kWh"})
    await run_cycles(site)
    assert await holds("price_above_break_even")
    await hass.config_entries.async_unload(entry.entry_id)
    assert not await holds("price_above_break_even"), "nothing is known while it is not loaded"
