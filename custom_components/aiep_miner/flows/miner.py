"""Adds and changes miners: each is tried out before it is accepted."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, override

import probatio as vol
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, SubentryFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from ..const import CONF_ADAPTER, CONF_NEXT_STEP
from ..engine.miners.base import MinerError
from ..engine.miners.discovery import announced
from .adapters import ADAPTER_ASIC_RS, ADAPTER_CGMINER, ADAPTER_SIMULATED, address
from .miner_forms import (
    Candidate,
    async_try_out,
    distinct,
    flat,
    is_configured,
    miner_schema,
    nested,
)
from .scan import ScanSteps

CALL_DEADLINE_S: Final = 120.0
"""How long a person may take to walk to the machine and press its button."""

MENU: Final = (ADAPTER_ASIC_RS, "scan", "find_me", ADAPTER_CGMINER, ADAPTER_SIMULATED)
LOGIN_KEYS: Final = (CONF_USERNAME, CONF_PASSWORD)
LOGIN_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="off")),
        vol.Required(CONF_PASSWORD): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
        ),
    }
)


class MinerFlow(ScanSteps):
    """Adds miners to an operator, or changes one."""

    _waiting: asyncio.Task[str] | None = None
    _called: str | None = None
    """The address of a miner that called out."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how the miner is reached; a flow that follows another begins with the scan."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        if user_input == {CONF_NEXT_STEP: "scan"}:
            return await self.async_step_scan()
        return self.async_show_menu(step_id="user", menu_options=list(MENU))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a miner; a flow that follows a repair asks for its login only."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        adapter = self._get_reconfigure_subentry().data[CONF_ADAPTER]
        if user_input == {CONF_NEXT_STEP: "login"} and adapter == ADAPTER_ASIC_RS:
            return await self.async_step_login()
        return self._form(adapter)

    async def async_step_login(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for another user name and password; everything else of the miner stays."""
        subentry = self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None:
            kept = {key: subentry.data[key] for key in subentry.data if key not in LOGIN_KEYS}
            details = {CONF_NAME: subentry.title, **kept, **user_input}
            try:
                candidate = await async_try_out(self.hass, details.pop(CONF_ADAPTER), details)
            except MinerError as err:
                errors = {"base": err.reason.value}
            else:
                if not self._is_another_device(candidate):
                    return self._keep([candidate])
                errors = {"base": "wrong_device"}
        shown = user_input or {CONF_USERNAME: subentry.data.get(CONF_USERNAME)}
        shown = {key: value for key, value in shown.items() if key != CONF_PASSWORD and value}
        return self.async_show_form(
            step_id="login",
            data_schema=self.add_suggested_values_to_schema(LOGIN_SCHEMA, shown),
            description_placeholders={"miner": subentry.title, "host": subentry.data[CONF_HOST]},
            errors=errors,
        )

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

    async def _async_step_adapter(
        self, adapter: str, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        if user_input is None:
            return self._form(adapter)
        details = self._with_kept_password(flat(user_input))
        try:
            candidate = await async_try_out(self.hass, adapter, details)
        except MinerError as err:
            return self._form(adapter, user_input, {"base": err.reason.value})
        if is_configured(self.hass, candidate, self._own_id):
            return self.async_abort(reason="already_configured")
        if self._is_another_device(candidate):
            return self._form(adapter, user_input, {"base": "wrong_device"})
        return await self._async_complete(distinct(self.hass, [candidate], self._own_id))

    def _form(
        self,
        adapter: str,
        user_input: dict[str, Any] | None = None,
        errors: dict[str, str] | None = None,
    ) -> SubentryFlowResult:
        """Show the form with the input, or with what is known: a browser asks for it again."""
        is_open = bool(errors) or self._own_id is not None
        shown = user_input or nested(adapter, self._known())
        return self.async_show_form(
            step_id=adapter,
            data_schema=self.add_suggested_values_to_schema(
                miner_schema(adapter, is_open=is_open), shown
            ),
            errors=errors or {},
        )

    def _known(self) -> dict[str, Any]:
        """Return what a form shows before anything is entered."""
        if self._own_id is None:
            return {CONF_HOST: self._called} if self._called else {}
        subentry = self._get_reconfigure_subentry()
        hidden = (CONF_PASSWORD, CONF_ADAPTER)
        stored = {key: value for key, value in subentry.data.items() if key not in hidden}
        return {CONF_NAME: subentry.title, **stored}

    def _with_kept_password(self, details: dict[str, Any]) -> dict[str, Any]:
        """Return the input with the password as it is, when none is entered to replace it."""
        if self._own_id is None or details.get(CONF_PASSWORD):
            return details
        kept = self._get_reconfigure_subentry().data
        return details | {key: kept[key] for key in (CONF_PASSWORD,) if key in kept}

    @override
    def _keep(self, complete: Sequence[Candidate]) -> SubentryFlowResult:
        """Add the miners, or change the one that is reconfigured."""
        if self._own_id is None:
            return super()._keep(complete)
        (candidate,) = complete
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=candidate.title,
            data=candidate.data,
            unique_id=candidate.unique_id,
        )

    def _is_another_device(self, candidate: Candidate) -> bool:
        """Tell whether a miner known by its MAC or serial number was changed for another."""
        if self._own_id is None:
            return False
        subentry = self._get_reconfigure_subentry()
        return subentry.unique_id not in (*candidate.names, address(subentry.data))

    @property
    def _own_id(self) -> str | None:
        """Return the id of the miner that is changed; None for a new one."""
        return self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None

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
            self._called = self._waiting.result()
        except TimeoutError:
            return self.async_abort(reason="nobody_called")
        except OSError:
            return self.async_abort(reason="cannot_listen")
        return self._form(ADAPTER_ASIC_RS)
