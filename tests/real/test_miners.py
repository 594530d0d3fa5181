"""Every emulated make in Home Assistant, through its real flow and entities.

The device's own request log is the witness of what was really sent.
"""

import pytest
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.aiep_miner.engine import controller
from custom_components.aiep_miner.engine.records.reasons import Reason
from devtools.emulators.base import Fault

from .rig import Add, emulator, writes

pytestmark = [
    pytest.mark.needs_port_80,
    pytest.mark.usefixtures("loopback", "entity_registry_enabled_by_default"),
]

CONTROLLED = [
    *("bitaxe", "antminer", "luxos", "avalon", "avalon_q", "nano3s"),
    *("whatsminer_v2", "whatsminer_v3", "braiins", "vnish", "epic", "cgminer"),
]
STOPS: dict[str, list[tuple[str, str | None]]] = {
    "bitaxe": [("POST /api/system/pause", None)],
    "luxos": [("curtail", "sleep")],
    "whatsminer_v3": [("set.miner.service", "stop")],
    "cgminer": [("ascdisable", "0"), ("ascdisable", "1"), ("ascdisable", "2")],
}
"""The writes of one stop, where they are the same each time; of the others the commands."""
COMMANDS = {
    "antminer": ["POST /cgi-bin/set_miner_conf.cgi"],
    "avalon": ["ascset"],
    "avalon_q": ["ascset"],
    "nano3s": ["ascset"],
    "whatsminer_v2": ["power_off"],
    "braiins": ["PUT /api/v1/actions/pause"],
    "vnish": ["POST /api/v1/mining/stop"],
    "epic": ["POST /miner"],
}


@pytest.mark.parametrize("make", CONTROLLED)
async def test_is_added_polled_stopped_and_started(
    add: Add,
    make: str,
) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        assert device.log.writes == []
        await rig.until_mining()
        shown = float(rig.state("sensor", "hashrate"))
        assert shown == pytest.approx(device.machine.hashrate_ths, rel=0.1)

        await rig.switch(on=False)
        assert [command for command, _ in writes(device)] == (
            COMMANDS.get(make) or [command for command, _ in STOPS[make]]
        )
        assert make in COMMANDS or writes(device) == STOPS[make]
        await rig.until("sensor", "last_command", "confirmed")
        assert rig.state("switch", "mining") == "off"
        assert float(rig.state("sensor", "hashrate")) == 0
        assert not device.machine.mining

        sent = len(device.log.writes)
        await rig.switch(on=True)
        assert len(device.log.writes) == 2 * sent
        await rig.until_mining()
        await rig.until("sensor", "last_command", "confirmed")
        assert device.machine.mining


async def test_a_restart_that_drops_the_connection_is_confirmed(add: Add) -> None:
    async with emulator("braiins", version="26.04") as device:
        rig = await add(device)
        await rig.cycles(2)
        await rig.act("button", "press", "restart")
        assert rig.state("sensor", "last_command") == "accepted"
        await rig.until("sensor", "last_command", "confirmed", cycles=120)
        assert len(device.log.writes) == 1


async def test_half_a_miner_is_a_problem(add: Add) -> None:
    async with emulator("antminer") as device:
        rig = await add(device)
        await rig.cycles(3)
        assert rig.state("binary_sensor", "problem") == "off"
        rpc = next(server for server in device._servers if server.port == 4028)
        rpc._answer = lambda _request: None
        await rig.cycles(3)
        problem = rig.entity("binary_sensor", "problem")
        assert problem.state == "on"
        assert "reading_incomplete" in problem.attributes["divergences"]


async def test_a_miner_that_cannot_be_controlled_has_no_controls(add: Add) -> None:
    async with emulator("bitaxe", firmware="v2.4.5") as device:
        rig = await add(device)
        assert rig.is_mining
        for platform, key in (
            ("switch", "mining"),
            ("button", "restart"),
            ("number", "power_limit"),
        ):
            assert rig.entity_id(platform, key) is None
        assert device.log.writes == []


async def test_one_board_is_switched(add: Add) -> None:
    async with emulator("cgminer") as device:
        rig = await add(device)
        await rig.switch(on=False, key="board_1")
        assert writes(device) == [("ascdisable", "1")]
        await rig.until("switch", "board_1", "off")
        await rig.until("sensor", "last_command", "confirmed")
        assert [rig.state("switch", f"board_{index}") for index in (0, 2)] == ["on", "on"]
        assert rig.state("switch", "mining") == "on"


async def test_the_pool_is_switched(add: Add) -> None:
    async with emulator("cgminer") as device:
        rig = await add(device)
        main, fallback = rig.entity("select", "pool").attributes["options"]
        assert rig.state("select", "pool") == main
        await rig.act("select", "select_option", "pool", option=fallback)
        assert writes(device) == [("switchpool", "1")]
        await rig.until("sensor", "last_command", "confirmed")
        assert rig.state("select", "pool") == fallback

        await device.set_fault(Fault.IGNORE_WRITES)
        await rig.act("select", "select_option", "pool", option=main)
        await rig.cycles(4)
        assert rig.state("sensor", "last_command") == "not_confirmed"
        assert rig.state("select", "pool") == fallback
        assert writes(device) == [("switchpool", "1"), ("switchpool", "0")]


WIRE = {
    Fault.DOWN: Reason.UNREACHABLE,
    Fault.HANG: Reason.TIMEOUT,
    Fault.SLOW_DRIP: Reason.TIMEOUT,
    Fault.GARBAGE: Reason.BAD_REPLY,
    Fault.TRUNCATED: Reason.BAD_REPLY,
    Fault.UNAUTHORIZED: Reason.AUTH_FAILED,
}
FAULTS = [
    *(("bitaxe", fault) for fault in WIRE),
    ("antminer", Fault.HANG),
    ("antminer", Fault.UNAUTHORIZED),
    ("luxos", Fault.GARBAGE),
    ("avalon", Fault.DOWN),
    ("whatsminer_v2", Fault.TRUNCATED),
    ("whatsminer_v3", Fault.SLOW_DRIP),
    ("cgminer", Fault.HANG),
]
"""A sample: scripts/campaign miner_faults tries every make with every fault."""


@pytest.mark.parametrize(("make", "fault"), FAULTS)
async def test_a_fault_shows_within_a_cycle_and_passes(
    add: Add,
    make: str,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        assert rig.state("sensor", "hashrate") != "unavailable"
        await device.set_fault(fault)
        with monkeypatch.context() as hurry:
            if WIRE[fault] is Reason.TIMEOUT:
                hurry.setattr(controller, "POLL_DEADLINE_S", (1.0, 1.0))
            await rig.cycles()
        for platform, key in (("sensor", "hashrate"), ("switch", "mining")):
            assert rig.state(platform, key) == "unavailable"
        problem = rig.entity("binary_sensor", "problem")
        assert problem.state == "on"
        assert problem.attributes["poll_error"] == WIRE[fault]
        assert "comms_lost" in problem.attributes["divergences"]

        await device.set_fault(fault, active=False)
        # A request that was under way when its poll was given up still ends by its own deadline.
        await rig.until_mining()
        assert rig.state("sensor", "hashrate") != "unavailable"
        assert rig.entity("binary_sensor", "problem").attributes["poll_error"] is None
        assert device.log.writes == []


@pytest.mark.parametrize("make", ["bitaxe", "antminer", "luxos", "avalon", "cgminer"])
async def test_a_refused_command_is_told_and_may_be_repeated(
    add: Add,
    make: str,
) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        await device.set_fault(Fault.WRITE_DENIED)
        with pytest.raises(HomeAssistantError) as failed:
            await rig.switch(on=False)
        assert failed.value.translation_key in ("auth_failed", "access_denied", "refused")
        assert rig.state("sensor", "last_command") == "failed"
        assert rig.state("switch", "mining") == "on"
        await device.set_fault(Fault.WRITE_DENIED, active=False)
        await rig.switch(on=False)
        await rig.until("switch", "mining", "off")


@pytest.mark.parametrize("make", ["bitaxe", "luxos", "whatsminer_v2"])
async def test_yes_without_effect_is_not_confirmed(
    add: Add,
    make: str,
) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        receipts = async_capture_events(rig.hass, "aiep_miner_receipt")
        await device.set_fault(Fault.IGNORE_WRITES)
        await rig.switch(on=False)
        await rig.cycles(4)
        assert rig.state("sensor", "last_command") == "not_confirmed"
        assert [event.data["outcome"] for event in receipts] == ["accepted", "not_confirmed"]
        problem = rig.entity("binary_sensor", "problem")
        assert (problem.state, problem.attributes["not_confirmed"]) == ("on", "stop")
        assert rig.state("switch", "mining") == "on"
        assert len(device.log.writes) == 1

        await device.set_fault(Fault.IGNORE_WRITES, active=False)
        await rig.switch(on=False)
        await rig.until("sensor", "last_command", "confirmed")
        assert rig.entity("binary_sensor", "problem").attributes["not_confirmed"] is None


async def test_automation_repeats_a_command_without_effect_once(add: Add) -> None:
    async with emulator("bitaxe") as device:
        rig = await add(device)
        await device.set_fault(Fault.IGNORE_WRITES)
        dear = {**rig.entry.data, "energy_price": 1.0}
        rig.hass.config_entries.async_update_entry(rig.entry, data=dear, options={"mode": "auto"})
        await rig.hass.async_block_till_done()
        await rig.cycles(120)
        assert writes(device) == STOPS["bitaxe"] * 2
        assert rig.state("sensor", "last_command") == "not_confirmed"
        assert "not_confirmed" in rig.entity("sensor", "decision").attributes["reasons"]


async def test_controls_appear_with_a_firmware_that_has_them(add: Add) -> None:
    async with emulator("bitaxe", firmware="v2.4.5") as device:
        rig = await add(device)
        assert rig.entity_id("switch", "mining") is None
        await device.set_fault(Fault.DOWN)
        await rig.cycles()
        device.firmware = "v2.14.1"
        await device.set_fault(Fault.DOWN, active=False)
        await rig.cycles()
        assert rig.state("switch", "mining") == "on"
        assert "v2.14.1" in rig.state("sensor", "firmware")
        await rig.switch(on=False)
        assert writes(device) == STOPS["bitaxe"]


async def test_devices_that_swap_addresses_are_not_told_anything(add: Add) -> None:
    async with emulator("bitaxe") as one, emulator("bitaxe") as other:
        rig = await add(one)
        one.mac, other.mac = other.mac, one.mac
        # The cycle has not seen it yet: the command itself finds out.
        with pytest.raises(HomeAssistantError):
            await rig.switch(on=False)
        await rig.cycles()
        assert rig.state("switch", "mining") == "unavailable"
        assert rig.entity("binary_sensor", "problem").attributes["poll_error"] == "wrong_device"
        assert one.log.writes == other.log.writes == []
        one.mac, other.mac = other.mac, one.mac
        await rig.cycles()
        assert rig.state("switch", "mining") == "on"
