"""The house plan: which room may use what. Read off the imports and calls of the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).resolve().parents[1] / "custom_components" / "aiep_miner"
ENGINE = INTEGRATION / "engine"

BOTTOM = {"records", "canonical"}
DECIDING = {"economics", "governor", "state", "status", "steps"}
"""The rooms that decide: time and everything else comes in as arguments."""
CLOCKS_AND_DICE = {"asyncio", "datetime", "os", "random", "secrets", "socket", "time", "uuid"}
READS_DATES = {"tariff.py", "series.py", "forecast.py", "run.py"}
"""Files of the economics that read local days and times off given stamps."""
CLOCKS_ALLOWED = {"steps/execute.py"}
"""Dispatches wait for hardware; what they decide was decided before."""

ENGINE_ROOMS: dict[str, set[str]] = {
    "records": set(),
    "canonical": set(),
    "miners": {"records"},
    "ledger": BOTTOM,
    "federation": {"ledger"},
    "governor": BOTTOM,
    "economics": BOTTOM,
    "state": {*BOTTOM, "economics", "governor", "ledger"},
    "steps": {*BOTTOM, "economics", "governor", "miners", "state"},
    "citations": {*BOTTOM, "ledger"},
    "clock": set(),
    "turns": set(),
    "command": {*BOTTOM, "miners"},
    "admission": {*BOTTOM, "governor"},
    "polling": {*BOTTOM, "miners"},
    "journal": {*BOTTOM, "clock", "ledger", "state"},
    "dues": {*BOTTOM, "journal", "miners", "outage", "state", "steps"},
    "cycle": {*BOTTOM, "dues", "journal", "polling", "state", "steps"},
    "outage": {*BOTTOM, "read_model", "state", "steps"},
    "events": {*BOTTOM, "governor", "read_model"},
    "command_result": BOTTOM,
    "status": {*BOTTOM, "economics", "state", "steps"},
    "read_model": {*BOTTOM, "economics", "governor", "ledger", "miners", "state", "status"},
    "replay": {*BOTTOM, "economics", "ledger", "state", "steps"},
    "controller": {
        *BOTTOM,
        "admission",
        "citations",
        "clock",
        "command_result",
        "cycle",
        "dues",
        "economics",
        "events",
        "journal",
        "ledger",
        "miners",
        "outage",
        "polling",
        "read_model",
        "steps",
        "turns",
    },
}
"""Every room of the engine, and what it may use of the others."""

HOME_ASSISTANT_ROOMS = {
    *("agents", "entities", "federation", "flows", "frontend", "inputs"),
    *("issues", "ledger_service", "web"),
}
HOME_ASSISTANT_FILES = {
    *("__init__", "config_flow", "const", "coordinator", "entity", "errors", "services"),
    *("backup", "diagnostics", "llm", "logbook", "repairs", "system_health"),
    *("condition", "trigger"),
    *("binary_sensor", "button", "calendar", "event", "number", "select", "sensor"),
    *("switch", "todo"),
}
"""The rest of the house: packages, and the files that Home Assistant looks for by name."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def room_of(path: Path) -> str:
    """Return the engine's room that a file belongs to: its folder's name, or its own."""
    return path.relative_to(ENGINE).parts[0].removesuffix(".py")


def package_of(path: Path) -> list[str]:
    return ["custom_components", *path.parent.relative_to(INTEGRATION.parent).parts]


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute dotted name of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def rooms_used(path: Path) -> set[str]:
    """Return the rooms of the engine that a file imports from."""
    prefix = "custom_components.aiep_miner.engine."
    return {name.removeprefix(prefix).split(".")[0] for name in imports(path) if prefix in name}


def commands(node: ast.AST) -> bool:
    """Tell whether code calls an ``execute``, save for one that only passes its own call on."""
    if isinstance(node, ast.AsyncFunctionDef) and node.name == "execute":
        return False
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr == "execute":
        return True
    return any(commands(child) for child in ast.iter_child_nodes(node))


def commands_hardware(path: Path) -> bool:
    return commands(ast.parse(path.read_text("utf-8")))


def test_every_room_of_the_engine_is_listed() -> None:
    assert {room_of(path) for path in modules(ENGINE)} - {"__init__"} == set(ENGINE_ROOMS)


def test_every_other_room_is_listed() -> None:
    parts = {path.relative_to(INTEGRATION).parts for path in modules(INTEGRATION)}
    assert {part[0] for part in parts if len(part) > 1} == {*HOME_ASSISTANT_ROOMS, "engine"}
    files = {part[0].removesuffix(".py") for part in parts if len(part) == 1}
    assert files == HOME_ASSISTANT_FILES


@pytest.mark.parametrize("path", modules(ENGINE), ids=lambda path: str(path.relative_to(ENGINE)))
def test_engine_knows_nothing_of_home_assistant(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith("homeassistant")
        if name.startswith("custom_components"):
            assert name.startswith("custom_components.aiep_miner.engine")


@pytest.mark.parametrize("room", sorted(ENGINE_ROOMS))
def test_each_room_uses_only_what_it_may(room: str) -> None:
    used = set().union(*(rooms_used(path) for path in modules(ENGINE) if room_of(path) == room))
    assert used - ENGINE_ROOMS[room] - {room} == set()


@pytest.mark.parametrize("room", sorted(DECIDING))
def test_decisions_see_no_clock_and_throw_no_dice(room: str) -> None:
    for path in modules(ENGINE):
        if room_of(path) != room or str(path.relative_to(ENGINE)) in CLOCKS_ALLOWED:
            continue
        used = {name.split(".")[0] for name in imports(path)}
        dated = {"datetime"} if path.name in READS_DATES else set()
        assert used & CLOCKS_AND_DICE <= dated


def test_economics_reads_dates_off_stamps_and_no_clock() -> None:
    for path in modules(ENGINE / "economics"):
        attributes = (
            n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)
        )
        read = {f"{n.value.id}.{n.attr}" for n in attributes if isinstance(n.value, ast.Name)}
        assert read & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"} == set()


def test_only_the_execution_surface_commands_hardware() -> None:
    # The ledger's `execute` is SQLite's; the miners' own is what implements the protocol.
    elsewhere = [
        path
        for path in modules(INTEGRATION)
        if path != ENGINE / "steps" / "execute.py" and not {"ledger", "miners"} & set(path.parts)
    ]
    assert [path for path in elsewhere if commands_hardware(path)] == []
    assert commands_hardware(ENGINE / "steps" / "execute.py")


def test_only_the_adapters_know_the_miner_library() -> None:
    users = {path for path in modules(INTEGRATION) if any("pyasic_rs" in n for n in imports(path))}
    assert all(path.is_relative_to(ENGINE / "miners") for path in users)


def test_entities_talk_to_no_adapter() -> None:
    platforms = [
        path for path in modules(INTEGRATION) if any("entity_platform" in n for n in imports(path))
    ]
    assert platforms
    miners = "custom_components.aiep_miner.engine.miners"
    for path in platforms:
        # The protocol's words are for everybody, its adapters are not.
        used = {name for name in imports(path) if name.startswith(miners)}
        adapters = {name for name in used if not name.startswith(f"{miners}.base.")}
        assert adapters | (used & {f"{miners}.base.MinerAdapter"}) == set(), path


def test_the_verifier_needs_only_the_standard_library() -> None:
    folder = ENGINE / "ledger" / "verifier"
    room = "custom_components.aiep_miner.engine.ledger.verifier"
    names = {name for path in modules(folder) for name in imports(path)}
    others = {name for name in names if name != room and not name.startswith(f"{room}.")}
    optional = {"cryptography", "orjson"}
    assert {name.split(".")[0] for name in others} - optional <= sys.stdlib_module_names
