"""Opening a ledger: what lies in its place is believed only as far as it is known or signed."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.ledger import segments
from custom_components.aiep_miner.engine.ledger.entries import (
    Cause,
    Draft,
    Head,
    Recovery,
    Trusted,
)
from custom_components.aiep_miner.engine.ledger.errors import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.store import COMMIT_MAC, Store
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.report import Known

from .samples import (
    OPERATOR,
    PRIVATE_KEY,
    SIGNER,
    START_MS,
    change,
    fill,
    keys,
    newest_note,
    opened,
    seal,
    verify,
    write_format_1,
    written,
)

OTHER = Signer(bytes(32))
LATER_MS = START_MS + 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def stopped(path: Path, cycles: int = 20) -> Trusted:
    """Write a ledger, stop cleanly, and return what the trust store knows then."""
    store = written(path, cycles)
    known = Trusted(head=store.head, is_clean=True, checkpoint=str(newest_note(store)))
    store.close()
    return known


def crashed(path: Path, cycles: int = 20, more: int = 3) -> Trusted:
    """The same, but blocks follow the head that the trust store knows when power fails."""
    store = written(path, cycles)
    known = Trusted(head=store.head, checkpoint=str(newest_note(store)))
    fill(store, more, first=cycles)
    store.close()
    return known


def refused(path: Path, known: Trusted, cause: Cause, before: Head | None = None) -> Store:
    """Check that what lies there is set aside, and a new segment begun that names it."""
    had_file = path.exists()
    copy = path.read_bytes() if had_file else b""
    found = opened(path, known, now_ms=LATER_MS)
    assert found.finding is not None
    assert found.finding.cause is cause, str(found.finding)
    assert found.recovery is not None
    store = found.store
    previous = before or known.head
    assert found.recovery.previous == (str(previous) if previous else None)
    assert (store.head.blocks, store.head.seq) == (2, 2)
    assert store.head.segment != (known.head.segment if known.head else None)
    if had_file:
        assert found.recovery.file is not None
        assert path.with_name(found.recovery.file).read_bytes() == copy
    report = verify(path, keys(store))
    assert report.fault is None, report.line()
    return store


# Nothing wrong


def test_a_new_ledger_is_empty(path: Path) -> None:
    found = opened(path)
    assert (found.recovery, found.finding) == (None, None)
    assert found.store.head == Head.empty(OPERATOR, found.store.segment)
    found.store.close()
    assert verify(path).fault is None


def test_after_a_clean_stop_it_goes_on(path: Path) -> None:
    known = stopped(path)
    found = opened(path, known)
    assert (found.recovery, found.finding) == (None, None)
    assert found.store.head == known.head
    fill(found.store, 3, first=20)
    found.store.close()
    assert verify(path).fault is None


def test_after_a_crash_what_this_installation_wrote_is_kept(path: Path) -> None:
    known = crashed(path)
    found = opened(path, known)
    assert (found.recovery, found.finding) == (None, None)
    assert known.head is not None
    assert found.store.head.blocks == known.head.blocks + 3
    found.store.close()


def test_a_first_crash_before_anything_is_known(path: Path) -> None:
    written(path).close()
    found = opened(path)
    assert (found.recovery, found.finding) == (None, None)
    found.store.close()


# Forgeries


def appended(path: Path, signer: Signer, number: int = 1) -> None:
    """Append blocks with a correct chain, as somebody without the key can."""
    store = Store(path, OPERATOR, signer).connect()
    fill(store, number, first=5000)
    store.close()


def test_nothing_may_follow_a_clean_stop(path: Path) -> None:
    known = stopped(path)
    appended(path, OTHER)
    refused(path, known, Cause.TAIL).close()


def test_not_even_with_the_right_code(path: Path) -> None:
    """A copy of the trust store's key does not help after a clean stop."""
    known = stopped(path)
    appended(path, SIGNER)
    refused(path, known, Cause.TAIL).close()


@pytest.mark.parametrize("more", [0, 3])
def test_what_follows_a_crash_needs_the_code(path: Path, more: int) -> None:
    known = crashed(path, more=more)
    appended(path, OTHER)
    refused(path, known, Cause.TAIL).close()


@pytest.mark.parametrize("code", ["", "0" * 64, None])
def test_a_code_that_is_none(path: Path, code: str | None) -> None:
    known = crashed(path)
    if code is None:
        change(path, f"DELETE FROM meta WHERE key = '{COMMIT_MAC}'")
    else:
        change(path, f"UPDATE meta SET value = '{code}' WHERE key = '{COMMIT_MAC}'")
    refused(path, known, Cause.TAIL).close()


def test_without_a_known_head_only_the_code_counts(path: Path) -> None:
    written(path).close()
    appended(path, OTHER)
    found = opened(path)
    assert found.finding is not None
    assert found.finding.cause is Cause.TAIL
    found.store.close()


def test_a_ledger_cut_off_at_its_end(path: Path) -> None:
    known = stopped(path)
    change(path, "DELETE FROM blocks WHERE number > 10")
    refused(path, known, Cause.BEHIND).close()


def test_an_older_copy_restored(path: Path, tmp_path: Path) -> None:
    stopped(path)
    shutil.copy(path, tmp_path / "copy.db")
    store = Store(path, OPERATOR, SIGNER).connect()
    fill(store, 5, first=20)
    store.checkpoint(store.last_ts_ms)
    known = Trusted(head=store.head, is_clean=True, checkpoint=str(newest_note(store)))
    store.close()
    shutil.copy(tmp_path / "copy.db", path)
    refused(path, known, Cause.BEHIND).close()


def test_a_ledger_behind_its_own_checkpoint_signs_nothing_in_that_segment(path: Path) -> None:
    """The trust store's head was restored with the ledger; a checkpoint is known otherwise."""
    known = stopped(path)
    store = Store(path, OPERATOR, SIGNER).connect()
    fill(store, 5, first=20)
    store.checkpoint(store.last_ts_ms)
    note = str(newest_note(store))
    store.close()
    change(path, "DELETE FROM blocks WHERE number > 20", "DELETE FROM events WHERE block > 20")
    trusted = Trusted(head=known.head, checkpoint=note)
    store = refused(path, trusted, Cause.BEHIND, known.head)
    assert first_body(store)["previous_checkpoint"] == note
    store.close()


def first_body(store: Store) -> dict[str, Any]:
    """Return what the segment's first record says."""
    entry = Reader(Database(store.path, store.connection)).entry(1)
    assert entry is not None
    return entry.body


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_restored_backup_is_not_continued(path: Path, *, is_clean: bool) -> None:
    """Ledger and trust store are both from the backup: what was signed since is known to others."""
    known = stopped(path) if is_clean else crashed(path)
    copy = path.read_bytes()
    found = opened(path, replace(known, is_copy=True), now_ms=LATER_MS)
    assert found.finding is None
    store = found.store
    end = Store(path.with_name("ledger.aside-1.db"), OPERATOR, SIGNER)
    assert end.path.read_bytes() == copy
    body = first_body(store)
    assert (body["detail"], body["previous_file"]) == ("restored", "ledger.aside-1.db")
    assert body["previous_checkpoint"] == known.checkpoint
    assert body["previous"] == str(end.connect().head)
    end.close()
    assert known.head is not None
    assert store.segment != known.head.segment
    assert verify(path, keys(store)).fault is None
    store.close()
    again = opened(path, replace(known, is_copy=True), now_ms=LATER_MS)
    assert (again.recovery, again.finding) == (None, None)  # the trust store was not saved yet
    again.store.close()


def test_what_was_appended_to_a_restored_backup_is_a_finding(path: Path) -> None:
    known = replace(crashed(path), is_copy=True)
    appended(path, OTHER)
    refused(path, known, Cause.TAIL).close()


def test_a_backup_of_an_empty_ledger_goes_on(path: Path) -> None:
    first = opened(path).store
    known = Trusted(head=first.head, is_copy=True)
    first.close()
    found = opened(path, known)
    assert (found.recovery, found.finding, found.store.head) == (None, None, known.head)
    found.store.close()


def test_a_backup_whose_head_is_not_known_is_not_continued(path: Path) -> None:
    store = written(path)
    head = store.head
    store.close()
    found = opened(path, Trusted(is_copy=True), now_ms=LATER_MS)
    assert found.finding is None
    assert found.recovery is not None
    assert (found.recovery.cause, found.recovery.previous) == (Cause.RESTORED, str(head))
    found.store.close()


def test_a_history_rewritten_with_a_valid_chain(path: Path) -> None:
    known = stopped(path)
    assert known.head is not None
    path.unlink()
    forged = Store(path, OPERATOR, OTHER).create(known.head.segment, START_MS)
    fill(forged, 40, seed=5)
    forged.close()
    assert verify(path).fault is None
    refused(path, known, Cause.DIFFERS).close()


def test_the_last_block_changed_under_its_hash(path: Path) -> None:
    known = stopped(path)
    change(path, "UPDATE blocks SET events = CAST('{}' || x'0a' AS BLOB) WHERE number = 20")
    refused(path, known, Cause.CORRUPT).close()


def test_a_missing_ledger(path: Path) -> None:
    known = stopped(path)
    path.unlink()
    refused(path, known, Cause.MISSING).close()


def test_junk_in_the_place_of_a_known_ledger(path: Path) -> None:
    known = stopped(path)
    path.write_bytes(b"junk" * 1000)
    refused(path, known, Cause.CORRUPT).close()


def test_an_empty_file_in_the_place_of_a_known_ledger(path: Path) -> None:
    known = stopped(path)
    path.write_bytes(b"")
    refused(path, known, Cause.CORRUPT).close()


def test_another_operators_ledger(path: Path, tmp_path: Path) -> None:
    known = stopped(path)
    other = Store(tmp_path / "other.db", "01JDOTHER", SIGNER).create("abcd", START_MS)
    other.append([Draft("policy", "01JDOTHER", START_MS, {})])
    other.close()
    shutil.move(tmp_path / "other.db", path)
    refused(path, known, Cause.FOREIGN).close()


def test_junk_where_nothing_was_known_is_set_aside(path: Path) -> None:
    path.write_bytes(b"junk" * 1000)
    found = opened(path)
    assert found.finding is None
    assert found.recovery is not None
    assert found.recovery.file == "ledger.aside-1.db"
    found.store.close()


def claimed(path: Path, known: Trusted, signer: Signer, file: str | None, blocks: int) -> None:
    """Put a file in the ledger's place whose first record claims to follow the known head."""
    assert known.head is not None
    head = Head(known.head.segment, blocks, known.head.hash, known.head.seq)
    store = Store(path, OPERATOR, signer).create("ffff0000", START_MS)
    store.append([Recovery(Cause.CORRUPT, str(head), file).draft(START_MS, OPERATOR)])
    store.checkpoint(START_MS)
    fill(store, 3)
    store.close()


@pytest.mark.parametrize("is_aside", [True, False])
@pytest.mark.parametrize("more", [0, 1000])
def test_a_claimed_recovery_is_not_believed(path: Path, more: int, is_aside: bool) -> None:
    """It is not signed by this installation, wherever the file that it names is."""
    known = stopped(path)
    assert known.head is not None
    if is_aside:
        path.rename(path.with_name("ledger.aside-1.db"))
    else:
        path.unlink()
    claimed(path, known, OTHER, "ledger.aside-1.db", known.head.blocks + more)
    refused(path, known, Cause.DIFFERS).close()


def test_a_signed_recovery_without_the_file_that_it_names_is_not_believed(path: Path) -> None:
    known = stopped(path)
    assert known.head is not None
    path.unlink()
    claimed(path, known, SIGNER, "ledger.aside-1.db", known.head.blocks)
    refused(path, known, Cause.DIFFERS).close()


@pytest.mark.parametrize("file", ["../ledger.db", "", None, "a/b.db", "ledger.aside-2.db"])
def test_a_signed_recovery_that_names_another_file_is_not_believed(
    path: Path, file: str | None
) -> None:
    known = stopped(path)
    assert known.head is not None
    path.rename(path.with_name("ledger.aside-1.db"))
    claimed(path, known, SIGNER, file, known.head.blocks)
    refused(path, known, Cause.DIFFERS).close()


def test_a_signed_recovery_whose_file_lacks_the_head_is_not_believed(path: Path) -> None:
    known = stopped(path)
    assert known.head is not None
    path.rename(path.with_name("ledger.aside-1.db"))
    change(path.with_name("ledger.aside-1.db"), "DELETE FROM blocks WHERE number > 10")
    claimed(path, known, SIGNER, "ledger.aside-1.db", known.head.blocks)
    refused(path, known, Cause.DIFFERS).close()


# Segments that follow


def test_a_new_segment_is_believed_when_the_trust_store_does_not_know_it_yet(path: Path) -> None:
    """Power fails after the new segment began and before its head was kept."""
    known = crashed(path)
    store = opened(path, known).store
    recovery = segments.begin_segment(
        store, Cause.ACCEPTED, str(store.head), LATER_MS, user_id="user"
    )
    fill(store, 2, first=3000)
    store.close()
    found = opened(path, known)
    assert (found.recovery, found.finding) == (None, None)
    assert found.store.head.blocks == 4
    first = found.store.connection.execute("SELECT kind FROM events ORDER BY seq").fetchall()
    assert first[:2] == [("lifecycle",), ("checkpoint",)]
    assert recovery.user_id == "user"
    found.store.close()
    assert recovery.file is not None
    assert verify(path.with_name(recovery.file)).fault is None


def test_a_new_segment_is_still_believed_when_its_beginning_is_in_a_page(path: Path) -> None:
    known = stopped(path)
    store = opened(path, known).store
    segments.begin_segment(store, Cause.ACCEPTED, str(store.head), LATER_MS)
    fill(store, 330, first=3000)
    assert seal(store) == 1
    store.close()
    found = opened(path, known)
    assert (found.recovery, found.finding) == (None, None)
    found.store.close()


def test_blocks_without_the_code_in_a_new_segment_are_not_believed(path: Path) -> None:
    known = stopped(path)
    store = opened(path, known).store
    segments.begin_segment(store, Cause.ACCEPTED, str(store.head), LATER_MS)
    store.close()
    appended(path, OTHER)
    found = opened(path, known, now_ms=LATER_MS)
    assert found.finding is not None
    assert found.finding.cause is Cause.TAIL
    found.store.close()


@pytest.mark.parametrize("step", range(4))
def test_a_crash_at_any_step_of_a_swap_loses_nothing(
    path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = stopped(path)
    store = opened(path, known).store
    steps = [segments.discard_next, segments._make_ready, segments.move, segments.finish]
    name = steps[step].__name__

    def fails(*_args: object) -> None:
        raise OSError(5, "the power fails")

    with monkeypatch.context() as patch:
        patch.setattr(segments, name, fails)
        with pytest.raises(LedgerError):
            segments.begin_segment(store, Cause.ACCEPTED, str(store.head), LATER_MS)
    store.close()
    found = opened(path, known, now_ms=LATER_MS)
    assert found.finding is None, str(found.finding)
    is_new = found.store.head.blocks == 2
    assert is_new == (step == 3)
    fill(found.store, 2, first=3000)
    found.store.close()
    assert verify(path).fault is None


# Format 1


def test_a_ledger_of_format_1_stays_beside(path: Path) -> None:
    head = write_format_1(path)
    copy = path.read_bytes()
    found = opened(path, Trusted(format_1_head=head), now_ms=LATER_MS)
    assert found.finding is None
    assert found.recovery == Recovery(Cause.FORMAT, head, "ledger.aside-1.db")
    assert path.with_name("ledger.aside-1.db").read_bytes() == copy
    found.store.close()
    assert verify(path, Known()).fault is None


@pytest.mark.parametrize("edit", ["cut off", "format 2 was known"])
def test_a_ledger_of_format_1_that_is_not_the_known_one(path: Path, edit: str) -> None:
    head = write_format_1(path)
    known = Trusted(format_1_head=head)
    if edit == "cut off":
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM records WHERE seq > 50")
    else:
        known = stopped(path.with_name("other.db"))
    found = opened(path, known, now_ms=LATER_MS)
    assert found.finding is not None
    assert found.finding.cause is Cause.FORMAT
    found.store.close()


# What cannot be opened now


def test_a_folder_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "is_writable", lambda _: False)
    with pytest.raises(LedgerError) as caught:
        opened(path)
    assert caught.value.reason is LedgerReason.READ_ONLY


def test_a_locked_ledger_is_no_finding(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = stopped(path)

    def locked(_path: Path) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    monkeypatch.setattr(segments.reading, "connect", locked)
    with pytest.raises(LedgerError) as caught:
        opened(path, known)
    assert caught.value.reason is LedgerReason.LOCKED
    monkeypatch.undo()
    found = opened(path, known)
    assert found.finding is None
    found.store.close()


def test_heads_as_text() -> None:
    head = Head("ab12", 3, bytes(range(32)), 17)
    assert Head.parse(str(head)) == head
    for text in ("", "a:1:2", "a:1:2:00", ":1:2:" + "00" * 32, "a:x:2:" + "00" * 32):
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
            Head.parse(text)


def test_the_key_never_shows() -> None:
    assert PRIVATE_KEY.hex() not in repr(SIGNER)
