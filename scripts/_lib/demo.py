"""A real Home Assistant with a small fleet that has a bad day; see ``scripts/demo --help``."""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.records import Action, Outcome, ReceiptRecord
from devtools.emulators.base import Fault, control
from devtools.hass_process import (
    DOMAIN,
    HOST,
    ROOT,
    HassError,
    HassProcess,
    emulated_cgminer,
    emulated_fleet,
    free_port,
)
from scripts._lib.dashboard import show_fleet
from scripts._lib.narrator import Narrator
from scripts._lib.site_setup import Site, add_site, find_site
from scripts._lib.verifier import NotIntactError, command, verify

TITLE = "Demo site"
RIG = "Rig 1, over TCP"
INTERVAL_S = 5
PRICE = "input_number.energy_price"
CONFIGURATION = {
    "input_number": {
        "energy_price": {
            "name": "Energy price",
            "min": 0,
            "max": 0.5,
            "step": 0.001,
            "initial": 0.065,
            "unit_of_measurement": "EUR/kWh",
            "icon": "mdi:transmission-tower",
        }
    }
}
OPERATOR = {
    "name": TITLE,
    "energy_price": PRICE,
    "currency": "EUR",
    "coin_price": 90_000,
    "network_difficulty": 1.4e14,
    "mode": "auto",
}
OPTIONS = {
    "cycle": {"interval_s": INTERVAL_S, "price_max_age_min": 1440},
    "economics": {"profit_dwell_min": 0},
    "safety": {"cooldown_min": 1, "collapse_min": 1},
}
SIMULATED = (
    {"adapter": "simulated", "name": "Hydro rack", "profile": "whatsminer_hydro", "seed": 2},
    {"adapter": "simulated", "name": "Old S19", "profile": "s19", "seed": 3},
    {"adapter": "simulated", "name": "Desk heater", "profile": "bitaxe", "seed": 4},
)
"""At the demo's prices the first and the last earn money and the second does not."""
SHELF: dict[str, dict[str, Any]] = {
    "127.0.0.11": {"make": "bitaxe", "name": "BitAxe"},
    "127.0.0.12": {"make": "nerdaxe", "name": "NerdAxe", "read_only": True},
    "127.0.0.13": {"make": "antminer", "name": "Antminer S19", "nominal_power_w": 3250},
    "127.0.0.14": {"make": "luxos", "name": "LuxOS S19k Pro"},
    "127.0.0.15": {"make": "avalon", "name": "Avalon 1246"},
    "127.0.0.16": {"make": "whatsminer_v2", "name": "Whatsminer M30S+", "max_power_w": 3600},
    "127.0.0.17": {"make": "whatsminer_v3", "name": "Whatsminer M60S", "max_power_w": 3600},
}
"""The mixed fleet: emulated miners, each with its make's own protocol on its own ports."""
SMALL, MIXED = "small", "mixed"


def rig(port: int) -> dict[str, Any]:
    """Return the form's input for the emulated CGMiner; it does not report its power."""
    return {
        "adapter": "cgminer",
        "name": RIG,
        "host": HOST,
        "port": port,
        "nominal_hashrate_ths": 100,
        "nominal_power_w": 1800,
        "max_temperature_c": 80,
    }


def shelf() -> list[dict[str, Any]]:
    """Return the form's input for each miner of the mixed fleet."""
    return [
        {"adapter": "asic_rs", "host": host, **{key: miner[key] for key in miner if key != "make"}}
        for host, miner in SHELF.items()
    ]


def refuse_closed_ports() -> None:
    """Raise when the makes' own ports may not be opened."""
    with socket.socket() as probe:
        try:
            probe.bind((next(iter(SHELF)), 80))
        except OSError as err:
            raise HassError(
                f"--fleet {MIXED} needs port 80 on loopback addresses: run it as root, or after "
                f"sysctl net.ipv4.ip_unprivileged_port_start=80 ({err})"
            ) from err


@contextlib.asynccontextmanager
async def machines(fleet: str, rig_port: int) -> AsyncIterator[int]:
    """Run the emulated machines of a fleet; yields the rig's control port."""
    async with contextlib.AsyncExitStack() as stack:
        rig_ports = emulated_cgminer(HOST, "--port", str(rig_port))
        ports = await stack.enter_async_context(rig_ports)
        if fleet == MIXED:
            makes = {host: miner["make"] for host, miner in SHELF.items()}
            await stack.enter_async_context(emulated_fleet(makes))
        yield ports["control"]


class Story:
    """What happens to the emulated rig: it overheats, is repaired, then loses its hash rate.

    Each scene waits for what the controller did about the one before.
    """

    def __init__(self, control_port: int) -> None:
        """Take the rig's control channel."""
        self._control_port = control_port
        self._scenes: list[tuple[str, Callable[[ReceiptRecord], bool], Fault, bool]] = [
            ("the rig is repaired", _is(Action.STOP, Outcome.CONFIRMED), Fault.OVERHEAT, False),
            ("the rig loses its hash rate", _is(Action.RUN, Outcome.CONFIRMED), Fault.HASHRATE_COLLAPSE, True),
            ("the restart cures the rig", _is(Action.RESTART, Outcome.ACCEPTED), Fault.HASHRATE_COLLAPSE, False),
        ]  # fmt: skip

    async def begin(self) -> str:
        """Let the rig overheat."""
        await self._set(Fault.OVERHEAT, active=True)
        return "the rig's heat no longer leaves it"

    async def follow(self, receipt: ReceiptRecord) -> str | None:
        """Play the next scene when the rig's receipt is what it waits for; return what happens."""
        if not self._scenes:
            return None
        what, waits_for, fault, active = self._scenes[0]
        if not waits_for(receipt):
            return None
        self._scenes.pop(0)
        await self._set(fault, active=active)
        return what

    async def _set(self, fault: Fault, *, active: bool) -> None:
        await control(HOST, self._control_port, "fault", fault=fault, active=active)


def _is(action: Action, outcome: Outcome) -> Callable[[ReceiptRecord], bool]:
    return lambda receipt: receipt.action is action and receipt.outcome is outcome


def say(line: str) -> None:
    """Print a line now, also into a pipe."""
    print(line, flush=True)


async def ready_site(hass: HassProcess, fleet: str, port: int) -> Site:
    """Return the demo's operator; add it the first time."""
    site = await find_site(hass, TITLE)
    if site is None:
        say("adding the operator and its miners …")
        others = shelf() if fleet == MIXED else SIMULATED
        site = await add_site(hass, OPERATOR, [rig(port), *others], OPTIONS)
    return site


async def narrate(narrator: Narrator, story: Story, rig_id: str, cycles: int | None) -> None:
    """Print what happens until enough cycles have passed, and keep the story going."""
    while True:
        for line in narrator.tell():
            say(line)
        for receipt in narrator.receipts(rig_id):
            if event := await story.follow(receipt):
                say(f"* {event}")
        if cycles is not None and narrator.cycles >= cycles:
            return
        await asyncio.sleep(0.5)


async def run(config: Path, port: int, fleet: str, cycles: int | None) -> None:
    """Run the demo; ends after ``cycles`` or when cancelled."""
    if fleet == MIXED:
        refuse_closed_ports()
    rig_port = remembered_port(config)
    async with machines(fleet, rig_port) as control_port:
        story = Story(control_port)
        say(f"* {await story.begin()}")
        say(f"starting Home Assistant in {config} …")
        async with HassProcess(config, port, CONFIGURATION) as hass:
            site = await ready_site(hass, fleet, rig_port)
            ledger = config / DOMAIN / site.operator_id / "ledger.db"
            status = await hass.rest(
                "GET", f"/api/{DOMAIN}/operators/{site.operator_id}/ledger/status"
            )
            address = await show_fleet(hass, [PRICE])
            say(f"Home Assistant runs at {address} (no log-in needed); Ctrl-C ends it")
            narrator = Narrator(ledger, site.miners)
            narrator.skip()
            rig_id = next(key for key, title in site.miners.items() if title == RIG)
            with contextlib.suppress(asyncio.CancelledError):
                await narrate(narrator, story, rig_id, cycles)
    for line in narrator.tell():
        say(line)
    summarise(ledger, narrator, status["verifier_key"])


def remembered_port(config: Path) -> int:
    """Return the rig's port: the same at every run on a folder, as its settings name it."""
    memory = config / "demo.json"
    if not memory.exists():
        config.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps({"rig_port": free_port()}), encoding="utf-8")
    return int(json.loads(memory.read_text("utf-8"))["rig_port"])


def summarise(ledger: Path, narrator: Narrator, key: str) -> None:
    """Print the ledger's state and what the verifier says of it; raises NotIntactError."""
    say(f"\n{narrator.cycles} cycles, {narrator.seq} records")
    say(f"$ {' '.join(command(ledger, key))}")
    say(verify(ledger, key))


async def until_told_to_end(config: Path, port: int, fleet: str, cycles: int | None) -> None:
    """Run the demo; Ctrl-C and SIGTERM end it in good order."""
    demo = asyncio.create_task(run(config, port, fleet, cycles))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, demo.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await demo


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Run a real Home Assistant with a small simulated fleet on loopback.",
    )
    parser.add_argument("--cycles", type=int, help="end after so many governed cycles")
    parser.add_argument(
        "--config", type=Path, help="configuration folder; each fleet has one of its own"
    )
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant's web server")
    parser.add_argument(
        "--fleet",
        choices=(SMALL, MIXED),
        default=SMALL,
        help=f"{MIXED}: an emulated miner of every make, on ports that need root",
    )
    options = parser.parse_args()
    try:
        config = options.config or ROOT / ("demo" if options.fleet == SMALL else "demo-mixed")
        asyncio.run(
            until_told_to_end(config.resolve(), options.port, options.fleet, options.cycles)
        )
    except (HassError, NotIntactError, OSError) as err:
        sys.exit(f"scripts/demo: {err}")


if __name__ == "__main__":
    main()
