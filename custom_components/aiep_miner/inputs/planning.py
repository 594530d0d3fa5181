"""When a plan is made anew: each hour, and when something that it rests on has changed."""

import asyncio
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import CONF_PRICE_FORECAST, SECTION_PLANNING
from ..engine.controller import Controller
from ..engine.ledger import LedgerError
from ..engine.read_model import ReadModel
from ..engine.records import Strategy
from ..engine.records.reasons import Reason
from ..engine.steps.planning import STEP_MS, PricesAhead
from .prices_ahead import read_prices_ahead

_LOGGER = logging.getLogger(__name__)

REPLAN_MS: Final = 3_600_000
LEAST_MS: Final = 300_000
"""What changes more often than this does not make a plan each time."""
OTHER_PRICE: Final = 0.05
"""Relative difference at which the present price is another than the plan's."""


class Planning:
    """Makes an operator's plans, one at a time and beside the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        controller: Controller,
        on_plan: CALLBACK_TYPE,
    ) -> None:
        """Take what plans are made for; ``on_plan`` is called after each."""
        self._hass = hass
        self._entry = entry
        self._controller = controller
        self._on_plan = on_plan
        self._task: asyncio.Task[None] | None = None
        self._rests_on: object = None
        self.fault: Reason | None = None
        """Why the prices ahead cannot be used."""

    @callback
    def async_follow(self, view: ReadModel) -> None:
        """Begin a plan where one is due; returns at once."""
        if view.policy.strategy is not Strategy.PLAN or view.ledger_error:
            return
        if self._task is not None and not self._task.done():
            return
        options = self._entry.options.get(SECTION_PLANNING, {})
        published = read_prices_ahead(
            self._hass, self._entry.data, options.get(CONF_PRICE_FORECAST)
        )
        self.fault = published.fault
        rests_on = (published.ahead, view.policy, _ready(view))
        if not self._is_due(view, rests_on):
            return
        self._task = self._entry.async_create_background_task(
            self._hass, self._plan(published.ahead, rests_on), f"{self._entry.title} plan"
        )

    async def async_stop(self) -> None:
        """End a plan under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _is_due(self, view: ReadModel, rests_on: object) -> bool:
        if view.plan is None:
            return True
        age_ms = view.ts_ms - view.plan.record.ts_ms
        if age_ms >= REPLAN_MS:
            return True
        return age_ms >= LEAST_MS and (rests_on != self._rests_on or _is_other_price(view))

    async def _plan(self, ahead: PricesAhead | None, rests_on: object) -> None:
        try:
            if await self._controller.plan(ahead):
                self._rests_on = rests_on
                self._on_plan()
        except LedgerError as err:
            _LOGGER.debug("%s: the plan waits for the ledger: %s", self._entry.title, err)


def _ready(view: ReadModel) -> frozenset[str]:
    """Return the miners that answer and that no person holds."""
    return frozenset(
        miner_id
        for miner_id, miner in view.miners.items()
        if miner.reading is not None and miner.hold_until_ms is None
    )


def _is_other_price(view: ReadModel) -> bool:
    """Tell whether the present price is not the one that the plan has for now."""
    price = view.price.energy_price_per_kwh if view.price else None
    if price is None or view.plan is None:
        return False
    inputs = view.plan.record.inputs
    step = (view.ts_ms - inputs.first_ms) // STEP_MS
    if not 0 <= step < len(inputs.energy_prices_per_kwh):
        return True
    expected = inputs.energy_prices_per_kwh[step]
    return abs(price - expected) > OTHER_PRICE * max(abs(price), abs(expected))
