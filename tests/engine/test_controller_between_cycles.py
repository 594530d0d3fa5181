"""What goes on beside a cycle must not come between its records."""

import asyncio

import pytest

from custom_components.aiep_miner.engine.ledger.store import Store

from .rig import BAD_PRICES, assert_replays, site


async def test_a_checkpoint_asked_for_within_a_cycle_waits_for_its_end(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        commit, loop, asked = Store.append_staged, asyncio.get_running_loop(), []

        def ask() -> None:
            asked.append(asyncio.create_task(rig.controller.checkpoint()))

        def ask_before_the_commit(store, staged, is_wanted):
            if any(item.entry.kind == "proposal" for item in staged):
                loop.call_soon_threadsafe(ask)
            return commit(store, staged, is_wanted)

        rig.prices = BAD_PRICES
        with monkeypatch.context() as patch:
            patch.setattr(Store, "append_staged", ask_before_the_commit)
            await rig.cycles(1)
        (checkpoint,) = await asyncio.gather(*asked)
        decision = [item for item in await rig.records("decision") if item["action"] == "stop"][-1]
        assert checkpoint.seq > decision["seq"]
    assert_replays(rig.path)
