"""An emulated BitAxe or NerdAxe: AxeOS' JSON over HTTP, with and without a pause.

Run one alone: ``python -m devtools.emulators.bitaxe --host 127.0.0.5``.
"""

import asyncio
from typing import Any

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES
from devtools.silicon import FREQUENCIES_MHZ, VOLTAGES_MV

from .base import Fault
from .device import Device, Server, run_alone
from .http import HttpServer, json_response, page

PAUSE_SINCE = (2, 14)


class BitAxe(Device):
    """A BitAxe; ``firmware`` decides whether it can pause."""

    title = "AxeOS"
    blocks_found = 0

    def __init__(self, host: str, *, firmware: str = "v2.14.0", **options: Any) -> None:
        self.firmware = firmware
        self.frequency_mhz = 525
        self.voltage_mv = 1150
        self.auto_fan = True
        self.fan_percent = 35
        self.target_c = 60
        self.identified = 0
        super().__init__(PROFILES["bitaxe"], host, **options)

    def servers(self) -> list[Server]:
        return [HttpServer(self, self._answer)]

    @property
    def can_pause(self) -> bool:
        major, minor, *_ = self.firmware.removeprefix("v").split(".")
        return (int(major), int(minor)) >= PAUSE_SINCE

    async def _answer(self, request: web.Request) -> web.Response:
        match request.method, request.path:
            case "POST", "/api/system/pause" if self.can_pause:
                return self._control(request, self.machine.stop)
            case "POST", "/api/system/resume" if self.can_pause:
                return self._control(request, self.machine.run)
            case "POST", "/api/system/restart":
                return self._control(request, self.machine.restart)
            case "POST", "/api/system/identify" if self.lists:
                return self._control(request, self._identify)
            case "PATCH", "/api/system":
                return await self._patch(request)
        self.log.add(f"{request.method} {request.path}")
        if Fault.UNAUTHORIZED in self.faults:
            return page("Unauthorized", status=401)
        match request.method, request.path:
            case "GET", "/":
                return page(f"<html><head><title>{self.title}</title></head></html>")
            case "GET", "/api/system/info":
                return json_response(self.info())
            case "GET", "/api/system/asic" if self.lists:
                return json_response(self.asic())
        return page("not found", status=404)

    @property
    def lists(self) -> bool:
        """Whether it tells which frequencies and voltages its chip takes."""
        return self.can_pause

    def asic(self) -> dict[str, Any]:
        """Return what ``/api/system/asic`` says."""
        return {
            "ASICModel": "BM1370",
            "deviceModel": "Gamma",
            "asicCount": 1,
            "defaultFrequency": 525,
            "frequencyOptions": list(FREQUENCIES_MHZ),
            "defaultVoltage": 1150,
            "voltageOptions": list(VOLTAGES_MV),
        }

    async def _patch(self, request: web.Request) -> web.Response:
        body = await request.text()
        sent = await request.json()
        if self.write(f"PATCH {request.path}", body, lambda: self.apply(sent)):
            return json_response({"message": "ok"})
        return page("Unauthorized", status=401)

    def apply(self, sent: dict[str, Any]) -> None:
        """Take settings; a frequency or voltage of the power that it then draws."""
        self.frequency_mhz = int(sent.get("frequency", self.frequency_mhz))
        self.voltage_mv = int(sent.get("coreVoltage", self.voltage_mv))
        self.auto_fan = bool(sent.get("autofanspeed", self.auto_fan))
        self.fan_percent = int(sent.get("manualFanSpeed", self.fan_percent))
        self.target_c = int(sent.get("temptarget", self.target_c))
        share = (self.frequency_mhz / 525) * (self.voltage_mv / 1150) ** 2
        self.machine.power_limit_w = self.machine.profile.nominal_power_w * share

    def _identify(self) -> None:
        self.identified += 1

    def _control(self, request: web.Request, change: Any) -> web.Response:
        if self.write(f"{request.method} {request.path}", None, change):
            return json_response({"message": "ok"})
        return page("Unauthorized", status=401)

    def info(self) -> dict[str, Any]:
        """Return what ``/api/system/info`` says."""
        machine = self.machine
        accepted, rejected, _stale = machine.shares()
        info = {
            "ASICModel": "BM1370",
            "asicCount": 1,
            "bestDiff": "483k",
            "bestSessionDiff": "12k",
            "boardVersion": "601",
            "autofanspeed": int(self.auto_fan),
            "blockFound": self.blocks_found,
            "coreVoltage": self.voltage_mv,
            "coreVoltageActual": self.voltage_mv - 4,
            "errorPercentage": 0.3,
            "current": 2800.0,
            "expectedHashrate": machine.expected_hashrate_ths * 1000,
            "fallbackStratumPort": 3334,
            "fallbackStratumURL": "fallback.example.pool",
            "fallbackStratumUser": "somebody.two",
            "fanrpm": machine.fans_rpm[0],
            "frequency": self.frequency_mhz,
            "manualFanSpeed": self.fan_percent,
            "temptarget": self.target_c,
            "hashRate": machine.hashrate_ths * 1000,
            "hostname": "bitaxe",
            "isUsingFallbackStratum": 0,
            "macAddr": self.mac,
            "overheat_mode": 0,
            "power": machine.power_w,
            "sharesAccepted": accepted,
            "sharesRejected": rejected,
            "smallCoreCount": 2040,
            "stratumPort": 3333,
            "stratumURL": "main.example.pool",
            "stratumUser": "somebody.one",
            "temp": machine.board_temperatures_c[0],
            "uptimeSeconds": machine.uptime_s,
            "version": self.firmware,
            "voltage": 5175,
            "vrTemp": machine.board_temperatures_c[0] + 6,
        }
        if self.can_pause:
            info["miningPaused"] = not all(machine.boards_enabled)
        return info


class NerdAxe(BitAxe):
    """A NerdQAxe++: close to a BitAxe, never pauses."""

    title = "NerdAxe"

    def __init__(
        self, host: str, *, firmware: str = "v1.0.36", otp: bool = False, **options: Any
    ) -> None:
        self.otp = otp
        super().__init__(host, firmware=firmware, **options)

    @property
    def lists(self) -> bool:
        return True

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method != "GET" and self.otp:
            self.log.add(f"{request.method} {request.path} (401)")
            return page("OTP required", status=401)
        if (request.method, request.path) == ("POST", "/api/system/shutdown"):
            return self._control(request, self.machine.stop)
        return await super()._answer(request)

    def info(self) -> dict[str, Any]:
        return {**super().info(), "deviceModel": "NerdQAxe++", "hostname": "nerdaxe"}


class ForkedAxe(BitAxe):
    """A fork of AxeOS in a dialect of its own: surely a miner, and nobody can read it."""

    def info(self) -> dict[str, Any]:
        return {"asic": {"model": "BM1370"}, "mac": self.mac, "release": self.firmware}


if __name__ == "__main__":
    asyncio.run(run_alone(BitAxe, "An emulated BitAxe."))
