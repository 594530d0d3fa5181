"""What a block records before anything else.

In this order: receipts and stops that the ledger could not record when they were due, people's
holds moved along with a clock that jumped forward, a break of the ledger, and a changed policy.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .journal import Block
from .miners.base import MinerInfo
from .outage import Debts, LateStop
from .records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    LifecycleRecord,
    MinerPolicy,
    Outcome,
    OverrideRecord,
    PolicyRecord,
    ReceiptRecord,
    Record,
    Severity,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .state import State
from .steps.execute import Ended, proof_of, receipt_of, superseded, takeovers


@dataclass(frozen=True, slots=True, kw_only=True)
class Dues:
    """The facts from which the dues of a block are computed."""

    ts_ms: int
    policy: PolicyRecord
    miners: Sequence[str] = ()
    infos: Mapping[str, MinerInfo] = field(default_factory=dict)
    """Identity and capabilities of the devices that were reached."""
    debts: Debts = field(default_factory=Debts)
    sent: Collection[str] = ()
    """Record hashes of the decisions whose commands are under way."""
    broken_at: int | None = None
    """The seq at which the ledger is broken."""
    jump_ms: int = 0
    """By how much the time has jumped forward."""


def stage_dues(block: Block, dues: Dues) -> None:
    """Stage the dues that the ledger lacks; usually none."""
    pay(block, dues.debts, dues.sent)
    if dues.jump_ms:
        block.stage(moved_holds(block.state, dues.jump_ms, dues.ts_ms))
    block.stage(_break(block.state, dues))
    block.stage(_policy_in_force(block.state, dues))


def stage_after_dues[R: Record](
    block: Block, dues: Dues, records: Iterable[R]
) -> list[LedgerEntry[R]]:
    """Stage the dues, then records."""
    stage_dues(block, dues)
    return block.stage(records)


def begin_run(block: Block, started: LifecycleRecord, dues: Dues) -> None:
    """Stage a start: decisions that a crash left open get receipts ``unknown`` or proofs."""
    is_open = [item for miner in block.state.miners.values() for item in miner.open_decisions]
    block.stage([replace(started, open_decisions=len(is_open))])
    settle_open(block, dues)
    stage_dues(block, dues)


def resume(block: Block, recovered: LifecycleRecord, held: Mapping[str, int], dues: Dues) -> None:
    """Stage the recovery of the ledger, and the records that it lacks."""
    block.stage([recovered])
    block.stage(lost_holds(block.state, held, dues.ts_ms))
    pay(block, dues.debts, dues.sent)
    settle_open(block, dues, was_running=True)
    stage_dues(block, replace(dues, debts=Debts()))


def pay(block: Block, debts: Debts, sent: Collection[str]) -> None:
    """Stage owed records: receipts first, then stops that were sent without a record."""
    for ended in debts.receipts:
        settle(block, ended, ended.receipt.ts_ms)
    for late in debts.stops:
        decision = _decided_meanwhile(block.state, late, sent) or block.stage([late.decision])[0]
        receipt = replace(receipt_of(decision, late.outcome, late.reason), late=True)
        settle(block, Ended(decision, receipt), receipt.ts_ms)


def _decided_meanwhile(
    state: State, late: LateStop, sent: Collection[str]
) -> LedgerEntry[DecisionRecord] | None:
    """Return the decision on the same stop, when a slow commit did write it."""
    open_decisions = state.miner(late.decision.subject).open_decisions
    return next(
        (
            LedgerEntry(record=record, seq=0, hash=record_hash)
            for record_hash, record in open_decisions.items()
            if record.action is Action.STOP and record.authorised and record_hash not in sent
        ),
        None,
    )


def settle(block: Block, ended: Ended, ts_ms: int) -> list[LedgerEntry[ReceiptRecord]]:
    """Stage the receipt of a dispatch, and the hold of the person who gave the command."""
    block.stage(superseded(block.state, [ended.decision], ts_ms))
    receipts = block.stage([ended.receipt])
    block.stage(takeovers(block.state, [ended]))
    return receipts


def settle_after_dues(
    block: Block, dues: Dues, ended: Sequence[Ended]
) -> list[LedgerEntry[ReceiptRecord]]:
    """Stage the dues, then the receipts and holds of dispatches."""
    stage_dues(block, dues)
    return [entry for item in ended for entry in settle(block, item, dues.ts_ms)]


def settle_open(block: Block, dues: Dues, *, was_running: bool = False) -> None:
    """Stage the receipts and proofs that decisions lack.

    After a crash it is unknown whether an authorised decision was sent. While the process runs,
    ``dues.sent`` names those that are under way, and no other was sent.
    """
    outcome, reason = (
        (Outcome.FAILED, Reason.LEDGER_UNAVAILABLE)
        if was_running
        else (Outcome.UNKNOWN, Reason.DISPATCH_INTERRUPTED)
    )
    owing = [
        LedgerEntry(record=replace(decision, ts_ms=dues.ts_ms), seq=0, hash=record_hash)
        for miner in block.state.miners.values()
        for record_hash, decision in miner.open_decisions.items()
        if record_hash not in dues.sent
    ]
    ended = [
        Ended(item, receipt_of(item, outcome, reason)) for item in owing if item.record.authorised
    ]
    block.stage(item.receipt for item in ended)
    block.stage(proof_of(item) for item in owing if not item.record.authorised)
    block.stage(takeovers(block.state, ended))


def lost_holds(state: State, held: Mapping[str, int], ts_ms: int) -> list[OverrideRecord]:
    """Return the records of people's holds that a new segment does not know."""
    return [
        OverrideRecord(ts_ms=ts_ms, subject=miner_id, until_ms=until_ms)
        for miner_id, until_ms in sorted(held.items())
        if until_ms > ts_ms and state.miner(miner_id).hold_until_ms is None
    ]


def moved_holds(state: State, jump_ms: int, ts_ms: int) -> list[OverrideRecord]:
    """Return the records that move people's holds along with a clock that jumped forward."""
    return [
        OverrideRecord(ts_ms=ts_ms, subject=miner_id, until_ms=miner.hold_until_ms + jump_ms)
        for miner_id, miner in sorted(state.miners.items())
        if miner.hold_until_ms is not None and miner.hold_until_ms > ts_ms - jump_ms
    ]


def _break(state: State, dues: Dues) -> list[DivergenceRecord]:
    """Return the record that the ledger is broken, unless the state has it."""
    if dues.broken_at is None or Reason.LEDGER_TAMPERED in state.divergences:
        return []
    return [
        DivergenceRecord(
            ts_ms=dues.ts_ms,
            subject=state.operator_id,
            code=Reason.LEDGER_TAMPERED,
            severity=Severity.HOLD,
            active=True,
            value=dues.broken_at,
        )
    ]


def _policy_in_force(state: State, dues: Dues) -> list[PolicyRecord]:
    """Return the policy with the devices' capabilities, unless it is in force already."""
    current = state.policy
    wanted = replace(
        dues.policy,
        ts_ms=current.record.ts_ms,
        subject=state.operator_id,
        clock_ms=current.record.clock_ms,
        miners=_miners_in_force(dues, current.record),
    )
    if current.seq and wanted == replace(current.record, subject=state.operator_id):
        return []
    # What a device turns out to be capable of is nobody's setting.
    is_set = replace(wanted, miners=current.record.miners) != current.record
    user_id = dues.policy.user_id if is_set else None
    return [replace(wanted, ts_ms=dues.ts_ms, clock_ms=None, user_id=user_id)]


def _miners_in_force(dues: Dues, current: PolicyRecord) -> tuple[MinerPolicy, ...]:
    set_by_operator = {item.miner_id: item for item in dues.policy.miners}
    known = {item.miner_id: item for item in current.miners}
    return tuple(
        _with_capabilities(
            set_by_operator.get(miner_id, MinerPolicy(miner_id=miner_id)),
            dues.infos.get(miner_id),
            known.get(miner_id),
        )
        for miner_id in dues.miners
    )


def _with_capabilities(
    own: MinerPolicy, info: MinerInfo | None, known: MinerPolicy | None
) -> MinerPolicy:
    can: Any = info.capabilities if info is not None else known
    if can is None:
        return own
    return replace(
        own,
        actions=None if can.actions is None else tuple(sorted(can.actions)),
        power_min_w=can.power_min_w,
        power_max_w=can.power_max_w,
        levels=can.levels,
        ranges=can.ranges,
        level_change_s=can.level_change_s,
        level_restarts=can.level_restarts,
        restart_sign=can.restart_sign,
    )
