"""Evaluates a proposal by the governor and the rules; returns the DecisionRecord."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ..governor import (
    CryptoMiningTrustLevel,
    HardwareReading,
    Limits,
    MiningDecision,
    MiningDomain,
    MiningSignals,
    as_brief,
    as_evaluation,
)
from ..records import (
    OWN_ORIGINS,
    Action,
    DecisionRecord,
    Evaluation,
    Evidence,
    MinerPolicy,
    Origin,
    Pool,
    ProposalRecord,
    Reading,
    Strategy,
)
from ..state import GOVERNED, MinerState, State, acceptance, hardware_readings
from . import power, shed
from .rules import ceiling_of, is_safety_stop, suppressing_rule

READING_MAX_AGE_MS: Final = 300_000
"""Older readings are not used as evidence of the present."""
TARGETS: Final = frozenset({Action.SET_POWER, Action.SET_HASHRATE})
IDLE_BEFORE_START_MS: Final = 120_000
"""How long a machine without temperatures while stopped must have rested before a start."""


def decide(state: State, proposal: ProposalRecord, ts_ms: int) -> DecisionRecord:
    """Return the decision on a proposal; a function of the state, the proposal and the time."""
    miner = state.miner(proposal.subject)
    result = None
    if proposal.action in GOVERNED:
        result = state.governor.evaluate(_signals(state, miner, proposal, ts_ms))
    rule = suppressing_rule(state, miner, proposal, result)
    wants_change = proposal.action is not Action.HOLD
    return DecisionRecord(
        ts_ms=ts_ms,
        subject=proposal.subject,
        action=proposal.action,
        authorised=wants_change and rule is None,
        reasons=proposal.reasons,
        origin=proposal.origin,
        value=_value(proposal, result),
        option=proposal.option or _level_before(state, miner, proposal),
        mode=state.policy.record.mode,
        suppressed_by=rule if wants_change else None,
        evaluation=_evaluation(miner, proposal, result),
        evidence=_evidence(state, miner, proposal),
        review=wants_change and rule is None and _needs_review(proposal, result),
    )


def _level_before(state: State, miner: MinerState, proposal: ProposalRecord) -> str | None:
    """Return the level that a start goes back to: the one before the stop."""
    own = state.own(miner.miner_id)
    known = any(item.name == miner.running_level for item in own.levels or ())
    return miner.running_level if proposal.action is Action.RUN and known else None


def _needs_review(proposal: ProposalRecord, result: MiningDecision | None) -> bool:
    return (
        proposal.origin not in OWN_ORIGINS
        and result is not None
        and result.authorized_level <= CryptoMiningTrustLevel.SUPERVISED
    )


def _evaluation(
    miner: MinerState, proposal: ProposalRecord, result: MiningDecision | None
) -> Evaluation | None:
    if result is None:
        return None
    # Most records by far are holds: they keep the level that the evidence earned, not its working.
    if proposal.action is not Action.HOLD:
        return as_evaluation(result)
    brief = as_brief(result)
    return replace(brief, decision_id=None) if _repeats(miner, proposal) else brief


def _repeats(miner: MinerState, proposal: ProposalRecord) -> bool:
    """Tell whether a hold has the reasons of the miner's decision before, itself a hold."""
    before = miner.decision.record if miner.decision else None
    return (
        before is not None and before.action is Action.HOLD and before.reasons == proposal.reasons
    )


def _value(proposal: ProposalRecord, result: MiningDecision | None) -> float | None:
    """Return the value to send: for a target the trusted one, else what was proposed."""
    if result is None or not result.actionable or proposal.action not in TARGETS:
        return proposal.value
    return round(result.trusted_value, 6)


def _evidence(state: State, miner: MinerState, proposal: ProposalRecord) -> Evidence:
    divergences = {**miner.divergences, **state.divergences}
    recorded = miner.proposal
    same = recorded is not None and replace(recorded.record, clock_ms=proposal.clock_ms) == proposal
    return Evidence(
        telemetry=miner.telemetry.seq if miner.telemetry else None,
        price=state.price.seq if state.price else None,
        profit=miner.profit.seq if miner.profit else None,
        policy=state.policy.seq or None,
        plan=state.plan.seq
        if state.plan and state.policy.record.strategy is Strategy.PLAN
        else None,
        proposal=recorded.seq if recorded and same else None,
        divergences=tuple(divergences[code].seq for code in sorted(divergences)),
        cited=()
        if proposal.citation_fault
        else tuple(sorted({item.seq for item in proposal.citations})),
    )


def _signals(
    state: State, miner: MinerState, proposal: ProposalRecord, ts_ms: int
) -> MiningSignals:
    domain, action = GOVERNED[proposal.action]
    is_fresh = ts_ms - miner.reading_ms <= READING_MAX_AGE_MS
    reading = miner.reading if miner.reading is not None and is_fresh else Reading()
    readings = partial(hardware_readings, reading, at_s=miner.reading_ms / 1000)
    temperatures = readings(MiningDomain.HARDWARE)
    pools = miner.reading.pools if miner.reading is not None else ()
    return MiningSignals(
        mining_domain=domain,
        proposed_action=action,
        ai_value=_claim(domain, proposal, temperatures, pools),
        ai_confidence=proposal.confidence,
        hardware_readings=temperatures if domain is MiningDomain.HARDWARE else readings(domain),
        rig_id=miner.miner_id,
        pool_url=next((pool.url for pool in pools if pool.index == proposal.value), None)
        if proposal.action is Action.SET_POOL
        else None,
        current_pool_url=next((pool.url for pool in pools if pool.active), None),
        timestamp=ts_ms / 1000,
        temperature_readings=temperatures,
        limits=_limits(state, miner, proposal, ts_ms),
    )


def _claim(
    domain: MiningDomain,
    proposal: ProposalRecord,
    temperatures: Sequence[HardwareReading],
    pools: Sequence[Pool],
) -> float:
    """Return the present value that a proposal rests on; for a target, the target."""
    if domain is MiningDomain.HARDWARE:
        return max((item.value for item in temperatures), default=0.0)
    if domain is MiningDomain.POOL_MANAGEMENT:
        return next((acceptance(pool) or 0.0 for pool in pools if pool.active), 0.0)
    return proposal.value or 0.0


def _limits(state: State, miner: MinerState, proposal: ProposalRecord, ts_ms: int) -> Limits:
    policy = state.policy.record
    own, action = state.own(miner.miner_id), proposal.action
    claimed_w = power.claimed_w(miner, own, proposal)
    shares = policy.governor.max_power_watts is not None and claimed_w != 0.0
    limits = Limits(
        person=proposal.origin is Origin.PERSON,
        safety=is_safety_stop(miner, proposal) or shed.is_due(state, proposal),
        ceiling=ceiling_of(state, proposal),
        max_temperature_c=own.max_temperature_c,
        max_power_w=own.max_power_w,
        site_power_w=power.others_power_w(state, miner.miner_id) if shares else None,
        claimed_power_w=claimed_w,
        idle_without_sensors=(
            action is Action.RUN and _rested_without_sensors(state, miner, ts_ms)
        ),
    )
    return _with_target(limits, miner, own, action)


def _with_target(limits: Limits, miner: MinerState, own: MinerPolicy, action: Action) -> Limits:
    """Add what bounds a target, and what its steps are measured against."""
    if action not in TARGETS:
        return limits
    rate, power_w = miner.usual(own)
    if action is Action.SET_HASHRATE:
        return limits._replace(nominal_value=own.nominal_hashrate_ths, usual_value=rate)
    return limits._replace(
        min_value=own.power_min_w,
        max_value=own.power_max_w,
        nominal_value=own.nominal_power_w,
        usual_value=power_w,
        commanded_value=power.commanded_w(miner),
    )


def _rested_without_sensors(state: State, miner: MinerState, ts_ms: int) -> bool:
    """Return whether a stopped machine without temperatures has been off long enough to cool."""
    if miner.reading is None or miner.reading.temperatures or miner.stopped_since_ms is None:
        return False
    rested = ts_ms - miner.stopped_since_ms >= IDLE_BEFORE_START_MS
    hot_since_ms = miner.overheated_ms or 0
    cooled_ms = round(state.policy.record.cooldown_min * 60_000)
    return rested and ts_ms - hot_since_ms >= cooled_ms
