"""An emulated Antminer S19 with VNish: REST behind a password that unlocks it.

Run one alone: ``python -m devtools.emulators.vnish --host 127.0.0.12``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, ClassVar

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .base import Fault
from .device import run_alone
from .http import RestDevice, json_response

PROFILE = replace(PROFILES["s19"], chips_per_board=76, nominal_hashrate_ths=95.0)
PRESETS = (("1500", 52), ("2000", 68), ("2850", 88), ("3250", 95), ("3600", 101))
"""Name, which is the power in W, and hash rate in TH/s."""
OPEN = ("info", "status", "summary", "chains", "chains/factory-info", "perf-summary", "layout")
"""What is told without a password."""


class Vnish(RestDevice):
    """VNish; a restart of the mining leaves the system's uptime alone."""

    title = "AnthillOS"
    refusal: ClassVar = {"err": "Unauthorized"}
    scheme = "Bearer "
    open_paths = OPEN

    def __init__(
        self, host: str, *, version: str = "1.3.4", password: str = "admin", **options: Any
    ) -> None:
        self.version = version
        self.password = password
        self.mining_state = "mining"
        self.preset = "3250"
        self.throttle = 100
        super().__init__(PROFILE, host, **options)

    def outside(self, request: web.Request, path: str) -> Awaitable[web.Response] | None:
        return self._unlock(request) if path == "unlock" else None

    async def _unlock(self, request: web.Request) -> web.Response:
        self.log.add("POST /api/v1/unlock")
        known = (await request.json()).get("pw") == self.password
        if not known or Fault.UNAUTHORIZED in self.faults:
            return json_response({"err": "Invalid password"}, status=403)
        return json_response({"token": self.token()})

    async def change(self, request: web.Request, path: str) -> web.Response:
        body = await request.text()
        sent = await request.json() if body else {}
        changes: dict[str, Callable[[], object]] = {
            "mining/stop": lambda: self._mine("stopped"),
            "mining/start": lambda: self._mine("mining"),
            "mining/restart": self._restart_mining,
            "mining/throttle": lambda: self._throttle(int(sent["percent"])),
            "system/reboot": self.machine.restart,
            "find-miner": lambda: self.set_light(bool(sent["on"])),
            "settings": lambda: self._settings(sent),
        }
        if path == "mining/throttle" and self.version < "1.3":
            del changes[path]
        change = changes.get(path)
        taken = self.write(f"POST {request.path}", body or None, change or (lambda: None))
        if change is None:
            return json_response({"err": "Not found"}, status=404)
        if not taken:
            return json_response({"err": "Forbidden"}, status=403)
        return json_response({"on": self.fault_light, "reboot_required": False})

    def _mine(self, state: str) -> None:
        self.mining_state = state
        (self.machine.run if state == "mining" else self.machine.stop)()

    def _restart_mining(self) -> None:
        """Drop the load and take it up again; the system keeps running."""
        booted_s = self.machine._booted_s
        self.machine.restart()
        self.machine._work = [3600.0, 0.0]
        self._kept_uptime_s = self.machine._now_s - booted_s

    def _throttle(self, percent: int) -> None:
        self.throttle = percent
        self._limit()

    def _settings(self, sent: dict[str, Any]) -> None:
        overclock = sent.get("miner", {}).get("overclock", {})
        self.preset = str(overclock.get("preset", self.preset))
        self._limit()

    def _limit(self) -> None:
        self.machine.power_limit_w = float(self.preset) * self.throttle / 100

    # Reads.

    @property
    def system_uptime_s(self) -> float:
        """How long the system has run, whatever became of the mining."""
        machine = self.machine
        kept: float = getattr(self, "_kept_uptime_s", 0.0)
        return machine.uptime_s + kept

    def read(self, path: str) -> Any:
        readers: dict[str, Callable[[], Any]] = {
            "info": self._info,
            "status": self._status,
            "summary": lambda: {"miner": self._summary()},
            "chains": self._chains,
            "chains/factory-info": lambda: {"hr_stock": PROFILE.nominal_hashrate_ths},
            "perf-summary": lambda: {"current_preset": _preset(self.preset)},
            "autotune/presets": lambda: [_preset(name) for name, _ in PRESETS],
            "settings": lambda: {
                "miner": {"overclock": {"preset": self.preset, "globals": {"volt": 1380}}}
            },
        }
        return readers[path]() if path in readers else None

    def _info(self) -> dict[str, Any]:
        minutes = int(self.system_uptime_s // 60)
        return {
            "miner": "Antminer S19",
            "model": "s19",
            "fw_name": "Vnish",
            "fw_version": self.version,
            "platform": "xil",
            "serial": "JYZZB0UBDJABF0002",
            "system": {
                "uptime": f"{minutes // 60}:{minutes % 60:02d}",
                "network_status": {"mac": self.mac, "hostname": "vnish", "ip": self.host},
            },
        }

    def _status(self) -> dict[str, Any]:
        return {
            "miner_state": self._miner_state,
            "miner_state_time": self.machine.uptime_s,
            "find_miner": self.fault_light,
            "restart_required": False,
            "reboot_required": False,
            "unlocked": self._token is not None,
        }

    @property
    def _miner_state(self) -> str:
        if self.mining_state == "mining" and self.machine.booting:
            return "initializing"
        return self.mining_state

    def _summary(self) -> dict[str, Any]:
        machine = self.machine
        return {
            "miner_status": {
                "miner_state": self._miner_state,
                "miner_state_time": machine.uptime_s,
                "throttled": self.throttle,
            },
            "hr_realtime": machine.hashrate_ths * 1000,
            "hr_stock": PROFILE.nominal_hashrate_ths * 1000,
            "power_consumption": round(machine.power_w),
            "cooling": {
                "fans": [
                    {"id": index, "rpm": rpm, "status": "ok"}
                    for index, rpm in enumerate(machine.fans_rpm)
                ]
            },
            "chains": self._chains(),
            "pools": self._pools(),
        }

    def _chains(self) -> list[dict[str, Any]]:
        machine = self.machine
        chips = [{"hr": 400.0}] * machine.profile.chips_per_board
        return [
            {
                "id": index + 1,
                "hashrate_rt": hashrate_ths * 1000,
                "pcb_temp": {
                    "min": round(machine.board_temperatures_c[index]) - 9,
                    "max": round(machine.board_temperatures_c[index]),
                },
                "chip_temp": {
                    "min": round(machine.chip_temperatures_c[index]) - 12,
                    "max": round(machine.chip_temperatures_c[index]),
                },
                "chips": chips,
                "serial": f"VN{index}",
            }
            for index, hashrate_ths in enumerate(machine.board_hashrates_ths)
        ]

    def _pools(self) -> list[dict[str, Any]]:
        accepted, rejected, stale = self.machine.shares()
        return [
            {
                "url": "stratum+tcp://main.example.pool:3333",
                "user": "somebody.one",
                "status": "working",
                "accepted": accepted,
                "rejected": rejected,
                "stale": stale,
            }
        ]


def _preset(name: str) -> dict[str, Any]:
    rate = dict(PRESETS).get(name, 0)
    return {"name": name, "pretty": f"{name} watt ~ {rate} TH", "status": "tuned"}


if __name__ == "__main__":
    asyncio.run(run_alone(Vnish, "An emulated Antminer with VNish."))
