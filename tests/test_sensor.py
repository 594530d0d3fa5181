"""What the sensors show, and when they show nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import CoreState, HomeAssistant, State
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError, MinerInfo
from custom_components.aiep_miner.engine.read_model import MinerReadModel
from custom_components.aiep_miner.engine.records import MinerPolicy, Reading
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.entities.miner_sensors import (
    MINER_SENSORS,
    MinerSensorDescription,
    unsigned_zero,
)
from custom_components.aiep_miner.entities.part_sensors import sensors_of_parts

from .conftest import (
    FAKE,
    FULL_READING,
    INTERVAL_S,
    FakeMiner,
    RunCycles,
    make_operator,
    set_up,
    simulated,
)
from .entity_pictures import check_platform

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default")
"""Also what is disabled at first."""

TELEMETRY = (
    "hash_rate",
    "power",
    "efficiency",
    "temperature",
    "fan_speed",
    "running_since",
    "accepted_shares",
    "rejected_shares",
    "revenue",
    "cost",
    "profit",
    "break_even_energy_price",
    "energy",
)


def state(hass: HomeAssistant, name: str) -> str:
    return hass.states.get(f"sensor.{name}").state


async def test_sensors(hass: HomeAssistant, fake: FakeMiner, snapshot: SnapshotAssertion) -> None:
    await check_platform(hass, snapshot, Platform.SENSOR)


async def test_unavailable_means_unavailable(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(fake_site)
    for name in TELEMETRY:
        assert state(hass, f"miner_1_{name}") == STATE_UNAVAILABLE, name
    assert state(hass, "miner_1_decision") not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
    assert state(hass, "site_fleet_hash_rate") == STATE_UNKNOWN
    assert state(hass, "site_fleet_power") == STATE_UNKNOWN

    fake.error = None
    await run_cycles(fake_site)
    for name in TELEMETRY:
        assert state(hass, f"miner_1_{name}") not in (STATE_UNAVAILABLE, STATE_UNKNOWN), name


@pytest.mark.parametrize(
    "reading",
    [
        Reading(mining=False, power_w=40.0),
        Reading(mining=False, power_w=40.0, hashrate_ths=40.0),
    ],
    ids=["silent", "old average"],
)
async def test_paused_means_zero(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
    reading: Reading,
) -> None:
    fake.reading = reading
    await run_cycles(fake_site)
    assert float(state(hass, "miner_1_hash_rate")) == 0
    assert float(state(hass, "miner_1_revenue")) == 0
    assert state(hass, "miner_1_efficiency") == STATE_UNKNOWN
    assert float(state(hass, "site_fleet_hash_rate")) == 0


async def test_unknown_is_not_zero(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = Reading(power_w=40.0)
    await run_cycles(fake_site)
    assert state(hass, "miner_1_hash_rate") == STATE_UNKNOWN
    assert state(hass, "miner_1_temperature") == STATE_UNKNOWN


async def test_paused_at_an_unknown_power_costs_nobody_knows_what(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = Reading(mining=False)
    await run_cycles(fake_site)
    assert float(state(hass, "miner_1_revenue")) == 0
    assert state(hass, "miner_1_cost") == STATE_UNKNOWN
    assert state(hass, "miner_1_profit") == STATE_UNKNOWN
    assert state(hass, "site_fleet_profit") == STATE_UNKNOWN


async def test_one_miner_that_fails_costs_the_others_nothing(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    run_cycles: RunCycles,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def find(miner: MinerReadModel) -> Iterator[MinerSensorDescription]:
        if miner.miner_id == "miner-1":
            raise OverflowError
        return sensors_of_parts(miner)

    with patch("custom_components.aiep_miner.sensor.sensors_of_parts", find):
        site = await set_up(hass, make_operator([simulated(1), simulated(2)]))
        await run_cycles(site, 2)
    assert hass.states.get("sensor.miner_1_board_1_hash_rate") is None
    assert float(state(hass, "miner_1_hash_rate")) > 0
    assert float(state(hass, "miner_1_energy")) > 0
    assert float(state(hass, "miner_2_board_1_hash_rate")) > 0
    assert caplog.text.count("What Miner 1 has cannot be found out") == 1


async def test_entities_appear_when_the_miner_has_them(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.TIMEOUT)
    site = await set_up(hass, make_operator([FAKE]))
    assert state(hass, "miner_1_hash_rate") == STATE_UNAVAILABLE
    assert hass.states.get("sensor.miner_1_fan_speed") is None
    assert hass.states.get("switch.miner_1") is None

    fake.error, fake.reading = None, replace(FULL_READING, fans_rpm=())
    await run_cycles(site)
    assert hass.states.get("switch.miner_1").state == "on"
    assert hass.states.get("sensor.miner_1_fan_speed") is None

    fake.reading = FULL_READING
    await run_cycles(site)
    assert state(hass, "miner_1_fan_speed") == "4100"


async def test_miner_without_a_power_meter(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.info = MinerInfo(capabilities=Capabilities(reports_power=False))
    fake.reading = replace(FULL_READING, power_w=None)
    site = await set_up(hass, make_operator([FAKE]))
    assert hass.states.get("sensor.miner_1_power") is None
    assert float(state(hass, "miner_1_estimated_power")) == 3000
    assert float(state(hass, "site_fleet_power")) == 3000
    await run_cycles(site, 2)
    assert float(state(hass, "miner_1_energy")) == pytest.approx(3 * 2 * INTERVAL_S / 3600)

    fake.reading = Reading(mining=False)
    await run_cycles(site)
    assert float(state(hass, "miner_1_estimated_power")) == 0


async def test_running_since_stands_still(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    before = state(hass, "miner_1_running_since")
    fake.reading = replace(FULL_READING, uptime_s=3600 + INTERVAL_S - 2)
    await run_cycles(fake_site)
    assert state(hass, "miner_1_running_since") == before
    fake.reading = replace(FULL_READING, uptime_s=5)
    await run_cycles(fake_site)
    assert state(hass, "miner_1_running_since") != before


async def test_nothing_has_run_since_before_the_calendar(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = replace(FULL_READING, uptime_s=2**52)
    site = await set_up(hass, make_operator([FAKE]))
    assert hass.states.get("sensor.miner_1_running_since") is None
    assert float(state(hass, "miner_1_hash_rate")) == 100
    fake.reading = FULL_READING
    await run_cycles(site)
    assert state(hass, "miner_1_running_since") == "2026-11-01T11:00:30+00:00"


async def test_energy_counts_between_good_polls(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = replace(FULL_READING, power_w=1000.0)
    await run_cycles(fake_site)
    expected_kwh = 2.0 * INTERVAL_S / 3600
    assert float(state(hass, "miner_1_energy")) == pytest.approx(expected_kwh, abs=1e-5)


async def test_energy_bridges_a_failed_poll_but_no_gap(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.TIMEOUT)
    await run_cycles(fake_site)
    fake.error = None
    await run_cycles(fake_site)
    bridged_kwh = 3.0 * 2 * INTERVAL_S / 3600
    assert float(state(hass, "miner_1_energy")) == pytest.approx(bridged_kwh, abs=1e-5)

    fake.error = MinerError(Reason.TIMEOUT)
    await run_cycles(fake_site, 3)
    fake.error = None
    await run_cycles(fake_site)
    assert float(state(hass, "miner_1_energy")) == pytest.approx(bridged_kwh, abs=1e-5)


async def test_energy_goes_on_after_a_restart(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles, freezer: FrozenDateTimeFactory
) -> None:
    hass.set_state(CoreState.not_running)
    stored = {"native_value": 12.5, "native_unit_of_measurement": "kWh"}
    mock_restore_cache_with_extra_data(hass, [(State("sensor.miner_1_energy", "12.5"), stored)])
    site = await set_up(hass, make_operator([FAKE]))
    assert float(state(hass, "miner_1_energy")) == 12.5
    freezer.tick(timedelta(hours=2))
    await run_cycles(site)
    assert float(state(hass, "miner_1_energy")) == 12.5, "nobody measured these two hours"
    await run_cycles(site)
    assert float(state(hass, "miner_1_energy")) == pytest.approx(12.5 + 3.0 * INTERVAL_S / 3600)


async def test_energy_survives_a_reload(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(fake_site, 2)
    before = float(state(hass, "miner_1_energy"))
    assert before > 0
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert float(state(hass, "miner_1_energy")) == before


@pytest.mark.parametrize("text", ["broken", "12,5"])
async def test_energy_begins_anew_when_nothing_usable_was_kept(
    hass: HomeAssistant, fake: FakeMiner, text: str
) -> None:
    hass.set_state(CoreState.not_running)
    stored = {"native_value": text, "native_unit_of_measurement": "kWh"}
    mock_restore_cache_with_extra_data(hass, [(State("sensor.miner_1_energy", text), stored)])
    await set_up(hass, make_operator([FAKE]))
    assert float(state(hass, "miner_1_energy")) == 0


async def test_profit_is_unknown_without_a_price(hass: HomeAssistant, fake: FakeMiner) -> None:
    await set_up(hass, make_operator([FAKE], data={"energy_price": "sensor.missing"}))
    assert state(hass, "miner_1_profit") == STATE_UNKNOWN
    assert state(hass, "miner_1_cost") == STATE_UNKNOWN
    assert state(hass, "site_fleet_profit") == STATE_UNKNOWN
    assert float(state(hass, "miner_1_revenue")) > 0


async def test_nothing_stale_while_the_ledger_fails(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    broken_ledger: None,
) -> None:
    await run_cycles(fake_site)
    assert state(hass, "miner_1_hash_rate") == STATE_UNAVAILABLE
    assert state(hass, "miner_1_energy") == STATE_UNAVAILABLE
    assert state(hass, "site_fleet_profit") == STATE_UNKNOWN


@pytest.mark.parametrize("description", MINER_SENSORS, ids=lambda item: item.key)
def test_nothing_known_is_nothing_shown(description: MinerSensorDescription) -> None:
    miner = MinerReadModel(miner_id="miner-1", policy=MinerPolicy(miner_id="miner-1"))
    assert description.value_fn(miner) is None
    if description.attributes_fn is not None:
        assert description.attributes_fn(miner) == {}


async def test_decision_names_its_record(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    filed = fake_site.data.miners["miner-1"].decision
    attributes = hass.states.get("sensor.miner_1_decision").attributes
    assert attributes["record_seq"] == filed.seq
    assert attributes["record_hash"] == filed.hash
    assert attributes["reason"] == state(hass, "miner_1_decision_reason")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (-0.001, 2, 0.0),
        (-0.0, 2, 0.0),
        (-0.006, 2, -0.006),
        (0.001, 2, 0.001),
        (-0.001, None, -0.001),
        (-0.4, 0, 0.0),
    ],
)
def test_nothing_is_shown_as_minus_zero(value: float, digits: int | None, shown: float) -> None:
    assert repr(unsigned_zero(value, digits)) == repr(shown)
