"""What is done while the ledger cannot be written, and what is owed to it.

The one exception to recording first: a machine in danger is stopped, and a person's stop is
carried out. Both are recorded late.

    UNOPENED ──opened──▶ RECOVERING ──recovered──▶ RECORDING
                            ▲    │                    │
                            │  failed               failed
                            │    ▼                    ▼
                            └──retry── OUTAGE ◀───────┘
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .read_model import MinerReadModel, ReadModel
from .records import (
    Action,
    DecisionRecord,
    Mode,
    Origin,
    Outcome,
    ProposalRecord,
    Reading,
    Severity,
)
from .records.reasons import Reason
from .state import STOP_MS
from .steps.execute import Ended

SAFETY_STOP_MS: Final = 90_000
"""A stop that was accepted is given this long to show before it is sent again without a record."""


class Phase(StrEnum):
    """Whether the ledger can be written."""

    UNOPENED = "unopened"
    RECOVERING = "recovering"
    """The state is read from the ledger, and what is owed to it is written."""
    RECORDING = "recording"
    OUTAGE = "outage"


NEXT: Final[dict[Phase, frozenset[Phase]]] = {
    Phase.UNOPENED: frozenset({Phase.RECOVERING}),
    Phase.RECOVERING: frozenset({Phase.RECORDING, Phase.OUTAGE}),
    Phase.RECORDING: frozenset({Phase.OUTAGE, Phase.RECOVERING}),
    Phase.OUTAGE: frozenset({Phase.RECOVERING}),
}
"""From each phase to those that may follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStop:
    """A stop that was sent without a record and has ended."""

    decision: DecisionRecord
    outcome: Outcome
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Debts:
    """What the ledger lacks."""

    receipts: tuple[Ended, ...] = ()
    stops: tuple[LateStop, ...] = ()


@dataclass(slots=True)
class Outage:
    """In which phase the ledger is, why it fails, and what is owed to it."""

    phase: Phase = Phase.UNOPENED
    error: str | None = None
    """Why the ledger could not be opened, or the last write failed."""
    _receipts: list[Ended] = field(default_factory=list)
    _stops: list[LateStop] = field(default_factory=list)

    def enter(self, phase: Phase) -> None:
        """Go to another phase. Raises ValueError for one that cannot follow the present one."""
        if phase not in NEXT[self.phase]:
            raise ValueError(f"{phase} cannot follow {self.phase}")
        self.phase = phase

    def fail(self, error: Exception) -> None:
        """Note that the ledger could not be written, or not be opened."""
        self.error = str(error)
        if self.phase in (Phase.RECORDING, Phase.RECOVERING):
            self.enter(Phase.OUTAGE)

    def owe(self, item: Ended | LateStop) -> None:
        """Note what the ledger lacks."""
        if isinstance(item, Ended):
            self._receipts.append(item)
        else:
            self._stops.append(item)

    @property
    def debts(self) -> Debts:
        """Return what the ledger lacks now."""
        return Debts(receipts=tuple(self._receipts), stops=tuple(self._stops))

    def paid(self, debts: Debts) -> None:
        """Note that some debts are on the ledger."""
        del self._receipts[: len(debts.receipts)]
        del self._stops[: len(debts.stops)]

    def stopped_of_late(self, ts_ms: int) -> set[str]:
        """Return the miners that were sent a stop, not yet on record, which may still show."""
        receipts = [
            (item.receipt.subject, item.receipt.ts_ms)
            for item in self._receipts
            if item.receipt.action is Action.STOP and item.receipt.outcome is not Outcome.FAILED
        ]
        stops = [
            (item.decision.subject, item.decision.ts_ms)
            for item in self._stops
            if item.outcome is not Outcome.FAILED
        ]
        return {subject for subject, at in (*receipts, *stops) if ts_ms - at < STOP_MS}


def due_stops(
    view: ReadModel,
    readings: Mapping[str, Reading | Reason],
    requests: Mapping[str, ProposalRecord],
    ts_ms: int,
) -> list[DecisionRecord]:
    """Return a late decision for each machine in danger, and for each stop that a person wants.

    It rests on the read model alone: the state may be out of reach.
    """
    wanted = [
        _late_decision(view, proposal.subject, ts_ms, Origin.PERSON, proposal.reasons)
        for proposal in requests.values()
        if proposal.origin is Origin.PERSON and proposal.action is Action.STOP
    ]
    if view.mode is Mode.MANUAL and not view.policy.safety_stops_in_manual:
        return wanted
    asked = {item.subject for item in wanted}
    endangered = [
        _late_decision(view, miner_id, ts_ms, Origin.STRATEGY, dangers)
        for miner_id, said in sorted(readings.items())
        if isinstance(said, Reading)
        and miner_id not in asked
        and miner_id in view.miners
        and not _is_stopping(view.miners[miner_id], said, ts_ms)
        and (dangers := _dangers(view.miners[miner_id], said))
    ]
    return [*wanted, *endangered]


def late_decision(decision: DecisionRecord, ts_ms: int) -> DecisionRecord:
    """Return the late decision for a stop that was decided and is not on the ledger in time."""
    return DecisionRecord(
        ts_ms=ts_ms,
        subject=decision.subject,
        action=decision.action,
        authorised=True,
        reasons=(*decision.reasons, Reason.LEDGER_UNAVAILABLE),
        origin=decision.origin,
        mode=decision.mode,
        late=True,
    )


def _late_decision(
    view: ReadModel, miner_id: str, ts_ms: int, origin: Origin, reasons: tuple[Reason, ...]
) -> DecisionRecord:
    return DecisionRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=Action.STOP,
        authorised=True,
        reasons=(*reasons, Reason.LEDGER_UNAVAILABLE),
        origin=origin,
        mode=view.mode,
        late=True,
    )


def _dangers(miner: MinerReadModel, reading: Reading) -> tuple[Reason, ...]:
    """Return why a machine must not run: it overheats now, or a danger was found before."""
    found = [item.code for item in miner.divergences if item.severity is Severity.SAFETY]
    hottest_c = reading.hottest_c
    if hottest_c is not None and hottest_c >= miner.limit_c and Reason.OVERHEAT not in found:
        found.insert(0, Reason.OVERHEAT)
    if hottest_c is not None and hottest_c < miner.limit_c and Reason.OVERHEAT in found:
        found.remove(Reason.OVERHEAT)
    return tuple(found)


def _is_stopping(miner: MinerReadModel, reading: Reading, ts_ms: int) -> bool:
    """Tell whether a machine rests, or has been sent a stop that may still show."""
    if reading.mining is False or Action.STOP in miner.commanded:
        return True
    receipt = miner.last_receipt.record if miner.last_receipt else None
    return (
        receipt is not None
        and receipt.action is Action.STOP
        and receipt.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN)
        and ts_ms - receipt.ts_ms < SAFETY_STOP_MS
    )


def looks_endangered(view: ReadModel, miner_id: str, reading: Reading) -> bool:
    """Tell whether a reading is to be governed at once, rather than with those of the others."""
    miner = view.miners.get(miner_id)
    if miner is None or reading.mining is False:
        return False
    slowest = min(reading.fans_rpm, default=None)
    is_still = slowest is not None and slowest < view.policy.min_fan_rpm
    return bool(_dangers(miner, reading)) or is_still
