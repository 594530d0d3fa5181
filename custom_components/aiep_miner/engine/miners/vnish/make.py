"""VNish: its REST API 1.x, with presets as levels, and a throttle since 1.3."""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from ...records import Action, DeviceLevel, Reading, RestartSign
from ...records.reasons import Reason
from ..base import ON, Capabilities, Command, MinerError, Reads
from ..controls import level_named, listed, ranged, unique
from ..make import Apply, Call, Link, Make
from ..values import POWER_LIMIT_W, at, number, text

API: Final = "/api/v1"
_PATHS: Final = {
    Action.RUN: "/mining/start",
    Action.STOP: "/mining/stop",
    Action.RESTART: "/mining/restart",
}
_THROTTLE: Final = ranged(Action.SET_POWER_PERCENT, 20, 100)
_RECORDED: Final = (
    *("/info", "/status", "/summary", "/chains", "/perf-summary"),
    *("/settings", "/autotune/presets"),
)
_DELIBERATE: Final = frozenset({"Miner state: stopped", "Miner state: stopping"})
"""What the library reports as an error when the machine was stopped on purpose."""


class Vnish(Make):
    """An Antminer with VNish."""

    restart_sign: ClassVar = RestartSign.MINING

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self._levels: tuple[DeviceLevel, ...] = ()
        self._throttles = False
        self._session = ""

    async def log_in(self) -> None:
        """Raise AUTH_FAILED for a wrong password."""
        self._session = await self.token()

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return presets as levels; a power limit is but a choice among them."""
        self._levels = levels(await self._read("/autotune/presets"))
        summary = at(await self._read("/summary"), "miner", "miner_status", "throttled")
        self._throttles = number(summary, 0, 100) is not None
        actions = capabilities.actions - {Action.SET_POWER}
        if self._levels:
            actions |= {Action.SET_LEVEL}
        if self._throttles:
            actions |= {Action.SET_POWER_PERCENT}
        return replace(
            capabilities,
            actions=actions,
            levels=self._levels,
            ranges=(_THROTTLE,) if self._throttles else (),
            level_change_s=300.0,
            level_restarts=True,
        )

    async def observe(self) -> Apply:
        """Return what leaves out that it was stopped, which is no fault."""
        return _without_deliberate

    async def settings(self) -> Apply:
        """Return preset and throttle."""
        settings = await self._read("/settings")
        preset = text(str(at(settings, "miner", "overclock", "preset")))
        throttled = None
        if self._throttles:
            throttled = at(await self._read("/summary"), "miner", "miner_status", "throttled")
        return partial(
            replace,
            level=preset if level_named(self._levels, preset) else None,
            power_percent=number(throttled, 0, 100),
        )

    def reads(self) -> Reads:
        """Return what the REST API tells."""
        return {f"GET {API}{path}": partial(self._read, path) for path in _RECORDED}

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        match command.action:
            case Action.RUN | Action.STOP | Action.RESTART:
                return partial(self._change, _PATHS[command.action])
            case Action.FAULT_LIGHT:
                return partial(self._change, "/find-miner", {"on": command.option == ON})
            case Action.SET_POWER_PERCENT:
                body = {"percent": round(command.value or 0)}
                return partial(self._change, "/mining/throttle", body)
            case Action.SET_LEVEL:
                return partial(self._choose, str(command.option))
        return None

    async def _choose(self, preset: str) -> bool:
        """Send the overclocking settings anew with another preset: a part of them is refused."""
        settings = await self._read("/settings")
        overclock = at(settings, "miner", "overclock")
        if not isinstance(overclock, dict):
            raise MinerError(Reason.BAD_REPLY, "no settings to change")
        body = {"miner": {"overclock": {**overclock, "preset": preset}}}
        return await self._change("/settings", body)

    async def _read(self, path: str) -> Any:
        """Return what a path holds, or None; logs in again where a session has ended."""
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._session}"}
            try:
                return await self.link.http().read(f"{API}{path}", headers=headers)
            except MinerError as err:
                if err.reason is not Reason.AUTH_FAILED:
                    return None
                self._session = await self.token()
        return None

    async def _change(self, path: str, body: Any = None) -> bool:
        self._session = await self.token()
        headers = {"Authorization": f"Bearer {self._session}"}
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


def _without_deliberate(reading: Reading) -> Reading:
    kept = tuple(item for item in reading.messages if item not in _DELIBERATE)
    return replace(reading, messages=kept)


def levels(presets: Any) -> tuple[DeviceLevel, ...]:
    """Return the presets that are powers: their names are the power in W."""
    items = presets.get("presets") if isinstance(presets, dict) else presets
    known = []
    for item in items if isinstance(items, list) else ():
        name = listed(item.get("name")) if isinstance(item, dict) else None
        power_w = number(name, 1, POWER_LIMIT_W)
        if name is not None and power_w is not None:
            known.append(DeviceLevel(name=name, power_w=power_w))
    return unique(known)
