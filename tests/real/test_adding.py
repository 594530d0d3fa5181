"""Adding miners of every make: by address, by a scan, by their own call, by DHCP discovery."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components import dhcp
from homeassistant.components.network.models import Adapter
from homeassistant.config_entries import SOURCE_DHCP, SOURCE_IGNORE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.loader import async_get_dhcp
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.diagnostics import async_get_config_entry_diagnostics
from custom_components.aiep_miner.flows import miner as miner_flow
from custom_components.aiep_miner.flows import scan
from devtools.emulators.antminer import Antminer
from devtools.emulators.base import Fault
from devtools.emulators.bitaxe import BitAxe, ForkedAxe
from devtools.emulators.cgminer import EmulatedCgminer
from devtools.forms import miner_form
from tests.conftest import make_operator, set_up, suggestions
from tests.engine.miners.shelf import new_host, new_network
from tests.real.rig import Add, Clock, add_by_form, emulator

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

PASSWORD = "correct horse"
LOGIN_FIELDS = {"username", "password"}


# By its address.


async def test_make_and_model_are_found_out(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    async with emulator("bitaxe") as device:
        result = await add_by_form(hass, entry, "asic_rs", {"host": device.host})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        (subentry,) = entry.subentries.values()
        assert subentry.title == "Gamma"
        assert subentry.unique_id == device.mac.lower()
        assert subentry.data == {"adapter": "asic_rs", "host": device.host}
        assert hass.states.get("switch.gamma").state == "on"


@pytest.mark.usefixtures("alone")
async def test_host_names_are_resolved(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    async with emulator("bitaxe", host="127.0.0.1"):
        result = await add_by_form(hass, entry, "asic_rs", {"host": "localhost"})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        (subentry,) = entry.subentries.values()
        assert subentry.data["host"] == "localhost"


async def test_the_same_miner_is_added_once(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    async with emulator("bitaxe") as device, emulator("bitaxe", mac=device.mac) as same:
        await add(device)
        for host in (device.host, same.host):
            result = await add_by_form(hass, entry, "asic_rs", {"host": host})
            assert result["reason"] == "already_configured"


async def test_failures_are_told_apart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        writer.close()

    stranger, nowhere = new_host(), new_host()
    async with (
        Antminer(new_host(), password=PASSWORD) as locked,
        await asyncio.start_server(greet, stranger, 80),
    ):
        seen = {
            "unreachable": nowhere,
            "not_a_miner": stranger,
            "auth_failed": locked.host,
        }
        for error, host in seen.items():
            result = await add_by_form(hass, entry, "asic_rs", {"host": host})
            assert result["errors"] == {"base": error}
    assert len(entry.subentries) == 0


async def test_unsupported_firmware(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    async with ForkedAxe(new_host()) as device:
        result = await add_by_form(hass, entry, "asic_rs", {"host": device.host})
        assert device.log.writes == []
    assert result["errors"] == {"base": "unsupported_firmware"}
    async with BitAxe(device.host):
        result = await hass.config_entries.subentries.async_configure(
            result["flow_id"], miner_form("asic_rs", {"host": device.host})
        )
        await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_falls_back_to_the_cgminer_api(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    async with EmulatedCgminer(host=new_host(), port=4028) as device:
        form = {"host": device.host, "password": PASSWORD, "nominal_power_w": 3000}
        result = await add_by_form(hass, entry, "asic_rs", form)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        (subentry,) = entry.subentries.values()
        assert subentry.data == {
            "adapter": "cgminer",
            "host": device.host,
            "port": 4028,
            "nominal_power_w": 3000,
        }


# By a scan.


@pytest.fixture
def no_large_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant be in a large and a small network, and in one that is switched off."""

    def adapter(address: str, prefix: int, *, enabled: bool = True) -> Adapter:
        ipv4 = [{"address": address, "network_prefix": prefix}]
        return {  # type: ignore[typeddict-item]
            "name": "eth",
            "index": 1,
            "enabled": enabled,
            "auto": True,
            "default": True,
            "ipv6": [],
            "ipv4": ipv4,
        }

    async def adapters(_: HomeAssistant) -> list[Adapter]:
        return [
            adapter("10.1.2.3", 8),
            adapter("192.0.2.7", 24),
            adapter("198.51.100.1", 24, enabled=False),
            adapter("127.0.0.1", 8),
        ]

    monkeypatch.setattr(scan.network, "async_get_adapters", adapters)


async def test_the_networks_of_home_assistant_are_offered(
    hass: HomeAssistant, no_large_networks: None
) -> None:
    assert await scan.known_networks(hass) == ["10.1.0.0/22", "192.0.2.0/24"]


async def test_several_miners_of_a_scan_are_added_at_once(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    base = f"{new_network()}."
    async with AsyncExitStack() as stack:
        makes = ("bitaxe", "luxos", "antminer", "avalon")
        devices = [
            await stack.enter_async_context(emulator(make, host=f"{base}{place}"))
            for place, make in enumerate(makes, 1)
        ]
        locked = Antminer(f"{base}5", password=PASSWORD)
        await stack.enter_async_context(locked)
        await add(devices[3])
        site = entry.runtime_data.coordinator

        flow_id = await _start(hass, entry, "scan")
        flows = hass.config_entries.subentries
        for wrong, error in (
            (["nonsense"], "invalid_network"),
            ([], "invalid_network"),
            (["10.0.0.0/8"], "network_too_large"),
        ):
            result = await flows.async_configure(flow_id, {"networks": wrong})
            assert result["errors"] == {"networks": error}
        progress = async_capture_events(hass, "data_entry_flow_progress_update")
        result = await flows.async_configure(flow_id, {"networks": [f"{base}0/29"]})
        assert result["type"] is FlowResultType.SHOW_PROGRESS
        await hass.async_block_till_done()
        assert progress[-1].data["progress"] == 1.0

        result = await flows.async_configure(flow_id)
        assert result["step_id"] == "found"
        assert f"{locked.host} (auth failed)" in result["description_placeholders"]["unread"]
        chosen = [device.host for device in devices[:3]]
        (marker,) = result["data_schema"].schema
        assert marker.default() == chosen, "the one that is added already is left out"
        result = await flows.async_configure(flow_id, {"miners": chosen})
        assert result["step_id"] == "power", "stock Antminers do not report their power"
        assert result["description_placeholders"] == {"host": devices[2].host}
        result = await flows.async_configure(flow_id, {"name": "Big"})
        assert result["errors"] == {"nominal_power_w": "power_not_reported"}
        result = await flows.async_configure(flow_id, {"name": "Big", "nominal_power_w": 3250})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()

        assert {item.unique_id for item in entry.subentries.values()} == {
            device.mac.lower() for device in devices
        }
        assert entry.runtime_data.coordinator is not site
        assert set(entry.runtime_data.coordinator.data.miners) == set(entry.subentries)
        assert hass.states.get("sensor.big_estimated_power").state == "3250.0"
        assert all(device.log.writes == [] for device in devices)


async def test_a_scan_that_finds_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    flow_id = await _start(hass, entry, "scan")
    flows = hass.config_entries.subentries
    await flows.async_configure(flow_id, {"networks": [f"{new_network()}.0/30"]})
    await hass.async_block_till_done()
    result = await flows.async_configure(flow_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_found")


# By their own call.


def _call(host: str, port: int, text: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind((host, 0))
        caller.sendto(text, ("127.0.0.1", port))


@pytest.mark.parametrize(
    ("port", "text"),
    [(14235, "{ip},{mac}"), (8888, "IP:{ip}MAC:{mac}")],
    ids=["antminer", "whatsminer"],
)
@pytest.mark.usefixtures("alone")
async def test_a_miner_calls_while_a_flow_waits(
    hass: HomeAssistant, entry: MockConfigEntry, port: int, text: str
) -> None:
    async with emulator("bitaxe") as device:
        flow_id = await _start(hass, entry, "find_me")
        flows = hass.config_entries.subentries
        await asyncio.sleep(0.3)
        _call(device.host, port, text.format(ip=device.host, mac=device.mac).encode())
        await hass.async_block_till_done()
        result = await flows.async_configure(flow_id)
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "asic_rs")
        suggested = {
            str(marker): (marker.description or {}).get("suggested_value")
            for marker in result["data_schema"].schema
        }
        assert suggested["host"] == device.host
        # The browser asks for the form once more before it shows it.
        result = await flows.async_configure(flow_id)
        assert suggestions(result["data_schema"])["host"] == device.host
        form = miner_form("asic_rs", {"host": device.host})
        result = await flows.async_configure(flow_id, form)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()


@pytest.mark.usefixtures("alone")
async def test_nobody_calls(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(miner_flow, "CALL_DEADLINE_S", 0.2)
    flow_id = await _start(hass, entry, "find_me")
    await hass.async_block_till_done()
    result = await hass.config_entries.subentries.async_configure(flow_id)
    assert result["reason"] == "nobody_called"


@pytest.mark.usefixtures("alone")
async def test_another_program_listens(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 14235))
        flow_id = await _start(hass, entry, "find_me")
        await hass.async_block_till_done()
        result = await hass.config_entries.subentries.async_configure(flow_id)
    assert result["reason"] == "cannot_listen"


async def _start(hass: HomeAssistant, entry: MockConfigEntry, step: str) -> str:
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "miner"), context={"source": SOURCE_USER})
    result = await flows.async_configure(result["flow_id"], {"next_step_id": step})
    assert result["type"] in (FlowResultType.FORM, FlowResultType.SHOW_PROGRESS)
    return str(result["flow_id"])


# By DHCP discovery.


async def discover(hass: HomeAssistant, host: str, mac: str, name: str = "bitaxe") -> Any:
    info = DhcpServiceInfo(ip=host, hostname=name, macaddress=mac.replace(":", "").lower())
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_DHCP}, data=info
    )


@pytest.mark.parametrize(
    ("name", "mac"),
    [
        ("antminer", "02:00:00:00:00:01"),
        ("bitaxe-kitchen", "02:00:00:00:00:01"),
        ("nerdqaxeplus2", "02:00:00:00:00:01"),
        ("unnamed", "e0:a5:09:00:00:01"),
    ],
)
async def test_home_assistant_discovers_a_miner(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, mac: str
) -> None:
    """Its own DHCP discovery knows them from our manifest, by host name or the maker's prefix."""
    matchers = dhcp.async_index_integration_matchers(await async_get_dhcp(hass))
    watcher = dhcp.WatcherBase(hass, dhcp.DHCPData(matchers))
    watcher.async_process_client("192.0.2.9", name, mac.replace(":", ""))
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["handler"], flow["step_id"]) == (DOMAIN, "discovered")
    assert flow["context"]["unique_id"] == mac


async def test_a_discovered_miner_is_added_to_an_operator(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    other = make_operator(title="Other", options={"mode": "manual"})
    await set_up(hass, other)
    async with Antminer(new_host(), password=PASSWORD) as device:
        result = await discover(hass, device.host, device.mac, "antminer")
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "discovered")
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["context"]["title_placeholders"] == {"name": "antminer"}
        forms: list[tuple[dict[str, Any], dict[str, str]]] = [
            ({}, {"base": "auth_failed"}),
            ({"password": PASSWORD}, {"advanced": "power_not_reported"}),
        ]
        for form, errors in forms:
            result = await hass.config_entries.flow.async_configure(
                result["flow_id"], miner_form("discovered", {"operator": "other", **form})
            )
            assert result["errors"] == errors
        form = {"operator": "other", "password": PASSWORD, "nominal_power_w": 3250}
        form = miner_form("discovered", form)
        result = await hass.config_entries.flow.async_configure(result["flow_id"], form)
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "miner_added")
        await hass.async_block_till_done()
        (subentry,) = other.subentries.values()
        assert subentry.unique_id == device.mac.lower()
        assert entry.subentries == {}
        assert hass.states.get("switch.s19").state == "on"


async def test_discovery_without_an_operator(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    result = await discover(hass, "192.0.2.9", "02:00:00:00:00:09")
    assert result["reason"] == "no_operator"


async def test_a_miner_that_is_ignored_is_not_offered_again(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    result = await discover(hass, "192.0.2.9", "02:00:00:00:00:09")
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": "02:00:00:00:00:09", "title": "bitaxe"},
    )
    result = await discover(hass, "192.0.2.9", "02:00:00:00:00:09")
    assert result["reason"] == "already_configured"


async def test_a_miner_is_followed_to_its_new_address(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    device = BitAxe(new_host())
    async with device:
        rig = await add(device)
    async with BitAxe(new_host(), mac=device.mac) as moved:
        await rig.cycles()
        assert rig.state("switch", "mining") == "unavailable"
        result = await discover(hass, moved.host, moved.mac)
        assert result["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert entry.subentries[rig.miner_id].data["host"] == moved.host
        assert rig.state("switch", "mining") == "on"


async def test_a_known_address_without_a_known_mac_is_not_offered(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    async with EmulatedCgminer(host=new_host()) as device:
        await add(device)
        result = await discover(hass, device.host, "02:00:00:00:00:09")
        assert result["reason"] == "already_configured"


async def test_a_miner_is_followed_by_reconfiguring(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    device = BitAxe(new_host())
    async with device:
        rig = await add(device)
    async with BitAxe(new_host(), mac=device.mac) as moved, BitAxe(new_host()) as stranger:
        result = await entry.start_subentry_reconfigure_flow(hass, rig.miner_id)
        flows = hass.config_entries.subentries
        form = miner_form("asic_rs", {"host": stranger.host})
        result = await flows.async_configure(result["flow_id"], form)
        assert result["errors"] == {"base": "wrong_device"}
        form = miner_form("asic_rs", {"host": moved.host})
        result = await flows.async_configure(result["flow_id"], form)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert rig.state("switch", "mining") == "on"


# Passwords.


async def test_a_changed_password_leads_to_the_form(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    add: Add,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    async with Antminer(new_host()) as device:
        rig = await add(device, max_temperature_c=80)
        before = dict(entry.subentries[rig.miner_id].data)
        assert before["max_temperature_c"] == 80
        device.digest.password = PASSWORD
        await rig.cycles()
        issue_id = f"login_refused_{rig.miner_id}"
        issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
        assert issue is not None
        assert issue.is_fixable
        await device.set_fault(Fault.DOWN)
        await rig.cycles()
        assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id), "nothing else is known"
        await device.set_fault(Fault.DOWN, active=False)

        client = await hass_client()
        response = await client.post(
            "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
        )
        flow = await response.json()
        assert flow["step_id"] == "confirm"
        assert flow["description_placeholders"] == {"miner": "Rig"}
        response = await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}")
        kind, flow_id = (await response.json())["next_flow"]
        assert kind == "config_subentries_flow"

        flows = hass.config_entries.subentries
        # The browser asks for the form once more before it shows it.
        result = await flows.async_configure(flow_id)
        assert result["step_id"] == "login"
        assert {str(marker) for marker in result["data_schema"].schema} == LOGIN_FIELDS
        result = await flows.async_configure(flow_id, {"password": "battery staple"})
        assert result["errors"] == {"base": "auth_failed"}
        result = await flows.async_configure(flow_id, {"password": PASSWORD})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        subentry = entry.subentries[rig.miner_id]
        assert subentry.title == "Rig"
        assert subentry.data == {**before, "password": PASSWORD}
        await rig.cycles()
        assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None
        assert rig.state("switch", "mining") == "on"

        found = await async_get_config_entry_diagnostics(hass, entry)
        ledger = hass.config.path(DOMAIN, entry.entry_id, "ledger.db")
        kept = await hass.async_add_executor_job(Path(ledger).read_bytes)
        for secret in (PASSWORD, "battery staple"):
            assert secret not in json.dumps(found)
            assert secret not in caplog.text
            assert secret.encode() not in kept


async def test_a_password_is_kept_unless_another_is_entered(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    async with Antminer(new_host(), password=PASSWORD) as device:
        rig = await add(device, password=PASSWORD)
        result = await entry.start_subentry_reconfigure_flow(hass, rig.miner_id)
        assert PASSWORD not in str(result["data_schema"])
        assert PASSWORD not in str(suggestions(result["data_schema"]))
        form = {"host": device.host, "nominal_power_w": 3100, "name": "Rig"}
        form = miner_form("asic_rs", form)
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], form)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.subentries[rig.miner_id].data["password"] == PASSWORD


async def test_the_issue_goes_with_the_miner(
    hass: HomeAssistant, entry: MockConfigEntry, add: Add
) -> None:
    async with Antminer(new_host()) as device, BitAxe(new_host()) as other:
        rig = await add(device)
        await add(other, name="Other")
        device.digest.password = PASSWORD
        await rig.cycles()
        issues = ir.async_get(hass)
        assert issues.async_get_issue(DOMAIN, f"login_refused_{rig.miner_id}")
        hass.config_entries.async_remove_subentry(entry, rig.miner_id)
        await hass.async_block_till_done()
        assert issues.async_get_issue(DOMAIN, f"login_refused_{rig.miner_id}") is None


# Power from a sensor of Home Assistant.


async def test_a_linked_sensor_gives_the_power(hass: HomeAssistant, add: Add) -> None:
    hass.states.async_set("sensor.plug", "3.1", {"unit_of_measurement": "kW"})
    async with Antminer(new_host()) as device:
        rig = await add(device, nominal_power_w=3000, power_entity="sensor.plug")
        assert float(rig.state("sensor", "power")) == 3100
        assert rig.entity_id("sensor", "estimated_power") is None
        telemetry = rig.site.data.miners[rig.miner_id].telemetry
        assert telemetry.reading.power_w == 3100
        for useless in ("unavailable", "nan", "-5"):
            hass.states.async_set("sensor.plug", useless, {"unit_of_measurement": "W"})
            await rig.cycles()
            assert rig.state("sensor", "power") == "unknown"
        hass.states.async_set("sensor.plug", "5", {"unit_of_measurement": "EUR"})
        await rig.cycles()
        assert rig.state("sensor", "power") == "unknown"


async def test_a_linked_sensor_refutes_a_stop(hass: HomeAssistant, add: Add, clock: Clock) -> None:
    hass.states.async_set("sensor.plug", "3100", {"unit_of_measurement": "W"})
    async with Antminer(new_host()) as device:
        rig = await add(device, power_entity="sensor.plug")
        await rig.switch(on=False)
        await rig.cycles(4)
        assert rig.state("switch", "mining") == "off", "so it says"
        assert rig.state("sensor", "last_command") == "not_confirmed"
        hass.states.async_set("sensor.plug", "30", {"unit_of_measurement": "W"})
        await rig.switch(on=False)
        await rig.until("sensor", "last_command", "confirmed")
