"""A shelf of emulated miners of every make, and the loopback addresses that they stand on."""

import asyncio
import fcntl
import itertools
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_socket

from custom_components.aiep_miner.engine.miners import discovery, probing
from custom_components.aiep_miner.engine.miners.asic_rs import AsicRsMiner
from devtools.emulators.device import Device
from devtools.emulators.fleet import MAKES

FAST = 60.0
"""The machines' seconds in one of ours, where a test waits for them."""
PATIENCE_S = 20.0
"""For what is not a question of time: the machine may be busy with other things."""

PATIENT = ((probing, "ANSWER_S"), (discovery, "_KNOCK_S"))
"""Deadlines that miners at home keep easily."""

_hosts = itertools.count(1)
_networks = itertools.count()


def new_host() -> str:
    """Return a loopback address that no other test, or process of tests, uses."""
    number = next(_hosts)
    return f"127.{os.getpid() % 200 + 10}.{number // 250}.{number % 250 + 1}"


def new_network() -> str:
    """Return the first three numbers of a loopback network of this process' own."""
    return f"127.{os.getpid() % 200 + 10}.{250 - next(_networks)}"


@pytest.fixture
def alone() -> Iterator[None]:
    """Wait until no other test of any process uses what there is only once: a fixed port."""
    with Path(tempfile.gettempdir(), "aiep_miner_tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _port_80_is_ours() -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((new_host(), 80))
        except PermissionError:
            return False
    return True


@pytest.fixture
def loopback(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow every loopback address, be patient, and skip where port 80 may not be bound."""
    for module, name in PATIENT:
        monkeypatch.setattr(module, name, PATIENCE_S)
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
    """Make an adapter, and close it."""
    host = device if isinstance(device, str) else device.host
    async with aiohttp.ClientSession() as session:
        miner = AsicRsMiner(host, session=session, **{"poll_s": PATIENCE_S, **options})
        try:
            yield miner
        finally:
            await miner.close()


async def eventually(holds: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait until something holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - a machine has no event to wait for
            await asyncio.sleep(0.02)
