"""The greatest number of proposals that a source may be allowed is counted, too."""

from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import Action, ProposalRecord, Source
from custom_components.aiep_miner.engine.views import Verdict

from .rig import Site, policy_of, site


async def propose(rig: Site) -> Verdict:
    return await rig.command(Action.STOP, source=Source.AUTOMATION, source_id="automation.sun")


async def file_proposals(rig: Site, count: int) -> None:
    proposal = ProposalRecord(
        ts_ms=rig.now_ms,
        subject="m1",
        action=Action.STOP,
        source=Source.AUTOMATION,
        source_id="automation.sun",
    )
    await rig.controller.desk.file(lambda _: [proposal] * count)


async def test_a_source_has_exactly_its_share(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_proposals_per_hour=1000)) as rig:
        await rig.cycles(2)
        await file_proposals(rig, 999)
        assert (await propose(rig)).rule is not Reason.SOURCE_RATE_LIMITED
        assert (await propose(rig)).rule is Reason.SOURCE_RATE_LIMITED
        await file_proposals(rig, 500)
        assert (await propose(rig)).rule is Reason.SOURCE_RATE_LIMITED
