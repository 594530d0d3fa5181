"""An emulated miner that runs cgminer 4.11.1: the wire, its manners and its error replies.

Stand-alone: ``python -m devtools.emulators.cgminer --host 127.0.0.2 --port 4028``.
"""

import asyncio
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES, Profile

from .base import Emulator, Fault, arguments, deliver, stand_alone

REQUEST_LIMIT = 4095
"""One read of so many bytes is all that cgminer ever does."""
_DESCRIPTION = "cgminer 4.11.1"
_POOLS = ("stratum+tcp://pool.example:3333", "stratum+tcp://fallback.example:3333")
_UNSET_MIN = Decimal("99999999.000000")

type Section = tuple[str, list[dict[str, Any]]] | None
type Handler = Callable[[str | None], tuple[str, int, str, Section]]


class EmulatedCgminer(Emulator):
    """One device; each board of its machine is an ASC. Port 0 takes a free one.

    After ``restart`` the API is away for ``restart_s``; after ``quit`` until the fault
    ``down`` is switched on and off.
    """

    def __init__(
        self,
        profile: Profile = PROFILES["s19"],
        host: str = "127.0.0.1",
        *,
        port: int = 0,
        restart_s: float = 5.0,
        **options: Any,
    ) -> None:
        super().__init__(profile, host, **options)
        self.port = port
        self._restart_s = restart_s
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Lock()
        self._clients: set[asyncio.Task[None]] = set()
        self._restarting: asyncio.Task[None] | None = None
        self._frozen_ths = [0.0] * profile.boards

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def hang_up(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await server.wait_closed()

    async def __aexit__(self, *exc: object) -> None:
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        await super().__aexit__(*exc)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client; the next waits until this one is done, however long it idles."""
        client = cast("asyncio.Task[None]", asyncio.current_task())
        self._clients.add(client)
        ending = None
        try:
            async with self._turn:
                if Fault.UNAUTHORIZED in self.faults:
                    return
                if request := await reader.read(REQUEST_LIMIT):
                    reply, ending = self._answer(request)
                    await deliver(writer, self._framed(reply), self.faults)
        except ConnectionError:
            pass  # The client has gone; a restart that it asked for goes on.
        finally:
            self._clients.discard(client)
            writer.close()
        if ending is not None:
            self._restarting = asyncio.create_task(ending())

    def _framed(self, reply: str) -> bytes:
        raw = reply.encode(errors="surrogateescape")
        if Fault.BROKEN_JSON in self.faults:
            raw = raw.replace(b'":', b'"', 1)
        return raw if Fault.NO_NUL in self.faults else raw + b"\0"

    async def _restart(self) -> None:
        await self.hang_up()
        await asyncio.sleep(self._restart_s)
        if Fault.DOWN not in self.faults:
            await self.listen()

    # Requests.

    def _answer(self, request: bytes) -> tuple[str, Callable[[], Any] | None]:
        """Return the reply and, for the two commands that end the programme, what follows."""
        if not request.startswith(b"{"):
            command, _, parameter = request.decode(errors="surrogateescape").partition("|")
            return self._dispatch(command, parameter or None, _as_text)
        try:
            fields = json.loads(request)
        except ValueError:
            return _as_json(_status("E", 23, "Invalid JSON")), None
        if "command" not in fields:
            return _as_json(_status("E", 24, "Missing JSON 'command'")), None
        if not isinstance(fields["command"], str):
            return _as_json(_invalid_command()), None
        parameter = fields.get("parameter")
        return self._dispatch(
            fields["command"], None if parameter is None else str(parameter), _as_json
        )

    def _dispatch(
        self, command: str, parameter: str | None, render: Callable[[dict[str, Any]], str]
    ) -> tuple[str, Callable[[], Any] | None]:
        self.log.add(command, parameter, write=command in _WRITES)
        if "+" in command:
            parts = dict.fromkeys(part for part in command.split("+") if part)
            joined = {part: [self._reply(part, None, joined=True) | {"id": 1}] for part in parts}
            return render(joined), None
        if command in ("restart", "quit") and not self._denied(command):
            return self._end(command, render)
        return render(self._reply(command, parameter)), None

    def _end(
        self, command: str, render: Callable[[dict[str, Any]], str]
    ) -> tuple[str, Callable[[], Any] | None]:
        word = "RESTART" if command == "restart" else "BYE"
        reply = render({"STATUS": word}) if render is _as_json else word
        if Fault.IGNORE_WRITES in self.faults:
            return reply, None
        if command == "quit":
            return reply, self.hang_up
        self.machine.restart()
        return reply, self._restart

    def _denied(self, command: str) -> bool:
        return command in _PRIVILEGED and Fault.WRITE_DENIED in self.faults

    def _reply(
        self, command: str, parameter: str | None, *, joined: bool = False
    ) -> dict[str, Any]:
        handler = self._handlers().get(command)
        if handler is None:
            return _invalid_command()
        if self._denied(command) or (joined and command in _PRIVILEGED):
            return _status("E", 45, f"Access denied to '{command}' command")
        letter, code, message, section = handler(parameter)
        reply = _status(letter, code, message)
        return reply if section is None else reply | {section[0]: section[1]}

    def _handlers(self) -> dict[str, Handler]:
        boards = self.machine.profile.boards
        return {
            "version": lambda _: ("S", 22, "CGMiner versions", ("VERSION", [_VERSION])),
            "summary": lambda _: ("S", 11, "Summary", ("SUMMARY", [self._summary()])),
            "devs": lambda _: ("S", 9, f"{boards} ASC(s)", ("DEVS", self._devices())),
            "devdetails": lambda _: ("S", 69, "Device Details", ("DEVDETAILS", self._details())),
            "stats": lambda _: ("S", 70, "CGMiner stats", ("STATS", self._stats())),
            "pools": lambda _: ("S", 7, f"{len(_POOLS)} Pool(s)", ("POOLS", self._pools())),
            "config": lambda _: ("S", 33, "CGMiner config", ("CONFIG", [self._config()])),
            "asccount": lambda _: ("S", 104, "ASC count", ("ASCS", [{"Count": boards}])),
            "pgacount": lambda _: ("S", 59, "PGA count", ("PGAS", [{"Count": 0}])),
            "privileged": lambda _: ("S", 46, "Privileged access OK", None),
            "ascenable": lambda asc: self._switch(asc, enabled=True),
            "ascdisable": lambda asc: self._switch(asc, enabled=False),
            "switchpool": self._switch_pool,
            "restart": lambda _: ("S", 0, "", None),
            "quit": lambda _: ("S", 0, "", None),
        }

    def _switch(self, parameter: str | None, *, enabled: bool) -> tuple[str, int, str, Section]:
        machine = self.machine
        boards = machine.profile.boards
        if not parameter:
            return "E", 15, "Missing device id parameter", None
        asc = _atoi(parameter)
        if not 0 <= asc < boards:
            return "E", 107, f"Invalid ASC id {asc} - range is 0 - {boards - 1}", None
        if machine.boards_enabled[asc] is enabled:
            word = "enabled" if enabled else "disabled"
            return "I", 108 if enabled else 109, f"ASC {asc} already {word}", None
        if Fault.IGNORE_WRITES not in self.faults:
            self._frozen_ths[asc] = machine.board_hashrates_ths[asc]
            machine.set_board(asc, enabled=enabled)
        if enabled:
            return "I", 110, f"ASC {asc} sent enable message", None
        return "I", 111, f"ASC {asc} set disable flag", None

    def _switch_pool(self, parameter: str | None) -> tuple[str, int, str, Section]:
        if not parameter:
            return "E", 25, "Missing pool id parameter", None
        pool = _atoi(parameter)
        if not 0 <= pool < len(_POOLS):
            return "E", 26, f"Invalid pool id {pool} - range is 0 - {len(_POOLS) - 1}", None
        if Fault.IGNORE_WRITES not in self.faults:
            self.machine.pool = pool
        return "S", 27, f"Switching to pool {pool}:'{_POOLS[pool]}'", None

    # Sections.

    def _hashrates(self, present_ths: float, board: int | None = None) -> dict[str, Decimal]:
        """Return the averages; those of a disabled device stand still, as in cgminer."""
        machine = self.machine
        share = 1 if board is None else machine.profile.boards
        average_ths = machine.hashed_th / max(machine.uptime_s, 1) / share
        if board is not None and not machine.boards_enabled[board]:
            present_ths = self._frozen_ths[board]
        windows = {f"MHS {window}": _fixed(present_ths * 1e6, 2) for window in _WINDOWS}
        return {"MHS av": _fixed(average_ths * 1e6, 2), **windows}

    def _summary(self) -> dict[str, Any]:
        machine = self.machine
        accepted, rejected, stale = machine.shares()
        return {
            "Elapsed": machine.uptime_s,
            **self._hashrates(machine.hashrate_ths),
            "Found Blocks": 0,
            "Getworks": machine.uptime_s // 30,
            "Accepted": accepted,
            "Rejected": rejected,
            "Hardware Errors": accepted // 500,
            "Utility": _fixed(60 * accepted / max(machine.uptime_s, 1), 2),
            "Discarded": 2 * accepted,
            "Stale": stale,
            "Get Failures": 0,
            "Local Work": 4 * accepted,
            "Remote Failures": 0,
            "Network Blocks": machine.uptime_s // 600,
            "Total MH": _fixed(machine.hashed_th * 1e6, 4),
            "Difficulty Accepted": _fixed(accepted * 65536, 8),
            "Difficulty Rejected": _fixed(rejected * 65536, 8),
            "Difficulty Stale": _fixed(stale * 65536, 8),
            "Best Share": 65536 * accepted,
            "Device Hardware%": _fixed(0.2, 4),
            "Device Rejected%": _fixed(100 * rejected / max(accepted, 1), 4),
            "Last getwork": int(time.time()),
        }

    def _devices(self) -> list[dict[str, Any]]:
        machine = self.machine
        accepted, rejected, _stale = machine.shares()
        temperatures_c = machine.chip_temperatures_c or machine.board_temperatures_c
        return [
            {
                "ASC": index,
                "Name": "BTM",
                "ID": index,
                "Enabled": "Y" if enabled else "N",
                "Status": "Alive",
                "Temperature": _fixed(temperatures_c[index], 2),
                **self._hashrates(machine.board_hashrates_ths[index], index),
                "Accepted": accepted // machine.profile.boards,
                "Rejected": rejected // machine.profile.boards,
                "Hardware Errors": 0,
                "Last Share Pool": 0,
                "Device Elapsed": machine.uptime_s,
            }
            for index, enabled in enumerate(machine.boards_enabled)
        ]

    def _details(self) -> list[dict[str, Any]]:
        return [
            {
                "DEVDETAILS": index,
                "Name": "BTM",
                "ID": index,
                "Driver": "bitmain",
                "Kernel": "",
                "Model": "",
                "Device Path": "",
            }
            for index in range(self.machine.profile.boards)
        ]

    def _stats(self) -> list[dict[str, Any]]:
        machine = self.machine
        fans = machine.fans_rpm
        device = {
            "fan_num": len(fans),
            **{f"fan{index}": rpm for index, rpm in enumerate(fans, 1)},
            "temp_num": machine.profile.boards,
            **{
                f"temp{index}": round(temperature_c)
                for index, temperature_c in enumerate(machine.board_temperatures_c, 1)
            },
        }
        return [self._stats_item(0, "BTM0", device), self._stats_item(1, "POOL0", {})]

    def _stats_item(self, index: int, name: str, extra: dict[str, Any]) -> dict[str, Any]:
        zero = _fixed(0, 6)
        head = {"STATS": index, "ID": name, "Elapsed": self.machine.uptime_s, "Calls": 0}
        return head | {"Wait": zero, "Max": zero, "Min": _UNSET_MIN} | extra

    def _pools(self) -> list[dict[str, Any]]:
        """Return all pools; the one that was left stays connected for a while, as in cgminer."""
        return [self._pool(index, url) for index, url in enumerate(_POOLS)]

    def _pool(self, index: int, url: str) -> dict[str, Any]:
        accepted, rejected, stale = self.machine.shares(index)
        return {
            "POOL": index,
            "URL": url,
            "Status": "Alive",
            "Priority": 0 if index == self.machine.pool else 1,
            "Quota": 1,
            "Long Poll": "N",
            "Accepted": accepted,
            "Rejected": rejected,
            "Stale": stale,
            "User": "emulated.worker",
            "Last Share Time": int(time.time()),
            "Has Stratum": True,
            "Stratum Active": True,
            "Stratum URL": url.partition("//")[2].partition(":")[0],
            "Pool Rejected%": _fixed(100 * rejected / max(accepted, 1), 4),
        }

    def _config(self) -> dict[str, Any]:
        return {
            "ASC Count": self.machine.profile.boards,
            "PGA Count": 0,
            "Pool Count": len(_POOLS),
            "Strategy": "Failover",
            "Log Interval": 5,
            "Device Code": "BTM ",
            "OS": "Linux",
            "Hotplug": "None",
        }


_WINDOWS = ("5s", "1m", "5m", "15m")
_NUMBERED = frozenset({"STATUS", "ASC", "POOL", "STATS", "DEVDETAILS"})
"""Begin an item of the text protocol instead of the section's name."""
_VERSION = {"CGMiner": "4.11.1", "API": "3.7"}
_WRITES = frozenset({"ascenable", "ascdisable", "switchpool", "restart", "quit"})
_PRIVILEGED = _WRITES | {"privileged"}


def _status(letter: str, code: int, message: str) -> dict[str, Any]:
    head = {"STATUS": letter, "When": int(time.time()), "Code": code, "Msg": message}
    return {"STATUS": [head | {"Description": _DESCRIPTION}]}


def _invalid_command() -> dict[str, Any]:
    """Return the one error that does not say which programme it is."""
    reply = _status("E", 14, "Invalid command")
    del reply["STATUS"][0]["Description"]
    return reply


def _atoi(value: str) -> int:
    """Return what C's atoi makes of a text."""
    digits = value.strip()
    sign, digits = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    length = next((at for at, letter in enumerate(digits) if letter not in "0123456789"), None)
    return sign * int(digits[:length] or "0")


def _fixed(value: float, digits: int) -> Decimal:
    return round(Decimal(value), digits)


def _as_json(reply: dict[str, Any]) -> str:
    return _json(reply | {"id": 1})


def _json(value: Any) -> str:
    """Return JSON as cgminer prints it: fixed decimals, control characters as they are."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{key}":{_json(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _plain(value)


def _as_text(reply: dict[str, Any]) -> str:
    """Return the reply in the text protocol: NAME,key=value,…|"""
    return "".join(
        f"{'' if next(iter(item)) in _NUMBERED else name + ','}"
        + ",".join(f"{key}={_plain(value)}" for key, value in item.items())
        + "|"
        for name, items in reply.items()
        for item in items
    )


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _main() -> None:
    options = arguments("An emulated cgminer.").parse_args()
    emulator = EmulatedCgminer(
        PROFILES[options.profile],
        options.host,
        port=options.port,
        seed=options.seed,
        time_scale=options.time_scale,
    )
    await stand_alone(emulator, options.control, lambda: emulator.port)


if __name__ == "__main__":
    asyncio.run(_main())
