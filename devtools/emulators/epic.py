"""An emulated Antminer S19 XP with ePIC PowerPlay: HTTP on port 4028, a password in each change.

Run one alone: ``python -m devtools.emulators.epic --host 127.0.0.13``.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .base import Fault
from .device import Device, Server, run_alone
from .http import HttpServer, json_response, page, told

PROFILE = replace(
    PROFILES["s19"],
    model="S19 XP",
    chips_per_board=110,
    nominal_hashrate_ths=141.0,
    nominal_power_w=3010.0,
)
PRESETS = ((1700, 80.0), (2200, 100.0), (2700, 120.0), (3350, 142.0))
"""Power in W and hash rate in TH/s."""


class Epic(Device):
    """ePIC PowerPlay; boards can be switched off one by one."""

    def __init__(self, host: str, *, password: str = "letmein", **options: Any) -> None:
        self.password = password
        self.idle = False
        self.fan_mode: dict[str, Any] = {"Auto": {"Idle Speed": 20, "Target Temperature": 60}}
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [HttpServer(self, self._root), HttpServer(self, self._web, 4028)]

    async def _root(self, request: web.Request) -> web.Response:
        self.log.add(f"GET {request.path}")
        return page("<title>Miner Web Dashboard</title>")

    async def _web(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return told(self, request, self._read(request.path.strip("/")))
        return await self._change(request)

    async def _change(self, request: web.Request) -> web.Response:
        sent = await request.json()
        parameter = sent.get("param")
        changes: dict[str, Callable[[], object]] = {
            "/miner": lambda: self._mine(parameter == "Autostart"),
            "/reboot": self.machine.restart,
            "/softreboot": self.machine.restart,
            "/identify": lambda: self.set_light(bool(parameter)),
            "/boardenable": lambda: self._switch(parameter),
            "/fanspeed": lambda: self._fan(parameter),
        }
        change = changes.get(request.path)
        wrong = sent.get("password") != self.password or Fault.UNAUTHORIZED in self.faults
        if wrong or change is None:
            self.log.add(f"POST {request.path}", str(parameter), write=True)
            error = "Incorrect password" if wrong else "Unknown command"
            return json_response({"result": False, "error": error})
        if not self.write(f"POST {request.path}", str(parameter), change):
            return json_response({"result": False, "error": "Not allowed"})
        return json_response({"result": True, "error": None})

    def _mine(self, on: bool) -> None:
        self.idle = not on
        (self.machine.run if on else self.machine.stop)()

    def _switch(self, parameter: list[dict[str, Any]]) -> None:
        for item in parameter:
            self.machine.set_board(int(item["Index"]), enabled=bool(item["Data"]))

    def _fan(self, parameter: Any) -> None:
        self.fan_mode = parameter if isinstance(parameter, dict) else {"Manual": int(parameter)}

    # Reads.

    def _read(self, path: str) -> Any:
        readers: dict[str, Callable[[], Any]] = {
            "summary": self._summary,
            "capabilities": self._capabilities,
            "network": lambda: {"dhcp": {"address": self.host, "mac_address": self.mac}},
            "temps": lambda: [
                {"Index": index, "Data": [round(value - 12, 3), round(value, 3)], "Total": 0.0}
                for index, value in enumerate(self.machine.board_temperatures_c)
            ],
        }
        return readers[path]() if path in readers else None

    def _capabilities(self) -> dict[str, Any]:
        return {
            "Model": "AntMiner S19 XP",
            "Model Subtype": "BHB56801",
            "Max HBs": 3,
            "Default Hashrate": 143,
            "Performance Estimator": {"Chip Count": 110, "Hashes Per Second Per Chip": 894.0},
            "PerpetualTune": [{"algorithm": "VoltageOptimizer", "max": 300, "min": 60}],
            "Tune Presets": [
                {"clk": 400, "hashrate": rate, "power": power, "voltage": 12500}
                for power, rate in PRESETS
            ],
        }

    def _summary(self) -> dict[str, Any]:
        machine = self.machine
        accepted, rejected, _stale = machine.shares()
        return {
            "Software": "PowerPlay-BMS v1.5.13",
            "Hostname": "epic",
            "Status": {"Operating State": "Idling" if self.idle else "Mining", "Last Error": None},
            "Mining": {"Algorithm": "SHA-256", "Coin": "BTC"},
            "Misc": {"Locate Miner State": self.fault_light, "Shutdown Temp": 85.0},
            "Fans": {"Fan Mode": self.fan_mode, "Fans Speed": 100},
            "Fans Rpm": {
                f"Fans Speed {index}": rpm for index, rpm in enumerate(machine.fans_rpm, 1)
            },
            "HBStatus": [
                {"Detected": True, "Enabled": enabled, "Index": index}
                for index, enabled in enumerate(machine.boards_enabled)
            ],
            "HBs": [
                {
                    "Index": index,
                    "Core Clock Avg": 487.5,
                    "Hashrate": [hashrate_ths * 1e6, 100.0, 0.8],
                    "Input Voltage": 12.6,
                    "Temperature": round(machine.board_temperatures_c[index], 3),
                }
                for index, hashrate_ths in enumerate(machine.board_hashrates_ths)
            ],
            "PerpetualTune": {"Algorithm": {}, "Running": False},
            "Power Supply Stats": {"Input Power": machine.power_w},
            "Session": {
                "Uptime": machine.uptime_s,
                "Accepted": accepted,
                "Rejected": rejected,
                "Average MHs": machine.hashrate_ths * 1e6,
            },
            "Stratum": {
                "Current Pool": "main.example.pool:3333",
                "Current User": "somebody.one",
                "IsPoolConnected": True,
                "Config Id": 0,
            },
            "StratumConfigs": [
                {"pool": "stratum+tcp://main.example.pool:3333", "login": "somebody.one"}
            ],
        }


if __name__ == "__main__":
    asyncio.run(run_alone(Epic, "An emulated miner with ePIC PowerPlay."))
