"""The cycle in Home Assistant: its events, its schedule, and what it does about failures."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.miners.base import Identity, MinerError, MinerInfo
from custom_components.aiep_miner.engine.records import Action, RecordKind
from custom_components.aiep_miner.engine.records.reasons import Reason

from .conftest import (
    FAKE,
    FULL_INFO,
    FULL_READING,
    START,
    FakeMiner,
    RunCycles,
    make_operator,
    propose,
    set_up,
    simulated,
)

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
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context, run_cycles: RunCycles
) -> None:
    decisions = async_capture_events(hass, "aiep_miner_decision")
    receipts = async_capture_events(hass, "aiep_miner_receipt")
    await run_cycles(site)
    decisions.clear()
    await propose(site, Action.STOP, person)
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
    assert hass.states.get("switch.miner_1").state == "on"


async def test_unchanged_hold_stays_off_the_bus(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 2)
    decisions = async_capture_events(hass, "aiep_miner_decision")
    records = site.data.ledger_records
    await run_cycles(site, 3)
    assert decisions == []
    assert site.data.ledger_records > records


async def test_ledger_error_raises_an_issue_and_heals(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    issues = ir.async_get(hass)
    error = LedgerError(LedgerReason.DISK_FULL, "no space left")
    with patch.object(Store, "append_staged", side_effect=error):
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
    fake_site: AiepMinerCoordinator,
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
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context, freezer: FrozenDateTimeFactory
) -> None:
    cycles = site.data.cycles
    for _ in range(2):
        freezer.tick(timedelta(seconds=20))
        await propose(site, Action.RUN, person)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.cycles == cycles + 1


@pytest.mark.parametrize(("before_s", "after_s"), [(600, 60), (60, 600)])
async def test_a_changed_interval_counts_at_once(
    hass: HomeAssistant,
    fake: FakeMiner,
    freezer: FrozenDateTimeFactory,
    before_s: int,
    after_s: int,
) -> None:
    entry = make_operator([FAKE], options={"cycle": {"interval_s": before_s}})
    site = await set_up(hass, entry)
    options = {**entry.options, "cycle": {"interval_s": after_s}}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.async_block_till_done()
    cycles = site.data.cycles
    freezer.tick(timedelta(seconds=62))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.cycles == cycles + (1 if after_s == 60 else 0)


async def test_settings_wait_for_the_ledger(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = fake_site.config_entry
    error = LedgerError(LedgerReason.READ_ONLY, "read-only file system")
    with patch.object(Store, "append_staged", side_effect=error):
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


# The devices' MAC addresses


def mac(number: int) -> tuple[str, str]:
    return (dr.CONNECTION_NETWORK_MAC, f"02:00:00:00:00:0{number}")


def connections(hass: HomeAssistant, number: int) -> set[tuple[str, str]]:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, f"miner-{number}"), "site")
    assert device is not None
    return set(device.connections)


@pytest.fixture
def pair(
    enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> Iterator[dict[str, FakeMiner]]:
    """Let each miner that is set up be a fake one that tells its own MAC address, by host."""
    freezer.move_to(START)
    made: dict[str, FakeMiner] = {}

    def make(_: HomeAssistant, data: dict[str, Any], unique_id: str | None) -> FakeMiner:
        made.setdefault(data["host"], FakeMiner(telling(data["host"][-1]), FULL_READING))
        return made[data["host"]]

    with patch("custom_components.aiep_miner.coordinator.create_adapter", make):
        yield made


def telling(number: int | str) -> MinerInfo:
    return replace(FULL_INFO, identity=Identity(mac=f"02:00:00:00:00:0{number}"))


def rack(number: int, unique_id: str | None = None) -> ConfigSubentryData:
    return ConfigSubentryData(
        subentry_id=f"miner-{number}",  # type: ignore[typeddict-unknown-key]
        subentry_type="miner",
        title=f"Miner {number}",
        unique_id=unique_id or mac(number)[1],
        data={**FAKE["data"], "host": f"192.0.2.{number}"},
    )


async def test_a_miner_with_a_siblings_mac_stops_nobody(
    hass: HomeAssistant, pair: dict[str, FakeMiner], run_cycles: RunCycles
) -> None:
    site = await set_up(hass, make_operator([rack(1), rack(2)]))
    one, two = pair["192.0.2.1"], pair["192.0.2.2"]
    one.error = two.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(site)
    one.error, one.info = None, telling(2)
    await run_cycles(site)
    assert site.last_update_success
    assert hass.states.get("sensor.miner_1_hash_rate").state == "100.0"
    assert (connections(hass, 1), connections(hass, 2)) == ({mac(1)}, {mac(2)})

    assert await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert (connections(hass, 1), connections(hass, 2)) == ({mac(1)}, {mac(2)})


async def test_a_mac_goes_back_to_whom_it_identifies(
    hass: HomeAssistant, pair: dict[str, FakeMiner], run_cycles: RunCycles
) -> None:
    pair["192.0.2.1"] = FakeMiner(telling(2), FULL_READING)
    pair["192.0.2.2"] = two = FakeMiner(telling(2), FULL_READING)
    two.error = MinerError(Reason.UNREACHABLE)
    site = await set_up(hass, make_operator([rack(1, "serial-1"), rack(2)]))
    assert (connections(hass, 1), connections(hass, 2)) == ({mac(2)}, set())
    two.error = None
    await run_cycles(site)
    assert (connections(hass, 1), connections(hass, 2)) == (set(), {mac(2)})
    await run_cycles(site)
    assert site.last_update_success
    assert (connections(hass, 1), connections(hass, 2)) == (set(), {mac(2)})


# Which automation it was


WAITING = {"wait_for_trigger": {"trigger": "event", "event_type": "go_on"}}


async def proposers(
    hass: HomeAssistant, site: AiepMinerCoordinator, count: int
) -> list[str | None]:
    """Let those who wait go on; return who made the proposals that come of it."""
    while len(found := await site.controller.ledger.query(kinds=(RecordKind.PROPOSAL,))) < count:
        hass.bus.async_fire("go_on")
        await asyncio.sleep(0)
    await hass.async_block_till_done()
    return [stored.record().origin_id for stored in found]


def proposal(site: AiepMinerCoordinator) -> dict[str, Any]:
    data = {"device_id": site.device_id("miner-1"), "action": "set_power", "value": 3000}
    return {"action": "aiep_miner.propose", "data": {**data, "confidence": 0.9}}


async def test_each_run_of_an_automation_is_known(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    automation = {
        "id": "surplus",
        "alias": "Surplus",
        "mode": "parallel",
        "triggers": {"trigger": "event", "event_type": "begin"},
        "actions": [WAITING, proposal(fake_site)],
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    hass.bus.async_fire("begin")
    hass.bus.async_fire("begin")
    assert await proposers(hass, fake_site, 2) == ["automation.surplus"] * 2


async def test_each_run_of_a_script_is_known(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    script = {"night": {"mode": "parallel", "sequence": [WAITING, proposal(fake_site)]}}
    assert await async_setup_component(hass, "script", {"script": script})
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.night"})
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.night"})
    assert await proposers(hass, fake_site, 2) == ["script.night"] * 2
