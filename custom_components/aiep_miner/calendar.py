"""The plan in force as a calendar: when which miner is to run."""

from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from .engine.records import Strategy
from .entities.plan import Run, planned_runs
from .entity import OperatorEntity

PARALLEL_UPDATES = 0

PLAN: Final = CalendarEntityDescription(key="plan", translation_key="plan")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's calendar."""
    async_add_entities([PlanCalendar(entry.runtime_data.coordinator, PLAN)])


class PlanCalendar(OperatorEntity, CalendarEntity):
    """The runs that the plan in force holds; it is on while a miner is to run."""

    def __init__(
        self, coordinator: AiepMinerCoordinator, description: CalendarEntityDescription
    ) -> None:
        """Initialize the calendar."""
        super().__init__(coordinator, description)
        is_planned = coordinator.controller.view.policy.strategy is Strategy.PLAN
        self._attr_entity_registry_enabled_default = is_planned

    @override
    def shown(self) -> tuple[Any, ...]:
        return (self.state, self.event)

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the run that goes on, else the next one."""
        now = dt_util.utcnow()
        ahead = [run for run in planned_runs(self.coordinator) if run.end > now]
        first = min(ahead, key=lambda run: (run.start, run.name), default=None)
        return None if first is None else _event(first)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the runs within a time."""
        return [
            _event(run)
            for run in planned_runs(self.coordinator)
            if run.start < end_date and run.end > start_date
        ]


def _event(run: Run) -> CalendarEvent:
    return CalendarEvent(
        start=dt_util.as_local(run.start),
        end=dt_util.as_local(run.end),
        summary=run.name,
        description=run.description,
        uid=f"{run.miner_id}_{run.start.isoformat()}",
    )
