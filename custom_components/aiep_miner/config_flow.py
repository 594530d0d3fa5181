"""Adds and changes operators; their options; and, as subentries, their miners."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_MODE, CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    ChooseSelector,
    ChooseSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from .const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_CURRENCY,
    CONF_ENERGY_PRICE,
    CONF_NETWORK_DIFFICULTY,
    DEFAULT_BLOCK_REWARD,
    DOMAIN,
    SUBENTRY_MINER,
)
from .engine.governor import PERMISSIVE, STANDARD, STRICT
from .engine.records import Mode
from .miner_flow import MinerFlow
from .prices import CONVERTERS, CURRENCIES, factor
from .settings import SECTION_GOVERNOR, governor_schema, limits_of, number, settings_schema

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


class AiepMinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds an operator, or changes one."""

    VERSION = 1

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
        title = data.pop(CONF_NAME)
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
        return self.async_update_and_abort(entry, title=data.pop(CONF_NAME), data=data)

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
        """Return what is wrong: a name that is taken, or an entity whose unit does not fit."""
        errors: dict[str, str] = {}
        if self._is_taken(user_input[CONF_NAME]):
            errors[CONF_NAME] = "name_taken"
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

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=["settings", "preset"])

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
            limits = limits_of(PRESETS[self._preset])
        return self.async_show_form(
            step_id="governor",
            data_schema=self.add_suggested_values_to_schema(governor_schema(), limits),
        )
