"""Spoils what devices claim that they can do, and looks at what is sent to them; seeded."""

import copy
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from custom_components.aiep_miner.engine.miners.antminer import Antminer
from custom_components.aiep_miner.engine.miners.asic_rs.adapter import _call_for
from custom_components.aiep_miner.engine.miners.avalon import Avalon
from custom_components.aiep_miner.engine.miners.axeos import BitAxe, NerdAxe
from custom_components.aiep_miner.engine.miners.base import (
    AUTO,
    ON,
    Capabilities,
    Command,
    MinerError,
)
from custom_components.aiep_miner.engine.miners.braiins import Braiins
from custom_components.aiep_miner.engine.miners.epic import Epic
from custom_components.aiep_miner.engine.miners.luxos import LuxOs
from custom_components.aiep_miner.engine.miners.make import Make
from custom_components.aiep_miner.engine.miners.vnish import Vnish
from custom_components.aiep_miner.engine.miners.whatsminer import WhatsminerV2, WhatsminerV3
from custom_components.aiep_miner.engine.records import Action

from .mutations import ODD_VALUES

SETTING = (
    *(Action.SET_LEVEL, Action.SET_POWER, Action.SET_HASHRATE, Action.SET_POWER_PERCENT),
    *(Action.SET_FAN, Action.SET_TARGET_TEMPERATURE),
)

type Sent = tuple[str, Any]


class Wire:
    """Answers reads from a table, and notes what is written: the link and its clients in one."""

    address, username, password, chosen = "192.0.2.1", "", "", False
    session: Any = None

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.sent: list[Sent] = []

    def http(self, _port: int = 80) -> Wire:
        return self

    async def read(self, path: str, **_options: Any) -> Any:
        return next((body for end, body in self.answers.items() if path.endswith(end)), None)

    async def write(self, _method: str, path: str, body: Any = None, **_options: Any) -> Any:
        self.sent.append((path, body))
        return {"result": True}

    async def ask(self, what: str, parameter: Any = None, **_options: Any) -> Any:
        """Take a log-in, or a command of the cgminer API."""
        if what in ("profileset", "fanset", "atmset", "switchpool", "ascset"):
            self.sent.append((what, parameter))
        if what == "logon":
            return {"STATUS": [{"STATUS": "S"}], "SESSION": [{"SessionID": "s1"}]}
        reply = self.answers.get(what, {"STATUS": [{"STATUS": "S"}], "token": "t"})
        return reply if isinstance(reply, dict) else {}


class Whatsminer:
    """Answers the reads of a Whatsminer's own APIs from a table, and notes what is written."""

    def __init__(self, wire: Wire) -> None:
        self.rpc = self._wire = wire

    async def send(self, command: str, parameters: Any = None, *, write: bool = True) -> Any:
        if write:
            self._wire.sent.append((command, parameters))
        return {}

    async def read(self, command: str, _parameter: Any = None) -> Any:
        return self._wire.answers.get(command)

    async def write(self, command: str, parameter: Any = None) -> None:
        self._wire.sent.append((command, parameter))


def ok(**sections: Any) -> dict[str, Any]:
    return {"STATUS": [{"STATUS": "S", "Msg": "fine"}], **sections}


ANSWERS: dict[type[Make], dict[str, Any]] = {
    BitAxe: {
        "/asic": {
            "frequencyOptions": [400, 490, 525, 550],
            "voltageOptions": [1000, 1060, 1100, 1150],
        }
    },
    LuxOs: {
        "profiles": ok(
            PROFILES=[
                {"Profile Name": "290MHz", "Watts": 1100, "Hashrate": 60.0, "Frequency": 290},
                {"Profile Name": "default", "Watts": 2700, "Hashrate": 120.0, "Frequency": 675},
            ]
        ),
        "config": ok(CONFIG=[{"IsAtmEnabled": True, "Profile": "default"}]),
    },
    Vnish: {
        "/autotune/presets": [
            {"name": "2850", "status": "tuned"},
            {"name": "3050", "status": "untuned"},
            {"name": "disabled", "status": "untuned"},
        ],
        "/summary": {"miner": {"miner_status": {"throttled": 100}}},
        "/settings": {"miner": {"overclock": {"preset": "2850"}}},
    },
    Braiins: {
        "/configuration/constraints": {
            "tuner_constraints": {
                "power_target": {"min": {"watt": 950.5}, "max": {"watt": 3400.7}},
                "hashrate_target": {
                    "min": {"terahash_per_second": 40.5},
                    "max": {"terahash_per_second": 150.2},
                },
            }
        },
        "/dps": {"enabled": False},
    },
    Antminer: {
        "/get_miner_conf.cgi": {
            "pools": [{"url": "stratum+tcp://a:1", "user": "u", "pass": "p"}],
            "bitmain-fan-ctrl": False,
            "bitmain-fan-pwm": "100",
            "bitmain-work-mode": "0",
            "bitmain-freq-level": "100",
        }
    },
    Avalon: {
        "stats": ok(STATS=[{"MM ID0": "Ver[Q-25] WORKMODE[2] FanR[45%] TarT[65] TMax[70]"}]),
    },
    Epic: {"/summary": {"Fans": {"Fan Mode": {"Manual": 70}}}},
    WhatsminerV2: {"summary": ok(SUMMARY=[{"Power Mode": "Normal", "Power Limit": 3400}])},
    WhatsminerV3: {"get.device.info": {"power": {"mode": "1"}}},
}
ANSWERS[NerdAxe] = ANSWERS[BitAxe]


def odd_value(dice: random.Random) -> Any:
    roll = dice.random()
    if roll < 0.4:
        return copy.deepcopy(dice.choice(ODD_VALUES))
    if roll < 0.7:
        return dice.choice((0.5, 1, 12.5, 399.99, 485.5, 2_000.1, 5_000, 40_000, 10**9, -400))
    return [dice.choice((1, 490, 525.25, 1e9, "490", None, -5, 1100)) for _ in range(5)]


def spoilt(value: Any, dice: random.Random) -> Any:
    """Return a copy with about one value in three replaced by something odd."""
    if dice.random() < 0.15:
        return odd_value(dice)
    if isinstance(value, dict):
        return {key: spoilt(item, dice) for key, item in value.items() if dice.random() > 0.05}
    if isinstance(value, list):
        return [spoilt(item, dice) for item in value for _ in range(dice.choice((0, 1, 1, 1, 3)))]
    return value


def numbers_in(value: Any) -> set[float]:
    """Return every number that an answer holds anywhere, also as text."""
    if isinstance(value, dict):
        return set().union(*(numbers_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(numbers_in(item) for item in value))
    try:
        return set() if isinstance(value, bool) else {float(value)}
    except TypeError, ValueError, OverflowError:
        return set()


def texts_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(texts_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(texts_in(item) for item in value))
    return {value} if isinstance(value, str) else set()


def allowed_axe(_path: str, body: Any, answers: dict[str, Any]) -> bool:
    if "frequency" in body:
        listed = answers["/asic"]
        return (
            body["frequency"] in numbers_in(listed["frequencyOptions"])
            and body["coreVoltage"] in numbers_in(listed["voltageOptions"])
            and 50 <= body["frequency"] <= 1200
            and 500 <= body["coreVoltage"] <= 2000
        )
    return 0 <= body.get("manualFanSpeed", 0) <= 100 and body.get("temptarget", 50) <= 66


def allowed_luxos(command: str, parameter: Any, answers: dict[str, Any]) -> bool:
    value = parameter.partition(",")[2]
    if command == "profileset":
        return value in texts_in(answers["profiles"])
    return command == "fanset" and 10 <= float(value.removeprefix("speed=")) <= 100


def allowed_vnish(path: str, body: Any, answers: dict[str, Any]) -> bool:
    if path.endswith("/settings"):
        preset = body["miner"]["overclock"]["preset"]
        return preset in texts_in(answers["/autotune/presets"]) and 1 <= float(preset) <= 100_000
    return path.endswith("/throttle") and 0 <= body["percent"] <= 100


def allowed_braiins(path: str, body: Any, answers: dict[str, Any]) -> bool:
    tuner = answers["/configuration/constraints"]["tuner_constraints"]
    name, unit = (
        ("power_target", "watt")
        if path.endswith("power-target")
        else ("hashrate_target", "terahash_per_second")
    )
    low, high = (float(tuner[name][end][unit]) for end in ("min", "max"))
    return low <= body[unit] <= high


def allowed_antminer(_path: str, body: Any, answers: dict[str, Any]) -> bool:
    """The configuration is written whole: what is not told to change stays as it was."""
    conf = answers["/get_miner_conf.cgi"]
    speed = body.get("bitmain-fan-pwm")
    is_kept = repr(speed) == repr(conf.get("bitmain-fan-pwm"))  # NaN equals nothing
    fine = is_kept or 20 <= float(speed) <= 100
    modes = [body[key] for key in ("miner-mode", "bitmain-work-mode") if key in body]
    listed = (0, 2, 3, conf.get("miner-mode"), conf.get("bitmain-work-mode"))
    return fine and all(mode in listed for mode in modes)


AVALON_LIMITS = {"workmode,set": (0, 2), "fan-spd": (15, 100), "target-temp": (50, 90)}


def allowed_avalon(command: str, parameter: Any, _answers: dict[str, Any]) -> bool:
    setting, _, value = parameter.removeprefix("0,").rpartition(",")
    low, high = AVALON_LIMITS[setting]
    return command == "ascset" and low <= float(value) <= high


def allowed_epic(path: str, body: Any, _answers: dict[str, Any]) -> bool:
    speed = body["param"]
    regulated = set(speed) == {"Auto"}
    return path == "/fanspeed" and (regulated or 20 <= speed["Manual"] <= 100)


def allowed_whatsminer(command: str, parameter: Any, _answers: dict[str, Any]) -> bool:
    if command in ("adjust_power_limit", "set.miner.power_limit"):
        watts = float(parameter["power_limit"] if isinstance(parameter, dict) else parameter)
        return 1 <= watts < 1e12
    mode = command.removeprefix("set_").removesuffix("_power")
    return (parameter if command == "set.miner.mode" else mode) in ("low", "normal", "high")


ALLOWED: dict[type[Make], Callable[[str, Any, dict[str, Any]], bool]] = {
    BitAxe: allowed_axe,
    LuxOs: allowed_luxos,
    Vnish: allowed_vnish,
    Braiins: allowed_braiins,
    NerdAxe: allowed_axe,
    Antminer: allowed_antminer,
    Avalon: allowed_avalon,
    Epic: allowed_epic,
    WhatsminerV2: allowed_whatsminer,
    WhatsminerV3: allowed_whatsminer,
}
CLAIMED = {
    kind: Capabilities(actions=frozenset({Action.SET_POWER}))
    for kind in (WhatsminerV2, WhatsminerV3)
}
"""What the library says of a make."""


def tries(capabilities: Capabilities, dice: random.Random) -> list[Command]:
    """Return what somebody might ask for: what is listed, its edges, and what is not."""
    edges = [edge for item in capabilities.ranges for edge in (item.low, item.high)]
    edges += [edge for edge in (capabilities.power_min_w, capabilities.power_max_w) if edge]
    near = [edge + by for edge in edges for by in (-0.6, 0.0, 0.4)]
    values = [None, float("nan"), float("inf"), -1.0, 0.0, 0.4, 66.4, 1e9, *near]
    names = [None, AUTO, ON, "", "490 MHz 9999 mV", "99999", "x,y"]
    names += [level.name for level in capabilities.levels]
    return [
        Command(action=action, value=dice.choice(values), option=dice.choice(names))
        for action in SETTING
        for _ in range(2)
    ]


async def fuzz(kind: type[Make], count: int, seed: object) -> int:
    """Spoil ``count`` answers of a make; return how many commands were sent, all of them listed.

    AssertionError for one that was not, or for a refusal after something was sent.
    """
    dice = random.Random(f"{seed} of {kind.__name__}")
    sent = 0
    for _ in range(count):
        answers = {key: spoilt(body, dice) for key, body in ANSWERS[kind].items()}
        sent += await _try(kind, answers, dice)
    return sent


async def _try(kind: type[Make], answers: dict[str, Any], dice: random.Random) -> int:
    wire = Wire(answers)
    make: Any = kind(wire)  # type: ignore[arg-type]
    if hasattr(make, "rpc"):
        make.rpc = wire
    if hasattr(make, "api"):
        make.api = Whatsminer(wire)
    if kind is Braiins:
        await make.log_in()
    try:
        capabilities = await make.describe(CLAIMED.get(kind, Capabilities()))
    except MinerError:
        return 0
    device: Any = SimpleNamespace(
        miner=None, make=make, info=SimpleNamespace(capabilities=capabilities)
    )
    sent = 0
    for command in tries(capabilities, dice):
        wire.sent.clear()
        try:
            await _call_for(device, command)()
        except MinerError:
            assert wire.sent == [], "refused before anything is sent"
            continue
        for path, body in wire.sent:
            assert ALLOWED[kind](path, body, answers), (command, body, answers)
        sent += len(wire.sent)
    return sent
