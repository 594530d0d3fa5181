"""Local tariffs: days of 23, 24 and 25 hours, bands past midnight, adders and taxes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.economics.tariff import Band, Tariff, to_steps

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Band(begin_min=22 * 60, end_min=6 * 60, price_per_kwh=0.1)
TARIFF = Tariff(time_zone=BERLIN, bands=(NIGHT,), otherwise_per_kwh=0.3)


def local_ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=BERLIN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "steps", "night"),
    [((2025, 3, 30), 92, 28), ((2025, 10, 26), 100, 36), ((2025, 6, 1), 96, 32)],
)
def test_local_days_have_their_own_length(day, steps, night) -> None:
    first = local_ms(*day)
    following = datetime(*day, tzinfo=BERLIN) + timedelta(days=1)
    assert int(following.timestamp() * 1000) - first == steps * 900_000
    assert (TARIFF.prices(first, steps) == 0.1).sum() == night


def test_weekdays_are_those_on_which_a_band_begins() -> None:
    friday = Band(begin_min=1320, end_min=360, price_per_kwh=0.1, weekdays=frozenset({4}))
    tariff = Tariff(time_zone=BERLIN, bands=(friday,), otherwise_per_kwh=0.3)
    saturday = datetime(2025, 6, 7, tzinfo=BERLIN)
    assert tariff.price_per_kwh(saturday.replace(hour=5)) == 0.1
    assert tariff.price_per_kwh(saturday.replace(hour=6)) == 0.3
    assert tariff.price_per_kwh(saturday.replace(hour=23)) == 0.3


def test_adder_and_tax_are_in_the_price() -> None:
    tariff = Tariff(
        time_zone=BERLIN, bands=(), otherwise_per_kwh=-0.02, adder_per_kwh=0.12, tax_pct=19
    )
    assert tariff.prices(0, 1)[0] == pytest.approx(0.119)


@given(st.integers(0, 2_000_000_000), st.sampled_from(["UTC", "Asia/Kathmandu", "Europe/Berlin"]))
def test_each_step_costs_what_its_moment_costs(seconds: int, zone: str) -> None:
    tariff = Tariff(time_zone=ZoneInfo(zone), bands=(NIGHT,), otherwise_per_kwh=0.3)
    first_s = seconds // 900 * 900
    prices = tariff.prices(first_s * 1000, 8)
    for step, price in enumerate(prices):
        local = datetime.fromtimestamp(first_s + 900 * step, UTC).astimezone(ZoneInfo(zone))
        assert price == (0.1 if local.hour >= 22 or local.hour < 6 else 0.3)


@pytest.mark.parametrize(
    "band",
    [
        {"begin_min": -1, "end_min": 60},
        {"begin_min": 0, "end_min": 1441},
        {"begin_min": 0, "end_min": 60, "weekdays": frozenset({7})},
    ],
)
def test_bands_that_are_none_are_refused(band) -> None:
    with pytest.raises(ValueError, match=r"band|weekdays"):
        Band(price_per_kwh=0.1, **band)


def test_hourly_prices_become_steps() -> None:
    hourly = to_steps([0, 3_600_000], [0.1, 0.2], -900_000, 7)
    assert np.isnan(hourly[0])
    assert hourly[1:].tolist() == [0.1] * 4 + [0.2] * 2
    with pytest.raises(ValueError, match="rising"):
        to_steps([0, 0], [0.1, 0.2], 0, 1)
