"""What power miners draw, and what one would draw once a proposal took effect.

Every estimate is an upper one: what is on its way counts, an unconfirmed command counts, and a
miner whose evidence is doubtful counts with the most that is known of it. Unknown is None.
"""

from typing import Final

from ..miners.base import ON
from ..records import (
    Action,
    DecisionRecord,
    MinerPolicy,
    Outcome,
    ProposalRecord,
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
        Action.SET_PRESET,
        Action.SET_BOARD,
    }
)
"""Actions that can raise a miner's power, and so claim a share of what is allowed."""

type Wanted = ProposalRecord | DecisionRecord | ReceiptRecord
"""What has an action, a value and an option."""


def rule(state: State, miner: MinerState, proposal: ProposalRecord) -> Reason | None:
    """Return what keeps a proposal from drawing power: the miner's limit or the site's."""
    own = state.policy.record.miner(miner.miner_id)
    site_w = state.policy.record.governor.max_power_watts
    claimed = claimed_w(miner, own, proposal)
    if claimed == 0.0 or (site_w is None and own.max_power_w is None):
        return None
    if claimed is None:
        return Reason.POWER_MAXIMUM_UNKNOWN
    if own.max_power_w is not None and claimed > own.max_power_w:
        return Reason.OVER_POWER_LIMIT
    return _site_has_room(state, miner.miner_id, claimed)


def claimed_w(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> float | None:
    """Return the power in W that a proposal claims; 0 when it raises none, None when unknown."""
    if not _can_raise(miner, proposal):
        return 0.0
    power_w = claim_w(miner, own, proposal)
    return 0.0 if power_w is not None and lowers(miner, own, power_w) else power_w


def _site_has_room(state: State, miner_id: str, power_w: float) -> Reason | None:
    site_w = state.policy.record.governor.max_power_watts
    if site_w is None:
        return None
    others_w = others_power_w(state, miner_id)
    if others_w is None:
        return Reason.POWER_MAXIMUM_UNKNOWN
    return Reason.OVER_POWER_LIMIT if others_w + power_w > site_w else None


def lowers(miner: MinerState, own: MinerPolicy, power_w: float) -> bool:
    """Tell whether a running miner at a power would draw no more than now, nor than commanded."""
    reading = miner.reading
    if reading is None or not reading.mining or reading.power_w is None or miner.doubts:
        return False
    known_w = running_w(miner, own)
    return power_w <= reading.power_w and (known_w is None or power_w <= known_w)


def reduces(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> bool:
    """Tell whether a proposal is a power limit below what a running miner draws and may draw."""
    value = proposal.value
    if proposal.action is not Action.SET_POWER or value is None:
        return False
    commanded = commanded_w(miner)
    return lowers(miner, own, value) and (commanded is None or value < commanded)


def commanded_w(miner: MinerState) -> float | None:
    """Return the power limit in W that is on its way, that the miner reports, or was sent last."""
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
        case Action.SET_PRESET:
            learned = miner.preset_w.get(wanted.option or "")
            return learned if learned is not None else own.power_max_w
        case Action.SET_BOARD if wanted.option == ON:
            return _with_board_w(miner, own)
        case _:
            return running_w(miner, own)


def running_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power in W that a miner draws at most while it runs, as it is set now."""
    setpoint = miner.setpoint
    limit_w = setpoint.value if setpoint and setpoint.action is Action.SET_POWER else None
    is_limited = limit_w is not None and setpoint and setpoint.outcome is Outcome.CONFIRMED
    learned_w = miner.learned_power_w
    known = [learned_w, limit_w, miner.unproven_w]
    if learned_w is None and not is_limited:
        known.append(miner.usual(own)[1])
    if miner.doubts:
        known.append(own.nominal_power_w)
    return max((power_w for power_w in known if power_w is not None), default=None)


def others_power_w(state: State, miner_id: str) -> float | None:
    """Return the power in W that all other miners draw or are about to; None when unknown."""
    total_w = 0.0
    for own in state.policy.record.miners:
        if own.miner_id == miner_id or own.miner_id not in state.miners:
            continue
        power_w = _present_w(state.miners[own.miner_id], own)
        if power_w is None:
            return None
        total_w += power_w
    return total_w


def _present_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power in W that a miner draws, or will when what it was told takes effect."""
    told: list[Wanted] = [
        item.record for item in miner.open_decisions.values() if item.record.authorised
    ]
    if miner.pending is not None:
        told.append(miner.pending.receipt)
    claims = [claim_w(miner, own, item) for item in told if _can_raise(miner, item)]
    drawn_w = miner.reading.power_w if miner.reading else None
    if miner.may_run:
        known_w = running_w(miner, own)
        claims.append(drawn_w if known_w is None else max(known_w, drawn_w or 0.0))
    known = [power_w for power_w in (drawn_w, *claims) if power_w is not None]
    return None if None in claims else max(known, default=0.0)


def _at_rate_w(miner: MinerState, own: MinerPolicy, rate_ths: float | None) -> float | None:
    """Return the power at a hash rate: in proportion below the usual one, with its square above.

    A chip's power goes with frequency times the square of its voltage, and a higher frequency
    needs a higher voltage; measured curves of common models lie below the square.
    """
    usual_ths, usual_w = miner.usual(own)
    if rate_ths is None or not usual_ths or usual_w is None:
        return None
    ratio = rate_ths / usual_ths
    return usual_w * ratio * max(ratio, 1.0)


def _with_board_w(miner: MinerState, own: MinerPolicy) -> float | None:
    """Return the power with one more board than run now."""
    power_w = running_w(miner, own)
    boards = miner.reading.boards if miner.reading else ()
    on = sum(1 for board in boards if board.enabled is not False)
    if power_w is None or on == 0:
        return own.nominal_power_w
    return power_w * (on + 1) / on


def _can_raise(miner: MinerState, wanted: Wanted) -> bool:
    """Tell whether an action can raise power: a board off does where it starts a stopped miner."""
    switches_off = wanted.action is Action.SET_BOARD and wanted.option != ON
    runs = miner.reading is not None and miner.reading.mining is True and not miner.doubts
    return wanted.action in RAISES and not (switches_off and runs)
