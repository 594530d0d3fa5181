"""Gives a running Home Assistant a dashboard of its fleet, made from the entities that it has."""

from typing import Any

from devtools.hass_process import HassCommandError, HassProcess
from scripts._lib.site_setup import Site, entities

PATH = "mining-fleet"
OPERATOR_ENTITIES = (
    "select.mode",
    "sensor.fleet_hashrate",
    "sensor.fleet_power",
    "sensor.fleet_profit",
    "sensor.ledger_records",
    "binary_sensor.problem",
    "button.run_cycle",
    "button.verify_ledger",
)
MINER_ENTITIES = (
    "switch.mining",
    "sensor.decision",
    "sensor.reason",
    "sensor.trust_level",
    "sensor.hashrate",
    "sensor.power",
    "sensor.estimated_power",
    "sensor.temperature",
    "sensor.profit",
    "sensor.break_even",
    "binary_sensor.problem",
    "sensor.last_command",
    "button.restart",
    "button.resume_automation",
)


async def show_fleet(hass: HassProcess, site: Site, extra: list[str]) -> str:
    """Save the dashboard, make it the first thing to see, and return its address.

    ``extra`` are entities to show beside the operator's own.
    """
    known = await entities(hass)
    await _create(hass)
    await hass.command("lovelace/config/save", url_path=PATH, config=_config(site, known, extra))
    await hass.command("frontend/set_system_data", key="core", value={"default_panel": PATH})
    return f"{hass.url}/{PATH}"


async def _create(hass: HassProcess) -> None:
    """Create the dashboard, unless an earlier run did."""
    try:
        await hass.command(
            "lovelace/dashboards/create",
            url_path=PATH,
            title="Mining fleet",
            icon="mdi:pickaxe",
            mode="storage",
            show_in_sidebar=True,
            require_admin=False,
        )
    except HassCommandError:
        found = await hass.command("lovelace/dashboards/list")
        if PATH not in {item["url_path"] for item in found}:
            raise


def _config(site: Site, known: dict[str, str], extra: list[str]) -> dict[str, Any]:
    """Return a view with the operator's section, one for each miner, and what happened."""
    sections = [
        _section(site.title, [*_found(known, site.operator_id, OPERATOR_ENTITIES), *extra]),
        *(
            _section(name, _found(known, miner_id, MINER_ENTITIES))
            for miner_id, name in site.miners.items()
        ),
        _history(site, known),
    ]
    view = {"title": "Fleet", "type": "sections", "max_columns": 4, "sections": sections}
    return {"title": "Mining fleet", "views": [view]}


def _found(known: dict[str, str], owner: str, wanted: tuple[str, ...]) -> list[str]:
    """Return the entity ids of those that an operator or miner has."""
    keys = (key.replace(".", f".{owner}_", 1) for key in wanted)
    return [known[key] for key in keys if key in known]


def _section(heading: str, entity_ids: list[str]) -> dict[str, Any]:
    cards = [{"type": "heading", "heading": heading}, *map(_tile, entity_ids)]
    return {"type": "grid", "cards": cards}


def _tile(entity_id: str) -> dict[str, Any]:
    """Return a card that says the entity's own name: the device's stands above."""
    hides_state = entity_id.startswith("button.")
    name = {"type": "entity"}
    return {"type": "tile", "entity": entity_id, "name": name, "hide_state": hides_state}


def _history(site: Site, known: dict[str, str]) -> dict[str, Any]:
    graphed = ("sensor.hashrate",)
    told = ("sensor.decision", "sensor.last_command")
    rates = [item for miner_id in site.miners for item in _found(known, miner_id, graphed)]
    decisions = [item for miner_id in site.miners for item in _found(known, miner_id, told)]
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": "What happened"},
            {"type": "history-graph", "hours_to_show": 0.25, "entities": rates},
            {"type": "logbook", "hours_to_show": 1, "target": {"entity_id": decisions}},
        ],
    }
