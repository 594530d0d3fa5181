"""Hundreds of miners in a real browser: soon there, and our part never in the way while they change.

Home Assistant's own page takes in every state of every entity, which takes it seconds with so many
of them. What is measured is what the card adds to that.
"""

from pathlib import Path
from typing import Any

import pytest

from devtools.browser import DESK, browser_page, why_missing
from devtools.hass_process import HassProcess, free_port
from devtools.prepared_fleet import prepare, simulated
from scripts._lib.dashboard import PATH, show_fleet

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(why_missing() is not None, reason=str(why_missing())),
    pytest.mark.timeout(900),
]

MINERS = 200
INTERVAL_S = 10
OPTIONS = {"cycle": {"interval_s": INTERVAL_S}, "display": {"fleet_size": "many"}}
PAINT_MS = 1_500
LONGEST_MS = 200
MOST_ROWS = 60
LIVE_CYCLES = 2

FIRST_ROW = """(path) => new Promise((resolve) => {
    const rows = (root) => [...root.querySelectorAll("*")].some(
        (item) => item.classList.contains("row") || (item.shadowRoot && rows(item.shadowRoot)));
    const began = performance.now();
    history.pushState(null, "", path);
    window.dispatchEvent(new CustomEvent("location-changed", {detail: {replace: false}}));
    const look = () => rows(document) ? resolve(performance.now() - began) : setTimeout(look, 20);
    look();
})"""
"""Goes to a page of Home Assistant, and returns after how many ms the first row is there."""

WATCH = """() => {
    window.spans = [];
    window.cycles = 0;
    const measured = (work) => {
        const began = performance.now();
        try { return work(); } finally { window.spans.push(performance.now() - began); }
    };
    const find = (root) => {
        for (const item of root.querySelectorAll("*")) {
            if (item.localName === "aiep-miner-fleet") return item;
            const found = item.shadowRoot && find(item.shadowRoot);
            if (found) return found;
        }
    };
    const card = find(document);
    const draw = card.performUpdate;
    card.performUpdate = () => measured(() => draw.call(card));
    const take = card.fleet.apply;
    card.fleet.apply = (event) => {
        window.cycles += Object.keys(event.miners).length > 100;
        measured(() => take.call(card.fleet, event));
    };
}"""
"""Measures what the card does with each event of the fleet, and each time it draws."""


async def test_many_miners_are_soon_there_and_live_without_long_tasks(tmp_path: Path) -> None:
    prepare(tmp_path, simulated(MINERS), OPTIONS, "Container")
    async with HassProcess(tmp_path, free_port()) as hass:
        await show_fleet(hass, [])
        async with browser_page(hass, DESK, at="/config/system", shows="Logs") as page:
            painted_ms = await page.evaluate(FIRST_ROW, f"/{PATH}/fleet")
            await page.locator(".chip").first.get_by_text(str(MINERS)).wait_for()
            longest_ms = await lives(page)
            assert await page.locator(".row").count() <= MOST_ROWS
            assert painted_ms <= PAINT_MS
            assert longest_ms <= LONGEST_MS


async def lives(page: Any) -> float:
    """Let some cycles pass; return the longest time in ms that the card took at once."""
    await page.evaluate(WATCH)
    await page.wait_for_function(
        f"window.cycles >= {LIVE_CYCLES}", timeout=6 * LIVE_CYCLES * INTERVAL_S * 1000
    )
    longest: float = await page.evaluate("Math.max(...window.spans)")
    return longest
