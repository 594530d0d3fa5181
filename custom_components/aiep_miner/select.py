"""Chooses who acts, and which pool or preset a miner uses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AiepMinerConfigEntry
from .engine.command import Command
from .engine.read_model import MinerReadModel as Miner
from .engine.records import Action, Mode, Pool
from .entity import MinerEntity, MinerEntityDescription, OperatorEntity, async_add_miner_entities
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
        key="preset",
        translation_key="preset",
        action=Action.SET_PRESET,
        exists_fn=lambda miner: Action.SET_PRESET in miner.info.capabilities.actions,
        options_fn=lambda miner: list(miner.info.capabilities.presets),
        current_fn=lambda miner: miner.reading.preset if miner.reading else None,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the operator's mode, and the choices that each miner offers."""
    async_add_entities([ModeSelect(entry.runtime_data.coordinator, MODE)])
    async_add_miner_entities(entry, async_add_entities, MINER_SELECTS, MinerSelect)


class ModeSelect(OperatorEntity, SelectEntity):
    """Who acts on this site."""

    @property
    @override
    def current_option(self) -> str:
        """Return the mode in force."""
        return self.coordinator.data.mode.value

    @override
    async def async_select_option(self, option: str) -> None:
        """Put a mode into force."""
        await self.coordinator.async_set_mode(Mode(option))


class MinerSelect(MinerEntity, SelectEntity):
    """A choice on a miner; shows what the miner says."""

    entity_description: MinerSelectDescription

    @property
    @override
    def options(self) -> list[str]:
        """Return what can be chosen; while the miner is silent, what it offered last."""
        self._attr_options = self.entity_description.options_fn(self.miner) or self._attr_options
        return self._attr_options

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
