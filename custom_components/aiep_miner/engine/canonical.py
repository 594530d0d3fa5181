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
"""What this writes differs from RFC 8785 in whole numbers with a fraction (``1.0``), exponents, the
null that it writes for NaN, and the order of names beyond the basic plane."""
_DIGITS: Final = b"0123456789+-"
_JOINED: Final = bytes.maketrans(b"}]:[.", b",,,,,")
"""Makes ``,e,`` of a number with an exponent once its digits are gone."""
_NO_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in b'"\\,{}[]')


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of plain JSON types.

    Raises ValueError for what JSON cannot hold: NaN, infinities, integers beyond 2^53 - 1,
    lone surrogates.
    """
    if type(value) is not dict:
        return rfc8785.dumps(value)
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError:
        return rfc8785.dumps(value)
    text = data.decode()
    is_basic = text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text)
    if not is_basic or "null" in text or b",e," in data.translate(_JOINED, _DIGITS):
        return rfc8785.dumps(value)
    if ".0" not in text:
        return data
    if "-0.0" in text or _has_structure_in_strings(data):
        return rfc8785.dumps(value)
    return text.replace(".0,", ",").replace(".0}", "}").replace(".0]", "]").encode()


def content_hash(value: Any) -> bytes:
    """Return the SHA-256 of the canonical bytes (32 bytes)."""
    return hashlib.sha256(canonical(value)).digest()


def _has_structure_in_strings(data: bytes) -> bool:
    """Return whether a string of a JSON text holds what otherwise ends a number.

    Without everything else a plain string is two quotation marks in a row. The mark that opens a
    string never follows the one that closes another's name or value but in pairs, so that any
    other string leaves an odd row of marks.
    """
    marks = data.translate(None, _NO_STRUCTURE)
    return 2 * marks.count(b'""') != marks.count(b'"')
