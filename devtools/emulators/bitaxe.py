"""An emulated BitAxe or NerdAxe: AxeOS' JSON over HTTP, with and without a pause.

Run one alone: ``python -m devtools.emulators.bitaxe --host 127.0.0.5``.
"""

import asyncio
from typing import Any

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .base import Fault
from .device import Device, Server, run_alone
from .http import HttpServer, json_response, page

PAUSE_SINCE = (2, 14)


class BitAxe(Device):
    """A BitAxe; ``firmware`` decides whether it can pause."""

    title = "AxeOS"

    def __init__(self, host: str, *, firmware: str = "v2.14.0", **options: Any) -> None:
        self.firmware = firmware
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
        self.log.add(f"{request.method} {request.path}")
        if Fault.UNAUTHORIZED in self.faults:
            return page("Unauthorized", status=401)
        match request.method, request.path:
            case "GET", "/":
                return page(f"<html><head><title>{self.title}</title></head></html>")
            case "GET", "/api/system/info":
                return json_response(self.info())
            case "GET", "/api/system/asic" if self.can_pause:
                return json_response(
                    {"ASICModel": "BM1370", "asicCount": 1, "deviceModel": "Gamma"}
                )
        return page("not found", status=404)

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
            "coreVoltage": 1150,
            "coreVoltageActual": 1146,
            "current": 2800.0,
            "expectedHashrate": machine.expected_hashrate_ths * 1000,
            "fallbackStratumPort": 3334,
            "fallbackStratumURL": "fallback.example.pool",
            "fallbackStratumUser": "somebody.two",
            "fanrpm": machine.fans_rpm[0],
            "frequency": 525,
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

    def __init__(self, host: str, *, firmware: str = "v1.0.36", **options: Any) -> None:
        super().__init__(host, firmware=firmware, **options)

    def info(self) -> dict[str, Any]:
        return {**super().info(), "deviceModel": "NerdQAxe++", "hostname": "nerdaxe"}


class ForkedAxe(BitAxe):
    """A fork of AxeOS in a dialect of its own: surely a miner, and nobody can read it."""

    def info(self) -> dict[str, Any]:
        return {"asic": {"model": "BM1370"}, "mac": self.mac, "release": self.firmware}


if __name__ == "__main__":
    asyncio.run(run_alone(BitAxe, "An emulated BitAxe."))
