"""Sets the targets that a miner works to."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntityDescription,
    NumberMode,
    RestoreNumber,
)
from homeassistant.const import UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import UNIT_HASHRATE
from .coordinator import AiepMinerConfigEntry
from .engine.command import Command
from .engine.read_model import MinerReadModel as Miner
from .engine.records import Action
from .entity import MinerEntity, MinerEntityDescription, async_add_miner_entities
from .errors import not_a_number

# The engine queues commands itself; one that hangs must not hold back another miner's stop.
PARALLEL_UPDATES = 0

HASHRATE_HEADROOM: Final = 1.5
"""Times the nominal hash rate: no machine is tuned further up than that."""


@dataclass(frozen=True, kw_only=True)
class MinerNumberDescription(MinerEntityDescription, NumberEntityDescription):
    """Describes a miner's target."""

    action: Action
    value_fn: Callable[[Miner], float | None]
    range_fn: Callable[[Miner, float], tuple[float, float] | None]
    """From the most so far to the least and the most; None while unknown."""


def _power_range(miner: Miner, _most_so_far: float = 0.0) -> tuple[float, float] | None:
    """Return the device's own bounds; the operator's maximum stands in for an unknown one."""
    capabilities = miner.info.capabilities
    most_w = capabilities.power_max_w or miner.policy.max_power_w
    return None if most_w is None else (capabilities.power_min_w or 0.0, most_w)


def _hashrate_range(miner: Miner, most_so_far: float = 0.0) -> tuple[float, float] | None:
    """Reckon from the nominal hash rate, else from the largest that was ever seen.

    What a miner expects of itself and does, or usually does, falls with its target; the way back
    stays open.
    """
    if nominal := miner.policy.nominal_hashrate_ths:
        return 0.0, round(nominal * HASHRATE_HEADROOM, 2)
    profit = miner.profit
    seen = (
        miner.reading.expected_hashrate_ths if miner.reading else None,
        profit.hashrate_ths if profit else None,
    )
    most = max(most_so_far, *(round((rate or 0.0) * HASHRATE_HEADROOM, 2) for rate in seen))
    return (0.0, most) if most else None


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


class MinerNumber(MinerEntity, RestoreNumber):
    """A target of a miner; shows what the miner says, not what it was told."""

    entity_description: MinerNumberDescription

    _last_range = (0.0, 0.0)

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from the range before the restart."""
        await super().async_added_to_hass()
        kept = await self.async_get_last_number_data()
        if kept is not None:
            self._last_range = (kept.native_min_value or 0.0, kept.native_max_value or 0.0)

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
        if not math.isfinite(value):
            raise not_a_number(self.coordinator.title(self._miner_id))
        await self.async_command(Command(action=self.entity_description.action, value=value))

    @property
    def _range(self) -> tuple[float, float]:
        """Return the least and the most; while the miner is silent, what it said last."""
        known = self.entity_description.range_fn(self.miner, self._last_range[1])
        self._last_range = known or self._last_range
        return self._last_range
