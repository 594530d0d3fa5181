"""Upper estimates of the power of miners, now and once a proposal takes effect.

Commands under way and unconfirmed ones are included; a miner with doubtful evidence is counted with
the highest power known of it. Unknown is None.
"""

from functools import partial
from typing import Final

from ..miners.base import ON
from ..records import (
    Action,
    DecisionRecord,
    MinerPolicy,
    ProposalRecord,
    Reading,
    ReceiptRecord,
)
from ..records.reasons import Reason
from ..state import MinerState, State

RAISES: Final = frozenset(
    {
        Action.RUN,
        Action.RESTART,
        Action.SET_POWER,
        Action.SET_HASHRATE,
        Action.SET_BOARD,
        Action.SET_LEVEL,
        Action.SET_POWER_PERCENT,
        Action.SET_SCALING,
        Action.RESTART_MINING,
    }
)
"""Actions that can raise a miner's power, and so claim a share of the site's limit."""

STANDBY_W: Final = 20.0
"""What a stopped machine draws; makers state 10 to 30 W."""
LOST_MS: Final = 300_000
"""A reading older than this is no measurement of the present."""

_SETTINGS: Final = frozenset({Action.SET_HASHRATE, Action.SET_LEVEL})
"""Targets that stay in force over a stop, and whose power is estimated."""
_REDUCTIONS: Final = frozenset({Action.SET_LEVEL, Action.SET_POWER})
"""Targets that the site's limit is kept by."""
_SWITCHED: Final = frozenset({Action.SET_BOARD, Action.SET_SCALING})

type Wanted = ProposalRecord | DecisionRecord | ReceiptRecord
"""Anything with an action, a value and an option."""


def rule(state: State, miner: MinerState, proposal: ProposalRecord) -> Reason | None:
    """Return what keeps a proposal from drawing power: the miner's limit or the site's."""
    own = state.own(miner.miner_id)
    site_w = site_limit_w(state, proposal.ts_ms)
    claimed = claimed_w(miner, own, proposal)
    if claimed == 0.0 or (site_w is None and own.max_power_w is None):
        return None
    if claimed is None:
        return Reason.POWER_MAXIMUM_UNKNOWN
    if own.max_power_w is not None and claimed > own.max_power_w:
        return Reason.OVER_POWER_LIMIT
    return None if site_w is None else _site_has_room(state, miner.miner_id, claimed, site_w)


def claimed_w(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> float | None:
    """Return the power in W that a proposal claims; 0 when it raises none, None when unknown."""
    if not _can_raise(miner, proposal):
        return 0.0
    power_w = claim_w(miner, own, proposal)
    return 0.0 if power_w is not None and lowers(miner, own, power_w) else power_w


def _site_has_room(state: State, miner_id: str, power_w: float, site_w: float) -> Reason | None:
    others_w = others_power_w(state, miner_id)
    if others_w is None:
        return Reason.POWER_MAXIMUM_UNKNOWN
    return Reason.OVER_POWER_LIMIT if others_w + power_w > site_w else None


def site_limit_w(state: State, ts_ms: int) -> float | None:
    """Return the site's limit in W at a time, orders included; None without one."""
    limits = (state.policy.record.governor.max_power_watts, state.ordered_w(ts_ms))
    return min((limit for limit in limits if limit is not None), default=None)


def kept_limit_w(state: State, ts_ms: int) -> float | None:
    """Return the limit in W that miners give up power for at a time; None without one."""
    sheds = state.policy.record.sheds_over_limit
    return site_limit_w(state, ts_ms) if sheds else state.ordered_w(ts_ms)


def site_w(state: State) -> float:
    """Return the measured power in W of all miners."""
    return state.measured.total_w(partial(measured_w, state))


def measured_w(state: State, miner_id: str) -> float:
    """Return the power in W that a miner reported, or the usual one where it reports none.

    One that has not answered for ``LOST_MS`` counts as drawing none, as does a removed one.
    """
    miner = state.miners.get(miner_id)
    if miner is None or miner.reading is None or not state.has_policy(miner_id):
        return 0.0
    if miner.telemetry and miner.telemetry.record.ts_ms - miner.reading_ms > LOST_MS:
        return 0.0
    if miner.reading.power_w is not None:
        return miner.reading.power_w
    known_w = running_w(miner, state.own(miner_id)) if miner.reading.mining else 0.0
    return known_w or 0.0


def expected_w(state: State, miner_id: str, ts_ms: int) -> float:
    """Return the power in W that a miner draws once the reductions under way took effect.

    One that shows no effect when firmware has had its time is not relied upon.
    """
    miner, own = state.miner(miner_id), state.own(miner_id)
    drawn_w = measured_w(state, miner_id)
    # Telemetry may confirm a level for longer, since the machine boots; its power falls at once.
    takes_ms = state.window_ms(Action.STOP) + own.level_change_s * 1000
    for wanted in _under_way(miner):
        if ts_ms - wanted.ts_ms >= takes_ms:
            continue
        claim = STANDBY_W if wanted.action is Action.STOP else None
        if wanted.action in _REDUCTIONS:
            claim = claim_w(miner, own, wanted)
        if claim is not None:
            drawn_w = min(drawn_w, claim)
    return drawn_w


def _under_way(miner: MinerState) -> list[Wanted]:
    told: list[Wanted] = [
        item.record for item in miner.open_decisions.values() if item.record.authorised
    ]
    return told if miner.pending is None else [*told, miner.pending.receipt]


def lowers(miner: MinerState, own: MinerPolicy, power_w: float) -> bool:
    """Return whether a power is no more than a running miner draws, nor than its limit in force.

    A miner that was told to stop, and repeats its last reading, may have stopped: a new limit
    may start it.
    """
    reading = miner.reading
    if reading is None or not reading.mining or reading.power_w is None or miner.doubts:
        return False
    if miner.intended_off and miner.frozen_polls:
        return False
    known_w = running_w(miner, own)
    return power_w <= reading.power_w and (known_w is None or power_w <= known_w)


def reduces(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> bool:
    """Tell whether a proposal is a power limit below what a running miner draws and may draw."""
    if proposal.action is Action.SET_LEVEL:
        power_w = level_w(miner, own, proposal.option)
        return power_w is not None and lowers(miner, own, power_w)
    value = proposal.value
    if proposal.action is not Action.SET_POWER or value is None:
        return False
    commanded = commanded_w(miner)
    return lowers(miner, own, value) and (commanded is None or value < commanded)


def commanded_w(miner: MinerState) -> float | None:
    """Return the power limit in W: the one under way, else the reported, else the last sent."""
    pending, sent = miner.pending, miner.setpoint
    if pending is not None and pending.receipt.action is Action.SET_POWER:
        return pending.receipt.value
    if miner.reading is not None and miner.reading.power_limit_w is not None:
        return miner.reading.power_limit_w
    return sent.value if sent is not None and sent.action is Action.SET_POWER else None


def claim_w(miner: MinerState, own: MinerPolicy, wanted: Wanted) -> float | None:
    """Return the power in W that a miner draws at most once an action took effect."""
    match wanted.action:
        case Action.SET_POWER:
            return wanted.value
        case Action.SET_HASHRATE:
            return _at_rate_w(miner, own, wanted.value)
        case Action.SET_LEVEL:
            return level_w(miner, own, wanted.option)
        case Action.SET_POWER_PERCENT | Action.SET_SCALING:
            return _scaled_w(own, wanted)
        case Action.SET_BOARD if wanted.option == ON:
            return _with_board_w(miner, own)
        case _:
            return running_w(miner, own)


def _scaled_w(own: MinerPolicy, wanted: Wanted) -> float | None:
    """Return the most that a machine draws at a percentage, or when it scales by itself."""
    full_w = own.power_max_w or own.nominal_power_w
    if wanted.action is Action.SET_SCALING or full_w is None:
        return full_w
    return None if wanted.value is None else full_w * wanted.value / 100


def running_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power in W that a miner draws at most while it runs, as it is set now."""
    setpoint = miner.setpoint
    limit_w = setpoint.value if setpoint and setpoint.action is Action.SET_POWER else None
    is_limited = miner.confirmed_limit_w is not None and not miner.limit_passed
    learned_w = miner.learned_power_w
    known = [_with_present_boards(miner, learned_w), limit_w, miner.unproven_w]
    if learned_w is None and not is_limited:
        known.append(_with_present_boards(miner, miner.usual(own)[1]))
        if setpoint is not None and setpoint.action in _SETTINGS:
            known.append(claim_w(miner, own, setpoint))
        if miner.reading is not None and miner.reading.level is not None:
            known.append(level_w(miner, own, miner.reading.level))
    if miner.doubts:
        known.append(own.nominal_power_w)
    return max((power_w for power_w in known if power_w is not None), default=None)


def _with_present_boards(miner: MinerState, power_w: float | None) -> float | None:
    """Return a usual power with the boards that are on now, where those are more than it is of."""
    on = miner.reading.boards_on if miner.reading else 0
    usual = miner.usual_boards
    return power_w if power_w is None or not usual or on <= usual else power_w * on / usual


def level_w(miner: MinerState, own: MinerPolicy, name: str | None) -> float | None:
    """Return the power in W of a level: learned or claimed by the device, the higher; None unknown."""
    figures = miner.curve.get(name or "")
    claimed = next((item.power_w for item in own.levels or () if item.name == name), None)
    known = [figures.power_w if figures else None, claimed]
    return max((power_w for power_w in known if power_w is not None), default=own.power_max_w)


def others_power_w(state: State, miner_id: str) -> float | None:
    """Return the power in W that all other miners draw or are about to; None when unknown."""
    return state.power.others_w(miner_id, partial(_counted_w, state))


def _counted_w(state: State, miner_id: str) -> float | None:
    """Return the power in W with which a miner counts; one that the policy does not name has none."""
    if not state.has_policy(miner_id) or miner_id not in state.miners:
        return 0.0
    return _present_w(state.miners[miner_id], state.own(miner_id))


def _present_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power in W that a miner draws, or will by a command under way."""
    claims = [claim_w(miner, own, item) for item in _under_way(miner) if _can_raise(miner, item)]
    drawn_w = miner.reading.power_w if miner.reading else None
    if miner.may_run:
        known_w = running_w(miner, own)
        claims.append(drawn_w if known_w is None else max(known_w, drawn_w or 0.0))
    known = [power_w for power_w in (drawn_w, *claims) if power_w is not None]
    return None if None in claims else max(known, default=0.0)


def _at_rate_w(miner: MinerState, own: MinerPolicy, rate_ths: float | None) -> float | None:
    """Return the power at a hash rate: in proportion below the usual one, with its square above.

    A chip's power goes with frequency times the square of its voltage, and a higher frequency
    needs a higher voltage; measured curves of common models are below the square. Unknown while
    the number of boards is doubtful: fewer than were seen last would need more power.
    """
    usual_ths, usual_w = miner.usual(own)
    if rate_ths is None or not usual_ths or usual_w is None or _doubts_boards(miner):
        return None
    reading = miner.reading or Reading()
    of_boards = miner.usual_boards or len(reading.boards)
    share = min(1.0, reading.boards_on / of_boards) if reading.boards_on else 1.0
    ratio = rate_ths / (usual_ths * share)
    return usual_w * share * ratio * max(ratio, 1.0)


def _with_board_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power with one more board than run now; with all while one is being switched on."""
    reading, power_w = miner.reading or Reading(), running_w(miner, own)
    on = reading.boards_on
    if power_w is None or on == 0:
        return own.nominal_power_w
    # The usual power may still be of fewer boards than run now.
    drawn_w = max(power_w, reading.power_w or 0.0)
    after = len(reading.boards) if _switches_board(miner) else on + 1
    return drawn_w * after / on


def _doubts_boards(miner: MinerState) -> bool:
    """Return whether fewer boards may run than the last reading says.

    A machine that repeats its reading does not show whether a board was switched.
    """
    is_repeated = miner.frozen_polls > 0 and Action.SET_BOARD in miner.failures
    return bool(miner.doubts) or is_repeated or _switches_board(miner)


def _switches_board(miner: MinerState) -> bool:
    """Return whether a board is being switched, as far as is known."""
    pending = miner.pending.receipt.action if miner.pending else None
    return Action.SET_BOARD in {pending, *miner.commanded}


def _can_raise(miner: MinerState, wanted: Wanted) -> bool:
    """Tell whether an action can raise power: a board off does where it starts a stopped miner."""
    switches_off = wanted.action in _SWITCHED and wanted.option != ON
    runs = miner.reading is not None and miner.reading.mining is True and not miner.doubts
    return wanted.action in RAISES and not (switches_off and runs)
