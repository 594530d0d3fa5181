"""What the house beside the miners measured, and what follows from it until the next measurement."""

from dataclasses import dataclass, field
from typing import ClassVar

from .base import Body, Record
from .kinds import RecordKind
from .reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseMove(Body):
    """A miner is to change its level now, between the steps of the plan."""

    miner_id: str
    level: int | None = None
    """Index into the levels that the plan lists; None for off."""
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRecord(Record):
    """Power at the grid, battery and heat; None is not set up, or at fault."""

    kind: ClassVar = RecordKind.INPUT

    grid_w: float | None = None
    """Positive where the house imports."""
    battery_w: float | None = None
    """Positive where it discharges."""
    battery_pct: float | None = None
    feed_in_price_per_kwh: float | None = None
    room_c: float | None = None
    wanted_c: float | None = None
    heat_price_per_kwh: float | None = None
    """What a kWh of heat costs where the miners do not make it."""
    faults: dict[str, Reason] = field(default_factory=dict)
    """Field to what is wrong with the value that its source gives."""

    drawn_w: float = 0.0
    """What the miners drew by their telemetry of the same moment."""
    surplus_w: float | None = None
    """What the miners may draw without import or discharge; None unknown."""
    heat_wanted: bool = False
    room_since_ms: int | None = None
    """Since when there is enough surplus for more …"""
    short_since_ms: int | None = None
    """… since when there is too little …"""
    cold_since_ms: int | None = None
    """… and since when heat is made that nobody wants."""
    moves: tuple[HouseMove, ...] = ()

    @property
    def measures_surplus(self) -> bool:
        """Tell whether the power at the grid is measured, if only at fault now."""
        return self.grid_w is not None or "grid_w" in self.faults
