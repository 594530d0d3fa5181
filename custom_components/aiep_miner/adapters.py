"""Makes the adapter that a miner's subentry names."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_PORT

from .const import CONF_ADAPTER, CONF_PROFILE, CONF_SEED
from .engine.miners.base import Identity, MinerAdapter
from .engine.miners.cgminer import CgminerMiner
from .engine.miners.machine import profile_named
from .engine.miners.simulated import SimulatedMiner

ADAPTER_CGMINER: Final = "cgminer"
ADAPTER_SIMULATED: Final = "simulated"


def _cgminer(data: Mapping[str, Any]) -> MinerAdapter:
    return CgminerMiner(data[CONF_HOST], data[CONF_PORT])


def _simulated(data: Mapping[str, Any]) -> MinerAdapter:
    return SimulatedMiner(f"simulated-{data[CONF_SEED]}", profile_named(data[CONF_PROFILE]))


_MAKERS: Final[dict[str, Callable[[Mapping[str, Any]], MinerAdapter]]] = {
    ADAPTER_CGMINER: _cgminer,
    ADAPTER_SIMULATED: _simulated,
}


def create_adapter(data: Mapping[str, Any]) -> MinerAdapter:
    """Return the adapter for a subentry's data; nothing is sent yet."""
    return _MAKERS[data[CONF_ADAPTER]](data)


def address(data: Mapping[str, Any]) -> str:
    """Return where the miner is reached, the same for the same place."""
    if data[CONF_ADAPTER] == ADAPTER_SIMULATED:
        return f"{ADAPTER_SIMULATED}:{data[CONF_SEED]}"
    return f"{str(data[CONF_HOST]).lower()}:{data[CONF_PORT]}"


def unique_id(identity: Identity, data: Mapping[str, Any]) -> str:
    """Return what tells this miner from all others: its MAC, else serial number, else address."""
    return identity.mac or identity.serial_number or address(data)
