"""Backups taken while cycles run hold ledgers that verify and go on."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.backup.const import DATA_MANAGER
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.aiep_miner import backup
from custom_components.aiep_miner.const import DATA_BACKUP, DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import (
    Head,
    Known,
    LedgerError,
    LedgerReason,
    Note,
)
from custom_components.aiep_miner.engine.ledger.verifier.database import verify
from custom_components.aiep_miner.engine.replay import replay
from custom_components.aiep_miner.ledger_service import trust_store

from .conftest import RunCycles, set_up

KEY = "aiep_miner.site"
BLOCK_BYTES = 16 * 1024
LEFT_OUT = "-shm"
"""Home Assistant leaves these files out."""


async def pragma(site: AiepMinerCoordinator, text: str) -> int:
    """Set or read a pragma of the writer's connection, on its thread."""
    ledger = site.controller.ledger
    found = await ledger._do(lambda: ledger._store.connection.execute(f"PRAGMA {text}").fetchone())
    return int(found[0])


async def checkpoint_always(site: AiepMinerCoordinator) -> None:
    """Let SQLite rewrite the database after every commit, as it else does now and then."""
    await pragma(site, "wal_autocheckpoint = 1")


async def copy_slowly(site: AiepMinerCoordinator, target: Path, run_cycles: RunCycles) -> int:
    """Copy the operator's files as an archiver does, with a cycle after each block."""
    folder, cycles = site.controller.ledger.path.parent, 0
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in [path for path in files if not path.name.endswith(LEFT_OUT)]:
        size = path.stat().st_size
        with path.open("rb") as source, (target / path.name).open("wb") as copied:
            for at in range(0, size, BLOCK_BYTES):
                copied.write(source.read(min(BLOCK_BYTES, size - at)))
                await run_cycles(site.config_entry.runtime_data.coordinator)
                cycles += 1
    return cycles


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an empty folder for copies."""
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("meanwhile", ["cycles", "reload"])
async def test_restored_ledger_verifies_and_goes_on(
    hass: HomeAssistant,
    operator: MockConfigEntry,
    run_cycles: RunCycles,
    hass_storage: dict[str, Any],
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: str,
) -> None:
    """It goes on in a new segment: the old one may have gone on after the copy was made."""
    site = await set_up(hass, operator)
    await checkpoint_always(site)
    await run_cycles(site, 40)

    await backup.async_pre_backup(hass)
    before = site.controller.ledger.head.seq
    if meanwhile == "reload":
        await run_cycles(site, 3)
        await hass.config_entries.async_reload("site")
        await hass.async_block_till_done()
        site = operator.runtime_data.coordinator
    cycles = await copy_slowly(site, target, run_cycles)
    stored = copy.deepcopy(hass_storage[KEY])
    await backup.async_post_backup(hass)
    assert cycles > 5

    # A fresh Home Assistant with nothing but the backup.
    await site.ledger_service.async_sign()
    signed = site.ledger_service.signed.body["note"]
    await hass.config_entries.async_unload("site")
    monkeypatch.setattr(trust_store, "THIS_PROCESS", "another")
    folder = site.controller._ledger_path.parent
    shutil.rmtree(folder)
    shutil.copytree(target, folder)
    hass_storage[KEY] = stored
    report = verify(folder / "ledger.db")
    assert report.fault is None
    assert report.records >= before
    old = verify(folder / "ledger.db", Known(checkpoints=(Note.parse(signed),))).fault
    assert old is not None
    assert old.code == "cut_off"

    assert await hass.config_entries.async_setup("site")
    await hass.async_block_till_done()
    site = operator.runtime_data.coordinator
    assert site.ledger_service.broken is None
    assert ir.async_get(hass).async_get_issue(DOMAIN, "ledger_broken_site") is None
    await run_cycles(site, 5)
    assert (await site.async_verify_ledger()).intact
    assert site.data.ledger_error is None
    ledger = site.controller.ledger
    assert not signed.startswith(ledger.origin)
    first = (await ledger.get(1)).body
    assert (first["detail"], first["previous_file"]) == ("restored", "ledger.aside-1.db")
    restored = Head.parse(first["previous"])
    assert (restored.blocks, restored.seq) == (report.blocks, report.records)
    assert verify(folder / "ledger.aside-1.db").fault is None
    await hass.config_entries.async_unload("site")
    assert replay(folder / "ledger.db").difference is None
    assert hass_storage[KEY]["data"]["held_by"] is None

    assert await hass.config_entries.async_setup("site")
    await hass.async_block_till_done()
    assert operator.runtime_data.coordinator.controller.ledger.segment == ledger.segment


async def test_backup_of_an_operator_that_is_not_loaded(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_storage: dict[str, Any],
) -> None:
    segment = site.controller.ledger.segment
    await hass.config_entries.async_unload("site")
    await backup.async_pre_backup(hass)
    assert hass_storage[KEY]["data"]["held_by"] == trust_store.THIS_PROCESS
    await backup.async_post_backup(hass)
    assert hass_storage[KEY]["data"]["held_by"] is None
    await backup.async_pre_backup(hass)
    assert await hass.config_entries.async_setup("site")
    await hass.async_block_till_done()
    await backup.async_post_backup(hass)
    assert hass_storage[KEY]["data"]["held_by"] is None
    site = site.config_entry.runtime_data.coordinator
    assert site.controller.ledger.segment == segment


async def test_backup_that_ends_while_the_operator_is_being_reloaded(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_storage: dict[str, Any]
) -> None:
    segment = site.controller.ledger.segment
    await backup.async_pre_backup(hass)
    await hass.config_entries.async_unload("site")
    backup._stop_waiting(hass)
    hass.data[DATA_BACKUP] = False  # it ends between the operator's unloading and loading
    assert await hass.config_entries.async_setup("site")
    await hass.async_block_till_done()
    assert hass_storage[KEY]["data"]["held_by"] is None
    assert site.config_entry.runtime_data.coordinator.controller.ledger.segment == segment


async def test_head_outside_does_not_run_ahead(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_storage: dict[str, Any],
) -> None:
    await run_cycles(site, 3)
    await backup.async_pre_backup(hass)
    head = hass_storage[KEY]["data"]["head"]
    assert head == str(site.controller.ledger.head)
    await run_cycles(site, 3)
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert hass_storage[KEY]["data"]["head"] == head
    await backup.async_post_backup(hass)
    site = site.config_entry.runtime_data.coordinator
    await run_cycles(site)
    assert site.ledger_service.trust_store.trusted.head == str(site.controller.ledger.head)


async def test_database_follows_again_afterwards(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    path = site.controller.ledger.path
    await backup.async_pre_backup(hass)
    still = path.read_bytes()
    await run_cycles(site, 5)
    assert path.read_bytes() == still
    await backup.async_post_backup(hass)
    await hass.config_entries.async_unload("site")
    assert path.read_bytes() != still
    assert not path.with_name("ledger.db-wal").exists()


async def test_backup_that_never_ends_is_given_up(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
) -> None:
    await backup.async_pre_backup(hass)
    await backup.async_pre_backup(hass)  # another one begins the time anew
    head = site.ledger_service.trust_store.trusted.head
    await run_cycles(site, 2)
    assert site.ledger_service.trust_store.trusted.head == head
    freezer.tick(backup.LONGEST)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.data[DATA_BACKUP] is False
    await run_cycles(site)
    assert site.ledger_service.trust_store.trusted.head == str(site.controller.ledger.head)
    assert await pragma(site, "wal_autocheckpoint") > 0


async def test_home_assistant_calls_the_hooks(
    hass: HomeAssistant, site: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    manager = hass.data[DATA_MANAGER]
    await manager.async_pre_backup_actions()
    assert hass.data[DATA_BACKUP] is True
    await manager.async_post_backup_actions()
    assert hass.data[DATA_BACKUP] is False


async def test_ledger_that_fails_does_not_stop_the_backup(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: object) -> None:
        raise LedgerError(LedgerReason.IO_ERROR, "disk gone")

    monkeypatch.setattr(type(site.controller.ledger), "hold_still", fail)
    monkeypatch.setattr(type(site.controller.ledger), "let_go", fail)
    await backup.async_pre_backup(hass)
    await backup.async_post_backup(hass)
    assert caplog.text.count("disk gone") == 2
