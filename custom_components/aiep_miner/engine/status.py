"""One sentence a miner, as data: what it does, why, since when and until when.

The sentence follows from the same rules that decide: the wish is asked anew and explained with
the numbers that it rests on. The templates are translations, ``exceptions.status_<key>``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .economics import kwh_per_day
from .records import Action, Mode, Severity
from .records.reasons import Reason
from .state import MinerState, State
from .steps import decide, planning, power
from .steps import shed as shed_step

type Placeholders = Mapping[str, str | float]


class StatusKey(StrEnum):
    """The sentences that there are."""

    LEDGER_OUTAGE = "ledger_outage"
    OBSERVING = "observing"
    NO_CONTACT = "no_contact"
    OVERHEATED = "overheated"
    IN_DANGER = "in_danger"
    DANGER_IN_MANUAL = "danger_in_manual"
    COOLING_DOWN = "cooling_down"
    STILL_HOT = "still_hot"
    OFF_IN_DANGER = "off_in_danger"
    CONFIRMING = "confirming"
    MANUAL_RUNNING = "manual_running"
    MANUAL_OFF = "manual_off"
    HELD = "held"
    DOUBTFUL = "doubtful"
    LATCHED = "latched"
    SETTLING = "settling"
    HASHRATE_LOW = "hashrate_low"
    PRICE_UNKNOWN = "price_unknown"
    PRICE_STALE = "price_stale"
    PRICE_IMPLAUSIBLE = "price_implausible"
    PROFIT_UNKNOWN = "profit_unknown"
    STATE_UNKNOWN = "state_unknown"
    NOT_OBEYED = "not_obeyed"
    REFUSED = "refused"
    ACTING = "acting"
    RUNNING_PROFITABLE = "running_profitable"
    RUNNING_WITHIN_MARGIN = "running_within_margin"
    RUNNING_UNPROFITABLE = "running_unprofitable"
    OFF_UNPROFITABLE = "off_unprofitable"
    OFF_WITHIN_MARGIN = "off_within_margin"
    OFF_PROFITABLE = "off_profitable"
    OFF_FOR_LIMIT = "off_for_limit"
    REDUCED_FOR_LIMIT = "reduced_for_limit"
    PLAN_PAYS = "plan_pays"
    PLAN_ON_SURPLUS = "plan_on_surplus"
    PLAN_WITH_HEAT = "plan_with_heat"
    WAITING_FOR_SURPLUS = "waiting_for_surplus"
    SURPLUS_UNKNOWN = "surplus_unknown"
    PLAN_CARRIED_THROUGH = "plan_carried_through"
    PLAN_BELOW_BREAK_EVEN = "plan_below_break_even"
    PLAN_LIMIT = "plan_limit"
    PLAN_NOT_WORTH_A_START = "plan_not_worth_a_start"
    PLAN_MISSING = "plan_missing"
    MINIMUM_TIME = "minimum_time"


_MONEY: Final = frozenset({"profit_per_day", "energy_price", "break_even", "currency"})
_RUNNING: Final = _MONEY | {"stop_above"}
_PLANNED: Final = frozenset({"since", "until", "energy_price", "break_even", "currency"})
_ON_SURPLUS: Final = frozenset({"since", "break_even", "feed_in", "currency"})
_OFF: Final = _MONEY | {"start_below"}

PLACEHOLDERS: Final[Mapping[StatusKey, frozenset[str]]] = {
    StatusKey.LEDGER_OUTAGE: frozenset(),
    StatusKey.OBSERVING: frozenset(),
    StatusKey.NO_CONTACT: frozenset({"since", "error"}),
    StatusKey.OVERHEATED: frozenset({"since", "temperature_c", "limit_c"}),
    StatusKey.IN_DANGER: frozenset({"since", "reason"}),
    StatusKey.DANGER_IN_MANUAL: frozenset({"since", "reason"}),
    StatusKey.COOLING_DOWN: frozenset({"since", "until", "from_c", "resume_c"}),
    StatusKey.STILL_HOT: frozenset({"since", "temperature_c", "resume_c"}),
    StatusKey.OFF_IN_DANGER: frozenset({"since", "reason"}),
    StatusKey.CONFIRMING: frozenset({"since", "until", "action"}),
    StatusKey.MANUAL_RUNNING: frozenset({"since"}),
    StatusKey.MANUAL_OFF: frozenset({"since"}),
    StatusKey.HELD: frozenset({"until", "user_id"}),
    StatusKey.DOUBTFUL: frozenset({"since", "reason"}),
    StatusKey.LATCHED: frozenset({"since", "restarts"}),
    StatusKey.SETTLING: frozenset({"since", "until", "action"}),
    StatusKey.HASHRATE_LOW: frozenset({"since", "until", "hashrate_ths", "usual_ths"}),
    StatusKey.PRICE_UNKNOWN: frozenset({"since", "quantity", "reason"}),
    StatusKey.PRICE_STALE: frozenset({"since", "age_min", "limit_min"}),
    StatusKey.PRICE_IMPLAUSIBLE: frozenset({"since", "quantity", "reason"}),
    StatusKey.PROFIT_UNKNOWN: frozenset(),
    StatusKey.STATE_UNKNOWN: frozenset(),
    StatusKey.NOT_OBEYED: frozenset({"since", "until", "action"}),
    StatusKey.REFUSED: frozenset({"since", "action", "reason"}),
    StatusKey.ACTING: frozenset({"action", "reason"}),
    StatusKey.RUNNING_PROFITABLE: _RUNNING | {"since"},
    StatusKey.RUNNING_WITHIN_MARGIN: _RUNNING | {"since"},
    StatusKey.RUNNING_UNPROFITABLE: _RUNNING | {"since", "until"},
    StatusKey.OFF_UNPROFITABLE: _OFF | {"since"},
    StatusKey.OFF_WITHIN_MARGIN: _OFF | {"since"},
    StatusKey.OFF_PROFITABLE: _OFF | {"since", "until"},
    StatusKey.OFF_FOR_LIMIT: frozenset({"since", "until", "limit_w"}),
    StatusKey.REDUCED_FOR_LIMIT: frozenset({"since", "until", "limit_w", "power_w"}),
    StatusKey.PLAN_PAYS: _PLANNED,
    StatusKey.PLAN_ON_SURPLUS: _ON_SURPLUS | {"power_w"},
    StatusKey.PLAN_WITH_HEAT: _PLANNED | {"heat_price"},
    StatusKey.WAITING_FOR_SURPLUS: _ON_SURPLUS | {"surplus_w", "needed_w"},
    StatusKey.SURPLUS_UNKNOWN: frozenset({"since", "reason"}),
    StatusKey.PLAN_CARRIED_THROUGH: _PLANNED,
    StatusKey.PLAN_BELOW_BREAK_EVEN: _PLANNED,
    StatusKey.PLAN_LIMIT: _PLANNED,
    StatusKey.PLAN_NOT_WORTH_A_START: _PLANNED,
    StatusKey.PLAN_MISSING: frozenset(),
    StatusKey.MINIMUM_TIME: frozenset({"since", "until"}),
}
"""What each sentence may name.

``since`` and ``until`` are ``since_ms`` and ``until_ms`` as local times; where they are listed,
the times are set. ``action``, ``reason`` and ``error`` are codes that the attribute ``action`` of
``entity.sensor.decision`` and ``entity.sensor.reason.state`` translate; ``quantity`` is the name
of a field of the operator's form; ``user_id`` is a Home Assistant user, or empty. Names that end in
``_c`` are °C, ``_ths`` TH/s, ``_min`` minutes, ``_w`` watts. ``energy_price``, ``break_even``, ``start_below``,
``feed_in``, ``heat_price`` and ``stop_above`` are ``currency`` for a kWh, ``profit_per_day`` is ``currency``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a miner does and why; numbers are rounded for people."""

    key: StatusKey
    placeholders: Placeholders = field(default_factory=dict)
    since_ms: int | None = None
    until_ms: int | None = None


LEDGER_OUTAGE: Final = Status(key=StatusKey.LEDGER_OUTAGE)
"""While the ledger cannot be written, this goes for every miner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What a sentence is made of."""

    state: State
    miner: MinerState
    ts_ms: int
    action: Action
    reasons: tuple[Reason, ...]

    @property
    def off_since_ms(self) -> int:
        return self.miner.stopped_since_ms or self.miner.reading_ms

    @property
    def running_since_ms(self) -> int:
        return self.miner.running_since_ms or self.miner.reading_ms

    @property
    def is_off(self) -> bool:
        return self.miner.reading is not None and self.miner.reading.mining is False


def status_of(state: State, miner_id: str, ts_ms: int) -> Status:
    """Return why a miner does what it does at a time in ms."""
    miner = state.miner(miner_id)
    action, reasons, _ = decide.wish(state, miner_id, ts_ms)
    question = _Question(state=state, miner=miner, ts_ms=ts_ms, action=action, reasons=reasons)
    for answer in _ANSWERS:
        status = answer(question)
        if status is not None:
            return status
    return _money(question)


def _observing(ask: _Question) -> Status | None:
    return Status(key=StatusKey.OBSERVING) if Reason.OBSERVING in ask.reasons else None


def _no_contact(ask: _Question) -> Status | None:
    if Reason.COMMS_LOST not in ask.reasons:
        return None
    lost = ask.miner.divergences.get(Reason.COMMS_LOST)
    error = ask.miner.telemetry.record.error if ask.miner.telemetry else None
    return Status(
        key=StatusKey.NO_CONTACT,
        placeholders={"error": error or Reason.UNREACHABLE},
        since_ms=lost.record.ts_ms if lost else ask.ts_ms,
    )


def _danger(ask: _Question) -> Status | None:
    dangers = ask.miner.dangers
    if not dangers:
        return None
    if ask.is_off:
        if Reason.OVERHEAT in dangers:
            return _cooling(ask)
        return Status(
            key=StatusKey.OFF_IN_DANGER,
            placeholders={"reason": dangers[0]},
            since_ms=ask.off_since_ms,
        )
    since_ms = ask.miner.divergences[dangers[0]].record.ts_ms
    policy = ask.state.policy.record
    if policy.mode is Mode.MANUAL and not policy.safety_stops_in_manual:
        key = StatusKey.DANGER_IN_MANUAL
        return Status(key=key, placeholders={"reason": dangers[0]}, since_ms=since_ms)
    hottest_c = ask.miner.reading.hottest_c if ask.miner.reading else None
    if dangers[0] is not Reason.OVERHEAT or hottest_c is None:
        key = StatusKey.IN_DANGER
        return Status(key=key, placeholders={"reason": dangers[0]}, since_ms=since_ms)
    limit_c = ask.state.limit_c(ask.miner.miner_id)
    return Status(
        key=StatusKey.OVERHEATED,
        placeholders={"temperature_c": round(hottest_c, 1), "limit_c": round(limit_c, 1)},
        since_ms=since_ms,
    )


def _cooling(ask: _Question) -> Status:
    policy, miner = ask.state.policy.record, ask.miner
    resume_c = round(ask.state.limit_c(miner.miner_id) - policy.cooldown_c, 1)
    until_ms = (miner.overheated_ms or ask.ts_ms) + round(policy.cooldown_min * 60_000)
    hottest_c = miner.reading.hottest_c if miner.reading else None
    if until_ms <= ask.ts_ms and hottest_c is not None:
        return Status(
            key=StatusKey.STILL_HOT,
            placeholders={"temperature_c": round(hottest_c, 1), "resume_c": resume_c},
            since_ms=ask.off_since_ms,
        )
    from_c = miner.overheated_c if miner.overheated_c is not None else resume_c
    return Status(
        key=StatusKey.COOLING_DOWN,
        placeholders={"from_c": round(from_c, 1), "resume_c": resume_c},
        since_ms=ask.off_since_ms,
        until_ms=until_ms,
    )


def _confirming(ask: _Question) -> Status | None:
    if Reason.AWAITING_CONFIRMATION not in ask.reasons:
        return None
    pending = ask.miner.pending
    under_way = [
        item.record for item in ask.miner.open_decisions.values() if item.record.authorised
    ]
    if under_way:
        action, since_ms = under_way[-1].action, under_way[-1].ts_ms
    elif pending is not None:
        action, since_ms = pending.receipt.action, pending.since_ms
    else:
        return None
    return Status(
        key=StatusKey.CONFIRMING,
        placeholders={"action": action},
        since_ms=since_ms,
        until_ms=since_ms + ask.state.window_ms(action),
    )


def _manual(ask: _Question) -> Status | None:
    if ask.state.policy.record.mode is not Mode.MANUAL:
        return None
    if ask.is_off:
        return Status(key=StatusKey.MANUAL_OFF, since_ms=ask.off_since_ms)
    return Status(key=StatusKey.MANUAL_RUNNING, since_ms=ask.running_since_ms)


def _held(ask: _Question) -> Status | None:
    if Reason.PERSON_HOLD not in ask.reasons:
        return None
    return Status(
        key=StatusKey.HELD,
        placeholders={"user_id": ask.miner.hold_user_id or ""},
        until_ms=ask.miner.hold_until_ms,
    )


def _doubtful(ask: _Question) -> Status | None:
    doubts = [
        *[ask.state.divergences[code] for code in ask.reasons if code is Reason.LEDGER_TAMPERED],
        *[item for item in ask.miner.divergences.values() if item.record.severity is Severity.HOLD],
    ]
    if not doubts:
        return None
    first = doubts[0].record
    return Status(key=StatusKey.DOUBTFUL, placeholders={"reason": first.code}, since_ms=first.ts_ms)


def _latched(ask: _Question) -> Status | None:
    if Reason.RESTART_LIMIT_LATCHED not in ask.reasons:
        return None
    restarts = ask.miner.restarts_ms
    return Status(
        key=StatusKey.LATCHED,
        placeholders={"restarts": len(restarts)},
        since_ms=restarts[-1] if restarts else ask.miner.reading_ms,
    )


def _settling(ask: _Question) -> Status | None:
    if Reason.SETTLING not in ask.reasons or ask.miner.receipt is None:
        return None
    return Status(
        key=StatusKey.SETTLING,
        placeholders={"action": ask.miner.receipt.record.action},
        since_ms=ask.miner.settling_since_ms,
        until_ms=ask.miner.settled_from_ms,
    )


def _low(ask: _Question) -> Status | None:
    miner = ask.miner
    if miner.low_since_ms is None or ask.action is not Action.HOLD:
        return None
    policy = ask.state.policy.record
    usual = miner.usual(ask.state.own(miner.miner_id))[0]
    rate = miner.reading.hashrate_ths if miner.reading else None
    return Status(
        key=StatusKey.HASHRATE_LOW,
        placeholders={"hashrate_ths": round(rate or 0.0, 2), "usual_ths": round(usual or 0.0, 2)},
        since_ms=miner.low_since_ms,
        until_ms=miner.low_since_ms + round(policy.collapse_min * 60_000),
    )


def _prices(ask: _Question) -> Status | None:
    found = next((code for code in ask.reasons if code in ask.state.divergences), None)
    if found is None:
        return None
    record = ask.state.divergences[found].record
    if record.value is not None and record.limit is not None and found is Reason.STALE_PRICE:
        return Status(
            key=StatusKey.PRICE_STALE,
            placeholders={"age_min": round(record.value), "limit_min": round(record.limit)},
            since_ms=record.ts_ms,
        )
    quantity = record.fields[0].removesuffix("_per_kwh") if record.fields else "energy_price"
    reason = record.causes[0] if record.causes else Reason.NO_READINGS
    implausible = found is Reason.IMPLAUSIBLE_PRICE
    return Status(
        key=StatusKey.PRICE_IMPLAUSIBLE if implausible else StatusKey.PRICE_UNKNOWN,
        placeholders={"quantity": quantity, "reason": reason},
        since_ms=record.ts_ms,
    )


def _profit_unknown(ask: _Question) -> Status | None:
    unknown = Reason.PROFIT_UNKNOWN in ask.reasons
    return Status(key=StatusKey.PROFIT_UNKNOWN) if unknown else None


def _not_obeyed(ask: _Question) -> Status | None:
    if Reason.NOT_CONFIRMED not in ask.reasons or not ask.miner.failures:
        return None
    failure = max(ask.miner.failures.values(), key=lambda item: item.ts_ms)
    return Status(
        key=StatusKey.NOT_OBEYED,
        placeholders={"action": failure.action},
        since_ms=failure.ts_ms,
        until_ms=failure.ts_ms + decide.RETRY_AFTER_MS,
    )


def _refused(ask: _Question) -> Status | None:
    if Reason.STILL_SUPPRESSED in ask.reasons and ask.miner.suppressed is not None:
        proof = ask.miner.suppressed
        return Status(
            key=StatusKey.REFUSED,
            placeholders={"action": proof.action, "reason": proof.rule},
            since_ms=proof.ts_ms,
        )
    if ask.action is Action.HOLD:
        return None
    decision = ask.miner.decision.record if ask.miner.decision else None
    if decision is None or decision.action is not ask.action or decision.suppressed_by is None:
        return Status(
            key=StatusKey.ACTING,
            placeholders={"action": ask.action, "reason": ask.reasons[0]},
        )
    return Status(
        key=StatusKey.REFUSED,
        placeholders={"action": ask.action, "reason": decision.suppressed_by},
        since_ms=decision.ts_ms,
    )


def _hot(ask: _Question) -> Status | None:
    return _cooling(ask) if Reason.COOLING_DOWN in ask.reasons else None


def _off_for_limit(ask: _Question) -> Status | None:
    shed = ask.state.sheds.miners.get(ask.miner.miner_id)
    if Reason.SITE_LIMIT_EXCEEDED not in ask.reasons or shed is None:
        return None
    return Status(
        key=StatusKey.OFF_FOR_LIMIT,
        placeholders={"limit_w": _limit_w(ask)},
        since_ms=shed.since_ms,
        until_ms=_earliest_back_ms(ask),
    )


def _reduced_for_limit(ask: _Question) -> Status | None:
    shed, reading = ask.state.sheds.miners.get(ask.miner.miner_id), ask.miner.reading
    if shed is None or reading is None or not reading.mining or not shed.holds_down(reading):
        return None
    return Status(
        key=StatusKey.REDUCED_FOR_LIMIT,
        placeholders={"limit_w": _limit_w(ask), "power_w": round(reading.power_w or 0.0)},
        since_ms=shed.since_ms,
        until_ms=_earliest_back_ms(ask),
    )


def _bound(ask: _Question) -> Status | None:
    if Reason.MINIMUM_TIME not in ask.reasons:
        return None
    return Status(
        key=StatusKey.MINIMUM_TIME,
        since_ms=ask.off_since_ms if ask.is_off else ask.running_since_ms,
        until_ms=planning.bound_until_ms(ask.state, ask.miner),
    )


def _sunny(ask: _Question) -> Status | None:
    """Return the sentence of a miner that follows the surplus."""
    house, plan = ask.state.house, ask.state.plan
    segment = planning.segment_of(ask.state, ask.miner.miner_id, ask.ts_ms)
    if house is None or plan is None or segment is None:
        return None
    since_ms = ask.off_since_ms if ask.is_off else ask.running_since_ms
    if Reason.SURPLUS_UNKNOWN in ask.reasons:
        faults = house.record.faults
        reason = next(iter(faults.values()), Reason.NO_READINGS)
        return Status(
            key=StatusKey.SURPLUS_UNKNOWN, placeholders={"reason": reason}, since_ms=since_ms
        )
    money: dict[str, str | float] = {
        "break_even": round(segment.break_even_per_kwh, 4),
        "feed_in": round(plan.record.inputs.feed_in_price_per_kwh, 4),
        "currency": plan.record.inputs.currency,
    }
    if Reason.WAITING_FOR_SURPLUS in ask.reasons:
        levels = ask.state.planned[ask.miner.miner_id].levels
        free_w = (house.record.surplus_w or 0.0) - house.record.drawn_w
        return Status(
            key=StatusKey.WAITING_FOR_SURPLUS,
            placeholders={
                "needed_w": round(levels[0].power_w),
                "surplus_w": round(max(free_w, 0.0)),
                **money,
            },
            since_ms=since_ms,
        )
    if Reason.PLAN_ON_SURPLUS not in ask.reasons or ask.is_off:
        return None
    drawn_w = power.measured_w(ask.state, ask.miner.miner_id)
    return Status(
        key=StatusKey.PLAN_ON_SURPLUS,
        placeholders={"power_w": round(drawn_w), **money},
        since_ms=since_ms,
    )


def _planned(ask: _Question) -> Status | None:
    reason = next((item for item in ask.reasons if item in planning.REASONS), None)
    if reason is None:
        return None
    segment = planning.segment_of(ask.state, ask.miner.miner_id, ask.ts_ms)
    if segment is None or ask.state.plan is None:
        return Status(key=StatusKey.PLAN_MISSING)
    inputs = ask.state.plan.record.inputs
    heat = {"heat_price": round(inputs.heat_price_per_kwh, 4)}
    # What has yet to come to the level of a segment is said as the segment is.
    key = (
        StatusKey.PLAN_PAYS
        if segment.reason is Reason.PLAN_ON_SURPLUS
        else StatusKey(segment.reason.value)
    )
    return Status(
        key=key,
        placeholders={
            "energy_price": round(segment.energy_price_per_kwh, 4),
            "break_even": round(segment.break_even_per_kwh, 4),
            "currency": inputs.currency,
            **(heat if key is StatusKey.PLAN_WITH_HEAT else {}),
        },
        since_ms=ask.off_since_ms if ask.is_off else ask.running_since_ms,
        until_ms=segment.until_ms,
    )


def _limit_w(ask: _Question) -> float:
    limit_w = power.site_limit_w(ask.state, ask.ts_ms)
    return round(ask.state.sheds.limit_w if limit_w is None else limit_w)


def _earliest_back_ms(ask: _Question) -> int:
    """Return from when on power may be given back."""
    sheds = ask.state.sheds
    return max(
        sheds.last_ms + shed_step.RESTORE_AFTER_MS, sheds.restored_ms + shed_step.RESTORE_EVERY_MS
    )


_ANSWERS: Final[tuple[Callable[[_Question], Status | None], ...]] = (
    _observing,
    _no_contact,
    _danger,
    _confirming,
    _manual,
    _held,
    _doubtful,
    _latched,
    _settling,
    _low,
    _off_for_limit,
    _prices,
    _profit_unknown,
    _not_obeyed,
    _refused,
    _hot,
    _reduced_for_limit,
    _bound,
    _sunny,
    _planned,
)
"""In the order of the rules."""

_RUNNING_BY_SIDE: Final = {
    1: StatusKey.RUNNING_PROFITABLE,
    0: StatusKey.RUNNING_WITHIN_MARGIN,
    -1: StatusKey.RUNNING_UNPROFITABLE,
}
_OFF_BY_SIDE: Final = {
    1: StatusKey.OFF_PROFITABLE,
    0: StatusKey.OFF_WITHIN_MARGIN,
    -1: StatusKey.OFF_UNPROFITABLE,
}


def _money(ask: _Question) -> Status:
    """Return the sentence of a miner that the profit alone decides on."""
    miner, price = ask.miner, ask.state.price
    profit = miner.profit.record if miner.profit else None
    mining = miner.reading.mining if miner.reading else None
    if mining is None:
        return Status(key=StatusKey.STATE_UNKNOWN)
    energy_price = price.record.energy_price_per_kwh if price else None
    if profit is None or price is None or energy_price is None or not profit.power_w:
        return Status(key=StatusKey.PROFIT_UNKNOWN)
    policy = ask.state.policy.record
    break_even = profit.break_even_energy_price_per_kwh or 0.0
    margin_per_kwh = policy.profit_margin_per_day / kwh_per_day(profit.power_w)
    key = (_RUNNING_BY_SIDE if mining else _OFF_BY_SIDE)[miner.profit_side]
    edge = (
        {"stop_above": round(break_even + margin_per_kwh, 4)}
        if mining
        else {"start_below": round(break_even - margin_per_kwh, 4)}
    )
    dwells = "until" in PLACEHOLDERS[key]
    return Status(
        key=key,
        placeholders={
            "profit_per_day": round(profit.profit_per_day or 0.0, 2),
            "energy_price": round(energy_price, 4),
            "break_even": round(break_even, 4),
            "currency": price.record.currency,
            **edge,
        },
        since_ms=ask.running_since_ms if mining else ask.off_since_ms,
        until_ms=miner.profit_side_since_ms + round(policy.profit_dwell_min * 60_000)
        if dwells
        else None,
    )
