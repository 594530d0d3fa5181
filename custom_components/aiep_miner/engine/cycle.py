"""The governed cycle: poll, record, divergence, economics, decide, govern, execute.

Each step reads the state, which follows from the records filed so far, and files records of
its own. Nothing is dispatched before its decision is durable.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from . import economics
from .canonical import canonical
from .journal import Journal
from .miners.base import MinerError
from .records import (
    Action,
    Basis,
    DecisionRecord,
    DivergenceRecord,
    Mode,
    Origin,
    Outcome,
    OverrideRecord,
    PriceRecord,
    ProfitRecord,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Record,
    TelemetryRecord,
)
from .records.entry import LedgerEntry
from .records.reasons import Reason
from .state import MinerState, State
from .steps import decide, divergence, govern
from .steps import execute as execution

_LOGGER = logging.getLogger(__name__)

POLLS_AT_ONCE = 128
PROMPT_S = 5.0
"""How long a cycle waits for the miners' answers to commands; later ones are filed when they come."""

type Polls = Mapping[str, Reading | Reason]
"""What each miner said, or why it could not be read."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A command on its way, and what it was decided by."""

    decision: LedgerEntry[DecisionRecord]
    receipt: asyncio.Task[ReceiptRecord]


async def run(
    journal: Journal,
    polls: Polls,
    prices: PriceRecord,
    requests: Requests,
    on_slow: Callable[[Dispatch], None],
) -> None:
    """Run steps two to seven for the miners polled; raises LedgerError.

    ``requests`` are proposals from outside: a miner that has one is not asked of the strategy.
    ``on_slow`` is given each dispatch that outlasts the cycle, to ``settle`` it when it has ended.
    """
    ts_ms = journal.now_ms()
    miners = sorted(polls)

    await journal.file(lambda state: observe(state, ts_ms, polls, prices))

    await journal.file(lambda state: check(state, ts_ms, miners))

    await journal.file(lambda state: reckon(state, ts_ms, miners))

    proposals = await journal.read(lambda state: propose(state, ts_ms, miners, requests))
    await journal.file(lambda _: [item for item in proposals if item.action is not Action.HOLD])

    decisions = []
    for batch in await journal.read(lambda state: _batches(state, proposals)):
        decisions += await journal.file(partial(_decide, batch, ts_ms))

    wanted = [item for item in decisions if item.record.action is not Action.HOLD]
    await execute(journal, wanted, on_slow)


def _decide(proposals: list[ProposalRecord], ts_ms: int, state: State) -> list[DecisionRecord]:
    return [govern.decide(state, item, ts_ms) for item in proposals]


def _batches(state: State, proposals: list[ProposalRecord]) -> list[list[ProposalRecord]]:
    """Return what is decided at once: under a site's maximum each claim must see those before."""
    if state.policy.record.governor.max_power_watts is None:
        return [proposals]
    claims = [item for item in proposals if item.action in govern.CLAIMS]
    others = [item for item in proposals if item.action not in govern.CLAIMS]
    return [others, *([item] for item in claims)]


type Requests = Mapping[str, ProposalRecord]


async def poll(journal: Journal, miners: Iterable[str], deadline_s: float) -> Polls:
    """Step one: read every miner at once; a dead one costs its own deadline and nobody else's."""
    gate = asyncio.Semaphore(POLLS_AT_ONCE)

    async def one(miner_id: str) -> Reading | Reason:
        async with gate:
            try:
                async with asyncio.timeout(deadline_s):
                    return await journal.read_miner(miner_id)
            except MinerError as err:
                return err.reason
            except TimeoutError:
                return Reason.TIMEOUT
            except Exception:
                _LOGGER.exception("The adapter of %s failed unexpectedly", miner_id)
                return Reason.BAD_REPLY

    ids = sorted(miners)
    return dict(zip(ids, await asyncio.gather(*map(one, ids)), strict=True))


def observe(state: State, ts_ms: int, polls: Polls, prices: PriceRecord) -> list[Record]:
    """Step two: what was read, and the prices that count."""
    telemetry = [_telemetry(miner_id, found, ts_ms) for miner_id, found in sorted(polls.items())]
    return [*telemetry, replace(prices, ts_ms=ts_ms, subject=state.operator_id)]


def _telemetry(miner_id: str, found: Reading | Reason, ts_ms: int) -> TelemetryRecord:
    """Return the record of a poll; one miner's nonsense must not cost the others their cycle."""
    if isinstance(found, Reason):
        return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, error=found)
    record = TelemetryRecord(ts_ms=ts_ms, subject=miner_id, reading=found)
    try:
        canonical(record.body())
    except ValueError as err:
        _LOGGER.debug("%s said what no record can hold: %s", miner_id, err)
        return replace(record, reading=None, error=Reason.BAD_REPLY)
    return record


def check(state: State, ts_ms: int, miners: list[str]) -> list[Record]:
    """Step three: divergences that begin or end, and dispatches that telemetry now closes."""
    closed = [execution.confirm(state, miner_id, ts_ms) for miner_id in miners]
    found: list[DivergenceRecord] = divergence.check_site(state, ts_ms)
    for miner_id in miners:
        found += divergence.check_miner(state, miner_id, ts_ms)
    return [*found, *(item for item in closed if item is not None)]


def reckon(state: State, ts_ms: int, miners: list[str]) -> list[ProfitRecord]:
    """Step four: what each miner earns, or would earn if it ran."""
    assert state.price is not None  # noqa: S101 - step two has just filed it
    return [
        economics.assess(
            ts_ms=ts_ms,
            miner_id=miner_id,
            figures=figures(state, state.miner(miner_id)),
            price=state.price.record,
            policy=state.policy.record,
        )
        for miner_id in miners
    ]


def figures(state: State, miner: MinerState) -> economics.Figures:
    """Return the measured hash rate and power of a running miner, else its usual or nominal ones."""
    usual_rate, usual_power = miner.usual(state.policy.record.miner(miner.miner_id))
    fresh = miner.telemetry.record.reading if miner.telemetry else None
    if fresh is None or not fresh.mining or not fresh.hashrate_ths:
        return economics.Figures(
            basis=miner.learned_basis, hashrate_ths=usual_rate, power_w=usual_power
        )
    if fresh.power_w is not None:
        return economics.Figures(
            basis=Basis.MEASURED, hashrate_ths=fresh.hashrate_ths, power_w=fresh.power_w
        )
    return economics.Figures(
        basis=Basis.MEASURED,
        hashrate_ths=fresh.hashrate_ths,
        power_w=usual_power,
        power_basis=Basis.NOMINAL,
    )


def propose(
    state: State, ts_ms: int, miners: list[str], requests: Requests
) -> list[ProposalRecord]:
    """Step five: one proposal for each miner, from outside or from the strategy."""
    return [
        replace(requests[miner_id], ts_ms=ts_ms)
        if miner_id in requests
        else decide.propose(state, miner_id, ts_ms)
        for miner_id in miners
    ]


async def execute(
    journal: Journal,
    decisions: list[LedgerEntry[DecisionRecord]],
    on_slow: Callable[[Dispatch], None],
) -> None:
    """Step seven: dispatch what is authorised, prove why the rest was not.

    A miner that is slow to answer holds up nobody else.
    """
    authorised = [item for item in decisions if item.record.authorised]
    proofs = [execution.proof_of(item) for item in decisions if not item.record.authorised]
    ts_ms = journal.now_ms()
    await journal.file(lambda state: [*proofs, *_superseded(state, authorised, ts_ms)])
    if not authorised:
        return
    attempts = await journal.read(lambda state: _attempts(state, authorised))
    receipts = map(journal.executor.dispatch, authorised, attempts, strict=True)
    sent = list(map(Dispatch, authorised, map(asyncio.ensure_future, receipts), strict=True))
    _, slow = await asyncio.wait([item.receipt for item in sent], timeout=PROMPT_S)
    for item in sent:
        if item.receipt in slow:
            on_slow(item)
    await settle(journal, [item for item in sent if item.receipt not in slow])


async def settle(journal: Journal, dispatches: list[Dispatch]) -> None:
    """File what came of dispatches that have ended; raises LedgerError, and then it is owed."""
    ts_ms = journal.now_ms()
    decisions = [item.decision for item in dispatches]
    receipts = [replace(item.receipt.result(), ts_ms=ts_ms) for item in dispatches]
    await journal.file_owed(
        await journal.read(
            lambda state: [
                *_superseded(state, decisions, ts_ms),
                *receipts,
                *takeovers(state, decisions, receipts, ts_ms),
            ]
        )
    )


def _attempts(state: State, authorised: list[LedgerEntry[DecisionRecord]]) -> list[int]:
    return [
        execution.attempt_of(state.miner(item.record.subject), item.record.action)
        for item in authorised
    ]


def _superseded(
    state: State, decisions: list[LedgerEntry[DecisionRecord]], ts_ms: int
) -> list[ReceiptRecord]:
    """Return the receipts that close what is pending on miners that are told something else."""
    pending = [state.miner(item.record.subject).pending for item in decisions]
    return [execution.supersede(item, ts_ms) for item in pending if item is not None]


def takeovers(
    state: State,
    decisions: list[LedgerEntry[DecisionRecord]],
    receipts: list[ReceiptRecord],
    ts_ms: int,
) -> list[OverrideRecord]:
    """Return the records of people who took a miner over by commanding it in AUTO."""
    policy = state.policy.record
    if policy.mode is not Mode.AUTO or not policy.person_hold_min:
        return []
    until_ms = ts_ms + round(policy.person_hold_min * 60_000)
    return [
        OverrideRecord(
            ts_ms=ts_ms,
            subject=decision.record.subject,
            until_ms=until_ms,
            user_id=_user_of(state, decision),
        )
        for decision, receipt in zip(decisions, receipts, strict=True)
        if decision.record.origin is Origin.PERSON and receipt.outcome is not Outcome.FAILED
    ]


def _user_of(state: State, decision: LedgerEntry[DecisionRecord]) -> str | None:
    proposal = state.miner(decision.record.subject).proposal
    return proposal.record.user_id if proposal else None
