"""The dashboard in a real browser: added by click, rows with reasons, a stop, phone and dark."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.ledger.verifier.bundle import verify
from devtools.browser import DESK, PHONE, WAIT_MS, browser_page, why_missing
from devtools.emulators.base import Fault, control
from devtools.hass_process import HOST, HassProcess, emulated_cgminer, free_port
from devtools.prepared_fleet import prepare, simulated

expect = pytest.importorskip("playwright.async_api").expect
expect.set_options(timeout=WAIT_MS)

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(why_missing() is not None, reason=str(why_missing())),
    pytest.mark.timeout(600),
]

TITLE = "AIEP Miner"
OPTIONS = {"cycle": {"interval_s": 5}, "economics": {"profit_dwell_min": 0}}
RIG = "Rig over TCP"
OPENS_MS = 10_000
APP_DELAY_S = 0.3

DEEP = """window.deep = (name) => {
    const found = [];
    const walk = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.localName === name) found.push(element);
            if (element.shadowRoot) walk(element.shadowRoot);
        }
    };
    walk(document);
    return found;
}"""
"""Finds elements in all shadow roots of the page."""


AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
"""There where Node is: scripts/frontend fetches it."""


async def is_accessible(page: Any) -> None:
    """The checker of accessibility finds nothing serious in our cards."""
    if not AXE.exists():
        return
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(AXE.read_text("utf-8"))
    report = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    found = [
        (item["id"], node["target"], node["failureSummary"])
        for item in report["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
        if "aiep-miner-" in str(node["target"])
    ]
    assert found == []


def rig(port: int) -> dict[str, Any]:
    """Return the subentry of the emulated miner."""
    miner = {"adapter": "cgminer", "name": RIG, "host": HOST, "port": port}
    return miner | {"nominal_hashrate_ths": 100, "nominal_power_w": 1500, "max_temperature_c": 80}


@contextlib.asynccontextmanager
async def house(config: Path) -> AsyncIterator[tuple[HassProcess, dict[str, int]]]:
    """Run a Home Assistant with an emulated miner and a dozen simulated ones."""
    async with emulated_cgminer(HOST, "--time-scale", "20") as ports:
        prepare(config, [rig(ports["port"]), *simulated(12)], OPTIONS, "Garage")
        async with HassProcess(config, free_port()) as hass:
            yield hass, ports


async def add_dashboard(page: Any, url: str) -> None:
    """Add the dashboard as a person does, and open it from the sidebar."""
    await page.goto(f"{url}/config/lovelace/dashboards")
    await page.get_by_role("button", name="Add dashboard").click()
    await page.get_by_text(TITLE, exact=True).last.click()
    await page.get_by_role("button", name="Create").click()
    await page.locator("ha-data-table").get_by_text(TITLE, exact=True).first.wait_for()
    # A dialog that is still closing takes a step back in the page's history: then once more.
    link = page.locator("ha-sidebar").get_by_text(TITLE, exact=True)
    for _ in range(5):
        await link.click()
        with contextlib.suppress(AssertionError):
            await expect(page.locator(".row").first).to_be_visible(timeout=OPENS_MS)
            return
    raise AssertionError("the dashboard does not open")


def row(page: Any, name: str) -> Any:
    return page.locator(".row").filter(has=page.locator(".name", has_text=name))


async def test_the_dashboard(tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    config = tmp_path / "config"
    async with house(config) as (hass, ports), browser_page(hass, DESK) as page:
        await add_dashboard(page, hass.url)
        (dashboard,) = [
            item
            for item in await hass.command("lovelace/dashboards/list")
            if item["title"] == TITLE
        ]
        path = dashboard["url_path"]
        await rows_say_why(page)
        await stops_from_the_page(page, hass)
        await the_miner_page(page)
        await page.screenshot(path=shots / "miner.png")
        await is_accessible(page)

        await the_proof_on_the_disk(page, hass, tmp_path)
        await page.screenshot(path=shots / "evidence.png")
        await is_accessible(page)

        await control(HOST, ports["control"], "fault", fault=Fault.OVERHEAT, active=True)
        await search_and_filter(page, f"{hass.url}/{path}/fleet")

        await page.goto(f"{hass.url}/{path}/reviews")
        await page.get_by_text("Nothing to review").wait_for()
        await is_accessible(page)
        await page.get_by_role("tab", name="Plan").click()
        await page.get_by_text("No plan").wait_for()
        await is_accessible(page)

        await slow_app(page, f"{hass.url}/{path}/fleet")
        await page.evaluate(DEEP)
        for viewport, dark in ((PHONE, False), (PHONE, True), (DESK, True), (DESK, False)):
            await fits(page, viewport, dark=dark, shots=shots)
        await outlives_a_restart(page, hass)


async def rows_say_why(page: Any) -> None:
    """A miner, searched for, has a sentence with numbers, a hash rate and a temperature."""
    await page.get_by_label("Search miners").fill("tcp")
    await expect(row(page, RIG).locator(".sentence")).to_contain_text("Running since")
    await expect(row(page, RIG).locator(".sentence")).to_contain_text("below break-even")
    await expect(row(page, RIG).locator(".rate")).to_contain_text("TH/s")
    await expect(row(page, RIG).locator(".warmth")).to_contain_text("/ 80 °C")
    await expect(page.locator(".chip").first).to_contain_text("13")
    await expect(page.locator(".facts")).to_contain_text("Automatic")


async def stops_from_the_page(page: Any, hass: HassProcess) -> None:
    """Holding a row stops its miner, through the governor and as a person's command."""
    # It is alone in the list, and does not move under the pointer.
    await expect(page.locator(".row")).to_have_count(1)
    await row(page, RIG).locator(".cover").hover()
    await page.mouse.down()
    # While the mouse is down; the hold lets go of it by itself.
    await expect(row(page, RIG).locator(".badge.good")).to_have_count(0)
    await page.mouse.up()
    await expect(row(page, RIG).locator(".sentence")).to_contain_text("Held by Owner until")
    states = await hass.states()
    assert states["switch.rig_over_tcp"]["state"] == "off"
    assert page.url.endswith("/fleet"), "a hold opens nothing"


async def the_miner_page(page: Any) -> None:
    """A tap leads to the reason, the figures and the story of a miner."""
    await row(page, RIG).locator(".cover").click()
    detail = page.locator("aiep-miner-detail")
    await expect(detail.locator("h1")).to_have_text(RIG)
    await expect(detail.locator(".why")).to_contain_text("Held by Owner until")
    await expect(detail.locator(".story")).to_contain_text("Stop: confirmed by its telemetry")
    await expect(detail.get_by_role("button", name="Start")).to_be_enabled()
    await expect(detail.get_by_role("button", name="Resume automation")).to_be_enabled()
    await detail.locator("history-graph, hui-history-graph-card").first.wait_for()


async def the_proof_on_the_disk(page: Any, hass: HassProcess, folder: Path) -> None:
    """From the miner's story two clicks lead to a proof that anybody can check."""
    await page.locator(".story").get_by_role("link", name="Evidence no.").first.click()
    opened = page.locator("aiep-miner-evidence .open")
    await expect(opened).to_contain_text("Follows from the record before it")
    async with page.expect_download() as download:
        await opened.get_by_role("button", name="Download its proof").click()
    file = folder / "proof.json"
    await (await download.value).save_as(file)
    assert verify(file).fault is None
    assert r"\"action\":\"stop\"" in file.read_text("utf-8")
    file.write_bytes(file.read_bytes().replace(rb"\"stop\"", rb"\"hold\""))
    assert verify(file).fault is not None

    await page.get_by_role("button", name="Verify").click()
    await page.get_by_text("The ledger is intact").wait_for()


async def search_and_filter(page: Any, address: str) -> None:
    """The list can be narrowed, sorted, and led by keyboard."""
    await page.goto(address)
    await page.get_by_label("Search miners").fill("tcp")
    await expect(row(page, RIG)).to_be_visible()
    await expect(page.locator(".row")).to_have_count(1)
    await page.get_by_label("Search miners").fill("")
    await page.get_by_role("button", name="Temperature").click()
    await expect(page.get_by_role("button", name="Temperature ↓")).to_be_visible()
    await page.get_by_role("button", name="Mining", exact=False).first.click()
    await expect(page.locator(".badge.idle")).to_have_count(0)
    await page.locator(".row .cover").first.focus()
    await page.keyboard.press("Enter")
    await page.locator("aiep-miner-detail h1").wait_for()


async def slow_app(page: Any, address: str) -> None:
    """The cards are there also when Home Assistant's own script comes after the bundle."""

    async def delay(route: Any) -> None:
        await asyncio.sleep(APP_DELAY_S)
        await route.continue_()

    await page.route("**/app.*.js", delay)
    await page.goto(address)
    await page.locator(".row").first.wait_for()
    await page.unroute_all()


async def outlives_a_restart(page: Any, hass: HassProcess) -> None:
    """An open page says that it has lost Home Assistant, and goes on when that is back."""
    # Only rows within the window are drawn, and their order may change meanwhile.
    await page.get_by_label("Search miners").fill("tcp")
    await hass.stop()
    await expect(page.locator(".notice")).to_contain_text("No connection")
    await expect(row(page, RIG)).to_be_visible()
    await hass.start()
    await expect(page.locator(".notice")).to_have_count(0)
    await expect(row(page, RIG).locator(".sentence")).to_contain_text("Held by Owner until")
    await page.get_by_label("Search miners").fill("")


async def fits(page: Any, viewport: dict[str, int], *, dark: bool, shots: Path) -> None:
    """Nothing is wider than the page, in either scheme of colours."""
    await page.set_viewport_size(viewport)
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await page.wait_for_function(
        """([width, dark]) => {
            const [card] = window.deep("aiep-miner-fleet");
            const parts = [...(card?.renderRoot.querySelectorAll(".headline, .tools, .row") ?? [])];
            const inside = ({left, right}) => left >= 0 && right <= width;
            if (parts.length < 3) return false;
            const paper = getComputedStyle(parts[0]).backgroundColor.match(/[0-9.]+/g).map(Number);
            const isDark = Math.max(...paper.slice(0, 3)) < 128;
            return isDark === dark && parts.every((part) => inside(part.getBoundingClientRect()));
        }""",
        arg=[viewport["width"], dark],
    )
    await is_accessible(page)
    name = f"{'phone' if viewport is PHONE else 'desk'}-{'dark' if dark else 'light'}.png"
    await page.screenshot(path=shots / name)
