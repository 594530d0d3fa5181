"""Turns a miner's status into one translated sentence with numbers, units and local times."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..engine.status import Status
from ..inputs.user_names import async_user_name

CODES: Final = {
    "action": "entity.sensor.decision.state_attributes.action.state",
    "reason": "entity.sensor.reason.state",
    "error": "entity.sensor.reason.state",
    "quantity": "common.quantity",
}
"""Placeholders that are codes, and the categories of their translations."""
SAME_WITHIN: Final = 0.05
"""A relative difference of a number below this does not change the sentence."""
SAME_WITHIN_MS: Final = 60_000
SIGNIFICANT_DIGITS: Final = 3


DECIMAL_COMMA: Final = frozenset({"de", "es", "fr"})
"""Languages that write 3,41 for 3.41."""


@callback
def async_text(hass: HomeAssistant, category: str, key: str, language: str | None = None) -> str:
    """Return a translation in a language, at first the system's, else in English; "" without one.

    Translations of a language other than the system's must have been loaded.
    """
    path = f"component.{DOMAIN}.{key}"
    for spoken in (language or hass.config.language, "en"):
        if text := async_get_cached_translations(hass, spoken, category, DOMAIN).get(path):
            return text
    return ""


@callback
def async_sentence(hass: HomeAssistant, status: Status, language: str | None = None) -> str:
    """Return the sentence, cut to the longest state that Home Assistant accepts."""
    template = async_text(hass, "exceptions", f"exceptions.status_{status.key}.message", language)
    words = {
        key: async_word(hass, key, value, language) for key, value in status.placeholders.items()
    }
    for name, at_ms in (("since", status.since_ms), ("until", status.until_ms)):
        if at_ms is not None:
            words[name] = local_time(at_ms)
    if "user_id" in words:
        words["user_id"] = async_person(hass, words["user_id"], language)
    sentence = template.format(**words) or str(status.key)
    return sentence[:MAX_LENGTH_STATE_STATE]


@callback
def async_person(hass: HomeAssistant, user_id: str | None, language: str | None = None) -> str:
    """Return a user's name, or the translated word for a person without one."""
    name = async_user_name(hass, user_id) if user_id else None
    return name or async_text(hass, "common", "common.somebody", language)


def local_time(at_ms: int) -> str:
    """Return a time in ms as local hours and minutes, with the date when it is not today's."""
    at = dt_util.as_local(datetime.fromtimestamp(at_ms / 1000, dt_util.UTC))
    today = dt_util.now().date()
    return f"{at:%H:%M}" if at.date() == today else f"{at:%Y-%m-%d %H:%M}"


def iso_time(at_ms: int | None) -> str | None:
    """Return a time in ms as ISO 8601, in UTC; None for None."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms // 1000, dt_util.UTC).isoformat()


@callback
def async_number(hass: HomeAssistant, value: float, language: str | None = None) -> str:
    """Return a number with three significant digits, such as 0.0523, 3.41, 92.5 or 3250."""
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0  # makes 0 of -0
    text = f"{rounded:.0f}" if abs(rounded) >= 10**SIGNIFICANT_DIGITS else f"{rounded:g}"
    spoken = (language or hass.config.language).split("-")[0]
    return text.replace(".", ",") if spoken in DECIMAL_COMMA else text


@callback
def async_word(
    hass: HomeAssistant, key: str, value: str | float, language: str | None = None
) -> str:
    """Return a placeholder's text: a formatted number, or a translated code."""
    if not isinstance(value, str):
        return async_number(hass, value, language)
    if key not in CODES:
        return value
    where = CODES[key]
    category = where.split(".", 1)[0]
    joint = "_" if category == "common" else "."
    return async_text(hass, category, f"{where}{joint}{value}", language) or value.replace("_", " ")


def is_news(shown: Status | None, status: Status) -> bool:
    """Return whether a status differs from the one shown by more than noise."""
    if shown is None or shown.key is not status.key:
        return True
    times = ((shown.since_ms, status.since_ms), (shown.until_ms, status.until_ms))
    if any(_moved(before, now) for before, now in times):
        return True
    return _differ(shown.placeholders, status.placeholders)


def _moved(before: int | None, now: int | None) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(before - now) >= SAME_WITHIN_MS


def _differ(before: Mapping[str, str | float], now: Mapping[str, str | float]) -> bool:
    if before.keys() != now.keys():
        return True
    return any(_is_other(before[key], now[key]) for key in now)


def _is_other(before: str | float, now: str | float) -> bool:
    if isinstance(before, str) or isinstance(now, str):
        return before != now
    return abs(now - before) > SAME_WITHIN * max(abs(before), abs(now))
