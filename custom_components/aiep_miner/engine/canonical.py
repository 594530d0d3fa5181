"""RFC 8785 canonical JSON and the SHA-256 hashes over it."""

import hashlib
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

import rfc8785

_MAX_INTEGER: Final = 2**53 - 1


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of plain JSON types.

    Raises ValueError for what JSON cannot hold: NaN, infinities, integers beyond 2^53 - 1,
    lone surrogates.
    """
    try:
        return _write(value).encode()
    except _UncommonError, TypeError:
        return rfc8785.dumps(value)


def content_hash(value: Any) -> bytes:
    """Return the SHA-256 of the canonical bytes (32 bytes)."""
    return hashlib.sha256(canonical(value)).digest()


class _UncommonError(Exception):
    """A value whose form takes more thought; ``rfc8785`` writes it, or refuses."""


def _write(value: Any) -> str:
    """Return the canonical text of what nearly all records consist of.

    Canonicalising is the dearest part of an append, and this takes a third of the library's time.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is float or kind is int:
        return _number(value)
    if kind is dict:
        members = [f"{_key(key)}:{_write(item)}" for key, item in sorted(value.items())]
        return f"{{{','.join(members)}}}"
    if kind is list or kind is tuple:
        return f"[{','.join([_write(item) for item in value])}]"
    return _constant(value)


def _number(value: float) -> str:
    """Return a number where Python writes the shortest form as ECMAScript does."""
    whole = value // 1
    if value == whole:
        if -_MAX_INTEGER <= value <= _MAX_INTEGER:
            return repr(int(whole))
    elif 1e-4 <= abs(value) < 1e16:
        return repr(value)
    raise _UncommonError


def _constant(value: Any) -> str:
    """Return true, false or null."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise _UncommonError


@lru_cache(maxsize=1024)
def _key(key: str) -> str:
    """Return a member's name; ASCII sorts the same in Python as in UTF-16."""
    if type(key) is not str or not key.isascii():
        raise _UncommonError
    return encode_basestring(key)
