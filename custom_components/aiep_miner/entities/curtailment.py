"""Orders to curtail, and how each miner obeys them."""

from typing import Any, Final

from ..coordinator import AiepMinerCoordinator
from ..engine.read_model import MinerReadModel
from ..engine.records import Action
from .status_text import iso_time

REDUCTIONS: Final = frozenset({Action.STOP, Action.SET_LEVEL, Action.SET_POWER})


def ordered_w(site: AiepMinerCoordinator) -> float | None:
    """Return the limit in W that is ordered for now; None without an order."""
    return site.data.ordered_w


def curtailment_details(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the orders in force and ahead, and the state of the miners that they concern."""
    return {
        "orders": [
            {
                "event_id": order.order_id,
                "limit_w": order.limit_w,
                "from": iso_time(order.from_ms),
                "until": iso_time(order.until_ms),
                "reason": order.note,
                "origin": order.origin.value,
                "record_seq": entry.seq,
                "record_hash": entry.hash,
            }
            for entry in site.data.orders
            if (order := entry.record)
        ],
        "miners": {item["name"]: item["state"] for item in miner_states(site)},
    }


def miner_states(site: AiepMinerCoordinator) -> list[dict[str, Any]]:
    """Return each miner that gave up power or was told to: pending, confirmed or disobedient."""
    return [
        {
            "miner_id": miner_id,
            "name": site.title(miner_id),
            "state": state,
            "power_w": miner.power_w,
        }
        for miner_id, miner in site.data.miners.items()
        if (state := _state(miner, gave_up=miner_id in site.data.sheds)) is not None
    ]


def _state(miner: MinerReadModel, *, gave_up: bool) -> str | None:
    if miner.commanded & REDUCTIONS or miner.pending in REDUCTIONS:
        return "pending"
    if miner.not_confirmed in REDUCTIONS:
        return "disobedient"
    return "confirmed" if gave_up else None
