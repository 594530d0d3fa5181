"""Snapshots of a platform's entities: their registry entries and states."""

from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import snapshot_platform
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from .conftest import FAKE, make_operator, set_up

VOLATILE = ("options", "record_seq", "record_hash")
"""They follow from everything in the ledger, or grow with the engine's reasons."""


async def check_platform(
    hass: HomeAssistant, snapshot: SnapshotAssertion, platform: Platform
) -> None:
    """Set an operator with the fake miner up with one platform, and compare what there is."""
    with patch("custom_components.aiep_miner.PLATFORMS", [platform]):
        await set_up(hass, make_operator([FAKE]))
        steady = snapshot.with_defaults(
            exclude=props(*VOLATILE), extension_class=HomeAssistantSnapshotExtension
        )
        await snapshot_platform(hass, er.async_get(hass), steady, "site")
        assert await hass.config_entries.async_unload("site")
