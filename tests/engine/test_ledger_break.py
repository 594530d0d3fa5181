"""A ledger that was tampered with: nothing automatic is done until a person accepts the break."""

import pytest

from custom_components.aiep_miner.engine.ledger import Cause, Head, LedgerError, Signer, Trusted
from custom_components.aiep_miner.engine.ledger.entries import Draft
from custom_components.aiep_miner.engine.ledger.store import Store
from custom_components.aiep_miner.engine.ledger.verifier.database import verify
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.records import Action, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import BAD_PRICES, COLLAPSED, HOT, OPERATOR, assert_replays, ledger_refuses, site


async def test_automatic_actions_hold(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(25)
        await rig.controller.distrust(7)
        rig.prices = BAD_PRICES
        await rig.cycles(3)
        assert rig.view.decision.record.action is Action.HOLD
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED
        result = await rig.command(
            Action.SET_POWER, origin=Origin.AUTOMATION, value=3200.0, confidence=0.97
        )
        assert result.rule is Reason.LEDGER_TAMPERED
        assert rig.actions() == []
        (divergence,) = await rig.records("divergence", subject="operator")
        assert (divergence["code"], divergence["value"]) == ("ledger_tampered", 7)
    assert_replays(rig.path)


async def test_safety_stops_and_people_are_excepted(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(5)
        await rig.controller.distrust(7)
        await rig.command(Action.STOP, "m2", user_id="user-1")
        rig.miner.reading = HOT
        await rig.cycles(2)
        for miner_id in rig.miners:
            assert rig.actions(miner_id) == [Action.STOP]
    assert_replays(rig.path)


async def test_a_collapse_is_not_healed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(10)
        await rig.controller.distrust(7)
        rig.miner.reading = COLLAPSED
        await rig.cycles(20)
        assert rig.actions() == []


async def test_it_stands_across_restarts_and_gaps(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        await rig.controller.distrust(7)
        await rig.cycles(150, seconds=120)
        assert await rig.restart(broken_at=7) is None
        rig.prices = BAD_PRICES
        await rig.cycles(5)
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED
        assert rig.actions() == []
    assert_replays(rig.path)


async def test_it_stands_when_the_ledger_was_unwritable_for_hours(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        await rig.controller.distrust(7)
        await rig.cycles(100, seconds=120)
        with ledger_refuses():
            await rig.cycles(2)
        rig.prices = BAD_PRICES
        await rig.cycles(5)
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED
        assert rig.actions() == []
    assert_replays(rig.path)


async def test_it_is_filed_as_soon_as_the_ledger_can_be_written(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        with ledger_refuses(), pytest.raises(LedgerError):
            await rig.controller.distrust(7)
        rig.prices = BAD_PRICES
        await rig.cycles(5)
        assert rig.actions() == []
        assert await rig.records("divergence", subject="operator")


@pytest.mark.parametrize(
    ("blocks", "cause"),
    [
        (10_000, Cause.BEHIND),
        (3, Cause.DIFFERS),
    ],
)
async def test_known_heads_are_asked_for_at_the_start(tmp_path, blocks, cause) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        known = Head(rig.controller.ledger.segment, blocks, bytes(32), 10 * blocks)
        finding = await rig.restart(trusted=Trusted(head=known))
        assert finding.cause is cause
        rig.prices = BAD_PRICES
        await rig.cycles(3)
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED


async def test_a_ledger_that_vanished_was_cut_off(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        known = rig.controller.ledger.head
        await rig.controller.stop()
        rig.path.unlink()
        finding = await rig.revive(trusted=Trusted(head=known))
        assert finding.cause is Cause.MISSING
        await rig.cycles(3)
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED


async def test_what_somebody_else_appends_meanwhile_is_not_continued(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        known = rig.controller.ledger.head
        other = Store(rig.path, OPERATOR, Signer(bytes(32))).connect()
        other.append([Draft("price", OPERATOR, rig.now_ms, {"currency": "EUR"})])
        other.close()
        rig.prices = BAD_PRICES
        await rig.cycles(4)
        assert rig.controller.view.ledger_error is None
        assert rig.controller.finding.cause is Cause.TAIL
        assert rig.reasons[0] is Reason.LEDGER_TAMPERED
        assert rig.actions() == []
        first = (await rig.records("lifecycle"))[0]
        assert (first["detail"], Head.parse(first["previous"])) == ("tail", known)
    assert_replays(rig.path)


async def test_accepting_begins_a_segment_that_names_the_old_one(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(5)
        await rig.command(Action.STOP, "m2", user_id="user-1")
        await rig.controller.distrust(7)
        await rig.cycles(2)
        old = rig.controller.ledger.head
        held_until = rig.controller.view.miners["m2"].hold_until_ms

        await rig.controller.accept_break("user-2")
        first, second = (await rig.records("lifecycle"))[:2]
        assert (first["seq"], first["detail"]) == (1, "accepted")
        assert Head.parse(first["previous"]) == old
        assert first["user_id"] == "user-2"
        assert (second["event"], second["user_id"]) == ("recovery", "user-2")
        assert verify(rig.path).fault is None
        aside = verify(
            rig.path.with_name(first["previous_file"]), Known(heads=((old.blocks, old.hash),))
        )
        assert aside.fault is None

        assert rig.controller.view.divergences == ()
        assert rig.controller.view.miners["m2"].hold_until_ms == held_until
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.actions() == [Action.STOP]
    assert_replays(rig.path)


async def test_accepting_waits_for_a_disk_that_is_full(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(5)
        await rig.controller.distrust(7)
        with ledger_refuses(), pytest.raises(LedgerError):
            await rig.controller.accept_break("user-2")
        await rig.cycles(5)
        assert rig.controller.view.ledger_error is None
        assert verify(rig.path).fault is None
    assert_replays(rig.path)
