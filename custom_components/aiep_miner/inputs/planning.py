"""When a plan is made anew: each hour, and when something that it rests on has changed."""

import asyncio
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import SECTION_HOUSE, SECTION_PLANNING
from ..engine.controller import Controller
from ..engine.ledger import LedgerError
from ..engine.read_model import ReadModel
from ..engine.records import Strategy
from ..engine.records.reasons import Reason
from ..engine.steps.planning import STEP_MS
from .energy_dashboard import async_sun_ahead
from .prices_ahead import Published, async_ask_prices_ahead, read_prices_ahead
from .tariff import TariffSource, async_tariff_ahead, tariff_of

_LOGGER = logging.getLogger(__name__)

REPLAN_MS: Final = 3_600_000
SUN_REPLAN_MS: Final = STEP_MS
"""With sun or heat the present decides in each step of a plan."""
ASK_MS: Final = 1_500_000
"""Integrations ask a server for each answer."""
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
        self._failed_ms = 0
        """When a plan could not be made last."""
        self._asked: tuple[int, Published | None] = (0, None)
        """When the price's integration was asked last, and what it answered."""
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
        published = read_prices_ahead(self._hass, self._entry.data, options)
        tariff = tariff_of(self._entry.data, self._entry.options)
        rests_on = (published.ahead, tariff, view.policy, _ready(view), _house(view))
        if not self._is_due(view, rests_on):
            return
        self._task = self._entry.async_create_background_task(
            self._hass, self._plan(published, tariff, rests_on), f"{self._entry.title} plan"
        )

    async def _ask(self, now_ms: int) -> Published | None:
        """Return what the price's integration answers; not asked again within ``ASK_MS``."""
        asked_ms, published = self._asked
        if now_ms - asked_ms >= ASK_MS:
            options = self._entry.options.get(SECTION_PLANNING, {})
            published = await async_ask_prices_ahead(self._hass, self._entry.data, options)
            self._asked = (now_ms, published)
        return published

    async def async_stop(self) -> None:
        """End a plan under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _is_due(self, view: ReadModel, rests_on: object) -> bool:
        if view.ts_ms - self._failed_ms < LEAST_MS:
            return False
        if view.plan is None:
            return True
        age_ms = view.ts_ms - view.plan.record.ts_ms
        if age_ms >= (REPLAN_MS if view.house is None else SUN_REPLAN_MS):
            return True
        return age_ms >= LEAST_MS and (rests_on != self._rests_on or _is_other_price(view))

    async def _plan(
        self, published: Published, tariff: TariffSource | None, rests_on: object
    ) -> None:
        now_ms = self._controller.clock.now_ms()
        if tariff is not None:
            published = await async_tariff_ahead(self._hass, tariff, now_ms)
        elif published.fault is Reason.NO_READINGS:
            published = await self._ask(now_ms) or published
        self.fault = published.fault
        try:
            options = self._entry.options.get(SECTION_HOUSE, {})
            sun = await async_sun_ahead(self._hass, options)
            if await self._controller.plan(published.ahead, sun):
                self._rests_on = rests_on
                self._on_plan()
        except LedgerError as err:
            _LOGGER.debug("%s: the plan waits for the ledger: %s", self._entry.title, err)
        except Exception:
            _LOGGER.exception("%s: no plan could be made", self._entry.title)
            self._failed_ms = now_ms


def _house(view: ReadModel) -> tuple[bool, bool]:
    """Return whether heat is wanted, and whether the surplus is known."""
    house = view.house
    return house is not None and house.heat_wanted, house is None or house.surplus_w is not None


def _ready(view: ReadModel) -> frozenset[str]:
    """Return the miners that answer and that no person holds."""
    return frozenset(
        miner_id
        for miner_id, miner in view.miners.items()
        if miner.reading is not None and miner.hold_until_ms is None
    )


def _is_other_price(view: ReadModel) -> bool:
    """Tell whether the present price is neither the plan's for now, nor that of its beginning.

    Prices ahead that lack a fee do not make a plan each time.
    """
    price = view.price.energy_price_per_kwh if view.price else None
    if price is None or view.plan is None:
        return False
    inputs = view.plan.record.inputs
    step = (view.ts_ms - inputs.first_ms) // STEP_MS
    if not 0 <= step < len(inputs.energy_prices_per_kwh):
        return True
    known = (inputs.energy_prices_per_kwh[step], inputs.energy_prices_per_kwh[0])
    return all(abs(price - one) > OTHER_PRICE * max(abs(price), abs(one)) for one in known)
