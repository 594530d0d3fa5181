"""The only way to hardware."""

import pytest

from custom_components.aiep_miner.engine.records import Action, DecisionRecord, Outcome
from custom_components.aiep_miner.engine.records.entry import LedgerEntry
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.steps.execute import Executor

from ..rig import ScriptedMiner


def decision(*, authorised: bool = True, action: Action = Action.STOP, late: bool = False):
    record = DecisionRecord(
        ts_ms=1,
        subject="m1",
        action=action,
        authorised=authorised,
        reasons=(Reason.OVERHEAT,),
        late=late,
    )
    return LedgerEntry(record=record, seq=7, hash="ab" * 32)


async def test_a_decision_is_sent_once() -> None:
    miner = ScriptedMiner()
    executor = Executor({"m1": miner})
    receipt = await executor.dispatch(decision(), attempt=1).receipt
    assert (receipt.outcome, receipt.decision) == (Outcome.ACCEPTED, 7)
    with pytest.raises(ValueError, match="must not be dispatched"):
        executor.dispatch(decision(), attempt=1)
    assert len(miner.commands) == 1


async def test_what_is_not_authorised_is_never_sent() -> None:
    miner = ScriptedMiner()
    with pytest.raises(ValueError, match="must not be dispatched"):
        Executor({"m1": miner}).dispatch(decision(authorised=False), attempt=1)
    assert miner.commands == []


@pytest.mark.parametrize(
    "unfit", [decision().record, decision(action=Action.RUN, late=True).record]
)
async def test_only_a_late_stop_may_go_unrecorded(unfit) -> None:
    miner = ScriptedMiner()
    with pytest.raises(ValueError, match="only a stop"):
        Executor({"m1": miner}).stop_unrecorded(unfit)
    assert miner.commands == []


async def test_a_defect_in_an_adapter_leaves_the_outcome_unknown(caplog) -> None:
    miner = ScriptedMiner()

    async def broken(_command):
        raise ZeroDivisionError

    miner.execute = broken
    receipt = await Executor({"m1": miner}).dispatch(decision(), attempt=1).receipt
    assert (receipt.outcome, receipt.reason) == (Outcome.UNKNOWN, Reason.DISPATCH_FAILED)
    assert "ZeroDivisionError" in caplog.text


async def test_a_dispatch_has_a_deadline(monkeypatch) -> None:
    import asyncio

    from custom_components.aiep_miner.engine.steps import execute as execution

    monkeypatch.setattr(execution, "DISPATCH_DEADLINE_S", 0.05)
    miner = ScriptedMiner()

    async def never(_command):
        await asyncio.sleep(60)

    miner.execute = never
    receipt = await Executor({"m1": miner}).dispatch(decision(), attempt=1).receipt
    assert (receipt.outcome, receipt.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)
