"""The cycle in Home Assistant: its events, its schedule, and what it does about failures."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import SiteCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import Action

from .conftest import FAKE, FakeMiner, RunCycles, make_operator, set_up, simulated

KEYS = {
    "operator_id",
    "device_id",
    "miner_id",
    "action",
    "reason",
    "trust_level",
    "record_seq",
    "record_hash",
}


async def test_events(
    hass: HomeAssistant, site: SiteCoordinator, person: Context, run_cycles: RunCycles
) -> None:
    decisions = async_capture_events(hass, "aiep_miner_decision")
    receipts = async_capture_events(hass, "aiep_miner_receipt")
    await run_cycles(site)
    decisions.clear()
    await site.async_propose("miner-1", Action.STOP, person)
    await run_cycles(site)

    data = decisions[0].data
    assert set(data) == KEYS
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    assert data["operator_id"] == "site"
    assert data["device_id"] == device.id
    assert data["miner_id"] == "miner-1"
    assert data["action"] == "stop"
    assert data["reason"] == "person_command"
    filed = await site.controller.ledger.get(data["record_seq"])
    assert filed.hash_hex == data["record_hash"]

    assert [event.data["outcome"] for event in receipts] == ["accepted", "confirmed"]
    assert set(receipts[0].data) == KEYS | {"outcome"}


async def test_suppression_is_told_once(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object, run_cycles: RunCycles
) -> None:
    dear = make_operator(
        [simulated()],
        data={"energy_price": 0.5},
        options={"mode": "manual", "economics": {"profit_dwell_min": 0}},
    )
    suppressions = async_capture_events(hass, "aiep_miner_suppression")
    site = await set_up(hass, dear)
    await run_cycles(site, 4)
    assert [event.data["reason"] for event in suppressions] == ["manual_mode"]
    assert suppressions[0].data["action"] == "stop"
    assert hass.states.get("switch.miner_1_mining").state == "on"


async def test_unchanged_hold_stays_off_the_bus(
    hass: HomeAssistant, site: SiteCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 2)
    decisions = async_capture_events(hass, "aiep_miner_decision")
    records = site.data.ledger_records
    await run_cycles(site, 3)
    assert decisions == []
    assert site.data.ledger_records > records


async def test_ledger_error_raises_an_issue_and_heals(
    hass: HomeAssistant, fake_site: SiteCoordinator, run_cycles: RunCycles
) -> None:
    issues = ir.async_get(hass)
    error = LedgerError(LedgerReason.DISK_FULL, "no space left")
    with patch.object(type(fake_site.controller.ledger), "append", side_effect=error):
        await run_cycles(fake_site)
        issue = issues.async_get_issue(DOMAIN, "ledger_unwritable_site")
        assert issue is not None
        assert issue.severity is ir.IssueSeverity.ERROR
        assert issue.translation_placeholders["operator"] == "Site"
        assert "disk_full" in issue.translation_placeholders["error"]
    await run_cycles(fake_site)
    assert issues.async_get_issue(DOMAIN, "ledger_unwritable_site") is None


async def test_failure_of_one_miner_is_its_own(
    hass: HomeAssistant,
    fake_site: SiteCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.error = MinerError(Reason.AUTH_FAILED, "password hunter2")
    await run_cycles(fake_site, 3)
    assert fake_site.last_update_success
    assert caplog.text.count("Miner 1 cannot be read: auth_failed") == 1
    assert "hunter2" not in caplog.text
    fake.error = None
    await run_cycles(fake_site, 2)
    assert caplog.text.count("Miner 1 can be read again") == 1


async def test_proposals_do_not_put_the_cycle_off(
    hass: HomeAssistant, site: SiteCoordinator, person: Context, freezer: FrozenDateTimeFactory
) -> None:
    cycles = site.data.cycles
    for _ in range(2):
        freezer.tick(timedelta(seconds=20))
        await site.async_propose("miner-1", Action.RUN, person)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.cycles == cycles + 1


async def test_settings_wait_for_the_ledger(
    hass: HomeAssistant,
    fake_site: SiteCoordinator,
    run_cycles: RunCycles,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = fake_site.config_entry
    error = LedgerError(LedgerReason.READ_ONLY, "read-only file system")
    with patch.object(type(fake_site.controller.ledger), "append", side_effect=error):
        options = {**entry.options, "people": {"person_hold_min": 5}}
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.async_block_till_done()
        assert "the settings wait for the ledger" in caplog.text
        assert fake_site.data.policy.person_hold_min == 60
    await run_cycles(fake_site)
    assert fake_site.data.policy.person_hold_min == 5


async def test_device_learns_what_the_miner_says(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.UNREACHABLE)
    site = await set_up(hass, make_operator([FAKE]))
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    assert device.model is None
    fake.error = None
    await run_cycles(site)
    device = registry.async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    assert (device.manufacturer, device.model, device.sw_version) == ("Make", "Model", "1.2.3")
    assert (dr.CONNECTION_NETWORK_MAC, "02:00:00:00:00:01") in device.connections
