"""Signed notes, keys, checkpoints and cosignatures: the specification's bytes, and refusals."""

import struct
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger.verifier import cosignature, ed25519
from custom_components.aiep_miner.engine.ledger.verifier.cosignature import Verdict, check_all
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    Signature,
    VerifierKey,
    from_base64,
    to_base64,
)

from .samples import SIGNER, VERIFIER

# The example of C2SP signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SIGNED = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
# The example of C2SP tlog-cosignature.
COSIGNED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
COSIGNED_MESSAGE = b"""cosignature/v1
time 1679315147
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""

# RFC 8032, section 7.1: secret key, public key, message, signature.
ED25519 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
            "1cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
            "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
            "984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_the_example_of_the_note_page() -> None:
    key, note = VerifierKey.parse(VKEY), Note.parse(SIGNED)
    assert str(key) == VKEY
    assert str(note) == SIGNED
    assert [item.verdict for item in check_all(note, [key])] == [Verdict.VALID]
    changed = Note(note.text.replace("an", "no", 1), note.signatures)
    assert [item.verdict for item in check_all(changed, [key])] == [Verdict.INVALID]


def test_the_example_of_the_cosignature_page() -> None:
    note = Note.parse(COSIGNED)
    head = Checkpoint.parse(note.text)
    assert str(note) == COSIGNED
    assert head.text() == note.text
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    _, cosigned = note.signatures
    assert cosigned.name == "witness.example.com/w1"
    time_s = int.from_bytes(cosigned.data[:8], "big")
    assert len(cosigned.data) == 72
    assert cosignature.ed25519_message(note.text, time_s) == COSIGNED_MESSAGE


@pytest.mark.parametrize(("public_key", "message", "signature"), ED25519)
def test_ed25519_of_the_rfc(public_key: str, message: str, signature: str) -> None:
    key, signed = bytes.fromhex(public_key), bytes.fromhex(signature)
    assert ed25519.verify(key, bytes.fromhex(message), signed)
    assert not ed25519.verify(key, bytes.fromhex(message) + b"x", signed)
    scalar = int.from_bytes(signed[32:], "little") + ORDER
    assert not ed25519.verify(
        key, bytes.fromhex(message), signed[:32] + scalar.to_bytes(32, "little")
    )


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=50), st.integers(0, 767))
def test_ed25519_agrees_with_the_library(secret: bytes, message: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519.verify(public, message, signature)
    whole = bytearray(public + signature)
    whole[bit // 8] ^= 1 << bit % 8
    changed_key, changed = bytes(whole[:32]), bytes(whole[32:])
    assert not ed25519.verify(changed_key, message, changed)
    with pytest.raises((InvalidSignature, ValueError)):
        Ed25519PublicKey.from_public_bytes(changed_key).verify(changed, message)


@pytest.mark.parametrize(
    "key",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",  # the identity
        "0000000000000000000000000000000000000000000000000000000000000000",  # of order 4
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # p + 1
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # of order 2
        "0100000000000000000000000000000000000000000000000000000000000080",  # minus 0
    ],
)
def test_ed25519_refuses_keys_that_anybody_can_sign_for(key: str) -> None:
    assert not ed25519.verify(bytes.fromhex(key), b"anything", bytes.fromhex(key) + bytes(32))


def cosigned(kind: int, *, time_s: int = 1_800_000_000) -> tuple[Note, VerifierKey]:
    """Return a checkpoint that a witness cosigned, and the witness's key."""
    head = Checkpoint("aiep-miner/o/s", 5, bytes(range(32)))
    note = SIGNER.sign(head)
    if kind == cosignature.COSIGNATURE_ED25519:
        private = Ed25519PrivateKey.generate()
        message = cosignature.ed25519_message(note.text, time_s)
    else:
        private = MLDSA44PrivateKey.generate()
        # As tlog-cosignature lays it out: label, name, time, origin, start, end, hash.
        message = (
            b"subtree/v1\n\0" + b"\x09w.example" + struct.pack(">Q", time_s)
            + b"\x0eaiep-miner/o/s" + struct.pack(">QQ", 0, 5) + bytes(range(32))
        )  # fmt: skip
    key = VerifierKey("w.example", kind, private.public_key().public_bytes_raw())
    line = Signature(key.name, key.id, struct.pack(">Q", time_s) + private.sign(message))
    return Note(note.text, (*note.signatures, line)), VerifierKey.parse(str(key))


@pytest.mark.parametrize("kind", [0x04, 0x06])
def test_cosignatures(kind: int) -> None:
    note, key = cosigned(kind)
    (found,) = check_all(Note.parse(str(note)), [key])
    assert (found.verdict, found.time_s) == (Verdict.VALID, 1_800_000_000)
    line = note.signatures[-1]
    for data in (
        struct.pack(">Q", 1_800_000_001) + line.data[8:],
        struct.pack(">Q", 2**63) + line.data[8:],
        line.data[:-1],
        line.data[:5],
    ):
        changed = Note(note.text, (Signature(line.name, line.key_id, data),))
        assert check_all(changed, [key])[0].verdict is Verdict.INVALID
    other = Note(note.text.replace("5", "6", 1), note.signatures)
    assert check_all(other, [key])[0].verdict is Verdict.INVALID


def test_a_plain_signature_is_no_cosignature() -> None:
    """One key used for two types has two ids, and neither signature counts for the other."""
    note, key = cosigned(0x04)
    plain = VerifierKey(key.name, 0x01, key.public_key)
    assert plain.id != key.id
    assert check_all(note, [plain]) == []


def test_ml_dsa_without_the_library_is_named_as_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    note, key = cosigned(0x06)
    monkeypatch.setattr(cosignature, "MLDSA44PublicKey", None)
    assert check_all(note, [key])[0].verdict is Verdict.UNCHECKED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— na me AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— name AAAAAAB=\n",  # bits that mean nothing
        "text\n\n— name AAAAAAA=",
        "text\r\n\n— name AAAAAAA=\n",
        "te\0xt\n\n— name AAAAAAA=\n",
        "text\n\n" + "— name AAAAAAA=\n" * 65,
        "x" * 200_000 + "\n\n— name AAAAAAA=\n",
    ],
)
def test_what_is_no_note(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        Note.parse(text)


def test_sixteen_signatures_are_fine() -> None:
    assert len(Note.parse("text\n\n" + "— name AAAAAAA=\n" * 16).signatures) == 16


def test_a_note_is_utf_8() -> None:
    with pytest.raises(ValueError, match="decode"):
        Note.parse(b"\xff\n\n\xe2\x80\x94 name AAAAAAA=\n")


ROOT = to_base64(bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        f"origin\n5\n{ROOT}",
        f"origin\n05\n{ROOT}\n",
        f"origin\n-5\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"origin\n{2**63}\n{ROOT}\n",
        f"origin\n{'1' * 30}\n{ROOT}\n",
        "origin\n5\nAAAA\n",
        f"origin\n5\n{ROOT}\n\n",
        "origin\n5\n",
        f"origin\n\u0665\n{ROOT}\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        Checkpoint.parse(text)


def test_extension_lines_stay() -> None:
    text = f"origin\n5\n{ROOT}\nmore\n"
    assert Checkpoint.parse(text).text() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        VKEY.replace("530d903a", "530d903b"),
        VKEY[:-4],
        VKEY.replace("foo", "bar"),
        "+" + VKEY,
        VKEY.replace("example", "exa mple"),
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        VerifierKey.parse(text)


@given(st.binary(max_size=100))
def test_base64(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data


def test_the_verifier_imports_nothing_else() -> None:
    """It starts where neither the project nor any package is to be found."""
    found = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0
    assert "usage: verifier" in found.stdout
