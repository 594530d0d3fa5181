"""What Whatsminers need beside the library: writes that go out once, and real temperatures."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ...records import Action, DeviceLevel, Reading, Temperature
from ...records.reasons import Reason
from ..base import ON, Capabilities, Command, MinerError, Reads
from ..cgminer.api import Reply, section
from ..make import SIDE_READ_S, Apply, Call, Link, Make, deadline
from ..sensors import with_sensors, without_sensors
from ..values import POWER_LIMIT_W, at, celsius, count, number
from .encrypted import EncryptedApi
from .framed import FramedApi

_V3_SINCE: Final = 20241101
_BLINK: Final = {"color": "red", "period": 200, "duration": 100, "start": 0}
_AUTO: Final = "auto"
_MODES: Final = ("low", "normal", "high")
_LEVELS: Final = tuple(DeviceLevel(name=name) for name in _MODES)
_CHANGE_S: Final = 300.0
"""A Whatsminer tunes itself for some minutes after a change of mode."""


def is_v3(version: str | None) -> bool:
    """Return whether a firmware version, which begins with its build date, has API v3."""
    digits = (version or "").partition(".")[0]
    return digits.isdecimal() and int(digits) >= _V3_SINCE


def _with_modes(capabilities: Capabilities) -> Capabilities:
    """Add the power modes as levels."""
    return replace(
        capabilities,
        actions=capabilities.actions | {Action.SET_LEVEL},
        levels=_LEVELS,
        level_change_s=_CHANGE_S,
        level_restarts=True,
    )


class WhatsminerV2(Make):
    """A Whatsminer with API v2.

    ``set_power_pct`` is not offered: nothing tells afterwards which percentage is in force.
    """

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.api = EncryptedApi(link.address, link.password)

    async def log_in(self) -> None:
        """Send an encrypted read: a device that cannot decipher it has another password."""
        try:
            await self.api.send("get_version", write=False)
        except MinerError as err:
            if err.reason is Reason.AUTH_FAILED:
                raise

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return no actions where writing is switched off in the device."""
        try:
            await self.api.send("get_version", write=False)
        except MinerError as err:
            if err.reason is Reason.ACCESS_DENIED:
                return replace(capabilities, actions=frozenset(), read_only_reason=err.reason)
        if _mode(await self._summary()) is None:
            return capabilities
        return _with_modes(capabilities)

    async def settings(self) -> Apply:
        """Return the power mode in force, and the limit that the library hides behind it."""
        total = await self._summary()
        return partial(
            _with_limits,
            level=_mode(total),
            limit_w=number(total.get("Power Limit"), 1, POWER_LIMIT_W),
        )

    async def _summary(self) -> Reply:
        try:
            reply = await self.api.rpc.ask("summary", until=deadline(SIDE_READ_S))
        except MinerError:
            return {}
        return next(iter(section(reply, "SUMMARY")), {})

    def reads(self) -> Reads:
        """Return what is read without a password; each of these a device is known to answer."""
        return self.api.rpc.reads("summary", "devs", "pools", "get_version", "status")

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        match command.action:
            case Action.RUN:
                return partial(self._send, "power_on")
            case Action.STOP:
                return partial(self._send, "power_off", {"respbefore": "true"})
            case Action.RESTART:
                return partial(self._send, "reboot")
            case Action.SET_POWER:
                return partial(
                    self._send, "adjust_power_limit", {"power_limit": f"{command.value:.0f}"}
                )
            case Action.SET_LEVEL:
                return partial(self._send, f"set_{command.option}_power")
            case Action.FAULT_LIGHT:
                blink = {name: str(value) for name, value in _BLINK.items()}
                return partial(
                    self._send, "set_led", blink if command.option == ON else {"param": _AUTO}
                )
        return None

    async def _send(self, command: str, parameters: dict[str, str] | None = None) -> bool:
        await self.api.send(command, parameters)
        return True


class WhatsminerV3(Make):
    """A Whatsminer with API v3."""

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.api = FramedApi(link.address, link.username, link.password)

    async def prove_login(self) -> None:
        """Leave the light to itself where it is: the one command that then changes nothing."""
        info = await self.api.read("get.device.info")
        system = info.get("system") if isinstance(info, dict) else None
        if isinstance(system, dict) and system.get("ledstatus") == _AUTO:
            await self.api.write("set.system.led", _AUTO)

    async def observe(self) -> Apply:
        """Return the boards' own temperatures, and the limit in force."""
        try:
            status = await self.api.read("get.miner.status", "summary")
        except MinerError:
            return without_sensors
        return partial(_with_summary, status=status)

    async def settings(self) -> Apply:
        """Return the power mode in force."""
        return partial(replace, level=await self._mode())

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return the power modes as levels, where the device says which one is in force."""
        if await self._mode() is None:
            return capabilities
        return _with_modes(capabilities)

    async def _mode(self) -> str | None:
        try:
            info = await self.api.read("get.device.info", "power")
        except MinerError:
            return None
        power = info.get("power") if isinstance(info, dict) else None
        mode = count(power.get("mode"), 9) if isinstance(power, dict) else None
        return _MODES[mode] if mode is not None and mode < len(_MODES) else None

    def reads(self) -> Reads:
        """Return what is read without a password."""
        status = {
            f"get.miner.status {what}": partial(self.api.read, "get.miner.status", what)
            for what in ("summary", "pools", "edevs")
        }
        return {"get.device.info": partial(self.api.read, "get.device.info"), **status}

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        match command.action:
            case Action.RUN:
                return partial(self._send, "set.miner.service", "start")
            case Action.STOP:
                return partial(self._send, "set.miner.service", "stop")
            case Action.RESTART:
                return partial(self._send, "set.system.reboot")
            case Action.SET_POWER:
                return partial(self._send, "set.miner.power_limit", command.value)
            case Action.SET_LEVEL:
                return partial(self._send, "set.miner.mode", command.option)
            case Action.FAULT_LIGHT:
                return partial(
                    self._send, "set.system.led", [_BLINK] if command.option == ON else _AUTO
                )
        return None

    async def _send(self, command: str, parameter: Any = None) -> bool:
        await self.api.write(command, parameter)
        return True


def _with_summary(reading: Reading, status: Any) -> Reading:
    """Show the boards' own temperatures: the library has the coolest chip in their place."""
    chips = (item for item in reading.temperatures if not item.sensor.startswith("board_"))
    limit_w = number(at(status, "summary", "power-limit"), 1, POWER_LIMIT_W)
    reading = replace(
        reading,
        temperatures=tuple(chips),
        power_limit_w=reading.power_limit_w if limit_w is None else limit_w,
    )
    return with_sensors(reading, temperatures(status))


def _with_limits(reading: Reading, *, level: str | None, limit_w: float | None) -> Reading:
    known_w = reading.power_limit_w if limit_w is None else limit_w
    return replace(reading, level=level, power_limit_w=known_w)


def _mode(total: Reply) -> str | None:
    """Return the power mode that a summary names."""
    mode = str(total.get("Power Mode")).lower()
    return mode if mode in _MODES else None


def temperatures(status: Any) -> Iterator[Temperature]:
    """Yield the boards' temperatures and the hottest chip of a summary."""
    summary = status.get("summary") if isinstance(status, dict) else None
    if not isinstance(summary, dict):
        return
    boards = summary.get("board-temperature")
    for index, value in enumerate(boards[:16] if isinstance(boards, list) else ()):
        if (temperature_c := celsius(value)) is not None:
            yield Temperature(sensor=f"board_{index}", temperature_c=temperature_c)
    if (hottest_c := celsius(summary.get("chip-temp-max"))) is not None:
        yield Temperature(sensor="chip_max", temperature_c=hottest_c)
