"""What the ledger of blocks costs: disk, appending, verifying, opening, as ratios where it can be."""

import asyncio
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.ledger import Ledger, pages
from custom_components.aiep_miner.engine.ledger.entries import Draft, Trusted
from custom_components.aiep_miner.engine.ledger.segments import open_ledger
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import database
from custom_components.aiep_miner.engine.ledger.verifier.parts import inflate
from custom_components.aiep_miner.engine.records import Record
from scripts.benchmarks._s19_records import (
    DAY_CYCLES,
    INTERVAL_MS,
    OPERATOR,
    START_MS,
    cycle,
)

PRIVATE_KEY = bytes(range(32))
SIGNER = Signer(PRIVATE_KEY)


def drafts(number: int, miners: int, noise: random.Random, seq: int) -> list[Draft]:
    """Return what a cycle appends from a seq on."""
    return [Draft.of(record, 0) for record in cycle(number, miners, noise, seq)]


def seconds(action: Callable[[], Any]) -> float:
    """Return how long an action takes."""
    started_s = time.perf_counter()
    action()
    return time.perf_counter() - started_s


def opened(path: Path) -> Store:
    """Open a ledger, whatever is known of it."""
    return open_ledger(path, OPERATOR, SIGNER, Trusted(), START_MS).store


def filled(path: Path, miners: int, cycles: int, *, seals: bool = True) -> Store:
    """Return a ledger of a steady operator, sealed as in housekeeping, without waiting for disks."""
    store, noise = opened(path), random.Random(1)  # noqa: S311
    store.connection.execute("PRAGMA synchronous = OFF")
    for number in range(cycles):
        store.append(drafts(number, miners, noise, store.head.seq + 1))
        if seals and number % 256 == 255:
            seal(store)
        if number % DAY_CYCLES == DAY_CYCLES - 1:
            store.checkpoint(store.last_ts_ms)
    if seals:
        seal(store)
    store.connection.execute("PRAGMA synchronous = FULL")
    return store


def _run[T](steps: pages.Steps[T]) -> T:
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def seal(store: Store) -> None:
    """Seal all pages that are due."""
    while (page := pages.due_page(store)) is not None:
        with closing(database.Database(store.path)) as reader:
            pages.swap(store, _run(pages.seal(reader, page)))


def drop(store: Store) -> None:
    """Drop all observations in pages."""
    while (old := pages.old_pages(store, store.last_ts_ms + 1)) is not None:
        if pages.declared_to(store) < old[0]:
            pages.declare(store, *old, store.last_ts_ms)
        with closing(database.Database(store.path)) as reader:
            remains = _run(pages.kept(reader, old[0]))
        pages.drop(store, old[0], remains)


# Disk


def disk(folder: Path, miners: int, cycles: int) -> dict[str, float]:
    """Return the KB a day in sealed pages, for each miner, and for the operator once dropped.

    What SQLite's pages hold is counted, without what is free in the file.
    """
    store = filled(folder / f"disk-{miners}.db", miners, cycles)
    days = store.connection.execute("SELECT count(*) FROM pages").fetchone()[0] * 256 / DAY_CYCLES
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sealed = _table_bytes(store, "pages")
    drop(store)
    dropped = _table_bytes(store, "pages") + _table_bytes(store, "events", "events_by_kind",
                                                          "events_by_subject")  # fmt: skip
    codecs = store.connection.execute("SELECT codec, count(*) FROM pages GROUP BY 1").fetchall()
    store.close()
    return {
        "sealed_kb_per_miner_day": sealed / 1000 / days / miners,
        "dropped_kb_per_operator_day": dropped / 1000 / days,
        "xz_pages": dict(codecs).get("xz", 0),
        "pages": sum(dict(codecs).values()),
    }


def _table_bytes(store: Store, *names: str) -> int:
    """Return how many bytes of the file tables take, as a vacuumed copy shows."""
    copy = store.path.with_suffix(".copy")
    store.connection.execute(f"VACUUM INTO '{copy}'")
    with closing(sqlite3.connect(copy)) as connection:
        whole = copy.stat().st_size
        for name in names:
            kind = "INDEX" if name.startswith("events_") else "TABLE"
            connection.execute(f"DROP {kind} IF EXISTS {name}")
        connection.execute("VACUUM")
    left = copy.stat().st_size
    copy.unlink()
    return whole - left


# Appending


def append_ratio(folder: Path, miners: int, cycles: int) -> dict[str, float]:
    """Compare a quiet cycle's ledger work with one insert of the same bytes as one blob.

    Both are durable; they take turns. Also compared: canonical JSON and SHA-256 of the same
    lines alone.
    """
    store, noise = opened(folder / f"append-{miners}.db"), random.Random(1)  # noqa: S311
    ours_s, plain_s, bare_s, forms_s, records = [], [], [], [], 0
    with closing(sqlite3.connect(folder / f"plain-{miners}.db", isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE plain (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        for number in range(cycles):
            found = drafts(number, miners, noise, store.head.seq + 1)
            values = _values(found, store.head.seq + 1)
            forms_s.append(seconds(lambda values=values: [canonical(item) for item in values]))
            lines = [canonical(item) for item in values]
            bare_s.append(forms_s[-1] + seconds(lambda lines=lines: _hash(lines)))
            blob = b"\n".join(lines)
            plain_s.append(seconds(lambda blob=blob: _insert(plain, blob)))
            ours_s.append(seconds(lambda found=found: store.append(found)))
            records += len(found)
    store.close()
    per_cycle = records / cycles
    return {
        "to_one_insert": median(ours_s) / median(plain_s),
        "to_canonical_and_sha256": median(ours_s) / median(bare_s),
        "ms_per_cycle": 1000 * median(ours_s),
        "canonical_us_per_record": 1e6 * median(forms_s) / per_cycle,
    }


def _values(found: list[Draft], seq: int) -> list[dict[str, Any]]:
    return [
        {"body": draft.body, "kind": draft.kind, "seq": number, "subject": draft.subject,
         "ts": draft.ts_ms}
        for number, draft in enumerate(found, seq)
    ]  # fmt: skip


def _hash(lines: list[bytes]) -> None:
    for line in lines:
        hashlib.sha256(line).digest()


def _insert(connection: sqlite3.Connection, blob: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO plain (body) VALUES (?)", (blob,))
    connection.execute("COMMIT")


# Verifying


def verify_ratio(path: Path) -> dict[str, float]:
    """Compare verifying with reading, decompressing and hashing the same lines."""
    ours_s, plain_s, records = [], [], 0
    for _ in range(3):
        plain_s.append(seconds(lambda: _read(path)))
        started_s = time.perf_counter()
        report = database.verify(path)
        ours_s.append(time.perf_counter() - started_s)
        if report.fault:
            raise AssertionError(report.line())
        records = report.records
    return {
        "ratio": median(plain_s) / median(ours_s),
        "records_per_s": records / median(ours_s),
    }


def _read(path: Path) -> None:
    with closing(database.connect(path)) as connection:
        for codec, *parts in connection.execute("SELECT codec, observations, events FROM pages"):
            for part in parts:
                data = b"".join(inflate(codec, part)) if part else b""
                _hash(data.split(b"\n"))
        for _, *parts in connection.execute("SELECT codec, observations, events FROM blocks"):
            for part in parts:
                _hash(part.split(b"\n"))


# Growth


def growth(folder: Path, short: int, long: int) -> dict[str, Any]:
    """Compare opening and appending at a short and at a long ledger of 10 miners."""
    times = {}
    for cycles in (short, long):
        path = folder / f"long-{cycles}.db"
        filled(path, 10, cycles).close()
        times[cycles] = open_and_append(path)
    return {
        "open_ratio": times[long]["open_ms"] / times[short]["open_ms"],
        "append_ratio": times[long]["append_ms"] / times[short]["append_ms"],
        **{f"at_{31 * cycles}_records": values for cycles, values in times.items()},
    }


def open_and_append(path: Path, repeats: int = 25) -> dict[str, float]:
    """Return the median times to open a ledger and to append a cycle to it, in ms."""
    open_s, append_s, noise = [], [], random.Random(5)  # noqa: S311
    for number in range(repeats):
        started_s = time.perf_counter()
        store = opened(path)
        open_s.append(time.perf_counter() - started_s)
        found = drafts(10_000_000 + number, 10, noise, store.head.seq + 1)
        append_s.append(seconds(lambda store=store, found=found: store.append(found)))
        store.close()
    return {"open_ms": 1000 * median(open_s), "append_ms": 1000 * median(append_s)}


# Housekeeping


async def housekeeping(path: Path) -> dict[str, float]:
    """Compare what appends take with and without sealing, dropping and verifying meanwhile."""
    ledger = await Ledger.open(path, OPERATOR, private_key=PRIVATE_KEY, now_ms=START_MS)
    keeping = asyncio.create_task(_keep_house(ledger))
    loop_ms: list[float] = []
    watching = asyncio.create_task(_watch(loop_ms))
    busy_ms = await _latencies(ledger, lambda _: keeping.done())
    await keeping
    watching.cancel()
    calm_ms = await _latencies(ledger, lambda count: count == len(busy_ms))
    await ledger.close()
    calm, busy = (quantiles(times_ms, n=100) for times_ms in (calm_ms, busy_ms))
    return {
        "appends": len(busy_ms),
        "median_ms": busy[49],
        "median_ms_without": calm[49],
        "p99_ms": busy[98],
        "p99_ms_without": calm[98],
        "loop_p99_ms": quantiles(loop_ms, n=100)[98],
        "loop_max_ms": max(loop_ms),
    }


async def _watch(delays_ms: list[float]) -> None:
    while True:
        started_s = time.perf_counter()
        await asyncio.sleep(0.005)
        delays_ms.append(1000 * (time.perf_counter() - started_s) - 5)


async def _latencies(ledger: Ledger, is_enough: Callable[[int], bool]) -> list[float]:
    noise = random.Random(2)  # noqa: S311
    times_ms: list[float] = []
    for records in _cycles(noise):
        if is_enough(len(times_ms)):
            break
        await asyncio.sleep(noise.uniform(0, 0.05))
        started_s = time.perf_counter()
        await ledger.append(records)
        times_ms.append(1000 * (time.perf_counter() - started_s))
    return times_ms


def _cycles(noise: random.Random) -> Iterator[list[Record]]:
    number = 20_000_000
    while True:
        yield cycle(number, 10, noise, 1)
        number += 1


async def _keep_house(ledger: Ledger) -> None:
    now_ms = ledger.last_ts_ms
    for _ in range(3):  # two pages are sealed, one is dropped; what is appended meanwhile waits
        await ledger.maintain(now_ms, now_ms - START_MS - 300 * INTERVAL_MS)
    report = await ledger.verify()
    if report.fault:
        raise AssertionError(report.line())


def run(quick: bool = False) -> dict[str, Any]:
    """Return all figures; quick ones use a shorter ledger and fewer cycles."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results: dict[str, Any] = {
            f"disk_{miners}_miners": disk(folder, miners, (1 if quick else 11) * 256 + 70)
            for miners in (1, 10)
        }
        for miners in (1, 10, 200, 1000):
            count = (60 if quick else 200) if miners <= 10 else (10 if quick else 30)
            results[f"append_{miners}_miners"] = append_ratio(folder, miners, count)
        filled(folder / "verified.db", 10, (1 if quick else 4) * 256 + 70).close()
        results["verify"] = verify_ratio(folder / "verified.db")
        results["growth"] = growth(folder, 330, 1300 if quick else 33_000)
        filled(folder / "kept.db", 10, 700, seals=False).close()
        results["while_housekeeping"] = asyncio.run(housekeeping(folder / "kept.db"))
    return results


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
