"""What an Elphapex needs beside the library: the hottest of the sensors that it lists."""

from collections.abc import Iterator
from typing import Any

import aiohttp

from ...records import Temperature
from ..base import MinerError
from ..make import Apply, Make
from ..sensors import only_sensors, without_sensors
from ..values import celsius, number

_STATS = "/cgi-bin/stats.cgi"
_PLACES = {"temp_pcb": "board", "temp_pic": "pic"}
_MILLI = 1000.0


class Elphapex(Make):
    """A DG-1 or DG-Home."""

    async def observe(self) -> Apply:
        """Return the hottest of each place; without an answer there is no temperature at all."""
        login = aiohttp.DigestAuthMiddleware(self.link.username, self.link.password)
        try:
            stats = await self.link.http().read(_STATS, middlewares=(login,))
        except MinerError:
            return without_sensors
        return only_sensors(tuple(temperatures(stats)))


def temperatures(stats: Any) -> Iterator[Temperature]:
    """Yield the sensors of a ``stats`` reply; ``temp_chip`` is in thousandths of a °C."""
    for chain in _chains(stats):
        index = int(number(chain.get("index"), 0, 99) or 0)
        for key, place in _PLACES.items():
            if (value := celsius(chain.get(key))) is not None:
                yield Temperature(sensor=f"{place}_{index}", temperature_c=value)
        chips = chain.get("temp_chip")
        if isinstance(chips, list) and (value := celsius(_scaled(chips))) is not None:
            yield Temperature(sensor=f"chip_{index}", temperature_c=value)


def _chains(stats: Any) -> list[dict[str, Any]]:
    items = stats.get("STATS") if isinstance(stats, dict) else None
    first = items[0] if isinstance(items, list) and items else None
    chains = first.get("chain") if isinstance(first, dict) else None
    return (
        [item for item in chains[:16] if isinstance(item, dict)] if isinstance(chains, list) else []
    )


def _scaled(chips: list[Any]) -> list[float]:
    known = (number(item, 0, 1e9) for item in chips[:16])
    return [value / _MILLI for value in known if value is not None]
