"""SIGKILL around a dispatch: nothing acknowledged is lost, nothing is sent twice."""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.ledger import Head, Known, Reader
from custom_components.aiep_miner.engine.ledger.verifier.database import Database, verify
from devtools.emulators.base import control
from devtools.hass_process import ROOT, emulated_cgminer

HOST = "127.0.0.1"
SCALE = 1000.0
"""How fast the site's time runs, so that windows of minutes pass in a moment."""
PATIENCE_S = 60.0
SHOWN = 5
"""Of what it last said."""
LONGEST_DELAY_S = 0.05
LONGEST_LIFE_S = 0.5


class Point(StrEnum):
    """Where the controller dies."""

    BEFORE = "before dispatch"
    """The decision is durable, nothing was sent."""
    AFTER = "after dispatch"
    """The miner has the command, there is no receipt."""
    ANYWHERE = "anywhere"


@dataclass
class Site:
    """What outlives the controller: its ledger, the miner, and what the parent was told."""

    ledger: Path
    port: int
    control: int
    began_s: float = field(default_factory=time.time)
    head: Head | None = None
    """The last head that was acknowledged."""
    released: int = 0
    """Commands that were let through to the adapter."""
    sent: int = 0
    """Commands that the adapter returned from."""
    arrived: Counter[str | None] = field(default_factory=Counter)
    """How often each board was told something; None for the whole miner."""
    dispatched: set[str] = field(default_factory=set)
    """Record hashes of the decisions that reached the adapter."""
    killed: dict[str, Point] = field(default_factory=dict)
    """Where the controller died over a decision, by the decision's record hash."""


class Runner:
    """One life of the controller."""

    def __init__(self, process: asyncio.subprocess.Process, site: Site) -> None:
        self.decision = ""
        """Record hash of the last decision that reached the adapter."""
        self._process = process
        self._site = site

    async def line(self) -> dict[str, Any]:
        """Return the next thing that it says, with what that acknowledges noted."""
        assert self._process.stdout is not None
        text = await self._process.stdout.readline()
        assert text, "the controller ended by itself"
        line: dict[str, Any] = json.loads(text)
        if line["at"] == "cycle":
            self._site.head = Head.parse(line["head"])
        if line["at"] == "about":
            self.decision = line["decision"]
            assert self.decision not in self._site.dispatched, "dispatched twice"
            self._site.dispatched.add(self.decision)
        if line["at"] == "sent":
            self._site.sent += 1
        return line

    def go_on(self, line: dict[str, Any]) -> None:
        """Let it pass the point that it waits at."""
        assert self._process.stdin is not None
        if line["at"] in ("about", "sent"):
            self._site.released += line["at"] == "about"
            self._process.stdin.write(b"\n")

    async def until(self, at: str) -> None:
        """Let it run until it waits at a point, or until a cycle ended with nothing pending."""
        said: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    line = await self.line()
                    if line["at"] == at and not line.get("pending"):
                        return
                    said.append(line)
                    self.go_on(line)
        except TimeoutError as err:
            raise AssertionError(f"not {at} within {PATIENCE_S} s; it last said {[*said]}") from err

    async def for_a_while(self, seconds: float) -> None:
        """Let it run for some time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.go_on(await self.line())
        except TimeoutError:
            return

    async def kill(self) -> None:
        """End it at once, and take in what it had said by then."""
        self._process.kill()
        await self._process.wait()
        assert self._process.stdout is not None
        said = (await self._process.stdout.read()).splitlines()
        self._site.sent += sum(json.loads(text)["at"] == "sent" for text in said)


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Runner]:
    """Start a controller on the site; kill it at the end."""
    arguments = {"ledger": site.ledger, "host": HOST, "port": site.port}
    arguments |= {"began-s": site.began_s, "scale": SCALE}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.campaigns.kill_runner"),
        *(f"--{name}={value}" for name, value in arguments.items()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    runner = Runner(process, site)
    try:
        yield runner
    finally:
        if process.returncode is None:
            await runner.kill()


async def kill(n: int = 20, seed: int = 1) -> dict[str, Any]:
    """Kill the controller n times before a dispatch, n times after one, n times anywhere."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with emulated_cgminer(HOST, "--time-scale", str(SCALE)) as ports:
            site = Site(Path(folder) / "ledger.db", ports["port"], ports["control"])
            points = [point for _ in range(n) for point in Point]
            for point in points:
                await _one_kill(site, point, dice)
            async with running(site) as runner:
                await runner.until("cycle")
            return _check_books(site, n) | {
                "records": site.head.seq if site.head else 0,
                "commands": site.sent,
            }


async def _one_kill(site: Site, point: Point, dice: random.Random) -> None:
    """Live once, die at the point, and look at what is left."""
    async with running(site) as runner:
        if point is Point.ANYWHERE:
            await runner.until("cycle")
            await runner.for_a_while(dice.uniform(0, LONGEST_LIFE_S))
        else:
            await runner.until("about" if point is Point.BEFORE else "sent")
            await asyncio.sleep(dice.uniform(0, LONGEST_DELAY_S))
            site.killed[runner.decision] = point
        await runner.kill()
    heads = ((site.head.blocks, site.head.hash),) if site.head else ()
    report = verify(site.ledger, Known(heads=heads))
    assert report.fault is None, report.line()
    await _check_commands(site)


async def _check_commands(site: Site) -> None:
    """Each command reached each board once: the miner's own log is the witness."""
    log = await control(HOST, site.control, "log")
    await control(HOST, site.control, "clear_log")
    site.arrived.update(item["parameter"] for item in log["requests"] if item["write"])
    for board in site.arrived.keys() - {None}:
        arrived = site.arrived[board] + site.arrived[None]
        assert site.sent <= arrived <= site.released, f"{site.sent} {arrived} {site.released}"


def _check_books(site: Site, n: int) -> dict[str, int]:
    """Every decision has its one receipt, and telemetry told how each dispatch ended."""
    decisions = dict(_records(site, "decision"))
    receipts = [body for _, body in _records(site, "receipt")]
    authorised = {digest for digest, body in decisions.items() if body["authorised"]}
    first = {item["decision"]: item for item in receipts if item["outcome"] not in CLOSED}
    closed = {item["decision"]: item["outcome"] for item in receipts if item["outcome"] in CLOSED}
    assert len(first) + len(closed) == len(receipts), "a decision has two receipts of one sort"
    assert set(first) == authorised >= site.dispatched
    unknown = {digest for digest, item in first.items() if item["outcome"] == "unknown"}
    assert len(site.killed) == 2 * n
    assert set(site.killed) <= unknown <= set(closed)
    for digest, point in site.killed.items():
        # A restart takes longer than the site's fast time grants it, so its end says nothing.
        if decisions[digest]["action"] != "restart":
            expected = "confirmed" if point is Point.AFTER else "not_confirmed"
            assert closed[digest] == expected, f"{decisions[digest]} killed {point}"
    endings = Counter(closed[digest] for digest in unknown)
    return {"decisions": len(authorised), "unknown": len(unknown), **endings}


def _records(site: Site, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return record hash and body of every record of a kind, in order.

    What names a decision by its seq names it by its hash here.
    """
    with closing(Reader(Database(site.ledger))) as reader:
        entries = [entry for batch in reader.read() for entry in batch]
    hashes = {entry.seq: entry.hash_hex for entry in entries}
    return [
        (entry.hash_hex, entry.body | {"decision": hashes.get(entry.body.get("decision", 0))})
        for entry in entries
        if entry.kind == kind
    ]


CLOSED = ("confirmed", "not_confirmed")
