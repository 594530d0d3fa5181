"""Sets the targets that a miner works to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import UNIT_HASHRATE
from .coordinator import AiepMinerConfigEntry
from .engine.records import Action
from .entity import MinerEntity, MinerEntityDescription, async_add_miner_entities
from .fleet import Miner

PARALLEL_UPDATES = 1

HASHRATE_HEADROOM: Final = 1.5
"""Times the nominal hash rate: no machine is tuned further up than that."""


@dataclass(frozen=True, kw_only=True)
class MinerNumberDescription(MinerEntityDescription, NumberEntityDescription):
    """Describes a miner's target."""

    action: Action
    value_fn: Callable[[Miner], float | None]
    range_fn: Callable[[Miner], tuple[float, float] | None]
    """The least and the most; None while unknown."""


def _power_range(miner: Miner) -> tuple[float, float] | None:
    """Return the device's own bounds; the operator's maximum stands in for an unknown one."""
    capabilities = miner.info.capabilities
    most_w = capabilities.power_max_w or miner.policy.max_power_w
    return None if most_w is None else (capabilities.power_min_w or 0.0, most_w)


def _hashrate_range(miner: Miner) -> tuple[float, float] | None:
    expected = miner.reading.expected_hashrate_ths if miner.reading else None
    usual = miner.policy.nominal_hashrate_ths or expected
    return (0.0, round(usual * HASHRATE_HEADROOM, 2)) if usual else None


MINER_NUMBERS: Final = (
    MinerNumberDescription(
        key="power_limit",
        translation_key="power_limit",
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_step=1,
        mode=NumberMode.BOX,
        action=Action.SET_POWER,
        value_fn=lambda miner: miner.reading.power_limit_w if miner.reading else None,
        range_fn=_power_range,
        exists_fn=lambda miner: (
            Action.SET_POWER in miner.info.capabilities.actions and _power_range(miner) is not None
        ),
    ),
    MinerNumberDescription(
        key="hashrate_target",
        translation_key="hashrate_target",
        native_unit_of_measurement=UNIT_HASHRATE,
        native_step=0.01,
        mode=NumberMode.BOX,
        action=Action.SET_HASHRATE,
        value_fn=lambda miner: miner.reading.expected_hashrate_ths if miner.reading else None,
        range_fn=_hashrate_range,
        exists_fn=lambda miner: (
            Action.SET_HASHRATE in miner.info.capabilities.actions
            and _hashrate_range(miner) is not None
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AiepMinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the targets that each miner accepts."""
    async_add_miner_entities(entry, async_add_entities, MINER_NUMBERS, MinerNumber)


class MinerNumber(MinerEntity, NumberEntity):
    """A target of a miner; shows what the miner says, not what it was told."""

    entity_description: MinerNumberDescription

    _last_range = (0.0, 0.0)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the target that the miner works to."""
        return self.entity_description.value_fn(self.miner)

    @property
    @override
    def native_min_value(self) -> float:
        """Return the least that the miner accepts."""
        return self._range[0]

    @property
    @override
    def native_max_value(self) -> float:
        """Return the most that the miner accepts."""
        return self._range[1]

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Command the miner to work to a target."""
        await self.async_command(self.entity_description.action, value=value)

    @property
    def _range(self) -> tuple[float, float]:
        """Return the least and the most; while the miner is silent, what it said last."""
        self._last_range = self.entity_description.range_fn(self.miner) or self._last_range
        return self._last_range
