"""What the device page shows of a real protocol's miner."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from custom_components.aiep_miner.const import DOMAIN
from tests.real.rig import Add, emulator

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]


@pytest.mark.parametrize(("make", "hardware"), [("bitaxe", "B601"), ("antminer", "AMLogic")])
async def test_a_miner_links_to_its_web_page(
    hass: HomeAssistant, add: Add, make: str, hardware: str
) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        found = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, rig.miner_id), rig.entry.entry_id
        )
        assert found is not None
        assert found.configuration_url == f"http://{device.host}"
        assert found.hw_version == hardware


async def test_what_speaks_the_cgminer_api_alone_has_no_page(hass: HomeAssistant, add: Add) -> None:
    async with emulator("cgminer") as device:
        rig = await add(device)
        found = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, rig.miner_id), rig.entry.entry_id
        )
        assert found is not None
        assert found.configuration_url is None
        assert found.hw_version is None
