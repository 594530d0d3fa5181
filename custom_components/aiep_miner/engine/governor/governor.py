"""The governor says whether a proposal has earned the right to act.

    proposal → hard rules → consensus, value, safety, grace → fallback → decision

It does not optimise. Time comes in with the proposals and observations alone, so that the same
stream gives the same decisions, and a state rebuilt from the records goes on as if it had
never been lost.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from . import hard_rules, trust
from .case import moment, open_case
from .health import Journal
from .model import (
    HardwareReading,
    MiningAction,
    MiningDecision,
    MiningDomain,
    MiningEvent,
    MiningSignals,
)
from .numbers import group_of, number, text
from .outcome import conclude, decision_of, refuse_nonsense
from .policy import PERMISSIVE, STANDARD, STRICT, MiningPolicy, policy_hash
from .presets import PRESETS
from .readings import sift
from .state import MAX_RIGS, Rig
from .validation import validate_mining_signals


class MiningGovernor:
    """Judges the proposals for any number of rigs under one policy.

    Whoever acts, notes. With ``counts_decisions`` an actionable decision counts as done for
    the rate limits at once; without it only ``note`` counts, so that a decision that was held
    back for another reason does not.
    """

    def __init__(self, policy: MiningPolicy = STANDARD, *, counts_decisions: bool = True) -> None:
        """Begin with nothing observed."""
        self._rigs: dict[str, Rig] = {}
        self._counts_decisions = counts_decisions
        self._journal = Journal()
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
        preset = PRESETS[domain]
        sifted = sift(readings, now, preset.possible)
        self._rig(text(rig_id)).history(domain).add(now, group_of(sifted.values, preset))

    def note(self, rig_id: str, action: MiningAction, timestamp: float) -> None:
        """Count a command that was given at a time in s; the same twice counts once."""
        at = number(timestamp)
        if math.isfinite(at):
            self._rig(text(rig_id)).note(action, at)

    def evaluate(self, signals: MiningSignals) -> MiningDecision:
        """Judge a proposal. Raises nothing, whatever is in it."""
        faults = validate_mining_signals(signals)
        rig_id = text(signals.rig_id)
        if faults:
            decision = refuse_nonsense(signals, rig_id, faults, self._policy_hash)
        else:
            decision = self._judge(signals, rig_id)
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

    def _judge(self, signals: MiningSignals, rig_id: str) -> MiningDecision:
        rig = self._rig(rig_id)
        case = open_case(signals, rig, self._policy, moment(signals, rig.latest))
        verdict = trust.judge(case)
        outcome = conclude(case, verdict, hard_rules.check(case))
        decision = decision_of(signals, rig_id, case, verdict, outcome, self._policy_hash)
        if self._counts_decisions and decision.actionable:
            rig.note(case.action, case.now)
        return decision


def _newest[T](items: Iterable[T], limit: int | None) -> list[T]:
    kept = list(items)
    return kept if limit is None else kept[max(len(kept) - max(limit, 0), 0) :]


def create_mining_governor(policy: MiningPolicy | None = None) -> MiningGovernor:
    """Return a governor under a policy, the standard one unless given."""
    return MiningGovernor(policy or STANDARD)


def create_default_governor() -> MiningGovernor:
    """Return a governor under the standard policy."""
    return MiningGovernor(STANDARD)


def create_strict_governor() -> MiningGovernor:
    """Return a governor that acts on AUTONOMOUS alone: ±5 %, 2 pool switches, throttle at 80 °C."""
    return MiningGovernor(STRICT)


def create_permissive_governor() -> MiningGovernor:
    """Return a governor that acts from ADVISORY on: ±50 %, 100 switches, no consensus needed."""
    return MiningGovernor(PERMISSIVE)
