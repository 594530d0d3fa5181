"""RFC 8785 canonical JSON and the SHA-256 hashes over it."""

import hashlib
import re
from collections.abc import Sequence
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
_FAR_NAME: Final = re.compile('[\U00010000-\U0010ffff](?:[^"\\\\\U00010000-\U0010ffff]|\\\\.)*":')
"""A name with a character from beyond the basic plane."""
_NO_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in b'"\\,{}[]')


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of plain JSON types.

    Raises ValueError for what JSON cannot hold: NaN, infinities, integers beyond 2^53 - 1,
    lone surrogates.
    """
    written = _written(value) if type(value) is dict else None
    return rfc8785.dumps(value) if written is None else written


def canonical_objects(values: Sequence[dict[str, Any]], first: str) -> list[bytes]:
    """Return the RFC 8785 bytes of objects that all begin with the same name, written at once.

    ``first`` is the least of each one's names, in ASCII. Raises ValueError like ``canonical``.
    """
    written = _written(values)
    if written is not None:
        begin = b'{"%b":' % first.encode()
        lines = written[1:-1].replace(b"}," + begin, b"}\n" + begin).split(b"\n")
        if len(lines) == len(values):  # more when an object within another one begins alike
            return lines
    return [canonical(value) for value in values]


def _written(value: Any) -> bytes | None:
    """Return the RFC 8785 bytes of an object or of a list of them; None when they are not sure."""
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError:
        return None
    has_far_name = not data.isascii() and _FAR_NAME.search(data.decode())
    if has_far_name or b"null" in data or b",e," in data.translate(_JOINED, _DIGITS):
        return None
    if b".0" not in data:
        return data
    if b"-0.0" in data or _has_structure_in_strings(data):
        return None
    return data.replace(b".0,", b",").replace(b".0}", b"}").replace(b".0]", b"]")


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
