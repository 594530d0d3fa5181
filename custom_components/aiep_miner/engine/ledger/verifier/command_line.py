"""The command line of the stand-alone verifier."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import bundle, database, export, proof, shared, statement
from .note import Note, VerifierKey
from .report import Code, Fault, Known, NotALedgerError, Report

INTACT, NOT_INTACT, NO_LEDGER = 0, 1, 2
_SQLITE = b"SQLite format 3\0"


def verify(path: Path, known: "Known | None" = None, record: "bytes | None" = None) -> Report:
    """Verify a ledger, export, bundle or proof; its beginning says which. Raises NotALedgerError."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as err:
        raise NotALedgerError(f"it cannot be read: {err}") from err
    if start.startswith(_SQLITE):
        return database.verify(path, known)
    if start.startswith(proof.FIRST_LINE.encode()):
        return proof.verify(path, known, record)
    if not start.startswith(b"{"):
        raise NotALedgerError("it is neither a ledger nor an export, a bundle or a proof")
    if start.startswith(b'{"format":"%s"' % shared.FORMAT.encode()):
        return shared.verify(path, known)
    try:
        bundle.read(path)
    except NotALedgerError:
        return export.verify(path, known)
    return bundle.verify(path, known)


def _argument(parse: "Callable[[str], Any]", wanted: str) -> "Callable[[str], Any]":
    def convert(text: str) -> Any:
        try:
            return parse(text)
        except (OSError, ValueError) as err:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}: {err}") from None

    return convert


def _read_note(text: str) -> Note:
    return Note.parse(Path(text).read_bytes())


def _read_record(text: str) -> bytes:
    """Return a file's content, or the text itself when it is a hash in hex."""
    is_hash = len(text) == 64 and all(char in "0123456789abcdef" for char in text)
    return text.encode() if is_hash else Path(text).read_bytes()


def _read_statement(text: str) -> "dict[str, Any]":
    return statement.read(Path(text))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verifier",
        description="Verify a ledger of AIEP Miner, an export, an evidence bundle or a proof.",
        epilog="Exit status: 0 intact, 1 not intact, 2 not a ledger or not readable.",
    )
    parser.add_argument("file", type=Path)
    key = _argument(VerifierKey.parse, "a verifier key")
    note = _argument(_read_note, "a file with a signed checkpoint")
    record = _argument(_read_record, "a file with a record's line, or a record's hash")
    parser.add_argument(
        "--checkpoint", type=note, action="append", default=[], metavar="NOTE",
        help="a file with a signed checkpoint seen before; it must be in this log",
    )  # fmt: skip
    parser.add_argument(
        "--key", type=key, action="append", default=[], metavar="VKEY",
        help="the log's verifier key: every checkpoint must be signed by it",
    )  # fmt: skip
    parser.add_argument(
        "--witness", type=key, action="append", default=[], metavar="VKEY",
        help="the verifier key of a witness",
    )  # fmt: skip
    parser.add_argument(
        "--quorum", type=int, default=0, metavar="N",
        help="how many witnesses must have cosigned the newest checkpoint",
    )  # fmt: skip
    parser.add_argument(
        "--record", type=record, metavar="RECORD",
        help="for a proof: the record's line in a file, or its hash",
    )  # fmt: skip
    parser.add_argument(
        "--statement", type=_argument(_read_statement, "a service statement"), metavar="STATEMENT",
        help="for an export: a service statement in JSON whose lines and totals must follow",
    )  # fmt: skip
    return parser


def _with_statement(report: Report, path: Path, given: "dict[str, Any]") -> Report:
    """Compare a statement with the export that was verified. Raises NotALedgerError."""
    if report.what != "export":
        raise NotALedgerError("a statement is compared with an export")
    try:
        fault = statement.check(given, path)
    except ValueError as err:
        fault = str(err)
    if fault is not None:
        return replace(report, fault=Fault(0, None, Code.STATEMENT, fault))
    return replace(report, notes=(*report.notes, "the statement follows from it"))


def main(arguments: "list[str] | None" = None) -> int:
    """Verify what the command line names; return the exit status."""
    options = _parser().parse_args(arguments)
    known = Known(
        checkpoints=tuple(options.checkpoint),
        keys=tuple(options.key),
        witnesses=tuple(options.witness),
        quorum=options.quorum,
    )
    try:
        report = verify(options.file, known, options.record)
        if options.statement is not None and report.fault is None:
            report = _with_statement(report, options.file, options.statement)
    except NotALedgerError as err:
        print(f"not a ledger: {options.file}: {err}", file=sys.stderr)  # noqa: T201
        return NO_LEDGER
    print(report.line())  # noqa: T201
    return NOT_INTACT if report.fault else INTACT
