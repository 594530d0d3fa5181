"""Serves the dashboard's bundle, and has each page of Home Assistant load it."""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_when_setup

DIST: Final = Path(__file__).with_name("dist")
"""A folder of its own, so that nothing but the bundle is served."""
BUNDLE: Final = "aiep-miner.js"
ADDRESS: Final = "/aiep_miner_frontend"
FRONTEND: Final = "frontend"


def bundle_version() -> str:
    """Return what tells one bundle from another in its address, which is cached for a month."""
    return hashlib.sha256((DIST / BUNDLE).read_bytes()).hexdigest()[:10]


async def async_setup_frontend(hass: HomeAssistant) -> None:
    """Serve the bundle, and add it to the pages once Home Assistant's frontend is there."""
    version = await hass.async_add_executor_job(bundle_version)
    await hass.http.async_register_static_paths([StaticPathConfig(ADDRESS, str(DIST), True)])

    async def add(hass: HomeAssistant, _component: str) -> None:
        add_extra_js_url(hass, f"{ADDRESS}/{BUNDLE}?v={version}")

    async_when_setup(hass, FRONTEND, add)
