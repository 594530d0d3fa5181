"""RFC 8785 canonical JSON and the SHA-256 hashes over it."""

import hashlib
from typing import Any, Final

import orjson
import rfc8785

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of plain JSON types.

    Raises ValueError for what JSON cannot hold: NaN, infinities, integers beyond 2^53 - 1,
    lone surrogates.
    """
    try:
        text = orjson.dumps(value, option=_OPTIONS).decode()
    except orjson.JSONEncodeError:
        return rfc8785.dumps(value)
    plain = _plain(text)
    return rfc8785.dumps(value) if plain is None else plain.encode()


def content_hash(value: Any) -> bytes:
    """Return the SHA-256 of the canonical bytes (32 bytes)."""
    return hashlib.sha256(canonical(value)).digest()


def _plain(text: str) -> str | None:
    """Return what ``orjson`` wrote as RFC 8785 wants it; None when that takes more thought.

    The two differ in whole numbers with a fraction (``1.0``), exponents, the null that stands
    for NaN, and the order of names beyond the basic plane. All that is looked for outside of
    strings, which end at the next quotation mark as long as nothing is escaped.
    """
    if "\\" in text or not (text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text)):
        return None
    structure = '"'.join(text.split('"')[::2])
    has_exponent = "e" in structure and (
        structure.count("e") != structure.count("ue") + structure.count("se")
    )
    if has_exponent or "null" in structure:
        return None
    if ".0" not in structure:
        return text
    whole, short = _without_fraction(text + "\n"), _without_fraction(structure + "\n")
    has_more = len(text) - len(whole) != len(structure) - len(short)  # in a string, too
    return None if has_more or "-0" in short else whole[:-1]


def _without_fraction(text: str) -> str:
    """Return a text without the fractions of whole numbers."""
    return text.replace(".0,", ",").replace(".0}", "}").replace(".0]", "]").replace(".0\n", "\n")
