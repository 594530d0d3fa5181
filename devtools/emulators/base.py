"""What all emulated miners share: the machine behind, faults, request log, control channel."""

import argparse
import asyncio
import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from custom_components.aiep_miner.engine.miners.simulated.machine import (
    Machine,
    MachineFault,
    Profile,
)

DRIP_S = 0.2
"""Between two bytes of a slow drip."""
HANG_S = 0.05
"""How soon a hanging reply notices that the fault is over."""
GARBAGE = bytes(range(1, 256)) * 8


class Fault(StrEnum):
    """What an emulator can be told to do wrong; any number at once, until switched off."""

    # The wire.
    DOWN = "down"
    """Connections are refused."""
    HANG = "hang"
    """Accepts and never answers."""
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    """Half a reply, then the connection closes."""
    SLOW_DRIP = "slow_drip"
    """A reply that arrives byte by byte and takes for ever."""
    BROKEN_JSON = "broken_json"
    NO_NUL = "no_nul"
    """The reply's end is only the connection's (CGMiner API)."""

    # Who may do what.
    UNAUTHORIZED = "unauthorized"
    """The password is wrong, or the caller not on the list."""
    WRITE_DENIED = "write_denied"
    """Reading only: every control answers with an error."""
    IGNORE_WRITES = "ignore_writes"
    """Says yes to every control and does nothing."""
    MUTE_WRITES = "mute_writes"
    """Does what a control says and never answers it."""
    DROP_WRITES = "drop_writes"
    """Does what a control says and closes the connection."""

    # The machine.
    OVERHEAT = "overheat"
    FAN_FAILURE = "fan_failure"
    HASHRATE_COLLAPSE = "hashrate_collapse"
    PHANTOM_HASHRATE = "phantom_hashrate"


MACHINE_FAULTS = {
    fault: MachineFault(fault.value)
    for fault in (
        Fault.OVERHEAT,
        Fault.FAN_FAILURE,
        Fault.HASHRATE_COLLAPSE,
        Fault.PHANTOM_HASHRATE,
    )
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived: a witness of what was really sent to the device."""

    at_s: float
    """Seconds on the emulator's clock since it was made."""
    command: str
    """The protocol's own name of it: ``ascdisable``, ``POST /api/system/pause``, …"""
    parameter: str | None = None
    write: bool = False
    """Whether it would change the device."""


class RequestLog:
    """Every request in the order of its arrival."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_s = clock()
        self.requests: list[Request] = []

    def add(self, command: str, parameter: str | None = None, *, write: bool = False) -> None:
        """Note a request that arrived now."""
        self.requests.append(Request(self._clock() - self._started_s, command, parameter, write))

    @property
    def writes(self) -> list[Request]:
        """Only what would change the device."""
        return [request for request in self.requests if request.write]

    def commands(self) -> list[str]:
        """Only the names."""
        return [request.command for request in self.requests]

    def clear(self) -> None:
        self.requests.clear()


class Emulator(ABC):
    """One emulated device: a machine's physics behind a protocol, on one loopback address.

    ``async with`` starts and stops it. The machine's time is the clock's, times ``time_scale``.
    """

    def __init__(
        self,
        profile: Profile,
        host: str = "127.0.0.1",
        *,
        seed: int = 1,
        time_scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self.log = RequestLog(clock)
        self.faults: set[Fault] = set()
        self._machine = Machine(profile, seed=seed)
        self._clock = clock
        self._time_scale = time_scale
        self._started_s = clock()

    @abstractmethod
    async def listen(self) -> None:
        """Open the device's ports."""

    @abstractmethod
    async def hang_up(self) -> None:
        """Close the device's ports and every connection."""

    @property
    def _machine_s(self) -> float:
        return (self._clock() - self._started_s) * self._time_scale

    @property
    def machine(self) -> Machine:
        """The machine as it is now."""
        self._machine.advance_to(self._machine_s)
        return self._machine

    def live_by(self, clock: Callable[[], float]) -> None:
        """Take the machine's time from another clock from now on: as fast as that runs."""
        passed_s = self._machine_s
        self._clock, self._time_scale, self._started_s = clock, 1.0, clock() - passed_s

    async def set_fault(self, fault: Fault, active: bool = True) -> None:
        """Switch a fault on or off; switching twice changes nothing."""
        if (fault in self.faults) is active:
            return
        (self.faults.add if active else self.faults.discard)(fault)
        if fault in MACHINE_FAULTS:
            switch = self.machine.inject if active else self.machine.clear
            switch(MACHINE_FAULTS[fault])
        if fault is Fault.DOWN:
            await (self.hang_up() if active else self.listen())

    def state(self) -> dict[str, Any]:
        """What the device is really doing, for the control channel."""
        machine = self.machine
        return {
            "mining": machine.mining,
            "hashrate_ths": machine.hashrate_ths,
            "power_w": machine.power_w,
            "temperature_c": max(machine.board_temperatures_c),
            "faults": sorted(self.faults),
        }

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.hang_up()


async def deliver(writer: asyncio.StreamWriter, reply: bytes, faults: set[Fault]) -> None:
    """Send a reply as the wire faults would have it."""
    while Fault.HANG in faults:  # noqa: ASYNC110 - the faults are a plain set
        await asyncio.sleep(HANG_S)
    if Fault.GARBAGE in faults:
        reply = GARBAGE
    if Fault.TRUNCATED in faults:
        reply = reply[: len(reply) // 2]
    if Fault.SLOW_DRIP in faults:
        for index in range(len(reply)):
            writer.write(reply[index : index + 1])
            await writer.drain()
            await asyncio.sleep(DRIP_S)
        return
    writer.write(reply)
    await writer.drain()


class ControlServer:
    """One JSON request and one JSON reply a line, to script an emulator from another process.

    ``{"do": "fault", "fault": "overheat", "active": true}``, ``{"do": "log"}``,
    ``{"do": "clear_log"}``, ``{"do": "state"}``; an error answers ``{"error": …}``.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on the emulator's address and return the port."""
        self._server = await asyncio.start_server(self._serve, self._emulator.host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                reply = await self._answer(json.loads(line))
            except (ValueError, KeyError, TypeError) as err:
                reply = {"error": repr(err)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        emulator = self._emulator
        match request["do"]:
            case "fault":
                await emulator.set_fault(Fault(request["fault"]), request.get("active", True))
            case "log":
                return {"requests": [asdict(item) for item in emulator.log.requests]}
            case "clear_log":
                emulator.log.clear()
            case "state":
                pass
            case other:
                raise ValueError(f"no such thing to do: {other}")
        return emulator.state()


async def control(host: str, port: int, do: str, **arguments: Any) -> dict[str, Any]:
    """Send one request to a control channel and return its reply; raise for an error."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        reply: dict[str, Any] = json.loads(await reader.readline())
    finally:
        writer.close()
    if "error" in reply:
        raise ValueError(reply["error"])
    return reply


def arguments(description: str) -> argparse.ArgumentParser:
    """Return the command line that every stand-alone emulator understands."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="of the device; 0 takes a free one")
    parser.add_argument("--control", type=int, default=0, help="port of the control channel")
    parser.add_argument("--profile", default="s19", help="which machine is behind it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-scale", type=float, default=1.0, help="how fast its time runs")
    return parser


async def stand_alone(emulator: Emulator, control_port: int, ports: Callable[[], Any]) -> None:
    """Run until killed or orphaned; print the ports as one line of JSON when it listens."""
    parent = os.getppid()
    async with emulator:
        channel = ControlServer(emulator)
        control_port = await channel.start(control_port)
        sys.stdout.write(json.dumps({"port": ports(), "control": control_port}) + "\n")
        sys.stdout.flush()
        try:
            while os.getppid() == parent:  # noqa: ASYNC110 - a parent's end cannot be awaited
                await asyncio.sleep(1)
        finally:
            await channel.stop()
