"""Keeps the operator's and the miners' devices in the registry up to date."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import CONF_ADAPTER, DOMAIN, MANUFACTURER, SUBENTRY_MINER
from ..engine.miners.base import Identity
from ..engine.miners.probing import url_of
from ..engine.read_model import ReadModel
from ..flows.adapters import ADAPTER_ASIC_RS


@callback
def async_register_devices(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Register the operator and its miners; existing details are kept."""
    registry = dr.async_get(hass)
    operator = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        entry_type=dr.DeviceEntryType.SERVICE,
        manufacturer=MANUFACTURER,
        model="Operator",
        name=entry.title,
    )
    for subentry in entry.get_subentries_of_type(SUBENTRY_MINER):
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            identifiers={(DOMAIN, subentry.subentry_id)},
            name=subentry.title,
            via_device_id=operator.id,
        )


@callback
def async_update_devices(
    hass: HomeAssistant, entry: ConfigEntry[Any], view: ReadModel, known: dict[str, Identity]
) -> None:
    """Write the miners' identities into the registry, where they differ from ``known``.

    ``known`` caches what the last call wrote: a look-up for each miner is slow in a large fleet.
    """
    registry = dr.async_get(hass)
    for miner_id, miner in view.miners.items():
        identity = miner.info.identity
        if miner.reached and miner_id in entry.subentries and known.get(miner_id) != identity:
            known[miner_id] = identity
            registry.async_get_or_create(
                config_entry_id=entry.entry_id,
                config_subentry_id=miner_id,
                identifiers={(DOMAIN, miner_id)},
                connections=_connections(registry, entry, miner_id, miner.info.identity.mac),
                configuration_url=_web_page(entry.subentries[miner_id].data),
                **_known(miner.info.identity),
            )


@callback
def _connections(
    registry: dr.DeviceRegistry, entry: ConfigEntry[Any], miner_id: str, mac: str | None
) -> set[tuple[str, str]]:
    """Return a miner's MAC address, unless another device of the operator has it.

    The registry refuses an address that two devices have; the miner that it identifies keeps it.
    """
    if mac is None:
        return set()
    connection = (dr.CONNECTION_NETWORK_MAC, mac)
    holder = registry.async_get_device_by_connection(connection, entry.entry_id)
    if holder is None or (DOMAIN, miner_id) in holder.identifiers:
        return {connection}
    if entry.subentries[miner_id].unique_id != mac:
        return set()
    registry.async_update_device(holder.id, new_connections=holder.connections - {connection})
    return {connection}


def _web_page(data: Mapping[str, Any]) -> str | None:
    """Return the address of a miner's web page; miners with only a CGMiner API have none."""
    if data[CONF_ADAPTER] != ADAPTER_ASIC_RS:
        return None
    return url_of(data[CONF_HOST])


def _known(identity: Identity) -> dict[str, Any]:
    details = {
        "manufacturer": identity.make,
        "model": identity.model,
        "sw_version": identity.firmware,
        "hw_version": identity.hardware,
        "serial_number": identity.serial_number,
    }
    return {key: value for key, value in details.items() if value is not None}
