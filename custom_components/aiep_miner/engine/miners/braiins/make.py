"""What Braiins OS needs beside the library: telling a wrong password, a reboot without an answer.

Paths: Braiins OS public REST API 1.x; GraphQL before it.
"""

from functools import partial
from typing import Any, Final

from ...records import Action
from ...records.reasons import Reason
from ..base import ON, Command, MinerError
from ..make import Call, Make

API: Final = "/api/v1"
_PATHS: Final = {
    Action.RUN: "/actions/resume",
    Action.STOP: "/actions/pause",
    Action.RESTART: "/actions/reboot",
}
_LOGIN_QUERY: Final = (
    "mutation ($username: String!, $password: String!) { auth { login(username: $username, "
    "password: $password) { __typename } } }"
)


class Braiins(Make):
    """An Antminer with Braiins OS."""

    async def log_in(self) -> None:
        """Raise AUTH_FAILED for a wrong user or password."""
        await self._token()

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command: answers come without a body, which the library rejects.

        At a reboot newer firmware drops the connection, so that it may have been taken.
        """
        match command.action:
            case Action.RUN | Action.STOP | Action.RESTART:
                return partial(self._change, "PUT", _PATHS[command.action])
            case Action.FAULT_LIGHT:
                return partial(self._change, "PUT", "/actions/locate", command.option == ON)
            case Action.SET_POWER:
                body = {"watt": round(command.value or 0)}
                return partial(self._change, "PUT", "/performance/power-target", body)
        return None

    async def _change(self, method: str, path: str, body: Any = None) -> bool:
        token = await self._token()
        if token is None:
            raise MinerError(Reason.UNSUPPORTED_FIRMWARE, "no REST API")
        headers = {"Authorization": token}
        await self.link.http().write(method, f"{API}{path}", body, headers=headers)
        return True

    async def _token(self) -> str | None:
        """Return a session's token, or None where there is no REST API."""
        try:
            return await self._log_in(self.link.password)
        except MinerError as err:
            # Before 25.07 there was no password to begin with.
            if err.reason is not Reason.AUTH_FAILED or self.link.chosen:
                raise
            return await self._log_in("")

    async def _log_in(self, password: str) -> str | None:
        login = {"username": self.link.username, "password": password}
        try:
            reply = await self.link.http().ask(f"{API}/auth/login", login)
        except MinerError as err:
            if err.reason is not Reason.UNSUPPORTED_FIRMWARE:
                raise
            await self._log_in_by_query(login)
            return None
        token = reply.get("token") if isinstance(reply, dict) else None
        if not isinstance(token, str):
            raise MinerError(Reason.BAD_REPLY, "a log-in without a token")
        return token

    async def _log_in_by_query(self, login: dict[str, str]) -> None:
        body = {"query": _LOGIN_QUERY, "variables": login}
        try:
            reply = await self.link.http().ask("/graphql", body)
        except MinerError as err:
            if err.reason is Reason.UNSUPPORTED_FIRMWARE:
                return
            raise
        kind = _at(reply, "data", "auth", "login", "__typename")
        if kind is not None and kind != "VoidResult":
            raise MinerError(Reason.AUTH_FAILED, "the log-in was refused")


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
