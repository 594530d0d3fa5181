"""Replays a ledger, to see whether each decision follows from the records before it.

The state is folded from the ledger again, record by record, and rebuilt where the controller
rebuilt it. Before each decision the engine and the governor decide anew, and the result is
compared with the record byte for byte.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from .canonical import canonical
from .economics.live import solve
from .ledger import LedgerEntry as Stored
from .ledger import Reader
from .ledger.errors import translated
from .ledger.verifier.database import Database, verify
from .records import (
    DecisionRecord,
    InputRecord,
    LifecycleEvent,
    LifecycleRecord,
    NegativeProofRecord,
    Origin,
    PlanRecord,
    ProposalRecord,
    Record,
    TelemetryRecord,
)
from .records.entry import LedgerEntry
from .state import State
from .state.rebuild import rebuild
from .steps import decide, govern, house, shed


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where the ledger and the replay part."""

    seq: int
    reason: str
    recorded: str = ""
    replayed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a replay found."""

    records: int
    matched: int
    """Decisions that came out the same, byte for byte."""
    late: int = 0
    """Safety stops from a time without a ledger: there is no evidence to decide them on anew."""
    unproven: int = 0
    """Decisions whose evidence has been dropped."""
    plans: int = 0
    """Plans that came out the same, byte for byte."""
    from_seq: int | None = 1
    """From which record on all decisions can be decided anew; None when none can yet. Above 1 when
    observations were dropped: then it is the first start whose state rests on none of them."""
    difference: Difference | None = None


def replay(path: Path, on_progress: Callable[[int], None] | None = None) -> ReplayReport:
    """Verify and replay the ledger at a path, read-only.

    Raises LedgerError when it cannot be read.
    """
    with translated():
        fault = verify(path).fault
        if fault is not None:
            difference = Difference(seq=fault.seq or 0, reason=str(fault))
            return ReplayReport(records=0, matched=0, difference=difference)
        with closing(Reader(Database(path))) as reader:
            return Replay(reader).run(on_progress)


class Replay:
    """One pass over a ledger."""

    def __init__(self, reader: Reader) -> None:
        """Take an open ledger; it is only read."""
        self._reader = reader
        self._operator_id = reader.database.operator_id
        self._state = State(self._operator_id)
        self._seq = 0
        self._follows = True
        """Whether the state is the one that the controller had."""
        self._from_seq: int | None = 1
        """Where following began, the last time."""
        self._polled: list[str] = []
        """The miners whose telemetry is in the block."""
        self._given: dict[str, ProposalRecord] | None = None
        """What the site's limit wants of them; None before the block's first decision."""
        self._records = self._matched = self._late = self._unproven = self._plans = 0

    def run(self, on_progress: Callable[[int], None] | None = None) -> ReplayReport:
        """Replay the whole ledger; ``on_progress`` is told the seq every now and then."""
        difference = None
        for stored in chain.from_iterable(self._reader.read()):
            self._records += 1
            difference = self._take(stored)
            if difference is not None:
                break
            if on_progress is not None and stored.seq % 1000 == 0:
                on_progress(stored.seq)
        return ReplayReport(
            records=self._records,
            matched=self._matched,
            late=self._late,
            unproven=self._unproven,
            plans=self._plans,
            from_seq=self._from_seq,
            difference=difference,
        )

    def _take(self, stored: Stored) -> Difference | None:
        if stored.seq != self._seq + 1:  # observations were dropped
            self._follows, self._from_seq = False, None
        self._seq = stored.seq
        try:
            filed = LedgerEntry(record=stored.record(), seq=stored.seq, hash=stored.hash_hex)
        except ValueError as err:
            return Difference(seq=stored.seq, reason=f"the body cannot be decoded: {err}")
        if isinstance(filed.record, LifecycleRecord):
            self._begin_anew(filed.record, before_seq=stored.seq)
        self._follow_block(filed.record)
        difference = None
        if isinstance(filed.record, DecisionRecord):
            difference = self._compare(stored, filed.record)
        elif isinstance(filed.record, InputRecord):
            difference = self._compare_inputs(stored, filed.record)
        elif isinstance(filed.record, PlanRecord):
            difference = self._compare_plan(stored, filed.record)
        self._state.apply(filed)
        return difference

    def _compare_inputs(self, stored: Stored, recorded: InputRecord) -> Difference | None:
        if not self._follows:
            return None
        measured = house.measure(self._state, house.as_said(recorded))
        replayed, found = canonical(measured.body()), canonical(stored.body)
        if replayed == found:
            return None
        return Difference(
            seq=stored.seq,
            reason="what follows from the inputs differs",
            recorded=found.decode(),
            replayed=replayed.decode(),
        )

    def _compare_plan(self, stored: Stored, recorded: PlanRecord) -> Difference | None:
        solved = solve(recorded.ts_ms, recorded.subject, recorded.inputs)
        replayed = canonical(replace(solved, clock_ms=recorded.clock_ms).body())
        found = canonical(stored.body)
        if replayed == found:
            self._plans += 1
            return None
        return Difference(
            seq=stored.seq,
            reason="the plan does not follow from its inputs",
            recorded=found.decode(),
            replayed=replayed.decode(),
        )

    def _follow_block(self, record: Record) -> None:
        """Decide on the site's limit where the cycle did: before a block's first proposal."""
        match record:
            case TelemetryRecord():
                if self._given is not None:
                    self._polled, self._given = [], None
                self._polled.append(record.subject)
            case ProposalRecord() | DecisionRecord() if self._given is None:
                self._given = shed.propose(self._state, self._polled, record.ts_ms)
            case NegativeProofRecord() if self._given is not None:
                refused = self._state.miner(record.subject).decision
                instead = shed.instead_of(refused.record) if refused else None
                if instead is not None:
                    self._given[record.subject] = instead

    def _begin_anew(self, record: LifecycleRecord, *, before_seq: int) -> None:
        """Rebuild the state where the controller did."""
        if record.event is LifecycleEvent.STOP or record.rebuilt_from_seq is None:
            return
        self._state, rebuilt = rebuild(self._operator_id, self._reader, before_seq - 1)
        self._follows = rebuilt.whole
        if self._from_seq is None and rebuilt.whole:
            self._from_seq = before_seq

    def _compare(self, stored: Stored, recorded: DecisionRecord) -> Difference | None:
        if recorded.late:
            self._late += 1
            return None
        if not self._follows:
            self._unproven += 1
            return None
        decided = replace(self._decide(recorded), clock_ms=recorded.clock_ms)
        replayed, found = canonical(decided.body()), canonical(stored.body)
        if replayed == found:
            self._matched += 1
            return None
        return Difference(
            seq=stored.seq,
            reason="the decision does not follow from the records before it",
            recorded=found.decode(),
            replayed=replayed.decode(),
        )

    def _decide(self, recorded: DecisionRecord) -> DecisionRecord:
        proposal: ProposalRecord | None = None
        if recorded.origin not in (Origin.STRATEGY, Origin.PLANNER):
            latest = self._state.miner(recorded.subject).proposal
            proposal = latest.record if latest else None
        elif (given := (self._given or {}).get(recorded.subject)) is not None:
            proposal = replace(given, ts_ms=recorded.ts_ms)
        if proposal is None:
            proposal = decide.propose(self._state, recorded.subject, recorded.ts_ms)
        return govern.decide(self._state, proposal, recorded.ts_ms)
