"""What a proposal cites must exist, and say what is claimed; else a negative proof says so."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.aiep_miner.engine.citations import MOST_CITATIONS, facts, fault_of
from custom_components.aiep_miner.engine.command import Command, CommandOrigin, proposal_of
from custom_components.aiep_miner.engine.command_result import CommandResult
from custom_components.aiep_miner.engine.governor import CryptoMiningTrustLevel
from custom_components.aiep_miner.engine.ledger.verifier.note import Note
from custom_components.aiep_miner.engine.records import (
    Action,
    Citation,
    MinerPolicy,
    Origin,
    Reading,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import RUNNING, Site, assert_replays, assert_settled, policy_of, site

TWO_MINERS = policy_of(
    miners=tuple(
        MinerPolicy(miner_id=name, nominal_hashrate_ths=100, nominal_power_w=3250)
        for name in ("m1", "m2")
    )
)


async def learned(rig: Site) -> None:
    for step in range(22):
        for miner in rig.miners.values():
            miner.reading = replace(
                RUNNING, power_w=3250.0 + step % 3, hashrate_ths=100.0 + (step % 5) / 10
            )
        await rig.cycles()


async def citation(rig: Site, kind: str = "telemetry", miner_id: str = "m1") -> Citation:
    """Return a true citation of the newest record of a kind."""
    record = (await rig.records(kind, subject=miner_id))[-1]
    return Citation(
        seq=record["seq"],
        hash=record["hash"][:16],
        field="reading.power_w",
        says=str(record["reading"]["power_w"]),
    )


async def propose(rig: Site, *citations: Citation, **more: Any) -> CommandResult:
    origin = {"origin": Origin.LLM, "origin_id": "ai_task.model", "confidence": 0.95}
    return await rig.command(Action.SET_POWER, **origin, value=3000.0, citations=citations, **more)


async def test_what_is_cited_truly_acts_and_is_evidence(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        cited = await citation(rig)
        result = await propose(rig, cited, replace(cited, says=" 3.25e3 "))
        assert (result.rule, result.error) == (None, None)
        assert rig.actions() == [Action.SET_POWER]
        assert result.decision.record.evidence.cited == (cited.seq,)
        note = Note.parse((await rig.controller.checkpoint()).body["note"])
        bundle = await rig.controller.ledger.bundle(result.decision.seq, note)
        assert cited.seq in {item["seq"] for item in bundle["records"]}
        await assert_settled(rig)
    assert_replays(tmp_path / "ledger.db")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"seq": 1_000_000}, Reason.CITATION_UNRESOLVED),
        ({"hash": "00" * 32}, Reason.CITATION_UNRESOLVED),
        ({"hash": "ab"}, Reason.CITATION_UNRESOLVED),
        ({"hash": ""}, Reason.CITATION_UNRESOLVED),
        ({"says": "1500"}, Reason.CITATION_FALSE),
        ({"says": "nan"}, Reason.CITATION_FALSE),
        ({"says": "cool"}, Reason.CITATION_FALSE),
        ({"field": "reading.hottest_c"}, Reason.CITATION_FALSE),
        ({"field": "reading"}, Reason.CITATION_FALSE),
        ({"field": "reading.temperatures.99.temperature_c"}, Reason.CITATION_FALSE),
        ({"field": "reading.power_w.x"}, Reason.CITATION_FALSE),
    ],
)
async def test_a_false_citation_ends_in_a_negative_proof(tmp_path, change, rule) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        cited = await citation(rig)
        result = await propose(rig, cited, replace(cited, **change))
        assert result.rule is rule
        assert result.negative_proof.record.rule is rule
        assert result.decision.record.evidence.cited == ()
        assert rig.actions() == []
        (proposal,) = await rig.records("proposal")
        assert (proposal["origin"], proposal["origin_id"]) == ("llm", "ai_task.model")
        assert len(proposal["citations"]) == 2
        await assert_settled(rig)
    assert_replays(tmp_path / "ledger.db")


async def test_what_another_miner_reported_says_nothing_of_this_one(tmp_path) -> None:
    async with site(tmp_path, TWO_MINERS, ("m1", "m2")) as rig:
        await learned(rig)
        result = await propose(rig, await citation(rig, miner_id="m2"))
        assert result.rule is Reason.CITATION_FALSE
        assert rig.actions() == []


async def test_what_was_observed_long_ago_says_nothing_of_now(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles()
        old = await citation(rig)
        await rig.cycles(130)
        result = await propose(rig, old)
        assert result.rule is Reason.CITATION_OUTDATED


async def test_too_many_citations_are_not_looked_up(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        cited = await citation(rig)
        result = await propose(rig, *[cited] * (MOST_CITATIONS + 1))
        assert result.rule is Reason.INPUT_TOO_LONG


async def test_who_lies_often_may_only_advise(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        false = replace(await citation(rig), says="1")
        for _ in range(10):
            await propose(rig, false)
        source = rig.controller.view.governor.sources["llm:ai_task.model"]
        assert (source.proposals, source.refused, source.allowed) == (10, 10, 0)
        assert source.ceiling is CryptoMiningTrustLevel.ADVISORY
        result = await propose(rig, await citation(rig))
        assert result.rule is Reason.SOURCE_CEILING
        assert rig.actions() == []


def test_who_must_cite_and_does_not_is_refused() -> None:
    command = Command(action=Action.STOP)
    origin = CommandOrigin(kind=Origin.LLM, origin_id="model", must_cite=True)
    assert proposal_of("m1", command, origin).citation_fault is Reason.CITATION_MISSING
    cited = replace(origin, citations=(Citation(seq=1, hash="0" * 16, field="a", says="b"),))
    assert proposal_of("m1", command, cited).citation_fault is None


async def test_everything_that_is_offered_for_citing_holds(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.reading = replace(RUNNING, level="eco", fault_light=False)
        await rig.cycles(3)
        now_ms = rig.controller.clock.now_ms()
        for entry in await rig.controller.ledger.query(
            kinds=("telemetry", "profit", "decision"), subject="m1"
        ):
            for field, says in facts(entry.body):
                cited = Citation(seq=entry.seq, hash=entry.hash_hex, field=field, says=says)
                assert fault_of(cited, entry, ("m1",), now_ms) is None, field
        assert isinstance(rig.miner.reading, Reading)
