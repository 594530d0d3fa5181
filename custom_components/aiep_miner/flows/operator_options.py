"""The flow of an operator's options: thresholds, governor, access."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlow
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.selector import (
    BooleanSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import (
    CONF_MISSED_AFTER,
    CONF_QUORUM,
    CONF_USERS_MAY_READ,
    CONF_VERIFIER_KEY,
    CONF_WITNESSES,
    SECTION_HOUSE,
)
from ..engine.economics.model import STEPS_PER_DAY
from ..engine.governor import PERMISSIVE, STANDARD, STRICT
from ..engine.ledger import LedgerError
from ..federation.witnesses import DEFAULT_MISSED_AFTER_H, MAX_WITNESSES, witness_settings
from ..inputs.energy_dashboard import async_suggestions
from ..ledger_service.history import async_backtest
from ..web.credentials import Access
from .house import flat, house_errors, house_schema, live_values, nested
from .options import SECTION_GOVERNOR, governor_schema, limits_of, number, settings_schema

BACKTEST_DAYS: Final = 30
CONF_CORRECT: Final = "correct"
CONF_PRESET: Final = "preset"
MENU: Final = ("settings", "house", "backtest", "preset", "access", "witnesses")
PRESET_CURRENT: Final = "current"
PRESETS: Final = {"standard": STANDARD, "strict": STRICT, "permissive": PERMISSIVE}


def backtest_text(found: Mapping[str, Any]) -> dict[str, str]:
    """Return a backtest's result as the form shows it."""
    steps = found["steps"]
    return {
        "days": f"{steps / STEPS_PER_DAY:.0f}",
        "currency": found["currency"],
        "missing_pct": f"{100 * found['steps_without_records'] / steps:.0f}",
        "bound": f"{found['hindsight']['bound']:.2f}",
        **{name: f"{found[name]['profit']:.2f}" for name in ("plan", "threshold", "always_on")},
        "starts": str(found["plan"]["starts"]),
        "kwh": f"{found['plan']['kwh']:.0f}",
        "surplus_kwh": f"{found['plan']['surplus_kwh']:.0f}",
    }


def access_schema(access: Access | None, *, users_may_read: bool) -> vol.Schema:
    """Return the form that says who may read the ledger besides administrators."""
    defaults = {
        CONF_USERS_MAY_READ: users_may_read,
        "enabled": access is not None,
        "may_act": access is not None and access.may_act,
        "rotate": False,
    }
    return vol.Schema(
        {vol.Required(key, default=value): BooleanSelector() for key, value in defaults.items()}
    )


WITNESSES_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_WITNESSES): ObjectSelector(
            ObjectSelectorConfig(
                fields={
                    "url": {
                        "required": True,
                        "selector": TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                    },
                    CONF_VERIFIER_KEY: {
                        "required": True,
                        "selector": TextSelector(TextSelectorConfig(multiline=True)),
                    },
                },
                multiple=True,
                label_field="url",
                translation_key=CONF_WITNESSES,
            )
        ),
        vol.Required(CONF_QUORUM, default=0): number(0, MAX_WITNESSES),
        vol.Required(CONF_MISSED_AFTER, default=DEFAULT_MISSED_AFTER_H): number(1, 8760, "h"),
    }
)


def _witness_errors(options: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with the witnesses of the form."""
    try:
        settings = witness_settings(options)
    except ValueError:
        return {CONF_WITNESSES: "not_a_witness"}
    urls = [witness.url for witness in settings.witnesses]
    if len(urls) > MAX_WITNESSES or len(set(urls)) < len(urls):
        return {CONF_WITNESSES: "too_many_witnesses"}
    return {CONF_QUORUM: "quorum_too_large"} if settings.quorum > len(urls) else {}


class AiepMinerOptionsFlow(OptionsFlow):
    """Changes what the cycle and the governor go by."""

    _preset: str = PRESET_CURRENT
    _secret: str
    """New credentials, between being made and being shown."""
    _users_may_read: bool
    _backtest: asyncio.Task[dict[str, Any]] | None = None
    _house: dict[str, Any]
    """What was entered of the house, until its values are confirmed."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be changed."""
        return self.async_show_menu(step_id="init", menu_options=list(MENU))

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

    async def async_step_house(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what is measured of the house; begins with what the energy dashboard knows."""
        errors = {}
        if user_input is not None:
            self._house = flat(user_input)
            errors = house_errors(self.hass, self._house, self.config_entry)
            if not errors:
                return await self.async_step_house_values()
        else:
            saved = self.config_entry.options.get(SECTION_HOUSE)
            self._house = dict(saved or await async_suggestions(self.hass))
        return self._house_form(errors)

    def _house_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="house",
            data_schema=self.add_suggested_values_to_schema(
                house_schema(self._house), nested(self._house)
            ),
            errors=errors,
            last_step=False,
        )

    async def async_step_house_values(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what is measured now, and let a person confirm the signs."""
        if user_input is not None and user_input[CONF_CORRECT]:
            options = {**self.config_entry.options, SECTION_HOUSE: self._house}
            return self.async_create_entry(data=options)
        if user_input is not None:
            return self._house_form({})
        return self.async_show_form(
            step_id="house_values",
            data_schema=vol.Schema({vol.Required(CONF_CORRECT, default=False): BooleanSelector()}),
            description_placeholders=live_values(self.hass, self._house, self.config_entry),
        )

    async def async_step_backtest(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reckon what the last month would have been, and show how far that is."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        if self._backtest is None:
            self._backtest = self.hass.async_create_task(
                async_backtest(
                    self.hass,
                    self.config_entry.runtime_data.coordinator,
                    BACKTEST_DAYS,
                    on_progress=self.async_update_progress,
                )
            )
        if not self._backtest.done():
            return self.async_show_progress(
                step_id="backtest", progress_action="backtest", progress_task=self._backtest
            )
        if self._backtest.exception() is not None:
            return self.async_show_progress_done(next_step_id="no_backtest")
        return self.async_show_progress_done(next_step_id="backtest_result")

    async def async_step_no_backtest(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that there is nothing to reckon with."""
        error = self._backtest.exception() if self._backtest else None
        if isinstance(error, ServiceValidationError):
            return self.async_abort(reason="too_few_records")
        return self.async_abort(reason="no_backtest")

    async def async_step_backtest_result(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what the last month would have been with the present settings."""
        if user_input is not None or self._backtest is None:
            return self.async_create_entry(data=dict(self.config_entry.options))
        return self.async_show_form(
            step_id="backtest_result",
            data_schema=vol.Schema({}),
            description_placeholders=backtest_text(self._backtest.result()),
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

    async def async_step_witnesses(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change who witnesses the operator's log."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        errors: dict[str, str] = {}
        if user_input is not None:
            options = {**self.config_entry.options, CONF_WITNESSES: user_input}
            if not (errors := _witness_errors(options)):
                return self.async_create_entry(data=options)
        try:
            vkey = str(self.config_entry.runtime_data.controller.ledger.verifier_key)
        except LedgerError:
            vkey = "-"
        known = self.config_entry.options.get(CONF_WITNESSES, {})
        return self.async_show_form(
            step_id="witnesses",
            data_schema=self.add_suggested_values_to_schema(WITNESSES_SCHEMA, user_input or known),
            description_placeholders={"verifier_key": vkey},
            errors=errors,
        )

    async def async_step_access(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Switch the operator's own credentials on or off, or make new ones."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        trust_store = self.config_entry.runtime_data.trust_store
        before: Access | None = trust_store.trusted.access
        if user_input is None:
            return self.async_show_form(
                step_id="access",
                data_schema=access_schema(
                    before,
                    users_may_read=self.config_entry.options.get(CONF_USERS_MAY_READ, False),
                ),
                description_placeholders={"operator_id": self.config_entry.entry_id},
            )
        after = Access(may_act=user_input["may_act"]) if user_input["enabled"] else None
        if before and after and not user_input["rotate"]:
            after = replace(after, secret=before.secret)
        await trust_store.async_save(access=after)
        self._users_may_read = user_input[CONF_USERS_MAY_READ]
        if after is None or (before is not None and before.secret == after.secret):
            return self._finish_access()
        self._secret = after.secret
        return await self.async_step_secret()

    async def async_step_secret(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show a new secret, this once."""
        if user_input is not None:
            return self._finish_access()
        return self.async_show_form(
            step_id="secret",
            data_schema=vol.Schema({}),
            description_placeholders={
                "operator_id": self.config_entry.entry_id,
                "secret": self._secret,
            },
        )

    def _finish_access(self) -> ConfigFlowResult:
        options = {**self.config_entry.options, CONF_USERS_MAY_READ: self._users_may_read}
        return self.async_create_entry(data=options)
