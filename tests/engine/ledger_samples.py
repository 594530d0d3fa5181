"""Records, ledgers and verifications for the tests and campaigns of the ledger."""

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import Head, LedgerStore, verify
from custom_components.aiep_miner.engine.ledger.retention import maintain
from custom_components.aiep_miner.engine.ledger.signing import checkpoint
from custom_components.aiep_miner.engine.records import (
    Action,
    Basis,
    DecisionRecord,
    Evidence,
    NegativeProofRecord,
    Outcome,
    PolicyRecord,
    PriceRecord,
    ProfitRecord,
    Reading,
    ReceiptRecord,
    Record,
    TelemetryRecord,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

OPERATOR = "01JD0000000000000000000000"
START_MS = 1_800_000_000_000
INTERVAL_MS = 1_200_000
"""Long, so that a short ledger spans days."""
DAY_MS = 86_400_000
PRIVATE_KEY = bytes(range(32))
VERIFIER = Path(verify.__file__)


def telemetry(ts_ms: int, miner: str = "miner-1", power_w: float = 3250.5) -> TelemetryRecord:
    """Return a reading."""
    reading = Reading(
        mining=True,
        hashrate_ths=101.25,
        power_w=power_w,
        temperatures=(Temperature(sensor="board_0", temperature_c=61.5),),
        fans_rpm=(5000, 5100),
        messages=("ünïcode ☃ \U0001f600", 'quoted "text"\n'),
    )
    return TelemetryRecord(ts_ms=ts_ms, subject=miner, reading=reading)


def price(ts_ms: int, energy_price: float = 0.08) -> PriceRecord:
    """Return a price."""
    return PriceRecord(
        ts_ms=ts_ms, subject=OPERATOR, currency="EUR", energy_price_per_kwh=energy_price
    )


def profit(ts_ms: int, miner: str = "miner-1", profit_per_day: float = 2.5) -> ProfitRecord:
    """Return a profit."""
    return ProfitRecord(
        ts_ms=ts_ms, subject=miner, basis=Basis.MEASURED, profit_per_day=profit_per_day
    )


def cycle(number: int, noise: random.Random, miners: int = 2) -> list[Record]:
    """Return what a cycle appends."""
    ts_ms = START_MS + number * INTERVAL_MS
    records: list[Record] = [price(ts_ms, round(noise.gauss(0.08, 0.01), 4))]
    for index in range(miners):
        name = f"miner-{index}"
        records.append(telemetry(ts_ms, name, round(noise.gauss(3250, 10), 1)))
        records.append(profit(ts_ms, name, round(noise.gauss(2, 0.1), 6)))
        records.append(
            DecisionRecord(
                ts_ms=ts_ms, subject=name, action=Action.HOLD, authorised=False, reasons=()
            )
        )
    return records


def fill(store: LedgerStore, cycles: int, *, seed: int = 1, first: int = 0) -> None:
    """Append some cycles, all in one transaction."""
    noise = random.Random(seed)
    numbers = range(first, first + cycles)
    store.append([record for number in numbers for record in cycle(number, noise)])


def aged(path: Path, cycles: int = 286, *, seed: int = 1) -> Head:
    """Write a ledger that has all that a ledger can have; return its head.

    2,000 records at 286 cycles: raw, compressed and pruned bodies, with a signed checkpoint.
    """
    store = LedgerStore.open(path, OPERATOR)
    fill(store, cycles // 2, seed=seed)
    maintain(store, store.last_ts_ms, DAY_MS)
    fill(store, cycles - cycles // 2, seed=seed + 1, first=cycles // 2)
    checkpoint(store, store.last_ts_ms, PRIVATE_KEY)
    while maintain(store, store.last_ts_ms, (store.last_ts_ms - START_MS) * 2 // 3):
        pass
    store.close()
    return store.head


def run_verifier(*arguments: object, python: str = sys.executable) -> subprocess.CompletedProcess:
    """Run the verifier as its users do."""
    return subprocess.run(
        [python, str(VERIFIER), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def old_pythons() -> list[str]:
    """Return the Python 3.11 interpreters that this machine has."""
    found = []
    for name in ("python3.11", "/usr/bin/python3", "python3"):
        path = shutil.which(name)
        if path and path not in found and "3.11" in _version(path):
            found.append(path)
    return found


def _version(python: str) -> str:
    told = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
    return told.stdout


def decided(store: LedgerStore, ts_ms: int, *, authorised: bool = True) -> int:
    """Append a decision with all its evidence and what came of it; return the decision's seq."""
    policy, *_ = store.append([PolicyRecord(ts_ms=ts_ms, subject=OPERATOR)])
    read, paid, earned = store.append([telemetry(ts_ms), price(ts_ms), profit(ts_ms)])
    evidence = Evidence(
        telemetry=read.hash_hex,
        price=paid.hash_hex,
        profit=earned.hash_hex,
        policy=policy.hash_hex,
    )
    decision, *_ = store.append(
        [
            DecisionRecord(
                ts_ms=ts_ms,
                subject="miner-1",
                action=Action.STOP,
                authorised=authorised,
                reasons=(Reason.UNPROFITABLE,),
                evidence=evidence,
            )
        ]
    )
    store.append([_outcome(ts_ms, decision.hash_hex, authorised=authorised)])
    return decision.seq


def _outcome(ts_ms: int, decision: str, *, authorised: bool) -> Record:
    if not authorised:
        return NegativeProofRecord(
            ts_ms=ts_ms,
            subject="miner-1",
            decision=decision,
            action=Action.STOP,
            rule=Reason.MANUAL_MODE,
        )
    return ReceiptRecord(
        ts_ms=ts_ms,
        subject="miner-1",
        decision=decision,
        action=Action.STOP,
        outcome=Outcome.ACCEPTED,
        reason=Reason.DISPATCH_ACCEPTED,
    )


def contents(path: Path) -> list[tuple]:
    """Return what a ledger says, record for record."""
    store = LedgerStore.open_read_only(path)
    try:
        return [
            (item.seq, item.ts_ms, item.kind, item.subject, item.body, item.hash)
            for chunk in store.read()
            for item in chunk
        ]
    finally:
        store.close()


def seqs(found: Sequence) -> list[int]:
    """Return the seqs of records."""
    return [stored.seq for stored in found]
