"""Boards, fans and pools: as many entities as there are, and what becomes of those that vanish."""

from dataclasses import replace

import pytest
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import Command
from custom_components.aiep_miner.engine.read_model import reject_rate
from custom_components.aiep_miner.engine.records import Action, Board, Pool, Reading

from ..conftest import FULL_READING, FakeMiner, RunCycles


def state(hass: HomeAssistant, name: str) -> str:
    return hass.states.get(f"sensor.miner_1_{name}").state


async def test_boards_and_fans_that_appear_and_vanish(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    assert state(hass, "board_1_hash_rate") == "50.0"
    assert hass.states.get("sensor.miner_1_board_4_hash_rate") is None
    fourth = Board(index=3, hashrate_ths=12.5, enabled=True)
    fake.reading = replace(
        FULL_READING,
        boards=(*FULL_READING.boards, fourth),
        fans_rpm=(*FULL_READING.fans_rpm, 4000),
    )
    await run_cycles(fake_site)
    assert state(hass, "board_4_hash_rate") == "12.5"
    assert state(hass, "fan_3_speed") == "4000"
    assert hass.states.get("switch.miner_1_board_4").state == "on"

    fake.reading = replace(FULL_READING, boards=FULL_READING.boards[1:], fans_rpm=())
    await run_cycles(fake_site)
    for gone in ("board_1_hash_rate", "board_4_hash_rate", "fan_1_speed", "fan_3_speed"):
        assert state(hass, gone) == STATE_UNAVAILABLE
    assert hass.states.get("switch.miner_1_board_4").state == STATE_UNAVAILABLE
    assert state(hass, "board_2_hash_rate") == "50.0"

    fake.reading = FULL_READING
    await run_cycles(fake_site)
    assert state(hass, "board_1_hash_rate") == "50.0"


async def test_a_value_that_a_board_says_later(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    assert hass.states.get("sensor.miner_1_board_2_chip_temperature") is None
    first, second = FULL_READING.boards
    second = replace(second, chip_temperature_c=71.0)
    fake.reading = replace(FULL_READING, boards=(first, second))
    await run_cycles(fake_site)
    assert state(hass, "board_2_chip_temperature") == "71.0"


async def test_noisy_ones_are_off_at_first(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    registry = er.async_get(hass)
    for key in ("board_voltage_0", "board_frequency_0", "pool_shares_accepted_0"):
        entity_id = registry.async_get_entity_id("sensor", "aiep_miner", f"miner-1_{key}")
        assert entity_id is not None
        assert registry.async_get(entity_id).disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_switching_one_board(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, person: Context
) -> None:
    for action, name in (("turn_off", "board_1"), ("turn_on", "board_2")):
        await hass.services.async_call(
            "switch",
            action,
            {"entity_id": f"switch.miner_1_{name}"},
            blocking=True,
            context=person,
        )
    assert fake.commands == [
        Command(action=Action.SET_BOARD, value=0.0, option="off"),
        Command(action=Action.SET_BOARD, value=1.0, option="on"),
    ]


async def test_the_fault_light(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    person: Context,
    run_cycles: RunCycles,
) -> None:
    light = {"entity_id": "switch.miner_1_fault_light"}
    await hass.services.async_call("switch", "turn_on", light, blocking=True, context=person)
    assert fake.commands == [Command(action=Action.FAULT_LIGHT, option="on")]
    assert hass.states.get(light["entity_id"]).state == "off", "not what it was told"
    fake.reading = replace(FULL_READING, fault_light=True)
    await run_cycles(fake_site)
    assert hass.states.get(light["entity_id"]).state == "on"
    assert state(hass, "last_command") == "confirmed"


@pytest.mark.parametrize(
    ("shares", "percent"),
    [
        (Pool(index=0, url="x", shares_accepted=99, shares_rejected=1), 1.0),
        (Reading(shares_accepted=0, shares_rejected=0), None),
        (Reading(shares_accepted=5), None),
    ],
)
def test_reject_rate(shares: Reading | Pool, percent: float | None) -> None:
    assert reject_rate(shares) == percent
