"""The emulated cgminer behaves like the recorded one."""

import asyncio
import json
import re
import sys
from contextlib import suppress

import pytest

from devtools.emulators.base import ControlServer, Fault, control
from devtools.emulators.cgminer import EmulatedCgminer
from tests.recordings import recordings

pytestmark = pytest.mark.usefixtures("socket_enabled")

FIELD = re.compile(r'"([^"]+)":("|-?\d+\.\d+|-?\d+|true|false|\[)')
WHEN = re.compile(rb'"When":\d+')


@pytest.fixture
async def device():
    async with EmulatedCgminer(restart_s=0.5) as emulator:
        yield emulator


async def exchange(device, request: bytes, within_s: float = 20) -> bytes:
    """Send bytes in one piece and return everything until the device closes."""
    reader, writer = await asyncio.open_connection(device.host, device.port)
    try:
        writer.write(request)
        async with asyncio.timeout(within_s):
            return await reader.read()
    finally:
        writer.close()


async def until_refused(device) -> None:
    """Wait until nobody listens."""
    async with asyncio.timeout(20):
        with suppress(ConnectionRefusedError):
            while True:
                _reader, writer = await asyncio.open_connection(device.host, device.port)
                writer.close()
                await asyncio.sleep(0.02)


async def ask(device, command: str, parameter=None):
    request = {"command": command}
    if parameter is not None:
        request["parameter"] = parameter
    raw = await exchange(device, json.dumps(request).encode())
    assert raw.endswith(b"\0")
    assert raw.count(b"\0") == 1
    return json.loads(raw[:-1])


@pytest.mark.parametrize(
    ("name", "request_bytes"),
    [
        ("invalid_json", b"{"),
        ("invalid_json", b'{"command":"summary"}\0'),
        ("missing_command", b'{"cmd":"summary"}'),
        ("invalid_command", b'{"command":"nonsense"}'),
        ("invalid_command", b'{"command":5}'),
        ("privileged", b'{"command":"privileged"}'),
        ("version", b'{"command":"version"}'),
        ("restart", b'{"command":"restart"}'),
        ("quit", b'{"command":"quit"}'),
    ],
)
async def test_the_same_bytes_as_recorded(device, name, request_bytes):
    recorded = (recordings("cgminer-4.11.1") / f"{name}.bin").read_bytes()
    raw = await exchange(device, request_bytes)
    assert WHEN.sub(b"", raw) == WHEN.sub(b"", recorded)


@pytest.mark.parametrize(
    "name", ["summary", "devs", "devdetails", "stats", "pools", "config", "asccount"]
)
async def test_the_same_shape_as_recorded(device, name):
    """Fields that both have come in the same order, of the same type, with the same decimals."""
    recorded = (recordings("cgminer-4.11.1") / f"{name}.bin").read_bytes()[:-1].decode()
    mine = (await exchange(device, json.dumps({"command": name}).encode()))[:-1].decode()
    shape, other = (
        [
            (key, re.sub(r"\d", "0", re.sub(r"^\d+", "", value)))
            for key, value in FIELD.findall(text)
        ]
        for text in (recorded, mine)
    )
    common = {key for key, _ in shape} & {key for key, _ in other}
    assert len(common) >= 5
    assert {key: value for key, value in shape if key in common} == {
        key: value for key, value in other if key in common
    }
    order = [
        list(dict.fromkeys(key for key, _ in half if key in common)) for half in (shape, other)
    ]
    assert order[0] == order[1]


class TestControls:
    @pytest.mark.parametrize(
        ("command", "parameter", "letter", "code"),
        [
            ("ascdisable", None, "E", 15),
            ("ascdisable", "3", "E", 107),
            ("ascdisable", "-1", "E", 107),
            ("ascdisable", 0, "I", 111),
            ("ascdisable", "0", "I", 111),
            ("ascdisable", "0junk", "I", 111),
            ("ascdisable", "junk", "I", 111),
            ("ascenable", "0", "I", 108),
        ],
    )
    async def test_replies(self, device, command, parameter, letter, code):
        status = (await ask(device, command, parameter))["STATUS"][0]
        assert (status["STATUS"], status["Code"]) == (letter, code)
        assert device.machine.boards_enabled[0] is (code != 111)

    @pytest.mark.parametrize(
        ("parameter", "letter", "code"), [(None, "E", 25), ("2", "E", 26), ("1", "S", 27)]
    )
    async def test_switching_the_pool(self, device, parameter, letter, code):
        status = (await ask(device, "switchpool", parameter))["STATUS"][0]
        assert (status["STATUS"], status["Code"]) == (letter, code)
        priorities = [item["Priority"] for item in (await ask(device, "pools"))["POOLS"]]
        assert priorities == ([1, 0] if code == 27 else [0, 1])

    async def test_disabling_twice_and_enabling(self, device):
        codes = [
            (await ask(device, command, "1"))["STATUS"][0]["Code"]
            for command in ("ascdisable", "ascdisable", "ascenable")
        ]
        assert codes == [111, 109, 110]

    async def test_averages_of_a_disabled_device_stand_still(self, device):
        await ask(device, "ascdisable", "1")
        disabled = (await ask(device, "devs"))["DEVS"][1]
        assert disabled["Enabled"] == "N"
        assert disabled["MHS 5s"] > 30e6
        assert disabled["MHS av"] > 30e6
        assert device.machine.board_hashrates_ths[1] == 0

    @pytest.mark.parametrize("command", ["privileged", "ascdisable", "restart", "quit"])
    async def test_access_denied(self, device, command):
        await device.set_fault(Fault.WRITE_DENIED)
        status = (await ask(device, command, "0"))["STATUS"][0]
        assert (status["STATUS"], status["Code"]) == ("E", 45)
        assert status["Msg"] == f"Access denied to '{command}' command"
        assert all(device.machine.boards_enabled)

    async def test_privileged_commands_cannot_be_joined(self, device):
        joined = await ask(device, "summary+ascdisable+summary+nonsense")
        assert list(joined) == ["summary", "ascdisable", "nonsense", "id"]
        assert joined["summary"][0]["SUMMARY"]
        assert joined["ascdisable"][0]["STATUS"][0]["Code"] == 45
        assert joined["nonsense"][0]["STATUS"][0]["Code"] == 14

    async def test_restart_goes_away_and_comes_back(self, device):
        await ask(device, "restart")
        await until_refused(device)
        async with asyncio.timeout(20):
            while True:
                with suppress(ConnectionRefusedError):
                    assert (await ask(device, "summary"))["SUMMARY"][0]["Elapsed"] < 60
                    break
                await asyncio.sleep(0.02)

    async def test_quit_stays_away(self, device):
        await ask(device, "quit")
        await until_refused(device)
        await asyncio.sleep(0.6)
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "summary")


class TestWire:
    async def test_text_protocol(self, device):
        raw = await exchange(device, b"summary")
        assert raw.startswith(b"STATUS=S,When=")
        assert b"|SUMMARY,Elapsed=" in raw
        assert raw.endswith(b"|\0")
        assert b"|ASC=0,Name=" in await exchange(device, b"devs|")
        assert b"Code=14" in await exchange(device, b"\x16\x03\x01")

    async def test_a_request_in_two_pieces_is_cut(self, device):
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(b'{"command":')
        await asyncio.sleep(0.05)
        writer.write(b'"summary"}')
        assert b"Invalid JSON" in await reader.read()
        writer.close()

    async def test_a_request_is_read_up_to_4095_bytes(self, device):
        padding = b" " * (4095 - len(b'{"command":"version"}'))
        assert b"VERSION" in await exchange(device, b'{"command":"version"' + padding + b"}")
        assert b"Invalid" in await exchange(device, b'{"command":"version"' + padding + b" }")

    async def test_one_client_at_a_time(self, device):
        _reader, idle = await asyncio.open_connection(device.host, device.port)
        asking = asyncio.create_task(ask(device, "version"))
        await asyncio.sleep(0.1)
        assert not asking.done()
        idle.close()
        assert (await asking)["VERSION"]

    async def test_down_and_up_again_on_the_same_port(self, device):
        port = device.port
        await device.set_fault(Fault.DOWN)
        await device.set_fault(Fault.DOWN)
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "version")
        await device.set_fault(Fault.DOWN, active=False)
        assert device.port == port
        assert (await ask(device, "version"))["VERSION"]

    @pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.TRUNCATED, Fault.BROKEN_JSON])
    async def test_unusable_replies(self, device, fault):
        await device.set_fault(fault)
        raw = await exchange(device, b'{"command":"summary"}')
        assert raw
        with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
            json.loads(raw.rstrip(b"\0"))

    async def test_no_nul(self, device):
        await device.set_fault(Fault.NO_NUL)
        assert (await exchange(device, b'{"command":"version"}')).endswith(b"}")

    async def test_unauthorized_closes_without_a_reply(self, device):
        await device.set_fault(Fault.UNAUTHORIZED)
        with suppress(ConnectionResetError):
            assert await exchange(device, b'{"command":"version"}') == b""
        assert device.log.requests == []

    async def test_slow_drip(self, device):
        await device.set_fault(Fault.SLOW_DRIP)
        with pytest.raises(TimeoutError):
            await exchange(device, b'{"command":"version"}', within_s=1)


class TestControlChannel:
    async def test_faults_log_and_state(self, device):
        channel = ControlServer(device)
        port = await channel.start()
        state = await control(device.host, port, "fault", fault="fan_failure")
        assert state["faults"] == ["fan_failure"]
        assert state["mining"] is True
        await ask(device, "ascdisable", "2")
        requests = (await control(device.host, port, "log"))["requests"]
        assert [(item["command"], item["parameter"], item["write"]) for item in requests] == [
            ("ascdisable", "2", True)
        ]
        await control(device.host, port, "clear_log")
        assert device.log.requests == []
        await control(device.host, port, "fault", fault="fan_failure", active=False)
        assert (await control(device.host, port, "state"))["faults"] == []
        await channel.stop()

    @pytest.mark.parametrize("request_fields", [{"do": "dance"}, {"do": "fault", "fault": "x"}])
    async def test_nonsense(self, device, request_fields):
        channel = ControlServer(device)
        port = await channel.start()
        with pytest.raises(ValueError, match=r"x|dance"):
            await control(device.host, port, **request_fields)
        await channel.stop()


async def test_stand_alone():
    """As a process of its own: prints its ports, serves, is scripted, dies when told."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "devtools.emulators.cgminer", "--profile", "bitaxe"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            ports = json.loads(await process.stdout.readline())
        state = await control("127.0.0.1", ports["control"], "fault", fault="overheat")
        assert state["faults"] == ["overheat"]
        assert state["hashrate_ths"] == pytest.approx(1.2, rel=0.03)
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["port"])
        writer.write(b'{"command":"version"}')
        assert b"4.11.1" in await reader.read()
        writer.close()
    finally:
        process.terminate()
        await process.wait()
