"""What an Avalon needs beside the library: its power, its hottest sensor, whether it idles."""

import time
from dataclasses import replace
from functools import partial

from ...records import Action, Reading
from ...records.reasons import Reason
from ..base import Capabilities, Command, MinerError
from ..cgminer.api import CgminerApi, NoReplyError, refusal
from ..make import SIDE_READ_S, Call, Link, Make, deadline
from ..sensors import without_sensors
from .status import Status, power_w, read_status, refined

RPC_PORT = 4028
_LIGHT = "Led"
_WRITE_S = 30.0
_SOON_S = 5
"""A stop or start is sent with the time when it is to happen."""


class Avalon(Make):
    """An Avalon of any series."""

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.rpc = CgminerApi(link.address, RPC_PORT)

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Leave out a fault light that cannot be read back; say whether the power is known."""
        status = await self._status()
        actions = capabilities.actions
        if _LIGHT not in status:
            actions -= {Action.FAULT_LIGHT}
        return replace(capabilities, actions=actions, reports_power=power_w(status) is not None)

    async def refine(self, reading: Reading) -> Reading:
        """Correct a reading; without the status neither power nor temperature is known."""
        try:
            status = await self._status()
        except MinerError:
            return replace(without_sensors(reading), power_w=None)
        return refined(reading, status)

    def call_for(self, command: Command) -> Call | None:
        """Return what stops, starts or restarts it: a Q says yes in a form of its own."""
        match command.action:
            case Action.STOP:
                return partial(self._soft, "softoff")
            case Action.RUN:
                return partial(self._soft, "softon")
            case Action.RESTART:
                return self._restart
        return None

    async def _soft(self, option: str) -> bool:
        try:
            return await self._set(f"{option},1:{int(time.time()) + _SOON_S}")
        except NoReplyError:
            return True  # it closes the connection as it starts

    async def _set(self, setting: str) -> bool:
        return await self._tell("ascset", f"0,{setting}")

    async def _restart(self) -> bool:
        return await self._tell("restart")

    async def _tell(self, command: str, parameter: str | None = None) -> bool:
        until = deadline(_WRITE_S)
        if error := refusal(await self.rpc.ask(command, parameter, until=until, write=True)):
            raise error
        return True

    async def _status(self) -> Status:
        status = read_status(await self.rpc.ask("stats", until=deadline(SIDE_READ_S)))
        if not status:
            raise MinerError(Reason.BAD_REPLY, "no status text")
        return status
