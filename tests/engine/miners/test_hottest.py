"""The hottest sensor that a device's bytes hold is what its reading says, for every make."""

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.aiep_miner.engine.miners import elphapex, marathon
from custom_components.aiep_miner.engine.miners.asic_rs.reading import to_reading
from custom_components.aiep_miner.engine.miners.avalon.status import (
    power_w,
    read_status,
    refined,
)
from custom_components.aiep_miner.engine.miners.cgminer.api import section
from custom_components.aiep_miner.engine.miners.cgminer.reading import stats_temperatures
from custom_components.aiep_miner.engine.miners.sensors import with_sensors, without_sensors
from custom_components.aiep_miner.engine.miners.whatsminer import make as whatsminer
from custom_components.aiep_miner.engine.records import Board, Reading, Temperature
from tests.recordings import recordings

from .test_asic_rs_reading import board, data

S19 = {
    "temp1": 61,
    "temp2_1": 77,
    "temp_chip1": "58-93-61-60",
    "temp_pcb1": "70-45-62-61",
    "temp_pic1": "60-35-52-51",
    "temp_chip4": "0-0-0-0",
    "temp_max": 0,
    "temp_num": 3,
}
L9 = {"temp_max": 84, "temp2_1": 81, "temp_in_chip_1": "59", "temp_out_pcb_1": "64", "temp_num": 6}
DG1 = {
    "STATS": [
        {
            "chain": [
                {"index": 0, "temp_pcb": [47, 88, 67, 66], "temp_pic": [47, 46, 67, 66]},
                {"index": 3, "temp_chip": ["25687", "95562", ""], "temp_pcb": [1, 2, 3, 4]},
            ]
        }
    ]
}
MARATHON = {"hashboards": [{"temperature_pcb": [55, 61.5], "temperature_raw": [70, 71, 90.25]}]}
V3 = {
    "summary": {
        "board-temperature": [41.1, 86.5, 41.5],
        "chip-temp-max": 82.0,
        "environment-temperature": 28.5,
    }
}
A1246 = (
    "Ver[1246-83] SYSTEMSTATU[Work: In Work, Hash Board: 3 ] Temp[30] TMax[77] TAvg[65] "
    "PS[0 1214 1316 242 3189 1320 3504] GHSspd[81072.68] MGHS[26907.01 26025.06 26724.56] "
    "MTmax[77 77 76] MTavg[66 65 64] TA[360] PVT_T0[ 63  70  77] PVT_T1[ 64  81  68]"
)
Q_IDLE = (
    "'STATS':{Ver[Q-25] SYSTEMSTATU[Work: In Idle, Hash Board: 1] ITemp[26] HBITemp[27] "
    "HBOTemp[27] TMax[0] TAvg[0] TarT[65] PS[0 1222 4 0 0 2245 146] GHSspd[0.00] "
    "GHSmm[55032.79] MGHS[44499.41] TA[160] SoftOFF[4]}"
)
NANO = (
    "Ver[Nano3s-25] SYSTEMSTATU[Work: In Work, Hash Board: 1] ITemp[-273] OTemp[65] TMax[95] "
    "TAvg[90] TarT[90] PS[0 0 27541 4 0 3756 133] GHSspd[6598.84] MGHS[6695.18] MTmax[95] "
    "MTavg[90] TA[12] PVT_T0[ 85  91  98]"
)


def numbers_in(value: Any) -> Iterator[float]:
    """Yield every number that a value holds, also inside of texts and lists."""
    if isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, str):
        yield from map(float, re.findall(r"\d+(?:\.\d+)?", value))
    elif isinstance(value, int | float):
        yield float(value)


def own_maximum(fields: dict[str, Any], pattern: str) -> float:
    """Return the hottest of the fields whose names are a sensor's."""
    return max(
        number
        for name, value in fields.items()
        if re.fullmatch(pattern, name)
        for number in numbers_in(value)
    )


SENSORS = r"temp(?!_num)[a-z_]*\d*(_\d+)?"


def hottest(sensors: Any) -> float:
    return max(item.temperature_c for item in sensors)


@pytest.mark.parametrize("fields", [S19, L9], ids=["s19", "l9"])
def test_an_antminers_stats(fields: dict[str, Any]) -> None:
    sensors = stats_temperatures([fields])
    assert hottest(sensors) == own_maximum(fields, SENSORS)


@pytest.mark.parametrize(
    "name", ["v2020/stats", "v2023_07/l9_stats", "v2023_07/l11_stats"], ids=["s19", "l9", "l11"]
)
def test_a_recorded_antminers_stats(name: str) -> None:
    path = recordings("antminer") / f"{name}.json"
    reply = json.loads(path.read_text("utf-8"))
    sensors = stats_temperatures(section(reply, "STATS"))
    assert hottest(sensors) == own_maximum(reply["STATS"][1], SENSORS)


def test_an_elphapex_counts_its_chips_in_thousandths() -> None:
    sensors = {item.sensor: item.temperature_c for item in elphapex.make.temperatures(DG1)}
    assert sensors == {"board_0": 88.0, "pic_0": 67.0, "board_3": 4.0, "chip_3": 95.56}


def test_marathons_boards() -> None:
    assert hottest(marathon.make.temperatures(MARATHON)) == 90.25


def test_a_whatsminers_boards_are_not_its_coolest_chips() -> None:
    sensors = {item.sensor: item.temperature_c for item in whatsminer.temperatures(V3)}
    assert sensors == {"board_0": 41.1, "board_1": 86.5, "board_2": 41.5, "chip_max": 82.0}


def test_the_hottest_of_an_auradines_chips() -> None:
    chips = [SimpleNamespace(temperature=value) for value in (45.8, 71.4, 50.2)]
    boards = [board(outlet_chip_temperature=48.0, working_chips=3, chips=chips)]
    assert to_reading(data(hashboards=boards)).hottest_c == 71.4


@pytest.mark.parametrize(
    ("text", "pattern", "power"),
    [
        (A1246, r"TMax|MT(max|avg)|PVT_T\d", None),
        (Q_IDLE, r"TMax|HB[IO]Temp", 146.0),
        (NANO, r"TMax|OTemp|MT(max|avg)|PVT_T\d", 133.0),
    ],
    ids=["a1246", "q", "nano3s"],
)
def test_an_avalons_status(text: str, pattern: str, power: float | None) -> None:
    status = read_status({"STATS": [{"MM ID0": text}]})
    reading = refined(Reading(), status)
    assert reading.hottest_c == own_maximum(dict(status), pattern)
    assert power_w(status) == reading.power_w == power


def test_an_idle_q_does_not_hash() -> None:
    status = read_status({"STATS": [{"MM ID0:Summary": Q_IDLE}]})
    told = Reading(mining=True, hashrate_ths=44.5, boards=(Board(index=0, hashrate_ths=44.5),))
    reading = refined(told, status)
    assert (reading.mining, reading.hashrate_ths, reading.boards[0].hashrate_ths) == (False, 0, 0)


@pytest.mark.parametrize("value", [201.0, 255, "255", 1e9, [20, 255]])
def test_a_sensor_beyond_its_range_is_the_hottest(value: Any) -> None:
    boards = [board(working_chips=1, board_temperature=60.0)]
    single = value if isinstance(value, float | int) else 255.0
    boards[0].outlet_chip_temperature = float(single)
    assert to_reading(data(hashboards=boards)).hottest_c == min(float(single), 1000.0)
    assert hottest(stats_temperatures([{"temp_chip1": value, "temp1": 60}])) >= 201


def test_averages_do_not_outlive_the_sensors() -> None:
    averaged = Reading(
        temperatures=(
            Temperature(sensor="average", temperature_c=50.0),
            Temperature(sensor="board_0", temperature_c=60.0),
        ),
        boards=(Board(index=0, temperature_c=60.0, chip_temperature_c=70.0),),
    )
    bare = without_sensors(averaged)
    assert (bare.temperatures, bare.hottest_c) == ((), None)
    assert (bare.boards[0].temperature_c, bare.boards[0].chip_temperature_c) == (None, None)
    better = with_sensors(averaged, [Temperature(sensor="board_0", temperature_c=81.0)])
    assert better.boards[0].temperature_c == better.hottest_c == 81.0
