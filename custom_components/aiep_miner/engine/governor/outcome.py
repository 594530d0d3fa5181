"""From a verdict and the hard rules to a decision, and its form in the ledger."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ..records import CryptoMiningTrustLevel, Evaluation
from ..records.reasons import Reason
from . import hard_rules, trust
from .case import Case
from .digest import Inputs, decision_id, evidence_digest, exact
from .model import (
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningOperationStatus,
    MiningSignals,
)
from .numbers import DECIMALS, number, rounded, shown
from .safety import BORDERLINE
from .state import WINDOW_S
from .trust import Verdict
from .validation import Fault

_AUTONOMOUS: Final = CryptoMiningTrustLevel.AUTONOMOUS
_SUPERVISED: Final = CryptoMiningTrustLevel.SUPERVISED
_NO_ACTION: Final = CryptoMiningTrustLevel.NO_ACTION
_ADVISORY: Final = CryptoMiningTrustLevel.ADVISORY
_STOP: Final = MiningAction.STOP
_UNKNOWN_WITHOUT: Final = frozenset({Reason.HISTORY_TOO_SHORT, Reason.NO_READINGS})


class Outcome(NamedTuple):
    """What was decided."""

    level: CryptoMiningTrustLevel
    actionable: bool
    trusted_value: float
    used_fallback: bool
    reasons: tuple[Reason, ...]
    flags: tuple[Reason, ...]
    """The hard rules that stand against it."""


def conclude(case: Case, verdict: Verdict, flags: Sequence[Reason]) -> Outcome:
    """Decide: hard rules first, then the safe direction, then persons, then the layers."""
    earned, reasons = _authorise(case, verdict, flags)
    needed = case.policy.min_trust_for_action
    ceiling = _AUTONOMOUS if case.limits.person else case.limits.ceiling
    level = min(earned, ceiling)
    allowed = level >= needed and ceiling > _ADVISORY
    if not flags and earned >= needed and not allowed:
        reasons = (Reason.SOURCE_CEILING, *reasons)
    elif level < earned:
        reasons = (*reasons, Reason.SOURCE_CEILING)
    value, fell_back = _trusted_value(case, level, held_back=bool(flags))
    if fell_back and level >= needed and not _admits(case, value):
        level, allowed = _NO_ACTION, False
    actionable = allowed and not flags and case.action is not MiningAction.NO_ACTION
    return Outcome(level, actionable, value, fell_back, tuple(reasons), tuple(flags))


def _authorise(
    case: Case, verdict: Verdict, flags: Sequence[Reason]
) -> tuple[CryptoMiningTrustLevel, Sequence[Reason]]:
    if flags:
        return _NO_ACTION, flags
    if case.limits.person and case.action is not MiningAction.NO_ACTION:
        return _AUTONOMOUS, (Reason.PERSON_COMMAND,)
    if case.heat.measured >= case.throttle_c and case.confidence >= trust.LEAST_CONFIDENCE:
        return _AUTONOMOUS, (Reason.THERMAL_OVERRIDE,)
    if case.stops and case.limits.safety and case.confidence >= trust.LEAST_CONFIDENCE:
        return _AUTONOMOUS, (Reason.SAFE_DIRECTION,)
    return verdict.level, verdict.reasons


def _trusted_value(
    case: Case, level: CryptoMiningTrustLevel, *, held_back: bool
) -> tuple[float, bool]:
    """Return the value to rely on, and whether it is the last good one since the layers refused."""
    acts = case.action is not MiningAction.NO_ACTION
    if acts and level >= _SUPERVISED and math.isfinite(case.value):
        return case.value, False
    last_good = case.last_good
    instead = 0.0 if last_good is None else round(last_good, DECIMALS)
    return instead, acts and level < _SUPERVISED and not held_back


def _admits(case: Case, value: float) -> bool:
    """Tell whether the hard rules let the last good value stand in for the proposed one."""
    return case.last_good is not None and not hard_rules.check(case._replace(value=value))


def status_of(case: Case, verdict: Verdict) -> MiningOperationStatus:
    """Return how good the evidence of a decision is."""
    if case.overheated:
        return MiningOperationStatus.CRITICAL
    if not _UNKNOWN_WITHOUT.isdisjoint(verdict.reasons):
        return MiningOperationStatus.UNKNOWN
    if verdict.level < _SUPERVISED:
        return MiningOperationStatus.DEGRADED
    borderline = verdict.safety.status == BORDERLINE
    return MiningOperationStatus.WARNING if borderline else MiningOperationStatus.HEALTHY


def decision_of(
    signals: MiningSignals,
    inputs: Inputs,
    case: Case,
    verdict: Verdict,
    outcome: Outcome,
    policy_hash: str,
) -> MiningDecision:
    """Return the decision with its id and its explanation."""
    commands = case.rig.commands_since(case.action, case.now - WINDOW_S)
    evaluation = {
        "evidence": evidence_digest(inputs.readings, case.view.content(commands)),
        "inputs": inputs.fields,
        "outcome": _canonical_outcome(case, outcome, verdict),
        "policy": policy_hash,
    }
    return MiningDecision(
        decision_id(evaluation),
        case.now,
        outcome.level,
        outcome.actionable,
        outcome.trusted_value,
        case.domain,
        case.action,
        status_of(case, verdict),
        outcome.used_fallback,
        outcome.reasons[0] if outcome.used_fallback else None,
        outcome.flags,
        outcome.reasons,
        _metadata(signals.rig_id, case, verdict),
    )


def _canonical_outcome(case: Case, outcome: Outcome, verdict: Verdict) -> list[Any]:
    safety, heat = verdict.safety, case.heat
    return [
        int(outcome.level),
        outcome.actionable,
        outcome.used_fallback,
        outcome.reasons,
        safety.status,
        verdict.grace_status,
        verdict.consensus_status,
        int(verdict.level),
        verdict.reasons,
        exact(
            case.now,
            heat.claimed,
            heat.measured,
            outcome.trusted_value + 0.0,
            safety.score,
            safety.stability,
            safety.agreement,
            safety.likelihood,
        ),
    ]


def _metadata(rig_id: str, case: Case, verdict: Verdict) -> dict[str, Any]:
    safety = verdict.safety
    metadata = {
        "rig_id": rig_id,
        "confidence_score": safety.score,
        "safety_status": safety.status,
        "grace_status": verdict.grace_status,
        "consensus_status": verdict.consensus_status,
        "components": {
            "stability": safety.stability,
            "agreement": safety.agreement,
            "likelihood": safety.likelihood,
            "confidence": case.confidence,
        },
        "discarded": {**case.sifted.discarded, **case.present.liars, **verdict.dissent},
    }
    if case.limits.person:
        metadata["layers_level"] = verdict.level
        metadata["layers_reasons"] = verdict.reasons
    return metadata


def unjudged(
    signals: MiningSignals,
    inputs: Inputs,
    faults: Sequence[Fault],
    known: float,
    policy_hash: str,
    passes: Reason | None,
) -> MiningDecision:
    """Return the decision on a proposal that cannot be judged; it says what is wrong.

    ``known`` is the time that is known, in s; ``passes`` why a stop is let through all the same.
    """
    reasons = tuple(fault.reason for fault in faults) if passes is None else (passes,)
    at = 0.0 if signals.timestamp is None else number(signals.timestamp)
    evaluation = {
        "evidence": evidence_digest(inputs.readings, ()),
        "inputs": inputs.fields,
        "outcome": [reasons, [fault.message for fault in faults], exact(known)],
        "policy": policy_hash,
    }
    domain, action = signals.mining_domain, signals.proposed_action
    typed = isinstance(domain, MiningDomain) and isinstance(action, MiningAction)
    return MiningDecision(
        decision_id(evaluation),
        at if math.isfinite(at) else 0.0,
        _NO_ACTION if passes is None else _AUTONOMOUS,
        actionable=passes is not None,
        trusted_value=0.0,
        mining_domain=domain if typed else MiningDomain.HARDWARE,
        proposed_action=action if typed else MiningAction.NO_ACTION if passes is None else _STOP,
        operation_status=MiningOperationStatus.UNKNOWN,
        used_fallback=False,
        fallback_reason=None,
        safety_flags=reasons if passes is None else (),
        reasons=reasons,
        metadata={
            "rig_id": shown(signals.rig_id),
            "components": {},
            "discarded": {},
            "faults": [fault.message for fault in faults],
        },
    )


def as_evaluation(decision: MiningDecision) -> Evaluation:
    """Return the part of a decision that goes into the ledger; no number has over six decimals."""
    metadata = decision.metadata
    components = {name: rounded(value) for name, value in metadata["components"].items()}
    if "layers_level" in metadata:
        components["layers_level"] = float(metadata["layers_level"])
    return Evaluation(
        decision_id=decision.decision_id,
        trust_level=int(decision.authorized_level),
        actionable=decision.actionable,
        score=metadata.get("confidence_score"),
        trusted_value=rounded(decision.trusted_value),
        used_fallback=decision.used_fallback,
        fallback_reason=decision.fallback_reason,
        operation_status=decision.operation_status.lower(),
        safety_status=metadata.get("safety_status"),
        grace_status=metadata.get("grace_status"),
        consensus_status=metadata.get("consensus_status"),
        components=components,
        reasons=tuple(reason.value for reason in decision.reasons),
        discarded=_discarded(decision),
    )


def as_brief(decision: MiningDecision) -> Evaluation:
    """Return the part of a decision to hold that goes into the ledger."""
    return Evaluation(
        decision_id=decision.decision_id,
        trust_level=int(decision.authorized_level),
        actionable=False,
        score=decision.metadata.get("confidence_score"),
        discarded=_discarded(decision),
    )


def _discarded(decision: MiningDecision) -> dict[str, str]:
    return {name: code.value for name, code in sorted(decision.metadata["discarded"].items())}
