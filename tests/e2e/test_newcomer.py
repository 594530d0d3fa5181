"""The newcomer's path in a real browser: operator, scan, a wrong password repaired, reconfigured."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devtools.browser import DESK, PHONE, browser_page, why_missing
from devtools.emulators.antminer import Antminer
from devtools.emulators.bitaxe import BitAxe
from devtools.hass_process import DOMAIN, HassProcess, free_port
from devtools.mempool import EmulatedMempool
from tests.engine.miners.shelf import alone, loopback, new_network  # noqa: F401

pytestmark = [
    pytest.mark.needs_port_80,
    pytest.mark.usefixtures("loopback", "socket_enabled"),
    pytest.mark.skipif(why_missing() is not None, reason=str(why_missing())),
    pytest.mark.timeout(300),
]

PASSWORD = "correct horse"
HELPERS = {
    "input_number": {
        "tariff": {
            "name": "Tariff",
            "min": 0,
            "max": 10,
            "step": 0.01,
            "initial": 0.3,
            "unit_of_measurement": "EUR/kWh",
        },
        "bitcoin": {
            "name": "Bitcoin",
            "min": 0,
            "max": 1_000_000,
            "step": 1,
            "initial": 60_000,
            "unit_of_measurement": "EUR",
        },
    }
}
SAVED_S = 3.0
"""After this Home Assistant has written its entries down."""


class Newcomer:
    """A person in front of the browser."""

    def __init__(self, page: Any, shots: Path) -> None:
        self.page = page
        self._shots = shots
        shots.mkdir(exist_ok=True)

    async def see(self, text: str) -> None:
        """Wait for a text, and keep a picture of what is shown with it."""
        await self.page.get_by_text(text).first.wait_for()
        await self.page.wait_for_timeout(500)
        count = len(list(self._shots.iterdir()))
        await self.page.screenshot(path=self._shots / f"{count:02}.png")

    async def click(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).last.click()

    async def type(self, selector: str, text: str, index: int = 0) -> None:
        """Fill a field in; a form that is still being drawn may put its old value back."""
        field = self.page.locator(f"ha-selector-{selector} input").nth(index)
        while await field.input_value() != text:
            await field.fill(text)
            await self.page.wait_for_timeout(700)

    async def search(self, text: str) -> None:
        """Type into the open picker; elsewhere letters are shortcuts."""
        await self.page.get_by_placeholder("Search").last.fill(text)

    async def choose_entity(self, index: int, name: str) -> None:
        """Switch a choice to its entity, and pick that by name."""
        choice = self.page.locator("ha-selector-choose").nth(index)
        await choice.get_by_text("Entity", exact=True).click()
        await choice.locator("ha-entity-picker").click()
        await self.search(name)
        offered = self.page.locator("ha-combo-box-item").filter(has_text="Input number")
        await offered.filter(has_text=name).locator("visible=true").click()
        await choice.get_by_text(name, exact=True).locator("visible=true").wait_for()


async def add_operator(newcomer: Newcomer, source: str) -> None:
    """Add an operator whose prices come from entities, and the rest from the public source."""
    await newcomer.click("Add operator")
    await newcomer.see("Watch only")
    await newcomer.type("text", "Garage")
    await newcomer.choose_entity(0, "Tariff")
    await newcomer.type("text", source, 1)
    await newcomer.page.get_by_text("Own values", exact=True).click()
    await newcomer.choose_entity(1, "Bitcoin")
    await newcomer.type("text", source, 1)
    await newcomer.click("Submit")


async def scan(newcomer: Newcomer, network: str) -> None:
    """Look through a network instead of the one that is offered, and add all that is found."""
    await newcomer.see("Only reads are sent")
    chips = newcomer.page.locator("ha-input-chip")
    while await chips.count():
        await chips.first.get_by_role("button").last.click()
        await newcomer.page.wait_for_timeout(200)
    await newcomer.page.get_by_text("Networks", exact=True).click()
    await newcomer.search(network)
    custom = newcomer.page.locator("ha-combo-box-item").filter(has_text="Add custom item")
    await custom.filter(has_text=network).locator("visible=true").click()
    await newcomer.page.locator("ha-input-chip").wait_for()
    await newcomer.click("Submit")
    await newcomer.see("Miners found")
    await newcomer.click("Submit")
    await newcomer.see("does not report its power")
    await newcomer.type("number", "3250")
    await newcomer.click("Submit")
    await newcomer.see("Success")
    await newcomer.click("Finish")


async def repair(newcomer: Newcomer, url: str) -> None:
    """Follow the repair: a password that is wrong again, then the right one."""
    await newcomer.page.goto(f"{url}/config/repairs")
    await newcomer.page.get_by_text("refuses its password").first.click()
    await newcomer.see("The next form asks for them")
    await newcomer.click("Submit")
    await newcomer.see("everything else stay as they are")
    fields = newcomer.page.locator("ha-selector-text input")
    assert await fields.count() == 2, "user name and password, nothing else"
    await newcomer.type("text", "battery staple", 1)
    await newcomer.click("Submit")
    await newcomer.see("it refused the user name or password")
    await newcomer.type("text", PASSWORD, 1)
    await newcomer.click("Submit")
    await newcomer.see("Reconfiguration was successful")


async def reconfigure(newcomer: Newcomer, url: str) -> None:
    """Open the operator's form and send it as it is shown."""
    await newcomer.page.goto(f"{url}/config/integrations/integration/{DOMAIN}")
    await newcomer.page.locator("ha-config-entry-row").get_by_label("Menu").first.click()
    await newcomer.page.get_by_text("Reconfigure", exact=True).first.click()
    await newcomer.see("Change the operator")
    for index, name in enumerate(("Tariff", "Bitcoin")):
        choice = newcomer.page.locator("ha-selector-choose").nth(index)
        assert await choice.get_by_text(name, exact=True).count() == 1
    await newcomer.click("Submit")
    await newcomer.see("Reconfiguration was successful")


async def stored(hass: HassProcess) -> dict[str, Any]:
    """Return the operator's entry as Home Assistant has written it down."""
    await asyncio.sleep(SAVED_S)
    text = (hass.config / ".storage" / "core.config_entries").read_text("utf-8")
    entries = json.loads(text)["data"]["entries"]
    (entry,) = [entry for entry in entries if entry["domain"] == DOMAIN]
    return {key: entry[key] for key in ("title", "data", "options", "subentries")}


@contextlib.asynccontextmanager
async def house(config: Path) -> AsyncIterator[tuple[HassProcess, str]]:
    """Run a fresh Home Assistant and a public source."""
    async with (
        EmulatedMempool() as source,
        HassProcess(config, free_port(), HELPERS) as hass,
    ):
        yield hass, source.url


async def test_the_newcomers_path(tmp_path: Path) -> None:
    base = new_network()
    antminer = Antminer(f"{base}.3")
    async with (
        BitAxe(f"{base}.1"),
        BitAxe(f"{base}.2"),
        antminer,
        house(tmp_path / "config") as (hass, source),
        browser_page(hass, DESK) as page,
    ):
        newcomer = Newcomer(page, tmp_path / "shots")
        await add_operator(newcomer, source)
        await scan(newcomer, f"{base}.0/29")
        added = await stored(hass)
        assert added["title"] == "Garage"
        assert added["options"]["mode"] == "manual"
        assert added["data"] == {
            "currency": "EUR",
            "energy_price": "input_number.tariff",
            "coin_price": "input_number.bitcoin",
            "public_source": source,
        }
        titles = [miner["title"] for miner in added["subentries"]]
        assert len(set(titles)) == len(titles) == 3

        antminer.digest.password = PASSWORD
        await hass.rest("POST", f"/api/{DOMAIN}/cycle")
        await repair(newcomer, hass.url)
        repaired = await stored(hass)
        for miner in repaired["subentries"]:
            assert miner["data"].pop("password", None) in (None, PASSWORD)
        assert repaired == added

        before = await stored(hass)
        await reconfigure(newcomer, hass.url)
        assert await stored(hass) == before


async def test_the_form_fits_a_phone_in_the_dark(tmp_path: Path) -> None:
    async with (
        house(tmp_path / "config") as (hass, _source),
        browser_page(hass, PHONE, dark=True) as page,
    ):
        newcomer = Newcomer(page, tmp_path / "shots")
        await newcomer.click("Add operator")
        await newcomer.see("Watch only")
        await page.get_by_text("I agree: read from this source").first.scroll_into_view_if_needed()
        await newcomer.see("I agree: read from this source")
        for element in await page.locator("ha-form").all():
            box = await element.bounding_box()
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"])
