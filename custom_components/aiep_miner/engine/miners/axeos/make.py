"""AxeOS, the firmware of BitAxes and NerdAxes, over its web interface.

The library sends a command again when the answer is bad or missing; here each goes out once.
Frequency and voltage take only what ``GET /api/system/asic`` lists.
"""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from ...records import Action, DeviceLevel, Reading, Temperature
from ...records.reasons import Reason
from ..base import AUTO, Capabilities, Command, MinerError, Reads
from ..controls import level_named, numbers, ranged, unique
from ..make import Apply, Call, Link, Make, as_it_is
from ..sensors import with_sensors
from ..values import celsius, count, flag, number

_INFO: Final = "/api/system/info"
_SETTINGS: Final = "/api/system"
_ASIC: Final = "/api/system/asic"
_FREQUENCIES_MHZ: Final = (50.0, 2000.0)
_VOLTAGES_MV: Final = (500.0, 2000.0)
_FAN: Final = ranged(Action.SET_FAN, 30, 100)
"""Slower than 30 % no fan of these small boards keeps them cool."""
_TARGET: Final = ranged(Action.SET_TARGET_TEMPERATURE, 35, 66)
"""What the firmware's own page allows."""
_SENSORS: Final = {"temp2": "chip_1", "vrTemp": "board_0"}


class BitAxe(Make):
    """A BitAxe."""

    own_actions: ClassVar = frozenset(
        {Action.SET_FAN, Action.SET_TARGET_TEMPERATURE, Action.RESTART, Action.IDENTIFY}
    )
    paths: ClassVar = {
        Action.RUN: "/api/system/resume",
        Action.STOP: "/api/system/pause",
        Action.RESTART: "/api/system/restart",
        Action.IDENTIFY: "/api/system/identify",
    }

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self._levels: tuple[DeviceLevel, ...] = ()
        self._has_more_sensors = True
        """Than the library has: so until a poll showed otherwise."""

    async def describe(self, capabilities: Capabilities) -> Capabilities:
        """Return what the device lists; firmware that lists nothing is left as it is."""
        try:
            listed = await self.link.http().read(_ASIC)
        except MinerError:
            return capabilities
        self._levels = levels(listed)
        actions = capabilities.actions | self.own_actions
        if self._levels:
            actions |= {Action.SET_LEVEL}
        return replace(
            capabilities,
            actions=actions,
            levels=self._levels,
            ranges=(_FAN, _TARGET),
            level_change_s=10.0,
            read_only_reason=None,
        )

    async def observe(self) -> Apply:
        """Return the sensors that the library leaves out, where the device has such."""
        if not self._has_more_sensors:
            return as_it_is
        return partial(self._with_sensors, listed=sensors(await self._info()))

    def _with_sensors(self, reading: Reading, listed: list[Temperature]) -> Reading:
        known = {item.sensor for item in reading.temperatures}
        if listed and known:
            self._has_more_sensors = not known >= {item.sensor for item in listed}
        return with_sensors(reading, listed)

    async def settings(self) -> Apply:
        """Return the settings in force and the error rate."""
        info = await self._info()
        return _settings(info, self._levels) if info else as_it_is

    async def _info(self) -> dict[str, Any]:
        try:
            info = await self.link.http().read(_INFO)
        except MinerError:
            return {}
        return info if isinstance(info, dict) else {}

    def reads(self) -> Reads:
        """Return what the web interface tells."""
        paths = (_INFO, _ASIC)
        return {f"GET {path}": partial(self.link.http().read, path) for path in paths}

    def call_for(self, command: Command) -> Call | None:
        """Return what sends a command."""
        if command.action in self.paths:
            return partial(self._write, "POST", self.paths[command.action])
        settings = self._changes(command)
        return None if settings is None else partial(self._write, "PATCH", _SETTINGS, settings)

    def _changes(self, command: Command) -> dict[str, Any] | None:
        match command.action:
            case Action.SET_LEVEL:
                level = level_named(self._levels, command.option)
                if level is None or level.frequency_mhz is None or level.voltage_mv is None:
                    raise MinerError(Reason.UNSUPPORTED_ACTION, "no such level")
                return {
                    "frequency": _as_listed(level.frequency_mhz),
                    "coreVoltage": _as_listed(level.voltage_mv),
                }
            case Action.SET_FAN if command.option == AUTO:
                return {"autofanspeed": 1}
            case Action.SET_FAN:
                speed = round(command.value or 0)
                return {"autofanspeed": 0, "manualFanSpeed": speed}
            case Action.SET_TARGET_TEMPERATURE:
                return {"autofanspeed": 1, "temptarget": round(command.value or 0)}
        return None

    async def _write(self, method: str, path: str, body: Any = None) -> bool:
        await self.link.http().write(method, path, body)
        return True


class NerdAxe(BitAxe):
    """A NerdAxe: it is switched off softly and comes back by a restart, no pause.

    With a one-time password enabled in the device it refuses both: AUTH_FAILED.
    """

    paths: ClassVar = {
        Action.RUN: "/api/system/restart",
        Action.STOP: "/api/system/shutdown",
        Action.RESTART: "/api/system/restart",
    }
    own_actions: ClassVar = frozenset(
        {
            *(Action.RUN, Action.STOP, Action.RESTART),
            *(Action.SET_FAN, Action.SET_TARGET_TEMPERATURE),
        }
    )


def levels(listed: Any) -> tuple[DeviceLevel, ...]:
    """Return every frequency with every voltage that a device lists."""
    if not isinstance(listed, dict):
        return ()
    frequencies = numbers(listed.get("frequencyOptions"), *_FREQUENCIES_MHZ)
    voltages = numbers(listed.get("voltageOptions"), *_VOLTAGES_MV)
    return unique(
        DeviceLevel(name=_name(mhz, mv), frequency_mhz=mhz, voltage_mv=mv)
        for mhz in frequencies
        for mv in voltages
    )


def _as_listed(value: float) -> float:
    return int(value) if value.is_integer() else value


def _name(frequency_mhz: float, voltage_mv: float) -> str:
    return f"{frequency_mhz:g} MHz {voltage_mv:g} mV"


def _settings(info: dict[str, Any], known: tuple[DeviceLevel, ...]) -> Apply:
    mhz = number(info.get("frequency"), *_FREQUENCIES_MHZ)
    mv = number(info.get("coreVoltage"), *_VOLTAGES_MV)
    name = None if mhz is None or mv is None else _name(mhz, mv)
    automatic = flag(info.get("autofanspeed"))
    speed = info.get("manualFanSpeed", info.get("fanspeed"))
    return partial(
        replace,
        level=name if level_named(known, name) else None,
        fan_percent=number(speed, 0, 100) if automatic is False else None,
        target_temperature_c=number(info.get("temptarget"), 1, 150),
        error_pct=number(info.get("errorPercentage"), 0, 100),
        blocks_found=count(info.get("blockFound", info.get("foundBlocks"))),
    )


def sensors(info: dict[str, Any]) -> list[Temperature]:
    """Return the sensors that a device lists."""
    dies = info.get("asicTemps")
    found = [(place, celsius(info.get(key))) for key, place in _SENSORS.items()]
    found.append(("die_0", celsius(dies) if isinstance(dies, list) else None))
    return [
        Temperature(sensor=place, temperature_c=value)
        for place, value in found
        if value is not None
    ]
