"""A backup of a real Home Assistant, made while cycles run, restored into a fresh one."""

import asyncio
import contextlib
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger.verifier.database import verify
from custom_components.aiep_miner.engine.ledger.verifier.note import VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.replay import replay
from devtools.hass_process import DOMAIN, HassProcess, free_port
from scripts._lib.site_setup import add_site, wait_loaded
from tests.e2e.site import OPERATOR, OPTIONS

pytestmark = pytest.mark.usefixtures("socket_enabled")

SAVED_S = 3.0
"""After this Home Assistant has written down what was set up."""
MINERS = [
    {"adapter": "simulated", "name": f"Miner {seed}", "profile": "s19", "seed": seed}
    for seed in range(1, 6)
]


async def run_cycle(hass: HassProcess) -> dict:
    return await hass.rest("POST", f"/api/{DOMAIN}/cycle")


@contextlib.asynccontextmanager
async def cycles_running(hass: HassProcess) -> AsyncIterator[list[int]]:
    """Run one cycle after the other; yields how many have run."""
    count = [0]

    async def run() -> None:
        while True:
            await run_cycle(hass)
            count[0] += 1

    running = asyncio.create_task(run())
    try:
        yield count
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def make_backup(hass: HassProcess) -> Path:
    """Let Home Assistant make a backup; return it."""
    await hass.command(
        "backup/generate",
        agent_ids=["backup.local"],
        include_homeassistant=True,
        include_database=False,
        name="Test",
    )
    for _ in range(600):
        info = await hass.command("backup/info")
        if info["backups"] and info["state"] == "idle":
            (found,) = (hass.config / "backups").glob("*.tar")
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("no backup was made")


def restore(backup: Path, config: Path) -> None:
    """Unpack a backup as a fresh Home Assistant does."""
    with tarfile.open(backup) as outer:
        name = next(item for item in outer.getnames() if "homeassistant.tar" in item)
        packed = outer.extractfile(name)
        assert packed is not None
        with tarfile.open(fileobj=io.BytesIO(packed.read())) as inner:
            members = [item for item in inner if not item.issym()]
            inner.extractall(config.parent / "unpacked", members, filter="data")
    (config.parent / "unpacked" / "data").rename(config)


async def test_restored_backup_verifies_and_goes_on_in_a_new_segment(tmp_path: Path) -> None:
    configuration = {"backup": None}
    async with HassProcess(tmp_path / "old", free_port(), configuration) as hass:
        site = await add_site(hass, OPERATOR, MINERS, OPTIONS)
        for _ in range(10):
            await run_cycle(hass)
        await asyncio.sleep(SAVED_S)
        async with cycles_running(hass) as count:
            before = await hass.rest("GET", f"/api/{DOMAIN}/ledger/status")
            backup = await make_backup(hass)
            assert count[0]

    restore(backup, tmp_path / "new")
    ledger = tmp_path / "new" / DOMAIN / site.operator_id / "ledger.db"
    report = verify(ledger)
    assert report.fault is None
    assert report.records >= before["records"]

    async with HassProcess(tmp_path / "new", free_port(), configuration) as hass:
        await wait_loaded(hass, site.operator_id)
        for _ in range(3):
            assert (await run_cycle(hass))["ledger_error"] is None
        status = await hass.rest("GET", f"/api/{DOMAIN}/ledger/status")
        assert status["broken"] is None
        assert status["public_key"] == before["public_key"]
        assert status["segment"] != before["segment"]
        assert status["set_aside"]
        issues = await hass.command("repairs/list_issues")
        assert [item for item in issues["issues"] if item["domain"] == DOMAIN] == []

    key = VerifierKey.parse(status["verifier_key"])
    assert verify(ledger, Known(keys=(key,))).fault is None
    assert replay(ledger).difference is None
    kept = verify(ledger.with_name(status["set_aside"]))
    assert kept.fault is None
    assert kept.records == report.records
