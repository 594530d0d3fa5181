"""The repair issues of an operator's ledger."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import (
    DOMAIN,
    ISSUE_LEDGER_BROKEN,
    ISSUE_LEDGER_SET_ASIDE,
    ISSUE_LEDGER_UNWRITABLE,
    ISSUE_QUORUM_MISSED,
    ISSUE_WITNESS_REFUSES,
)

_FIXABLE: Final = frozenset({ISSUE_LEDGER_BROKEN, ISSUE_LEDGER_SET_ASIDE})
WHILE_LOADED: Final = (ISSUE_LEDGER_UNWRITABLE, ISSUE_QUORUM_MISSED, ISSUE_WITNESS_REFUSES)
"""Issues that only a loaded operator withdraws when they are over."""


def _issue_id(issue: str, entry_id: str) -> str:
    return f"{issue}_{entry_id}"


@callback
def async_report(
    hass: HomeAssistant, entry: ConfigEntry[Any], issue: str, **placeholders: str
) -> None:
    """Create a repair issue of an operator's ledger, or update its text."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(issue, entry.entry_id),
        data={"entry_id": entry.entry_id, "issue": issue},
        is_fixable=issue in _FIXABLE,
        is_persistent=issue == ISSUE_LEDGER_SET_ASIDE,
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders={"operator": entry.title, **placeholders},
    )


@callback
def async_withdraw(hass: HomeAssistant, entry_id: str, issue: str) -> None:
    """Delete an issue, if it exists."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(issue, entry_id))


@callback
def async_withdraw_all(hass: HomeAssistant, entry_id: str) -> None:
    """Delete all issues of an operator's ledger."""
    for issue in (ISSUE_LEDGER_BROKEN, ISSUE_LEDGER_SET_ASIDE, *WHILE_LOADED):
        async_withdraw(hass, entry_id, issue)
