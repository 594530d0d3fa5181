"""Triggers, made and fired through the commands that the automation editor uses."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components import aiep_miner
from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.records import Action, Temperature
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.ledger_service.trust_store import Break
from custom_components.aiep_miner.trigger import TRIGGERS

from .conftest import FULL_READING, FakeMiner, RunCycles, propose
from .inputs.test_planning import dear_from, planned, publish

__all__ = ["dear_from", "planned"]
"""Fixtures of another file."""

DESCRIPTIONS = Path(aiep_miner.__file__).with_name("triggers.yaml")
HOT = (Temperature(sensor="board_0", temperature_c=95.0),)
STOPPED = replace(FULL_READING, mining=False, hashrate_ths=0.0, power_w=20.0)


class Editor:
    """The editor's WebSocket connection, and what the triggers made with it have said."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        self.hass, self._client = hass, client
        self.events: list[Any] = []

    async def ask(self, kind: str, **data: Any) -> dict[str, Any]:
        """Send a command; return the answer, and keep the events that come before it."""
        await self.hass.async_block_till_done()
        await self._client.send_json_auto_id({"type": kind, **data})
        while (answer := await self._client.receive_json())["type"] == "event":
            self.events.append(answer["event"])
        result: dict[str, Any] = answer
        assert result.get("success", True), result
        return result

    async def trigger(self, name: str, target: dict[str, Any], **options: Any) -> None:
        """Validate a trigger and subscribe to it."""
        config = {"trigger": f"{DOMAIN}.{name}", "target": target, "options": options}
        checked = await self.ask("validate_config", triggers=[config])
        assert checked["result"]["triggers"] == {"valid": True, "error": None}
        await self.ask("subscribe_trigger", trigger=config)

    async def fired(self) -> list[dict[str, Any]]:
        """Return the variables of each firing since the last call."""
        await self.ask("ping")
        events, self.events = self.events, []
        return [event["variables"]["trigger"] for event in events]

    async def of(self) -> list[str]:
        """Return the entity of each firing since the last call."""
        return [variables["entity_id"] for variables in await self.fired()]


@pytest.fixture
async def editor(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Editor:
    """Return an editor; set up the operator first."""
    assert await async_setup_component(hass, "automation", {})
    return Editor(hass, await hass_ws_client(hass))


@pytest.fixture
def live(editor: Editor, run_cycles: RunCycles) -> RunCycles:
    """Return a function that runs cycles, and keeps the connection alive through them."""

    async def run(site: AiepMinerCoordinator, count: int = 1) -> None:
        for _ in range(count):
            await run_cycles(site)
            await editor.ask("ping")

    return run


def device(hass: HomeAssistant, identifier: str) -> dict[str, Any]:
    """Return a device as a target."""
    found = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), "site")
    assert found is not None
    return {"device_id": [found.id]}


async def turn_off(hass: HomeAssistant, person: Context) -> None:
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.miner_1"}, blocking=True, context=person
    )


async def test_the_editor_lists_all_of_them(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, editor: Editor
) -> None:
    await editor.ask("trigger_platforms/subscribe")
    expected = {f"{DOMAIN}.{name}" for name in TRIGGERS}
    listed: set[str] = set()
    async with asyncio.timeout(10):
        while not expected <= listed:
            await editor.ask("ping")
            listed = {name for event in editor.events for name in event}
    assert {name for name in listed if name.startswith(DOMAIN)} == expected
    file = yaml.safe_load(DESCRIPTIONS.read_text("utf-8"))
    assert {name for name in file if not name.startswith(".")} == set(TRIGGERS)


async def test_stopped_and_started_follow_the_miner_not_what_is_asked(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    editor: Editor,
    person: Context,
    live: RunCycles,
) -> None:
    await live(fake_site)
    await editor.trigger("miner_stopped", device(hass, "miner-1"))
    await editor.trigger("miner_started", {"entity_id": ["switch.miner_1"]})
    await turn_off(hass, person)
    assert hass.states.get("switch.miner_1").state == "off"
    assert hass.states.get("switch.miner_1").attributes["pending"]
    assert await editor.of() == []
    fake.reading = STOPPED
    await live(fake_site)
    (stopped,) = await editor.fired()
    assert (stopped["entity_id"], stopped["to_state"]["state"]) == ("switch.miner_1", "off")
    fake.reading = FULL_READING
    await live(fake_site)
    (started,) = await editor.fired()
    assert (started["entity_id"], started["to_state"]["state"]) == ("switch.miner_1", "on")


async def test_a_stop_without_effect_is_neither_a_stop_nor_a_start(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    editor: Editor,
    person: Context,
    live: RunCycles,
) -> None:
    await live(fake_site)
    for name in ("miner_stopped", "miner_started", "command_not_confirmed"):
        await editor.trigger(name, device(hass, "miner-1"))
    await turn_off(hass, person)
    await live(fake_site, 20)
    assert hass.states.get("switch.miner_1").state == "on"
    assert await editor.of() == ["binary_sensor.miner_1_problem"]


async def test_overheated_and_lost(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    fake: FakeMiner,
    editor: Editor,
    live: RunCycles,
) -> None:
    await live(fake_site)
    await editor.trigger("miner_overheated", device(hass, "miner-1"), behavior="each")
    await editor.trigger("miner_lost", device(hass, "miner-1"))
    fake.reading = replace(FULL_READING, temperatures=HOT)
    await live(fake_site, 3)
    (overheated,) = await editor.fired()
    assert "overheat" in overheated["to_state"]["attributes"]["reasons"]
    fake.error = MinerError(Reason.TIMEOUT)
    await live(fake_site, 4)
    (lost,) = await editor.fired()
    assert lost["to_state"]["attributes"]["poll_error"] == "timeout"


async def test_review_needed(
    hass: HomeAssistant, site: AiepMinerCoordinator, editor: Editor, live: RunCycles
) -> None:
    await editor.trigger("review_needed", device(hass, "site"))
    await live(site, 25)
    assert await editor.of() == []
    verdict = await propose(site, Action.SET_POWER, Context(), value=3000, confidence=0.97)
    assert verdict.trust_level == 2
    await live(site)
    assert await editor.of() == ["sensor.site_decisions_to_review"]


async def test_ledger_broken(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, editor: Editor
) -> None:
    await editor.trigger("ledger_broken", device(hass, "site"))
    await fake_site.ledger_service.trust_store.async_save(broken=Break(seq=3, fault="3: hash"))
    fake_site.ledger_service._on_change()
    assert await editor.of() == ["sensor.site_ledger_verification"]


async def test_other_integrations_entities_are_no_targets(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, editor: Editor
) -> None:
    hass.states.async_set("switch.lamp", "on")
    await editor.trigger("miner_stopped", {"entity_id": ["switch.lamp"]})
    hass.states.async_set("switch.lamp", "off")
    assert await editor.of() == []


async def test_curtailment_began(
    hass: HomeAssistant,
    fake_site: AiepMinerCoordinator,
    editor: Editor,
    person: Context,
    live: RunCycles,
) -> None:
    async def act(name: str, **data: Any) -> None:
        await hass.services.async_call(
            DOMAIN, name, data, blocking=True, context=person, return_response=True
        )

    await live(fake_site)
    await editor.trigger("curtailment_began", device(hass, "site"))
    await act("curtail", power_w=2500, event_id="one")
    await live(fake_site)
    assert await editor.of() == ["sensor.site_ordered_power_limit"]
    await act("curtail", power_w=2000, event_id="two")
    await live(fake_site)
    assert await editor.of() == [], "another limit is no other beginning"
    await act("release")
    await live(fake_site)
    await act("curtail", power_w=2500)
    await live(fake_site)
    assert await editor.of() == ["sensor.site_ordered_power_limit"]


async def test_plan_changed(
    hass: HomeAssistant,
    planned: AiepMinerCoordinator,
    editor: Editor,
    dear_from: datetime,
    run_cycles: RunCycles,
) -> None:
    async def pass_time(begin: datetime, minutes: int) -> None:
        for _ in range(minutes):
            publish(hass, begin)
            await run_cycles(planned, every_s=60)
            await hass.async_block_till_done(wait_background_tasks=True)
            await editor.ask("ping")

    await pass_time(dear_from, 45)
    await editor.trigger("plan_changed", device(hass, "site"))
    await pass_time(dear_from, 10)
    assert await editor.of() == [], "a plan that is made anew is no other plan"
    sooner = dear_from - timedelta(hours=1)
    await pass_time(sooner, 10)
    (changed,) = await editor.fired()
    assert changed["entity_id"] == "sensor.site_next_planned_change"
    assert datetime.fromisoformat(changed["to_state"]["state"]) == sooner
    await pass_time(sooner, 75)
    assert await editor.of() == [], "a planned change that comes about is no other plan"
