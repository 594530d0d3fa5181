"""Firmware whose ``stats`` reply lists every sensor, of which the library takes the mean."""

from typing import ClassVar

from ...records import Reading
from ..base import MinerError
from ..cgminer.api import CgminerApi, section
from ..cgminer.reading import stats_temperatures
from ..make import SIDE_READ_S, Link, Make, deadline
from ..sensors import with_sensors, without_sensors

RPC_PORT = 4028


class StatsSensors(Make):
    """Stock Antminer, LuxOS, VolcMiner: ``temp_chip1`` "78-50-69-70", ``temp_max`` and others."""

    port: ClassVar = RPC_PORT

    def __init__(self, link: Link) -> None:
        """Initialize for a device; nothing is sent."""
        super().__init__(link)
        self.rpc = CgminerApi(link.address, self.port)

    async def refine(self, reading: Reading) -> Reading:
        """Take the hottest of each place; without an answer there is no temperature at all."""
        try:
            reply = await self.rpc.ask("stats", until=deadline(SIDE_READ_S))
        except MinerError:
            return without_sensors(reading)
        sensors = stats_temperatures(section(reply, "STATS"))
        return with_sensors(reading, sensors) if sensors else without_sensors(reading)
