"""What the makes need beside the library: passwords, restarts, commands that go out once."""

from typing import Any

import pytest

from custom_components.aiep_miner.engine.miners.asic_rs import Credentials
from custom_components.aiep_miner.engine.miners.base import ON, Command
from custom_components.aiep_miner.engine.miners.discovery import identify
from custom_components.aiep_miner.engine.records import Action, RestartSign
from custom_components.aiep_miner.engine.records.reasons import Reason
from devtools.emulators.base import Fault
from devtools.emulators.fleet import MAKES
from devtools.emulators.http import json_response

from .shelf import (
    FAST,
    adapter,
    eventually,
    loopback,  # noqa: F401
    new_host,
    shelved,
)
from .test_asic_rs import reason_of

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

SECRET = "correct horse"
LOCKED = ("antminer", "braiins", "vnish", "epic", "whatsminer_v2", "whatsminer_v3")
"""Makes that want a password to be told something."""
TOLD_BY_LOG_IN = ("antminer", "braiins", "vnish", "whatsminer_v2")
"""… of which these also tell without a command that one is wrong."""


async def found(host: str, password: str | None) -> Any:
    import aiohttp

    credentials = Credentials(password=password) if password else None
    async with aiohttp.ClientSession() as session:
        return await identify(host, session=session, credentials=credentials, prove_login=True)


@pytest.mark.parametrize("make", LOCKED)
async def test_a_wrong_password_is_told_when_a_miner_is_added(make: str) -> None:
    async with MAKES[make](new_host(), password=SECRET) as device:
        assert (await reason_of(found(device.host, "wrong"))).reason is Reason.AUTH_FAILED
        machine = device.machine
        assert all(machine.boards_enabled)
        assert not device.fault_light
        device.log.clear()
        assert (await found(device.host, SECRET)).info.capabilities.actions
        assert not device.fault_light


@pytest.mark.parametrize("make", TOLD_BY_LOG_IN)
async def test_the_usual_password_may_be_wrong_too(make: str) -> None:
    async with MAKES[make](new_host(), password=SECRET) as device:
        assert (await reason_of(found(device.host, None))).reason is Reason.AUTH_FAILED
        assert device.log.writes == []


@pytest.mark.parametrize("make", LOCKED)
async def test_a_password_that_was_changed_later(make: str) -> None:
    credentials = Credentials(password=SECRET)
    device = MAKES[make](new_host(), password=SECRET)
    async with device, adapter(device, credentials=credentials) as miner:
        await miner.poll()
        if make == "antminer":
            device.digest.password = "other"
        else:
            device.password = "other"
        device.log.clear()
        error = await reason_of(miner.execute(Command(action=Action.STOP)))
        assert (error.reason, error.maybe_done) == (Reason.AUTH_FAILED, False)
        assert all(device.machine.boards_enabled)
        assert "open_write_api" not in device.log.commands()


async def test_a_whatsminer_that_allows_no_writing_is_read_only() -> None:
    device = MAKES["whatsminer_v2"](new_host())
    read = device._read

    def closed(command: str) -> Any:
        return (
            device._message(45, "permission denied", "E")
            if command == "get_token"
            else read(command)
        )

    device._read = closed
    async with device, adapter(device) as miner:
        capabilities = (await miner.connect()).capabilities
        assert (capabilities.actions, capabilities.read_only_reason) == (
            frozenset(),
            Reason.ACCESS_DENIED,
        )
        assert (await miner.poll()).mining is True
        assert device.log.writes == []


# Restarts.


@pytest.mark.parametrize("version", ["25.07", "26.04"])
async def test_braiins_may_have_rebooted_without_an_answer(version: str) -> None:
    async with shelved("braiins", version=version, clock=lambda: 0.0) as (device, miner):
        await miner.execute(Command(action=Action.RESTART))
        assert [item.command for item in device.log.writes] == ["PUT /api/v1/actions/reboot"]
        assert device.machine.uptime_s == 0


async def test_an_antminer_may_have_rebooted_without_an_answer() -> None:
    async with shelved("antminer", clock=lambda: 0.0) as (device, miner):
        await device.set_fault(Fault.DROP_WRITES)
        await miner.execute(Command(action=Action.RESTART))
        assert [item.command for item in device.log.writes] == ["POST /cgi-bin/reboot.cgi"]
        assert device.machine.uptime_s == 0


async def test_vnish_restarts_only_its_mining() -> None:
    async with shelved("vnish", time_scale=FAST) as (device, miner):
        assert (await miner.connect()).capabilities.restart_sign is RestartSign.MINING
        uptime_s = (await miner.poll()).uptime_s or 0
        await miner.execute(Command(action=Action.RESTART))
        reading = await miner.poll()
        assert reading.mining is False
        assert (reading.uptime_s or 0) >= uptime_s
        await eventually(lambda: device.machine.mining)
        assert (await miner.poll()).mining is True


async def test_a_deliberate_stop_of_vnish_is_no_fault() -> None:
    async with shelved("vnish", time_scale=FAST) as (device, miner):
        await miner.execute(Command(action=Action.STOP))
        await eventually(lambda: not device.machine.mining)
        assert (await miner.poll()).messages == ()
        device.mining_state = "failure"
        assert (await miner.poll()).messages == ("Miner state: failure",)


# Half-dead and worse.


@pytest.mark.parametrize("make", ["antminer", "luxos", "avalon"])
async def test_without_its_rpc_a_miner_has_no_temperature(make: str) -> None:
    async with shelved(make) as (device, miner):
        assert (await miner.poll()).hottest_c
        rpc = next(server for server in device._servers if server.port == 4028)
        answer = rpc._answer
        rpc._answer = lambda request: (
            answer(request) if request["command"] in ("version", "devdetails") else None
        )
        reading = await miner.poll()
        assert (reading.temperatures, reading.hashrate_ths) == ((), None)


async def test_a_known_miner_that_answers_500_is_still_a_miner() -> None:
    async with shelved("bitaxe") as (device, miner):
        device._servers[0]._handler = broken
        assert (await reason_of(miner.poll())).reason is Reason.BAD_REPLY
        assert (await reason_of(found(device.host, None))).reason is Reason.NOT_A_MINER


async def broken(_request: Any) -> Any:
    return json_response({"error": "out of memory"}, status=500)


async def test_an_uptime_that_no_clock_holds_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shelved("bitaxe") as (device, miner):
        info = device.info()
        monkeypatch.setattr(device, "info", lambda: {**info, "uptimeSeconds": 2**64 - 1})
        reading = await miner.poll()
        assert (reading.mining, reading.uptime_s) == (True, None)


async def test_the_light_of_a_q_cannot_be_read_back() -> None:
    async with shelved("avalon_q") as (device, miner):
        error = await reason_of(miner.execute(Command(action=Action.FAULT_LIGHT, option=ON)))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []
        assert (await miner.poll()).fault_light is None
