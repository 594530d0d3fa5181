"""Somebody writes a whole history anew, with a valid chain: what is known outside tells."""

import random
import struct
import tempfile
from collections import Counter
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custom_components.aiep_miner.engine.ledger import Known, Note, Reader
from custom_components.aiep_miner.engine.ledger.entries import Draft, LedgerEntry
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import cosignature
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import Signature, VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Code
from tests.engine.ledger.samples import (
    OPERATOR,
    SIGNER,
    START_MS,
    keys,
    newest_note,
    seal,
    verify,
    written,
)

CYCLES = 330
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS_KEY = VerifierKey(
    "w.example", cosignature.COSIGNATURE_ED25519, WITNESS.public_key().public_bytes_raw()
)


class Forgery(StrEnum):
    """What becomes of the checkpoints."""

    KEPT = "checkpoints kept"
    LEFT_OUT = "checkpoints left out"
    OTHER_KEY = "signed by another key"
    OWN_KEY = "signed by the operator's own key"


def ledger_rewritten(n: int = 100, seed: int = 1) -> dict[str, int]:
    """Write a history anew n times, each with a valid chain and some of it changed; the head, a
    checkpoint, the key and a witness's cosignature each tell what the chain alone cannot."""
    chance = random.Random(seed)
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        path, forged = Path(name) / "ledger.db", Path(name) / "forged.db"
        segment, outside = _original(path)
        for what, known in outside.items():
            assert verify(path, known).fault is None, what
        with closing(Reader(Database(path))) as reader:
            blocks = _blocks(reader)
        for number in range(n):
            forgery = list(Forgery)[number % len(Forgery)]
            _forge(forged, segment, blocks, forgery, chance)
            told.update(_told(forged, forgery, outside))
            for file in Path(name).glob("forged.db*"):
                file.unlink()
    return dict(sorted(told.items()))


def _original(path: Path) -> tuple[str, dict[str, Known]]:
    """Write a ledger whose last checkpoint is cosigned; return what is known of it outside."""
    store = written(path, CYCLES)
    store.append_note(_cosigned(newest_note(store)), store.last_ts_ms)
    seal(store)
    known, head, segment = keys(store), store.head, store.segment
    note = newest_note(store)
    store.close()
    return segment, {
        "head": Known(heads=((head.blocks, head.hash),)),
        "checkpoint": Known(checkpoints=(note,)),
        "key": known,
        "cosignature": Known(keys=known.keys, witnesses=(WITNESS_KEY,), quorum=1),
    }


def _cosigned(note: Note) -> Note:
    time_s = START_MS // 1000
    signed = WITNESS.sign(cosignature.ed25519_message(note.text, time_s))
    line = Signature(WITNESS_KEY.name, WITNESS_KEY.id, struct.pack(">Q", time_s) + signed)
    return Note(note.text, (*note.signatures, line))


def _blocks(reader: Reader) -> list[list[LedgerEntry]]:
    """Return all records, block by block."""
    blocks: list[list[LedgerEntry]] = [[] for _ in range(reader.database.block_count())]
    for batch in reader.read():
        for entry in batch:
            number = reader.block_of(entry.seq)
            assert number is not None
            blocks[number].append(entry)
    return blocks


def _forge(
    path: Path,
    segment: str,
    blocks: list[list[LedgerEntry]],
    forgery: Forgery,
    chance: random.Random,
) -> None:
    """Write a history anew that differs from some block on."""
    signer = SIGNER if forgery is Forgery.OWN_KEY else Signer(bytes(31) + b"\1")
    store = Store(path, OPERATOR, signer).create(segment, START_MS)
    store.connection.execute("PRAGMA synchronous = OFF")
    changed = chance.choice([0, chance.randrange(CYCLES)])
    for number, entries in enumerate(blocks):
        if entries[0].kind == "checkpoint" and forgery is not Forgery.KEPT:
            if forgery is not Forgery.LEFT_OUT:
                store.checkpoint(entries[0].ts_ms)
            continue
        drafts = [Draft(item.kind, item.subject, item.ts_ms, item.body) for item in entries]
        if number == changed:
            place = chance.randrange(len(drafts))
            body = drafts[place].body | {"forged": chance.random()}
            drafts[place] = drafts[place]._replace(body=body)
        store.append(drafts)
    seal(store)
    store.close()


def _told(path: Path, forgery: Forgery, outside: dict[str, Known]) -> list[str]:
    """Check that a forgery is found by all that can know it; return by what."""
    alone = verify(path).fault
    if forgery is Forgery.KEPT:
        assert alone is not None
        assert alone.code == Code.CHECKPOINT, alone
        return [f"{forgery}: found by the chain"]
    assert alone is None, f"the chain is not valid: {alone}"
    told = [what for what, known in outside.items() if verify(path, known).fault is not None]
    # Who has the key can sign another history: only those outside know.
    missed = {"key"} if forgery is Forgery.OWN_KEY else set()
    assert set(told) == set(outside) - missed, f"{forgery}: found by {told} alone"
    return [f"{forgery}: found by {what}" for what in told]
