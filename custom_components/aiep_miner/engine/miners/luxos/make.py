"""LuxOS: its RPC, where a change needs the session that ``logon`` gives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from ...records import Action, DeviceLevel
from ...records.reasons import Reason
from ..antminer import StatsSensors
from ..base import AUTO, ON, Capabilities, Command, MinerError
from ..cgminer.api import Reply, refusal, section
from ..controls import level_named, listed, ranged, unique
from ..make import SIDE_READ_S, Apply, Call, Link, deadline
from ..values import POWER_LIMIT_W, flag, number, text

_WRITE_S: Final = 30.0
_FAN: Final = ranged(Action.SET_FAN, 20, 100)
_HASHRATE_LIMIT_THS: Final = 10_000.0


class LuxOs(StatsSensors):
    """An Antminer with LuxOS; its ``stats`` reply lists the sensors as a stock Antminer's does."""

    recorded: ClassVar[tuple[str, ...]] = (
        *StatsSensors.recorded,
        *("config", "profiles", "fans", "temps", "power"),
    )

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self._levels: tuple[DeviceLevel, ...] = ()

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return profiles as levels, the fans, the pools, and whether it manages its heat."""
        self._levels = levels(await self._read("profiles"))
        config = _first(await self._read("config"), "CONFIG")
        actions = capabilities.actions | {Action.SET_FAN, Action.SET_POOL}
        if self._levels:
            actions |= {Action.SET_LEVEL}
        if flag(config.get("IsAtmEnabled")) is not None:
            actions |= {Action.SET_SCALING}
        return replace(
            capabilities,
            actions=actions,
            levels=self._levels,
            ranges=(_FAN,),
            level_change_s=60.0,
        )

    async def settings(self) -> Apply:
        """Return profile, heat management and the speed that the fans are told to keep."""
        config = _first(await self._read("config"), "CONFIG")
        profile = text(config.get("Profile"))
        return partial(
            replace,
            level=profile if level_named(self._levels, profile) else None,
            scaling=flag(config.get("IsAtmEnabled")),
            fan_percent=_fan_percent(await self._read("fans")),
        )

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command that the library lacks."""
        match command.action:
            case Action.RESTART:
                return partial(self._change, "rebootdevice")
            case Action.SET_LEVEL:
                return partial(self._change, "profileset", str(command.option))
            case Action.SET_SCALING:
                enabled = str(command.option == ON).lower()
                return partial(self._change, "atmset", f"enabled={enabled}")
            case Action.SET_FAN if command.option == AUTO:
                # Nothing tells afterwards whether the firmware regulates them.
                raise MinerError(Reason.UNSUPPORTED_ACTION, "fans cannot be given back")
            case Action.SET_FAN:
                return partial(self._change, "fanset", f"speed={command.value:.0f}")
            case Action.SET_POOL:
                return partial(self._tell, "switchpool", f"{command.value:.0f}")
        return None

    async def _read(self, command: str) -> Reply:
        """Return a reply; an empty one for a device that does not give it."""
        try:
            reply = await self.rpc.ask(command, until=deadline(SIDE_READ_S))
        except MinerError:
            return {}
        return {} if refusal(reply) else reply

    async def _change(self, command: str, *values: str) -> bool:
        async with self._session() as session:
            return await self._tell(command, ",".join((session, *values)))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[str]:
        """Log on for one change, and off again: the device has one session for everybody."""
        reply = await self.rpc.ask("logon", until=deadline(SIDE_READ_S))
        if error := refusal(reply):
            raise error
        session = text(_first(reply, "SESSION").get("SessionID"))
        if session is None:
            raise MinerError(Reason.BAD_REPLY, "a log-on without a session")
        try:
            yield session
        finally:
            # A machine that restarts is gone by now, and a session ends by itself.
            with suppress(MinerError):
                await self.rpc.ask("logoff", session, until=deadline(SIDE_READ_S))

    async def _tell(self, command: str, parameter: str) -> bool:
        until = deadline(_WRITE_S)
        if error := refusal(await self.rpc.ask(command, parameter, until=until, write=True)):
            raise error
        return True


def levels(reply: Reply) -> tuple[DeviceLevel, ...]:
    """Return the profiles of a reply, with their claims of power and hash rate."""
    known = []
    for item in section(reply, "PROFILES"):
        name = listed(item.get("Profile Name"))
        if name is not None and "," not in name:
            known.append(
                DeviceLevel(
                    name=name,
                    power_w=number(item.get("Watts"), 1, POWER_LIMIT_W),
                    hashrate_ths=number(item.get("Hashrate"), 0.001, _HASHRATE_LIMIT_THS),
                    frequency_mhz=number(item.get("Frequency"), 1, 10_000),
                )
            )
    return unique(known)


def _fan_percent(reply: Reply) -> float | None:
    """Return the speed in % of all fans; None where they differ."""
    speeds = {number(item.get("Speed"), 0, 100) for item in section(reply, "FANS")}
    return speeds.pop() if len(speeds) == 1 else None


def _first(reply: Reply, name: str) -> Any:
    items = section(reply, name)
    return items[0] if items else {}
