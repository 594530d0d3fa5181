"""A real browser on a real Home Assistant, for what only a browser shows."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from devtools.hass_process import HassProcess

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
)
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
WAIT_MS: Final = 60_000


def why_missing() -> str | None:
    """Return why no browser can be driven here; None when one can."""
    try:
        import playwright.async_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: run scripts/setup"
    if not Path(CHROMIUM).exists():
        return "there is no chromium: install it, or name it in CHROMIUM"
    return None


@contextlib.asynccontextmanager
async def browser_page(
    hass: HassProcess,
    viewport: dict[str, int] = DESK,
    *,
    dark: bool = False,
    at: str = "/config/integrations/integration/aiep_miner",
    shows: str = "AIEP Miner",
) -> AsyncIterator[Any]:
    """Open a page of Home Assistant, logged in as the owner; it ``shows`` a text when it is there."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        try:
            context = await browser.new_context(
                viewport=viewport, color_scheme="dark" if dark else "light", locale="en-GB"
            )
            page = await context.new_page()
            page.set_default_timeout(WAIT_MS)
            await page.goto(f"{hass.url}{at}")
            await page.get_by_text(shows).first.wait_for()
            try:
                yield page
            except BaseException:
                await page.screenshot(path=hass.config / "failed.png")
                raise
        finally:
            await browser.close()
