"""What the governor remembers of its own work, for people; no decision rests on it."""

from collections import deque
from typing import Any, Final

from ..records import CryptoMiningTrustLevel, MiningPolicy
from .events import events_of
from .model import (
    EventType,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningEvent,
    MiningOperationStatus,
)

WINDOW: Final = 50
"""Decisions that health looks back on, in each domain."""
ENOUGH: Final = 5
"""With fewer of them health is unknown."""
KEPT: Final = 256
"""Events, and decisions, that are kept."""
STEPS: Final = (
    (0.30, MiningOperationStatus.CRITICAL),
    (0.20, MiningOperationStatus.DEGRADED),
    (0.10, MiningOperationStatus.WARNING),
)
"""Above this share of fallbacks."""


def status_of(fallbacks: int, decisions: int) -> MiningOperationStatus:
    """Return what a share of fallbacks means."""
    if decisions < ENOUGH:
        return MiningOperationStatus.UNKNOWN
    for above, status in STEPS:
        if fallbacks > above * decisions:
            return status
    return MiningOperationStatus.HEALTHY


class DomainHealth:
    """Whether the last decisions of a domain fell back."""

    __slots__ = ("fallbacks", "recent", "status")

    def __init__(self) -> None:
        """Begin without any decision."""
        self.recent: deque[bool] = deque(maxlen=WINDOW)
        self.fallbacks = 0
        self.status = MiningOperationStatus.UNKNOWN

    def count(self, *, fell_back: bool) -> bool:
        """Count a decision; return whether the status changed."""
        recent = self.recent
        if len(recent) == WINDOW:
            if recent[0] is fell_back:
                recent.append(fell_back)
                return False
            self.fallbacks -= recent[0]
        recent.append(fell_back)
        self.fallbacks += fell_back
        before, self.status = self.status, status_of(self.fallbacks, len(self.recent))
        return before is not self.status

    def report(self) -> dict[str, Any]:
        """Return status, decisions and share of fallbacks (0…1)."""
        decisions = len(self.recent)
        return {
            "status": self.status,
            "decisions": decisions,
            "fallback_rate": round(self.fallbacks / decisions, 6) if decisions else 0.0,
        }


class Journal:
    """Bounded events and decisions, counters, and health by domain."""

    def __init__(self) -> None:
        """Begin empty."""
        self._events: deque[tuple[EventType, MiningDecision, dict[str, Any]]] = deque(maxlen=KEPT)
        self.decisions: deque[MiningDecision] = deque(maxlen=KEPT)
        self.health = {domain: DomainHealth() for domain in MiningDomain}
        self._actionable = 0
        self._levels = [0] * len(CryptoMiningTrustLevel)
        self._counts = dict.fromkeys(EventType, 0)

    def record(self, decision: MiningDecision, policy: MiningPolicy) -> None:
        """Count a decision, and keep it and its events as far as the policy wants."""
        self._actionable += decision.actionable
        self._levels[decision.authorized_level] += 1
        if policy.track_decision_history:
            self.decisions.append(decision)
        kinds = self._kinds(decision)
        for kind in kinds:
            self._counts[kind] += 1
            if policy.enable_audit_events:
                self._events.append((kind, decision, self._report(kind, decision)))

    @property
    def events(self) -> list[MiningEvent]:
        """Return the events that are kept, oldest first."""
        return [_event(kind, decision, report) for kind, decision, report in self._events]

    def metrics(self) -> dict[str, int | float]:
        """Return counters since the start."""
        evaluations = sum(self._levels)
        fallbacks = self._counts[EventType.FALLBACK]
        return {
            "evaluations": evaluations,
            "actionable": self._actionable,
            **{
                f"level_{level.name.lower()}": self._levels[level]
                for level in CryptoMiningTrustLevel
            },
            **{f"{kind.value}_events": count for kind, count in self._counts.items()},
            "fallback_rate": round(fallbacks / evaluations, 6) if evaluations else 0.0,
        }

    def _kinds(self, decision: MiningDecision) -> list[EventType]:
        """Count for health; return the kinds of events that a decision makes."""
        kinds = events_of(decision.reasons, used_fallback=decision.used_fallback)
        counts = not decision.safety_flags and _counts_for_health(decision)
        if counts and self.health[decision.mining_domain].count(fell_back=decision.used_fallback):
            kinds.append(EventType.HEALTH_CHANGE)
        return kinds

    def _report(self, kind: EventType, decision: MiningDecision) -> dict[str, Any]:
        changed = kind is EventType.HEALTH_CHANGE
        return self.health[decision.mining_domain].report() if changed else {}

    def overall(self) -> dict[str, Any]:
        """Return health over all domains: the worst of their statuses, and the common share."""
        reports = {domain.value: health.report() for domain, health in self.health.items()}
        decisions = sum(len(health.recent) for health in self.health.values())
        fallbacks = sum(health.fallbacks for health in self.health.values())
        return {
            "status": max((h.status for h in self.health.values()), key=_SEVERITY.__getitem__),
            "decisions": decisions,
            "fallback_rate": round(fallbacks / decisions, 6) if decisions else 0.0,
            "domains": reports,
        }


def _event(kind: EventType, decision: MiningDecision, report: dict[str, Any]) -> MiningEvent:
    detail = {"decision_id": decision.decision_id, "reasons": decision.reasons, **report}
    rig_id = decision.metadata["rig_id"]
    return MiningEvent(kind, decision.timestamp, rig_id, decision.mining_domain, detail)


def _counts_for_health(decision: MiningDecision) -> bool:
    """Tell whether the layers were asked and had the evidence to answer."""
    return (
        decision.proposed_action is not MiningAction.NO_ACTION
        and decision.operation_status is not MiningOperationStatus.UNKNOWN
    )


_SEVERITY: Final = {
    MiningOperationStatus.UNKNOWN: 0,
    MiningOperationStatus.HEALTHY: 1,
    MiningOperationStatus.WARNING: 2,
    MiningOperationStatus.DEGRADED: 3,
    MiningOperationStatus.CRITICAL: 4,
}
