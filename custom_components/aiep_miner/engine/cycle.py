"""The governed cycle: poll, record, divergence, economics, decide, govern, execute.

1. **Poll**: ``polling.Poller`` reads every miner; each read has its own deadline.
2. **Record**, 3. **divergence**, 4. **economics**, 5. **decide** and 6. **govern** fill one block:
   each step reads the state, which follows from the records staged so far, and stages records of
   its own. The block is committed in one transaction.
7. **Execute**: what is authorised is dispatched, after the commit and never before it.
"""

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
from .steps import profit
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
    """What steps two to six work on."""

    ts_ms: int
    dues: Dues
    """What has to be on the ledger before."""
    polls: Polls
    prices: PriceRecord | None
    """None when those of the last price record still count."""
    requests: Mapping[str, ProposalRecord] = field(default_factory=dict)
    """Miner id to a proposal from outside: that miner's strategy is not asked."""
    refused: Sequence[ProposalRecord] = ()
    """Proposals over their origin's limit: each is recorded, and refused."""

    @property
    def miners(self) -> list[str]:
        """Return the miners that are decided upon."""
        return sorted({*self.polls, *self.requests})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What steps two to six staged."""

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
    """A cycle on its way: what it has come to, and what was sent ahead of it."""

    planned: Planned | None = None
    """What is staged, from the moment when only the commit is outstanding."""
    early: dict[str, EarlyStop] = field(default_factory=dict)
    """Miner id to a stop that was sent since the poll; one that the cycle decides is taken out."""
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
    operator_id = block.state.operator_id
    return block.stage(recording.record(operator_id, inputs.ts_ms, inputs.polls, inputs.prices))


def divergence(
    block: Block, ts_ms: int, miners: list[str]
) -> tuple[list[LedgerEntry[DivergenceRecord]], list[LedgerEntry[ReceiptRecord]]]:
    """Step three: divergences that begin or end, and dispatches that telemetry now closes."""
    state = block.state
    closing = [confirm(state, miner_id, ts_ms) for miner_id in miners]
    found = diverging.check_site(state, ts_ms)
    for miner_id in miners:
        found += diverging.check_miner(state, miner_id, ts_ms)
    return block.stage(found), block.stage(item for item in closing if item is not None)


def economics(block: Block, ts_ms: int, miners: list[str]) -> list[LedgerEntry[ProfitRecord]]:
    """Step four: what each miner earns, or would earn if it ran."""
    return block.stage(profit.assess(block.state, ts_ms, miner_id) for miner_id in miners)


def decide(block: Block, inputs: CycleInputs) -> list[ProposalRecord]:
    """Step five: one proposal for each miner, from outside or from the strategy."""
    return [
        inputs.requests[miner_id]
        if miner_id in inputs.requests
        else deciding.propose(block.state, miner_id, inputs.ts_ms)
        for miner_id in inputs.miners
    ] + list(inputs.refused)


def govern(block: Block, ts_ms: int, proposals: Sequence[ProposalRecord]) -> Governed:
    """Step six: every proposal becomes a decision, each on the state that those before it left."""
    governed = Governed([], [], [])
    for item in proposals:
        proposal = replace(item, ts_ms=ts_ms)
        if proposal.action is not Action.HOLD:
            entries = block.stage([proposal])
            governed.proposals.extend(entries)
            proposal = entries[0].record
        decided = block.stage([governing.decide(block.state, proposal, ts_ms)])
        governed.decisions.extend(decided)
        if _is_suppressed(decided[0].record):
            governed.proofs.extend(block.stage([proof_of(decided[0])]))
    return governed


class Governed(NamedTuple):
    """What step six staged."""

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
