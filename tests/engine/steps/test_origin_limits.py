"""The greatest number of proposals that a source may be allowed is counted, too."""

from custom_components.aiep_miner.engine.command_result import CommandResult
from custom_components.aiep_miner.engine.records import Action, Origin, ProposalRecord
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.turns import Urgency

from ..rig import Site, policy_of, site


async def propose(rig: Site) -> CommandResult:
    return await rig.command(Action.STOP, origin=Origin.AUTOMATION, origin_id="automation.sun")


async def file_proposals(rig: Site, count: int) -> None:
    proposal = ProposalRecord(
        ts_ms=rig.now_ms,
        subject="m1",
        action=Action.STOP,
        origin=Origin.AUTOMATION,
        origin_id="automation.sun",
    )
    await rig.controller._record(Urgency.PERSON, *[proposal] * count)


async def test_a_source_has_exactly_its_share(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_proposals_per_hour=1000)) as rig:
        await rig.cycles(2)
        await file_proposals(rig, 999)
        assert (await propose(rig)).rule is not Reason.SOURCE_RATE_LIMITED
        assert (await propose(rig)).rule is Reason.SOURCE_RATE_LIMITED
        await file_proposals(rig, 500)
        assert (await propose(rig)).rule is Reason.SOURCE_RATE_LIMITED
