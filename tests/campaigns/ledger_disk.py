"""The disk is full, or read-only, at random writes: nothing acknowledged is lost."""

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import Head, Known, LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.store import Store
from tests.engine.ledger.samples import cycle, opened, verify

DISK_KB = 2048
FULL = (LedgerReason.DISK_FULL, LedgerReason.IO_ERROR)


def can_mount() -> bool:
    """Return whether this process may mount a small disk of its own."""
    try:
        with tempfile.TemporaryDirectory() as name, small_disk(Path(name)):
            return True
    except subprocess.CalledProcessError, OSError:
        return False


def ledger_disk_full(n: int = 50, seed: int = 1) -> dict[str, int]:
    """Fill the disk at n random writes: the append fails whole, the next one, with room, works.

    On a small tmpfs where it may be mounted, else with a limit on the size of files.
    """
    if not can_mount():
        return _with_size_limit(n, seed)
    seen: Counter[str] = Counter()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name)):
        for _ in range(n):
            seen[_fill_and_free(Path(name), chance)] += 1
    return dict(seen)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a small disk. Raises CalledProcessError, or OSError without the command."""
    options = f"size={DISK_KB}k"
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _fill_and_free(folder: Path, chance: random.Random) -> LedgerReason:
    """Append to a new ledger while the disk fills; return how that was told."""
    path, ballast = folder / "ledger.db", folder / "ballast"
    store = opened(path).store
    for number in range(chance.randrange(1, 20)):
        store.append(cycle(number, chance))
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    ballast.write_bytes(bytes(free - chance.randrange(0, min(free, 200_000))))
    try:
        return _fail_and_go_on(store, chance, ballast.unlink)
    finally:
        store.close()
        for file in folder.iterdir():
            file.unlink()


def _fail_and_go_on(
    store: Store, chance: random.Random, make_room: Callable[[], object]
) -> LedgerReason:
    """Append until it fails; check that nothing is lost, and that it works again with room."""
    error = None
    for number in range(20, 5000):
        acknowledged = store.head
        try:
            store.append(cycle(number, chance, miners=chance.randint(1, 20)))
        except LedgerError as err:
            error = err
            break
    assert error is not None, "the disk never became full"
    assert error.reason in FULL, error
    assert store.head == acknowledged
    _check(store.path, acknowledged, acknowledged.seq)
    make_room()
    added = store.append(cycle(number, chance))
    _check(store.path, acknowledged, acknowledged.seq + len(added))
    return error.reason


def _check(path: Path, acknowledged: Head, count: int) -> None:
    report = verify(path, Known(heads=((acknowledged.blocks, acknowledged.hash),)))
    assert report.fault is None, str(report.fault)
    assert report.records == count


def _with_size_limit(n: int, seed: int) -> dict[str, int]:
    """Do the same in a process whose files may not grow."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with context.Pool(1) as pool:
        reasons = pool.starmap(_limited, [(seed + number,) for number in range(n)])
    return dict(Counter(reasons))


def _limited(seed: int) -> LedgerReason:
    """Append while files may grow to a random size only."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    chance = random.Random(seed)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.TemporaryDirectory() as name:
        store = opened(Path(name) / "ledger.db").store
        store.append(cycle(0, chance))
        limit = store.path.stat().st_size + chance.randrange(100_000, 600_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            return _fail_and_go_on(
                store, chance, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            store.close()
