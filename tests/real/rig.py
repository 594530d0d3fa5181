"""A miner in Home Assistant that is an emulated device on loopback, and how it is added."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from devtools.emulators.base import Emulator
from devtools.emulators.cgminer import EmulatedCgminer
from devtools.emulators.fleet import MAKES
from devtools.forms import miner_form
from tests.engine.miners.shelf import new_host

SHORT_S = 2.0
"""Between two cycles of a test that waits for something."""


class Clock:
    """Home Assistant's time for the cycles, and the devices'; ``put_on`` lets it pass."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def now_ms(self) -> int:
        return round(time.time() * 1000) + self._ahead_ms

    def now_s(self) -> float:
        return self.now_ms() / 1000

    def put_on(self, seconds: float) -> None:
        self._ahead_ms += round(seconds * 1000)


@dataclass
class Rig:
    """One emulated device as a miner in Home Assistant."""

    hass: HomeAssistant
    entry: MockConfigEntry
    clock: Clock
    miner_id: str
    person: Context

    @property
    def site(self) -> AiepMinerCoordinator:
        site: AiepMinerCoordinator = self.entry.runtime_data.coordinator
        return site

    def entity_id(self, platform: str, key: str) -> str | None:
        return er.async_get(self.hass).async_get_entity_id(
            platform, "aiep_miner", f"{self.miner_id}_{key}"
        )

    def entity(self, platform: str, key: str) -> State:
        entity_id = self.entity_id(platform, key)
        assert entity_id is not None, key
        state = self.hass.states.get(entity_id)
        assert state is not None, key
        return state

    def state(self, platform: str, key: str) -> str:
        return self.entity(platform, key).state

    async def cycles(self, count: int = 1, every_s: float = 30) -> None:
        """Run cycles, with time between them."""
        for _ in range(count):
            self.clock.put_on(every_s)
            await self.site.async_refresh()
        await self.hass.async_block_till_done()

    async def act(self, platform: str, action: str, key: str, **data: Any) -> None:
        """Call an action on one of the miner's entities, as a person."""
        target = {"entity_id": self.entity_id(platform, key), **data}
        await self.hass.services.async_call(
            platform, action, target, blocking=True, context=self.person
        )

    async def switch(self, *, on: bool, key: str = "mining") -> None:
        await self.act("switch", "turn_on" if on else "turn_off", key)

    @property
    def is_mining(self) -> bool | None:
        """Whether it runs, as its telemetry says."""
        return self.site.data.miners[self.miner_id].is_mining

    async def until_mining(self, *, on: bool = True, cycles: int = 120) -> None:
        """Run short cycles until telemetry shows that it runs, or does not."""
        for _ in range(cycles):
            if self.is_mining is on:
                return
            await self.cycles(every_s=SHORT_S)
            await asyncio.sleep(0.02)  # for what a device does in its own time
        raise AssertionError(f"mining is {self.is_mining}")

    async def until(
        self, platform: str, key: str, state: str, cycles: int = 120, every_s: float = SHORT_S
    ) -> None:
        """Run cycles, short ones unless said otherwise, until an entity shows a state."""
        for _ in range(cycles):
            if self.state(platform, key) == state:
                return
            await self.cycles(every_s=every_s)
            await asyncio.sleep(0.02)  # for what a device does in its own time
        raise AssertionError(f"{key} is {self.state(platform, key)}, not {state}")


async def add_by_form(
    hass: HomeAssistant, entry: MockConfigEntry, adapter: str, form: dict[str, Any]
) -> dict[str, Any]:
    """Walk through the flow that adds a miner, and return its last result."""
    flows = hass.config_entries.subentries
    result: Any = await flows.async_init((entry.entry_id, "miner"), context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    result = await flows.async_configure(result["flow_id"], {"next_step_id": adapter})
    result = await flows.async_configure(result["flow_id"], miner_form(adapter, form))
    if result["type"] is FlowResultType.FORM and result["step_id"] == "read_only":
        result = await flows.async_configure(result["flow_id"], {})
    await hass.async_block_till_done()
    return dict(result)


type Add = Callable[..., Awaitable[Rig]]
"""Takes an emulated device and more of the form; adds it through the real flow."""


def form_for(device: Emulator, **details: Any) -> tuple[str, dict[str, Any]]:
    """Return which step of the flow takes a device, and its input."""
    form = {"name": "Rig", "host": device.host, "nominal_power_w": 3000, **details}
    if isinstance(device, EmulatedCgminer):
        return "cgminer", {**form, "port": device.port}
    return "asic_rs", form


def emulator(make: str, **options: Any) -> Any:
    """Return an emulated device of a make, on an address of its own."""
    host = options.pop("host", None) or new_host()
    if make == "cgminer":
        return EmulatedCgminer(host=host, **{"restart_s": 0.5, **options})
    return MAKES[make](host, **options)


def writes(device: Emulator) -> list[tuple[str, str | None]]:
    """Return what was sent to a device that would change it."""
    return [(item.command, item.parameter) for item in device.log.writes]
