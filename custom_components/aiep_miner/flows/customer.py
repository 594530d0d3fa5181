"""Adds and changes customers: who may follow which miners' records in the operator's log."""

import secrets
from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from ..const import CONF_MINERS, CONF_SECRET, SUBENTRY_MINER

CONF_ROTATE = "rotate"


def customer_schema(entry: ConfigEntry[Any], *, is_new: bool) -> vol.Schema:
    """Return the form of a customer."""
    choices = [
        SelectOptionDict(value=miner.subentry_id, label=miner.title)
        for miner in entry.get_subentries_of_type(SUBENTRY_MINER)
    ]
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_MINERS): SelectSelector(
            SelectSelectorConfig(options=choices, multiple=True)
        ),
    }
    if not is_new:
        fields[vol.Required(CONF_ROTATE, default=False)] = BooleanSelector()
    return vol.Schema(fields)


class CustomerFlow(ConfigSubentryFlow):
    """Adds a customer to an operator, or changes one."""

    _made: tuple[str, dict[str, Any]]
    """Name and data of a new customer, between being entered and being confirmed."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a customer's name and miners."""
        errors = _errors(user_input)
        if user_input is None or errors:
            return self._form("user", user_input or {}, errors)
        data = {CONF_MINERS: user_input[CONF_MINERS], CONF_SECRET: secrets.token_urlsafe(32)}
        self._made = user_input[CONF_NAME].strip(), data
        return await self.async_step_secret()

    async def async_step_secret(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the new secret, this once."""
        title, data = self._made
        if user_input is None:
            return self.async_show_form(
                step_id="secret",
                data_schema=vol.Schema({}),
                description_placeholders={"secret": data[CONF_SECRET]},
            )
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data)
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=title, data=data
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a customer's name and miners, or make a new secret."""
        customer = self._get_reconfigure_subentry()
        errors = _errors(user_input)
        if user_input is None or errors:
            known = {CONF_NAME: customer.title, CONF_MINERS: customer.data[CONF_MINERS]}
            return self._form("reconfigure", user_input or known, errors)
        data = {**customer.data, CONF_MINERS: user_input[CONF_MINERS]}
        title = user_input[CONF_NAME].strip()
        if user_input[CONF_ROTATE]:
            self._made = title, data | {CONF_SECRET: secrets.token_urlsafe(32)}
            return await self.async_step_secret()
        return self.async_update_and_abort(self._get_entry(), customer, title=title, data=data)

    def _form(
        self, step_id: str, values: Mapping[str, Any], errors: dict[str, str]
    ) -> SubentryFlowResult:
        schema = customer_schema(self._get_entry(), is_new=step_id == "user")
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            description_placeholders=(
                {"id": self._get_reconfigure_subentry().subentry_id}
                if self.source == SOURCE_RECONFIGURE
                else {}
            ),
            errors=errors,
        )


def _errors(user_input: dict[str, Any] | None) -> dict[str, str]:
    """Return what is wrong with the input, by field."""
    if user_input is None:
        return {}
    if not user_input[CONF_NAME].strip():
        return {CONF_NAME: "name_needed"}
    return {} if user_input[CONF_MINERS] else {CONF_MINERS: "miners_needed"}
