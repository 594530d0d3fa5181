"""Braiins OS: its public REST API 1.x, and GraphQL before it for telling a wrong password.

The library rejects answers without a body, which every change gets.
"""

import math
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...records import Action, Board, DeviceLevel, Reading
from ...records.reasons import Reason
from ..base import ON, Capabilities, Command, MinerError, Reads
from ..controls import level_at, level_named, power_levels, ranged
from ..make import Apply, Call, Link, Make, as_it_is
from ..values import POWER_LIMIT_W, at, flag, number

API: Final = "/api/v1"
_PATHS: Final = {
    Action.RUN: "/actions/resume",
    Action.STOP: "/actions/pause",
    Action.RESTART: "/actions/reboot",
    Action.RESTART_MINING: "/actions/restart",
}
_RECORDED: Final = (
    *("/miner/details", "/miner/stats", "/miner/hw/hashboards", "/cooling/state", "/pools"),
    *("/configuration/miner", "/configuration/constraints"),
    *("/performance/tuner-state", "/performance/dps"),
)
_LOGIN_QUERY: Final = (
    "mutation ($username: String!, $password: String!) { auth { login(username: $username, "
    "password: $password) { __typename } } }"
)
_HASHRATE_MODE: Final = 2
_HASHRATE_LIMIT_THS: Final = 10_000.0


class Braiins(Make):
    """An Antminer with Braiins OS."""

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self._levels: tuple[DeviceLevel, ...] = ()
        self._session: str | None = None

    async def log_in(self) -> None:
        """Raise AUTH_FAILED for a wrong user or password."""
        self._session = await self._token()

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return the controls of the REST API; without it none but the library's."""
        if self._session is None:
            return capabilities
        constraints = await self._read("/configuration/constraints")
        tuner = at(constraints, "tuner_constraints")
        low_w, high_w = _bounds(tuner, "power_target", "watt", POWER_LIMIT_W)
        ranges = []
        low_ths, high_ths = _bounds(
            tuner, "hashrate_target", "terahash_per_second", _HASHRATE_LIMIT_THS
        )
        actions = capabilities.actions | {Action.RESTART_MINING, Action.SET_BOARD}
        if low_ths is not None and high_ths is not None:
            actions |= {Action.SET_HASHRATE}
            ranges.append(ranged(Action.SET_HASHRATE, low_ths, high_ths))
        if await self._read("/performance/dps") is not None:
            actions |= {Action.SET_SCALING}
        self._levels = power_levels(low_w, high_w)
        if self._levels:
            actions |= {Action.SET_LEVEL}
        return replace(
            capabilities,
            actions=actions,
            power_min_w=low_w,
            power_max_w=high_w,
            levels=self._levels,
            ranges=tuple(ranges),
            level_change_s=60.0,
        )

    async def settings(self) -> Apply:
        """Return the targets in force and whether the firmware scales by itself."""
        if self._session is None:
            return as_it_is
        tuner = at(await self._read("/configuration/miner"), "tuner")
        target_w = number(at(tuner, "power_target", "watt"), 0, POWER_LIMIT_W)
        aimed_ths = number(
            at(tuner, "hashrate_target", "terahash_per_second"), 0, _HASHRATE_LIMIT_THS
        )
        by_hashrate = at(tuner, "tuner_mode") == _HASHRATE_MODE and aimed_ths is not None
        scaling = at(await self._read("/performance/dps"), "enabled")
        switched = at(await self._read("/miner/hw/hashboards"), "hashboards")
        level = None if by_hashrate else level_at(self._levels, target_w)

        def apply(reading: Reading) -> Reading:
            return replace(
                reading,
                boards=tuple(_switched(board, switched) for board in reading.boards),
                expected_hashrate_ths=aimed_ths if by_hashrate else reading.expected_hashrate_ths,
                level=level,
                scaling=flag(scaling),
            )

        return apply

    def reads(self) -> Reads:
        """Return what the REST API tells."""
        return {f"GET {API}{path}": partial(self._read, path) for path in _RECORDED}

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        if command.action in _PATHS:
            return partial(self._change, "PUT", _PATHS[command.action])
        match command.action:
            case Action.FAULT_LIGHT:
                return partial(self._change, "PUT", "/actions/locate", command.option == ON)
            case Action.SET_POWER:
                return self._power_target(command.value or 0.0)
            case Action.SET_LEVEL:
                level = level_named(self._levels, command.option)
                if level is None or level.power_w is None:
                    raise MinerError(Reason.UNSUPPORTED_ACTION, "no such level")
                return self._power_target(level.power_w)
            case Action.SET_HASHRATE:
                body = {"terahash_per_second": round(command.value or 0)}
                return partial(self._change, "PUT", "/performance/hashrate-target", body)
            case Action.SET_SCALING:
                body = {"enabled": command.option == ON}
                return partial(self._change, "PUT", "/performance/dps", body)
            case Action.SET_BOARD:
                board = f"{(command.value or 0) + 1:.0f}"
                switched = {"enable": command.option == ON, "hashboard_ids": [board]}
                return partial(self._change, "PATCH", "/miner/hw/hashboards", switched)
        return None

    def _power_target(self, power_w: float) -> Call:
        body = {"watt": round(power_w)}
        return partial(self._change, "PUT", "/performance/power-target", body)

    async def _read(self, path: str) -> Any:
        """Return what a path holds, or None; logs in again where a session has ended."""
        for _ in range(2):
            headers = {"Authorization": self._session or ""}
            try:
                return await self.link.http().read(f"{API}{path}", headers=headers)
            except MinerError as err:
                if err.reason is not Reason.AUTH_FAILED:
                    return None
                self._session = await self._token()
        return None

    async def _change(self, method: str, path: str, body: Any = None) -> bool:
        self._session = await self._token()
        if self._session is None:
            raise MinerError(Reason.UNSUPPORTED_FIRMWARE, "no REST API")
        headers = {"Authorization": self._session}
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
        kind = at(reply, "data", "auth", "login", "__typename")
        if kind is not None and kind != "VoidResult":
            raise MinerError(Reason.AUTH_FAILED, "the log-in was refused")


def _switched(board: Board, listed: Any) -> Board:
    """Return a board with whether it is enabled: the library takes all that are listed for it."""
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("id") == str(board.index + 1):
            return replace(board, enabled=flag(item.get("enabled")))
    return board


def _bounds(tuner: Any, name: str, unit: str, most: float) -> tuple[float | None, float | None]:
    low = number(at(tuner, name, "min", unit), 0, most)
    high = number(at(tuner, name, "max", unit), 0, most)
    if low is None or high is None:
        return None, None
    # What is sent is whole, so that what lies between these can be rounded.
    low, high = float(math.ceil(low)), float(math.floor(high))
    return (low, high) if low < high else (None, None)
