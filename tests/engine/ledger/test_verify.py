"""The stand-alone verifier: what it says, and that no file upsets it."""

import ast
import contextlib
import hashlib
import io
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import FaultCode, Head, LedgerStore, verify
from tests.engine.ledger_samples import (
    OPERATOR,
    START_MS,
    VERIFIER,
    aged,
    fill,
    old_pythons,
    price,
    run_verifier,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Head]:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    return path, aged(path)


@pytest.fixture
def ledger(sound: tuple[Path, Head], tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    shutil.copyfile(sound[0], path)
    return path


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def status(*arguments: object) -> int:
    """Run the verifier in this process; whatever happens, it may not raise."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        return verify.main([str(argument) for argument in arguments])


def test_it_is_one_file_that_old_pythons_can_read() -> None:
    tree = ast.parse(VERIFIER.read_text("utf-8"), feature_version=(3, 11))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("python", [sys.executable, *old_pythons()])
def test_exit_0_with_count_and_head(sound: tuple[Path, Head], ledger: Path, python: str) -> None:
    head = sound[1]
    result = run_verifier(ledger, "--head", head, python=python)
    assert result.returncode == 0, result.stderr
    first, *notes = result.stdout.splitlines()
    assert first == f"intact: ledger of {head.seq} records, head {head}"
    assert len(notes) == 2
    assert "bodies were pruned" in notes[0]
    assert result.stderr == ""


@pytest.mark.parametrize("python", [sys.executable, *old_pythons()])
def test_exit_1_with_the_first_bad_seq_and_the_reason(ledger: Path, python: str) -> None:
    edit(ledger, "UPDATE records SET ts = ts + 1 WHERE seq IN (1234, 1500)")
    result = run_verifier(ledger, python=python)
    assert result.returncode == 1
    assert result.stdout.startswith("NOT INTACT at seq 1234: hash: ")


def test_exit_2_when_it_is_no_ledger(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    edit(other, "CREATE TABLE records (seq INTEGER PRIMARY KEY)")
    text = tmp_path / "notes.txt"
    text.write_text("dear diary")
    empty = tmp_path / "empty"
    empty.touch()
    objects = tmp_path / "objects.jsonl"
    objects.write_text('{"format":"aiep-ledger/1"}\n')
    for path in (other, text, empty, objects, tmp_path, tmp_path / "none"):
        result = run_verifier(path)
        assert result.returncode == 2
        assert result.stdout == ""
        assert result.stderr.startswith("not a ledger: ")
    for option, wanted in (("--head", "SEQ:HASH"), ("--key", "public key")):
        result = run_verifier(other, option, "nonsense")
        assert result.returncode == 2
        assert wanted in result.stderr


@pytest.mark.parametrize(
    ("statements", "seq", "code"),
    [
        (["DELETE FROM records WHERE seq = 100"], 100, FaultCode.GAP),
        (["DELETE FROM records WHERE seq = 1"], 1, FaultCode.GAP),
        (["UPDATE records SET seq = 0 WHERE seq = 1"], 1, FaultCode.GAP),
        (["UPDATE records SET seq = -5 WHERE seq = 700"], 1, FaultCode.GAP),
        (["UPDATE records SET seq = 9000 WHERE seq = 2004"], 2004, FaultCode.GAP),
        (["UPDATE records SET ts = 1 WHERE seq = 50"], 50, FaultCode.TS_DECREASES),
        (["UPDATE records SET ts = ts + 1 WHERE seq = 50"], 50, FaultCode.HASH),
        (["UPDATE records SET kind = 'price' WHERE seq = 4"], 4, FaultCode.HASH),
        (["UPDATE records SET subject = '' WHERE seq = 4"], 4, FaultCode.HASH),
        (["UPDATE records SET body = '{}' WHERE seq = 4"], 4, FaultCode.BODY_HASH),
        (["UPDATE records SET body_hash = zeroblob(32) WHERE seq = 1"], 1, FaultCode.HASH),
        (["UPDATE records SET hash = zeroblob(32) WHERE seq = 9"], 9, FaultCode.HASH),
        (["UPDATE records SET hash = '' WHERE seq = 9"], 9, FaultCode.HASH),
        (["UPDATE records SET codec = 'zstd' WHERE seq = 4"], 4, FaultCode.MALFORMED),
        (["UPDATE records SET codec = 'deflate:1' WHERE seq = 4"], 4, FaultCode.MALFORMED),
        (["UPDATE records SET body = NULL WHERE seq = 4"], 4, FaultCode.BODY_MISSING),
        (["UPDATE records SET kind = printf('%70000d', 1) WHERE seq = 4"], 4, FaultCode.MALFORMED),
        (["UPDATE meta SET value = '1' WHERE key = 'created_ms'"], 1, FaultCode.CREATED),
        (["DELETE FROM meta WHERE key = 'created_ms'"], 1, FaultCode.CREATED),
        (["UPDATE meta SET value = 'else' WHERE key = 'operator_id'"], 1, FaultCode.HASH),
    ],
)
def test_each_fault_is_named(
    ledger: Path, statements: list[str], seq: int, code: FaultCode
) -> None:
    statements = [statement.replace("body = '{}'", "body = x'7b7d'") for statement in statements]
    statements = [statement.replace("hash = ''", "hash = x''") for statement in statements]
    edit(ledger, *statements)
    fault = verify.verify(ledger, {}).fault
    assert fault is not None
    assert (fault.seq, fault.code) == (seq, code)


def test_a_head_given_is_compared(tmp_path: Path) -> None:
    store = LedgerStore.open(tmp_path / "ledger.db", OPERATOR)
    fill(store, 300)
    head, early = store.head, Head(1000, store.get(1000).hash)
    store.close()
    edit(store.path, "DELETE FROM records WHERE seq > 1990")
    assert status(store.path) == 0
    assert status(store.path, "--head", early) == 0
    assert status(store.path, "--head", head) == 1
    assert status(store.path, "--head", early, "--head", head) == 1
    missing = verify.verify(store.path, {head.seq: head.hash}).fault
    assert (missing.seq, missing.code) == (1991, FaultCode.HEAD_MISSING)
    wrong = verify.verify(store.path, {1000: bytes(32)}).fault
    assert (wrong.seq, wrong.code) == (1000, FaultCode.HEAD_DIFFERS)
    assert verify.verify(store.path, {0: verify.genesis(OPERATOR)}).fault is None
    assert verify.verify(store.path, {0: bytes(32)}).fault.code is FaultCode.HEAD_DIFFERS


def test_a_hidden_deletion_behind_a_wrong_index_is_found(ledger: Path) -> None:
    """The verifier walks the table itself and believes no index."""
    edit(
        ledger,
        "DROP INDEX records_by_kind",
        "CREATE INDEX records_by_kind ON records (seq, ts, kind, subject)",
        "DELETE FROM records WHERE seq = 77",
    )
    assert verify.verify(ledger, {}).fault.seq == 77


HOSTILE = [
    # a view that never ends
    """CREATE VIEW records AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT i AS seq, 0 AS ts, '' AS kind, '' AS subject, 'raw' AS codec, x'' AS body,
    x'' AS body_hash, x'' AS hash FROM n""",
    # a column that is computed
    """CREATE TABLE records (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, codec TEXT NOT NULL, body BLOB AS (zeroblob(1 << 30)),
    body_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT""",
    # not strict
    """CREATE TABLE records (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, codec TEXT NOT NULL, body BLOB, body_hash BLOB NOT NULL,
    hash BLOB NOT NULL)""",
    "CREATE TABLE other (x)",
]


@pytest.mark.parametrize("statement", HOSTILE)
def test_hostile_tables_are_no_ledgers(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "hostile.db"
    edit(
        path,
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        "INSERT INTO meta VALUES ('format', 'aiep-ledger/1'), ('operator_id', 'x')",
        statement,
    )
    assert run_verifier(path).returncode == 2


def test_meta_that_is_no_table_of_texts(ledger: Path) -> None:
    edit(ledger, "DROP TABLE meta", "CREATE TABLE meta (key, value)")
    assert status(ledger) == 2
    edit(ledger, "INSERT INTO meta VALUES ('format', x'00'), (7, 8)")
    assert status(ledger) == 2
    edit(
        ledger,
        "DELETE FROM meta",
        "INSERT INTO meta VALUES ('format', 'aiep-ledger/1'), ('operator_id', 5.5)",
    )
    assert status(ledger) in (1, 2)


def test_a_body_too_large_is_told_not_read(ledger: Path) -> None:
    edit(ledger, "UPDATE records SET body = zeroblob(20000000) WHERE seq = 1995")
    result = run_verifier(ledger)
    assert result.returncode == 1
    assert "seq 1995: unreadable" in result.stdout


def test_texts_that_are_no_utf_8_are_told(ledger: Path) -> None:
    edit(ledger, "UPDATE records SET subject = CAST(x'ff00fe' AS TEXT) WHERE seq = 1995")
    fault = verify.verify(ledger, {}).fault
    assert (fault.seq, fault.code) == (1995, FaultCode.UNREADABLE)


def test_fuzzed_files_never_upset_it(sound: tuple[Path, Head], tmp_path: Path) -> None:
    """Random damage anywhere in the file: 0, 1 or 2, and 0 only if all records are as they were."""
    original = sound[0].read_bytes()
    path, chance = tmp_path / "fuzzed.db", random.Random(7)
    for _ in range(150):
        data = bytearray(original)
        for _ in range(chance.choice([1, 1, 5, 100])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        for left in tmp_path.glob("fuzzed.db-*"):
            left.unlink()
        assert status(path, "--head", sound[1]) in (0, 1, 2)


HEADER = b'{"format":"aiep-ledger/1","operator_id":"x","from_seq":1,"prev_hash":"%b"}\n'


GENESIS = verify.genesis("x").hex().encode()
HOSTILE_EXPORTS = {
    "brace": b"{",
    "object": b"{}",
    "nested": b"{" * 100_000,
    "format": b'{"format":"aiep-ledger/2","operator_id":"x","from_seq":1,"prev_hash":""}',
    "from_seq": b'{"format":"aiep-ledger/1","operator_id":"x","from_seq":0,"prev_hash":""}',
    "types": b'{"format":"aiep-ledger/1","operator_id":"x","from_seq":[],"prev_hash":""}',
    "hash": b'{"format":"aiep-ledger/1","operator_id":"x","from_seq":1,"prev_hash":"xyz"}',
    "utf-8": b'{"format":"aiep-ledger/1","operator_id":"\xff","from_seq":1,"prev_hash":""}',
    "genesis": HEADER % (b"00" * 32),
    "zeros": HEADER % GENESIS + b"\0" * 1000,
    "endless line": HEADER % GENESIS + b"{" * 20_000_000,
    "surrogate": HEADER % GENESIS
    + b'{"seq":1,"ts":1,"kind":"\\ud800","subject":"x","body":null,"body_hash":"%b","hash":"%b"}'
    % (b"0" * 64, b"0" * 64),
    "ts": HEADER
    % GENESIS
    + b'{"seq":1,"ts":9999999999999999999,"kind":"x","subject":"x","body":{},"body_hash":"%b",'
    b'"hash":"%b"}' % (hashlib.sha256(b"{}").hexdigest().encode(), b"0" * 64),
}


@pytest.mark.parametrize("text", HOSTILE_EXPORTS.values(), ids=HOSTILE_EXPORTS)
def test_hostile_exports_never_upset_it(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(text)
    result = run_verifier(path)
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr


def test_it_verifies_while_the_ledger_is_written(tmp_path: Path) -> None:
    store = LedgerStore.open(tmp_path / "ledger.db", OPERATOR)
    fill(store, 300)
    process = subprocess.Popen(
        [sys.executable, VERIFIER, store.path, "--head", str(store.head)], stdout=subprocess.PIPE
    )
    while process.poll() is None:
        store.append([price(store.last_ts_ms)])
    assert process.returncode == 0, process.stdout.read()
    process.stdout.close()
    store.close()


def test_it_leaves_nothing_behind(ledger: Path) -> None:
    assert status(ledger) == 0
    assert [path.name for path in ledger.parent.iterdir()] == ["ledger.db"]


def test_a_writer_that_comes_meanwhile_is_no_fault(
    sound: tuple[Path, Head], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file opened as one that nobody writes is read again once somebody does."""
    begun = []
    advance = verify.Database.advance

    def interrupted(self: verify.Database, chain: verify.Chain, limit: int = 10):
        if not begun:
            begun.append(LedgerStore.open(ledger, OPERATOR))
            begun[0].append([price(START_MS)])
            return verify.Fault(1, FaultCode.UNREADABLE), True
        return advance(self, chain, limit)

    monkeypatch.setattr(verify.Database, "advance", interrupted)
    report = verify.verify(ledger, {sound[1].seq: sound[1].hash})
    assert report.fault is None
    assert report.count == sound[1].seq + 1
    begun[0].close()


def test_a_locked_file_is_no_verdict(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes says nothing about the ledger: exit 2, and no fault."""
    edit(ledger, "PRAGMA journal_mode = DELETE")
    connect = verify.connect_read_only

    def impatient(path: Path) -> sqlite3.Connection:
        path.with_name(f"{path.name}-wal").touch()  # so that locks count
        connection = connect(path)
        connection.execute("PRAGMA busy_timeout = 20")
        return connection

    monkeypatch.setattr(verify, "connect_read_only", impatient)
    database = verify.Database(ledger)
    chain = database.chain({}, None)
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            database.advance(chain)
        other.execute("ROLLBACK")
    assert database.advance(chain) == (None, False)
    database.close()
