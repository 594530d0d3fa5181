"""The decision id: SHA-256 over the canonical evaluation.

The evaluation is the RFC 8785 JSON of ``{"evidence", "inputs", "outcome", "policy"}``. Inputs are
written as they came, before anything is rounded, cut or discarded, so that two different
proposals never share an id; numbers that compare equal are the same input, and so are readings
in another order. What JSON cannot hold is written as an object with one member, the kind of the
value; a mapping is written that way too, so that no input looks like another. orjson writes the
result fifty times as fast as ``canonical``; a property test compares them.
"""

import dataclasses
import hashlib
import re
from array import array
from collections.abc import Buffer, Iterable, Mapping, Sequence, Set, Sized
from typing import Any, Final, NamedTuple

import orjson

from .model import HardwareReading, Limits, MiningAction, MiningDomain, MiningSignals

NESTING: Final = 32
PARTS: Final = 20_000
"""An input with more parts than this, or nested deeper, is cut, and refused."""
_EXACT: Final = 2**53
_SHA256: Final = hashlib.sha256()
"""Copied for each hash, which spares OpenSSL the search for the algorithm."""
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")


class Inputs(NamedTuple):
    """A proposal as it came."""

    fields: list[Any]
    """Everything but the readings, as JSON."""
    readings: list[bytes]
    """The hardware and the temperature readings, as JSON."""
    whole: bool
    """Whether nothing had to be cut."""


def exact(*values: float) -> str:
    """Return numbers bit by bit, as hex."""
    return array("d", values).tobytes().hex()


def plain(value: float) -> Any:
    """Return a number in a form that every JSON writer writes the same."""
    if 1e-4 <= value < 1e15 or -1e15 < value <= -1e-4:
        whole = int(value)
        return whole if whole == value else value
    return 0 if value == 0.0 else {"float": repr(value)}


def inputs_of(signals: MiningSignals) -> Inputs:
    """Return a proposal as it came."""
    writer = _Writer()
    write = writer.write
    domain, action, context = signals.mining_domain, signals.proposed_action, signals.context
    pool, current, limits = signals.pool_url, signals.current_pool_url, signals.limits
    fields = [
        domain if type(domain) is MiningDomain else write(domain),
        action if type(action) is MiningAction else write(action),
        write(signals.ai_value),
        write(signals.ai_confidence),
        write(signals.timestamp),
        write(signals.rig_id),
        pool if pool is None else write(pool),
        current if current is None else write(current),
        write(context) if type(context) is not dict or context else {},
        limits if limits is None else _limits(limits, writer),
    ]
    readings = [
        _readings(signals.hardware_readings, writer),
        _readings(signals.temperature_readings, writer),
    ]
    return Inputs(fields, readings, writer.parts > 0)


def _limits(limits: Any, writer: _Writer) -> Any:
    if type(limits) is not Limits:
        return writer.write(limits)
    return [
        value if value is None or value is False or value is True else writer.write(value)
        for value in limits
    ]


def _readings(items: Any, writer: _Writer) -> bytes:
    """Return readings in an order of their own."""
    if type(items) is not list and type(items) is not tuple:
        return orjson.dumps(writer.write(items))
    rows = _rows(items)
    if rows is not None:
        rows.sort()
        return orjson.dumps(rows)
    return b"[" + b",".join(sorted([orjson.dumps(writer.write(item)) for item in items])) + b"]"


def _rows(items: Iterable[Any]) -> list[tuple[str, float, float]] | None:
    """Return name, value and time of each reading; None when one of them needs more thought."""
    rows = []
    for item in items:
        if type(item) is not HardwareReading:
            return None
        name, value, at = item.hardware_id, item.value, item.timestamp
        if type(value) is not float or type(at) is not float:
            if not _is_exact(value) or not _is_exact(at):
                return None
            value, at = float(value), float(at)
        if value - value != 0.0 or at - at != 0.0:  # not finite
            return None
        if type(name) is not str or not name.isascii():
            return None
        rows.append((name, value + 0.0, at + 0.0))
    return rows


def _is_exact(value: Any) -> bool:
    """Return whether a value is a float, or an integer that a float holds exactly."""
    return type(value) is float or (type(value) is int and -_EXACT < value < _EXACT)


class _Writer:
    """Writes values of any type as JSON, each in a form of its own."""

    __slots__ = ("parts",)

    def __init__(self) -> None:
        """Begin with nothing written."""
        self.parts = PARTS
        """How many parts may still be written; 0 once something was cut."""

    def write(self, value: Any, nesting: int = NESTING) -> Any:
        """Return a value as JSON."""
        kind = type(value)
        if kind is float:
            return plain(value)
        if kind is str:
            return value if value.isascii() else _text(value)
        if value is None or kind is bool:
            return value
        return self._other(value, nesting)

    def _other(self, value: Any, nesting: int) -> Any:
        if type(value) is dict and nesting and _are_keys(value):
            self.parts = max(self.parts - len(value), 0)
            write = self.write
            return {"mapping": [[key, write(value[key], nesting - 1)] for key in sorted(value)]}
        if isinstance(value, str | int | float | bytes | bytearray):
            return _scalar(value)
        self.parts = max(self.parts - 1, 0)
        too_many = isinstance(value, Sized) and len(value) > self.parts
        if too_many or not nesting or not self.parts:
            self.parts = 0
            return {"cut": type(value).__qualname__}
        return self._container(value, nesting - 1)

    def _container(self, value: Any, nesting: int) -> Any:
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: self._items(value, nesting)}
        if isinstance(value, Mapping):
            pairs = [list(pair) for pair in value.items()]
            written = [self._items(pair, nesting) for pair in pairs]
            return {"mapping": sorted(written, key=orjson.dumps)}
        if isinstance(value, Set):
            return {"set": self._sorted(value, nesting)}
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [getattr(value, field.name, None) for field in dataclasses.fields(value)]
            return {"object": [name, self._items(fields, nesting)]}
        return {"object": [name, _shown(value)]}

    def _items(self, values: Iterable[Any], nesting: int) -> list[Any]:
        items = []
        for value in values:
            items.append(self.write(value, nesting))
            self.parts = max(self.parts - 1, 0)
            if not self.parts:
                break
        return items

    def _sorted(self, values: Iterable[Any], nesting: int) -> list[Any]:
        return sorted(self._items(values, nesting), key=orjson.dumps)


def _scalar(value: str | float | bytes | bytearray) -> Any:
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, int):
        return int(value) if -_EXACT < value < _EXACT else {"int": hex(value)}
    return plain(float(value)) if isinstance(value, float) else {"bytes": value.hex()}


def _are_keys(mapping: dict[Any, Any]) -> bool:
    return {*map(type, mapping)} == {str} and "".join(mapping).isascii()


def _text(value: str) -> Any:
    """Return text; what UTF-8 cannot carry as code points."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"text": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _shown(value: Any) -> str | None:
    """Return how an object shows itself, without its address; None when it does not."""
    if getattr(type(value), "__repr__", None) is object.__repr__:
        return None
    try:
        return str(_text(_ADDRESS.sub("0x", repr(value))))
    except Exception:  # noqa: BLE001 - an object of a stranger may raise anything
        return None


def evidence_digest(readings: Sequence[bytes], seen: Sequence[Buffer]) -> str:
    """Return the SHA-256, hex, over readings and what was seen before, which begins with its shape."""
    lengths = array("q", [len(part) for part in readings])
    return _sha256(b"".join([lengths, *readings, *seen]))


def evaluation_bytes(evaluation: dict[str, Any]) -> bytes:
    """Return the canonical bytes of an evaluation, whose members are in order already."""
    return orjson.dumps(evaluation)


def decision_id(evaluation: dict[str, Any]) -> str:
    """Return the SHA-256, hex, of the canonical evaluation."""
    return _sha256(evaluation_bytes(evaluation))


def _sha256(data: bytes) -> str:
    digest = _SHA256.copy()
    digest.update(data)
    return digest.hexdigest()
