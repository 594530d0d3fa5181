"""From what the layers found to a trust level."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..records import CryptoMiningTrustLevel
from ..records.reasons import Reason
from . import consensus, grace, safety, steps
from .case import Case
from .model import MiningAction

NOT_NEEDED: Final = "not_needed"
LEAST_CONFIDENCE: Final = 0.5
"""A proposer that is less sure of itself than this is not acted on."""
AUTONOMOUS_FROM: Final = 0.90
SUPERVISED_FROM: Final = 0.70

_AUTONOMOUS: Final = CryptoMiningTrustLevel.AUTONOMOUS
_SUPERVISED: Final = CryptoMiningTrustLevel.SUPERVISED
_ADVISORY: Final = CryptoMiningTrustLevel.ADVISORY
_NO_ACTION: Final = CryptoMiningTrustLevel.NO_ACTION


class Verdict(NamedTuple):
    """What the layers say."""

    level: CryptoMiningTrustLevel
    reasons: tuple[Reason, ...]
    safety: safety.Safety
    grace_status: str
    consensus_status: str
    dissent: Mapping[str, Reason]
    """Sensor to the reason why it does not agree with the others."""


def judge(case: Case) -> Verdict:
    """Take a case through the layers: consensus, value, safety, grace."""
    agreed = consensus.check(case)
    against, likelihood = steps.check(case)
    scored = safety.check(case, agreed.agreement, likelihood)
    level, reasons, graced = _layers(case, agreed, against, scored)
    return Verdict(level, tuple(reasons), scored, graced, agreed.status, agreed.dissent)


def _layers(
    case: Case, agreed: consensus.Consensus, against: Sequence[Reason], scored: safety.Safety
) -> tuple[CryptoMiningTrustLevel, Sequence[Reason], str]:
    if _takes_safe_path(case):
        return _safe_path(case)
    rejections = _rejections(case, agreed, against)
    if rejections:
        return _NO_ACTION, rejections, NOT_NEEDED
    baseline, group, gap = case.past.baseline, case.present.group, 0.0
    if group is not None and baseline:
        gap = safety.forecast_gap(baseline, group.present)
        if not case.stops and safety.jumped(case, gap):
            return _ADVISORY, (Reason.PRESENT_JUMPED,), NOT_NEEDED
    return _level(case, scored, agreed, gap)


def _rejections(case: Case, agreed: consensus.Consensus, against: Sequence[Reason]) -> list[Reason]:
    """Return why a proposal is rejected outright, whatever its score."""
    reasons = [Reason.LOW_CONFIDENCE] if case.confidence < LEAST_CONFIDENCE else []
    if case.sifted.discarded and case.policy.require_hardware_validation:
        reasons += sorted(set(case.sifted.discarded.values()))
    if agreed.status == consensus.FAILED:
        reasons += agreed.reasons
    reasons += [reason for reason in against if reason not in reasons]
    return reasons


def _takes_safe_path(case: Case) -> bool:
    """Tell whether a proposal may do without the layers, since it leads to less heat and power.

    That is a stop of safety, and without any readings a stop or a power reduction. A start
    belongs here only for a machine that shows no temperatures while it rests.
    """
    if case.confidence < LEAST_CONFIDENCE:
        return False
    if case.stops and case.limits.safety:
        return True
    if case.given:
        return False
    idle = case.action is MiningAction.START and case.limits.idle_without_sensors
    return case.stops or idle or case.reduces_power


def _safe_path(case: Case) -> tuple[CryptoMiningTrustLevel, Sequence[Reason], str]:
    level = _AUTONOMOUS if case.stops and case.limits.safety else _SUPERVISED
    idle = case.action is MiningAction.START
    return level, (Reason.IDLE_WITHOUT_SENSORS if idle else Reason.SAFE_DIRECTION,), NOT_NEEDED


def _level(
    case: Case,
    scored: safety.Safety,
    agreed: consensus.Consensus,
    gap: float,
) -> tuple[CryptoMiningTrustLevel, Sequence[Reason], str]:
    """Return the level that a score earns, why, and what grace said."""
    if scored.status == safety.REJECTED:
        return _ADVISORY, scored.reasons, NOT_NEEDED
    graced = NOT_NEEDED
    if scored.status == safety.BORDERLINE:
        graced = grace.check(case, gap, peers_agree=agreed.peers_agree).status
        if graced == grace.FAILED:
            return _ADVISORY, [Reason.GRACE_FAILED], graced
    full = agreed.full_quorum and agreed.status == consensus.PASSED
    if full and scored.status == safety.ACCEPTED and scored.score >= AUTONOMOUS_FROM:
        return _AUTONOMOUS, [Reason.TRUST_EARNED], graced
    skipped = [Reason.CONSENSUS_SKIPPED] if agreed.status == consensus.SKIPPED else []
    level = _SUPERVISED if scored.score >= SUPERVISED_FROM else _ADVISORY
    return level, [Reason.TRUST_EARNED, *skipped], graced
