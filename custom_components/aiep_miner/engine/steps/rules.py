"""The rules beside the governor that keep a proposal from being carried out.

People pass those of the site's mode and of the evidence; nobody passes those of overheating, of
power and of what a device can do.
"""

from typing import Final

from ..governor import CryptoMiningTrustLevel, MiningDecision, source_of
from ..miners.base import ON
from ..records import (
    Action,
    MinerPolicy,
    Mode,
    Origin,
    Outcome,
    ProposalRecord,
    Reading,
)
from ..records.reasons import Reason
from ..state import MinerState, State
from . import power

HOUR_MS: Final = 3_600_000
HARMLESS: Final = frozenset({Action.STOP, Action.FAULT_LIGHT})
"""Actions that no state of a machine speaks against."""
SAME_TARGET: Final = 0.001
"""Targets whose difference is a smaller share of the one in force are the same."""


def suppressing_rule(
    state: State, miner: MinerState, proposal: ProposalRecord, result: MiningDecision | None
) -> Reason | None:
    """Return the rule that keeps a proposal from being carried out; None when there is none."""
    if proposal.action is Action.HOLD:
        return None
    if proposal.refused:
        return Reason.SOURCE_RATE_LIMITED
    own = state.policy.record.miner(miner.miner_id)
    if not _is_able(miner, own, proposal):
        return Reason.UNSUPPORTED_ACTION
    found = _danger(miner, own, proposal)
    if found is None and _too_many(state, proposal):
        found = Reason.SOURCE_RATE_LIMITED
    if found is None and proposal.origin is not Origin.PERSON:
        found = _rule_for_automation(state, miner, proposal)
    if found is None:
        found = power.rule(state, miner, proposal)
    return found or _refusal(state, proposal, result)


def ceiling_of(state: State, proposal: ProposalRecord) -> CryptoMiningTrustLevel:
    """Return what the source's track record allows, or less where the operator capped it."""
    capped = state.policy.record.source_ceiling(source_of(proposal))
    return min(state.track_records.ceiling(proposal), capped)


def _refusal(
    state: State, proposal: ProposalRecord, result: MiningDecision | None
) -> Reason | None:
    """Return why the governor, or what is not governed the source's ceiling, stands against it."""
    if result is None:
        advises = ceiling_of(state, proposal) <= CryptoMiningTrustLevel.ADVISORY
        return Reason.SOURCE_CEILING if advises else None
    return None if result.actionable else result.refusal or Reason.TRUST_TOO_LOW


def is_safety_stop(miner: MinerState, proposal: ProposalRecord) -> bool:
    """Tell whether a proposal is the stop that a danger asks for."""
    return proposal.action is Action.STOP and not set(miner.dangers).isdisjoint(proposal.reasons)


def _is_able(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> bool:
    """Tell whether the device can do it, and has the pool, board or preset that is named."""
    if own.actions is not None and proposal.action not in own.actions:
        return False
    reading = miner.reading or Reading()
    match proposal.action:
        case Action.SET_POOL:
            return any(pool.index == proposal.value for pool in reading.pools)
        case Action.SET_BOARD:
            return any(board.index == proposal.value for board in reading.boards)
        case Action.SET_PRESET:
            return own.presets is None or proposal.option in own.presets
        case _:
            return True


def _danger(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> Reason | None:
    """Return what forbids all but a stop and a reduction of power.

    That is overheating for everybody, and any other danger for all but people.
    """
    if proposal.action in HARMLESS or not miner.dangers or power.reduces(miner, own, proposal):
        return None
    if Reason.OVERHEAT in miner.divergences:
        return Reason.THERMAL_OVERRIDE
    return None if proposal.origin is Origin.PERSON else miner.dangers[0]


def _rule_for_automation(
    state: State, miner: MinerState, proposal: ProposalRecord
) -> Reason | None:
    """Return what keeps anybody but people from acting: mode, ledger, evidence, or no change."""
    safety_stop = is_safety_stop(miner, proposal)
    policy = state.policy.record
    if policy.mode is Mode.MANUAL and not (safety_stop and policy.safety_stops_in_manual):
        return Reason.MANUAL_MODE
    if Reason.LEDGER_TAMPERED in state.divergences and not safety_stop:
        return Reason.LEDGER_TAMPERED
    if proposal.action not in HARMLESS and miner.doubts:
        return miner.doubts[0]
    return Reason.UNCHANGED_TARGET if _changes_nothing(miner, proposal) else None


def _changes_nothing(miner: MinerState, proposal: ProposalRecord) -> bool:
    """Tell whether the miner has, or was just given, what a proposal wants."""
    reading = miner.reading or Reading()
    match proposal.action:
        case Action.RUN:
            return reading.mining is True
        case Action.SET_POWER if reading.power_limit_w is not None and miner.pending is None:
            return _same(proposal.value, reading.power_limit_w)
        case Action.SET_PRESET if reading.preset is not None and miner.pending is None:
            return reading.preset == proposal.option
        case Action.SET_BOARD:
            wanted = proposal.option == ON
            return any(
                board.enabled is wanted for board in reading.boards if board.index == proposal.value
            )
        case Action.FAULT_LIGHT:
            return reading.fault_light is (proposal.option == ON)
        case _:
            return _is_in_force(miner, proposal)


def _is_in_force(miner: MinerState, proposal: ProposalRecord) -> bool:
    setpoint = miner.setpoint
    return (
        setpoint is not None
        and setpoint.action is proposal.action
        and setpoint.outcome is not Outcome.NOT_CONFIRMED
        and setpoint.option == proposal.option
        and (proposal.value is None or _same(proposal.value, setpoint.value))
    )


def _same(wanted: float | None, current: float | None) -> bool:
    if wanted is None or current is None:
        return False
    return abs(wanted - current) <= abs(current) * SAME_TARGET


def _too_many(state: State, proposal: ProposalRecord) -> bool:
    """Tell whether the proposal's source has proposed more than its share, this one included."""
    stamps = state.proposed_ms.get(source_of(proposal) or "", ())
    within = sum(1 for at in stamps if at > proposal.ts_ms - HOUR_MS)
    return within > state.policy.record.max_proposals_per_hour
