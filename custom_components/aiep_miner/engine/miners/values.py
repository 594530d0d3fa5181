"""Turns what devices send, of any type, into values that may go on record, or into None."""

import math
import re
import sys
from typing import Any

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
POWER_LIMIT_W = 100_000.0
"""No miner draws more."""
UPTIME_LIMIT_S = 10**9
"""No miner has run for longer: 30 years."""
_COLDEST_C, _HOTTEST_C = -40.0, 1000.0
_NO_SENSOR_C = (0.0, -1.0)
"""What firmware reports for a sensor that it cannot read."""
_SEVERAL = re.compile(r"\s*-?[\d.]+(?:\s*[-, ]\s*[\d.]+)+\s*", re.ASCII)
"""Sensors in one text: "78-50-69-70"."""
NAMELESS = frozenset({"", "unknown", "none", "null", "n/a"})
"""What devices and libraries call a make or model that they do not know."""
_TEXT_LIMIT = 200
_COUNT_LIMIT = 2**53 - 1
"""The largest integer that JSON numbers hold exactly (RFC 8785)."""
_FLAGS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}


def number(value: Any, low: float, high: float) -> float | None:
    """Return a number or a text that holds one, when finite and within low…high."""
    if isinstance(value, str) and len(value) < _TEXT_LIMIT and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not low <= value <= high:
        return None
    return float(value) + 0.0  # makes 0 of -0


def at(value: Any, *path: str) -> Any:
    """Return what lies at a path of keys in nested objects; None where there is no such path."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def celsius(value: Any) -> float | None:
    """Return the hottest temperature that a number, a text or a list of them holds, in °C.

    What no sensor reads (0, -1, below -40 °C) is None. What is too hot to be true is kept, up
    to 1000 °C: a sensor beyond its range is a fault of the machine and no missing reading.
    """
    if isinstance(value, list | tuple):
        return max((item for item in map(celsius, value[:512]) if item is not None), default=None)
    if isinstance(value, str) and len(value) < _TEXT_LIMIT and _SEVERAL.fullmatch(value):
        return celsius(re.findall(r"[\d.]+", value))
    temperature_c = number(value, _COLDEST_C, sys.float_info.max)
    if temperature_c is None or temperature_c in _NO_SENSOR_C:
        return None
    return round(min(temperature_c, _HOTTEST_C), 2)


def count(value: Any, high: int = _COUNT_LIMIT) -> int | None:
    """Return a whole number within 0…high; fractions are cut off."""
    result = number(value, 0, high)
    return None if result is None else math.floor(result)


def flag(value: Any) -> bool | None:
    """Return a truth value, also spelled "Y"/"N", "yes"/"no", "true"/"false", 1/0."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    return None


def text(value: Any) -> str | None:
    """Return a text of 1 to 200 printable characters: no control characters, no surrogates."""
    if not isinstance(value, str):
        return None
    printable = (letter if letter.isprintable() else " " for letter in value[: 4 * _TEXT_LIMIT])
    return "".join(printable).strip()[:_TEXT_LIMIT] or None


def name(value: Any) -> str | None:
    """Return a make or model; None for a placeholder such as ``<unknown>``."""
    found = text(value)
    return None if found is None or found.strip("<>()").lower() in NAMELESS else found


def pool_url(value: Any) -> str | None:
    """Return a pool's scheme, host and port; a user, password, path or query is left out."""
    url = text(value)
    if url is None:
        return None
    scheme, separator, rest = url.rpartition("://")
    host = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return f"{scheme}{separator}{host}" if host else None


def mac(value: Any) -> str | None:
    """Return a MAC address in lower case with colons."""
    digits = re.sub(r"[:.-]", "", value).lower() if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
