"""Tells what an operator's ledger says, a line for each decision and what came of it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.ledger import LedgerEntry as Stored
from custom_components.aiep_miner.engine.ledger import Reader
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    NegativeProofRecord,
    PriceRecord,
    ProfitRecord,
    ReceiptRecord,
    TelemetryRecord,
)

TRUST = ("no action", "advisory", "supervised", "autonomous")


class Narrator:
    """Follows one ledger; each record is told once."""

    def __init__(self, ledger: Path, miners: dict[str, str]) -> None:
        """Take the ledger's path and the miners' names by id."""
        self.cycles = 0
        self.seq = 0
        """Of the last record that was told."""
        self._ledger = ledger
        self._names = miners
        self._width = max((len(name) for name in miners.values()), default=0)
        self._telemetry: dict[str, TelemetryRecord] = {}
        self._profit: dict[str, ProfitRecord] = {}
        self._receipts: list[ReceiptRecord] = []
        self._currency = ""
        self._told_ms = 0

    def skip(self) -> None:
        """Leave out everything until now."""
        self._listen(told=False)

    def tell(self) -> list[str]:
        """Return the lines for what is new."""
        return self._listen(told=True)

    def receipts(self, miner_id: str) -> list[ReceiptRecord]:
        """Return a miner's receipts told since the last call."""
        receipts, self._receipts = self._receipts, []
        return [receipt for receipt in receipts if receipt.subject == miner_id]

    def _listen(self, *, told: bool) -> list[str]:
        lines: list[str] = []
        for stored in self._new():
            self.seq = stored.seq
            self._remember(stored)
            if told:
                lines += self._lines(stored)
        return lines

    def _new(self) -> Iterator[Stored]:
        if not self._ledger.exists():
            return
        with closing(Reader(Database(self._ledger))) as reader:
            for entries in reader.read(self.seq + 1):
                yield from entries

    def _remember(self, stored: Stored) -> None:
        """Keep what the lines of later records need."""
        record = stored.record()
        if isinstance(record, TelemetryRecord):
            self._telemetry[stored.subject] = record
        elif isinstance(record, ProfitRecord):
            self._profit[stored.subject] = record
        elif isinstance(record, PriceRecord):
            self._currency = record.currency

    def _lines(self, stored: Stored) -> Iterator[str]:
        name = f"{self._names.get(stored.subject, 'site'):{self._width}}"
        match stored.record():
            case DecisionRecord() as record:
                if record.ts_ms != self._told_ms:
                    self._told_ms = record.ts_ms
                    self.cycles += 1
                    yield self._header(record.ts_ms)
                yield f"  {name}  {self._decision(record)}  #{stored.seq}"
            case ReceiptRecord() as record:
                self._receipts.append(record)
                yield f"  {name}  └ {record.action}: {record.outcome}, {_words(record.reason)}  #{stored.seq}"
            case NegativeProofRecord() as record:
                yield f"  {name}  └ {record.action}: not done, {_words(record.rule)}  #{stored.seq}"
            case DivergenceRecord() as record:
                yield f"  {name}  ! {_words(record.code)} {'begins' if record.active else 'ends'}  #{stored.seq}"

    def _header(self, ts_ms: int) -> str:
        at = datetime.fromtimestamp(ts_ms / 1000, UTC)
        return f"cycle {self.cycles} at {at:%H:%M:%S} UTC"

    def _decision(self, record: DecisionRecord) -> str:
        reasons = ", ".join(_words(reason) for reason in record.reasons)
        level = TRUST[record.evaluation.trust_level] if record.evaluation else "-"
        action = record.action if record.action is Action.HOLD else record.action.upper()
        return f"{action:8} {reasons:34} {level:11} {self._condition(record.subject)}"

    def _condition(self, miner_id: str) -> str:
        """Return what is known of a miner as columns."""
        telemetry, profit = self._telemetry.get(miner_id), self._profit.get(miner_id)
        reading = telemetry.reading if telemetry else None
        if reading is None:
            return f"{_words(telemetry.error) if telemetry and telemetry.error else 'unknown'}"
        power_w = reading.power_w
        power = _column(power_w if power_w is not None else profit and profit.power_w, "W", 5, 0)
        mark = " " if power_w is not None else "≈"
        per_day = _column(profit and profit.profit_per_day, f"{self._currency}/d", 7, 2)
        return (
            f"{_column(reading.hashrate_ths, 'TH/s', 7, 2)} "
            f"{_column(reading.hottest_c, '°C', 6, 1)} {mark}{power} {per_day}"
        )


def _column(value: float | None, unit: str, width: int, digits: int) -> str:
    shown = "-" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"
    return f"{shown:>{width}} {unit}"


def _words(code: Any) -> str:
    return str(code).replace("_", " ")
