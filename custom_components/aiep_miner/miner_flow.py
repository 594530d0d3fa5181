"""Adds and changes miners: each is tried out before it is accepted."""

from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from .adapters import ADAPTER_CGMINER, ADAPTER_SIMULATED, address, create_adapter, unique_id
from .const import (
    CONF_ADAPTER,
    CONF_MAX_POWER,
    CONF_MAX_TEMPERATURE,
    CONF_NOMINAL_HASHRATE,
    CONF_NOMINAL_POWER,
    CONF_PROFILE,
    CONF_SEED,
    DOMAIN,
    SUBENTRY_MINER,
)
from .engine.miners.base import MinerError, MinerInfo
from .engine.miners.cgminer import PORT as CGMINER_PORT
from .engine.miners.machine import PROFILES
from .settings import number

_COMMON: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_NOMINAL_POWER): number(1, unit="W", step=None),
    vol.Optional(CONF_NOMINAL_HASHRATE): number(0.001, unit="TH/s", step=None),
    vol.Optional(CONF_MAX_POWER): number(1, unit="W", step=None),
    vol.Optional(CONF_MAX_TEMPERATURE): number(30, 120, "°C", step=None),
}
_SCHEMAS: Final[dict[str, vol.Schema]] = {
    ADAPTER_CGMINER: vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_HOST): TextSelector(),
            vol.Required(CONF_PORT, default=CGMINER_PORT): vol.All(
                number(1, 65_535), vol.Coerce(int)
            ),
            **_COMMON,
        }
    ),
    ADAPTER_SIMULATED: vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_PROFILE, default=next(iter(PROFILES))): SelectSelector(
                SelectSelectorConfig(options=list(PROFILES), translation_key=CONF_PROFILE)
            ),
            vol.Required(CONF_SEED, default=1): vol.All(number(0, 999_999), vol.Coerce(int)),
            **_COMMON,
        }
    ),
}


class MinerFlow(ConfigSubentryFlow):
    """Adds a miner to an operator, or changes one."""

    _accepted: dict[str, Any]
    """What was entered, for a miner that can only be read."""
    _unique_id: str

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how the miner is reached."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_show_menu(step_id="user", menu_options=list(_SCHEMAS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a miner."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        subentry = self._get_reconfigure_subentry()
        shown = {CONF_NAME: subentry.title, **subentry.data}
        return self._form(subentry.data[CONF_ADAPTER], shown, {})

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
        data = {CONF_ADAPTER: adapter, **user_input}
        try:
            info = await _try_out(data)
        except MinerError as err:
            return self._form(adapter, user_input, {"base": err.reason.value})
        self._accepted, self._unique_id = data, unique_id(info.identity, data)
        if self._is_configured():
            return self.async_abort(reason="already_configured")
        if errors := self._errors(info):
            return self._form(adapter, user_input, errors)
        if info.capabilities.read_only_reason is not None:
            return await self.async_step_read_only()
        return self._finish()

    def _form(
        self, adapter: str, shown: dict[str, Any], errors: dict[str, str]
    ) -> SubentryFlowResult:
        return self.async_show_form(
            step_id=adapter,
            data_schema=self.add_suggested_values_to_schema(_SCHEMAS[adapter], shown),
            errors=errors,
        )

    def _finish(self) -> SubentryFlowResult:
        """Keep the miner."""
        data = dict(self._accepted)
        title = data.pop(CONF_NAME)
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data, unique_id=self._unique_id)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=title,
            data=data,
            unique_id=self._unique_id,
        )

    def _errors(self, info: MinerInfo) -> dict[str, str]:
        """Return what stands against a miner that answered."""
        if self._is_another_device():
            return {"base": "wrong_device"}
        if not info.capabilities.reports_power and CONF_NOMINAL_POWER not in self._accepted:
            return {CONF_NOMINAL_POWER: "power_not_reported"}
        return {}

    def _is_another_device(self) -> bool:
        """Tell whether a miner known by its MAC or serial number was changed for another."""
        if self.source != SOURCE_RECONFIGURE:
            return False
        subentry = self._get_reconfigure_subentry()
        return subentry.unique_id not in (self._unique_id, address(subentry.data))

    def _is_configured(self) -> bool:
        """Tell whether any operator has this miner, or another one at its address, already."""
        own_id = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return any(
            self._unique_id == subentry.unique_id
            or address(self._accepted) == address(subentry.data)
            for entry in self.hass.config_entries.async_entries(DOMAIN)
            for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
            if subentry.subentry_id != own_id
        )


async def _try_out(data: dict[str, Any]) -> MinerInfo:
    """Connect to a miner and read it once; raises MinerError."""
    adapter = create_adapter(data)
    try:
        info = await adapter.connect()
        await adapter.poll()
    finally:
        await adapter.close()
    return info
