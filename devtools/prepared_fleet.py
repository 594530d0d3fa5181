"""Writes an operator with simulated miners into a configuration folder before Home Assistant starts.

A fleet of any size is there at the first start, without a walk through a form for each miner.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import (
    SOURCE_USER,
    STORAGE_VERSION,
    STORAGE_VERSION_MINOR,
    ConfigEntry,
    ConfigSubentryData,
)
from homeassistant.helpers.json import json_dumps

from custom_components.aiep_miner.flows.migration import MINOR_VERSION, VERSION

from .hass_process import DOMAIN

OPERATOR_ID: Final = "01prepared0000000000000000"
OPERATOR: Final[dict[str, Any]] = {
    "currency": "EUR",
    "energy_price": 0.065,
    "coin_price": 90_000.0,
    "network_difficulty": 1.4e14,
    "block_reward": 3.125,
}
PROFILES: Final = ("whatsminer_hydro", "bitaxe", "s19")


def simulated(count: int) -> list[dict[str, Any]]:
    """Return so many simulated miners of several profiles, each with a seed of its own."""
    return [
        {
            "adapter": "simulated",
            "name": f"Rig {seed:03}",
            "profile": PROFILES[seed % len(PROFILES)],
            "seed": seed,
        }
        for seed in range(1, count + 1)
    ]


def miner_id(number: int) -> str:
    """Return the id of the miner with an index from 0."""
    return f"01miner{number:019}"


def prepare(
    config: Path,
    miners: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    title: str = "Site",
    **data: Any,
) -> None:
    """Write the entry, with ``data`` in place of what it has; Home Assistant must not run yet."""
    entry: ConfigEntry[Any] = ConfigEntry(
        domain=DOMAIN,
        title=title,
        entry_id=OPERATOR_ID,
        version=VERSION,
        minor_version=MINOR_VERSION,
        source=SOURCE_USER,
        unique_id=None,
        discovery_keys=MappingProxyType({}),
        options={"mode": "auto", **options},
        data=OPERATOR | data,
        subentries_data=[
            ConfigSubentryData(
                subentry_id=miner_id(number),  # type: ignore[typeddict-unknown-key]
                data={key: miner[key] for key in miner if key != "name"},
                subentry_type="miner",
                title=miner["name"],
                unique_id=f"prepared-{number}",
            )
            for number, miner in enumerate(miners)
        ],
    )
    storage = config / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    stored = {
        "version": STORAGE_VERSION,
        "minor_version": STORAGE_VERSION_MINOR,
        "key": "core.config_entries",
        "data": {"entries": [json.loads(json_dumps(entry.as_dict()))]},
    }
    (storage / "core.config_entries").write_text(json.dumps(stored), encoding="utf-8")
