"""The CGMiner adapter against the emulated device and against worse ones."""

import asyncio
import json
import random
from contextlib import suppress

import pytest

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.base import ON, Command, MinerError
from custom_components.aiep_miner.engine.miners.cgminer import CgminerMiner
from custom_components.aiep_miner.engine.records import Action, TelemetryRecord
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.flows.adapters import mac_of
from devtools.emulators.base import Fault
from devtools.emulators.cgminer import EmulatedCgminer

from .cgminer_replies import ANTMINER, CGMINER, CGMINER_DEVICE, DIALECTS, WHATSMINER, error, reply
from .mutations import mutate
from .offered import CAN
from .raw_server import serving

pytestmark = pytest.mark.usefixtures("socket_enabled")

DEADLINE_S = 0.4
PATIENCE_S = 20.0
"""For what is not a question of time: the machine may be busy with other things."""
STOP = Command(action=Action.STOP)
RUN = Command(action=Action.RUN)
RESTART = Command(action=Action.RESTART)
SWITCH_POOL = Command(action=Action.SET_POOL, value=1)


@pytest.fixture
async def device():
    async with EmulatedCgminer(time_scale=60, restart_s=0.2) as emulator:
        yield emulator


@pytest.fixture
def miner(device):
    return CgminerMiner(device.host, device.port, deadline_s=PATIENCE_S)


def hasty(device):
    """Return an adapter that waits for a short while only."""
    return CgminerMiner(device.host, device.port, deadline_s=DEADLINE_S)


def answering(replies, told=None):
    """Return a server's answer: a reply for each command; OK for controls, which are noted."""

    async def answer(request, writer):
        asked = json.loads(request)
        if asked["command"] in replies:
            writer.write(replies[asked["command"]])
        else:
            told.append((asked["command"], asked.get("parameter")))
            writer.write(reply("done", letter="I"))

    return answer


async def failure(call):
    """Return the error that a call ends in; what hangs here hangs for ever."""
    with pytest.raises(MinerError) as caught:
        await call
    return caught.value


async def until_seen(miner, seen):
    """Poll until a reading is as wanted; fail when none is."""
    for _ in range(200):
        with suppress(MinerError):
            if seen(await miner.poll()):
                return
        await asyncio.sleep(0.05)
    pytest.fail("never seen")


class TestConnect:
    async def test_finds_out_who_and_what(self, miner):
        info = await miner.connect()
        assert info.identity.firmware == "cgminer 4.11.1"
        assert info.capabilities.actions == CAN["cgminer"]
        assert info.capabilities.read_only_reason is None
        assert info.capabilities.reports_power is False

    async def test_read_only(self, device, miner):
        await device.set_fault(Fault.WRITE_DENIED)
        capabilities = (await miner.connect()).capabilities
        assert capabilities.actions == frozenset()
        assert capabilities.read_only_reason is Reason.ACCESS_DENIED

    async def test_again_when_access_was_granted(self, device, miner):
        await device.set_fault(Fault.WRITE_DENIED)
        await miner.connect()
        await device.set_fault(Fault.WRITE_DENIED, active=False)
        assert (await miner.connect()).capabilities.actions

    async def test_a_firmware_without_privileges(self):
        async with serving(answering(WHATSMINER)) as port:
            info = await CgminerMiner("127.0.0.1", port).connect()
        assert info.capabilities.read_only_reason is Reason.UNSUPPORTED_FIRMWARE
        assert info.capabilities.reports_power is True
        assert info.identity.mac == "c4:08:28:00:a4:19"

    async def test_an_antminer(self):
        async with serving(answering(ANTMINER)) as port:
            miner = CgminerMiner("127.0.0.1", port)
            info = await miner.connect()
            assert (await miner.poll()).hottest_c == 80.0
        assert (info.identity.make, info.identity.model) == ("Antminer", "S19")
        assert info.capabilities.read_only_reason is Reason.ACCESS_DENIED

    @pytest.mark.parametrize(
        "hello", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x01", b"{}", b"SSH-2.0-x\r\n"]
    )
    async def test_not_a_miner(self, hello):
        async with serving(answering(dict.fromkeys(CGMINER, hello))) as port:
            miner = CgminerMiner("127.0.0.1", port, deadline_s=PATIENCE_S)
            assert (await failure(miner.connect())).reason is Reason.NOT_A_MINER

    @pytest.mark.parametrize(
        ("summary", "reason"),
        [
            (error(45, "Access denied"), Reason.ACCESS_DENIED),
            (error(14, "Invalid command"), Reason.UNSUPPORTED_FIRMWARE),
            (reply("SUMMARY"), Reason.BAD_REPLY),
            (b'{"SUMMARY":[{}]}\0', Reason.BAD_REPLY),
        ],
    )
    async def test_nothing_to_read(self, summary, reason):
        async with serving(answering(CGMINER | {"summary": summary})) as port:
            miner = CgminerMiner("127.0.0.1", port, deadline_s=PATIENCE_S)
            assert (await failure(miner.poll())).reason is reason


class TestPoll:
    async def test_reads_the_device(self, device, miner):
        reading = await miner.poll()
        assert reading.mining is True
        assert reading.hashrate_ths == pytest.approx(100, rel=0.03)
        assert len(reading.boards) == 3
        assert len(reading.fans_rpm) == 4
        assert 60 < reading.hottest_c < 75
        assert device.log.writes == []

    async def test_identifies_only_once(self, device, miner):
        await miner.poll()
        device.log.clear()
        await miner.poll()
        assert device.log.commands() == ["summary", "devs", "stats", "pools"]

    async def test_no_devices(self):
        replies = CGMINER | {"devs": error(10, "No ASCs")}
        async with serving(answering(replies)) as port:
            reading = await CgminerMiner("127.0.0.1", port).poll()
        assert reading.boards == ()
        assert reading.hashrate_ths == 1.1677

    @pytest.mark.parametrize(
        ("fault", "first", "later"),
        [
            (Fault.DOWN, Reason.UNREACHABLE, Reason.UNREACHABLE),
            (Fault.HANG, Reason.TIMEOUT, Reason.TIMEOUT),
            (Fault.SLOW_DRIP, Reason.TIMEOUT, Reason.TIMEOUT),
            (Fault.GARBAGE, Reason.NOT_A_MINER, Reason.BAD_REPLY),
            (Fault.TRUNCATED, Reason.NOT_A_MINER, Reason.BAD_REPLY),
            (Fault.BROKEN_JSON, Reason.NOT_A_MINER, Reason.BAD_REPLY),
            (Fault.UNAUTHORIZED, Reason.ACCESS_DENIED, Reason.BAD_REPLY),
        ],
    )
    async def test_faults_end_in_time_and_pass(self, device, miner, fault, first, later):
        if first is Reason.TIMEOUT:
            miner = hasty(device)
        await device.set_fault(fault)
        assert (await failure(miner.poll())).reason is first
        await device.set_fault(fault, active=False)
        await until_seen(miner, lambda reading: reading.mining)
        await device.set_fault(fault)
        error = await failure(miner.poll())
        assert error.reason is later
        assert not error.maybe_done

    async def test_a_reply_without_nul(self, device, miner):
        await device.set_fault(Fault.NO_NUL)
        assert (await miner.poll()).mining is True

    @pytest.mark.parametrize(
        ("fault", "seen"),
        [
            (Fault.OVERHEAT, lambda reading: reading.hottest_c > 85),
            (Fault.FAN_FAILURE, lambda reading: reading.fans_rpm[0] == 0),
            (Fault.HASHRATE_COLLAPSE, lambda reading: 0 < reading.hashrate_ths < 50),
            (Fault.PHANTOM_HASHRATE, lambda reading: reading.hashrate_ths > 90),
        ],
    )
    async def test_faults_of_the_machine_show(self, device, miner, fault, seen):
        await device.set_fault(fault)
        await until_seen(miner, seen)

    async def test_an_idle_client_blocks_until_it_goes(self, device, miner):
        _reader, writer = await asyncio.open_connection(device.host, device.port)
        assert (await failure(hasty(device).poll())).reason is Reason.TIMEOUT
        writer.close()
        assert (await miner.poll()).mining is True


def telling(mac):
    """Return the replies of a device that tells its MAC address, as a Whatsminer does."""
    return CGMINER | {"summary": reply("SUMMARY", {"MAC": mac, "Elapsed": 63, "MHS av": 1e6})}


class TestKnownDevice:
    MAC = "02:00:00:00:00:01"

    async def test_the_right_one(self):
        told = []
        async with serving(answering(telling(self.MAC), told)) as port:
            miner = CgminerMiner("127.0.0.1", port, mac=self.MAC, deadline_s=PATIENCE_S)
            assert (await miner.connect()).identity.mac == self.MAC
            assert (await miner.poll()).hashrate_ths == 1
            await miner.execute(STOP)
        assert told == [("ascdisable", "0")]

    @pytest.mark.parametrize("command", [STOP, RUN, RESTART, SWITCH_POOL])
    async def test_another_one_is_neither_read_nor_told(self, command):
        told = []
        async with serving(answering(telling("02:00:00:00:00:99"), told)) as port:
            miner = CgminerMiner("127.0.0.1", port, mac=self.MAC, deadline_s=PATIENCE_S)
            for call in (miner.connect(), miner.poll(), miner.execute(command)):
                error = await failure(call)
                assert (error.reason, error.maybe_done) == (Reason.WRONG_DEVICE, False)
                assert "02:00:00:00:00:99" in error.detail
        assert told == []

    async def test_another_one_takes_its_place(self):
        told, replies = [], dict(telling(self.MAC))
        async with serving(answering(replies, told)) as port:
            miner = CgminerMiner("127.0.0.1", port, mac=self.MAC, deadline_s=PATIENCE_S)
            await miner.poll()
            version = {"CGMiner": "4.11.1", "API": "3.7", "MAC": "020000000099"}
            replies |= CGMINER | {"version": reply("VERSION", version)}
            for call in (miner.poll(), miner.execute(RESTART)):
                assert (await failure(call)).reason is Reason.WRONG_DEVICE
            replies |= telling(self.MAC) | {"version": CGMINER["version"]}
            assert (await miner.poll()).hashrate_ths == 1
        assert told == []

    async def test_one_that_does_not_say_is_read_but_not_told(self):
        told = []
        async with serving(answering(CGMINER, told)) as port:
            miner = CgminerMiner("127.0.0.1", port, mac=self.MAC, deadline_s=PATIENCE_S)
            assert (await miner.poll()).mining is True
            error = await failure(miner.execute(RESTART))
        assert (error.reason, error.maybe_done) == (Reason.BAD_REPLY, False)
        assert told == []

    @pytest.mark.parametrize(
        ("unique_id", "reason"),
        [(MAC, Reason.WRONG_DEVICE), ("020000000001", None), ("192.0.2.1:4028", None)],
    )
    async def test_the_unique_id_tells_whether_it_is_known(self, unique_id, reason):
        async with serving(answering(telling("02:00:00:00:00:99"))) as port:
            miner = CgminerMiner("127.0.0.1", port, mac=mac_of(unique_id))
            if reason is None:
                assert (await miner.poll()).hashrate_ths == 1
            else:
                assert (await failure(miner.poll())).reason is reason


class TestExecute:
    async def test_stop_and_run(self, device, miner):
        await miner.execute(STOP)
        assert [(item.command, item.parameter) for item in device.log.writes] == [
            ("ascdisable", "0"),
            ("ascdisable", "1"),
            ("ascdisable", "2"),
        ]
        stopped = await miner.poll()
        assert (stopped.mining, stopped.hashrate_ths) == (False, 0.0)
        device.log.clear()
        await miner.execute(RUN)
        assert [item.command for item in device.log.writes] == ["ascenable"] * 3
        await until_seen(miner, lambda reading: reading.hashrate_ths > 90)

    async def test_one_board(self, device, miner):
        await miner.execute(Command(action=Action.SET_BOARD, value=1, option="off"))
        assert [board.enabled for board in (await miner.poll()).boards] == [True, False, True]
        await miner.execute(Command(action=Action.SET_BOARD, value=1, option=ON))
        assert [(item.command, item.parameter) for item in device.log.writes] == [
            ("ascdisable", "1"),
            ("ascenable", "1"),
        ]
        assert all(board.enabled for board in (await miner.poll()).boards)

    @pytest.mark.parametrize("index", [None, 3, 0.5, -1])
    async def test_no_such_board(self, device, miner, index):
        command = Command(action=Action.SET_BOARD, value=index, option=ON)
        error = await failure(miner.execute(command))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []

    async def test_pool(self, device, miner):
        await miner.execute(SWITCH_POOL)
        assert [pool.active for pool in (await miner.poll()).pools] == [False, True]
        await miner.execute(Command(action=Action.SET_POOL, value=0))
        assert [(item.command, item.parameter) for item in device.log.writes] == [
            ("switchpool", "1"),
            ("switchpool", "0"),
        ]
        assert [pool.active for pool in (await miner.poll()).pools] == [True, False]

    @pytest.mark.parametrize("index", [None, 2, 0.5, -1])
    async def test_no_such_pool(self, device, miner, index):
        error = await failure(miner.execute(Command(action=Action.SET_POOL, value=index)))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.writes == []

    async def test_twice_is_fine(self, miner):
        await miner.execute(STOP)
        await miner.execute(STOP)
        assert (await miner.poll()).mining is False

    async def test_restart(self, device, miner):
        before_s = (await miner.poll()).uptime_s
        await miner.execute(RESTART)
        assert device.log.commands()[-1] == "restart"
        await until_seen(miner, lambda reading: reading.uptime_s < before_s)

    async def test_fpga_devices(self):
        told = []
        device = {"PGA": 3, "Enabled": "Y"}
        async with serving(answering(CGMINER | {"devs": reply("DEVS", device)}, told)) as port:
            await CgminerMiner("127.0.0.1", port).execute(STOP)
            await CgminerMiner("127.0.0.1", port).execute(RUN)
        assert told == [("pgadisable", "3"), ("pgaenable", "3")]

    @pytest.mark.parametrize("command", [STOP, RUN, RESTART, SWITCH_POOL])
    async def test_access_denied(self, device, miner, command):
        await device.set_fault(Fault.WRITE_DENIED)
        error = await failure(miner.execute(command))
        assert error.reason is Reason.ACCESS_DENIED
        assert not error.maybe_done
        assert (await miner.poll()).mining is True

    async def test_says_yes_and_does_nothing(self, device, miner):
        await device.set_fault(Fault.IGNORE_WRITES)
        await miner.execute(STOP)
        await miner.execute(SWITCH_POOL)
        reading = await miner.poll()
        assert reading.mining is True
        assert reading.pools[0].active is True
        await miner.execute(RESTART)
        assert (await miner.poll()).uptime_s > 3600

    @pytest.mark.parametrize(
        "action", [Action.SET_POWER, Action.SET_LEVEL, Action.HOLD, Action.FAULT_LIGHT]
    )
    async def test_unsupported(self, device, miner, action):
        error = await failure(miner.execute(Command(action=action, value=1)))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert device.log.requests == []

    @pytest.mark.parametrize(
        "devs", [reply("DEVS"), reply("DEVS", {"ASC": "x"}, {"GPU": 0}), b'{"STATUS":"S"}']
    )
    async def test_no_device_to_stop(self, devs):
        told = []
        async with serving(answering({"devs": devs}, told)) as port:
            error = await failure(CgminerMiner("127.0.0.1", port).execute(STOP))
        assert error.reason is Reason.UNSUPPORTED_ACTION
        assert told == []

    async def test_unreachable_is_not_done(self, device, miner):
        await device.set_fault(Fault.DOWN)
        error = await failure(miner.execute(RESTART))
        assert (error.reason, error.maybe_done) == (Reason.UNREACHABLE, False)

    @pytest.mark.parametrize("fault", [Fault.HANG, Fault.GARBAGE, Fault.TRUNCATED])
    async def test_no_usable_answer_may_be_done_and_is_sent_once(self, device, miner, fault):
        await device.set_fault(fault)
        told = hasty(device) if fault is Fault.HANG else miner
        error = await failure(told.execute(RESTART))
        assert error.maybe_done
        assert device.log.commands() == ["restart"]

    @pytest.mark.parametrize(
        ("refusing", "maybe_done"),
        [({"0"}, True), ({"1"}, True), ({"0", "1"}, False)],
    )
    async def test_a_refusing_device_does_not_spare_the_others(self, refusing, maybe_done):
        told = []

        async def answer(request, writer):
            asked = json.loads(request)
            if asked["command"] == "devs":
                devices = [CGMINER_DEVICE | {"ASC": index} for index in range(2)]
                writer.write(reply("DEVS", *devices))
                return
            told.append(asked["parameter"])
            refused = asked["parameter"] in refusing
            writer.write(error(112, "not WELL") if refused else reply("done", letter="I"))

        async with serving(answer) as port:
            caught = await failure(CgminerMiner("127.0.0.1", port).execute(STOP))
        assert told == ["0", "1"]
        assert (caught.reason, caught.maybe_done) == (Reason.REFUSED, maybe_done)
        assert "not WELL" in caught.detail

    async def test_a_command_does_not_wait_for_a_whole_poll(self, device, miner):
        await asyncio.gather(miner.poll(), miner.execute(STOP), miner.poll())
        commands = device.log.commands()
        assert commands.index("ascdisable") < len(commands) - 3


async def test_close_waits_for_what_is_under_way(device, miner):
    polling = asyncio.create_task(miner.poll())
    await asyncio.sleep(0)
    await miner.close()
    assert (await polling).mining is True


async def test_cancelling_leaves_no_connection_behind(device, miner):
    await device.set_fault(Fault.HANG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(DEADLINE_S):
            await miner.poll()
    await device.set_fault(Fault.HANG, active=False)
    assert (await miner.poll()).mining is True


async def test_hundreds_of_mutated_replies_through_a_socket():
    """Connect, poll and stop against replies that are all a little wrong."""
    dice = random.Random(7)
    served = 0

    async def answer(request, writer):
        nonlocal served
        served += 1
        replies = dice.choice(list(DIALECTS.values()))
        command = json.loads(request)["command"]
        right = replies.get(command, replies["privileged"])
        other = replies[dice.choice(sorted(replies))]
        writer.write(mutate(right, other, dice) if dice.random() < 0.4 else right)

    outcomes = []
    async with serving(answer) as port:
        for _ in range(120):
            miner = CgminerMiner("127.0.0.1", port, deadline_s=PATIENCE_S)
            try:
                reading = await miner.poll()
                canonical(TelemetryRecord(ts_ms=1, subject="rig", reading=reading).body())
                outcomes.append("read")
                await miner.execute(STOP)
            except MinerError as err:
                outcomes.append(err.reason)
    assert served > 300
    assert {"read", Reason.BAD_REPLY} <= set(outcomes)
    assert Reason.TIMEOUT not in outcomes
