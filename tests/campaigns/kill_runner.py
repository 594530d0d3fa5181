"""One operator's controller without Home Assistant, which tells its parent where it is.

Each line on standard output is one JSON object; at ``about`` (the decision is durable, nothing
is sent yet) and ``sent`` (the miner has it, no receipt yet) it waits for a line on standard
input, so that the parent can kill it right there.
"""

import argparse
import asyncio
import json
import sys
import time
import types
from pathlib import Path
from typing import Any

import custom_components

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = "operator"
MINER = "miner"
CYCLE_S = 0.02


def _engine_alone() -> None:
    """Make the engine importable without what lies around it: it starts in half the time."""
    name = "custom_components.aiep_miner"
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / "custom_components" / "aiep_miner")]
    sys.modules[name] = package
    custom_components.aiep_miner = package  # type: ignore[attr-defined]


_engine_alone()

from custom_components.aiep_miner.engine.controller import Controller  # noqa: E402
from custom_components.aiep_miner.engine.events import CycleEvent, CycleEventKind  # noqa: E402
from custom_components.aiep_miner.engine.miners.base import Command, MinerInfo  # noqa: E402
from custom_components.aiep_miner.engine.miners.cgminer import CgminerMiner  # noqa: E402
from custom_components.aiep_miner.engine.read_model import ReadModel  # noqa: E402
from custom_components.aiep_miner.engine.records import (  # noqa: E402
    MinerPolicy,
    PolicyRecord,
    PriceRecord,
    Reading,
)

POLICY = PolicyRecord(
    ts_ms=0,
    subject=OPERATOR,
    profit_dwell_min=0,
    cooldown_min=0,
    collapse_min=1,
    collapse_pct=1,
    max_restarts_per_day=1_000_000,
    miners=(MinerPolicy(miner_id=MINER, nominal_hashrate_ths=100, nominal_power_w=3250),),
)


def say(at: str, **more: Any) -> None:
    """Tell the parent."""
    sys.stdout.write(json.dumps({"at": at, **more}) + "\n")
    sys.stdout.flush()


async def tell_and_wait(at: str, **more: Any) -> None:
    """Tell the parent and go on when it says so."""
    say(at, **more)
    if not await asyncio.to_thread(sys.stdin.readline):
        raise SystemExit


class WatchedMiner:
    """The CGMiner adapter with a stop on either side of each command."""

    def __init__(self, host: str, port: int) -> None:
        self._miner = CgminerMiner(host, port)
        self._decision = ""

    def noticed(self, notice: CycleEvent) -> None:
        """Remember which decision the next command comes from."""
        if notice.kind is CycleEventKind.DECISION:
            self._decision = notice.hash

    async def connect(self) -> MinerInfo:
        return await self._miner.connect()

    async def poll(self) -> Reading:
        return await self._miner.poll()

    async def execute(self, command: Command) -> None:
        await tell_and_wait("about", decision=self._decision)
        await self._miner.execute(command)
        await tell_and_wait("sent")

    async def close(self) -> None:
        await self._miner.close()


def prices(view: ReadModel | None) -> PriceRecord:
    """Return prices at which the miner should do what it does not do now."""
    telemetry = view.miners[MINER].telemetry if view and MINER in view.miners else None
    reading = telemetry.reading if telemetry else None
    return PriceRecord(
        ts_ms=0,
        subject=OPERATOR,
        currency="EUR",
        energy_price_per_kwh=1.0 if reading and reading.mining else 0.001,
        coin_price=60_000.0,
        network_difficulty=1e14,
        block_reward=3.125,
    )


async def main(options: argparse.Namespace) -> None:
    """Run cycles until killed."""

    def clock() -> int:
        return int(options.began_s * 1000 + (time.time() - options.began_s) * options.scale * 1000)

    miner = WatchedMiner(options.host, options.port)
    controller = Controller(
        operator_id=OPERATOR,
        ledger_path=options.ledger,
        adapters={MINER: miner},
        policy=POLICY,
        clock=clock,
        # As fast as the other: else a busy machine's pause is a jump of one against the other.
        monotonic=lambda: time.monotonic() * options.scale,
        on_event=miner.noticed,
        on_governor_event=lambda _: None,
        version="campaign",
    )
    await controller.start(private_key=bytes(range(32)))
    view = None
    while True:
        view = await controller.run_cycle(prices(view))
        if view.ledger_error:
            raise RuntimeError(view.ledger_error)
        pending = view.miners[MINER].pending
        say("cycle", head=str(controller.ledger.head), pending=pending)
        await asyncio.sleep(CYCLE_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--began-s", type=float, required=True)
    parser.add_argument("--scale", type=float, required=True)
    asyncio.run(main(parser.parse_args()))
