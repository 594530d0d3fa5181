"""Every control of every make, set through Home Assistant, witnessed by the device's own log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError

from custom_components.aiep_miner.engine.governor import hard_rules
from custom_components.aiep_miner.engine.miners.asic_rs.pace import EVERY
from custom_components.aiep_miner.engine.records import Action
from devtools.emulators.base import Emulator, Fault
from tests.engine.miners.offered import CAN

from .rig import Add, Rig, emulator, writes

pytestmark = [
    pytest.mark.needs_port_80,
    pytest.mark.usefixtures("loopback", "entity_registry_enabled_by_default"),
]


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control: what a person does, what reaches the device, what then shows."""

    make: str
    platform: str
    key: str
    to: Any = None
    sent: str
    """The command, as the device logs it."""
    holds: str = ""
    """What is in the command's parameter."""
    wrong: Any = None
    """What is refused before it reaches the device."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """What the miner's form needs for it."""

    @property
    def action(self) -> Action:
        """What it is to the engine."""
        if self.key == "mining":
            return Action.RUN if self.to else Action.STOP
        return Action.SET_BOARD if self.key.startswith("board_") else ACTIONS[self.key]

    @property
    def name(self) -> str:
        return f"{self.make}-{self.action}"


ACTIONS = {
    "level": Action.SET_LEVEL,
    "pool": Action.SET_POOL,
    "power_limit": Action.SET_POWER,
    "hashrate_target": Action.SET_HASHRATE,
    "power_percent": Action.SET_POWER_PERCENT,
    "fan_speed": Action.SET_FAN,
    "target_temperature": Action.SET_TARGET_TEMPERATURE,
    "scaling": Action.SET_SCALING,
    "fault_light": Action.FAULT_LIGHT,
    "restart": Action.RESTART,
    "restart_mining": Action.RESTART_MINING,
    "identify": Action.IDENTIFY,
}


def level(make: str, to: str, sent: str, holds: str = "") -> Control:
    return Control(
        make=make, platform="select", key="level", to=to, sent=sent, holds=holds, wrong="no such"
    )


def pool(make: str, to: str = "2: stratum+tcp://fallback.example.pool:3333") -> Control:
    return Control(
        make=make,
        platform="select",
        key="pool",
        to=to,
        sent="switchpool",
        holds="1",
        wrong="no such",
    )


def number(
    make: str, key: str, to: float, sent: str, holds: str, wrong: float, **form: Any
) -> Control:
    return Control(
        make=make,
        platform="number",
        key=key,
        to=to,
        sent=sent,
        holds=holds,
        wrong=wrong,
        form=form,
    )


def switch(make: str, key: str, to: bool, sent: str, holds: str = "") -> Control:
    return Control(make=make, platform="switch", key=key, to=to, sent=sent, holds=holds)


def mining(make: str, stop: Sent, start: Sent) -> tuple[Control, Control]:
    """Return the two ways of the mining switch, by command and what is in its parameter."""
    return switch(make, "mining", False, *stop), switch(make, "mining", True, *start)


def button(make: str, key: str, sent: str, holds: str = "") -> Control:
    return Control(make=make, platform="button", key=key, sent=sent, holds=holds)


type Sent = tuple[str, str]

AXE = "PATCH /api/system"
ASCSET = "ascset"
BRAIINS = "/api/v1/performance"
CONF = "POST /cgi-bin/set_miner_conf.cgi"
LIMITED = {"max_power_w": 3600}
LAST = "the last that is offered"
CONTROLS = (
    *mining("bitaxe", ("POST /api/system/pause", ""), ("POST /api/system/resume", "")),
    button("bitaxe", "restart", "POST /api/system/restart"),
    button("bitaxe", "identify", "POST /api/system/identify"),
    level("bitaxe", "490 MHz 1100 mV", AXE, '{"frequency": 490, "coreVoltage": 1100}'),
    number("bitaxe", "fan_speed", 55, AXE, '"manualFanSpeed": 55', 10),
    number("bitaxe", "target_temperature", 55, AXE, '"temptarget": 55', 90),
    *mining("nerdaxe", ("POST /api/system/shutdown", ""), ("POST /api/system/restart", "")),
    button("nerdaxe", "restart", "POST /api/system/restart"),
    level("nerdaxe", "490 MHz 1100 mV", AXE, '"frequency": 490'),
    number("nerdaxe", "fan_speed", 60, AXE, '"manualFanSpeed": 60', 101),
    number("nerdaxe", "target_temperature", 50, AXE, '"temptarget": 50', 20),
    *mining("antminer", (CONF, '"miner-mode": 1'), (CONF, '"miner-mode": 0')),
    button("antminer", "restart", "POST /cgi-bin/reboot.cgi"),
    level("antminer", "low", CONF, '"miner-mode": 3'),
    number("antminer", "fan_speed", 60, CONF, '"bitmain-fan-pwm": "60"', 5),
    switch("antminer", "fault_light", True, "POST /cgi-bin/blink.cgi", "true"),
    *mining("luxos", ("curtail", "sleep"), ("curtail", "wakeup")),
    button("luxos", "restart", "rebootdevice"),
    level("luxos", "290MHz", "profileset", "290MHz"),
    number("luxos", "fan_speed", 50, "fanset", "speed=50", 5),
    pool("luxos"),
    switch("luxos", "scaling", False, "atmset", "=false"),
    switch("luxos", "fault_light", True, "ledset", "red,blink"),
    *mining("vnish", ("POST /api/v1/mining/stop", ""), ("POST /api/v1/mining/start", "")),
    button("vnish", "restart", "POST /api/v1/mining/restart"),
    level("vnish", "2850", "POST /api/v1/settings", '"preset": "2850"'),
    number("vnish", "power_percent", 80, "POST /api/v1/mining/throttle", '"percent": 80', 5),
    switch("vnish", "fault_light", True, "POST /api/v1/find-miner", "true"),
    *mining("braiins", ("PUT /api/v1/actions/pause", ""), ("PUT /api/v1/actions/resume", "")),
    button("braiins", "restart", "PUT /api/v1/actions/reboot"),
    button("braiins", "restart_mining", "PUT /api/v1/actions/restart"),
    level("braiins", "2400 W", f"PUT {BRAIINS}/power-target", '{"watt": 2400}'),
    number("braiins", "power_limit", 2500, f"PUT {BRAIINS}/power-target", "2500", 9000),
    number("braiins", "hashrate_target", 120, f"PUT {BRAIINS}/hashrate-target", "120", 500),
    switch("braiins", "scaling", True, f"PUT {BRAIINS}/dps", "true"),
    switch("braiins", "board_1", False, "PATCH /api/v1/miner/hw/hashboards", '["2"]'),
    switch("braiins", "fault_light", True, "PUT /api/v1/actions/locate", "true"),
    *mining("avalon", (ASCSET, "0,softoff"), (ASCSET, "0,softon")),
    button("avalon", "restart", "restart"),
    switch("avalon", "fault_light", True, ASCSET, "led"),
    *mining("avalon_q", (ASCSET, "0,softoff"), (ASCSET, "0,softon")),
    button("avalon_q", "restart", ASCSET, "0,reboot,0"),
    level("avalon_q", "eco", ASCSET, "0,workmode,set,0"),
    number("avalon_q", "fan_speed", 50, ASCSET, "0,fan-spd,50", 5),
    number("avalon_q", "target_temperature", 75, ASCSET, "0,target-temp,75", 120),
    pool("avalon_q"),
    *mining("nano3s", (ASCSET, "0,softoff"), (ASCSET, "0,softon")),
    button("nano3s", "restart", ASCSET, "0,reboot,0"),
    level("nano3s", "medium", ASCSET, "0,workmode,set,1"),
    number("nano3s", "fan_speed", 80, ASCSET, "0,fan-spd,80", 101),
    number("nano3s", "target_temperature", 80, ASCSET, "0,target-temp,80", 91),
    pool("nano3s"),
    *mining("whatsminer_v2", ("power_off", ""), ("power_on", "")),
    button("whatsminer_v2", "restart", "reboot"),
    level("whatsminer_v2", "low", "set_low_power"),
    number("whatsminer_v2", "power_limit", 3000, "adjust_power_limit", "3000", 3700, **LIMITED),
    switch("whatsminer_v2", "fault_light", True, "set_led"),
    *mining("whatsminer_v3", ("set.miner.service", "stop"), ("set.miner.service", "start")),
    button("whatsminer_v3", "restart", "set.system.reboot"),
    level("whatsminer_v3", "high", "set.miner.mode", "high"),
    number("whatsminer_v3", "power_limit", 3000, "set.miner.power_limit", "3000", 3700, **LIMITED),
    switch("whatsminer_v3", "fault_light", True, "set.system.led", "red"),
    *mining("epic", ("POST /miner", "Stop"), ("POST /miner", "Autostart")),
    button("epic", "restart", "POST /reboot", "0"),
    button("epic", "restart_mining", "POST /softreboot", "0"),
    switch("epic", "board_1", False, "POST /boardenable", "'Index': 1, 'Data': False"),
    number("epic", "fan_speed", 70, "POST /fanspeed", "'Manual': 70", 5),
    switch("epic", "fault_light", True, "POST /identify", "True"),
    *mining("cgminer", ("ascdisable", "0"), ("ascenable", "0")),
    button("cgminer", "restart", "restart"),
    switch("cgminer", "board_1", False, "ascdisable", "1"),
    pool("cgminer", LAST),
)
SEVERAL = {("cgminer", Action.STOP), ("cgminer", Action.RUN)}
"""One command for each device."""
BY_NAME = pytest.mark.parametrize("control", CONTROLS, ids=[item.name for item in CONTROLS])


def test_every_control_of_every_make_is_among_them() -> None:
    assert {(item.make, item.action) for item in CONTROLS} == {
        (make, action) for make, actions in CAN.items() for action in actions
    }
    assert len({item.name for item in CONTROLS}) == len(CONTROLS)


async def put(rig: Rig, control: Control, to: Any) -> None:
    match control.platform:
        case "select":
            await rig.act("select", "select_option", control.key, option=to)
        case "number":
            await rig.act("number", "set_value", control.key, value=to)
        case "button":
            await rig.act("button", "press", control.key)
        case _:
            await rig.switch(on=to, key=control.key)


def shown(rig: Rig, control: Control) -> Any:
    state = rig.state(control.platform, control.key)
    match control.platform:
        case "select":
            return state
        case "number":
            return None if state == STATE_UNKNOWN else float(state)
        case _:
            return state == "on"


async def wanted(rig: Rig, control: Control) -> Any:
    """Return what a control is to be set to, when the miner is in a state to take it."""
    if control.action is Action.RUN:
        await rig.switch(on=False)
        await rig.until("switch", "mining", "off")
        await rig.until("sensor", "last_command", "confirmed")
    if control.to == LAST:
        return rig.entity("select", control.key).attributes["options"][-1]
    return control.to


@BY_NAME
async def test_a_control_is_sent_confirmed_and_shown(add: Add, control: Control) -> None:
    async with emulator(control.make) as device:
        rig = await add(device, **control.form)
        await rig.cycles(2)
        to = await wanted(rig, control)
        device.log.clear()
        await put(rig, control, to)
        sent = writes(device)
        assert len(sent) == 1 or (control.make, control.action) in SEVERAL
        command, parameter = sent[0]
        assert command == control.sent
        assert control.holds.replace(" ", "") in (parameter or "").replace(" ", "")
        if control.action is Action.IDENTIFY:
            assert rig.state("sensor", "last_command") == "accepted"
            return
        await rig.until("sensor", "last_command", "confirmed", cycles=120)
        if control.platform == "button":
            await rig.until_mining()
        else:
            assert shown(rig, control) == to
        if control.wrong is not None:
            with pytest.raises(HomeAssistantError):
                await put(rig, control, control.wrong)
        assert writes(device) == sent


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a person restart a miner more often in an hour than the governor does."""
    monkeypatch.setattr(hard_rules, "RESTARTS_PER_HOUR", 100)


@pytest.mark.parametrize("make", CAN)
@pytest.mark.usefixtures("unhurried")
async def test_a_device_that_says_no_or_lies_is_found_out(add: Add, make: str) -> None:
    # A start comes last: for it the machine is really stopped.
    controls = [item for item in CONTROLS if item.make == make and not item.form]
    await found_out(add, sorted(controls, key=lambda item: item.action is Action.RUN))


@pytest.mark.parametrize("make", ["whatsminer_v2", "whatsminer_v3"])
async def test_a_device_that_lies_about_its_power_limit_is_found_out(add: Add, make: str) -> None:
    await found_out(add, [item for item in CONTROLS if item.make == make and item.form])


async def found_out(add: Add, controls: Sequence[Control]) -> None:
    async with emulator(controls[0].make) as device:
        rig = await add(device, **controls[0].form)
        for control in controls:
            await rig.cycles(2)
            to = await wanted(rig, control)
            await says_no(rig, device, control, to)
            if control.action is not Action.IDENTIFY:
                await lies(rig, device, control, to)


async def says_no(rig: Rig, device: Emulator, control: Control, to: Any) -> None:
    before = None if control.platform == "button" else shown(rig, control)
    await device.set_fault(Fault.WRITE_DENIED)
    with pytest.raises(HomeAssistantError) as failed:
        await put(rig, control, to)
    assert failed.value.translation_key in ("auth_failed", "access_denied", "refused"), control
    assert rig.state("sensor", "last_command") == "failed", control
    await rig.cycles(2)
    assert control.platform == "button" or shown(rig, control) == before, control
    await device.set_fault(Fault.WRITE_DENIED, active=False)


async def lies(rig: Rig, device: Emulator, control: Control, to: Any) -> None:
    before = None if control.platform == "button" else shown(rig, control)
    await device.set_fault(Fault.IGNORE_WRITES)
    device.log.clear()
    await put(rig, control, to)
    sent = writes(device)
    assert sent[0][0] == control.sent
    await rig.until("sensor", "last_command", "not_confirmed", cycles=30, every_s=30)
    assert control.platform == "button" or shown(rig, control) == before, control
    assert writes(device) == sent, "nothing is repeated"
    await device.set_fault(Fault.IGNORE_WRITES, active=False)


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
        await rig.cycles(EVERY)
        told = rig.entity("event", "block")
        assert (told.attributes["event_type"], told.attributes["blocks_found"]) == ("found", 3)
        await rig.cycles(EVERY)
        assert rig.state("event", "block") == told.state
        device.blocks_found = 0
        await rig.cycles(EVERY)
        assert rig.state("event", "block") == told.state, "counting anew is no block"


async def test_tuning_is_chosen_in_the_miners_form(add: Add) -> None:
    async with emulator("bitaxe") as device:
        rig = await add(device, autotune="recommend", autotune_goal="hashrate")
        (policy,) = rig.site.data.policy.miners
        assert policy.autotune is not None
        assert (policy.autotune.mode, policy.autotune.goal) == ("recommend", "hashrate")
        assert device.log.writes == []
