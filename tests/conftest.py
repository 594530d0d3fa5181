"""Fixtures of the tests on Home Assistant's side."""

# First of all: the test plug-in brings a package of this name of its own.
import custom_components.aiep_miner  # noqa: F401, I001

import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import PropertyMock, patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_MODE
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.command import Command
from custom_components.aiep_miner.engine.command_result import CommandResult
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason, LedgerStore
from custom_components.aiep_miner.engine.miners.base import Capabilities, Identity, MinerInfo
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.records import (
    Action,
    Board,
    DeviceLevel,
    Pool,
    Reading,
    Temperature,
)
from custom_components.aiep_miner.inputs.commanders import command_origin, proposal_origin

START = "2026-11-01T12:00:00+00:00"
INTERVAL_S = 30

OPERATOR_DATA = {
    "currency": "EUR",
    "energy_price": 0.03,
    "coin_price": 60_000.0,
    "network_difficulty": 1.0e14,
    "block_reward": 3.125,
}
"""At these prices mining pays."""

type RunCycles = Callable[..., Awaitable[None]]


def simulated(seed: int = 1, profile: str = "s19", **data: Any) -> ConfigSubentryData:
    """Return the subentry of a simulated miner, with the seed in its id."""
    return ConfigSubentryData(
        subentry_id=f"miner-{seed}",  # type: ignore[typeddict-unknown-key]
        subentry_type="miner",
        title=f"Miner {seed}",
        unique_id=f"serial-{seed}",
        data={"adapter": "simulated", "profile": profile, "seed": seed, **data},
    )


@pytest.fixture(autouse=True)
def ledger_threads_end(verify_cleanup: None) -> Iterator[None]:
    """Let the threads of closed ledgers end before the plug-in looks for leftovers."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("aiep_miner_ledger"):
            thread.join(5)


@pytest.fixture
def entity_registry_enabled_by_default() -> Iterator[None]:
    """Enable also the entities that are disabled at first."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep each test's ledgers to itself."""
    return hass_tmp_config_dir


@pytest.fixture
def machines(freezer: FrozenDateTimeFactory) -> Iterator[dict[str, SimulatedMiner]]:
    """Let simulated miners live in Home Assistant's time; returns them by host name."""
    made: dict[str, SimulatedMiner] = {}
    freezer.move_to(START)

    def make(miner_id: str, *args: Any, **kwargs: Any) -> SimulatedMiner:
        clock = lambda: dt_util.utcnow().timestamp()  # noqa: E731
        made[miner_id] = SimulatedMiner(miner_id, *args, clock=clock, **kwargs)
        return made[miner_id]

    with patch("custom_components.aiep_miner.flows.adapters.SimulatedMiner", make):
        yield made


@pytest.fixture
def operator(
    enable_custom_integrations: None, machines: dict[str, SimulatedMiner]
) -> MockConfigEntry:
    """Return an operator with one simulated miner, not set up yet."""
    return make_operator([simulated()])


def make_operator(
    subentries: Sequence[ConfigSubentryData] = (),
    *,
    title: str = "Site",
    data: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
) -> MockConfigEntry:
    """Return an operator's entry."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        entry_id=title.lower(),
        unique_id=title.lower(),
        data=OPERATOR_DATA | (data or {}),
        options={CONF_MODE: "auto"} | (options or {}),
        subentries_data=subentries,
    )


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> AiepMinerCoordinator:
    """Set an operator up and return its coordinator."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    coordinator: AiepMinerCoordinator = entry.runtime_data.coordinator
    return coordinator


async def propose(
    site: AiepMinerCoordinator,
    action: Action,
    context: Context,
    *,
    value: float | None = None,
    confidence: float | None = None,
) -> CommandResult:
    """Command the first miner, or with a confidence propose something for it."""
    hass = site.hass
    origin = (
        command_origin(hass, context)
        if confidence is None
        else proposal_origin(hass, context, confidence=confidence)
    )
    return await site.async_propose("miner-1", Command(action=action, value=value), origin)


@pytest.fixture
async def site(hass: HomeAssistant, operator: MockConfigEntry) -> AiepMinerCoordinator:
    """Return the coordinator of the operator, set up."""
    return await set_up(hass, operator)


@pytest.fixture
def run_cycles(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> RunCycles:
    """Return a function that lets time pass and runs cycles."""

    async def run(
        coordinator: AiepMinerCoordinator, count: int = 1, every_s: float = INTERVAL_S
    ) -> None:
        for _ in range(count):
            freezer.tick(timedelta(seconds=every_s))
            await coordinator.async_refresh()
        await hass.async_block_till_done()

    return run


@pytest.fixture
def person(hass_admin_user: MockUser) -> Context:
    """Return the context of what a person does."""
    return Context(user_id=hass_admin_user.id)


def suggestions(schema: Any) -> dict[str, Any]:
    """Return what a form suggests, section by section."""
    found: dict[str, Any] = {}
    for marker, value in schema.schema.items():
        if isinstance(value, section):
            found[str(marker)] = suggestions(value.schema)
        elif marker.description:
            found[str(marker)] = marker.description["suggested_value"]
    return found


FAKE = ConfigSubentryData(
    subentry_id="miner-1",  # type: ignore[typeddict-unknown-key]
    subentry_type="miner",
    title="Miner 1",
    unique_id="02:00:00:00:00:01",
    data={
        "adapter": "cgminer",
        "host": "192.0.2.1",
        "port": 4028,
        "nominal_power_w": 3000.0,
        "nominal_hashrate_ths": 100.0,
    },
)

FULL_INFO = MinerInfo(
    identity=Identity(
        make="Make", model="Model", firmware="1.2.3", mac="02:00:00:00:00:01", serial_number="SN1"
    ),
    capabilities=Capabilities(
        actions=frozenset(Action) - {Action.HOLD},
        power_min_w=1000,
        power_max_w=4000,
        levels=(DeviceLevel(name="eco"), DeviceLevel(name="turbo")),
    ),
)

FULL_READING = Reading(
    mining=True,
    hashrate_ths=100.0,
    expected_hashrate_ths=101.0,
    power_w=3000.0,
    power_limit_w=3100.0,
    temperatures=(
        Temperature(sensor="board_0", temperature_c=55.0),
        Temperature(sensor="board_1", temperature_c=58.5),
    ),
    boards=(
        Board(
            index=0,
            hashrate_ths=50.0,
            temperature_c=55.0,
            chip_temperature_c=70.0,
            chips_working=114,
            chips_expected=114,
            voltage_v=13.2,
            frequency_mhz=525.0,
            enabled=True,
        ),
        Board(index=1, hashrate_ths=50.0, temperature_c=58.5, enabled=False),
    ),
    fans_rpm=(4200, 4100),
    psu_fans_rpm=(6344,),
    uptime_s=3600,
    shares_accepted=1000,
    shares_rejected=3,
    shares_stale=1,
    hardware_errors=2,
    best_share=483_000.0,
    ambient_c=24.5,
    fault_light=False,
    pools=(
        Pool(
            index=0,
            url="stratum+tcp://one.example:3333",
            active=True,
            shares_accepted=1000,
            shares_rejected=3,
            shares_stale=1,
        ),
        Pool(index=1, url="stratum+tcp://two.example:3333", active=False),
    ),
    level="eco",
)


class FakeMiner:
    """A miner that says what it is told to say."""

    def __init__(self, info: MinerInfo | None = None, reading: Reading | None = None) -> None:
        self.info = info or MinerInfo()
        self.reading = reading or Reading()
        self.error: Exception | None = None
        self.commands: list[Any] = []
        self.closed = 0

    async def connect(self) -> MinerInfo:
        self._fail()
        return self.info

    async def poll(self) -> Reading:
        self._fail()
        return self.reading

    async def execute(self, command: Any) -> None:
        self._fail()
        self.commands.append(command)

    async def record(self) -> dict[str, Any]:
        return {"version": {"who": self.info.identity.model}}

    async def close(self) -> None:
        self.closed += 1

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def fake(enable_custom_integrations: None, freezer: FrozenDateTimeFactory) -> Iterator[FakeMiner]:
    """Return the one fake miner that every adapter of the test is."""
    freezer.move_to(START)
    miner = FakeMiner(FULL_INFO, FULL_READING)
    with patch("custom_components.aiep_miner.coordinator.create_adapter", return_value=miner):
        yield miner


@pytest.fixture
async def fake_site(hass: HomeAssistant, fake: FakeMiner) -> AiepMinerCoordinator:
    """Return the coordinator of an operator whose one miner is the fake one."""
    return await set_up(hass, make_operator([FAKE]))


@pytest.fixture
def broken_ledger(fake_site: AiepMinerCoordinator) -> Iterator[None]:
    """Let the disk be full from now on."""
    error = LedgerError(LedgerReason.DISK_FULL, "no space left")
    with patch.object(LedgerStore, "commit", side_effect=error):
        yield


@pytest.fixture
def device_id(hass: HomeAssistant, site: AiepMinerCoordinator) -> str:
    """Return the simulated miner's device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    return device.id
