"""The governed cycle and its invariants, on a real ledger."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError
from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import Action, Mode, Source
from custom_components.aiep_miner.engine.views import NoticeKind

from .rig import BAD_PRICES, RUNNING, Site, policy_of, site, temperatures

HOT = replace(RUNNING, temperatures=temperatures(80.0, 92.0, 84.0, 83.0))
STOPPED = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)


async def settled(rig: Site) -> None:
    """Check that each decision that asked for a change has exactly one receipt or proof."""
    wanted = {
        item["hash"]: item["authorised"]
        for item in await rig.records("decision")
        if item["action"] != "hold"
    }
    first_receipts = [
        item["decision"]
        for item in await rig.records("receipt")
        if item["outcome"] in ("accepted", "failed", "unknown")
    ]
    proofs = [item["decision"] for item in await rig.records("negative_proof")]
    assert sorted(first_receipts + proofs) == sorted(wanted)
    assert all(wanted[item] for item in first_receipts)
    assert not any(wanted[item] for item in proofs)


async def test_first_cycle_only_observes(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        assert rig.miners["m1"].commands == []
        assert rig.view.decision.record.reasons == (Reason.OBSERVING,)


async def test_an_overheating_miner_is_stopped_and_confirmed(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]
        await rig.cycles(3)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]
        receipts = await rig.records("receipt")
        assert [item["outcome"] for item in receipts] == ["accepted", "confirmed"]
        assert receipts[0]["decision"] == receipts[1]["decision"]
        await settled(rig)


@pytest.mark.parametrize("hottest", [85.0, 96.0, 108.3, 149.0, 200.0, 1000.0])
@pytest.mark.parametrize("cycles_before", [1, 25])
async def test_no_heat_is_too_great_to_stop_for(tmp_path, hottest, cycles_before) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(cycles_before)
        rig.miners["m1"].reading = replace(RUNNING, temperatures=temperatures(66.0, hottest))
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


async def test_a_decision_names_its_evidence(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        by_hash = {item["hash"]: item for item in await rig.records()}
        stop = next(item for item in await rig.records("decision") if item["action"] == "stop")
        evidence = stop["evidence"]
        named = {
            kind: by_hash[evidence[kind]]["kind"] for kind in evidence if kind != "divergences"
        }
        assert named == {kind: kind for kind in named}
        assert set(named) == {"telemetry", "price", "profit", "policy", "proposal"}
        assert by_hash[evidence["divergences"][0]]["code"] == "overheat"
        temperatures_c = by_hash[evidence["telemetry"]]["reading"]["temperatures"]
        assert max(item["temperature_c"] for item in temperatures_c) == 92.0


async def test_manual_mode_suppresses_with_a_proof(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miners["m1"].reading = HOT
        await rig.cycles(4)
        assert rig.miners["m1"].commands == []
        proofs = await rig.records("negative_proof")
        assert [item["rule"] for item in proofs] == ["manual_mode"]
        assert proofs[0]["reasons"] == ["overheat"]
        assert [n.reason for n in rig.notices if n.kind is NoticeKind.SUPPRESSION] == [
            Reason.MANUAL_MODE
        ]
        await settled(rig)


async def test_a_suppression_is_proven_again_after_a_while(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miners["m1"].reading = HOT
        await rig.cycles(25)
        assert len(await rig.records("negative_proof")) == 2


async def test_an_option_lets_safety_stops_through_in_manual(tmp_path) -> None:
    policy = policy_of(mode=Mode.MANUAL, safety_stops_in_manual=True)
    async with site(tmp_path, policy) as rig:
        await rig.cycles(2)
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.miners["m1"].commands == []
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


async def test_switching_to_auto_acts_at_once(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miners["m1"].reading = HOT
        await rig.cycles(2)
        await rig.controller.set_policy(policy_of(mode=Mode.AUTO))
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_person_stops_and_starts_in_both_modes(tmp_path, mode) -> None:
    async with site(tmp_path, policy_of(mode=mode)) as rig:
        await rig.cycles(2)
        verdict = await rig.command(Action.STOP, user_id="user-1")
        assert (verdict.rule, verdict.error) == (None, None)
        verdict = await rig.command(Action.RUN, user_id="user-1")
        assert (verdict.rule, verdict.error) == (None, None)
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP, Action.RUN]
        assert {item["user_id"] for item in await rig.records("proposal")} == {"user-1"}
        await settled(rig)


async def test_nobody_starts_an_overheated_miner(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miners["m1"].reading = replace(
            STOPPED, temperatures=temperatures(85.0, 60.0, 60.0, 60.0)
        )
        verdict = await rig.command(Action.RUN)
        assert verdict.rule is Reason.THERMAL_OVERRIDE
        assert rig.miners["m1"].commands == []
        await settled(rig)


async def test_a_person_takes_a_miner_over_until_it_is_handed_back(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(25)
        await rig.command(Action.STOP)
        await rig.cycles(10)
        assert rig.view.decision.record.reasons == (Reason.PERSON_HOLD,)
        assert rig.view.hold_until_ms > rig.now_ms
        await rig.controller.hand_back("m1", "user-1")
        await rig.cycles(30)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP, Action.RUN]


async def test_a_person_holds_no_safety_stop(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].reading = STOPPED
        await rig.cycles(2)
        await rig.command(Action.RUN)
        rig.miners["m1"].reading = HOT
        await rig.cycles(2)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.RUN, Action.STOP]


async def test_an_unprofitable_miner_stops_and_starts_again_when_it_pays(tmp_path) -> None:
    async with site(tmp_path, policy_of(profit_dwell_min=2.0)) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(3)
        assert rig.view.decision.record.reasons == (Reason.UNPROFITABLE, Reason.AWAITING_DWELL)
        await rig.cycles(3)
        assert rig.view.telemetry.reading.mining is False
        assert rig.view.profit.basis == "last_running"
        rig.prices = replace(BAD_PRICES, energy_price_per_kwh=0.01)
        await rig.cycles(8)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP, Action.RUN]
        assert rig.view.telemetry.reading.mining is True
        await settled(rig)


async def test_profit_within_the_margin_changes_nothing(tmp_path) -> None:
    async with site(tmp_path, policy_of(profit_margin_per_day=100.0)) as rig:
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.miners["m1"].commands == []
        assert rig.view.decision.record.reasons == (Reason.WITHIN_HYSTERESIS,)


async def test_a_collapsed_miner_is_restarted_then_latched(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_restarts_per_day=2)) as rig:
        await rig.cycles(25)
        miner = rig.miners["m1"]
        for _ in range(60):
            miner.reading = replace(RUNNING, hashrate_ths=10.0)
            await rig.cycles()
        assert [item.action for item in miner.commands] == [Action.RESTART] * 2
        assert rig.view.latched
        miner.reading = RUNNING
        await rig.cycles(5)
        assert rig.view.decision.record.reasons == (Reason.RESTART_LIMIT_LATCHED,)
        await rig.controller.hand_back("m1", None)
        await rig.cycles()
        assert not rig.view.latched
        assert rig.view.decision.record.reasons == (Reason.PROFITABLE,)


async def test_a_miner_that_says_yes_and_does_nothing_is_found_out(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].obeys = False
        rig.prices = BAD_PRICES
        await rig.cycles(20)
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP] * 2
        outcomes = [item["outcome"] for item in await rig.records("receipt")]
        assert outcomes == ["accepted", "not_confirmed"] * 2
        assert rig.view.not_confirmed is Action.STOP
        assert Reason.NOT_CONFIRMED in rig.view.decision.record.reasons
        await settled(rig)


async def test_a_start_that_shows_no_effect_is_repeated_once_as_a_start(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        await rig.command(Action.STOP)
        await rig.controller.hand_back("m1", None)
        rig.miners["m1"].obeys = False
        await rig.cycles(60)
        assert [item.action for item in rig.miners["m1"].commands] == [
            Action.STOP,
            Action.RUN,
            Action.RUN,
        ]
        assert Reason.NOT_CONFIRMED in rig.view.decision.record.reasons


async def test_a_miner_that_cannot_be_read_is_left_alone(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        rig.prices = BAD_PRICES
        await rig.cycles(2)
        rig.miners["m1"].reading = MinerError(Reason.UNREACHABLE)
        await rig.cycles(25)
        assert rig.miners["m1"].commands == []
        assert rig.view.telemetry.error is Reason.UNREACHABLE
        assert rig.view.earnings is None
        assert [item.code for item in rig.view.divergences] == [Reason.COMMS_LOST]
        assert rig.miners["m2"].commands
        rig.miners["m1"].reading = RUNNING
        await rig.cycles()
        assert rig.view.divergences == ()
        begun_and_ended = await rig.records("divergence", subject="m1")
        assert [item["active"] for item in begun_and_ended] == [True, False]


async def test_a_defect_in_an_adapter_harms_only_its_miner(tmp_path, caplog) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:

        async def broken():
            raise ZeroDivisionError

        rig.miners["m1"].poll = broken
        await rig.cycles(2)
        assert rig.view.telemetry.error is Reason.BAD_REPLY
        assert rig.controller.view.miners["m2"].telemetry.reading.mining
        assert "ZeroDivisionError" in caplog.text


async def test_stale_prices_hold_money_decisions_and_no_safety(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.prices = replace(BAD_PRICES, energy_price_updated_ms=rig.now_ms - 4 * 3_600_000)
        await rig.cycles(25)
        assert rig.miners["m1"].commands == []
        assert rig.view.decision.record.reasons == (Reason.STALE_PRICE,)
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        assert [item.action for item in rig.miners["m1"].commands] == [Action.STOP]


async def test_an_unsupported_action_ends_in_a_proof(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miners["m1"].capabilities = Capabilities(actions=frozenset({Action.RESTART}))
        await rig.cycles(2)
        rig.miners["m1"].reading = HOT
        await rig.cycles()
        assert rig.miners["m1"].commands == []
        assert [item["rule"] for item in await rig.records("negative_proof")] == [
            "unsupported_action"
        ]


async def test_a_failed_dispatch_is_repeated_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].refusal = MinerError(Reason.ACCESS_DENIED)
        rig.prices = BAD_PRICES
        await rig.cycles(10)
        assert len(rig.miners["m1"].commands) == 2
        receipts = await rig.records("receipt")
        assert [(item["outcome"], item["reason"]) for item in receipts] == [
            ("failed", "access_denied")
        ] * 2
        await settled(rig)


async def test_nothing_is_dispatched_before_its_decision_is_on_disk(tmp_path) -> None:
    async with site(tmp_path) as rig:
        seen: list[str] = []
        miner = rig.miners["m1"]
        execute = miner.execute

        async def witness(command):
            with closing(sqlite3.connect(f"file:{rig.path}?mode=ro", uri=True)) as other:
                row = other.execute(
                    "SELECT kind FROM records WHERE kind IN ('decision', 'receipt') "
                    "ORDER BY seq DESC LIMIT 1"
                ).fetchone()
            seen.append(row[0])
            await execute(command)

        miner.execute = witness
        await rig.cycles(2)
        await rig.command(Action.STOP)
        assert seen == ["decision"]


async def test_a_crash_before_the_receipt_ends_as_unknown_and_is_not_sent_again(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        started = asyncio.Event()

        async def never_returns(command):
            rig.miners["m1"].commands.append(command)
            started.set()
            await asyncio.sleep(3600)

        rig.miners["m1"].execute = never_returns
        task = asyncio.create_task(rig.command(Action.STOP))
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await rig.controller.ledger.close()
        del rig.miners["m1"].execute
        rig.miners["m1"].reading = STOPPED
        await rig.revive()
        await rig.cycles(3)
        receipts = await rig.records("receipt")
        assert [(item["outcome"], item["reason"]) for item in receipts] == [
            ("unknown", "dispatch_interrupted"),
            ("confirmed", "effect_seen"),
        ]
        assert len(rig.miners["m1"].commands) == 1
        await settled(rig)


async def break_ledger(rig: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_records):
        raise LedgerError(LedgerReason.DISK_FULL, "no space left")

    monkeypatch.setattr(rig.controller.ledger, "append", fail)


async def test_without_a_ledger_nothing_happens_but_a_safety_stop(tmp_path, monkeypatch) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(22)
        with monkeypatch.context() as patch:
            await break_ledger(rig, patch)
            rig.prices = BAD_PRICES
            rig.miners["m2"].reading = HOT
            await rig.cycles(3)
            assert rig.miners["m1"].commands == []
            assert [item.action for item in rig.miners["m2"].commands] == [Action.STOP]
            assert "disk_full" in rig.controller.view.ledger_error
            with pytest.raises(LedgerError):
                await rig.command(Action.STOP)
            assert rig.miners["m1"].commands == []
        await rig.cycles()
        assert rig.controller.view.ledger_error is None
        late = [item for item in await rig.records("receipt") if item.get("late")]
        assert [(item["subject"], item["action"]) for item in late] == [("m2", "stop")]
        assert [item["event"] for item in await rig.records("lifecycle")] == ["start", "recovery"]
        await settled(rig)


async def test_a_receipt_that_could_not_be_filed_is_owed(tmp_path, monkeypatch) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        ledger = rig.controller.ledger
        append = ledger.append

        async def no_receipts(records):
            if any(item.kind == "receipt" for item in records):
                raise LedgerError(LedgerReason.DISK_FULL, "no space left")
            return await append(records)

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append", no_receipts)
            with pytest.raises(LedgerError):
                await rig.command(Action.STOP)
        await rig.cycles(2)
        assert [item["outcome"] for item in await rig.records("receipt")] == [
            "accepted",
            "confirmed",
        ]
        assert len(rig.miners["m1"].commands) == 1
        await settled(rig)


async def test_a_clock_that_jumps_back_never_breaks_the_order(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        before = rig.now_ms
        rig.now_ms -= 3_600_000
        await rig.cycles(3)
        records = await rig.records()
        stamps = [item["ts"] for item in records]
        assert stamps == sorted(stamps)
        said = [item["clock_ms"] for item in records if "clock_ms" in item]
        assert len(said) == 3 * 4, "telemetry, price, profit and decision of each cycle"
        assert all(at < before for at in said)
        rig.now_ms = before
        await rig.cycles()
        assert "clock_ms" not in (await rig.records())[-1]


async def test_an_unchanged_hold_is_told_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(10)
        told = [n.reason for n in rig.notices if n.kind is NoticeKind.DECISION]
        assert told == [Reason.OBSERVING, Reason.PROFITABLE]


async def test_an_automation_is_suppressed_in_manual(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(25)
        verdict = await rig.command(Action.STOP, source=Source.AUTOMATION)
        assert verdict.rule is Reason.MANUAL_MODE


async def test_an_unknown_miner_is_a_key_error(tmp_path) -> None:
    async with site(tmp_path) as rig:
        with pytest.raises(KeyError):
            await rig.command(Action.STOP, miner_id="nobody")


async def test_the_stop_is_recorded_and_lets_go(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles()
        await rig.restart()
        assert rig.miners["m1"].closed
        assert [item["event"] for item in await rig.records("lifecycle")] == [
            "start",
            "stop",
            "start",
        ]


async def test_the_same_policy_is_recorded_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        await rig.restart()
        await rig.cycles(3)
        policies = await rig.records("policy")
        # Once as set, once with what the device was found to be able to do.
        assert len(policies) == 2
        assert policies[-1]["miners"][0]["actions"] == ["restart", "run", "set_power", "stop"]
