"""Adds and changes operators; their options; and, as subentries, their miners."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, override

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_HOST, CONF_MODE, CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    BooleanSelector,
    ChooseSelector,
    ChooseSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from .const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_CURRENCY,
    CONF_ENERGY_PRICE,
    CONF_NETWORK_DIFFICULTY,
    CONF_NOMINAL_POWER,
    DEFAULT_BLOCK_REWARD,
    DOMAIN,
    SUBENTRY_MINER,
)
from .engine.governor import PERMISSIVE, STANDARD, STRICT
from .engine.miners.base import MinerError
from .engine.records import Mode
from .flows.adapters import ADAPTER_ASIC_RS
from .flows.miner import MinerFlow
from .flows.miner_forms import (
    LOGIN,
    POWER,
    Candidate,
    async_add_miner,
    async_follow,
    async_try_out,
    is_configured,
)
from .flows.options import SECTION_GOVERNOR, governor_schema, limits_of, number, settings_schema
from .inputs.prices import CONVERTERS, CURRENCIES, factor
from .web.credentials import Access

CONF_OPERATOR: Final = "operator"
CONF_PRESET: Final = "preset"
PRESET_CURRENT: Final = "current"
PRESETS: Final = {"standard": STANDARD, "strict": STRICT, "permissive": PERMISSIVE}


def _number_or_entity(minimum: float | None) -> ChooseSelector:
    entity = EntitySelector(
        EntitySelectorConfig(filter=[{"domain": ["sensor", "input_number", "number"]}])
    )
    # Selectors inside of this one are validated only when they are written as plain dicts.
    return ChooseSelector(
        ChooseSelectorConfig(
            choices={
                "fixed": {"selector": number(minimum, step=None).serialize()["selector"]},
                "entity": {"selector": entity.serialize()["selector"]},
            },
            translation_key="number_or_entity",
        )
    )


def _operator_schema(hass: HomeAssistant, *, is_new: bool) -> vol.Schema:
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_CURRENCY, default=hass.config.currency): SelectSelector(
            SelectSelectorConfig(options=list(CURRENCIES))
        ),
        vol.Required(CONF_ENERGY_PRICE): _number_or_entity(None),
        vol.Required(CONF_COIN_PRICE): _number_or_entity(0),
        vol.Required(CONF_NETWORK_DIFFICULTY): _number_or_entity(0),
        vol.Required(CONF_BLOCK_REWARD, default=DEFAULT_BLOCK_REWARD): number(0, step=None),
    }
    if is_new:
        fields[vol.Required(CONF_MODE, default=Mode.AUTO.value)] = SelectSelector(
            SelectSelectorConfig(options=[mode.value for mode in Mode], translation_key=CONF_MODE)
        )
    return vol.Schema(fields)


def discovered_schema(operators: list[ConfigEntry]) -> vol.Schema:
    """Return the form for a miner that was discovered."""
    choices = [SelectOptionDict(value=entry.entry_id, label=entry.title) for entry in operators]
    return vol.Schema(
        {
            vol.Required(CONF_OPERATOR, default=operators[0].entry_id): SelectSelector(
                SelectSelectorConfig(options=choices)
            ),
            vol.Optional(CONF_NAME): TextSelector(),
            **LOGIN,
            **POWER,
        }
    )


def access_schema(access: Access | None) -> vol.Schema:
    """Return the form for the operator's own credentials."""
    defaults = {
        "enabled": access is not None,
        "may_act": access is not None and access.may_act,
        "rotate": False,
    }
    return vol.Schema(
        {vol.Required(key, default=value): BooleanSelector() for key, value in defaults.items()}
    )


class AiepMinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds an operator, or changes one; adds miners that were discovered to an operator."""

    VERSION = 1

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
        """Return what an operator can have: miners."""
        return {SUBENTRY_MINER: MinerFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a site's name, prices and mode."""
        errors = self._errors(user_input) if user_input is not None else {}
        if user_input is None or errors:
            return self._form("user", user_input, errors)
        data = dict(user_input)
        mode = data.pop(CONF_MODE)
        title = data.pop(CONF_NAME).strip()
        return self.async_create_entry(title=title, data=data, options={CONF_MODE: mode})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a site's name and prices."""
        entry = self._get_reconfigure_entry()
        errors = self._errors(user_input) if user_input is not None else {}
        if user_input is None or errors:
            shown = user_input or {CONF_NAME: entry.title, **entry.data}
            return self._form("reconfigure", shown, errors)
        data = dict(user_input)
        title = data.pop(CONF_NAME).strip()
        return self.async_update_and_abort(entry, title=title, data=data)

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
            found = await self._try_discovered(user_input)
            if isinstance(found, Candidate):
                if is_configured(self.hass, found):
                    return self.async_abort(reason="already_configured")
                operator = self.hass.config_entries.async_get_known_entry(user_input[CONF_OPERATOR])
                async_add_miner(self.hass, operator, found)
                return self.async_abort(reason="miner_added")
            errors = found
        schema = discovered_schema(operators)
        return self.async_show_form(
            step_id="discovered",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or {}),
            description_placeholders={"host": self._host},
            errors=errors,
        )

    async def _try_discovered(self, user_input: Mapping[str, Any]) -> Candidate | dict[str, str]:
        """Return the discovered miner, or what stands against adding it."""
        details = {key: value for key, value in user_input.items() if key != CONF_OPERATOR}
        try:
            found = await async_try_out(
                self.hass, ADAPTER_ASIC_RS, {CONF_HOST: self._host, **details}
            )
        except MinerError as err:
            return {"base": err.reason.value}
        return {CONF_NOMINAL_POWER: "power_not_reported"} if found.lacks_power else found

    def _operators(self) -> list[ConfigEntry]:
        """Return the operators that run."""
        return [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry.state is ConfigEntryState.LOADED
        ]

    def _form(
        self, step_id: str, shown: Mapping[str, Any] | None, errors: dict[str, str]
    ) -> ConfigFlowResult:
        schema = _operator_schema(self.hass, is_new=self.source != SOURCE_RECONFIGURE)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
        )

    def _errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong: a name, an entity whose unit does not fit, or a number."""
        errors: dict[str, str] = {}
        if not user_input[CONF_NAME].strip():
            errors[CONF_NAME] = "name_blank"
        elif self._is_taken(user_input[CONF_NAME]):
            errors[CONF_NAME] = "name_taken"
        if user_input[CONF_BLOCK_REWARD] <= 0:
            errors[CONF_BLOCK_REWARD] = "not_positive"
        for key in CONVERTERS:
            source = user_input[key]
            if isinstance(source, str):
                if factor(self.hass, key, source, user_input[CONF_CURRENCY]) is None:
                    errors[key] = "wrong_unit"
            elif source <= 0 and key != CONF_ENERGY_PRICE:
                errors[key] = "not_positive"
        return errors

    def _is_taken(self, name: str) -> bool:
        own_id = self.context.get("entry_id") if self.source == SOURCE_RECONFIGURE else None
        return any(
            entry.title.strip().casefold() == name.strip().casefold()
            for entry in self._async_current_entries()
            if entry.entry_id != own_id
        )


class AiepMinerOptionsFlow(OptionsFlow):
    """Changes what the cycle and the governor go by."""

    _preset: str = PRESET_CURRENT
    _secret: str
    """New credentials, between being made and being shown."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=["settings", "preset", "access"])

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the interval and the thresholds."""
        if user_input is not None:
            return self.async_create_entry(data={**self.config_entry.options, **user_input})
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(
                settings_schema(), self.config_entry.options
            ),
        )

    async def async_step_preset(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which limits to begin with."""
        if user_input is not None:
            self._preset = user_input[CONF_PRESET]
            return await self.async_step_governor()
        choice = SelectSelector(
            SelectSelectorConfig(options=[PRESET_CURRENT, *PRESETS], translation_key=CONF_PRESET)
        )
        return self.async_show_form(
            step_id="preset",
            data_schema=vol.Schema({vol.Required(CONF_PRESET, default=PRESET_CURRENT): choice}),
            last_step=False,
        )

    async def async_step_governor(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the governor's limits."""
        if user_input is not None:
            options = {**self.config_entry.options, SECTION_GOVERNOR: user_input}
            return self.async_create_entry(data=options)
        limits = self.config_entry.options.get(SECTION_GOVERNOR, {})
        if self._preset in PRESETS:
            # What the preset does not limit stays limited as it is.
            limits = {**limits, **limits_of(PRESETS[self._preset])}
        return self.async_show_form(
            step_id="governor",
            data_schema=self.add_suggested_values_to_schema(governor_schema(), limits),
        )

    async def async_step_access(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Switch the operator's own credentials on or off, or make new ones."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        trust_store = self.config_entry.runtime_data.ledger_service.trust_store
        before: Access | None = trust_store.trusted.access
        if user_input is None:
            return self.async_show_form(
                step_id="access",
                data_schema=access_schema(before),
                description_placeholders={"operator_id": self.config_entry.entry_id},
            )
        after = Access(may_act=user_input["may_act"]) if user_input["enabled"] else None
        if before and after and not user_input["rotate"]:
            after = replace(after, secret=before.secret)
        await trust_store.async_save(access=after)
        if after is None or (before is not None and before.secret == after.secret):
            return self.async_create_entry(data=dict(self.config_entry.options))
        self._secret = after.secret
        return await self.async_step_secret()

    async def async_step_secret(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show a new secret, this once."""
        if user_input is not None:
            return self.async_create_entry(data=dict(self.config_entry.options))
        return self.async_show_form(
            step_id="secret",
            data_schema=vol.Schema({}),
            description_placeholders={
                "operator_id": self.config_entry.entry_id,
                "secret": self._secret,
            },
        )
