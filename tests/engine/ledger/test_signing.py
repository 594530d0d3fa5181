"""Signed heads, and the verifier's own Ed25519 against RFC 8032 and the cryptography package."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger import FaultCode, LedgerStore, public_key, verify
from custom_components.aiep_miner.engine.ledger.signing import checkpoint
from custom_components.aiep_miner.engine.records import CheckpointRecord
from tests.engine.ledger_samples import OPERATOR, PRIVATE_KEY, START_MS, fill

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("secret", "key", "message", "signature"), VECTORS)
def test_vectors_of_the_rfc(secret: str, key: str, message: str, signature: str) -> None:
    assert public_key(bytes.fromhex(secret)).hex() == key
    assert verify.ed25519_verify(
        bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    )


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 64 * 8 - 1))
def test_agrees_with_cryptography(secret: bytes, message: bytes, bit: int) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(secret)
    key, signature = public_key(secret), signer.sign(message)
    assert verify.ed25519_verify(key, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verify.ed25519_verify(key, message, bytes(flipped))
    assert not verify.ed25519_verify(key, message + b"\0", signature)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=70))
def test_nonsense_is_no_signature(key: bytes, signature: bytes) -> None:
    assert not verify.ed25519_verify(key, b"message", signature)


def test_a_signature_has_one_form() -> None:
    """S + L signs the same to a careless verifier."""
    signature = Ed25519PrivateKey.from_private_bytes(PRIVATE_KEY).sign(b"m")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    forged = signature[:32] + scalar.to_bytes(32, "little")
    assert verify.ed25519_verify(public_key(PRIVATE_KEY), b"m", signature)
    assert not verify.ed25519_verify(public_key(PRIVATE_KEY), b"m", forged)
    beyond = (2**255 - 19 + 1).to_bytes(32, "little")  # y = 1, written with p added
    assert not verify.ed25519_verify(beyond, b"m", signature)


@pytest.fixture
def store(tmp_path: Path):
    store = LedgerStore.open(tmp_path / "ledger.db", OPERATOR)
    yield store
    store.close()


def test_a_checkpoint_signs_operator_seq_head_and_time(store: LedgerStore) -> None:
    fill(store, 3)
    head = store.head
    stored = checkpoint(store, store.last_ts_ms + 5, PRIVATE_KEY)
    record = stored.record()
    assert isinstance(record, CheckpointRecord)
    assert (record.seq, record.head) == (head.seq, head.hash.hex())
    message = f"aiep-ledger/1 checkpoint\n{OPERATOR}\n{head.seq}\n{head.hash.hex()}\n{stored.ts_ms}"
    assert record.signature is not None
    Ed25519PrivateKey.from_private_bytes(PRIVATE_KEY).public_key().verify(
        bytes.fromhex(record.signature), message.encode()
    )


def test_a_checkpoint_with_a_clock_set_back_verifies(store: LedgerStore) -> None:
    fill(store, 3)
    stored = checkpoint(store, START_MS - 1, PRIVATE_KEY)
    assert stored.ts_ms == store.last_ts_ms
    assert stored.record().clock_ms == START_MS - 1
    assert verify.verify(store.path, {}, public_key(PRIVATE_KEY)).fault is None


def test_the_verifier_checks_signatures_when_given_the_key(store: LedgerStore) -> None:
    fill(store, 3)
    for _ in range(3):
        checkpoint(store, store.last_ts_ms, PRIVATE_KEY)
        fill(store, 1)
    report = verify.verify(store.path, {}, public_key(PRIVATE_KEY))
    assert (report.fault, report.chain.signed) == (None, 3)
    assert "3 signed checkpoints fit the key" in list(report.lines())
    unchecked = verify.verify(store.path, {})
    assert any("NOT checked: give --key" in line for line in unchecked.lines())
    foreign = verify.verify(store.path, {}, public_key(bytes(32))).fault
    assert foreign is not None
    assert (foreign.seq, foreign.code) == (22, FaultCode.SIGNATURE)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"head": "00" * 32}, FaultCode.CHECKPOINT),
        ({"seq": 7}, FaultCode.SIGNATURE),
        ({"signature": "00" * 64}, FaultCode.SIGNATURE),
        ({"signature": "nonsense"}, FaultCode.MALFORMED),
        ({"signature": 5}, FaultCode.MALFORMED),
    ],
)
def test_a_forged_checkpoint_in_a_rebuilt_chain_is_found(
    store: LedgerStore, changes: dict, code: FaultCode
) -> None:
    """Whoever can rewrite the file can rebuild the chain, but cannot sign."""
    fill(store, 2)
    stored = checkpoint(store, store.last_ts_ms, PRIVATE_KEY)
    store.close()
    body = json.dumps(json.loads(stored.body) | changes).encode()
    body_hash = verify._sha256(body)
    prev = bytes.fromhex(json.loads(stored.body)["head"])
    digest = verify.link(prev, stored.seq, stored.ts_ms, "checkpoint", stored.subject, body_hash)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(
            "UPDATE records SET body = ?, body_hash = ?, hash = ? WHERE seq = ?",
            (body, body_hash, digest, stored.seq),
        )
    fault = verify.verify(store.path, {}, public_key(PRIVATE_KEY)).fault
    assert fault is not None
    assert (fault.seq, fault.code) == (stored.seq, code)
