"""What the engine knows: a fold over the ledger's records, and nothing else.

The cycle never changes the state; it files records, and the state follows from them. So a
restart rebuilds it from the ledger, and a replay meets the same state before each decision.
"""

import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .governor import (
    HardwareReading,
    MiningAction,
    MiningDomain,
    MiningGovernor,
    policy_from_record,
)
from .reasons import Reason
from .records import (
    Action,
    Basis,
    DecisionRecord,
    DivergenceRecord,
    LifecycleEvent,
    LifecycleRecord,
    MinerPolicy,
    NegativeProofRecord,
    Outcome,
    OverrideRecord,
    PolicyRecord,
    Pool,
    PriceRecord,
    ProfitRecord,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Record,
    ReviewRecord,
    Severity,
    Source,
    TelemetryRecord,
)
from .views import Filed

LEARNED_READINGS: Final = 20
"""How many running readings the usual hash rate and power are the median of."""
ENOUGH_READINGS: Final = 5
"""With fewer of them the nominal values are used instead."""
MAX_SOURCES: Final = 64
MAX_COUNTED_PROPOSALS: Final = 1001
MAX_REVIEWS: Final = 100

BOOT_MS: Final = 300_000
"""A machine that starts may take this long until it hashes."""
STOP_MS: Final = 60_000
"""The least time that a stop or a setting is given to show."""

DISPATCHED: Final = frozenset({Outcome.ACCEPTED, Outcome.FAILED, Outcome.UNKNOWN})
TUNING: Final = frozenset(
    {Action.SET_POWER, Action.SET_HASHRATE, Action.SET_PRESET, Action.SET_BOARD}
)

GOVERNED: Final = {
    Action.RUN: (MiningDomain.HARDWARE, MiningAction.START),
    Action.STOP: (MiningDomain.HARDWARE, MiningAction.STOP),
    Action.RESTART: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_POWER: (MiningDomain.POWER, MiningAction.ADJUST_POWER_LIMIT),
    Action.SET_HASHRATE: (MiningDomain.HASH_RATE, MiningAction.TUNE_HASH_RATE),
    Action.SET_POOL: (MiningDomain.POOL_MANAGEMENT, MiningAction.SWITCH_POOL),
    # Firmware restarts its miner for either.
    Action.SET_PRESET: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_BOARD: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.HOLD: (MiningDomain.HARDWARE, MiningAction.NO_ACTION),
}
"""The governor's domain and action for each of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A dispatch whose effect telemetry has not shown yet."""

    receipt: ReceiptRecord
    since_ms: int
    first_ms: int
    """When the first was sent of those that followed each other without an effect seen."""
    lost_since: bool = False
    """The miner could not be read at least once since the dispatch."""


@dataclass(slots=True, kw_only=True)
class MinerState:
    """What is known of one miner."""

    miner_id: str
    observed: bool = False
    """Whether it was decided upon since the start; the first cycle only observes."""
    telemetry: Filed[TelemetryRecord] | None = None
    reading: Reading | None = None
    """The last good one, of ``reading_ms``."""
    reading_ms: int = 0
    profit: Filed[ProfitRecord] | None = None
    decision: Filed[DecisionRecord] | None = None
    proposal: Filed[ProposalRecord] | None = None
    receipt: Filed[ReceiptRecord] | None = None
    divergences: dict[Reason, Filed[DivergenceRecord]] = field(default_factory=dict)
    open_decisions: dict[str, DecisionRecord] = field(default_factory=dict)
    """Record hash to decision: those that wanted a change and have no receipt or proof yet."""

    running: deque[tuple[float, float | None]] = field(
        default_factory=lambda: deque(maxlen=LEARNED_READINGS)
    )
    """Hash rate in TH/s and power in W of the last readings while it ran as usual."""
    carried: tuple[float, float | None] | None = None
    """Those values from before the records that the state was rebuilt from."""
    tuned: bool = False
    """Its usual values are from before it was tuned, until enough readings tell anew."""
    has_run: bool = False
    """Since it was last started: what has not begun cannot collapse."""
    running_since_ms: int | None = None
    stopped_since_ms: int | None = None
    intended_off: bool = False
    """The last command that took was a stop."""
    settled_from_ms: int = 0
    """Before then its hash rate is still the last command's doing."""
    low_since_ms: int | None = None
    frozen_polls: int = 0
    """Polls in a row that repeated hash rate, uptime and shares to the digit …"""
    frozen_since_ms: int = 0
    """… and when they were first said."""
    fans_seen: frozenset[int] = frozenset()
    """Indexes of the fans that have turned."""
    fans_still: dict[int, int] = field(default_factory=dict)
    """Fan index to polls in a row for which a fan that has turned stood still."""
    overheated_ms: int | None = None
    """When it was last at or above its limit."""
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

    @property
    def commanded(self) -> frozenset[Action]:
        """Return what it is being told: dispatches that have not come to an end."""
        return frozenset(item.action for item in self.open_decisions.values() if item.authorised)

    @property
    def dangers(self) -> tuple[Reason, ...]:
        """Return the standing divergences for which it must not run."""
        return tuple(
            code
            for code, filed in self.divergences.items()
            if filed.record.severity is Severity.SAFETY
        )

    @property
    def learned_basis(self) -> Basis:
        """Return whether ``usual`` comes from the miner's own running."""
        return Basis.LAST_RUNNING if self.running or self.carried else Basis.NOMINAL


class State:
    """What is known of one operator's site."""

    def __init__(self, operator_id: str) -> None:
        """Begin knowing nothing."""
        self.operator_id = operator_id
        self.policy = Filed(record=PolicyRecord(ts_ms=0, subject=operator_id), seq=0, hash="")
        self.price: Filed[PriceRecord] | None = None
        self.divergences: dict[Reason, Filed[DivergenceRecord]] = {}
        self.miners: dict[str, MinerState] = {}
        self.proposed_ms: dict[str, deque[int]] = {}
        """Source to the times of its proposals, the latest of them; the longest silent first."""
        self.reviews: dict[str, Filed[DecisionRecord]] = {}
        """Record hash to supervised decisions that were carried out and nobody has reviewed."""
        self.governor = MiningGovernor(
            policy_from_record(self.policy.record.governor), counts_decisions=False
        )

    def miner(self, miner_id: str) -> MinerState:
        """Return what is known of a miner, from now on at least its name."""
        return self.miners.setdefault(miner_id, MinerState(miner_id=miner_id))

    def limit_c(self, miner_id: str) -> float:
        """Return the temperature in °C at which a miner counts as overheated."""
        policy = self.policy.record
        own = policy.miner(miner_id).max_temperature_c
        return own if own is not None else policy.governor.thermal_throttle_temp_c

    def window_ms(self, action: Action) -> int:
        """Return how long telemetry has to show an action's effect, in ms."""
        policy = self.policy.record
        least = BOOT_MS if action in (Action.RUN, Action.RESTART) else STOP_MS
        return max(least, round(policy.confirm_cycles * policy.interval_s * 1000))

    def apply(self, filed: Filed[Any]) -> None:
        """Take one record in; records must come in ledger order."""
        follow = _FOLLOW.get(type(filed.record))
        if follow is not None:
            follow(self, filed)


def _telemetry(state: State, filed: Filed[TelemetryRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    previous = miner.reading
    miner.telemetry = filed
    if record.reading is None:
        if miner.pending is not None and not miner.pending.lost_since:
            miner.pending = replace(miner.pending, lost_since=True)
        return
    miner.reading, miner.reading_ms = record.reading, record.ts_ms
    _follow_running(state, miner, record.subject, record.ts_ms)
    _follow_fans(miner, record.reading, state.policy.record.min_fan_rpm)
    _follow_frozen(miner, previous, record.reading, record.ts_ms)
    hottest = record.reading.hottest_c
    if hottest is not None and hottest >= state.limit_c(record.subject):
        miner.overheated_ms = record.ts_ms
    _teach_governor(state, record.subject, record.reading, record.ts_ms)


def _follow_running(state: State, miner: MinerState, miner_id: str, ts_ms: int) -> None:
    reading = miner.reading
    assert reading is not None  # noqa: S101 - the caller has just set it
    policy = state.policy.record
    rate = 0.0 if reading.mining is False else reading.hashrate_ths
    if reading.mining:
        miner.stopped_since_ms = None
        miner.running_since_ms = miner.running_since_ms or ts_ms
        miner.has_run = True
        if miner.pending is None:
            miner.intended_off = False
    elif reading.mining is False:
        miner.running_since_ms = None
        miner.stopped_since_ms = miner.stopped_since_ms or ts_ms
    expected = reading.expected_hashrate_ths or miner.usual(policy.miner(miner_id))[0]
    if miner.tuned and not reading.expected_hashrate_ths and len(miner.running) < ENOUGH_READINGS:
        low = rate == 0
    else:
        low = (
            expected is not None
            and rate is not None
            and rate < expected * policy.collapse_pct / 100
        )
    if low and miner.has_run and not miner.intended_off and ts_ms >= miner.settled_from_ms:
        miner.low_since_ms = miner.low_since_ms or ts_ms
    else:
        miner.low_since_ms = None
    if reading.mining and rate and rate > 0 and not low:
        miner.running.append((rate, reading.power_w))


def _follow_fans(miner: MinerState, reading: Reading, min_fan_rpm: int) -> None:
    turning = {index for index, rpm in enumerate(reading.fans_rpm) if rpm >= min_fan_rpm}
    if not reading.mining:
        miner.fans_still = {}
        return
    miner.fans_seen |= turning
    miner.fans_still = {
        index: miner.fans_still.get(index, 0) + 1
        for index in sorted(miner.fans_seen - turning)
        if index < len(reading.fans_rpm)
    }


def _follow_frozen(
    miner: MinerState, previous: Reading | None, reading: Reading, ts_ms: int
) -> None:
    def trace(item: Reading) -> tuple[float | int | None, ...]:
        return (item.hashrate_ths, item.uptime_s, item.shares_accepted, item.shares_rejected)

    frozen = (
        previous is not None
        and bool(reading.hashrate_ths)
        and reading.uptime_s is not None
        and trace(previous) == trace(reading)
    )
    if frozen:
        miner.frozen_polls += 1
    else:
        miner.frozen_polls, miner.frozen_since_ms = 0, ts_ms


def _teach_governor(state: State, miner_id: str, reading: Reading, ts_ms: int) -> None:
    at = ts_ms / 1000
    for domain, readings in hardware_readings(reading, at).items():
        if readings:
            state.governor.observe(miner_id, domain, readings, at)


def hardware_readings(reading: Reading, at_s: float) -> dict[MiningDomain, list[HardwareReading]]:
    """Return what a reading tells the governor in each domain; ``at_s`` in s since the epoch."""

    def sensor(name: str, value: float) -> HardwareReading:
        return HardwareReading(value=value, timestamp=at_s, hardware_id=name)

    boards = [
        sensor(f"board_{board.index}", board.hashrate_ths)
        for board in reading.boards
        if board.hashrate_ths is not None and board.enabled is not False
    ]
    if not boards and reading.hashrate_ths is not None:
        boards = [sensor("total", reading.hashrate_ths)]
    power = [] if reading.power_w is None else [sensor("power", reading.power_w)]
    return {
        MiningDomain.HARDWARE: [
            sensor(item.sensor, item.temperature_c) for item in reading.temperatures
        ],
        MiningDomain.HASH_RATE: boards,
        MiningDomain.POWER: power,
        MiningDomain.POOL_MANAGEMENT: [
            sensor(f"pool_{pool.index}", share)
            for pool in reading.pools
            if (share := acceptance(pool)) is not None
        ],
    }


def acceptance(pool: Pool) -> float | None:
    """Return the share (0…1) of its submitted shares that a pool accepted; None without any."""
    accepted, rejected = pool.shares_accepted or 0, pool.shares_rejected or 0
    submitted = accepted + rejected + (pool.shares_stale or 0)
    return accepted / submitted if submitted else None


def _price(state: State, filed: Filed[PriceRecord]) -> None:
    state.price = filed


def _profit(state: State, filed: Filed[ProfitRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.profit = filed
    if record.basis is Basis.LAST_RUNNING and record.hashrate_ths and not miner.running:
        miner.carried = (record.hashrate_ths, record.power_w)
    margin = state.policy.record.profit_margin_per_day
    profit = record.profit_per_day
    side = 0 if profit is None or -margin <= profit <= margin else (1 if profit > 0 else -1)
    if side != miner.profit_side:
        miner.profit_side, miner.profit_side_since_ms = side, record.ts_ms


def _divergence(state: State, filed: Filed[DivergenceRecord]) -> None:
    record = filed.record
    of_site = record.subject == state.operator_id
    active = state.divergences if of_site else state.miner(record.subject).divergences
    if record.active:
        active[record.code] = filed
    else:
        active.pop(record.code, None)


def _proposal(state: State, filed: Filed[ProposalRecord]) -> None:
    record = filed.record
    state.miner(record.subject).proposal = filed
    key = source_key(record)
    if key is None:
        return
    stamps = state.proposed_ms.pop(key, None) or deque(maxlen=MAX_COUNTED_PROPOSALS)
    stamps.append(record.ts_ms)
    state.proposed_ms[key] = stamps
    if len(state.proposed_ms) > MAX_SOURCES:
        del state.proposed_ms[next(iter(state.proposed_ms))]


def source_key(proposal: ProposalRecord) -> str | None:
    """Return what a proposal counts against; None for people and the strategy itself."""
    if proposal.source in (Source.PERSON, Source.STRATEGY):
        return None
    return f"{proposal.source}:{proposal.source_id or ''}"


def _decision(state: State, filed: Filed[DecisionRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.decision = filed
    if record.action is not Action.HOLD:
        miner.open_decisions[filed.hash] = record
    if Reason.RESTART_LIMIT_LATCHED in record.reasons:
        miner.latched = True
    if record.review:
        state.reviews[filed.hash] = filed
        if len(state.reviews) > MAX_REVIEWS:
            del state.reviews[next(iter(state.reviews))]
    miner.observed = True


def _receipt(state: State, filed: Filed[ReceiptRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.receipt = filed
    if record.outcome in DISPATCHED:
        _dispatched(state, miner, record)
        return
    _close(miner, record)
    if record.outcome is Outcome.CONFIRMED:
        miner.failures.pop(record.action, None)
        miner.not_confirmed = None
    elif record.reason is Reason.EFFECT_NOT_SEEN:
        miner.failures[record.action] = record
        miner.not_confirmed = record.action


def _close(miner: MinerState, record: ReceiptRecord) -> None:
    if miner.pending is not None and miner.pending.receipt.decision == record.decision:
        miner.superseded = miner.pending if record.reason is Reason.SUPERSEDED else None
        miner.pending = None


def _dispatched(state: State, miner: MinerState, record: ReceiptRecord) -> None:
    miner.open_decisions.pop(record.decision, None)
    miner.suppressed = None
    before, miner.superseded = miner.superseded, None
    state.governor.note(record.subject, GOVERNED_ACTIONS[record.action], record.ts_ms / 1000)
    if record.action is Action.RESTART:
        miner.restarts_ms.append(record.ts_ms)
    if record.outcome is Outcome.FAILED:
        miner.failures[record.action] = record
        miner.not_confirmed = record.action
        return
    first_ms = record.ts_ms
    if before is not None and before.receipt.action is record.action:
        first_ms = before.first_ms
    miner.pending = Pending(receipt=record, since_ms=record.ts_ms, first_ms=first_ms)
    if record.action in (Action.RUN, Action.RESTART, Action.STOP):
        miner.intended_off = record.action is Action.STOP
        miner.running_since_ms = None
    if record.action is Action.RUN:
        miner.has_run = False
    if record.action in TUNING:
        rate, power_w = miner.usual(state.policy.record.miner(record.subject))
        miner.carried = (rate, power_w) if rate else None
        miner.running.clear()
        miner.tuned = True
    if record.action is Action.FAULT_LIGHT:
        return
    miner.low_since_ms = None
    miner.settled_from_ms = first_ms + round(state.policy.record.collapse_min * 60_000)


def _negative_proof(state: State, filed: Filed[NegativeProofRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.open_decisions.pop(record.decision, None)
    if record.rule in (Reason.MANUAL_MODE, Reason.UNSUPPORTED_ACTION):
        miner.suppressed = record


def _override(state: State, filed: Filed[OverrideRecord]) -> None:
    miner = state.miner(filed.record.subject)
    miner.hold_until_ms = filed.record.until_ms
    miner.suppressed = None
    if filed.record.until_ms is None:
        miner.latched = False
        miner.restarts_ms.clear()
        miner.failures.clear()
        miner.not_confirmed = None


def _policy(state: State, filed: Filed[PolicyRecord]) -> None:
    state.policy = filed
    state.governor.set_policy(policy_from_record(filed.record.governor))
    for miner in state.miners.values():
        miner.suppressed = None


def _review(state: State, filed: Filed[ReviewRecord]) -> None:
    state.reviews.pop(filed.record.decision, None)


def _lifecycle(state: State, filed: Filed[LifecycleRecord]) -> None:
    if filed.record.event is LifecycleEvent.START:
        for miner in state.miners.values():
            miner.observed = False


GOVERNED_ACTIONS: Final = {
    action: GOVERNED[action][1] if action in GOVERNED else MiningAction.NO_ACTION
    for action in Action
}

_FOLLOW: Final[dict[type[Record], Callable[[State, Any], None]]] = {
    TelemetryRecord: _telemetry,
    PriceRecord: _price,
    ProfitRecord: _profit,
    DivergenceRecord: _divergence,
    ProposalRecord: _proposal,
    DecisionRecord: _decision,
    ReceiptRecord: _receipt,
    NegativeProofRecord: _negative_proof,
    OverrideRecord: _override,
    PolicyRecord: _policy,
    LifecycleRecord: _lifecycle,
    ReviewRecord: _review,
}
