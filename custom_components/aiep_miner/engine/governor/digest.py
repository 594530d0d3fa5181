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
from collections.abc import Buffer, Iterable, Mapping, Set, Sized
from typing import Any, Final, NamedTuple

import orjson

from .model import HardwareReading, Limits, MiningAction, MiningDomain, MiningSignals

NESTING: Final = 32
PARTS: Final = 20_000
"""An input with more parts than this, or nested deeper, is cut, and refused."""
_EXACT: Final = 2**53
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
_LIMIT_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Limits))


class Inputs(NamedTuple):
    """A proposal as it came."""

    fields: list[Any]
    """Everything but the readings, as JSON."""
    readings: list[Buffer]
    whole: bool
    """Whether nothing had to be cut."""


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
    fields = [
        domain if type(domain) is MiningDomain else write(domain),
        action if type(action) is MiningAction else write(action),
        write(signals.ai_value),
        write(signals.ai_confidence),
        write(signals.timestamp),
        write(signals.rig_id),
        write(signals.pool_url),
        write(signals.current_pool_url),
        write(context) if type(context) is not dict or context else {},
        _limits(signals.limits, writer),
    ]
    readings = [
        *_columns(signals.hardware_readings, writer),
        *_columns(signals.temperature_readings, writer),
    ]
    return Inputs(fields, readings, writer.parts > 0)


def _limits(limits: Any, writer: _Writer) -> Any:
    if type(limits) is not Limits:
        return writer.write(limits)
    return [writer.write(getattr(limits, name)) for name in _LIMIT_FIELDS]


def _columns(items: Any, writer: _Writer) -> list[Buffer]:
    """Return readings in an order of their own: names, values and times."""
    if type(items) is list or type(items) is tuple:
        if not items:
            return [b""]
        rows = _rows(items)
        if rows is not None:
            names, values, times = zip(*sorted(rows), strict=True)
            return [repr(names).encode(), array("d", values), array("d", times)]
        written = sorted([orjson.dumps(writer.write(item)) for item in items])
        return [b"[" + b",".join(written) + b"]"]
    return [orjson.dumps(writer.write(items))]


def _rows(items: Iterable[Any]) -> list[tuple[str, float, float]] | None:
    """Return name, exact value and time of each reading; None when one has something else there."""
    rows = []
    for item in items:
        if type(item) is not HardwareReading:
            return None
        name, value, at = item.hardware_id, item.value, item.timestamp
        if type(value) is int and -_EXACT < value < _EXACT:
            value = float(value)
        if type(at) is int and -_EXACT < at < _EXACT:
            at = float(at)
        if type(value) is not float or type(at) is not float or type(name) is not str:
            return None
        if value != value or at != at:  # noqa: PLR0124 - NaN has no order
            return None
        rows.append((name, value + 0.0, at + 0.0))
    return rows


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
        if isinstance(value, str):
            return _text(str.__str__(value))
        if isinstance(value, int):
            return int(value) if -_EXACT < value < _EXACT else {"int": hex(value)}
        if isinstance(value, float):
            return plain(float(value))
        if isinstance(value, bytes | bytearray):
            return {"bytes": value.hex()}
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
            return {"mapping": self._sorted(value.items(), nesting)}
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


def _text(value: str) -> Any:
    """Return text; what UTF-8 cannot carry as code points."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"text": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _shown(value: Any) -> str | None:
    """Return how an object shows itself, without its address; None when it does not."""
    if type(value).__repr__ is object.__repr__:
        return None
    try:
        return str(_text(_ADDRESS.sub("0x", repr(value))))
    except Exception:  # noqa: BLE001 - an object of a stranger may raise anything
        return None


def evidence_digest(parts: Iterable[Buffer]) -> str:
    """Return the SHA-256, hex, over all that an evaluation can see, each part with its length."""
    content = [bytes(part) for part in parts]
    lengths = repr([len(part) for part in content]).encode()
    return hashlib.sha256(b"".join([lengths, *content])).hexdigest()


def evaluation_bytes(evaluation: dict[str, Any]) -> bytes:
    """Return the canonical bytes of an evaluation."""
    return orjson.dumps(evaluation, option=orjson.OPT_SORT_KEYS)


def decision_id(evaluation: dict[str, Any]) -> str:
    """Return the SHA-256, hex, of the canonical evaluation."""
    return hashlib.sha256(evaluation_bytes(evaluation)).hexdigest()
