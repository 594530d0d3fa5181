"""What an Avalon needs beside the library: its power, its hottest sensor, whether it idles."""

import time
from dataclasses import replace
from functools import partial

from ...records import Action, DeviceLevel, Reading
from ...records.reasons import Reason
from ..base import AUTO, Capabilities, Command, MinerError, Reads
from ..cgminer.api import CgminerApi, NoReplyError, refusal
from ..controls import ranged, unique
from ..make import SIDE_READ_S, Apply, Call, Link, Make, deadline
from ..sensors import without_sensors
from ..values import number
from .status import Status, family, power_w, read_status, refined, work_mode

RPC_PORT = 4028
_LIGHT = "Led"
_WORK_MODES = {
    "Q": ("eco", "standard", "super"),
    "Nano3s": ("low", "medium", "high"),
}
"""Names of the work modes 0, 1, 2 by the family that the version text begins with."""
_FAN = ranged(Action.SET_FAN, 15, 100)
_TARGET = ranged(Action.SET_TARGET_TEMPERATURE, 50, 90)
_HOME_ACTIONS = frozenset(
    {
        *(Action.SET_LEVEL, Action.SET_FAN, Action.SET_TARGET_TEMPERATURE),
        *(Action.RESTART, Action.SET_POOL),
    }
)
_RECORDED = ("version", "summary", "devs", "stats", "litestats", "pools", "devdetails")
_WRITE_S = 30.0
_SOON_S = 5
"""A stop or start is sent with the time when it is to happen."""


class Avalon(Make):
    """An Avalon of any series."""

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.rpc = CgminerApi(link.address, RPC_PORT)
        self._modes: tuple[str, ...] = ()

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Leave out a fault light that cannot be read back; say whether the power is known.

        Work modes, fan, target temperature, reboot and pools: what the community API document
        tells of Q and Nano 3S.
        """
        status = await self._status()
        known = replace(capabilities, reports_power=power_w(status) is not None)
        if _LIGHT not in status:
            known = replace(known, actions=known.actions - {Action.FAULT_LIGHT})
        names = _WORK_MODES.get(family(status))
        if names is None or work_mode(status) is None:
            return known
        self._modes = names
        return replace(
            known,
            actions=known.actions | _HOME_ACTIONS,
            levels=unique(DeviceLevel(name=name) for name in names),
            ranges=(_FAN, _TARGET),
            level_change_s=120.0,
            level_restarts=True,
        )

    async def observe(self) -> Apply:
        """Return what the status says; without it neither power nor temperature is known."""
        try:
            status = await self._status()
        except MinerError:
            return _without_status
        return partial(self._with_status, status=status)

    def _with_status(self, reading: Reading, status: Status) -> Reading:
        reading = refined(reading, status)
        mode = work_mode(status)
        if mode is None or not mode < len(self._modes):
            return reading
        speed = number(status.get("FanR", "").removesuffix("%"), 0, 100)
        return replace(
            reading,
            level=self._modes[mode],
            fan_percent=speed,
            target_temperature_c=number(status.get("TarT"), 1, 150),
        )

    def reads(self) -> Reads:
        """Return what the RPC tells."""
        return self.rpc.reads(*_RECORDED)

    def call_for(self, command: Command) -> Call | None:
        """Return what stops, starts or restarts it: a Q says yes in a form of its own."""
        match command.action:
            case Action.STOP:
                return partial(self._soft, "softoff")
            case Action.RUN:
                return partial(self._soft, "softon")
            case Action.RESTART if self._modes:
                return partial(self._set, "reboot,0")
            case Action.RESTART:
                return self._restart
            case Action.SET_LEVEL:
                mode = self._modes.index(str(command.option))
                return partial(self._set, f"workmode,set,{mode}")
            case Action.SET_FAN if command.option == AUTO:
                # Nothing tells afterwards whether the firmware regulates them.
                raise MinerError(Reason.UNSUPPORTED_ACTION, "fans cannot be given back")
            case Action.SET_FAN:
                return partial(self._set, f"fan-spd,{command.value:.0f}")
            case Action.SET_TARGET_TEMPERATURE:
                return partial(self._set, f"target-temp,{command.value:.0f}")
            case Action.SET_POOL:
                return partial(self._tell, "switchpool", f"{command.value:.0f}")
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


def _without_status(reading: Reading) -> Reading:
    return replace(without_sensors(reading), power_w=None)
