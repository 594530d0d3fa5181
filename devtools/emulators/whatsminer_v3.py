"""An emulated Whatsminer with API v3: framed JSON on port 4433, beside a little of v2.

Run one alone: ``python -m devtools.emulators.whatsminer_v3 --host 127.0.0.10``.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .device import Device, Server, run_alone
from .rpc import FramedServer, RpcServer, section, status

PROFILE = replace(
    PROFILES["s19"],
    make="Whatsminer",
    model="M60S",
    chips_per_board=75,
    fans=2,
    nominal_hashrate_ths=180.0,
    nominal_power_w=3500.0,
)
SALT = "uhCiDyVj"
TOKEN_CHARACTERS = 8


class WhatsminerV3(Device):
    """An M60S; each write carries a token made of command, password, salt and time."""

    firmware = "20251209.16.Rel2"

    def __init__(self, host: str, *, password: str = "super", **options: Any) -> None:
        self.password = password
        self.off = False
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [FramedServer(self, self._answer, 4433), RpcServer(self, self._legacy)]

    def _answer(self, request: dict[str, Any]) -> Any:
        command, parameter = request["cmd"], request.get("param")
        if command.startswith("set."):
            return self._set(command, parameter, request)
        self.log.add(command, parameter)
        content = self._read(command, parameter)
        if content is None:
            return self._reply(command, "invalid command", code=-1)
        return self._reply(command, content)

    def _reply(self, command: str, message: Any, code: int = 0) -> dict[str, Any]:
        return {"code": code, "when": self.epoch_s, "msg": message, "desc": command}

    def _set(self, command: str, parameter: Any, request: dict[str, Any]) -> Any:
        changes: dict[str, Callable[[], None]] = {
            "set.miner.service": lambda: self._service(str(parameter)),
            "set.system.reboot": self.machine.restart,
            "set.miner.power_limit": lambda: self.set_power_limit(float(parameter)),
            "set.system.led": lambda: self.set_light(parameter != "auto"),
        }
        known = command in changes and request.get("token") == self._token(request)
        change = changes.get(command) if known else None
        text = None if parameter is None else str(parameter)
        taken = self.write(command, text, change or (lambda: None))
        if not known:
            return self._reply(command, "token error", code=-4)
        return (
            self._reply(command, "ok") if taken else self._reply(command, "permission denied", -2)
        )

    def _token(self, request: dict[str, Any]) -> str:
        text = f"{request['cmd']}{self.password}{SALT}{request['ts']}"
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest())
        return digest.decode()[:TOKEN_CHARACTERS]

    def _service(self, what: str) -> None:
        self.off = what == "stop"
        (self.machine.stop if self.off else self.machine.run)()

    def _read(self, command: str, parameter: Any) -> Any:
        match command, parameter:
            case "get.device.info", _:
                return self._info()
            case "get.miner.status", "summary":
                return {"summary": self._summary()}
            case "get.miner.status", "pools":
                return {"pools": self._pools()}
            case "get.miner.status", "edevs":
                return {"edevs": self._boards()}
        return None

    def _info(self) -> dict[str, Any]:
        return {
            "miner": {
                "working": "false" if self.off else "true",
                "type": "M60S_VK40",
                "hash-board": "K40",
                "miner-sn": "BTM3CS40HD240831",
                "board-num": "3",
                "pcbsn0": "BKM3CSE1404807K42757",
            },
            "network": {"hostname": "WhatsMiner", "ip": self.host, "mac": self.mac},
            "power": {"fanspeed": 6344, "mode": "1", "model": "P221B"},
            "salt": SALT,
            "system": {
                "api": "3.0.2",
                "fwversion": self.firmware,
                "ledstatus": "blink" if self.fault_light else "auto",
                "platform": "H616",
            },
        }

    def _summary(self) -> dict[str, Any]:
        machine = self.machine
        return {
            "elapsed": machine.uptime_s,
            "board-temperature": [round(value, 1) for value in machine.board_temperatures_c],
            "chip-temp-max": round(max(machine.chip_temperatures_c), 1),
            "environment-temperature": machine.profile.ambient_c,
            "factory-hash": machine.expected_hashrate_ths,
            "fan-speed-in": machine.fans_rpm[0],
            "fan-speed-out": machine.fans_rpm[1],
            "hash-realtime": machine.hashrate_ths,
            "hash-average": machine.hashrate_ths,
            "power-limit": round(machine.power_limit_w),
            "power-realtime": machine.power_w,
        }

    def _boards(self) -> list[dict[str, Any]]:
        machine = self.machine
        return [
            {
                "id": index,
                "status": "alive",
                "chip-temp-min": round(chip_c - 15, 1),
                "chip-temp-max": round(chip_c, 1),
                "effective-chips": machine.profile.chips_per_board,
                "factory-hash": 60.0,
                "freq": 625.0,
                "hash-average": machine.board_hashrates_ths[index],
            }
            for index, chip_c in enumerate(machine.chip_temperatures_c)
        ]

    def _pools(self) -> list[dict[str, Any]]:
        return [
            {
                "account": "somebody.one",
                "status": "alive",
                "stratum-active": True,
                "url": "stratum+tcp://main.example.pool:3333",
            }
        ]

    def _legacy(self, request: dict[str, Any]) -> Any:
        """Answer on port 4028, which only tells who it is."""
        command = request["command"]
        self.log.add(command, request.get("parameter"), write=command == "open_write_api")
        match command:
            case "get_version":
                version = {"api_ver": "2.0.5", "fw_ver": self.firmware, "platform": "H616"}
                return {"STATUS": "S", "When": self.epoch_s, "Code": 131, "Msg": version}
            case "devdetails":
                details = {
                    "DEVDETAILS": 0,
                    "Name": "SM",
                    "Driver": "bitmicro",
                    "Model": "M60S_VK40",
                }
                return section("DEVDETAILS", [details], self.epoch_s)
        return status("E", "invalid cmd", 14, self.epoch_s)


if __name__ == "__main__":
    asyncio.run(run_alone(WhatsminerV3, "An emulated Whatsminer with API v3."))
