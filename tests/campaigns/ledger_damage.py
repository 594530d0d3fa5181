"""The database file is damaged: the start works, tells, deletes nothing and never lies."""

import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import (
    Head,
    LedgerError,
    LedgerReason,
    LedgerStore,
    verify,
)
from tests.engine.ledger_samples import OPERATOR, aged, contents, cycle

PAGE = 4096


def ledger_damage(n: int = 200, seed: int = 1) -> dict[str, int]:
    """Truncate or overwrite a ledger's files n times, then start, append and verify."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = folder / "sound"
        sound.mkdir()
        head, original = _sound_ledger(sound / "ledger.db")
        for _ in range(n):
            damaged = folder / "damaged"
            shutil.copytree(sound, damaged)
            how = chance.choice([_truncate, _overwrite, _overwrite_page, _zero, _damage_log])
            how(damaged / "ledger.db", chance)
            seen[_start(damaged / "ledger.db", head, original)] += 1
            shutil.rmtree(damaged)
    return dict(sorted(seen.items()))


def _sound_ledger(path: Path) -> tuple[Head, list]:
    """Write a ledger as a power cut leaves it: its last records are in the log only."""
    aged(path)
    store = LedgerStore.open(path, OPERATOR)
    chance = random.Random(1)
    for number in range(300, 320):
        store.append(cycle(number, chance))
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copyfile(path.with_name(name), path.with_name(f"{name}.copy"))
    head = store.head
    store.close()
    for name in ("ledger.db", "ledger.db-wal"):
        path.with_name(f"{name}.copy").rename(path.with_name(name))
    return head, contents(path)


def _start(path: Path, head: Head, original: list) -> str:
    """Verify, start and append as the integration would; return what came of it."""
    told = _verdict(path, head, original)
    store = LedgerStore.open(path, OPERATOR, known_head=head)
    try:
        told |= {"fault"} if store.fault else set()
        _append(store)
        if store.recovery:
            told.add("new segment")
            _check_new_segment(store)
        elif not told:
            assert store.head.seq == head.seq + 1
            assert contents(path)[: head.seq] == original
    finally:
        store.close()
    return ", ".join(sorted(told)) or "unharmed"


def _verdict(path: Path, head: Head, original: list) -> set[str]:
    """Return what the verifier says; when it says intact, every record is as it was."""
    folder = path.with_name("verified")
    shutil.copytree(path.parent, folder)
    try:
        report = verify.verify(folder / path.name, {head.seq: head.hash})
        if report.fault:
            return {"not intact"}
        assert contents(folder / path.name) == original
    except verify.NotALedgerError:
        return {"no ledger"}
    finally:
        shutil.rmtree(folder)
    return set()


def _append(store: LedgerStore) -> None:
    """Append one record; a file found corrupt by that is set aside, and the next one works."""
    record = cycle(400, random.Random(1))[0]
    reason = LedgerReason.CORRUPT
    try:
        store.append([record])
    except LedgerError as err:
        reason = err.reason
        store.append([record])
    assert reason is LedgerReason.CORRUPT, reason


def _check_new_segment(store: LedgerStore) -> None:
    """The old file is kept; the new one begins by naming it."""
    recovery = store.recovery
    assert recovery is not None
    assert recovery.file is not None
    assert store.path.with_name(recovery.file).exists()
    assert verify.verify(store.path, {store.head.seq: store.head.hash}).fault is None
    first = store.get(1)
    assert first is not None
    record = first.record()
    assert record.previous_file == recovery.file
    assert recovery.previous is not None
    assert record.previous_head == recovery.previous.hash.hex()


def _truncate(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    cut = chance.choice([chance.randrange(size), chance.randrange(size // PAGE) * PAGE])
    with path.open("r+b") as file:
        file.truncate(cut)


def _write_at(path: Path, position: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(data)


def _overwrite(path: Path, chance: random.Random) -> None:
    data = chance.randbytes(chance.choice([1, 8, 100, 5000]))
    _write_at(path, chance.randrange(path.stat().st_size), data)


def _overwrite_page(path: Path, chance: random.Random) -> None:
    page = chance.randrange(path.stat().st_size // PAGE)
    _write_at(path, page * PAGE, chance.randbytes(PAGE))


def _zero(path: Path, chance: random.Random) -> None:
    page = chance.randrange(path.stat().st_size // PAGE)
    _write_at(path, page * PAGE, bytes(PAGE * chance.randint(1, 8)))


def _damage_log(path: Path, chance: random.Random) -> None:
    chance.choice([_truncate, _overwrite])(path.with_name(f"{path.name}-wal"), chance)
