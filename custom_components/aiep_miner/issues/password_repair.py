"""Leads from the issue of a refused password to the form where it is changed."""

from typing import Any, override

import probatio as vol
from homeassistant.components.repairs import ConfirmRepairFlow, FlowType, RepairsFlowResult
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.data_entry_flow import FlowResultType

from ..const import SUBENTRY_MINER
from .passwords import CONF_ENTRY_ID, CONF_MINER, CONF_SUBENTRY_ID


class LoginRefusedFlow(ConfirmRepairFlow):
    """Leads to the form of a miner that refuses its password."""

    def __init__(self, data: dict[str, str | int | float | None]) -> None:
        """Take what the issue says of the miner."""
        self._entry_id = str(data[CONF_ENTRY_ID])
        self._subentry_id = str(data[CONF_SUBENTRY_ID])
        self._miner = str(data[CONF_MINER])

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what comes, and go there; while the password is wrong the issue comes back."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={"miner": self._miner},
            )
        flow = await self.hass.config_entries.subentries.async_init(
            (self._entry_id, SUBENTRY_MINER),
            context={"source": SOURCE_RECONFIGURE, "subentry_id": self._subentry_id},
        )
        if flow["type"] is FlowResultType.ABORT:
            return self.async_abort(reason="entry_not_loaded")
        return self.async_create_entry(
            data={}, next_flow=(FlowType.CONFIG_SUBENTRIES_FLOW, flow["flow_id"])
        )
