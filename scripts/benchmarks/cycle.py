"""What a governed cycle costs beside the miners themselves: records, decisions, ledger."""

import asyncio
import gc
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES
from custom_components.aiep_miner.engine.records import PolicyRecord, PriceRecord
from devtools.ready_miner import ManualClock, ReadyMiner

OPERATOR = "benchmark"
MINERS = 200
INTERVAL_S = 30
BEAT_S = 0.001
LIMIT_CYCLE_S = 1.0
LIMIT_BLOCKED_S = 0.05
CHEAP, DEAR = 0.001, 1.0
"""Energy prices for a kWh at which every miner, and none, is worth running."""


class Heartbeat:
    """Measures how long the event loop was not free for others."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._longest_s = 0.0

    async def settle(self) -> float:
        """Return the longest wait since the last call, once the beat has caught up."""
        await asyncio.sleep(2 * BEAT_S)
        longest_s, self._longest_s = self._longest_s, 0.0
        return longest_s

    async def beat(self) -> None:
        """Wake up again and again, and note how late that is."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(BEAT_S)
            self._longest_s = max(self._longest_s, time.perf_counter() - before - BEAT_S)


def ready_miner(number: int, clock: ManualClock) -> ReadyMiner:
    """Return one of the known machines."""
    profile = list(PROFILES.values())[number % len(PROFILES)]
    return ReadyMiner(SimulatedMiner(f"miner-{number}", profile, clock=clock.seconds))


def prices(energy_price_per_kwh: float) -> PriceRecord:
    """Return fixed prices."""
    return PriceRecord(
        ts_ms=0,
        subject=OPERATOR,
        currency="EUR",
        energy_price_per_kwh=energy_price_per_kwh,
        coin_price=90_000.0,
        network_difficulty=1.4e14,
        block_reward=3.125,
    )


async def measure(folder: Path, cycles: int) -> dict[str, Any]:
    """Run cycles of two sorts: most only watch, in every fifth all miners are switched."""
    clock = ManualClock(INTERVAL_S)
    miners = {f"miner-{number}": ready_miner(number, clock) for number in range(MINERS)}
    controller = Controller(
        operator_id=OPERATOR,
        ledger_path=folder / "ledger.db",
        adapters=miners,
        policy=PolicyRecord(
            ts_ms=0, subject=OPERATOR, interval_s=INTERVAL_S, profit_dwell_min=0, collapse_min=1
        ),
        clock=clock.milliseconds,
        on_event=lambda _: None,
        on_governor_event=lambda _: None,
        version="benchmark",
    )
    heartbeat = Heartbeat()
    seconds: dict[bool, list[float]] = {True: [], False: []}
    await controller.start(private_key=bytes(range(32)))
    # What the imports left behind is not the cycle's to sift through.
    gc.collect()
    gc.freeze()
    pulse = asyncio.create_task(heartbeat.beat())
    energy = itertools.cycle([CHEAP] * 5 + [DEAR] * 5)
    before, blocked_s = DEAR, 0.0
    for _ in range(cycles):
        clock.advance()
        await asyncio.gather(*(miner.prepare() for miner in miners.values()))
        price = next(energy)
        await heartbeat.settle()
        started = time.perf_counter()
        view = await controller.run_cycle(prices(price))
        seconds[price != before].append(time.perf_counter() - started)
        blocked_s = max(blocked_s, await heartbeat.settle())
        before = price
    pulse.cancel()
    await controller.stop()
    commands = sum(miner.commands for miner in miners.values())
    return report(seconds, blocked_s) | {
        "miners": MINERS,
        "cycles": cycles,
        "commands": commands,
        "records_per_cycle": round(view.ledger_records / cycles),
    }


def report(seconds: dict[bool, list[float]], blocked_s: float) -> dict[str, Any]:
    """Return the figures, with what they are allowed to be."""
    longest_s = max(itertools.chain(*seconds.values()))
    return {
        "watching_median_s": statistics.median(seconds[False]),
        "switching_median_s": statistics.median(seconds[True]),
        "longest_cycle_s": longest_s,
        "longest_cycle_share_of_limit": longest_s / LIMIT_CYCLE_S,
        "event_loop_blocked_s": blocked_s,
        "event_loop_blocked_share_of_limit": blocked_s / LIMIT_BLOCKED_S,
        "holds": longest_s < LIMIT_CYCLE_S and blocked_s < LIMIT_BLOCKED_S,
    }


def run(quick: bool = False) -> dict[str, Any]:
    """Return the figures of some cycles."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder), cycles=11 if quick else 41))


def main() -> None:
    """Print the figures."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
