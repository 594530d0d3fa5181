"""Evidence bundles: a decision, the records it names, their proofs and a checkpoint."""

import json
from pathlib import Path
from typing import Any

from .blocks import named_seqs
from .lines import Record, parse, record_hash
from .note import Checkpoint, Note, from_base64, origin_of
from .proof import RecordProof, check_note
from .report import Code, Fault, Known, NotALedgerError, Report

FORMAT = "aiep-evidence/2"
MAX_BYTES = 64 * 1024 * 1024
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class _WrongError(Exception):
    def __init__(self, block: int, seq: "int | None", code: str, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(block, seq, code, detail)


def read(path: Path) -> "dict[str, Any]":
    """Return what a bundle says. Raises NotALedgerError."""
    try:
        with path.open("rb") as file:
            bundle = json.loads(file.read(MAX_BYTES))
        is_bundle = bundle["format"] == FORMAT
    except (OSError, *_MALFORMED) as err:
        raise NotALedgerError("it is no evidence bundle") from err
    if not is_bundle:
        raise NotALedgerError(f"its format is not {FORMAT}")
    found: dict[str, Any] = bundle
    return found


def verify(path: Path, known: "Known | None" = None) -> Report:
    """Verify a bundle. Raises NotALedgerError."""
    bundle = read(path)
    try:
        return _verify(bundle, known or Known())
    except _WrongError as wrong:
        fault = wrong.fault
    except _MALFORMED as err:
        fault = Fault(0, None, Code.EVIDENCE, str(err) or "it is not laid out as a bundle is")
    return Report("bundle", 0, 0, b"", fault)


def _verify(bundle: "dict[str, Any]", known: Known) -> Report:
    note = Note.parse(str(bundle["checkpoint"]))
    head = Checkpoint.parse(note.text)
    if head.origin != origin_of(str(bundle["operator_id"]), str(bundle["segment"])):
        raise ValueError(f"its checkpoint is of {head.origin}")
    records = dict(_checked(item, head) for item in bundle["records"])
    decision = records.get(int(bundle["decision"]))
    if decision is None or decision.kind != "decision":
        raise ValueError(f"record {bundle['decision']} is no decision in it")
    missing = set(named_seqs(decision.seq, decision.body)) - set(records)
    if missing:
        detail = f"record {min(missing)}, which the decision names, is missing"
        raise _WrongError(0, min(missing), Code.EVIDENCE, detail)
    try:
        _, remarks = check_note(note, known)
    except ValueError as err:
        raise _WrongError(head.size, None, Code.SIGNATURE, str(err)) from None
    text = f"decision {decision.seq} and all that it names"
    return Report("bundle", head.size, len(records), head.root, None, head, (text, *remarks))


def _checked(item: "dict[str, Any]", head: Checkpoint) -> "tuple[int, Record]":
    """Return a record that is proven to be in the log. Raises _WrongError."""
    line, index = str(item["record"]).encode(), int(item["block"])
    path = [from_base64(node) for node in item["path"]]
    try:
        record = parse(line)
        proof = RecordProof.from_extra(item, index, path)
        _check(proof, record, head)
    except ValueError as err:
        raise _WrongError(index, item.get("seq"), Code.PROOF, str(err)) from None
    return record.seq, record


def _check(proof: RecordProof, record: Record, head: Checkpoint) -> None:
    """Raise ValueError when a proof does not lead from a record to the checkpoint."""
    if not proof.header.first_seq <= record.seq <= proof.header.last_seq:
        raise ValueError("it is not a record of this block")
    if proof.root(record_hash(record.line), head.size) != head.root:
        raise ValueError("its path does not lead to the checkpoint's root")
