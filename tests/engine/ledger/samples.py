"""Ledgers for tests and campaigns: records, files, forgeries, runs of the verifier."""

import hashlib
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import pages, segments, verifier
from custom_components.aiep_miner.engine.ledger.entries import Draft, Trusted
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import database
from custom_components.aiep_miner.engine.ledger.verifier.note import Note
from custom_components.aiep_miner.engine.ledger.verifier.report import Known, Report
from custom_components.aiep_miner.engine.records import PriceRecord, Reading, TelemetryRecord

OPERATOR = "01JD0000000000000000000000"
START_MS = 1_800_000_000_000
INTERVAL_MS = 30_000
DAY_MS = 86_400_000
PRIVATE_KEY = bytes(range(32))
SIGNER = Signer(PRIVATE_KEY)
VERIFIER = Path(verifier.__file__).parent


def telemetry(ts_ms: int, miner: str = "miner-0", power_w: float = 3250.5) -> Draft:
    """Return a reading."""
    reading = {
        "mining": True,
        "power_w": power_w,
        "temperatures": [{"sensor": "board_0", "temperature_c": 61.0}],
        "messages": ["ünïcode ☃ \U0001f600", 'quoted "text"\n'],
    }
    return Draft("telemetry", miner, ts_ms, {"reading": reading})


def decision(
    ts_ms: int,
    miner: str = "miner-0",
    action: str = "hold",
    reasons: Sequence[str] = ("fine",),
    **evidence: int,
) -> Draft:
    """Return a decision that names the seqs of its evidence."""
    body = {"action": action, "authorised": action != "hold", "reasons": list(reasons)}
    return Draft("decision", miner, ts_ms, body | {"evidence": evidence})


def cycle(number: int, noise: random.Random, miners: int = 2) -> list[Draft]:
    """Return what a cycle appends: now and then a miner is told to run."""
    ts_ms = START_MS + number * INTERVAL_MS
    body = {"currency": "EUR", "energy_price_per_kwh": round(noise.gauss(0.08, 0.01), 4)}
    drafts = [Draft("price", OPERATOR, ts_ms, body)]
    for index in range(miners):
        name = f"miner-{index}"
        drafts.append(telemetry(ts_ms, name, round(noise.gauss(3250, 10), 1)))
        drafts.append(Draft("profit", name, ts_ms, {"profit_per_day": noise.gauss(2, 0.1)}))
        action = "run" if noise.random() < 0.02 else "hold"
        drafts.append(decision(ts_ms, name, action))
    return drafts


def fill(store: Store, cycles: int, *, seed: int = 1, first: int = 0, miners: int = 2) -> None:
    """Append some cycles, a block each, without waiting for the disk."""
    store.connection.execute("PRAGMA synchronous = OFF")
    noise = random.Random(seed)
    for number in range(first, first + cycles):
        store.append(cycle(number, noise, miners))
    store.connection.execute("PRAGMA synchronous = FULL")


def opened(
    path: Path, trusted: Trusted | None = None, *, now_ms: int = START_MS, signer: Signer = SIGNER
) -> segments.Opened:
    """Open a ledger as the controller does."""
    return segments.open_ledger(path, OPERATOR, signer, trusted or Trusted(), now_ms)


def written(path: Path, cycles: int = 20, *, seed: int = 1, signs: bool = True) -> Store:
    """Return a new ledger with some cycles and a checkpoint, still open."""
    store = opened(path).store
    fill(store, cycles, seed=seed)
    if signs:
        store.checkpoint(store.last_ts_ms)
    return store


def run[T](steps: pages.Steps[T]) -> T:
    """Run steps to their end."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def seal(store: Store) -> int:
    """Seal all pages that are due; return how many."""
    count = 0
    while (page := pages.due_page(store)) is not None:
        with closing(database.Database(store.path)) as reader:
            pages.swap(store, run(pages.seal(reader, page)))
        count += 1
    return count


def drop(store: Store, before_ms: int) -> int:
    """Drop the observations of all pages that ended before a time; return how many."""
    count = 0
    while (old := pages.old_pages(store, before_ms)) is not None:
        if pages.declared_to(store) < old[0]:
            pages.declare(store, *old, store.last_ts_ms)
        with closing(database.Database(store.path)) as reader:
            remains = run(pages.kept(reader, old[0]))
        pages.drop(store, old[0], remains)
        count += 1
    return count


def aged(path: Path, cycles: int = 700) -> Store:
    """Return a ledger that has all that one can have: two pages, one of them dropped, rows, notes."""
    store = written(path, cycles // 2)
    fill(store, cycles - cycles // 2, seed=2, first=cycles // 2)
    seal(store)
    drop(store, START_MS + 300 * INTERVAL_MS)
    store.checkpoint(store.last_ts_ms)
    return store


def keys(store: Store) -> Known:
    """Return the log's key as it is known outside."""
    return Known(keys=(store.signer.verifier_key(store.origin),))


def newest_note(store: Store) -> Note:
    """Return the last checkpoint's note."""
    (seq,) = store.connection.execute(
        "SELECT max(seq) FROM events WHERE kind = 'checkpoint'"
    ).fetchone()
    from custom_components.aiep_miner.engine.ledger.query import Reader

    entry = Reader(database.Database(store.path, store.connection)).entry(seq)
    assert entry is not None
    return Note.parse(entry.body["note"])


def verify(path: Path, known: Known | None = None) -> Report:
    """Verify a file."""
    return database.verify(path, known)


def change(path: Path, *statements: str, values: Sequence[object] = ()) -> None:
    """Change a ledger's file with SQL, as somebody else could."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement, values)


def run_verifier(*arguments: object, python: str = sys.executable) -> subprocess.CompletedProcess:
    """Run the verifier as its users do, without anything of the project on its path."""
    return subprocess.run(
        [python, "-I", str(VERIFIER), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def pythons() -> Iterator[str]:
    """Return this interpreter and a Python 3.11 if the machine has one."""
    yield sys.executable
    for name in ("python3.11", "/usr/bin/python3"):
        try:
            found = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if found.stdout.startswith("Python 3.11"):
            yield name
            return


def sha(data: bytes) -> bytes:
    """Return SHA-256."""
    return hashlib.sha256(data).digest()


def joined(chunks: Iterable[bytes]) -> bytes:
    """Return chunks together."""
    return b"".join(chunks)


def telemetry_record(ts_ms: int, miner: str = "miner-1") -> TelemetryRecord:
    """Return a reading as the engine appends it."""
    return TelemetryRecord(ts_ms=ts_ms, subject=miner, reading=Reading(mining=True, power_w=3250.5))


def price_record(ts_ms: int) -> PriceRecord:
    """Return a price as the engine appends it."""
    return PriceRecord(ts_ms=ts_ms, subject=OPERATOR, currency="EUR", energy_price_per_kwh=0.08)


def write_format_1(path: Path, records: int = 100, operator_id: str = OPERATOR) -> str:
    """Write what is read of a ledger of format 1; return its head."""
    digest = bytes(32)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        connection.execute("CREATE TABLE records (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL)")
        meta = {"format": "aiep-ledger/1", "operator_id": operator_id}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        for seq in range(1, records + 1):
            digest = hashlib.sha256(digest + seq.to_bytes(8)).digest()
            connection.execute("INSERT INTO records VALUES (?, ?)", (seq, digest))
    return f"{records}:{digest.hex()}"
