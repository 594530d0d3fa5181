"""The state of an operator: a fold over the ledger's records, and nothing else.

The cycle never changes the state; it stages records, and the state follows from them. So a restart
rebuilds it from the ledger, and a replay has the same state before each decision.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ..governor import (
    MiningAction,
    MiningDomain,
    MiningGovernor,
    TrackRecords,
    source_of,
)
from ..records import (
    OWN_ORIGINS,
    Action,
    Basis,
    CurtailmentRecord,
    DecisionRecord,
    DivergenceRecord,
    InputRecord,
    LifecycleEvent,
    LifecycleRecord,
    MinerPolicy,
    MinerSchedule,
    NegativeProofRecord,
    Outcome,
    OverrideRecord,
    PlannedMiner,
    PlanRecord,
    PolicyRecord,
    PriceRecord,
    ProfitRecord,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Record,
    ReviewRecord,
    TelemetryRecord,
)
from ..records.entry import LedgerEntry
from ..records.reasons import Reason
from .house import HouseHistory
from .levels import MAX_LEVELS, SETTLED_MS, LevelFigures, LevelTrack, followed, seen
from .miner import ENOUGH_READINGS, MinerState, Pending
from .prices import PriceHistory
from .sensors import SENSED, hardware_readings
from .sheds import Sheds
from .site_power import SitePower

VITAL_FIELDS: Final = ("hashrate_ths", "power_w", "temperatures", "fans_rpm")
"""Fields that a running miner must keep reporting once it has reported them."""
MAX_SOURCES: Final = 64
MAX_COUNTED_PROPOSALS: Final = 1001
LIMIT_OVERSHOOT: Final = 1.05
"""What a machine draws at most of its power limit while it regulates; makers state 1 to 5 %."""
MAX_REVIEWS: Final = 100


BOOT_MS: Final = 300_000
"""A machine that starts may take this long until it hashes."""


STOP_MS: Final = 60_000
"""The shortest confirmation window of a stop or a setting."""


BOOTING: Final = frozenset(
    {
        *(Action.RUN, Action.RESTART, Action.RESTART_MINING),
        *(Action.SET_LEVEL, Action.SET_POWER_PERCENT),
    }
)
"""What may keep a machine from hashing for as long as a start does."""


UNSETTLING: Final = frozenset(
    {
        *(Action.FAULT_LIGHT, Action.SET_FAN, Action.SET_TARGET_TEMPERATURE),
        Action.POWER_OFF,
    }
)
"""What leaves hash rate and profit as they are."""


DISPATCHED: Final = frozenset({Outcome.ACCEPTED, Outcome.FAILED, Outcome.UNKNOWN})


TUNING: Final = frozenset(
    {
        *(Action.SET_POWER, Action.SET_HASHRATE, Action.SET_BOARD),
        *(Action.SET_LEVEL, Action.SET_POWER_PERCENT, Action.SET_SCALING),
    }
)


STARTING: Final = frozenset({Action.RUN, Action.RESTART, Action.RESTART_MINING})

STOPPING: Final = frozenset({Action.STOP, Action.POWER_OFF})

SETPOINTS: Final = frozenset(
    {
        *(Action.SET_POWER, Action.SET_HASHRATE),
        *(Action.SET_LEVEL, Action.SET_POWER_PERCENT),
    }
)
"""Targets of which one is in force at a time."""


GOVERNED: Final = {
    Action.RUN: (MiningDomain.HARDWARE, MiningAction.START),
    Action.STOP: (MiningDomain.HARDWARE, MiningAction.STOP),
    Action.POWER_OFF: (MiningDomain.HARDWARE, MiningAction.STOP),
    Action.RESTART: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_POWER: (MiningDomain.POWER, MiningAction.ADJUST_POWER_LIMIT),
    Action.SET_HASHRATE: (MiningDomain.HASH_RATE, MiningAction.TUNE_HASH_RATE),
    Action.SET_POOL: (MiningDomain.POOL_MANAGEMENT, MiningAction.SWITCH_POOL),
    # Firmware restarts its miner for either.
    Action.SET_BOARD: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_LEVEL: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_POWER_PERCENT: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_SCALING: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.RESTART_MINING: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    # What cools it is as grave as a restart.
    Action.SET_FAN: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.SET_TARGET_TEMPERATURE: (MiningDomain.HARDWARE, MiningAction.HARDWARE_RESTART),
    Action.HOLD: (MiningDomain.HARDWARE, MiningAction.NO_ACTION),
}
"""The governor's domain and action for each of ours."""


class State:
    """The state of one operator and its miners."""

    def __init__(self, operator_id: str) -> None:
        """Create the state before the first record."""
        self.operator_id = operator_id
        self.policy = LedgerEntry(record=PolicyRecord(ts_ms=0, subject=operator_id), seq=0, hash="")
        self._own: dict[str, MinerPolicy] = {}
        self.price: LedgerEntry[PriceRecord] | None = None
        self.prices = PriceHistory()
        self.house: LedgerEntry[InputRecord] | None = None
        """What the house measured last."""
        self.house_history = HouseHistory()
        self.divergences: dict[Reason, LedgerEntry[DivergenceRecord]] = {}
        self.miners: dict[str, MinerState] = {}
        self.power = SitePower()
        """What the miners draw or may be about to, at most."""
        self.measured = SitePower()
        """What they draw."""
        self.sheds = Sheds()
        self.orders: dict[str, LedgerEntry[CurtailmentRecord]] = {}
        """Orders to curtail that are in force or will be, by their id."""
        self.plan: LedgerEntry[PlanRecord] | None = None
        self.planned: dict[str, PlannedMiner] = {}
        """Miner to what the plan in force assumes of it …"""
        self.schedules: dict[str, MinerSchedule] = {}
        """… and wants of it."""
        self.proposed_ms: dict[str, deque[int]] = {}
        """Source to the times of its proposals, oldest source first, the latest of each."""
        self.reviews: dict[int, LedgerEntry[DecisionRecord]] = {}
        """Seq to supervised decisions that were carried out and wait for a review."""
        self.track_records = TrackRecords()
        self.governor = MiningGovernor(self.policy.record.governor, counts_decisions=False)

    def miner(self, miner_id: str) -> MinerState:
        """Return what is known of a miner, from now on at least its name."""
        known = self.miners.get(miner_id)
        if known is None:
            known = self.miners[miner_id] = MinerState(miner_id=miner_id)
            self._touch(miner_id)
        return known

    def own(self, miner_id: str) -> MinerPolicy:
        """Return what the operator set for a miner, or the defaults."""
        return self._own.get(miner_id) or MinerPolicy(miner_id=miner_id)

    def has_policy(self, miner_id: str) -> bool:
        """Tell whether the policy in force names a miner."""
        return miner_id in self._own

    def follow_policy(self, filed: LedgerEntry[PolicyRecord]) -> None:
        """Put a policy into force."""
        before = self._own.keys()
        self.policy = filed
        self._own = {item.miner_id: item for item in filed.record.miners}
        for miner_id in (*before, *self._own):
            self._touch(miner_id)

    def ordered_w(self, ts_ms: int) -> float | None:
        """Return the lowest limit in W that an order sets at a time; None without one."""
        limits = [item.record.limit_at(ts_ms) for item in self.orders.values()]
        return min((limit for limit in limits if limit is not None), default=None)

    def limit_c(self, miner_id: str) -> float:
        """Return the temperature in °C at which a miner counts as overheated."""
        own = self._own.get(miner_id)
        if own is not None and own.max_temperature_c is not None:
            return own.max_temperature_c
        return self.policy.record.governor.thermal_throttle_temp_c

    def window_ms(self, action: Action) -> int:
        """Return how long telemetry has to show an action's effect, in ms."""
        policy = self.policy.record
        least = BOOT_MS if action in BOOTING else STOP_MS
        return max(least, round(policy.confirm_cycles * policy.interval_s * 1000))

    def apply(self, filed: LedgerEntry[Any], *, sources: bool = True) -> None:
        """Apply one record; records must come in ledger order.

        Without ``sources`` it was followed by ``follow_sources`` before.
        """
        follow = _FOLLOW.get(type(filed.record))
        if follow is not None:
            follow(self, filed)
            if filed.record.subject in self.miners:
                self._touch(filed.record.subject)
        if sources:
            self.follow_sources(filed.record)

    def follow_sources(self, record: Record) -> None:
        """Follow what became of a proposal."""
        self.track_records.follow(record)
        self.sheds.follow(record)

    def _touch(self, miner_id: str) -> None:
        self.power.touch(miner_id)
        self.measured.touch(miner_id)


def _telemetry(state: State, filed: LedgerEntry[TelemetryRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    previous = miner.reading
    miner.telemetry = filed
    if record.reading is None:
        if miner.pending is not None and not miner.pending.lost_since:
            miner.pending = replace(miner.pending, lost_since=True)
        state.governor.tick(record.ts_ms / 1000)
        return
    if Reason.SITE_LIMIT_EXCEEDED not in state.divergences:
        miner.within_w = previous.power_w if previous else None
    miner.reading, miner.reading_ms = record.reading, record.ts_ms
    _follow_running(state, miner, record.subject, record.ts_ms)
    _follow_power(miner, previous, record.reading)
    _follow_fans(miner, record.reading, state.policy.record.min_fan_rpm)
    _follow_frozen(miner, previous, record.reading, record.ts_ms)
    _follow_silence(miner, record.reading)
    _follow_level(miner, record.reading, record.ts_ms)
    _follow_heat(miner, record.reading.hottest_c, state.limit_c(record.subject), record.ts_ms)
    _teach_governor(state, record.subject, record.reading, record.ts_ms / 1000)


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
    own = state.own(miner_id)
    # Firmware may go on to tell the rate of its highest level.
    known = (reading.expected_hashrate_ths, miner.rate_at(reading.level, own))
    told = min((rate for rate in known if rate), default=None)
    expected = told or miner.usual(own)[0]
    if miner.tuned and not told and len(miner.running) < ENOUGH_READINGS:
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
    credible = Reason.PHANTOM_HASHRATE not in miner.divergences
    if reading.mining and rate and rate > 0 and not low and credible:
        if reading.boards and reading.boards_on != miner.running_boards:
            if miner.running:
                _carry(miner, state.own(miner_id))
            miner.running_boards = reading.boards_on
        miner.running.append((rate, reading.power_w))


def _follow_power(miner: MinerState, previous: Reading | None, reading: Reading) -> None:
    """Update whether the miner may be running, and whether it passed its power limit."""
    limit_w = miner.confirmed_limit_w
    if limit_w is not None and (reading.power_w or 0.0) > limit_w * LIMIT_OVERSHOOT:
        miner.limit_passed = True
    if reading.mining is not False:
        miner.may_run = True
    elif miner.pending is None and reading != previous:
        # A stopped miner whose readings are frozen may have been started unnoticed.
        miner.may_run = False


def _follow_heat(miner: MinerState, hottest_c: float | None, limit_c: float, ts_ms: int) -> None:
    if hottest_c is None or hottest_c < limit_c:
        return
    before_c = miner.overheated_c if Reason.OVERHEAT in miner.divergences else None
    miner.overheated_c = max(hottest_c, before_c or hottest_c)
    miner.overheated_ms = ts_ms


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


def _follow_level(miner: MinerState, reading: Reading, ts_ms: int) -> None:
    """Learn what the level in force brings, once the machine has settled at it."""
    level = reading.level
    if not reading.mining or level is None:
        miner.track = None
        return
    miner.running_level = level
    track = miner.track
    if track is None or track.level != level or miner.pending is not None:
        miner.track = LevelTrack(
            level=level, since_ms=ts_ms, seen_ms=ts_ms, shares=reading.shares_accepted
        )
        return
    miner.track = seen(track, reading, ts_ms)
    if ts_ms - track.since_ms < SETTLED_MS or miner.doubts:
        return
    if level in miner.curve or len(miner.curve) < MAX_LEVELS:
        figures = miner.curve.get(level, LevelFigures())
        miner.curve[level] = followed(figures, track, reading, ts_ms)


def _follow_silence(miner: MinerState, reading: Reading) -> None:
    """Count the polls in which a running miner omits fields that it used to report."""
    if reading.mining is False:
        miner.silent = {}
        if miner.pending is not None and not miner.pending.paused_since:
            miner.pending = replace(miner.pending, paused_since=True)
        return
    reported = frozenset(name for name in VITAL_FIELDS if getattr(reading, name) not in (None, ()))
    if reading.mining:
        miner.tells |= reported
    miner.silent = {name: miner.silent.get(name, 0) + 1 for name in sorted(miner.tells - reported)}


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


def _teach_governor(state: State, miner_id: str, reading: Reading, at_s: float) -> None:
    for domain in SENSED:
        readings = hardware_readings(reading, domain, at_s)
        if readings:
            state.governor.observe(miner_id, domain, readings, at_s)


def _price(state: State, filed: LedgerEntry[PriceRecord]) -> None:
    state.price = filed
    state.prices.follow(filed.record)


def _house(state: State, filed: LedgerEntry[InputRecord]) -> None:
    state.house = filed
    state.house_history.follow(filed.record)


def _profit(state: State, filed: LedgerEntry[ProfitRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.profit = filed
    state.track_records.earn(record)
    if record.basis is Basis.LAST_RUNNING and record.hashrate_ths and not miner.running:
        miner.carried = (record.hashrate_ths, record.power_w)
    margin = state.policy.record.profit_margin_per_day
    profit = record.profit_per_day
    side = 0 if profit is None or -margin <= profit <= margin else (1 if profit > 0 else -1)
    if side != miner.profit_side:
        miner.profit_side, miner.profit_side_since_ms = side, record.ts_ms


def _divergence(state: State, filed: LedgerEntry[DivergenceRecord]) -> None:
    record = filed.record
    of_site = record.subject == state.operator_id
    active = state.divergences if of_site else state.miner(record.subject).divergences
    if record.active:
        active[record.code] = filed
    else:
        active.pop(record.code, None)


def _proposal(state: State, filed: LedgerEntry[ProposalRecord]) -> None:
    record = filed.record
    state.miner(record.subject).proposal = filed
    key = source_of(record)
    if key is None or record.refused:
        return
    stamps = state.proposed_ms.pop(key, None) or deque(maxlen=MAX_COUNTED_PROPOSALS)
    stamps.append(record.ts_ms)
    state.proposed_ms[key] = stamps
    if len(state.proposed_ms) > MAX_SOURCES:
        del state.proposed_ms[next(iter(state.proposed_ms))]


def _decision(state: State, filed: LedgerEntry[DecisionRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.decision = filed
    if record.action is not Action.HOLD:
        miner.open_decisions[filed.seq] = filed
    if record.authorised:
        # A command under way counts against the rate limits: the miner may be slow to answer.
        state.governor.note(record.subject, GOVERNED_ACTIONS[record.action], record.ts_ms / 1000)
    if Reason.RESTART_LIMIT_LATCHED in record.reasons:
        miner.latched = True
    if record.review:
        state.reviews[filed.seq] = filed
        if len(state.reviews) > MAX_REVIEWS:
            del state.reviews[next(iter(state.reviews))]
    miner.observed = True


def _receipt(state: State, filed: LedgerEntry[ReceiptRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.receipt = filed
    if record.outcome in DISPATCHED:
        _dispatched(state, miner, record)
        return
    _close(miner, record)
    _follow_setpoint(miner, record)
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


def _follow_setpoint(miner: MinerState, record: ReceiptRecord) -> None:
    """Note the target that was sent, or its outcome."""
    if record.action not in SETPOINTS or record.outcome is Outcome.FAILED:
        return
    closes = miner.setpoint is not None and miner.setpoint.decision == record.decision
    if closes and record.reason is Reason.SUPERSEDED:
        return
    if closes or record.outcome in DISPATCHED:
        miner.setpoint = record
    if record.outcome in DISPATCHED:
        miner.limit_passed = False
    if record.outcome is Outcome.CONFIRMED:
        miner.unproven_w = None
    elif record.action is Action.SET_POWER and record.value is not None:
        miner.unproven_w = max(record.value, miner.unproven_w or 0.0)


def _dispatched(state: State, miner: MinerState, record: ReceiptRecord) -> None:
    opened = miner.open_decisions.pop(record.decision, None)
    decision = opened.record if opened else None
    _follow_setpoint(miner, record)
    miner.suppressed = None
    before, miner.superseded = miner.superseded, None
    if decision is None:  # the decision is from before the records that the state was rebuilt from
        state.governor.note(record.subject, GOVERNED_ACTIONS[record.action], record.ts_ms / 1000)
    _count(miner, record)
    if record.outcome is Outcome.FAILED:
        miner.failures[record.action] = record
        miner.not_confirmed = record.action
        return
    if record.action is Action.IDENTIFY:
        return
    first_ms = record.ts_ms
    if before is not None and _continues(before.receipt.action, record.action):
        first_ms = before.first_ms
    miner.pending = Pending(
        receipt=record,
        decided_ms=record.ts_ms if decision is None else decision.ts_ms,
        since_ms=record.ts_ms,
        first_ms=first_ms,
    )
    if record.action in STARTING | STOPPING:
        miner.intended_off = record.action in STOPPING
        miner.running_since_ms = None
    if record.action is Action.RUN:
        miner.has_run = False
    if record.action in TUNING | STARTING:
        miner.may_run = True  # firmware that restarts for a setting may start to mine
    if record.action in TUNING:
        _carry(miner, state.own(record.subject))
        miner.tuned = True
    if record.action in UNSETTLING:
        return
    miner.low_since_ms = None
    _settle(state, miner, decision, first_ms)


def _count(miner: MinerState, record: ReceiptRecord) -> None:
    if record.action is Action.RESTART:
        miner.restarts_ms.append(record.ts_ms)
    if record.action is Action.SET_LEVEL:
        miner.levels_set_ms.append(record.ts_ms)


def _carry(miner: MinerState, own: MinerPolicy) -> None:
    """Begin to learn the usual values anew; until there are enough readings, the present ones count."""
    rate, power_w = miner.usual(own)
    if miner.carried is None or len(miner.running) >= ENOUGH_READINGS:
        miner.carried_boards = miner.usual_boards
    miner.carried = (rate, power_w) if rate else None
    miner.running.clear()


def _continues(before: Action, action: Action) -> bool:
    """Return whether a command continues the change that the one before began."""
    return before is action or (before in TUNING and action in TUNING)


def _settle(
    state: State, miner: MinerState, decision: DecisionRecord | None, since_ms: int
) -> None:
    """Set the time until which hash rate and profit settle after a command.

    Repeated commands of automations do not extend it: the rules judge for as long in between.
    """
    settle_ms = round(state.policy.record.collapse_min * 60_000)
    from_outside = decision is not None and decision.origin not in OWN_ORIGINS
    if from_outside and since_ms < miner.settled_from_ms + settle_ms:
        return
    miner.settling_since_ms, miner.settled_from_ms = since_ms, since_ms + settle_ms


def _negative_proof(state: State, filed: LedgerEntry[NegativeProofRecord]) -> None:
    record = filed.record
    miner = state.miner(record.subject)
    miner.open_decisions.pop(record.decision, None)
    stands = record.rule in (Reason.MANUAL_MODE, Reason.UNSUPPORTED_ACTION)
    if stands or record.action is Action.SET_LEVEL:
        miner.suppressed = record


def _override(state: State, filed: LedgerEntry[OverrideRecord]) -> None:
    miner = state.miner(filed.record.subject)
    miner.hold_until_ms, miner.hold_user_id = filed.record.until_ms, filed.record.user_id
    miner.suppressed = None
    if filed.record.until_ms is None:
        miner.tells, miner.silent = frozenset(), {}
        miner.latched = False
        miner.restarts_ms.clear()
        miner.failures.clear()
        miner.not_confirmed = None


def _policy(state: State, filed: LedgerEntry[PolicyRecord]) -> None:
    state.follow_policy(filed)
    state.governor.set_policy(filed.record.governor)
    for miner in state.miners.values():
        miner.suppressed = None


def _curtailment(state: State, filed: LedgerEntry[CurtailmentRecord]) -> None:
    orders = {**state.orders, filed.record.order_id: filed}
    state.orders = {
        key: item for key, item in orders.items() if item.record.is_open(filed.record.ts_ms)
    }


def _plan(state: State, filed: LedgerEntry[PlanRecord]) -> None:
    state.plan = filed
    state.planned = {item.miner_id: item for item in filed.record.inputs.miners}
    state.schedules = {item.miner_id: item for item in filed.record.miners}


def _review(state: State, filed: LedgerEntry[ReviewRecord]) -> None:
    state.reviews.pop(filed.record.decision, None)


def _lifecycle(state: State, filed: LedgerEntry[LifecycleRecord]) -> None:
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
    InputRecord: _house,
    ProfitRecord: _profit,
    DivergenceRecord: _divergence,
    ProposalRecord: _proposal,
    DecisionRecord: _decision,
    ReceiptRecord: _receipt,
    NegativeProofRecord: _negative_proof,
    OverrideRecord: _override,
    PolicyRecord: _policy,
    PlanRecord: _plan,
    CurtailmentRecord: _curtailment,
    LifecycleRecord: _lifecycle,
    ReviewRecord: _review,
}
