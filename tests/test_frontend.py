"""The dashboard's bundle: it matches its sources, is small, and is served so that it can be kept."""

import gzip
import hashlib
import json
import re
from pathlib import Path

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.frontend import ADDRESS, BUNDLE, DIST, bundle_version

SOURCES = Path(__file__).resolve().parents[1] / "frontend"
TEXT = (DIST / BUNDLE).read_text("utf-8")
LIMIT_BYTES = 60_000


def digest_of_sources() -> str:
    """Compute what ``frontend/build.mjs`` writes into the bundle's first line."""
    names = [path.relative_to(SOURCES).as_posix() for path in SOURCES.glob("src/**/*.*")]
    digest = hashlib.sha256()
    for name in sorted([*names, "build.mjs", "package-lock.json", "tsconfig.json"]):
        digest.update(f"{name}\n".encode() + (SOURCES / name).read_bytes())
    return digest.hexdigest()


def test_the_bundle_is_built_from_its_sources() -> None:
    assert f"Sources: {digest_of_sources()} " in TEXT.splitlines()[0], "run npm run build"


def test_the_bundle_waits_for_home_assistant_before_it_defines_anything() -> None:
    assert TEXT.splitlines()[1].startswith('await customElements.whenDefined("home-assistant");')


def test_the_bundle_is_small_and_asks_nobody_else() -> None:
    assert len(gzip.compress(TEXT.encode())) < LIMIT_BYTES
    addresses = set(re.findall(r"https?://[\w./-]+", TEXT))
    assert {item for item in addresses if "w3.org" not in item} == {
        "https://github.com/aiep-miner/aiep-miner/blob/main/docs/dashboard.md"
    }


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((SOURCES / "package-lock.json").read_text("utf-8"))["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


def test_dependencies_are_pinned_and_only_for_development() -> None:
    manifest = json.loads((SOURCES / "package.json").read_text("utf-8"))
    assert "dependencies" not in manifest
    versions = manifest["devDependencies"].values()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


async def test_it_is_served_with_its_version(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    await hass.async_block_till_done()
    url = f"{ADDRESS}/{BUNDLE}?v={bundle_version()}"
    assert url in hass.data[DATA_EXTRA_MODULE_URL].urls
    client = await hass_client_no_auth()
    response = await client.get(url)
    assert response.status == 200
    assert await response.text() == TEXT
    assert response.headers["Cache-Control"] == "public, max-age=2678400"
    assert response.content_type == "text/javascript"
    assert (await client.get(f"{ADDRESS}/__init__.py")).status == 404
