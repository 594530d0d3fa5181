"""Triggers of automations: what happens to miners, decisions and ledgers."""

from typing import Any, ClassVar, override

import probatio as vol
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.trigger import Trigger
from homeassistant.helpers.trigger.entity_trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
)
from homeassistant.util import dt as dt_util

from .engine.records.reasons import Reason
from .entities import targets


class TargetTrigger(EntityTriggerBase):
    """Fires when what an entity shows begins to be so."""

    _domain_specs = targets.DOMAIN_SPECS
    _primary_entities_only: ClassVar[bool] = False
    _translation_key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities that show it."""
        possible = super().entity_filter(entities)
        return targets.async_entities_with(self._hass, possible, self._translation_key)

    def is_so(self, state: State) -> bool:
        """Return whether a state shows it."""
        raise NotImplementedError

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether it was not so before."""
        return not self.is_so(from_state)

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether it is so."""
        return self.is_so(state)


def _mining_trigger(shown: str) -> type[Trigger]:
    """Return a trigger for miners that hash (on), or no longer do (off)."""

    class MiningTrigger(TargetTrigger):
        """Fires when the miner itself shows it, not when it is asked for."""

        _translation_key = targets.MINING

        @override
        def is_so(self, state: State) -> bool:
            return targets.mining_state(state) == shown

    return MiningTrigger


def _problem_trigger(*reasons: Reason) -> type[Trigger]:
    """Return a trigger for a miner's problems."""

    class ProblemTrigger(TargetTrigger):
        """Fires when one of the problems begins."""

        _translation_key = targets.PROBLEM

        @override
        def is_so(self, state: State) -> bool:
            return not targets.reasons_of(state).isdisjoint(reasons)

    return ProblemTrigger


class LedgerBrokenTrigger(TargetTrigger):
    """Fires when a ledger is found not to be intact."""

    _translation_key = targets.LEDGER_VERIFICATION
    # The first verification after a start may find it: what was shown before is unknown.
    _excluded_from_states = frozenset({STATE_UNAVAILABLE})

    @override
    def is_so(self, state: State) -> bool:
        return state.state == "broken"


class ReviewNeededTrigger(TargetTrigger):
    """Fires for each decision more that waits for a review."""

    _schema: vol.Schema = ENTITY_STATE_TRIGGER_SCHEMA
    _translation_key = targets.REVIEWS

    @override
    def is_so(self, state: State) -> bool:
        return _count(state) > 0

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        return _count(to_state) > _count(from_state)


class PlanChangedTrigger(TargetTrigger):
    """Fires when another change comes next by the plan, though the one before did not come about."""

    _schema: vol.Schema = ENTITY_STATE_TRIGGER_SCHEMA
    _translation_key = targets.NEXT_CHANGE

    @override
    def is_so(self, state: State) -> bool:
        return dt_util.parse_datetime(state.state) is not None

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        before = dt_util.parse_datetime(from_state.state)
        is_due = before is None or before <= to_state.last_updated
        return not is_due and _change(from_state) != _change(to_state)


def _change(state: State) -> tuple[Any, ...]:
    """Return which change comes next."""
    return state.state, state.attributes.get("miner"), state.attributes.get("action")


class CurtailmentBeganTrigger(TargetTrigger):
    """Fires when an order to curtail comes into force while none was."""

    _schema: vol.Schema = ENTITY_STATE_TRIGGER_SCHEMA
    _translation_key = targets.ORDERED_POWER
    # Without an order the limit is unknown.
    _excluded_from_states = frozenset({STATE_UNAVAILABLE})

    @override
    def is_so(self, state: State) -> bool:
        return state.state != STATE_UNKNOWN


def _count(state: State) -> float:
    return float(state.state)


TRIGGERS: dict[str, type[Trigger]] = {
    "miner_started": _mining_trigger(STATE_ON),
    "miner_stopped": _mining_trigger(STATE_OFF),
    "miner_overheated": _problem_trigger(Reason.OVERHEAT),
    "miner_lost": _problem_trigger(Reason.COMMS_LOST),
    "command_not_confirmed": _problem_trigger(Reason.NOT_CONFIRMED),
    "review_needed": ReviewNeededTrigger,
    "plan_changed": PlanChangedTrigger,
    "curtailment_began": CurtailmentBeganTrigger,
    "ledger_broken": LedgerBrokenTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of this integration."""
    return TRIGGERS
