"""From a verdict and the hard rules to a decision, and its form in the ledger."""

import math
from array import array
from collections.abc import Buffer
from typing import Any, Final, NamedTuple

from ..records import Evaluation
from ..records.reasons import Reason
from . import hard_rules, trust
from .case import Case
from .digest import decision_id, evidence_digest, plain, plain_context
from .model import (
    CryptoMiningTrustLevel,
    HardwareReading,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningOperationStatus,
    MiningSignals,
)
from .numbers import DECIMALS, number, rounded, text
from .safety import BORDERLINE
from .state import WINDOW_S
from .trust import Verdict

_AUTONOMOUS: Final = CryptoMiningTrustLevel.AUTONOMOUS
_SUPERVISED: Final = CryptoMiningTrustLevel.SUPERVISED
_NO_ACTION: Final = CryptoMiningTrustLevel.NO_ACTION
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


def conclude(case: Case, verdict: Verdict, flags: list[Reason]) -> Outcome:
    """Decide: hard rules first, then the safe direction, then persons, then the layers."""
    level, reasons = _authorise(case, verdict, flags)
    needed = case.policy.min_trust_for_action
    value, fell_back = _trusted_value(case, level, held_back=bool(flags))
    if fell_back and level >= needed and not _admits(case, value):
        level = _NO_ACTION
    changes = case.action is not MiningAction.NO_ACTION
    return Outcome(
        level, changes and level >= needed, value, fell_back, tuple(reasons), tuple(flags)
    )


def _authorise(
    case: Case, verdict: Verdict, flags: list[Reason]
) -> tuple[CryptoMiningTrustLevel, list[Reason] | tuple[Reason, ...]]:
    if flags:
        return _NO_ACTION, flags
    if case.limits.person and case.action is not MiningAction.NO_ACTION:
        return _AUTONOMOUS, (Reason.PERSON_COMMAND,)
    if case.measured >= case.throttle_c and case.confidence >= trust.LEAST_CONFIDENCE:
        return _AUTONOMOUS, (Reason.THERMAL_OVERRIDE,)
    if case.stops and case.limits.safety and case.confidence >= trust.LEAST_CONFIDENCE:
        return _AUTONOMOUS, (Reason.SAFE_DIRECTION,)
    return verdict.level, verdict.reasons


def _trusted_value(
    case: Case, level: CryptoMiningTrustLevel, *, held_back: bool
) -> tuple[float, bool]:
    """Return the value to rely on, and whether it is the last good one since the layers refused."""
    last_good = case.last_good
    instead = 0.0 if last_good is None else round(last_good, DECIMALS)
    if case.action is MiningAction.NO_ACTION:
        return instead, False
    if level >= _SUPERVISED:
        return (case.value if math.isfinite(case.value) else instead), False
    return instead, not held_back


def _admits(case: Case, value: float) -> bool:
    """Tell whether the hard rules let the last good value stand in for the proposed one."""
    if case.last_good is None:
        return False
    case.value = value
    return not hard_rules.check(case)


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
    rig_id: str,
    case: Case,
    verdict: Verdict,
    outcome: Outcome,
    policy_hash: str,
) -> MiningDecision:
    """Return the decision with its id and its explanation."""
    evaluation = {
        "context": plain_context(signals.context),
        "evidence": evidence_digest(_evidence(signals, case)),
        "inputs": _inputs(rig_id, case),
        "outcome": _canonical_outcome(outcome, verdict),
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
        _metadata(rig_id, case, verdict),
    )


def _inputs(rig_id: str, case: Case) -> list[Any]:
    """Return what was proposed."""
    return [
        case.domain,
        case.action,
        plain(case.value),
        plain(case.confidence),
        plain(case.now),
        plain(case.hottest),
        rig_id,
        case.pool,
        case.current_pool,
    ]


def _evidence(signals: MiningSignals, case: Case) -> list[Buffer]:
    """Return what was observed, before and now, in an order of its own."""
    sifted = case.sifted
    parts: list[Buffer] = [
        *case.view.content(),
        case.rig.commands_since(case.action, case.now - WINDOW_S),
        "\0".join([name for name, _ in sifted.values]).encode(),
        array("d", [value for _, value in sifted.values]),
        array("d", sifted.times),
        array("d", sorted(case.claims)),
    ]
    if sifted.discarded:
        parts.append("\0".join(sorted(map(_shown, signals.hardware_readings))).encode())
    return parts


def _shown(item: Any) -> str:
    if not isinstance(item, HardwareReading):
        return repr(number(item))
    return f"{text(item.hardware_id)} {number(item.value)!r} {number(item.timestamp)!r}"


def _canonical_outcome(outcome: Outcome, verdict: Verdict) -> list[Any]:
    safety = verdict.safety
    return [
        int(outcome.level),
        outcome.actionable,
        plain(outcome.trusted_value),
        outcome.used_fallback,
        outcome.reasons,
        plain(safety.score),
        plain(safety.stability),
        plain(safety.agreement),
        plain(safety.likelihood),
        safety.status,
        verdict.grace_status,
        verdict.consensus_status,
        int(verdict.level),
        verdict.reasons,
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
        "discarded": {**case.sifted.discarded, **case.liars, **case.dissent},
    }
    if case.limits.person:
        metadata["layers_level"] = verdict.level
        metadata["layers_reasons"] = verdict.reasons
    return metadata


def refuse_nonsense(
    signals: MiningSignals, rig_id: str, faults: tuple[Reason, ...], policy_hash: str
) -> MiningDecision:
    """Return the decision on a proposal that cannot be judged; it says what is wrong."""
    at = 0.0 if signals.timestamp is None else number(signals.timestamp)
    asked = [repr(signals.mining_domain), repr(signals.proposed_action)]
    evaluation = {
        "context": None,
        "evidence": None,
        "inputs": [*map(text, asked), plain(number(signals.ai_value)), plain(at), rig_id],
        "outcome": faults,
        "policy": policy_hash,
    }
    domain, action = signals.mining_domain, signals.proposed_action
    known = isinstance(domain, MiningDomain) and isinstance(action, MiningAction)
    return MiningDecision(
        decision_id(evaluation),
        at if math.isfinite(at) else 0.0,
        _NO_ACTION,
        actionable=False,
        trusted_value=0.0,
        mining_domain=domain if known else MiningDomain.HARDWARE,
        proposed_action=action if known else MiningAction.NO_ACTION,
        operation_status=MiningOperationStatus.UNKNOWN,
        used_fallback=False,
        fallback_reason=None,
        safety_flags=faults,
        reasons=faults,
        metadata={"rig_id": rig_id, "components": {}, "discarded": {}},
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
        operation_status=decision.operation_status.value,
        safety_status=metadata.get("safety_status"),
        grace_status=metadata.get("grace_status"),
        consensus_status=metadata.get("consensus_status"),
        components=components,
        reasons=tuple(reason.value for reason in decision.reasons),
        discarded={name: code.value for name, code in sorted(metadata["discarded"].items())},
    )
