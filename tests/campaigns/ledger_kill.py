"""SIGKILL while a ledger is written: what was acknowledged is there, and the chain holds."""

import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import Head, LedgerStore, verify
from custom_components.aiep_miner.engine.ledger.retention import maintain
from custom_components.aiep_miner.engine.ledger.signing import checkpoint
from tests.engine.ledger_samples import INTERVAL_MS, OPERATOR, PRIVATE_KEY, START_MS, cycle

LONGEST_LIFE_S = 0.15
KEEP_MS = 40 * INTERVAL_MS


def ledger_kill(n: int = 200, seed: int = 1) -> dict[str, int]:
    """Kill a process n times while it appends, prunes and signs; each time all that it
    acknowledged is there, no record is half there, and the next process goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        for number in range(n):
            receiver, sender = context.Pipe(duplex=False)
            writer = context.Process(target=_write, args=(path, sender, seed + number))
            writer.start()
            sender.close()
            first = receiver.recv()  # it is under way
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
            writer.kill()
            acknowledged = _last(receiver, first)
            writer.join()
            assert writer.exitcode == -signal.SIGKILL
            seen["unacknowledged tails"] += _check(path, acknowledged)
            seen["kills"] += 1
        seen["records"] = verify.verify(path, {}).count
    return dict(seen)


def _write(path: Path, sender: Connection, seed: int) -> None:
    """Append until killed, and acknowledge each append through the pipe."""
    noise = random.Random(seed)
    store = LedgerStore.open(path, OPERATOR)
    assert store.recovery is None
    while True:
        number = (store.last_ts_ms - START_MS) // INTERVAL_MS + 1
        store.append(cycle(max(number, 0), noise, miners=noise.randint(1, 8)))
        sender.send(str(store.head))
        maintain(store, store.last_ts_ms + noise.randrange(2) * INTERVAL_MS, KEEP_MS)
        if noise.random() < 0.1:
            checkpoint(store, store.last_ts_ms, PRIVATE_KEY)
            sender.send(str(store.head))


def _last(receiver: Connection, first: str) -> Head:
    """Return the last head that got through the pipe."""
    last = first
    with suppress(EOFError):
        while True:
            last = receiver.recv()
    return Head.parse(last)


def _check(path: Path, acknowledged: Head) -> bool:
    """Check the file as the kill left it; return whether it has more than was acknowledged."""
    report = verify.verify(path, {acknowledged.seq: acknowledged.hash})
    assert report.fault is None, str(report.fault)
    store = LedgerStore.open(path, OPERATOR, known_head=acknowledged)
    try:
        assert store.recovery is None
        assert store.fault is None, str(store.fault)
        assert store.head.seq == report.count >= acknowledged.seq
        return store.head.seq > acknowledged.seq
    finally:
        store.close()
