"""The governor says whether a proposal has earned the right to act.

    proposal → hard rules → consensus, value, safety, grace → fallback → decision

It does not optimise. Time comes in with the proposals and observations alone, so that the same
stream gives the same decisions, and a state rebuilt from the records goes on as if it had
never been lost. An evaluation changes nothing of what came in: what a layer concludes is in its
own result.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..records import MiningPolicy
from ..records.reasons import Reason
from . import hard_rules, trust
from .case import hottest_of, moment, open_case
from .clock import Clock
from .digest import Inputs, inputs_of
from .health import Journal
from .limits import limits_of
from .model import (
    HardwareReading,
    Limits,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningEvent,
    MiningSignals,
)
from .numbers import group_of, number
from .outcome import conclude, decision_of, unjudged
from .policy import PERMISSIVE, STANDARD, STRICT, policy_hash
from .presets import PRESETS
from .readings import sift
from .state import MAX_RIGS, Rig
from .validation import Fault, faults_of


class MiningGovernor:
    """Judges the proposals for any number of rigs under one policy.

    With ``counts_decisions`` an actionable decision counts as done for the rate limits at once;
    without it only ``note`` counts, so that a decision that was held back for another reason
    does not.
    """

    def __init__(self, policy: MiningPolicy = STANDARD, *, counts_decisions: bool = True) -> None:
        """Begin with nothing observed."""
        self._rigs: dict[str, Rig] = {}
        self._counts_decisions = counts_decisions
        self._journal = Journal()
        self._clock = Clock()
        self.set_policy(policy)

    @property
    def policy(self) -> MiningPolicy:
        """Return the policy in force."""
        return self._policy

    def set_policy(self, policy: MiningPolicy) -> None:
        """Judge by another policy from now on; what was observed stays."""
        self._policy = policy
        self._policy_hash = policy_hash(policy)

    def observe(
        self,
        rig_id: str,
        domain: MiningDomain,
        readings: Sequence[HardwareReading],
        timestamp: float,
    ) -> None:
        """Learn what the sensors of a rig show at a time in s; the same twice counts once."""
        now = number(timestamp)
        if not math.isfinite(now):
            return
        self._clock.observe(now)
        preset = PRESETS[domain]
        sifted = sift(readings, now, preset.possible)
        history = self._rig(rig_id).history(domain)
        history.observe(now, group_of(sifted.values, preset), hottest_of(domain, sifted))

    def tick(self, timestamp: float) -> None:
        """Learn what time it is, in s, when there is nothing to observe."""
        now = number(timestamp)
        if math.isfinite(now):
            self._clock.observe(now)

    def note(self, rig_id: str, action: MiningAction, timestamp: float) -> None:
        """Count a command that was given at a time in s; the same twice counts once."""
        at = number(timestamp)
        if math.isfinite(at) and self._clock.allows_note(at):
            self._rig(rig_id).note(action, at)

    def evaluate(self, signals: MiningSignals) -> MiningDecision:
        """Judge a proposal. Raises nothing, whatever is in it."""
        inputs = inputs_of(signals)
        faults = faults_of(signals)
        if not inputs.whole:
            faults.append(Fault(Reason.INPUT_TOO_LONG, "context is nested too deep or too large"))
        decision = (
            self._unjudged(signals, inputs, faults) if faults else self._judge(signals, inputs)
        )
        self._journal.record(decision, self._policy)
        return decision

    def get_health(self) -> dict[str, Any]:
        """Return status, decisions and share of fallbacks, over all and for each domain."""
        return self._journal.overall()

    def get_subsystem_health(self, domain: MiningDomain) -> dict[str, Any]:
        """Return status, decisions and share of fallbacks of one domain's recent decisions."""
        return self._journal.health[domain].report()

    def get_metrics(self) -> dict[str, int | float]:
        """Return counters since the start, and the share of decisions that fell back (0…1)."""
        return {**self._journal.metrics(), "rigs": len(self._rigs)}

    def get_events(self, limit: int | None = None) -> list[MiningEvent]:
        """Return the newest events, at most 256, oldest first."""
        return _newest(self._journal.events, limit)

    def get_decision_history(self, limit: int | None = None) -> list[MiningDecision]:
        """Return the newest decisions, at most 256, oldest first."""
        return _newest(self._journal.decisions, limit)

    def _rig(self, rig_id: str) -> Rig:
        """Return a rig's state; of too many rigs the one unused for longest is forgotten."""
        rig = self._rigs.pop(rig_id, None) or Rig()
        self._rigs[rig_id] = rig
        if len(self._rigs) > MAX_RIGS:
            del self._rigs[next(iter(self._rigs))]
        return rig

    def _judge(self, signals: MiningSignals, inputs: Inputs) -> MiningDecision:
        now = moment(signals, self._rigs.get(signals.rig_id))
        if not self._clock.admits(now):
            fault = Fault(Reason.TIMESTAMP_FUTURE, "timestamp is ahead of all that was observed")
            return self._unjudged(signals, inputs, [fault])
        rig = self._rig(signals.rig_id)
        case = open_case(signals, rig, self._policy, now, limits_of(signals))
        verdict = trust.judge(case)
        outcome = conclude(case, verdict, hard_rules.check(case))
        decision = decision_of(signals, inputs, case, verdict, outcome, self._policy_hash)
        if self._counts_decisions and decision.actionable:
            rig.note(case.action, case.now)
        return decision

    def _unjudged(
        self, signals: MiningSignals, inputs: Inputs, faults: list[Fault]
    ) -> MiningDecision:
        """Refuse what cannot be judged, but for a stop that must not wait."""
        passes = _passes(signals, limits_of(signals), faults)
        return unjudged(signals, inputs, faults, self._clock.latest, self._policy_hash, passes)


def _passes(signals: MiningSignals, limits: Limits, faults: list[Fault]) -> Reason | None:
    """Return why a stop that cannot be judged is let through; None for anything else.

    A person's stop always is, one of safety when only its time is wrong.
    """
    if signals.proposed_action != MiningAction.STOP or not limits.supported:
        return None
    if limits.person:
        return Reason.PERSON_COMMAND
    only_time = all(fault.reason is Reason.TIMESTAMP_FUTURE for fault in faults)
    confident = number(signals.ai_confidence) >= trust.LEAST_CONFIDENCE
    return Reason.SAFE_DIRECTION if limits.safety and only_time and confident else None


def _newest[T](items: Iterable[T], limit: int | None) -> list[T]:
    kept = list(items)
    return kept if limit is None else kept[max(len(kept) - max(limit, 0), 0) :]


def create_mining_governor(policy: MiningPolicy | None = None, **overrides: Any) -> MiningGovernor:
    """Return a governor under a policy, the standard one unless given, with fields overridden.

    Raises ValueError for limits that make no sense, TypeError for fields that there are not.
    """
    return MiningGovernor(replace(policy or STANDARD, **overrides))


def create_default_governor(**overrides: Any) -> MiningGovernor:
    """Return a governor under the standard policy, with fields overridden."""
    return MiningGovernor(replace(STANDARD, **overrides))


def create_strict_governor(**overrides: Any) -> MiningGovernor:
    """Return a governor that acts on AUTONOMOUS alone: ±5 %, 2 pool switches, throttle at 80 °C."""
    return MiningGovernor(replace(STRICT, **overrides))


def create_permissive_governor(**overrides: Any) -> MiningGovernor:
    """Return a governor that acts from ADVISORY on: ±50 %, 100 switches, no consensus needed."""
    return MiningGovernor(replace(PERMISSIVE, **overrides))
