"""What is told on the bus: changes and acts, each once, with the trust that belongs to it."""

from dataclasses import replace

from custom_components.aiep_miner.engine.events import CycleEventKind
from custom_components.aiep_miner.engine.records import Action, Mode, Origin

from .rig import BAD_PRICES, RUNNING, policy_of, site


async def test_a_suppression_that_stands_is_told_once(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(3)
        rig.notices.clear()
        rig.prices = BAD_PRICES
        await rig.cycles(130)
        assert [item.kind for item in rig.notices] == [
            CycleEventKind.DECISION,
            CycleEventKind.SUPPRESSION,
        ]
        assert len(await rig.records("negative_proof")) > 1, "it is proven anew all the same"


async def test_what_is_wanted_again_after_a_pause_is_told_again(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(3)
        good = rig.prices
        rig.notices.clear()
        for prices in (BAD_PRICES, good, BAD_PRICES):
            rig.prices = prices
            await rig.cycles(25)
        kinds = [item.kind for item in rig.notices]
        assert kinds.count(CycleEventKind.SUPPRESSION) == 2


async def test_a_receipt_tells_the_trust_of_its_own_decision(tmp_path) -> None:
    async with site(tmp_path) as rig:
        for step in range(22):
            rig.miner.reading = replace(RUNNING, power_w=3250.0 + step % 3)
            await rig.cycles()
        rig.miner.obeys = False
        result = await rig.command(
            Action.SET_POWER, origin=Origin.AUTOMATION, value=2000.0, confidence=0.9
        )
        assert result.trust_level > 0
        await rig.cycles(1)
        rig.miner.reading = replace(RUNNING, temperatures=())
        await rig.cycles(4)
        told = [item for item in rig.notices if item.kind is CycleEventKind.RECEIPT]
        assert [(item.outcome, item.trust_level) for item in told] == [
            ("accepted", result.trust_level),
            ("not_confirmed", result.trust_level),
        ]
