"""Emulated Avalons: A1246, Q and Nano 3S; the RPC with its values inside of texts.

Run one alone: ``python -m devtools.emulators.avalon --host 127.0.0.8``.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES, Profile

from .device import Device, Server, run_alone
from .rpc import RpcServer, pools, section, status, switch_pool

PROFILE = replace(
    PROFILES["s19"],
    make="Avalon",
    model="1246",
    chips_per_board=120,
    nominal_hashrate_ths=90.0,
    nominal_power_w=3420.0,
)
PROFILE_Q = replace(
    PROFILES["s19"],
    make="Avalon",
    model="Q",
    boards=1,
    chips_per_board=160,
    nominal_hashrate_ths=90.0,
    nominal_power_w=1674.0,
    standby_w=20.0,
    power_min_w=800.0,
    power_max_w=1674.0,
)
PROFILE_NANO = replace(
    PROFILES["s19"],
    make="Avalon",
    model="Nano3s",
    boards=1,
    chips_per_board=12,
    fans=1,
    nominal_hashrate_ths=6.6,
    nominal_power_w=140.0,
    standby_w=5.0,
    power_min_w=60.0,
    power_max_w=140.0,
)


class Avalon(Device):
    """An A series Avalon; ``softoff`` and ``softon`` take effect at once."""

    profile: Profile = PROFILE

    def __init__(self, host: str, **options: Any) -> None:
        self.off = False
        super().__init__(self.profile, host, **options)

    def servers(self) -> list[Server]:
        return [RpcServer(self, self._answer)]

    def _answer(self, request: dict[str, Any]) -> Any:
        command, parameter = request["command"], request.get("parameter")
        if command == "ascset":
            return self._set(str(parameter))
        if command == "restart":
            return self._restart()
        if command == "switchpool":
            return switch_pool(self, str(parameter))
        self.log.add(command, parameter)
        content = self._read(command)
        if content is None:
            return status("E", "Invalid command", 14, self.epoch_s)
        return section(command.upper(), content, self.epoch_s)

    def _restart(self) -> Any:
        """The real one answers with a bare string for a status."""
        if not self.write("restart", None, self.machine.restart):
            return self._denied("restart")
        return {"STATUS": "RESTART", "id": 1}

    def _denied(self, command: str) -> Any:
        return status("E", f"Access denied to '{command}' command", 45, self.epoch_s)

    def _set(self, parameter: str) -> Any:
        _index, option, *values = parameter.split(",")
        change = self.changes(values).get(option)
        if not self.write("ascset", parameter, change or (lambda: None)):
            return self._denied("ascset")
        if change is None:
            return status("E", "ASC 0 set failed", 120, self.epoch_s)
        return self.said(option, values)

    def said(self, option: str, _values: list[str]) -> Any:
        """Return the answer to a setting that was taken; a start closes the connection."""
        return None if option == "softon" else status("S", "ASC 0 set OK", 119, self.epoch_s)

    def changes(self, values: list[str]) -> dict[str, Callable[[], object]]:
        """Return what each setting changes."""
        return {
            "softoff": lambda: self.soft(off=True),
            "softon": lambda: self.soft(off=False),
            "led": lambda: self.set_light(values[-1] == "1-1"),
            "reboot": self.reboot,
        }

    def soft(self, *, off: bool) -> None:
        """Stop or start hashing."""
        self.off = off
        (self.machine.stop if off else self.machine.run)()

    def reboot(self) -> None:
        """Begin anew."""
        self.off = False
        self.machine.restart()

    def version(self) -> dict[str, Any]:
        return {
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

    def _read(self, command: str) -> Any:
        machine = self.machine
        mhs = machine.hashrate_ths * 1e6
        readers: dict[str, Callable[[], Any]] = {
            "version": lambda: [self.version()],
            "devs": lambda: [
                {"ASC": 0, "Name": "AVALON", "Enabled": "Y", "Status": "Alive", "MHS 1m": mhs}
            ],
            "summary": lambda: [{"Elapsed": machine.uptime_s, "MHS 1m": mhs}],
            "stats": self.stats,
            "pools": lambda: pools(machine),
            "devdetails": lambda: [
                {"DEVDETAILS": 0, "Name": "AVA10", "Driver": "avalon10", "Model": ""}
            ],
        }
        return readers[command]() if command in readers else None

    def stats(self) -> list[dict[str, Any]]:
        """Return the section whose texts hold nearly everything."""
        elapsed = self.machine.uptime_s
        mm = _text(self.mm())
        return [{"Elapsed": elapsed, "ID": "AVA100", "MM Count": 1, "MM ID0": mm}]

    def mm(self) -> dict[str, Any]:
        """Return the fields of the status text."""
        machine = self.machine
        return {
            "Ver": "1246-83-21072802_4ec6bb0_211fc46",
            "DNA": "02010000cbd2fd6d",
            "SYSTEMSTATU": f"Work: In {'Idle' if self.off else 'Work'}, Hash Board: 3 ",
            "Elapsed": machine.uptime_s,
            "Temp": f"{machine.profile.ambient_c:.0f}",
            "TMax": f"{max(machine.chip_temperatures_c):.0f}",
            **{f"Fan{index}": rpm for index, rpm in enumerate(machine.fans_rpm, 1)},
            # DC side at index 4: 13.16 V times 242 A.
            "PS": "0 1214 1316 242 3189 1320 3504",
            "GHSspd": f"{machine.hashrate_ths * 1000:.2f}",
            "GHSmm": f"{machine.expected_hashrate_ths * 1000:.2f}",
            "Freq": "502.41",
            "Led": int(self.fault_light),
            "MGHS": _row(value * 1000 for value in machine.board_hashrates_ths),
            "MTmax": _row(machine.chip_temperatures_c),
            "MTavg": _row(machine.board_temperatures_c),
            "TA": machine.profile.boards * machine.profile.chips_per_board,
            "SoftOFF": int(self.off),
        }


class AvalonQ(Avalon):
    """An Avalon Q: work modes, a fan and a target temperature that can be set, no light."""

    profile = PROFILE_Q
    work_modes_w = (800.0, 1300.0, 1674.0)
    """Power in W by work mode: eco, standard, super."""
    product, model, firmware, core = "Avalon Q", "Q", "Q-25052801_14a19a2", "MM319"

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self.work_mode = len(self.work_modes_w) - 1
        self.fan_percent: str | None = None
        """As it was set; None while it is automatic."""
        self.target_c = 65
        self._last_mghs = self.profile.nominal_hashrate_ths * 1000

    def changes(self, values: list[str]) -> dict[str, Callable[[], object]]:
        changes = super().changes(values)
        del changes["led"]
        return changes | {
            "workmode": lambda: self.set_work_mode(int(values[-1])),
            "fan-spd": lambda: self.set_fan(values[-1]),
            "target-temp": lambda: self.set_target(int(values[-1])),
        }

    def said(self, option: str, values: list[str]) -> Any:
        if option in ("softon", "softoff"):
            moment = values[0].partition(":")[2]
            message = f"ASC 0 set info: success {option}:{moment}"
            return status("I", message, 118, self.epoch_s)
        return super().said(option, values)

    def set_work_mode(self, mode: int) -> None:
        """Take a work mode, which restarts the hashing."""
        self.work_mode = mode
        self.machine.power_limit_w = self.work_modes_w[mode]

    def set_fan(self, value: str) -> None:
        """Take a fan speed in %; -1 gives it back to the firmware."""
        self.fan_percent = None if value == "-1" else value

    def set_target(self, target_c: int) -> None:
        """Take the temperature that the fans regulate to."""
        self.target_c = target_c

    def version(self) -> dict[str, Any]:
        return {
            "CGMiner": "4.11.1",
            "API": "3.7",
            "PROD": self.product,
            "MODEL": self.model,
            "HWTYPE": "Q_MM1v1_X1",
            "SWTYPE": self.core,
            "LVERSION": "25052801_14a19a2",
            "BVERSION": "25052801_14a19a2",
            "CGVERSION": "25052801_14a19a2",
            "DNA": "01234567890123456789012345678901",
            "MAC": self.mac.lower().replace(":", ""),
        }

    def stats(self) -> list[dict[str, Any]]:
        chips = _row(self.dies(), digits=0)
        return [
            {
                "Elapsed": self.machine.uptime_s,
                "ID": "AVALON0",
                "HBinfo": f"'HB0':{{PVT_T0[ {chips}] PVT_V0[ {_ones(282)}] MW0[ {_ones(600)}]}}",
                "MM ID0:Summary": f"'STATS':{{{_text(self.mm())}}}",
            }
        ]

    def dies(self) -> list[float]:
        """Return temperatures of single dies, the hottest among them."""
        (chip_c,) = self.machine.chip_temperatures_c
        return [chip_c - 9, chip_c, chip_c - 4]

    def mm(self) -> dict[str, Any]:
        machine = self.machine
        (board_c,), (chip_c,) = machine.board_temperatures_c, machine.chip_temperatures_c
        if not self.off:
            self._last_mghs = machine.board_hashrates_ths[0] * 1000
        ghs = 0.0 if self.off else machine.hashrate_ths * 1000
        return {
            "Ver": self.firmware,
            "STATE": 2,
            "SYSTEMSTATU": f"Work: In {'Idle' if self.off else 'Work'}, Hash Board: 1",
            "Elapsed": machine.uptime_s,
            "ITemp": f"{machine.profile.ambient_c:.0f}",
            "HBITemp": f"{board_c - 20:.0f}",
            "HBOTemp": f"{board_c:.0f}",
            "TMax": 0 if self.off else f"{chip_c:.0f}",
            "TAvg": 0 if self.off else f"{chip_c - 5:.0f}",
            "TarT": self.target_c,
            **{f"Fan{index}": rpm for index, rpm in enumerate(machine.fans_rpm, 1)},
            "FanR": f"{self.fan_percent or 45}%",
            # 5: the commanded voltage in hundredths of a V, 6: the output power in W.
            "PS": f"0 1222 4 0 0 2245 {machine.power_w:.0f}",
            "GHSspd": f"{ghs:.2f}",
            "GHSmm": f"{machine.expected_hashrate_ths * 1000:.2f}",
            "Freq": "282.86",
            "MGHS": f"{self._last_mghs:.2f}",
            "TA": machine.profile.chips_per_board,
            "SoftOFF": 4 if self.off else 0,
            "WORKMODE": self.work_mode,
            "WORKLEVEL": 0,
            "MPO": f"{self.work_modes_w[self.work_mode]:.0f}",
        }


class Nano3S(AvalonQ):
    """An Avalon Nano 3S."""

    profile = PROFILE_NANO
    work_modes_w = (70.0, 100.0, 140.0)
    product, model, firmware, core = "Avalon Nano3s", "Nano3s", "Nano3s-25021401_56abae7", "MM319"

    def stats(self) -> list[dict[str, Any]]:
        dies = _row(self.dies(), digits=0)
        fields = {**self.mm(), "LED": "0-0", "PVT_T0": f" {dies}"}
        return [{"Elapsed": self.machine.uptime_s, "ID": "AVALON0", "MM ID0": _text(fields)}]

    def mm(self) -> dict[str, Any]:
        fields = super().mm()
        del fields["HBITemp"], fields["HBOTemp"]
        return {**fields, "ITemp": -273, "OTemp": f"{self.machine.board_temperatures_c[0]:.0f}"}


def _text(values: dict[str, Any]) -> str:
    return " ".join(f"{name}[{value}]" for name, value in values.items())


def _row(values: Any, digits: int = 2) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


def _ones(value: int) -> str:
    return f"{value} {value} {value}"


if __name__ == "__main__":
    asyncio.run(run_alone(Avalon, "An emulated Avalon 1246."))
