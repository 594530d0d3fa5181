"""Signed heads: a checkpoint record with an Ed25519 signature over the chain's head."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..records import CheckpointRecord
from .model import Stored
from .store import LedgerStore
from .verify import checkpoint_message


def generate_key() -> bytes:
    """Return a new private key, 32 secret bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key(private_key: bytes) -> bytes:
    """Return the public key, 32 bytes, that belongs to a private one. Raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def checkpoint(store: LedgerStore, now_ms: int, private_key: bytes) -> Stored:
    """Append a checkpoint that signs operator, seq, head and time. Raises LedgerError."""
    ts_ms, head = max(now_ms, store.last_ts_ms), store.head
    message = checkpoint_message(store.operator_id, head.seq, head.hash.hex(), ts_ms)
    record = CheckpointRecord(
        ts_ms=ts_ms,
        subject=store.operator_id,
        clock_ms=now_ms if now_ms < ts_ms else None,
        seq=head.seq,
        head=head.hash.hex(),
        signature=Ed25519PrivateKey.from_private_bytes(private_key).sign(message).hex(),
    )
    return store.append([record])[0]
