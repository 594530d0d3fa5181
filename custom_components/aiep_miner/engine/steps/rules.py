"""The rules that refuse a proposal, in addition to the governor.

The rules on mode and evidence do not bind people; those on overheating, power and the device's
capabilities bind every origin.
"""

from typing import Final

from ..governor import CryptoMiningTrustLevel, MiningDecision, source_of
from ..miners.base import AUTO, ON
from ..records import (
    Action,
    AutotuneMode,
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
HARMLESS: Final = frozenset({Action.STOP, Action.POWER_OFF, Action.FAULT_LIGHT, Action.IDENTIFY})
"""Actions that no state of a machine speaks against."""
SAME_TARGET: Final = 0.001
"""Relative difference below which two targets are equal."""


def suppressing_rule(
    state: State, miner: MinerState, proposal: ProposalRecord, result: MiningDecision | None
) -> Reason | None:
    """Return the rule that refuses a proposal; None when it may be carried out."""
    if proposal.action is Action.HOLD:
        return None
    if proposal.refused:
        return Reason.SOURCE_RATE_LIMITED
    if proposal.citation_fault is not None:
        return proposal.citation_fault
    own = state.own(miner.miner_id)
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
    """Return the governor's refusal; for actions that it does not evaluate, the ceiling's."""
    if result is None:
        advises = ceiling_of(state, proposal) <= CryptoMiningTrustLevel.ADVISORY
        return Reason.SOURCE_CEILING if advises else None
    return None if result.actionable else result.refusal or Reason.TRUST_TOO_LOW


def is_safety_stop(miner: MinerState, proposal: ProposalRecord) -> bool:
    """Return whether a proposal is a stop because of an active danger."""
    return proposal.action is Action.STOP and not set(miner.dangers).isdisjoint(proposal.reasons)


def _is_able(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> bool:
    """Return whether the device supports the action, and has the named pool, board or level."""
    if own.actions is not None and proposal.action not in own.actions:
        return False
    reading = miner.reading or Reading()
    match proposal.action:
        case Action.SET_POOL:
            return any(pool.index == proposal.value for pool in reading.pools)
        case Action.SET_BOARD:
            return any(board.index == proposal.value for board in reading.boards)
        case Action.SET_LEVEL:
            return own.levels is None or any(item.name == proposal.option for item in own.levels)
        case _:
            return _in_range(own, proposal)


def _in_range(own: MinerPolicy, proposal: ProposalRecord) -> bool:
    """Tell whether a value lies in the range that the device listed, where it listed one."""
    limits = next((item for item in own.ranges or () if item.action is proposal.action), None)
    if limits is None or (proposal.action is Action.SET_FAN and proposal.option == AUTO):
        return True
    return proposal.value is not None and limits.low <= proposal.value <= limits.high


def _danger(miner: MinerState, own: MinerPolicy, proposal: ProposalRecord) -> Reason | None:
    """Return the danger that forbids all but a stop and a reduction of power.

    Overheating binds every origin; other dangers bind all but people.
    """
    if proposal.action in HARMLESS or not miner.dangers or power.reduces(miner, own, proposal):
        return None
    if Reason.OVERHEAT in miner.divergences:
        return Reason.THERMAL_OVERRIDE
    return None if proposal.origin is Origin.PERSON else miner.dangers[0]


def _rule_for_automation(
    state: State, miner: MinerState, proposal: ProposalRecord
) -> Reason | None:
    """Return the rule that binds all but people: mode, ledger, evidence, or no change."""
    safety_stop = is_safety_stop(miner, proposal)
    policy = state.policy.record
    if policy.mode is Mode.MANUAL and not (safety_stop and policy.safety_stops_in_manual):
        return Reason.MANUAL_MODE
    if Reason.LEDGER_TAMPERED in state.divergences and not safety_stop:
        return Reason.LEDGER_TAMPERED
    if proposal.action not in HARMLESS and miner.doubts:
        return miner.doubts[0]
    if _is_only_recommended(state.own(miner.miner_id), proposal):
        return Reason.AUTOTUNE_RECOMMENDS
    return Reason.UNCHANGED_TARGET if _changes_nothing(miner, proposal) else None


def _is_only_recommended(own: MinerPolicy, proposal: ProposalRecord) -> bool:
    tunes = proposal.origin is Origin.STRATEGY and proposal.action is Action.SET_LEVEL
    return tunes and own.autotune is not None and own.autotune.mode is AutotuneMode.RECOMMEND


def _changes_nothing(  # noqa: PLR0911 - one case an action
    miner: MinerState, proposal: ProposalRecord
) -> bool:
    """Tell whether the miner has, or was just given, what a proposal wants."""
    reading = miner.reading or Reading()
    match proposal.action:
        case Action.RUN:
            return reading.mining is True
        case Action.SET_POWER if reading.power_limit_w is not None and miner.pending is None:
            return _same(proposal.value, reading.power_limit_w)
        case Action.SET_LEVEL if reading.level is not None and miner.pending is None:
            return reading.level == proposal.option
        case Action.SET_FAN | Action.SET_TARGET_TEMPERATURE | Action.SET_SCALING:
            return _is_set(reading, proposal)
        case Action.SET_BOARD:
            wanted = proposal.option == ON
            return any(
                board.enabled is wanted for board in reading.boards if board.index == proposal.value
            )
        case Action.FAULT_LIGHT:
            return reading.fault_light is (proposal.option == ON)
        case _:
            return _is_in_force(miner, proposal)


def _is_set(reading: Reading, proposal: ProposalRecord) -> bool:
    """Tell whether the device reports the value that a proposal wants."""
    if proposal.action is Action.SET_SCALING:
        return reading.scaling is (proposal.option == ON)
    if proposal.action is Action.SET_TARGET_TEMPERATURE:
        return _same(proposal.value, reading.target_temperature_c)
    return _same(proposal.value, reading.fan_percent)


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
    """Return whether a source is over its hourly limit, this proposal included."""
    stamps = state.proposed_ms.get(source_of(proposal) or "", ())
    within = sum(1 for at in stamps if at > proposal.ts_ms - HOUR_MS)
    return within > state.policy.record.max_proposals_per_hour
