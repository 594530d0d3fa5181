"""An operator's witnesses: what is sent, believed and recorded, and what a misbehaving one costs."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.federation.submission import MAX_BYTES
from custom_components.aiep_miner.engine.ledger import Ledger, Note, Signer
from custom_components.aiep_miner.engine.ledger.verifier import bundle, database, export, proof
from custom_components.aiep_miner.engine.ledger.verifier.note import Checkpoint, VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.federation import witnesses as module
from custom_components.aiep_miner.federation.witnesses import FIRST_RETRY_S, witness_settings

from ..conftest import RunCycles
from .independent_witness import Asked, IndependentWitness


@pytest.fixture
async def witness(
    socket_enabled: None, site: AiepMinerCoordinator
) -> AsyncIterator[IndependentWitness]:
    """Return a witness on loopback that knows the site's log, in Home Assistant's time."""
    vkey = str(site.controller.ledger.verifier_key)
    clock = lambda: dt_util.utcnow().timestamp()  # noqa: E731
    async with IndependentWitness(vkey, clock=clock) as made:
        yield made


def configure(
    site: AiepMinerCoordinator, *witnesses: IndependentWitness, quorum: int = 1, **more: Any
) -> None:
    """Name witnesses in the options."""
    entry = site.config_entry
    section = {
        "witnesses": [{"url": item.url, "verifier_key": item.keys()} for item in witnesses],
        "quorum": quorum,
        "missed_after_h": 48,
    }
    options = {**entry.options, "witnesses": section | more}
    site.hass.config_entries.async_update_entry(entry, options=options)


@pytest.fixture
def cycles(run_cycles: RunCycles) -> RunCycles:
    """Return a function that runs cycles, and has witnesses answer before time passes again."""

    async def run(site: AiepMinerCoordinator, count: int = 1) -> None:
        for _ in range(count):
            await run_cycles(site)
            await site.ledger_service.witnesses.async_settle(60)

    return run


async def settle(site: AiepMinerCoordinator, freezer: FrozenDateTimeFactory) -> None:
    """Let time pass in small steps, for deadlines, until the witnesses have answered."""
    waiting = asyncio.ensure_future(site.ledger_service.witnesses.async_settle(60))
    while not waiting.done():
        await asyncio.to_thread(time.sleep, 0.01)
        freezer.tick(0.01)
    await waiting


async def sign(site: AiepMinerCoordinator, freezer: FrozenDateTimeFactory | None = None) -> Note:
    """Sign a checkpoint, wait for the witnesses; return it as it is then."""
    signed = await site.ledger_service.async_sign()
    await (settle(site, freezer) if freezer else site.ledger_service.witnesses.async_settle(60))
    note = site.ledger_service.witnesses.note
    assert note is not None
    assert note.text == Note.parse(signed.body["note"]).text
    return note


def standing(site: AiepMinerCoordinator) -> dict[str, Any]:
    (found,) = site.ledger_service.witnesses.standings()
    return found


def keys_of(*witnesses: IndependentWitness) -> tuple[VerifierKey, ...]:
    return tuple(VerifierKey.parse(key) for item in witnesses for key in item.keys().split())


def issue(site: AiepMinerCoordinator, name: str) -> ir.IssueEntry | None:
    registry = ir.async_get(site.hass)
    return registry.async_get_issue(DOMAIN, f"{name}_{site.config_entry.entry_id}")


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_each_checkpoint_is_cosigned_and_recorded(
    site: AiepMinerCoordinator, witness: IndependentWitness, cycles: RunCycles
) -> None:
    configure(site, witness)
    ledger = site.controller.ledger
    sizes = []
    for _ in range(3):
        await cycles(site, 3)
        note = await sign(site)
        assert len(note.signatures) == 3
        stored = await ledger.latest("checkpoint")
        assert stored is not None
        assert Note.parse(stored.body["note"]) == note
        sizes.append(Checkpoint.parse(note.text).size)
    asked = witness.asked  # the daily checkpoint, then those of the test
    assert [item.size for item in asked[1:]] == sizes
    assert [item.old for item in asked] == [0, *(item.size for item in asked[:-1])]
    assert [len(item.lines) for item in asked] == [1, 1, 1, 1]
    assert standing(site)["is_up_to_date"]
    assert standing(site)["blocks"] == sizes[-1]
    found = await site.async_verify_ledger()
    assert found.intact


async def test_evidence_is_cosigned(
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    configure(site, witness)
    await cycles(site, 3)
    client, before = await hass_client(), len(witness.asked)
    seq = (await site.controller.ledger.latest("decision")).seq
    vkey = site.controller.ledger.verifier_key
    known = Known(keys=(vkey,), witnesses=keys_of(witness), quorum=1)
    stranger = IndependentWitness(str(vkey))
    for address, verify in (
        (f"proof/{seq}", proof.verify),
        (f"bundle/{seq}", bundle.verify),
        ("export", export.verify),
    ):
        response = await client.get(f"/api/aiep_miner/ledger/{address}")
        file = tmp_path / address.replace("/", "-")
        file.write_bytes(await response.read())
        report = verify(file, known)
        assert report.fault is None, address
        assert any("1 witnesses cosigned" in remark for remark in report.notes), address
        # Two keys of one witness are one witness.
        for quorum, witnesses in ((2, (witness,)), (1, (stranger,)), (2, (witness, stranger))):
            wanted = Known(keys=(vkey,), witnesses=keys_of(*witnesses), quorum=quorum)
            assert verify(file, wanted).fault is not None
    assert len(witness.asked) == before + 1, "one checkpoint covers all three"
    report = database.verify(site.controller.ledger.path, known)
    assert report.fault is None
    assert any("1 witnesses cosigned" in remark for remark in report.notes)


async def test_a_witness_that_knows_another_size(
    site: AiepMinerCoordinator, witness: IndependentWitness, cycles: RunCycles
) -> None:
    """After 409 the proof is sent from the size that the witness knows."""
    configure(site, witness)
    await cycles(site, 4)
    witness.size, witness.root = 3, await site.controller.ledger.root_at(3)
    note = await sign(site)
    assert len(note.signatures) == 3
    assert [item.old for item in witness.asked] == [0, 1, 3]


async def test_a_restart_goes_on_where_it_was(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
) -> None:
    configure(site, witness)
    await cycles(site, 2)
    size = Checkpoint.parse((await sign(site)).text).size
    before = len(witness.asked)
    entry = site.config_entry
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    site = entry.runtime_data.coordinator
    # What was signed at the stop is sent after the start, from what was cosigned before.
    assert len(witness.asked) == before + 1
    assert witness.asked[-1].old == size
    assert standing(site)["is_up_to_date"]
    assert site.ledger_service.witnesses.last_time is not None
    assert issue(site, "quorum_missed") is None


def status(code: int) -> Any:
    return lambda _witness, _asked: web.Response(status=code)


def wrong_key(witness: IndependentWitness, asked: Asked) -> web.Response:
    other = IndependentWitness(witness.vkey, name=witness.name, clock=witness.clock)
    other.__post_init__()
    return web.Response(text=other.cosign(asked))


def wrong_signature(witness: IndependentWitness, asked: Asked) -> web.Response:
    name, encoded = witness.cosign(asked).splitlines()[0].split(" ")[1:]
    data = base64.b64decode(encoded)
    changed = base64.b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()
    return web.Response(text=f"\u2014 {name} {changed}\n")


def another_size(witness: IndependentWitness, asked: Asked) -> web.Response:
    return witness.conflict(len(witness.asked))


def the_same_size(witness: IndependentWitness, asked: Asked) -> web.Response:
    return witness.conflict(asked.old)


async def huge(witness: IndependentWitness, asked: Asked) -> web.Response:
    return web.Response(text=witness.cosign(asked) * 200)


async def slow(witness: IndependentWitness, asked: Asked) -> web.Response:
    await asyncio.sleep(30)
    return witness.answer(asked)


MISDEEDS: dict[str, Any] = {
    "403": status(403),
    "404": status(404),
    "400": status(400),
    "429": status(429),
    "500": status(500),
    "redirect": lambda witness, _asked: web.Response(
        status=307, headers={"Location": witness.url + "/add-checkpoint"}
    ),
    "empty": status(200),
    "garbage": lambda _witness, _asked: web.Response(body=b"\xff\xfe"),
    "wrong key": wrong_key,
    "wrong signature": wrong_signature,
    "no time": lambda witness, asked: web.Response(text=witness.cosign(asked, 0)),
    "early": lambda witness, asked: web.Response(
        text=witness.cosign(asked, int(witness.clock()) - 3600)
    ),
    "late": lambda witness, asked: web.Response(
        text=witness.cosign(asked, int(witness.clock()) + 3600)
    ),
    "another text": lambda witness, asked: web.Response(
        text=witness.cosign(Asked(**{**asked.__dict__, "text": "x\n1\n\n", "root": bytes(32)}))
    ),
    "another size": another_size,
    "the same size": the_same_size,
    "a size without its type": lambda _witness, _asked: web.Response(status=409, text="3\n"),
    "a size that is none": lambda _witness, _asked: web.Response(
        status=409, text="03\n", content_type="text/x.tlog.size"
    ),
    "huge": huge,
    "slow": slow,
}


@pytest.mark.parametrize("name", MISDEEDS)
async def test_a_witness_that_misbehaves_costs_nothing_else(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.3)
    configure(site, witness)
    witness.misdeed = MISDEEDS[name]
    await cycles(site, 0)
    note = await sign(site, freezer)
    assert len(note.signatures) == 1, "nothing of it is believed"
    assert standing(site)["error"]
    assert not standing(site)["is_up_to_date"]
    assert standing(site)["cosigned_at"] is None
    assert site.ledger_service.broken is None
    asked = len(witness.asked)
    assert asked <= 1 + 1 + module.MAX_CONFLICTS
    # It is left alone until its pause is over, also for a new checkpoint.
    await sign(site)
    assert len(witness.asked) == asked
    witness.misdeed = None
    await pass_time(hass, freezer, FIRST_RETRY_S + 1)
    assert standing(site)["error"] is None
    assert standing(site)["is_up_to_date"]
    note = site.ledger_service.witnesses.note
    assert note is not None
    assert len(note.signatures) == 3


async def test_a_witness_that_is_down(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    freezer: FrozenDateTimeFactory,
    cycles: RunCycles,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its pauses grow; one line in the log says that it is down, another one that it is back."""
    configure(site, witness)
    witness.misdeed = status(503)
    await cycles(site)
    await sign(site)
    tried = []
    for minutes in range(1, 130):
        await pass_time(hass, freezer, 60)
        if len(witness.asked) > len(tried) + 1:
            tried.append(minutes)
    gaps = [second - first for first, second in pairwise(tried)]
    assert len(tried) < 9
    assert sorted(gaps) == gaps
    assert max(gaps) <= 62
    assert caplog.text.count("does not cosign the log of Site") == 1
    witness.misdeed = None
    await pass_time(hass, freezer, 3700)
    assert "cosigns the log of Site again" in caplog.text


async def test_other_witnesses_are_not_kept_waiting(
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.5)
    await cycles(site)
    async with IndependentWitness(
        witness.vkey, name="witness.test/b", clock=witness.clock
    ) as other:
        configure(site, witness, other, quorum=2)
        witness.misdeed = slow
        note = await sign(site, freezer)
        assert {item.name for item in note.signatures[1:]} == {"witness.test/b"}
        stored = await site.controller.ledger.latest("checkpoint")
        assert stored is not None
        assert Note.parse(stored.body["note"]) == note


async def test_a_quorum_that_is_missed_for_long(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    freezer: FrozenDateTimeFactory,
    cycles: RunCycles,
) -> None:
    async with IndependentWitness(
        witness.vkey, name="witness.test/b", clock=witness.clock
    ) as other:
        configure(site, witness, other, quorum=2)
        await cycles(site)
        await sign(site)
        other.misdeed = status(503)
        await cycles(site)
        await sign(site)
        for _ in range(47):
            await pass_time(hass, freezer, 3600)
        assert issue(site, "quorum_missed") is None
        for _ in range(3):
            await pass_time(hass, freezer, 3600)
        found = issue(site, "quorum_missed")
        assert found is not None
        assert "witness.test/b: status 503" in found.translation_placeholders["error"]
        other.misdeed = None
        for _ in range(2):
            await pass_time(hass, freezer, 3600)
        assert issue(site, "quorum_missed") is None
    await hass.config_entries.async_unload(site.config_entry.entry_id)


# A witness that knows another log


def ahead(witness: IndependentWitness, asked: Asked) -> web.Response:
    return witness.conflict(10_000)


def inconsistent(witness: IndependentWitness, asked: Asked) -> web.Response:
    return web.Response(status=422)


@pytest.mark.parametrize("misdeed", [ahead, inconsistent])
async def test_a_witness_that_only_says_so_stops_nothing(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
    misdeed: Any,
) -> None:
    configure(site, witness)
    await cycles(site, 2)
    await sign(site)
    witness.misdeed = misdeed
    await cycles(site, 2)
    await sign(site)
    found = issue(site, "witness_refuses")
    assert found is not None
    assert witness.url in found.translation_placeholders["error"]
    assert site.ledger_service.broken is None
    # A checkpoint that another key signed proves nothing.
    other = Signer(bytes([3]) * 32)
    ledger = site.controller.ledger
    witness.shown = str(other.sign(Checkpoint(ledger.origin, 10_000, bytes(32))))
    await pass_time(hass, freezer, FIRST_RETRY_S + 1)
    assert len(witness.asked) >= 3
    assert site.ledger_service.broken is None
    witness.misdeed = None
    await pass_time(hass, freezer, 2 * FIRST_RETRY_S + 1)
    assert issue(site, "witness_refuses") is None


def signed_by_the_log(site: AiepMinerCoordinator, size: int, root: bytes) -> Note:
    signer = Signer(site.ledger_service.trust_store.trusted.signing_key)
    return signer.sign(Checkpoint(site.controller.ledger.origin, size, root))


@pytest.mark.parametrize("size", [3, 10_000])
async def test_a_contradiction_that_the_logs_own_key_signed_is_a_break(
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
    size: int,
) -> None:
    """The ledger was rewritten or cut off, and what was known outside the file with it."""
    configure(site, witness)
    await cycles(site, 4)
    seen = signed_by_the_log(site, size, hashlib.sha256(b"rewritten").digest())
    witness.size, witness.root, witness.shown = size, Checkpoint.parse(seen.text).root, str(seen)
    await sign(site)
    broken = site.ledger_service.broken
    assert broken is not None
    assert issue(site, "ledger_broken") is not None
    assert ("differs" if size == 3 else "ends at") in broken.fault
    (dispute,) = (site.controller.ledger.path.parent / "disputes").iterdir()
    assert str(seen) in dispute.read_text("utf-8")
    assert site.controller.ledger.origin in dispute.read_text("utf-8").partition(str(seen))[2]


async def test_an_honest_log_and_its_witness_never_disagree(
    site: AiepMinerCoordinator, witness: IndependentWitness, cycles: RunCycles
) -> None:
    """Answers that get lost on the way are made up for by 409."""
    configure(site, witness)
    ledger: Ledger = site.controller.ledger

    def lost(own: IndependentWitness, asked: Asked) -> web.Response:
        own.answer(asked)
        return web.Response(status=502)

    for turn in range(6):
        await cycles(site)
        site.ledger_service.witnesses._standings.clear()
        witness.misdeed = lost if turn % 2 else None
        await sign(site)
        assert witness.root == await ledger.root_at(witness.size)
    assert issue(site, "witness_refuses") is None
    assert site.ledger_service.broken is None


# Its form and its sensor


async def test_the_form(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    flow = hass.config_entries.options
    key = str(IndependentWitness("x").keys())
    good = {"url": "https://witness.example/", "verifier_key": key}

    async def begin() -> str:
        result = await flow.async_init(site.config_entry.entry_id)
        result = await flow.async_configure(result["flow_id"], {"next_step_id": "witnesses"})
        vkey = result["description_placeholders"]["verifier_key"]
        assert vkey == str(site.controller.ledger.verifier_key)
        return result["flow_id"]

    flow_id = await begin()
    for given, quorum, errors in (
        ([{**good, "url": "witness.example"}], 1, {"witnesses": "not_a_witness"}),
        ([{**good, "verifier_key": "x"}], 1, {"witnesses": "not_a_witness"}),
        ([{**good, "verifier_key": " "}], 1, {"witnesses": "not_a_witness"}),
        ([good, good], 1, {"witnesses": "too_many_witnesses"}),
        ([good], 2, {"quorum": "quorum_too_large"}),
        ([], 1, {"quorum": "quorum_too_large"}),
    ):
        result = await flow.async_configure(
            flow_id, {"witnesses": given, "quorum": quorum, "missed_after_h": 24}
        )
        assert result["errors"] == errors
    result = await flow.async_configure(
        flow_id, {"witnesses": [good], "quorum": 1, "missed_after_h": 24}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    settings = witness_settings(site.config_entry.options)
    assert settings.witnesses[0].url == "https://witness.example"
    assert len(settings.witnesses[0].keys) == 2
    assert (settings.quorum, settings.missed_after_h) == (1, 24)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_the_sensor(
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    operator: MockConfigEntry,
    site: AiepMinerCoordinator,
    witness: IndependentWitness,
    cycles: RunCycles,
) -> None:
    name = "sensor.site_last_cosignature"
    state = hass.states.get(name)
    assert state is not None
    assert state.state == "unknown"
    configure(site, witness)
    await cycles(site)
    await sign(site)
    await hass.async_block_till_done(wait_background_tasks=True)
    state = hass.states.get(name)
    assert state is not None
    when = dt_util.parse_datetime(state.state)
    assert when is not None
    assert abs((when - dt_util.utcnow()).total_seconds()) < 2
    assert state.attributes["witnesses"][0]["is_up_to_date"]
    assert MAX_BYTES == 65_536
