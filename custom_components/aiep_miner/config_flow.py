"""Adds and changes operators; names the flows of their options and of their miners."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
)
from homeassistant.const import CONF_HOST, CONF_MODE, CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from .const import CONF_NEXT_STEP, DOMAIN, SUBENTRY_CUSTOMER, SUBENTRY_MINER, SUBENTRY_PEER
from .engine.miners.base import MinerError
from .flows.adapters import ADAPTER_ASIC_RS
from .flows.customer import CustomerFlow
from .flows.migration import MINOR_VERSION, VERSION
from .flows.miner import MinerFlow
from .flows.miner_forms import (
    DISCOVERED,
    SECTION_ADVANCED,
    Candidate,
    advanced,
    async_add_miner,
    async_follow,
    async_try_out,
    distinct,
    flat,
    is_configured,
)
from .flows.operator import (
    async_errors,
    entry_data,
    form_values,
    operator_id_of,
    operator_schema,
    shown,
)
from .flows.operator_options import AiepMinerOptionsFlow
from .flows.peer import PeerFlow

CONF_OPERATOR: Final = "operator"


def discovered_schema(operators: list[ConfigEntry], *, is_open: bool = False) -> vol.Schema:
    """Return the form for a miner that was discovered."""
    choices = [SelectOptionDict(value=entry.entry_id, label=entry.title) for entry in operators]
    return vol.Schema(
        {
            vol.Required(CONF_OPERATOR, default=operators[0].entry_id): SelectSelector(
                SelectSelectorConfig(options=choices)
            ),
            vol.Required(SECTION_ADVANCED): advanced(DISCOVERED, is_open=is_open),
        }
    )


class AiepMinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds an operator, or changes one; adds miners that were discovered to an operator."""

    VERSION = VERSION
    MINOR_VERSION = MINOR_VERSION

    _host: str
    """Where a discovered miner is."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> AiepMinerOptionsFlow:
        """Return the flow for an operator's options."""
        return AiepMinerOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what an operator can have: miners, customers, peers whose logs it witnesses."""
        return {
            SUBENTRY_MINER: MinerFlow,
            SUBENTRY_CUSTOMER: CustomerFlow,
            SUBENTRY_PEER: PeerFlow,
        }

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an operator's name, prices and mode."""
        if user_input is None:
            return self._form("user", {}, {})
        if errors := await async_errors(self.hass, user_input, None):
            return self._form("user", shown(user_input), errors)
        await self.async_set_unique_id(operator_id_of(user_input[CONF_NAME]))
        return self.async_create_entry(
            title=user_input[CONF_NAME].strip(),
            data=entry_data(user_input),
            options={CONF_MODE: user_input[CONF_MODE]},
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Lead from a new operator to the scan for its miners."""
        if self.source != SOURCE_USER or result["result"].state is not ConfigEntryState.LOADED:
            return result
        flow = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_MINER),
            context={"source": SOURCE_USER},
            data={CONF_NEXT_STEP: "scan"},
        )
        if flow["type"] is FlowResultType.FORM:
            result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, flow["flow_id"])
        return result

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change an operator's name and prices."""
        entry = self._get_reconfigure_entry()
        if user_input is None:
            return self._form("reconfigure", form_values(entry.title, entry.data), {})
        if errors := await async_errors(self.hass, user_input, entry.entry_id):
            return self._form("reconfigure", shown(user_input), errors)
        title = user_input[CONF_NAME].strip()
        return self.async_update_and_abort(
            entry, title=title, unique_id=operator_id_of(title), data=entry_data(user_input)
        )

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Follow a miner that is known to its new address, and offer one that is not."""
        mac, self._host = format_mac(discovery_info.macaddress), discovery_info.ip
        await self.async_set_unique_id(mac)
        self._abort_if_unique_id_configured()
        if async_follow(self.hass, mac, self._host):
            return self.async_abort(reason="already_configured")
        if not self._operators():
            return self.async_abort(reason="no_operator")
        name = discovery_info.hostname or self._host
        self.context["title_placeholders"] = {"name": name}
        return await self.async_step_discovered()

    async def async_step_discovered(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which operator a discovered miner is to belong to, and add it."""
        operators = self._operators()
        if not operators:
            return self.async_abort(reason="no_operator")
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await self._try_discovered(flat(user_input))
            if isinstance(found, Candidate):
                if is_configured(self.hass, found):
                    return self.async_abort(reason="already_configured")
                operator = self.hass.config_entries.async_get_known_entry(user_input[CONF_OPERATOR])
                async_add_miner(self.hass, operator, *distinct(self.hass, [found]))
                return self.async_abort(reason="miner_added")
            errors = found
        schema = discovered_schema(operators, is_open=bool(errors))
        return self.async_show_form(
            step_id="discovered",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or {}),
            description_placeholders={"host": self._host},
            errors=errors,
        )

    async def _try_discovered(self, user_input: Mapping[str, Any]) -> Candidate | dict[str, str]:
        """Return the discovered miner, or what prevents adding it."""
        details = {key: value for key, value in user_input.items() if key != CONF_OPERATOR}
        try:
            found = await async_try_out(
                self.hass, ADAPTER_ASIC_RS, {CONF_HOST: self._host, **details}
            )
        except MinerError as err:
            return {"base": err.reason.value}
        return {SECTION_ADVANCED: "power_not_reported"} if found.lacks_power else found

    def _operators(self) -> list[ConfigEntry]:
        """Return the operators that run."""
        return [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry.state is ConfigEntryState.LOADED
        ]

    def _form(
        self, step_id: str, values: Mapping[str, Any], errors: dict[str, str]
    ) -> ConfigFlowResult:
        is_new = self.source != SOURCE_RECONFIGURE
        schema = operator_schema(self.hass, is_new=is_new, values=values, errors=errors)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=errors,
        )
