"""An emulated Antminer with LuxOS: everything over the RPC, writes within a session.

Run one alone: ``python -m devtools.emulators.luxos --host 127.0.0.7``.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .device import Device, Server, run_alone
from .rpc import RpcServer, pools, section, status, switch_pool

PROFILE = replace(
    PROFILES["s19"],
    model="S19k Pro",
    chips_per_board=77,
    nominal_hashrate_ths=120.0,
    nominal_power_w=2760.0,
)
NOMINAL_MHS = PROFILE.nominal_hashrate_ths / PROFILE.boards * 1e6
VERSION = {
    "API": "3.7",
    "LUXminer": "2025.4.8",
    "Miner": "2025.4.8.220305",
    "Type": "Antminer S19k Pro",
}
WRITES = ("curtail", "rebootdevice", "resetminer", "ledset", "profileset", "atmset", "fanset")
PROFILES = (
    ("190MHz", 784, 39.2),
    ("290MHz", 1188, 59.8),
    ("415MHz", 1872, 85.6),
    ("default", 2760, 120.0),
)
"""Name, power in W and hash rate in TH/s."""


class LuxOs(Device):
    """An S19k Pro with LuxOS; ``logon`` gives the session that writes need."""

    def __init__(self, host: str, **options: Any) -> None:
        self.session: str | None = None
        self.curtailed = False
        self.profile = "default"
        self.atm = True
        self.fan_percent = 60
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [RpcServer(self, self._answer)]

    def _answer(self, request: dict[str, Any]) -> Any:
        command, parameter = request["command"], request.get("parameter")
        if command in WRITES:
            return self._privileged(command, str(parameter))
        self.log.add(command, parameter)
        if command in ("logon", "session", "logoff"):
            return self._session(command)
        if command == "switchpool":
            return switch_pool(self, str(parameter))
        content = self._read(command)
        if content is None:
            return status("E", "Invalid command", 14, self.epoch_s)
        return section(command.upper().replace("GET", ""), content, self.epoch_s)

    def _session(self, command: str) -> Any:
        if command == "logon":
            if self.session is not None and self.exclusive:
                return status("E", "Session exists", 404, self.epoch_s)
            self.session = secrets.token_hex(4)
        elif command == "logoff":
            self.session = None
            return status("S", "Logged off", 314, self.epoch_s)
        return section("SESSION", [{"SessionID": self.session or ""}], self.epoch_s)

    def _privileged(self, command: str, parameter: str) -> Any:
        session, _, value = parameter.partition(",")
        changes: dict[str, Callable[[], None]] = {
            "curtail": lambda: self._curtail(value),
            "rebootdevice": self.machine.restart,
            "ledset": lambda: self.set_light(value == "red,blink"),
            "profileset": lambda: self._choose(value),
            "atmset": lambda: self._manage_heat(value == "enabled=true"),
            "fanset": lambda: self._fan(int(value.removeprefix("speed="))),
        }
        known = session == self.session and command in changes
        if not self.write(command, value or None, changes.get(command, lambda: None)) or not known:
            return status("E", "Session not found", 402, self.epoch_s)
        return status("S", f"{command} OK", 318, self.epoch_s)

    exclusive = False
    """Whether a second log-on is refused while there is a session."""

    def _choose(self, profile: str) -> None:
        self.profile = profile
        self.machine.power_limit_w = float(
            next(power for name, power, _ in PROFILES if name == profile)
        )

    def _manage_heat(self, on: bool) -> None:
        self.atm = on

    def _fan(self, percent: int) -> None:
        self.fan_percent = percent

    def _curtail(self, value: str) -> None:
        self.curtailed = value == "sleep"
        (self.machine.stop if self.curtailed else self.machine.run)()

    def _read(self, command: str) -> Any:
        machine = self.machine
        readers: dict[str, Callable[[], Any]] = {
            "version": lambda: [VERSION],
            "config": lambda: [self._config()],
            "summary": lambda: [{"Elapsed": machine.uptime_s}],
            "stats": lambda: [{"Type": VERSION["Type"]}, self._stats()],
            "devs": lambda: [{"Nominal MHS": NOMINAL_MHS}] * machine.profile.boards,
            "temps": self._temps,
            "fans": lambda: [
                {"ID": place, "RPM": rpm, "Speed": self.fan_percent}
                for place, rpm in enumerate(machine.fans_rpm)
            ],
            "power": lambda: [{"PSU": False, "Watts": round(machine.power_w)}],
            "pools": lambda: [{"GROUP": 0, "Quota": 1, **pool} for pool in pools(machine)],
            "profiles": lambda: [
                {"Profile Name": name, "Watts": power_w, "Hashrate": ths, "IsDynamic": True}
                for name, power_w, ths in PROFILES
            ],
            "events": list,
            "voltageget": lambda: [{"Board": 0, "Voltage": 13.2}],
        }
        return readers[command]() if command in readers else None

    def _config(self) -> dict[str, Any]:
        return {
            "ControlBoardType": "cvitek",
            "CurtailMode": "Sleep" if self.curtailed else "None",
            "Hostname": "luxos",
            "IPAddr": self.host,
            "MACAddr": self.mac.lower(),
            "Model": "Antminer S19k Pro",
            "OS": "LuxOS",
            "Profile": self.profile,
            "IsAtmEnabled": self.atm,
            "RedLed": "blink" if self.fault_light else "auto",
            "SerialNumber": "JYZZB0UBDJABF0001",
            "SystemStatus": "Normal",
        }

    def _stats(self) -> dict[str, Any]:
        machine = self.machine
        stats: dict[str, Any] = {
            "Elapsed": machine.uptime_s,
            "GHS 5s": machine.hashrate_ths * 1000,
            "rate_unit": "GH",
        }
        for index in range(machine.profile.boards):
            board_c = f"{machine.board_temperatures_c[index]:.0f}"
            stats |= {
                f"chain_acn{index + 1}": machine.profile.chips_per_board,
                f"chain_rate{index + 1}": f"{machine.board_hashrates_ths[index] * 1000:.2f}",
                f"freq{index + 1}": 500,
                f"temp_pcb{index + 1}": "-".join([board_c] * 4),
            }
        return stats

    def _temps(self) -> list[dict[str, Any]]:
        hot, cold = ("TopLeft", "BottomLeft"), ("TopRight", "BottomRight")
        return [
            {"ID": index, "TEMP": index}
            | dict.fromkeys(hot, round(chip_c, 1))
            | dict.fromkeys(cold, round(chip_c - 13, 1))
            for index, chip_c in enumerate(self.machine.chip_temperatures_c)
        ]


if __name__ == "__main__":
    asyncio.run(run_alone(LuxOs, "An emulated Antminer with LuxOS."))
