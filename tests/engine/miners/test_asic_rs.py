"""The asic_rs adapter against emulated miners of every make, their request log as witness."""

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pyasic_rs import MinerFactory

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner, Credentials
from custom_components.aiep_miner.engine.miners.asic_rs import adapter as asic_rs
from custom_components.aiep_miner.engine.miners.base import ON, Command, MinerError
from custom_components.aiep_miner.engine.miners.simulated.machine import Machine
from custom_components.aiep_miner.engine.records import Action, Reading
from custom_components.aiep_miner.engine.records.reasons import Reason
from devtools.emulators.antminer import Antminer
from devtools.emulators.base import Fault
from devtools.emulators.bitaxe import BitAxe
from devtools.emulators.device import Device
from devtools.emulators.whatsminer_v2 import WhatsminerV2
from tests.recordings import recordings

from .offered import CAN
from .shelf import (
    FAST,
    MAKES,
    PATIENCE_S,
    adapter,
    alone,  # noqa: F401
    eventually,
    loopback,  # noqa: F401
    new_host,
    shelved,
)

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

IDENTITY = {
    "bitaxe": ("Bitaxe", "Gamma", "Bitaxe Stock v2.14.0", "bitaxe"),
    "nerdaxe": ("Nerdaxe", "NerdQAxe", "Nerdaxe Stock v1.0.36", "nerdaxe"),
    "antminer": ("Antminer", "S19", "AntMiner Stock Tue Dec  6 16:12:30 CST 2022", "Antminer"),
    "luxos": ("Antminer", "S19KPro", "LuxOS 2025.4.8.220305", "luxos"),
    "avalon": ("Avalonminer", "Avalon1246", "AvalonMiner Stock 21072802_4ec6bb0_211fc46", None),
    "whatsminer_v2": (
        "Whatsminer",
        "M30SPlusVE40",
        "WhatsMiner Stock 20230803.11.REL",
        "WhatsMiner",
    ),
    "whatsminer_v3": ("Whatsminer", "M60SVK40", "WhatsMiner Stock 20251209.16.Rel2", "WhatsMiner"),
    "avalon_q": ("Avalonminer", "AvalonHomeQ", "AvalonMiner Stock 4.11.1", None),
    "nano3s": ("Avalonminer", "AvalonNano3s", "AvalonMiner Stock", None),
    "braiins": ("Antminer", "S19XP", "Braiins 2025-08-06-0-3881c51d-25.07-plus", "Antminer"),
    "vnish": ("Antminer", "S19", "VNish 1.3.4", "vnish"),
    "epic": ("Antminer", "S19XP", "UMC OS PowerPlay-BMS v1.5.13", "epic"),
}
WRITES = {
    "bitaxe": {Action.STOP: "POST /api/system/pause", Action.RUN: "POST /api/system/resume"},
    "antminer": {
        Action.STOP: "POST /cgi-bin/set_miner_conf.cgi",
        Action.RUN: "POST /cgi-bin/set_miner_conf.cgi",
        Action.RESTART: "POST /cgi-bin/reboot.cgi",
        Action.FAULT_LIGHT: "POST /cgi-bin/blink.cgi",
    },
    "luxos": {
        Action.STOP: "curtail",
        Action.RUN: "curtail",
        Action.RESTART: "rebootdevice",
        Action.FAULT_LIGHT: "ledset",
    },
    "avalon": {
        Action.STOP: "ascset",
        Action.RUN: "ascset",
        Action.RESTART: "restart",
        Action.FAULT_LIGHT: "ascset",
    },
    "whatsminer_v2": {
        Action.STOP: "power_off",
        Action.RUN: "power_on",
        Action.RESTART: "reboot",
        Action.FAULT_LIGHT: "set_led",
        Action.SET_POWER: "adjust_power_limit",
    },
    "whatsminer_v3": {
        Action.STOP: "set.miner.service",
        Action.RUN: "set.miner.service",
        Action.RESTART: "set.system.reboot",
        Action.FAULT_LIGHT: "set.system.led",
        Action.SET_POWER: "set.miner.power_limit",
    },
}
WRITES |= {
    "avalon_q": {Action.STOP: "ascset", Action.RUN: "ascset", Action.RESTART: "ascset"},
    "nano3s": {Action.STOP: "ascset", Action.RUN: "ascset", Action.RESTART: "ascset"},
    "braiins": {
        Action.STOP: "PUT /api/v1/actions/pause",
        Action.RUN: "PUT /api/v1/actions/resume",
        Action.RESTART: "PUT /api/v1/actions/reboot",
        Action.FAULT_LIGHT: "PUT /api/v1/actions/locate",
        Action.SET_POWER: "PUT /api/v1/performance/power-target",
    },
    "vnish": {
        Action.STOP: "POST /api/v1/mining/stop",
        Action.RUN: "POST /api/v1/mining/start",
        Action.RESTART: "POST /api/v1/mining/restart",
        Action.FAULT_LIGHT: "POST /api/v1/find-miner",
    },
    "epic": {
        Action.STOP: "POST /miner",
        Action.RUN: "POST /miner",
        Action.RESTART: "POST /reboot",
        Action.FAULT_LIGHT: "POST /identify",
    },
}
EVERY_WRITE = [(make, action) for make, actions in WRITES.items() for action in actions]
NO_POWER = ("antminer", "avalon")
"""A stock Antminer reports none; which of an A1246's fields is its power is not known."""
VOLTAGE_REGULATOR_C = 6
"""By how much an emulated BitAxe's regulator is hotter than its chip."""
NO_TIME = lambda: 0.0  # noqa: E731 - a clock that stands still


def listed_hottest_c(make: str, machine: Machine) -> float:
    """Return the hottest sensor in °C that a make's replies list."""
    if make == "epic":
        return max(machine.board_temperatures_c)
    hottest_c = max([*machine.board_temperatures_c, *machine.chip_temperatures_c])
    return hottest_c + VOLTAGE_REGULATOR_C if make in ("bitaxe", "nerdaxe") else hottest_c


async def reason_of(call: Any) -> MinerError:
    with pytest.raises(MinerError) as caught:
        await call
    return caught.value


def command_for(action: Action) -> Command:
    return Command(action=action, value=2500.4, option=ON)


# Identifying.


@pytest.mark.parametrize("make", MAKES)
async def test_identifies(make: str) -> None:
    device = MAKES[make](new_host())
    async with device, adapter(device) as miner:
        info = await miner.connect()
    identity = info.identity
    assert (identity.make, identity.model, identity.firmware, identity.hostname) == IDENTITY[make]
    assert identity.mac == device.mac.lower()
    assert info.capabilities.actions == CAN[make]
    assert info.capabilities.reports_power is (make not in NO_POWER)
    assert info.capabilities.read_only_reason is None
    assert device.log.writes == []


async def test_an_old_bitaxe_cannot_pause() -> None:
    async with shelved("bitaxe", firmware="v2.4.5") as (device, miner):
        assert (await miner.connect()).capabilities.actions == frozenset()
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []


async def test_a_firmware_update_is_noticed() -> None:
    async with shelved("bitaxe", firmware="v2.4.5") as (device, miner):
        device.firmware = "v2.14.1"  # type: ignore[attr-defined]
        await miner.poll()
        await miner.execute(Command(action=Action.STOP))
        assert [request.command for request in device.log.writes] == ["POST /api/system/pause"]


@pytest.mark.usefixtures("alone")
async def test_a_host_name_is_resolved() -> None:
    async with BitAxe("127.0.0.1") as device, adapter("localhost") as miner:
        assert (await miner.connect()).identity.mac == device.mac.lower()


async def test_a_name_without_address_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    async with adapter("miner.example") as miner:
        assert (await reason_of(miner.connect())).reason is Reason.UNREACHABLE


# Reading.


@pytest.mark.parametrize("make", MAKES)
async def test_reads_what_the_machine_says(make: str) -> None:
    async with shelved(make, clock=NO_TIME) as (device, miner):
        reading = await miner.poll()
        machine = device.machine
        assert device.log.writes == []
    assert reading.mining is True
    assert reading.hashrate_ths == pytest.approx(machine.hashrate_ths, rel=1e-6)
    power_w = None if make in NO_POWER else pytest.approx(machine.power_w, abs=1)
    assert reading.power_w == power_w
    assert reading.fans_rpm == tuple(machine.fans_rpm)
    assert reading.uptime_s == machine.uptime_s
    assert len(reading.boards) == machine.profile.boards
    assert sum(board.hashrate_ths or 0 for board in reading.boards) == pytest.approx(
        machine.hashrate_ths, rel=1e-3
    )
    assert reading.hottest_c == pytest.approx(listed_hottest_c(make, machine), abs=0.51)
    chips = None if make == "nano3s" else machine.profile.chips_per_board
    assert [board.chips_working for board in reading.boards] == [chips] * machine.profile.boards
    _check_what_only_some_have(make, device, reading)


def _check_what_only_some_have(make: str, device: Device, reading: Reading) -> None:
    machine = device.machine
    accepted, rejected, _stale = machine.shares()
    if make != "whatsminer_v3":
        assert (reading.shares_accepted, reading.shares_rejected) == (accepted, rejected)
    limits = {"whatsminer_v2", "whatsminer_v3", "braiins"}
    assert (reading.power_limit_w == machine.power_limit_w) is (make in limits)
    air = {"whatsminer_v2", "whatsminer_v3", "avalon_q"}
    assert reading.ambient_c == (machine.profile.ambient_c if make in air else None)
    assert (reading.psu_fans_rpm == (6344,)) is (make == "whatsminer_v3")
    no_light = ("bitaxe", "nerdaxe", "avalon_q", "nano3s")
    assert reading.fault_light is (None if make in no_light else False)
    assert reading.pools[0].url == "stratum+tcp://main.example.pool:3333"
    assert reading.pools[0].active is True
    assert b"somebody" not in canonical(reading.to_dict())


async def test_the_fallback_pool_of_a_bitaxe_has_no_shares_of_its_own() -> None:
    async with shelved("bitaxe", clock=NO_TIME) as (device, miner):
        main, spare = (await miner.poll()).pools
        accepted, rejected, _stale = device.machine.shares()
    assert (main.shares_accepted, main.shares_rejected) == (accepted, rejected)
    assert (spare.shares_accepted, spare.shares_rejected) == (None, None)


async def test_a_fan_that_stands_still_is_not_left_out() -> None:
    async with shelved("antminer", clock=NO_TIME) as (device, miner):
        await device.set_fault(Fault.FAN_FAILURE)
        assert (await miner.poll()).fans_rpm == tuple(device.machine.fans_rpm)
        assert device.machine.fans_rpm[0] == 0


async def test_mining_is_computed() -> None:
    async with shelved("luxos", time_scale=FAST) as (device, miner):
        device.machine.stop()
        await asyncio.sleep(0.05)
        library = await MinerFactory().get_miner(device.host)
        assert (await library.get_data()).is_mining is True, "the trap is gone"
        assert (await miner.poll()).mining is False


async def test_a_phantom_does_not_mine() -> None:
    async with shelved("luxos", time_scale=FAST) as (device, miner):
        await device.set_fault(Fault.PHANTOM_HASHRATE)
        await asyncio.sleep(0.05)
        reading = await miner.poll()
    assert reading.hashrate_ths
    assert reading.mining is False


async def test_partial_data_is_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shelved("bitaxe") as (device, miner):
        full = device.info()  # type: ignore[attr-defined]
        kept = {key: full[key] for key in ("ASICModel", "macAddr", "version", "power")}
        monkeypatch.setattr(device, "info", lambda: kept)
        reading = await miner.poll()
    assert reading.hashrate_ths is None
    assert reading.mining is None
    assert reading.pools == ()
    assert reading.power_w == pytest.approx(full["power"])


def recorded(folder: str, name: str) -> Any:
    return json.loads((recordings(folder) / f"{name}.json").read_text())


async def test_a_recorded_bitaxe(monkeypatch: pytest.MonkeyPatch) -> None:
    info = recorded("bitaxe/v2_0_0", "system_info")
    async with shelved("bitaxe", firmware="v2.4.5") as (device, miner):
        monkeypatch.setattr(device, "info", lambda: {**info, "macAddr": device.mac})
        reading = await miner.poll()
    assert (reading.mining, reading.hashrate_ths, reading.uptime_s) == (True, 1.0, 4)
    assert reading.power_w == pytest.approx(2.65)
    assert (reading.fans_rpm, reading.best_share) == ((3517,), 483_000)
    assert reading.hottest_c == 78


async def test_a_recorded_antminer_with_an_address_that_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("version", "summary", "stats", "pools")
    replies = {name: recorded("antminer/v2020", name) for name in names}
    info = recorded("antminer/v2020", "system_info")
    device = Antminer(new_host())
    pages = device._page
    rpc, web = device._rpc, lambda name: info if name == "get_system_info" else pages(name)
    monkeypatch.setattr(device, "_page", web)
    device._rpc = lambda request: replies.get(request["command"]) or rpc(request)  # type: ignore[method-assign]
    device._servers = device.servers()
    async with device, adapter(device) as miner:
        assert (await miner.connect()).identity.mac is None
        reading = await miner.poll()
        await miner.execute(Command(action=Action.STOP))
    assert reading.hashrate_ths == pytest.approx(110.56689)
    assert reading.expected_hashrate_ths == 110
    assert reading.fans_rpm == (6000, 5880, 5040, 5040)
    assert [board.chips_working for board in reading.boards] == [114, 114, 114]
    assert (reading.shares_accepted, reading.shares_rejected) == (4057, 11)
    assert len(device.log.writes) == 1


async def test_a_recorded_whatsminer(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("summary", "devs", "pools", "status")
    replies = {name: recorded("whatsminer/v2", name) for name in names}
    replies["get_error_code"] = recorded("whatsminer/v2", "get_error_code_with_errors")
    async with shelved("whatsminer_v2") as (device, miner):
        read = device._read  # type: ignore[attr-defined]
        monkeypatch.setattr(device, "_read", lambda command: replies.get(command) or read(command))
        reading = await miner.poll()
    assert (reading.mining, reading.hashrate_ths, reading.power_w) == (True, 124.5, 3200)
    assert (reading.power_limit_w, reading.ambient_c, reading.hottest_c) == (3300, 28.5, 81)
    assert reading.fans_rpm == (5400, 5280)
    assert len(reading.messages) == 2


async def test_polls_ask_only_for_what_is_used() -> None:
    async with shelved("whatsminer_v2") as (device, miner):
        await miner.poll()
        assert "get_psu" not in device.log.commands()
    async with shelved("antminer") as (device, miner):
        await miner.poll()
        assert not any("miner_type" in command for command in device.log.commands())
    async with shelved("luxos") as (device, miner):
        await miner.poll()
        assert {"profiles", "summary", "healthchipget"}.isdisjoint(device.log.commands())


async def test_reading_a_whatsminer_never_opens_it_for_writes() -> None:
    async with shelved("whatsminer_v2", psu_readable=False) as (device, miner):
        for _ in range(3):
            await miner.poll()
        assert device.log.writes == []
        library = await MinerFactory().get_miner(device.host)
        await library.get_data()
        opened = [request.command for request in device.log.writes]
        assert opened == ["open_write_api"], "the trap is gone"


async def test_identifies_again_only_after_a_failure() -> None:
    async with shelved("bitaxe") as (device, miner):
        for _ in range(5):
            await miner.poll()
        assert "GET /" not in device.log.commands()
        await device.set_fault(Fault.DOWN)
        await reason_of(miner.poll())
        await device.set_fault(Fault.DOWN, False)
        for _ in range(3):
            await miner.poll()
        assert device.log.commands().count("GET /") == 1


# Commanding.


@pytest.mark.parametrize(("make", "action"), EVERY_WRITE)
async def test_a_command_is_sent_once(make: str, action: Action) -> None:
    async with shelved(make, clock=NO_TIME) as (device, miner):
        if action is Action.RUN:
            device.machine.stop()
        await miner.execute(command_for(action))
        assert [request.command for request in device.log.writes] == [WRITES[make][action]]
        assert _happened(device, action)


def _happened(device: Device, action: Action) -> bool:
    machine = device.machine
    return {
        Action.STOP: not any(machine.boards_enabled),
        Action.RUN: all(machine.boards_enabled),
        Action.RESTART: machine.uptime_s == 0,
        Action.FAULT_LIGHT: device.fault_light,
        Action.SET_POWER: machine.power_limit_w == 2500,
    }[action]


@pytest.mark.parametrize("make", WRITES)
async def test_stop_and_run_show_in_the_readings(make: str) -> None:
    async with shelved(make, time_scale=FAST) as (device, miner):
        await miner.execute(Command(action=Action.STOP))
        await eventually(lambda: not device.machine.mining)
        assert (await miner.poll()).mining is False
        await miner.execute(Command(action=Action.RUN))
        await eventually(lambda: device.machine.mining)
        assert (await miner.poll()).mining is True


@pytest.mark.parametrize("make", MAKES)
async def test_what_it_cannot_do_is_never_sent(make: str) -> None:
    async with shelved(make) as (device, miner):
        for action in set(Action) - CAN[make]:
            error = await reason_of(miner.execute(command_for(action)))
            assert (error.reason, error.maybe_done) == (Reason.UNSUPPORTED_ACTION, False)
        assert device.log.writes == []


@pytest.mark.parametrize("value", [None, 0.0, -5.0, float("nan"), float("inf")])
async def test_a_malformed_power_limit_is_never_sent(value: float | None) -> None:
    async with shelved("whatsminer_v2") as (device, miner):
        error = await reason_of(miner.execute(Command(action=Action.SET_POWER, value=value)))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []


async def test_a_mode_is_sent_once_and_read_back() -> None:
    async with shelved("antminer") as (device, miner):
        assert (await miner.poll()).level == "normal"
        await miner.execute(Command(action=Action.SET_LEVEL, option="low"))
        assert [item.command for item in device.log.writes] == ["POST /cgi-bin/set_miner_conf.cgi"]
        assert (await miner.poll()).level == "low"
        assert device.machine.power_limit_w < device.machine.profile.nominal_power_w


async def test_a_mode_never_starts_a_miner() -> None:
    async with shelved("antminer") as (device, miner):
        await miner.execute(Command(action=Action.STOP))
        assert (await miner.poll()).level is None
        device.log.clear()
        error = await reason_of(miner.execute(Command(action=Action.SET_LEVEL, option="high")))
        assert (error.reason, error.maybe_done) == (Reason.WOULD_START, False)
        assert device.log.writes == []
        assert not any(device.machine.boards_enabled)


async def test_an_unknown_mode_is_never_sent() -> None:
    async with shelved("antminer") as (device, miner):
        error = await reason_of(miner.execute(Command(action=Action.SET_LEVEL, option="turbo")))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []


async def test_a_power_limit_is_sent_in_whole_watts() -> None:
    async with shelved("whatsminer_v2") as (device, miner):
        await miner.execute(Command(action=Action.SET_POWER, value=2499.6))
        assert device.log.writes[0].parameter == "2500"


async def test_commands_do_not_overlap() -> None:
    async with shelved("whatsminer_v3") as (device, miner):
        stop, run = Command(action=Action.STOP), Command(action=Action.RUN)
        await asyncio.gather(*(miner.execute(command) for command in (stop, run, stop)))
        sent = [request.parameter for request in device.log.writes]
    assert sent == ["stop", "start", "stop"]


REFUSALS = {
    "bitaxe": (Reason.AUTH_FAILED, False),
    "antminer": (Reason.ACCESS_DENIED, False),
    "luxos": (Reason.REFUSED, False),
    "avalon": (Reason.ACCESS_DENIED, False),
    "avalon_q": (Reason.ACCESS_DENIED, False),
    "whatsminer_v2": (Reason.ACCESS_DENIED, False),
    "whatsminer_v3": (Reason.ACCESS_DENIED, False),
    "braiins": (Reason.AUTH_FAILED, False),
    "vnish": (Reason.AUTH_FAILED, False),
    "epic": (Reason.REFUSED, False),
}


@pytest.mark.parametrize("make", REFUSALS)
async def test_a_refused_command_is_an_error(make: str) -> None:
    async with shelved(make) as (device, miner):
        await device.set_fault(Fault.WRITE_DENIED)
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert (error.reason, error.maybe_done) == REFUSALS[make]
        sent = [request.command for request in device.log.writes]
        assert sent == [WRITES[make][Action.STOP]], "once, and nothing that opens the device"
        assert all(device.machine.boards_enabled)
        await device.set_fault(Fault.WRITE_DENIED, False)
        await miner.execute(Command(action=Action.STOP))
        assert not any(device.machine.boards_enabled)


@pytest.mark.parametrize("make", WRITES)
async def test_a_yes_without_effect_is_left_to_telemetry(make: str) -> None:
    async with shelved(make) as (device, miner):
        await device.set_fault(Fault.IGNORE_WRITES)
        await miner.execute(Command(action=Action.STOP))
        assert (await miner.poll()).mining is True


@pytest.mark.parametrize("make", ["bitaxe", "antminer", "luxos", "whatsminer_v3", "avalon"])
async def test_a_command_without_an_answer_may_be_done(
    make: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asic_rs, "_COMMAND_S", 0.5)
    async with shelved(make) as (device, miner):
        await device.set_fault(Fault.MUTE_WRITES)
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert (error.reason, error.maybe_done) == (Reason.TIMEOUT, True)
        assert len(device.log.writes) == 1
        assert not any(device.machine.boards_enabled)


@pytest.mark.parametrize("make", WRITES)
async def test_nothing_is_sent_to_a_dead_host(make: str) -> None:
    async with shelved(make) as (device, miner):
        await device.set_fault(Fault.DOWN)
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert (error.reason, error.maybe_done) == (Reason.UNREACHABLE, False)


# The right device.


async def test_two_devices_that_swap_addresses_are_told_apart() -> None:
    async with shelved("bitaxe") as (one, miner), shelved("bitaxe") as (other, _):
        one.mac, other.mac = other.mac, one.mac
        for call in (miner.poll, lambda: miner.execute(Command(action=Action.STOP)), miner.connect):
            error = await reason_of(call())
            assert (error.reason, error.maybe_done) == (Reason.WRONG_DEVICE, False)
        assert one.log.writes == other.log.writes == []
        one.mac, other.mac = other.mac, one.mac
        assert (await miner.poll()).mining is True


async def test_a_device_of_another_make_is_refused() -> None:
    async with shelved("bitaxe") as (device, miner):
        await device.hang_up()
        async with MAKES["luxos"](device.host, mac="02:FF:00:00:00:01") as other:
            error = await reason_of(miner.execute(Command(action=Action.STOP)))
            assert error.reason is Reason.WRONG_DEVICE
            assert (await reason_of(miner.poll())).reason is Reason.WRONG_DEVICE
            assert other.log.writes == []


async def test_the_known_address_holds_from_the_first_connect() -> None:
    async with BitAxe(new_host()) as device, adapter(device, mac="02:FF:00:00:00:02") as miner:
        assert (await reason_of(miner.poll())).reason is Reason.WRONG_DEVICE
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert error.reason is Reason.WRONG_DEVICE
        assert device.log.writes == []


async def test_no_command_goes_to_a_device_that_hides_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with shelved("bitaxe") as (device, miner):
        full = device.info()  # type: ignore[attr-defined]
        del full["macAddr"]
        monkeypatch.setattr(device, "info", lambda: full)
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert error.reason is Reason.BAD_REPLY
        assert device.log.writes == []
        assert (await miner.poll()).mining is True


# Passwords.


async def test_a_password_of_its_own() -> None:
    device = Antminer(new_host(), password="correct horse")
    async with device:
        async with adapter(device, credentials=Credentials(password="correct horse")) as miner:
            await miner.execute(Command(action=Action.STOP))
            assert len(device.log.writes) == 1
        for wrong in (None, Credentials(password="battery staple")):
            async with adapter(device, credentials=wrong) as miner:
                error = await reason_of(miner.connect())
                assert error.reason is Reason.AUTH_FAILED
                assert "staple" not in f"{error!r} {error.detail} {wrong!r}"


async def test_a_changed_password_is_told_and_mended() -> None:
    async with shelved("antminer") as (device, miner):
        digest = device.digest  # type: ignore[attr-defined]
        digest.password = "changed"
        assert (await reason_of(miner.poll())).reason is Reason.AUTH_FAILED
        digest.password = "root"
        assert (await miner.poll()).mining is True


async def test_a_whatsminer_password() -> None:
    device = WhatsminerV2(new_host(), password="other")
    async with device, adapter(device, credentials=Credentials(password="other")) as miner:
        await miner.execute(Command(action=Action.STOP))
        assert not any(device.machine.boards_enabled)


# Faults.

WIRE = {
    Fault.DOWN: Reason.UNREACHABLE,
    Fault.HANG: Reason.TIMEOUT,
    Fault.SLOW_DRIP: Reason.TIMEOUT,
    Fault.GARBAGE: Reason.BAD_REPLY,
    Fault.TRUNCATED: Reason.BAD_REPLY,
    Fault.BROKEN_JSON: Reason.BAD_REPLY,
    Fault.UNAUTHORIZED: Reason.AUTH_FAILED,
}
OPEN_READS = {
    "luxos",
    "avalon",
    "avalon_q",
    "nano3s",
    "whatsminer_v2",
    "whatsminer_v3",
    "epic",
    "vnish",
}
"""Anybody may read these makes."""
LIBRARY_S = 5.0
"""As long as the library itself would wait for one endpoint, at the least."""


EVERY_FAULT = [
    (make, fault)
    for make in MAKES
    for fault in WIRE
    if fault is not Fault.UNAUTHORIZED or make not in OPEN_READS
]


@pytest.mark.parametrize(("make", "fault"), EVERY_FAULT)
async def test_a_fault_is_told_in_time_and_passes(make: str, fault: Fault) -> None:
    device = MAKES[make](new_host())
    async with device, adapter(device) as miner:
        assert (await miner.poll()).mining is True
        await device.set_fault(fault)
        if WIRE[fault] is Reason.TIMEOUT:
            miner._poll_s = 0.6
        started = time.monotonic()
        error = await reason_of(miner.poll())
        assert error.reason is WIRE[fault]
        assert time.monotonic() - started < LIBRARY_S
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert (error.reason, error.maybe_done) == (WIRE[fault], False)
        assert device.log.writes == []
        await device.set_fault(fault, False)
        miner._poll_s = PATIENCE_S
        assert (await miner.poll()).mining is True


# Ending.


async def test_closing_ends_calls_in_flight() -> None:
    async with shelved("bitaxe") as (device, miner):
        miner._poll_s = 30.0
        await device.set_fault(Fault.HANG)
        polling = asyncio.create_task(miner.poll())
        await eventually(lambda: bool(device.log.commands()))
        started = time.monotonic()
        await miner.close()
        assert time.monotonic() - started < LIBRARY_S
        assert (await reason_of(polling)).reason is Reason.UNREACHABLE
        device.log.clear()
        assert (await reason_of(miner.poll())).reason is Reason.UNREACHABLE
        assert device.log.commands() == []


EXIT = """
import asyncio, sys
import aiohttp
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from custom_components.aiep_miner.engine.miners.base import MinerError

async def main(hosts, close):
    session = aiohttp.ClientSession()
    miners = [AsicRsMiner(host, session=session) for host in hosts]
    polls = [asyncio.create_task(miner.poll()) for miner in miners]
    await asyncio.sleep(0.5)
    assert not any(poll.done() for poll in polls)
    if close:
        await asyncio.gather(*(miner.close() for miner in miners))
        results = await asyncio.gather(*polls, return_exceptions=True)
        assert all(isinstance(result, MinerError) for result in results), results
    await session.close()

asyncio.run(main(sys.argv[2:], sys.argv[1] == "close"))
print("clean")
"""


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_process_with_twenty_hanging_calls_exits_cleanly(how: str) -> None:
    devices = [MAKES[make](new_host()) for make in ("bitaxe", "antminer", "luxos", "avalon") * 5]
    for device in devices:
        await device.listen()
        await device.set_fault(Fault.HANG)
    try:
        hosts = [device.host for device in devices]
        ended = await asyncio.to_thread(_run, EXIT, how, *hosts)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "clean\n", "")
    finally:
        for device in devices:
            await device.hang_up()


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("make", ["bitaxe", "antminer", "whatsminer_v3"])
async def test_file_descriptors_stay_flat(make: str) -> None:
    async with shelved(make) as (device, miner):
        await _polls(miner, 5)
        before = await _descriptors()
        await _polls(miner, 30)
        await device.set_fault(Fault.DOWN)
        for _ in range(20):
            await reason_of(miner.poll())
        await device.set_fault(Fault.DOWN, False)
        await _polls(miner, 10)
        assert await _descriptors() <= before + 3


async def _polls(miner: AsicRsMiner, count: int) -> None:
    for _ in range(count):
        await miner.poll()


async def _descriptors() -> int:
    gc.collect()
    await asyncio.sleep(0.1)
    return len(await asyncio.to_thread(os.listdir, "/proc/self/fd"))
