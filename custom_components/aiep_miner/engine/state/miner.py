"""The state of one miner."""

import statistics
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..records import (
    Action,
    Basis,
    DecisionRecord,
    DivergenceRecord,
    MinerPolicy,
    NegativeProofRecord,
    Outcome,
    ProfitRecord,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Severity,
    TelemetryRecord,
)
from ..records.entry import LedgerEntry
from ..records.reasons import Reason
from .levels import LevelFigures, LevelTrack

LEARNED_READINGS: Final = 20
"""How many running readings the usual hash rate and power are the median of."""


ENOUGH_READINGS: Final = 5
"""With fewer of them the nominal values are used instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A dispatch whose effect telemetry has not shown yet."""

    receipt: ReceiptRecord
    decided_ms: int
    """When it was decided: nothing that it does to the miner can be from before."""
    since_ms: int
    """When its dispatch ended, which is up to minutes later for a miner that is slow to answer."""
    first_ms: int
    """When the first was sent of those that followed each other without an effect seen."""
    lost_since: bool = False
    """The miner could not be read at least once since the dispatch."""
    paused_since: bool = False
    """It did not hash in at least one reading since the dispatch."""


@dataclass(slots=True, kw_only=True)
class MinerState:
    """The part of the state that concerns one miner."""

    miner_id: str
    observed: bool = False
    """Whether it has had a decision since the start; the first cycle only observes."""
    telemetry: LedgerEntry[TelemetryRecord] | None = None
    reading: Reading | None = None
    """The last good one, of ``reading_ms``."""
    reading_ms: int = 0
    profit: LedgerEntry[ProfitRecord] | None = None
    decision: LedgerEntry[DecisionRecord] | None = None
    proposal: LedgerEntry[ProposalRecord] | None = None
    receipt: LedgerEntry[ReceiptRecord] | None = None
    divergences: dict[Reason, LedgerEntry[DivergenceRecord]] = field(default_factory=dict)
    open_decisions: dict[int, LedgerEntry[DecisionRecord]] = field(default_factory=dict)
    """Seq to decision: those that asked for a change and have no receipt or proof yet."""

    running: deque[tuple[float, float | None]] = field(
        default_factory=lambda: deque(maxlen=LEARNED_READINGS)
    )
    """Hash rate in TH/s and power in W of the last readings while it ran as usual, with the same
    boards and settings."""
    running_boards: int = 0
    """How many boards ran in them; 0 where the device does not say."""
    carried: tuple[float, float | None] | None = None
    """Those values from before the records that the state was rebuilt from."""
    carried_boards: int | None = None
    """How many boards ran when it had them; None unknown."""
    setpoint: ReceiptRecord | None = None
    """The last target that was sent; with the outcome that closed it, once there is one."""
    unproven_w: float | None = None
    """The highest power limit sent since the last whose effect was seen."""
    limit_passed: bool = False
    """It drew more than the confirmed power limit in force."""
    within_w: float | None = None
    """The power in W that it drew when the site was last within its limit."""
    may_run: bool = False
    """It runs, or was started and has not reported since that it is stopped."""
    tuned: bool = False
    """Its usual values are from before it was tuned, until there are enough new readings."""
    has_run: bool = False
    """Whether it has hashed since its last start; before that no collapse is possible."""
    running_since_ms: int | None = None
    stopped_since_ms: int | None = None
    intended_off: bool = False
    """The last command that took effect was a stop."""
    settling_since_ms: int = 0
    """When a command was sent that changes hash rate and profit …"""
    settled_from_ms: int = 0
    """… and until when changes of both are attributed to it."""
    low_since_ms: int | None = None
    frozen_polls: int = 0
    """Polls in a row that repeated hash rate, uptime and shares to the digit …"""
    frozen_since_ms: int = 0
    """… and when they were first reported."""
    fans_seen: frozenset[int] = frozenset()
    """Indexes of the fans that have turned."""
    fans_still: dict[int, int] = field(default_factory=dict)
    """Fan index to polls in a row for which a fan that has turned stood still."""
    curve: dict[str, LevelFigures] = field(default_factory=dict)
    """Level to what it brings."""
    track: LevelTrack | None = None
    """The level that it hashes at, and since when."""
    levels_set_ms: deque[int] = field(default_factory=lambda: deque(maxlen=16))
    """When its level was set, the latest times."""
    running_level: str | None = None
    """The last level that it hashed at."""
    tells: frozenset[str] = frozenset()
    """Fields of a reading that it has reported while it ran."""
    silent: dict[str, int] = field(default_factory=dict)
    """Those of them that are missing, and for how many polls in a row."""
    overheated_ms: int | None = None
    """When it was last at or above its limit …"""
    overheated_c: float | None = None
    """… and its highest temperature then."""
    profit_side: int = 0
    """Which side of the margin profit is on: -1 below, 1 above, 0 within or unknown."""
    profit_side_since_ms: int = 0

    pending: Pending | None = None
    superseded: Pending | None = None
    """The dispatch that the next one follows before its effect was seen."""
    failures: dict[Action, ReceiptRecord] = field(default_factory=dict)
    """The last receipt of an action that failed or was not confirmed."""
    not_confirmed: Action | None = None
    restarts_ms: deque[int] = field(default_factory=lambda: deque(maxlen=32))
    latched: bool = False
    hold_until_ms: int | None = None
    hold_user_id: str | None = None
    """The Home Assistant user who took it over."""
    suppressed: NegativeProofRecord | None = None
    """The last proof of a rule that does not pass by itself."""

    def usual(self, nominal: MinerPolicy) -> tuple[float | None, float | None]:
        """Return the usual hash rate (TH/s) and power (W) while running; None where unknown."""
        if len(self.running) >= ENOUGH_READINGS or (
            self.running and not nominal.nominal_hashrate_ths
        ):
            powers = [power for _, power in self.running if power is not None]
            return (
                statistics.median(rate for rate, _ in self.running),
                statistics.median(powers) if powers else nominal.nominal_power_w,
            )
        if self.carried is not None:
            rate, power = self.carried
            return rate, power if power is not None else nominal.nominal_power_w
        return nominal.nominal_hashrate_ths, nominal.nominal_power_w

    def rate_at(self, level: str | None, own: MinerPolicy) -> float | None:
        """Return the hash rate in TH/s of a level, as learned, else as claimed; None where unknown."""
        learned = self.curve.get(level or "")
        if learned is not None:
            return learned.hashrate_ths
        return next((item.hashrate_ths for item in own.levels or () if item.name == level), None)

    @property
    def usual_boards(self) -> int | None:
        """Return the number of boards that the usual values are of; None unknown."""
        is_learned = len(self.running) >= ENOUGH_READINGS
        return (self.running_boards if is_learned else self.carried_boards) or None

    @property
    def confirmed_limit_w(self) -> float | None:
        """Return the power limit in W that it showed the effect of; None without one in force."""
        sent = self.setpoint
        if sent is None or sent.action is not Action.SET_POWER:
            return None
        return sent.value if sent.outcome is Outcome.CONFIRMED else None

    @property
    def commanded(self) -> frozenset[Action]:
        """Return the actions of dispatches that have not ended."""
        return frozenset(
            item.record.action for item in self.open_decisions.values() if item.record.authorised
        )

    @property
    def dangers(self) -> tuple[Reason, ...]:
        """Return the active divergences for which it must not run."""
        return tuple(
            code
            for code, filed in self.divergences.items()
            if filed.record.severity is Severity.SAFETY
        )

    @property
    def doubts(self) -> tuple[Reason, ...]:
        """Return the active divergences that make its evidence unfit to act on."""
        return tuple(
            code
            for code, filed in self.divergences.items()
            if filed.record.severity is Severity.HOLD
        )

    @property
    def learned_power_w(self) -> float | None:
        """Return the usual power in W since it was last tuned; None with too few readings."""
        if len(self.running) < ENOUGH_READINGS:
            return None
        powers = [power for _, power in self.running if power is not None]
        return statistics.median(powers) if powers else None

    @property
    def learned_basis(self) -> Basis:
        """Return whether ``usual`` comes from the miner's own running."""
        return Basis.LAST_RUNNING if self.running or self.carried else Basis.NOMINAL
