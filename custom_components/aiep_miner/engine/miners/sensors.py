"""Puts the sensors that a device lists into a reading, in place of the library's averages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from ..records import Board, Reading, Temperature


def with_sensors(reading: Reading, sensors: Iterable[Temperature]) -> Reading:
    """Return a reading where these sensors replace those of the same name."""
    known = {item.sensor: item.temperature_c for item in reading.temperatures}
    if known.keys() == {"average"}:
        known = {}
    known |= {item.sensor: item.temperature_c for item in sensors}
    return replace(
        reading,
        temperatures=tuple(
            Temperature(sensor=sensor, temperature_c=known[sensor]) for sensor in sorted(known)
        ),
        boards=tuple(_board(board, known) for board in reading.boards),
    )


def only_sensors(sensors: Sequence[Temperature]) -> Callable[[Reading], Reading]:
    """Return what puts these sensors into a reading, and without any removes its temperatures."""
    return partial(with_sensors, sensors=sensors) if sensors else without_sensors


def without_sensors(reading: Reading) -> Reading:
    """Return a reading without any temperature: an average must not stand for a maximum."""
    boards = (replace(item, temperature_c=None, chip_temperature_c=None) for item in reading.boards)
    return replace(reading, temperatures=(), boards=tuple(boards))


def _board(board: Board, known: dict[str, float]) -> Board:
    return replace(
        board,
        temperature_c=known.get(f"board_{board.index}"),
        chip_temperature_c=known.get(f"chip_{board.index}"),
    )
