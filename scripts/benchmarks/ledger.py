"""What the ledger of blocks costs: disk, appending, verifying, opening, as ratios where it can be."""

import asyncio
import gc
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import rfc8785

from custom_components.aiep_miner.engine.canonical import canonical_objects
from custom_components.aiep_miner.engine.ledger import Ledger, pages
from custom_components.aiep_miner.engine.ledger.entries import Draft, Trusted
from custom_components.aiep_miner.engine.ledger.pages import KEEP_BLOCKS
from custom_components.aiep_miner.engine.ledger.segments import open_ledger
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import database
from custom_components.aiep_miner.engine.ledger.verifier.blocks import PAGE_BLOCKS
from custom_components.aiep_miner.engine.ledger.verifier.parts import inflate
from custom_components.aiep_miner.engine.records import Record
from scripts.benchmarks._s19_records import (
    DAY_CYCLES,
    INTERVAL_MS,
    OPERATOR,
    START_MS,
    cycle,
    ordinary_cycle,
)

PRIVATE_KEY = bytes(range(32))
SIGNER = Signer(PRIVATE_KEY)


type Cycle = Callable[[int, int, random.Random, int], list[Record]]


def drafts(
    number: int, miners: int, noise: random.Random, seq: int, of: Cycle = cycle
) -> list[Draft]:
    """Return what a cycle appends from a seq on."""
    return [Draft.of(record, 0) for record in of(number, miners, noise, seq)]


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
    store = opened(path)
    fill(store, miners, range(cycles), seals=seals)
    return store


def fill(
    store: Store, miners: int, numbers: range, *, seals: bool = True, of: Cycle = cycle
) -> None:
    """Append cycles, with a checkpoint each day."""
    noise = random.Random(numbers.start)  # noqa: S311
    store.connection.execute("PRAGMA synchronous = OFF")
    for number in numbers:
        store.append(drafts(number, miners, noise, store.head.seq + 1, of))
        if seals and number % PAGE_BLOCKS == PAGE_BLOCKS - 1:
            seal(store)
        if number % DAY_CYCLES == DAY_CYCLES - 1:
            store.checkpoint(store.last_ts_ms)
    if seals:
        seal(store)
    store.connection.execute("PRAGMA synchronous = FULL")


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


def disk(folder: Path, miners: int, pages_before: int, pages_more: int) -> dict[str, float]:
    """Return how many KB a further day adds to the file.

    For each miner, and for the operator once its observations are dropped: pages, events and their
    index, as a vacuumed copy holds them.

    The days are ordinary ones: each miner is stopped and started twice.
    """
    store = opened(folder / f"disk-{miners}.db")
    rest = 70  # unsealed blocks, the same number before and after
    first, last = (
        count * PAGE_BLOCKS + rest for count in (pages_before, pages_before + pages_more)
    )
    fill(store, miners, range(first), of=ordinary_cycle)
    sealed, dropped = _sizes(store)
    fill(store, miners, range(first, last), of=ordinary_cycle)
    sealed_after, dropped_after = _sizes(store)
    codecs = dict(store.connection.execute("SELECT codec, count(*) FROM pages GROUP BY 1"))
    store.close()
    days = pages_more * PAGE_BLOCKS / DAY_CYCLES
    return {
        "sealed_kb_per_miner_day": (sealed_after - sealed) / 1000 / days / miners,
        "dropped_kb_per_operator_day": (dropped_after - dropped) / 1000 / days,
        "xz_pages": codecs.get("xz", 0),
        "pages": sum(codecs.values()),
    }


def _sizes(store: Store) -> tuple[int, int]:
    """Return the size of a vacuumed copy, and of one whose observations in pages are dropped."""
    path = store.path.with_suffix(".copy")
    store.connection.execute(f"VACUUM INTO '{path}'")
    sealed = path.stat().st_size
    copy = opened(path)
    drop(copy)
    copy.connection.execute("VACUUM")
    copy.close()
    dropped = path.stat().st_size
    path.unlink()
    return sealed, dropped


# Appending


def append_ratio(folder: Path, miners: int, cycles: int) -> dict[str, float]:
    """Compare a quiet cycle's ledger work with one insert of the same bytes as one blob.

    Both are durable, on the same disk; they take turns, and turns in who is first. Also compared:
    canonical JSON (``canonical_objects``) and SHA-256 of the same lines alone.
    """
    store, noise = opened(folder / f"append-{miners}.db"), random.Random(1)  # noqa: S311
    times = _Times()
    records = 0
    with closing(sqlite3.connect(folder / f"plain-{miners}.db", isolation_level=None)) as plain:
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE plain (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
        for number in range(cycles):
            found = drafts(number, miners, noise, store.head.seq + 1)
            values = _values(found, store.head.seq + 1)
            lines = canonical_objects(values, "body")
            blob = b"\n".join(lines)
            actions = [
                ("canonical", lambda values=values: canonical_objects(values, "body")),
                ("sha256", lambda lines=lines: _hash(lines)),
                ("plain", lambda blob=blob: _insert(plain, blob)),
                ("ours", lambda found=found: store.append(found)),
            ]
            for name, action in actions if number % 2 else reversed(actions):
                times.take(name, action)
            records += len(found)
    store.close()
    bare_s = times.median_s("canonical") + times.median_s("sha256")
    return {
        "to_one_insert": times.ratio("ours", "plain"),
        "to_canonical_and_sha256": times.median_s("ours") / bare_s,
        "ms_per_cycle": 1000 * times.median_s("ours"),
        "ms_per_insert": 1000 * times.median_s("plain"),
        "canonical_us_per_record": 1e6 * times.median_s("canonical") * cycles / records,
    }


class _Times:
    """How long some actions took that took turns."""

    def __init__(self) -> None:
        self.taken_s: dict[str, list[float]] = {}

    def take(self, name: str, action: Callable[[], Any]) -> None:
        self.taken_s.setdefault(name, []).append(seconds(action))

    def median_s(self, name: str) -> float:
        return median(self.taken_s[name])

    def ratio(self, name: str, other: str) -> float:
        """Return the median of the ratios of those that were measured one after the other."""
        pairs = zip(self.taken_s[name], self.taken_s[other], strict=True)
        return median(one / another for one, another in pairs)


def canonical_ratio(repeats: int) -> dict[str, float]:
    """Compare canonical JSON with the plain library for RFC 8785 on a cycle of 10 miners."""
    values = _values(drafts(5, 10, random.Random(1), 1), 1)  # noqa: S311
    times = _Times()
    for _ in range(repeats):
        times.take("ours", lambda: canonical_objects(values, "body"))
        times.take("library", lambda: [rfc8785.dumps(value) for value in values])
    return {
        "to_library": times.ratio("ours", "library"),
        "us_per_record": 1e6 * times.median_s("ours") / len(values),
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


def verify_ratio(path: Path, repeats: int) -> dict[str, float]:
    """Compare verifying with reading, decompressing and hashing the same lines."""
    times = _Times()
    records = 0

    def verify() -> None:
        nonlocal records
        report = database.verify(path)
        if report.fault:
            raise AssertionError(report.line())
        records = report.records

    for _ in range(repeats):
        times.take("plain", lambda: _read(path))
        times.take("ours", verify)
    return {
        "ratio": times.ratio("plain", "ours"),
        "records_per_s": records / times.median_s("ours"),
        "us_per_record": 1e6 * times.median_s("ours") / records,
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


def growth(folder: Path, sizes: Sequence[int], repeats: int) -> dict[str, Any]:
    """Compare opening, appending and signing at ledgers of so many records, ten miners a cycle.

    A long ledger is a short one whose first page was copied often, with other numbers: its chain is
    not whole, which neither opening nor appending can tell; size and layout are those of a real one.
    """
    base = filled(folder / "base.db", 10, PAGE_BLOCKS + KEEP_BLOCKS)
    base.close()
    paths = {size: _grown(base.path, folder / f"long-{size}.db", size) for size in sizes}
    times, noise = _Times(), random.Random(5)  # noqa: S311
    for number in range(repeats):
        for size, path in paths.items():
            held: list[Store] = []
            times.take(f"open {size}", lambda path=path, held=held: held.append(opened(path)))
            store = held[0]
            found = drafts(10_000_000 + number, 10, noise, store.head.seq + 1)
            times.take(f"append {size}", lambda store=store, found=found: store.append(found))
            times.take(f"sign {size}", lambda store=store: store.checkpoint(store.last_ts_ms))
            store.close()
    short, long = sizes[0], sizes[-1]
    return {
        "open_ratio": times.ratio(f"open {long}", f"open {short}"),
        "append_ratio": times.ratio(f"append {long}", f"append {short}"),
        **{
            f"at_{size}_records": {
                f"{what}_ms": 1000 * times.median_s(f"{what} {size}")
                for what in ("open", "append", "sign")
            }
            for size in sizes
        },
    }


def _grown(base: Path, path: Path, records: int) -> Path:
    """Make a ledger of so many records out of copies of a page."""
    cycle_records = 31
    count = records // (PAGE_BLOCKS * cycle_records)
    store = opened(path)
    if count == 0:
        fill(store, 10, range(records // cycle_records))
        store.close()
        return path
    connection = store.connection
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"ATTACH '{base}' AS base")
    columns = "codec, observations, dropped, events, root, hash"
    per_page, span_ms = PAGE_BLOCKS * cycle_records, PAGE_BLOCKS * INTERVAL_MS
    for page in range(count):
        connection.execute(
            "INSERT INTO pages SELECT ?, first_ts + ?, last_ts + ?, first_seq + ?, last_seq + ?,"  # noqa: S608
            f" {columns} FROM base.pages WHERE page = 0",
            (page, page * span_ms, page * span_ms, page * per_page, page * per_page),
        )
        connection.execute(
            "INSERT INTO events SELECT seq + ?, ts, kind, subject, block + ? FROM base.events"
            " WHERE block < 256",
            (page * per_page, page * PAGE_BLOCKS),
        )
    connection.execute("DETACH base")
    store.load()
    fill(store, 10, range(count * PAGE_BLOCKS, count * PAGE_BLOCKS + KEEP_BLOCKS))
    store.close()
    return path


# Housekeeping


async def housekeeping(path: Path) -> dict[str, float]:
    """Compare what appends take with and without sealing, dropping and verifying meanwhile."""
    gc.collect()
    gc.freeze()  # what this process imported is not of the ledger
    ledger = await Ledger.open(path, OPERATOR, private_key=PRIVATE_KEY, now_ms=START_MS)
    loop_ms: dict[bool, list[float]] = {False: [], True: []}
    taken_ms: dict[bool, list[float]] = {False: [], True: []}
    noise = random.Random(2)  # noqa: S311
    records = _cycles(noise)
    for work in _house_work(ledger):
        for is_busy in (True, False):
            keeping = asyncio.ensure_future(work() if is_busy else asyncio.sleep(1))
            watching = asyncio.create_task(_watch(loop_ms[is_busy]))
            while not keeping.done():
                await asyncio.sleep(noise.uniform(0, 0.05))
                started_s = time.perf_counter()
                await ledger.append(next(records))
                taken_ms[is_busy].append(1000 * (time.perf_counter() - started_s))
            watching.cancel()
            await keeping
    await ledger.close()
    gc.unfreeze()
    busy, calm = (quantiles(taken_ms[is_busy], n=100) for is_busy in (True, False))
    return {
        "appends": len(taken_ms[True]),
        "median_ms": busy[49],
        "median_ms_without": calm[49],
        "p99_ms": busy[98],
        "p99_ms_without": calm[98],
        "max_ms": max(taken_ms[True]),
        "max_ms_without": max(taken_ms[False]),
        "loop_p99_ms": quantiles(loop_ms[True], n=100)[98],
        "loop_p99_ms_without": quantiles(loop_ms[False], n=100)[98],
    }


def _house_work(ledger: Ledger) -> Iterator[Callable[[], Awaitable[object]]]:
    """Return what there is to do: pages to seal, one to drop, the whole to verify, twice."""
    now_ms = ledger.last_ts_ms
    keep_ms = now_ms - START_MS - 300 * INTERVAL_MS
    for _ in range(3):
        yield partial(ledger.maintain, now_ms, keep_ms)
    for _ in range(2):
        yield ledger.verify


async def _watch(delays_ms: list[float]) -> None:
    while True:
        started_s = time.perf_counter()
        await asyncio.sleep(0.005)
        delays_ms.append(1000 * (time.perf_counter() - started_s) - 5)


def _cycles(noise: random.Random) -> Iterator[list[Record]]:
    number = 20_000_000
    while True:
        yield cycle(number, 10, noise, 1)
        number += 1


def run(quick: bool = False) -> dict[str, Any]:
    """Return all figures; quick ones use a shorter ledger and fewer cycles."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results: dict[str, Any] = {
            f"disk_{miners}_miners": disk(folder, miners, *((1, 1) if quick else (2, 9)))
            for miners in (1, 10)
        }
        for miners in (1, 10, 200, 1000):
            count = (60 if quick else 400) if miners <= 10 else (10 if quick else 30)
            results[f"append_{miners}_miners"] = append_ratio(folder, miners, count)
        results["canonical"] = canonical_ratio(20 if quick else 200)
        filled(folder / "verified.db", 10, (1 if quick else 4) * PAGE_BLOCKS + 70).close()
        results["verify"] = verify_ratio(folder / "verified.db", 3 if quick else 9)
        sizes = (1000, 100_000) if quick else (1000, 100_000, 10_000_000)
        results["growth"] = growth(folder, sizes, 15 if quick else 40)
        filled(folder / "kept.db", 10, 700, seals=False).close()
        results["while_housekeeping"] = asyncio.run(housekeeping(folder / "kept.db"))
    return results


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
