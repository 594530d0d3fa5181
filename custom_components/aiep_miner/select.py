"""Chooses who acts, and which pool or level a miner uses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.command import Command
from .engine.read_model import MinerReadModel as Miner
from .engine.records import Action, Mode, Pool
from .entities.fleet_size import FleetSize
from .entity import (
    MinerEntity,
    MinerEntityDescription,
    OperatorEntity,
    async_add_miner_entities,
    async_remove_uncreated,
)
from .errors import not_offered

# The engine queues commands itself; one that hangs must not hold back another miner's stop.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerSelectDescription(MinerEntityDescription, SelectEntityDescription):
    """Describes a miner's choice."""

    action: Action
    options_fn: Callable[[Miner], list[str]]
    current_fn: Callable[[Miner], str | None]
    value_fn: Callable[[Miner, str], float | None] = lambda _miner, _option: None
    """The command's value; without one the option itself is sent."""


def _pools(miner: Miner) -> tuple[Pool, ...]:
    return miner.reading.pools if miner.reading else ()


def _pool_name(pool: Pool) -> str:
    return f"{pool.index + 1}: {pool.url}"


def _active_pool(miner: Miner) -> str | None:
    return _pool_name(pool) if (pool := miner.active_pool) else None


MODE: Final = SelectEntityDescription(
    key="mode", translation_key="mode", options=[mode.value for mode in Mode]
)

MINER_SELECTS: Final = (
    MinerSelectDescription(
        key="pool",
        translation_key="pool",
        action=Action.SET_POOL,
        entity_registry_enabled_default=False,
        exists_fn=lambda miner: (
            Action.SET_POOL in miner.info.capabilities.actions and len(_pools(miner)) > 1
        ),
        options_fn=lambda miner: [_pool_name(pool) for pool in _pools(miner)],
        current_fn=_active_pool,
        value_fn=lambda miner, option: float(
            next(pool.index for pool in _pools(miner) if _pool_name(pool) == option)
        ),
    ),
    MinerSelectDescription(
        key="level",
        translation_key="level",
        action=Action.SET_LEVEL,
        up_to=FleetSize.MANY,
        exists_fn=lambda miner: bool(miner.info.capabilities.levels),
        options_fn=lambda miner: [level.name for level in miner.info.capabilities.levels],
        current_fn=lambda miner: miner.reading.level if miner.reading else None,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's mode, and the choices that each miner offers."""
    async_add_entities([ModeSelect(entry.runtime_data.coordinator, MODE)])
    async_remove_uncreated(entry, Platform.SELECT, MINER_SELECTS)
    await async_add_miner_entities(entry, async_add_entities, MINER_SELECTS, MinerSelect)


class ModeSelect(OperatorEntity, SelectEntity):
    """Who acts on this site."""

    @override
    def shown(self) -> tuple[Any, ...]:
        return (self.current_option,)

    @property
    @override
    def current_option(self) -> str:
        """Return the mode in force."""
        return self.coordinator.data.mode.value

    @override
    async def async_select_option(self, option: str) -> None:
        """Put a mode into force."""
        await self.coordinator.async_set_mode(Mode(option), self._context)


class MinerSelect(MinerEntity, SelectEntity):
    """A choice on a miner; shows what the miner says."""

    entity_description: MinerSelectDescription
    _offered: Sequence[str] = ()

    @override
    def shown(self) -> tuple[Any, ...]:
        return self.current_option, tuple(self.options)

    @property
    @override
    def options(self) -> list[str]:
        """Return what can be chosen; while the miner is silent, what it offered last."""
        offered = self.entity_description.options_fn(self.miner)
        self._offered = offered or self._offered
        return list(self._offered)

    @property
    @override
    def current_option(self) -> str | None:
        """Return what the miner uses now."""
        return self.entity_description.current_fn(self.miner)

    @override
    async def async_select_option(self, option: str) -> None:
        """Command the miner to use an option; what it offered last may be gone by now."""
        description = self.entity_description
        if option not in description.options_fn(self.miner):
            raise not_offered(self.coordinator.title(self._miner_id), option)
        value = description.value_fn(self.miner, option)
        await self.async_command(
            Command(
                action=description.action,
                value=value,
                option=option if value is None else None,
            )
        )
