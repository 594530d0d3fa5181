"""An emulated Antminer S19 XP with Braiins OS: the public REST API behind a log-in.

Run one alone: ``python -m devtools.emulators.braiins --host 127.0.0.11``.
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

PROFILE = replace(
    PROFILES["s19"],
    model="S19 XP",
    chips_per_board=110,
    nominal_hashrate_ths=141.0,
    nominal_power_w=3031.0,
    power_min_w=1200.0,
    power_max_w=3600.0,
)
VERSIONS = {
    "25.07": "2025-08-06-0-3881c51d-25.07-plus",
    "26.04": "2026-04-08-0-4aa1c51d-26.04-plus",
}
NORMAL, PAUSED = 2, 3
DPS = {
    "enabled": False,
    "power_step": {"watt": 300},
    "min_power_target": {"watt": 1500},
    "shutdown_enabled": False,
}


class Braiins(RestDevice):
    """Braiins OS; 25.07 answers a change with 204, 26.04 drops the connection at a reboot."""

    title = "Braiins OS"
    refusal: ClassVar = {"message": "unauthorized"}

    def __init__(
        self,
        host: str,
        *,
        version: str = "25.07",
        username: str = "root",
        password: str = "root",
        **options: Any,
    ) -> None:
        self.version = version
        self.username, self.password = username, password
        self.paused = False
        self.hashrate_target_ths: float | None = None
        self.dps: dict[str, Any] = dict(DPS)
        super().__init__(PROFILE, host, **options)

    def outside(self, request: web.Request, path: str) -> Awaitable[web.Response] | None:
        if request.path == "/graphql":
            return self._query(request)
        return self._log_in(request) if path == "auth/login" else None

    async def _query(self, request: web.Request) -> web.Response:
        """Answer the few queries that need no log-in."""
        query = (await request.json())["query"]
        self.log.add("POST /graphql")
        if "modelName" in query:
            info = {"bosminer": {"info": {"modelName": "Antminer S19 XP"}}}
        elif "version" in query:
            info = {"bos": {"info": {"version": {"full": VERSIONS[self.version]}}}}
        else:
            info = {"events": {"appeals": []}}
        return json_response({"data": info})

    async def _log_in(self, request: web.Request) -> web.Response:
        self.log.add("POST /api/v1/auth/login")
        sent = await request.json()
        known = (sent.get("username"), sent.get("password")) == (self.username, self.password)
        if not known or Fault.UNAUTHORIZED in self.faults:
            return json_response({"message": "invalid credentials"}, status=401)
        return json_response({"token": self.token(), "timeout_s": 3600})

    async def change(self, request: web.Request, path: str) -> web.Response:
        body = await request.text()
        sent = await request.json() if body else None
        change = self._changes(sent).get((request.method, path))
        taken = self.write(f"{request.method} {request.path}", body or None, change or _nothing)
        if change is None:
            return json_response({"message": "not found"}, status=404)
        if not taken:
            return json_response({"message": "forbidden"}, status=403)
        if path == "actions/reboot" and self.version != "25.07":
            return _dropped(request)
        return web.Response(status=204, body=b"")

    def _changes(self, sent: Any) -> dict[tuple[str, str], Callable[[], object]]:
        return {
            ("PUT", "actions/pause"): lambda: self._pause(paused=True),
            ("PUT", "actions/resume"): lambda: self._pause(paused=False),
            ("PUT", "actions/start"): lambda: self._pause(paused=False),
            ("PUT", "actions/stop"): lambda: self._pause(paused=True),
            ("PUT", "actions/restart"): self.machine.restart,
            ("PUT", "actions/reboot"): self.machine.restart,
            ("PUT", "actions/locate"): lambda: self.set_light(bool(sent)),
            ("PUT", "performance/power-target"): lambda: self._limit(sent["watt"]),
            ("PUT", "performance/hashrate-target"): lambda: self._aim(sent["terahash_per_second"]),
            ("PUT", "performance/dps"): lambda: self.dps.update(sent),
            ("PATCH", "miner/hw/hashboards"): lambda: self._switch(sent),
        }

    def _pause(self, *, paused: bool) -> None:
        self.paused = paused
        (self.machine.stop if paused else self.machine.run)()

    def _limit(self, power_w: float) -> None:
        self.hashrate_target_ths = None
        self.machine.power_limit_w = power_w

    def _aim(self, hashrate_ths: float) -> None:
        self.hashrate_target_ths = hashrate_ths
        self.machine.power_limit_w = self.machine.power_for(hashrate_ths)

    def _switch(self, sent: dict[str, Any]) -> None:
        for board in sent["hashboard_ids"]:
            self.machine.set_board(int(board) - 1, enabled=sent["enable"])

    # Reads.

    def read(self, path: str) -> Any:
        readers: dict[str, Callable[[], Any]] = {
            "version": lambda: {"major": 1, "minor": 0, "patch": 0},
            "network": lambda: {"hostname": "Antminer", "mac_address": self.mac.lower()},
            "miner/details": self._details,
            "miner/stats": self._stats,
            "miner/hw/hashboards": lambda: {"hashboards": self._boards()},
            "miner/errors": lambda: {"errors": []},
            "actions/locate": lambda: self.fault_light,
            "configuration/miner": lambda: {"pool_groups": [], "tuner": self._tuner()},
            "configuration/constraints": self._constraints,
            "cooling/state": self._cooling,
            "performance/tuner-state": self._tuner_state,
            "performance/dps": lambda: self.dps,
            "pools": self._pools,
        }
        return readers[path]() if path in readers else None

    def _details(self) -> dict[str, Any]:
        uptime_s = self.machine.uptime_s
        return {
            "bos_version": {"bos_plus": True, "current": VERSIONS[self.version]},
            "bosminer_uptime_s": uptime_s,
            "control_board_soc_family": 3,
            "hostname": "Antminer",
            "mac_address": self.mac.lower(),
            "miner_identity": {"brand": 1, "miner_model": "Antminer S19 XP"},
            "serial_number": None,
            "status": PAUSED if self.paused else NORMAL,
            "sticker_hashrate": {"gigahash_per_second": 141000.0},
            "system_uptime_s": uptime_s,
        }

    def _stats(self) -> dict[str, Any]:
        accepted, rejected, stale = self.machine.shares()
        return {
            "miner_stats": _rates(self.machine.hashrate_ths, self.machine.expected_hashrate_ths),
            "pool_stats": {
                "accepted_shares": accepted,
                "rejected_shares": rejected,
                "stale_shares": stale,
            },
            "power_stats": {"approximated_consumption": {"watt": round(self.machine.power_w)}},
        }

    def _boards(self) -> list[dict[str, Any]]:
        machine = self.machine
        return [
            {
                "id": str(index + 1),
                "enabled": machine.boards_enabled[index],
                "board_temp": {"degree_c": round(machine.board_temperatures_c[index], 1)},
                "highest_chip_temp": {
                    "id": 1,
                    "location": 1,
                    "temperature": {"degree_c": round(machine.chip_temperatures_c[index], 1)},
                },
                "chips_count": machine.profile.chips_per_board,
                "current_frequency": {"hertz": 486704545.0},
                "current_voltage": {"volt": 12.93},
                "serial_number": f"NGSBYPDBCJBAG856{index}",
                "stats": _rates(hashrate_ths, hashrate_ths),
            }
            for index, hashrate_ths in enumerate(machine.board_hashrates_ths)
        ]

    def _cooling(self) -> dict[str, Any]:
        fans = [
            {"position": index, "rpm": rpm, "target_speed_ratio": 1.0}
            for index, rpm in enumerate(self.machine.fans_rpm)
        ]
        hottest_c = round(max(self.machine.chip_temperatures_c), 1)
        return {
            "fans": fans,
            "highest_temperature": {"location": 1, "temperature": {"degree_c": hottest_c}},
        }

    def _tuner(self) -> dict[str, Any]:
        aimed = self.hashrate_target_ths
        return {
            "enabled": True,
            "tuner_mode": 1 if aimed is None else 2,
            "power_target": {"watt": round(self.machine.power_limit_w)},
            "hashrate_target": None if aimed is None else {"terahash_per_second": aimed},
        }

    def _tuner_state(self) -> dict[str, Any]:
        target = {"watt": round(self.machine.power_limit_w)}
        return {
            "overall_tuner_state": 2,
            "mode_state": {"powertargetmodestate": {"current_target": target}},
        }

    def _constraints(self) -> dict[str, Any]:
        profile = self.machine.profile

        def bounds(unit: str, low: float, usual: float, high: float) -> dict[str, Any]:
            names = ("min", "default", "max")
            return {
                name: {unit: value} for name, value in zip(names, (low, usual, high), strict=True)
            }

        return {
            "tuner_constraints": {
                "power_target": bounds(
                    "watt",
                    round(profile.power_min_w),
                    round(profile.nominal_power_w),
                    round(profile.power_max_w),
                ),
                "hashrate_target": bounds("terahash_per_second", 60.0, 141.0, 160.0),
            }
        }

    def _pools(self) -> list[dict[str, Any]]:
        accepted, rejected, stale = self.machine.shares()
        pool = {
            "url": "stratum+tcp://main.example.pool:3333",
            "user": "somebody.one",
            "active": True,
            "alive": True,
            "enabled": True,
            "stats": {
                "accepted_shares": accepted,
                "rejected_shares": rejected,
                "stale_shares": stale,
            },
        }
        return [{"name": "group", "pools": [pool], "strategy": {"quota": {"value": 1}}}]


def _nothing() -> None:
    """Change nothing."""


def _rates(hashrate_ths: float, nominal_ths: float) -> dict[str, Any]:
    rate = {"gigahash_per_second": hashrate_ths * 1000}
    return {
        "best_share": 776342690,
        "found_blocks": 0,
        "nominal_hashrate": {"gigahash_per_second": nominal_ths * 1000},
        "real_hashrate": {"last_5s": rate, "last_1m": rate, "last_5m": rate},
    }


def _dropped(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


if __name__ == "__main__":
    asyncio.run(run_alone(Braiins, "An emulated Antminer with Braiins OS."))
