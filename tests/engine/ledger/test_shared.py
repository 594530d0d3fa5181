"""Shared logs: what is shown, what is only a hash, and what a changed one cannot hide."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger import sharing
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.verifier import shared
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import Checkpoint, Note
from custom_components.aiep_miner.engine.ledger.verifier.report import Code, Known

from .samples import OPERATOR, SIGNER, VERIFIER, aged, keys, newest_note

ONE = frozenset({"miner-0"})


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Note, Known]:
    """Return a ledger with pages, dropped observations and single blocks; its checkpoint and key."""
    store = aged(tmp_path_factory.mktemp("log") / "ledger.db")
    note, known = newest_note(store), keys(store)
    store.close()
    return store.path, note, known


def shared_log(
    log: tuple[Path, Note, Known], miners: sharing.Miners, start: int = 0, limit: int = 10**6
) -> bytes:
    path, note, _ = log
    with closing(Reader(Database(path))) as reader:
        return b"".join(sharing.share(reader, start, limit, miners, note))


def verified(folder: Path, data: bytes, known: Known | None = None):
    file = folder / "log.jsonl"
    file.write_bytes(data)
    return shared.verify(file, known)


def test_everything_verifies_whatever_is_shown(log, tmp_path: Path) -> None:
    size = Checkpoint.parse(log[1].text).size
    shown = []
    for miners in (None, ONE, frozenset(), frozenset({"miner-0", "miner-1"})):
        report = verified(tmp_path, shared_log(log, miners), log[2])
        assert report.fault is None
        assert report.blocks >= size
        shown.append(report.records)
    everything, one, nothing, both = shown
    assert everything >= both > one > nothing > 0


def test_nothing_of_another_miner_is_in_it(log) -> None:
    data = shared_log(log, ONE)
    assert b"miner-0" in data
    assert b"miner-1" not in data
    assert b"miner-1" in shared_log(log, None)
    subjects, kinds = set(), set()
    for line in data.splitlines():
        item = json.loads(line)
        if "seq" in item:
            subjects.add(item["subject"])
            if item["subject"] == OPERATOR:
                kinds.add(item["kind"])
    assert subjects == {"miner-0", OPERATOR}
    assert kinds <= sharing.SHARED_KINDS


def test_a_part_without_anything_to_see_is_one_hash(log) -> None:
    heads = [
        item
        for line in shared_log(log, frozenset()).splitlines()
        if "block" in (item := json.loads(line))
    ]
    assert any(isinstance(head["events_hidden"], str) for head in heads)
    assert any(isinstance(head["observations_hidden"], str) for head in heads)


@pytest.mark.parametrize("limit", [100, 256, 301])
def test_it_is_followed_in_pieces(log, limit: int) -> None:
    walk, start = None, 0
    while True:
        data = shared_log(log, ONE, start, limit).splitlines()
        begun = shared.begin(data[0])
        if walk is None:
            walk = begun
        assert (begun.blocks, begun.hash, begun.seq) == (walk.blocks, walk.hash, walk.seq)
        assert begun.range.root() == walk.range.root()
        note = None
        for item in shared.read_blocks(data[1:]):
            if isinstance(item, Note):
                note = item
            else:
                walk.feed(*item)
        walk = shared.SharedLog.restored(json.loads(json.dumps(walk.state())))
        if note is not None:
            break
        start = walk.blocks
    assert walk.check_note(log[1], log[2]) <= walk.blocks


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_is_found(log, tmp_path: Path, data: st.DataObject) -> None:
    size = Checkpoint.parse(log[1].text).size
    good = shared_log(log, ONE, size - 5)
    covered = good.index(b'{"block":%d' % size)
    place = data.draw(st.integers(good.index(b"\n") + 1, covered - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[place]))
    changed = good[:place] + bytes([byte]) + good[place + 1 :]
    report = verified(tmp_path, changed, log[2])
    if report.fault is None:  # the form of the JSON, not what it says
        for one, two in zip(good.splitlines(), changed.splitlines(), strict=True):
            assert json.loads(one) == json.loads(two)


def test_a_rewritten_and_a_shortened_log_are_found(log, tmp_path: Path) -> None:
    lines = shared_log(log, ONE).splitlines(keepends=True)
    starts = [place for place, line in enumerate(lines) if line.startswith(b'{"block"')]
    without = lines[: starts[40]] + lines[starts[41] :]
    report = verified(tmp_path, b"".join(without), log[2])
    assert report.fault is not None
    assert report.fault.block == 40
    short = [*lines[: starts[-1]], lines[-1]]
    report = verified(tmp_path, b"".join(short), log[2])
    assert report.fault is None or report.fault.code == Code.CUT_OFF
    # The same key signed another history: both notes together are the proof.
    head = Checkpoint.parse(log[1].text)
    forked = SIGNER.sign(Checkpoint(head.origin, head.size, bytes(32)))
    report = verified(tmp_path, b"".join(lines), Known(checkpoints=(forked,), keys=log[2].keys))
    assert report.fault is not None
    assert report.fault.code == Code.CHECKPOINT


def test_the_verifier_by_its_path(log, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(shared_log(log, ONE))
    key = str(log[2].keys[0])
    for data, status in ((file.read_bytes(), 0), (file.read_bytes().replace(b"3", b"4", 40), 1)):
        file.write_bytes(data)
        found = subprocess.run(
            [sys.executable, "-I", "-S", str(VERIFIER), str(file), "--key", key],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode in ({status} if status == 0 else {1, 2}), found.stdout


@pytest.mark.parametrize(
    "first", [b"", b"[]", b"{}", b'{"format":"aiep-log/1"}', b'{"format":"x","operator_id":"o"}']
)
def test_what_is_no_shared_log(first: bytes) -> None:
    with pytest.raises(shared.NotALedgerError):
        shared.begin(first)


def test_records_that_name_other_miners_are_hidden() -> None:
    class Entry:
        subject, kind = "miner-0", "divergence"
        body = {"miners": ["miner-0", "miner-1"]}  # noqa: RUF012 - a stand-in

    assert not sharing.is_shown(Entry(), ONE, OPERATOR)  # type: ignore[arg-type]
