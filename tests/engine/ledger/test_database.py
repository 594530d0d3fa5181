"""Verification of a ledger's file: each sort of damage and tampering is found where it begins."""

import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import pages
from custom_components.aiep_miner.engine.ledger.entries import Draft
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import tree
from custom_components.aiep_miner.engine.ledger.verifier.blocks import Header, part_root
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import Checkpoint, Note
from custom_components.aiep_miner.engine.ledger.verifier.report import Code, Known, NotALedgerError

from .samples import (
    INTERVAL_MS,
    OPERATOR,
    SIGNER,
    START_MS,
    aged,
    change,
    fill,
    keys,
    newest_note,
    pythons,
    run_verifier,
    seal,
    telemetry,
    verify,
    written,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger with a dropped page, a page and rows."""
    path = tmp_path_factory.mktemp("aged") / "ledger.db"
    aged(path).close()
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    copy = tmp_path / "ledger.db"
    copy.write_bytes(whole.read_bytes())
    return copy


def test_an_untouched_ledger_is_intact(path: Path) -> None:
    with closing(Database(path)) as database:
        counts = [
            database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("pages", "blocks")
        ]
        dropped = database.connection.execute("SELECT count(dropped) FROM pages").fetchone()[0]
    report = verify(path)
    assert report.fault is None, report.line()
    assert (counts[0], dropped) == (2, 1)
    assert report.blocks == 512 + counts[1] == 700 + 3
    assert report.records == 700 * 7 + 3


@pytest.mark.parametrize("python", list(pythons()))
def test_the_stand_alone_verifier_says_so_too(path: Path, python: str) -> None:
    store = Store(path, OPERATOR, SIGNER).connect()
    key = keys(store).keys[0]
    store.close()
    found = run_verifier(path, "--key", key, python=python)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("intact: ledger of 703 blocks, 4903 records, root ")
    assert "2 checkpoints fit the key" in found.stdout
    change(path, "UPDATE blocks SET ts = ts + 1 WHERE number = 600")
    found = run_verifier(path, python=python)
    assert found.returncode == 1
    assert found.stdout.startswith("NOT INTACT: ledger: block 600")
    (path.parent / "junk").write_bytes(b"junk")
    assert run_verifier(path.parent / "junk", python=python).returncode == 2


def relined(path: Path, number: int, edit: Callable[[bytes], bytes], column: str) -> None:
    """Change the payload of a row's part."""
    with closing(Database(path)) as database:
        row = database.connection.execute(
            f"SELECT {column} FROM blocks WHERE number = ?", (number,)
        ).fetchone()
    change(path, f"UPDATE blocks SET {column} = ? WHERE number = {number}", values=[edit(row[0])])


OBS = "observations"
ROW = 650
EDITS: list[tuple[str, Callable[[bytes], bytes], str, str]] = [
    (
        "a value",
        lambda data: data.replace(b"profit_per_day", b"profit_per_dax", 1),
        OBS,
        Code.STORED,
    ),
    ("a space", lambda data: data.replace(b'":', b'": ', 1), OBS, Code.LINE),
    ("no object", lambda _: b"[]\n", OBS, Code.LINE),
    ("no newline", lambda data: data[:-1], OBS, Code.LINE),
    ("a line is gone", lambda data: data[data.index(b"\n") + 1 :], OBS, Code.SEQ),
    ("a line twice", lambda data: data[: data.index(b"\n") + 1] + data, OBS, Code.SEQ),
    ("all are gone", lambda _: b"", OBS, Code.EMPTY),
    ("a time", lambda data: data.replace(b'"ts":18000', b'"ts":17000', 1), OBS, Code.TS),
    ("a kind", lambda data: data.replace(b'"price"', b'"policy"', 1), OBS, Code.PART),
    ("bytes", lambda data: b"\xff" + data, OBS, Code.LINE),
]


@pytest.mark.parametrize(("what", "edit", "column", "code"), EDITS, ids=[item[0] for item in EDITS])
def test_a_changed_row_is_named(
    path: Path, what: str, edit: Callable[[bytes], bytes], column: str, code: str
) -> None:
    relined(path, ROW, edit, column)
    fault = verify(path).fault
    assert fault is not None, what
    assert (fault.block, fault.code) == (ROW, code), str(fault)


STATEMENTS = [
    ("UPDATE blocks SET hash = zeroblob(32) WHERE number = 650", 650, Code.STORED),
    ("UPDATE blocks SET first_seq = first_seq + 1 WHERE number = 650", 650, Code.STORED),
    ("UPDATE blocks SET codec = 'deflate' WHERE number = 650", 650, Code.LINE),
    ("UPDATE blocks SET codec = 'zip' WHERE number = 650", 650, Code.LINE),
    ("DELETE FROM blocks WHERE number = 650", 650, Code.NUMBER),
    ("DELETE FROM blocks WHERE number = 512", 512, Code.NUMBER),
    ("DELETE FROM blocks WHERE number = 702", 701, Code.INDEX),
    (("INSERT INTO blocks SELECT 3, ts, first_seq, codec, observations, events, hash FROM blocks"
     " WHERE number = 650"), 3, Code.NUMBER),
    (("INSERT INTO blocks SELECT -3, ts, first_seq, codec, observations, events, hash FROM blocks"
     " WHERE number = 650"), 0, Code.NUMBER),
    ("UPDATE pages SET root = zeroblob(32) WHERE page = 1", 256, Code.PAGE),
    ("UPDATE pages SET hash = zeroblob(32) WHERE page = 1", 256, Code.PAGE),
    ("UPDATE pages SET first_ts = first_ts - 1 WHERE page = 1", 256, Code.PAGE),
    ("UPDATE pages SET last_ts = last_ts + 1 WHERE page = 1", 256, Code.PAGE),
    ("UPDATE pages SET first_seq = first_seq + 1 WHERE page = 1", 256, Code.PAGE),
    ("UPDATE pages SET last_seq = last_seq - 1 WHERE page = 0", 0, Code.PAGE),
    ("DELETE FROM pages WHERE page = 0", 0, Code.NUMBER),
    ("DELETE FROM pages WHERE page = 1", 256, Code.NUMBER),
    ("UPDATE pages SET observations = substr(observations, 1, 1000) WHERE page = 1", None, Code.LINE),
    ("UPDATE pages SET observations = CAST(observations || x'00' AS BLOB) WHERE page = 1", None, Code.LINE),
    ("UPDATE pages SET observations = NULL WHERE page = 1", 256, Code.LINE),
    ("UPDATE pages SET dropped = substr(dropped, 2) WHERE page = 0", 0, Code.LINE),
    ("DELETE FROM events WHERE seq = (SELECT min(seq) FROM events)", 0, Code.INDEX),
    ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", 702, Code.INDEX),
    ("UPDATE events SET kind = 'policy' WHERE kind = 'checkpoint'", None, Code.INDEX),
    ("UPDATE events SET subject = 'x' WHERE seq = (SELECT max(seq) FROM events)", 702, Code.INDEX),
    ("UPDATE events SET block = block + 1 WHERE seq = (SELECT max(seq) FROM events)", 702, Code.INDEX),
    ("UPDATE events SET ts = ts + 1 WHERE seq = (SELECT max(seq) FROM events)", 702, Code.INDEX),
    ("INSERT INTO events VALUES (-5, 1, 'policy', 'x', 0)", 0, Code.INDEX),
    ("INSERT INTO events VALUES (100000, 1, 'policy', 'x', 0)", 702, Code.INDEX),
    ("INSERT INTO events SELECT min(seq) + 1, ts, kind, subject, block FROM events", None, Code.INDEX),
    ("UPDATE meta SET value = 'other' WHERE key = 'operator_id'", None, None),
    ("UPDATE meta SET value = 'other' WHERE key = 'segment'", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "block", "code"), STATEMENTS)
def test_a_changed_table_is_named(
    path: Path, statement: str, block: int | None, code: str | None
) -> None:
    change(path, statement)
    fault = verify(path).fault
    assert fault is not None
    assert block is None or fault.block == block, str(fault)
    assert code is None or fault.code == code, str(fault)


def test_what_is_dropped_without_an_event_is_found(path: Path) -> None:
    """The statement that declares it does not, and meta does not either."""
    with closing(Database(path)) as database:
        headers = database.page_headers(1)
        (codec,) = database.connection.execute("SELECT codec FROM pages WHERE page = 1").fetchone()
    kept = b"".join(
        header.first_seq.to_bytes(8, "big") + header.observations.to_bytes(4, "big")
        + header.ts.to_bytes(8, "big") + header.observations_root
        for header in headers
    )  # fmt: skip
    remains = pages.compressed(codec, [kept])
    change(path, "INSERT INTO meta VALUES ('pruned_to', '999999')")
    change(
        path, "UPDATE pages SET observations = NULL, dropped = ? WHERE page = 1", values=[remains]
    )
    fault = verify(path).fault
    assert fault is not None
    assert (fault.block, fault.code) == (256, Code.NOT_DECLARED)


@pytest.mark.parametrize("statement", ["DROP TABLE meta", "DELETE FROM meta", "DROP TABLE blocks",
                                       "UPDATE meta SET value = 'aiep-ledger/1' WHERE key = 'format'"])  # fmt: skip
def test_what_is_no_ledger(path: Path, statement: str) -> None:
    change(path, statement)
    with pytest.raises(NotALedgerError):
        verify(path)


def test_a_bomb_is_no_ledger_and_takes_no_memory(path: Path) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(64)) + squeezer.flush()
    change(path, "UPDATE blocks SET codec = 'deflate', events = zeroblob(0), observations = ?"
           " WHERE number = 650", values=[bomb])  # fmt: skip
    fault = verify(path).fault
    assert fault is not None
    assert fault.code == Code.LINE


# A history that is consistent in itself


def rewritten(
    path: Path, signer: Signer, *, segment: str = "aaaa0000", from_number: int = 0
) -> Store:
    """Write a whole new history with a valid chain."""
    store = Store(path, OPERATOR, signer).create(segment, START_MS)
    fill(store, 40, seed=9, first=from_number)
    store.checkpoint(store.last_ts_ms)
    return store


def test_a_rewritten_history_is_caught_by_a_checkpoint(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db")
    note, known = newest_note(store), keys(store)
    segment = store.segment
    store.close()
    forged = rewritten(tmp_path / "forged.db", Signer(bytes(32)), segment=segment)
    forged.close()
    assert verify(forged.path).fault is None  # nobody can know by the chain alone
    assert verify(store.path, Known(keys=known.keys, checkpoints=(note,))).fault is None
    by_key = verify(forged.path, known).fault
    assert by_key is not None
    assert by_key.code == Code.SIGNATURE
    by_note = verify(forged.path, Known(checkpoints=(note,))).fault
    assert by_note is not None
    assert by_note.code == Code.REWRITTEN


def test_old_signatures_in_a_rewritten_history_fit_nothing(tmp_path: Path) -> None:
    """Signed checkpoints are copied into a history that was rewritten without the key."""
    store = written(tmp_path / "ledger.db")
    note, known, segment = newest_note(store), keys(store), store.segment
    forged = Store(tmp_path / "forged.db", OPERATOR, Signer(bytes(32))).create(segment, START_MS)
    fill(forged, 30, seed=9)
    body = {"note": str(note)}
    forged.append([Draft("checkpoint", OPERATOR, forged.last_ts_ms, body)])
    fault = verify(forged.path, known).fault
    assert fault is not None
    assert (fault.block, fault.code) == (30, Code.CHECKPOINT)
    assert "not the log's at 20 blocks" in str(fault)
    for item in (store, forged):
        item.close()


@pytest.mark.parametrize("edit", ["beyond", "origin", "text", "none", "no note"])
def test_a_checkpoint_that_does_not_fit_its_place(tmp_path: Path, edit: str) -> None:
    store = written(tmp_path / "ledger.db")
    head = Checkpoint(store.origin, 5, store.root_at(5))
    bodies = {
        "beyond": {"note": str(SIGNER.sign(Checkpoint(store.origin, 99, bytes(32))))},
        "origin": {"note": str(SIGNER.sign(Checkpoint("other", 5, head.root)))},
        "text": {"note": "nonsense"},
        "none": {},
        "no note": {"note": 5},
    }
    store.append([Draft("checkpoint", OPERATOR, store.last_ts_ms, bodies[edit])])
    fault = verify(store.path).fault
    assert fault is not None
    assert (fault.block, fault.code) == (21, Code.CHECKPOINT)
    store.close()


def test_an_older_checkpoint_is_compared_at_its_own_size(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db", 400)
    seal(store)
    for size in (0, 1, 255, 256, 257, 400):
        store.append_note(SIGNER.sign(Checkpoint(store.origin, size, store.root_at(size))), 0)
    assert verify(store.path, keys(store)).fault is None
    store.append_note(SIGNER.sign(Checkpoint(store.origin, 255, store.root_at(254))), 0)
    fault = verify(store.path, keys(store)).fault
    assert fault is not None
    assert fault.code == Code.CHECKPOINT
    store.close()


def test_a_ledger_cut_off_or_replaced_is_caught_from_outside(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db")
    early = store.path.with_name("early.db")
    store.hold_still()
    early.write_bytes(store.path.read_bytes())
    fill(store, 5, first=20)
    store.checkpoint(store.last_ts_ms)
    note, head = newest_note(store), store.head
    for known in (Known(checkpoints=(note,)), Known(heads=((head.blocks, head.hash),))):
        assert verify(store.path, known).fault is None
        fault = verify(early, known).fault
        assert fault is not None
        assert (fault.block, fault.code) == (21, Code.CUT_OFF)
    fault = verify(store.path, Known(heads=((head.blocks, bytes(32)),))).fault
    assert fault is not None
    assert fault.code == Code.REWRITTEN
    store.close()


def test_a_key_wants_a_checkpoint(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db", signs=False)
    assert verify(store.path).fault is None
    fault = verify(store.path, keys(store)).fault
    assert fault is not None
    assert fault.code == Code.SIGNATURE
    store.close()


def test_what_is_among_the_observations_must_be_one(tmp_path: Path) -> None:
    """A decision that changes something is hidden where it could be dropped."""
    store = written(tmp_path / "ledger.db", 3, signs=False)
    head = store.head
    ts_ms = START_MS + 9 * INTERVAL_MS
    for kind, body in (
        ("decision", {"action": "run", "reasons": ["fine"]}),
        ("decision", {"action": "hold", "reasons": ["other"]}),
        ("policy", {}),
    ):
        line = b'{"body":%b,"kind":"%b","seq":%d,"subject":"miner-0","ts":%d}' % (
            str(body).replace("'", '"').replace(": ", ":").replace(", ", ",").encode(),
            kind.encode(), head.seq + 1, ts_ms,
        )  # fmt: skip
        forged = tmp_path / f"{len(line)}.db"
        store.hold_still()
        forged.write_bytes(store.path.read_bytes())
        header = Header(3, head.seq + 1, 1, 0, ts_ms, part_root([line]), tree.EMPTY_ROOT, head.hash)
        change(forged, "INSERT INTO blocks VALUES (?, ?, ?, 'raw', ?, zeroblob(0), ?)",
               values=[3, ts_ms, head.seq + 1, line + b"\n", header.hash])  # fmt: skip
        fault = verify(forged).fault
        assert fault is not None, kind
        assert (fault.block, fault.seq, fault.code) == (3, head.seq + 1, Code.PART)
    store.close()


@pytest.mark.parametrize(
    "evidence",
    [{"telemetry": 999_999}, {"telemetry": 0}, {"divergences": [1, 500]}, {"price": "1"}, [3]],
)
def test_a_decision_rests_on_records_before_it(tmp_path: Path, evidence: object) -> None:
    store = written(tmp_path / "ledger.db")
    seq = store.head.seq + 1
    body = {"action": "run", "reasons": [], "evidence": {"price": 1, "divergences": [seq - 1]}}
    store.append([Draft("decision", "miner-0", store.last_ts_ms, body)])
    assert verify(store.path).fault is None
    store.append([Draft("decision", "miner-0", store.last_ts_ms, body | {"evidence": evidence})])
    store.close()
    fault = verify(store.path).fault
    assert fault is not None
    assert (fault.seq, fault.code) == (seq + 1, Code.EVIDENCE)


def test_a_walk_goes_on_where_it_was_left(path: Path) -> None:
    with closing(Database(path)) as database:
        log, upto = database.log(), database.block_count()
        fault, is_done = database.advance(log, upto)
        assert (fault, is_done, log.blocks) == (None, False, 256)
        later = database.log(Known(checkpoints=()))
        later.restore(log.state())
        while not is_done:
            fault, is_done = database.advance(later, upto)
        assert fault is None
        assert later.range.root() == database.root_at(upto)
        assert database.finish(later) is None
        for wrong in ({}, {**log.state(), "segment": "x"}, {**log.state(), "tree": []}):
            with pytest.raises(ValueError, match=r"state|nodes"):
                database.log().restore(wrong)


def test_it_works_while_somebody_writes(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db", 330)
    assert (tmp_path / "ledger.db-wal").exists()
    found = run_verifier(store.path)
    assert found.returncode == 0, found.stdout
    with closing(Database(store.path)) as database:
        log, upto = database.log(), database.block_count()
        steps = database.steps(log, upto)
        for _ in range(100):
            assert next(steps) is None
        assert seal(store) == 1  # the rows that it reads become a page
        for fault in steps:
            assert fault is None
        fault, is_done = None, False
        while not is_done:
            fault, is_done = database.advance(log, upto)
        assert fault is None
        assert database.finish(log) is None
    store.close()


def test_records_are_kept_as_they_were_said(tmp_path: Path) -> None:
    store = written(tmp_path / "ledger.db", 1, signs=False)
    (entry,) = store.append([telemetry(START_MS + 1)])
    assert entry.body == telemetry(0).body
    assert Note.parse(str(SIGNER.sign(Checkpoint("o", 0, bytes(32))))).signatures
    store.close()
