"""Fixtures of the tests with emulated miners."""

from functools import partial
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner import coordinator
from custom_components.aiep_miner.engine import controller
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from custom_components.aiep_miner.flows import adapters
from devtools.emulators.base import Emulator
from tests.conftest import make_operator, set_up
from tests.engine.miners.shelf import PATIENCE_S, alone, loopback  # noqa: F401

from .rig import Add, Clock, Rig, add_by_form, form_for


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the cycles, and be patient: the machine may be busy."""
    made = Clock()
    monkeypatch.setattr(coordinator, "now_ms", made.now_ms)
    monkeypatch.setattr(controller, "POLL_DEADLINE_S", (PATIENCE_S, PATIENCE_S))
    monkeypatch.setattr(adapters, "AsicRsMiner", partial(AsicRsMiner, poll_s=PATIENCE_S))
    return made


@pytest.fixture
async def entry(
    hass: HomeAssistant, enable_custom_integrations: None, clock: Clock
) -> MockConfigEntry:
    """Return an operator in manual mode without miners: nothing is done by itself."""
    made = make_operator(options={"mode": "manual"})
    await set_up(hass, made)
    return made


@pytest.fixture
def add(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock, person: Context) -> Add:
    """Return a function that adds an emulated device through the real flow."""

    async def add_device(device: Emulator, **details: Any) -> Rig:
        device.live_by(clock.now_s)
        before = set(entry.subentries)
        result = await add_by_form(hass, entry, *form_for(device, **details))
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        (miner_id,) = set(entry.subentries) - before
        return Rig(hass, entry, clock, miner_id, person)

    return add_device
