"""A witness's keys: cosignatures after C2SP tlog-cosignature, Ed25519 and ML-DSA-44."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ..ledger.verifier.cosignature import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ed25519_message,
    ml_dsa_message,
)
from ..ledger.verifier.note import Checkpoint, Note, Signature, VerifierKey

SEED_BYTES: Final = 32
"""Length of either secret."""


def _line(key: VerifierKey, time_s: int, signature: bytes) -> Signature:
    return Signature(key.name, key.id, time_s.to_bytes(8, "big") + signature)


class Cosigner:
    """Signs that a checkpoint continues all that was cosigned of its log before."""

    def __init__(self, name: str, ed25519_seed: bytes, ml_dsa_seed: bytes) -> None:
        """Take the witness's name and two independent secrets. Raises ValueError."""
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(ed25519_seed)
        self._ml_dsa = MLDSA44PrivateKey.from_seed_bytes(ml_dsa_seed)
        ed25519_key = self._ed25519.public_key().public_bytes_raw()
        ml_dsa_key = self._ml_dsa.public_key().public_bytes_raw()
        self.ed25519_key = VerifierKey(name, COSIGNATURE_ED25519, ed25519_key)
        self.ml_dsa_key = VerifierKey(name, COSIGNATURE_ML_DSA_44, ml_dsa_key)

    @property
    def keys(self) -> tuple[VerifierKey, VerifierKey]:
        """Return the keys that verify the cosignatures."""
        return self.ed25519_key, self.ml_dsa_key

    def cosign(self, note: Note, time_s: int) -> tuple[Signature, Signature]:
        """Return both cosignatures of a checkpoint at a time in s since the Unix epoch.

        Raises ValueError for a note that is no checkpoint, or an origin over 255 bytes.
        """
        message = ml_dsa_message(self.ml_dsa_key.name, Checkpoint.parse(note.text), time_s)
        return (
            _line(self.ed25519_key, time_s, self._ed25519.sign(ed25519_message(note.text, time_s))),
            _line(self.ml_dsa_key, time_s, self._ml_dsa.sign(message)),
        )
