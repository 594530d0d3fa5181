"""Who signed a note: Ed25519 signatures and the C2SP tlog-cosignature kinds."""

from dataclasses import dataclass
from enum import Enum

from . import ed25519
from .note import ED25519, Checkpoint, Note, Signature, VerifierKey

try:  # not in every Python: without it ML-DSA lines are named as not checked
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:
    MLDSA44PublicKey = None  # type: ignore[assignment,misc]

COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06
ML_DSA_44_KEY_BYTES = 1312
_ML_DSA_44_BYTES = 2420


class Verdict(Enum):
    """What a check of a signature gave."""

    VALID = "valid"
    INVALID = "invalid"
    UNCHECKED = "unchecked"
    """Of a type that cannot be checked here."""


@dataclass(frozen=True)
class Checked:
    """A signature line by a known key."""

    key: VerifierKey
    verdict: Verdict
    time_s: int | None = None
    """When a witness signed, in s since the Unix epoch; None for other signatures."""


def ed25519_message(text: str, time_s: int) -> bytes:
    """Return what a witness signs with Ed25519: ``text`` is the whole text of the note."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def ml_dsa_message(name: str, checkpoint: Checkpoint, time_s: int) -> bytes:
    """Return what a witness signs with ML-DSA-44: the structure ``cosigned_message``.

    Raises ValueError when a name is longer than 255 bytes.
    """
    parts = [b"subtree/v1\n\0"]
    for text, number in ((name, time_s), (checkpoint.origin, 0)):
        encoded = text.encode()
        if not 0 < len(encoded) < 256:
            raise ValueError("a name has 1 to 255 bytes")
        parts += [bytes([len(encoded)]), encoded, number.to_bytes(8, "big")]
    return b"".join([*parts, checkpoint.size.to_bytes(8, "big"), checkpoint.root])


def check(note: Note, signature: Signature, key: VerifierKey) -> Checked:
    """Check one signature line by a key that it names."""
    if key.kind == ED25519:
        fits = ed25519.verify(key.public_key, note.text.encode(), signature.data)
        return Checked(key, Verdict.VALID if fits else Verdict.INVALID)
    if key.kind not in (COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44):
        return Checked(key, Verdict.UNCHECKED)
    time_s = int.from_bytes(signature.data[:8], "big")
    if len(signature.data) < 8 or time_s >= 2**63:
        return Checked(key, Verdict.INVALID)
    if key.kind == COSIGNATURE_ED25519:
        message = ed25519_message(note.text, time_s)
        fits = ed25519.verify(key.public_key, message, signature.data[8:])
        return Checked(key, Verdict.VALID if fits else Verdict.INVALID, time_s)
    return Checked(key, _check_ml_dsa(note, signature, key, time_s), time_s)


def _check_ml_dsa(note: Note, signature: Signature, key: VerifierKey, time_s: int) -> Verdict:
    if MLDSA44PublicKey is None:
        return Verdict.UNCHECKED
    try:
        message = ml_dsa_message(key.name, Checkpoint.parse(note.text), time_s)
        public_key = MLDSA44PublicKey.from_public_bytes(key.public_key)
    except ValueError:
        return Verdict.INVALID
    if len(signature.data) != 8 + _ML_DSA_44_BYTES:
        return Verdict.INVALID
    try:
        public_key.verify(signature.data[8:], message)
    except InvalidSignature:
        return Verdict.INVALID
    return Verdict.VALID


def check_all(note: Note, keys: "list[VerifierKey] | tuple[VerifierKey, ...]") -> list[Checked]:
    """Check every line by one of the keys; other lines are ignored, as the note format wants."""
    return [
        check(note, signature, key)
        for signature in note.signatures
        for key in keys
        if signature.is_by(key)
    ]
