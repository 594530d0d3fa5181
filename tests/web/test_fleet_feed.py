"""What dashboards are sent of the fleet: everything first, then only what changed, to who may see."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.web import fleet_feed
from custom_components.aiep_miner.web.fleet_feed import DATA_FEED, MAX_PER_CONNECTION

from ..conftest import FULL_READING, FakeMiner, RunCycles, make_operator, set_up, simulated
from ..inputs.test_planning import dear_from, planned

__all__ = ["dear_from", "planned"]
"""Fixtures of another file."""


async def ask(client: Any, command: str, **data: Any) -> dict[str, Any]:
    """Send a command and return the reply."""
    await client.send_json_auto_id({"type": f"aiep_miner/fleet/{command}"} | data)
    reply: dict[str, Any] = await client.receive_json()
    assert reply["type"] == "result"
    return reply


async def look(client: Any) -> dict[str, Any]:
    """Subscribe; return the first event."""
    assert (await ask(client, "subscribe"))["success"]
    return await heard(client)


async def heard(client: Any) -> dict[str, Any]:
    event: dict[str, Any] = (await client.receive_json())["event"]
    return event


async def test_first_everything_then_what_changed(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await run_cycles(site, 2)
    client = await hass_ws_client(hass)
    first = await look(client)
    assert first["operator_id"] == "site"
    assert first["operator"]["title"] == "Site"
    assert first["operator"]["currency"] == "EUR"
    assert first["operator"]["energy_price"] == 0.03
    assert first["operator"]["plan_seq"] is None, "what is unknown is said, too"
    (miner,) = first["miners"].values()
    assert miner["name"] == "Miner 1"
    assert miner["mining"] is True
    assert miner["temperature_c"] < miner["limit_c"]
    assert hass.states.get(miner["entity_id"]).state == "on"
    assert miner["sentence"].startswith("Running since")
    assert miner["problems"] == []

    await run_cycles(site)
    second = await heard(client)
    changed = second["miners"]["miner-1"]
    assert changed
    assert not {"name", "limit_c", "device_id", "make"} & changed.keys(), "only what changed"
    assert "title" not in second["operator"]


async def test_a_second_dashboard_gets_everything_at_once(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    await look(await hass_ws_client(hass))
    event = await look(await hass_ws_client(hass))
    assert event["full"] is True
    assert event["miners"]["miner-1"]["name"] == "Miner 1"


async def test_a_miner_of_an_operator_that_is_loaded_anew(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    await look(client)
    assert await hass.config_entries.async_unload("site")
    gone = await heard(client)
    assert (gone["operator_id"], gone["operator"]) == ("site", None)
    assert await hass.config_entries.async_setup("site")
    back = await heard(client)
    assert back["miners"]["miner-1"]["name"] == "Miner 1"


async def test_an_operator_that_is_added(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    await look(client)
    await set_up(hass, make_operator([simulated(2)], title="Other"))
    other = await heard(client)
    assert other["operator_id"] == "other"
    assert list(other["miners"]) == ["miner-2"]


async def test_nothing_is_made_while_nobody_looks(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    feed = hass.data[DATA_FEED]
    client = await hass_ws_client(hass)
    await look(client)
    assert list(feed.operators) == ["site"]
    await client.close()
    await hass.async_block_till_done()
    assert (feed.operators, feed.subscribers) == ({}, [])


async def test_subscriptions_are_bounded(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet_feed, "MAX_PER_CONNECTION", 1)
    client = await hass_ws_client(hass)
    await look(client)
    assert (await ask(client, "subscribe"))["error"]["code"] == "too_many_subscriptions"
    assert MAX_PER_CONNECTION > 1


@pytest.mark.parametrize("may_see", [True, False])
async def test_a_user_sees_only_miners_that_they_may_read(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_user: MockUser,
    hass_read_only_access_token: str,
    *,
    may_see: bool,
) -> None:
    await set_up(hass, make_operator([simulated(2)], title="Other"))
    entity_id = er.async_get(hass).async_get_entity_id("switch", "aiep_miner", "miner-1_mining")
    policy = {"entities": {"entity_ids": {entity_id: {POLICY_READ: True}}}} if may_see else {}
    hass_read_only_user.mock_policy(policy)
    client = await hass_ws_client(hass, hass_read_only_access_token)
    details = {"operator_id": "site", "miner_id": "miner-1"}
    of_other = {"operator_id": "other", "miner_id": "miner-2"}
    assert (await ask(client, "miner", **details))["success"] is may_see
    assert (await ask(client, "miner", **of_other))["error"]["code"] == "unauthorized"
    assert (await ask(client, "subscribe"))["success"]
    await hass.async_block_till_done()
    # The answer to a later command comes after everything that was sent before.
    await client.send_json_auto_id({"type": "ping"})
    seen: list[str] = []
    while (message := await client.receive_json())["type"] == "event":
        seen += message["event"]["miners"]
    assert seen == (["miner-1"] if may_see else [])


async def test_the_details_of_a_miner(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await run_cycles(site, 2)
    client = await hass_ws_client(hass)
    details = (await ask(client, "miner", operator_id="site", miner_id="miner-1"))["result"]
    assert details["may_read_ledger"] is True
    assert len(details["boards"]) == 3
    assert details["entities"]["mining"].startswith("switch.")
    assert details["break_even"] > 0.03
    assert details["decision"]["seq"] > 0
    for operator_id, miner_id in (("site", "miner-9"), ("nobody", "miner-1")):
        reply = await ask(client, "miner", operator_id=operator_id, miner_id=miner_id)
        assert reply["error"]["code"] == "not_found"


async def test_the_page_of_a_miner_has_its_levels_and_no_plan_without_one(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    for step in range(40):
        counted = {"uptime_s": 3600 + 30 * step, "shares_accepted": 1000 + 7 * step}
        fake.reading = replace(FULL_READING, hashrate_ths=100 + step % 5 / 10, **counted)
        await run_cycles(fake_site)
    client = await hass_ws_client(hass)
    reply = await ask(client, "miner", operator_id="site", miner_id="miner-1")
    details = reply["result"]
    assert details["plan"] == []
    assert [item["name"] for item in details["levels"]] == ["eco"]
    assert details["levels"][0]["efficiency_j_per_th"] == pytest.approx(30, rel=0.01)


async def test_the_page_of_a_miner_has_its_plan_from_now_on(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    dear_from: datetime,
    hass_ws_client: WebSocketGenerator,
) -> None:
    client = await hass_ws_client(hass)
    reply = await ask(client, "miner", operator_id="site", miner_id="miner-1")
    segments = reply["result"]["plan"]
    assert [item["runs"] for item in segments][:2] == [True, False]
    assert datetime.fromisoformat(segments[1]["from"]) == dear_from
    assert segments[1]["sentence"] == "By the plan energy costs more than it earns"
