"""The governed cycle: poll, record, divergence, economics, decide, govern, execute.

1. **Poll**: ``polling.Poller`` reads every miner; each read has its own deadline.
2. **Record**, 3. **divergence**, 4. **economics**, 5. **decide** and 6. **govern** fill one block:
   each step reads the state, which follows from the records staged so far, and stages records of
   its own. The block is committed in one transaction.
7. **Execute**: what is authorised is dispatched, after the commit and never before it.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .dues import Dues, stage_dues
from .journal import Block, Journal
from .polling import Polls
from .records import (
    Action,
    DecisionRecord,
    DivergenceRecord,
    InputRecord,
    NegativeProofRecord,
    Origin,
    PriceRecord,
    ProfitRecord,
    ProposalRecord,
    ReceiptRecord,
    Record,
)
from .records.entry import LedgerEntry
from .state import State
from .steps import decide as deciding
from .steps import divergence as diverging
from .steps import govern as governing
from .steps import house, profit, shed
from .steps import record as recording
from .steps.execute import (
    Dispatch,
    EarlyStop,
    Executor,
    attempt_of,
    confirm,
    proof_of,
    superseded,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleInputs:
    """The inputs of steps two to six."""

    ts_ms: int
    dues: Dues
    """What the block records before anything else."""
    polls: Polls
    prices: PriceRecord | None
    """None when the last price record is still in force."""
    house: InputRecord | None = None
    """What the house measured; None where nothing of it is set up, and for late miners."""
    requests: Mapping[str, ProposalRecord] = field(default_factory=dict)
    """Miner id to a proposal from outside: it replaces the strategy's proposal for that miner."""
    refused: Sequence[ProposalRecord] = ()
    """Proposals over their origin's limit: each is recorded, and refused."""

    @property
    def miners(self) -> list[str]:
        """Return the miners that get a decision."""
        return sorted({*self.polls, *self.requests})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The entries that steps two to six staged."""

    recorded: Sequence[LedgerEntry[Record]] = ()
    divergences: Sequence[LedgerEntry[DivergenceRecord]] = ()
    closed: Sequence[LedgerEntry[ReceiptRecord]] = ()
    """Earlier dispatches that telemetry confirmed or refuted, or that another command follows."""
    profits: Sequence[LedgerEntry[ProfitRecord]] = ()
    proposals: Sequence[LedgerEntry[ProposalRecord]] = ()
    decisions: Sequence[LedgerEntry[DecisionRecord]] = ()
    proofs: Sequence[LedgerEntry[NegativeProofRecord]] = ()
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Record hash of an authorised decision to which attempt in a row it is, from 1."""

    stops: Sequence[LedgerEntry[DecisionRecord]] = ()
    """Authorised stops, of people and for safety: they need not wait for a slow commit."""

    @property
    def authorised(self) -> list[LedgerEntry[DecisionRecord]]:
        """Return the decisions that are to be dispatched."""
        return [item for item in self.decisions if item.record.authorised]


@dataclass(slots=True)
class Attempt:
    """The progress of a cycle, and the stops that were sent before its commit."""

    planned: Planned | None = None
    """The staged entries; set when only the commit is outstanding."""
    early: dict[str, EarlyStop] = field(default_factory=dict)
    """Miner id to a stop sent since the poll; removed when a decision of the cycle adopts it."""
    is_committed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleResult:
    """The records of a cycle by step, all of its entries, and the dispatches under way."""

    planned: Planned
    entries: Sequence[LedgerEntry[Record]]
    dispatches: tuple[Dispatch, ...]


async def run(
    journal: Journal, executor: Executor, inputs: CycleInputs, attempt: Attempt
) -> CycleResult:
    """Run steps two to seven on what was polled. Raises LedgerError: then nothing was dispatched."""
    committed = await journal.write(plan, inputs, attempt)
    attempt.is_committed = True
    dispatches = execute(executor, committed.result, attempt.early)
    return CycleResult(planned=committed.result, entries=committed.entries, dispatches=dispatches)


def plan(block: Block, inputs: CycleInputs, attempt: Attempt) -> Planned:
    """Run steps two to six: fill the block."""
    ts_ms, miners = inputs.ts_ms, inputs.miners
    stage_dues(block, inputs.dues)
    recorded = record(block, inputs)
    divergences, confirmed = divergence(block, ts_ms, miners)
    profits = economics(block, ts_ms, miners)
    wanted = decide(block, inputs)
    proposals, decisions, proofs = govern(block, ts_ms, wanted)
    attempt.planned = Planned(
        recorded=recorded,
        divergences=divergences,
        closed=[*confirmed, *_superseded(block, ts_ms, decisions)],
        profits=profits,
        proposals=proposals,
        decisions=decisions,
        proofs=proofs,
        attempts=_attempts(block.state, decisions),
        stops=[item for item in decisions if _is_urgent(block.state, item.record)],
    )
    return attempt.planned


def record(block: Block, inputs: CycleInputs) -> list[LedgerEntry[Record]]:
    """Step two: what was read, and the prices that count."""
    records = recording.record(block.state.operator_id, inputs.ts_ms, inputs.polls, inputs.prices)
    try:
        recorded = block.stage(records)
    except ValueError:
        checked = [recording.as_recordable(item) for item in records]
        if checked == records:
            raise
        recorded = block.stage(checked)
    if inputs.house is not None:
        said = replace(inputs.house, ts_ms=inputs.ts_ms, subject=block.state.operator_id)
        recorded += block.stage([house.measure(block.state, said)])
    return recorded


def divergence(
    block: Block, ts_ms: int, miners: list[str]
) -> tuple[list[LedgerEntry[DivergenceRecord]], list[LedgerEntry[ReceiptRecord]]]:
    """Step three: divergences that begin or end, and dispatches that telemetry now closes."""
    state = block.state
    closing = [confirm(state, miner_id, ts_ms) for miner_id in miners]
    closed = block.stage(item for item in closing if item is not None)
    found = diverging.check_site(state, ts_ms)
    for miner_id in miners:
        found += diverging.check_miner(state, miner_id, ts_ms)
    return block.stage(found), closed


def economics(block: Block, ts_ms: int, miners: list[str]) -> list[LedgerEntry[ProfitRecord]]:
    """Step four: what each miner earns, or would earn if it ran."""
    return block.stage(profit.assess(block.state, ts_ms, miner_id) for miner_id in miners)


def decide(block: Block, inputs: CycleInputs) -> list[ProposalRecord]:
    """Step five: one proposal for each miner, from outside, for the site's limit or the strategy's."""
    state, ts_ms = block.state, inputs.ts_ms
    polled = [miner_id for miner_id in sorted(inputs.polls) if miner_id not in inputs.requests]
    given = {**shed.propose(state, polled, ts_ms), **inputs.requests}
    return [
        given[miner_id] if miner_id in given else deciding.propose(state, miner_id, ts_ms)
        for miner_id in inputs.miners
    ] + list(inputs.refused)


def govern(block: Block, ts_ms: int, proposals: Sequence[ProposalRecord]) -> Governed:
    """Step six: decide each proposal, on the state after the decisions before it."""
    governed = Governed([], [], [])
    due = deque(proposals)
    while due:
        proposal = replace(due.popleft(), ts_ms=ts_ms)
        if proposal.action is not Action.HOLD:
            entries = block.stage([proposal])
            governed.proposals.extend(entries)
            proposal = entries[0].record
        decided = block.stage([governing.decide(block.state, proposal, ts_ms)])
        governed.decisions.extend(decided)
        if _is_suppressed(decided[0].record):
            governed.proofs.extend(block.stage([proof_of(decided[0])]))
            instead = shed.instead_of(decided[0].record)
            due.extend([] if instead is None else [instead])
    return governed


class Governed(NamedTuple):
    """The entries that step six staged."""

    proposals: list[LedgerEntry[ProposalRecord]]
    decisions: list[LedgerEntry[DecisionRecord]]
    proofs: list[LedgerEntry[NegativeProofRecord]]


def _superseded(
    block: Block, ts_ms: int, decisions: Sequence[LedgerEntry[DecisionRecord]]
) -> list[LedgerEntry[ReceiptRecord]]:
    """Close what is pending on miners that get another command."""
    authorised = [item for item in decisions if item.record.authorised]
    return block.stage(superseded(block.state, authorised, ts_ms))


def _attempts(state: State, decisions: Sequence[LedgerEntry[DecisionRecord]]) -> dict[str, int]:
    return {
        item.hash: attempt_of(state.miner(item.record.subject), item.record.action)
        for item in decisions
        if item.record.authorised
    }


def _is_urgent(state: State, record: DecisionRecord) -> bool:
    if record.action is not Action.STOP or not record.authorised:
        return False
    dangers = state.miner(record.subject).dangers
    return record.origin is Origin.PERSON or not set(dangers).isdisjoint(record.reasons)


def _is_suppressed(record: DecisionRecord) -> bool:
    return record.action is not Action.HOLD and not record.authorised


def execute(
    executor: Executor, planned: Planned, early: dict[str, EarlyStop]
) -> tuple[Dispatch, ...]:
    """Step seven: dispatch what is authorised, unless its stop was sent already."""
    return tuple(
        executor.adopt(item, early.pop(item.record.subject))
        if item.record.action is Action.STOP and item.record.subject in early
        else executor.dispatch(item, planned.attempts[item.hash])
        for item in planned.authorised
    )
