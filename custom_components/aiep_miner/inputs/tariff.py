"""A tariff by the hour and the day of the week: a schedule helper says when which price holds.

While the schedule is on, its block's own ``price`` holds, or the one of the options; else the fixed energy
price of the operator.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import CONF_ENERGY_PRICE, CONF_TARIFF_PRICE, CONF_TARIFF_SCHEDULE, SECTION_PLANNING
from ..engine.economics.tariff import MINUTES_PER_DAY, Band, Tariff
from ..engine.records import PriceRecord
from ..engine.records.reasons import Reason
from ..engine.steps.planning import MOST_STEPS, STEP_MS, PricesAhead
from .prices_ahead import NONE_AHEAD, Published

SCHEDULE: Final = "schedule"
ATTR_PRICE: Final = "price"
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffSource:
    """A schedule helper and the prices that go with it, per kWh in the operator's currency."""

    schedule: str
    on_price: float | None
    otherwise: float


def tariff_of(data: Mapping[str, Any], options: Mapping[str, Any]) -> TariffSource | None:
    """Return an operator's tariff; None without one, and where an entity gives the price."""
    chosen = options.get(SECTION_PLANNING, {})
    schedule, otherwise = chosen.get(CONF_TARIFF_SCHEDULE), data.get(CONF_ENERGY_PRICE)
    if not schedule or not isinstance(otherwise, int | float):
        return None
    return TariffSource(
        schedule=schedule, on_price=chosen.get(CONF_TARIFF_PRICE), otherwise=float(otherwise)
    )


@callback
def with_tariff(
    hass: HomeAssistant, record: PriceRecord, source: TariffSource | None
) -> PriceRecord:
    """Return a price record with the tariff's present energy price."""
    if source is None:
        return record
    state = hass.states.get(source.schedule)
    price: float | None = source.otherwise
    if state is None or state.state not in (STATE_ON, STATE_OFF):
        return _unknown(record, Reason.UNREACHABLE)
    if state.state == STATE_ON:
        price = _price(state.attributes, source)
    if price is None:
        return _unknown(record, Reason.READING_INVALID)
    return replace(record, energy_price_per_kwh=price)


_FIELD: Final = "energy_price_per_kwh"


def _unknown(record: PriceRecord, fault: Reason) -> PriceRecord:
    return replace(record, energy_price_per_kwh=None, faults={**record.faults, _FIELD: fault})


def _price(block: Mapping[str, Any], source: TariffSource) -> float | None:
    """Return the price of a block; None without one."""
    try:
        price = float(block.get(ATTR_PRICE, source.on_price))
    except TypeError, ValueError:
        return None
    return price if math.isfinite(price) else None


async def async_tariff_ahead(hass: HomeAssistant, source: TariffSource, now_ms: int) -> Published:
    """Return the tariff's prices of the next two days, or why there are none."""
    try:
        answer = await hass.services.async_call(
            SCHEDULE,
            "get_schedule",
            {"entity_id": source.schedule},
            blocking=True,
            return_response=True,
        )
    except HomeAssistantError:
        answer = None
    week = (answer or {}).get(source.schedule)
    if not isinstance(week, Mapping):
        return Published(ahead=NONE_AHEAD, fault=Reason.UNREACHABLE)
    bands = tuple(_bands(week, source))
    if None in bands:
        return Published(ahead=NONE_AHEAD, fault=Reason.READING_INVALID)
    tariff = Tariff(
        time_zone=ZoneInfo(hass.config.time_zone),
        bands=tuple(band for band in bands if band is not None),
        otherwise_per_kwh=source.otherwise,
    )
    first_ms = now_ms - now_ms % STEP_MS
    prices = await hass.async_add_executor_job(tariff.prices, first_ms, MOST_STEPS)
    return Published(
        ahead=PricesAhead(
            from_ms=tuple(first_ms + n * STEP_MS for n in range(MOST_STEPS)),
            prices_per_kwh=tuple(prices.tolist()),
            until_ms=first_ms + MOST_STEPS * STEP_MS,
        )
    )


def _bands(week: Mapping[str, Any], source: TariffSource) -> Iterator[Band | None]:
    """Yield the schedule's blocks as bands; None for one without a price."""
    for weekday, name in enumerate(DAYS):
        for block in week.get(name, ()):
            price = _price(block.get("data") or {}, source)
            begin_min, end_min = _minute(block["from"]), _minute(block["to"])
            if price is None:
                yield None
            elif begin_min < end_min:
                yield Band(
                    begin_min=begin_min,
                    end_min=end_min,
                    price_per_kwh=price,
                    weekdays=frozenset({weekday}),
                )


def _minute(at: time) -> int:
    """Return the minute of the day, rounded up: a day's end is given as its last moment."""
    seconds = at.second + (at.microsecond > 0)
    return min(MINUTES_PER_DAY, at.hour * 60 + at.minute + (seconds > 0))
