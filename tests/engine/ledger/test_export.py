"""Exports, imports and evidence bundles: each verifiable on its own."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import (
    LedgerError,
    LedgerStore,
    Query,
    generate_key,
    import_export,
    public_key,
    verify,
)
from custom_components.aiep_miner.engine.ledger.export import bundle, export
from custom_components.aiep_miner.engine.ledger.retention import maintain
from custom_components.aiep_miner.engine.ledger.signing import checkpoint
from custom_components.aiep_miner.engine.records import RecordKind
from tests.engine.ledger_samples import (
    DAY_MS,
    OPERATOR,
    PRIVATE_KEY,
    aged,
    contents,
    decided,
    fill,
    old_pythons,
    run_verifier,
)


@pytest.fixture
def store(tmp_path: Path):
    """A ledger with raw, compressed and pruned bodies and a signed checkpoint."""
    path = tmp_path / "ledger.db"
    aged(path)
    store = LedgerStore.open(path, OPERATOR)
    yield store
    store.close()


def written(path: Path, blocks) -> Path:
    path.write_bytes(b"".join(blocks))
    return path


def test_an_export_is_as_the_format_says(store: LedgerStore, tmp_path: Path) -> None:
    lines = written(tmp_path / "export.jsonl", export(store)).read_text().splitlines()
    header, first, *_ = map(json.loads, lines)
    assert header == {
        "format": "aiep-ledger/1",
        "operator_id": OPERATOR,
        "from_seq": 1,
        "prev_hash": verify.genesis(OPERATOR).hex(),
    }
    stored = store.get(1)
    assert list(first) == ["seq", "ts", "kind", "subject", "body", "body_hash", "hash"]
    assert (first["seq"], first["ts"], first["kind"]) == (1, stored.ts_ms, "price")
    assert first["body"] is None  # pruned
    last = json.loads(lines[-3])
    assert last["body"] == json.loads(store.get(last["seq"]).body)
    assert (last["body_hash"], last["hash"]) == (
        store.get(last["seq"]).body_hash.hex(),
        store.get(last["seq"]).hash.hex(),
    )
    assert len(lines) == store.head.seq + 1


@pytest.mark.parametrize("python", [None, *old_pythons()])
def test_an_export_verifies(store: LedgerStore, tmp_path: Path, python: str | None) -> None:
    arguments = {"python": python} if python else {}
    path = written(tmp_path / "export.jsonl", export(store))
    result = run_verifier(path, "--head", store.head, "--key", KEY.hex(), **arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"export of {store.head.seq} records, head {store.head}" in result.stdout
    assert "1 signed checkpoints fit the key" in result.stdout


KEY = public_key(PRIVATE_KEY)


def test_compression_does_not_show(tmp_path: Path) -> None:
    """Exports and bundles are the same, byte for byte, however the bodies are stored."""
    handed_out = []
    for name in ("raw", "compressed"):
        store = LedgerStore.open(tmp_path / f"{name}.db", OPERATOR)
        fill(store, 60)
        if name == "compressed":
            maintain(store, store.last_ts_ms, 365 * DAY_MS)
        seq = decided(store, store.last_ts_ms)
        fill(store, 10, first=61, seed=2)
        handed_out.append([b"".join(export(store)), b"".join(bundle(store, seq))])
        codecs = {codec for (codec,) in store.execute("SELECT DISTINCT codec FROM records")}
        assert codecs == ({"raw"} if name == "raw" else {"raw", "deflate:1"})
        store.close()
    assert handed_out[0] == handed_out[1]


def test_a_part_of_a_ledger_verifies_too(store: LedgerStore, tmp_path: Path) -> None:
    path = written(tmp_path / "part.jsonl", export(store, 700, 1500))
    report = verify.verify(path, {})
    assert (report.fault, report.count, report.chain.seq) == (None, 801, 1500)
    assert verify.verify(path, {store.head.seq: store.head.hash}).fault is not None
    early = written(tmp_path / "early.jsonl", export(store, 100, 300))
    report = verify.verify(early, {})  # its bodies were pruned; a record beyond it says so
    assert (report.fault, report.count) == (None, 201)
    assert any("bodies were pruned" in line for line in report.lines())
    assert run_verifier(path, "--head", f"699:{'00' * 32}").returncode == 2
    with pytest.raises(ValueError, match="first record is 1"):
        next(export(store, 0))


def test_every_changed_byte_of_an_export_is_found(store: LedgerStore, tmp_path: Path) -> None:
    path = written(tmp_path / "part.jsonl", export(store, 1900, 1999))
    original, head = path.read_bytes(), {1999: store.get(1999).hash}
    chance = random.Random(5)
    for _ in range(300):
        changed = bytearray(original)
        position = chance.randrange(len(changed))
        changed[position] ^= chance.randint(1, 255)
        path.write_bytes(changed)
        try:
            fault = verify.verify(path, head).fault
        except verify.NotALedgerError:
            continue
        is_label = position < original.index(b"\n")
        assert fault is not None or is_label, (position, changed[position - 20 : position + 20])


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: lines[:-1],
        lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:-1], lines[-1][:-20]],
        lambda lines: [*lines[:9], b"{}", *lines[10:]],
        lambda lines: [*lines[:9], b"", *lines[10:]],
        lambda lines: [lines[0].replace(b'"from_seq":1,', b'"from_seq":2,'), *lines[2:]],
        lambda lines: [lines[0].replace(OPERATOR.encode(), b"somebody"), *lines[1:]],
        lambda lines: [lines[0].replace(b'"prev_hash":"', b'"prev_hash":"00')[:-4], *lines[1:]],
    ],
)
def test_edited_exports_are_not_intact(
    store: LedgerStore, tmp_path: Path, edit: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = written(tmp_path / "export.jsonl", export(store))
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join(edit(lines)) + b"\n")
    result = run_verifier(path, "--head", store.head)
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr


# Import


def test_an_import_gives_the_same_ledger(store: LedgerStore, tmp_path: Path) -> None:
    path = written(tmp_path / "export.jsonl", export(store))
    target = tmp_path / "imported" / "ledger.db"
    assert import_export(path, target) == store.head
    assert contents(target) == contents(store.path)
    assert verify.verify(target, {store.head.seq: store.head.hash}).fault is None
    again = LedgerStore.open(target, OPERATOR, known_head=store.head)
    assert (again.recovery, again.fault) == (None, None)
    fill(again, 1, first=2000)
    assert verify.verify(target, {again.head.seq: again.head.hash}).fault is None
    again.close()
    with pytest.raises(FileExistsError):
        import_export(path, target)


@pytest.mark.parametrize(
    ("first", "spoil"),
    [
        (2, lambda data: data),
        (1, lambda data: data.replace(b'"mining":true', b'"mining":null', 1)),
        (1, lambda data: data[:-30]),
        (1, lambda data: b"nothing of the kind"),
        (1, lambda data: b"".join(data.splitlines(keepends=True)[:400])),  # pruned, not said
    ],
)
def test_what_does_not_verify_is_not_imported(
    store: LedgerStore, tmp_path: Path, first: int, spoil: Callable[[bytes], bytes]
) -> None:
    path = written(tmp_path / "export.jsonl", export(store, first))
    path.write_bytes(spoil(path.read_bytes()))
    target = tmp_path / "imported" / "ledger.db"
    with pytest.raises(ValueError):  # noqa: PT011 (any of several reasons)
        import_export(path, target)
    assert not target.exists()


# Evidence bundles


@pytest.fixture
def decision(store: LedgerStore) -> int:
    """A decision with its evidence, and records after it."""
    seq = decided(store, store.last_ts_ms)
    fill(store, 5, first=1000)
    checkpoint(store, store.last_ts_ms, PRIVATE_KEY)
    return seq


@pytest.mark.parametrize("python", [None, *old_pythons()])
def test_a_bundle_verifies_on_its_own(
    store: LedgerStore, tmp_path: Path, decision: int, python: str | None
) -> None:
    path = written(tmp_path / "bundle.jsonl", bundle(store, decision))
    arguments = {"python": python} if python else {}
    result = run_verifier(path, "--head", store.head, "--key", KEY.hex(), **arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"head {store.head}" in result.stdout
    assert "fit the key" in result.stdout


def test_a_bundle_holds_what_it_should_and_no_more(
    store: LedgerStore, tmp_path: Path, decision: int
) -> None:
    path = written(tmp_path / "bundle.jsonl", bundle(store, decision))
    header, *records = map(json.loads, path.read_text().splitlines())
    assert (header["decision"], header["named"]) == (store.get(decision).hash_hex, 4)
    assert [record["kind"] for record in records[:4]] == ["policy", "telemetry", "price", "profit"]
    assert all(record["body"] for record in records[:4])
    assert [record["seq"] for record in records[4:]] == list(range(decision, store.head.seq + 1))
    assert {record["kind"] for record in records[4:] if record["body"]} == {
        "decision",
        "receipt",
        "checkpoint",
    }


def test_a_suppressed_decisions_bundle_holds_the_negative_proof(
    store: LedgerStore, tmp_path: Path
) -> None:
    seq = decided(store, store.last_ts_ms, authorised=False)
    path = written(tmp_path / "bundle.jsonl", bundle(store, seq))
    assert b'"rule":"manual_mode"' in path.read_bytes()
    assert verify.verify(path, {}).fault is None


def test_a_bundle_says_when_evidence_was_pruned(store: LedgerStore, tmp_path: Path) -> None:
    seq = decided(store, store.last_ts_ms)
    store.execute("UPDATE records SET body = NULL, codec = 'raw' WHERE seq = ?", (seq - 3,))
    path = written(tmp_path / "bundle.jsonl", bundle(store, seq))
    assert verify.verify(path, {}).fault is None


def _tamper(lines: list[bytes], index: int, old: bytes, new: bytes) -> list[bytes]:
    assert old in lines[index]
    return [*lines[:index], lines[index].replace(old, new, 1), *lines[index + 1 :]]


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: [lines[0], *lines[2:]],  # evidence left out, count not corrected
        lambda lines: [lines[0].replace(b'"named":4', b'"named":3'), *lines[2:]],
        lambda lines: [lines[0].replace(b'"named":4', b'"named":-4'), *lines[2:]],
        lambda lines: _tamper(lines, 2, b'"mining":true', b'"mining":null'),
        lambda lines: _tamper(lines, 1, b'"kind":"policy"', b'"kind":"price"'),
        lambda lines: _tamper(lines, 5, b'"action":"stop"', b'"action":"hold"'),
        lambda lines: [*lines[:5], *lines[6:]],  # the decision itself
        lambda lines: lines[:5],
        lambda lines: [*lines[:7], *lines[8:]],
        lambda lines: lines[:-1],
    ],
)
def test_edited_bundles_are_not_intact(
    store: LedgerStore, tmp_path: Path, decision: int, edit: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = written(tmp_path / "bundle.jsonl", bundle(store, decision))
    lines = edit(path.read_bytes().splitlines())
    path.write_bytes(b"\n".join(lines) + b"\n")
    result = run_verifier(path, "--head", store.head)
    assert result.returncode in (1, 2), result.stdout
    assert "Traceback" not in result.stderr


def test_only_decisions_have_bundles(store: LedgerStore, decision: int) -> None:
    for seq in (decision - 1, 0, 99_999):
        with pytest.raises(ValueError, match="no decision"):
            next(bundle(store, seq))


def test_missing_evidence_is_told(store: LedgerStore, decision: int) -> None:
    store.execute("UPDATE records SET hash = zeroblob(32) WHERE seq = ?", (decision - 2,))
    with pytest.raises(LedgerError, match=r"price record \w+ is missing"):
        list(bundle(store, decision))


def test_a_bundle_of_a_decision_without_evidence(store: LedgerStore, tmp_path: Path) -> None:
    hold = store.query(Query(kinds=(RecordKind.DECISION,), limit=1))[0]
    path = written(tmp_path / "bundle.jsonl", bundle(store, hold.seq))
    report = verify.verify(path, {store.head.seq: store.head.hash})
    assert (report.fault, report.what) == (None, "bundle")


def test_keys_are_random() -> None:
    assert generate_key() != generate_key()
    assert len(public_key(generate_key())) == 32
