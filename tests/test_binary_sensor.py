"""Whether the miners hash, and whether something is wrong."""

from dataclasses import replace

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from syrupy.assertion import SnapshotAssertion

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Temperature
from custom_components.aiep_miner.engine.records.reasons import Reason

from .conftest import FULL_READING, FakeMiner, RunCycles
from .entity_pictures import picture

MINING = "binary_sensor.miner_1_mining"
PROBLEM = "binary_sensor.miner_1_problem"
SITE_PROBLEM = "binary_sensor.site_problem"


async def test_binary_sensors(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, snapshot: SnapshotAssertion
) -> None:
    assert picture(hass, "binary_sensor") == snapshot


async def test_lost_contact_is_a_problem(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.error = MinerError(Reason.TIMEOUT)
    await run_cycles(fake_site, 3)
    assert hass.states.get(MINING).state == STATE_UNAVAILABLE
    problem = hass.states.get(PROBLEM)
    assert problem.state == STATE_ON
    assert problem.attributes["divergences"] == ["comms_lost"]
    assert problem.attributes["poll_error"] == "timeout"

    fake.error = None
    await run_cycles(fake_site)
    assert hass.states.get(MINING).state == STATE_ON
    assert hass.states.get(PROBLEM).state == STATE_OFF


async def test_overheating_is_a_problem(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    hot = (Temperature(sensor="board_0", temperature_c=95.0),)
    fake.reading = replace(FULL_READING, temperatures=hot)
    await run_cycles(fake_site, 2)
    problem = hass.states.get(PROBLEM)
    assert problem.state == STATE_ON
    assert "overheat" in problem.attributes["divergences"]


async def test_messages_are_a_problem(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    fake.reading = replace(FULL_READING, messages=("PSU error",))
    await run_cycles(fake_site)
    assert hass.states.get(PROBLEM).attributes["messages"] == ["PSU error"]
    assert hass.states.get(PROBLEM).state == STATE_ON


async def test_ledger_error_is_the_sites_problem(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, run_cycles: RunCycles, broken_ledger: None
) -> None:
    await run_cycles(fake_site)
    problem = hass.states.get(SITE_PROBLEM)
    assert problem.state == STATE_ON
    assert "disk_full" in problem.attributes["ledger_error"]
