"""Reading a series: equidistant steps of 15 minutes, checked row by row."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from ..model import STEP_MS, Floats, Ints
from .scenario import BadInput

NEEDED: Final = (
    "energy_price_per_kwh",
    "feed_in_price_per_kwh",
    "surplus_w",
    "coin_price",
    "network_difficulty",
    "block_reward",
    "heat_demand_w",
)
OPTIONAL: Final = ("cap_w", "forecast_surplus_w", "forecast_heat_w")
"""Columns that may be missing, and cells of theirs that may be empty."""

NOT_NEGATIVE: Final = ("coin_price", "block_reward", "cap_w")
IMPLAUSIBLE: Final = {
    "energy_price_per_kwh": 300.0,
    "feed_in_price_per_kwh": 300.0,
    "coin_price": 100.0,
    "network_difficulty": 100.0,
    "block_reward": 100.0,
}
"""How many times the column's median a value may be: beyond it is a slip of the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The columns of a file; NaN where an optional cell is empty."""

    ts_ms: Ints
    columns: dict[str, Floats]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.ts_ms)

    def __getitem__(self, column: str) -> Floats:
        """Return a column that is always there."""
        return self.columns[column]


def read_series(lines: Iterable[str]) -> Series:
    """Return the series of a CSV file's lines. Raises BadInput naming row and column."""
    rows = csv.reader(lines)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(rows, [])]
        body = [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as err:
        raise BadInput(f"row {rows.line_num}: not CSV: {err}") from err
    _check_header(header)
    _check_widths(header, body)
    cells = dict(zip(header, zip(*body, strict=True), strict=True))
    ts_ms = _stamps(cells["ts"])
    columns = {name: _column(name, cells[name]) for name in NEEDED}
    columns |= {name: _column(name, cells[name]) for name in OPTIONAL if name in cells}
    return Series(ts_ms=ts_ms, columns=columns)


def _place(row: int, column: str) -> str:
    return f"row {row + 1} (line {row + 2}), column {column}"


def _check_header(header: Sequence[str]) -> None:
    if not header:
        raise BadInput("row 0 (line 1): the file is empty, a header is needed")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise BadInput(f"row 0 (line 1), column {twice[0]}: occurs twice in the header")
    if missing := [name for name in ("ts", *NEEDED) if name not in header]:
        raise BadInput(f"row 0 (line 1), column {missing[0]}: missing from the header")


def _check_widths(header: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    if not body:
        raise BadInput("row 1 (line 2), column ts: no row follows the header")
    for row, cells in enumerate(body):
        if len(cells) != len(header):
            column = header[min(len(cells), len(header) - 1)]
            raise BadInput(
                f"{_place(row, column)}: {len(cells)} cells where the header names {len(header)}"
            )


def _stamps(cells: Sequence[str]) -> Ints:
    stamps = np.array([_stamp(row, cell.strip()) for row, cell in enumerate(cells)], dtype=np.int64)
    wrong = np.flatnonzero(np.diff(stamps) != STEP_MS)
    if wrong.size:
        row = int(wrong[0]) + 1
        minutes = (stamps[row] - stamps[row - 1]) / 60_000
        what = (
            "the stamp is doubled" if minutes == 0 else f"{minutes:g} minutes after the row before"
        )
        raise BadInput(f"{_place(row, 'ts')}: {what}, steps of 15 minutes are needed: {cells[row]}")
    return stamps


def _stamp(row: int, cell: str) -> int:
    try:
        stamp = datetime.fromisoformat(cell)
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=UTC)
        return round(stamp.timestamp() * 1000)
    except (ValueError, OverflowError) as err:
        raise BadInput(f"{_place(row, 'ts')}: not an ISO 8601 time: {cell!r}") from err


def _column(name: str, cells: Sequence[str]) -> Floats:
    try:
        values = np.array(cells, dtype=np.float64)
    except ValueError:
        values = np.array([_cell(row, name, cell.strip()) for row, cell in enumerate(cells)])
    empty = np.array([not cell.strip() for cell in cells])
    _refuse(name, cells, ~np.isfinite(values) & ~empty, "must be a finite number")
    if name == "network_difficulty":
        _refuse(name, cells, values <= 0, "must be above 0")
    if name in NOT_NEGATIVE:
        _refuse(name, cells, values < 0, "must not be negative")
    if name in IMPLAUSIBLE:
        typical = float(np.median(np.abs(values)))
        limit = IMPLAUSIBLE[name] * typical if typical > 0 else math.inf
        _refuse(
            name,
            cells,
            np.abs(values) > limit,
            f"implausible beside the column's median {typical:g}",
        )
    return values


def _cell(row: int, name: str, cell: str) -> float:
    if not cell and name in OPTIONAL:
        return math.nan
    try:
        return float(cell)
    except ValueError as err:
        said = f"not a number: {cell!r}" if cell else "empty, a number is needed"
        raise BadInput(f"{_place(row, name)}: {said}") from err


def _refuse(name: str, cells: Sequence[str], where: np.ndarray, what: str) -> None:
    if where.any():
        row = int(where.argmax())
        raise BadInput(f"{_place(row, name)}: {what}, is {cells[row].strip()!r}")
