"""The CGMiner-like RPC of emulated miners: one JSON request a connection, NUL at the end."""

import asyncio
import json
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from custom_components.aiep_miner.engine.miners.simulated.machine import Machine

from .base import Fault, deliver

if TYPE_CHECKING:
    from .device import Device

type Answer = Callable[[dict[str, Any]], Any]
"""Takes a request, returns a reply in JSON types, or None to close without one."""

MAX_REQUEST = 65536


class RpcServer:
    """A TCP port where each connection carries one request and one reply."""

    def __init__(self, emulator: Device, answer: Answer, port: int = 4028) -> None:
        self.port = port
        self._emulator = emulator
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self._emulator.host, self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task that is held on to, so that it may hang."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._exchange(reader, writer)
            writer.close()
        except ConnectionError, asyncio.IncompleteReadError:
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the connection's one request."""
        raw = await self.receive(reader)
        if not raw:
            return
        writes = len(self._emulator.log.writes)
        try:
            reply = self._answer(json.loads(raw))
        except ValueError, KeyError, TypeError:
            reply = status("E", "Invalid command", 14)
        if self._emulator.is_mute(writes):
            await reader.read()
        if reply is None or self._emulator.drops(writes):
            return
        body = json.dumps(reply).encode()
        if Fault.BROKEN_JSON in self._emulator.faults:
            body = body[:-1] + b",}"
        await self._deliver(reader, writer, self.frame(body))

    async def _deliver(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes
    ) -> None:
        """Send the reply until it is out or the client has left."""
        sending = asyncio.create_task(deliver(writer, reply, self._emulator.faults))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def receive(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request: whatever arrives first, as the real ones do."""
        return (await reader.read(MAX_REQUEST)).strip(b"\0\n")

    def frame(self, body: bytes) -> bytes:
        """Return the bytes of a reply."""
        return body if Fault.NO_NUL in self._emulator.faults else body + b"\0"


class FramedServer(RpcServer):
    """Whatsminer API v3: both ways a little-endian length of four bytes goes before."""

    async def receive(self, reader: asyncio.StreamReader) -> bytes:
        (length,) = struct.unpack("<I", await reader.readexactly(4))
        return await reader.readexactly(length)

    def frame(self, body: bytes) -> bytes:
        return struct.pack("<I", len(body)) + body


def status(letter: str, message: str, code: int, when: int = 0) -> dict[str, Any]:
    """Return a reply that has only a status."""
    return {
        "STATUS": [
            {
                "STATUS": letter,
                "When": when,
                "Code": code,
                "Msg": message,
                "Description": "cgminer 1.0.0",
            }
        ],
        "id": 1,
    }


def section(name: str, content: Any, when: int = 0) -> dict[str, Any]:
    """Return a successful reply with one section."""
    reply = status("S", name.capitalize(), 11, when)
    reply[name] = content
    return reply


def pools(machine: Machine) -> list[dict[str, Any]]:
    """Return two pools of which a machine uses one."""
    found = []
    for index, name in enumerate(("main", "fallback")):
        accepted, rejected, stale = machine.shares(index)
        found.append(
            {
                "POOL": index,
                "URL": f"stratum+tcp://{name}.example.pool:3333",
                "User": "somebody.one",
                "Status": "Alive",
                "Priority": 0 if index == machine.pool else index + 1,
                "Stratum Active": index == machine.pool,
                "Accepted": accepted,
                "Rejected": rejected,
                "Stale": stale,
            }
        )
    return found


def switch_pool(device: Device, parameter: str) -> dict[str, Any]:
    """Carry out a ``switchpool`` and answer it."""

    def switch() -> None:
        device.machine.pool = int(parameter)

    if not device.write("switchpool", parameter, switch):
        return status("E", "Access denied to 'switchpool' command", 45, device.epoch_s)
    return status("S", f"Switching to pool {parameter}", 27, device.epoch_s)
