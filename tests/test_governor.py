"""How Home Assistant shows the governor: its events, its health, and what waits for a review."""

from typing import Any

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceNotSupported, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator, governor_signal
from custom_components.aiep_miner.engine.events import GovernorEvent
from custom_components.aiep_miner.engine.governor import EventType
from custom_components.aiep_miner.engine.records import Action, RecordKind

from .conftest import RunCycles, propose

EVENT = "event.site_governor"
TO_DO = "todo.site_decisions_to_review"
PROPOSAL = {"value": 3000, "confidence": 0.97}


async def test_decision_is_an_event(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context
) -> None:
    assert hass.states.get(EVENT).state == STATE_UNKNOWN
    verdict = await propose(site, Action.STOP, person)
    event = hass.states.get(EVENT)
    assert event.attributes["event_type"] == "decision"
    assert event.attributes["miner_id"] == "miner-1"
    assert event.attributes["device_id"] == site.device_id("miner-1")
    assert event.attributes["action"] == "stop"
    assert event.attributes["record_seq"] == verdict.decision.seq
    assert event.attributes["record_hash"] == verdict.decision.hash


async def test_thermal_override_is_an_event(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context
) -> None:
    event = GovernorEvent(
        kind=EventType.THERMAL_OVERRIDE,
        miner_id="miner-1",
        action=Action.RUN,
        trust_level=0,
        reasons=("thermal_override",),
    )
    async_dispatcher_send(hass, governor_signal("site"), event)
    attributes = hass.states.get(EVENT).attributes
    assert attributes["event_type"] == "thermal_override"
    assert attributes["reasons"] == ["thermal_override"]


async def test_change_of_health_is_an_event(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    event = GovernorEvent(kind=EventType.HEALTH_CHANGE, status="critical")
    async_dispatcher_send(hass, governor_signal("site"), event)
    attributes = hass.states.get(EVENT).attributes
    assert attributes["event_type"] == "health_change"
    assert attributes["status"] == "critical"
    assert "miner_id" not in attributes


async def test_health(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    assert hass.states.get("sensor.site_governor_health").state == STATE_UNKNOWN
    await run_cycles(site, 25)
    for watts in (3200, 3150, 3100, 3050, 3000):
        await propose(site, Action.SET_POWER, Context(), value=watts, confidence=0.97)
        await run_cycles(site, 5)
    assert hass.states.get("sensor.site_governor_health").state == "healthy"
    assert float(hass.states.get("sensor.site_fallback_rate").state) == 0


async def test_health_by_domain_is_off_at_first(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    registry = er.async_get(hass)
    power = registry.async_get("sensor.site_governor_health_power")
    assert power.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    registry.async_update_entity(power.entity_id, disabled_by=None)
    await hass.config_entries.async_reload("site")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.site_governor_health_power").state == STATE_UNKNOWN


async def review(hass: HomeAssistant, record_hash: str, context: Context, **data: object) -> None:
    await hass.services.async_call(
        DOMAIN,
        "review",
        {"record_hash": record_hash, "approved": True, **data},
        blocking=True,
        context=context,
    )


async def to_do(hass: HomeAssistant) -> list[dict[str, str]]:
    """Return the items of the to-do list."""
    answer = await hass.services.async_call(
        "todo", "get_items", {"entity_id": TO_DO}, blocking=True, return_response=True
    )
    items: list[dict[str, str]] = answer[TO_DO]["items"]
    return items


async def test_nothing_can_be_ticked_off_in_the_to_do_list(
    hass: HomeAssistant, site: AiepMinerCoordinator, supervised: str, person: Context
) -> None:
    """A language model's tick would count as a person's approval."""
    entry = er.async_get(hass).async_get(TO_DO)
    assert entry is not None
    assert (entry.entity_category, entry.supported_features) == ("diagnostic", 0)
    assert await async_setup_component(hass, "homeassistant", {})
    assert not async_should_expose(hass, "conversation", TO_DO)
    with pytest.raises(ServiceNotSupported):
        await hass.services.async_call(
            "todo",
            "update_item",
            {"entity_id": TO_DO, "item": supervised, "status": "completed"},
            blocking=True,
            context=person,
        )


@pytest.fixture
async def supervised(site: AiepMinerCoordinator, run_cycles: RunCycles) -> str:
    """Return the record hash of a supervised decision that was carried out."""
    await run_cycles(site, 25)
    verdict = await propose(site, Action.SET_POWER, Context(), value=3000, confidence=0.97)
    assert verdict.rule is None
    assert verdict.trust_level == 2
    return verdict.decision.hash


async def test_supervised_decision_waits_for_a_review(
    hass: HomeAssistant, site: AiepMinerCoordinator, supervised: str, person: Context
) -> None:
    waiting = hass.states.get("sensor.site_decisions_to_review")
    assert waiting.state == "1"
    assert waiting.attributes["decisions"][0]["record_hash"] == supervised

    items = await to_do(hass)
    assert [item["uid"] for item in items] == [supervised]
    assert items[0]["summary"].startswith("Miner 1: ")
    assert items[0]["summary"].endswith(" 3000")
    assert items[0]["status"] == "needs_action"
    await review(hass, supervised, person, note="fine")
    assert hass.states.get("sensor.site_decisions_to_review").state == "0"
    assert await to_do(hass) == []
    filed = await site.controller.ledger.latest(RecordKind.REVIEW)
    record = filed.record()
    decision = await site.controller.ledger.get(record.decision)
    assert decision.hash_hex == supervised
    assert record.approved
    assert record.user_id == person.user_id
    assert record.note == "fine"


async def test_the_dashboard_shows_what_waits_for_a_review(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    supervised: str,
    person: Context,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    client = await hass_ws_client(hass)

    async def waiting(client: Any = client) -> dict[str, Any]:
        await client.send_json_auto_id({"type": "aiep_miner/fleet/reviews"})
        reviews: dict[str, Any] = (await client.receive_json())["result"]["reviews"]
        return reviews

    ((item,),) = (await waiting()).values()
    assert (item["hash"], item["action"], item["value"]) == (supervised, "set_power", 3000)
    assert item["miner_id"] == "miner-1"
    other = await hass_ws_client(hass, hass_read_only_access_token)
    assert await waiting(other) == {}, "who may not read the ledger"
    await review(hass, supervised, person)
    assert await waiting() == {"site": []}


async def test_nothing_to_review(
    hass: HomeAssistant, site: AiepMinerCoordinator, person: Context
) -> None:
    with pytest.raises(ServiceValidationError) as wrong:
        await review(hass, "00" * 32, person)
    assert wrong.value.translation_key == "nothing_to_review"
