"""What only looks like a loss or a fault does not make a miner stop and start."""

from dataclasses import replace

from custom_components.aiep_miner.engine.economics import revenue_per_day
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import BAD_PRICES, GOOD_PRICES, RUNNING, Site, policy_of, site


async def test_profit_within_the_margin_changes_nothing(tmp_path) -> None:
    async with site(tmp_path, policy_of(profit_margin_per_day=100.0)) as rig:
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.actions() == []
        assert rig.reasons == (Reason.WITHIN_HYSTERESIS,)


async def test_a_hash_rate_that_is_unknown_is_not_low(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miner.reading = replace(RUNNING, hashrate_ths=None)
        await rig.cycles(60)
        assert rig.actions() == []
        assert [item.code for item in rig.view.divergences] == [Reason.READING_INCOMPLETE]


def warm_up(rig: Site, cycles_running: int) -> int:
    """Let the miner reach its full hash rate 80 cycles after its start, at full power at once.

    Takes how many cycles it has been running, and returns how many it has now.
    """
    reading = rig.miner.reading
    if not reading.mining:
        return 0
    hashrate_ths = min(100.0, 60.0 + cycles_running * 0.5)
    rig.miner.reading = replace(reading, hashrate_ths=hashrate_ths, power_w=3250.0)
    return cycles_running + 1


async def test_a_miner_that_warms_up_at_a_loss_is_not_started_over_and_over(tmp_path) -> None:
    async with site(tmp_path, policy_of(profit_dwell_min=10.0)) as rig:
        break_even_per_kwh = revenue_per_day(100.0, GOOD_PRICES, 0) / (3.25 * 24)
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.actions() == [Action.STOP]
        rig.prices = replace(GOOD_PRICES, energy_price_per_kwh=break_even_per_kwh * 0.9)
        cycles_running = 0
        for _ in range(400):
            cycles_running = warm_up(rig, cycles_running)
            await rig.cycles()
        assert rig.actions()[:2] == [Action.STOP, Action.RUN]
        assert len(rig.actions()) <= 3
