"""A recording of a device: its replies with everything that counts, and without secrets."""

import json
import re
from typing import Any

import aiohttp
import pytest

from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from custom_components.aiep_miner.engine.miners.cgminer import CgminerMiner
from custom_components.aiep_miner.engine.miners.recording import (
    MAC,
    POOL_HOST,
    POOL_URL,
    REMOVED,
    without_secrets,
)
from devtools.emulators.base import Fault
from devtools.emulators.cgminer import EmulatedCgminer
from devtools.emulators.fleet import MAKES
from devtools.emulators.recorded import Recorded

from .shelf import adapter, loopback, new_host, shelved  # noqa: F401

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

PLAYED = ("bitaxe", "nerdaxe", "luxos", "avalon", "avalon_q", "nano3s")
"""Makes that are recognised and read without a log-in, so that a recording alone is a device."""


def secrets_of(device: Any) -> set[str]:
    """Return what an emulated device knows of its owner, as its replies spell it."""
    bare = device.mac.replace(":", "")
    told = {"somebody", "example.pool", device.host, device.mac, device.mac.lower(), bare.lower()}
    return told | {"SMTTYRHBDJAAI0001", "BTM3CS40HD240831", "BKM3CSE1404807K42757", "NGSBYPDBCJBAG"}


@pytest.mark.parametrize("make", MAKES)
async def test_a_recording_has_the_replies_and_no_secret(make: str) -> None:
    async with shelved(make, clock=lambda: 0.0) as (device, miner):
        replies = await miner.record()
        text = json.dumps(replies)
        assert not [item for item in secrets_of(device) if item in text]
        assert len(replies) >= 2
        # A Q alone has this one, and says no to those that have none.
        assert {name for name, reply in replies.items() if "no_reply" in reply} <= {"litestats"}
        hottest_c = (await miner.poll()).hottest_c
        assert hottest_c is not None
        numbers = {round(float(item)) for item in re.findall(r"\d+(?:\.\d+)?", text)}
        assert round(hottest_c) in numbers, "what it measures is left as it is"
        assert device.log.writes == []


async def test_a_cgminer_is_recorded() -> None:
    async with EmulatedCgminer(clock=lambda: 0.0) as device:
        replies = await CgminerMiner(device.host, device.port).record()
        assert {"version", "summary", "devs", "pools"} <= replies.keys()
        assert "somebody" not in json.dumps(replies)
        await device.set_fault(Fault.DOWN)
        assert await CgminerMiner(device.host, device.port).record() == {
            name: {"no_reply": "unreachable"} for name in replies
        }


async def test_a_device_that_is_silent_gives_an_empty_recording() -> None:
    async with adapter(new_host()) as miner:
        assert await miner.record() == {"no_reply": "unreachable"}


@pytest.mark.parametrize("make", PLAYED)
async def test_a_recording_played_back_reads_as_the_device_did(make: str) -> None:
    async with shelved(make, clock=lambda: 0.0) as (_device, miner):
        read = await miner.poll()
        replies = await miner.record()
    async with Recorded(new_host(), replies) as played, aiohttp.ClientSession() as session:
        again = AsicRsMiner(played.host, session=session)
        try:
            info = await again.connect()
            reading = await again.poll()
        finally:
            await again.close()
        assert info.capabilities.actions
        same = ("mining", "hashrate_ths", "power_w", "temperatures", "fans_rpm", "level")
        for name in same:
            assert getattr(reading, name) == getattr(read, name), name
        assert all(POOL_HOST in pool.url for pool in reading.pools)


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("pass", "x", REMOVED),
        ("stratumUser", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq.rig", REMOVED),
        ("URL", "stratum+tcp://eu.pool.com:3333", POOL_URL),
        ("stratumURL", "solo.ckpool.org", POOL_HOST),
        ("MAC", "0200c0a80001", MAC),
        ("text", "on aa:bb:cc:dd:ee:ff at 192.168.1.20", f"on {MAC} at 192.0.2.1"),
        ("text", "user me@home.org", f"user {REMOVED}"),
        (
            "MM ID0",
            "Ver[1246-83] DNA[02010000cbd2fd6d] TMax[77]",
            "Ver[1246-83] DNA[removed] TMax[77]",
        ),
        ("Msg", "pool eu.stratum.example:3333 died", f"pool {REMOVED} died"),
        ("text", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT.rig1", REMOVED),
        ("wifiPass", "hunter2", REMOVED),
        ("ssid", "Our House", REMOVED),
        ("hostname", "annas-miner", REMOVED),
        ("version", "49.0.1.3", "49.0.1.3"),
        ("gw", "10.0.0.1", "192.0.2.1"),
        ("temp_chip1", "78-50-69-70", "78-50-69-70"),
        ("Type", "Antminer S19", "Antminer S19"),
        ("CompileTime", "Tue Dec  6 16:12:30 CST 2022", "Tue Dec  6 16:12:30 CST 2022"),
        ("hashRate", 1213.4, 1213.4),
        ("active", True, True),
        ("nothing", None, None),
    ],
)
def test_what_is_removed_and_what_is_left(name: str, value: Any, left: Any) -> None:
    assert without_secrets({name: [value]}) == {name: [left]}


def test_what_is_known_of_the_miner_is_removed_wherever_it_is() -> None:
    told = {"Msg": "hello from RIG-7 (SN123)"}
    assert without_secrets(told, ("rig-7", "sn123")) == {"Msg": f"hello from {REMOVED} ({REMOVED})"}
