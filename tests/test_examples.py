"""The documented automations do in Home Assistant what the page says."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.engine.records.reasons import Reason

from .conftest import FAKE, FULL_READING, FakeMiner, make_operator, set_up

PAGE = Path(__file__).resolve().parents[1] / "docs" / "examples.md"
PLACEHOLDER_ID = "0123456789abcdef0123456789abcdef"


def example(title: str) -> dict[str, Any]:
    """Return the YAML under a heading of the page."""
    section = PAGE.read_text("utf-8").split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found is not None
    config: dict[str, Any] = yaml.safe_load(found[1])
    return config


class Sunny:
    """A miner that keeps to its limit, under an automation and a grid meter."""

    def __init__(
        self, hass: HomeAssistant, fake: FakeMiner, freezer: FrozenDateTimeFactory
    ) -> None:
        self.hass, self.fake, self.freezer = hass, fake, freezer
        self.uptime_s = 3600
        self.seen = 0
        self.sun_w = 3000.0
        """What the roof gives beyond the rest of the house."""

    @property
    def limits(self) -> list[float]:
        """Return the power limits that the miner was given."""
        return [item.value for item in self.fake.commands if item.action is Action.SET_POWER]

    async def minutes(self, site: AiepMinerCoordinator, count: int) -> None:
        """Let time pass in half minutes, with a cycle in each."""
        for _ in range(2 * count):
            self._obey()
            self.freezer.tick(timedelta(seconds=30))
            async_fire_time_changed(self.hass)
            await site.async_refresh()
            await self.hass.async_block_till_done()

    def _obey(self) -> None:
        self.uptime_s += 30
        reading = self.fake.reading
        for command in self.fake.commands[self.seen :]:
            if command.action is Action.SET_POWER:
                reading = replace(reading, power_w=command.value, power_limit_w=command.value)
            elif command.action is Action.STOP:
                reading = replace(reading, mining=False, hashrate_ths=0.0, power_w=20.0)
        self.seen = len(self.fake.commands)
        self.fake.reading = replace(
            reading, uptime_s=self.uptime_s, shares_accepted=self.uptime_s // 10
        )
        export_w = self.sun_w - (self.fake.reading.power_w or 0.0)
        self.hass.states.async_set(
            "sensor.grid_export", str(export_w), {"unit_of_measurement": "W"}
        )


@pytest.fixture
async def sunny(hass: HomeAssistant, fake: FakeMiner, freezer: FrozenDateTimeFactory) -> Sunny:
    fake.reading = replace(FULL_READING, power_limit_w=3000.0)
    return Sunny(hass, fake, freezer)


async def test_the_miner_follows_the_sun_and_the_rules_stay_in_force(
    hass: HomeAssistant, sunny: Sunny
) -> None:
    hass.states.async_set("input_number.tariff", "0.03", {"unit_of_measurement": "EUR/kWh"})
    operator = make_operator([FAKE], data={"energy_price": "input_number.tariff"})
    site = await set_up(hass, operator)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    config = yaml.safe_load(
        yaml.safe_dump(example("Solar surplus sets a power limit")).replace(
            PLACEHOLDER_ID, device.id
        )
    )
    await sunny.minutes(site, 13)
    for component in ("system_log", "template", "automation"):
        assert await async_setup_component(hass, component, config)
    await hass.async_block_till_done()

    await sunny.minutes(site, 16)
    assert sunny.limits == [], "what it draws already is no change"
    sunny.sun_w = 3250.0
    await sunny.minutes(site, 6)
    assert sunny.limits == [3200.0]
    sunny.sun_w = 2280.0
    await sunny.minutes(site, 6)
    assert sunny.limits == [3200.0, 2200.0]
    await sunny.minutes(site, 20)
    assert sunny.limits == [3200.0, 2200.0], "nothing is sent again"

    hass.states.async_set("input_number.tariff", "0.40", {"unit_of_measurement": "EUR/kWh"})
    await sunny.minutes(site, 25)
    assert sunny.fake.commands[-1].action is Action.STOP
    assert Reason.UNPROFITABLE in site.data.miners["miner-1"].decision.record.reasons
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


def test_every_example_is_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 4
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)
