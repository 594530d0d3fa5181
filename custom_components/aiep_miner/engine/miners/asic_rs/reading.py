"""A poll of pyasic-rs, copied into our own records; the library's objects go no further."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from pyasic_rs.data import (
    BoardData,
    DataField,
    FanData,
    HashRate,
    HashRateUnit,
    MessageSeverity,
    MinerData,
    OperatingState,
    PoolData,
)

from ...records import Board, Pool, Reading, Temperature
from .. import values

FIELDS = tuple(value for value in vars(DataField).values() if isinstance(value, DataField))
"""Every field that the library can read."""

_STOPPED = frozenset(
    {
        OperatingState.Paused(),
        OperatingState.Stopped(),
        OperatingState.Suspended(),
        OperatingState.Idling(),
        OperatingState.Restricted(),
        OperatingState.Error(),
    }
)
_MIN_EFFICIENCY_J_PER_TH = 2.0
"""No SHA-256 machine needs so little: a hash rate at less power is an old average."""
_HASHRATE_LIMIT_THS = 10_000.0
_FAN_LIMIT_RPM = 50_000.0
_FREQUENCY_LIMIT_MHZ = 10_000.0
_VOLTAGE_LIMIT_V = 1_000.0
_BEST_SHARE_LIMIT = 1e15
_AIR_MAKES = ("Whatsminer", "Avalonminer")
"""Their ``fluid_temperature`` is the air around them."""
_MAX_MESSAGES = 16
_SHARES_COUNTERS = "Bitaxe"
"""Reports the same share counters for both of its pools."""
_LEAVES_OUT_DEAD_FANS = "AntMiner Stock"


def only(*fields: DataField) -> list[DataField]:
    """Return what to exclude so that nothing but these fields is read."""
    wanted = {int(field) for field in fields}
    return [field for field in FIELDS if int(field) not in wanted]


def is_failed(data: MinerData) -> bool:
    """Return whether a poll brought nothing: the library returns data for dead hosts too."""
    vital = (data.hashrate, data.mac, data.firmware_version, _uptime(data))
    return all(value is None for value in vital)


def mac_of(data: MinerData) -> str | None:
    """Return the MAC address in lower case with colons."""
    return _mac(data.mac)


_mac = lru_cache(maxsize=1024)(values.mac)
"""Addresses and URLs do not change from poll to poll."""


def to_reading(data: MinerData) -> Reading:
    """Copy a poll that did not fail; what is unknown, absurd or not finite becomes None."""
    boards = tuple(_board(item) for item in data.hashboards if _says_something(item))
    pools = _pools(data)
    make = data.device_info.make
    return Reading(
        mining=is_mining(data),
        hashrate_ths=_ths(data.hashrate),
        expected_hashrate_ths=_ths(data.expected_hashrate) or None,
        power_w=_watts(data.wattage),
        power_limit_w=_watts(data.tuning_target.watts) if data.tuning_target else None,
        temperatures=_temperatures(boards, data.average_temperature),
        boards=boards,
        fans_rpm=_fans_rpm(data),
        psu_fans_rpm=tuple(_rpm(data.psu_fans).values()),
        uptime_s=_seconds(_uptime(data)),
        shares_accepted=_total(pool.shares_accepted for pool in pools),
        shares_rejected=_total(pool.shares_rejected for pool in pools),
        best_share=values.number(data.best_share, 0, _BEST_SHARE_LIMIT),
        pools=pools,
        ambient_c=values.celsius(data.fluid_temperature) if make in _AIR_MAKES else None,
        fault_light=data.light_flashing,
        messages=_messages(data),
    )


def is_mining(data: MinerData) -> bool | None:
    """Return whether it hashes, from its state, hash rate and power; None when unknown.

    A claim that it mines proves nothing: for many makes it is constant.
    """
    if data.operating_state in _STOPPED:
        return False
    hashrate_ths = _ths(data.hashrate)
    if hashrate_ths is None:
        return None if data.is_mining else False
    power_w = _watts(data.wattage)
    if power_w is not None and power_w < hashrate_ths * _MIN_EFFICIENCY_J_PER_TH:
        return False
    return hashrate_ths > 0


def _ths(rate: HashRate | None) -> float | None:
    if rate is None:
        return None
    return values.number(rate.as_unit(HashRateUnit.TeraHash).value, 0, _HASHRATE_LIMIT_THS)


def _watts(value: float | None) -> float | None:
    return values.number(value, 0, values.POWER_LIMIT_W)


def _uptime(data: MinerData) -> timedelta | None:
    """Return the uptime; a number of seconds that no timedelta holds makes the library raise."""
    try:
        return data.uptime
    except ValueError, OverflowError:
        return None


def _seconds(value: timedelta | None) -> int | None:
    return None if value is None else values.count(value.total_seconds(), values.UPTIME_LIMIT_S)


def _says_something(board: BoardData) -> bool:
    """Return whether anything is known of a board beyond what its model should have."""
    known = (board.hashrate, board.board_temperature, board.working_chips, board.frequency)
    return any(value is not None for value in known)


def _board(board: BoardData) -> Board:
    chips_c = [value for value in map(values.celsius, _chip_sensors(board)) if value is not None]
    return Board(
        index=board.position,
        hashrate_ths=_ths(board.hashrate),
        temperature_c=values.celsius(board.board_temperature),
        chip_temperature_c=max(chips_c, default=None),
        chips_working=board.working_chips,
        chips_expected=board.expected_chips,
        voltage_v=values.number(board.voltage, 0, _VOLTAGE_LIMIT_V),
        frequency_mhz=values.number(board.frequency, 0, _FREQUENCY_LIMIT_MHZ),
        enabled=board.active,
    )


def _chip_sensors(board: BoardData) -> tuple[float | None, ...]:
    dies = (chip.temperature for chip in board.chips)
    return (board.inlet_chip_temperature, board.outlet_chip_temperature, *dies)


def _temperatures(boards: tuple[Board, ...], average_c: float | None) -> tuple[Temperature, ...]:
    """Return every board's sensors, or the average where there are none."""
    sensors = [(f"board_{board.index}", board.temperature_c) for board in boards]
    sensors += [(f"chip_{board.index}", board.chip_temperature_c) for board in boards]
    known = [(name, value) for name, value in sensors if value is not None]
    if not known and (average_c := values.celsius(average_c)) is not None:
        known = [("average", average_c)]
    return tuple(Temperature(sensor=name, temperature_c=value) for name, value in known)


def _fans_rpm(data: MinerData) -> tuple[int, ...]:
    """Return the fans' speeds, with zeros where the library leaves out fans that stand still."""
    speeds = _rpm(data.fans)
    if data.device_info.firmware == _LEAVES_OUT_DEAD_FANS and speeds:
        speeds = dict.fromkeys(range(data.expected_fans or 0), 0) | speeds
    return tuple(speeds[position] for position in sorted(speeds))


def _rpm(fans: list[FanData]) -> dict[int, int]:
    known = {fan.position: values.number(fan.rpm, 0, _FAN_LIMIT_RPM) for fan in fans}
    return {position: round(rpm) for position, rpm in known.items() if rpm is not None}


def _pools(data: MinerData) -> tuple[Pool, ...]:
    """Return the configured pools; a dead BitAxe reports two at port 0."""
    flat = [pool for group in data.pools for pool in group.pools]
    real = [pool for pool in flat if pool.url and pool.url.host and pool.url.port]
    shared = data.device_info.make == _SHARES_COUNTERS
    pools = (
        _pool(index, pool, counts=not shared or pool.active is not False)
        for index, pool in enumerate(real)
    )
    return tuple(pool for pool in pools if pool is not None)


def _pool(index: int, pool: PoolData, *, counts: bool) -> Pool | None:
    """Copy one pool without its user; without counters when they are another pool's."""
    url = _url(int(pool.url.scheme), pool.url.host, pool.url.port) if pool.url else None
    if url is None:
        return None
    return Pool(
        index=index,
        url=url,
        active=pool.active,
        alive=pool.alive,
        shares_accepted=values.count(pool.accepted_shares) if counts else None,
        shares_rejected=values.count(pool.rejected_shares) if counts else None,
    )


_SCHEMES = {0: "stratum+tcp", 1: "stratum+ssl", 2: "stratum2+tcp"}


@lru_cache(maxsize=1024)
def _url(scheme: int, host: str, port: int) -> str | None:
    """Return the address alone: some people write their user into it."""
    return values.pool_url(f"{_SCHEMES[scheme]}://{host}:{port}")


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _messages(data: MinerData) -> tuple[str, ...]:
    """Return warnings and errors, printable and short."""
    told = (item.message for item in data.messages if item.severity != MessageSeverity.Info)
    cleaned = (values.text(message) for message in told)
    return tuple(message for message in cleaned if message)[:_MAX_MESSAGES]
