"""Runs the governed cycle for one operator: owns its ledger, its miners and its state."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import cycle, outage
from .command_result import CommandResult, command_result_of
from .events import CycleEvent, EventEmitter, GovernorEvent
from .journal import Journal
from .ledger import Fault, FaultCode, Head, Ledger, LedgerError, LedgerReason, RecoveryCause, Stored
from .miners.base import MinerAdapter
from .read_model import ReadModel, read_model_of
from .records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    LifecycleEvent,
    LifecycleRecord,
    MinerPolicy,
    Outcome,
    OverrideRecord,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    ReceiptRecord,
    Record,
    ReviewRecord,
    Severity,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .state import STOP_MS, State
from .state.rebuild import Rebuilt, rebuild
from .steps.execute import receipt_of

_LOGGER = logging.getLogger(__name__)

POLL_DEADLINE_S = (5.0, 15.0)
"""The least and the most that a poll may take, whatever the interval."""


class Controller:
    """One operator's site.

    Every method may be called from the event loop at any time; cycles and proposals run one
    after the other. A miner that fails is data, never an exception.
    """

    view: ReadModel
    """The latest picture; replaced, never changed, by each cycle, proposal or setting."""

    def __init__(
        self,
        *,
        operator_id: str,
        ledger_path: Path,
        adapters: Mapping[str, MinerAdapter],
        policy: PolicyRecord,
        clock: Callable[[], int],
        on_notice: Callable[[CycleEvent], None],
        on_governor_event: Callable[[GovernorEvent], None],
        version: str,
    ) -> None:
        """Take everything the site needs; ``clock`` returns ms since the epoch."""
        self.view = ReadModel(operator_id=operator_id, ts_ms=0, cycles=0, policy=policy)
        self._operator_id = operator_id
        self._ledger_path = ledger_path
        self._adapters = adapters
        self._policy = policy
        self._clock = clock
        self._notices = EventEmitter(on_notice, on_governor_event)
        self._version = version
        self._lock = asyncio.Lock()
        self._cycles = 0
        self._under_way: dict[str, asyncio.Task[list[LedgerEntry[Record]]]] = {}
        """Record hash of a decision to the filing of its receipt, when the miner is slow to answer."""
        self._has_observed = False
        """Whether a cycle has ended since the start."""
        self._ledger_error: str | None = None
        """Why the last cycle could not be filed."""
        self._stopping: dict[str, asyncio.Task[None]] = {}
        """Miner id to a safety stop on its way that the ledger could not take."""
        self._late_stops: list[outage.LateStop] = []
        self._stale = False
        """Whether filing failed since the state was last known to follow from the ledger."""
        self._broken_at: int | None = None
        """The seq at which the ledger was found broken, until a person has accepted that."""
        self._ledger: Ledger | None = None
        self._desk: Journal | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is between start and stop."""
        return self._ledger is not None

    @property
    def ledger(self) -> Ledger:
        """Return the open ledger; raises LedgerError before the start and after the stop."""
        if self._ledger is None:
            raise LedgerError(LedgerReason.CLOSED, "the controller does not run")
        return self._ledger

    @property
    def journal(self) -> Journal:
        """Return the desk; raises LedgerError before the start and after the stop."""
        if self._desk is None:
            raise LedgerError(LedgerReason.CLOSED, "the controller does not run")
        return self._desk

    async def start(
        self, *, known_head: Head | None = None, broken_at: int | None = None
    ) -> Fault | None:
        """Open the ledger, settle what a crash left open, rebuild the state; raises LedgerError.

        ``known_head`` is the last head known from outside the ledger, ``broken_at`` the seq of a
        break that nobody has accepted yet. Returns the break that is found now.
        """
        ledger = await Ledger.open(self._ledger_path, self._operator_id, known_head=known_head)
        fault = _break_of(ledger)
        self._broken_at = fault.seq if broken_at is None and fault else broken_at
        try:
            await self._begin(ledger)
        except BaseException:
            await ledger.close()
            raise
        return fault

    async def _begin(self, ledger: Ledger) -> None:
        state, rebuilt = await self._rebuild(ledger)
        journal = Journal(
            ledger=ledger,
            state=state,
            adapters=self._adapters,
            clock=self._clock,
            on_filed=self._notices.filed,
        )
        ts_ms = journal.now_ms()
        unsettled = await journal.read(lambda state: outage.settlements(state, ts_ms))
        started = LifecycleRecord(
            ts_ms=ts_ms,
            subject=self._operator_id,
            event=LifecycleEvent.START,
            version=self._version,
            rebuilt_from_seq=rebuilt.from_seq,
            open_decisions=sum(1 for item in unsettled if not isinstance(item, OverrideRecord)),
        )
        await journal.file(lambda _: [started, *unsettled])
        self._ledger, self._desk = ledger, journal
        self._known_recovery = ledger.recovery
        await self._file_break()
        await self._put_in_force(self._policy)
        await self._show()

    async def _rebuild(self, ledger: Ledger) -> tuple[State, Rebuilt]:
        """Return the state that follows from a ledger; one that cannot be read is set aside."""
        try:
            return await ledger.run(rebuild, self._operator_id, ledger.store, ledger.head.seq)
        except LedgerError as err:
            if err.reason is not LedgerReason.CORRUPT:
                raise
            await ledger.begin_segment(RecoveryCause.CORRUPT)
            return await ledger.run(rebuild, self._operator_id, ledger.store, ledger.head.seq)

    async def run_cycle(self, prices: PriceRecord) -> ReadModel:
        """Run one governed cycle; the first after a start only observes.

        ``prices`` need no meaningful envelope. Never raises for a miner or for a ledger that
        cannot be written (see ``ReadModel.ledger_error``).
        """
        # Whoever gives up waiting must not leave a dispatch without its receipt.
        return await asyncio.shield(asyncio.ensure_future(self._run_cycle(prices)))

    async def _run_cycle(self, prices: PriceRecord) -> ReadModel:
        async with self._lock:
            polls = await self._poll(self._adapters)
            try:
                await self._governed(polls, prices, {})
            except LedgerError as err:
                self._stale, self._ledger_error = True, str(err)
                await self._without_ledger(polls)
            else:
                self._cycles += 1
                self._ledger_error = None
                await self._show()
            self._has_observed = True
        return self.view

    async def submit(self, proposal: ProposalRecord, prices: PriceRecord) -> CommandResult:
        """Poll the proposal's subject, judge the proposal on that and carry it out if authorised.

        Returns when the miner has answered; meanwhile cycles go on. Raises LedgerError when the
        ledger cannot be written, KeyError for an unknown miner.
        """
        if proposal.subject not in self._adapters:
            raise KeyError(proposal.subject)
        return await asyncio.shield(asyncio.ensure_future(self._submit(proposal, prices)))

    async def _submit(self, proposal: ProposalRecord, prices: PriceRecord) -> CommandResult:
        miner_id = proposal.subject
        async with self._after(lambda: [self._stopping.get(miner_id)]):
            polls = await self._poll([miner_id])
            with self._notices.collect() as filed:
                try:
                    await self._governed(polls, prices, {miner_id: proposal})
                except LedgerError:
                    self._stale = True
                    raise
            await self._show()
        for item in list(filed):
            if item.hash in self._under_way:
                filed += await self._under_way[item.hash]
        return command_result_of(filed)

    async def hand_back(self, miner_id: str, user_id: str | None) -> None:
        """Give a miner back to the automation: ends holds, latches and failed attempts."""
        async with self._lock:
            record = OverrideRecord(
                ts_ms=self.journal.now_ms(), subject=miner_id, until_ms=None, user_id=user_id
            )
            await self.journal.file(lambda _: [record])
            await self._show()

    async def review(
        self, decision: str, *, approved: bool, user_id: str | None, note: str | None = None
    ) -> None:
        """Record a person's verdict on a supervised decision, named by its record hash.

        Raises KeyError when no such decision waits for a review, LedgerError as always.
        """
        async with self._lock:
            waiting = await self.journal.read(lambda state: state.reviews[decision])
            record = ReviewRecord(
                ts_ms=self.journal.now_ms(),
                subject=waiting.record.subject,
                decision=decision,
                approved=approved,
                user_id=user_id,
                note=note,
            )
            await self.journal.file(lambda _: [record])
            await self._show()

    async def distrust(self, broken_at: int) -> None:
        """Hold all automatic actions, since the ledger is broken at a seq; raises LedgerError.

        Safety stops and people's commands go on. It stands until ``accept_break``.
        """
        async with self._lock:
            self._broken_at = broken_at
            try:
                await self._file_break()
            except LedgerError:
                self._stale = True
                raise
            await self._show()

    async def accept_break(self, user_id: str | None) -> None:
        """Set the broken ledger aside and begin a new segment of it; raises LedgerError.

        The segment's first records name the old one's head and who accepted the break.
        """
        async with self._lock:
            await self.ledger.begin_segment(RecoveryCause.ACCEPTED)
            self._broken_at, self._stale = None, True
            await self._recover(user_id)
            await self._put_in_force(self._policy)
            await self._show()

    async def set_policy(self, policy: PolicyRecord) -> None:
        """Put a policy into force and record it, when it differs from the one in force."""
        async with self._lock:
            self._policy = policy
            await self._put_in_force(policy)
            await self._show()

    async def checkpoint(self, private_key: bytes) -> Stored:
        """Append a checkpoint of the head, signed with an Ed25519 key; raises LedgerError."""
        # Within a cycle it would come between a proposal and the decision on it.
        async with self._lock:
            return await self.ledger.checkpoint(self.journal.now_ms(), private_key)

    async def maintain(self, keep_ms: int) -> bool:
        """Do one step of the ledger's housekeeping; return whether there is more of it.

        ``keep_ms`` is how long bodies that may be pruned are kept. Raises LedgerError.
        """
        async with self._lock:
            return await self.ledger.maintain(self.journal.now_ms(), keep_ms)

    async def stop(self) -> None:
        """Record the stop, let go of the miners, close the ledger. Never raises.

        Waits for dispatches under way: each has its receipt before.
        """
        async with self._after(lambda: [*self._under_way.values(), *self._stopping.values()]):
            if self._desk is not None and self._ledger is not None:
                stopped = LifecycleRecord(
                    ts_ms=self._desk.now_ms(),
                    subject=self._operator_id,
                    event=LifecycleEvent.STOP,
                    version=self._version,
                )
                try:
                    if self._stale:
                        await self._recover()
                    await self._settle_debts()
                    await self._desk.file(lambda _: [stopped])
                except LedgerError as err:
                    _LOGGER.warning("The stop could not be recorded: %s", err)
                await self._ledger.close()
            self._ledger = self._desk = None
            await asyncio.gather(*(adapter.close() for adapter in self._adapters.values()))

    @asynccontextmanager
    async def _after(
        self, under_way: Callable[[], Iterable[asyncio.Task[Any] | None]]
    ) -> AsyncIterator[None]:
        """Hold the lock at a time when none of some tasks is under way; they may need it, too."""
        while True:
            async with self._lock:
                tasks = [task for task in under_way() if task is not None]
                if not tasks:
                    yield
                    return
            await asyncio.wait(tasks)

    async def _poll(self, miners: Mapping[str, MinerAdapter] | list[str]) -> cycle.Polls:
        least, most = POLL_DEADLINE_S
        deadline_s = min(most, max(least, self._policy.interval_s * 0.8))
        return await cycle.poll(self.journal, miners, deadline_s)

    async def _governed(
        self, polls: cycle.Polls, prices: PriceRecord, requests: cycle.Requests
    ) -> None:
        if self._stale or self.ledger.recovery is not self._known_recovery:
            await self._recover()
        await self._settle_debts()
        await self._file_break()
        await self._put_in_force(self._policy)
        # A machine that is being stopped has its turn when that is on record.
        polls = {key: found for key, found in polls.items() if key not in self._stopping}
        await cycle.run(self.journal, polls, prices, requests, self._settle_later)

    def _settle_later(self, dispatch: cycle.Dispatch) -> None:
        self._under_way[dispatch.decision.hash] = asyncio.ensure_future(self._settle(dispatch))

    async def _settle(self, dispatch: cycle.Dispatch) -> list[LedgerEntry[Record]]:
        """File what comes of a dispatch that outlasts its cycle; return the records."""
        try:
            await asyncio.wait([dispatch.receipt])
            async with self._lock:
                with self._notices.collect() as filed:
                    await cycle.settle(self.journal, [dispatch])
                await self._show()
        except LedgerError as err:
            self._stale = True
            _LOGGER.warning("A receipt is filed when the ledger can be written: %s", err)
        finally:
            del self._under_way[dispatch.decision.hash]
        return filed

    async def _file_break(self) -> None:
        """File that the ledger is broken, unless the state knows."""
        seq = self._broken_at
        if seq is None or await self.journal.read(_is_known_broken):
            return
        record = DivergenceRecord(
            ts_ms=self.journal.now_ms(),
            subject=self._operator_id,
            code=Reason.LEDGER_TAMPERED,
            severity=Severity.HOLD,
            active=True,
            value=seq,
        )
        await self.journal.file(lambda _: [record])

    async def _put_in_force(self, policy: PolicyRecord) -> None:
        """File the policy, with what the devices can do, unless it is in force already."""
        current = await self.journal.read(lambda state: state.policy)
        wanted = self._with_capabilities(policy, current.record)
        if not current.seq or wanted.body() != current.record.body():
            ts_ms = self.journal.now_ms()
            record = replace(wanted, ts_ms=ts_ms, subject=self._operator_id)
            await self.journal.file(lambda _: [record])

    def _with_capabilities(self, policy: PolicyRecord, current: PolicyRecord) -> PolicyRecord:
        set_by_operator = {item.miner_id: item for item in policy.miners}
        known = {item.miner_id: item for item in current.miners}
        miners = []
        for miner_id in sorted(self._adapters):
            own = set_by_operator.get(miner_id, MinerPolicy(miner_id=miner_id))
            info = self.journal.infos.get(miner_id)
            can = info.capabilities if info is not None else known.get(miner_id)
            if can is not None:
                own = replace(
                    own,
                    actions=None if can.actions is None else tuple(sorted(can.actions)),
                    power_min_w=can.power_min_w,
                    power_max_w=can.power_max_w,
                    presets=can.presets,
                    levels=can.levels,
                    ranges=can.ranges,
                    level_change_s=can.level_change_s,
                    level_restarts=can.level_restarts,
                    restart_sign=can.restart_sign,
                )
            miners.append(own)
        return replace(policy, miners=tuple(miners))

    async def _recover(self, user_id: str | None = None) -> None:
        """Begin anew from what the ledger holds: it could not be written, or a new segment began."""
        held = await self.journal.read(outage.holds)
        state, rebuilt = await self._rebuild(self.ledger)
        self.journal.renew(state)
        recovered = LifecycleRecord(
            ts_ms=self.journal.now_ms(),
            subject=self._operator_id,
            event=LifecycleEvent.RECOVERY,
            version=self._version,
            rebuilt_from_seq=rebuilt.from_seq,
            user_id=user_id,
        )
        await self.journal.file(
            lambda state: [recovered, *outage.lost_holds(state, held, recovered.ts_ms)]
        )
        await self.journal.file_owed([])
        await self.journal.file(
            lambda state: outage.settlements(state, recovered.ts_ms, sent=self._under_way.keys())
        )
        self._stale, self._known_recovery = False, self.ledger.recovery

    async def _settle_debts(self) -> None:
        """File what dispatches still owe to the ledger from a time when it could not be written."""
        await self.journal.file_owed([])
        while self._late_stops:
            late = self._late_stops[0]
            decision = await self._file_decision(late.decision)
            del self._late_stops[0]
            await self.journal.file_owed([receipt_of(decision, late.outcome, late.reason)])

    async def _file_decision(self, record: DecisionRecord) -> LedgerEntry[DecisionRecord]:
        return (await self.journal.file(lambda _: [record]))[0]

    async def _without_ledger(self, polls: cycle.Polls) -> None:
        """Do the one thing that may go unrecorded for now: stop machines that overheat."""
        ts_ms = self.journal.now_ms()
        if self._has_observed:
            already = self._stopped_of_late(ts_ms) | self._stopping.keys()
            for item in await self.journal.read(
                lambda state: outage.due_stops(state, polls, ts_ms)
            ):
                if item.subject not in already:
                    self._stopping[item.subject] = asyncio.ensure_future(self._stop_late(item))
            if self._stopping:
                await asyncio.wait(self._stopping.values(), timeout=cycle.PROMPT_S)
        self.view = replace(self.view, ts_ms=ts_ms, ledger_error=self._ledger_error)

    async def _stop_late(self, decision: DecisionRecord) -> None:
        try:
            outcome, reason = await self.journal.executor.stop_unrecorded(decision)
            late = outage.LateStop(decision=decision, outcome=outcome, reason=reason)
            self._late_stops.append(late)
        finally:
            del self._stopping[decision.subject]

    def _stopped_of_late(self, ts_ms: int) -> set[str]:
        """Return the miners that were sent a stop, not yet on record, which may still show."""
        owed = [
            (item.subject, item.ts_ms)
            for item in self.journal.owed
            if isinstance(item, ReceiptRecord)
            and item.action is Action.STOP
            and item.outcome is not Outcome.FAILED
        ]
        late = [
            (item.decision.subject, item.decision.ts_ms)
            for item in self._late_stops
            if item.outcome is not Outcome.FAILED
        ]
        return {subject for subject, at in (*owed, *late) if ts_ms - at < STOP_MS}

    async def _show(self) -> None:
        ledger, journal = self.ledger, self.journal
        view = await journal.read(
            lambda state: read_model_of(
                state,
                miners=sorted(self._adapters),
                infos=journal.infos,
                ts_ms=journal.now_ms(),
                cycles=self._cycles,
                head=ledger.head,
            )
        )
        # Until a whole cycle is on record, what is known of the other miners is old.
        self.view = replace(view, ledger_error=self._ledger_error)
        self._notices.governor_health(self.view.governor.overall.status)


def _break_of(ledger: Ledger) -> Fault | None:
    """Return what is wrong with a ledger as it was opened; one that has vanished is cut off, too."""
    if ledger.recovery is not None and ledger.recovery.cause is RecoveryCause.MISSING:
        return Fault(1, FaultCode.HEAD_MISSING)
    return ledger.fault


def _is_known_broken(state: State) -> bool:
    return Reason.LEDGER_TAMPERED in state.divergences
