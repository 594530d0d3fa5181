"""The status text of an Avalon: ``Name[value] Name[value value …]`` inside of a ``stats`` reply.

Names and units: Canaan's community API document and recorded replies.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...records import Board, Reading, Temperature
from ..cgminer.api import Reply, section
from ..sensors import with_sensors
from ..values import POWER_LIMIT_W, celsius, number

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_%]{0,30})\[([^\]\[]{0,4000})\]", re.ASCII)
_CHIPS = re.compile(r"PVT_T(\d{1,2})", re.ASCII)
_BOARD_ROWS = {"MTmax": "chip", "MTavg": "board", "HBITemp": "board", "HBOTemp": "outlet"}
"""Fields with one value a board, and the place that it is measured at."""
_SINGLE = {"TMax": "chip_max", "OTemp": "outlet"}
_PS_FIELDS = 7
_PS_RESERVED, _PS_OUTPUT_W = 4, 6

type Status = Mapping[str, str]


def read_status(stats: Reply) -> Status:
    """Return the fields of a ``stats`` reply's texts; the first of a name counts."""
    fields: dict[str, str] = {}
    for item in section(stats, "STATS"):
        for key, value in item.items():
            if isinstance(value, str) and (key.startswith("MM ID") or key == "HBinfo"):
                for name, content in _FIELD.findall(value[:65536]):
                    fields.setdefault(name, content.strip())
    return fields


def is_idle(status: Status) -> bool:
    """Return whether the machine does not hash; a Q then repeats its last board average."""
    return "In Idle" in status.get("SYSTEMSTATU", "") or number(status.get("GHSspd"), 0, 1e9) == 0


def power_w(status: Status) -> float | None:
    """Return the power that the machine reports, in W; None where no field is known to hold it.

    ``PS`` of a Q or Nano 3S: index 4 reserved, 5 the commanded voltage, 6 the output power. An
    A series machine has its DC side at index 4 and a value of unknown meaning at 6.
    """
    wall_w = number(status.get("WALLPOWER"), 0, POWER_LIMIT_W)
    if wall_w is not None:
        return wall_w
    supply = status.get("PS", "").split()
    if len(supply) != _PS_FIELDS or number(supply[_PS_RESERVED], -1e9, 1e9) != 0:
        return None
    return number(supply[_PS_OUTPUT_W], 0, POWER_LIMIT_W)


def temperatures(status: Status) -> Iterator[Temperature]:
    """Yield the sensors that guard the hardware; intake air (``Temp``, ``ITemp``) is not one."""
    for name, place in _SINGLE.items():
        if (value := celsius(status.get(name))) is not None:
            yield Temperature(sensor=place, temperature_c=value)
    for name, place in _BOARD_ROWS.items():
        for index, text in enumerate(status.get(name, "").split()[:16]):
            if (value := celsius(text)) is not None:
                yield Temperature(sensor=f"{place}_{index}", temperature_c=value)
    for name, content in status.items():
        match = _CHIPS.fullmatch(name)
        if match and (value := celsius(content.split())) is not None:
            yield Temperature(sensor=f"die_{match[1]}", temperature_c=value)


def refined(reading: Reading, status: Status) -> Reading:
    """Return a reading with what the status says of power, temperature and idling."""
    reading = replace(with_sensors(reading, temperatures(status)), power_w=power_w(status))
    if is_idle(status):
        boards = tuple(_idle(board) for board in reading.boards)
        return replace(reading, mining=False, hashrate_ths=0.0, boards=boards)
    mining = reading.hashrate_ths > 0 if reading.hashrate_ths is not None else reading.mining
    rates = [number(text, 0, 1e7) for text in status.get("MGHS", "").split()[:16]]
    boards = tuple(_hashing(board, rates) for board in reading.boards)
    return replace(reading, mining=mining, boards=boards)


def _hashing(board: Board, rates: list[float | None]) -> Board:
    """Return a board with the hash rate that the status has for it, where the library has none."""
    ghs = rates[board.index] if board.index < len(rates) else None
    if board.hashrate_ths is not None or ghs is None:
        return board
    return replace(board, hashrate_ths=round(ghs / 1000, 4))


def _idle(board: Board) -> Board:
    return replace(board, hashrate_ths=0.0)
