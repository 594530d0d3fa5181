"""Adding and changing miners."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.miners.base import (
    Capabilities,
    Identity,
    MinerError,
    MinerInfo,
)
from custom_components.aiep_miner.engine.miners.discovery import AdapterKind, Found
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..conftest import FakeMiner, make_operator, set_up, simulated

CONTROL = frozenset({Action.RUN, Action.STOP, Action.RESTART})
CGMINER = {"name": "Rack 1", "host": "192.0.2.7", "port": 4028, "nominal_power_w": 3250}


def fake_info(**capabilities: Any) -> MinerInfo:
    return MinerInfo(
        identity=Identity(mac="02:00:00:00:00:07"),
        capabilities=Capabilities(**{"actions": CONTROL, "reports_power": False} | capabilities),
    )


@pytest.fixture
def device() -> Iterator[FakeMiner]:
    """Put a miner on the network that is tried out."""
    fake = FakeMiner(fake_info())
    with (
        patch("custom_components.aiep_miner.flows.miner_forms.create_adapter", return_value=fake),
        patch("custom_components.aiep_miner.coordinator.create_adapter", return_value=fake),
    ):
        yield fake


@pytest.fixture
async def empty_site(hass: HomeAssistant, enable_custom_integrations: None) -> AiepMinerCoordinator:
    """Return an operator without miners."""
    return await set_up(hass, make_operator())


async def start(hass: HomeAssistant, entry: MockConfigEntry, adapter: str) -> str:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "miner"), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    result = await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"next_step_id": adapter}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == adapter
    return result["flow_id"]


async def configure(hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]) -> Any:
    result = await hass.config_entries.subentries.async_configure(flow_id, user_input)
    await hass.async_block_till_done()
    return result


async def test_add_simulated(hass: HomeAssistant, empty_site: AiepMinerCoordinator) -> None:
    entry = empty_site.config_entry
    flow_id = await start(hass, entry, "simulated")
    result = await configure(hass, flow_id, {"name": "Toy", "profile": "bitaxe", "seed": 7})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = entry.subentries.values()
    assert subentry.title == "Toy"
    assert subentry.data == {"adapter": "simulated", "profile": "bitaxe", "seed": 7}
    assert entry.runtime_data.coordinator is not empty_site
    assert hass.states.get("switch.toy_mining").state == "on"


async def test_add_cgminer(
    hass: HomeAssistant, empty_site: AiepMinerCoordinator, device: FakeMiner
) -> None:
    entry = empty_site.config_entry
    flow_id = await start(hass, entry, "cgminer")
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = entry.subentries.values()
    assert subentry.unique_id == "02:00:00:00:00:07"
    assert subentry.data == {
        "adapter": "cgminer",
        "host": "192.0.2.7",
        "port": 4028,
        "nominal_power_w": 3250,
    }
    assert device.closed == 1


@pytest.mark.parametrize(
    "reason",
    [
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
        Reason.AUTH_FAILED,
        Reason.ACCESS_DENIED,
        Reason.BAD_REPLY,
        Reason.NOT_A_MINER,
        Reason.UNSUPPORTED_FIRMWARE,
    ],
)
async def test_errors_and_recovery(
    hass: HomeAssistant, empty_site: AiepMinerCoordinator, device: FakeMiner, reason: Reason
) -> None:
    flow_id = await start(hass, empty_site.config_entry, "cgminer")
    device.error = MinerError(reason)
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": reason.value}
    assert device.closed == 1

    device.error = None
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_nobody_answers(
    hass: HomeAssistant,
    empty_site: AiepMinerCoordinator,
    socket_enabled: None,
    unused_tcp_port: int,
) -> None:
    flow_id = await start(hass, empty_site.config_entry, "cgminer")
    nowhere = {**CGMINER, "host": "127.0.0.1", "port": unused_tcp_port}
    result = await configure(hass, flow_id, nowhere)
    assert result["errors"] == {"base": "unreachable"}


async def test_power_is_asked_for_when_not_reported(
    hass: HomeAssistant, empty_site: AiepMinerCoordinator, device: FakeMiner
) -> None:
    flow_id = await start(hass, empty_site.config_entry, "cgminer")
    without = {key: value for key, value in CGMINER.items() if key != "nominal_power_w"}
    result = await configure(hass, flow_id, without)
    assert result["errors"] == {"nominal_power_w": "power_not_reported"}
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_read_only_is_accepted_but_said(
    hass: HomeAssistant, empty_site: AiepMinerCoordinator, device: FakeMiner
) -> None:
    device.info = fake_info(actions=frozenset(), read_only_reason=Reason.ACCESS_DENIED)
    entry = empty_site.config_entry
    flow_id = await start(hass, entry, "cgminer")
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "read_only"
    result = await configure(hass, flow_id, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert hass.states.get("binary_sensor.rack_1_mining") is not None
    assert hass.states.get("switch.rack_1_mining") is None


@pytest.mark.parametrize(
    "existing",
    [
        {"unique_id": "02:00:00:00:00:07", "data": {"host": "192.0.2.99", "port": 4028}},
        {"unique_id": "another", "data": {"host": "192.0.2.7", "port": 4028}},
    ],
    ids=["same device", "same address"],
)
async def test_no_duplicates_across_operators(
    hass: HomeAssistant,
    empty_site: AiepMinerCoordinator,
    device: FakeMiner,
    existing: dict[str, Any],
) -> None:
    other = ConfigSubentryData(
        subentry_type="miner",
        title="Rack",
        unique_id=existing["unique_id"],
        data={"adapter": "cgminer", **existing["data"]},
    )
    make_operator([other], title="Other").add_to_hass(hass)
    flow_id = await start(hass, empty_site.config_entry, "cgminer")
    result = await configure(hass, flow_id, CGMINER)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_same_seed_is_the_same_machine(
    hass: HomeAssistant, empty_site: AiepMinerCoordinator
) -> None:
    for outcome in (FlowResultType.CREATE_ENTRY, FlowResultType.ABORT):
        flow_id = await start(hass, empty_site.config_entry, "simulated")
        result = await configure(hass, flow_id, {"name": "Toy", "profile": "s19", "seed": 3})
        assert result["type"] is outcome


@pytest.mark.parametrize("source", ["user", "reconfigure"])
async def test_entry_must_be_loaded(
    hass: HomeAssistant, operator: MockConfigEntry, source: str
) -> None:
    operator.add_to_hass(hass)
    context = {"source": source}
    if source == "reconfigure":
        context["subentry_id"] = "miner-1"
    result = await hass.config_entries.subentries.async_init(
        (operator.entry_id, "miner"), context=context
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_not_loaded"


@pytest.fixture
async def rack(
    hass: HomeAssistant, enable_custom_integrations: None, device: FakeMiner
) -> MockConfigEntry:
    """Return an operator whose miner is known by its MAC."""
    entry = make_operator(
        [
            ConfigSubentryData(
                subentry_type="miner",
                title="Rack 1",
                unique_id="02:00:00:00:00:07",
                data={"adapter": "cgminer", "host": "192.0.2.1", "port": 4028},
            )
        ]
    )
    await set_up(hass, entry)
    return entry


async def test_reconfigure(hass: HomeAssistant, rack: MockConfigEntry, device: FakeMiner) -> None:
    (subentry_id,) = rack.subentries
    site = rack.runtime_data.coordinator
    result = await rack.start_subentry_reconfigure_flow(hass, subentry_id)
    assert result["step_id"] == "cgminer"

    device.info = MinerInfo(identity=Identity(mac="02:00:00:00:00:99"))
    result = await configure(hass, result["flow_id"], CGMINER)
    assert result["errors"] == {"base": "wrong_device"}

    device.info = fake_info()
    result = await configure(hass, result["flow_id"], {**CGMINER, "max_temperature_c": 75})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    subentry = rack.subentries[subentry_id]
    assert subentry.data["host"] == "192.0.2.7"
    assert rack.runtime_data.coordinator is not site
    assert rack.runtime_data.coordinator.data.policy.miner(subentry_id).max_temperature_c == 75


async def test_reconfigured_address_is_the_new_identity(
    hass: HomeAssistant, enable_custom_integrations: None, device: FakeMiner
) -> None:
    device.info = MinerInfo(capabilities=Capabilities(actions=CONTROL))
    data = {"adapter": "cgminer", "host": "192.0.2.1", "port": 4028}
    entry = make_operator(
        [
            ConfigSubentryData(
                subentry_type="miner", title="Rack", unique_id="192.0.2.1:4028", data=data
            )
        ]
    )
    await set_up(hass, entry)
    (subentry_id,) = entry.subentries
    result = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    result = await configure(hass, result["flow_id"], CGMINER)
    assert result["reason"] == "reconfigure_successful"
    assert entry.subentries[subentry_id].unique_id == "192.0.2.7:4028"


async def test_reconfigure_onto_another_miner_of_ours(
    hass: HomeAssistant, enable_custom_integrations: None, machines: dict[str, Any]
) -> None:
    entry = make_operator([simulated(1), simulated(2)])
    await set_up(hass, entry)
    result = await entry.start_subentry_reconfigure_flow(hass, "miner-2")
    result = await configure(
        hass, result["flow_id"], {"name": "Miner 2", "profile": "s19", "seed": 1}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.fixture
async def serial(
    hass: HomeAssistant, enable_custom_integrations: None, device: FakeMiner
) -> MockConfigEntry:
    """Return an operator whose miner, known by its serial number, tells a MAC by now."""
    device.info = replace(
        fake_info(), identity=Identity(mac="02:00:00:00:00:07", serial_number="S")
    )
    data = {"adapter": "cgminer", "host": "192.0.2.7", "port": 4028, "nominal_power_w": 3250}
    rack = ConfigSubentryData(subentry_type="miner", title="Rack 1", unique_id="S", data=data)
    entry = make_operator([rack])
    await set_up(hass, entry)
    return entry


async def test_miner_that_tells_more_than_before_is_the_same(
    hass: HomeAssistant, serial: MockConfigEntry
) -> None:
    (subentry_id,) = serial.subentries
    site = serial.runtime_data.coordinator
    result = await serial.start_subentry_reconfigure_flow(hass, subentry_id)
    result = await configure(hass, result["flow_id"], CGMINER)
    assert result["reason"] == "reconfigure_successful"
    assert serial.subentries[subentry_id].unique_id == "02:00:00:00:00:07"
    assert serial.runtime_data.coordinator is not site, "its adapter is to know the MAC"


async def test_miner_that_tells_more_than_before_is_not_added_again(
    hass: HomeAssistant, serial: MockConfigEntry
) -> None:
    flow_id = await start(hass, serial, "cgminer")
    result = await configure(hass, flow_id, {**CGMINER, "host": "rack.local"})
    assert result["reason"] == "already_configured"


@pytest.mark.parametrize(
    ("kept", "entered", "used"),
    [
        ({"password": "kept"}, {}, "kept"),
        ({"password": "kept"}, {"password": ""}, "kept"),
        ({"password": "kept"}, {"password": "new"}, "new"),
        ({}, {"password": ""}, None),
    ],
)
async def test_no_password_entered_is_the_one_that_is_kept(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    device: FakeMiner,
    kept: dict[str, str],
    entered: dict[str, str],
    used: str | None,
) -> None:
    data = {"adapter": "asic_rs", "host": "192.0.2.7", "nominal_power_w": 3250, **kept}
    unique_id = "02:00:00:00:00:07"
    rig = ConfigSubentryData(subentry_type="miner", title="Rig", unique_id=unique_id, data=data)
    entry = make_operator([rig])
    await set_up(hass, entry)
    (subentry_id,) = entry.subentries
    found = Found(address="192.0.2.7", adapter=AdapterKind.ASIC_RS, info=device.info)
    with patch(
        "custom_components.aiep_miner.flows.miner_forms.identify", AsyncMock(return_value=found)
    ) as identify:
        result = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
        form = {"name": "Rig", "host": "192.0.2.7", "nominal_power_w": 3300, **entered}
        result = await configure(hass, result["flow_id"], form)
    assert result["reason"] == "reconfigure_successful"
    credentials = identify.call_args.kwargs["credentials"]
    assert (credentials.password if credentials else None) == used
    assert (entry.subentries[subentry_id].data.get("password") or None) == used
