"""What goes on beside a cycle must not come between its records."""

import asyncio

import pytest

from custom_components.aiep_miner.engine.ledger import LedgerStore
from custom_components.aiep_miner.engine.ledger.signing import generate_key

from .rig import BAD_PRICES, assert_replays, site


async def test_a_checkpoint_asked_for_within_a_cycle_waits_for_its_end(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        commit, loop, asked = LedgerStore.commit, asyncio.get_running_loop(), []

        def ask() -> None:
            asked.append(asyncio.create_task(rig.controller.checkpoint(generate_key())))

        def ask_before_the_commit(store, staged):
            if any(record.kind == "proposal" for record in staged):
                loop.call_soon_threadsafe(ask)
            commit(store, staged)

        rig.prices = BAD_PRICES
        with monkeypatch.context() as patch:
            patch.setattr(LedgerStore, "commit", ask_before_the_commit)
            await rig.cycles(1)
        (checkpoint,) = await asyncio.gather(*asked)
        decision = [item for item in await rig.records("decision") if item["action"] == "stop"][-1]
        assert checkpoint.seq > decision["seq"]
    assert_replays(rig.path)
