"""The blueprints, and the example of the page on automations, in a real automation component."""

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.aiep_miner.condition import CONDITIONS
from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.trigger import TRIGGERS

from .conftest import FULL_READING, FakeMiner, RunCycles

ROOT = Path(__file__).resolve().parents[1]
BLUEPRINTS = sorted((ROOT / "blueprints" / "automation" / DOMAIN).iterdir())
PAGE = (ROOT / "docs" / "automations.md").read_text("utf-8")
SWITCH = "switch.miner_1"
STOPPED = replace(FULL_READING, mining=False, hashrate_ths=0.0, power_w=20.0)


def device_id(hass: HomeAssistant) -> str:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    return device.id


async def use(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Make an automation of a blueprint, as the editor does."""
    folder = hass.config.path("blueprints", "automation", DOMAIN)
    await hass.async_add_executor_job(shutil.copytree, BLUEPRINTS[0].parent, folder)
    blueprint = {"path": f"{DOMAIN}/{name}.yaml", "input": inputs}
    config = {"alias": "Under test", "use_blueprint": blueprint}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    assert hass.states.get("automation.under_test").state == "on"


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something; an automation that waits would block ``async_block_till_done``."""
    for _ in range(1000):
        if is_so():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not happen")


def asked(calls: list[ServiceCall]) -> list[Any]:
    return [call.data["entity_id"] for call in calls]


def test_each_blueprint_is_on_the_page() -> None:
    named = set(re.findall(r"blueprints/automation/aiep_miner/(\w+\.yaml)", PAGE))
    assert named == {path.name for path in BLUEPRINTS}


@pytest.mark.parametrize(("title", "made"), [("Triggers", TRIGGERS), ("Conditions", CONDITIONS)])
def test_the_page_lists_what_there_is(title: str, made: dict[str, Any]) -> None:
    section = PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(made)


async def test_notify(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    sent = async_mock_service(hass, "notify", "phone")
    await use(
        hass,
        "notify",
        miner=device_id(hass),
        decision="sensor.miner_1_decision",
        mining=SWITCH,
        notify_action="notify.phone",
    )
    fake.error = MinerError(Reason.TIMEOUT)
    await run_cycles(fake_site, 4)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    await hass.async_block_till_done()
    (message,) = sent
    assert message.data["title"] == "Miner 1: lost"
    assert message.data["message"] == hass.states.get("sensor.miner_1_decision").state
    fake.error = None
    await run_cycles(fake_site, 4)
    (button,) = message.data["data"]["actions"]
    hass.bus.async_fire("mobile_app_notification_action", {"action": "AIEP_MINER_STOP_other"})
    await hass.async_block_till_done()
    assert fake.commands == []
    hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})
    await hass.async_block_till_done()
    assert [command.action for command in fake.commands] == [Action.STOP]


async def test_heat_a_room(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    hass.states.async_set("sensor.room", "20.0")
    hass.states.async_set("input_number.wished", "21.0")
    await use(
        hass,
        "heat_a_room",
        miner=SWITCH,
        temperature="sensor.room",
        wished="input_number.wished",
        margin=0.5,
    )
    off, on = (async_mock_service(hass, "switch", f"turn_{way}") for way in ("off", "on"))
    for value in ("21.4", "unavailable", "21.5"):
        assert off == []
        hass.states.async_set("sensor.room", value)
        await hass.async_block_till_done()
    assert asked(off) == [[SWITCH]]
    fake.reading = STOPPED
    await run_cycles(fake_site)
    for value in ("21.2", "21.0", "20.9"):
        assert on == []
        hass.states.async_set("sensor.room", value)
        await hass.async_block_till_done()
    assert asked(on) == [[SWITCH]]


async def test_curtail(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(fake_site)
    hass.states.async_set("binary_sensor.grid", "off")
    hass.states.async_set("switch.resting", "off")
    await use(hass, "curtail", signal="binary_sensor.grid", miners=[SWITCH, "switch.resting"])
    off, on = (async_mock_service(hass, "switch", f"turn_{way}") for way in ("off", "on"))
    hass.states.async_set("binary_sensor.grid", "on")
    await until(lambda: bool(off))
    assert (asked(off), on) == ([[SWITCH]], [])

    def signal_ends() -> bool:
        """Report that the signal is off, until the automation waits for it."""
        for state in ("on", "off"):
            hass.states.async_set("binary_sensor.grid", state)
        return bool(on)

    await until(signal_ends)
    assert asked(on) == [[SWITCH]], "what rested before stays as it is"


async def test_the_example_of_the_page(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
) -> None:
    await run_cycles(fake_site)
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    text = found[1].replace("0123456789abcdef0123456789abcdef", device_id(hass))
    sent = async_mock_service(hass, "persistent_notification", "create")
    assert await async_setup_component(hass, "automation", yaml.safe_load(text))
    await hass.async_block_till_done()
    fake.reading = STOPPED
    await run_cycles(fake_site)
    assert sent == []
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=5))
    await hass.async_block_till_done()
    (message,) = sent
    assert message.data["message"] == hass.states.get("sensor.miner_1_decision").state
