"""This Home Assistant as a witness, over HTTP: rules, bounds, what is kept, and nothing for others."""

import asyncio
import random
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.federation.witness import SIZE_TYPE, origin_hash
from custom_components.aiep_miner.engine.ledger import Note, Signer
from custom_components.aiep_miner.engine.ledger.verifier.cosignature import Verdict, check_all
from custom_components.aiep_miner.engine.ledger.verifier.note import Checkpoint, VerifierKey
from custom_components.aiep_miner.federation import own_witness, pace
from custom_components.aiep_miner.federation.own_witness import OwnWitness, async_own_witness
from tests.engine.federation.test_witness import (
    KEY,
    LEAVES,
    LOG,
    ORIGIN,
    VECTORS,
    submission,
)

ADD = "/api/aiep_miner/witness/add-checkpoint"


@pytest.fixture
async def client(
    site: AiepMinerCoordinator, hass_client_no_auth: ClientSessionGenerator
) -> TestClient:
    """Return a client without a token, at a witness that knows one log."""
    await add_peer(site, "Host", str(KEY))
    return await hass_client_no_auth()


async def add_peer(site: AiepMinerCoordinator, name: str, key: str, **more: str) -> Any:
    """Add a peer by its form; return the result."""
    flow = site.hass.config_entries.subentries
    result = await flow.async_init(
        (site.config_entry.entry_id, "peer"), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    result = await flow.async_configure(
        result["flow_id"], {"name": name, "verifier_key": key, **more}
    )
    await site.hass.async_block_till_done()
    return result


async def post(client: TestClient, body: bytes) -> tuple[int, str]:
    response = await client.post(ADD, data=body)
    return response.status, await response.text()


async def keys(hass: HomeAssistant) -> tuple[VerifierKey, ...]:
    return (await async_own_witness(hass).async_cosigner()).keys


async def shown(client: TestClient, origin: str = ORIGIN) -> Any:
    response = await client.get(f"/api/aiep_miner/witness/{origin_hash(origin)}/checkpoint")
    return Note.parse(await response.text()) if response.status == 200 else response.status


async def test_a_log_that_grows(client: TestClient, hass: HomeAssistant) -> None:
    assert await shown(client) == 404
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 40)):
        sent = submission(old, new)
        status, lines = await post(client, sent.body())
        assert status == 200
        whole = Note.parse(f"{sent.note}{lines}")
        checked = check_all(whole, [KEY, *await keys(hass)])
        assert [item.verdict for item in checked] == [Verdict.VALID] * 3
        assert await shown(client) == whole
    status, lines = await post(client, submission(8, 40).body())
    assert (status, lines) == (409, "40\n")
    response = await client.post(ADD, data=submission(8, 40).body())
    assert response.content_type == SIZE_TYPE


async def test_refusals(client: TestClient) -> None:
    sent = submission(0, 5)
    unsigned = Note(
        sent.note.text, Signer(bytes([9]) * 32).sign(Checkpoint(ORIGIN, 5, bytes(32))).signatures
    )
    assert (await post(client, b"hello"))[0] == 400
    assert (await post(client, f"old 0\n\n{unsigned}".encode()))[0] == 403
    assert (await post(client, VECTORS["page"]["request"].encode()))[0] == 404
    assert (await post(client, submission(5, 9).body())) == (409, "0\n")
    assert (await post(client, sent.body()))[0] == 200
    forked = submission(5, 9, LEAVES[::-1])
    assert (await post(client, forked.body()))[0] == 422
    assert (await post(client, b"x" * 70_000))[0] == 413
    assert (await client.get(ADD)).status == 405
    assert Checkpoint.parse((await shown(client)).text).size == 5


async def test_what_was_cosigned_survives_a_restart(
    client: TestClient, hass: HomeAssistant
) -> None:
    before = await keys(hass)
    await post(client, submission(0, 5).body())
    hass.data.pop(own_witness.DATA_WITNESS)
    assert await keys(hass) == before
    assert (await post(client, submission(0, 7).body())) == (409, "5\n")
    assert (await post(client, submission(5, 7).body()))[0] == 200


async def test_nothing_is_signed_that_is_not_on_disk(client: TestClient) -> None:
    with patch.object(own_witness, "write_utf8_file_atomic", side_effect=WriteError("full")):
        status, lines = await post(client, submission(0, 5).body())
    assert (status, lines) == (503, "")
    assert await shown(client) == 404
    assert (await post(client, submission(0, 3).body()))[0] == 200


async def test_a_smaller_checkpoint_never_replaces_a_greater_one(client: TestClient) -> None:
    """Of requests that race from the same size, one is cosigned, the others get 409."""
    await post(client, submission(0, 2).body())
    bodies = [submission(2, size).body() for size in (3, 4, 5, 6)]
    answers = await asyncio.gather(*(post(client, body) for body in bodies))
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
    head = Checkpoint.parse((await shown(client)).text)
    assert {text for status, text in answers if status == 409} == {f"{head.size}\n"}


async def test_too_many_requests(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = [(await post(client, b"x"))[0] for _ in range(pace.BURST + 5)]
    assert statuses[0] == 400
    assert statuses[-1] == 429
    response = await client.post(ADD, data=b"x")
    assert int(response.headers["Retry-After"]) > 0


async def test_more_at_once_than_are_examined(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_witness, "MAX_BUSY", 0)
    assert (await post(client, submission(0, 5).body()))[0] == 503


def test_the_pace_of_addresses() -> None:
    bound = pace.Pace()
    assert all(bound.admits("a", 0) for _ in range(pace.BURST))
    assert not bound.admits("a", 0)
    assert bound.admits("b", 0)
    assert bound.admits("a", 2 / pace.REFILL_PER_S)
    assert not all(bound.admits(f"{number}", 1) for number in range(pace.ALL_BURST + 20))
    for number in range(3 * pace.MAX_ADDRESSES):
        bound.admits(f"{number}", 1)
    assert len(bound._of) == pace.MAX_ADDRESSES


async def test_a_log_whose_origin_is_not_its_keys_name(
    client: TestClient, site: AiepMinerCoordinator
) -> None:
    vector = VECTORS["sumdb"]
    request = vector["talk"][0]["request"].encode()
    assert (await post(client, request))[0] == 404
    result = await add_peer(site, "Go", vector["key"], origin="go.sum database tree")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (await post(client, request))[0] == 200


async def test_peer_forms(client: TestClient, site: AiepMinerCoordinator) -> None:
    other = str(Signer(bytes([8]) * 32).verifier_key("other"))
    for name, key, errors in (
        ("Host", str(KEY), {"verifier_key": "known_peer"}),
        ("Host", str(KEY)[:-4], {"verifier_key": "not_a_key"}),
        ("Host", "x", {"verifier_key": "not_a_key"}),
        (" ", other, {"name": "name_needed"}),
    ):
        result = await add_peer(site, name, key)
        assert result["errors"] == errors
        assert result["description_placeholders"]["prefix"] == "/api/aiep_miner/witness"
        flow = site.hass.config_entries.subentries
        flow.async_abort(result["flow_id"])
    result = await add_peer(site, "Other", other, origin="o" * 256)
    assert result["errors"] == {"origin": "not_an_origin"}
    flow = site.hass.config_entries.subentries
    result = await flow.async_configure(
        result["flow_id"], {"name": "Other", "verifier_key": f" {other}\n"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"verifier_key": other}
    entry = site.config_entry
    (peer,) = [item for item in entry.subentries.values() if item.title == "Host"]
    assert peer.data == {"verifier_key": str(KEY)}


async def test_a_peer_is_changed_without_a_reload(
    client: TestClient, site: AiepMinerCoordinator, hass: HomeAssistant
) -> None:
    entry: MockConfigEntry = site.config_entry  # type: ignore[assignment]
    (peer,) = entry.get_subentries_of_type("peer")
    result = await entry.start_subentry_reconfigure_flow(hass, peer.subentry_id)
    assert result["step_id"] == "reconfigure"
    new = LOG.verifier_key("aiep-miner/host/2")
    result = await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"name": "Host 2", "verifier_key": str(new)}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.runtime_data.coordinator is site
    assert (await post(client, submission(0, 5).body()))[0] == 404
    sent = LOG.sign(Checkpoint(new.name, 5, bytes(32)))
    assert (await post(client, f"old 0\n\n{sent}".encode()))[0] == 200


async def test_crafted_requests_get_no_cosignature(
    client: TestClient, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BURST", 10_000)
    monkeypatch.setattr(pace, "ALL_BURST", 10_000)
    assert (await post(client, submission(0, 9).body()))[0] == 200
    dice, good = random.Random(14), submission(9, 12).body()
    for _ in range(200):
        place = dice.randrange(len(good))
        kind = dice.randrange(3)
        if kind == 0:
            body = good[:place] + bytes([dice.randrange(256)]) + good[place + 1 :]
        elif kind == 1:
            body = good[:place] + good[place + dice.randrange(1, 40) :]
        else:
            body = good[:place] + dice.randbytes(dice.randrange(1, 40)) + good[place:]
        if body != good:
            assert (await post(client, body))[0] in (400, 403, 404, 409, 422)
    assert Checkpoint.parse((await shown(client)).text).size == 9
    assert (await post(client, good))[0] == 200


async def test_the_keys_are_secret(hass: HomeAssistant, client: TestClient) -> None:
    await keys(hass)
    identity = own_witness.Identity()
    assert identity.ed25519 not in repr(identity)
    assert identity.ml_dsa not in repr(identity)
    other = OwnWitness(hass)
    assert (await other.async_cosigner()).keys == await keys(hass)
