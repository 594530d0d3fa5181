"""What ePIC PowerPlay needs beside the library: telling a wrong password from a refusal.

Requests: ePIC dashboard's API description. Every POST carries the password and is answered
with ``result`` and ``error``.
"""

from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...records import Action
from ...records.reasons import Reason
from ..base import AUTO, ON, Capabilities, Command, MinerError, Reads
from ..controls import ranged
from ..make import Apply, Call, Make, as_it_is
from ..values import at, number

PORT: Final = 4028
_FAN: Final = ranged(Action.SET_FAN, 20, 100)
_REGULATED: Final = {"Auto": {"Target Temperature": 60, "Idle Speed": 20}}
"""What the firmware itself begins with."""


class Epic(Make):
    """A machine with ePIC's control board or firmware."""

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Add the boards, the fans and a restart of the mining."""
        actions = {Action.SET_BOARD, Action.SET_FAN, Action.RESTART_MINING}
        return replace(capabilities, actions=capabilities.actions | actions, ranges=(_FAN,))

    async def settings(self) -> Apply:
        """Return the speed that the fans are told to keep, or what they are regulated to."""
        try:
            summary = await self.link.http(PORT).read("/summary")
        except MinerError:
            return as_it_is
        mode = at(summary, "Fans", "Fan Mode")
        return partial(
            replace,
            fan_percent=number(at(mode, "Manual"), 0, 100),
            target_temperature_c=number(at(mode, "Auto", "Target Temperature"), 1, 150),
        )

    async def prove_login(self) -> None:
        """Set the locating light to what it shows, with the password."""
        summary = await self.link.http(PORT).read("/summary")
        light = at(summary, "Misc", "Locate Miner State")
        if isinstance(light, bool):
            await self.post("/identify", light)

    def reads(self) -> Reads:
        """Return what the API tells."""
        paths = ("/summary", "/capabilities", "/temps")
        return {f"GET {path}": partial(self.link.http(PORT).read, path) for path in paths}

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command: the library takes a wrong password for a refusal."""
        match command.action:
            case Action.RUN:
                return partial(self.post, "/miner", "Autostart")
            case Action.STOP:
                return partial(self.post, "/miner", "Stop")
            case Action.RESTART:
                return partial(self.post, "/reboot", "0")
            case Action.RESTART_MINING:
                return partial(self.post, "/softreboot", "0")
            case Action.SET_BOARD:
                board = {"Index": round(command.value or 0), "Data": command.option == ON}
                return partial(self.post, "/boardenable", [board])
            case Action.SET_FAN if command.option == AUTO:
                return partial(self.post, "/fanspeed", _REGULATED)
            case Action.SET_FAN:
                return partial(self.post, "/fanspeed", {"Manual": round(command.value or 0)})
            case Action.FAULT_LIGHT:
                return partial(self.post, "/identify", command.option == ON)
        return None

    async def post(self, path: str, parameter: Any) -> bool:
        """Send a change; AUTH_FAILED for a wrong password, REFUSED for every other error."""
        body = {"param": parameter, "password": self.link.password}
        reply = await self.link.http(PORT).write("POST", path, body)
        if isinstance(reply, dict) and reply.get("result") is True:
            return True
        error = str(reply.get("error")) if isinstance(reply, dict) else ""
        if "password" in error.lower():
            raise MinerError(Reason.AUTH_FAILED, "the password is wrong")
        raise MinerError(Reason.REFUSED, "the miner said no")
