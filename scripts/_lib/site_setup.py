"""Adds an operator and its miners to a running Home Assistant, through its own flows."""

import asyncio
from dataclasses import dataclass
from typing import Any

from devtools.forms import miner_form, operator_form
from devtools.hass_process import DOMAIN, HassError, HassProcess

LOADED_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An operator as Home Assistant knows it."""

    title: str
    operator_id: str
    miners: dict[str, str]
    """Miner id to title."""


async def find_site(hass: HassProcess, title: str) -> Site | None:
    """Return the operator with a title, once it is loaded; None when there is none."""
    for entry in await _entries(hass):
        if entry["title"] == title:
            await wait_loaded(hass, entry["entry_id"])
            return await _site(hass, entry)
    return None


async def add_site(
    hass: HassProcess,
    operator: dict[str, Any],
    miners: list[dict[str, Any]],
    options: dict[str, dict[str, Any]],
) -> Site:
    """Add an operator with its options and miners; raises HassError when a form refuses."""
    result = await hass.flow("flow", DOMAIN, operator_form(operator))
    if result["type"] != "create_entry":
        raise HassError(f"the operator was not added: {result}")
    operator_id = result["result"]["entry_id"]
    await wait_loaded(hass, operator_id)
    await set_options(hass, operator_id, options)
    for miner in miners:
        await add_miner(hass, operator_id, miner)
    return await _site(hass, result["result"])


async def add_miner(hass: HassProcess, operator_id: str, miner: dict[str, Any]) -> None:
    """Add one miner: the adapter is chosen first, then comes its own form.

    ``read_only`` says that the flow will tell so and wants that confirmed.
    """
    await wait_loaded(hass, operator_id)
    details = {key: miner[key] for key in miner if key not in ("adapter", "read_only")}
    form = miner_form(miner["adapter"], details)
    steps = [{"next_step_id": miner["adapter"]}, form, *([{}] if "read_only" in miner else [])]
    result = await hass.flow("subentries/flow", [operator_id, "miner"], *steps)
    if result["type"] != "create_entry":
        raise HassError(f"the miner was not added: {result}")
    # Home Assistant reloads the operator to take the miner in.
    await asyncio.sleep(0.2)
    await wait_loaded(hass, operator_id)


async def set_options(
    hass: HassProcess, operator_id: str, options: dict[str, dict[str, Any]]
) -> None:
    """Set options by section; what is left out keeps its default."""
    base = "/api/config/config_entries/options/flow"
    menu = await hass.rest("POST", base, {"handler": operator_id})
    form = await hass.rest("POST", f"{base}/{menu['flow_id']}", {"next_step_id": "settings"})
    sections = {field["name"]: options.get(field["name"], {}) for field in form["data_schema"]}
    result = await hass.rest("POST", f"{base}/{menu['flow_id']}", sections)
    if result["type"] != "create_entry":
        raise HassError(f"the options were not taken: {result}")


async def wait_loaded(hass: HassProcess, operator_id: str) -> None:
    """Wait until an operator runs."""
    state = "missing"
    for _ in range(int(LOADED_S / 0.1)):
        found = [item for item in await _entries(hass) if item["entry_id"] == operator_id]
        state = found[0]["state"] if found else "missing"
        if state == "loaded":
            return
        await asyncio.sleep(0.1)
    raise HassError(f"the operator is still {state} after {LOADED_S:.0f} s")


async def entities(hass: HassProcess) -> dict[str, str]:
    """Return the enabled entities' ids by ``<platform>.<operator or miner id>_<key>``."""
    registry = await hass.command("config/entity_registry/list")
    return {
        f"{entry['entity_id'].split('.')[0]}.{entry['unique_id']}": entry["entity_id"]
        for entry in registry
        if entry["platform"] == DOMAIN and not entry["disabled_by"]
    }


async def _entries(hass: HassProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await hass.command("config_entries/get", domain=DOMAIN)
    return found


async def _site(hass: HassProcess, entry: dict[str, Any]) -> Site:
    operator_id = entry["entry_id"]
    found = await hass.command("config_entries/subentries/list", entry_id=operator_id)
    miners = {item["subentry_id"]: item["title"] for item in found}
    return Site(title=entry["title"], operator_id=operator_id, miners=miners)
