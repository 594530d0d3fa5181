"""A miner behind a mains switch: stopped first, cut off when cool, given power before a start."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Temperature
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.replay import replay

from ..conftest import (
    FAKE,
    FULL_INFO,
    FULL_READING,
    FakeMiner,
    RunCycles,
    make_operator,
    propose,
    set_up,
)


def warm(hottest_c: float) -> tuple[Temperature, ...]:
    return tuple(Temperature(sensor=f"board_{n}", temperature_c=hottest_c - n) for n in range(3))


PLUG = "input_boolean.plug"
ON = replace(FULL_READING, uptime_s=None)  # a reading that never changes is no phantom
OFF = replace(
    ON,
    mining=False,
    hashrate_ths=0.0,
    power_w=15.0,
    temperatures=warm(60.0),
)
COOL = replace(OFF, temperatures=warm(35.0))
DEAR = {"energy_price": 0.6}


@pytest.fixture
async def plug(hass: HomeAssistant, fake: FakeMiner) -> None:
    fake.reading = ON
    await async_setup_component(hass, "homeassistant", {})
    config = {"input_boolean": {"plug": {"initial": True}}}
    assert await async_setup_component(hass, "input_boolean", config)
    await hass.async_block_till_done()


def behind_plug(**data: Any) -> Any:
    return make_operator(
        [{**FAKE, "data": {**FAKE["data"], "power_switch": PLUG}}],
        data=data,
        options={"economics": {"profit_dwell_min": 0}},
    )


def commands(fake: FakeMiner) -> list[Action]:
    return [command.action for command in fake.commands]


async def records(site: AiepMinerCoordinator, kind: str) -> list[dict[str, Any]]:
    return [item.body for item in await site.controller.ledger.query(kinds=[kind], limit=1000)]


async def test_stop_then_rest_then_power_off_then_power_before_a_start(
    hass: HomeAssistant, plug: None, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    site = await set_up(hass, behind_plug(**DEAR))
    await run_cycles(site, 4)
    assert commands(fake) == [Action.STOP]
    fake.reading = OFF
    await run_cycles(site, 30)
    assert hass.states.get(PLUG).state == "on"  # rested, but not cool
    fake.reading = COOL
    await run_cycles(site, 2)
    assert hass.states.get(PLUG).state == "off"
    assert commands(fake) == [Action.STOP]
    fake.error = MinerError(Reason.UNREACHABLE)
    await run_cycles(site, 3)
    miner = site.data.miners["miner-1"]
    assert (miner.is_mining, miner.power_w, miner.divergences) == (False, 0.0, ())
    wanted = {item["action"]: item["reasons"] for item in await records(site, "decision")}
    assert wanted["power_off"] == ["rests_without_power"]
    receipts = [item for item in await records(site, "receipt") if item["action"] == "power_off"]
    assert [item["outcome"] for item in receipts] == ["accepted", "confirmed"]
    # Prices fall: it gets its power back, boots, and is asked anew what it is.
    hass.config_entries.async_update_entry(
        site.config_entry, options={**site.config_entry.options, "economics": {
            "profit_dwell_min": 0, "heat_credit_per_kwh": 0.8}}
    )  # fmt: skip
    await hass.async_block_till_done()
    await run_cycles(site, 4)
    assert hass.states.get(PLUG).state == "on"
    fake.error, fake.reading = None, ON
    await run_cycles(site, 4)
    assert site.data.miners["miner-1"].is_mining
    assert site.data.miners["miner-1"].info.capabilities.levels == FULL_INFO.capabilities.levels
    assert commands(fake) == [Action.STOP]
    report = await hass.async_add_executor_job(replay, site.controller.ledger.path)
    assert report.difference is None


async def test_a_stop_that_is_not_obeyed_ends_at_the_switch(
    hass: HomeAssistant, plug: None, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    site = await set_up(hass, behind_plug(**DEAR))
    await run_cycles(site, 22)
    assert commands(fake) == [Action.STOP, Action.STOP]
    assert hass.states.get(PLUG).state == "on"  # the softer stop has its time
    await run_cycles(site, 6)
    assert hass.states.get(PLUG).state == "off"
    (decision,) = [
        item for item in await records(site, "decision") if item["action"] == "power_off"
    ]
    assert decision["reasons"] == ["stop_not_obeyed"]
    assert site.data.miners["miner-1"].is_mining is False


async def test_firmware_that_cannot_stop_is_stopped_by_the_switch(
    hass: HomeAssistant, plug: None, fake: FakeMiner, run_cycles: RunCycles, person: Context
) -> None:
    able = replace(FULL_INFO.capabilities, actions=frozenset({Action.RESTART}))
    fake.info = replace(FULL_INFO, capabilities=able)
    site = await set_up(hass, behind_plug())
    await run_cycles(site)
    await propose(site, Action.STOP, person)
    assert hass.states.get(PLUG).state == "off"
    await propose(site, Action.RUN, person)
    assert hass.states.get(PLUG).state == "on"
    assert commands(fake) == []


async def test_a_switch_that_is_gone_fails_the_command(
    hass: HomeAssistant, fake: FakeMiner, run_cycles: RunCycles, person: Context
) -> None:
    fake.info = replace(
        FULL_INFO, capabilities=replace(FULL_INFO.capabilities, actions=frozenset())
    )
    site = await set_up(hass, behind_plug())
    await run_cycles(site)
    result = await propose(site, Action.STOP, person)
    assert result.error is Reason.UNREACHABLE
