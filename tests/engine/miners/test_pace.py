"""What a poll leaves out that only a command changes, and what it never leaves out."""

import pytest

from custom_components.aiep_miner.engine.miners.asic_rs.pace import AFTER_COMMAND, EVERY
from custom_components.aiep_miner.engine.miners.base import Command
from custom_components.aiep_miner.engine.records import Action
from devtools.emulators.base import Fault
from devtools.emulators.fleet import MAKES

from .shelf import loopback, shelved  # noqa: F401
from .test_asic_rs import listed_hottest_c

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

STEP_S = 60.0


@pytest.mark.parametrize("make", MAKES)
async def test_every_poll_shows_the_hottest_sensor_that_the_bytes_hold(make: str) -> None:
    now_s = [0.0]
    async with shelved(make, clock=lambda: now_s[0]) as (device, miner):
        await device.set_fault(Fault.OVERHEAT)
        seen = []
        for _ in range(2 * EVERY):
            now_s[0] += STEP_S
            reading = await miner.poll()
            listed_c = listed_hottest_c(make, device.machine)
            assert reading.hottest_c == pytest.approx(listed_c, abs=0.51)
            seen.append(listed_c)
        assert max(seen) > seen[0] + 2, "it changes meanwhile"


@pytest.mark.parametrize("make", MAKES)
async def test_polls_between_ask_less(make: str) -> None:
    async with shelved(make, clock=lambda: 0.0) as (device, miner):
        asked = []
        for _ in range(EVERY + 1):
            device.log.clear()
            reading = await miner.poll()
            asked.append(len(device.log.requests))
        assert asked[0] >= asked[-1] > max(asked[1:-1])
        device.log.clear()
        for _ in range(EVERY):
            assert await miner.poll() == reading, "nothing is missing from them"


async def test_what_somebody_else_set_shows_within_a_few_polls() -> None:
    async with shelved("luxos", clock=lambda: 0.0) as (device, miner):
        assert (await miner.poll()).level == "default"
        device.profile = "290MHz"
        levels = [(await miner.poll()).level for _ in range(EVERY)]
        assert levels == ["default"] * (EVERY - 1) + ["290MHz"]


async def test_after_a_command_every_poll_reads_everything() -> None:
    async with shelved("luxos", clock=lambda: 0.0) as (device, miner):
        await miner.poll()
        await miner.execute(Command(action=Action.SET_LEVEL, option="290MHz"))
        assert (await miner.poll()).level == "290MHz"
        device.profile = "190MHz"
        assert (await miner.poll()).level == "190MHz"
        for _ in range(AFTER_COMMAND - 2):
            await miner.poll()
        device.profile = "default"
        assert (await miner.poll()).level == "190MHz"


async def test_sensors_that_the_library_lacks_are_read_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with shelved("bitaxe", clock=lambda: 0.0) as (device, miner):
        second_c = [81.0]
        info = device.info
        monkeypatch.setattr(device, "info", lambda: {**info(), "temp2": second_c[0]})
        for _ in range(2 * EVERY):
            second_c[0] += 1
            assert (await miner.poll()).hottest_c == second_c[0]
