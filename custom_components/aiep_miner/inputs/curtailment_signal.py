"""An entity that orders a site to draw less: on and off, or a limit in W or in percent.

What it says counts from when it says so, once: a repetition changes nothing, and an order that a
person releases comes back only with a change of the signal. Of several orders the lowest counts.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_OFF,
    STATE_ON,
    UnitOfPower,
)
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ..const import (
    CONF_SIGNAL,
    CONF_SIGNAL_MAX_AGE,
    CONF_SIGNAL_POWER,
    CONF_SIGNAL_STALE,
    SECTION_HOUSE,
)
from ..engine.controller import Controller
from ..engine.ledger import LedgerError
from ..engine.records import CurtailmentRecord, Origin

_LOGGER = logging.getLogger(__name__)

ORDER_ID: Final = "signal"
STALE_IGNORE: Final = "ignore"
STALE_CURTAIL: Final = "curtail"
STALE_MEANS: Final = (STALE_IGNORE, STALE_CURTAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a signal orders; both None is a release."""

    limit_w: float | None = None
    percent: float | None = None
    """Of the site's maximum."""

    @property
    def is_order(self) -> bool:
        """Tell whether anything is ordered."""
        return self.limit_w is not None or self.percent is not None


RELEASE: Final = Wanted()


@callback
def read_signal(hass: HomeAssistant, options: Mapping[str, Any]) -> Wanted | None:
    """Return what the signal orders now; None while it says nothing that can be meant."""
    state = hass.states.get(options[CONF_SIGNAL])
    if state is None:
        return None
    max_age_min = options.get(CONF_SIGNAL_MAX_AGE) or 0
    age_s = dt_util.utcnow().timestamp() - state.last_reported_timestamp
    if max_age_min and age_s > max_age_min * 60:
        return None
    if state.state == STATE_OFF:
        return RELEASE
    if state.state == STATE_ON:
        return Wanted(limit_w=float(options.get(CONF_SIGNAL_POWER) or 0.0))
    return _limit(state.state, state.attributes.get(ATTR_UNIT_OF_MEASUREMENT))


def _limit(text: str, unit: str | None) -> Wanted | None:
    """Return what a number with a unit orders; without one it is in W."""
    try:
        value = float(text)
    except ValueError:
        return None
    is_power = unit in (None, "") or unit in PowerConverter.VALID_UNITS
    if not math.isfinite(value) or value < 0 or not (is_power or unit == PERCENTAGE):
        return None
    if unit == PERCENTAGE:
        return Wanted(percent=value) if value < 100 else RELEASE
    return Wanted(limit_w=PowerConverter.convert(value, unit or UnitOfPower.WATT, UnitOfPower.WATT))


class CurtailmentSignal:
    """Turns the changes of an operator's signal into orders and releases."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], controller: Controller
    ) -> None:
        """Take the operator."""
        self._hass = hass
        self._entry = entry
        self._controller = controller
        self._options: Mapping[str, Any] = entry.options.get(SECTION_HOUSE, {})
        self._given: Wanted | None = None
        """What was ordered last; None before anything was."""

    @callback
    def async_listen(self, on_change: CALLBACK_TYPE) -> None:
        """Call back when the signal changes, until the entry is unloaded."""
        if not self._options.get(CONF_SIGNAL):
            return

        @callback
        def changed(_: Event[EventStateChangedData]) -> None:
            on_change()

        self._entry.async_on_unload(
            async_track_state_change_event(self._hass, self._options[CONF_SIGNAL], changed)
        )

    async def async_follow(self) -> None:
        """Record an order or a release where the signal has changed."""
        if not self._options.get(CONF_SIGNAL) or self._controller.view.ledger_error:
            return
        wanted = self._wanted()
        if wanted is None or wanted == self._given:
            return
        standing = next(
            (
                item.record
                for item in self._controller.view.orders
                if item.record.order_id == ORDER_ID
            ),
            None,
        )
        if self._given is None and _is_same(standing, wanted):
            self._given = wanted
            return
        try:
            if wanted.is_order or standing is not None:
                await self._controller.order(await self._record(wanted))
            self._given = wanted
        except LedgerError as err:
            _LOGGER.warning("%s: the signal waits for the ledger: %s", self._entry.title, err)

    def _wanted(self) -> Wanted | None:
        said = read_signal(self._hass, self._options)
        if said is not None:
            return said
        if self._options.get(CONF_SIGNAL_STALE) == STALE_CURTAIL:
            return Wanted(limit_w=float(self._options.get(CONF_SIGNAL_POWER) or 0.0))
        return RELEASE

    async def _record(self, wanted: Wanted) -> CurtailmentRecord:
        limit_w = wanted.limit_w
        if wanted.percent is not None:
            whole_w = self._controller.view.policy.governor.max_power_watts
            if whole_w is None:
                whole_w, _ = await self._controller.preview(0.0)
            limit_w = round(whole_w * wanted.percent / 100, 1)
        return CurtailmentRecord(
            ts_ms=0,
            subject=self._entry.entry_id,
            order_id=ORDER_ID,
            limit_w=limit_w,
            from_ms=self._controller.clock.now_ms(),
            percent=wanted.percent,
            note=self._options[CONF_SIGNAL],
            origin=Origin.AUTOMATION,
        )


def _is_same(standing: CurtailmentRecord | None, wanted: Wanted) -> bool:
    if standing is None:
        return not wanted.is_order
    if wanted.percent is not None:
        return standing.percent == wanted.percent
    return standing.percent is None and standing.limit_w == wanted.limit_w
