"""A device with fixed ports: the servers of one address, and how it takes a write."""

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from custom_components.aiep_miner.engine.miners.simulated.machine import Profile

from .base import Emulator, Fault, arguments, stand_alone

_REFUSING = {Fault.WRITE_DENIED, Fault.UNAUTHORIZED}
"""With one of these a device refuses every write."""


class Server(Protocol):
    """One listening port of a device."""

    port: int

    async def start(self) -> None:
        """Begin to listen."""

    async def stop(self) -> None:
        """Close the port and every connection."""


class Device(Emulator):
    """An emulated miner with a MAC address and servers on fixed ports."""

    def __init__(
        self,
        profile: Profile,
        host: str,
        *,
        mac: str | None = None,
        seed: int = 1,
        time_scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(profile, host, seed=seed, time_scale=time_scale, clock=clock)
        self.mac = mac or mac_of(host)
        self.fault_light = False
        self._servers = self.servers()

    @abstractmethod
    def servers(self) -> list[Server]:
        """Make the device's servers."""

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self._servers]

    async def listen(self) -> None:
        for server in self._servers:
            await server.start()

    async def hang_up(self) -> None:
        for server in self._servers:
            await server.stop()

    def write(self, command: str, parameter: str | None, change: Callable[[], object]) -> bool:
        """Note a write and carry it out; return whether the device says that it did."""
        self.log.add(command, parameter, write=True)
        if self.faults & _REFUSING:
            return False
        if Fault.IGNORE_WRITES not in self.faults:
            change()
        return True

    def is_mute(self, writes_before: int) -> bool:
        """Return whether the request just handled was a write that gets no answer."""
        return Fault.MUTE_WRITES in self.faults and len(self.log.writes) > writes_before

    def drops(self, writes_before: int) -> bool:
        """Return whether the request just handled was a write that ends the connection."""
        return Fault.DROP_WRITES in self.faults and len(self.log.writes) > writes_before

    def set_light(self, on: bool) -> None:
        self.fault_light = on

    def set_power_limit(self, power_w: float) -> None:
        self.machine.power_limit_w = power_w

    @property
    def epoch_s(self) -> int:
        """The time that a reply carries."""
        return int(time.time())


def mac_of(host: str) -> str:
    """Return a locally administered MAC address that belongs to a loopback address."""
    return "02:00:" + ":".join(f"{int(part):02X}" for part in host.split("."))


async def run_alone(make: Callable[..., Device], description: str) -> None:
    """Run one device from the command line until standard input closes."""
    options = arguments(description).parse_args()
    device = make(options.host, seed=options.seed, time_scale=options.time_scale)
    await stand_alone(device, options.control, lambda: device.ports)
