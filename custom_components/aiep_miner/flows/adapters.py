"""Makes the adapter that a miner's subentry names."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..const import CONF_ADAPTER, CONF_PROFILE, CONF_SEED
from ..engine.miners import values
from ..engine.miners.asic_rs import AsicRsMiner, Credentials
from ..engine.miners.base import Identity, MinerAdapter
from ..engine.miners.cgminer import PORT as CGMINER_PORT
from ..engine.miners.cgminer import CgminerMiner
from ..engine.miners.discovery import AdapterKind
from ..engine.miners.simulated import SimulatedMiner
from ..engine.miners.simulated.machine import profile_named

ADAPTER_ASIC_RS: Final = AdapterKind.ASIC_RS.value
ADAPTER_CGMINER: Final = AdapterKind.CGMINER.value
ADAPTER_SIMULATED: Final = "simulated"


def _asic_rs(hass: HomeAssistant, data: Mapping[str, Any], unique_id: str | None) -> MinerAdapter:
    return AsicRsMiner(
        data[CONF_HOST],
        session=async_get_clientsession(hass),
        credentials=credentials(data),
        mac=mac_of(unique_id),
    )


def _cgminer(_hass: HomeAssistant, data: Mapping[str, Any], unique_id: str | None) -> MinerAdapter:
    return CgminerMiner(data[CONF_HOST], data[CONF_PORT], mac=mac_of(unique_id))


def _simulated(
    _hass: HomeAssistant, data: Mapping[str, Any], _unique_id: str | None
) -> MinerAdapter:
    return SimulatedMiner(f"simulated-{data[CONF_SEED]}", profile_named(data[CONF_PROFILE]))


_MAKERS: Final[
    dict[str, Callable[[HomeAssistant, Mapping[str, Any], str | None], MinerAdapter]]
] = {
    ADAPTER_ASIC_RS: _asic_rs,
    ADAPTER_CGMINER: _cgminer,
    ADAPTER_SIMULATED: _simulated,
}


def create_adapter(
    hass: HomeAssistant, data: Mapping[str, Any], unique_id: str | None = None
) -> MinerAdapter:
    """Return the adapter for a subentry's data and unique id; nothing is sent yet."""
    return _MAKERS[data[CONF_ADAPTER]](hass, data, unique_id)


def mac_of(unique_id: str | None) -> str | None:
    """Return a miner's MAC address when that is what it is known by."""
    # A serial number may consist of twelve hexadecimal digits too, but has no colons.
    return unique_id if unique_id and values.mac(unique_id) == unique_id else None


def credentials(data: Mapping[str, Any]) -> Credentials | None:
    """Return what was entered to log in with; None leaves it to the make's usual password."""
    if not data.get(CONF_PASSWORD):
        return None
    return Credentials(username=data.get(CONF_USERNAME), password=data[CONF_PASSWORD])


def address(data: Mapping[str, Any]) -> str:
    """Return where the miner is reached, the same for the same place."""
    if data[CONF_ADAPTER] == ADAPTER_SIMULATED:
        return f"{ADAPTER_SIMULATED}:{data[CONF_SEED]}"
    return f"{str(data[CONF_HOST]).lower()}:{data.get(CONF_PORT, CGMINER_PORT)}"


def names(identity: Identity, data: Mapping[str, Any]) -> list[str]:
    """Return what tells this miner from all others, the surest first: MAC, serial, address."""
    return [name for name in (identity.mac, identity.serial_number, address(data)) if name]
