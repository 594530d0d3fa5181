"""What the whole integration costs inside a real Home Assistant, at 10, 200 and 1,000 miners.

Each size runs in a process of its own: Home Assistant's core with its recorder, one operator
with its entities as they are by default, simulated miners. Their answers are prepared before a
cycle begins, so that the cycle is what is measured and not the simulation; site and machines share
a clock that moves by one interval a cycle.
"""

import asyncio
import gc
import json
import logging
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from asyncio import events
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextlib import nullcontext as no_watch
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from unittest.mock import patch

from homeassistant import bootstrap, config_entries, runner
from homeassistant.components.recorder import get_instance
from homeassistant.config_entries import ConfigEntry, ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from devtools.hass_process import free_port, http_settings
from devtools.ready_miner import ManualClock, ReadyMiner

ROOT: Final = Path(__file__).resolve().parents[2]
SIZES: Final = (10, 200, 1_000)
QUICK_SIZES: Final = (10, 50)
CYCLES: Final = 3
WARM_UP_CYCLES: Final = 4
INTERVAL_S: Final = 30
COMMIT_INTERVAL_S: Final = 1
LIMIT_STALL_S: Final = {50: 0.005, 1_000: 0.020}
"""Up to so many miners the event loop may be occupied for so long at a time."""
LIMIT_CYCLE_CPU_S: Final = 1.0
LIMIT_ROWS: Final = 6.0
"""Recorder rows a miner and quiet cycle."""
DOMAIN: Final = "aiep_miner"
PROFILES: Final = ("s19", "bitaxe")


class Stalls:
    """Measures the CPU time of each callback that the event loop runs.

    CPU time of the loop's thread: other processes on the machine do not count, and what the
    garbage collector does in between does.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.longest_s = 0.0
        self.longest = ""

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Measure while the block runs."""
        run: Callable[[events.Handle], None] = events.Handle._run
        clock = time.thread_time

        watching = True

        def measured(handle: events.Handle) -> None:
            name, before = _name_of(handle), clock()
            run(handle)
            spent_s = clock() - before
            # The callback in which the block ends goes on with the benchmark's own work.
            if watching and spent_s > self.longest_s:
                self.longest_s, self.longest = spent_s, name

        with patch.object(events.Handle, "_run", measured):
            yield
            watching = False


def _name_of(handle: events.Handle) -> str:
    """Return the coroutine that a callback continues, or the callback."""
    task = getattr(handle._callback, "__self__", None)
    return repr(task.get_coro() if isinstance(task, asyncio.Task) else handle)[:300]


class Complaints(logging.Handler):
    """Counts what Home Assistant warns of while the fleet is set up and runs."""

    def __init__(self) -> None:
        """Take warnings and errors."""
        super().__init__(logging.WARNING)
        self.seen: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a message, its figures left out."""
        if "not been tested by Home Assistant" not in record.getMessage():
            self.seen[f"{record.levelname} {record.name}: {record.getMessage()[:160]}"] += 1


def write_configuration(folder: Path) -> None:
    """Write a configuration with a recorder and nothing that calls out."""
    (folder / "configuration.yaml").write_text(
        "homeassistant:\n  name: Bench\n  time_zone: UTC\n"
        f"recorder:\n  commit_interval: {COMMIT_INTERVAL_S}\n"
    )
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    storage = folder / ".storage"
    storage.mkdir()
    (storage / "http").write_text(json.dumps(http_settings(free_port())))


def operator(miners: int) -> ConfigEntry[Any]:
    """Return an operator's entry with simulated miners."""
    return ConfigEntry(
        domain=DOMAIN,
        title="Bench",
        version=1,
        minor_version=1,
        source=config_entries.SOURCE_USER,
        unique_id=None,
        discovery_keys=MappingProxyType({}),
        options={"mode": "auto", "cycle": {"interval_s": 600}},
        data={
            "currency": "EUR",
            "energy_price": 0.03,
            "coin_price": 60_000.0,
            "network_difficulty": 1.0e14,
            "block_reward": 3.125,
        },
        subentries_data=[
            ConfigSubentryData(
                data={
                    "adapter": "simulated",
                    "profile": PROFILES[seed % len(PROFILES)],
                    "seed": seed,
                },
                subentry_type="miner",
                title=f"Rig {seed}",
                unique_id=f"serial-{seed}",
            )
            for seed in range(1, miners + 1)
        ],
    )


def recorder_rows(path: Path) -> int:
    """Return how many states the recorder has written."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (rows,) = database.execute("SELECT COUNT(*) FROM states").fetchone()
    return int(rows)


async def recorded(hass: HomeAssistant) -> int:
    """Return how many states are written once the recorder has caught up and committed."""
    recorder = get_instance(hass)
    await asyncio.sleep(2 * COMMIT_INTERVAL_S)
    await hass.async_add_executor_job(recorder.block_till_done)
    path = Path(hass.config.path("home-assistant_v2.db"))
    return await hass.async_add_executor_job(recorder_rows, path)


async def measure(folder: Path, miners: int, cycles: int) -> dict[str, Any]:
    """Set Home Assistant up with a fleet, run cycles, and return the figures."""
    complaints, stalls, set_up_stalls = Complaints(), Stalls(), Stalls()
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    assert hass is not None  # noqa: S101 - without it there is nothing to measure
    logging.getLogger().addHandler(complaints)
    await hass.async_start()
    await hass.async_block_till_done()
    memory_kb = _memory_kb()
    ready: list[ReadyMiner] = []
    clock = ManualClock(INTERVAL_S)
    with _on(clock), _adapters(ready, clock):
        entry = operator(miners)
        started, cpu = time.perf_counter(), time.process_time()
        with set_up_stalls.watch():
            await hass.config_entries.async_add(entry)
            await hass.async_block_till_done()
        set_up_s, set_up_cpu_s = time.perf_counter() - started, time.process_time() - cpu
    coordinator = entry.runtime_data
    coordinator = getattr(coordinator, "coordinator", coordinator)
    wall, cpu_total, loop_total = [], [], []
    rows_before = 0
    for number in range(WARM_UP_CYCLES + 2 * cycles):
        clock.advance()
        await asyncio.gather(*(miner.prepare() for miner in ready))
        if number == WARM_UP_CYCLES:
            rows_before = await recorded(hass)
        gc.collect()
        watched = number % 2 == 1
        marks = time.perf_counter(), time.process_time(), time.thread_time()
        # Watching each callback costs more than many of them: it has cycles of its own.
        with (stalls if number >= WARM_UP_CYCLES else Stalls()).watch() if watched else no_watch():
            await coordinator.async_refresh()
            await hass.async_block_till_done()
        spent = (
            time.perf_counter() - marks[0],
            time.process_time() - marks[1],
            time.thread_time() - marks[2],
        )
        if number >= WARM_UP_CYCLES and not watched:
            wall.append(spent[0])
            cpu_total.append(spent[1])
            loop_total.append(spent[2])
    rows = await recorded(hass) - rows_before
    figures = {
        "miners": miners,
        "set_up_s": set_up_s,
        "set_up_cpu_s": set_up_cpu_s,
        "set_up_longest_stall_s": set_up_stalls.longest_s,
        "set_up_longest_stall_in": set_up_stalls.longest,
        "cycle_s": max(wall),
        "cycle_cpu_s": sorted(cpu_total)[len(cpu_total) // 2],
        "cycle_loop_cpu_s": sorted(loop_total)[len(loop_total) // 2],
        "longest_stall_s": stalls.longest_s,
        "longest_stall_in": stalls.longest,
        "recorder_rows_per_miner_and_cycle": rows / (2 * cycles * miners),
        "states": len(hass.states.async_all()),
        "memory_mb": (_memory_kb() - memory_kb) / 1024,
        "messages": dict(complaints.seen),
    }
    await hass.async_stop(force=True)
    return figures | judged(figures)


def _memory_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


@contextmanager
def _on(clock: ManualClock) -> Iterator[None]:
    """Let the site live on a clock while the block runs."""
    with (
        patch("custom_components.aiep_miner.coordinator.now_ms", clock.milliseconds),
        patch("custom_components.aiep_miner.engine.controller._monotonic", clock.seconds),
    ):
        yield


@contextmanager
def _adapters(ready: list[ReadyMiner], clock: ManualClock) -> Iterator[None]:
    """Let each simulated miner live on a clock and have its answer prepared, in the block."""
    from custom_components.aiep_miner import coordinator as module  # noqa: PLC0415

    original = module.create_adapter
    simulated = partial(SimulatedMiner, clock=clock.seconds)

    def create(*args: Any, **kwargs: Any) -> ReadyMiner:
        ready.append(ReadyMiner(original(*args, **kwargs)))
        return ready[-1]

    with (
        patch("custom_components.aiep_miner.flows.adapters.SimulatedMiner", simulated),
        patch.object(module, "create_adapter", create),
    ):
        yield


def judged(figures: dict[str, Any]) -> dict[str, Any]:
    """Return whether the figures keep within what is allowed."""
    miners = figures["miners"]
    allowed_s = next(limit for size, limit in LIMIT_STALL_S.items() if miners <= size)
    return {
        "longest_stall_share_of_limit": figures["longest_stall_s"] / allowed_s,
        "holds": figures["longest_stall_s"] <= allowed_s
        and figures["cycle_cpu_s"] <= LIMIT_CYCLE_CPU_S
        and figures["recorder_rows_per_miner_and_cycle"] <= LIMIT_ROWS
        and not figures["messages"],
    }


def run_size(miners: int, cycles: int = CYCLES) -> dict[str, Any]:
    """Return the figures of one size, measured in a process of its own."""
    command = [
        sys.executable,
        "-m",
        __spec__.name if __spec__ else __name__,
        str(miners),
        str(cycles),
    ]
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, env=os.environ
    )
    if done.returncode:
        raise RuntimeError(f"{miners} miners could not be measured:\n{done.stderr[-4000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run(quick: bool = False) -> dict[str, Any]:
    """Return the figures of each size."""
    sizes = QUICK_SIZES if quick else SIZES
    return {f"{miners}_miners": run_size(miners) for miners in sizes}


def main() -> None:
    """Measure one size, and print its figures as one line of JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_configuration(folder)
        print(json.dumps(asyncio.run(measure(folder, int(sys.argv[1]), int(sys.argv[2])))))


if __name__ == "__main__":
    main()
