"""What users of other miner integrations complain about, and that it cannot happen here.

One test for each complaint; its docstring quotes the matter.
"""

import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import homeassistant
import probatio as vol
import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.const import DOMAIN
from devtools.emulators.base import Fault
from tests.real.rig import Add, Clock, Rig, add_by_form, emulator, writes

pytestmark = [
    pytest.mark.needs_port_80,
    pytest.mark.usefixtures("loopback", "entity_registry_enabled_by_default"),
]

INTEGRATION = Path(__file__).resolve().parents[2] / "custom_components" / DOMAIN
MANIFEST = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))
CONSTRAINTS = Path(homeassistant.__file__).with_name("package_constraints.txt")


# "It stops loading whenever a dependency of its miner library conflicts with Home Assistant."


def test_requirements_install_beside_home_assistants_own() -> None:
    """As Home Assistant installs them: satisfied by what is there, nothing is changed."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--offline"]
    command += ["--index-strategy", "unsafe-first-match", "--constraint", str(CONSTRAINTS)]
    ended = subprocess.run(
        [*command, *MANIFEST["requirements"]], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Would make no changes" in ended.stderr


def test_no_requirement_of_ours_narrows_a_pin_of_home_assistant() -> None:
    pins = {
        canonicalize_name(pin.name): pin.specifier
        for line in CONSTRAINTS.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
        for pin in (Requirement(line),)
    }
    for text in MANIFEST["requirements"]:
        ours = Requirement(text)
        pinned = pins.get(canonicalize_name(ours.name))
        # What Home Assistant pins itself may only have a lower bound here.
        assert pinned is None or {item.operator for item in ours.specifier} == {">="}
        for dependency in map(Requirement, requires(ours.name) or ()):
            if dependency.marker is not None and not dependency.marker.evaluate({"extra": ""}):
                continue
            pin = pins.get(canonicalize_name(dependency.name))
            exact = [item.version for item in pin or () if item.operator == "=="]
            assert all(version in dependency.specifier for version in exact), dependency


# "Offline miners keep their last hash rate, or report zeros as if read, and totals go wrong."


async def test_an_offline_miner_shows_nothing_and_counts_for_nothing(
    hass: HomeAssistant, add: Add
) -> None:
    async with emulator("luxos") as one, emulator("bitaxe") as other:
        rig = await add(one)
        small = await add(other, name="Small")
        await rig.cycles()
        both = float(_fleet(hass, "hashrate"))
        await one.set_fault(Fault.DOWN)
        await rig.cycles()
        for key in ("hashrate", "power", "temperature", "efficiency", "board_hashrate_0"):
            assert rig.state("sensor", key) == "unavailable"
        rest = float(_fleet(hass, "hashrate"))
        assert rest == pytest.approx(float(small.state("sensor", "hashrate")), rel=1e-3)
        assert rest < both / 10


def _fleet(hass: HomeAssistant, key: str) -> str:
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"site_fleet_{key}")
    assert entity_id is not None
    return str(hass.states.get(entity_id).state)


# "A power limit that is set and does nothing, shown as if it had worked."


async def test_a_power_limit_without_effect_is_not_shown_as_set(add: Add) -> None:
    async with emulator("whatsminer_v3") as device:
        rig = await add(device, max_power_w=3600)
        await rig.cycles(5)
        before = rig.state("number", "power_limit")
        await device.set_fault(Fault.IGNORE_WRITES)
        await rig.act("number", "set_value", "power_limit", value=2800)
        assert rig.state("number", "power_limit") == before
        await rig.cycles(4)
        assert rig.state("number", "power_limit") == before
        assert rig.state("sensor", "last_command") == "not_confirmed"
        assert rig.entity("binary_sensor", "problem").attributes["not_confirmed"] == "set_power"


# "Only three of four hashboards."


async def test_every_board_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock, person: Context
) -> None:
    form = {"name": "Hydro", "profile": "whatsminer_hydro", "seed": 4}
    await add_by_form(hass, entry, "simulated", form)
    (miner_id,) = entry.subentries
    rig = Rig(hass, entry, clock, miner_id, person)
    rates = [float(rig.state("sensor", f"board_hashrate_{index}")) for index in range(4)]
    assert sum(rates) == pytest.approx(float(rig.state("sensor", "hashrate")), rel=0.01)
    assert rig.entity_id("sensor", "board_hashrate_4") is None


# "No way to switch single hashboards."


async def test_single_boards_can_be_switched(add: Add) -> None:
    async with emulator("cgminer") as device:
        rig = await add(device)
        await rig.switch(on=False, key="board_2")
        assert writes(device) == [("ascdisable", "2")]
        await rig.until("switch", "board_2", "off")
        await rig.until("sensor", "last_command", "confirmed")


# "Unknown instead of 0 when mining is paused."


async def test_a_paused_miner_shows_zero(add: Add) -> None:
    async with emulator("bitaxe") as device:
        rig = await add(device)
        device.machine.stop()
        await rig.until("switch", "mining", "off")
        assert float(rig.state("sensor", "hashrate")) == 0
        assert rig.is_mining is False


# "Actions registered per entry and without a schema."


async def test_actions_belong_to_the_integration_and_are_checked(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    known = set(hass.services.async_services_for_domain(DOMAIN))
    assert {"run_cycle", "verify_ledger", "propose", "review"} <= known
    for action in known:
        with pytest.raises((vol.Invalid, HomeAssistantError)):
            await hass.services.async_call(DOMAIN, action, {"nonsense": 1}, blocking=True)


async def test_actions_outlive_an_operator(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    known = hass.services.async_services_for_domain(DOMAIN)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.services.async_services_for_domain(DOMAIN).keys() == known.keys()


# "No unique id, so the same miner can be added twice."


async def test_a_miner_cannot_be_added_twice(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    async with emulator("avalon") as device:
        await add(device)
        result = await add_by_form(hass, entry, "asic_rs", {"host": device.host})
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
        entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        assert entities
        assert all(item.unique_id for item in entities)
