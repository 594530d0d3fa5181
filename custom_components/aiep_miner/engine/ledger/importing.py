"""Makes a ledger file of a whole export, to be read and verified, not to be continued."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import batched
from pathlib import Path
from typing import Any

from .errors import translated
from .pages import compressed, compressed_dropped
from .store import SCHEMA
from .verifier import database as reading
from .verifier import export as exported
from .verifier import tree
from .verifier.blocks import FORMAT, PAGE_BLOCKS, Block, Dropped, Header
from .verifier.log import Log
from .verifier.parts import DEFLATE, RAW, marker
from .verifier.report import NotALedgerError, Report

type Checked = tuple[Block, Header, int, list[tuple[Any, ...]]]
"""A block, its header, its first record's time and its rows of the events' index."""


def import_export(source: Path, target: Path) -> Report:
    """Make a ledger file of a whole export; return the verification of what was made.

    Only the operator's own installation has the key to continue it. Raises ValueError when the
    export is none, not intact or not whole, FileExistsError when the file is there already, and
    LedgerError.
    """
    try:
        report = exported.verify(source)
    except NotALedgerError as err:
        raise ValueError(str(err)) from err
    if report.fault:
        raise ValueError(str(report.fault))
    if target.exists():
        raise FileExistsError(target)
    part = target.with_name(f"{target.name}.part")
    with translated():
        part.unlink(missing_ok=True)
        try:
            made = _make(source, part, report.root)
            part.rename(target)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    return made


def _make(source: Path, part: Path, root: bytes) -> Report:
    """Write the file and verify it. Raises ValueError when it is not as the export was."""
    _write(source, part)
    made = reading.verify(part)
    if made.fault or made.root != root:
        raise ValueError(str(made.fault or "the copy differs"))
    return made


def _write(source: Path, path: Path) -> None:
    with source.open("rb") as file, closing(sqlite3.connect(path, isolation_level=None)) as out:
        first = exported.Export(file.readline())
        if first.from_block:
            raise ValueError("the export is not whole")
        out.execute("BEGIN")
        for statement in SCHEMA.split(";"):
            out.execute(statement)
        meta = {"format": FORMAT, "operator_id": first.operator_id, "segment": first.segment}
        out.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        for blocks in batched(_blocks(first, file), PAGE_BLOCKS, strict=False):
            _insert(out, list(blocks))
        out.execute("COMMIT")


def _blocks(first: exported.Export, file: Any) -> Iterator[Checked]:
    """Return an export's blocks with what is stored beside their lines. Raises ValueError."""
    log: Log = first.log()
    for item in exported.read_blocks(exported.lines_of(file), 0):
        if isinstance(item, Block):
            fault, header = log.feed(item)
            if fault or header is None:
                raise ValueError(str(fault))
            first_ts = header.ts if log.first_ts is None else log.first_ts
            yield item, header, first_ts, log.events


def _insert(out: sqlite3.Connection, blocks: list[Checked]) -> None:
    """Write blocks: a page when there are enough of them, else rows."""
    for _, _, _, rows in blocks:
        out.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
    if len(blocks) == PAGE_BLOCKS:
        out.execute("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _page(blocks))
        return
    for block, header, _, _ in blocks:
        if isinstance(block.observations, Dropped):
            raise ValueError("observations are gone outside of a page")  # noqa: TRY004
        out.execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                header.number, header.ts, header.first_seq, RAW,
                _payload(block.observations), _payload(block.events), header.hash,
            ),
        )  # fmt: skip


def _payload(lines: Any) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _page(blocks: list[Checked]) -> tuple[Any, ...]:
    """Return a page's row. Raises ValueError when its observations are gone in part."""
    kept = [item[0].observations for item in blocks]
    dropped = [part for part in kept if isinstance(part, Dropped)]
    if len(dropped) not in (0, len(kept)):
        raise ValueError("observations of a page are gone in part")
    headers = [header for _, header, _, _ in blocks]
    observations = None if dropped else _stored(headers, kept)
    remains = compressed_dropped(DEFLATE, dropped) if dropped else None
    return (
        headers[0].number // PAGE_BLOCKS, blocks[0][2], headers[-1].ts,
        headers[0].first_seq, headers[-1].last_seq, DEFLATE, observations, remains,
        _stored(headers, [item[0].events for item in blocks]),
        tree.root([header.hash for header in headers]), headers[-1].hash,
    )  # fmt: skip


def _stored(headers: list[Header], parts: list[Any]) -> bytes:
    payloads = (
        b"\n".join((marker(header.number, len(lines)), *lines, b""))
        for header, lines in zip(headers, parts, strict=True)
    )
    return compressed(DEFLATE, payloads)
