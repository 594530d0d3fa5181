"""A shelf of emulated miners of every make, and the loopback addresses that they stand on."""

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_socket

from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from tests.emulators.antminer import Antminer
from tests.emulators.avalon import Avalon
from tests.emulators.bitaxe import BitAxe, NerdAxe
from tests.emulators.device import Device
from tests.emulators.luxos import LuxOs
from tests.emulators.whatsminer_v2 import WhatsminerV2
from tests.emulators.whatsminer_v3 import WhatsminerV3

MAKES: dict[str, Callable[..., Device]] = {
    "bitaxe": BitAxe,
    "nerdaxe": NerdAxe,
    "antminer": Antminer,
    "luxos": LuxOs,
    "avalon": Avalon,
    "whatsminer_v2": WhatsminerV2,
    "whatsminer_v3": WhatsminerV3,
}
FAST = 60.0
"""The machines' seconds in one of ours, where a test waits for them."""

_hosts = itertools.count(1)


def new_host() -> str:
    """Return a loopback address that no other test, or process of tests, uses."""
    number = next(_hosts)
    return f"127.{os.getpid() % 200 + 10}.{number // 250}.{number % 250 + 1}"


def _port_80_is_ours() -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((new_host(), 80))
        except PermissionError:
            return False
    return True


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    """Allow every loopback address, and skip where port 80 may not be bound."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    if not _port_80_is_ours():
        pytest.skip("port 80 needs root or net.ipv4.ip_unprivileged_port_start=80")


@asynccontextmanager
async def shelved(make: str, **options: Any) -> AsyncIterator[tuple[Device, AsicRsMiner]]:
    """Run one emulated device and an adapter that has connected to it."""
    device = MAKES[make](options.pop("host", None) or new_host(), **options)
    async with device, adapter(device) as miner:
        await miner.connect()
        device.log.clear()
        yield device, miner


@asynccontextmanager
async def adapter(device: Device | str, **options: Any) -> AsyncIterator[AsicRsMiner]:
    """Make an adapter with short deadlines, and close it."""
    host = device if isinstance(device, str) else device.host
    miner = AsicRsMiner(host, **{"poll_s": 1.0, **options})
    try:
        yield miner
    finally:
        await miner.close()


async def eventually(holds: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - a machine has no event to wait for
            await asyncio.sleep(0.02)
