"""The log for those who follow it: nothing but the named miners' records, whatever is asked."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.diagnostics import async_get_config_entry_diagnostics
from custom_components.aiep_miner.engine.ledger.verifier import shared
from custom_components.aiep_miner.engine.ledger.verifier.note import VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.web import log_api

from ..conftest import RunCycles, make_operator, set_up, simulated
from .test_rest_api import ROOT, Signed

BLOCKS = f"{ROOT}/operators/site/log/blocks"
SECRETS = ("miner-2", "miner-3", "serial-2", "serial-3")
"""What a customer of the first miner must never see."""


@pytest.fixture
def operator(enable_custom_integrations: None, machines: Any) -> MockConfigEntry:
    """Return an operator with three miners, of which one is the customer's."""
    return make_operator([simulated(1), simulated(2), simulated(3)])


async def add_customer(site: AiepMinerCoordinator, *miners: str) -> Signed:
    """Add a customer by the form; return a good request of his."""
    flow = site.hass.config_entries.subentries
    result = await flow.async_init(
        (site.config_entry.entry_id, "customer"), context={"source": SOURCE_USER}
    )
    result = await flow.async_configure(result["flow_id"], {"name": " ", "miners": list(miners)})
    assert result["errors"] == {"name": "name_needed"}
    result = await flow.async_configure(result["flow_id"], {"name": "A", "miners": []})
    assert result["errors"] == {"miners": "miners_needed"}
    result = await flow.async_configure(
        result["flow_id"], {"name": "Customer", "miners": list(miners)}
    )
    assert result["step_id"] == "secret"
    secret = result["description_placeholders"]["secret"]
    result = await flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await site.hass.async_block_till_done()
    (customer,) = site.config_entry.get_subentries_of_type("customer")
    return Signed(secret=secret, operator=customer.subentry_id, target=BLOCKS)


@pytest.fixture
async def client(
    site: AiepMinerCoordinator, hass_client_no_auth: ClientSessionGenerator
) -> TestClient:
    """Return a client without a token."""
    return await hass_client_no_auth()


@pytest.fixture
async def customer(site: AiepMinerCoordinator, run_cycles: RunCycles) -> Signed:
    """Return the customer's good request, after some cycles."""
    await run_cycles(site, 5)
    return await add_customer(site, "miner-1")


def asking(request: Signed, query: str) -> Signed:
    return Signed(secret=request.secret, operator=request.operator, target=f"{BLOCKS}?{query}")


def verified(file: Path, data: bytes, vkey: str) -> Any:
    file.write_bytes(data)
    report = shared.verify(file, Known(keys=(VerifierKey.parse(vkey),)))
    assert report.fault is None
    return report


async def test_a_customer_follows_his_miner(
    site: AiepMinerCoordinator,
    customer: Signed,
    client: TestClient,
    run_cycles: RunCycles,
    tmp_path: Path,
) -> None:
    response = await customer.send(client)
    assert response.status == 200
    data, vkey = await response.read(), response.headers["X-AIEP-Public-Key"]
    assert b"miner-1" in data
    assert all(secret.encode() not in data for secret in SECRETS)
    assert verified(tmp_path / "log", data, vkey).blocks == site.controller.ledger.head.blocks
    walk = shared.begin(data.splitlines()[0])
    for item in shared.read_blocks(data.splitlines()[1:]):
        if isinstance(item, tuple):
            walk.feed(*item)
    await run_cycles(site, 3)
    response = await asking(customer, f"from={walk.blocks}").send(client)
    more = (await response.read()).splitlines()
    kinds = {
        record.kind
        for item in shared.read_blocks(more[1:])
        if isinstance(item, tuple)
        for record in walk.feed(*item)
    }
    assert {"telemetry", "profit", "price"} <= kinds
    assert walk.blocks == site.controller.ledger.head.blocks


async def test_1000_crafted_requests_show_no_other_miner(
    hass: HomeAssistant, site: AiepMinerCoordinator, customer: Signed, client: TestClient
) -> None:
    """Whatever a customer signs, and whatever a stranger sends, shows nothing of other miners."""
    await set_up(hass, make_operator([simulated(9)], title="Other"))
    dice = random.Random(2026)
    paths = (
        *("miners", "health", "ledger/status", "ledger/export", "ledger/telemetry", "statement"),
        *("ledger/decisions", "ledger/receipts", "ledger/profits", "ledger/prices", "cycle"),
        *("ledger/negative-proofs", "log/blocks", "log/../ledger/export", "log/blocks/"),
        *(f"ledger/bundle/{seq}" for seq in range(1, 60, 7)),
        *(f"ledger/proof/{seq}" for seq in range(1, 60, 7)),
    )
    queries = (
        *("", "from=0", "from=3&limit=10000", "miner_id=miner-2", "miners=miner-2"),
        *("from=0&miner_id=miner-2", "from=-1", "from=0&from=1", "limit=0", "wait_s=99"),
        *("miner_ids=miner-2&from_ts=1&to_ts=1800000000000", "from=1e3", "from=%30", "limit=1"),
    )
    paths += ("log/blocks",) * 20
    heads = (
        "",
        "operators/site/",
        "operators/site/",
        "operators/other/",
        "operators/nobody/",
        "operators/",
    )
    allowed = 0
    for _ in range(1000):
        head, path, query = dice.choice(heads), dice.choice(paths), dice.choice(queries)
        target = f"{ROOT}/{head}{path}" + (f"?{query}" if query else "")
        sent: tuple[tuple[str, Any], ...] = ()
        kind = dice.randrange(6)
        if kind == 0:
            sent = (("operator", dice.choice(("site", "other", "miner-2", "x"))),)
        elif kind == 1:
            sent = (("target", f"{BLOCKS}?from=0"),)
        elif kind == 2:
            sent = (("mac", "0" * 64),)
        elif kind == 3:
            sent = (("method", "POST"),)
        operator = dice.choice((customer.operator, customer.operator, "site", "other"))
        request = Signed(
            secret=customer.secret, operator=operator, target=target, sent=sent,
            age_s=dice.choice((0, 0, 0, 100, 400)),
        )  # fmt: skip
        response = await request.send(client)
        body = await response.text()
        assert all(secret not in body for secret in SECRETS), (target, response.status)
        assert "miner-9" not in body
        if response.status == 200:
            assert "log/blocks" in target
            assert operator == customer.operator
            assert "operators/other" not in target
            allowed += 1
    assert allowed > 5, "some of them are good"


async def test_who_else_may_follow(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    customer: Signed,
    client: TestClient,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    admin = await hass_client()
    data = await (await admin.get(BLOCKS)).read()
    assert b"miner-2" in data
    reader = await hass_client(hass_read_only_access_token)
    assert (await reader.get(BLOCKS)).status == 403
    assert (await client.get(BLOCKS)).status == 401
    assert (await admin.get(f"{BLOCKS}?from=100000")).status == 404
    await hass.config_entries.async_unload("site")
    assert (await customer.send(client)).status == 503


async def test_a_customer_who_waits_gets_the_next_block(
    site: AiepMinerCoordinator, customer: Signed, client: TestClient, run_cycles: RunCycles
) -> None:
    await (await customer.send(client)).read()  # signs what was not signed yet
    head = site.controller.ledger.head.blocks
    waiting = asyncio.ensure_future(asking(customer, f"from={head}&wait_s=50").send(client))
    for _ in range(10_000):
        if waiting.done() or site.hass.data[log_api._DATA_WAITING]:
            break
        await asyncio.sleep(0)
    assert not waiting.done()
    await run_cycles(site)
    response = await waiting
    heads = [json.loads(line) for line in (await response.read()).splitlines()]
    assert next(item["block"] for item in heads if "block" in item) == head
    assert not site.hass.data[log_api._DATA_WAITING]


async def test_not_too_many_wait(
    site: AiepMinerCoordinator,
    customer: Signed,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_api, "MAX_WAITING", 0)
    await (await customer.send(client)).read()
    head = site.controller.ledger.head.blocks
    assert (await asking(customer, f"from={head}&wait_s=5").send(client)).status == 429


async def test_a_customer_is_changed(
    hass: HomeAssistant, site: AiepMinerCoordinator, customer: Signed, client: TestClient
) -> None:
    entry: MockConfigEntry = site.config_entry  # type: ignore[assignment]
    (subentry,) = entry.get_subentries_of_type("customer")
    result = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert result["description_placeholders"]["id"] == customer.operator
    flow = hass.config_entries.subentries
    result = await flow.async_configure(
        result["flow_id"], {"name": "B", "miners": ["miner-2"], "rotate": False}
    )
    assert result["reason"] == "reconfigure_successful"
    data = await (await customer.send(client)).text()
    assert "miner-2" in data
    assert "miner-1" not in data
    result = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await flow.async_configure(
        result["flow_id"], {"name": "B", "miners": ["miner-2"], "rotate": True}
    )
    secret = result["description_placeholders"]["secret"]
    await flow.async_configure(result["flow_id"], {})
    assert (await customer.send(client)).status == 401
    renewed = Signed(secret=secret, operator=customer.operator, target=BLOCKS)
    assert (await renewed.send(client)).status == 200
    assert entry.runtime_data.coordinator is site, "nothing was loaded anew"
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert secret not in json.dumps(found, default=str)
