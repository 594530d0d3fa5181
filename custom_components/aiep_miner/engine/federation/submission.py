"""The request of ``add-checkpoint``, byte for byte as C2SP tlog-witness lays it out."""

from dataclasses import dataclass
from typing import Final, Self

from ..ledger.verifier.note import Note, from_base64, to_base64

MAX_BYTES: Final = 64 * 1024
"""The longest request or answer that is read."""
MAX_PROOF_LINES: Final = 63
PATH: Final = "add-checkpoint"
_HASH_BYTES: Final = 32
_OLD: Final = b"old "


def read_size(text: bytes) -> int:
    """Return a tree size in decimal without leading zeroes. Raises ValueError."""
    if not (text.isdigit() and len(text) < 20) or str(int(text)).encode() != text:
        raise ValueError("not a tree size")
    size = int(text)
    if size >= 2**63:
        raise ValueError("not a tree size")
    return size


def _read_hash(line: bytes) -> bytes:
    digest = from_base64(line.decode("ascii"))
    if len(digest) != _HASH_BYTES:
        raise ValueError("a line of the proof is not a hash")
    return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A checkpoint for a witness, and the proof that it continues what the witness knows."""

    old_size: int
    """Size of the tree that the witness cosigned last; 0 for none."""
    proof: tuple[bytes, ...]
    """RFC 6962 §2.1.2, from ``old_size`` to the checkpoint."""
    note: Note

    def body(self) -> bytes:
        """Return the request's body."""
        proof = "".join(f"{to_base64(node)}\n" for node in self.proof)
        return f"old {self.old_size}\n{proof}\n{self.note}".encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a request's body. Raises ValueError."""
        if len(body) > MAX_BYTES:
            raise ValueError("the request is too long")
        head, separator, note = body.partition(b"\n\n")
        old, *proof = head.split(b"\n")
        if not separator or not old.startswith(_OLD):
            raise ValueError("it does not begin with the old size")
        if len(proof) > MAX_PROOF_LINES:
            raise ValueError("the proof is too long")
        return cls(
            old_size=read_size(old.removeprefix(_OLD)),
            proof=tuple(map(_read_hash, proof)),
            note=Note.parse(note),
        )
