"""What the flows that add miners have in common: the forms, the trying out, the look for doubles."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
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
    CONF_HEAT_SHARE,
    CONF_MAX_POWER,
    CONF_MAX_TEMPERATURE,
    CONF_NOMINAL_HASHRATE,
    CONF_NOMINAL_POWER,
    CONF_POWER_ENTITY,
    CONF_POWER_SWITCH,
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
from .options import MINER_LIMITS, MINER_TUNING, number

SECTION_ADVANCED: Final = "advanced"

NAME: Final[dict[vol.Marker, Any]] = {vol.Optional(CONF_NAME): TextSelector()}
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
    vol.Optional(CONF_POWER_SWITCH): EntitySelector(EntitySelectorConfig(domain="switch")),
}
LIMITS: Final[dict[vol.Marker, Any]] = {
    vol.Optional(name): MINER_LIMITS[name]
    for name in (
        *(CONF_NOMINAL_HASHRATE, CONF_MAX_POWER, CONF_MAX_TEMPERATURE),
        CONF_HEAT_SHARE,
    )
}
TUNING: Final[dict[vol.Marker, Any]] = {
    vol.Optional(name): selector for name, selector in MINER_TUNING.items()
}
DISCOVERED: Final = {**NAME, **LOGIN, **POWER}
ADDRESSES: Final[dict[str, dict[vol.Marker, Any]]] = {
    ADAPTER_ASIC_RS: {vol.Required(CONF_HOST): TextSelector()},
    ADAPTER_CGMINER: {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=CGMINER_PORT): vol.All(number(1, 65_535), vol.Coerce(int)),
    },
    ADAPTER_SIMULATED: {
        vol.Required(CONF_PROFILE, default=next(iter(PROFILES))): SelectSelector(
            SelectSelectorConfig(options=list(PROFILES), translation_key=CONF_PROFILE)
        ),
        vol.Required(CONF_SEED, default=1): vol.All(number(0, 999_999), vol.Coerce(int)),
    },
}
"""What leads to a miner, by adapter."""
DETAILS: Final[dict[str, dict[vol.Marker, Any]]] = {
    ADAPTER_ASIC_RS: {**NAME, **LOGIN, **POWER, **LIMITS, **TUNING},
    ADAPTER_CGMINER: {**NAME, **POWER, **LIMITS},
    ADAPTER_SIMULATED: {**NAME, **POWER, **LIMITS},
}
"""What a form keeps in its *Advanced* section, by adapter."""


def advanced(fields: dict[vol.Marker, Any], *, is_open: bool) -> section:
    """Return the section of what most miners do not need."""
    return section(vol.Schema(fields), {"collapsed": not is_open})


def miner_schema(adapter: str, *, is_open: bool = False) -> vol.Schema:
    """Return the form of a miner; the section is open where something in it matters now."""
    details = advanced(DETAILS[adapter], is_open=is_open)
    return vol.Schema({**ADDRESSES[adapter], vol.Required(SECTION_ADVANCED): details})


def flat(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form's input without its section."""
    rest = {key: value for key, value in user_input.items() if key != SECTION_ADVANCED}
    return {**rest, **user_input[SECTION_ADVANCED]}


def nested(adapter: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form shows, by section."""
    own = {str(marker) for marker in ADDRESSES[adapter]}
    return {key: value for key, value in details.items() if key in own} | {
        SECTION_ADVANCED: {key: value for key, value in details.items() if key not in own}
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A miner that answered and may be added."""

    title: str
    data: Mapping[str, Any]
    """As a subentry keeps it."""
    info: MinerInfo
    is_named: bool = True
    """Whether a person chose the title."""

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
        return replace(self, title=title, data={**self.data, **details}, is_named=True)

    @property
    def is_read_only(self) -> bool:
        """Return whether it can be read but not controlled."""
        return self.info.capabilities.read_only_reason is not None

    @property
    def distinct_title(self) -> str:
        """Return the title with what tells the device from others of its model."""
        identity = self.info.identity
        mark = (identity.mac or "").replace(":", "")[-4:].upper() or identity.serial_number
        return f"{self.title} {mark or self.data.get(CONF_HOST, '')}".strip()


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
    usual = info.identity.model or str(data.get(CONF_HOST, adapter))
    return Candidate(title=title or usual, data=data, info=info, is_named=bool(title))


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
        is_named=bool(title),
    )


@callback
def distinct(
    hass: HomeAssistant, candidates: Sequence[Candidate], own_id: str | None = None
) -> list[Candidate]:
    """Return the candidates with titles that no other miner has, save for titles people chose."""
    taken = [
        subentry.title
        for entry in hass.config_entries.async_entries(DOMAIN)
        for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
        if subentry.subentry_id != own_id
    ]
    counted = Counter([*taken, *(candidate.title for candidate in candidates)])
    return [
        candidate
        if candidate.is_named or counted[candidate.title] == 1
        else replace(candidate, title=candidate.distinct_title)
        for candidate in candidates
    ]


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
