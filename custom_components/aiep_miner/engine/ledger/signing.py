"""What only this installation can make: checkpoints' signatures, and the codes of its commits."""

import hmac
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .verifier.note import ED25519, Checkpoint, Note, Signature, VerifierKey

_MAC_KEY: Final = b"aiep-ledger/2 commit key"
_MAC_TEXT: Final = b"aiep-ledger/2 commit\n"


def generate_key() -> bytes:
    """Return a new private key, 32 secret bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


class Signer:
    """An operator's private key."""

    def __init__(self, private_key: bytes) -> None:
        """Take 32 secret bytes. Raises ValueError."""
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self._mac_key = hmac.digest(private_key, _MAC_KEY, "sha256")

    @property
    def public_key(self) -> bytes:
        """Return the public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def verifier_key(self, origin: str) -> VerifierKey:
        """Return the key by which a segment's checkpoints are verified."""
        return VerifierKey(origin, ED25519, self.public_key)

    def sign(self, checkpoint: Checkpoint) -> Note:
        """Return the signed note of a checkpoint."""
        text, key = checkpoint.text(), self.verifier_key(checkpoint.origin)
        signature = Signature(key.name, key.id, self._key.sign(text.encode()))
        return Note(text, (signature,))

    def mac(self, block_hash: bytes) -> str:
        """Return the code (HMAC-SHA256, hex) that this installation wrote a block and all before."""
        return hmac.digest(self._mac_key, _MAC_TEXT + block_hash, "sha256").hex()

    def is_mac(self, code: str | None, block_hash: bytes) -> bool:
        """Return whether a code is that of a block."""
        return code is not None and hmac.compare_digest(
            code.encode(), self.mac(block_hash).encode()
        )
