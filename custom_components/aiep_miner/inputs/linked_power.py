"""Reads a miner's power from a sensor of Home Assistant, such as a metering plug."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import PowerConverter

from ..const import CONF_POWER_ENTITY
from ..engine.miners import values
from ..engine.miners.base import Command, MinerAdapter, MinerInfo
from ..engine.records import Reading


def with_linked_power(
    hass: HomeAssistant, adapter: MinerAdapter, data: Mapping[str, Any]
) -> MinerAdapter:
    """Return the adapter, with the power of the sensor in a subentry's data, if any."""
    entity_id = data.get(CONF_POWER_ENTITY)
    if entity_id is None:
        return adapter
    return LinkedPower(adapter, partial(power_w_of, hass, entity_id))


def power_w_of(hass: HomeAssistant, entity_id: str) -> float | None:
    """Return the state of a power sensor in W; None when it is not a power."""
    state = hass.states.get(entity_id)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if state is None or not isinstance(unit, str) or unit not in PowerConverter.VALID_UNITS:
        return None
    try:
        power_w = PowerConverter.convert(float(state.state), unit, UnitOfPower.WATT)
    except ValueError:
        return None
    return values.number(power_w, 0, values.POWER_LIMIT_W)


class LinkedPower:
    """An adapter whose readings have the power of a sensor.

    The sensor's value replaces the miner's own; while the sensor has none, the miner's own is used.
    The telemetry record has the value in use.
    """

    def __init__(self, adapter: MinerAdapter, read_power_w: Callable[[], float | None]) -> None:
        """Wrap the miner's adapter; ``read_power_w`` reads the sensor."""
        self._adapter = adapter
        self._read_power_w = read_power_w

    async def connect(self) -> MinerInfo:
        """Identify the miner, as one that reports its power."""
        info = await self._adapter.connect()
        return replace(info, capabilities=replace(info.capabilities, reports_power=True))

    async def poll(self) -> Reading:
        """Read the miner and its sensor."""
        reading = await self._adapter.poll()
        power_w = self._read_power_w()
        return reading if power_w is None else replace(reading, power_w=power_w)

    async def execute(self, command: Command) -> None:
        """Command the miner."""
        await self._adapter.execute(command)

    async def record(self) -> dict[str, Any]:
        """Record the miner's replies."""
        return await self._adapter.record()

    async def close(self) -> None:
        """Close the miner's adapter."""
        await self._adapter.close()
