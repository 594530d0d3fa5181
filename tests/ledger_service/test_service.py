"""The care of the ledger in Home Assistant: its head, breaks, proofs, signatures and size."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.const import (
    DATA_BACKUP,
    DOMAIN,
    EVENT_LEDGER_ACCEPTED,
    EVENT_LEDGER_TAMPERED,
    EVENT_LEDGER_VERIFIED,
)
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import (
    Cause,
    Head,
    LedgerError,
    LedgerReason,
    Signer,
)
from custom_components.aiep_miner.engine.ledger import ledger as ledger_module
from custom_components.aiep_miner.engine.ledger.entries import Draft
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier import database
from custom_components.aiep_miner.engine.ledger.verifier.blocks import PAGE_BLOCKS
from custom_components.aiep_miner.engine.ledger.verifier.database import verify
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.records import Action, PriceRecord, RecordKind
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.replay import replay
from custom_components.aiep_miner.ledger_service.service import now_ms
from custom_components.aiep_miner.ledger_service.trust_store import ledger_path
from tests.engine.ledger.samples import write_format_1

from ..conftest import RunCycles, make_operator, propose, set_up, simulated

KEY = "aiep_miner.site"
DEAR = {"economics": {"profit_dwell_min": 0}}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what is done in the background without pauses: the clock stands still."""
    monkeypatch.setattr("custom_components.aiep_miner.ledger_service.service.PAUSE_S", 0)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: timedelta) -> None:
    """Let time pass, and what is done in the background come to its end."""
    freezer.tick(time)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def unload(hass: HomeAssistant, entry: MockConfigEntry) -> Path:
    assert await hass.config_entries.async_unload(entry.entry_id)
    return ledger_path(hass, entry.entry_id)


async def load(hass: HomeAssistant, entry: MockConfigEntry) -> AiepMinerCoordinator:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    coordinator: AiepMinerCoordinator = entry.runtime_data.coordinator
    return coordinator


def edit(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the ledger's back."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def issue(hass: HomeAssistant, name: str = "ledger_broken") -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{name}_site")


async def fix(client: Any, issue_id: str) -> dict[str, Any]:
    """Go through a repair flow to its end, as the frontend does."""
    begun = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
    )
    form = await begun.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    ended = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    return await ended.json() | {"placeholders": form["description_placeholders"]}


# The head outside of the file


async def test_head_is_kept_in_storage(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    await run_cycles(site, 3)
    await pass_time(hass, freezer, timedelta(seconds=61))
    known = Head.parse(hass_storage[KEY]["data"]["head"])
    assert 0 < known.seq <= site.controller.ledger.head.seq
    assert known.segment == site.controller.ledger.segment
    assert not hass_storage[KEY]["data"]["is_clean"]

    path = await unload(hass, site.config_entry)
    known = Head.parse(hass_storage[KEY]["data"]["head"])
    report = verify(path, Known(heads=((known.blocks, known.hash),)))
    assert (report.fault, report.records) == (None, known.seq)
    assert hass_storage[KEY]["data"]["is_clean"]


async def test_head_is_kept_when_home_assistant_stops(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_storage: dict[str, Any]
) -> None:
    path = site.controller.ledger.path
    await hass.async_stop(force=True)
    known = Head.parse(hass_storage[KEY]["data"]["head"])
    assert verify(path).records == known.seq


def cut_off(path: Path, copy: Path) -> None:
    edit(path, "DELETE FROM blocks WHERE number > (SELECT max(number) - 3 FROM blocks)")


def put_back(path: Path, copy: Path) -> None:
    shutil.copy(copy, path)


def remove(path: Path, copy: Path) -> None:
    path.unlink()


def rewrite_last(path: Path, copy: Path) -> None:
    edit(path, "UPDATE blocks SET hash = zeroblob(32) ORDER BY number DESC LIMIT 1")


def replace_with_junk(path: Path, copy: Path) -> None:
    path.write_bytes(b"damaged by a power cut" * 1000)


def forge_block(path: Path) -> None:
    """Append a block that fits the chain, without the key."""
    store = Store(path, "site", Signer(bytes(32))).connect()
    store.append([Draft("price", "site", store.last_ts_ms, {"currency": "EUR"})])
    store.close()


def append_a_block(path: Path, copy: Path) -> None:
    forge_block(path)


TAMPERINGS = [cut_off, put_back, remove, rewrite_last, replace_with_junk, append_a_block]


@pytest.mark.parametrize("tamper", TAMPERINGS)
async def test_tampering_is_found_at_the_start(
    hass: HomeAssistant, operator: MockConfigEntry, run_cycles: RunCycles, tmp_path: Path, tamper
) -> None:
    await set_up(hass, operator)
    path = await unload(hass, operator)
    copy = shutil.copy(path, tmp_path / "old.db")
    await run_cycles(await load(hass, operator), 3)
    await unload(hass, operator)
    tamper(path, Path(copy))

    events = async_capture_events(hass, EVENT_LEDGER_TAMPERED)
    site = await load(hass, operator)
    assert len(events) == 1
    assert issue(hass).severity is ir.IssueSeverity.ERROR
    assert issue(hass).is_fixable
    problem = hass.states.get("binary_sensor.site_problem")
    assert problem.state == "on"
    assert problem.attributes["divergences"] == ["ledger_tampered"]
    assert hass.states.get("sensor.site_ledger_verification").state == "broken"
    await run_cycles(site, 2)
    assert hass.states.get("sensor.miner_1_decision").attributes["reason"] == "ledger_tampered"

    # A restart does not make it forgotten, and it is told as news only once.
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert issue(hass) is not None
    assert hass.states.get("binary_sensor.site_problem").state == "on"
    assert len(events) == 1


# Breaks


@pytest.fixture
async def dear_site(
    hass: HomeAssistant, enable_custom_integrations: None, machines: object
) -> AiepMinerCoordinator:
    """Return an operator for whom mining does not pay, so that it would stop at once."""
    entry = make_operator([simulated()], data={"energy_price": 0.5}, options=DEAR)
    return await set_up(hass, entry)


async def break_ledger(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    """Edit a record and let that be found."""
    edit(site.controller.ledger.path, "UPDATE blocks SET hash = zeroblob(32) WHERE number = 1")
    await hass.services.async_call(DOMAIN, "verify_ledger", blocking=True)


async def test_break_holds_until_a_person_accepts(
    hass: HomeAssistant,
    dear_site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    hass_admin_user,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    site = dear_site
    accepted = async_capture_events(hass, EVENT_LEDGER_ACCEPTED)
    await break_ledger(hass, site)
    await run_cycles(site, 30)
    assert hass.states.get("switch.miner_1").state == "on"
    assert hass.states.get("sensor.miner_1_decision").attributes["reason"] == "ledger_tampered"
    assert await site.controller.ledger.latest(RecordKind.RECEIPT) is None
    old = site.controller.ledger.head

    result = await fix(await hass_client(), "ledger_broken_site")
    assert result["type"] == "create_entry"
    assert "block 1" in result["placeholders"]["error"]
    assert issue(hass) is None
    assert hass.states.get("binary_sensor.site_problem").state == "off"
    assert hass.states.get("sensor.site_ledger_verification").state == "unknown"

    first, second = await site.controller.ledger.query(kinds=(RecordKind.LIFECYCLE,), limit=2)
    assert Head.parse(first.body["previous"]) == old
    assert second.body["user_id"] == hass_admin_user.id
    file = first.body["previous_file"]
    assert accepted[0].data == {
        "operator_id": "site",
        "user_id": hass_admin_user.id,
        "previous_file": file,
    }
    assert (site.controller.ledger.path.parent / file).exists()

    await run_cycles(site, 30)
    assert hass.states.get("switch.miner_1").state == "off"
    path = await unload(hass, site.config_entry)
    assert verify(path).fault is None
    assert replay(path).difference is None
    await load(hass, site.config_entry)
    assert issue(hass) is None


async def test_people_may_act_meanwhile(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, person: Context
) -> None:
    await run_cycles(site, 2)
    await break_ledger(hass, site)
    refused = await propose(site, Action.SET_POWER, Context(), value=3000, confidence=0.97)
    assert refused.rule is Reason.LEDGER_TAMPERED
    result = await propose(site, Action.STOP, person)
    assert result.rule is None
    assert result.receipt is not None


async def test_accepting_needs_a_loaded_operator_and_no_backup(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    await break_ledger(hass, site)
    hass.data[DATA_BACKUP] = True
    result = await fix(client, "ledger_broken_site")
    assert (result["type"], result["reason"]) == ("abort", "backup_running")
    hass.data[DATA_BACKUP] = False

    await hass.config_entries.async_unload("site")
    result = await fix(client, "ledger_broken_site")
    assert (result["type"], result["reason"]) == ("abort", "entry_not_loaded")
    assert issue(hass) is not None


async def test_accepting_fails_on_a_full_disk(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LedgerError(LedgerReason.DISK_FULL, "no space left")

    assert await async_setup_component(hass, "repairs", {})
    await break_ledger(hass, site)
    with monkeypatch.context() as broken:
        broken.setattr(type(site.controller.ledger), "begin_segment", fail)
        result = await fix(await hass_client(), "ledger_broken_site")
    assert (result["type"], result["reason"]) == ("abort", "ledger_unavailable")
    assert site.ledger_service.broken is not None


async def test_file_found_corrupt_while_it_runs_is_told(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
) -> None:
    """A new segment goes on; the head that is kept at once is that of the new file."""
    assert await async_setup_component(hass, "repairs", {})
    await run_cycles(site, 2)
    ledger = site.controller.ledger
    before = ledger.head
    recovery = await ledger.begin_segment(Cause.CORRUPT, now_ms())
    site.ledger_service.async_follow()
    await hass.async_block_till_done()
    assert hass_storage[KEY]["data"]["head"] == str(ledger.head)
    told = issue(hass, "ledger_set_aside")
    assert told.is_persistent
    assert told.translation_placeholders["head"] == str(before)
    assert told.translation_placeholders["file"].endswith(recovery.file)
    assert (await site.async_verify_ledger()).intact
    await run_cycles(site, 2)
    assert (await site.async_verify_ledger()).intact
    assert site.ledger_service.broken is None
    await unload(hass, site.config_entry)
    site = await load(hass, site.config_entry)
    assert site.ledger_service.broken is None

    result = await fix(await hass_client(), "ledger_set_aside_site")
    assert result["type"] == "create_entry"
    assert issue(hass, "ledger_set_aside") is None


async def test_file_of_format_1_is_left_beside(
    hass: HomeAssistant,
    operator: MockConfigEntry,
    run_cycles: RunCycles,
    hass_storage: dict[str, Any],
) -> None:
    await set_up(hass, operator)
    path = await unload(hass, operator)
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    head = write_format_1(path, operator_id="site")
    hass_storage[KEY]["data"] |= {"head": head, "is_clean": False, "checkpoint": None}
    site = await load(hass, operator)
    await run_cycles(site, 2)
    assert site.ledger_service.broken is None
    assert issue(hass, "ledger_set_aside") is None
    first = await site.controller.ledger.get(1)
    assert (first.body["detail"], first.body["previous"]) == ("format", head)
    assert path.with_name(first.body["previous_file"]).exists()


# Verification


async def test_background_verification_goes_on_where_it_was_left(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
) -> None:
    events = async_capture_events(hass, EVENT_LEDGER_VERIFIED)
    await pass_time(hass, freezer, timedelta(seconds=61))
    assert [event.data["intact"] for event in events] == [True]
    assert hass.states.get("sensor.site_ledger_verification").state == "intact"
    walked = site.ledger_service.trust_store.trusted.walked
    assert walked.done
    came_to = walked.state["blocks"]

    # What was verified is not looked at again after a restart …
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    site = site.config_entry.runtime_data.coordinator
    edit(site.controller.ledger.path, "UPDATE blocks SET events = x'7b7d0a' WHERE number = 1")
    await run_cycles(site)
    await pass_time(hass, freezer, timedelta(seconds=61))
    assert site.ledger_service.verification.intact
    assert site.ledger_service.trust_store.trusted.walked.state["blocks"] > came_to
    assert site.ledger_service.trust_store.trusted.walked.began_ms == walked.began_ms

    # … but each day everything is.
    await pass_time(hass, freezer, timedelta(hours=24))
    assert not site.ledger_service.verification.intact
    assert site.ledger_service.verification.first_bad_block == 1
    assert issue(hass) is not None


async def fill_pages(site: AiepMinerCoordinator, blocks: int) -> None:
    """Append blocks, and seal them."""
    ledger = site.controller.ledger
    for _ in range(blocks):
        await ledger.append([PriceRecord(ts_ms=now_ms(), subject="site", currency="EUR")])
    while await ledger.maintain(now_ms(), 10**12):
        pass


async def test_interrupted_verification_is_resumed(
    hass: HomeAssistant, site: AiepMinerCoordinator, freezer: FrozenDateTimeFactory, monkeypatch
) -> None:
    await fill_pages(site, 600)
    ledger = type(site.controller.ledger)
    states: list[Any] = []
    original, check = ledger.verify, ledger_module._check
    goes_on = threading.Event()

    async def spy(self: Any, **kwargs: Any) -> Any:
        states.append(kwargs["state"])
        return await original(self, **kwargs)

    def wait(database: Any, log: Any, upto: int) -> Any:
        if log.blocks:
            goes_on.wait(30)
        return (yield from check(database, log, upto))

    monkeypatch.setattr(ledger, "verify", spy)
    monkeypatch.setattr(ledger_module, "_check", wait)
    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)
    while not site.ledger_service.progress:
        await hass.async_block_till_done()
    assert 0 < site.ledger_service.progress < 1

    reloading = hass.async_create_task(hass.config_entries.async_reload("site"))
    for _ in range(10):
        await asyncio.sleep(0)
    goes_on.set()
    await reloading
    site = site.config_entry.runtime_data.coordinator
    await pass_time(hass, freezer, timedelta(seconds=61))
    assert states[0] is None
    assert states[1]["blocks"] == 256
    assert site.ledger_service.verification.intact


async def test_a_day_is_verified_once(
    hass: HomeAssistant, site: AiepMinerCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    events = async_capture_events(hass, EVENT_LEDGER_VERIFIED)
    await pass_time(hass, freezer, timedelta(seconds=61))
    for _ in range(5):
        await pass_time(hass, freezer, timedelta(hours=1))
    assert len(events) == 1
    for _ in range(20):
        await pass_time(hass, freezer, timedelta(hours=1))
    assert len(events) == 2


async def test_segment_that_ends_meanwhile_is_not_judged(
    hass: HomeAssistant, site: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = site.controller.ledger
    original = type(ledger).verify

    async def verify_while_it_breaks(self: Any, **kwargs: Any) -> Any:
        report = await original(self, **kwargs)
        await self.begin_segment(Cause.CORRUPT, now_ms())
        return report

    monkeypatch.setattr(type(ledger), "verify", verify_while_it_breaks)
    with pytest.raises(LedgerError):
        await site.ledger_service.async_verify()
    assert site.ledger_service.broken is None


async def test_file_that_is_gone_is_a_break(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    path = site.controller.ledger.path
    path.rename(path.with_suffix(".gone"))
    assert not (await site.async_verify_ledger()).intact
    assert site.ledger_service.broken is not None
    await site.ledger_service.async_accept_break(None)
    await run_cycles(site, 2)
    assert (await site.async_verify_ledger()).intact


async def test_housekeeping_goes_on_later(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object, **__: object) -> bool:
        raise LedgerError(LedgerReason.DISK_FULL, "no space left")

    with monkeypatch.context() as broken:
        broken.setattr(type(site.controller.ledger), "maintain", fail)
        await pass_time(hass, freezer, timedelta(seconds=61))
    assert "goes on later" in caplog.text
    assert site.ledger_service.verification.intact, "the other step does not fail with it"
    site.ledger_service.verification = None
    with monkeypatch.context() as broken:
        broken.setattr(type(site.controller.ledger), "verify", fail)
        await pass_time(hass, freezer, timedelta(hours=1))
    assert site.ledger_service.verification is None
    await pass_time(hass, freezer, timedelta(hours=1))
    assert site.ledger_service.verification.intact


async def test_two_who_ask_get_one_verification(
    hass: HomeAssistant, site: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_asked = threading.Event()
    steps = database.Database.steps

    def wait_for_both(*args: Any) -> Any:
        assert both_have_asked.wait(30)
        return steps(*args)

    monkeypatch.setattr(database.Database, "steps", wait_for_both)
    events = async_capture_events(hass, EVENT_LEDGER_VERIFIED)
    first = hass.async_create_task(site.ledger_service.async_verify())
    second = hass.async_create_task(site.ledger_service.async_verify())
    both_have_asked.set()
    assert await first is await second
    assert len(events) == 1


async def test_progress_is_shown(
    hass: HomeAssistant, site: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill_pages(site, 600)
    monkeypatch.setattr("custom_components.aiep_miner.ledger_service.service.SHOW_EVERY_S", 0)
    shown: list[float] = []

    @callback  # other listeners run in threads, in any order
    def look(event: Any) -> None:
        if "progress_pct" in event.data["new_state"].attributes:
            shown.append(event.data["new_state"].attributes["progress_pct"])

    hass.bus.async_listen("state_changed", look)
    await site.async_verify_ledger()
    await hass.async_block_till_done()
    assert shown == sorted(shown)
    assert len(shown) > 1
    verified = hass.states.get("sensor.site_ledger_verification")
    assert "progress_pct" not in verified.attributes


async def test_verification_that_is_ended_says_so(
    hass: HomeAssistant, site: AiepMinerCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: Any) -> Iterator[None]:
        yield from ()

    monkeypatch.setattr(ledger_module, "_check", nothing)
    asking = hass.async_create_task(site.ledger_service.async_verify())
    while site.ledger_service.progress is None:  # noqa: ASYNC110 - the clock stands still
        await asyncio.sleep(0)
    await hass.config_entries.async_unload("site")
    with pytest.raises(LedgerError) as ended:
        await asking
    assert ended.value.reason is LedgerReason.CLOSED


# Signatures


async def test_signed_every_day_and_at_a_stop(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    async def signed() -> list[int]:
        found = await site.controller.ledger.query(kinds=(RecordKind.CHECKPOINT,))
        return [stored.seq for stored in found]

    first = await signed()
    assert len(first) == 1
    await run_cycles(site, 3)
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    site = site.config_entry.runtime_data.coordinator
    assert (await signed())[:-1] == first
    await run_cycles(site, 2, every_s=13 * 3600)
    assert len(await signed()) == 3

    ledger = site.controller.ledger
    assert verify(ledger.path, Known(keys=(ledger.verifier_key,))).fault is None
    stranger = Signer(bytes(32)).verifier_key(ledger.origin)
    assert verify(ledger.path, Known(keys=(stranger,))).fault is not None


async def test_key_is_secret(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = hass_storage[KEY]["data"]["private_key"]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(site.ledger_service.trust_store.trusted)
    assert secret not in caplog.text
    assert secret.encode() not in site.controller.ledger.path.read_bytes()


# Size


async def test_old_observations_are_dropped(
    hass: HomeAssistant,
    operator: MockConfigEntry,
    run_cycles: RunCycles,
    freezer: FrozenDateTimeFactory,
) -> None:
    site = await set_up(hass, operator)
    hass.config_entries.async_update_entry(
        operator, options={**operator.options, "ledger": {"keep_bodies_days": 1}}
    )
    await hass.async_block_till_done()
    await run_cycles(site, 4)
    await fill_pages(site, 330)
    oldest = await site.controller.ledger.get(1)
    await pass_time(hass, freezer, timedelta(days=3))
    # While the housekeeping of the start still ran, the next one was left out.
    await pass_time(hass, freezer, timedelta(hours=1))
    ledger = site.controller.ledger
    assert await ledger.query(kinds=(RecordKind.TELEMETRY,), to_seq=PAGE_BLOCKS) == ()
    assert await ledger.get(1) == oldest
    await run_cycles(site)
    assert await ledger.latest(RecordKind.TELEMETRY) is not None
    assert (await site.async_verify_ledger()).intact


async def test_what_is_broken_is_not_pruned(
    hass: HomeAssistant, site: AiepMinerCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    await fill_pages(site, 330)
    edit(site.controller.ledger.path, "UPDATE blocks SET hash = zeroblob(32) WHERE number = 300")
    await hass.services.async_call(DOMAIN, "verify_ledger", blocking=True)
    await pass_time(hass, freezer, timedelta(days=60))
    assert await site.controller.ledger.query(kinds=(RecordKind.PRICE,), limit=1)


# Removal


async def test_removal_leaves_what_it_takes_to_verify(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_storage: dict[str, Any]
) -> None:
    path = site.controller.ledger.path
    await break_ledger(hass, site)
    await hass.config_entries.async_remove("site")
    assert path.exists()
    assert KEY not in hass_storage
    assert issue(hass) is None
    witness = json.loads(path.with_name("witness.json").read_text("utf-8"))
    assert witness["operator_id"] == "site"
    assert len(bytes.fromhex(witness["public_key"])) == 32
    assert "private" not in str(witness)
    Head.parse(witness["head"])
