"""What one make needs beside the library: sensors that it averages, commands that it lacks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

import aiohttp

from ..records import Reading, RestartSign
from .base import Capabilities, Command, Reads
from .http import Http

type Call = Callable[[], Awaitable[bool]]
"""Sends a command once; returns whether the device took it."""

SIDE_READ_S: Final = 4.0
"""Deadline of what is read beside the library in each poll."""


def deadline(seconds: float) -> float:
    """Return the loop's time a number of seconds from now."""
    return asyncio.get_running_loop().time() + seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How one device is reached."""

    address: str
    session: aiohttp.ClientSession = field(repr=False)
    """Belongs to Home Assistant; nobody here closes it."""
    username: str = ""
    password: str = field(default="", repr=False)
    chosen: bool = False
    """Whether a person entered the password; else it is the make's usual one."""

    def http(self, port: int = 80) -> Http:
        """Return a client for one of the device's ports."""
        return Http(self.session, self.address, port)


type Apply = Callable[[Reading], Reading]
"""Adds to a reading what was read beside the library."""


def as_it_is(reading: Reading) -> Reading:
    """Return a reading to which there is nothing to add."""
    return reading


class Make:
    """A make that needs nothing but the library."""

    restart_sign: ClassVar = RestartSign.UPTIME

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        self.link = link

    async def log_in(self) -> None:
        """Raise AUTH_FAILED for a wrong password, where a request that changes nothing tells."""

    async def prove_login(self) -> None:
        """Raise AUTH_FAILED for a wrong password when a person adds the miner.

        Makes that only check the password of a command get one that sets what is set already.
        """

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return what can be controlled, with what the library does not know of."""
        return capabilities

    async def observe(self) -> Apply:
        """Return what corrects a poll's reading by what the device itself says: in each poll.

        Runs beside the library's read, and raises nothing.
        """
        return as_it_is

    async def settings(self) -> Apply:
        """Return what adds the settings in force to a reading: read in full polls only."""
        return as_it_is

    def reads(self) -> Reads:
        """Return by request what a recording of the device holds; only reads."""
        return {}

    def call_for(self, _command: Command) -> Call | None:
        """Return what sends a command, or None to leave it to the library."""
        return None
