"""Verify a ledger, an export of one, or a decision's evidence bundle.

    python verify.py FILE [--head SEQ:HEXHASH]... [--key PUBLIC_KEY_HEX]

Needs nothing but the standard library of Python 3.11 or newer, opens the file read-only and
works while it is being written. Exit status: 0 intact, 1 not intact, 2 not a ledger. The
format is described in docs/ledger-format.md; the integration verifies with this same code.
"""

import argparse
import hashlib
import json
import re
import sqlite3
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = "aiep-ledger/1"
PRUNABLE = frozenset({"telemetry", "price", "profit"})
_SPEAKING = ("checkpoint", "lifecycle")
MAX_BODY_BYTES = 16 * 1024 * 1024
"""No body, and no line of an export, is longer."""

# Named, since a formatter for newer Pythons drops the brackets that 3.11 needs around several.
_MALFORMED = (
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    OverflowError,
    struct.error,
    RecursionError,
)
# What says nothing about the ledger: it may be gone at the next attempt.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}

_SEQ_TS = struct.Struct(">Qq")
_LENGTH = struct.Struct(">H")
_CHUNK_ROWS = 2000
DICTIONARY_TABLES = ("dictionaries", "dictionary_copies")
"""With the same content, so that no single damaged page takes a dictionary."""
_COLUMNS = {
    "seq": "INTEGER",
    "ts": "INTEGER",
    "kind": "TEXT",
    "subject": "TEXT",
    "codec": "TEXT",
    "body": "BLOB",
    "body_hash": "BLOB",
    "hash": "BLOB",
}

Row = tuple[int, int, str, str, str, bytes | None, bytes, bytes]
"""A record as it is stored."""
DictionaryRow = tuple[int, bytes, bytes, int]
"""A dictionary as it is stored: number, data, SHA-256, and the head when it was made."""
Decoder = Callable[[str, bytes], bytes]
"""From codec and stored body to the body. Raises ValueError."""


class NotALedgerError(Exception):
    """The file holds no ledger, export or bundle that this program can read."""


class FaultCode(StrEnum):
    """What can be wrong with a ledger."""

    GAP = "gap"
    TS_DECREASES = "ts_decreases"
    BODY_HASH = "body_hash"
    HASH = "hash"
    MALFORMED = "malformed"
    UNREADABLE = "unreadable"
    BODY_MISSING = "body_missing"
    PRUNING_NOT_RECORDED = "pruning_not_recorded"
    CREATED = "created"
    CHECKPOINT = "checkpoint"
    SIGNATURE = "signature"
    HEAD_MISSING = "head_missing"
    HEAD_DIFFERS = "head_differs"
    EVIDENCE_MISSING = "evidence_missing"


_EXPLANATIONS = {
    FaultCode.GAP: "records are missing, repeated or out of order",
    FaultCode.TS_DECREASES: "its time is before that of the record before it",
    FaultCode.BODY_HASH: "its body is not the one that was recorded",
    FaultCode.HASH: "its hash does not follow from its content and the record before it",
    FaultCode.MALFORMED: "it is not written as the format says",
    FaultCode.UNREADABLE: "it cannot be read",
    FaultCode.BODY_MISSING: "its body is gone, and records of its kind keep theirs",
    FaultCode.PRUNING_NOT_RECORDED: "its body is gone, and no record says that it was pruned",
    FaultCode.CREATED: "the ledger's time of creation is not that of its first record",
    FaultCode.CHECKPOINT: "its checkpoint names another head than the chain's",
    FaultCode.SIGNATURE: "its checkpoint's signature does not fit the key",
    FaultCode.HEAD_MISSING: "the known head is beyond the end: cut off, or an older copy",
    FaultCode.HEAD_DIFFERS: "the known head has another hash: edited, or another ledger",
    FaultCode.EVIDENCE_MISSING: "the decision names a record that the bundle lacks",
}


@dataclass(frozen=True)
class Fault:
    """The first thing found wrong, and where."""

    seq: int
    code: FaultCode

    def __str__(self) -> str:
        """Say it in a line."""
        return f"seq {self.seq}: {self.code}: {_EXPLANATIONS[self.code]}"


def genesis(operator_id: str) -> bytes:
    """Return hash(0), which the first record follows."""
    return hashlib.sha256(f"{FORMAT}\n{operator_id}".encode()).digest()


@lru_cache(maxsize=4096)
def _prefixed(text: str) -> bytes:
    """Return a text's UTF-8 after its length in two bytes."""
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def link(prev: bytes, seq: int, ts: int, kind: str, subject: str, body_hash: bytes) -> bytes:
    """Return the hash of the record that follows the one with hash ``prev``.

    Raises struct.error for numbers beyond 64 bits and texts beyond 65,535 bytes.
    """
    parts = (prev, _SEQ_TS.pack(seq, ts), _prefixed(kind), _prefixed(subject), body_hash)
    return hashlib.sha256(b"".join(parts)).digest()


def checkpoint_message(operator_id: str, seq: int, head: str, ts: int) -> bytes:
    """Return what a checkpoint's signature signs; ``head`` in lower-case hex."""
    return f"{FORMAT} checkpoint\n{operator_id}\n{seq}\n{head}\n{ts}".encode()


@dataclass
class Chain:
    """A walk along the chain: where it stands, what it was told and what it has seen."""

    operator_id: str
    decode: Decoder
    key: bytes | None = None
    """The operator's Ed25519 public key, 32 bytes."""
    heads: dict[int, bytes] = field(default_factory=dict)
    """Heads known from outside, seq to hash."""
    bodies_optional: bool = False
    """Whether bodies may be left out, as in a bundle."""
    seq: int = 0
    hash: bytes = b""
    ts: int = -(2**63)
    pruned: int = 0
    last_pruned: int = 0
    """The last seq whose body is gone."""
    pruned_to: int = 0
    """Bodies up to this seq may be gone, as the ledger's own records say."""
    signed: int = 0
    """Signed checkpoints."""

    _STATE = ("seq", "ts", "pruned", "last_pruned", "pruned_to", "signed")

    def __post_init__(self) -> None:
        """Begin at the genesis hash, unless told otherwise."""
        self.hash = self.hash or genesis(self.operator_id)

    def state(self) -> dict[str, int | str]:
        """Return where the walk stands, as plain JSON types."""
        return {"hash": self.hash.hex(), **{name: getattr(self, name) for name in self._STATE}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a ``state``. Raises KeyError, TypeError or ValueError when it is none."""
        self.hash = bytes.fromhex(state["hash"])
        for name in self._STATE:
            setattr(self, name, int(state[name]))

    def feed(self, rows: Iterable[Row]) -> Fault | None:
        """Follow the chain along the next rows; return the first fault, where the walk stops."""
        for row in rows:
            try:
                code = self._check(row)
            except _MALFORMED:
                code = FaultCode.MALFORMED
            if code is not None:
                return Fault(self.seq + 1, code)
            self.seq, self.ts, self.hash = row[0], row[1], row[7]
        return None

    def _check(self, row: Row) -> FaultCode | None:
        """Check the record that should come next."""
        seq, ts, kind, subject, codec, stored, body_hash, digest = row
        if seq != self.seq + 1:
            return FaultCode.GAP
        if ts < self.ts:
            return FaultCode.TS_DECREASES
        body = stored if codec == "raw" else self._decoded(codec, stored)
        if body is not None and hashlib.sha256(body).digest() != body_hash:
            return FaultCode.BODY_HASH
        if link(self.hash, seq, ts, kind, subject, body_hash) != digest:
            return FaultCode.HASH
        if body is None or kind in _SPEAKING or seq in self.heads:
            return self._check_meaning(row, body)
        return None

    def _check_meaning(self, row: Row, body: bytes | None) -> FaultCode | None:
        """Check what goes beyond the chain: heads, pruning and checkpoints."""
        seq, ts, kind, _, _, stored, _, digest = row
        if self.heads.get(seq, digest) != digest:
            return FaultCode.HEAD_DIFFERS
        if stored is None and not self._may_be_absent(seq, kind):
            return FaultCode.BODY_MISSING
        if body is not None and kind in _SPEAKING:
            return self._hear(seq, ts, kind, body)
        return None

    def _decoded(self, codec: str, stored: bytes | None) -> bytes | None:
        """Return the body behind a codec other than raw."""
        if stored is None:
            raise ValueError(codec)
        return self.decode(codec, stored)

    def _may_be_absent(self, seq: int, kind: str) -> bool:
        """Note a body that is gone; whether that was recorded, only the end of a ledger tells."""
        if self.bodies_optional:
            return True
        self.pruned += 1
        self.last_pruned = seq
        return kind in PRUNABLE

    def _hear(self, seq: int, ts: int, kind: str, body: bytes) -> FaultCode | None:
        """Take in what a checkpoint or lifecycle record says of the ledger itself."""
        said = json.loads(body)
        if kind == "lifecycle":
            if said.get("event") == "pruned":
                self.pruned_to = max(self.pruned_to, min(seq, said["pruned_to_seq"]))
            return None
        if said.get("seq") == self.seq and said.get("head") != self.hash.hex():
            return FaultCode.CHECKPOINT
        if "signature" not in said:
            return None
        self.signed += 1
        if self.key is None:
            return None
        message = checkpoint_message(self.operator_id, said["seq"], said["head"], ts)
        fits = ed25519_verify(self.key, message, bytes.fromhex(said["signature"]))
        return None if fits else FaultCode.SIGNATURE

    def finish(self) -> Fault | None:
        """Check, at the end, the heads that were not passed."""
        if self.heads.get(0, start := genesis(self.operator_id)) != start:
            return Fault(0, FaultCode.HEAD_DIFFERS)
        if any(seq > self.seq for seq in self.heads):
            return Fault(self.seq + 1, FaultCode.HEAD_MISSING)
        return None


# Ed25519 as in RFC 8032, section 5.1: points are (X, Y, Z, T) in extended coordinates.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _point(encoded: bytes) -> _Point:
    """Decode a point. Raises ValueError when the bytes are none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        raise ValueError(encoded)
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _add(a: _Point, b: _Point) -> _Point:
    """Add two points."""
    first = (a[1] - a[0]) * (b[1] - b[0]) % _P
    second = (a[1] + a[0]) * (b[1] + b[0]) % _P
    third, fourth = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = second - first, fourth - third, fourth + third, second + first
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    """Add a point to itself ``scalar`` times."""
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes) of ``message`` was made by ``key``'s owner."""
    if len(key) != 32 or len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    try:
        owner, commitment = _point(key), _point(signature[:32])
    except ValueError:
        return False
    left = _multiply(scalar, _BASE)
    right = _add(commitment, _multiply(int.from_bytes(digest, "little") % _L, owner))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return scalar < _L and same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


@dataclass(frozen=True)
class Report:
    """What a verification found."""

    what: str
    """ledger, export or bundle."""
    chain: Chain
    count: int
    fault: Fault | None

    def lines(self) -> Iterator[str]:
        """Say it in lines for people, the verdict first."""
        chain = self.chain
        if self.fault:
            yield f"NOT INTACT at {self.fault}"
            return
        yield f"intact: {self.what} of {self.count} records, head {chain.seq}:{chain.hash.hex()}"
        if chain.pruned:
            yield f"note: {chain.pruned} bodies were pruned by policy; their hashes are in the chain"
        if chain.signed and chain.key is None:
            yield f"note: {chain.signed} signed checkpoints were NOT checked: give --key"
        elif chain.signed:
            yield f"{chain.signed} signed checkpoints fit the key"


def decoder(load: Callable[[], dict[int, bytes]]) -> Decoder:
    """Return what decodes stored bodies with the dictionaries that ``load`` finds."""
    by_codec: dict[str, bytes] = {}

    def decode(codec: str, stored: bytes) -> bytes:
        if codec not in by_codec:
            by_codec.update((f"deflate:{number}", data) for number, data in load().items())
        if codec not in by_codec:
            raise ValueError(codec)
        stream = stored[:-1]
        inflater = zlib.decompressobj(-zlib.MAX_WBITS, by_codec[codec])
        try:
            body = inflater.decompress(stream, MAX_BODY_BYTES)
        except zlib.error as err:
            raise ValueError(codec) from err
        if not inflater.eof or inflater.unused_data or sum(stream) % 256 != stored[-1]:
            raise ValueError(codec)
        return body

    return decode


def read_dictionaries(
    connection: sqlite3.Connection,
) -> tuple[dict[int, DictionaryRow | None], list[str]]:
    """Return the dictionaries by number, and the tables that lack one or cannot be read.

    None stands for a dictionary that is lost: no copy fits its hash, or two that fit differ.
    Raises sqlite3.Error when no table can be read now, but may be later.
    """
    tables: dict[str, dict[int, DictionaryRow | None]] = {}
    passing = None
    for name in DICTIONARY_TABLES:
        try:
            tables[name] = _dictionary_rows(connection, name)
        except sqlite3.Error as err:
            passing = err if _is_passing(err) else passing
    if passing and not tables:
        raise passing
    found: dict[int, DictionaryRow | None] = {}
    for number in set().union(*tables.values()):
        whole = [row for row in (rows.get(number) for rows in tables.values()) if row]
        found[number] = whole[0] if len({row[1] for row in whole}) == 1 else None
    sound = {number for number, row in found.items() if row}
    bad = [
        name
        for name in DICTIONARY_TABLES
        if name not in tables or not all(tables[name].get(number) for number in sound)
    ]
    return found, bad


def _dictionary_rows(connection: sqlite3.Connection, table: str) -> dict[int, DictionaryRow | None]:
    """Return one table's rows by number, None for one that does not fit. Raises sqlite3.Error."""
    rows = connection.execute(f"SELECT id, data, sha256, from_seq FROM {table} LIMIT 10000")  # noqa: S608
    return {row[0]: row if _fits(row) else None for row in rows}


def _fits(row: tuple[Any, ...]) -> bool:
    """Return whether a dictionary is the one that was stored."""
    number, data, digest, from_seq = row
    is_typed = isinstance(number, int) and isinstance(data, bytes) and isinstance(from_seq, int)
    return is_typed and _sha256(data) == digest


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the meta table of a file that is laid out as the format says.

    Raises NotALedgerError and sqlite3.Error.
    """
    columns = connection.execute("PRAGMA main.table_xinfo(records)").fetchall()
    found = {name: declared for _, name, declared, _, _, _, hidden in columns if not hidden}
    tables = connection.execute("PRAGMA main.table_list(records)").fetchall()
    is_strict_table = [(row[2], row[5]) for row in tables] == [("table", 1)]
    if found != _COLUMNS or not is_strict_table:
        raise NotALedgerError("it has no table of records as the format describes it")
    meta = dict(connection.execute("SELECT key, value FROM meta LIMIT 1000"))
    if meta.get("format") != FORMAT:
        raise NotALedgerError(f"its format is not {FORMAT}")
    if "operator_id" not in meta:
        raise NotALedgerError("it names no operator")
    return meta


class Database:
    """A ledger's SQLite file, opened read-only, with nothing in it trusted."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises NotALedgerError, and sqlite3.Error when it cannot be read now."""
        with _damage_is_no_ledger():
            self._connection = connect_read_only(path)
        try:
            with _damage_is_no_ledger():
                self.operator_id = read_meta(self._connection)["operator_id"]
        except BaseException:
            self.close()
            raise
        self.decode = decoder(self._dictionaries)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _dictionaries(self) -> dict[int, bytes]:
        """Return the dictionaries that bodies were compressed with."""
        rows, _ = read_dictionaries(self._connection)
        return {number: row[1] for number, row in rows.items() if row}

    def chunk(self, after: int | None, limit: int = _CHUNK_ROWS) -> list[Row]:
        """Return the next rows after a seq, or from the first on. Raises sqlite3.Error."""
        where = "" if after is None else "WHERE seq > ?"
        return self._connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM records NOT INDEXED {where} ORDER BY seq LIMIT ?",  # noqa: S608
            (limit,) if after is None else (after, limit),
        ).fetchall()

    def rows(self, after: int) -> Iterator[Row]:
        """Return all rows after a seq. Raises sqlite3.Error."""
        while rows := self.chunk(after):
            yield from rows
            after = rows[-1][0]

    def _created_fault(self) -> Fault | None:
        """Check the time of creation, which is the first record's."""
        first = self.chunk(None, 1)
        if first and read_meta(self._connection).get("created_ms") != str(first[0][1]):
            return Fault(1, FaultCode.CREATED)
        return None

    def _pruning_fault(self, chain: Chain) -> Fault | None:
        """Check that every body that is gone was declared to go."""
        if chain.last_pruned <= chain.pruned_to:
            return None
        gone = (row[0] for row in self.rows(chain.pruned_to) if row[5] is None)
        return Fault(next(gone, chain.last_pruned), FaultCode.PRUNING_NOT_RECORDED)

    def chain(self, heads: dict[int, bytes], key: bytes | None) -> Chain:
        """Return a walk that begins at the first record."""
        return Chain(self.operator_id, self.decode, key=key, heads=heads)

    def advance(self, chain: Chain, limit: int = _CHUNK_ROWS) -> tuple[Fault | None, bool]:
        """Walk on by at most ``limit`` records; return a fault, and whether the end is reached.

        Raises sqlite3.Error when the file cannot be read now.
        """
        try:
            return self._advance(chain, limit)
        except sqlite3.Error as err:
            if _is_passing(err):
                raise
        try:
            fault, is_done = None, False
            while not is_done:  # record by record, to the one that cannot be read
                fault, is_done = self._advance(chain, 1)
        except sqlite3.Error as err:
            if _is_passing(err):
                raise
            fault = Fault(chain.seq + 1, FaultCode.UNREADABLE)
        return fault, True

    def _advance(self, chain: Chain, limit: int) -> tuple[Fault | None, bool]:
        """Walk on. Raises sqlite3.Error."""
        rows = self.chunk(chain.seq or None, limit)
        fault = chain.feed(rows)
        if len(rows) == limit and not fault:
            return None, False
        return fault or self._created_fault() or self._pruning_fault(chain) or chain.finish(), True


def _is_passing(err: sqlite3.Error) -> bool:
    """Return whether an error says nothing about the ledger itself."""
    return getattr(err, "sqlite_errorcode", 0) & 0xFF in _PASSING


@contextmanager
def _damage_is_no_ledger() -> Iterator[None]:
    """Turn damage to what makes a file a ledger into NotALedgerError."""
    try:
        yield
    except sqlite3.Error as err:
        if _is_passing(err):
            raise
        raise NotALedgerError(f"it cannot be read as a ledger: {err}") from err
    except _MALFORMED as err:
        raise NotALedgerError("it is not laid out as the format says") from err


def _log(path: Path) -> Path:
    """Return where the write-ahead log is while a program has the ledger open."""
    return path.with_name(f"{path.name}-wal")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Connect and read once, with limits that a hostile file cannot lift.

    A file that nobody writes is opened as immutable, which leaves no lock files beside it.
    Several threads may use the connection, one at a time.
    """
    still = "" if _log(path).exists() else "&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode=ro{still}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BODY_BYTES)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


_LINE = re.compile(
    rb'\{(?:"prev_hash":"([0-9a-f]{64})",)?"seq":([0-9]{1,19}),"ts":(-?[0-9]{1,19}),'
    rb'"kind":("(?:[^"\\]|\\.)*"),"subject":("(?:[^"\\]|\\.)*"),"body":(.*),'
    rb'"body_hash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}\n?',
    re.DOTALL,
)


@dataclass(frozen=True)
class _Line:
    """A line of an export: a record, and in a bundle's first part the hash before it."""

    row: Row
    prev_hash: bytes


def _parse_line(text: bytes) -> _Line:
    """Read a record's line, whose body is taken byte for byte. Raises ValueError."""
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError("no record")
    prev, seq, ts, kind, subject, body, body_hash, digest = match.groups()
    row = (
        int(seq),
        int(ts),
        json.loads(kind),
        json.loads(subject),
        "raw",
        None if body == b"null" else body,
        bytes.fromhex(body_hash.decode()),
        bytes.fromhex(digest.decode()),
    )
    return _Line(row, bytes.fromhex((prev or b"").decode()))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_BODY_BYTES + 1):
        yield line


class Export:
    """An export (JSON Lines), or the evidence bundle of a decision."""

    def __init__(self, path: Path) -> None:
        """Read its first line. Raises NotALedgerError."""
        self.path = path
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline(65536))
            self.operator_id = str(header["operator_id"])
            self.from_seq, self.named = int(header["from_seq"]), int(header.get("named", 0))
            self.prev_hash = bytes.fromhex(header["prev_hash"])
            self.decision = header.get("decision")
        except (OSError, *_MALFORMED) as err:
            raise NotALedgerError("its first line is not that of an export") from err
        if header.get("format") != FORMAT or self.from_seq < 1 or self.named < 0:
            raise NotALedgerError(f"its format is not {FORMAT}")

    def verify(self, heads: dict[int, bytes], key: bytes | None) -> Report:
        """Verify the export or bundle from its first line to its last."""
        if min(heads, default=self.from_seq) < self.from_seq:
            raise NotALedgerError("it begins after the head that was given")
        is_bundle = self.decision is not None
        chain = Chain(
            self.operator_id,
            decoder(dict),
            key=key,
            heads=heads,
            bodies_optional=is_bundle,
            seq=self.from_seq - 1,
            hash=self.prev_hash,
        )
        try:
            fault = self._fault(chain)
        except _MALFORMED:
            fault = Fault(chain.seq + 1, FaultCode.MALFORMED)
        except OSError:
            fault = Fault(chain.seq + 1, FaultCode.UNREADABLE)
        what = "bundle" if is_bundle else "export"
        return Report(what, chain, chain.seq - self.from_seq + 1, fault)

    def _fault(self, chain: Chain) -> Fault | None:
        """Follow all lines. Raises ValueError at one that is no record."""
        if self.from_seq == 1 and self.prev_hash != genesis(self.operator_id):
            return Fault(1, FaultCode.HASH)
        if self.decision is not None and (fault := self._evidence_fault()):
            return fault
        return chain.feed(self.rows()) or chain.finish()

    def _records(self) -> Iterator[_Line]:
        with self.path.open("rb") as file:
            for text in islice(_lines(file), 1, None):
                yield _parse_line(text)

    def rows(self) -> Iterator[Row]:
        """Return the chain's rows. Raises ValueError and OSError."""
        return (record.row for record in islice(self._records(), self.named, None))

    def _evidence_fault(self) -> Fault | None:
        """Check that all that the decision names is there and is what it names."""
        present = set()
        for record in islice(self._records(), self.named):
            seq, ts, kind, subject, _, body, body_hash, digest = record.row
            if link(record.prev_hash, seq, ts, kind, subject, body_hash) != digest:
                return Fault(seq, FaultCode.HASH)
            if body is None and kind not in PRUNABLE:
                return Fault(seq, FaultCode.BODY_MISSING)
            if body is not None and _sha256(body) != body_hash:
                return Fault(seq, FaultCode.BODY_HASH)
            present.add(digest.hex())
        decision = next(iter(self.rows()), None)
        if decision is None or decision[7].hex() != self.decision or decision[5] is None:
            return Fault(self.from_seq, FaultCode.EVIDENCE_MISSING)
        named = named_hashes(json.loads(decision[5]))
        return None if named <= present else Fault(self.from_seq, FaultCode.EVIDENCE_MISSING)


def named_hashes(body: dict[str, Any]) -> set[str]:
    """Return the record hashes, in hex, that a decision's body rests on."""
    named: set[str] = set()
    for value in body.get("evidence", {}).values():
        named.update([value] if isinstance(value, str) else value)
    return named


def verify(path: Path, heads: dict[int, bytes], key: bytes | None = None) -> Report:
    """Verify a ledger, export or bundle.

    ``heads`` are known from outside, seq to hash; ``key`` is the operator's Ed25519 public key.
    Raises NotALedgerError, also when the file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            is_text = file.read(1) == b"{"
        return Export(path).verify(heads, key) if is_text else _verify_file(path, heads, key)
    except (OSError, sqlite3.Error) as err:
        raise NotALedgerError(f"it cannot be read: {err}") from err


def _verify_file(path: Path, heads: dict[int, bytes], key: bytes | None) -> Report:
    """Verify a ledger's file, again when somebody began to write to it meanwhile."""
    is_still = not _log(path).exists()
    report = _walk_all(path, heads, key)
    if report.fault and is_still and _log(path).exists():
        report = _walk_all(path, heads, key)
    return report


def _walk_all(path: Path, heads: dict[int, bytes], key: bytes | None) -> Report:
    """Walk along a whole ledger."""
    with closing(Database(path)) as database:
        chain = database.chain(heads, key)
        fault, is_done = None, False
        while not is_done:
            fault, is_done = database.advance(chain)
        return Report("ledger", chain, chain.seq, fault)


def parse_head(text: str) -> tuple[int, bytes]:
    """Read SEQ:HEXHASH. Raises ValueError."""
    seq, _, digest = text.partition(":")
    if len(digest) != 64:
        raise ValueError(text)
    return int(seq), bytes.fromhex(digest)


def _parse_key(text: str) -> bytes:
    """Read a public key in hex. Raises ValueError."""
    if len(text) != 64:
        raise ValueError(text)
    return bytes.fromhex(text)


def _argument(parse: Callable[[str], Any], wanted: str) -> Callable[[str], Any]:
    """Return a parser of the command line that says what it wants."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None

    return convert


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Verify a ledger, an export or a bundle.")
    parser.add_argument("file", type=Path)
    head = _argument(parse_head, "SEQ:HASH with a number and 64 hex digits")
    parser.add_argument("--head", type=head, action="append", default=[], metavar="SEQ:HEXHASH")
    key = _argument(_parse_key, "a public key of 64 hex digits")
    parser.add_argument("--key", type=key, metavar="PUBLIC_KEY_HEX")
    options = parser.parse_args(arguments)
    try:
        report = verify(options.file, dict(options.head), options.key)
    except NotALedgerError as err:
        print(f"not a ledger: {options.file}: {err}", file=sys.stderr)  # noqa: T201
        return 2
    print("\n".join(report.lines()))  # noqa: T201
    return 1 if report.fault else 0


if __name__ == "__main__":
    sys.exit(main())
