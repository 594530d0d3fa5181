"""Stock Antminers, and firmware whose ``stats`` reply lists every sensor as theirs does.

The library takes the mean of the sensors, and has no place for the mode to start in.
"""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

import aiohttp

from ...records import Action, DeviceLevel
from ...records.reasons import Reason
from ..base import AUTO, Capabilities, Command, MinerError, Reads
from ..cgminer.api import CgminerApi, section
from ..cgminer.reading import stats_temperatures
from ..controls import ranged
from ..make import SIDE_READ_S, Apply, Call, Link, Make, as_it_is, deadline
from ..sensors import only_sensors, without_sensors
from ..values import count, flag, number

RPC_PORT = 4028
_CGI: Final = "/cgi-bin"
_CONF: Final = f"{_CGI}/get_miner_conf.cgi"
_PAGES: Final = (_CONF, f"{_CGI}/get_system_info.cgi", f"{_CGI}/summary.cgi")
_MODES: Final = {"low": 3, "normal": 0, "high": 2}
_LEVELS: Final = tuple(DeviceLevel(name=name) for name in _MODES)
_MODE_KEYS: Final = ("miner-mode", "bitmain-work-mode")
_FAN_CONTROL, _FAN_SPEED = "bitmain-fan-ctrl", "bitmain-fan-pwm"
_KEPT: Final = (_FAN_CONTROL, _FAN_SPEED, "freq-level", "pools")
_FAN: Final = ranged(Action.SET_FAN, 20, 100)


class StatsSensors(Make):
    """Stock Antminer, LuxOS, VolcMiner: ``temp_chip1`` "78-50-69-70", ``temp_max`` and others."""

    port: ClassVar = RPC_PORT
    recorded: ClassVar[tuple[str, ...]] = ("version", "summary", "stats", "pools", "devs")

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.rpc = CgminerApi(link.address, self.port)

    def reads(self) -> Reads:
        """Return what the RPC tells."""
        return self.rpc.reads(*self.recorded)

    async def observe(self) -> Apply:
        """Return the hottest of each place; without an answer there is no temperature at all."""
        try:
            reply = await self.rpc.ask("stats", until=deadline(SIDE_READ_S))
        except MinerError:
            return without_sensors
        return only_sensors(stats_temperatures(section(reply, "STATS")))


class Antminer(StatsSensors):
    """A stock Antminer: power modes as levels, and fans that can be told a speed."""

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        # Kept, so that only the first request meets the challenge.
        self._login = aiohttp.DigestAuthMiddleware(link.username, link.password)

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return what the configuration has a place for."""
        conf = await self._conf()
        actions, levels = capabilities.actions, capabilities.levels
        if _mode_key(conf) is not None:
            actions |= {Action.SET_LEVEL}
            levels = _LEVELS
        ranges = capabilities.ranges
        if _FAN_CONTROL in conf and _FAN_SPEED in conf:
            actions |= {Action.SET_FAN}
            ranges = (_FAN,)
        return replace(
            capabilities,
            actions=actions,
            levels=levels,
            ranges=ranges,
            level_change_s=120.0,
            level_restarts=True,
        )

    def reads(self) -> Reads:
        """Return what the RPC and the web interface tell."""
        return {
            **super().reads(),
            **{f"GET {path}": partial(self._page, path) for path in _PAGES},
        }

    async def settings(self) -> Apply:
        """Return the level in force and the speed that the fans are told to keep."""
        try:
            conf = await self._conf()
        except MinerError:
            return as_it_is
        by_hand = flag(conf.get(_FAN_CONTROL))
        return partial(
            replace,
            level=_level(conf),
            fan_percent=number(conf.get(_FAN_SPEED), 0, 100) if by_hand else None,
        )

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command that the library lacks."""
        match command.action:
            case Action.RESTART:
                return self._restart
            case Action.SET_LEVEL:
                return partial(self._choose, str(command.option), asleep=False)
            case Action.RUN if command.option in _MODES:
                return partial(self._choose, str(command.option), asleep=True)
            case Action.SET_FAN:
                by_hand = command.option != AUTO
                speed = {} if not by_hand else {_FAN_SPEED: f"{command.value:.0f}"}
                return partial(self._write, {_FAN_CONTROL: by_hand, **speed})
        return None

    async def _restart(self) -> bool:
        """Restart the device: the library cannot tell a refusal from a lost answer."""
        path = f"{_CGI}/reboot.cgi"
        await self.link.http().write("POST", path, middlewares=(self._login,))
        return True

    async def _choose(self, level: str, *, asleep: bool) -> bool:
        """Set a mode: of a sleeping machine only to start it, of one that runs only to change."""
        conf = await self._conf()
        sleeps = _level(conf) is None
        if sleeps and not asleep:
            raise MinerError(Reason.WOULD_START, "a sleeping machine has no mode")
        if asleep and not sleeps:
            raise MinerError(Reason.REFUSED, "it runs already")
        return await self._write(dict.fromkeys(_MODE_KEYS, _MODES[level]))

    async def _page(self, path: str) -> Any:
        return await self.link.http().read(path, middlewares=(self._login,))

    async def _conf(self) -> dict[str, Any]:
        conf = await self._page(_CONF)
        if not isinstance(conf, dict):
            raise MinerError(Reason.BAD_REPLY, "no configuration")
        return conf

    async def _write(self, changes: dict[str, Any]) -> bool:
        """Write the configuration anew with changes, pools as the device gave them."""
        conf = await self._conf()
        kept = {name: conf[name] for name in _KEPT if name in conf}
        if "freq-level" not in kept and "bitmain-freq-level" in conf:
            kept["freq-level"] = conf["bitmain-freq-level"]
        if (key := _mode_key(conf)) is not None:
            if count(conf[key], 9) is None:
                raise MinerError(Reason.BAD_REPLY, "no mode that could be kept")
            kept |= dict.fromkeys(_MODE_KEYS, conf[key])
        await self.link.http().write(
            "POST",
            f"{_CGI}/set_miner_conf.cgi",
            {**kept, **changes},
            middlewares=(self._login,),
        )
        return True


def _mode_key(conf: dict[str, Any]) -> str | None:
    return next((name for name in _MODE_KEYS if name in conf), None)


def _level(conf: dict[str, Any]) -> str | None:
    """Return the mode's name; None for one that sleeps."""
    mode = count(conf.get(_mode_key(conf) or ""), 9)
    return next((name for name, number in _MODES.items() if number == mode), None)
