"""A day with clouds: three emulated miners of different makes follow the sun of a real house.

Template sensors show the grid and the battery, a thermostat the room. All that the miners draw and
the battery does is reckoned up by the test itself, minute by minute.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerEntry
from custom_components.aiep_miner.engine.replay import replay
from custom_components.aiep_miner.logbook import async_describe_events
from devtools.emulators.base import Emulator
from tests.conftest import make_operator, set_up
from tests.real.rig import Clock, add_by_form, emulator, form_for

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

STEP_S = 60
BEGIN_MIN, END_MIN = 8 * 60, 18 * 60
LOAD_W, PEAK_W = 400.0, 6500.0
BATTERY_W, BATTERY_WH = 2500.0, 5000.0
CLOUDS = ((9.75, 0.5, 4), (10.5, 0.3, 6), (11.5, 0.6, 3), (12.25, 0.25, 12), (14.0, 0.5, 5))
"""When (hours), how much of the sun is left, and for how many minutes; each comes and goes slowly."""
MIN_RUN_MIN = 10
INPUTS = ("sun", "miners", "battery", "level", "room")


def sun_w(minute: float) -> float:
    """Return what the panels make at a minute of the day."""
    height = math.sin(math.pi * (minute - 7 * 60) / (11 * 60))
    clear = PEAK_W * max(height, 0.0) ** 1.3
    for at_h, left, minutes in CLOUDS:
        off_min = abs(minute - at_h * 60)
        edge = min(1.0, max(0.0, (off_min - minutes / 2) / 2))
        clear *= left + (1 - left) * edge
    return clear


@dataclass
class House:
    """What really happens: the battery takes and gives as a hybrid inverter does."""

    hass: HomeAssistant
    devices: list[Emulator]
    level_pct: float = 20.0
    used_wh: float = 0.0
    """Surplus that the miners used."""
    imported_wh: float = 0.0
    """Import that there would not have been without them …"""
    discharged_wh: float = 0.0
    """… and the same of the battery."""
    minute: float = BEGIN_MIN

    def live(self, minute: float) -> None:
        """Let one step pass, and show it."""
        self.minute = minute
        drawn_w = sum(device.machine.power_w for device in self.devices)
        left_w = sun_w(minute) - LOAD_W
        battery_w = self._battery_w(left_w - drawn_w)
        hours = STEP_S / 3600
        self.level_pct = min(100.0, self.level_pct - battery_w * hours / BATTERY_WH * 100)
        short_w = max(drawn_w - max(left_w, 0.0), 0.0)
        given_w = min(max(battery_w, 0.0), short_w)
        self.discharged_wh += given_w * hours
        self.imported_wh += (short_w - given_w) * hours
        self.used_wh += min(drawn_w, max(left_w, 0.0)) * hours
        self.show(minute, drawn_w=drawn_w, battery_w=battery_w)

    def _battery_w(self, spare_w: float) -> float:
        if spare_w > 0:
            return -min(spare_w, BATTERY_W) if self.level_pct < 100 else 0.0
        return min(-spare_w, BATTERY_W) if self.level_pct > 5 else 0.0

    def show(self, minute: float, *, drawn_w: float, battery_w: float) -> None:
        room_c = 19.0 + (minute - BEGIN_MIN) / 120
        values = (sun_w(minute), drawn_w, battery_w, self.level_pct, room_c)
        for name, value in zip(INPUTS, values, strict=True):
            self.hass.states.async_set(f"input_number.{name}", f"{value:.1f}", force_update=True)


async def set_up_house(hass: HomeAssistant) -> None:
    """Set up the sensors that the operator reads: templates and a thermostat."""

    def sensor(name: str, state: str, unit: str, device_class: str) -> dict[str, Any]:
        return {
            "name": name,
            "state": state,
            "unit_of_measurement": unit,
            "device_class": device_class,
        }

    def value(name: str) -> str:
        return f"states('input_number.{name}')|float"

    grid = f"{{{{ {LOAD_W} + {value('miners')} - {value('sun')} - {value('battery')} }}}}"
    templates = [
        sensor("grid", grid, "W", "power"),
        sensor("battery", f"{{{{ {value('battery')} / 1000 }}}}", "kW", "power"),
        sensor("charge", f"{{{{ {value('level')} }}}}", "%", "battery"),
        sensor("room", f"{{{{ {value('room')} }}}}", "°C", "temperature"),
    ]
    for name in INPUTS:
        hass.states.async_set(f"input_number.{name}", "0")
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "template", {"template": [{"sensor": templates}]})
    climate = {
        "platform": "generic_thermostat",
        "name": "room",
        "heater": "switch.none",
        "target_sensor": "sensor.room",
        "target_temp": 21,
        "initial_hvac_mode": "heat",
    }
    assert await async_setup_component(hass, "climate", {"climate": [climate]})
    await hass.async_block_till_done()


OPTIONS = {
    "mode": "auto",
    "cycle": {"interval_s": STEP_S},
    "planning": {
        "strategy": "plan",
        "min_run_min": MIN_RUN_MIN,
        "min_idle_min": 10,
        "start_min": 2,
    },
    "house": {
        "grid_power": "sensor.grid",
        "grid_sign": "import",
        "feed_in_price": 0.02,
        "battery_power": "sensor.battery",
        "battery_sign": "discharge",
        "battery_level": "sensor.charge",
        "battery_floor_pct": 50,
        "climate": "climate.room",
        "heat_source": "fixed",
        "heat_price": 0.06,
    },
}
NAMES = {"bitaxe": "Bath", "luxos": "Cellar", "cgminer": "Garage"}
POWERS = {"bitaxe": (15, 1.2), "luxos": (2760, 120), "cgminer": (3250, 95)}
"""Nominal power in W and hash rate in TH/s."""


async def add_all(
    hass: HomeAssistant, site: AiepMinerCoordinator, devices: dict[str, Emulator]
) -> None:
    for make, device in devices.items():
        power_w, rate_ths = POWERS[make]
        form = form_for(
            device,
            name=NAMES[make],
            nominal_power_w=power_w,
            nominal_hashrate_ths=rate_ths,
            heat_share_pct=50,
        )
        await add_by_form(hass, site.config_entry, *form)
    await hass.async_block_till_done()


async def records(site: AiepMinerCoordinator, kind: str) -> list[LedgerEntry]:
    return await site.controller.ledger.query(kinds=[kind], limit=100_000)


def lasted_min(commands: list[tuple[int, str]]) -> list[float]:
    """Return how many minutes each run and each pause between two commands took."""
    return [(after[0] - before[0]) / 60_000 for before, after in pairwise(commands)]


def told(action: str, reason: str) -> list[str]:
    """Return what the logbook says of one command, from its decision to its effect."""
    return [
        f"{action} decided: {reason}",
        f"{action}: Accepted (Accepted by the miner)",
        f"{action}: Confirmed (Took effect)",
    ]


ROSE, FELL = "There is surplus for more", "There is too little surplus"
COMMANDS = [
    *(told("Run", ROSE), told("Stop", FELL)),
    *(told("Set level", ROSE), told("Set level", FELL)),
]


def assert_told(lines: list[str]) -> None:
    """Check that a miner's story is made of whole commands, word by word; refusals are told, too."""
    lines = [line for line in lines if "refused: " not in line]
    decided = [n for n, line in enumerate(lines) if " decided: " in line]
    chapters = [lines[begin:end] for begin, end in pairwise([*decided, len(lines)])]
    # A decision that was refused has only its own line.
    whole = [*COMMANDS, *(chapter[:1] for chapter in COMMANDS)]
    assert [chapter for chapter in chapters if chapter not in whole] == []


async def test_a_day_with_clouds(
    hass: HomeAssistant, enable_custom_integrations: None, clock: Clock, person: Context
) -> None:
    devices = {make: emulator(make) for make in ("bitaxe", "luxos")}
    devices["cgminer"] = emulator("cgminer")
    story: list[tuple[str, str, str]] = []
    switched: dict[str, list[tuple[int, str]]] = {}
    house = House(hass, list(devices.values()))

    def remember(name: str, event_type: str, describe: Any) -> None:
        @callback
        def tell(event: Event) -> None:
            if event.data["action"] != "hold":
                entry = describe(event)
                at = f"{int(house.minute) // 60:02}:{int(house.minute) % 60:02}"
                story.append((at, entry["name"], entry[LOGBOOK_ENTRY_MESSAGE]))

        hass.bus.async_listen(event_type, tell)

    hass.loop.set_debug(False)
    async with devices["bitaxe"], devices["luxos"], devices["cgminer"]:
        for device in devices.values():
            device.live_by(clock.now_s)
            device.machine.stop()
        await set_up_house(hass)
        house.show(BEGIN_MIN, drawn_w=0.0, battery_w=0.0)
        async_describe_events(hass, remember)
        site = await set_up(hass, make_operator(data={"energy_price": 0.4}, options=OPTIONS))
        await add_all(hass, site, devices)
        site = site.config_entry.runtime_data.coordinator
        for step in range((END_MIN - BEGIN_MIN) * 60 // STEP_S):
            clock.put_on(STEP_S)
            house.live(BEGIN_MIN + step * STEP_S / 60)
            await hass.async_block_till_done()
            await site.async_refresh()
            await hass.async_block_till_done(wait_background_tasks=True)
        miners = site.config_entry.subentries
        story_of = {
            name: [line for _, who, line in story if who == name] for name in NAMES.values()
        }
        for receipt in await records(site, "receipt"):
            if receipt.body["outcome"] == "accepted" and receipt.body["action"] in ("run", "stop"):
                switched.setdefault(miners[receipt.subject].title, []).append(
                    (receipt.ts_ms, receipt.body["action"])
                )
        path = site.controller.ledger.path
        await hass.config_entries.async_unload(site.config_entry.entry_id)
    assert house.used_wh > 15_000
    assert house.imported_wh + house.discharged_wh < 0.03 * house.used_wh
    assert {name: commands[-1][1] for name, commands in switched.items()} == dict.fromkeys(
        NAMES.values(), "stop"
    )
    assert all(min(lasted_min(commands)) >= MIN_RUN_MIN for commands in switched.values())
    assert story_of["Bath"] == [*told("Run", ROSE), *told("Stop", FELL)]
    for lines in story_of.values():
        assert_told(lines)
    report = await hass.async_add_executor_job(replay, path)
    assert report.difference is None
    assert report.plans > 30
