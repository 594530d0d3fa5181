"""An emulated stock Antminer S19: CGI behind digest authentication, and the RPC.

Run one alone: ``python -m devtools.emulators.antminer --host 127.0.0.6``.
"""

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .base import Fault
from .device import Device, Server, run_alone
from .http import Digest, HttpServer, json_response
from .rpc import RpcServer, section, status

PROFILE = replace(PROFILES["s19"], chips_per_board=76)
REALM = "antMiner Configuration"
COMPILED = "Tue Dec  6 16:12:30 CST 2022"
NORMAL, SLEEP, HIGH, LOW = range(4)
POWER_SHARE = {NORMAL: 1.0, HIGH: 1.1, LOW: 0.8}


class Antminer(Device):
    """A stock Antminer; its web side wants a password, its RPC does not."""

    def __init__(
        self, host: str, *, username: str = "root", password: str = "root", **options: Any
    ) -> None:
        self.digest = Digest(REALM, username, password)
        self.mode = NORMAL
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [HttpServer(self, self._web), RpcServer(self, self._rpc)]

    # The web side.

    async def _web(self, request: web.Request) -> web.Response:
        """Answer a CGI request; unauthenticated ones only meet the challenge."""
        if Fault.UNAUTHORIZED in self.faults or not self.digest.allows(request):
            self.log.add(f"{request.method} {request.path} (401)")
            return self.digest.challenge()
        name = request.path.removeprefix("/cgi-bin/").removesuffix(".cgi")
        if name in ("set_miner_conf", "reboot", "blink"):
            return await self._change(request, name)
        self.log.add(f"{request.method} {request.path}")
        reply = self._page(name)
        return json_response(reply) if reply is not None else json_response({}, status=404)

    def _page(self, name: str) -> Any:
        machine = self.machine
        match name:
            case "get_system_info":
                return {
                    "minertype": "Antminer S19",
                    "nettype": "DHCP",
                    "netdevice": "eth0",
                    "macaddr": self.mac,
                    "hostname": "Antminer",
                    "ipaddress": self.host,
                    "system_mode": "GNU/Linux",
                    "system_kernel_version": "Linux 4.9.113",
                    "system_filesystem_version": COMPILED,
                    "firmware_type": "Release",
                    "serinum": "SMTTYRHBDJAAI0001",
                }
            case "miner_type":
                return {
                    "miner_type": "Antminer S19",
                    "subtype": "AMLCtrl_BHB42603",
                    "fw_version": "",
                }
            case "summary":
                return self._web_summary()
            case "get_miner_conf":
                return self.conf()
            case "get_blink_status":
                return {"blink": self.fault_light}
            case "stats":
                return {"STATS": [{"elapsed": machine.uptime_s}]}
        return None

    def _web_summary(self) -> dict[str, Any]:
        state = {"type": "temp", "status": "s", "code": 0, "msg": ""}
        return {
            "STATUS": {
                "STATUS": "S",
                "when": self.epoch_s,
                "Msg": "summary",
                "api_version": "1.0.0",
            },
            "INFO": {"miner_version": "49.0.1.3", "CompileTime": COMPILED, "type": "Antminer S19"},
            "SUMMARY": [
                {
                    "elapsed": self.machine.uptime_s,
                    "rate_5s": self.machine.hashrate_ths * 1000,
                    "rate_unit": "GH/s",
                    "status": [{**state, "type": kind} for kind in ("rate", "network", "fans")],
                }
            ],
        }

    def conf(self) -> dict[str, Any]:
        """Return the configuration, passwords included, as the real one does."""
        pool = {"url": "stratum+tcp://main.example.pool:3333", "user": "somebody.one", "pass": "x"}
        return {
            "pools": [pool],
            "api-listen": True,
            "bitmain-fan-ctrl": False,
            "bitmain-fan-pwm": "100",
            "bitmain-use-vil": True,
            "bitmain-freq": "525",
            "bitmain-freq-level": "100",
            "bitmain-work-mode": str(self.mode),
            "bitmain-hashrate-percent": "100",
        }

    async def _change(self, request: web.Request, name: str) -> web.Response:
        body = await request.text()
        sent = await request.json() if body else {}
        changes = {
            "set_miner_conf": lambda: self._set_conf(sent),
            "reboot": self.machine.restart,
            "blink": lambda: self.set_light(str(sent.get("blink")).lower() == "true"),
        }
        if not self.write(f"{request.method} {request.path}", body, changes[name]):
            return json_response({"stats": "error", "code": "M999", "msg": "denied"}, status=403)
        return json_response({"stats": "success", "code": "M000", "msg": "OK!", "blink": True})

    def _set_conf(self, sent: dict[str, Any]) -> None:
        mode = sent.get("miner-mode", sent.get("bitmain-work-mode", NORMAL))
        self.mode = int(mode)
        if self.mode == SLEEP:
            self.machine.stop()
        else:
            self.machine.power_limit_w = PROFILE.nominal_power_w * POWER_SHARE[self.mode]
            self.machine.run()

    # The RPC.

    def _rpc(self, request: dict[str, Any]) -> Any:
        command = request["command"]
        self.log.add(command, request.get("parameter"))
        machine = self.machine
        accepted, rejected, stale = machine.shares()
        match command:
            case "version":
                version = {"BMMiner": "1.0.0", "API": "3.1", "Miner": "49.0.1.3"}
                version |= {"CompileTime": COMPILED, "Type": "Antminer S19"}
                return section("VERSION", [version], self.epoch_s)
            case "summary":
                summary = {
                    "Elapsed": machine.uptime_s,
                    "GHS 5s": machine.hashrate_ths * 1000,
                    "GHS av": machine.hashrate_ths * 1000,
                    "Accepted": accepted,
                    "Rejected": rejected,
                    "Stale": stale,
                    "Hardware Errors": 12,
                }
                return section("SUMMARY", [summary], self.epoch_s)
            case "stats":
                return section("STATS", [{"Type": "Antminer S19"}, self._stats()], self.epoch_s)
            case "pools":
                return section("POOLS", self._pools(accepted, rejected, stale), self.epoch_s)
        return status("E", "Invalid command", 14, self.epoch_s)

    def _stats(self) -> dict[str, Any]:
        machine = self.machine
        stats: dict[str, Any] = {
            "Elapsed": machine.uptime_s,
            "GHS 5s": machine.hashrate_ths * 1000,
            "rate_unit": "GH",
            "total_rateideal": machine.expected_hashrate_ths * 1000,
            "miner_count": machine.profile.boards,
            "fan_num": machine.profile.fans,
            "frequency": 525,
        }
        stats |= {f"fan{index}": rpm for index, rpm in enumerate(machine.fans_rpm, 1)}
        for index in range(machine.profile.boards):
            board_c = machine.board_temperatures_c[index]
            chip_c = machine.chip_temperatures_c[index]
            stats |= {
                f"chain_rate{index + 1}": f"{machine.board_hashrates_ths[index] * 1000:.2f}",
                f"chain_acn{index + 1}": machine.profile.chips_per_board,
                f"freq{index + 1}": 525,
                f"temp_pcb{index + 1}": _sensors(board_c),
                f"temp_chip{index + 1}": _sensors(chip_c),
            }
        return stats | {"temp_max": round(max(machine.chip_temperatures_c)), "temp_num": 3}

    def _pools(self, accepted: int, rejected: int, stale: int) -> list[dict[str, Any]]:
        pool = {
            "POOL": 0,
            "URL": "stratum+tcp://main.example.pool:3333",
            "User": "somebody.one",
            "Status": "Alive",
            "Stratum Active": True,
            "Accepted": accepted,
            "Rejected": rejected,
            "Stale": stale,
        }
        spare = {"URL": "stratum+tcp://fallback.example.pool:3334", "Stratum Active": False}
        return [pool, {**pool, "POOL": 1, "Accepted": 0, "Rejected": 0, "Stale": 0, **spare}]


def _sensors(hottest_c: float) -> str:
    """Return one text with four sensors, of which the first is the hottest."""
    return "-".join(f"{hottest_c - cooler_c:.0f}" for cooler_c in (0, 28, 9, 8))


if __name__ == "__main__":
    asyncio.run(run_alone(Antminer, "An emulated stock Antminer."))
