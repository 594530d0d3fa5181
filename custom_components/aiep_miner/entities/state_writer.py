"""Writes an operator's states in slices of ``SLICE_S`` of the event loop's time."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Protocol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util.hass_dict import HassKey

_LOGGER = logging.getLogger(__name__)

SLICE_S: Final = 0.002
"""How long entities are written before the event loop runs other tasks."""


class Shown(Protocol):
    """An entity that the writer updates."""

    entity_id: str

    def async_show(self) -> None:
        """Write the state if it differs from the one written last."""


class Slices:
    """Returns control to the event loop whenever ``SLICE_S`` has passed."""

    def __init__(self) -> None:
        """Start the first slice."""
        self._end_s = perf_counter() + SLICE_S

    async def breathe(self) -> None:
        """Yield to the event loop if this slice is used up."""
        if perf_counter() >= self._end_s:
            await asyncio.sleep(0)
            self._end_s = perf_counter() + SLICE_S


class StateWriter:
    """Updates the entities of one coordinator after each of its updates."""

    def __init__(self, hass: HomeAssistant, coordinator: DataUpdateCoordinator[Any]) -> None:
        """Listen to the coordinator; it calls one listener, not one for each entity."""
        self._hass = hass
        self._entities: dict[Shown, None] = {}
        self._stale: OrderedDict[Shown, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe = coordinator.async_add_listener(self._update)

    @callback
    def add(self, entity: Shown) -> CALLBACK_TYPE:
        """Update an entity from now on; return a callback that removes it."""
        self._entities[entity] = None

        @callback
        def remove() -> None:
            self._entities.pop(entity, None)
            self._stale.pop(entity, None)

        return remove

    @callback
    def close(self) -> None:
        """Stop all updates."""
        self._unsubscribe()
        self._stale.clear()

    @callback
    def _update(self) -> None:
        self._stale = OrderedDict(self._entities)
        if self._task is None or self._task.done():
            # A small site is written in the first slice, before this returns.
            self._task = self._hass.async_create_task(self._write(), "aiep_miner states")

    async def _write(self) -> None:
        slices = Slices()
        while self._stale:
            entity, _ = self._stale.popitem(last=False)
            try:
                entity.async_show()
            except Exception:
                _LOGGER.exception("The state of %s cannot be written", entity.entity_id)
            await slices.breathe()


DATA_WRITERS: Final[HassKey[dict[str, StateWriter]]] = HassKey("aiep_miner_state_writers")
"""Config entry id to its writer."""


@callback
def async_writer_of[D: DataUpdateCoordinator[Any]](coordinator: D) -> StateWriter:
    """Return the writer of a coordinator's entities; created at the first call."""
    entry = coordinator.config_entry
    assert entry is not None  # noqa: S101 - every coordinator of ours has one
    writers = coordinator.hass.data.setdefault(DATA_WRITERS, {})
    if entry.entry_id not in writers:
        writers[entry.entry_id] = writer = StateWriter(coordinator.hass, coordinator)
        entry.async_on_unload(_closer(writers, entry.entry_id, writer.close))
    return writers[entry.entry_id]


def _closer(
    writers: dict[str, StateWriter], entry_id: str, close: Callable[[], None]
) -> CALLBACK_TYPE:
    @callback
    def end() -> None:
        del writers[entry_id]
        close()

    return end
