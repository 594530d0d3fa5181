"""The public source: what is read from it, and what happens while it fails."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.aiep_miner.inputs.network import (
    MAX_BYTES,
    NetworkError,
    async_follow_source,
    async_source,
    base_address,
    retry_after,
)
from devtools.mempool import PRICES, REWARD, EmulatedMempool

REQUESTS = 3


@pytest.fixture
async def mempool(socket_enabled: None) -> AsyncIterator[EmulatedMempool]:
    """Return a public source on loopback."""
    async with EmulatedMempool() as source:
        yield source


async def test_figures_carry_the_time_at_which_they_were_stated(
    hass: HomeAssistant, mempool: EmulatedMempool, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-01T12:00:00+00:00")
    now_ms = round(dt_util.utcnow().timestamp() * 1000)
    mempool.replies["/api/v1/prices"] = {**PRICES, "time": now_ms // 1000 - 600}
    source = async_source(hass, mempool.url)
    await source.async_read()
    assert source.report.figure("coin_price", "EUR") == (60_000, now_ms - 600_000)
    assert source.report.figure("coin_price", "JPY")[0] is None, "-1 is no price"
    assert source.report.figure("network_difficulty", "EUR") == (1.27e14, now_ms)
    assert source.report.figure("block_reward", "EUR") == (pytest.approx(3.13), now_ms)
    assert async_source(hass, mempool.url) is source


async def test_a_price_from_the_future_is_of_now(
    hass: HomeAssistant, mempool: EmulatedMempool, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-01T12:00:00+00:00")
    mempool.replies["/api/v1/prices"] = {**PRICES, "time": 4_000_000_000}
    source = async_source(hass, mempool.url)
    await source.async_read()
    assert source.report.coin_prices_ms == round(dt_util.utcnow().timestamp() * 1000)


@pytest.mark.parametrize(
    ("path", "reply", "lost"),
    [
        ("/api/v1/prices", b"<html>", "coin_price"),
        ("/api/v1/prices", b"[]", "coin_price"),
        ("/api/v1/prices", {"time": 1, "EUR": "60000"}, "coin_price"),
        ("/api/v1/prices", b'{"EUR": 1e999}', "coin_price"),
        ("/api/v1/prices", b" " * (MAX_BYTES + 1) + b"{}", "coin_price"),
        ("/api/v1/mining/hashrate/3d", {"currentDifficulty": 0}, "network_difficulty"),
        ("/api/v1/mining/hashrate/3d", {"currentDifficulty": None}, "network_difficulty"),
        ("/api/v1/mining/hashrate/3d", {}, "network_difficulty"),
        ("/api/v1/mining/reward-stats/144", {**REWARD, "endBlock": "1"}, "block_reward"),
        ("/api/v1/mining/reward-stats/144", {**REWARD, "totalReward": "-5"}, "block_reward"),
        ("/api/v1/mining/reward-stats/144", {**REWARD, "totalReward": "nan"}, "block_reward"),
    ],
)
async def test_a_bad_reply_costs_only_its_own_figure(
    hass: HomeAssistant, mempool: EmulatedMempool, path: str, reply: Any, lost: str
) -> None:
    mempool.replies[path] = reply
    source = async_source(hass, mempool.url)
    with pytest.raises(NetworkError):
        await source.async_read()
    for key in ("coin_price", "network_difficulty", "block_reward"):
        value, stated_ms = source.report.figure(key, "EUR")
        assert (value is None) == (stated_ms is None) == (key == lost)


async def test_the_last_value_stays_with_its_age(
    hass: HomeAssistant, mempool: EmulatedMempool, freezer: FrozenDateTimeFactory
) -> None:
    source = async_source(hass, mempool.url)
    await source.async_read()
    before = source.report
    mempool.status = 500
    freezer.tick(3600)
    with pytest.raises(NetworkError):
        await source.async_read()
    assert source.report == before


async def test_it_is_polled_and_left_alone_for_longer_while_it_fails(
    hass: HomeAssistant,
    mempool: EmulatedMempool,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = MockConfigEntry(data={"public_source": mempool.url})
    entry.add_to_hass(hass)
    async_follow_source(hass, entry)

    async def requests_after(seconds: float) -> int:
        before = len(mempool.requests)
        freezer.tick(timedelta(seconds=seconds + 1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        return len(mempool.requests) - before

    assert await requests_after(0) == REQUESTS
    assert await requests_after(590) == 0
    mempool.status = 503
    assert await requests_after(10) == REQUESTS
    assert await requests_after(50) == 0
    assert await requests_after(10) == REQUESTS, "the first pause is a minute"
    assert await requests_after(60) == 0
    assert await requests_after(60) == REQUESTS, "the second two"
    mempool.headers["Retry-After"] = "1800"
    assert await requests_after(240) == REQUESTS
    assert await requests_after(1700) == 0, "the source has asked for half an hour"
    mempool.status = 200
    assert await requests_after(100) == REQUESTS
    assert await requests_after(600) == REQUESTS
    assert caplog.text.count("cannot be read") == 1
    assert caplog.text.count("can be read again") == 1

    await entry._async_process_on_unload(hass)
    assert await requests_after(7200) == 0


async def test_two_operators_share_a_source(
    hass: HomeAssistant, mempool: EmulatedMempool, freezer: FrozenDateTimeFactory
) -> None:
    entries = [MockConfigEntry(data={"public_source": mempool.url}) for _ in range(2)]
    for entry in entries:
        async_follow_source(hass, entry)
    freezer.tick(1)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert len(mempool.requests) == REQUESTS
    await entries[0]._async_process_on_unload(hass)
    freezer.tick(601)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert len(mempool.requests) == 2 * REQUESTS
    await entries[1]._async_process_on_unload(hass)


async def test_nobody_there(
    hass: HomeAssistant, socket_enabled: None, unused_tcp_port: int
) -> None:
    source = async_source(hass, f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(NetworkError):
        await source.async_read()
    assert source.report.coin_prices == {}


def test_pauses_are_bounded() -> None:
    assert [retry_after(count, 0) for count in (1, 2, 3)] == [60, 120, 240]
    assert retry_after(1000, 0) == retry_after(1, 1e9) == 3600


@pytest.mark.parametrize(
    ("text", "base"),
    [
        (" https://mempool.space/ ", "https://mempool.space"),
        ("http://umbrel.local:3006/mempool/?a=b#c", "http://umbrel.local:3006/mempool"),
        ("mempool.space", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("http://user@host", None),
        ("http://[", None),
    ],
)
def test_base_address(text: str, base: str | None) -> None:
    assert base_address(text) == base
