"""Step seven of the cycle, the only caller of hardware: dispatches, receipts, confirmations.

A decision is sent once, after the ledger holds it. The one exception is a stop (a safety stop or
a person's) that the ledger cannot record in time: it is sent first and recorded late.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..miners.base import AUTO, ON, Command, MinerAdapter, MinerError
from ..records import (
    Action,
    DecisionRecord,
    MinerPolicy,
    Mode,
    NegativeProofRecord,
    Origin,
    Outcome,
    OverrideRecord,
    Reading,
    ReceiptRecord,
    RestartSign,
)
from ..records.entry import LedgerEntry
from ..records.reasons import Reason
from ..state import MinerState, Pending, State

_LOGGER = logging.getLogger(__name__)

DISPATCH_DEADLINE_S: Final = 130.0
"""The slowest known device, a stock Antminer writing its configuration, takes up to 120 s."""
RESTART_SLACK_S: Final = 5
REMEMBERED: Final = 4096
"""How many sent decisions are remembered, so that none is sent twice."""
POWER_LIMIT_TOLERANCE: Final = 0.02
POWER_TOLERANCE: Final = 0.10
RATE_TOLERANCE: Final = 0.10
FAN_TOLERANCE_PCT: Final = 3.0
PERCENT_TOLERANCE: Final = 1.0
TARGET_TOLERANCE_C: Final = 0.5
STOPPED_POWER_SHARE: Final = 0.5
"""A machine above this share of its usual power has not stopped, whatever it reports."""


type Sent = tuple[Outcome, Reason]
"""How a dispatch ended, and why."""


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """A stop under way that the ledger does not hold yet."""

    record: DecisionRecord
    outcome: asyncio.Task[Sent]

    @property
    def miner_id(self) -> str:
        """Return the miner that is stopped."""
        return self.record.subject


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A command under way, and the decision that it carries out."""

    decision: LedgerEntry[DecisionRecord]
    receipt: asyncio.Task[ReceiptRecord]


@dataclass(frozen=True, slots=True)
class Ended:
    """A dispatch that has ended; ``receipt.ts_ms`` is when."""

    decision: LedgerEntry[DecisionRecord]
    receipt: ReceiptRecord


class Executor:
    """Sends each authorised decision once, each as a task of its own."""

    def __init__(self, adapters: Mapping[str, MinerAdapter]) -> None:
        """Take the adapters by miner id."""
        self._adapters = adapters
        self._sent: dict[str, None] = {}
        """Record hashes of the last ``REMEMBERED`` decisions sent, oldest first."""

    def dispatch(self, decision: LedgerEntry[DecisionRecord], attempt: int) -> Dispatch:
        """Send a decision that the ledger holds.

        Raises ValueError for one that is not authorised or was sent before: a caller's defect.
        """
        self._note(decision)
        receipt = asyncio.create_task(self._dispatch(decision, attempt))
        return Dispatch(decision, receipt)

    def adopt(self, decision: LedgerEntry[DecisionRecord], sent: EarlyStop) -> Dispatch:
        """Return a dispatch for a stop that was sent while its decision was being written.

        Raises ValueError, like ``dispatch``, and for any other action.
        """
        if decision.record.action is not Action.STOP or decision.record.subject != sent.miner_id:
            raise ValueError(f"decision {decision.seq} is not of the stop that was sent")
        self._note(decision)
        return Dispatch(decision, asyncio.create_task(_adopted(decision, sent)))

    def stop_unrecorded(self, record: DecisionRecord) -> EarlyStop:
        """Send a stop that the ledger does not hold yet; the caller owes it the records.

        Raises ValueError for anything but a late stop: nothing else may go unrecorded.
        """
        if record.action is not Action.STOP or not record.late:
            raise ValueError("only a stop may be dispatched without the ledger")
        return EarlyStop(record, asyncio.create_task(self._send(record)))

    def _note(self, decision: LedgerEntry[DecisionRecord]) -> None:
        if not decision.record.authorised or decision.hash in self._sent:
            raise ValueError(f"decision {decision.seq} must not be dispatched")
        self._sent[decision.hash] = None
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]

    async def _dispatch(self, decision: LedgerEntry[DecisionRecord], attempt: int) -> ReceiptRecord:
        return receipt_of(decision, *await self._send(decision.record), attempt)

    async def _send(self, record: DecisionRecord) -> Sent:
        """Send a command; one that outlasts its deadline is cancelled, and not waited for."""
        command = Command(action=record.action, value=record.value, option=record.option)
        sending = asyncio.create_task(self._execute(record.subject, command))
        try:
            done, _ = await asyncio.wait({sending}, timeout=DISPATCH_DEADLINE_S)
        except asyncio.CancelledError:  # the controller stops
            sending.cancel()
            return Outcome.UNKNOWN, Reason.DISPATCH_INTERRUPTED
        if done:
            return sending.result()
        sending.cancel()
        return Outcome.UNKNOWN, Reason.TIMEOUT

    async def _execute(self, miner_id: str, command: Command) -> Sent:
        try:
            await self._adapters[miner_id].execute(command)
        except MinerError as err:
            return (Outcome.UNKNOWN if err.maybe_done else Outcome.FAILED), err.reason
        except TimeoutError:
            return Outcome.UNKNOWN, Reason.TIMEOUT
        except KeyboardInterrupt, SystemExit:  # the process' own end
            raise
        except BaseException:  # also a panic of a library written in Rust
            _LOGGER.exception("The adapter of %s failed unexpectedly", miner_id)
            return Outcome.UNKNOWN, Reason.DISPATCH_FAILED
        return Outcome.ACCEPTED, Reason.DISPATCH_ACCEPTED


async def _adopted(decision: LedgerEntry[DecisionRecord], sent: EarlyStop) -> ReceiptRecord:
    await asyncio.wait({sent.outcome})
    return replace(receipt_of(decision, *sent.outcome.result()), late=True)


def receipt_of(
    decision: LedgerEntry[DecisionRecord], outcome: Outcome, reason: Reason, attempt: int = 1
) -> ReceiptRecord:
    """Return the one receipt that a decision's dispatch ends in."""
    record = decision.record
    return ReceiptRecord(
        ts_ms=record.ts_ms,
        subject=record.subject,
        decision=decision.seq,
        action=record.action,
        value=record.value,
        option=record.option,
        outcome=outcome,
        reason=reason,
        attempt=attempt,
        late=record.late,
    )


def proof_of(decision: LedgerEntry[DecisionRecord]) -> NegativeProofRecord:
    """Return the proof that a decision was not carried out, and by which rule."""
    record = decision.record
    return NegativeProofRecord(
        ts_ms=record.ts_ms,
        subject=record.subject,
        decision=decision.seq,
        action=record.action,
        rule=record.suppressed_by or Reason.TRUST_TOO_LOW,
        reasons=record.reasons,
    )


def attempt_of(miner: MinerState, action: Action) -> int:
    """Return which attempt in a row a dispatch of an action is, from 1."""
    failure = miner.failures.get(action)
    return failure.attempt + 1 if failure else 1


def superseded(
    state: State, decisions: Iterable[LedgerEntry[DecisionRecord]], ts_ms: int
) -> list[ReceiptRecord]:
    """Return the receipts that close what is pending on miners that get another command."""
    pending = [state.miner(item.record.subject).pending for item in decisions]
    return [supersede(item, ts_ms) for item in pending if item is not None]


def takeovers(state: State, ended: Iterable[Ended]) -> list[OverrideRecord]:
    """Return the records of people who took a miner over by commanding it in AUTO."""
    policy = state.policy.record
    if policy.mode is not Mode.AUTO or not policy.person_hold_min:
        return []
    hold_ms = round(policy.person_hold_min * 60_000)
    return [
        OverrideRecord(
            ts_ms=item.receipt.ts_ms,
            subject=item.decision.record.subject,
            until_ms=item.receipt.ts_ms + hold_ms,
            user_id=_user_of(state, item.decision),
        )
        for item in ended
        if item.decision.record.origin is Origin.PERSON
        and item.receipt.outcome is not Outcome.FAILED
    ]


def _user_of(state: State, decision: LedgerEntry[DecisionRecord]) -> str | None:
    proposal = state.miner(decision.record.subject).proposal
    if proposal is None or proposal.record.origin is not Origin.PERSON:
        return None
    return proposal.record.user_id


def confirm(state: State, miner_id: str, ts_ms: int) -> ReceiptRecord | None:
    """Return the receipt that closes a pending dispatch, once telemetry confirms or refutes it."""
    miner = state.miner(miner_id)
    pending = miner.pending
    if pending is None:
        return None
    reading = miner.reading if miner.reading_ms > pending.since_ms else None
    own = state.own(miner_id)
    if reading is not None and _shows_effect(pending, reading, miner.usual(own)[1], own, ts_ms):
        return _closing(miner, pending, ts_ms, Outcome.CONFIRMED, Reason.EFFECT_SEEN)
    if ts_ms - pending.since_ms < state.window_ms(pending.receipt.action):
        return None
    return _closing(miner, pending, ts_ms, Outcome.NOT_CONFIRMED, Reason.EFFECT_NOT_SEEN)


def supersede(pending: Pending, ts_ms: int) -> ReceiptRecord:
    """Return the receipt that closes a pending dispatch when another command follows it."""
    return replace(
        pending.receipt,
        ts_ms=ts_ms,
        outcome=Outcome.NOT_CONFIRMED,
        reason=Reason.SUPERSEDED,
        late=False,
    )


def _closing(
    miner: MinerState, pending: Pending, ts_ms: int, outcome: Outcome, reason: Reason
) -> ReceiptRecord:
    return replace(
        pending.receipt,
        ts_ms=ts_ms,
        outcome=outcome,
        reason=reason,
        late=False,
        telemetry=miner.telemetry.seq if miner.telemetry else None,
    )


def _shows_effect(
    pending: Pending, reading: Reading, usual_w: float | None, own: MinerPolicy, ts_ms: int
) -> bool:
    receipt = pending.receipt
    if receipt.action is Action.RESTART:
        return _restarted(pending, reading, own.restart_sign, ts_ms)
    if receipt.action is Action.RESTART_MINING:
        return _restarted(pending, reading, RestartSign.MINING, ts_ms)
    if receipt.action is Action.STOP and _still_draws(reading, usual_w):
        return False
    return _EFFECTS[receipt.action](receipt, reading)


def _restarted(pending: Pending, reading: Reading, sign: RestartSign, ts_ms: int) -> bool:
    if sign is RestartSign.MINING:
        return pending.paused_since and reading.mining is True
    if reading.uptime_s is None:
        return pending.lost_since and reading.mining is True
    return reading.uptime_s <= (ts_ms - pending.decided_ms) / 1000 + RESTART_SLACK_S


def _still_draws(reading: Reading, usual_w: float | None) -> bool:
    if reading.power_w is None or usual_w is None:
        return False
    return reading.power_w > usual_w * STOPPED_POWER_SHARE


def _power_follows(receipt: ReceiptRecord, reading: Reading) -> bool:
    target_w = receipt.value
    if reading.power_limit_w is not None:
        return _near(reading.power_limit_w, target_w, POWER_LIMIT_TOLERANCE)
    return _near(reading.power_w, target_w, POWER_TOLERANCE)


def _fan_follows(receipt: ReceiptRecord, reading: Reading) -> bool:
    if receipt.option == AUTO:
        return reading.fan_percent is None
    return _within(reading.fan_percent, receipt.value, FAN_TOLERANCE_PCT)


def _within(value: float | None, target: float | None, tolerance: float) -> bool:
    return value is not None and target is not None and abs(value - target) <= tolerance


def _started(receipt: ReceiptRecord, reading: Reading) -> bool:
    """Tell whether it hashes, at the level that it was started at where it reports one."""
    at_level = receipt.option is None or reading.level in (None, receipt.option)
    return reading.mining is True and at_level


def _near(value: float | None, target: float | None, tolerance: float) -> bool:
    if value is None or target is None:
        return False
    return abs(value - target) <= abs(target) * tolerance


def _rate_follows(receipt: ReceiptRecord, reading: Reading) -> bool:
    rate = reading.expected_hashrate_ths or reading.hashrate_ths
    return _near(rate, receipt.value, RATE_TOLERANCE)


def _pool_follows(receipt: ReceiptRecord, reading: Reading) -> bool:
    return any(pool.active and pool.index == receipt.value for pool in reading.pools)


def _board_follows(receipt: ReceiptRecord, reading: Reading) -> bool:
    wanted = receipt.option == ON
    return any(board.enabled is wanted for board in reading.boards if board.index == receipt.value)


_EFFECTS: Final[dict[Action, Callable[[ReceiptRecord, Reading], bool]]] = {
    Action.STOP: lambda _, reading: reading.mining is False,
    Action.POWER_OFF: lambda _, reading: reading.powered is False,
    Action.RUN: _started,
    Action.SET_POWER: _power_follows,
    Action.SET_HASHRATE: _rate_follows,
    Action.SET_POOL: _pool_follows,
    Action.SET_BOARD: _board_follows,
    Action.SET_LEVEL: lambda receipt, reading: reading.level == receipt.option,
    Action.SET_FAN: _fan_follows,
    Action.SET_POWER_PERCENT: lambda receipt, reading: _within(
        reading.power_percent, receipt.value, PERCENT_TOLERANCE
    ),
    Action.SET_TARGET_TEMPERATURE: lambda receipt, reading: _within(
        reading.target_temperature_c, receipt.value, TARGET_TOLERANCE_C
    ),
    Action.SET_SCALING: lambda receipt, reading: reading.scaling is (receipt.option == ON),
    Action.FAULT_LIGHT: lambda receipt, reading: reading.fault_light is (receipt.option == ON),
}
"""By action: whether a reading shows the effect; a restart needs earlier readings, too."""
