"""What a log makes of a witness's answer to ``add-checkpoint``."""

from collections.abc import Sequence
from typing import Final

from ..ledger.verifier.cosignature import Verdict, check
from ..ledger.verifier.note import Note, Signature, VerifierKey
from .submission import read_size
from .witness import SIZE_TYPE

MAX_SKEW_S: Final = 300
"""By how much a witness's clock may differ from ours."""


class AnswerError(Exception):
    """An answer that the specification does not allow, or that cannot be believed."""


def cosignatures_of(
    body: bytes, note: Note, keys: Sequence[VerifierKey], *, from_s: float, to_s: float
) -> tuple[Signature, ...]:
    """Return the cosignatures of a note that an answer brings, by the witness's keys.

    Lines of other keys are ignored. The cosignatures' times must be between ``from_s`` (when the
    checkpoint was signed) and ``to_s`` (now), with ``MAX_SKEW_S`` to spare. Raises AnswerError.
    """
    try:
        lines = Note.parse(note.text.encode() + b"\n" + body).signatures
    except ValueError as err:
        raise AnswerError(f"no signature lines: {err}") from err
    found = tuple(
        line
        for line in dict.fromkeys(lines)
        for key in keys
        if line.is_by(key) and _is_good(note, line, key, from_s, to_s)
    )
    if not found:
        raise AnswerError("no cosignature by the witness's keys")
    return found


def _is_good(note: Note, line: Signature, key: VerifierKey, from_s: float, to_s: float) -> bool:
    """Return whether a cosignature is valid; False for one that cannot be checked here."""
    checked = check(note, line, key)
    if checked.verdict is Verdict.INVALID:
        raise AnswerError("a cosignature does not fit the witness's key")
    if not checked.time_s:
        raise AnswerError("a cosignature has no time")
    if not from_s - MAX_SKEW_S <= checked.time_s <= to_s + MAX_SKEW_S:
        raise AnswerError("a cosignature's time is not that of the answer")
    return checked.verdict is Verdict.VALID


def conflicting_size(content_type: str, body: bytes) -> int:
    """Return the tree size that a witness knows, from its answer 409. Raises AnswerError."""
    if content_type != SIZE_TYPE or not body.endswith(b"\n"):
        raise AnswerError("the witness knows another size and does not name it")
    try:
        return read_size(body[:-1])
    except ValueError as err:
        raise AnswerError("the witness knows another size and does not name it") from err
