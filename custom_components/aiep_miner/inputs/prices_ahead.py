"""Reads the energy prices that are published for the hours to come, from an entity's attributes.

Price integrations put them into lists of ``{start, end, price}``, or into one of time to price, under
names of their own. What is read has the unit of the entity's state.
"""

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_CURRENCY, CONF_ENERGY_PRICE
from ..engine.records.reasons import Reason
from ..engine.steps.planning import PricesAhead
from .prices import factor, is_set_by_hand

STARTS: Final = (
    *("start", "start_time", "startsAt", "starts_at", "start_at", "valid_from", "from"),
    *("time", "timestamp", "datetime", "hour"),
)
"""Names of the time from which on a price holds."""
ENDS: Final = ("end", "end_time", "endsAt", "ends_at", "end_at", "valid_to", "till", "to")
VALUES: Final = (
    *("value", "price", "total", "value_inc_vat", "price_per_kwh", "per_kwh"),
    *("electricity_price", "unit_price"),
)
HOUR_MS: Final = 3_600_000
MOST: Final = 500
"""Prices that are read at most: a week of quarter hours is 672, nobody publishes more than two days."""
FARTHEST: Final = 300.0
"""Times the median beyond which a price is a mistake."""
OTHER_UNIT: Final = 10.0
"""Times the nearest of the published prices at which the present one is in another unit."""

NONE_AHEAD: Final = PricesAhead(from_ms=(), prices_per_kwh=(), until_ms=0)
"""Nothing is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The prices ahead, and why those that there are cannot be used."""

    ahead: PricesAhead | None
    """None for a fixed price, which holds for good."""
    fault: Reason | None = None


@callback
def read_prices_ahead(
    hass: HomeAssistant, data: Mapping[str, Any], forecast_entity: str | None
) -> Published:
    """Return the prices of the entity named for it, else of the energy price's own."""
    source = data.get(CONF_ENERGY_PRICE)
    entity_id = forecast_entity or source
    if not isinstance(entity_id, str) or (not forecast_entity and is_set_by_hand(entity_id)):
        return Published(ahead=None)
    state = hass.states.get(entity_id)
    if state is None:
        return Published(ahead=NONE_AHEAD, fault=Reason.UNREACHABLE)
    multiplier = factor(hass, CONF_ENERGY_PRICE, entity_id, data[CONF_CURRENCY])
    if multiplier is None:
        return Published(ahead=NONE_AHEAD, fault=Reason.READING_WRONG_UNIT)
    rows = sorted(set(_rows(state.attributes)))[-MOST:]
    if not rows:
        return Published(ahead=NONE_AHEAD, fault=Reason.NO_READINGS)
    ahead = _ahead(rows, multiplier)
    present = _number(state.state) if entity_id == source else None
    fault = _fault(ahead, None if present is None else present * multiplier)
    return Published(ahead=NONE_AHEAD if fault else ahead, fault=fault)


type _Row = tuple[int, int, float]
"""Begin and end in ms (0 unknown), and price."""


def _rows(attributes: Mapping[str, Any]) -> Iterator[_Row]:
    for value in attributes.values():
        if isinstance(value, list | tuple):
            yield from filter(None, map(_row, value))
        elif isinstance(value, Mapping):
            for key, price in value.items():
                from_ms, number = _time(key), _number(price)
                if from_ms is not None and number is not None:
                    yield from_ms, 0, number


def _row(item: Any) -> _Row | None:
    """Return a list's item as a price; None for what is none."""
    if not isinstance(item, Mapping):
        return None
    from_ms = next((at for name in STARTS if (at := _time(item.get(name))) is not None), None)
    price = next((n for name in VALUES if (n := _number(item.get(name))) is not None), None)
    if from_ms is None or price is None:
        return None
    until_ms = next((at for name in ENDS if (at := _time(item.get(name))) is not None), 0)
    return from_ms, until_ms, price


def _time(value: Any) -> int | None:
    """Return a time in ms; one without a zone is local."""
    moment = dt_util.parse_datetime(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
    return int(moment.timestamp() * 1000)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ahead(rows: list[_Row], multiplier: float) -> PricesAhead:
    prices = {from_ms: price * multiplier for from_ms, _, price in rows}
    starts = sorted(prices)
    gaps = [after - before for before, after in pairwise(starts)]
    last_ms = max((until_ms for from_ms, until_ms, _ in rows if from_ms == starts[-1]), default=0)
    return PricesAhead(
        from_ms=tuple(starts),
        prices_per_kwh=tuple(prices[from_ms] for from_ms in starts),
        until_ms=max(last_ms, starts[-1] + (statistics.mode(gaps) if gaps else HOUR_MS)),
    )


def _fault(ahead: PricesAhead, present: float | None) -> Reason | None:
    """Return why prices are not believed: one is far off the others, or all in another unit."""
    sizes = [abs(price) for price in ahead.prices_per_kwh]
    usual = statistics.median(sizes)
    if usual and max(sizes) > usual * FARTHEST:
        return Reason.OUT_OF_BOUNDS
    if not present:
        return None
    # At the turn of an hour the state may still be the one before: any of the prices will do.
    nearest = min(max(present, min(ahead.prices_per_kwh)), max(ahead.prices_per_kwh))
    is_near = not nearest or 1 / OTHER_UNIT < nearest / present < OTHER_UNIT
    return None if is_near else Reason.READING_WRONG_UNIT
