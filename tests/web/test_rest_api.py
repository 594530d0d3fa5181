"""The ledger and the miners over REST: for users, for operators themselves, and for nobody else."""

import asyncio
import hashlib
import hmac
import random
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.http.ban import KEY_BAN_MANAGER, KEY_LOGIN_THRESHOLD
from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.verifier import bundle, export, proof, tree
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    VerifierKey,
    from_base64,
)
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.web import body, credentials
from custom_components.aiep_miner.web.credentials import (
    Access,
    Claim,
    UsedSignatures,
    read_claim,
)

from ..conftest import RunCycles, make_operator, set_up, simulated

ROOT = "/api/aiep_miner"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "rest-api.md"
PAGES = ("telemetry", "prices", "profits", "decisions", "receipts", "negative-proofs")
READS = ("miners", "ledger/status", "ledger/export", *(f"ledger/{page}" for page in PAGES))


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A request with operator credentials, any part of which a test may forge."""

    secret: str
    operator: str = "site"
    method: str = "GET"
    target: str = f"{ROOT}/operators/site/miners"
    age_s: float = 0
    body: bytes = b""
    sent: tuple[tuple[str, Any], ...] = ()
    """What is sent instead of what was signed."""

    async def send(self, client: TestClient) -> Any:
        """Send it; return the response."""
        stamp = str(int(dt_util.utcnow().timestamp() - self.age_s))
        digest = hashlib.sha256(self.body).hexdigest()
        parts = (self.operator, self.method, self.target, stamp, digest)
        mac = hmac.new(self.secret.encode(), "\n".join(parts).encode(), "sha256").hexdigest()
        signed = {"operator": self.operator, "method": self.method, "target": self.target}
        signed |= {"stamp": stamp, "mac": mac, "body": self.body}
        sent = signed | dict(self.sent)
        headers = {
            "Authorization": f"Bearer {sent['operator']}:{sent['mac']}",
            "X-AIEP-Timestamp": sent["stamp"],
        }
        url = URL(sent["target"], encoded=True)
        return await client.request(sent["method"], url, headers=headers, data=sent["body"])


async def grant(site: AiepMinerCoordinator, *, may_act: bool = True) -> Signed:
    """Give an operator credentials; return a good request with them."""
    access = Access(may_act=may_act)
    await site.ledger_service.trust_store.async_save(access=access)
    operator = site.config_entry.entry_id
    target = f"{ROOT}/operators/{operator}/miners"
    return Signed(secret=access.secret, operator=operator, target=target)


@pytest.fixture
async def other(site: AiepMinerCoordinator, hass: HomeAssistant) -> AiepMinerCoordinator:
    """Return a second operator."""
    return await set_up(hass, make_operator([simulated(2)], title="Other"))


@pytest.fixture
async def client(
    site: AiepMinerCoordinator, hass_client_no_auth: ClientSessionGenerator
) -> TestClient:
    """Return a client without a token."""
    return await hass_client_no_auth()


def allow_users(site: AiepMinerCoordinator) -> None:
    """Let every user read an operator's ledger."""
    entry = site.config_entry
    options = {**entry.options, "users_may_read": True}
    site.hass.config_entries.async_update_entry(entry, options=options)


def heads(*sites: AiepMinerCoordinator) -> list[Any]:
    """Return what must not change when nothing gets through."""
    return [
        (site.controller.ledger.head, site.data.cycles, site.ledger_service.trust_store.trusted)
        for site in sites
    ]


# Home Assistant's users


@pytest.mark.parametrize("prefix", [ROOT, f"{ROOT}/operators/site"])
async def test_reading(
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
    prefix: str,
) -> None:
    await run_cycles(site, 2)
    client = await hass_client(hass_read_only_access_token)
    for address in READS:
        response = await client.get(f"{prefix}/{address}")
        assert response.status == (200 if address == "miners" else 403), address
    allow_users(site)
    for address in READS:
        response = await client.get(f"{prefix}/{address}")
        assert response.status == 200, address
    miners = await (await client.get(f"{prefix}/miners")).json()
    (miner,) = miners["miners"]
    assert miner["miner_id"] == "miner-1"
    assert miner["hashrate_ths"] > 0
    assert miner["decision"] == "hold"
    status = await (await client.get(f"{prefix}/ledger/status")).json()
    head = site.controller.ledger.head
    assert status["head"] == f"{head.seq}:{head.hash.hex()}"


async def test_health(
    site: AiepMinerCoordinator, other: AiepMinerCoordinator, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    health = (await (await client.get(f"{ROOT}/health")).json())["operators"]
    assert [item["operator_id"] for item in health] == ["site", "other"]
    assert health[0]["ledger_intact"]
    assert health[0]["miners_read"] == 1
    # With several operators the one that is meant must be named.
    assert (await client.get(f"{ROOT}/miners")).status == 404
    assert (await client.get(f"{ROOT}/operators/other/miners")).status == 200


async def test_an_ignored_discovery_is_no_operator(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_client: ClientSessionGenerator
) -> None:
    ignored = MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, entry_id="ignored")
    ignored.add_to_hass(hass)
    client = await hass_client()
    assert (await client.get(f"{ROOT}/miners")).status == 200
    assert (await client.get(f"{ROOT}/operators/ignored/miners")).status == 404


@pytest.mark.parametrize("page", PAGES)
async def test_pages(
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    page: str,
) -> None:
    await run_cycles(site, 4)
    client = await hass_client()
    kind = page.removesuffix("s").replace("-", "_")
    expected = [stored.seq for stored in await site.controller.ledger.query(kinds=(kind,))]
    seqs: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": "2", "order": "oldest_first", **cursor}
        found = await (await client.get(f"{ROOT}/ledger/{page}", params=params)).json()
        assert found["operator_id"] == "site"
        assert len(found["records"]) <= 2
        seqs += [record["seq"] for record in found["records"]]
        if found["next_cursor"] is None:
            break
        cursor = {"cursor": str(found["next_cursor"])}
    assert seqs == expected


async def test_export_verifies(
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    await run_cycles(site, 3)
    client = await hass_client()
    for from_seq in (1, 5):
        params = {"from_seq": str(from_seq)}
        response = await client.get(f"{ROOT}/ledger/export", params=params)
        assert response.content_type == "application/x-ndjson"
        file = tmp_path / f"{from_seq}.jsonl"
        file.write_bytes(await response.read())
        key = VerifierKey.parse(response.headers["X-AIEP-Public-Key"])
        report = export.verify(file, Known(keys=(key,)))
        assert report.fault is None
        # It ends with its checkpoint, which is of all blocks before its own.
        assert report.blocks == site.controller.ledger.head.blocks - 1


async def test_evidence_verifies(
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    await run_cycles(site, 3)
    client = await hass_client()
    seq = (await site.controller.ledger.latest("decision")).seq
    for path, verify in (("bundle", bundle.verify), ("proof", proof.verify)):
        response = await client.get(f"{ROOT}/ledger/{path}/{seq}")
        assert f"-{seq}." in response.headers["Content-Disposition"]
        file = tmp_path / path
        file.write_bytes(await response.read())
        key = VerifierKey.parse(response.headers["X-AIEP-Public-Key"])
        assert verify(file, Known(keys=(key,))).fault is None
        file.write_bytes(file.read_bytes().replace(b"A", b"B", 1))
        assert verify(file, Known(keys=(key,))).fault is not None
        for wrong in (10**6, 10**30, 0):
            assert (await client.get(f"{ROOT}/ledger/{path}/{wrong}")).status == 404
    assert (await client.get(f"{ROOT}/ledger/bundle/1")).status == 404


async def test_reading_signs_once_for_what_was_recorded_since(
    site: AiepMinerCoordinator, run_cycles: RunCycles, hass_client: ClientSessionGenerator
) -> None:
    await run_cycles(site, 3)
    client, ledger = await hass_client(), site.controller.ledger
    before = ledger.head.blocks
    seq = (await ledger.latest("decision")).seq
    for _ in range(3):
        for address in (f"bundle/{seq}", f"proof/{seq}", "export", f"proof/{10**9}"):
            await client.get(f"{ROOT}/ledger/{address}")
        await client.get(f"{ROOT}/ledger/proof/{ledger.head.seq}")
    assert ledger.head.blocks == before + 1
    await run_cycles(site)
    assert (await client.get(f"{ROOT}/ledger/proof/{seq}")).status == 200
    assert ledger.head.blocks == before + 2
    assert (await client.get(f"{ROOT}/ledger/export")).status == 200
    assert ledger.head.blocks == before + 3


async def test_consistency(
    site: AiepMinerCoordinator, run_cycles: RunCycles, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    await run_cycles(site, 2)
    kept = (await site.ledger_service.async_sign()).body["note"]
    old = Checkpoint.parse(Note.parse(kept).text)
    await run_cycles(site, 3)
    async with client.get(f"{ROOT}/ledger/consistency/{old.size}") as response:
        assert response.status == 200
        assert response.headers["X-AIEP-Public-Key"] == str(site.controller.ledger.verifier_key)
        found = await response.json()
    new = Checkpoint.parse(Note.parse(found["checkpoint"]).text)
    path = [from_base64(node) for node in found["proof"]]
    assert old.size < new.size
    assert tree.is_consistent(old.size, new.size, old.root, new.root, path)
    assert (await client.get(f"{ROOT}/ledger/consistency/{10**6}")).status == 404


@pytest.mark.parametrize("kind", ["bundle", "proof", "consistency"])
async def test_evidence_is_for_those_who_may_read_the_ledger(
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    client: TestClient,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
    kind: str,
) -> None:
    await run_cycles(site, 3)
    seq = (await site.controller.ledger.latest("decision")).seq
    address = f"ledger/{kind}/{1 if kind == 'consistency' else seq}"
    assert (await client.get(f"{ROOT}/{address}")).status == 401
    user = await hass_client(hass_read_only_access_token)
    assert (await user.get(f"{ROOT}/{address}")).status == 403
    allow_users(site)
    assert (await user.get(f"{ROOT}/{address}")).status == 200
    own = replace(await grant(site, may_act=False), target=f"{ROOT}/operators/site/{address}")
    assert (await own.send(client)).status == 200


async def test_export_that_fails_has_no_proper_end(
    site: AiepMinerCoordinator, hass_client: ClientSessionGenerator
) -> None:
    async def fail_late(*_: Any, **__: Any) -> Any:
        yield b"{}\n"
        raise LedgerError(LedgerReason.IO_ERROR, "disk gone")

    async def fail_at_once(*_: Any, **__: Any) -> Any:
        raise LedgerError(LedgerReason.IO_ERROR, "disk gone")
        yield b""

    client = await hass_client()
    with patch.object(type(site.controller.ledger), "export", fail_at_once):
        assert (await client.get(f"{ROOT}/ledger/export")).status == 503
    with patch.object(type(site.controller.ledger), "export", fail_late):
        response = await client.get(f"{ROOT}/ledger/export")
        with pytest.raises(Exception, match="payload is not completed"):
            await response.read()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=1&limit=2",
        "cursor=0",
        "cursor=99999999999999999999",
        "order=random",
        "from_ts=-1",
        "kind=decision",
        "unknown=1",
    ],
)
async def test_wrong_parameters(
    site: AiepMinerCoordinator, hass_client: ClientSessionGenerator, query: str
) -> None:
    client = await hass_client()
    assert (await client.get(f"{ROOT}/ledger/decisions?{query}")).status == 400


@pytest.mark.parametrize("from_seq", ["0", "-1", "x", "99999999"])
async def test_wrong_export(
    site: AiepMinerCoordinator, hass_client: ClientSessionGenerator, from_seq: str
) -> None:
    client = await hass_client()
    assert (await client.get(f"{ROOT}/ledger/export?from_seq={from_seq}")).status == 400


async def test_cycle_is_for_administrators(
    site: AiepMinerCoordinator,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    before = site.data.cycles
    client = await hass_client(hass_read_only_access_token)
    assert (await client.post(f"{ROOT}/cycle")).status == 403
    assert site.data.cycles == before
    client = await hass_client()
    response = await client.post(f"{ROOT}/cycle")
    assert response.status == 200
    assert (await response.json())["ledger_head"] == site.data.ledger_head
    assert site.data.cycles == before + 1


async def test_not_running(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    good = await grant(site)
    with patch.object(
        type(site.controller.ledger),
        "query",
        side_effect=LedgerError(LedgerReason.IO_ERROR, "disk gone"),
    ):
        assert (await client.get(f"{ROOT}/ledger/decisions")).status == 503
    await hass.config_entries.async_unload("site")
    assert (await client.get(f"{ROOT}/miners")).status == 503
    assert (await good.send(client)).status == 503
    assert (await client.get(f"{ROOT}/operators/nobody/miners")).status == 404


# Operators themselves


async def test_a_body_may_come_in_packets(site: AiepMinerCoordinator, client: TestClient) -> None:
    body = b'{"note": "run"}'
    good = await grant(site)
    act = replace(good, method="POST", target=f"{ROOT}/operators/site/cycle", body=body)

    async def packets() -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes([byte])
            for _ in range(20):
                await asyncio.sleep(0)

    assert (await replace(act, sent=(("body", packets()),)).send(client)).status == 200


async def test_a_body_that_never_ends_is_given_up(
    site: AiepMinerCoordinator, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "DEADLINE_S", 0)
    over = asyncio.Event()
    good = await grant(site)
    act = replace(good, method="POST", target=f"{ROOT}/operators/site/cycle")

    async def packets() -> AsyncIterator[bytes]:
        yield b" "
        await over.wait()

    assert (await replace(act, sent=(("body", packets()),)).send(client)).status == 408
    over.set()


# Home Assistant itself answers 500 to a token that is not even UTF-8, before any view sees it.
@pytest.mark.parametrize("named", ["sité", "\u202esite", "site\x7f"])
async def test_credentials_that_are_no_ascii(
    site: AiepMinerCoordinator, client: TestClient, named: str
) -> None:
    good = await grant(site)
    stamp = str(int(dt_util.utcnow().timestamp()))
    for value in (f"Bearer {named}:{'0' * 64}", f"Bearer {named}"):
        text = (
            f"GET {good.target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: {value}\r\nX-AIEP-Timestamp: {stamp}\r\n\r\n"
        )
        raw = text.encode(errors="surrogateescape")
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(raw)
        status = (await reader.readline()).split()[1]
        writer.close()
        assert status in (b"400", b"401"), value


@pytest.mark.parametrize("path", ["\udcff", "é", "%ff"])
async def test_a_path_that_is_no_ascii(
    site: AiepMinerCoordinator, client: TestClient, path: str
) -> None:
    good = await grant(site)
    forged = replace(good, secret="wrong")
    stamp = str(int(dt_util.utcnow().timestamp()))
    text = (
        f"GET {forged.target}?x={path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer site:{'0' * 64}\r\nX-AIEP-Timestamp: {stamp}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(text.encode(errors="surrogateescape"))
    status = (await reader.readline()).split()[1]
    writer.close()
    assert status in (b"400", b"401")


async def test_an_unloaded_operator_is_named_only_to_itself(
    hass: HomeAssistant, site: AiepMinerCoordinator, client: TestClient
) -> None:
    good = await grant(site)
    await hass.config_entries.async_unload("site")
    for target in (good.target, f"{ROOT}/health"):
        assert (await replace(good, secret="wrong", target=target).send(client)).status == 401
        assert (await replace(good, operator="nobody", target=target).send(client)).status == 401
        assert (await replace(good, target=target).send(client)).status == 503


def test_what_was_signed_before_the_start_does_not_act_when_the_clock_began_in_1970() -> None:
    monotonic_s = 100.0
    used = UsedSignatures(lambda: monotonic_s)
    monotonic_s += 60.0  # the start was a minute ago, and only now is the clock set
    now_s = 1_793_534_400.0

    def claim(age_s: int, digest: bytes) -> Claim:
        return Claim(operator_id="site", timestamp=str(int(now_s) - age_s), digest=digest)

    assert not used.take(claim(61, b"before"), now_s)
    assert used.take(claim(59, b"after"), now_s)
    assert not used.take(claim(59, b"after"), now_s)
    # A clock that is set back does not let it act again.
    assert not used.take(claim(59, b"after"), now_s - 10_000)


def test_signatures_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MAX_USED", 3)
    used = UsedSignatures(lambda: 0.0)
    claims = [Claim(operator_id="site", timestamp="1", digest=bytes([n])) for n in range(5)]
    assert all(used.take(claim, 0.0) for claim in claims)
    assert not used.take(claims[-1], 0.0)


async def test_operator_reads_its_own(
    site: AiepMinerCoordinator, other: AiepMinerCoordinator, client: TestClient
) -> None:
    good = await grant(site, may_act=False)
    for address in READS:
        response = await replace(good, target=f"{ROOT}/operators/site/{address}").send(client)
        assert response.status == 200, address
        text = await response.text()
        assert "miner-2" not in text
        assert site.ledger_service.trust_store.trusted.private_key not in text
        assert good.secret not in text
    health = await replace(good, target=f"{ROOT}/health").send(client)
    assert [item["operator_id"] for item in (await health.json())["operators"]] == ["site"]
    page = f"{ROOT}/operators/site/ledger/decisions?limit=1&order=oldest_first"
    assert (await replace(good, target=page).send(client)).status == 200
    # Reading again what was read is nothing that acts.
    assert (await good.send(client)).status == 200


async def test_only_one_operator_need_not_be_named(
    site: AiepMinerCoordinator, client: TestClient
) -> None:
    good = await grant(site)
    assert (await replace(good, target=f"{ROOT}/miners").send(client)).status == 200
    assert (await replace(good, target=f"{ROOT}/cycle", method="POST").send(client)).status == 200


async def test_operator_runs_a_cycle_once(site: AiepMinerCoordinator, client: TestClient) -> None:
    act = replace(await grant(site), method="POST", target=f"{ROOT}/operators/site/cycle")
    before = site.data.cycles
    assert (await act.send(client)).status == 200
    assert site.data.cycles == before + 1
    for _ in range(3):
        assert (await act.send(client)).status == 409
    assert site.data.cycles == before + 1
    assert (await replace(act, age_s=-1).send(client)).status == 200
    assert (await replace(act, age_s=-2, body=b"{}").send(client)).status == 200
    assert site.data.cycles == before + 3


async def test_replay_after_the_window_is_too_old(
    site: AiepMinerCoordinator, client: TestClient, freezer: FrozenDateTimeFactory
) -> None:
    act = replace(await grant(site), method="POST", target=f"{ROOT}/operators/site/cycle")
    sent_at = dt_util.utcnow()
    early = replace(act, age_s=-299)
    assert (await early.send(client)).status == 200
    for minutes in (1, 5, 9):
        freezer.move_to(sent_at)
        freezer.tick(minutes * 60)
        assert (await replace(early, age_s=minutes * 60 - 299).send(client)).status == 409
    freezer.tick(120)
    assert (await replace(early, age_s=11 * 60 - 299).send(client)).status == 401


async def test_what_was_signed_before_the_start_does_not_act(
    site: AiepMinerCoordinator, client: TestClient
) -> None:
    act = replace(await grant(site), method="POST", target=f"{ROOT}/operators/site/cycle", age_s=5)
    before = heads(site)
    assert (await act.send(client)).status == 409
    assert heads(site) == before


async def test_reading_credentials_do_not_act(
    site: AiepMinerCoordinator, client: TestClient
) -> None:
    good = await grant(site, may_act=False)
    before = heads(site)
    act = replace(good, method="POST", target=f"{ROOT}/operators/site/cycle")
    assert (await act.send(client)).status == 403
    assert heads(site) == before


async def test_rotated_and_switched_off(site: AiepMinerCoordinator, client: TestClient) -> None:
    first = await grant(site)
    second = await grant(site)
    assert (await first.send(client)).status == 401
    assert (await second.send(client)).status == 200
    await site.ledger_service.trust_store.async_save(access=None)
    assert (await second.send(client)).status == 401
    assert (await replace(second, secret="").send(client)).status == 401


FORGERIES: dict[str, dict[str, Any]] = {
    "no such operator": {"operator": "nobody"},
    "another's secret": {"secret": "x" * 43},
    "no secret": {"secret": ""},
    "too old": {"age_s": 301},
    "too early": {"age_s": -302},
    "very old": {"age_s": 1e9},
    "other stamp sent": {"sent": (("stamp", "1793534401"),)},
    "stamp is no number": {"sent": (("stamp", "now"),)},
    "stamp is empty": {"sent": (("stamp", ""),)},
    "stamp with a sign": {"sent": (("stamp", "+1793534400"),)},
    "stamp with a fraction": {"sent": (("stamp", "1793534400.0"),)},
    "other method sent": {
        "method": "GET",
        "sent": (("method", "POST"), ("target", f"{ROOT}/cycle")),
    },
    "other body sent": {"sent": (("body", b"{}"),)},
    "other query sent": {"sent": (("target", f"{ROOT}/operators/site/miners?x=1"),)},
    "other path sent": {"sent": (("target", f"{ROOT}/operators/site/ledger/status"),)},
    "other spelling sent": {"sent": (("target", f"{ROOT}/operators/%73ite/miners"),)},
    "other operator sent": {"sent": (("operator", "other"),)},
    "no signature": {"sent": (("mac", ""),)},
    "short signature": {"sent": (("mac", "00"),)},
    "zero signature": {"sent": (("mac", "0" * 64),)},
    "two signatures": {"sent": (("mac", "0" * 128),)},
    "signature is no hex": {"sent": (("mac", "g" * 64),)},
    "operator with a colon": {"sent": (("operator", "site:x"),)},
    "empty operator": {"sent": (("operator", ""),)},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_forged_requests(
    site: AiepMinerCoordinator, other: AiepMinerCoordinator, client: TestClient, forgery: str
) -> None:
    good = await grant(site)
    await grant(other)
    before = heads(site, other)
    for method, target in (("GET", good.target), ("POST", f"{ROOT}/operators/site/cycle")):
        forged = replace(good, **{"method": method, "target": target, **FORGERIES[forgery]})
        assert (await forged.send(client)).status in (401, 404, 405), (method, target)
    assert heads(site, other) == before


@pytest.mark.parametrize(
    "path",
    [
        "operators/site/{}",
        "operators/%73ite/{}",
        "operators/other/../site/{}",
        "operators/other/..%2fsite/{}",
        "operators/other%2f..%2fsite/{}",
        "operators/site%00/{}",
        "operators/SITE/{}",
        "operators/%20site/{}",
        "operators/./site/{}",
        "operators//site/{}",
        "operators/site/{}/",
        "operators/site/./{}",
        "operators/site/{}?operator_id=other",
        "operators/site/{};other",
        "operators/site/{}#operators/other",
        "operators/other/operators/site/{}",
        "operators/*/{}",
        "operators/{{operator_id}}/{}",
        "{}",
    ],
)
async def test_nobody_gets_another_partition(
    site: AiepMinerCoordinator, other: AiepMinerCoordinator, client: TestClient, path: str
) -> None:
    await grant(site)
    theirs = await grant(other)
    before = heads(site, other)
    for address, method in [*((address, "GET") for address in READS), ("cycle", "POST")]:
        target = f"{ROOT}/{path.format(address)}"
        response = await replace(theirs, method=method, target=target).send(client)
        assert response.status in (400, 401, 403, 404), target
        assert "miner-1" not in await response.text()
    assert heads(site, other) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "POST"])
async def test_wrong_methods(site: AiepMinerCoordinator, client: TestClient, method: str) -> None:
    good = await grant(site)
    before = heads(site)
    addresses = [*READS, "health", *(["cycle"] if method != "POST" else [])]
    for address in addresses:
        target = f"{ROOT}/health" if address == "health" else f"{ROOT}/operators/site/{address}"
        response = await replace(good, method=method, target=target).send(client)
        assert response.status in (403, 405), (method, address)
    cycle = replace(good, target=f"{ROOT}/operators/site/cycle")
    assert (await cycle.send(client)).status == 405
    assert heads(site) == before


async def test_campaign_of_altered_requests(
    site: AiepMinerCoordinator, other: AiepMinerCoordinator, client: TestClient
) -> None:
    """Alter a good request in one place after the other; none of the results gets through."""
    dice = random.Random(4)
    good = replace(
        await grant(site),
        method="POST",
        target=f"{ROOT}/operators/site/cycle",
        body=b'{"note": "run"}',
    )
    await grant(other)
    stamp = str(int(dt_util.utcnow().timestamp()))
    digest = hashlib.sha256(good.body).hexdigest()
    text = f"{good.operator}\n{good.method}\n{good.target}\n{stamp}\n{digest}"
    mac = hmac.new(good.secret.encode(), text.encode(), "sha256").hexdigest()
    whole = {"operator": good.operator, "stamp": stamp, "mac": mac, "target": good.target}
    whole["body"] = good.body.decode()
    alphabet = "0123456789abcdefABCXYZ-_/.%?&=:"
    before = heads(site, other)
    for _ in range(400):
        part = dice.choice(list(whole))
        at = dice.randrange(len(whole[part]))
        letter = dice.choice([item for item in alphabet if item.lower() != whole[part][at].lower()])
        kind = dice.choice(("replace", "insert", "delete"))
        rest = whole[part][at + (kind != "insert") :]
        altered = whole[part][:at] + ("" if kind == "delete" else letter) + rest
        if altered == whole[part] or (part == "target" and not altered.startswith("/")):
            continue
        sent = whole | {part: altered}
        forged = replace(good, sent=tuple((sent | {"body": sent["body"].encode()}).items()))
        response = await forged.send(client)
        assert response.status in (400, 401, 403, 404, 405), (part, altered)
    assert heads(site, other) == before
    assert (await good.send(client)).status == 200


async def test_long_body_is_not_read(site: AiepMinerCoordinator, client: TestClient) -> None:
    good = await grant(site)
    act = replace(good, method="POST", target=f"{ROOT}/operators/site/cycle")
    assert (await replace(act, body=b" " * 4097).send(client)).status == 413
    assert (await replace(act, body=b" " * 4096).send(client)).status == 200


async def test_wrong_credentials_end_in_a_ban(
    hass: HomeAssistant, site: AiepMinerCoordinator, client: TestClient
) -> None:
    good = await grant(site)
    with patch.dict(hass.http.app._state, {KEY_LOGIN_THRESHOLD: 3}):
        for _ in range(3):
            assert (await replace(good, secret="wrong").send(client)).status == 401
        assert hass.http.app[KEY_BAN_MANAGER].ip_bans_lookup
        assert (await good.send(client)).status == 403


async def test_others_mistakes_do_not_ban(
    hass: HomeAssistant, site: AiepMinerCoordinator, other: AiepMinerCoordinator, client: TestClient
) -> None:
    """Valid credentials on a wrong address are refused, and are no failed log-in."""
    good = await grant(site)
    with patch.dict(hass.http.app._state, {KEY_LOGIN_THRESHOLD: 1}):
        target = f"{ROOT}/operators/other/miners"
        assert (await replace(good, target=target).send(client)).status == 403
        assert not hass.http.app[KEY_BAN_MANAGER].ip_bans_lookup


def test_secret_is_not_shown() -> None:
    access = Access()
    assert access.secret not in repr(access)
    assert len({Access().secret for _ in range(100)}) == 100


@pytest.mark.parametrize("header", ["", "Bearer ", "bearer a:" + "0" * 64, "Basic a:" + "0" * 64])
def test_no_claim(header: str) -> None:
    assert read_claim(header, "1") is None


@pytest.mark.parametrize("language", ["python", "sh"])
async def test_documented_clients(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    client: TestClient,
    freezer: FrozenDateTimeFactory,
    language: str,
) -> None:
    good = await grant(site)
    now = await hass.async_add_executor_job(
        lambda: subprocess.run(["date", "+%s"], capture_output=True, check=True, text=True).stdout
    )
    freezer.move_to(dt_util.utc_from_timestamp(int(now)))
    (code,) = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    code = code.replace("http://homeassistant.local:8123", str(client.make_url("")).rstrip("/"))
    code = code.replace("OPERATOR_ID", good.operator)
    code = code.replace('"SECRET"', repr(good.secret)).replace("=SECRET", f"={good.secret}")
    command = [sys.executable, "-c", code] if language == "python" else ["sh", "-ec", code]
    result = await hass.async_add_executor_job(
        lambda: subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    )
    assert result.returncode == 0, result.stderr
    assert '"operator_id":"site"' in result.stdout
    assert '"kind":"decision"' in result.stdout
