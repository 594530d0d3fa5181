"""An emulated Avalon 1246: the RPC with its values inside of strings.

Run one alone: ``python -m devtools.emulators.avalon --host 127.0.0.8``.
"""

import asyncio
from dataclasses import replace
from typing import Any

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .device import Device, Server, run_alone
from .rpc import RpcServer, section, status

PROFILE = replace(
    PROFILES["s19"],
    make="Avalon",
    model="1246",
    chips_per_board=120,
    nominal_hashrate_ths=90.0,
    nominal_power_w=3420.0,
)


class Avalon(Device):
    """An A series Avalon; ``softoff`` and ``softon`` take effect at once."""

    def __init__(self, host: str, **options: Any) -> None:
        self.off = False
        super().__init__(PROFILE, host, **options)

    def servers(self) -> list[Server]:
        return [RpcServer(self, self._answer)]

    def _answer(self, request: dict[str, Any]) -> Any:
        command, parameter = request["command"], request.get("parameter")
        if command == "ascset":
            return self._set(str(parameter))
        if command == "restart":
            return self._restart()
        self.log.add(command, parameter)
        content = self._read(command)
        if content is None:
            return status("E", "Invalid command", 14, self.epoch_s)
        return section(command.upper(), content, self.epoch_s)

    def _restart(self) -> Any:
        """The real one answers with a bare string for a status."""
        if not self.write("restart", None, self.machine.restart):
            return status("E", "Access denied to 'restart' command", 45, self.epoch_s)
        return {"STATUS": "RESTART", "id": 1}

    def _set(self, parameter: str) -> Any:
        _index, option, *_value = parameter.split(",")
        changes = {
            "softoff": lambda: self._soft(off=True),
            "softon": lambda: self._soft(off=False),
            "led": lambda: self.set_light(parameter.endswith("1-1")),
        }
        if not self.write("ascset", parameter, changes.get(option, lambda: None)):
            return status("E", "Access denied to 'ascset' command", 45, self.epoch_s)
        if option not in changes:
            return status("E", "ASC 0 set failed", 120, self.epoch_s)
        if option == "softon":
            return None
        return status("S", "ASC 0 set OK", 119, self.epoch_s)

    def _soft(self, *, off: bool) -> None:
        self.off = off
        (self.machine.stop if off else self.machine.run)()

    def _read(self, command: str) -> Any:
        machine = self.machine
        match command:
            case "version":
                return [
                    {
                        "CGMiner": "4.11.1",
                        "API": "3.7",
                        "PROD": "AvalonMiner 1246-83",
                        "MODEL": "1246-83",
                        "HWTYPE": "MM4v2_X3",
                        "SWTYPE": "MM314",
                        "VERSION": "21072802_4ec6bb0_211fc46",
                        "DNA": "02010000cbd2fd6d",
                        "MAC": self.mac.lower().replace(":", ""),
                    }
                ]
            case "devs":
                mhs = machine.hashrate_ths * 1e6
                return [
                    {"ASC": 0, "Name": "AVA10", "Enabled": "Y", "Status": "Alive", "MHS 1m": mhs}
                ]
            case "stats":
                return [
                    {
                        "Elapsed": machine.uptime_s,
                        "ID": "AVA100",
                        "MM Count": 1,
                        "MM ID0": self._mm(),
                    }
                ]
            case "pools":
                return self._pools()
            case "devdetails":
                return [{"DEVDETAILS": 0, "Name": "AVA10", "Driver": "avalon10", "Model": ""}]
        return None

    def _mm(self) -> str:
        """Return the string that holds nearly everything."""
        machine = self.machine
        values = {
            "Ver": "1246-83-21072802_4ec6bb0_211fc46",
            "DNA": "02010000cbd2fd6d",
            "SYSTEMSTATU": f"Work: In {'Idle' if self.off else 'Work'}, Hash Board: 3 ",
            "Elapsed": machine.uptime_s,
            "Temp": f"{machine.profile.ambient_c:.0f}",
            **{f"Fan{index}": rpm for index, rpm in enumerate(machine.fans_rpm, 1)},
            "PS": f"0 1214 1316 242 {machine.power_w:.0f} 1320 {machine.power_limit_w:.0f}",
            "GHSmm": f"{machine.expected_hashrate_ths * 1000:.2f}",
            "Freq": "502.41",
            "Led": int(self.fault_light),
            "MGHS": _row(value * 1000 for value in machine.board_hashrates_ths),
            "MTmax": _row(machine.chip_temperatures_c),
            "MTavg": _row(machine.board_temperatures_c),
            "SoftOFF": int(self.off),
        }
        return " ".join(f"{name}[{value}]" for name, value in values.items())

    def _pools(self) -> list[dict[str, Any]]:
        accepted, rejected, stale = self.machine.shares()
        return [
            {
                "POOL": 0,
                "URL": "stratum+tcp://main.example.pool:3333",
                "User": "somebody.one",
                "Status": "Alive",
                "Stratum Active": True,
                "Accepted": accepted,
                "Rejected": rejected,
                "Stale": stale,
            }
        ]


def _row(values: Any) -> str:
    return " ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    asyncio.run(run_alone(Avalon, "An emulated Avalon 1246."))
