"""Breaks replies in every way that a wire, a vendor or an attacker might; seeded."""

import json
import random
from typing import Any

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.miners.cgminer.api import parse_reply, refusal
from custom_components.aiep_miner.engine.miners.cgminer.reading import read_identity, read_telemetry
from custom_components.aiep_miner.engine.records import TelemetryRecord

from .cgminer_replies import DIALECTS

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    -0.0,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "13.5",
    "1e999",
    "nan",
    "٣",
    "\ud800",
    "\x00\x1b[31m",
    "x" * 5000,
    "Y",
    [],
    {},
    [[]],
    [None],
    {"STATUS": "S"},
)
ODD_BYTES = (b"\0", b"{", b"}", b"[", b'"', b",", b":", b"\\", b"\\ud800", b"\xff", b"nan", b"1e9")


def mutate(raw: bytes, other: bytes, dice: random.Random) -> bytes:
    """Return a reply with one to four things wrong with it: half the time of its types alone."""
    ways = dice.choice(((_swap_type,), (_flip, _cut, _insert, _splice, _swap_type)))
    for _ in range(dice.randint(1, 4)):
        raw = dice.choice(ways)(raw, other, dice)
    return raw


def _flip(raw: bytes, _other: bytes, dice: random.Random) -> bytes:
    broken = bytearray(raw)
    for _ in range(dice.randint(1, 8)):
        if broken:
            broken[dice.randrange(len(broken))] = dice.randrange(256)
    return bytes(broken)


def _cut(raw: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = sorted(dice.randint(0, len(raw)) for _ in range(2))
    return raw[:start] + raw[end:] if dice.random() < 0.5 else raw[:end]


def _insert(raw: bytes, _other: bytes, dice: random.Random) -> bytes:
    place = dice.randint(0, len(raw))
    return raw[:place] + dice.choice(ODD_BYTES) * dice.choice((1, 1, 2, 500)) + raw[place:]


def _splice(raw: bytes, other: bytes, dice: random.Random) -> bytes:
    return raw[: dice.randint(0, len(raw))] + other[dice.randint(0, len(other)) :]


def _swap_type(raw: bytes, _other: bytes, dice: random.Random) -> bytes:
    """Put a value of another type somewhere into the JSON, when it still is some."""
    try:
        body = json.loads(raw.rstrip(b"\0"))
    except ValueError, RecursionError:
        return raw
    places = list(_places(body))
    if not places:
        return raw
    for _ in range(dice.randint(1, 5)):
        holder, key = dice.choice(places)
        holder[key] = dice.choice(ODD_VALUES)
    return json.dumps(body).encode() + b"\0"


def _places(value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


def fuzz(count: int, seed: int) -> int:
    """Read ``count`` mutated replies and return how many gave a reading.

    Anything raised but MinerError comes through, and so does a reading that cannot go on
    record.
    """
    dice = random.Random(seed)
    dialects = list(DIALECTS.values())
    readable = 0
    for _ in range(count):
        replies = dict(dice.choice(dialects))
        broken = dice.choice(sorted(replies))
        other = dice.choice(dialects)[dice.choice(sorted(replies))]
        replies[broken] = mutate(replies[broken], other, dice)
        try:
            check(replies)
            readable += 1
        except MinerError:
            pass
    return readable


def check(replies: dict[str, bytes]) -> TelemetryRecord:
    """Read a miner's replies as the adapter does and return what would go on record."""
    parsed = {command: parse_reply(raw) for command, raw in replies.items()}
    for reply in parsed.values():
        refusal(reply)
    read_identity(parsed["version"], parsed["devdetails"], parsed["summary"])
    record = TelemetryRecord(
        ts_ms=1,
        subject="miner",
        reading=read_telemetry(*(parsed[name] for name in ("summary", "devs", "stats", "pools"))),
    )
    canonical(record.body())
    return record
