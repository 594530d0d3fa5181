"""What is handed out: exports, bundles, proofs; that they verify, and that changed ones do not."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger.entries import Query
from custom_components.aiep_miner.engine.ledger.errors import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.export import export
from custom_components.aiep_miner.engine.ledger.importing import import_export
from custom_components.aiep_miner.engine.ledger.proofs import Prover
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import bundle, command_line, proof, tree
from custom_components.aiep_miner.engine.ledger.verifier import export as exported
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    VerifierKey,
    from_base64,
    to_base64,
)
from custom_components.aiep_miner.engine.ledger.verifier.report import Code, Known, NotALedgerError

from .samples import (
    OPERATOR,
    aged,
    change,
    decision,
    fill,
    keys,
    newest_note,
    pythons,
    run_verifier,
)
from .test_note import cosigned


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A ledger with pages, a dropped one, rows, and a decision that names its evidence."""
    store = aged(tmp_path_factory.mktemp("proofs") / "ledger.db")
    ts_ms = store.last_ts_ms + 1
    seq = store.head.seq
    named = {"telemetry": seq - 7, "price": seq - 8, "policy": 4, "divergences": [seq]}
    store.append([decision(ts_ms, action="run", **named)])
    store.checkpoint(ts_ms)
    yield store
    store.close()


@pytest.fixture
def note(store: Store) -> Note:
    return newest_note(store)


@pytest.fixture
def known(store: Store) -> Known:
    return keys(store)


@pytest.fixture
def reader(store: Store) -> Iterator[Reader]:
    with closing(Reader(Database(store.path))) as reader:
        yield reader


def decided(reader: Reader) -> int:
    """Return the seq of the newest decision that is an event with evidence."""
    query = Query(kinds=("decision",), newest_first=True, limit=1)
    return reader.select(query)[0].seq


def test_nothing_is_proven_from_a_block_that_was_changed(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"")
    store.connection.execute(f"VACUUM INTO '{path}'")
    change(path, "UPDATE blocks SET observations = CAST(replace(CAST(observations AS TEXT),"
           " 'board_0', 'board_9') AS BLOB)")  # fmt: skip
    with closing(Reader(Database(path))) as reader:
        seq = decided(reader)
        with pytest.raises(LedgerError, match="is not what its stored hash says") as caught:
            Prover(reader).bundle(seq, newest_note(store))
        assert caught.value.reason is LedgerReason.CORRUPT
        Prover(reader).proof_file(2000, newest_note(store))  # from a page


def test_the_index_names_a_record_that_is_not_there(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"")
    store.connection.execute(f"VACUUM INTO '{path}'")
    change(path, "UPDATE events SET block = block - 1 WHERE seq = (SELECT max(seq) FROM events)")
    with closing(Reader(Database(path))) as reader:
        seq = reader.last_seq()
        for look in (
            lambda: reader.entry(seq),
            lambda: reader.select(Query(kinds=("checkpoint",))),
        ):
            with pytest.raises(LedgerError, match=f"record {seq} is not in block"):
                look()


# Exports


def exported_to(
    path: Path, reader: Reader, note: Note, first: int = 0, last: int | None = None
) -> Path:
    end = Checkpoint.parse(note.text).size if last is None else last
    path.write_bytes(b"".join(export(reader, first, end, note)))
    return path


@pytest.mark.parametrize("python", list(pythons()))
def test_an_export_verifies(
    tmp_path: Path, reader: Reader, note: Note, known: Known, python: str
) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note)
    found = run_verifier(path, "--key", known.keys[0], python=python)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith("intact: export of 704 blocks, ")


@pytest.mark.parametrize("first", [1, 255, 256, 257, 512, 600, 700])
def test_the_end_of_a_ledger_verifies_alone(
    tmp_path: Path, reader: Reader, note: Note, known: Known, first: int
) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note, first)
    report = exported.verify(path, Known(keys=known.keys, checkpoints=(note,)))
    assert report.fault is None, report.line()
    assert (report.blocks, report.root) == (704, Checkpoint.parse(note.text).root)


def test_an_export_may_go_beyond_its_checkpoint(
    tmp_path: Path, reader: Reader, note: Note, known: Known
) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note, 600, 705)
    report = exported.verify(path, known)
    assert report.fault is None, report.line()
    assert report.blocks == 705


def test_there_are_no_such_blocks(reader: Reader, note: Note) -> None:
    for first, last in ((-1, 5), (5, 5), (0, 9999)):
        with pytest.raises(ValueError, match="no such blocks"):
            next(export(reader, first, last, note))


def test_each_changed_line_of_an_export_is_found(
    tmp_path: Path, reader: Reader, note: Note, known: Known
) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note)
    lines = path.read_bytes().splitlines(keepends=True)
    noise = random.Random(4)
    for _ in range(60):
        changed, place = [*lines], noise.randrange(len(lines))
        match noise.randrange(4):
            case 0:
                del changed[place]
            case 1:
                changed.insert(place, changed[place])
            case 2:
                other = noise.randrange(len(lines))
                if changed[place] == changed[other]:
                    continue
                changed[place], changed[other] = changed[other], changed[place]
            case _:
                at = noise.randrange(len(changed[place]) - 1)
                line = bytearray(changed[place])
                line[at] ^= 1 << noise.randrange(5)
                changed[place] = bytes(line)
        if changed == lines:
            continue
        path.write_bytes(b"".join(changed))
        try:
            report = exported.verify(path, Known(keys=known.keys, checkpoints=(note,)))
        except NotALedgerError:
            continue
        assert report.fault is not None, (place, changed[place])


def test_an_export_makes_a_ledger_again(tmp_path: Path, reader: Reader, note: Note) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note)
    made = import_export(path, tmp_path / "copy.db")
    assert made.fault is None
    assert made.root == Checkpoint.parse(note.text).root
    with closing(Reader(Database(tmp_path / "copy.db"))) as copy:
        for first, other in zip(reader.read(), copy.read(), strict=False):
            assert [entry.line for entry in first] == [entry.line for entry in other]
    with pytest.raises(FileExistsError):
        import_export(path, tmp_path / "copy.db")
    part = exported_to(tmp_path / "part.jsonl", reader, note, 600)
    with pytest.raises(ValueError, match="not whole"):
        import_export(part, tmp_path / "other.db")
    path.write_bytes(path.read_bytes().replace(b"miner-1", b"miner-2", 1))
    with pytest.raises(ValueError, match="block"):
        import_export(path, tmp_path / "other.db")
    (tmp_path / "junk").write_bytes(b"{}")
    with pytest.raises(ValueError, match="first line"):
        import_export(tmp_path / "junk", tmp_path / "other.db")
    assert not list(tmp_path.glob("other*"))


# Bundles


def bundled(tmp_path: Path, reader: Reader, note: Note) -> tuple[Path, dict]:
    made = Prover(reader).bundle(decided(reader), note)
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(made), "utf-8")
    return path, made


@pytest.mark.parametrize("python", list(pythons()))
def test_a_bundle_verifies(
    tmp_path: Path, reader: Reader, note: Note, known: Known, python: str
) -> None:
    path, made = bundled(tmp_path, reader, note)
    found = run_verifier(path, "--key", known.keys[0], python=python)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"decision {made['decision']} and all that it names" in found.stdout
    assert len(made["records"]) == 5


def test_a_bundle_shows_nothing_else(tmp_path: Path, reader: Reader, note: Note) -> None:
    path, made = bundled(tmp_path, reader, note)
    shown = {json.loads(item["record"])["seq"] for item in made["records"]}
    evidence = json.loads(made["records"][-1]["record"])["body"]["evidence"]
    named = {evidence["telemetry"], evidence["price"], evidence["policy"], *evidence["divergences"]}
    assert shown == named | {made["decision"]}
    assert path.stat().st_size < 20_000


def test_a_changed_bundle_does_not_verify(
    tmp_path: Path, reader: Reader, note: Note, known: Known
) -> None:
    path, made = bundled(tmp_path, reader, note)
    others = Prover(reader).bundle(decided(reader), note)

    def faults(change: str, known: Known = known) -> str:
        path.write_text(json.dumps(made), "utf-8")
        report = bundle.verify(path, known)
        assert report.fault is not None, change
        made.clear()
        made.update(json.loads(json.dumps(others)))
        return report.fault.code

    made["records"].pop(0)
    assert faults("a record is missing") == Code.EVIDENCE
    made["decision"] = made["records"][1]["seq"]
    assert faults("another record is the decision") == Code.EVIDENCE
    made["records"][0]["record"] = made["records"][0]["record"].replace('"ts":18', '"ts":19')
    assert faults("a value") == Code.PROOF
    for name in ("header", "path", "position", "records", "block", "part"):
        value = made["records"][0][name]
        made["records"][0][name] = [] if isinstance(value, list) else None
        assert faults(name) in (Code.PROOF, Code.EVIDENCE)
    made["records"][1]["position"] += 1
    assert faults("a place") == Code.PROOF
    made["operator_id"] = "other"
    assert faults("the operator") == Code.EVIDENCE
    made["checkpoint"] = made["checkpoint"].replace("\n704\n", "\n705\n")
    assert faults("the size") in (Code.PROOF, Code.SIGNATURE)
    wrong = VerifierKey(known.keys[0].name, 1, Signer(bytes(32)).public_key)
    assert faults("the key", Known(keys=(wrong,))) == Code.SIGNATURE


def test_what_has_no_bundle(store: Store, reader: Reader, note: Note) -> None:
    prover = Prover(reader)
    with pytest.raises(ValueError, match="no decision"):
        prover.bundle(1, note)
    with pytest.raises(ValueError, match="no decision"):
        prover.bundle(99_999, note)
    early = Signer(bytes(32)).sign(Checkpoint(store.origin, 5, store.root_at(5)))
    with pytest.raises(ValueError, match="not yet covered"):
        prover.bundle(decided(reader), early)
    wrong = Signer(bytes(32)).sign(Checkpoint(store.origin, 5, bytes(32)))
    with pytest.raises(ValueError, match="not of this log"):
        prover.bundle(decided(reader), wrong)


# Proofs


@pytest.mark.parametrize("seq", [4903, 4906, 2000, 3600, 4700])
def test_a_proof_verifies(
    tmp_path: Path, reader: Reader, note: Note, known: Known, seq: int
) -> None:
    path = tmp_path / "record.tlog-proof"
    entry = reader.entry(seq)
    if entry is None or seq == 4906:
        with pytest.raises(ValueError, match="record"):
            Prover(reader).proof_file(seq, note)
        return
    path.write_text(Prover(reader).proof_file(seq, note), "utf-8")
    (tmp_path / "line").write_bytes(entry.line + b"\n")
    for record in (entry.hash_hex, str(tmp_path / "line")):
        arguments = [str(path), "--key", str(known.keys[0]), "--record", record]
        assert command_line.main(arguments) == 0
    assert command_line.main([str(path), "--record", "00" * 32]) == 1
    wrong = VerifierKey(known.keys[0].name, 1, Signer(bytes(32)).public_key)
    assert command_line.main([str(path), "--key", str(wrong)]) == 1


def test_a_proof_is_the_specifications(reader: Reader, note: Note) -> None:
    text = Prover(reader).proof_file(decided(reader), note)
    lines = text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 703"
    path = [from_base64(line) for line in lines[3 : lines.index("")]]
    assert text.endswith("\n\n" + str(note))
    assert str(proof.ProofFile.parse(text.encode())) == text
    header = from_base64(json.loads(from_base64(lines[1][6:]))["header"])
    head = Checkpoint.parse(note.text)
    assert tree.root_from_inclusion(tree.leaf_hash(header), 703, 704, path) == head.root


def test_each_changed_byte_of_a_proof_is_found(
    tmp_path: Path, reader: Reader, note: Note, known: Known
) -> None:
    seq = decided(reader)
    entry = reader.entry(seq)
    assert entry is not None
    text = Prover(reader).proof_file(seq, note).encode()
    path = tmp_path / "record.tlog-proof"
    noise = random.Random(5)
    for _ in range(120):
        changed = bytearray(text)
        changed[noise.randrange(len(text))] ^= 1 << noise.randrange(8)
        path.write_bytes(changed)
        try:
            report = proof.verify(path, known, entry.hash_hex.encode())
        except NotALedgerError:
            continue
        assert report.fault is not None, bytes(changed)


def test_consistency_between_any_two_sizes(store: Store, reader: Reader) -> None:
    prover = Prover(reader)
    sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 600, 704, 705]
    for new in sizes:
        assert prover.root(new) == store.root_at(new)
        for old in (size for size in sizes if size <= new):
            path = prover.consistency(old, new)
            assert len(path) <= 63
            assert tree.is_consistent(old, new, store.root_at(old), store.root_at(new), path)
    with pytest.raises(ValueError, match="not yet"):
        prover.consistency(1, 706)


# Witnesses


def test_a_quorum_of_witnesses(tmp_path: Path, store: Store, reader: Reader, note: Note) -> None:
    path, made = bundled(tmp_path, reader, note)
    assert OPERATOR in str(note)
    other, key = cosigned(0x04)
    again, more = cosigned(0x06)
    assert other.text == again.text != note.text
    known = Known(keys=keys(store).keys, witnesses=(key, more), quorum=1)
    report = bundle.verify(path, known)
    assert report.fault is not None
    assert "0 of the witnesses cosigned, 1 are needed" in str(report.fault)
    with_lines = Note(note.text, (*note.signatures, other.signatures[-1]))
    made["checkpoint"] = str(with_lines)
    path.write_text(json.dumps(made), "utf-8")
    report = bundle.verify(path, known)  # the line is of another note
    assert report.fault is not None
    assert "does not fit" in str(report.fault)


def test_the_command_line_names_what_it_cannot_read(tmp_path: Path) -> None:
    for arguments in (
        ["x", "--key", "nonsense"],
        ["x", "--checkpoint", str(tmp_path / "none")],
        ["x", "--witness", "a+b+c"],
        ["x", "--record", str(tmp_path / "none")],
    ):
        found = run_verifier(*arguments)
        assert found.returncode == 2
        assert "is not a" in found.stderr
    assert run_verifier(tmp_path / "none").returncode == 2
    assert to_base64(b"") == ""


def test_a_ledger_may_grow_after_an_export(
    tmp_path: Path, store: Store, reader: Reader, note: Note
) -> None:
    path = exported_to(tmp_path / "export.jsonl", reader, note, 700)
    head = store.head
    fill(store, 1, first=900)
    assert store.head.blocks == head.blocks + 1
    assert exported.verify(path, keys(store)).fault is None
