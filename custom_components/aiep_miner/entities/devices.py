"""Keeps the operator's and the miners' devices in the registry up to date."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN, MANUFACTURER, SUBENTRY_MINER
from ..engine.miners.base import Identity
from ..engine.read_model import ReadModel


@callback
def async_register_devices(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Register the operator and its miners; what is known of them already stays."""
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
def async_update_devices(hass: HomeAssistant, entry: ConfigEntry[Any], view: ReadModel) -> None:
    """Write down what the miners said of themselves."""
    registry = dr.async_get(hass)
    for miner_id, miner in view.miners.items():
        if miner.reached and miner_id in entry.subentries:
            registry.async_get_or_create(
                config_entry_id=entry.entry_id,
                config_subentry_id=miner_id,
                identifiers={(DOMAIN, miner_id)},
                connections=_connections(registry, entry, miner_id, miner.info.identity.mac),
                **_known(miner.info.identity),
            )


@callback
def _connections(
    registry: dr.DeviceRegistry, entry: ConfigEntry[Any], miner_id: str, mac: str | None
) -> set[tuple[str, str]]:
    """Return a miner's MAC address, unless it is rather another device's of the operator.

    The registry refuses one that two devices have; whose identity it is gets it back.
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


def _known(identity: Identity) -> dict[str, Any]:
    details = {
        "manufacturer": identity.make,
        "model": identity.model,
        "sw_version": identity.firmware,
        "serial_number": identity.serial_number,
    }
    return {key: value for key, value in details.items() if value is not None}
