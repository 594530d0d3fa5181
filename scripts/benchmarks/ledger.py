"""What the ledger costs: appending, verifying, opening and keeping, as ratios where it can be."""

import asyncio
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.ledger import Ledger, LedgerStore, Stored, verify
from custom_components.aiep_miner.engine.ledger.bodies import BodyCodec, make_dictionary
from custom_components.aiep_miner.engine.ledger.retention import maintain
from custom_components.aiep_miner.engine.records import (
    Action,
    Basis,
    Board,
    DecisionRecord,
    Evaluation,
    Evidence,
    Pool,
    PriceRecord,
    ProfitRecord,
    Reading,
    Record,
    TelemetryRecord,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

OPERATOR = "01JD0000000000000000000000"
INTERVAL_MS = 30_000
DAY_CYCLES = 2880
START_MS = 1_800_000_000_000
DAY_MS = 86_400_000
PAUSE_S = 0.05
"""Between two steps of housekeeping, as in ``ledger_service/service.py``."""
type Cycle = list[list[Record]]
"""The records of one cycle, a list for each transaction."""


def cycle(number: int, miners: int, noise: random.Random) -> Cycle:
    """Return what a steady cycle appends for S19-class miners: measured, judged and held."""
    ts_ms = START_MS + number * INTERVAL_MS
    ids = [f"01JD00000000000000000000{index:02d}" for index in range(miners)]
    price = PriceRecord(
        ts_ms=ts_ms,
        subject=OPERATOR,
        currency="EUR",
        energy_price_per_kwh=0.0812,
        energy_price_updated_ms=ts_ms - number % 120 * INTERVAL_MS,
        coin_price=round(noise.gauss(90_000, 50), 2),
        coin_price_updated_ms=ts_ms - 5_000,
        network_difficulty=146_472_570_619_930.78,
        block_reward=3.125,
    )
    telemetry = [_telemetry(ts_ms, miner_id, number, noise) for miner_id in ids]
    profits = [_profit(ts_ms, miner_id, noise) for miner_id in ids]
    decisions = [_decision(ts_ms, miner_id, noise) for miner_id in ids]
    return [[*telemetry, price], [*profits], [*decisions]]


def _telemetry(ts_ms: int, miner_id: str, number: int, noise: random.Random) -> TelemetryRecord:
    boards = tuple(
        Board(
            index=index,
            hashrate_ths=round(noise.gauss(33.3, 0.4), 3),
            temperature_c=float(round(noise.gauss(62 + 3 * index, 0.6))),
            chip_temperature_c=float(round(noise.gauss(71 + 3 * index, 0.6))),
            chips_working=114,
            chips_expected=114,
        )
        for index in range(3)
    )
    shares = 4 * number
    reading = Reading(
        mining=True,
        hashrate_ths=round(sum(board.hashrate_ths or 0 for board in boards), 3),
        expected_hashrate_ths=100.0,
        power_w=float(round(noise.gauss(3250, 8))),
        temperatures=tuple(
            Temperature(sensor=f"chip_{board.index}", temperature_c=board.chip_temperature_c or 0)
            for board in boards
        ),
        boards=boards,
        fans_rpm=tuple(int(noise.gauss(5800, 20)) for _ in range(4)),
        uptime_s=number * INTERVAL_MS // 1000,
        shares_accepted=shares,
        shares_rejected=shares // 300,
        pools=(
            Pool(
                index=0,
                url="stratum+tcp://pool.example:3333",
                active=True,
                alive=True,
                shares_accepted=shares,
                shares_rejected=shares // 300,
            ),
        ),
    )
    return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, reading=reading)


def _profit(ts_ms: int, miner_id: str, noise: random.Random) -> ProfitRecord:
    hashrate_ths, power_w = round(noise.gauss(100, 0.7), 3), float(round(noise.gauss(3250, 8)))
    revenue, cost = hashrate_ths * 0.0431, power_w * 0.024 * 0.0812
    return ProfitRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        basis=Basis.MEASURED,
        hashrate_ths=hashrate_ths,
        power_w=power_w,
        revenue_per_day=revenue,
        cost_per_day=cost,
        heat_credit_per_day=0.0,
        profit_per_day=revenue - cost,
        break_even_energy_price_per_kwh=revenue / power_w / 0.024,
    )


def _decision(ts_ms: int, miner_id: str, noise: random.Random) -> DecisionRecord:
    return DecisionRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=Action.HOLD,
        authorised=False,
        reasons=(Reason.PROFITABLE,),
        evaluation=Evaluation(
            decision_id=noise.randbytes(32).hex(), trust_level=3, actionable=False, score=0.9471
        ),
        evidence=Evidence(
            telemetry=noise.randbytes(32).hex(),
            price=noise.randbytes(32).hex(),
            profit=noise.randbytes(32).hex(),
            policy=hashlib.sha256(b"policy").hexdigest(),
        ),
    )


def cycles(count: int, miners: int, seed: int = 1) -> Iterator[Cycle]:
    """Return the records of some cycles, the same for the same seed."""
    noise = random.Random(seed)  # noqa: S311
    return (cycle(number, miners, noise) for number in range(count))


def seconds(action: Callable[[], Any]) -> float:
    """Return how long an action takes."""
    started_s = time.perf_counter()
    action()
    return time.perf_counter() - started_s


# Appending


def append_ratio(
    folder: Path, count: int, miners: int, *, compresses: bool = False
) -> dict[str, float]:
    """Compare appending with inserting the same bytes, in the same transactions, into SQLite.

    Both write to disk durably (WAL, synchronous=FULL); the plain table has seq and body. They
    take turns, so that a slow moment of the disk meets both. A ledger ``compresses`` as soon as
    it has a dictionary.
    """
    name = f"{miners}-{compresses}.db"
    store = LedgerStore.open(folder / f"append-{name}", OPERATOR)
    if compresses:
        for phases in cycles(2, miners):
            _append(store, phases)
        maintain(store, store.last_ts_ms, DAY_MS)
    with closing(_plain(folder / f"plain-{name}")) as plain:
        ours_s, plain_s, written = [], [], 0
        for phases in cycles(count, miners):
            bodies = [[canonical(record.body()) for record in records] for records in phases]
            ours_s.append(seconds(lambda phases=phases: _append(store, phases)))
            plain_s.append(seconds(lambda bodies=bodies: _insert(plain, bodies)))
            written += sum(map(len, phases))
    store.close()
    return {
        "ratio_to_plain_inserts": sum(plain_s) / sum(ours_s),
        "records_per_s": written / sum(ours_s),
        "ms_per_cycle": 1000 * median(ours_s),
    }


def _append(store: LedgerStore, phases: Cycle) -> None:
    for records in phases:
        store.append(records)


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE plain (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")
    return connection


def _insert(connection: sqlite3.Connection, phases: Sequence[Sequence[bytes]]) -> None:
    for bodies in phases:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO plain (body) VALUES (?)", [(body,) for body in bodies])
        connection.execute("COMMIT")


# Long ledgers


def build(path: Path, count: int) -> None:
    """Write a long ledger quickly: the records of a few cycles, over and over."""
    store = LedgerStore.open(path, OPERATOR)
    pattern = [
        (record.kind, record.subject, canonical(record.body()))
        for phases in cycles(20, 10)
        for records in phases
        for record in records
    ]
    store.adopt(_rows(store.head.hash, pattern, count))
    store.close()


def _rows(
    prev: bytes, pattern: Sequence[tuple[str, str, bytes]], count: int
) -> Iterator[tuple[Any, ...]]:
    for seq in range(1, count + 1):
        kind, subject, body = pattern[seq % len(pattern)]
        ts_ms, body_hash = START_MS + seq * 1000, hashlib.sha256(body).digest()
        prev = verify.link(prev, seq, ts_ms, kind, subject, body_hash)
        yield seq, ts_ms, kind, subject, "raw", body, body_hash, prev


def _compressed(folder: Path, source: Path) -> Path:
    """Write the records of a ledger once more, as they are once there is a dictionary."""
    original = LedgerStore.open_read_only(source)
    rows = [astuple(stored) for chunk in original.read() for stored in chunk]
    original.close()
    dictionary = make_dictionary(row[4] for row in rows[:300])
    codec = BodyCodec({1: dictionary})
    store = LedgerStore.open(folder / "compressed-long.db", OPERATOR)
    values = (dictionary, hashlib.sha256(dictionary).digest())
    store.execute("INSERT INTO dictionaries VALUES (1, ?, ?, 1)", values)
    store.adopt((*row[:4], *codec.encode(row[4]), *row[5:]) for row in rows)
    store.close()
    return store.path


def verify_ratio(path: Path) -> dict[str, float]:
    """Compare verifying a file with hashing the same bytes, one record after the other."""
    store = LedgerStore.open_read_only(path)
    inputs = [_hashed(stored) for chunk in store.read() for stored in chunk]
    store.close()
    ours_s, plain_s = [], []
    for _ in range(3):
        ours_s.append(seconds(lambda: _verify_all(path)))
        plain_s.append(seconds(lambda: _hash_all(inputs)))
    return {
        "ratio_to_hashing": median(plain_s) / median(ours_s),
        "records_per_s": len(inputs) / median(ours_s),
    }


def _hashed(stored: Stored) -> tuple[bytes, bytes]:
    """Return what is hashed for a record: its body, and what is chained."""
    kind, subject = str(stored.kind).encode(), stored.subject.encode()
    return stored.body or b"", b"".join(
        (stored.hash, bytes(16), bytes(2), kind, bytes(2), subject, stored.body_hash)
    )


def _hash_all(inputs: Sequence[tuple[bytes, bytes]]) -> None:
    for body, chained in inputs:
        hashlib.sha256(body).digest()
        hashlib.sha256(chained).digest()


def _verify_all(path: Path) -> None:
    report = verify.verify(path, {})
    if report.fault:
        raise AssertionError(report.fault)


def open_and_append(path: Path, repeats: int = 15) -> dict[str, float]:
    """Return the median times to open a ledger and to append a cycle's first transaction to it."""
    open_s, append_s = [], []
    records = next(cycles(1, 10))[0]
    for _ in range(repeats):
        started_s = time.perf_counter()
        store = LedgerStore.open(path, OPERATOR)
        open_s.append(time.perf_counter() - started_s)
        shifted = [replace(record, ts_ms=store.last_ts_ms) for record in records]
        append_s.append(seconds(lambda store=store, shifted=shifted: store.append(shifted)))
        store.close()
    return {"open_ms": 1000 * median(open_s), "append_ms": 1000 * median(append_s)}


def growth(folder: Path, short: int, long: int) -> dict[str, Any]:
    """Compare opening and appending at a short and at a long ledger."""
    times = {}
    for count in (short, long):
        path = folder / f"long-{count}.db"
        if not path.exists():
            build(path, count)
        times[count] = open_and_append(path)
    return {
        "open_ratio": times[long]["open_ms"] / times[short]["open_ms"],
        "append_ratio": times[long]["append_ms"] / times[short]["append_ms"],
        **{f"at_{count}_records": values for count, values in times.items()},
    }


# Housekeeping


async def housekeeping(path: Path) -> dict[str, float]:
    """Compare the times that a cycle's appends take with and without housekeeping meanwhile.

    A dictionary is due and so are all bodies to be dropped; after that everything is verified,
    as it is in the background of Home Assistant.
    """
    ledger = await Ledger.open(path, OPERATOR)
    trust_store = asyncio.create_task(_keep_house(ledger))
    busy_ms = await _latencies(ledger, lambda _: trust_store.done())
    longest_ms = await trust_store
    calm_ms = await _latencies(ledger, lambda count: count == len(busy_ms))
    await ledger.close()
    calm, busy = (quantiles(times_ms, n=100) for times_ms in (calm_ms, busy_ms))
    return {
        "median_ratio": busy[49] / calm[49],
        "p99_ratio": busy[98] / calm[98],
        "p99_ms": busy[98],
        "p99_ms_without": calm[98],
        "longest_step_ms": longest_ms,
    }


async def _latencies(ledger: Ledger, is_enough: Callable[[int], bool]) -> list[float]:
    """Return what the appends of some cycles took, in ms, at moments that nothing else sets."""
    noise = random.Random(2)  # noqa: S311
    times_ms: list[float] = []
    for phases in cycles(10_000, 10):
        if is_enough(len(times_ms)):
            break
        await asyncio.sleep(noise.uniform(0, 0.05))
        started_s = time.perf_counter()
        for records in phases:
            await ledger.append([replace(record, ts_ms=ledger.last_ts_ms) for record in records])
        times_ms.append(1000 * (time.perf_counter() - started_s))
    return times_ms


async def _keep_house(ledger: Ledger) -> float:
    """Drop all old bodies, verify everything, and return what the longest step took, in ms."""
    now_ms, longest_s, going = ledger.last_ts_ms, 0.0, True
    while going:
        started_s = time.perf_counter()
        going = await ledger.maintain(now_ms, 0)
        longest_s = max(longest_s, time.perf_counter() - started_s)
        await asyncio.sleep(PAUSE_S)
    report = await ledger.verify(pause_s=PAUSE_S)
    if report.fault:
        raise AssertionError(report.fault)
    return 1000 * longest_s


# Disk


def bytes_per_day(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """Return the kilobytes that one S19-class miner at a 30 s cycle adds each day.

    ``as_appended`` is the file without any housekeeping, ``compressed`` with it, ``pruned``
    what is left of that day once its bodies are old. ``bodies`` counts the telemetry, price and
    profit bodies alone.
    """
    return {
        "as_appended": _daily(folder / "raw.db", count, keeps=True, compresses=False),
        "compressed": _daily(folder / "compressed.db", count, keeps=True, compresses=True),
        "pruned": _daily(folder / "pruned.db", count, keeps=False, compresses=True),
    }


def _daily(path: Path, count: int, *, keeps: bool, compresses: bool) -> dict[str, float]:
    store = LedgerStore.open(path, OPERATOR)
    for number, phases in enumerate(cycles(count, 1)):
        _append(store, phases)
        if compresses and number % 100 == 0:
            maintain(store, store.last_ts_ms, DAY_MS * 365)
    if not keeps:
        while maintain(store, store.last_ts_ms + 3 * DAY_MS, DAY_MS):
            pass
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
        (bodies,) = connection.execute(
            "SELECT total(length(body)) FROM records WHERE kind IN ('telemetry','price','profit')"
        ).fetchone()
    days = count / DAY_CYCLES
    return {
        "file_kb": path.stat().st_size / 1000 / days,
        "bodies_kb": bodies / 1000 / days,
    }


def run(quick: bool = False) -> dict[str, Any]:
    """Return all figures; quick ones use a shorter ledger and fewer cycles."""
    long = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results: dict[str, Any] = {
            f"append_{miners}_miners": append_ratio(folder, 30 if quick else 100, miners)
            for miners in (1, 10, 200)
        }
        results["append_200_miners_compressed"] = append_ratio(folder, 30, 200, compresses=True)
        results["growth"] = growth(folder, 1000, long)
        verified = folder / "verified.db"
        build(verified, 50_000 if quick else 200_000)
        results["verify"] = verify_ratio(verified)
        results["verify_compressed"] = verify_ratio(_compressed(folder, verified))
        trusted = folder / "kept.db"
        build(trusted, 20_000 if quick else 60_000)
        results["while_housekeeping"] = asyncio.run(housekeeping(trusted))
        results["per_miner_and_day"] = bytes_per_day(folder, DAY_CYCLES // (4 if quick else 1))
    return results


def main() -> None:
    """Print the figures as JSON."""
    print(json.dumps(run(), indent=2))


if __name__ == "__main__":
    main()
