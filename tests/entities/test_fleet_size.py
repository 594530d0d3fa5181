"""How many entities a miner gets, and that a large fleet loads without a message."""

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.entities.fleet_size import FleetSize, fleet_size_of

from ..conftest import FAKE, FULL_READING, FakeMiner, make_operator, set_up, simulated

ENABLED = {
    "binary_sensor.miner_1_problem",
    "button.miner_1_restart",
    "button.miner_1_resume_automation",
    "number.miner_1_power_limit",
    "select.miner_1_level",
    "sensor.miner_1_decision",
    "sensor.miner_1_efficiency",
    "sensor.miner_1_energy",
    "sensor.miner_1_hash_rate",
    "sensor.miner_1_last_command",
    "sensor.miner_1_power",
    "sensor.miner_1_profit",
    "sensor.miner_1_temperature",
    "switch.miner_1",
}
LEAST = {
    "binary_sensor.miner_1_problem",
    "button.miner_1_resume_automation",
    "sensor.miner_1_decision",
    "sensor.miner_1_energy",
    "sensor.miner_1_hash_rate",
    "sensor.miner_1_power",
    "sensor.miner_1_temperature",
    "switch.miner_1",
}


def of_miner(hass: HomeAssistant, *, enabled: bool) -> set[str]:
    entities = er.async_entries_for_config_entry(er.async_get(hass), "site")
    return {
        item.entity_id
        for item in entities
        if item.config_subentry_id and (item.disabled_by is None or not enabled)
    }


def operator_of(size: str) -> MockConfigEntry:
    return make_operator([FAKE], options={"display": {"fleet_size": size}})


async def test_few_miners_have_everything_and_show_what_people_look_at(
    hass: HomeAssistant, fake: FakeMiner
) -> None:
    await set_up(hass, make_operator([FAKE]))
    assert of_miner(hass, enabled=True) == ENABLED
    assert of_miner(hass, enabled=False) > ENABLED | {"sensor.miner_1_board_1_hash_rate"}


@pytest.mark.parametrize(("size", "expected"), [("many", ENABLED), ("thousands", LEAST)])
async def test_larger_fleets_have_less(
    hass: HomeAssistant, fake: FakeMiner, size: str, expected: set[str]
) -> None:
    await set_up(hass, operator_of(size))
    assert of_miner(hass, enabled=False) == expected


async def test_a_thousand_miners_fit_into_what_home_assistant_allows() -> None:
    assert 1_000 * len(LEAST) + 100 < 10_000
    assert 500 * len(ENABLED) + 100 < 10_000


@pytest.mark.parametrize(
    ("miners", "size"),
    [
        (0, FleetSize.FEW),
        (100, FleetSize.FEW),
        (101, FleetSize.MANY),
        (500, FleetSize.MANY),
        (501, FleetSize.THOUSANDS),
    ],
)
def test_the_size_follows_the_number_of_miners(miners: int, size: FleetSize) -> None:
    assert fleet_size_of(make_operator([simulated(seed) for seed in range(miners)])) is size


async def test_another_size_takes_away_and_gives_back(hass: HomeAssistant, fake: FakeMiner) -> None:
    entry = operator_of("few")
    await set_up(hass, entry)
    everything = of_miner(hass, enabled=False)
    for size, expected in (("thousands", LEAST), ("few", everything)):
        hass.config_entries.async_update_entry(entry, options={"display": {"fleet_size": size}})
        await hass.async_block_till_done()
        assert of_miner(hass, enabled=False) == expected


async def test_no_state_is_a_hash(
    hass: HomeAssistant, entity_registry_enabled_by_default: None, fake: FakeMiner
) -> None:
    fake.reading = replace(FULL_READING, messages=())
    await set_up(hass, make_operator([FAKE]))
    assert hass.states.async_all()
    assert not [state.entity_id for state in hass.states.async_all() if len(state.state) == 64]
