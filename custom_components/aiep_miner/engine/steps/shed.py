"""Keeps the site within its power limit: who gives up power, and when it is given back.

Active while the divergence ``site_limit_exceeded`` is, which records that the measured power of
the site is above its limit. What costs least for each watt goes first: levels and power limits
where firmware has them, else stops. Power is given back one miner at a time.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..economics.shedding import Rung, Sheddable, shed
from ..records import Action, DecisionRecord, MinerPolicy, Origin, ProposalRecord
from ..records.reasons import Reason
from ..state import MinerState, State
from ..state.sheds import Shed
from . import decide, power
from .power import STANDBY_W

MARGIN: Final = 0.01
"""Share of the limit that is free once enough was given up: noise must not exceed it again."""
ROOM: Final = 0.03
"""Share of the limit that is free once power was given back."""
RESTORE_AFTER_MS: Final = 600_000
"""After a miner gave up power none is given back for this long."""
RESTORE_EVERY_MS: Final = 120_000
"""One miner at a time: firmware takes minutes to draw what it will."""
CONFIDENCE: Final = 0.95
RATE_BY_POWER: Final = 0.75
"""A machine at half of its power keeps about 60 % of its hash rate (its voltage falls, too)."""
NOTABLE: Final = 0.05
"""A change of power below this share is not worth a command."""

EXCEEDED: Final = (Reason.SITE_LIMIT_EXCEEDED,)
BACK: Final = (Reason.SITE_LIMIT_ROOM,)


@dataclass(frozen=True, slots=True)
class _Change:
    """A command that lowers or restores a miner's power to ``power_w``."""

    action: Action
    power_w: float
    option: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A miner that may give up power; a person's takeover makes it the last resort."""

    machine: Sheddable
    changes: tuple[_Change, ...]
    """By the rung's choice: a stop, none, then reductions."""
    is_held: bool


def propose(state: State, miners: Iterable[str], ts_ms: int) -> dict[str, ProposalRecord]:
    """Return the proposals that keep the site's limit, or give power back; usually none.

    ``miners`` are those that may be given one: their telemetry is of this block.
    """
    if Reason.SITE_LIMIT_EXCEEDED in state.divergences:
        return _give_up(state, miners, ts_ms)
    return _give_back(state, miners, ts_ms) if state.sheds.miners else {}


def instead_of(refused: DecisionRecord) -> ProposalRecord | None:
    """Return the stop that follows a reduction for the limit that was refused."""
    is_own = refused.origin is Origin.PLANNER and refused.reasons == EXCEEDED
    if not is_own or refused.authorised or refused.action is Action.STOP:
        return None
    return _proposal(refused.subject, refused.ts_ms, _Change(Action.STOP, STANDBY_W), EXCEEDED)


def is_due(state: State, proposal: ProposalRecord) -> bool:
    """Tell whether a proposal is a stop that the site's limit demands."""
    is_own = proposal.origin is Origin.PLANNER and proposal.reasons == EXCEEDED
    exceeded = Reason.SITE_LIMIT_EXCEEDED in state.divergences
    return is_own and exceeded and proposal.action is Action.STOP


def _proposal(
    miner_id: str,
    ts_ms: int,
    change: _Change,
    reasons: tuple[Reason, ...],
    former: _Change | None = None,
) -> ProposalRecord:
    return ProposalRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=change.action,
        origin=Origin.PLANNER,
        reasons=reasons,
        value=change.value,
        option=change.option,
        confidence=CONFIDENCE,
        former_value=former.value if former else None,
        former_option=former.option if former else None,
    )


# Giving up


def _give_up(state: State, miners: Iterable[str], ts_ms: int) -> dict[str, ProposalRecord]:
    limit_w = power.kept_limit_w(state)
    if limit_w is None:
        return {}
    expected_w = sum(power.expected_w(state, miner_id, ts_ms) for miner_id in state.miners)
    if expected_w <= limit_w:
        return {}
    excess_w = expected_w - limit_w * (1 - MARGIN)
    others = []
    for miner_id in miners:
        if decide.wish(state, miner_id, ts_ms)[0] is Action.STOP:
            excess_w -= power.expected_w(state, miner_id, ts_ms) - STANDBY_W
        else:
            others.append(miner_id)
    found = ((miner_id, _candidate(state, miner_id, ts_ms, excess_w)) for miner_id in others)
    candidates = {miner_id: item for miner_id, item in found if item is not None}
    return _chosen(state, candidates, excess_w, ts_ms)


def _chosen(
    state: State, candidates: Mapping[str, _Candidate], excess_w: float, ts_ms: int
) -> dict[str, ProposalRecord]:
    proposals = {}
    for held in (False, True):
        machines = [item.machine for item in candidates.values() if item.is_held is held]
        for move in shed(machines, excess_w):
            change = candidates[move.name].changes[move.choice]
            former = _former(state, move.name, change)
            proposals[move.name] = _proposal(move.name, ts_ms, change, EXCEEDED, former)
            excess_w -= move.saved_w
    return proposals


def _candidate(state: State, miner_id: str, ts_ms: int, excess_w: float) -> _Candidate | None:
    """Return what a miner may give up; None for one that cannot, or is about to already."""
    miner, own = state.miner(miner_id), state.own(miner_id)
    drawn_w = power.measured_w(state, miner_id)
    is_told = miner.commanded or (miner.pending and miner.pending.receipt.action is Action.STOP)
    is_silent = Reason.COMMS_LOST in miner.divergences
    if is_told or is_silent or not miner.observed or drawn_w <= STANDBY_W:
        return None
    stop, now = _Change(Action.STOP, STANDBY_W), _Change(Action.HOLD, drawn_w)
    may_stop = _may(miner, own, Action.STOP, ts_ms)
    changes = [stop, now]
    if not miner.doubts and not miner.dangers and miner.pending is None:
        changes += _reductions(miner, own, drawn_w, excess_w, ts_ms)
    rungs = [
        Rung(
            choice=choice,
            power_w=change.power_w,
            value_per_hour=_value_per_hour(miner, own, change, drawn_w),
        )
        for choice, change in enumerate(changes)
    ]
    return _Candidate(
        machine=Sheddable(
            name=miner_id, now=rungs[1], lower=tuple(rungs[2:] + (rungs[:1] if may_stop else []))
        ),
        changes=tuple(changes),
        is_held=miner.hold_until_ms is not None and ts_ms < miner.hold_until_ms,
    )


def _may(miner: MinerState, own: MinerPolicy, action: Action, ts_ms: int) -> bool:
    """Tell whether an action can be relied on: the device has it, and obeyed or was not asked."""
    if own.actions is not None and action not in own.actions:
        return False
    failure = miner.failures.get(action)
    if failure is not None and ts_ms - failure.ts_ms < decide.RETRY_AFTER_MS:
        return False
    wanted = (action, EXCEEDED, CONFIDENCE)
    return decide.spare_repeats(miner, ts_ms, wanted) == wanted


def _reductions(
    miner: MinerState, own: MinerPolicy, drawn_w: float, excess_w: float, ts_ms: int
) -> list[_Change]:
    """Return the lower levels of a running miner, or else two lower power limits."""
    if own.levels and own.actions is not None:
        if not _may(miner, own, Action.SET_LEVEL, ts_ms):
            return []
        levels = ((item.name, power.level_w(miner, own, item.name)) for item in own.levels)
        return [
            _Change(Action.SET_LEVEL, power_w, option=name)
            for name, power_w in levels
            if power_w is not None
            and power_w < drawn_w * (1 - NOTABLE)
            and power.lowers(miner, own, power_w)
        ]
    least_w = own.power_min_w
    if own.actions is None or least_w is None or not _may(miner, own, Action.SET_POWER, ts_ms):
        return []
    targets = {float(max(least_w, (drawn_w - excess_w) // 1)), least_w}
    return [
        _Change(Action.SET_POWER, value, value=value)
        for value in sorted(targets, reverse=True)
        if value < drawn_w * (1 - NOTABLE) and power.lowers(miner, own, value)
    ]


def _value_per_hour(miner: MinerState, own: MinerPolicy, change: _Change, drawn_w: float) -> float:
    """Return what a miner earns an hour after a change; nothing when it is off."""
    profit = miner.profit.record if miner.profit else None
    if change.action is Action.STOP or profit is None or profit.profit_per_day is None:
        return 0.0
    share, revenue = change.power_w / drawn_w, profit.revenue_per_day or 0.0
    rate = math.pow(share, RATE_BY_POWER)
    if change.action is Action.SET_LEVEL and profit.hashrate_ths:
        known = miner.curve.get(change.option or "")
        claimed = next((item for item in own.levels or () if item.name == change.option), None)
        rate_ths = known.hashrate_ths if known else claimed.hashrate_ths if claimed else None
        rate = rate if rate_ths is None else rate_ths / profit.hashrate_ths
    return (revenue * rate - (revenue - profit.profit_per_day) * share) / 24


def _former(state: State, miner_id: str, change: _Change) -> _Change | None:
    """Return what a miner goes back to after a reduction."""
    miner = state.miner(miner_id)
    match change.action:
        case Action.SET_LEVEL:
            level = miner.reading.level if miner.reading else None
            return _Change(Action.SET_LEVEL, 0.0, option=level or miner.running_level)
        case Action.SET_POWER:
            drawn_w = power.measured_w(state, miner_id)
            limit_w = power.commanded_w(miner) or float(round(drawn_w))
            return _Change(Action.SET_POWER, limit_w, value=limit_w)
        case _:
            return None


# Giving back


def _give_back(state: State, miners: Iterable[str], ts_ms: int) -> dict[str, ProposalRecord]:
    """Return the proposal that gives one miner power back: the one that earns most by it."""
    sheds = state.sheds
    is_early = ts_ms - sheds.last_ms < RESTORE_AFTER_MS
    if is_early or ts_ms - sheds.restored_ms < RESTORE_EVERY_MS:
        return {}
    polled = frozenset(miners)
    found = {
        miner_id: change
        for miner_id, given in sheds.miners.items()
        if miner_id in polled and (change := _way_back(state, miner_id, given, ts_ms)) is not None
    }
    if not found:
        return {}
    best = min(found, key=lambda miner_id: (-_merit(state.miner(miner_id)), miner_id))
    return {best: _proposal(best, ts_ms, found[best], BACK)}


def _merit(miner: MinerState) -> float:
    """Return what a miner earns a day for each watt."""
    profit = miner.profit.record if miner.profit else None
    if profit is None or profit.profit_per_day is None or not profit.power_w:
        return 0.0
    return profit.profit_per_day / profit.power_w


def _way_back(state: State, miner_id: str, given: Shed, ts_ms: int) -> _Change | None:
    """Return the highest step back that leaves room; None where none does or may be tried."""
    miner, own = state.miner(miner_id), state.own(miner_id)
    action, reasons, _ = decide.wish(state, miner_id, ts_ms)
    if action is not Action.HOLD:
        return None
    room_w = _room_w(state, miner_id)
    if given.keeps_off(miner.reading):
        running_w = power.running_w(miner, own)
        if Reason.SITE_LIMIT_EXCEEDED not in reasons or not _fits(running_w, room_w):
            return None
        change: _Change | None = _Change(Action.RUN, running_w or 0.0)
    elif set(reasons) <= decide.TUNABLE and given.holds_down(miner.reading):
        change = _raise(miner, own, given, room_w)
    else:
        return None
    if change is None:
        return None
    wanted = decide.spare_repeats(
        miner, ts_ms, decide.attempt(miner, ts_ms, change.action, BACK, CONFIDENCE)
    )
    return change if wanted[0] is change.action else None


def _room_w(state: State, miner_id: str) -> float | None:
    """Return the power in W that a miner may draw; None where nothing limits it."""
    limit_w = state.policy.record.governor.max_power_watts
    if limit_w is None:
        return None
    others_w = power.others_power_w(state, miner_id)
    return 0.0 if others_w is None else limit_w * (1 - ROOM) - others_w


def _fits(power_w: float | None, room_w: float | None) -> bool:
    return room_w is None or (power_w is not None and power_w <= room_w)


def _raise(
    miner: MinerState, own: MinerPolicy, given: Shed, room_w: float | None
) -> _Change | None:
    drawn_w = (miner.reading.power_w if miner.reading else None) or 0.0
    if given.level is not None:
        most_w = power.level_w(miner, own, given.level)
        if _fits(most_w, room_w):
            return _Change(Action.SET_LEVEL, most_w or 0.0, option=given.level)
        between = [
            (power_w, item.name)
            for item in own.levels or ()
            if (power_w := power.level_w(miner, own, item.name)) is not None
            and power_w > drawn_w * (1 + NOTABLE)
            and (most_w is None or power_w < most_w)
            and _fits(power_w, room_w)
        ]
        power_w, name = max(between, default=(0.0, ""))
        return _Change(Action.SET_LEVEL, power_w, option=name) if name else None
    most_w = given.power_w or 0.0
    value = most_w if room_w is None else float(min(most_w, room_w // 1))
    if value < most_w and value <= drawn_w * (1 + NOTABLE):
        return None
    return _Change(Action.SET_POWER, value, value=value)
