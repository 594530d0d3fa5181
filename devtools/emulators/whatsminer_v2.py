"""An emulated Whatsminer with API v2: reads are open, writes encrypted with a token.

Run one alone: ``python -m devtools.emulators.whatsminer_v2 --host 127.0.0.9``.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES
from custom_components.aiep_miner.engine.miners.whatsminer.crypt import decrypt, encrypt, md5_crypt

from .device import Device, Server, run_alone
from .rpc import RpcServer, section

PROFILE = replace(
    PROFILES["s19"],
    make="Whatsminer",
    model="M30S+",
    chips_per_board=135,
    fans=2,
    nominal_hashrate_ths=125.0,
    nominal_power_w=3300.0,
)
SALT, NEW_SALT = "BQ5hoXV9", "8HUGMG9J"
TOKEN_TIME = "4028"
MODEL = {"Name": "SM", "Driver": "bitmicro", "Kernel": "", "Model": "M30S+_VE40"}
WRITES = ("power_off", "power_on", "reboot", "adjust_power_limit", "set_led", "update_pools")


class WhatsminerV2(Device):
    """An M30S+; reads of ``psu_readable=False`` ones answer ``get_psu`` with an error."""

    firmware = "20230803.11.REL"

    def __init__(
        self, host: str, *, password: str = "admin", psu_readable: bool = True, **options: Any
    ) -> None:
        self.password = password
        self.psu_readable = psu_readable
        self.off = False
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [RpcServer(self, self._answer)]

    # Writes.

    def _answer(self, request: dict[str, Any]) -> Any:
        if "enc" in request:
            return self._encrypted(request["data"])
        command = request["command"]
        if command == "open_write_api":
            self.log.add(command, write=True)
            return self._error("open_write_api is off")
        self.log.add(command, request.get("parameter"))
        if command in WRITES:
            return self._error("token error")
        return self._read(command) or self._error("invalid cmd")

    @property
    def _token(self) -> tuple[str, str]:
        """Return the key of the encryption and the token that a write must carry."""
        key = md5_crypt(self.password, SALT)
        return key, md5_crypt(f"{key}{TOKEN_TIME}", NEW_SALT)

    def _encrypted(self, data: str) -> Any:
        key, token = self._token
        try:
            request = json.loads(decrypt(key, data))
        except ValueError:
            self.log.add("enc", "undecipherable")
            return self._error("enc json load err")
        reply = self._privileged(request, token)
        return {"enc": encrypt(key, json.dumps(reply).encode())}

    def _privileged(self, request: dict[str, Any], token: str) -> Any:
        command = request.get("cmd") or request["command"]
        changes: dict[str, Callable[[], None]] = {
            "power_off": lambda: self._power(off=True),
            "power_on": lambda: self._power(off=False),
            "reboot": self.machine.restart,
            "adjust_power_limit": lambda: self.set_power_limit(int(request["power_limit"])),
            "set_led": lambda: self.set_light(request.get("param") != "auto"),
        }
        parameter = request.get("power_limit") or request.get("respbefore")
        if request.get("token") == token and (read := self._read(command)):
            return read
        if command not in changes or request.get("token") != token:
            self.log.add(command, parameter, write=True)
            return self._error("token error")
        if not self.write(command, parameter, changes[command]):
            return self._message(45, "permission denied", "E")
        return self._message(131, "API command OK")

    def _power(self, *, off: bool) -> None:
        self.off = off
        (self.machine.stop if off else self.machine.run)()

    # Reads.

    def _message(self, code: int, message: Any, letter: str = "S") -> dict[str, Any]:
        return {
            "STATUS": letter,
            "When": self.epoch_s,
            "Code": code,
            "Msg": message,
            "Description": "",
        }

    def _error(self, message: str) -> dict[str, Any]:
        return self._message(14, message, "E")

    def _read(self, command: str) -> Any:
        sections: dict[str, Callable[[], Any]] = {
            "devdetails": lambda: [MODEL] * self.machine.profile.boards,
            "summary": lambda: [self._summary()],
            "devs": self._devs,
            "pools": self._pools,
        }
        if command in sections:
            return section(command.upper(), sections[command](), self.epoch_s)
        message = self._messages().get(command)
        return None if message is None else self._message(131, message)

    def _messages(self) -> dict[str, Any]:
        """Return what has its content in ``Msg``."""
        messages: dict[str, Any] = {
            "get_token": {"time": TOKEN_TIME, "salt": SALT, "newsalt": NEW_SALT},
            "get_version": {"api_ver": "2.0.5", "fw_ver": self.firmware, "platform": "H616"},
            "get_miner_info": {
                "hostname": "WhatsMiner",
                "ledstat": "blink" if self.fault_light else "auto",
                "mac": self.mac,
                "ip": self.host,
            },
            "get_error_code": {"error_code": []},
            "status": {"mineroff": "true" if self.off else "false"},
        }
        if self.psu_readable:
            messages["get_psu"] = {"name": "P222B", "fan_speed": "6000"}
        return messages

    def _summary(self) -> dict[str, Any]:
        machine = self.machine
        accepted, rejected, _stale = machine.shares()
        return {
            "Elapsed": machine.uptime_s,
            "HS RT": machine.hashrate_ths * 1e6,
            "MHS av": machine.hashrate_ths * 1e6,
            "Factory GHS": round(machine.expected_hashrate_ths * 1000),
            "Accepted": accepted,
            "Rejected": rejected,
            "Env Temp": machine.profile.ambient_c,
            "Fan Speed In": machine.fans_rpm[0],
            "Fan Speed Out": machine.fans_rpm[1],
            "Power": round(machine.power_w),
            "Power Limit": round(machine.power_limit_w),
            "Power Mode": "Normal",
            "MAC": self.mac,
        }

    def _devs(self) -> list[dict[str, Any]]:
        machine = self.machine
        return [
            {
                "ASC": index,
                "Slot": index,
                "Enabled": "Y",
                "Status": "Alive",
                "Temperature": round(machine.board_temperatures_c[index], 1),
                "Chip Frequency": 600,
                "Frequency": 600.0,
                "MHS av": hashrate_ths * 1e6,
                "Factory GHS": 42000,
                "Chip Temp Min": round(machine.chip_temperatures_c[index] - 15, 1),
                "Chip Temp Max": round(machine.chip_temperatures_c[index], 1),
                "Effective Chips": machine.profile.chips_per_board,
                "PCB SN": f"BHM5CSD1302803K3000{index}",
            }
            for index, hashrate_ths in enumerate(machine.board_hashrates_ths)
        ]

    def _pools(self) -> list[dict[str, Any]]:
        accepted, rejected, _stale = self.machine.shares()
        return [
            {
                "POOL": 1,
                "URL": "stratum+tcp://main.example.pool:3333",
                "User": "somebody.one",
                "Status": "Alive",
                "Stratum Active": True,
                "Accepted": accepted,
                "Rejected": rejected,
            }
        ]


if __name__ == "__main__":
    asyncio.run(run_alone(WhatsminerV2, "An emulated Whatsminer with API v2."))
