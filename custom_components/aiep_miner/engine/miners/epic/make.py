"""What ePIC PowerPlay needs beside the library: telling a wrong password from a refusal.

Requests: ePIC dashboard's API description. Every POST carries the password and is answered
with ``result`` and ``error``.
"""

from functools import partial
from typing import Any, Final

from ...records import Action
from ...records.reasons import Reason
from ..base import ON, Command, MinerError
from ..make import Call, Make

PORT: Final = 4028


class Epic(Make):
    """A machine with ePIC's control board or firmware."""

    async def prove_login(self) -> None:
        """Set the locating light to what it shows, with the password."""
        summary = await self.link.http(PORT).read("/summary")
        misc = summary.get("Misc") if isinstance(summary, dict) else None
        light = misc.get("Locate Miner State") if isinstance(misc, dict) else None
        if isinstance(light, bool):
            await self.post("/identify", light)

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command: the library takes a wrong password for a refusal."""
        match command.action:
            case Action.RUN:
                return partial(self.post, "/miner", "Autostart")
            case Action.STOP:
                return partial(self.post, "/miner", "Stop")
            case Action.RESTART:
                return partial(self.post, "/reboot", "0")
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
