"""The ledger over WebSocket."""

import asyncio
import threading
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.web import pages, subscriptions
from custom_components.aiep_miner.web.serializers import record_report
from custom_components.aiep_miner.web.subscriptions import (
    CHUNK_RECORDS,
    DATA_FOLLOWERS,
    MAX_PER_CONNECTION,
)

from ..conftest import RunCycles, make_operator, propose, set_up, simulated


async def ask(client: Any, command: str, **data: Any) -> dict[str, Any]:
    """Send a command and return the reply."""
    await client.send_json_auto_id(
        {"type": f"aiep_miner/ledger/{command}", "operator_id": "site"} | data
    )
    reply = await client.receive_json()
    assert reply["type"] == "result"
    return reply


async def test_status(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    status = (await ask(client, "status"))["result"]
    assert status["operator_id"] == "site"
    head = site.controller.ledger.head
    assert status["head"] == f"{head.seq}:{head.hash.hex()}"
    assert status["records"] == site.controller.ledger.head.seq
    assert status["public_key"] == site.ledger_service.public_key
    assert status["broken"] is None
    assert status["verification"] is None
    assert status["signed"]["seq"] > 0
    assert site.ledger_service.trust_store.trusted.private_key not in str(status)
    await site.async_verify_ledger()
    assert (await ask(client, "status"))["result"]["verification"]["intact"]


COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {}),
    ("records", {}),
    ("record", {"seq": 1}),
    ("evidence", {"seq": 1}),
    ("story", {"miner_id": "miner-1"}),
    ("subscribe", {}),
)


async def test_users_read_only_where_the_operator_lets_them(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    client = await hass_ws_client(hass, hass_read_only_access_token)
    for command, data in COMMANDS:
        for operator in ("site", "nobody"):
            reply = await ask(client, command, **data, operator_id=operator)
            assert reply["error"]["code"] == "unauthorized"
    options = {**site.config_entry.options, "users_may_read": True}
    hass.config_entries.async_update_entry(site.config_entry, options=options)
    for command, data in COMMANDS:
        assert (await ask(client, command, **data))["success"]


async def test_subscriptions_are_bounded(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    replies = [await ask(client, "subscribe") for _ in range(MAX_PER_CONNECTION + 1)]
    assert [reply["success"] for reply in replies] == [True] * MAX_PER_CONNECTION + [False]
    assert replies[-1]["error"]["code"] == "too_many_subscriptions"
    await client.close()
    await hass.async_block_till_done()
    assert hass.data[DATA_FOLLOWERS] == {}, "the follower ends with its last subscriber"


async def test_an_operators_subscriptions_are_bounded(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_PER_OPERATOR", 2)
    clients = [await hass_ws_client(hass) for _ in range(3)]
    replies = [await ask(client, "subscribe") for client in clients]
    assert [reply["success"] for reply in replies] == [True, True, False]


async def test_one_follower_reads_for_all(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    clients = [await hass_ws_client(hass) for _ in range(3)]
    for client in clients:
        assert (await ask(client, "subscribe"))["success"]
    assert len(hass.data[DATA_FOLLOWERS]) == 1
    ledger = type(site.controller.ledger)
    with patch.object(ledger, "query", autospec=True, side_effect=ledger.query) as query:
        await run_cycles(site)
    limits = [call.kwargs.get("limit") for call in query.call_args_list]
    assert limits.count(CHUNK_RECORDS) <= 2, "not once a subscriber"
    events = [(await client.receive_json())["event"] for client in clients]
    assert events[0] == events[1] == events[2]
    seqs = [record["seq"] for record in events[0]["records"]]
    assert seqs
    found = await site.controller.ledger.query(from_seq=seqs[0], to_seq=seqs[-1])
    assert events[0]["records"] == [record_report(stored) for stored in found]


async def test_pages_are_encoded_off_the_event_loop(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    threads: list[bool] = []
    encode = pages.record_json

    def spy(stored: Any) -> bytes:
        threads.append(threading.current_thread() is threading.main_thread())
        return encode(stored)

    client = await hass_ws_client(hass)
    with patch.object(pages, "record_json", spy):
        page = (await ask(client, "records", limit=500))["result"]
    assert len(threads) == len(page["records"])
    assert not any(threads)
    assert (await ask(client, "records", limit=501))["error"]["code"] == "invalid_format"


async def test_few_pages_are_read_at_once(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    ledger = type(site.controller.ledger)
    query, running, most = ledger.query, 0, 0

    async def slow(*args: Any, **kwargs: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(20):
            await asyncio.sleep(0)
        running -= 1
        return await query(*args, **kwargs)

    client = await hass_ws_client(hass)
    with patch.object(ledger, "query", slow):
        for _ in range(10):
            await client.send_json_auto_id(
                {"type": "aiep_miner/ledger/records", "operator_id": "site"}
            )
        assert all([(await client.receive_json())["success"] for _ in range(10)])
    assert most == pages.MAX_READS


async def test_pages_cover_everything_once(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await run_cycles(site, 5)
    client = await hass_ws_client(hass)
    for order in ("newest_first", "oldest_first"):
        seqs: list[int] = []
        cursor: dict[str, int] = {}
        while True:
            page = (await ask(client, "records", limit=7, order=order, **cursor))["result"]
            seqs += [record["seq"] for record in page["records"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(seqs) == list(range(1, site.controller.ledger.head.seq + 1))
        assert seqs == sorted(seqs, reverse=order == "newest_first")


async def test_records_by_kind_miner_and_time(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    machines: object,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    site = await set_up(hass, make_operator([simulated(1), simulated(2)]))
    await run_cycles(site, 3)
    since = site.data.ts_ms
    await run_cycles(site, 2)
    client = await hass_ws_client(hass)
    wanted = {"kinds": ["telemetry", "decision"], "miner_id": "miner-2", "from_ts": since}
    page = (await ask(client, "records", order="oldest_first", **wanted))["result"]
    found = [(record["kind"], record["subject"]) for record in page["records"]]
    assert found == [("telemetry", "miner-2"), ("decision", "miner-2")] * 3
    assert page["records"][0]["ts"] >= since
    assert page["records"][0]["body"]["reading"]["mining"] is True
    wanted["to_ts"] = since - 1
    assert (await ask(client, "records", **wanted))["result"]["records"] == []


async def test_record_with_its_place_in_the_chain(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    ledger = site.controller.ledger
    found = (await ask(client, "record", seq=2))["result"]
    second = await ledger.get(2)
    assert found["record"]["hash"] == second.hash_hex
    assert found["chain"]["head"] == f"{ledger.head.seq}:{ledger.head.hash.hex()}"
    for seq in (1, 2, ledger.head.seq):
        chain = (await ask(client, "record", seq=seq))["result"]["chain"]
        assert chain["follows"]
        assert chain["blocks"] == ledger.head.blocks


async def test_subscription(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    client = await hass_ws_client(hass)
    before = site.controller.ledger.head.seq
    assert (await ask(client, "subscribe"))["success"]
    await run_cycles(site, 2)

    async def receive(upto: int) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        while not records or records[-1]["seq"] < upto:
            records += (await client.receive_json())["event"]["records"]
        return records

    records = await receive(site.controller.ledger.head.seq)
    count = site.controller.ledger.head.seq
    assert [record["seq"] for record in records] == list(range(before + 1, count + 1))

    # It goes on when the operator is loaded anew, without waiting for the next cycle …
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    site = site.config_entry.runtime_data.coordinator
    records = await receive(site.controller.ledger.head.seq)
    assert records[0]["seq"] == count + 1
    assert "start" in [record["body"].get("event") for record in records]

    # … with what actions file, and with a new segment from its beginning.
    signed = await site.ledger_service.async_sign()
    assert (await receive(signed.seq))[-1]["kind"] == "checkpoint"
    await site.ledger_service.async_accept_break(None)
    await hass.async_block_till_done()
    assert (await receive(site.controller.ledger.head.seq))[0]["seq"] == 1


async def test_subscription_to_a_kind_ends(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    client = await hass_ws_client(hass)
    reply = await ask(client, "subscribe", kinds=["decision"], miner_id="miner-1")
    await run_cycles(site)
    records = (await client.receive_json())["event"]["records"]
    assert [(record["kind"], record["subject"]) for record in records] == [("decision", "miner-1")]
    await client.send_json_auto_id({"type": "unsubscribe_events", "subscription": reply["id"]})
    assert (await client.receive_json())["success"]
    await run_cycles(site)
    await client.send_json_auto_id({"type": "ping"})
    assert (await client.receive_json())["type"] == "pong"


@pytest.mark.parametrize(
    ("command", "data", "code"),
    [
        ("status", {"operator_id": "other"}, "not_found"),
        ("records", {"operator_id": "../site"}, "not_found"),
        ("subscribe", {"operator_id": ""}, "not_found"),
        ("record", {"seq": 10**9}, "not_found"),
        ("record", {"seq": 0}, "invalid_format"),
        ("record", {"seq": 2**64}, "invalid_format"),
        ("records", {"limit": 1001}, "invalid_format"),
        ("records", {"kinds": ["secrets"]}, "invalid_format"),
        ("records", {"from_ts": -1}, "invalid_format"),
        ("records", {"unknown": 1}, "invalid_format"),
    ],
)
async def test_refusals(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_ws_client: WebSocketGenerator,
    command: str,
    data: dict[str, Any],
    code: str,
) -> None:
    client = await hass_ws_client(hass)
    reply = await ask(client, command, **data)
    assert not reply["success"]
    assert reply["error"]["code"] == code


async def test_ledger_that_fails_is_told(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise LedgerError(LedgerReason.IO_ERROR, "disk gone")

    client = await hass_ws_client(hass)
    await ask(client, "subscribe")
    monkeypatch.setattr(type(site.controller.ledger), "query", fail)
    await run_cycles(site)
    assert "disk gone" in (await client.receive_json())["event"]["error"]
    reply = await ask(client, "records")
    assert reply["error"] == {"code": "home_assistant_error", "message": "io_error: disk gone"}


async def stopped(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    """Let a person stop the miner."""
    user = MockUser().add_to_hass(hass)
    await propose(site, Action.STOP, Context(user_id=user.id))


async def test_the_evidence_of_a_decision(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await run_cycles(site, 2)
    await stopped(hass, site)
    client = await hass_ws_client(hass)
    page = (await ask(client, "records", kinds=["receipt"], limit=1))["result"]
    (receipt,) = page["records"]
    found = (await ask(client, "evidence", seq=receipt["seq"]))["result"]
    (decision,) = [item for item in found["named"] if item["name"] == "decision"]
    assert decision["record"]["body"]["action"] == "stop"
    assert decision["record"]["seq"] == receipt["body"]["decision"]

    found = (await ask(client, "evidence", seq=decision["record"]["seq"]))["result"]
    assert {"telemetry", "profit", "proposal"} <= {item["name"] for item in found["named"]}
    for item in found["named"]:
        assert item["record"]["seq"] == item["seq"]
        assert item["record"]["seq"] < found["record"]["seq"]
    assert [item["seq"] for item in found["outcomes"]] == [receipt["seq"]]
    missing = site.controller.ledger.head.seq + 1
    assert (await ask(client, "evidence", seq=missing))["error"]["code"] == "not_found"


async def test_the_story_of_a_miner_says_why(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_ws_client: WebSocketGenerator,
) -> None:
    await run_cycles(site, 2)
    await stopped(hass, site)
    await run_cycles(site, 2)
    client = await hass_ws_client(hass)
    story = (await ask(client, "story", miner_id="miner-1"))["result"]
    outcomes = [item["body"]["outcome"] for item in story["records"] if item["kind"] == "receipt"]
    assert outcomes == ["confirmed", "accepted"]
    of_stop = next(item for item in story["records"] if item["kind"] == "receipt")
    assert of_stop["decision"]["origin"] == "person"
    assert of_stop["decision"]["reasons"] == ["person_command"]
    assert story["next_cursor"] is None

    pages_of_one: list[int] = []
    cursor: dict[str, int] = {}
    while True:
        page = (await ask(client, "story", miner_id="miner-1", limit=1, **cursor))["result"]
        pages_of_one += [item["seq"] for item in page["records"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages_of_one == [item["seq"] for item in story["records"]]
    assert (await ask(client, "story", miner_id="nobody"))["result"]["records"] == []
