"""The decision id: SHA-256 over the canonical evaluation.

The evaluation is the RFC 8785 JSON of ``{"context", "evidence", "inputs", "outcome", "policy"}``.
Numbers that RFC 8785 would write with an exponent, and those that are not finite, are given as
text. What is left is written the same by orjson, which is fifty times as fast; a property test
holds it against ``canonical``.
"""

import hashlib
from collections.abc import Buffer, Iterable
from typing import Any, Final

import orjson

from .numbers import number, text

NESTING: Final = 3


def plain(value: Any) -> float | int | str:
    """Return a number as the canonical evaluation holds it."""
    if type(value) is not float:
        value = number(value)
    if 1e-4 <= value < 1e15 or -1e15 < value <= -1e-4:
        whole = int(value)
        return whole if whole == value else value
    return 0 if value == 0.0 else repr(value)


def plain_context(context: Any, nesting: int = NESTING) -> Any:
    """Return foreign data as plain JSON with mappings as sorted pairs; deep or odd parts as types."""
    kind = type(context)
    if kind is float:
        return plain(context)
    if kind is str and context.isascii():
        return context
    if context is None or kind is bool:
        return context
    return _plain_other(context, nesting)


def _plain_other(context: Any, nesting: int) -> Any:
    if isinstance(context, int | float):
        return plain(context)
    if isinstance(context, str):
        return context.encode("utf-8", "replace").decode()
    if nesting and isinstance(context, list | tuple):
        return [plain_context(item, nesting - 1) for item in context]
    if not nesting or not isinstance(context, dict):
        return type(context).__name__
    pairs = [[text(key), plain_context(item, nesting - 1)] for key, item in context.items()]
    try:
        return sorted(pairs)
    except TypeError:  # two keys that are no text
        return sorted(pairs, key=repr)


def evidence_digest(parts: Iterable[Buffer]) -> str:
    """Return the SHA-256, hex, over all that an evaluation can see of the rig, before and now."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def evaluation_bytes(evaluation: dict[str, Any]) -> bytes:
    """Return the canonical bytes of an evaluation that holds only ``plain`` numbers."""
    return orjson.dumps(evaluation, option=orjson.OPT_SORT_KEYS)


def decision_id(evaluation: dict[str, Any]) -> str:
    """Return the SHA-256, hex, of the canonical evaluation."""
    return hashlib.sha256(evaluation_bytes(evaluation)).hexdigest()
