"""The page for those who were given something: its commands, as they are written there."""

import json
import re
import shlex
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custom_components.aiep_miner.engine.ledger.export import export
from custom_components.aiep_miner.engine.ledger.proofs import Prover
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import cosignature, lines, statement
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    Signature,
    VerifierKey,
)

from .samples import START_MS, decision, keys, newest_note, run_verifier, written

PAGE = Path(__file__).parents[3] / "docs" / "verify.md"


def witness(note: Note, number: int) -> tuple[Note, VerifierKey]:
    """Return a note with one more cosignature, and the witness's key."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    public = private.public_key().public_bytes_raw()
    key = VerifierKey(f"w{number}.example", cosignature.COSIGNATURE_ED25519, public)
    time_s = START_MS // 1000
    signed = private.sign(cosignature.ed25519_message(note.text, time_s))
    line = Signature(key.name, key.id, struct.pack(">Q", time_s) + signed)
    return Note(note.text, (*note.signatures, line)), key


def statement_of(store: Store, reader: Reader) -> dict[str, Any]:
    """Return a statement on a miner over all that a ledger holds."""
    terms = statement.Terms(START_MS, store.last_ts_ms + 1, {"miner-0": 100.0})
    entries = [reader.entry(seq) for seq in range(1, store.head.seq + 1)]
    folded = statement.fold((lines.parse(item.line) for item in entries if item), terms)
    assert folded["lines"]
    named = {"operator_id": store.operator_id, "segment": store.segment}
    return {"format": statement.FORMAT, **named, "terms": terms.as_dict(), **folded}


def commands() -> list[str]:
    """Return what the page says to type."""
    found = re.findall(r"^ +python3 verifier (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(found) >= 5
    return found


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db")
    (tmp_path / "kept-checkpoint.txt").write_text(str(newest_note(store)), "utf-8")
    seq = store.append([decision(store.last_ts_ms, action="run", price=1, telemetry=2)])[0].seq
    store.checkpoint(store.last_ts_ms)
    note, one = witness(newest_note(store), 1)
    note, other = witness(note, 2)
    store.append_note(note, store.last_ts_ms)
    with closing(Reader(Database(store.path))) as reader:
        chunks = export(reader, 0, Checkpoint.parse(note.text).size, note)
        (tmp_path / "export.jsonl").write_bytes(b"".join(chunks))
        bundle = Prover(reader).bundle(seq, note)
        entry = reader.entry(seq)
        assert entry is not None
        (tmp_path / "line.json").write_bytes(entry.line)
        (tmp_path / "record.tlog-proof").write_text(Prover(reader).proof_file(seq, note), "utf-8")
        (tmp_path / "statement.json").write_text(json.dumps(statement_of(store, reader)), "utf-8")
    (tmp_path / "bundle.json").write_text(json.dumps(bundle), "utf-8")
    key = str(keys(store).keys[0])
    store.close()
    named = {
        "aiep-miner/…+…+…": key,
        "…": key,
        "witness-vkey": str(one),
        "another": str(other),
    }
    for command in commands():
        words = [named.get(word, word) for word in shlex.split(command)]
        paths = [tmp_path / word if (tmp_path / word).exists() else word for word in words]
        found = run_verifier(*paths)
        assert (found.returncode, found.stderr) == (0, ""), (command, found.stdout)
        assert found.stdout.startswith("intact: "), command
