"""A miner's mains switch, such as a plug: it is off only while the miner rests, or did not obey."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import DOMAIN as HOMEASSISTANT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import CONF_POWER_SWITCH
from ..engine.miners.base import Capabilities, Command, MinerAdapter, MinerError, MinerInfo
from ..engine.records import Action, Reading
from ..engine.records.reasons import Reason

OWN: Final = frozenset({Action.POWER_OFF, Action.RUN, Action.STOP})
"""What can be done with the switch alone."""
DARK: Final = Reading(mining=False, hashrate_ths=0.0, power_w=0.0, powered=False)


def with_linked_switch(
    hass: HomeAssistant, adapter: MinerAdapter, data: Mapping[str, Any]
) -> MinerAdapter:
    """Return the adapter, with the switch in a subentry's data, if any."""
    entity_id = data.get(CONF_POWER_SWITCH)
    return adapter if entity_id is None else LinkedSwitch(hass, adapter, entity_id)


class LinkedSwitch:
    """An adapter whose miner hangs on a switch: power comes before a start.

    Firmware that cannot stop is stopped by the switch.
    """

    def __init__(self, hass: HomeAssistant, adapter: MinerAdapter, entity_id: str) -> None:
        """Wrap the miner's adapter."""
        self._hass = hass
        self._adapter = adapter
        self._entity_id = entity_id
        self._is_known = False
        """Whether the miner itself has said what it is."""
        self._stops = False
        """Whether its firmware can stop."""

    async def connect(self) -> MinerInfo:
        """Identify the miner; without power only what the switch can do is known."""
        if self._state == STATE_OFF:
            return MinerInfo(capabilities=Capabilities(actions=OWN))
        info = await self._adapter.connect()
        able = info.capabilities
        self._is_known, self._stops = True, Action.STOP in able.actions
        return replace(info, capabilities=replace(able, actions=able.actions | OWN))

    async def poll(self) -> Reading:
        """Read the miner; without power it is off."""
        if self._state == STATE_OFF:
            return DARK
        if not self._is_known:  # it has power again: ask it what it is
            raise MinerError(Reason.UNREACHABLE, "it has just been given power")
        reading = await self._adapter.poll()
        return replace(reading, powered=True if self._state == STATE_ON else None)

    async def execute(self, command: Command) -> None:
        """Command the miner, or its switch."""
        if command.action is Action.POWER_OFF or (
            command.action is Action.STOP and self._state != STATE_OFF and not self._stops
        ):
            await self._switch(SERVICE_TURN_OFF)
        elif command.action is Action.RUN and (self._state == STATE_OFF or not self._stops):
            await self._switch(SERVICE_TURN_ON)
        elif self._state == STATE_OFF:
            if command.action is not Action.STOP:
                raise MinerError(Reason.UNREACHABLE, "its switch is off")
        else:
            await self._adapter.execute(command)

    async def record(self) -> dict[str, Any]:
        """Record the miner's replies."""
        return await self._adapter.record()

    async def close(self) -> None:
        """Close the miner's adapter; the switch stays as it is."""
        await self._adapter.close()

    @property
    def _state(self) -> str | None:
        state = self._hass.states.get(self._entity_id)
        return state.state if state else None

    async def _switch(self, service: str) -> None:
        if self._state not in (STATE_ON, STATE_OFF):
            raise MinerError(Reason.UNREACHABLE, "its switch is unavailable")
        try:
            await self._hass.services.async_call(
                HOMEASSISTANT, service, {ATTR_ENTITY_ID: self._entity_id}, blocking=True
            )
        except HomeAssistantError as err:
            raise MinerError(Reason.REFUSED, "its switch failed", maybe_done=True) from err
