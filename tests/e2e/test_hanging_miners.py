"""A real Home Assistant whose miners all hang ends cleanly all the same."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_socket

from devtools.emulators.base import Fault, control
from devtools.hass_process import HassProcess, emulated_fleet, free_port
from scripts._lib.site_setup import add_site, wait_loaded
from tests.e2e.site import OPERATOR, OPTIONS
from tests.engine.miners.shelf import loopback, new_network  # noqa: F401

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

MAKES = ("bitaxe", "luxos", "avalon", "whatsminer_v2", "whatsminer_v3")
NETWORK = new_network()
HOSTS = {f"{NETWORK}.{number}": MAKES[number % len(MAKES)] for number in range(1, 21)}
SCAN_S = 60.0
ASKED_S = 60.0


async def test_twenty_hanging_miners_do_not_hold_up_the_end(tmp_path: Path) -> None:
    pytest_socket.enable_socket()
    async with emulated_fleet(HOSTS) as ports:
        hass = HassProcess(tmp_path, free_port())
        await hass.start()
        try:
            site = await add_site(hass, OPERATOR, [], OPTIONS)
            await _add_all(hass, site.operator_id)
            states = await hass.states()
            mining = [key for key in states if key.startswith("sensor.") and "_decision" in key]
            assert len(mining) >= len(HOSTS)  # the operator has one of its own
            for host in HOSTS:
                await control(host, ports[host], "fault", fault=Fault.HANG, active=True)
                await control(host, ports[host], "clear_log")
            await _all_asked(ports)
            logged = hass.log.stat().st_size
        finally:
            await hass.stop()
    assert hass._process is not None
    assert hass._process.returncode == 0
    at_the_end = hass.log.read_bytes()[logged:].decode(errors="replace")
    for sign in ("Traceback", "ERROR", "Fatal Python error", "panicked"):
        assert sign not in at_the_end, at_the_end[-3000:]


async def _all_asked(ports: dict[str, int]) -> None:
    """Wait until a cycle waits for every miner: each has been asked, and hangs."""
    async with asyncio.timeout(ASKED_S):
        for host, port in ports.items():
            while not (await control(host, port, "log"))["requests"]:  # noqa: ASYNC110 - far away
                await asyncio.sleep(0.2)


async def _add_all(hass: HassProcess, operator_id: str) -> None:
    """Scan the network and add everything that is found, in one flow."""
    base = "/api/config/config_entries/subentries/flow"
    await asyncio.sleep(2)  # a new operator is loaded once more; that ends flows under way
    await wait_loaded(hass, operator_id)
    flow: dict[str, Any] = await hass.rest("POST", base, {"handler": [operator_id, "miner"]})
    step = f"{base}/{flow['flow_id']}"
    await hass.rest("POST", step, {"next_step_id": "scan"})
    flow = await hass.rest("POST", step, {"networks": [f"{NETWORK}.0/27"]})
    async with asyncio.timeout(SCAN_S):
        while flow["type"] == "progress":
            await asyncio.sleep(0.5)
            flow = await hass.rest("GET", step)
    assert flow["step_id"] == "found", flow
    result = await hass.rest("POST", step, {"miners": sorted(HOSTS)})
    while result["type"] == "form":  # what cannot be controlled, and powers that are not reported
        powered = {"name": "Rig", "nominal_power_w": 3000}
        given = powered if result["step_id"] == "power" else {}
        result = await hass.rest("POST", step, given)
    assert result["type"] == "create_entry", json.dumps(result)
    await asyncio.sleep(0.5)
    await wait_loaded(hass, operator_id)
