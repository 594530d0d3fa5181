"""Gives a running Home Assistant the integration's dashboard, with the prices in a view of its own."""

from typing import Any

from devtools.hass_process import HassCommandError, HassProcess

PATH = "mining-fleet"
STRATEGY = "custom:aiep-miner"


async def show_fleet(hass: HassProcess, extra: list[str]) -> str:
    """Save the dashboard, make it the first thing to see, and return its address.

    ``extra`` are entities to show in a second view.
    """
    await _create(hass)
    strategy = {"type": STRATEGY, "views": [_view(extra)] if extra else []}
    await hass.command("lovelace/config/save", url_path=PATH, config={"strategy": strategy})
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


def _view(entity_ids: list[str]) -> dict[str, Any]:
    cards = [
        {"type": "tile", "entity": entity_id, "features": [{"type": "numeric-input"}]}
        for entity_id in entity_ids
    ]
    sections = [{"type": "grid", "cards": cards}]
    return {"title": "Prices", "path": "prices", "type": "sections", "sections": sections}
