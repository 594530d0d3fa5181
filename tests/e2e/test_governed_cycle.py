"""The governed cycle in a real Home Assistant, on a miner that speaks a real protocol."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import pytest_socket

from custom_components.aiep_miner.engine.records import (
    Action,
    DecisionRecord,
    NegativeProofRecord,
    Origin,
    Outcome,
    ReceiptRecord,
    RecordKind,
    TelemetryRecord,
)
from devtools.emulators.base import Fault
from devtools.hass_process import DOMAIN, HassCommandError
from tests.e2e.site import GovernedSite, governed_site

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("socket_enabled"),
]

LIMIT_C = 85.0
BOARDS = ("0", "1", "2")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GovernedSite]:
    pytest_socket.enable_socket()
    async with governed_site(tmp_path_factory.mktemp("hass")) as governed:
        yield governed


async def test_overheating_miner_is_stopped_over_the_socket(site: GovernedSite) -> None:
    await site.shows("switch.mining", "on")
    await site.forget_writes()
    await site.fault(Fault.OVERHEAT, active=True)

    event = await site.event("decision", action="stop")
    await site.event("receipt", action="stop", outcome="confirmed")

    # The device: told once for each board, and it stands still.
    assert sorted(await site.writes()) == [("ascdisable", board) for board in BOARDS]
    assert not (await site.device())["mining"]

    # The ledger: stopped for its heat, within two cycles of the first hot reading.
    stored = site.record(event["record_hash"])
    decision = stored.record()
    assert isinstance(decision, DecisionRecord)
    assert stored.seq == event["record_seq"]
    assert (decision.action, decision.authorised) == (Action.STOP, True)
    assert decision.origin is Origin.STRATEGY
    assert decision.reasons[0] == event["reason"] == "overheat"
    readings = [item.record() for item in site.records(RecordKind.TELEMETRY)]
    hot = [
        item.ts_ms
        for item in readings
        if isinstance(item, TelemetryRecord) and item.reading and item.reading.hottest_c >= LIMIT_C
    ]
    cycles = {item.ts_ms for item in site.records(RecordKind.PRICE)}
    assert len([ts for ts in cycles if hot[0] <= ts <= decision.ts_ms]) <= 2
    telemetry = site.record(decision.evidence.telemetry or 0).record()
    assert isinstance(telemetry, TelemetryRecord)
    assert telemetry.reading is not None
    assert telemetry.reading.hottest_c >= LIMIT_C

    # Its receipts: accepted, then confirmed by telemetry.
    receipts = [item.record() for item in site.records(RecordKind.RECEIPT)]
    outcomes = [
        item.outcome
        for item in receipts
        if isinstance(item, ReceiptRecord) and item.decision == stored.seq
    ]
    assert outcomes == [Outcome.ACCEPTED, Outcome.CONFIRMED]

    # The entities.
    await site.shows("switch.mining", "off")
    assert float((await site.state("sensor.hashrate"))["state"]) == 0
    last = await site.shows("sensor.last_command", "confirmed")
    assert last["attributes"]["action"] == "stop"


async def test_switch_commands_in_auto(site: GovernedSite) -> None:
    await site.fault(Fault.OVERHEAT, active=False)
    await _switch(site, on=True)
    await _switch(site, on=False)
    await _switch(site, on=True)
    # The rules leave the miner to the person until it is handed back.
    await site.run_cycle()
    await site.press("resume_automation", site.miner_id)
    await site.run_cycle()


async def test_manual_mode_suppresses_the_stop(site: GovernedSite) -> None:
    await site.set_mode("manual")
    await site.forget_writes()
    since = len(site.events)
    await site.fault(Fault.OVERHEAT, active=True)

    event = await site.event("suppression", action="stop", since=since)

    assert event["reason"] == "manual_mode"
    proof = site.record(event["record_hash"]).record()
    assert isinstance(proof, NegativeProofRecord)
    decision = site.record(proof.decision).record()
    assert isinstance(decision, DecisionRecord)
    assert (decision.action, decision.authorised) == (Action.STOP, False)
    assert decision.reasons[0] == "overheat"
    assert await site.writes() == []
    assert (await site.device())["mining"]
    assert (await site.state("switch.mining"))["state"] == "on"
    await site.shows("binary_sensor.problem", "on")


async def test_start_is_refused_while_it_overheats(site: GovernedSite) -> None:
    await site.heated()
    since = len(site.events)
    with pytest.raises(HassCommandError) as refusal:
        await site.switch(on=True)

    error = refusal.value.error
    event = await site.event("suppression", action="run", since=since)
    assert error["translation_domain"] == DOMAIN
    assert error["translation_key"] == event["reason"]
    assert "Rig" in error["message"]
    proof = site.record(event["record_hash"]).record()
    assert isinstance(proof, NegativeProofRecord)
    assert proof.action is Action.RUN
    assert await site.writes() == []


async def test_switch_commands_in_manual(site: GovernedSite) -> None:
    # Stopping is allowed while it overheats.
    await _switch(site, on=False)
    await site.fault(Fault.OVERHEAT, active=False)
    await _switch(site, on=True)


async def _switch(site: GovernedSite, *, on: bool) -> None:
    """Switch the miner as a person, and see it happen on all sides."""
    action, command = ("run", "ascenable") if on else ("stop", "ascdisable")
    if on:
        await site.cooled()
    await site.forget_writes()
    since = len(site.events)
    await site.switch(on=on)
    event = await site.event("decision", action=action, since=since)
    await site.run_cycle()
    await site.event("receipt", action=action, outcome="confirmed", since=since)
    decision = site.record(event["record_hash"]).record()
    assert isinstance(decision, DecisionRecord)
    assert decision.origin is Origin.PERSON
    assert sorted(await site.writes()) == [(command, board) for board in BOARDS]
    assert (await site.device())["mining"] is on
    await site.shows("switch.mining", "on" if on else "off")
