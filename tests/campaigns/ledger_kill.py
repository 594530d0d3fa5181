"""SIGKILL while a ledger is written, sealed, dropped, backed up and begun anew: nothing is lost."""

import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import segments
from custom_components.aiep_miner.engine.ledger.entries import Cause, Head, Trusted
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from tests.engine.ledger.samples import (
    INTERVAL_MS,
    START_MS,
    cycle,
    drop,
    opened,
    seal,
    verify,
)

LONGEST_LIFE_S = 0.3
RESTORED = 0.05
"""The share of starts from what counts as a backup."""


def ledger_kill(n: int = 200, seed: int = 1) -> dict[str, int]:
    """Kill a process n times while it appends, seals, drops, signs, holds still and begins segments,
    also those after a restored backup; each time all that it acknowledged is there, intact, and the
    next process goes on without a finding."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        known = Trusted()
        for number in range(n):
            receiver, sender = context.Pipe(duplex=False)
            is_copy = chance.random() < RESTORED
            arguments = (path, sender, known.head and str(known.head), seed + number, is_copy)
            writer = context.Process(target=_write, args=arguments)
            writer.start()
            sender.close()
            first = receiver.recv()  # it is under way
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
            writer.kill()
            acknowledged = _last(receiver, first)
            writer.join()
            assert writer.exitcode == -signal.SIGKILL
            known = _check(path, Head.parse(acknowledged) if acknowledged else None, seen)
            seen["kills"] += 1
            seen["restored"] += is_copy
        seen["records"] = verify(path).records
        seen["segments"] = len(list(path.parent.glob("ledger.aside-*.db")))
    return dict(seen)


def _write(path: Path, sender: Connection, known: str | None, seed: int, is_copy: bool) -> None:
    """Work until killed, and acknowledge each append through the pipe."""
    noise = random.Random(seed)
    sender.send(known)
    trusted = Trusted(head=Head.parse(known) if known else None, is_copy=is_copy)
    found = opened(path, trusted)
    assert found.finding is None, str(found.finding)
    store = found.store
    # A kill loses nothing that the system has: without waiting for the disk there is more to kill.
    store.connection.execute("PRAGMA synchronous = OFF")
    sender.send(str(store.head))
    while True:
        for _ in range(noise.randint(1, 40)):
            number = max(0, (store.last_ts_ms - START_MS) // INTERVAL_MS) + 1
            store.append(cycle(number, noise, miners=noise.randint(1, 4)))
            sender.send(str(store.head))
        if noise.random() < 0.1:
            store.hold_still()
            store.append(cycle(number + 1, noise))
            sender.send(str(store.head))
            store.let_go()
        seal(store)
        drop(store, store.last_ts_ms - noise.choice([0, 300]) * INTERVAL_MS)
        if noise.random() < 0.3:
            store.checkpoint(store.last_ts_ms)
            sender.send(str(store.head))
        if noise.random() < 0.1:
            segments.begin_segment(store, Cause.ACCEPTED, str(store.head), store.last_ts_ms)


def _last(receiver: Connection, first: str | None) -> str | None:
    """Return the last head that got through the pipe."""
    last = first
    with suppress(EOFError):
        while True:
            last = receiver.recv()
    return last


def _check(path: Path, acknowledged: Head | None, seen: Counter[str]) -> Trusted:
    """Check the file as the kill left it; return what the trust store knows then."""
    found = opened(path, Trusted(head=acknowledged))
    assert found.finding is None, str(found.finding)
    store = found.store
    head = store.head
    pages = store.connection.execute("SELECT count(*), count(dropped) FROM pages").fetchone()
    store.close()
    if acknowledged is None:
        return Trusted()
    is_same = head.segment == acknowledged.segment
    heads = ((acknowledged.blocks, acknowledged.hash),) if is_same and acknowledged.blocks else ()
    report = verify(path, Known(heads=heads))
    assert report.fault is None, report.line()
    assert report.blocks == head.blocks
    assert not is_same or head.blocks >= acknowledged.blocks
    seen["unacknowledged tails"] += head != acknowledged
    seen["pages"], seen["dropped"] = max(seen["pages"], pages[0]), max(seen["dropped"], pages[1])
    return Trusted(head=acknowledged)
