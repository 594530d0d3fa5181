"""Lets people repair what needs a person: a ledger that is broken or set aside, a password."""

from typing import Any, override

from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import current_request

from .const import DATA_BACKUP, ISSUE_LEDGER_BROKEN, ISSUE_LOGIN_REFUSED
from .coordinator import AiepMinerCoordinator
from .engine.ledger import LedgerError
from .issues.password_repair import LoginRefusedFlow


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    if data is not None and data["issue"] == ISSUE_LEDGER_BROKEN:
        return AcceptBreakFlow(str(data["entry_id"]))
    if data is not None and data["issue"] == ISSUE_LOGIN_REFUSED:
        return LoginRefusedFlow(data)
    return ConfirmRepairFlow()


class AcceptBreakFlow(ConfirmRepairFlow):
    """Asks a person to accept that a ledger is broken; a new segment of it begins then."""

    def __init__(self, entry_id: str) -> None:
        """Take whose ledger it is."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Tell what was found and what accepting it does."""
        if user_input is None:
            return await super().async_step_confirm()
        reason = await self._accept()
        return self.async_abort(reason=reason) if reason else self.async_create_entry(data={})

    async def _accept(self) -> str | None:
        """Accept; return why that is not possible now."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return "entry_not_loaded"
        if self.hass.data.get(DATA_BACKUP):
            return "backup_running"
        site: AiepMinerCoordinator = entry.runtime_data.coordinator
        try:
            await site.ledger_service.async_accept_break(_user_id())
        except LedgerError:
            return "ledger_unavailable"
        return None


def _user_id() -> str | None:
    """Return who is asking; the flow's own context does not tell."""
    request = current_request.get()
    user = request.get(KEY_HASS_USER) if request is not None else None
    return user.id if user is not None else None
