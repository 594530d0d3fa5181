"""A clock that is set forward and back."""

from dataclasses import replace

from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import GOOD_PRICES, Site, site

YEAR_MS = 365 * 86_400_000


async def test_a_clock_that_jumps_back_never_breaks_the_order(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        before = rig.now_ms
        rig.clock_off_ms = -3_600_000
        await rig.cycles(3)
        records = await rig.records()
        stamps = [item["ts"] for item in records]
        assert stamps == sorted(stamps)
        said = [item["clock_ms"] for item in records if "clock_ms" in item]
        assert len(said) == 3 * 4, "telemetry, price, profit and decision of each cycle"
        assert all(at < before for at in said)
        rig.clock_off_ms = 0
        await rig.cycles()
        assert "clock_ms" not in (await rig.records())[-1]


async def test_prices_are_not_stale_after_the_clock_was_ahead_for_a_moment(tmp_path) -> None:
    async def cycle_with_fresh_price(rig: Site) -> None:
        rig.prices = replace(GOOD_PRICES, energy_price_updated_ms=rig.now_ms)
        await rig.cycles()

    async with site(tmp_path) as rig:
        await cycle_with_fresh_price(rig)
        rig.now_ms += YEAR_MS
        await cycle_with_fresh_price(rig)
        rig.now_ms -= YEAR_MS
        for _ in range(20):
            await cycle_with_fresh_price(rig)
            assert "clock_ms" in (await rig.records("price"))[-1], "the ledger's time is ahead"
            assert rig.controller.view.divergences == ()
        rig.now_ms += 4 * 3_600_000
        await rig.cycles()
        assert [item.code for item in rig.controller.view.divergences] == [Reason.STALE_PRICE]
