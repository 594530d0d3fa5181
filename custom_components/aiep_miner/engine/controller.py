"""The public calls of one operator's engine, and the order in which they take turns.

Rules:

- Miners are read and commanded outside the turn; within a turn only the ledger is waited for,
  and for no longer than ``journal.DEADLINE_S``.
- A safety stop or a person's stop that is not on the ledger ``STOP_WAITS_S`` after its poll is
  sent, and recorded late. It is never sent a second time for the decision that follows.
- Nothing else is dispatched before its decision is durable.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from . import cycle, outage
from .admission import Admission
from .canonical import canonical
from .citations import checked
from .clock import SteadyClock
from .command_result import CommandResult, command_result_of, not_yet_recorded
from .cycle import Attempt, CycleInputs, CycleResult
from .dues import Dues, begin_run, resume, settle_after_dues, stage_after_dues
from .economics.live import solve
from .events import CycleEvent, EventEmitter, GovernorEvent
from .journal import Journal
from .ledger import (
    Cause,
    Finding,
    Head,
    Ledger,
    LedgerError,
    LedgerReason,
    Note,
    Trusted,
)
from .ledger import LedgerEntry as Stored
from .miners.base import MinerAdapter
from .outage import LateStop, Outage, Phase
from .polling import Poller, Polls
from .read_model import ReadModel, read_model_of, unrecorded
from .records import (
    Action,
    CurtailmentRecord,
    DecisionRecord,
    InputRecord,
    LifecycleEvent,
    LifecycleRecord,
    Origin,
    OverrideRecord,
    PlanInputs,
    PlannedMiner,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    Reading,
    Record,
    ReviewRecord,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .steps.execute import Dispatch, EarlyStop, Ended, Executor, proof_of, receipt_of
from .steps.planning import PricesAhead, SunAhead, inputs_of, known_miners
from .steps.shed import Reduction, preview
from .turns import Turns, Urgency

_LOGGER = logging.getLogger(__name__)

POLL_DEADLINE_S = (5.0, 15.0)
"""The least and the most that a poll may take, whatever the interval."""
STOP_POLL_S: Final = 2.0
"""A person's stop waits this long for its miner to be read; then it is sent without a reading."""
STOP_WAITS_S = 0.3
"""How long a stop waits for the ledger after its poll."""
PROMPT_S = 1.0
"""How long a cycle waits for the miners' answers to commands; later ones are recorded later."""
DRAIN_S = 10.0
"""How long the stop of the controller waits for answers to commands that are under way."""
WATCH_EVERY_S = 5.0
"""How often machines are read meanwhile, to stop those in danger."""
CLOSE_S = 5.0
"""How long an adapter or the ledger may take to close."""


class Controller:
    """One operator's engine.

    Every method may be called from the event loop at any time. A miner's failure is recorded, and
    raises nothing.
    """

    view: ReadModel
    """The latest read model; replaced, never changed."""

    def __init__(  # noqa: PLR0913 - the parts of a site, all by name
        self,
        *,
        operator_id: str,
        ledger_path: Path,
        adapters: Mapping[str, MinerAdapter],
        policy: PolicyRecord,
        clock: Callable[[], int],
        on_event: Callable[[CycleEvent], None],
        on_governor_event: Callable[[GovernorEvent], None],
        version: str,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        """Create the engine from the parts of the site.

        ``clock`` returns ms since the epoch, ``monotonic`` seconds of a clock that cannot be set.
        """
        self.view = unrecorded(operator_id, policy, sorted(adapters))
        self.clock = SteadyClock(clock, monotonic or _monotonic)
        self._operator_id = operator_id
        self._ledger_path = ledger_path
        self._adapters = adapters
        self._policy = policy
        self._events = EventEmitter(on_event, on_governor_event)
        self._version = version
        self._poller = Poller(adapters)
        self._executor = Executor(adapters)
        self._admission = Admission()
        self._turns = Turns()
        self._cycling = asyncio.Lock()
        self._outage = Outage()
        self._cycles = 0
        self._is_stopped = False
        self._has_observed = False
        """Whether a cycle has ended since the start."""
        self._cycle_error: str | None = None
        """Why the last cycle could not be recorded."""
        self._under_way: dict[str, _Settling] = {}
        """Record hash of a decision to its dispatch, until the receipt is on the ledger or owed."""
        self._stopping: dict[str, EarlyStop] = {}
        """Miner id to a stop on its way that the ledger does not hold."""
        self._ended: dict[str, Ended] = {}
        """Record hash of a decision to how its dispatch ended, until that is written."""
        self._settled: dict[str, list[LedgerEntry[Any]]] = {}
        """Record hash of a decision to its receipt, for the task that waits for it."""
        self._broken_at: int | None = None
        """The seq at which the ledger was found broken, until a person has accepted that."""
        self._private_key = b""
        self._trusted = Trusted()
        self._opening: asyncio.Task[Ledger] | None = None
        self._ledger: Ledger | None = None
        self._journal: Journal | None = None

    @property
    def is_running(self) -> bool:
        """Whether the ledger is open: between a start that found it, and the stop."""
        return self._ledger is not None

    @property
    def phase(self) -> Phase:
        """Return whether the ledger can be written."""
        return self._outage.phase

    @property
    def ledger(self) -> Ledger:
        """Return the open ledger; raises LedgerError before it is open and after the stop."""
        if self._ledger is None:
            raise LedgerError(
                LedgerReason.CLOSED, self._outage.error or "the controller is stopped"
            )
        return self._ledger

    @property
    def journal(self) -> Journal:
        """Return the journal; raises LedgerError before the ledger is open and after the stop."""
        if self._journal is None:
            raise LedgerError(
                LedgerReason.CLOSED, self._outage.error or "the controller is stopped"
            )
        return self._journal

    # From the start to the stop

    async def start(
        self,
        *,
        private_key: bytes,
        trusted: Trusted | None = None,
        broken_at: int | None = None,
    ) -> Finding | None:
        """Open the ledger, settle what a crash left open, rebuild the state.

        ``private_key`` (Ed25519) signs checkpoints, ``trusted`` is what the trust store knows,
        ``broken_at`` the seq of a break that no person has accepted yet. Returns what was wrong
        with the file in the ledger's place. A ledger that cannot be opened raises nothing: each
        cycle tries again, and until then only stops are sent (see ``phase`` and
        ``ReadModel.ledger_error``).
        """
        self._private_key, self._broken_at = private_key, broken_at
        self._trusted = trusted or Trusted()
        try:
            async with self._turns.take(Urgency.CYCLE):
                await self._open()
                await self._show()
        except LedgerError as err:
            self._outage.fail(err)
            self._cycle_error = str(err)
            self.view = self.view.failing(str(err))
        return self.finding

    @property
    def finding(self) -> Finding | None:
        """Return what was found at the opening and nobody has accepted yet."""
        return self._ledger.finding if self._ledger is not None else None

    async def _open(self) -> None:
        """Open the ledger. Raises LedgerError."""
        if self._ledger is None:
            self._ledger = await self._opened()
            if self._broken_at is None and self._ledger.finding is not None:
                self._broken_at = self.known_seq
            self.clock.begin(self._ledger.last_ts_ms)
        self._outage.enter(Phase.RECOVERING)
        journal = Journal(self._ledger, self.clock)
        try:
            await self._begin_run(journal)
        except BaseException:
            journal.close()
            raise
        self._journal = journal
        self._outage.enter(Phase.RECORDING)

    async def _begin_run(self, journal: Journal) -> None:
        """Rebuild the state and record the start. Raises LedgerError."""
        rebuilt, _ = await journal.rebuild()
        dues = self._dues()
        started = LifecycleRecord(
            ts_ms=dues.ts_ms,
            subject=self._operator_id,
            event=LifecycleEvent.START,
            version=self._version,
            rebuilt_from_seq=rebuilt.from_seq,
        )
        committed = await journal.write(begin_run, started, dues)
        self._written(dues, committed.entries)

    async def _opened(self) -> Ledger:
        """Open the ledger's file; the next call waits again for an attempt that hangs."""
        if self._opening is None:
            self._opening = asyncio.create_task(
                Ledger.open(
                    self._ledger_path,
                    self._operator_id,
                    private_key=self._private_key,
                    now_ms=self.clock.now_ms(),
                    trusted=self._trusted,
                    deadline_s=None,
                )
            )
        opening = self._opening
        done, _ = await asyncio.wait({opening}, timeout=CLOSE_S)
        if not done:
            raise LedgerError(LedgerReason.IO_ERROR, "the ledger does not open")
        self._opening = None
        return opening.result()

    @property
    def known_seq(self) -> int:
        """Return the last seq that the trust store knew at the start; 0 for none."""
        return self._trusted.head.seq if self._trusted.head else 0

    async def stop(self) -> Head | None:
        """Record the stop, close the miners and the ledger; return its head.

        The head is None when it is not known for certain. Never raises.

        Waits up to ``DRAIN_S`` for dispatches under way, and stops machines in danger meanwhile.
        A command without an answer by then ends in a receipt ``unknown``.
        """
        await self._drain()
        head = None
        if self._journal is not None and self._ledger is not None:
            try:
                await self._record_stop()
            except LedgerError as err:
                _LOGGER.warning("The stop could not be recorded: %s", err)
            self._journal.close()
        if self._ledger is not None:
            is_settled = not self._ledger.is_hanging
            await _within(CLOSE_S, self._ledger.close())
            head = self._ledger.head if is_settled and self._journal is not None else None
        if self._opening is not None:
            self._opening.add_done_callback(_close_opened)
        self._is_stopped = True
        self._ledger = self._journal = self._opening = None
        await self._poller.close()
        await _within(CLOSE_S, *(adapter.close() for adapter in self._adapters.values()))
        return head

    async def _drain(self) -> None:
        """Wait for dispatches under way, watch the miners meanwhile; then cancel the rest."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + DRAIN_S
        while (tasks := self._tasks_under_way()) and loop.time() < until_s:
            step_s = min(WATCH_EVERY_S, max(0.0, until_s - loop.time()))
            done, _ = await asyncio.wait(tasks, timeout=step_s, return_when=asyncio.ALL_COMPLETED)
            if len(done) < len(tasks):
                await self._watch()
        for settling in list(self._under_way.values()):
            settling.dispatch.receipt.cancel()
        for stop in list(self._stopping.values()):
            stop.outcome.cancel()
        if tasks := self._tasks_under_way():
            await asyncio.wait(tasks, timeout=CLOSE_S)

    def _tasks_under_way(self) -> list[asyncio.Task[Any]]:
        return [
            *(settling.task for settling in self._under_way.values()),
            *(stop.outcome for stop in self._stopping.values()),
        ]

    async def _watch(self) -> None:
        """Read the miners, and stop those in danger."""
        polls = await self._poll(self._adapters, WATCH_EVERY_S)
        endangered = {
            miner_id: said
            for miner_id, said in polls.items()
            if isinstance(said, Reading) and self._is_endangered(miner_id, said)
        }
        if endangered:
            try:
                await self._govern(_Wanted(polls=endangered), Urgency.SAFETY)
            except LedgerError as err:
                _LOGGER.debug("Watched without a ledger: %s", err)

    async def _record_stop(self) -> None:
        async with self._turns.take(Urgency.SAFETY):
            await self._make_ready()
            stopped = LifecycleRecord(
                ts_ms=self.clock.now_ms(),
                subject=self._operator_id,
                event=LifecycleEvent.STOP,
                version=self._version,
            )
            await self._stage([stopped])

    # The cycle

    async def run_cycle(self, prices: PriceRecord, house: InputRecord | None = None) -> ReadModel:
        """Run one governed cycle; the first after a start only observes.

        ``prices`` and ``house`` need no meaningful envelope. Never raises for a miner or for a ledger that
        cannot be written (see ``ReadModel.ledger_error``).
        """
        # A caller that gives up waiting must not leave a dispatch without its receipt.
        return await asyncio.shield(asyncio.ensure_future(self._run_cycle(prices, house)))

    async def _run_cycle(self, prices: PriceRecord, house: InputRecord | None) -> ReadModel:
        async with self._cycling:
            results, error = await self._govern_slices(prices, house)
            await self._answers(results)
            await self._end_cycle(error)
        return self.view

    async def _govern_slices(
        self, prices: PriceRecord, house: InputRecord | None
    ) -> tuple[list[CycleResult], LedgerError | None]:
        """Govern readings as they arrive; return the results, and the error of the last failure."""
        results: list[CycleResult] = []
        error = None
        async for polls in self._slices():
            is_first = not results
            wanted = _Wanted(
                polls=polls,
                prices=prices if is_first else None,
                house=house if is_first else None,
            )
            try:
                results.append(await self._govern(wanted, self._urgency_of(polls)))
            except LedgerError as err:
                error = err
                self.view = self.view.failing(str(err), polls, self._poller.infos)
        return results, error

    async def _slices(self) -> AsyncIterator[Polls]:
        if not self._adapters:  # the prices are recorded all the same
            yield {}
        async for polls in self._poller.slices(
            self._adapters, self._poll_deadline_s(), self._is_endangered
        ):
            yield polls

    async def _end_cycle(self, error: LedgerError | None) -> None:
        self._has_observed = True
        had_failed, self._cycle_error = self._cycle_error, str(error) if error else None
        self._cycles += error is None
        if error is None and had_failed:
            await self._show()
        self.view = replace(self.view, cycles=self._cycles, ts_ms=self.clock.now_ms())
        if self._cycle_error:
            self.view = self.view.failing(self._cycle_error)

    async def _answers(self, results: Sequence[CycleResult]) -> None:
        """Wait a moment for what was dispatched, so that the view shows its receipts."""
        tasks: list[asyncio.Task[Any]] = [
            self._under_way[dispatch.decision.hash].task
            for result in results
            for dispatch in result.dispatches
            if dispatch.decision.hash in self._under_way
        ]
        tasks += [stop.outcome for stop in self._stopping.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=PROMPT_S)

    def _urgency_of(self, polls: Polls) -> Urgency:
        urgent = any(
            isinstance(said, Reading) and self._is_endangered(miner_id, said)
            for miner_id, said in polls.items()
        )
        return Urgency.SAFETY if urgent else Urgency.CYCLE

    def _is_endangered(self, miner_id: str, reading: Reading) -> bool:
        return outage.looks_endangered(self.view, miner_id, reading)

    def _poll_deadline_s(self) -> float:
        least_s, most_s = POLL_DEADLINE_S
        return min(most_s, max(least_s, self._policy.interval_s * 0.8))

    async def _poll(self, miners: Iterable[str], deadline_s: float) -> Polls:
        ids = sorted(miners)
        found = await asyncio.gather(*(self._poller.poll(key, deadline_s) for key in ids))
        return dict(zip(ids, found, strict=True))

    # Proposals from outside

    async def submit(self, proposal: ProposalRecord, prices: PriceRecord) -> CommandResult:
        """Poll the proposal's miner, govern the proposal, and dispatch it if authorised.

        Returns when the miner has answered; meanwhile cycles go on. A person's stop is sent also
        while the ledger cannot be written. Raises LedgerError for anything else then, KeyError
        for an unknown miner, ValueError for values that no record can hold.
        """
        if proposal.subject not in self._adapters:
            raise KeyError(proposal.subject)
        canonical(proposal.body())
        return await asyncio.shield(asyncio.ensure_future(self._submit(proposal, prices)))

    async def _submit(self, proposal: ProposalRecord, prices: PriceRecord) -> CommandResult:
        now_ms = self.clock.now_ms()
        if not self._admission.admits(proposal, self._policy.max_proposals_per_hour, now_ms):
            return await self._refuse(proposal, now_ms)
        with self._admission.waiting(proposal):
            if proposal.citations:
                proposal = await checked(self.ledger, proposal, now_ms)
            polls = await self._poll_for(proposal)
            wanted = _Wanted(polls=polls, prices=prices, requests={proposal.subject: proposal})
            attempt = Attempt()
            try:
                result = await self._govern(wanted, _urgency(proposal), attempt)
            except LedgerError:
                if proposal.subject not in attempt.early:
                    raise
                return await _late_result(attempt.early[proposal.subject])
        return await self._result_of(proposal, result)

    async def _poll_for(self, proposal: ProposalRecord) -> Polls:
        """Read the proposal's miner; a person's stop goes on without, when that takes long."""
        miner_id, deadline_s = proposal.subject, self._poll_deadline_s()
        if _urgency(proposal) is Urgency.SAFETY:
            polling = asyncio.ensure_future(self._poller.poll(miner_id, deadline_s))
            done, _ = await asyncio.wait({polling}, timeout=STOP_POLL_S)
            return {miner_id: polling.result()} if done else {}
        if miner_id in self._stopping:
            # Another command for a miner that is being stopped waits until the stop has ended.
            await asyncio.wait({self._stopping[miner_id].outcome})
        return await self._poll([miner_id], deadline_s)

    async def _result_of(self, proposal: ProposalRecord, result: CycleResult) -> CommandResult:
        planned = result.planned
        decision = next(
            item for item in planned.decisions if item.record.subject == proposal.subject
        )
        entries: list[LedgerEntry[Any]] = [*planned.proofs]
        settling = self._under_way.get(decision.hash)
        if settling is not None:
            entries += await settling.task
        return command_result_of(decision, entries)

    async def _refuse(self, proposal: ProposalRecord, now_ms: int) -> CommandResult:
        """Refuse a proposal of an origin over its limit: nothing is read, little is recorded."""
        self._admission.refuse(proposal)
        refused = self._admission.take_refused(now_ms)
        if refused:
            result = await self._govern(_Wanted(refused=refused), Urgency.OUTSIDE)
            mine = [
                item for item in result.planned.decisions if item.record.subject == proposal.subject
            ]
            if mine:
                return command_result_of(mine[-1], result.planned.proofs)
        return _refusal(proposal, now_ms, self.view)

    # Governing, within a turn

    async def _govern(
        self, wanted: _Wanted, urgency: Urgency, attempt: Attempt | None = None
    ) -> CycleResult:
        """Run steps two to seven. Raises LedgerError; ``attempt.early`` are then stops that were sent."""
        attempt = attempt or Attempt()
        governing = asyncio.create_task(self._govern_in_turn(wanted, urgency, attempt))
        done, _ = await asyncio.wait({governing}, timeout=STOP_WAITS_S)
        if not done:
            self._send_early(wanted, attempt)
        try:
            return await governing
        except LedgerError:
            self._send_early(wanted, attempt)
            raise
        finally:
            for stop in attempt.early.values():
                stop.outcome.add_done_callback(partial(self._owe_stop, stop))

    async def _govern_in_turn(
        self, wanted: _Wanted, urgency: Urgency, attempt: Attempt
    ) -> CycleResult:
        async with self._turns.take(urgency):
            await self._make_ready()
            inputs = self._inputs(wanted, attempt)
            try:
                result = await cycle.run(self.journal, self._executor, inputs, attempt)
            except LedgerError as err:
                self._outage.fail(err)
                raise
            self._written(inputs.dues, result.entries)
            for dispatch in result.dispatches:
                self._follow(dispatch)
            await self._show()
            return result

    def _inputs(self, wanted: _Wanted, attempt: Attempt) -> CycleInputs:
        # A miner that is being stopped is governed again when the stop is on record.
        polls = {
            miner_id: said
            for miner_id, said in wanted.polls.items()
            if miner_id not in self._stopping
            or miner_id in attempt.early
            or miner_id in wanted.requests
        }
        dues = self._dues(self.clock.next_ms() if wanted.requests else self.clock.now_ms())
        return CycleInputs(
            ts_ms=dues.ts_ms,
            dues=dues,
            polls=polls,
            prices=wanted.prices,
            house=wanted.house,
            requests=wanted.requests,
            refused=wanted.refused or self._refused(wanted, dues.ts_ms),
        )

    def _refused(self, wanted: _Wanted, ts_ms: int) -> Sequence[ProposalRecord]:
        """Return the refusals that a cycle records beside its own proposals."""
        return () if wanted.requests else self._admission.take_refused(ts_ms)

    async def _make_ready(self) -> None:
        """Open the ledger, or read the state from it again, where that is needed.

        Raises LedgerError.
        """
        if self._is_stopped:
            raise LedgerError(LedgerReason.CLOSED, "the controller is stopped")
        try:
            if self._journal is None:
                await self._open()
            elif self._journal.needs_rebuild or self.phase is Phase.OUTAGE:
                await self._recover()
        except LedgerError as err:
            self._outage.fail(err)
            raise

    async def _recover(self, user_id: str | None = None) -> None:
        """Rebuild the state after a failed write, or after a new segment began."""
        self._outage.enter(Phase.RECOVERING)
        rebuilt, held = await self.journal.rebuild()
        if self._broken_at is None and self.ledger.finding is not None:
            self._broken_at = self.known_seq
        recovered = LifecycleRecord(
            ts_ms=self.clock.now_ms(),
            subject=self._operator_id,
            event=LifecycleEvent.RECOVERY,
            version=self._version,
            rebuilt_from_seq=rebuilt.from_seq,
            user_id=user_id,
        )
        dues = self._dues()
        committed = await self.journal.write(resume, recovered, held, dues)
        self._written(dues, committed.entries)
        self._outage.enter(Phase.RECORDING)

    def _dues(self, ts_ms: int | None = None) -> Dues:
        return Dues(
            ts_ms=self.clock.now_ms() if ts_ms is None else ts_ms,
            policy=self._policy,
            miners=sorted(self._adapters),
            infos=dict(self._poller.infos),
            debts=self._outage.debts,
            sent=frozenset(self._under_way),
            broken_at=self._broken_at,
            jump_ms=self.clock.jumped_ms,
        )

    def _written(self, dues: Dues, entries: Sequence[LedgerEntry[Record]]) -> None:
        """Note that a block is on the ledger: clear its debts, emit its events."""
        self._outage.paid(dues.debts)
        self.clock.moved(dues.jump_ms)
        self._events.emit(entries)

    async def _stage(self, records: Sequence[Record]) -> None:
        dues = self._dues()
        try:
            committed = await self.journal.write(stage_after_dues, dues, records)
        except LedgerError as err:
            self._outage.fail(err)
            raise
        self._written(dues, committed.entries)

    async def _show(self) -> None:
        """Replace the read model; on failure keep the old one, marked as failing."""
        try:
            view = await self.journal.read(
                read_model_of,
                miners=sorted(self._adapters),
                infos=dict(self._poller.infos),
                ts_ms=self.clock.now_ms(),
                cycles=self._cycles,
                head=self.ledger.head,
            )
        except LedgerError as err:
            self._cycle_error = str(err)
            self.view = self.view.failing(str(err))
            return
        # Until a whole cycle is on record, the values of the other miners are old.
        self.view = view.failing(self._cycle_error) if self._cycle_error else view
        self._events.governor_health(view.governor.overall.status)

    # Dispatches

    def _follow(self, dispatch: Dispatch) -> None:
        """Start the task that records the receipt of a dispatch."""
        self._stopping.pop(dispatch.decision.record.subject, None)
        task = asyncio.create_task(self._settle(dispatch))
        self._under_way[dispatch.decision.hash] = _Settling(dispatch, task)

    async def _settle(self, dispatch: Dispatch) -> list[LedgerEntry[Any]]:
        """Record the receipt of a dispatch; one turn records all that have ended by then."""
        await asyncio.wait({dispatch.receipt})
        key = dispatch.decision.hash
        receipt = replace(dispatch.receipt.result(), ts_ms=self.clock.now_ms())
        self._ended[key] = Ended(dispatch.decision, receipt)
        try:
            async with self._turns.take(Urgency.CYCLE):
                if key in self._ended:
                    await self._settle_ended()
            return self._settled.pop(key)
        finally:
            del self._under_way[key]

    async def _settle_ended(self) -> None:
        ended, self._ended = self._ended, {}
        if self.phase is not Phase.RECORDING:
            error = self._outage.error or "the ledger is not open"
            self._owe_receipts(ended, LedgerError(LedgerReason.IO_ERROR, error))
            return
        dues = self._dues()
        try:
            committed = await self.journal.write(settle_after_dues, dues, tuple(ended.values()))
        except LedgerError as err:
            self._outage.fail(err)
            self._owe_receipts(ended, err)
            return
        self._written(dues, committed.entries)
        await self._show()
        for key, receipt in zip(ended, committed.result, strict=True):
            self._settled[key] = [receipt]

    def _owe_receipts(self, ended: Mapping[str, Ended], err: LedgerError) -> None:
        _LOGGER.warning("A receipt is recorded when the ledger can be written: %s", err)
        for item in ended.values():
            self._outage.owe(item)
        self._settled |= {key: [not_yet_recorded(item.receipt)] for key, item in ended.items()}

    # Stops that the ledger cannot record in time

    def _send_early(self, wanted: _Wanted, attempt: Attempt) -> None:
        """Send the stops of an attempt that is not on the ledger."""
        if attempt.is_committed:
            return
        ts_ms = self.clock.now_ms()
        already = {*self._stopping, *self._outage.stopped_of_late(ts_ms), *self._being_stopped()}
        for record in self._early_stops(wanted, attempt, ts_ms):
            miner_id = record.subject
            if miner_id in attempt.early:
                continue
            if record.origin is not Origin.PERSON and miner_id in already:
                continue
            stop = self._executor.stop_unrecorded(record)
            attempt.early[miner_id] = self._stopping[miner_id] = stop

    def _early_stops(self, wanted: _Wanted, attempt: Attempt, ts_ms: int) -> list[DecisionRecord]:
        """Return the stops that were decided; before that, those due by the read model."""
        if attempt.planned is not None:
            return [outage.late_decision(item.record, ts_ms) for item in attempt.planned.stops]
        readings = wanted.polls if self._has_observed else {}
        return outage.due_stops(self.view, readings, wanted.requests, ts_ms)

    def _being_stopped(self) -> set[str]:
        return {
            item.dispatch.decision.record.subject
            for item in self._under_way.values()
            if item.dispatch.decision.record.action is Action.STOP
        }

    def _owe_stop(self, stop: EarlyStop, _: asyncio.Task[Any]) -> None:
        """Note that a stop, which has ended, is to be recorded."""
        outcome, reason = stop.outcome.result()
        self._outage.owe(LateStop(decision=stop.record, outcome=outcome, reason=reason))
        if self._stopping.get(stop.miner_id) is stop:
            del self._stopping[stop.miner_id]

    # Calls of people and of the ledger service

    async def hand_back(self, miner_id: str, user_id: str | None) -> None:
        """End a miner's hold, latch and failed attempts, so that the rules act on it again.

        Raises LedgerError.
        """
        override = OverrideRecord(ts_ms=0, subject=miner_id, until_ms=None, user_id=user_id)
        await self._record(Urgency.PERSON, override)

    async def review(
        self, decision: int | str, *, approved: bool, user_id: str | None, note: str | None = None
    ) -> None:
        """Record a person's verdict on a supervised decision, named by its seq or record hash.

        Raises KeyError when no such decision waits for a review, LedgerError after the stop or when
        the ledger cannot be written.
        """
        if self._is_stopped:
            raise LedgerError(LedgerReason.CLOSED, "the controller is stopped")
        waiting = next(
            (item for item in self.view.reviews if decision in (item.seq, item.hash)), None
        )
        if waiting is None:
            raise KeyError(decision)
        verdict = ReviewRecord(
            ts_ms=0,
            subject=waiting.record.subject,
            decision=waiting.seq,
            approved=approved,
            user_id=user_id,
            note=note,
        )
        await self._record(Urgency.PERSON, verdict)

    async def distrust(self, broken_at: int) -> None:
        """Hold all automatic actions, since the ledger is broken at a seq; raises LedgerError.

        Safety stops and people's commands go on. It lasts until ``accept_break``.
        """
        self._broken_at = broken_at
        await self._record(Urgency.PERSON)

    async def record_replies(self, miner_id: str) -> dict[str, Any]:
        """Return what a miner's device replies to reads, without secrets."""
        return await self._adapters[miner_id].record()

    async def accept_break(self, user_id: str | None) -> None:
        """Set the broken ledger aside and begin a new segment of it; raises LedgerError.

        The segment's first records name the old one's head and who accepted the break.
        """
        async with self._turns.take(Urgency.PERSON):
            try:
                now_ms = self.clock.now_ms()
                begun = self.ledger.begin_segment(Cause.ACCEPTED, now_ms, user_id=user_id)
                await self.journal.upkeep(begun)
                self._broken_at = None
                await self._recover(user_id)
            except LedgerError as err:
                self._outage.fail(err)
                raise
            await self._show()

    async def set_policy(self, policy: PolicyRecord) -> None:
        """Put a policy into force and record it, when it differs. Raises LedgerError."""
        self._policy = policy
        await self._record(Urgency.PERSON)

    async def order(self, order: CurtailmentRecord) -> None:
        """Record an order to curtail, or a release; the next cycle keeps it. Raises LedgerError."""
        await self._record(Urgency.PERSON, order)

    async def preview(self, limit_w: float) -> tuple[float, tuple[Reduction, ...]]:
        """Return the power in W that is drawn now, and what would be given up for a limit.

        Raises LedgerError.
        """
        return await self.journal.read(preview, limit_w, self.clock.now_ms())

    async def known_miners(self) -> tuple[PlannedMiner, ...]:
        """Return what a plan or a backtest needs of each miner. Raises LedgerError."""
        return await self.journal.read(known_miners)

    async def plan(self, ahead: PricesAhead | None, sun: SunAhead | None = None) -> bool:
        """Make a plan and record it; return whether there was enough to plan with.

        ``ahead`` None: the energy price is fixed; ``sun`` None: nothing is forecast. The planner runs in a thread of its own. Raises
        LedgerError.
        """
        inputs = await self.journal.read(inputs_of, ahead, self.clock.now_ms(), sun)
        if inputs is None:
            return False
        loop = asyncio.get_running_loop()
        record = await loop.run_in_executor(None, solve, 0, self._operator_id, inputs)
        await self._record(Urgency.OUTSIDE, record)
        return True

    async def plan_inputs(self) -> PlanInputs | None:
        """Return what a plan from now on would rest on; None while prices are not known.

        The inputs of the plan in force, else the present price as a fixed one. Raises LedgerError.
        """
        if self.view.plan is not None:
            return self.view.plan.record.inputs
        return await self.journal.read(inputs_of, None, self.clock.now_ms())

    async def checkpoint(self) -> Stored:
        """Append a signed checkpoint of all blocks so far. Raises LedgerError."""
        async with self._turns.take(Urgency.UPKEEP):
            return await self.journal.upkeep(self.ledger.checkpoint(self.clock.now_ms()))

    async def append_cosigned(self, note: Note) -> Stored:
        """Append a checkpoint record with the cosignatures that it has got.

        Raises LedgerError, and ValueError when the note is not a recent one of this log.
        """
        async with self._turns.take(Urgency.UPKEEP):
            return await self.journal.upkeep(self.ledger.append_note(note, self.clock.now_ms()))

    async def maintain(self, keep_ms: int) -> bool:
        """Do one step of the ledger's housekeeping; return whether there is more of it.

        ``keep_ms`` is how long observations are kept. Does nothing while the clock is doubtful.
        Raises LedgerError.
        """
        now_ms = self.clock.now_ms()
        if not self.clock.may_prune:
            return False
        return await self.ledger.maintain(
            now_ms, keep_ms, partial(self._turns.take, Urgency.UPKEEP)
        )

    async def _record(self, urgency: Urgency, *records: Record) -> None:
        """Record what a person did, after the dues; raises LedgerError."""
        async with self._turns.take(urgency):
            await self._make_ready()
            ts_ms = self.clock.now_ms()
            await self._stage([replace(record, ts_ms=ts_ms) for record in records])
            await self._show()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The polls, prices and proposals that a call wants governed."""

    polls: Polls = field(default_factory=dict)
    prices: PriceRecord | None = None
    house: InputRecord | None = None
    requests: Mapping[str, ProposalRecord] = field(default_factory=dict)
    refused: Sequence[ProposalRecord] = ()


@dataclass(frozen=True, slots=True)
class _Settling:
    """A dispatch, and the task that records its receipt."""

    dispatch: Dispatch
    task: asyncio.Task[list[LedgerEntry[Any]]]


def _monotonic() -> float:
    """Return seconds of a clock that cannot be set."""
    return time.monotonic()


def _urgency(proposal: ProposalRecord) -> Urgency:
    if proposal.origin is not Origin.PERSON:
        return Urgency.OUTSIDE
    return Urgency.SAFETY if proposal.action is Action.STOP else Urgency.PERSON


async def _late_result(stop: EarlyStop) -> CommandResult:
    """Return the result of a stop that is recorded late."""
    await asyncio.wait({stop.outcome})
    decision = not_yet_recorded(stop.record)
    receipt = not_yet_recorded(receipt_of(decision, *stop.outcome.result()))
    return CommandResult(decision=decision, receipt=receipt)


def _refusal(proposal: ProposalRecord, ts_ms: int, view: ReadModel) -> CommandResult:
    """Return the refusal of a proposal that is recorded later, together with others like it."""
    decision = DecisionRecord(
        ts_ms=ts_ms,
        subject=proposal.subject,
        action=proposal.action,
        authorised=False,
        reasons=proposal.reasons,
        origin=proposal.origin,
        value=proposal.value,
        option=proposal.option,
        mode=view.mode,
        suppressed_by=Reason.SOURCE_RATE_LIMITED,
    )
    entry = not_yet_recorded(decision)
    return CommandResult(decision=entry, negative_proof=not_yet_recorded(proof_of(entry)))


async def _within(seconds: float, *closing: Coroutine[Any, Any, None]) -> None:
    """Wait for calls for at most so many seconds; log those that fail."""
    tasks = [asyncio.create_task(item) for item in closing]
    if not tasks:
        return
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.warning("Closing failed: %r", error)


def _close_opened(opening: asyncio.Task[Ledger]) -> None:
    """Close a ledger that opened after the controller had stopped."""
    if not opening.cancelled() and opening.exception() is None:
        _ = asyncio.ensure_future(opening.result().close())  # noqa: RUF006
