"""One record's way to a checkpoint: through its part and its block; C2SP tlog-proof files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import tree
from .blocks import EVENTS, OBSERVATIONS, Header
from .lines import canonical, read_canonical, record_hash
from .log import check_signed, unchecked_of, witnesses_of
from .note import MAX_NOTE_BYTES, Checkpoint, Note, from_base64, to_base64
from .report import Code, Fault, Known, NotALedgerError, Report

FIRST_LINE = "c2sp.org/tlog-proof@v1"
_MAX_BYTES = MAX_NOTE_BYTES + 64 * 1024


@dataclass(frozen=True)
class RecordProof:
    """How a record's hash leads to the root of the log."""

    header: Header
    part: str
    position: int
    """Of the record in its part."""
    records: int
    """Of the part."""
    part_path: "tuple[bytes, ...]"
    """From the record to the part's root."""
    log_path: "tuple[bytes, ...]"
    """From the block's hash to the log's root."""

    def root(self, digest: bytes, size: int) -> bytes:
        """Return the log's root at ``size`` blocks that a record's hash leads to.

        Raises ValueError when it leads to no such block.
        """
        roots = {OBSERVATIONS: self.header.observations_root, EVENTS: self.header.events_root}
        counts = {OBSERVATIONS: self.header.observations, EVENTS: self.header.events}
        if self.part not in roots or counts[self.part] != self.records:
            raise ValueError("the block has no such part")
        found = tree.root_from_inclusion(digest, self.position, self.records, self.part_path)
        if found != roots[self.part]:
            raise ValueError("the record is not in this part of the block")
        return tree.root_from_inclusion(self.header.hash, self.header.number, size, self.log_path)

    def extra(self, digest: bytes) -> "dict[str, Any]":
        """Return what a tlog-proof's extra line holds."""
        return {
            self.part: [to_base64(node) for node in self.part_path],
            "hash": to_base64(digest),
            "header": to_base64(self.header.to_bytes()),
            "part": self.part,
            "position": self.position,
            "records": self.records,
        }

    @classmethod
    def from_extra(
        cls, extra: "dict[str, Any]", index: int, log_path: "Sequence[bytes]"
    ) -> "RecordProof":
        """Read it back. Raises ValueError."""
        try:
            part = str(extra["part"])
            proof = cls(
                Header.from_bytes(from_base64(extra["header"])),
                part,
                int(extra["position"]),
                int(extra["records"]),
                tuple(from_base64(node) for node in extra[part]),
                tuple(log_path),
            )
        except (LookupError, TypeError, AttributeError) as err:
            raise ValueError("the extra line is not that of a record's proof") from err
        if proof.header.number != index:
            raise ValueError("the header is that of another block")
        return proof


@dataclass(frozen=True)
class ProofFile:
    """A tlog-proof file."""

    extra: bytes
    """Empty when there is no such line."""
    index: int
    path: "tuple[bytes, ...]"
    note: Note

    def __str__(self) -> str:
        """Return the file's text."""
        extra = [f"extra {to_base64(self.extra)}"] if self.extra else []
        lines = [FIRST_LINE, *extra, f"index {self.index}", *map(to_base64, self.path)]
        return "\n".join(lines) + f"\n\n{self.note}"

    @classmethod
    def parse(cls, data: bytes) -> "ProofFile":
        """Read a file. Raises ValueError."""
        above, separator, below = data.decode().partition("\n\n")
        lines = above.split("\n")
        if lines.pop(0) != FIRST_LINE or not separator or not lines:
            raise ValueError("not a tlog-proof file")
        extra = b""
        if lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0).removeprefix("extra "))
        word, _, digits = (lines.pop(0) if lines else "").partition(" ")
        if word != "index" or not digits.isdigit() or str(int(digits[:20])) != digits:
            raise ValueError("the proof names no index")
        path = tuple(from_base64(line) for line in lines)
        if any(len(node) != 32 for node in path):
            raise ValueError("the path holds something that is no hash")
        return cls(extra, int(digits), path, Note.parse(below))


def proof_file(proof: RecordProof, digest: bytes, note: Note) -> str:
    """Return the text of a record's tlog-proof file."""
    extra = canonical(proof.extra(digest))  # noqa: S610 - not Django's
    return str(ProofFile(extra, proof.header.number, proof.log_path, note))


def check_note(note: Note, known: Known, size: int = 0) -> "tuple[Checkpoint, tuple[str, ...]]":
    """Check a note by what is known; return its checkpoint and remarks. Raises ValueError."""
    head, remarks = Checkpoint.parse(note.text), []
    if head.size < size:
        raise ValueError(f"the checkpoint covers {head.size} blocks, not {size}")
    for other in known.checkpoints:
        seen = Checkpoint.parse(other.text)
        if seen.origin != head.origin:
            raise ValueError(f"the checkpoint that was given is of {seen.origin}")
        if seen.size == head.size and seen.root != head.root:
            raise ValueError("the checkpoint that was given has another root at this size")
        if seen.size != head.size:
            remarks.append(f"not compared with the checkpoint at {seen.size} blocks")
    if known.keys:
        check_signed(note, known)
        remarks.append("signed by the key")
    else:
        remarks.append("signature not checked")
    count = witnesses_of(note, known)
    if count < known.quorum:
        raise ValueError(f"{count} of the witnesses cosigned, {known.quorum} are needed")
    if known.witnesses:
        remarks.append(f"{count} witnesses cosigned it")
    remarks += [f"not checked here: {name}" for name in unchecked_of(note, known)]
    return head, tuple(remarks)


def verify(path: Path, known: "Known | None" = None, record: "bytes | None" = None) -> Report:
    """Verify a tlog-proof file; ``record`` is the record's line or its hash in hex.

    Raises NotALedgerError.
    """
    try:
        with path.open("rb") as source:
            file = ProofFile.parse(source.read(_MAX_BYTES))
    except (OSError, ValueError) as err:
        raise NotALedgerError(f"it is no proof: {err}") from err
    try:
        return _verify(file, known or Known(), record)
    except ValueError as err:
        fault = Fault(file.index, None, Code.PROOF, str(err))
        return Report("proof", 0, 1, b"", fault)


def _verify(file: ProofFile, known: Known, record: "bytes | None") -> Report:
    extra = read_canonical(file.extra) if file.extra else None
    if type(extra) is not dict or type(extra.get("hash")) is not str:
        raise ValueError("the extra line names no record")
    digest = from_base64(extra["hash"])
    if record is not None and digest not in _hashes(record):
        raise ValueError("it is a proof of another record")
    proof = RecordProof.from_extra(extra, file.index, file.path)
    head, remarks = check_note(file.note, known, proof.header.number + 1)
    if proof.root(digest, head.size) != head.root:
        raise ValueError("the path does not lead to the checkpoint's root")
    name = f"record {digest.hex()} is in the {proof.part} of block {file.index}"
    return Report("proof", head.size, 1, head.root, None, head, (name, *remarks))


def _hashes(record: bytes) -> "set[bytes]":
    """Return the hashes that a record's line or its hash in hex may mean."""
    text = record.strip()
    found = {record_hash(record.rstrip(b"\n"))}
    if len(text) == 64:
        try:
            found.add(bytes.fromhex(text.decode()))
        except ValueError:
            return found
    return found
