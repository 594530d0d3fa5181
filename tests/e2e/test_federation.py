"""Two real Home Assistants: a host, and the customer who witnesses and follows its log."""

import hashlib
import hmac
import shutil
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from custom_components.aiep_miner.engine.ledger import Note, Reader
from custom_components.aiep_miner.engine.ledger.verifier import database, shared
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from devtools.hass_process import DOMAIN, HassProcess, free_port
from scripts._lib.site_setup import Site, add_site, wait_loaded

from .site import OPERATOR, OPTIONS, eventually
from .test_backup import run_cycle

pytestmark = [pytest.mark.usefixtures("socket_enabled"), pytest.mark.timeout(300)]

MINERS = [
    {"adapter": "simulated", "name": f"Miner {seed}", "profile": "s19", "seed": seed}
    for seed in (1, 2)
]


async def sign(hass: HassProcess) -> str:
    """Sign the ledger; return its verifier key."""
    answer = await hass.command(
        "call_service", domain=DOMAIN, service="sign_ledger", return_response=True
    )
    return str(answer["response"]["verifier_key"])


async def form(hass: HassProcess, base: str, handler: Any) -> dict[str, Any]:
    return await hass.rest("POST", f"/api/config/config_entries/{base}", {"handler": handler})


async def fill(hass: HassProcess, base: str, flow: dict[str, Any], values: Any) -> dict[str, Any]:
    path = f"/api/config/config_entries/{base}/{flow['flow_id']}"
    return await hass.rest("POST", path, values)


async def witnessed_by(host: HassProcess, site: Site, customer: HassProcess, own: Site) -> None:
    """Have the customer's Home Assistant witness the host's log."""
    vkey = await sign(host)
    peer = await form(customer, "subentries/flow", [own.operator_id, "peer"])
    shown = peer["description_placeholders"]
    keys = f"{shown['ed25519_key']} {shown['ml_dsa_key']}"
    made = await fill(customer, "subentries/flow", peer, {"name": "Host", "verifier_key": vkey})
    assert made["type"] == "create_entry"
    flow = await form(host, "options/flow", site.operator_id)
    await fill(host, "options/flow", flow, {"next_step_id": "witnesses"})
    url = customer.url + shown["prefix"]
    section = {"witnesses": [{"url": url, "verifier_key": keys}], "quorum": 1, "missed_after_h": 48}
    made = await fill(host, "options/flow", flow, section)
    assert made["type"] == "create_entry"


def cosigned_size(folder: Path) -> int:
    """Return how many blocks the witness cosigned last."""
    files = list((folder / DOMAIN / "witness").glob("*.txt"))
    return max((int(file.read_text("utf-8").split("\n")[1]) for file in files), default=0)


async def is_kept(customer: HassProcess) -> bool:
    """Return whether Home Assistant has written down the peer: it does so after a while."""
    file = customer.config / ".storage" / "core.config_entries"
    return '"peer"' in file.read_text("utf-8")


def newest_note(config: Path, site: Site) -> Note:
    with closing(Reader(Database(config / DOMAIN / site.operator_id / "ledger.db"))) as reader:
        found = [
            item for batch in reader.read() for item in batch if str(item.kind) == "checkpoint"
        ]
    return Note.parse(found[-1].body["note"])


async def cosigned(host: HassProcess, site: Site, customer: HassProcess) -> int:
    """Sign, and wait until the witness's cosignature is recorded; return the size."""
    await sign(host)

    async def look() -> int | None:
        note = newest_note(host.config, site)
        size = int(note.text.split("\n")[1])
        is_known = len(note.signatures) == 3 and cosigned_size(customer.config) == size
        return size if is_known else None

    return await eventually(look, "a cosignature")


async def log_of(host: HassProcess, name: str, secret: str, start: int) -> bytes:
    """Return what a customer gets, by credentials of his own."""
    target, stamp = f"/api/{DOMAIN}/log/blocks?from={start}", str(int(time.time()))
    parts = (name, "GET", target, stamp, hashlib.sha256(b"").hexdigest())
    mac = hmac.new(secret.encode(), "\n".join(parts).encode(), "sha256").hexdigest()
    headers = {"Authorization": f"Bearer {name}:{mac}", "X-AIEP-Timestamp": stamp}
    async with (
        aiohttp.ClientSession() as session,
        session.get(host.url + target, headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        return await response.read()


async def test_a_host_and_its_customer(tmp_path: Path) -> None:
    customer = HassProcess(tmp_path / "customer", free_port())
    host_folder, old_folder, port = tmp_path / "host", tmp_path / "old", free_port()
    async with customer:
        own = await add_site(customer, OPERATOR, [], OPTIONS)
        async with HassProcess(host_folder, port) as host:
            site = await add_site(host, OPERATOR, MINERS, OPTIONS)
            await witnessed_by(host, site, customer, own)
            for _ in range(3):
                await run_cycle(host)
            size = await cosigned(host, site, customer)

            # The customer follows his miner, and nothing else.
            mine, other = site.miners
            flow = await form(host, "subentries/flow", [site.operator_id, "customer"])
            values = {"name": "Customer", "miners": [mine]}
            shown = await fill(host, "subentries/flow", flow, values)
            secret = shown["description_placeholders"]["secret"]
            await fill(host, "subentries/flow", flow, {})
            found = await host.command("config_entries/subentries/list", entry_id=site.operator_id)
            (name,) = [it["subentry_id"] for it in found if it["subentry_type"] == "customer"]
            data = await log_of(host, name, secret, 0)
            assert mine.encode() in data
            assert other.encode() not in data
            kept = tmp_path / "log.jsonl"
            kept.write_bytes(data)
            key = VerifierKey.parse(await sign(host))
            report = shared.verify(kept, Known(keys=(key,)))
            assert report.fault is None
            assert report.blocks >= size

            # Its witness is killed and comes back: it goes on where it was.
            await eventually(partial(is_kept, customer), "the peer to be kept")
            await customer.kill()
            await customer.start()
            await wait_loaded(customer, own.operator_id)
            await run_cycle(host)

        # The host is copied while it is down, and goes on.
        ignored = shutil.ignore_patterns("custom_components")
        shutil.copytree(host_folder, old_folder, ignore=ignored)
        async with HassProcess(host_folder, port) as host:
            await wait_loaded(host, site.operator_id)
            for _ in range(5):
                await run_cycle(host)
            later = await cosigned(host, site, customer)
            assert later > size
        keys = tuple(newest_note(host_folder, site).signatures)
        assert len(keys) in (1, 3)
        report = database.verify(host_folder / DOMAIN / site.operator_id / "ledger.db")
        assert report.fault is None

        # The copy takes its place, with all that it knows of itself: only the witness knows better.
        async with HassProcess(old_folder, port) as host:
            await wait_loaded(host, site.operator_id)
            await run_cycle(host)
            await sign(host)

            async def look() -> bool:
                states = await host.states()
                return any(
                    state["entity_id"].endswith("ledger_verification")
                    and state["state"] == "broken"
                    for state in states.values()
                )

            await eventually(look, "the break to be found")
            disputes = old_folder / DOMAIN / site.operator_id / "disputes"
            (dispute,) = disputes.iterdir()
            assert f"\n{later}\n" in dispute.read_text("utf-8")
        assert cosigned_size(customer.config) == later, "nothing else was cosigned"
