"""What VNish needs beside the library: telling a wrong password, and a stop from a fault."""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from ...records import Action, Reading, RestartSign
from ...records.reasons import Reason
from ..base import ON, Command, MinerError
from ..make import Call, Make

API: Final = "/api/v1"
_PATHS: Final = {
    Action.RUN: "/mining/start",
    Action.STOP: "/mining/stop",
    Action.RESTART: "/mining/restart",
}
_DELIBERATE: Final = frozenset({"Miner state: stopped", "Miner state: stopping"})
"""What the library reports as an error when the machine was stopped on purpose."""


class Vnish(Make):
    """An Antminer with VNish."""

    restart_sign: ClassVar = RestartSign.MINING

    async def log_in(self) -> None:
        """Raise AUTH_FAILED for a wrong password."""
        await self.token()

    async def refine(self, reading: Reading) -> Reading:
        """Leave out that it was stopped: it is no fault."""
        told = tuple(item for item in reading.messages if item not in _DELIBERATE)
        return reading if told == reading.messages else replace(reading, messages=told)

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        match command.action:
            case Action.RUN | Action.STOP | Action.RESTART:
                return partial(self._change, _PATHS[command.action])
            case Action.FAULT_LIGHT:
                return partial(self._change, "/find-miner", {"on": command.option == ON})
        return None

    async def _change(self, path: str, body: Any = None) -> bool:
        headers = {"Authorization": f"Bearer {await self.token()}"}
        await self.link.http().write("POST", f"{API}{path}", body, headers=headers)
        return True

    async def token(self) -> str:
        """Return a session's token; REFUSED by the device means that the password is wrong."""
        try:
            reply: Any = await self.link.http().ask(f"{API}/unlock", {"pw": self.link.password})
        except MinerError as err:
            if err.reason is Reason.REFUSED:
                raise MinerError(Reason.AUTH_FAILED, "the log-in was refused") from err
            raise
        token = reply.get("token") if isinstance(reply, dict) else None
        if not isinstance(token, str):
            raise MinerError(Reason.AUTH_FAILED, "a log-in without a token")
        return token
