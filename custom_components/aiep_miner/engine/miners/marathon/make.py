"""What Marathon firmware needs beside the library: the hottest of the sensors that it lists."""

from collections.abc import Iterator
from typing import Any

import aiohttp

from ...records import Temperature
from ..base import MinerError
from ..make import Apply, Make
from ..sensors import only_sensors, without_sensors
from ..values import celsius

_HASHBOARDS = "/kaonsu/v1/hashboards"
_PLACES = {"temperature_pcb": "board", "temperature_raw": "chip"}


class Marathon(Make):
    """An Antminer with Marathon firmware."""

    async def observe(self) -> Apply:
        """Return the hottest of each place; without an answer there is no temperature at all."""
        login = aiohttp.DigestAuthMiddleware(self.link.username, self.link.password)
        try:
            boards = await self.link.http().read(_HASHBOARDS, middlewares=(login,))
        except MinerError:
            return without_sensors
        return only_sensors(tuple(temperatures(boards)))


def temperatures(reply: Any) -> Iterator[Temperature]:
    """Yield the sensors of a ``hashboards`` reply."""
    boards = reply.get("hashboards") if isinstance(reply, dict) else None
    for index, board in enumerate(boards[:16] if isinstance(boards, list) else ()):
        for key, place in _PLACES.items():
            value = celsius(board.get(key)) if isinstance(board, dict) else None
            if value is not None:
                yield Temperature(sensor=f"{place}_{index}", temperature_c=value)
