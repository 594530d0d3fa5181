"""Record lines: RFC 8785 canonical JSON objects with five members, read and checked.

A line is canonical when it is exactly what canonical JSON writes for what it says. Most lines are
checked by writing them anew with a library that differs from RFC 8785 in the form of some numbers
and in the order of some names only; where that might matter they are written by ``canonical``.
"""

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, NamedTuple

try:  # four times faster, when it happens to be there; with the same result
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]

MAX_LINE_BYTES = 1024 * 1024
MAX_DEPTH = 64
_MEMBERS = ["body", "kind", "seq", "subject", "ts"]
_MAX_INTEGER = 2**53 - 1
_MAX_SEQ = 2**53 - 1
_WRITE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _whole(digits: str) -> float:
    """Return a number without a fraction; beyond 2^53 - 1 it is a double, as in ECMAScript."""
    value = int(digits) if len(digits) < 17 else float(digits)
    return value if abs(value) <= _MAX_INTEGER else float(value)


_READ = json.JSONDecoder(parse_constant=_no_constant).decode
_READ_EXACTLY = json.JSONDecoder(parse_constant=_no_constant, parse_int=_whole).decode
_FAR_NAME = re.compile('[\U00010000-\U0010ffff](?:[^"\\\\\U00010000-\U0010ffff]|\\\\.)*":')
"""A name with a character from beyond the basic plane."""
_BOUNDARY = b'},{"body":'
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A string, where no name or value has been cut out of a JSON text before."""
_LONG_INTEGER = re.compile(r"(?<![.0-9])[0-9]{16}")
_OPTIONS = 0 if orjson is None else orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


class Record(NamedTuple):
    """One record as its line tells it."""

    seq: int
    ts: int
    """Milliseconds since the Unix epoch, UTC."""
    kind: str
    subject: str
    body: "dict[str, Any]"
    line: bytes


def record_hash(line: bytes) -> bytes:
    """Return a record's hash: that of its leaf in the tree of its part."""
    return sha256(b"\0" + line).digest()


def parse(line: bytes) -> Record:
    """Read a line. Raises ValueError when it is no record or not canonical."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("the line is too long")
    try:
        return _record(read_canonical(line), line)
    except RecursionError:
        raise ValueError("the line is nested too deeply") from None


def _record(value: Any, line: bytes) -> Record:
    if type(value) is not dict or [*value] != _MEMBERS:
        raise ValueError("the line is no record")
    body, kind, seq, subject, ts = value.values()
    if (
        type(body) is dict
        and type(kind) is type(subject) is str
        and type(seq) is type(ts) is int
        and 0 < seq <= _MAX_SEQ
    ):
        return Record(seq, ts, kind, subject, body, line)
    raise ValueError("the line is no record")


def parse_together(lines: "Sequence[bytes]") -> "list[Record] | None":
    """Read lines that are beyond doubt canonical records, all at once; None when one may not be.

    Written anew, their values must give the same bytes. Each line is one value: nothing in them
    looks like the boundary between two records, and there are as many values as lines.
    """
    if not lines:
        return []
    data = b",".join(lines)
    if data.count(_BOUNDARY) != len(lines) - 1 or max(map(len, lines)) > MAX_LINE_BYTES:
        return None
    data = b"[%b]" % data
    try:
        text = data.decode()
        values = _decode(data, text)
        if len(values) != len(lines) or not _is_written_alike(data, text, values):
            return None
        return [_record(value, line) for value, line in zip(values, lines)]  # noqa: B905
    except (ValueError, RecursionError):
        return None


def read_canonical(data: bytes) -> Any:
    """Return what canonical JSON says. Raises ValueError when it is not canonical."""
    text = data.decode()
    value = _decode(data, text)
    if _is_written_alike(data, text, value):
        return value
    value = _READ_EXACTLY(text)
    if canonical(value) != data:
        raise ValueError("not canonical")
    return value


def _decode(data: bytes, text: str) -> Any:
    """Return what JSON says, read by the fastest library there is. Raises ValueError."""
    return _READ(text) if orjson is None else orjson.loads(data)


def _is_written_alike(data: bytes, text: str, value: Any) -> bool:
    """Return whether data are surely canonical; False says nothing."""
    if not text.isascii() and _FAR_NAME.search(text):
        return False  # beyond the basic plane names sort differently
    if not _is_round(data, text, value):
        return False
    if not _has_odd_number(data):
        return True
    if "\\" in text:
        return has_plain_numbers(_STRING.sub('"', text))
    return has_plain_numbers('"'.join(text.split('"')[::2]))


def _has_odd_number(data: bytes) -> bool:
    """Return whether anything, be it in a string, looks like a number written in another form."""
    if b".0," in data or b".0}" in data or b".0]" in data or data.endswith(b".0"):
        return True
    return b"0e" in data.translate(_DIGITS)


_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def _is_round(data: bytes, text: str, value: Any) -> bool:
    """Return whether a JSON library writes a value as it was read, and has no long integer."""
    if orjson is None:
        return _WRITE(value) == text and not _LONG_INTEGER.search(text)
    try:
        return orjson.dumps(value, option=_OPTIONS) == data
    except orjson.JSONEncodeError:
        return False


def has_plain_numbers(structure: str) -> bool:
    """Return whether the numbers of a JSON text without its strings are surely canonical.

    Libraries write them in the same form as RFC 8785, save for exponents (``e`` occurs in true
    and false, too) and whole numbers with a fraction.
    """
    if "e" in structure and structure.count("e") != structure.count("ue") + structure.count("se"):
        return False
    return not (
        ".0," in structure or ".0}" in structure or ".0]" in structure or structure.endswith(".0")
    )


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of plain JSON types. Raises ValueError when there is none."""
    return _written(value, 0).encode()


def _written(value: Any, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (
            f"{encode_basestring(name)}:{_written(value[name], depth + 1)}" for name in names
        )
        return f"{{{','.join(members)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_written(item, depth + 1) for item in value)}]"
    raise ValueError(f"{type(value).__name__} is no JSON type")


def number(value: float) -> str:
    """Return a number as ECMAScript writes it (RFC 8785, section 3.2.2.3). Raises ValueError."""
    if isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            raise ValueError("an integer beyond 2^53 - 1")
        return str(value)
    if not isfinite(value):
        raise ValueError("not finite")
    if value == 0:
        return "0"
    sign, (mantissa, exponent) = "-" if value < 0 else "", _decimal(abs(value))
    return sign + _placed(mantissa, exponent)


def _decimal(value: float) -> "tuple[str, int]":
    """Return the shortest digits d and the n for which the value is 0.d times 10^n."""
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0"), exponent


def _placed(digits: str, exponent: int) -> str:
    count = len(digits)
    if count <= exponent <= 21:
        return digits + "0" * (exponent - count)
    if 0 < exponent <= 21:
        return f"{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"0.{'0' * -exponent}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{exponent - 1:+d}"
