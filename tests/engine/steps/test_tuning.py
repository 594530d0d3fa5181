"""A miner that was tuned is not judged by what it did before."""

from dataclasses import replace

from custom_components.aiep_miner.engine.records import Action, Origin

from ..rig import BAD_PRICES, GOOD_PRICES, RUNNING, policy_of, site


async def test_a_miner_that_was_tuned_while_stopped_starts_when_it_pays(tmp_path) -> None:
    """What it earned while it ran is not forgotten: nothing else tells what it would earn."""
    async with site(tmp_path, policy_of(miners=())) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(4)
        assert rig.actions() == [Action.STOP]
        await rig.command(Action.SET_POWER, origin=Origin.AUTOMATION, value=3000.0)
        await rig.command(Action.SET_POWER, value=3000.0)
        await rig.controller.hand_back("m1", None)
        rig.prices = GOOD_PRICES
        await rig.cycles(40)
        assert Action.SET_POWER in rig.actions()
        assert rig.actions()[-1] is Action.RUN


async def test_the_low_hash_rate_of_a_lowered_power_limit_is_no_collapse(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        result = await rig.command(Action.SET_POWER, origin=Origin.AUTOMATION, value=1200.0)
        assert result.rule is None
        rig.miner.reading = replace(
            RUNNING, hashrate_ths=42.0, power_w=1200.0, power_limit_w=1200.0
        )
        await rig.cycles(60)
        assert rig.actions() == [Action.SET_POWER]
        assert rig.view.divergences == ()
