"""What the CGMiner API's replies say, in the spellings of cgminer and of the common vendors."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ...records import Board, Pool, Reading, Temperature
from ..base import Identity
from ..values import (
    POWER_LIMIT_W,
    UPTIME_LIMIT_S,
    celsius,
    count,
    flag,
    mac,
    number,
    pool_url,
    text,
)
from .api import Reply, section

_PROGRAMMES = ("CGMiner", "BMMiner")
_HASHRATE_LIMIT_THS = 10_000.0
_FAN_LIMIT_RPM = 50_000
_BOARD_LIMIT = 99
_CHIP_LIMIT = 10_000

_UNITS_THS = {"": 1e-12, "K": 1e-9, "M": 1e-6, "G": 1e-3, "T": 1.0, "P": 1e3}
_HASHRATE_KEY = re.compile(r"([KMGTP])HS (?:(\d{1,5})([smh])|av)", re.IGNORECASE | re.ASCII)
_RATE_KEY = re.compile(r"rate_(?:(\d{1,5})([smh])|avg)", re.ASCII)
_HASHRATE_TEXT = re.compile(r"\s*([\d.]+)\s*([KMGTP]?)H/s\s*", re.IGNORECASE | re.ASCII)
_WINDOW_S = {"s": 1, "m": 60, "h": 3600}
_AVERAGE_S = 10**9
"""An average since the start comes after every window."""

_BOARD_KEY = re.compile(
    r"temp(?:erature)?(\d{1,2})|temp_(?:in_|out_)?pcb_?(\d{1,2})|temp_pic(\d{1,2})",
    re.IGNORECASE | re.ASCII,
)
_CHIP_KEY = re.compile(
    r"temp[23]_(\d{1,2})|temp_(?:in_|out_)?chip_?(\d{1,2})", re.IGNORECASE | re.ASCII
)
_REAR_KEY = re.compile(r"Temperature rear (top|bot)")
_CHAIN_KEY = re.compile(r"chain_(?:rate|acn)(\d{1,2})", re.ASCII)
_FAN_KEY = re.compile(r"fan(\d{1,2})", re.IGNORECASE | re.ASCII)
_ERROR_KEY = re.compile(r"Error Code \d{1,3}", re.ASCII)


def read_identity(version: Reply, details: Reply, summary: Reply) -> Identity:
    """Return who a miner is, from ``version``, ``devdetails`` and ``summary``."""
    about = _first(section(version, "VERSION"))
    device = _first(section(details, "DEVDETAILS"))
    make, _, model = (text(about.get("Type")) or text(about.get("PROD")) or "").partition(" ")
    program = next(
        (f"{name.lower()} {release}" for name in _PROGRAMMES if (release := text(about.get(name)))),
        None,
    )
    return Identity(
        make=make or text(device.get("Driver")),
        model=model or text(device.get("Model")),
        firmware=text(about.get("Miner")) or program,
        mac=mac(about.get("MAC")) or mac(_first(section(summary, "SUMMARY")).get("MAC")),
    )


def read_telemetry(summary: Reply, devs: Reply, stats: Reply, pools: Reply) -> Reading:
    """Return what a miner says of itself; a section that is missing leaves its values None."""
    total = _first(section(summary, "SUMMARY"))
    devices = section(devs, "DEVS")
    details = section(stats, "STATS")
    hashrate_ths = _present_hashrate(total, devices)
    sensors = _sensors(total, devices, details)
    return Reading(
        mining=None if hashrate_ths is None else hashrate_ths > 0,
        hashrate_ths=hashrate_ths,
        expected_hashrate_ths=_expected_hashrate(total, details),
        power_w=_power(total, ("Power_RT", "Power Realtime", "Power")),
        power_limit_w=_power(total, ("Power Limit",)),
        temperatures=_listed(sensors),
        boards=_boards(devices, details, sensors),
        fans_rpm=_fans(total, devices, details),
        psu_fans_rpm=_speeds(total, ("Power Fanspeed",)),
        uptime_s=_uptime(total),
        shares_accepted=count(total.get("Accepted")),
        shares_rejected=count(total.get("Rejected")),
        shares_stale=count(total.get("Stale")),
        hardware_errors=count(total.get("Hardware Errors")),
        best_share=number(total.get("Best Share"), 0, 1e15),
        pools=read_pools(pools),
        ambient_c=_ambient(total, details),
        messages=_messages(total, devices),
    )


def _first(items: list[Reply]) -> Reply:
    return items[0] if items else {}


def _power(total: Reply, keys: Iterable[str]) -> float | None:
    found = (number(total.get(key), 0, POWER_LIMIT_W) for key in keys)
    return next((round(power_w, 1) for power_w in found if power_w is not None), None)


def _uptime(total: Reply) -> int | None:
    """Return the mining program's run time, which a restart resets, else the machine's."""
    elapsed_s = count(total.get("Elapsed"), UPTIME_LIMIT_S)
    return count(total.get("Uptime"), UPTIME_LIMIT_S) if elapsed_s is None else elapsed_s


def _present_hashrate(total: Reply, devices: list[Reply]) -> float | None:
    """Return the hash rate now, in TH/s: averages of a disabled device do not count."""
    disabled = [flag(device.get("Enabled")) is False for device in devices]
    whole = None if any(disabled) else _hashrate(total)
    if whole is None and devices:
        rates = [
            0.0 if off else _hashrate(device) for off, device in zip(disabled, devices, strict=True)
        ]
        known = [rate for rate in rates if rate is not None]
        whole = sum(known) if len(known) == len(rates) else None
    return None if whole is None else round(whole, 4)


def _hashrate(fields: Reply) -> float | None:
    """Return the rate with the shortest window, in TH/s."""
    rates = sorted(rate for key, value in fields.items() for rate in _rate(key, value, fields))
    return rates[0][1] if rates else None


def _rate(key: str, value: Any, fields: Reply) -> list[tuple[int, float]]:
    """Return a field's window in seconds and its rate in TH/s, when it is a hash rate."""
    if match := _HASHRATE_KEY.fullmatch(key):
        unit, length, window = match.groups()
    elif match := _RATE_KEY.fullmatch(key):
        unit = _rate_unit(fields)
        length, window = match.groups()
    elif key == "HS RT":
        # Whatsminer: in MH/s for all its name, and the same number as "MHS 5m".
        unit, length, window = "M", "5", "m"
    else:
        return _rate_text(key, value)
    rate_ths = _ths(value, unit)
    window_s = int(length) * _WINDOW_S[window.lower()] if length else _AVERAGE_S
    return [] if rate_ths is None else [(window_s, rate_ths)]


def _rate_text(key: str, value: Any) -> list[tuple[int, float]]:
    """Return the rate of the spelling "RT HASHRATE": "19.22 GH/s"."""
    if key not in ("RT HASHRATE", "AV HASHRATE"):
        return []
    rate_ths = _ths_of_text(value)
    return [] if rate_ths is None else [(0 if key.startswith("RT") else _AVERAGE_S, rate_ths)]


def _ths(value: Any, unit: str) -> float | None:
    rate = number(value, 0, 1e18)
    rate_ths = None if rate is None else rate * _UNITS_THS[unit.upper()]
    return rate_ths if rate_ths is None or rate_ths <= _HASHRATE_LIMIT_THS else None


def _ths_of_text(value: Any) -> float | None:
    match = _HASHRATE_TEXT.fullmatch(value[:50]) if isinstance(value, str) else None
    return _ths(match[1], match[2]) if match else None


def _rate_unit(fields: Reply) -> str:
    """Return the unit of ``stats`` rates: GH unless it says otherwise."""
    unit = text(fields.get("rate_unit")) or "GH"
    return unit[0].upper() if unit[0].upper() in _UNITS_THS else "G"


def _expected_hashrate(total: Reply, details: list[Reply]) -> float | None:
    candidates = [
        _ths(total.get("Target MHS"), "M"),
        *(_ths(item.get("total_rateideal"), _rate_unit(item)) for item in details),
        _ths_of_text(total.get("THEORY HASHRATE")),
        _ths(total.get("Factory GHS"), "G"),
    ]
    return next((round(rate, 4) for rate in candidates if rate), None)


def stats_temperatures(details: Iterable[Reply]) -> tuple[Temperature, ...]:
    """Return the sensors that a ``stats`` reply lists, the hottest where several share a place."""
    return _listed(_hottest(_stats_sensors(details)))


def _stats_sensors(details: Iterable[Reply]) -> Iterable[tuple[str, float | None]]:
    for item in details:
        for key, value in item.items():
            if (place := _place(key)) is not None:
                yield place, celsius(value)


def _listed(sensors: dict[str, float]) -> tuple[Temperature, ...]:
    return tuple(
        Temperature(sensor=sensor, temperature_c=sensors[sensor]) for sensor in sorted(sensors)
    )


def _sensors(total: Reply, devices: list[Reply], details: list[Reply]) -> dict[str, float]:
    """Return the sensors that guard the hardware; a summary's own maximum where it is hotter."""
    sensors = _hottest([*_device_sensors(devices), *_stats_sensors(details)])
    known_c = max(sensors.values(), default=-math.inf)
    summary = _hottest(
        [
            ("board_max", celsius(total.get("Temperature"))),
            ("chip_max", celsius(total.get("Chip Temp Max"))),
        ]
    )
    return sensors | {place: value for place, value in summary.items() if value > known_c}


def _device_sensors(devices: list[Reply]) -> Iterable[tuple[str, float | None]]:
    for position, device in enumerate(devices):
        index = _index(device, position)
        yield f"board_{index}", celsius(device.get("Temperature"))
        yield f"chip_{index}", celsius(device.get("Chip Temp Max"))


@lru_cache(maxsize=1024)
def _place(key: str) -> str | None:
    """Return the sensor that a ``stats`` field belongs to; those count from 1."""
    if match := _CHIP_KEY.fullmatch(key):
        return f"chip_{_from_zero(match)}"
    if match := _BOARD_KEY.fullmatch(key):
        return f"board_{_from_zero(match)}"
    if match := _REAR_KEY.fullmatch(key):
        return f"rear_{match[1].lower()}"
    return "max" if key == "temp_max" else None


def _from_zero(match: re.Match[str]) -> int:
    return max(int(next(group for group in match.groups() if group)) - 1, 0)


def _hottest(found: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    sensors: dict[str, float] = {}
    for place, temperature_c in found:
        if temperature_c is not None:
            sensors[place] = max(temperature_c, sensors.get(place, temperature_c))
    return sensors


def _ambient(total: Reply, details: list[Reply]) -> float | None:
    values = [total.get("Env Temp"), *(item.get("Temperature front") for item in details)]
    known = map(celsius, values)
    return next((value for value in known if value is not None), None)


def _index(device: Reply, position: int) -> int:
    """Return a device's own number, as ``ascdisable`` and ``pgadisable`` take it."""
    index = count(device.get("ASC", device.get("PGA")), _BOARD_LIMIT)
    return position if index is None else index


def _boards(
    devices: list[Reply], details: list[Reply], sensors: dict[str, float]
) -> tuple[Board, ...]:
    """Return the chains that ``stats`` lists (Antminer), else one board for each device."""
    boards = {board.index: board for item in details for board in _chains(item, sensors)}
    if not boards:
        for position, device in enumerate(devices):
            board = _device_board(device, _index(device, position), sensors)
            boards.setdefault(board.index, board)
    return tuple(boards[index] for index in sorted(boards))


def _chains(item: Reply, sensors: dict[str, float]) -> Iterable[Board]:
    keys = (_CHAIN_KEY.fullmatch(key) for key in item)
    for chain in sorted({int(match[1]) for match in keys if match}):
        chips = count(item.get(f"chain_acn{chain}"), _CHIP_LIMIT)
        rate_ths = _ths(item.get(f"chain_rate{chain}"), _rate_unit(item))
        if not chips and not rate_ths:
            continue
        index = max(chain - 1, 0)
        marks = text(item.get(f"chain_acs{chain}")) or ""
        yield Board(
            index=index,
            hashrate_ths=None if rate_ths is None else round(rate_ths, 4),
            temperature_c=sensors.get(f"board_{index}"),
            chip_temperature_c=sensors.get(f"chip_{index}"),
            chips_working=chips,
            chips_expected=sum(mark in "oxX-" for mark in marks) or None,
            frequency_mhz=number(item.get(f"freq{chain}"), 1, 10_000),
        )


def _device_board(device: Reply, index: int, sensors: dict[str, float]) -> Board:
    enabled = flag(device.get("Enabled"))
    rate_ths = 0.0 if enabled is False else _hashrate(device)
    return Board(
        index=index,
        hashrate_ths=None if rate_ths is None else round(rate_ths, 4),
        temperature_c=sensors.get(f"board_{index}"),
        chip_temperature_c=sensors.get(f"chip_{index}"),
        chips_working=count(device.get("Effective Chips"), _CHIP_LIMIT),
        frequency_mhz=number(device.get("Chip Frequency"), 1, 10_000),
        enabled=enabled,
    )


def _fans(total: Reply, devices: list[Reply], details: list[Reply]) -> tuple[int, ...]:
    """Return the fans' speeds, a standing one as 0; none for a liquid-cooled machine."""
    if flag(total.get("Liquid Cooling")):
        return ()
    for item in details:
        if fans := _numbered_fans(item):
            return fans
    pair = ("Fan Speed In", "Fan Speed Out")
    return _speeds(total, pair) or _speeds(_first(devices), pair)


def _numbered_fans(item: Reply) -> tuple[int, ...]:
    """Return fan1, fan2, … without the slots that ``fan_num`` says are empty."""
    keys = {int(match[1]): key for key in item if (match := _FAN_KEY.fullmatch(key))}
    speeds = [count(item[keys[slot]], _FAN_LIMIT_RPM) for slot in sorted(keys)]
    known = [speed for speed in speeds if speed is not None]
    fitted = count(item.get("fan_num"), 100)
    for slot in reversed(range(len(known))):
        if fitted and len(known) > fitted and known[slot] == 0:
            del known[slot]
    return tuple(known)


def _speeds(fields: Reply, keys: Iterable[str]) -> tuple[int, ...]:
    speeds = (count(fields.get(key), _FAN_LIMIT_RPM) for key in keys)
    return tuple(speed for speed in speeds if speed is not None)


def read_pools(reply: Reply) -> tuple[Pool, ...]:
    """Return the pools that a reply to ``pools`` lists, without their users."""
    items = section(reply, "POOLS")
    pools: dict[int, Pool] = {}
    used = _pool_in_use(items)
    for position, item in enumerate(items):
        url = pool_url(item.get("URL"))
        index = count(item.get("POOL"), _BOARD_LIMIT)
        index = position if index is None else index
        if url is not None and index not in pools:
            pools[index] = _pool(item, index, url, in_use=position == used)
    return tuple(pools[index] for index in sorted(pools))


def _pool_in_use(items: list[Reply]) -> int | None:
    """Return the position of the connected pool with the highest priority, which is the least.

    A miner keeps others connected for a while after it has left them.
    """
    connected = [
        (position if (priority := count(item.get("Priority"))) is None else priority, position)
        for position, item in enumerate(items)
        if flag(item.get("Stratum Active"))
    ]
    return min(connected)[1] if connected else None


def _pool(item: Reply, index: int, url: str, *, in_use: bool) -> Pool:
    status = text(item.get("Status"))
    connected = flag(item.get("Stratum Active"))
    return Pool(
        index=index,
        url=url,
        active=None if connected is None else in_use,
        alive=None if status is None else status == "Alive",
        shares_accepted=count(item.get("Accepted")),
        shares_rejected=count(item.get("Rejected")),
        shares_stale=count(item.get("Stale")),
    )


def _messages(total: Reply, devices: list[Reply]) -> tuple[str, ...]:
    """Return error codes, and devices that are not alive."""
    codes = [text(f"{key}: {total[key]}") for key in total if _ERROR_KEY.fullmatch(key)]
    states = [
        f"device {_index(device, position)}: {state}"
        for position, device in enumerate(devices)
        if (state := text(device.get("Status"))) not in (None, "Alive")
    ]
    return tuple(message for message in (*codes[:32], *states) if message)
