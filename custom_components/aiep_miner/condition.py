"""Conditions of automations: what is so of a miner now."""

from typing import ClassVar, override

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import Condition, EntityConditionBase

from .engine.records import Severity
from .entities import targets


class TargetCondition(EntityConditionBase):
    """Tests what a miner's entity shows."""

    _domain_specs = targets.DOMAIN_SPECS
    _primary_entities_only: ClassVar[bool] = False
    _translation_key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities that show it."""
        possible = super().entity_filter(entities)
        return targets.async_entities_with(self._hass, possible, self._translation_key)


class IsMining(TargetCondition):
    """Tests whether a miner hashes."""

    _translation_key = targets.MINING

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return targets.mining_state(entity_state) == STATE_ON


class IsHeldByPerson(TargetCondition):
    """Tests whether a person has taken the miner over."""

    _translation_key = targets.DECISION

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.attributes.get("held_by") is not None


class IsInDanger(TargetCondition):
    """Tests whether a miner has a problem that may damage it."""

    _translation_key = targets.PROBLEM

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        miner = targets.async_miner_of(self._hass, entity_state.entity_id)
        return miner is not None and any(
            item.severity is Severity.SAFETY for item in miner.divergences
        )


class PriceAboveBreakEven(TargetCondition):
    """Tests whether energy costs more than the miner earns with it, running or not."""

    _translation_key = targets.DECISION

    @property
    @override
    def needs_polling(self) -> bool:
        """Return True: the price changes while the state of the miner may not."""
        return True

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        miner = targets.async_miner_of(self._hass, entity_state.entity_id)
        profit = miner.profit.profit_per_day if miner and miner.profit else None
        return profit is not None and profit < 0


CONDITIONS: dict[str, type[Condition]] = {
    "is_mining": IsMining,
    "is_held_by_person": IsHeldByPerson,
    "is_in_danger": IsInDanger,
    "price_above_break_even": PriceAboveBreakEven,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
