"""SIGKILL around a dispatch: often without Home Assistant, and with it for real."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.records import (
    LifecycleEvent,
    LifecycleRecord,
    ReceiptRecord,
    RecordKind,
)
from devtools.hass_process import HOST, HassError, HassProcess, emulated_cgminer, free_port
from scripts._lib.verifier import verify
from tests.campaigns.kill import kill
from tests.e2e.site import TIME_SCALE, GovernedSite

pytestmark = pytest.mark.usefixtures("socket_enabled")

SAVED_S = 3.0
"""After this Home Assistant has written down what was set up."""


async def test_controller_killed_around_a_dispatch() -> None:
    assert (await kill(n=2, seed=random.randrange(1_000_000)))["unknown"] >= 4


class Gate:
    """A way to the miner on which a stop can be held up, before it arrives or before its reply."""

    def __init__(self, miner_port: int, *, holds_reply: bool) -> None:
        self.held = asyncio.Event()
        """Set while a stop is on the way."""
        self._miner_port = miner_port
        self._holds_reply = holds_reply
        self._clients: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Forward what comes to the port yielded."""
        server = await asyncio.start_server(self._forward, HOST)
        async with server:
            yield server.sockets[0].getsockname()[1]
            for client in self._clients:
                client.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        request = await reader.read(4096)
        is_stop = b"ascdisable" in request and not self.held.is_set()
        if is_stop and not self._holds_reply:
            await self._hold()
        near, far = await asyncio.open_connection(HOST, self._miner_port)
        far.write(request)
        reply = await near.read()
        far.close()
        if is_stop:
            await self._hold()
        writer.write(reply)
        await writer.drain()
        writer.close()
        self._clients.discard(task)

    async def _hold(self) -> None:
        self.held.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("arrived", [False, True], ids=["before dispatch", "after dispatch"])
async def test_home_assistant_killed_around_a_dispatch(tmp_path: Path, arrived: bool) -> None:
    port = free_port()
    async with emulated_cgminer(HOST, "--time-scale", str(TIME_SCALE)) as ports:
        gate = Gate(ports["port"], holds_reply=arrived)
        async with gate.open() as way:
            site = GovernedSite(HassProcess(tmp_path, port), {**ports, "port": way})
            await site.hass.start()
            await site.set_up()
            await asyncio.sleep(SAVED_S)
            pressing = asyncio.create_task(site.switch(on=False))
            decision = await site.event("decision", action="stop")
            await asyncio.wait_for(gate.held.wait(), 10)
            await site.hass.kill()
            with pytest.raises(HassError):
                await pressing

            sent = [("ascdisable", "0")] if arrived else []
            verify(site.ledger)
            assert await site.writes() == sent
            assert _receipts(site, decision["record_seq"]) == []

            async with HassProcess(tmp_path, port) as hass:
                await site.comes_back(hass)
                await site.run_cycle()
                assert await site.writes() == sent
            verify(site.ledger)
            assert _receipts(site, decision["record_seq"]) == ["unknown"]
            assert [item.open_decisions for item in _starts(site)][-1] == 1


def _receipts(site: GovernedSite, decision: int) -> list[str]:
    records = [item.record() for item in site.records(RecordKind.RECEIPT)]
    return [
        item.outcome.value
        for item in records
        if isinstance(item, ReceiptRecord) and item.decision == decision
    ]


def _starts(site: GovernedSite) -> list[LifecycleRecord]:
    records = [item.record() for item in site.records(RecordKind.LIFECYCLE)]
    return [
        item
        for item in records
        if isinstance(item, LifecycleRecord) and item.event is LifecycleEvent.START
    ]
