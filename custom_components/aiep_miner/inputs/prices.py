"""Reads prices and network state: fixed numbers, entities' states, or a public source."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfEnergy,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_CURRENCY,
    CONF_ENERGY_PRICE,
    CONF_FEED_IN_PRICE,
    CONF_NETWORK_DIFFICULTY,
)
from ..engine.records import PriceRecord
from ..engine.records.reasons import Reason
from .network import public_figure

_LOGGER = logging.getLogger(__name__)

CURRENCIES: Final = tuple(sorted(ACTIVE_CURRENCIES))

_CENT: Final = (
    "AUD BBD BMD BND BRL BSD BZD CAD EUR FJD GYD HKD JMD KES KYD LKR LRD MUR MXN MYR NAD NZD "
    "PHP SBD SCR SGD SRD TTD TWD TZS USD XCD ZAR"
)
_HUNDREDTHS: Final = {
    **dict.fromkeys(("c", "ct", "cent", "cents", "¢"), _CENT),
    **dict.fromkeys(("p", "pence", "GBp"), "GBP"),
    "øre": "DKK NOK",
    "öre": "SEK",
    "ore": "DKK NOK SEK",
    "snt": "EUR",
    "gr": "PLN",
    "h": "CZK",
}
"""Names of a hundredth, and the currencies that have it."""
_SYMBOLS: Final = {
    # One sign may denote several currencies; the operator's own is assumed.
    "€": "EUR",
    "$": "USD AUD CAD NZD SGD HKD MXN TWD",
    "£": "GBP",
    "¥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "kr": "SEK NOK DKK ISK",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON",
    "Fr": "CHF",
    "R$": "BRL",
    "R": "ZAR",
}
_SET_BY_HAND: Final = frozenset({"input_number", "number"})
"""Domains whose entities are settings: like a fixed number, their value does not age."""
_PRICES: Final = frozenset({CONF_ENERGY_PRICE, CONF_COIN_PRICE, CONF_FEED_IN_PRICE})
"""Amounts of money: a reported value without a unit may be in another one."""
_MAGNITUDES: Final = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}

type Converter = Callable[[str, str], float | None]
"""From a unit and the operator's currency to the factor of a value; None: wrong unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The value of one price, its time and its fault."""

    value: float | None = None
    reported_ms: int | None = None
    """When an entity reported it last, in ms since the epoch; None for a setting."""
    fault: Reason | None = None
    """Why the value is not accepted; a value without a unit is kept beside its fault."""


def _money(unit: str, currency: str) -> float | None:
    if unit in _HUNDREDTHS:
        return 0.01 if currency in _HUNDREDTHS[unit].split() else None
    if unit in _SYMBOLS:
        return 1.0 if currency in _SYMBOLS[unit].split() else None
    return 1.0 if unit.upper() == currency else None


def _energy_factor(unit: str, currency: str) -> float | None:
    money, _, energy = (part.strip() for part in unit.partition("/"))
    factor = _money(money, currency)
    if factor is None or energy not in EnergyConverter.VALID_UNITS:
        return None
    return factor / EnergyConverter.convert(1, energy, UnitOfEnergy.KILO_WATT_HOUR)


def _coin_factor(unit: str, currency: str) -> float | None:
    money, _, coin = (part.strip() for part in unit.partition("/"))
    return None if coin in EnergyConverter.VALID_UNITS else _money(money, currency)


def _difficulty_factor(unit: str, _currency: str) -> float | None:
    return _MAGNITUDES.get(unit.strip())


CONVERTERS: Final[Mapping[str, Converter]] = {
    CONF_ENERGY_PRICE: _energy_factor,
    CONF_FEED_IN_PRICE: _energy_factor,
    CONF_COIN_PRICE: _coin_factor,
    CONF_NETWORK_DIFFICULTY: _difficulty_factor,
}
"""The quantities that may come from an entity."""


def factor(hass: HomeAssistant, key: str, entity_id: str, currency: str) -> float | None:
    """Return the factor of an entity's value; None when its unit does not fit.

    A value without a unit has factor 1: per kWh, in the operator's currency. A setting may lack a
    unit; a reported value without one is not accepted (see ``Found``).
    """
    state = hass.states.get(entity_id)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if unit in (None, ""):
        return 1.0
    return CONVERTERS[key](unit, currency) if isinstance(unit, str) else None


def fits(hass: HomeAssistant, key: str, entity_id: str, currency: str) -> bool:
    """Return whether an entity can be chosen for a price: its unit fits, as far as it is known."""
    state = hass.states.get(entity_id)
    if state is None:
        return True
    known = state.domain in _SET_BY_HAND or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    return factor(hass, key, entity_id, currency) is not None and (
        known or not _lacks_unit(state, key)
    )


def is_set_by_hand(entity_id: str) -> bool:
    """Tell whether an entity is a setting, whose value does not age."""
    return entity_id.partition(".")[0] in _SET_BY_HAND


def read_prices(hass: HomeAssistant, operator_id: str, data: Mapping[str, Any]) -> PriceRecord:
    """Return the present prices, and the faults of those that cannot be used."""
    energy = read_price(hass, CONF_ENERGY_PRICE, data)
    coin = _positive(read_price(hass, CONF_COIN_PRICE, data))
    difficulty = _positive(read_price(hass, CONF_NETWORK_DIFFICULTY, data))
    reward = _positive(read_price(hass, CONF_BLOCK_REWARD, data))
    found = {
        "energy_price_per_kwh": energy,
        "coin_price": coin,
        "network_difficulty": difficulty,
        "block_reward": reward,
    }
    return PriceRecord(
        ts_ms=0,
        subject=operator_id,
        currency=data[CONF_CURRENCY],
        energy_price_per_kwh=energy.value,
        energy_price_updated_ms=energy.reported_ms,
        coin_price=coin.value,
        coin_price_updated_ms=coin.reported_ms,
        network_difficulty=difficulty.value,
        network_difficulty_updated_ms=difficulty.reported_ms,
        block_reward=reward.value,
        faults={name: item.fault for name, item in found.items() if item.fault is not None},
    )


def read_price(hass: HomeAssistant, key: str, data: Mapping[str, Any]) -> Found:
    """Return a price; every failure becomes an unknown value, since it must not stop a cycle."""
    try:
        return _find(hass, key, data)
    except Exception:
        _LOGGER.exception("The %s cannot be read", key)
        return Found(fault=Reason.READING_INVALID)


def _find(hass: HomeAssistant, key: str, data: Mapping[str, Any]) -> Found:
    source = data.get(key)
    if source is None:
        value, stated_ms = public_figure(hass, data, key, data[CONF_CURRENCY])
        fault = Reason.UNREACHABLE if value is None else None
        return Found(value=value, reported_ms=stated_ms, fault=fault)
    if not isinstance(source, str):
        value = _finite(source)
        return Found(value=value, fault=Reason.READING_INVALID if value is None else None)
    state = hass.states.get(source)
    if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return Found(fault=Reason.UNREACHABLE)
    value = _finite(state.state)
    multiplier = factor(hass, key, source, data[CONF_CURRENCY])
    if value is None:
        return Found(fault=Reason.READING_INVALID)
    if multiplier is None:
        return Found(fault=Reason.READING_WRONG_UNIT)
    is_set = state.domain in _SET_BY_HAND
    return Found(
        value=_finite(value * multiplier),
        reported_ms=None if is_set else round(state.last_reported_timestamp * 1000),
        fault=Reason.UNIT_MISSING if _lacks_unit(state, key) and not is_set else None,
    )


def _lacks_unit(state: State, key: str) -> bool:
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return key in _PRICES and unit in (None, "")


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except TypeError, ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(found: Found) -> Found:
    if found.value is None or found.value > 0:
        return found
    return Found(fault=Reason.READING_IMPOSSIBLE)
