"""What a witness answers to ``add-checkpoint``: the rules of C2SP tlog-witness, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from ..ledger.verifier import tree
from ..ledger.verifier.cosignature import Verdict, check
from ..ledger.verifier.note import Checkpoint, Note, VerifierKey
from .submission import Submission

SIZE_TYPE: Final = "text/x.tlog.size"
"""Content type of the answer that names the size that the witness knows."""


class Status(IntEnum):
    """HTTP status codes of the specification."""

    OK = 200
    MALFORMED = 400
    UNTRUSTED = 403
    UNKNOWN = 404
    CONFLICT = 409
    INCONSISTENT = 422


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a checkpoint is not cosigned."""

    status: Status
    text: str
    """The answer's body."""

    @property
    def content_type(self) -> str:
        """Return the media type of the answer."""
        return SIZE_TYPE if self.status is Status.CONFLICT else "text/plain"


def origin_hash(origin: str) -> str:
    """Return how a log is named in a witness's addresses: SHA-256 of its origin, hex."""
    return sha256(origin.encode()).hexdigest()


def judge(
    submission: Submission, keys: Sequence[VerifierKey], latest: Checkpoint | None
) -> Refusal | None:
    """Return why a checkpoint is not cosigned; None for one that is.

    ``keys`` are those trusted for its origin, empty for an unknown one; ``latest`` is the
    checkpoint of it that was cosigned last. Raises ValueError for a note that is no checkpoint.
    """
    head = Checkpoint.parse(submission.note.text)
    if not keys:
        return Refusal(Status.UNKNOWN, "this log is not known here\n")
    if not is_signed(submission.note, keys):
        return Refusal(Status.UNTRUSTED, "no valid signature of the log\n")
    if submission.old_size > head.size:
        return Refusal(Status.MALFORMED, "the old size is greater than the checkpoint's\n")
    old_size, old_root = (latest.size, latest.root) if latest else (0, tree.EMPTY_ROOT)
    if submission.old_size != old_size:
        return Refusal(Status.CONFLICT, f"{old_size}\n")
    is_empty_other = head.size == 0 and head.root != tree.EMPTY_ROOT
    if is_empty_other or not tree.is_consistent(
        old_size, head.size, old_root, head.root, submission.proof
    ):
        return Refusal(Status.INCONSISTENT, "the checkpoint does not continue what is known\n")
    return None


def is_signed(note: Note, keys: Sequence[VerifierKey]) -> bool:
    """Return whether a note is signed by one of the keys, and no line by one of them is wrong."""
    is_valid = False
    for signature in dict.fromkeys(note.signatures):
        for key in keys:
            if signature.is_by(key):
                if check(note, signature, key).verdict is not Verdict.VALID:
                    return False
                is_valid = True
    return is_valid
