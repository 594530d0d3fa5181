"""Adds and changes miners: each is tried out before it is accepted."""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_interface, ip_network
from typing import Any, Final

import probatio as vol
from homeassistant.components import network
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from ..const import CONF_ADAPTER, CONF_NOMINAL_POWER
from ..engine.miners.base import MinerError
from ..engine.miners.discovery import MAX_ADDRESSES, ScanResult, announced, scan
from .adapters import ADAPTER_ASIC_RS, ADAPTER_CGMINER, ADAPTER_SIMULATED, address, credentials
from .miner_forms import (
    LOGIN,
    POWER,
    SCHEMAS,
    Candidate,
    async_add_miner,
    async_try_out,
    candidate_of,
    is_configured,
)

CONF_MINERS: Final = "miners"
CONF_NETWORKS: Final = "networks"

CALL_DEADLINE_S: Final = 120.0
"""How long somebody may take to walk to the machine and press its button."""
LARGEST_PREFIX: Final = 22
"""Of a larger network only the part around Home Assistant's own address is offered."""

MENU: Final = (ADAPTER_ASIC_RS, "scan", "find_me", ADAPTER_CGMINER, ADAPTER_SIMULATED)
POWER_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector(), **POWER})


class MinerFlow(ConfigSubentryFlow):
    """Adds miners to an operator, or changes one."""

    _candidate: Candidate
    _login: Mapping[str, Any]
    """What was entered for all miners of a scan."""
    _scanning: asyncio.Task[ScanResult] | None = None
    _waiting: asyncio.Task[str] | None = None
    _found: Mapping[str, Candidate]
    """By address."""
    _chosen: list[Candidate]
    """Miners of a scan that are still to be completed."""
    _complete: list[Candidate]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how the miner is reached."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_show_menu(step_id="user", menu_options=list(MENU))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a miner."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        subentry = self._get_reconfigure_subentry()
        shown = {CONF_NAME: subentry.title, **subentry.data}
        shown.pop(CONF_PASSWORD, None)
        return self._form(subentry.data[CONF_ADAPTER], shown, {})

    # One miner.

    async def async_step_asic_rs(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a miner of any make, by its address."""
        return await self._async_step_adapter(ADAPTER_ASIC_RS, user_input)

    async def async_step_cgminer(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a miner that speaks the CGMiner API."""
        return await self._async_step_adapter(ADAPTER_CGMINER, user_input)

    async def async_step_simulated(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for a simulated miner."""
        return await self._async_step_adapter(ADAPTER_SIMULATED, user_input)

    async def async_step_read_only(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Say that the miner can be read but not controlled."""
        if user_input is None:
            return self.async_show_form(step_id="read_only", data_schema=vol.Schema({}))
        return self._finish()

    async def _async_step_adapter(
        self, adapter: str, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        if user_input is None:
            return self._form(adapter, {}, {})
        try:
            self._candidate = await async_try_out(
                self.hass, adapter, self._with_kept_password(user_input)
            )
        except MinerError as err:
            return self._form(adapter, user_input, {"base": err.reason.value})
        if is_configured(self.hass, self._candidate, self._own_id):
            return self.async_abort(reason="already_configured")
        if errors := self._errors():
            return self._form(adapter, user_input, errors)
        if self._candidate.info.capabilities.read_only_reason is not None:
            return await self.async_step_read_only()
        return self._finish()

    def _form(
        self, adapter: str, shown: dict[str, Any], errors: dict[str, str]
    ) -> SubentryFlowResult:
        return self.async_show_form(
            step_id=adapter,
            data_schema=self.add_suggested_values_to_schema(SCHEMAS[adapter], shown),
            errors=errors,
        )

    def _with_kept_password(self, user_input: dict[str, Any]) -> dict[str, Any]:
        """Return the input with the password as it is, when none is entered to replace it."""
        if self._own_id is None or user_input.get(CONF_PASSWORD):
            return user_input
        kept = self._get_reconfigure_subentry().data
        return user_input | {key: kept[key] for key in (CONF_PASSWORD,) if key in kept}

    def _finish(self) -> SubentryFlowResult:
        """Keep the miner."""
        candidate = self._candidate
        if self._own_id is None:
            return self.async_create_entry(
                title=candidate.title, data=candidate.data, unique_id=candidate.unique_id
            )
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=candidate.title,
            data=candidate.data,
            unique_id=candidate.unique_id,
        )

    def _errors(self) -> dict[str, str]:
        """Return what stands against a miner that answered."""
        if self._is_another_device():
            return {"base": "wrong_device"}
        return {CONF_NOMINAL_POWER: "power_not_reported"} if self._candidate.lacks_power else {}

    def _is_another_device(self) -> bool:
        """Tell whether a miner known by its MAC or serial number was changed for another."""
        if self._own_id is None:
            return False
        subentry = self._get_reconfigure_subentry()
        return subentry.unique_id not in (*self._candidate.names, address(subentry.data))

    @property
    def _own_id(self) -> str | None:
        """Return the id of the miner that is changed; None for a new one."""
        return self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None

    # Several miners: a scan.

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
            self._chosen = [self._found[item] for item in user_input[CONF_MINERS]]
            self._complete = []
            return await self.async_step_power()
        result = self._scanning.result()
        candidates = (candidate_of(item, self._data_of(item.address)) for item in result.found)
        self._found = {
            str(item.data[CONF_HOST]): item
            for item in candidates
            if not is_configured(self.hass, item)
        }
        placeholders = {"unread": _unread(result)}
        if not self._found:
            return self.async_abort(reason="nothing_found", description_placeholders=placeholders)
        return self.async_show_form(
            step_id="found",
            data_schema=found_schema(self._found),
            description_placeholders=placeholders,
        )

    async def async_step_power(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the power of each chosen miner that does not report its own."""
        errors: dict[str, str] = {}
        if user_input is not None:
            title = user_input.pop(CONF_NAME)
            self._chosen[0] = self._chosen[0].with_details(title, user_input)
            if self._chosen[0].lacks_power:
                errors = {CONF_NOMINAL_POWER: "power_not_reported"}
        while self._chosen and not self._chosen[0].lacks_power:
            self._complete.append(self._chosen.pop(0))
        if not self._chosen:
            return self._finish_all()
        waiting = self._chosen[0]
        return self.async_show_form(
            step_id="power",
            data_schema=self.add_suggested_values_to_schema(
                POWER_SCHEMA, {CONF_NAME: waiting.title}
            ),
            description_placeholders={"host": str(waiting.data[CONF_HOST])},
            errors=errors,
        )

    def _finish_all(self) -> SubentryFlowResult:
        """Add every miner that nobody has added meanwhile; the flow itself makes the last."""
        new = [item for item in self._complete if not is_configured(self.hass, item)]
        if not new:
            return self.async_abort(reason="already_configured")
        *others, self._candidate = new
        for candidate in others:
            async_add_miner(self.hass, self._get_entry(), candidate)
        return self._finish()

    async def _scan(self, networks: list[str]) -> ScanResult:
        return await scan(
            networks,
            session=async_get_clientsession(self.hass),
            credentials=credentials(self._login),
            on_progress=lambda done, count: self.async_update_progress(done / count),
        )

    def _data_of(self, host: str) -> dict[str, Any]:
        return {CONF_HOST: host, **self._login}

    # One miner that calls out.

    async def async_step_find_me(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Wait for the "find me" button of a machine."""
        if self._waiting is None:
            self._waiting = self.hass.async_create_task(
                announced(CALL_DEADLINE_S), "wait for a miner's call", eager_start=False
            )
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="find_me", progress_action="find_me", progress_task=self._waiting
            )
        return self.async_show_progress_done(next_step_id="called")

    async def async_step_called(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Go on with the machine that called."""
        assert self._waiting is not None  # noqa: S101 - this step follows it
        try:
            host = self._waiting.result()
        except TimeoutError:
            return self.async_abort(reason="nobody_called")
        except OSError:
            return self.async_abort(reason="cannot_listen")
        return self._form(ADAPTER_ASIC_RS, {CONF_HOST: host}, {})


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
    return ", ".join(unread) or "-"
