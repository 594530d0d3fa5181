"""Orders to curtail a site, in Home Assistant: preview, live state, release, refusals."""

from datetime import timedelta
from typing import Any

import probatio as vol
import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import CurtailmentRecord, Origin, RecordKind
from custom_components.aiep_miner.engine.replay import replay

from ..conftest import FakeMiner, RunCycles, make_operator, set_up, simulated


async def act(
    hass: HomeAssistant, name: str, context: Context | None = None, **data: Any
) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=True, context=context
    )
    assert isinstance(response, dict)
    return response


async def test_an_order_from_preview_to_release(
    hass: HomeAssistant,
    entity_registry_enabled_by_default: None,
    site: AiepMinerCoordinator,
    run_cycles: RunCycles,
    person: Context,
) -> None:
    await run_cycles(site, 25)
    until = dt_util.utcnow() + timedelta(hours=1)
    order = {"power_w": 500, "until": until.isoformat(), "reason": "peak", "event_id": "grid-7"}
    preview = await act(hass, "curtail", **order, preview=True)
    (reduction,) = preview["reductions"]
    assert (reduction["name"], reduction["to_w"]) == ("Miner 1", 20.0)
    assert reduction["from_w"] == preview["drawn_w"] > 1000
    assert site.data.orders == ()

    answer = await act(hass, "curtail", person, **order)
    assert answer["reductions"] == preview["reductions"]
    assert [(item["name"], item["state"]) for item in answer["miners"]] == [("Miner 1", "pending")]
    filed = await site.controller.ledger.latest(RecordKind.CURTAILMENT)
    record = filed.record()
    assert isinstance(record, CurtailmentRecord)
    assert (record.limit_w, record.note, record.origin) == (500.0, "peak", "person")
    assert record.user_id == person.user_id
    await run_cycles(site, 12)
    shown = hass.states.get("sensor.site_ordered_power_limit")
    assert float(shown.state) == 500
    assert shown.attributes["miners"] == {"Miner 1": "confirmed"}
    assert shown.attributes["orders"][0]["event_id"] == "grid-7"
    assert hass.states.get("switch.miner_1").state == "off"
    sentence = hass.states.get("sensor.miner_1_decision").state
    assert "to keep the site within 500 W; starts again once there is room" in sentence

    assert await act(hass, "release", event_id="grid-7", reason="over") == {"released": ["grid-7"]}
    assert hass.states.get("sensor.site_ordered_power_limit").state == "unknown"
    await run_cycles(site, 30)
    assert hass.states.get("switch.miner_1").state == "on"
    path = site.controller.ledger.path
    await hass.config_entries.async_unload(site.config_entry.entry_id)
    assert (await hass.async_add_executor_job(replay, path)).difference is None


async def test_a_machine_that_does_not_obey_is_named(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, fake: FakeMiner, run_cycles: RunCycles
) -> None:
    await run_cycles(fake_site, 3)
    await act(hass, "curtail", power_w=0)
    assert [item.action for item in fake.commands][-1] == "stop"
    await run_cycles(fake_site, 6)
    (state,) = (await act(hass, "curtail", power_w=0))["miners"]
    assert (state["state"], state["power_w"]) == ("disobedient", 3000.0)


async def test_a_share_is_of_the_sites_maximum_or_of_what_is_drawn(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 3)
    answer = await act(hass, "curtail", percent=50, preview=True)
    assert answer["limit_w"] == pytest.approx(answer["drawn_w"] / 2, abs=0.1)
    hass.config_entries.async_update_entry(
        site.config_entry,
        options={**site.config_entry.options, "governor": {"max_power_watts": 8000}},
    )
    await hass.async_block_till_done()
    assert (await act(hass, "curtail", percent=50, preview=True))["limit_w"] == 4000


async def test_orders_of_one_id_replace_each_other(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    for power_w in (9000, 8000):
        await act(hass, "curtail", power_w=power_w)
    assert [item.record.limit_w for item in site.data.orders] == [8000.0]
    assert await act(hass, "release") == {"released": ["curtailment"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"power_w": 1, "percent": 2},
        {"power_w": -1},
        {"power_w": "nan"},
        {"percent": 101},
        {"power_w": 1, "event_id": "x" * 101},
        {"power_w": 1, "until": "soon"},
    ],
    ids=str,
)
async def test_schema(hass: HomeAssistant, site: AiepMinerCoordinator, wrong: Any) -> None:
    with pytest.raises(vol.Invalid):
        await act(hass, "curtail", **wrong)


async def test_what_makes_no_sense_is_refused(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    now = dt_util.utcnow()
    for wrong in (
        {"until": now - timedelta(minutes=1)},
        {"from": now + timedelta(hours=2), "until": now + timedelta(hours=1)},
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, "curtail", power_w=1, **wrong)
        assert refused.value.translation_key == "order_over"
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "release")
    assert refused.value.translation_key == "no_order"
    for number in range(64):
        order = CurtailmentRecord(
            ts_ms=0, subject="site", order_id=f"{number}", limit_w=1e6, origin=Origin.AUTOMATION
        )
        await site.controller.order(order)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "curtail", power_w=1)
    assert refused.value.translation_key == "too_many_orders"
    assert len((await act(hass, "release"))["released"]) == 64


async def test_who_may_not_control_may_not_curtail(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_read_only_user: MockUser
) -> None:
    for name, data in (("curtail", {"power_w": 1}), ("release", {})):
        with pytest.raises(Unauthorized):
            await act(hass, name, Context(user_id=hass_read_only_user.id), **data)


async def test_without_a_ledger_it_fails(
    hass: HomeAssistant, fake_site: AiepMinerCoordinator, broken_ledger: None
) -> None:
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, "curtail", power_w=1)
    assert failed.value.translation_key == "ledger_unavailable"


async def test_two_operators_are_told_apart(
    hass: HomeAssistant, site: AiepMinerCoordinator
) -> None:
    other = await set_up(hass, make_operator([simulated()], title="Other"))
    with pytest.raises(ServiceValidationError):
        await act(hass, "curtail", power_w=1)
    await act(hass, "curtail", power_w=1e6, config_entry_id="other")
    assert site.data.orders == ()
    assert len(other.data.orders) == 1
