"""The worked example of docs/ledger-format.md, recomputed with hashlib alone and with our code."""

import base64
import struct
from hashlib import sha256
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger.entries import Draft
from custom_components.aiep_miner.engine.ledger.store import Store

from .samples import OPERATOR, SIGNER, verify

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ledger-format.md"
SEGMENT = "5eed0001"
TS_MS = 1_800_000_000_000
DRAFTS = [
    Draft("price", OPERATOR, TS_MS, {"currency": "EUR", "energy_price_per_kwh": 0.08}),
    Draft("lifecycle", OPERATOR, TS_MS + 5, {"event": "start", "version": "0.1.0"}),
]
LINES = [
    (
        b'{"body":{"currency":"EUR","energy_price_per_kwh":0.08},"kind":"price","seq":1,'
        b'"subject":"01JD0000000000000000000000","ts":1800000000000}'
    ),
    (
        b'{"body":{"event":"start","version":"0.1.0"},"kind":"lifecycle","seq":2,'
        b'"subject":"01JD0000000000000000000000","ts":1800000000005}'
    ),
]


def example() -> dict[str, str]:
    """Return what the page shows, computed as it says."""
    roots = [sha256(b"\0" + line).digest() for line in LINES]
    previous = sha256(f"aiep-ledger/2\n{OPERATOR}\n{SEGMENT}".encode()).digest()
    header = struct.pack(">QQIIq", 0, 1, 1, 1, TS_MS + 5) + roots[0] + roots[1] + previous
    block = sha256(b"\0" + header).digest()
    origin = f"aiep-miner/{OPERATOR}/{SEGMENT}"
    text = f"{origin}\n1\n{base64.b64encode(block).decode()}\n"
    key = SIGNER.public_key
    key_id = sha256(f"{origin}\n".encode() + b"\1" + key).digest()[:4]
    signature = SIGNER._key.sign(text.encode())
    line = f"\N{EM DASH} {origin} {base64.b64encode(key_id + signature).decode()}"
    return {
        "price": LINES[0].decode(),
        "lifecycle": LINES[1].decode(),
        "observations root": roots[0].hex(),
        "events root": roots[1].hex(),
        "previous": previous.hex(),
        "header": "\n".join(header.hex()[at : at + 64] for at in range(0, 256, 64)),
        "block": block.hex(),
        "checkpoint": f"{text}\n{line}\n",
        "vkey": f"{origin}+{key_id.hex()}+{base64.b64encode(bytes([1]) + key).decode()}",
    }


@pytest.mark.parametrize("name", list(example()))
def test_the_page_shows_the_example(name: str) -> None:
    assert example()[name] in PAGE.read_text("utf-8")


def test_our_code_writes_the_example(tmp_path: Path) -> None:
    store = Store(tmp_path / "ledger.db", OPERATOR, SIGNER).create(SEGMENT, TS_MS)
    entries = store.append(DRAFTS)
    wanted = example()
    assert [entry.line for entry in entries] == LINES
    assert store.head.hash.hex() == wanted["block"]
    signed = store.checkpoint(TS_MS + 5)
    assert signed.body["note"] == wanted["checkpoint"]
    assert str(store.signer.verifier_key(store.origin)) == wanted["vkey"]
    store.close()
    assert verify(tmp_path / "ledger.db").fault is None
