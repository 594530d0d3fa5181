"""Whatever a device claims that it can do: nothing is sent that it did not list."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.aiep_miner.engine.miners.axeos.make import BitAxe
from custom_components.aiep_miner.engine.miners.base import AUTO, ON, Capabilities, Command
from custom_components.aiep_miner.engine.miners.base import MinerError as Refused
from custom_components.aiep_miner.engine.miners.braiins.make import Braiins
from custom_components.aiep_miner.engine.miners.controls import check
from custom_components.aiep_miner.engine.miners.luxos.make import LuxOs
from custom_components.aiep_miner.engine.miners.make import Make
from custom_components.aiep_miner.engine.miners.vnish.make import Vnish
from custom_components.aiep_miner.engine.records import Action

from .mutations import ODD_VALUES

ANSWERS_EACH = 2500
"""10,000 together."""
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

    async def write(self, _method: str, path: str, body: Any = None, **_options: Any) -> None:
        self.sent.append((path, body))

    async def ask(self, what: str, parameter: Any = None, **_options: Any) -> Any:
        """Take a log-in, or a command of the cgminer API."""
        if what in ("profileset", "fanset", "atmset", "switchpool"):
            self.sent.append((what, parameter))
        if what == "logon":
            return {"STATUS": [{"STATUS": "S"}], "SESSION": [{"SessionID": "s1"}]}
        reply = self.answers.get(what, {"STATUS": [{"STATUS": "S"}], "token": "t"})
        return reply if isinstance(reply, dict) else {}


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
}


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


ALLOWED: dict[type[Make], Callable[[str, Any, dict[str, Any]], bool]] = {
    BitAxe: allowed_axe,
    LuxOs: allowed_luxos,
    Vnish: allowed_vnish,
    Braiins: allowed_braiins,
}


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


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
async def test_no_answer_makes_it_send_what_is_not_listed(kind: type[Make]) -> None:
    dice = random.Random(f"limits of {kind.__name__}")
    sent = 0
    for _ in range(ANSWERS_EACH):
        answers = {key: spoilt(body, dice) for key, body in ANSWERS[kind].items()}
        wire = Wire(answers)
        make = kind(wire)  # type: ignore[arg-type]
        if hasattr(make, "rpc"):
            make.rpc = wire
        if kind is Braiins:
            await make.log_in()
        capabilities = await make.describe(Capabilities())
        for command in tries(capabilities, dice):
            wire.sent.clear()
            try:
                check(capabilities, command)
                call = make.call_for(command)
                if call is not None:
                    await call()
            except Refused:
                assert wire.sent == [], "refused before anything is sent"
                continue
            for path, body in wire.sent:
                assert ALLOWED[kind](path, body, answers), (command, body, json.dumps(answers))
            sent += len(wire.sent)
    assert sent > ANSWERS_EACH / 10, "some is sent, else nothing is shown"
