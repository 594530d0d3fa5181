"""What the flows that add miners have in common: the forms, the trying out, the look for doubles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util.network import is_ip_address

from ..const import (
    CONF_ADAPTER,
    CONF_MAX_POWER,
    CONF_MAX_TEMPERATURE,
    CONF_NOMINAL_HASHRATE,
    CONF_NOMINAL_POWER,
    CONF_POWER_ENTITY,
    CONF_PROFILE,
    CONF_SEED,
    DOMAIN,
    SUBENTRY_MINER,
)
from ..engine.miners.base import MinerInfo
from ..engine.miners.cgminer import PORT as CGMINER_PORT
from ..engine.miners.discovery import Found, identify
from ..engine.miners.simulated.machine import PROFILES
from .adapters import (
    ADAPTER_ASIC_RS,
    ADAPTER_CGMINER,
    ADAPTER_SIMULATED,
    address,
    create_adapter,
    credentials,
    mac_of,
    names,
)
from .options import MINER_LIMITS, number

LOGIN: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="off")),
    vol.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
    ),
}
POWER: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_NOMINAL_POWER): MINER_LIMITS[CONF_NOMINAL_POWER],
    vol.Optional(CONF_POWER_ENTITY): EntitySelector(
        EntitySelectorConfig(filter=[{"domain": ["sensor"], "device_class": ["power"]}])
    ),
}
LIMITS: Final[dict[vol.Marker, Any]] = {
    vol.Optional(name): MINER_LIMITS[name]
    for name in (CONF_NOMINAL_HASHRATE, CONF_MAX_POWER, CONF_MAX_TEMPERATURE)
}
SCHEMAS: Final[dict[str, vol.Schema]] = {
    ADAPTER_ASIC_RS: vol.Schema(
        {
            vol.Optional(CONF_NAME): TextSelector(),
            vol.Required(CONF_HOST): TextSelector(),
            **LOGIN,
            **POWER,
            **LIMITS,
        }
    ),
    ADAPTER_CGMINER: vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_HOST): TextSelector(),
            vol.Required(CONF_PORT, default=CGMINER_PORT): vol.All(
                number(1, 65_535), vol.Coerce(int)
            ),
            **POWER,
            **LIMITS,
        }
    ),
    ADAPTER_SIMULATED: vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_PROFILE, default=next(iter(PROFILES))): SelectSelector(
                SelectSelectorConfig(options=list(PROFILES), translation_key=CONF_PROFILE)
            ),
            vol.Required(CONF_SEED, default=1): vol.All(number(0, 999_999), vol.Coerce(int)),
            **POWER,
            **LIMITS,
        }
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A miner that answered and may be added."""

    title: str
    data: Mapping[str, Any]
    """As a subentry keeps it."""
    info: MinerInfo

    @property
    def names(self) -> list[str]:
        """Return what it may be known by, the surest first: it does not tell all at all times."""
        return names(self.info.identity, self.data)

    @property
    def unique_id(self) -> str:
        """Return what it is known by from now on."""
        return self.names[0]

    @property
    def lacks_power(self) -> bool:
        """Return whether nobody says what it draws, so that its costs are unknown."""
        known = self.data.keys() & {CONF_NOMINAL_POWER, CONF_POWER_ENTITY}
        return not self.info.capabilities.reports_power and not known

    def with_details(self, title: str, details: Mapping[str, Any]) -> Candidate:
        """Return it with another title and more data."""
        return replace(self, title=title, data={**self.data, **details})


async def async_try_out(
    hass: HomeAssistant, adapter: str, user_input: Mapping[str, Any]
) -> Candidate:
    """Find the miner that a form describes, and read it once; raises MinerError."""
    data = {CONF_ADAPTER: adapter, **user_input}
    title = str(data.pop(CONF_NAME, "")).strip()
    if adapter == ADAPTER_ASIC_RS:
        found = await identify(
            data[CONF_HOST],
            session=async_get_clientsession(hass),
            credentials=credentials(data),
            prove_login=True,
        )
        return candidate_of(found, data, title)
    miner = create_adapter(hass, data)
    try:
        info = await miner.connect()
        await miner.poll()
    finally:
        await miner.close()
    return Candidate(title=title, data=data, info=info)


def candidate_of(found: Found, data: Mapping[str, Any], title: str = "") -> Candidate:
    """Return the candidate for a miner that was found, with the adapter that it needs."""
    data = {**data, CONF_ADAPTER: found.adapter.value}
    if found.adapter.value == ADAPTER_CGMINER:
        data = {key: data[key] for key in data if key not in (CONF_USERNAME, CONF_PASSWORD)}
        data[CONF_PORT] = CGMINER_PORT
    identity = found.info.identity
    return Candidate(
        title=title or identity.model or identity.hostname or str(data[CONF_HOST]),
        data=data,
        info=found.info,
    )


@callback
def is_configured(hass: HomeAssistant, candidate: Candidate, own_id: str | None = None) -> bool:
    """Tell whether any operator has this miner, or another one at its address, already."""
    return any(
        subentry.unique_id in candidate.names or address(candidate.data) == address(subentry.data)
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
        if subentry.subentry_id != own_id
    )


@callback
def async_add_miner(hass: HomeAssistant, entry: ConfigEntry[Any], candidate: Candidate) -> None:
    """Add a miner to an operator without a flow of its own."""
    subentry = ConfigSubentry(
        data=MappingProxyType(dict(candidate.data)),
        subentry_type=SUBENTRY_MINER,
        title=candidate.title,
        unique_id=candidate.unique_id,
    )
    hass.config_entries.async_add_subentry(entry, subentry)


@callback
def async_follow(hass: HomeAssistant, mac: str, host: str) -> bool:
    """Tell whether a miner with a MAC address, or one at a host, is known; note where it is now.

    A miner that was entered by its host name keeps it: the name leads to it anyway.
    """
    known = False
    for entry in hass.config_entries.async_entries(DOMAIN):
        for subentry in entry.get_subentries_of_type(SUBENTRY_MINER):
            if subentry.unique_id == mac:
                _move(hass, entry, subentry, host)
                known = True
            elif mac_of(subentry.unique_id) is None and subentry.data.get(CONF_HOST) == host:
                known = True
    return known


@callback
def _move(
    hass: HomeAssistant, entry: ConfigEntry[Any], subentry: ConfigSubentry, host: str
) -> None:
    if is_ip_address(subentry.data[CONF_HOST]):
        data = {**subentry.data, CONF_HOST: host}
        hass.config_entries.async_update_subentry(entry, subentry, data=data)
