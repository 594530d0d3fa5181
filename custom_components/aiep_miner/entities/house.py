"""What the house leaves for the miners, as sensors show it."""

from typing import Any

from ..coordinator import AiepMinerCoordinator


def surplus_w(site: AiepMinerCoordinator) -> float | None:
    """Return the surplus in W that the miners may draw; None unknown."""
    return site.data.house.surplus_w if site.data.house else None


def house_details(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return what the surplus follows from, and what of it is not believed."""
    house = site.data.house
    if house is None:
        return {"faults": {}}
    return {
        "grid_w": house.grid_w,
        "battery_w": house.battery_w,
        "battery_pct": house.battery_pct,
        "miners_w": house.drawn_w,
        "heat_wanted": house.heat_wanted,
        "faults": {name: fault.value for name, fault in house.faults.items()},
    }
