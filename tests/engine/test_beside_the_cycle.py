"""What goes on beside a cycle, and commands that never show an effect."""

import asyncio
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger import Ledger, RecoveryCause
from custom_components.aiep_miner.engine.ledger.signing import generate_key
from custom_components.aiep_miner.engine.records import Action, Source
from custom_components.aiep_miner.engine.replay import replay

from .rig import BAD_PRICES, site

PAGE_BYTES = 4096


async def test_a_checkpoint_asked_for_within_a_cycle_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    assert replay(rig.path).difference is None


async def test_a_command_repeated_without_effect_does_not_keep_the_rules_from_acting(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].obeys = False
        rig.prices = BAD_PRICES
        for _ in range(10):
            await rig.command(Action.SET_POWER, source=Source.AUTOMATION, value=2000.0)
            await rig.cycles(1)
        told = [command.action for command in rig.miners["m1"].commands]
        assert told.count(Action.SET_POWER) > 1
        assert Action.STOP in told


async def test_a_ledger_that_cannot_be_read_at_the_start_is_set_aside(tmp_path: Path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(80)
        await rig.controller.stop()
        with rig.path.open("r+b") as file:
            pages = file.seek(0, 2) // PAGE_BYTES
            for page in range(pages // 4, pages // 2):
                file.seek(page * PAGE_BYTES)
                file.write(b"\xff" * PAGE_BYTES)
        await rig.revive()
        recovery = rig.controller.ledger.recovery
        assert recovery is not None
        assert recovery.cause is RecoveryCause.CORRUPT
        assert (tmp_path / recovery.file).stat().st_size == pages * PAGE_BYTES
        await rig.cycles(2)
        assert rig.controller.view.ledger_error is None
