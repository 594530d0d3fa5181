"""Setting operators up, unloading, reloading and removing them."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator, ledger_path
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason, Reader
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier.database import Database, verify
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import RecordKind
from custom_components.aiep_miner.engine.records.reasons import Reason

from .conftest import FakeMiner, RunCycles, make_operator, set_up, simulated


def kinds(path: Path) -> list[str]:
    """Return the kinds of all records of a ledger, in order."""
    with closing(Database(path)) as database:
        return [entry.kind for batch in Reader(database).read() for entry in batch]


async def test_set_up_and_unload(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    await set_up(hass, operator)
    assert operator.state is ConfigEntryState.LOADED
    assert hass.states.get("switch.miner_1").state == "on"

    assert await hass.config_entries.async_unload(operator.entry_id)
    assert operator.state is ConfigEntryState.NOT_LOADED
    assert hass.states.get("switch.miner_1").state == STATE_UNAVAILABLE
    path = ledger_path(hass, operator.entry_id)
    assert verify(path).fault is None
    assert kinds(path)[-1] == RecordKind.LIFECYCLE


async def test_first_refresh_only_observes(hass: HomeAssistant, operator: MockConfigEntry) -> None:
    site = await set_up(hass, operator)
    assert "receipt" not in kinds(site.controller.ledger.path)
    assert hass.states.get("sensor.miner_1_decision").attributes["action"] == "hold"


async def test_reload_goes_on_with_the_ledger(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 2)
    before = site.data.ledger_records
    entry = site.config_entry

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert entry.runtime_data.coordinator is not site
    assert entry.runtime_data.coordinator.data.ledger_records > before
    assert verify(ledger_path(hass, entry.entry_id)).fault is None


async def test_starts_without_a_ledger_for_stops_only_and_opens_it_later(
    hass: HomeAssistant,
    operator: MockConfigEntry,
    machines: dict[str, Any],
    run_cycles: RunCycles,
    person: Context,
) -> None:
    folder = ledger_path(hass, operator.entry_id).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way", "utf-8")
    site = await set_up(hass, operator)
    issues = ir.async_get(hass)
    assert issues.async_get_issue(DOMAIN, "ledger_unwritable_site").translation_placeholders
    assert hass.states.get("switch.miner_1").state == "on"
    assert hass.states.get("sensor.miner_1_hash_rate").state == STATE_UNAVAILABLE

    switch = {"entity_id": "switch.miner_1"}
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("switch", "turn_on", switch, blocking=True, context=person)
    await hass.services.async_call("switch", "turn_off", switch, blocking=True, context=person)
    await run_cycles(site)
    assert hass.states.get("switch.miner_1").state == "off"

    folder.unlink()
    await run_cycles(site)
    assert issues.async_get_issue(DOMAIN, "ledger_unwritable_site") is None
    assert float(hass.states.get("sensor.miner_1_hash_rate").state) == 0
    late = [item.record() for item in await site.controller.ledger.query(kinds=("receipt",))]
    assert [(item.action, item.outcome, item.late) for item in late][:1] == [
        ("stop", "accepted", True)
    ]
    assert site.ledger_service.signed is None
    await run_cycles(site)
    assert site.ledger_service.signed is not None


async def test_unloaded_operator_has_no_issues(
    hass: HomeAssistant, fake: FakeMiner, fake_site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    issues = ir.async_get(hass)
    fake.error = MinerError(Reason.AUTH_FAILED)
    await run_cycles(fake_site)
    error = LedgerError(LedgerReason.DISK_FULL, "no space left")
    with patch.object(Store, "append_staged", side_effect=error):
        await run_cycles(fake_site)
        raised = {issue_id for domain, issue_id in issues.issues if domain == DOMAIN}
        assert raised == {"ledger_unwritable_site", "login_refused_miner-1"}
        assert await hass.config_entries.async_unload("site")
    assert not [issue_id for domain, issue_id in issues.issues if domain == DOMAIN]


async def test_removal_forgets_the_secrets_whatever_fails(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_storage: dict[str, Any]
) -> None:
    key = f"{DOMAIN}.site"
    assert "private_key" in hass_storage[key]["data"]
    site.controller.ledger.path.with_name("witness.json").mkdir()
    await hass.config_entries.async_remove("site")
    assert key not in hass_storage


async def test_removal_keeps_the_ledger(
    hass: HomeAssistant, site: AiepMinerCoordinator, caplog: pytest.LogCaptureFixture
) -> None:
    path = site.controller.ledger.path
    await hass.config_entries.async_remove(site.config_entry.entry_id)
    assert verify(path).fault is None
    assert str(path) in caplog.text


async def test_home_assistant_stops(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    path = site.controller.ledger.path
    await hass.async_stop(force=True)
    assert kinds(path)[-1] == RecordKind.LIFECYCLE


async def test_cycle_runs_though_all_entities_are_disabled(
    hass: HomeAssistant, operator: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    site = await set_up(hass, operator)
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, operator.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    assert await hass.config_entries.async_reload(operator.entry_id)
    await hass.async_block_till_done()
    assert not hass.states.async_entity_ids(("sensor", "switch"))

    site = operator.runtime_data.coordinator
    cycles = site.data.cycles
    freezer.tick(timedelta(seconds=31))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.cycles == cycles + 1


async def test_options_take_effect_without_a_reload(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    entry = site.config_entry
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "cycle": {"interval_s": 120.0, "confirm_cycles": 5}}
    )
    await hass.async_block_till_done()
    assert entry.runtime_data.coordinator is site
    assert site.update_interval == timedelta(seconds=120)
    assert site.data.policy.interval_s == 120
    assert site.data.policy.confirm_cycles == 5
    latest = await site.controller.ledger.latest(RecordKind.POLICY)
    assert latest.record().confirm_cycles == 5


@pytest.mark.parametrize("change", [{"title": "Other"}, {"data": {"energy_price": 0.5}}])
async def test_other_changes_reload(
    hass: HomeAssistant, site: AiepMinerCoordinator, change: dict[str, object]
) -> None:
    entry = site.config_entry
    if "data" in change:
        change = {"data": {**entry.data, **change["data"]}}
    hass.config_entries.async_update_entry(entry, **change)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.coordinator is not site


async def test_devices(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    registry = dr.async_get(hass)
    operator = registry.async_get_device_by_identifier((DOMAIN, "site"), "site")
    miner = registry.async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert operator.entry_type is dr.DeviceEntryType.SERVICE
    assert miner.via_device_id == operator.id
    assert (miner.name, miner.manufacturer, miner.model) == ("Miner 1", "Antminer", "S19")
    assert miner.serial_number.startswith("SIM")


async def test_removed_miner_takes_its_device_along(
    hass: HomeAssistant, enable_custom_integrations: None, machines: dict[str, object]
) -> None:
    site = await set_up(hass, make_operator([simulated(1), simulated(2)]))
    entry = site.config_entry
    hass.config_entries.async_remove_subentry(entry, "miner-2")
    await hass.async_block_till_done()

    assert list(entry.runtime_data.coordinator.data.miners) == ["miner-1"]
    registry = dr.async_get(hass)
    assert registry.async_get_device_by_identifier((DOMAIN, "miner-2"), "site") is None
    assert hass.states.get("switch.miner_2") is None


async def test_two_operators_share_nothing(
    hass: HomeAssistant, enable_custom_integrations: None, machines: dict[str, object]
) -> None:
    one = await set_up(hass, make_operator([simulated(1)], title="One"))
    two = await set_up(hass, make_operator([simulated(2)], title="Two"))
    assert one.controller.ledger.path != two.controller.ledger.path
    assert one.controller.ledger.operator_id == "one"
    assert set(one.data.miners) == {"miner-1"}
    assert set(two.data.miners) == {"miner-2"}


@pytest.mark.usefixtures("enable_custom_integrations")
@pytest.mark.parametrize(
    ("options", "miner", "named"),
    [
        ({"cycle": {"interval_s": "often"}}, {}, "interval_s"),
        ({"cycle": {"interval_s": 0}}, {}, "interval_s"),
        ({"cycle": {"interval_s": "nan"}}, {}, "interval_s"),
        ({"governor": {"max_power_watts": [1]}}, {}, "max_power_watts"),
        ({"governor": {"min_trust_for_action": 9}}, {}, "min_trust_for_action"),
        ({"mode": "whatever"}, {}, "whatever"),
        ({}, {"max_temperature_c": 1e9}, "max_temperature_c"),
        ({}, {"adapter": "unknown"}, "unknown"),
    ],
)
async def test_settings_edited_by_hand_are_told_and_touch_nothing(
    hass: HomeAssistant,
    options: dict[str, object],
    miner: dict[str, object],
    named: str,
) -> None:
    entry = make_operator([simulated(**miner)], options=options)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "bad_settings"
    assert named in entry.error_reason_translation_placeholders["error"]
    assert not ledger_path(hass, entry.entry_id).exists()


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_a_setting_that_is_missing_is_told(hass: HomeAssistant) -> None:
    entry = make_operator([simulated()])
    entry.add_to_hass(hass)
    data = {key: value for key, value in entry.data.items() if key != "currency"}
    hass.config_entries.async_update_entry(entry, data=data)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_placeholders == {"error": "'currency'"}


@pytest.mark.usefixtures("enable_custom_integrations")
@pytest.mark.parametrize("price", ["nan", {"per": "kWh"}, [0.3], None])
async def test_a_price_that_is_no_number_is_a_divergence(
    hass: HomeAssistant, price: object
) -> None:
    site = await set_up(hass, make_operator([simulated()], data={"coin_price": price}))
    assert "stale_price" in {item.code for item in site.data.divergences}
