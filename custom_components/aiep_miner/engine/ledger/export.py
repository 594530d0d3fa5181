"""Exports in JSON Lines, their import, and the evidence bundle of a decision."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..records import RecordKind
from . import verify
from .errors import LedgerError, LedgerReason, translated
from .model import Head, Query, Stored
from .store import LedgerStore

_CHUNK_RECORDS: Final = 1000
_SPEAKING: Final = (RecordKind.CHECKPOINT, RecordKind.LIFECYCLE)
_OUTCOMES: Final = (RecordKind.RECEIPT, RecordKind.NEGATIVE_PROOF, RecordKind.REVIEW)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _header(store: LedgerStore, from_seq: int, **more: Any) -> bytes:
    """Return an export's first line."""
    prev_hash = _hash_at(store, from_seq - 1).hex()
    header = {
        "format": verify.FORMAT,
        "operator_id": store.operator_id,
        "from_seq": from_seq,
        "prev_hash": prev_hash,
    }
    return _compact(header | more) + b"\n"


def _hash_at(store: LedgerStore, seq: int) -> bytes:
    """Return the hash of the record at a seq, or the genesis hash for 0. Raises LedgerError."""
    if seq == 0:
        return verify.genesis(store.operator_id)
    stored = store.get(seq)
    if stored is None:
        raise LedgerError(LedgerReason.CORRUPT, f"record {seq} is missing")
    return stored.hash


def _line(stored: Stored, *, with_body: bool = True) -> bytes:
    """Return a record's line; its body stands in it byte for byte as it was hashed."""
    body = stored.body if with_body and stored.body is not None else b"null"
    return b'{"seq":%d,"ts":%d,"kind":%b,"subject":%b,"body":%b,"body_hash":"%b","hash":"%b"}\n' % (
        stored.seq,
        stored.ts_ms,
        _compact(stored.kind),
        _compact(stored.subject),
        body,
        stored.body_hash.hex().encode(),
        stored.hash.hex().encode(),
    )


def export(
    store: LedgerStore,
    from_seq: int = 1,
    to_seq: int | None = None,
    *,
    public_key: bytes | None = None,
) -> Iterator[bytes]:
    """Return an export in blocks of whole lines, up to the head at the start by default.

    The first line names the public key, for information. Raises LedgerError, and ValueError for
    a seq below 1.
    """
    if from_seq < 1:
        raise ValueError("the first record is 1")
    yield _header(store, from_seq, **_named_key(public_key))
    for chunk in store.read(from_seq, to_seq, chunk=_CHUNK_RECORDS):
        yield b"".join(map(_line, chunk))


def _named_key(public_key: bytes | None) -> dict[str, str]:
    return {"public_key": public_key.hex()} if public_key else {}


def bundle(store: LedgerStore, seq: int, *, public_key: bytes | None = None) -> Iterator[bytes]:
    """Return a decision's evidence bundle in blocks of whole lines.

    It holds every record that the decision names, the decision, what came of it, and the chain
    from there to the head, other bodies left out. Raises LedgerError, and ValueError when
    ``seq`` is no decision.
    """
    decision = store.get(seq)
    if decision is None or decision.kind is not RecordKind.DECISION or decision.body is None:
        raise ValueError(f"record {seq} is no decision")
    named = [*_named(store, decision)]
    more = _named_key(public_key)
    yield _header(store, seq, decision=decision.hash_hex, named=len(named), **more)
    for stored in named:
        prev_hash = _hash_at(store, stored.seq - 1).hex().encode()
        yield b'{"prev_hash":"%b",' % prev_hash + _line(stored)[1:]
    for chunk in store.read(seq, chunk=_CHUNK_RECORDS):
        yield b"".join(_line(item, with_body=_belongs(item, decision)) for item in chunk)


def _named(store: LedgerStore, decision: Stored) -> Iterator[Stored]:
    """Return the records that a decision rests on, in order. Raises LedgerError."""
    found = {}
    for name, value in json.loads(decision.body or b"{}").get("evidence", {}).items():
        for hash_hex in [value] if isinstance(value, str) else value:
            stored = _find(store, name, hash_hex, decision.seq)
            found[stored.seq] = stored
    return (found[seq] for seq in sorted(found))


def _find(store: LedgerStore, name: str, hash_hex: str, before_seq: int) -> Stored:
    """Return a record by its hash; the evidence's name for it tells its kind."""
    kinds = [kind for kind in RecordKind if kind == name.removesuffix("s")]
    query = Query(kinds=kinds, hash_hex=hash_hex, to_seq=before_seq - 1, limit=1, newest_first=True)
    for stored in store.query(query):
        return stored
    raise LedgerError(LedgerReason.CORRUPT, f"the {name} record {hash_hex} is missing")


def _belongs(stored: Stored, decision: Stored) -> bool:
    """Return whether a record's body tells of the decision, or of the chain itself."""
    if stored.seq == decision.seq or stored.kind in _SPEAKING:
        return True
    if stored.kind not in _OUTCOMES or stored.body is None:
        return False
    return bool(json.loads(stored.body).get("decision") == decision.hash_hex)


def import_export(source: Path, target: Path) -> Head:
    """Make a ledger file from a whole export; return its head.

    Raises ValueError when the export is none, not intact or not whole, FileExistsError when
    the ledger is there already, and LedgerError.
    """
    try:
        exported = verify.Export(source)
    except verify.NotALedgerError as err:
        raise ValueError(str(err)) from err
    fault = exported.verify({}, None).fault
    if fault or exported.from_seq != 1 or exported.decision is not None:
        raise ValueError(str(fault or "the export is not whole"))
    if target.exists():
        raise FileExistsError(target)
    part = target.with_name(f"{target.name}.part")
    with translated():
        part.unlink(missing_ok=True)
    head = _adopt(part, exported)
    if fault := verify.verify(part, {head.seq: head.hash}).fault:
        part.unlink()
        raise ValueError(str(fault))
    with translated():
        part.rename(target)
    return head


def _adopt(path: Path, exported: verify.Export) -> Head:
    """Write an export's records into a new file."""
    store = LedgerStore.open(path, exported.operator_id)
    try:
        store.adopt(exported.rows())
        return store.head
    finally:
        store.close()
