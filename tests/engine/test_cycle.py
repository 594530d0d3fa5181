"""The governed cycle: what is observed, decided, suppressed and told, on a real ledger."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.events import CycleEventKind
from custom_components.aiep_miner.engine.miners.base import Capabilities, MinerError
from custom_components.aiep_miner.engine.records import Action, Mode, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason

from .rig import BAD_PRICES, HOT, RUNNING, assert_settled, policy_of, site


async def test_first_cycle_only_observes(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == []
        assert rig.reasons == (Reason.OBSERVING,)


async def test_a_decision_names_its_evidence(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        rig.miner.reading = HOT
        await rig.cycles()
        by_seq = {item["seq"]: item for item in await rig.records()}
        stop = next(item for item in await rig.records("decision") if item["action"] == "stop")
        evidence = stop["evidence"]
        named = {kind: by_seq[evidence[kind]]["kind"] for kind in evidence if kind != "divergences"}
        assert named == {kind: kind for kind in named}
        assert set(named) == {"telemetry", "price", "profit", "policy", "proposal"}
        assert by_seq[evidence["divergences"][0]]["code"] == "overheat"
        temperatures_c = by_seq[evidence["telemetry"]]["reading"]["temperatures"]
        assert max(item["temperature_c"] for item in temperatures_c) == 92.0


async def test_manual_mode_suppresses_with_a_proof(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miner.reading = HOT
        await rig.cycles(4)
        assert rig.actions() == []
        proofs = await rig.records("negative_proof")
        assert [item["rule"] for item in proofs] == ["manual_mode"]
        assert proofs[0]["reasons"] == ["overheat"]
        assert [n.reason for n in rig.notices if n.kind is CycleEventKind.SUPPRESSION] == [
            Reason.MANUAL_MODE
        ]
        await assert_settled(rig)


async def test_a_suppression_is_proven_again_after_a_while(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miner.reading = HOT
        await rig.cycles(25)
        assert len(await rig.records("negative_proof")) == 2


async def test_an_option_lets_safety_stops_through_in_manual(tmp_path) -> None:
    policy = policy_of(mode=Mode.MANUAL, safety_stops_in_manual=True)
    async with site(tmp_path, policy) as rig:
        await rig.cycles(2)
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        assert rig.actions() == []
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


async def test_switching_to_auto_acts_at_once(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(2)
        rig.miner.reading = HOT
        await rig.cycles(2)
        await rig.set_policy(policy_of(mode=Mode.AUTO))
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_person_stops_and_starts_in_both_modes(tmp_path, mode) -> None:
    async with site(tmp_path, policy_of(mode=mode)) as rig:
        await rig.cycles(2)
        result = await rig.command(Action.STOP, user_id="user-1")
        assert (result.rule, result.error) == (None, None)
        result = await rig.command(Action.RUN, user_id="user-1")
        assert (result.rule, result.error) == (None, None)
        await rig.cycles()
        assert rig.actions() == [Action.STOP, Action.RUN]
        assert {item["user_id"] for item in await rig.records("proposal")} == {"user-1"}
        await assert_settled(rig)


async def test_a_person_takes_a_miner_over_until_it_is_handed_back(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(25)
        await rig.command(Action.STOP)
        await rig.cycles(10)
        assert rig.reasons == (Reason.PERSON_HOLD,)
        assert rig.view.hold_until_ms > rig.now_ms
        await rig.controller.hand_back("m1", "user-1")
        await rig.cycles(30)
        assert rig.actions() == [Action.STOP, Action.RUN]


async def test_an_unprofitable_miner_stops_and_starts_again_when_it_pays(tmp_path) -> None:
    async with site(tmp_path, policy_of(profit_dwell_min=2.0)) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(3)
        assert rig.reasons == (Reason.UNPROFITABLE, Reason.AWAITING_DWELL)
        await rig.cycles(3)
        assert rig.view.telemetry.reading.mining is False
        assert rig.view.profit.basis == "last_running"
        rig.prices = replace(BAD_PRICES, energy_price_per_kwh=0.01)
        await rig.cycles(8)
        assert rig.actions() == [Action.STOP, Action.RUN]
        assert rig.view.telemetry.reading.mining is True
        await assert_settled(rig)


async def test_a_collapsed_miner_is_restarted_then_latched(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_restarts_per_day=2)) as rig:
        await rig.cycles(25)
        for _ in range(60):
            rig.miner.reading = replace(RUNNING, hashrate_ths=10.0)
            await rig.cycles()
        assert rig.actions() == [Action.RESTART] * 2
        assert rig.view.latched
        rig.miner.reading = RUNNING
        await rig.cycles(5)
        assert rig.reasons == (Reason.RESTART_LIMIT_LATCHED,)
        await rig.controller.hand_back("m1", None)
        await rig.cycles()
        assert not rig.view.latched
        assert rig.reasons == (Reason.PROFITABLE,)


async def test_a_miner_that_cannot_be_read_is_left_alone(tmp_path) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        rig.prices = BAD_PRICES
        await rig.cycles(2)
        rig.miner.reading = MinerError(Reason.UNREACHABLE)
        await rig.cycles(25)
        assert rig.actions() == []
        assert rig.view.telemetry.error is Reason.UNREACHABLE
        assert rig.view.earnings.revenue_per_day is None
        assert [item.code for item in rig.view.divergences] == [Reason.COMMS_LOST]
        assert rig.miners["m2"].commands
        rig.miner.reading = RUNNING
        await rig.cycles()
        assert rig.view.divergences == ()
        begun_and_ended = await rig.records("divergence", subject="m1")
        assert [item["active"] for item in begun_and_ended] == [True, False]


async def test_a_defect_in_an_adapter_harms_only_its_miner(tmp_path, caplog) -> None:
    async with site(tmp_path, miners=("m1", "m2")) as rig:

        async def broken():
            raise ZeroDivisionError

        rig.miner.poll = broken
        await rig.cycles(2)
        assert rig.view.telemetry.error is Reason.BAD_REPLY
        assert rig.controller.view.miners["m2"].telemetry.reading.mining
        assert "ZeroDivisionError" in caplog.text


async def test_stale_prices_hold_money_decisions_and_no_safety(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.prices = replace(BAD_PRICES, energy_price_updated_ms=rig.now_ms - 4 * 3_600_000)
        await rig.cycles(25)
        assert rig.actions() == []
        assert rig.reasons == (Reason.STALE_PRICE,)
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == [Action.STOP]


async def test_an_unsupported_action_ends_in_a_proof(tmp_path) -> None:
    async with site(tmp_path) as rig:
        rig.miner.capabilities = Capabilities(actions=frozenset({Action.RESTART}))
        await rig.cycles(2)
        rig.miner.reading = HOT
        await rig.cycles()
        assert rig.actions() == []
        assert [item["rule"] for item in await rig.records("negative_proof")] == [
            "unsupported_action"
        ]


async def test_an_unchanged_hold_is_told_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await rig.cycles(10)
        told = [n.reason for n in rig.notices if n.kind is CycleEventKind.DECISION]
        assert told == [Reason.OBSERVING, Reason.PROFITABLE]


async def test_an_automation_is_suppressed_in_manual(tmp_path) -> None:
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(25)
        result = await rig.command(Action.STOP, origin=Origin.AUTOMATION)
        assert result.rule is Reason.MANUAL_MODE


async def test_an_unknown_miner_is_a_key_error(tmp_path) -> None:
    async with site(tmp_path) as rig:
        with pytest.raises(KeyError):
            await rig.command(Action.STOP, miner_id="nobody")
