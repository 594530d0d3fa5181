"""Diagnostics, system health and logbook: what there is to know, and no more."""

import json
from typing import Any

import pytest
from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from custom_components.aiep_miner.logbook import Describe, async_describe_events

from .conftest import FAKE, FakeMiner, make_operator, set_up

SECRETS = ("192.0.2.1", "02:00:00:00:00:01", "SN1", "one.example")


async def test_entry(hass: HomeAssistant, fake_site: AiepMinerCoordinator) -> None:
    entry = fake_site.config_entry
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["site"]["ledger_head"] == fake_site.data.ledger_head
    trusted = fake_site.ledger_service.trust_store.trusted
    assert found["ledger"]["public_key"] == trusted.public_key.hex()
    assert trusted.private_key not in str(found)
    assert found["site"]["miners"]["miner-1"]["telemetry"]["reading"]["power_w"] == 3000
    assert found["site"]["miners"]["miner-1"]["decision"]["action"] == "hold"
    text = json.dumps(found)
    assert not [secret for secret in SECRETS if secret in text]


async def test_devices(hass: HomeAssistant, fake_site: AiepMinerCoordinator) -> None:
    entry, registry = fake_site.config_entry, dr.async_get(hass)
    miner = registry.async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    found = await async_get_device_diagnostics(hass, entry, miner)
    assert found["miner"]["info"]["identity"]["model"] == "Model"
    assert "stop" in found["miner"]["info"]["capabilities"]["actions"]
    assert found["subentry"]["data"]["nominal_power_w"] == 3000
    assert found["replies"] == {"version": {"who": "Model"}}
    text = json.dumps(found)
    assert not [secret for secret in SECRETS if secret in text]

    operator = registry.async_get_device_by_identifier((DOMAIN, "site"), "site")
    found = await async_get_device_diagnostics(hass, entry, operator)
    assert "miner-1" in found["site"]["miners"]


async def test_where_the_operator_asks_and_which_device_it_is_are_not_shown(
    hass: HomeAssistant, fake: FakeMiner
) -> None:
    miner = {**FAKE, "title": "Gamma 0001"}
    entry = make_operator([miner], data={"public_source": "http://127.0.0.1:1"})
    await set_up(hass, entry)
    text = json.dumps(await async_get_config_entry_diagnostics(hass, entry))
    assert "127.0.0.1" not in text
    assert "Gamma 0001" not in text


async def both(hass: HomeAssistant, entry: MockConfigEntry) -> list[dict[str, Any]]:
    """Return the diagnostics of an operator and of its miner."""
    miner = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    return [
        await async_get_config_entry_diagnostics(hass, entry),
        await async_get_device_diagnostics(hass, entry, miner),
    ]


async def test_operator_that_does_not_run(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator
) -> None:
    entry = fake_site.config_entry
    await hass.config_entries.async_unload(entry.entry_id)
    operator, miner = await both(hass, entry)
    assert set(operator) == {"config_entry"}
    assert operator["config_entry"]["data"]["currency"] == "EUR"
    assert set(miner) == {"subentry"}
    assert miner["subentry"]["data"]["nominal_power_w"] == 3000
    text = json.dumps([operator, miner])
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    ("title", "shown"), [("192.0.2.1", REDACTED), ("At 192.0.2.1", REDACTED), ("Rig", "Rig")]
)
async def test_title_that_tells_the_address(
    hass: HomeAssistant, fake: FakeMiner, title: str, shown: str
) -> None:
    entry = make_operator([{**FAKE, "title": title}])
    await set_up(hass, entry)
    operator, miner = await both(hass, entry)
    assert operator["config_entry"]["subentries"][0]["title"] == shown
    assert miner["subentry"]["title"] == shown
    assert "192.0.2.1" not in json.dumps([operator, miner])


async def test_system_health(hass: HomeAssistant, fake_site: AiepMinerCoordinator) -> None:
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    assert await get_system_health_info(hass, DOMAIN) == {
        "operators": 1,
        "miners": 1,
        "ledger_records": fake_site.data.ledger_records,
        "ledgers_writable": 1,
        "ledgers_intact": 1,
    }


async def test_logbook(hass: HomeAssistant, fake_site: AiepMinerCoordinator) -> None:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, "miner-1"), "site")
    assert device is not None
    describers: dict[str, Describe] = {}
    async_describe_events(hass, lambda _domain, event, fn: describers.__setitem__(event, fn))

    def describe(kind: str, **data: str | None) -> tuple[str, str]:
        entry = describers[f"aiep_miner_{kind}"](Event(f"aiep_miner_{kind}", data))
        return entry["name"], entry["message"]

    miner = {"device_id": device.id, "miner_id": "miner-1", "action": "set_power"}
    assert describe("decision", **miner, reason="outside_proposal") == (
        "Miner 1",
        "Set power limit decided: Proposal from outside",
    )
    assert describe("suppression", **miner, reason="manual_mode") == (
        "Miner 1",
        "Set power limit refused: Manual mode",
    )
    assert describe("receipt", **miner, reason="effect_not_seen", outcome="not_confirmed") == (
        "Miner 1",
        "Set power limit: Not confirmed (Had no effect)",
    )
    limited = {**miner, "action": "stop", "reason": "site_limit_exceeded"}
    assert describe("decision", **limited) == (
        "Miner 1",
        "Stop decided: The site was above its power limit",
    )
    gone = {"device_id": None, "miner_id": "miner-9", "action": "stop", "reason": "overheat"}
    assert describe("decision", **gone) == ("miner-9", "Stop decided: Overheated")
    held = {**miner, "action": "hold", "reason": "settling"}
    assert describe("decision", **held) == ("Miner 1", "left as it is: Settling after a command")
