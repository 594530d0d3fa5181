"""Copying what the library says: only finite, plausible, public values go on record."""

import math
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasic_rs.data import DataField, HashRate, HashRateUnit, MessageSeverity, OperatingState

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.asic_rs.reading import (
    FIELDS,
    is_failed,
    is_mining,
    only,
    to_reading,
)


def rate(ths: float) -> HashRate:
    return HashRate(ths * 1000, HashRateUnit.GigaHash)


def data(**known: Any) -> Any:
    """Return what the library gives for a dead host, but for what is said."""
    nothing = dict.fromkeys(
        (
            "hashrate",
            "expected_hashrate",
            "wattage",
            "tuning_target",
            "average_temperature",
            "fluid_temperature",
            "uptime",
            "best_share",
            "light_flashing",
            "operating_state",
            "mac",
            "firmware_version",
            "expected_fans",
        )
    )
    lists: dict[str, list[Any]] = {
        name: [] for name in ("hashboards", "fans", "psu_fans", "pools", "messages")
    }
    info = SimpleNamespace(make="Antminer", firmware="LuxOS")
    return SimpleNamespace(**nothing | lists | {"is_mining": True, "device_info": info} | known)


def board(position: int = 0, **known: Any) -> Any:
    names = (
        "hashrate",
        "board_temperature",
        "inlet_chip_temperature",
        "outlet_chip_temperature",
        "working_chips",
        "expected_chips",
        "voltage",
        "frequency",
        "active",
    )
    return SimpleNamespace(**dict.fromkeys(names) | {"position": position, "chips": []} | known)


def pool(host: str = "pool.example", port: int = 3333, scheme: int = 0, **known: Any) -> Any:
    url = SimpleNamespace(host=host, port=port, scheme=scheme)
    names = ("accepted_shares", "rejected_shares", "active", "alive", "user")
    return SimpleNamespace(**dict.fromkeys(names) | {"url": url} | known)


def test_a_dead_host_is_a_failed_poll() -> None:
    dead = data(
        hashboards=[board(expected_chips=114, active=True)],
        pools=[SimpleNamespace(pools=[pool("", 0), pool("", 0)])],
        expected_hashrate=rate(0),
    )
    assert is_failed(dead)
    for name, value in {
        "hashrate": rate(0),
        "mac": "02:00:00:00:00:01",
        "firmware_version": "1",
        "uptime": timedelta(0),
    }.items():
        assert not is_failed(data(**{name: value}))
    reading = to_reading(dead)
    assert (reading.boards, reading.pools, reading.expected_hashrate_ths) == ((), (), None)


def test_only_excludes_everything_else() -> None:
    excluded = only(DataField.Mac, DataField.Fans)
    assert len(excluded) == len(FIELDS) - 2
    assert {str(DataField.Mac), str(DataField.Fans)}.isdisjoint(map(str, excluded))


@pytest.mark.parametrize(
    ("known", "mining"),
    [
        ({}, None),
        ({"is_mining": False}, False),
        ({"hashrate": rate(0)}, False),
        ({"hashrate": rate(100)}, True),
        ({"hashrate": rate(100), "is_mining": False}, True),
        ({"hashrate": rate(100), "wattage": 3000.0}, True),
        ({"hashrate": rate(100), "wattage": 40.0}, False),
        ({"hashrate": rate(1.2), "operating_state": OperatingState.Paused()}, False),
        ({"hashrate": rate(1.2), "operating_state": OperatingState.Mining()}, True),
        ({"hashrate": rate(0), "operating_state": OperatingState.Mining()}, False),
    ],
)
def test_whether_it_mines(known: dict[str, Any], mining: bool | None) -> None:
    assert is_mining(data(**known)) is mining


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 0.0, -1.0, -127.0])
def test_a_sensor_that_cannot_be_read_is_unknown(bad: float) -> None:
    boards = [board(working_chips=1, board_temperature=bad, outlet_chip_temperature=bad)]
    assert to_reading(data(hashboards=boards, average_temperature=bad)).temperatures == ()


def test_sensors_have_stable_names() -> None:
    boards = [
        board(2, board_temperature=60.0, inlet_chip_temperature=55.0, outlet_chip_temperature=75.0),
        board(0, board_temperature=-5.0),
    ]
    sensors = to_reading(data(hashboards=boards, average_temperature=50.0)).temperatures
    assert {item.sensor: item.temperature_c for item in sensors} == {
        "board_2": 60.0,
        "board_0": -5.0,
        "chip_2": 75.0,
    }


def test_the_average_stands_in() -> None:
    (sensor,) = to_reading(data(average_temperature=50.0)).temperatures
    assert (sensor.sensor, sensor.temperature_c) == ("average", 50.0)


@pytest.mark.parametrize(
    ("make", "ambient_c"), [("Whatsminer", 25.0), ("Avalonminer", 25.0), ("Antminer", None)]
)
def test_only_air_is_ambient(make: str, ambient_c: float | None) -> None:
    info = SimpleNamespace(make=make, firmware="")
    assert to_reading(data(fluid_temperature=25.0, device_info=info)).ambient_c == ambient_c


@pytest.mark.parametrize(("seconds", "uptime_s"), [(10**9, 10**9), (10**9 + 1, None)])
def test_an_absurd_uptime_is_unknown(seconds: int, uptime_s: int | None) -> None:
    assert to_reading(data(uptime=timedelta(seconds=seconds))).uptime_s == uptime_s


@pytest.mark.parametrize("first", [0, 1])
def test_fans_come_in_order_and_rounded(first: int) -> None:
    fans = [SimpleNamespace(position=first + n, rpm=1000.6 + n) for n in (2, 0, 1)]
    fans.append(SimpleNamespace(position=first + 3, rpm=None))
    assert to_reading(data(fans=fans)).fans_rpm == (1001, 1002, 1003)


def test_pools_say_nothing_of_their_user() -> None:
    pools = [
        pool("someone.worker:x@main.example", user="someone", accepted_shares=5, active=True),
        pool("", 0),
        pool("spare.example", 443, 1, accepted_shares=2, rejected_shares=1),
        pool("v2.example", 34254, 2),
    ]
    reading = to_reading(data(pools=[SimpleNamespace(pools=pools)]))
    assert [item.url for item in reading.pools] == [
        "stratum+tcp://main.example:3333",
        "stratum+ssl://spare.example:443",
        "stratum2+tcp://v2.example:34254",
    ]
    assert (reading.shares_accepted, reading.shares_rejected) == (7, 1)
    assert b"someone" not in canonical(reading.to_dict())


def test_messages_are_errors_short_and_printable() -> None:
    messages = [
        SimpleNamespace(message="fan\x00 1\nlost\u202e", severity=MessageSeverity.Error),
        SimpleNamespace(message="x" * 500, severity=MessageSeverity.Warning),
        SimpleNamespace(message="tuned", severity=MessageSeverity.Info),
        *[SimpleNamespace(message="again", severity=MessageSeverity.Error)] * 100,
    ]
    first, second, *rest = to_reading(data(messages=messages)).messages
    assert first.isprintable()
    assert first.startswith("fan")
    assert len(second) == 200
    assert len(rest) == 14


numbers = st.none() | st.floats()


@given(
    numbers,
    numbers,
    numbers,
    numbers,
    st.lists(st.tuples(st.integers(-2, 9), numbers), max_size=5),
    st.integers(0, 2**40),
)
def test_whatever_comes_can_go_on_record(
    power: float | None,
    celsius: float | None,
    share: float | None,
    volts: float | None,
    fans: list[tuple[int, float | None]],
    uptime_s: int,
) -> None:
    reading = to_reading(
        data(
            wattage=power,
            average_temperature=celsius,
            fluid_temperature=celsius,
            best_share=share,
            hashboards=[board(board_temperature=celsius, voltage=volts, frequency=volts)],
            fans=[SimpleNamespace(position=place, rpm=rpm) for place, rpm in fans],
            uptime=timedelta(seconds=uptime_s),
        )
    )
    canonical(reading.to_dict())
