"""The steps that find several miners at once, and those that complete what was found."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_interface, ip_network
from typing import Any, Final

import probatio as vol
from homeassistant.components import network
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from ..const import CONF_NOMINAL_POWER
from ..engine.miners.discovery import MAX_ADDRESSES, ScanResult, scan
from .adapters import credentials
from .miner_forms import (
    LOGIN,
    POWER,
    Candidate,
    async_add_miner,
    candidate_of,
    distinct,
    is_configured,
)

CONF_MINERS: Final = "miners"
CONF_NETWORKS: Final = "networks"

LARGEST_PREFIX: Final = 22
"""Of a larger network only the part around Home Assistant's own address is offered."""

POWER_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector(), **POWER})


class ScanSteps(ConfigSubentryFlow):
    """A scan, and the completion of each miner chosen: power, then what can only be read."""

    _login: Mapping[str, Any]
    """What was entered for all miners of a scan."""
    _scanning: asyncio.Task[ScanResult] | None = None
    _found: Mapping[str, Candidate]
    """By address."""
    _chosen: list[Candidate]
    """Miners that are still to be completed."""
    _complete: list[Candidate]

    async def async_step_scan(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which networks to look through."""
        shown = user_input or {CONF_NETWORKS: await known_networks(self.hass)}
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _network_errors(user_input[CONF_NETWORKS])
            if not errors:
                self._login = {key: user_input[key] for key in user_input if key != CONF_NETWORKS}
                self._scanning = self.hass.async_create_task(
                    self._scan(user_input[CONF_NETWORKS]), "scan for miners", eager_start=False
                )
                return await self.async_step_scanning()
        return self.async_show_form(
            step_id="scan",
            data_schema=self.add_suggested_values_to_schema(
                scan_schema(shown[CONF_NETWORKS]), shown
            ),
            errors=errors,
        )

    async def async_step_scanning(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show how far the scan is."""
        assert self._scanning is not None  # noqa: S101 - the step before has started it
        if not self._scanning.done():
            return self.async_show_progress(
                step_id="scanning", progress_action="scanning", progress_task=self._scanning
            )
        return self.async_show_progress_done(next_step_id="found")

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Offer what was found; several can be added at once."""
        assert self._scanning is not None  # noqa: S101 - this step follows it
        if user_input is not None:
            return await self._async_complete([self._found[it] for it in user_input[CONF_MINERS]])
        result = self._scanning.result()
        candidates = [candidate_of(item, self._data_of(item.address)) for item in result.found]
        new = [item for item in candidates if not is_configured(self.hass, item)]
        self._found = {str(item.data[CONF_HOST]): item for item in distinct(self.hass, new)}
        placeholders = {"unread": _unread(result), "read_only": _read_only(self._found.values())}
        if not self._found:
            return self.async_abort(reason="nothing_found", description_placeholders=placeholders)
        return self.async_show_form(
            step_id="found",
            data_schema=found_schema(self._found),
            description_placeholders=placeholders,
        )

    async def _async_complete(self, chosen: Sequence[Candidate]) -> SubentryFlowResult:
        """Complete what was chosen, then keep it."""
        self._chosen, self._complete = list(chosen), []
        return await self.async_step_power()

    async def async_step_power(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the power of each chosen miner that does not report its own."""
        errors: dict[str, str] = {}
        if user_input is not None:
            details = dict(user_input)
            self._chosen[0] = self._chosen[0].with_details(details.pop(CONF_NAME), details)
            if self._chosen[0].lacks_power:
                errors = {CONF_NOMINAL_POWER: "power_not_reported"}
        while self._chosen and not self._chosen[0].lacks_power:
            self._complete.append(self._chosen.pop(0))
        if not self._chosen:
            return await self.async_step_read_only()
        waiting = self._chosen[0]
        return self.async_show_form(
            step_id="power",
            data_schema=self.add_suggested_values_to_schema(
                POWER_SCHEMA, {CONF_NAME: waiting.title}
            ),
            description_placeholders={"host": str(waiting.data.get(CONF_HOST, waiting.title))},
            errors=errors,
        )

    async def async_step_read_only(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Name the miners that can be read but not controlled, before they are kept."""
        read_only = _read_only(self._complete)
        if user_input is None and read_only != NONE:
            return self.async_show_form(
                step_id="read_only",
                data_schema=vol.Schema({}),
                description_placeholders={"miners": read_only},
            )
        return self._keep(self._complete)

    def _keep(self, complete: Sequence[Candidate]) -> SubentryFlowResult:
        """Add every miner that nobody has added meanwhile; the flow itself makes the last."""
        new = [item for item in complete if not is_configured(self.hass, item)]
        if not new:
            return self.async_abort(reason="already_configured")
        *others, last = new
        for candidate in others:
            async_add_miner(self.hass, self._get_entry(), candidate)
        return self.async_create_entry(title=last.title, data=last.data, unique_id=last.unique_id)

    async def _scan(self, networks: list[str]) -> ScanResult:
        return await scan(
            networks,
            session=async_get_clientsession(self.hass),
            credentials=credentials(self._login),
            on_progress=lambda done, count: self.async_update_progress(done / count),
        )

    def _data_of(self, host: str) -> dict[str, Any]:
        return {CONF_HOST: host, **self._login}


async def known_networks(hass: HomeAssistant) -> list[str]:
    """Return the IPv4 networks that Home Assistant is in, each as ``192.0.2.0/24``."""
    networks = []
    for adapter in await network.async_get_adapters(hass):
        for ip in adapter["ipv4"] if adapter["enabled"] else ():
            prefix = max(ip["network_prefix"], LARGEST_PREFIX)
            interface = ip_interface(f"{ip['address']}/{prefix}")
            if not interface.is_loopback:
                networks.append(str(interface.network))
    return list(dict.fromkeys(networks))


def scan_schema(networks: list[str]) -> vol.Schema:
    """Return the form that asks what to scan; other networks may be entered."""
    selector = SelectSelector(
        SelectSelectorConfig(options=networks, multiple=True, custom_value=True)
    )
    return vol.Schema({vol.Required(CONF_NETWORKS): selector, **LOGIN})


def found_schema(found: Mapping[str, Candidate]) -> vol.Schema:
    """Return the form that offers what was found."""
    options = [
        SelectOptionDict(value=host, label=f"{item.title} ({host})") for host, item in found.items()
    ]
    selector = SelectSelector(SelectSelectorConfig(options=options, multiple=True))
    return vol.Schema(
        {
            vol.Required(CONF_MINERS, default=list(found)): vol.All(
                selector, vol.Length(min=1, msg="nothing_chosen")
            )
        }
    )


NONE: Final = "-"
"""What a list in a text shows when it is empty."""


def _network_errors(networks: list[str]) -> dict[str, str]:
    try:
        sizes = [ip_network(item, strict=False).num_addresses for item in networks]
    except ValueError:
        return {CONF_NETWORKS: "invalid_network"}
    if not sizes:
        return {CONF_NETWORKS: "invalid_network"}
    return {CONF_NETWORKS: "network_too_large"} if sum(sizes) > MAX_ADDRESSES else {}


def _unread(result: ScanResult) -> str:
    """Return the addresses where something answered that could not be read, and why."""
    unread = [f"{host} ({reason.value.replace('_', ' ')})" for host, reason in result.failed]
    return ", ".join(unread) or NONE


def _read_only(candidates: Iterable[Candidate]) -> str:
    """Return the names of the miners that can only be read."""
    return ", ".join(item.title for item in candidates if item.is_read_only) or NONE
