"""A miner's diagnostics, as a person downloads them, hold what the device replied and no secret."""

import json

import pytest
from homeassistant.helpers import device_registry as dr

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.diagnostics import async_get_device_diagnostics
from tests.engine.miners.offered import CAN

from .rig import Add, emulator

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]


@pytest.mark.parametrize("make", CAN)
async def test_diagnostics_become_a_test(add: Add, make: str) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        registry = dr.async_get(rig.hass)
        miner = registry.async_get_device_by_identifier((DOMAIN, rig.miner_id), rig.entry.entry_id)
        device.log.clear()
        found = await async_get_device_diagnostics(rig.hass, rig.entry, miner)
        assert device.log.writes == []
        assert len(found["replies"]) >= 2
        told = ("somebody", "example.pool", device.host, getattr(device, "mac", device.host))
        text = json.dumps(found).lower()
        assert not [secret for secret in told if secret.lower() in text]
