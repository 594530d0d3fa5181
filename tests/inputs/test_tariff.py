"""A tariff with fixed hours, by Home Assistant's schedule helper: its price now, and those ahead."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import PriceRecord
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.steps.planning import PricesAhead
from custom_components.aiep_miner.inputs.prices_ahead import NONE_AHEAD
from custom_components.aiep_miner.inputs.tariff import (
    DAYS,
    TariffSource,
    async_tariff_ahead,
    tariff_of,
    with_tariff,
)

from ..conftest import RunCycles, make_operator, set_up, simulated

SCHEDULE = "schedule.night"
SOURCE = TariffSource(schedule=SCHEDULE, on_price=0.10, otherwise=0.30)
RECORD = PriceRecord(ts_ms=0, subject="site", currency="EUR", energy_price_per_kwh=0.30)
STEP = timedelta(minutes=15)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let the schedule helper wait for its next block: it does not stop with Home Assistant."""
    return True


async def schedule(hass: HomeAssistant, *blocks: dict[str, Any], days: Any = DAYS) -> None:
    config = {"name": "Night", **{day: list(blocks) for day in days}}
    assert await async_setup_component(hass, "schedule", {"schedule": {"night": config}})
    await hass.async_block_till_done()


def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory, text: str) -> int:
    """Move to a local time; return it in ms."""
    local = datetime.fromisoformat(text).replace(tzinfo=dt_util.get_default_time_zone())
    freezer.move_to(local)
    return round(local.timestamp() * 1000)


async def ahead_of(hass: HomeAssistant, now_ms: int) -> PricesAhead:
    found = await async_tariff_ahead(hass, SOURCE, now_ms)
    assert found.fault is None
    assert found.ahead is not None
    return found.ahead


async def test_the_schedule_says_which_price_holds(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    now_ms = at(hass, freezer, "2026-12-02 05:30:00")
    await schedule(
        hass, {"from": "22:00:00", "to": "24:00:00"}, {"from": "00:00:00", "to": "06:00:00"}
    )
    assert with_tariff(hass, RECORD, SOURCE).energy_price_per_kwh == 0.10
    ahead = await ahead_of(hass, now_ms + 1)
    assert ahead.from_ms[0] == now_ms
    assert ahead.until_ms == now_ms + 48 * 3_600_000
    cheap = [price == 0.10 for price in ahead.prices_per_kwh]
    # 05:30 to 06:00, then from 22:00 to 06:00, twice.
    assert [cheap.index(False), cheap.index(True, 2), sum(cheap)] == [2, 66, 2 + 32 + 30]
    at(hass, freezer, "2026-12-02 12:00:00")
    hass.states.async_set(SCHEDULE, "off")
    assert with_tariff(hass, RECORD, SOURCE).energy_price_per_kwh == 0.30


async def test_a_block_may_have_a_price_of_its_own(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    now_ms = at(hass, freezer, "2026-12-02 17:00:00")
    await schedule(
        hass,
        {"from": "17:00:00", "to": "20:00:00", "data": {"price": 0.45}},
        {"from": "22:00:00", "to": "23:00:00"},
    )
    assert with_tariff(hass, RECORD, SOURCE).energy_price_per_kwh == 0.45
    ahead = await ahead_of(hass, now_ms)
    assert ahead.prices_per_kwh[:28] == (0.45,) * 12 + (0.30,) * 8 + (0.10,) * 4 + (0.30,) * 4


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 5), ("2026-10-25", 7)], ids=["23 hours", "25 hours"]
)
async def test_days_of_23_and_25_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, day: str, hours: int
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    now_ms = at(hass, freezer, f"{day} 00:00:00")
    await schedule(hass, {"from": "00:00:00", "to": "06:00:00"})
    ahead = await ahead_of(hass, now_ms)
    assert ahead.prices_per_kwh.index(0.30) == hours * 4


async def test_days_of_the_week(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    now_ms = at(hass, freezer, "2026-12-04 00:00:00")  # a Friday
    await schedule(hass, {"from": "00:00:00", "to": "24:00:00"}, days=["saturday", "sunday"])
    ahead = await ahead_of(hass, now_ms)
    assert ahead.prices_per_kwh == (0.30,) * 96 + (0.10,) * 96


async def test_a_schedule_that_is_gone_or_has_no_price(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    now_ms = at(hass, freezer, "2026-12-02 05:30:00")
    assert (await async_tariff_ahead(hass, SOURCE, now_ms)).fault is Reason.UNREACHABLE
    found = with_tariff(hass, RECORD, SOURCE)
    assert found.energy_price_per_kwh is None
    assert found.faults == {"energy_price_per_kwh": Reason.UNREACHABLE}
    await schedule(hass, {"from": "00:00:00", "to": "06:00:00"})
    nothing = TariffSource(schedule=SCHEDULE, on_price=None, otherwise=0.30)
    found = await async_tariff_ahead(hass, nothing, now_ms)
    assert (found.ahead, found.fault) == (NONE_AHEAD, Reason.READING_INVALID)
    assert with_tariff(hass, RECORD, nothing).faults == {
        "energy_price_per_kwh": Reason.READING_INVALID
    }
    unknown = TariffSource(schedule="schedule.other", on_price=0.1, otherwise=0.30)
    assert (await async_tariff_ahead(hass, unknown, now_ms)).fault is Reason.UNREACHABLE


def test_where_a_tariff_is_used() -> None:
    options = {"planning": {"tariff_schedule": SCHEDULE, "tariff_price": 0.10}}
    assert tariff_of({"energy_price": 0.30}, options) == SOURCE
    assert tariff_of({"energy_price": "sensor.price"}, options) is None
    assert tariff_of({"energy_price": 0.30}, {}) is None
    record = RECORD
    assert with_tariff(None, record, None) is record  # type: ignore[arg-type]


async def test_an_operator_plans_with_its_tariff(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    freezer: FrozenDateTimeFactory,
    run_cycles: RunCycles,
) -> None:
    at(hass, freezer, "2026-12-02 04:00:00")
    await schedule(hass, {"from": "00:00:00", "to": "06:00:00"})
    planning = {"strategy": "plan", "tariff_schedule": SCHEDULE, "tariff_price": 0.02}
    entry = make_operator(
        [simulated()], data={"energy_price": 0.25}, options={"planning": planning}
    )
    site: AiepMinerCoordinator = await set_up(hass, entry)
    for _ in range(40):
        await run_cycles(site, every_s=60)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert site.data.price.energy_price_per_kwh == 0.02
    plan = site.data.plan.record
    assert plan.inputs.guessed_from is None
    runs, rests, *_ = plan.miners[0].segments
    six = datetime.fromisoformat("2026-12-02 06:00:00").replace(
        tzinfo=dt_util.get_default_time_zone()
    )
    assert runs.level is not None
    assert (rests.level, rests.from_ms) == (None, round(six.timestamp() * 1000))
