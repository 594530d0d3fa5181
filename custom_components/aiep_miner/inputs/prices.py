"""Reads prices and network state: fixed numbers, entities' states, or a public source."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_CURRENCY,
    CONF_ENERGY_PRICE,
    CONF_NETWORK_DIFFICULTY,
)
from ..engine.records import PriceRecord
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
"""What a hundredth is called, and of which currencies."""
_SYMBOLS: Final = {
    # One sign may stand for several currencies; the operator's own is taken to be meant.
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
"""Domains whose entities report nothing: like a fixed number, a setting does not age."""
_MAGNITUDES: Final = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}

type Converter = Callable[[str, str], float | None]
"""From a unit and the operator's currency to what a value is multiplied with; None: unfit."""
type Found = tuple[float | None, int | None]
"""A value and, of what an entity reports, when it did so last (ms since the epoch)."""


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
    CONF_COIN_PRICE: _coin_factor,
    CONF_NETWORK_DIFFICULTY: _difficulty_factor,
}
"""The quantities that may come from an entity."""


def factor(hass: HomeAssistant, key: str, entity_id: str, currency: str) -> float | None:
    """Return what an entity's value is multiplied with; None when its unit does not fit.

    A value without a unit is taken as it is: per kWh, and in the operator's currency.
    """
    state = hass.states.get(entity_id)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if unit in (None, ""):
        return 1.0
    return CONVERTERS[key](unit, currency) if isinstance(unit, str) else None


def read_prices(hass: HomeAssistant, operator_id: str, data: Mapping[str, Any]) -> PriceRecord:
    """Return the prices of this moment; what is unavailable or no number is None."""
    energy_price, energy_ms = _read(hass, CONF_ENERGY_PRICE, data)
    coin_price, coin_ms = _read(hass, CONF_COIN_PRICE, data)
    difficulty, difficulty_ms = _read(hass, CONF_NETWORK_DIFFICULTY, data)
    block_reward, _ = _read(hass, CONF_BLOCK_REWARD, data)
    return PriceRecord(
        ts_ms=0,
        subject=operator_id,
        currency=data[CONF_CURRENCY],
        energy_price_per_kwh=energy_price,
        energy_price_updated_ms=energy_ms,
        coin_price=_positive(coin_price),
        coin_price_updated_ms=coin_ms,
        network_difficulty=_positive(difficulty),
        network_difficulty_updated_ms=difficulty_ms,
        block_reward=_positive(block_reward),
    )


def _read(hass: HomeAssistant, key: str, data: Mapping[str, Any]) -> Found:
    """Return what is found; whatever goes wrong is an unknown value and must not stop a cycle."""
    try:
        return _find(hass, key, data)
    except Exception:
        _LOGGER.exception("The %s cannot be read", key)
        return None, None


def _find(hass: HomeAssistant, key: str, data: Mapping[str, Any]) -> Found:
    source = data.get(key)
    if source is None:
        return public_figure(hass, data, key, data[CONF_CURRENCY])
    if not isinstance(source, str):
        return _finite(source), None
    state = hass.states.get(source)
    value = _finite(state.state) if state else None
    multiplier = factor(hass, key, source, data[CONF_CURRENCY])
    if state is None or value is None or multiplier is None:
        return None, None
    is_set = state.domain in _SET_BY_HAND
    reported_ms = None if is_set else round(state.last_reported_timestamp * 1000)
    return _finite(value * multiplier), reported_ms


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except TypeError, ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None
