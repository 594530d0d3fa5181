"""The database file is damaged: the start works, tells, deletes nothing and never lies."""

import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import (
    Cause,
    Head,
    Known,
    LedgerError,
    LedgerReason,
    Reader,
    Trusted,
    segments,
)
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.report import NotALedgerError
from tests.engine.ledger.samples import aged, cycle, fill, opened, verify

PAGE = 4096


def ledger_damage(n: int = 200, seed: int = 1) -> dict[str, int]:
    """Truncate or overwrite a ledger's files n times, then verify, start and append."""
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


def _contents(path: Path) -> list[bytes]:
    reader = Reader(Database(path))
    try:
        return [entry.line for batch in reader.read() for entry in batch]
    finally:
        reader.close()


def _sound_ledger(path: Path) -> tuple[Head, list[bytes]]:
    """Write a ledger as a power cut leaves it: its last blocks are in the log only."""
    store = aged(path)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    fill(store, 20, seed=3, first=700)
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copyfile(path.with_name(name), path.with_name(f"{name}.copy"))
    head = store.head
    store.close()
    for name in ("ledger.db", "ledger.db-wal"):
        path.with_name(f"{name}.copy").rename(path.with_name(name))
    return head, _contents(path)


def _start(path: Path, head: Head, original: list[bytes]) -> str:
    """Verify, start and append as the integration would; return what came of it."""
    told = _verdict(path, head, original)
    found = opened(path, Trusted(head=head))
    store = found.store
    try:
        if found.finding is not None:
            told.add("finding")
            assert found.recovery is not None
            assert found.recovery.file is not None
            assert path.with_name(found.recovery.file).exists()
            assert verify(path).fault is None
        elif not told:
            told |= _append(store)
            file = "ledger.aside-1.db" if told else path.name
            assert _contents(path.with_name(file))[: len(original)] == original
    finally:
        store.close()
    return ", ".join(sorted(told)) or "unharmed"


def _append(store: Store) -> set[str]:
    """Append; go on in a new segment, as the ledger does, when an index turns out to be damaged."""
    try:
        store.append(cycle(400_000, random.Random(1)))
    except LedgerError as err:
        if err.reason is not LedgerReason.CORRUPT:
            raise
        segments.begin_segment(store, Cause.CORRUPT, str(store.head), store.last_ts_ms)
        store.append(cycle(400_000, random.Random(1)))
        assert verify(store.path).fault is None
        return {"found at an append"}
    return set()


def _verdict(path: Path, head: Head, original: list[bytes]) -> set[str]:
    """Return what the verifier says; when it says intact, every record is as it was."""
    folder = path.with_name("verified")
    shutil.copytree(path.parent, folder)
    try:
        report = verify(folder / path.name, Known(heads=((head.blocks, head.hash),)))
        if report.fault:
            return {"not intact"}
        assert _contents(folder / path.name) == original
    except NotALedgerError:
        return {"no ledger"}
    finally:
        shutil.rmtree(folder)
    return set()


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
