"""What goes on beside a cycle must not come between its records."""

import asyncio

import pytest

from custom_components.aiep_miner.engine.ledger import Ledger
from custom_components.aiep_miner.engine.ledger.signing import generate_key

from .rig import BAD_PRICES, assert_replays, site


async def test_a_checkpoint_asked_for_within_a_cycle_waits_for_its_end(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        append, asked = Ledger.append, []

        async def ask_after_the_proposal(ledger, records):
            stored = await append(ledger, records)
            if any(record.kind == "proposal" for record in records):
                rig.now_ms += 60_000
                asked.append(asyncio.create_task(rig.controller.checkpoint(generate_key())))
                await asyncio.sleep(0.05)
            return stored

        rig.prices = BAD_PRICES
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "append", ask_after_the_proposal)
            await rig.cycles(1)
        (checkpoint,) = await asyncio.gather(*asked)
        receipt = (await rig.records("receipt"))[-1]
        assert checkpoint.seq > receipt["seq"]
    assert_replays(rig.path)
