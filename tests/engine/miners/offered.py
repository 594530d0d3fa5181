"""What each emulated make can be told, and what docs/devices.md says of it."""

from pathlib import Path

from custom_components.aiep_miner.engine.records import Action

PAUSES = {Action.RUN, Action.STOP}
FULL = {*PAUSES, Action.RESTART, Action.FAULT_LIGHT}
AIR = {Action.SET_FAN, Action.SET_TARGET_TEMPERATURE}
LEVELS = {Action.SET_LEVEL}
BOARDS = {Action.SET_BOARD, Action.RESTART_MINING}
CAN: dict[str, set[Action]] = {
    "bitaxe": PAUSES | AIR | LEVELS | {Action.RESTART, Action.IDENTIFY},
    "nerdaxe": PAUSES | AIR | LEVELS | {Action.RESTART},
    "antminer": FULL | LEVELS | {Action.SET_FAN},
    "luxos": FULL | LEVELS | {Action.SET_POOL, Action.SET_FAN, Action.SET_SCALING},
    "avalon": FULL,
    "avalon_q": PAUSES | AIR | LEVELS | {Action.RESTART, Action.SET_POOL},
    "nano3s": PAUSES | AIR | LEVELS | {Action.RESTART, Action.SET_POOL},
    "whatsminer_v2": FULL | LEVELS | {Action.SET_POWER},
    "whatsminer_v3": FULL | LEVELS | {Action.SET_POWER},
    "braiins": FULL | LEVELS | BOARDS | {Action.SET_POWER, Action.SET_HASHRATE, Action.SET_SCALING},
    "vnish": FULL | LEVELS | {Action.SET_POWER_PERCENT},
    "epic": FULL | BOARDS | {Action.SET_FAN},
    "cgminer": PAUSES | {Action.RESTART, Action.SET_BOARD, Action.SET_POOL},
}
"""By make: what its adapter offers when it has connected to the emulated device."""

DEVICES = Path(__file__).resolve().parents[3] / "docs" / "devices.md"
ROWS = {
    "BitAxe, AxeOS 2.14 and newer": "bitaxe",
    "NerdAxe, NerdQAxe": "nerdaxe",
    "Antminer, stock": "antminer",
    "Antminer, LuxOS": "luxos",
    "Antminer, Braiins OS (REST API)": "braiins",
    "Antminer, VNish": "vnish",
    "Antminer, ePIC PowerPlay": "epic",
    "Whatsminer, API v2": "whatsminer_v2",
    "Whatsminer, API v3": "whatsminer_v3",
    "Avalon, A series": "avalon",
    "Avalon Q": "avalon_q",
    "Avalon Nano 3S": "nano3s",
    "anything with a CGMiner API (port 4028)": "cgminer",
    "simulated": "simulated",
}
NOT_EMULATED = ("BitAxe, older AxeOS", "Antminer with Marathon")
_NO = "\N{EN DASH}"


def documented() -> dict[str, set[Action]]:
    """Return the actions of each row of the page's table; raise KeyError for an unknown row."""
    lines = DEVICES.read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| make and"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if not name.startswith(NOT_EMULATED):
            found[ROWS[name]] = _actions(cells)
    return found


def _actions(cells: list[str]) -> set[Action]:
    """Return what one row's cells promise."""
    stops, restarts, levels, power, fans, target, parts, more = cells
    promised = {
        Action.RUN: stops != _NO,
        Action.STOP: stops != _NO,
        Action.RESTART: restarts != _NO,
        Action.RESTART_MINING: restarts == "yes, or the mining only",
        Action.SET_LEVEL: levels != _NO,
        Action.SET_POWER: power.startswith("yes"),
        Action.SET_HASHRATE: "hash rate" in power,
        Action.SET_POWER_PERCENT: power.startswith("%"),
        Action.SET_FAN: fans != _NO,
        Action.SET_TARGET_TEMPERATURE: target != _NO,
        Action.SET_BOARD: parts in ("boards", "both"),
        Action.SET_POOL: parts in ("pool", "both"),
        Action.IDENTIFY: "identify" in more,
        Action.FAULT_LIGHT: "fault light" in more,
        Action.SET_SCALING: "automatic scaling" in more,
    }
    return {action for action, yes in promised.items() if yes}
