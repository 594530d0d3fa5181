"""Every control of every make, set through Home Assistant, witnessed by the device's own log."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from devtools.emulators.base import Fault

from .rig import Add, Rig, emulator, writes

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control: what a person does, what reaches the device, what then shows."""

    make: str
    platform: str
    key: str
    to: Any
    sent: str
    """The command, as the device logs it."""
    holds: str = ""
    """What is in the command's parameter."""
    wrong: Any = None
    """What is refused before it reaches the device."""


def level(make: str, to: str, sent: str, holds: str = "") -> Control:
    return Control(
        make=make, platform="select", key="level", to=to, sent=sent, holds=holds, wrong="no such"
    )


def number(make: str, key: str, to: float, sent: str, holds: str, wrong: float) -> Control:
    return Control(
        make=make, platform="number", key=key, to=to, sent=sent, holds=holds, wrong=wrong
    )


AXE = "PATCH /api/system"
ASCSET = "ascset"
BRAIINS = "/api/v1/performance"
CONF = "POST /cgi-bin/set_miner_conf.cgi"
CONTROLS = (
    level("bitaxe", "490 MHz 1100 mV", AXE, '{"frequency": 490, "coreVoltage": 1100}'),
    number("bitaxe", "fan_speed", 55, AXE, '"manualFanSpeed": 55', 10),
    number("bitaxe", "target_temperature", 55, AXE, '"temptarget": 55', 90),
    level("nerdaxe", "490 MHz 1100 mV", AXE, '"frequency": 490'),
    level("antminer", "low", CONF, '"miner-mode": 3'),
    number("antminer", "fan_speed", 60, CONF, '"bitmain-fan-pwm": "60"', 5),
    level("luxos", "290MHz", "profileset", "290MHz"),
    number("luxos", "fan_speed", 50, "fanset", "speed=50", 5),
    Control(
        make="luxos", platform="switch", key="scaling", to=False, sent="atmset", holds="=false"
    ),
    level("vnish", "2850", "POST /api/v1/settings", '"preset": "2850"'),
    number("vnish", "power_percent", 80, "POST /api/v1/mining/throttle", '"percent": 80', 5),
    level("braiins", "2400 W", f"PUT {BRAIINS}/power-target", '{"watt": 2400}'),
    number("braiins", "hashrate_target", 120, f"PUT {BRAIINS}/hashrate-target", "120", 500),
    Control(
        make="braiins",
        platform="switch",
        key="scaling",
        to=True,
        sent=f"PUT {BRAIINS}/dps",
        holds="true",
    ),
    Control(
        make="braiins",
        platform="switch",
        key="board_1",
        to=False,
        sent="PATCH /api/v1/miner/hw/hashboards",
        holds='"hashboard_ids": ["2"]',
    ),
    level("avalon_q", "eco", ASCSET, "0,workmode,set,0"),
    number("avalon_q", "fan_speed", 50, ASCSET, "0,fan-spd,50", 5),
    number("avalon_q", "target_temperature", 75, ASCSET, "0,target-temp,75", 120),
    level("nano3s", "medium", ASCSET, "0,workmode,set,1"),
    level("whatsminer_v2", "low", "set_low_power"),
    level("whatsminer_v3", "high", "set.miner.mode", "high"),
    Control(
        make="epic",
        platform="switch",
        key="board_1",
        to=False,
        sent="POST /boardenable",
        holds="'Index': 1, 'Data': False",
    ),
    number("epic", "fan_speed", 70, "POST /fanspeed", "'Manual': 70", 5),
)
BY_NAME = pytest.mark.parametrize(
    "control", CONTROLS, ids=[f"{item.make}-{item.key}" for item in CONTROLS]
)


async def enabled(rig: Rig, control: Control) -> None:
    """Enable a control that is disabled by default, as a person does."""
    registry = er.async_get(rig.hass)
    entity_id = rig.entity_id(control.platform, control.key)
    assert entity_id is not None, (control.make, control.key)
    if registry.async_get(entity_id).disabled:
        registry.async_update_entity(entity_id, disabled_by=None)
        await rig.hass.config_entries.async_reload(rig.entry.entry_id)
        await rig.hass.async_block_till_done()
        await rig.cycles()


async def put(rig: Rig, control: Control, to: Any) -> None:
    match control.platform:
        case "select":
            await rig.act("select", "select_option", control.key, option=to)
        case "number":
            await rig.act("number", "set_value", control.key, value=to)
        case _:
            await rig.switch(on=to, key=control.key)


def shown(rig: Rig, control: Control) -> Any:
    state = rig.state(control.platform, control.key)
    match control.platform:
        case "select":
            return state
        case "number":
            return float(state)
        case _:
            return state == "on"


@BY_NAME
async def test_a_control_is_sent_confirmed_and_shown(add: Add, control: Control) -> None:
    async with emulator(control.make) as device:
        rig = await add(device)
        await enabled(rig, control)
        await rig.cycles(2)
        device.log.clear()
        await put(rig, control, control.to)
        ((command, parameter),) = writes(device)
        assert command == control.sent
        assert control.holds.replace(" ", "") in (parameter or "").replace(" ", "")
        await rig.until("sensor", "last_command", "confirmed", cycles=60)
        assert shown(rig, control) == control.to
        if control.wrong is not None:
            with pytest.raises(HomeAssistantError):
                await put(rig, control, control.wrong)
            assert len(device.log.writes) == 1


@BY_NAME
async def test_a_device_that_lies_is_found_out(add: Add, control: Control) -> None:
    async with emulator(control.make) as device:
        rig = await add(device)
        await enabled(rig, control)
        await rig.cycles(2)
        await device.set_fault(Fault.IGNORE_WRITES)
        device.log.clear()
        await put(rig, control, control.to)
        await rig.cycles(13)
        assert rig.state("sensor", "last_command") == "not_confirmed"
        assert len(device.log.writes) == 1


@pytest.mark.parametrize(
    ("make", "key", "sent"),
    [
        ("braiins", "restart_mining", "PUT /api/v1/actions/restart"),
        ("epic", "restart_mining", "POST /softreboot"),
        ("bitaxe", "identify", "POST /api/system/identify"),
        ("bitaxe", "restart", "POST /api/system/restart"),
        ("nerdaxe", "restart", "POST /api/system/restart"),
        ("avalon_q", "restart", "ascset"),
    ],
)
async def test_a_button_is_pressed(add: Add, make: str, key: str, sent: str) -> None:
    async with emulator(make) as device:
        rig = await add(device)
        await rig.cycles(2)
        await enabled(rig, Control(make=make, platform="button", key=key, to=None, sent=sent))
        await rig.act("button", "press", key)
        assert [command for command, _ in writes(device)] == [sent]
        if key == "identify":
            assert rig.state("sensor", "last_command") == "accepted"
        else:
            await rig.until("sensor", "last_command", "confirmed", cycles=120)


async def test_a_nerdaxe_is_switched_off_softly(add: Add) -> None:
    async with emulator("nerdaxe") as device:
        rig = await add(device)
        await rig.cycles(2)
        await rig.switch(on=False)
        await rig.until("switch", "mining", "off")
        await rig.switch(on=True)
        await rig.until("switch", "mining", "on", cycles=120)
        assert [command for command, _ in writes(device)] == [
            "POST /api/system/shutdown",
            "POST /api/system/restart",
        ]


async def test_a_nerdaxe_that_wants_a_one_time_password_refuses(add: Add) -> None:
    async with emulator("nerdaxe", otp=True) as device:
        rig = await add(device)
        with pytest.raises(HomeAssistantError) as failed:
            await rig.switch(on=False)
        assert failed.value.translation_key == "auth_failed"
        assert device.log.writes == []


async def test_a_start_goes_back_to_the_level_before_the_stop(add: Add) -> None:
    async with emulator("antminer") as device:
        rig = await add(device)
        await rig.act("select", "select_option", "level", option="low")
        await rig.until("sensor", "last_command", "confirmed")
        await rig.switch(on=False)
        await rig.until("switch", "mining", "off")
        device.log.clear()
        await rig.switch(on=True)
        ((_command, parameter),) = writes(device)
        assert json.loads(parameter)["miner-mode"] == 3
        await rig.until("sensor", "last_command", "confirmed", cycles=60)
        assert rig.state("select", "level") == "low"


async def test_a_level_that_would_start_a_stopped_miner_is_refused_and_says_so(add: Add) -> None:
    async with emulator("antminer") as device:
        rig = await add(device)
        await rig.switch(on=False)
        await rig.until("switch", "mining", "off")
        device.log.clear()
        with pytest.raises(HomeAssistantError) as failed:
            await rig.act("select", "select_option", "level", option="high")
        assert failed.value.translation_key == "would_start"
        assert writes(device) == []
        assert not device.machine.mining


async def test_older_firmware_has_no_levels(add: Add) -> None:
    async with emulator("bitaxe", firmware="v2.4.5") as device:
        rig = await add(device)
        assert rig.entity_id("select", "level") is None
        assert device.log.writes == []


async def test_a_block_that_is_found_is_an_event_once(add: Add) -> None:
    async with emulator("bitaxe") as device:
        device.blocks_found = 2
        rig = await add(device)
        await rig.cycles()
        assert rig.state("event", "block") == "unknown", "what was found before is no news"
        device.blocks_found = 3
        await rig.cycles()
        told = rig.entity("event", "block")
        assert (told.attributes["event_type"], told.attributes["blocks_found"]) == ("found", 3)
        await rig.cycles(3)
        assert rig.state("event", "block") == told.state
        device.blocks_found = 0
        await rig.cycles(2)
        assert rig.state("event", "block") == told.state, "counting anew is no block"


async def test_tuning_is_chosen_in_the_miners_form(add: Add) -> None:
    async with emulator("bitaxe") as device:
        rig = await add(device, autotune="recommend", autotune_goal="hashrate")
        (policy,) = rig.site.data.policy.miners
        assert policy.autotune is not None
        assert (policy.autotune.mode, policy.autotune.goal) == ("recommend", "hashrate")
        assert device.log.writes == []
