"""The decisions that wait for a person's review, as a to-do list that is only read."""

from typing import Any, Final, override

from homeassistant.components.todo.const import TodoItemStatus
from homeassistant.components.todo.entity import TodoItem, TodoListEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.records import DecisionRecord
from .engine.records.entry import LedgerEntry
from .entities.status_text import async_number, async_word
from .entity import OperatorEntity

PARALLEL_UPDATES = 0

REVIEWS: Final = EntityDescription(
    key="reviews",
    translation_key="reviews",
    # Not exposed to assistants: what a language model ticks off would count as a person's approval.
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's list."""
    async_add_entities([ReviewList(entry.runtime_data.coordinator, REVIEWS)])


class ReviewList(OperatorEntity, TodoListEntity):
    """One item for each decision; the action ``review`` approves or rejects it."""

    @override
    def shown(self) -> tuple[Any, ...]:
        return tuple(filed.seq for filed in self.coordinator.data.reviews)

    @property
    @override
    def todo_items(self) -> list[TodoItem]:
        """Return the decisions that wait, oldest first."""
        return [self._item(filed) for filed in self.coordinator.data.reviews]

    def _item(self, filed: LedgerEntry[DecisionRecord]) -> TodoItem:
        record = filed.record
        action = async_word(self.hass, "action", record.action.value)
        value = "" if record.value is None else f" {async_number(self.hass, record.value)}"
        return TodoItem(
            uid=filed.hash,
            summary=f"{self.coordinator.title(record.subject)}: {action}{value}",
            status=TodoItemStatus.NEEDS_ACTION,
            description=async_word(self.hass, "reason", record.reasons[0].value),
        )
