"""The short version of each of the ledger's campaigns; scripts/campaign runs the long ones."""

import subprocess
import sys
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason, Trusted
from tests.campaigns import ledger_damage, ledger_disk, ledger_rewritten, ledger_tampering
from tests.engine.ledger.samples import fill, opened, verify, written

ROOT = Path(__file__).resolve().parents[2]


def apart(call: str) -> str:
    """Make a call in a process of its own: the plug-in blocks what starts worker processes."""
    module = call.split(".", maxsplit=1)[0]
    code = f"from tests.campaigns import {module}\nif __name__ == '__main__': print({call})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_killed_while_writing() -> None:
    assert "'kills': 10" in apart("ledger_kill.ledger_kill(n=10, seed=11)")


def test_every_edit_is_found() -> None:
    found = ledger_tampering.ledger_tampering(n=150, seed=12)
    assert sum(found.values()) - found["by what is known outside"] == 150


def test_old_copies_and_truncations_are_found() -> None:
    ledger_tampering.ledger_old_copies(n=10, seed=13)


def test_a_rewritten_history_is_found() -> None:
    told = ledger_rewritten.ledger_rewritten(n=4, seed=17)
    assert set(told.values()) == {1}
    assert len(told) == 12


def test_damaged_files() -> None:
    seen = ledger_damage.ledger_damage(n=60, seed=14)
    assert sum(seen.values()) == 60
    assert sum(count for what, count in seen.items() if "finding" in what) > 0


@pytest.mark.skipif(not ledger_disk.can_mount(), reason="may not mount a small disk")
def test_a_full_disk() -> None:
    assert ledger_disk.ledger_disk_full(n=5, seed=15) == {"disk_full": 5}


@pytest.mark.skipif(not ledger_disk.can_mount(), reason="may not mount a small disk")
def test_a_disk_that_became_read_only(tmp_path: Path) -> None:
    """Nothing is set aside for it: the ledger goes on once it can be written again."""
    path = tmp_path / "ledger.db"
    with ledger_disk.small_disk(tmp_path):
        store = written(path)
        known = Trusted(head=store.head)
        store.close()
        remount(tmp_path, "ro")
        with pytest.raises(LedgerError) as caught:
            opened(path, known)
        assert caught.value.reason is LedgerReason.READ_ONLY
        assert verify(path).fault is None, "it is verified where nothing can be written"
        remount(tmp_path, "rw")
        found = opened(path, known)
        assert (found.finding, found.recovery, found.store.head) == (None, None, known.head)
        fill(found.store, 2, first=20)
        found.store.close()
        assert verify(path).fault is None


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True, capture_output=True)


def test_files_that_may_not_grow() -> None:
    assert "io_error" in apart("ledger_disk._with_size_limit(n=3, seed=16)")
