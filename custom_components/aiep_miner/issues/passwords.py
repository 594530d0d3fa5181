"""Keeps a repair issue for each miner that refuses its password."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, ISSUE_LOGIN_REFUSED, SUBENTRY_MINER
from ..engine.read_model import ReadModel
from ..engine.records.reasons import Reason

CONF_ENTRY_ID: Final = "entry_id"
CONF_ISSUE: Final = "issue"
CONF_MINER: Final = "miner"
CONF_SUBENTRY_ID: Final = "subentry_id"


@callback
def async_report_logins(hass: HomeAssistant, entry: ConfigEntry[Any], view: ReadModel) -> None:
    """Raise an issue for a miner whose last poll failed at the password; end it when one succeeds.

    While it cannot be reached for another reason, what was known stands.
    """
    async_forget_logins(hass, entry, gone_only=True)
    for subentry in entry.get_subentries_of_type(SUBENTRY_MINER):
        miner = view.miners.get(subentry.subentry_id)
        telemetry = miner.telemetry if miner else None
        if telemetry is None:
            continue
        issue_id = f"{ISSUE_LOGIN_REFUSED}_{subentry.subentry_id}"
        if telemetry.reading is not None:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
        elif telemetry.error is Reason.AUTH_FAILED:
            ir.async_create_issue(
                hass,
                DOMAIN,
                issue_id,
                is_fixable=True,
                severity=ir.IssueSeverity.ERROR,
                translation_key=ISSUE_LOGIN_REFUSED,
                translation_placeholders={"operator": entry.title, "miner": subentry.title},
                data={
                    CONF_ISSUE: ISSUE_LOGIN_REFUSED,
                    CONF_ENTRY_ID: entry.entry_id,
                    CONF_SUBENTRY_ID: subentry.subentry_id,
                    CONF_MINER: subentry.title,
                },
            )


@callback
def async_forget_logins(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, gone_only: bool = False
) -> None:
    """End the issues of an operator's miners, or only of those that it no longer has."""
    own = [
        (issue.issue_id, issue.data[CONF_SUBENTRY_ID])
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
        and issue.data is not None
        and issue.data.get(CONF_ENTRY_ID) == entry.entry_id
        and CONF_SUBENTRY_ID in issue.data
    ]
    for issue_id, subentry_id in own:
        if not (gone_only and subentry_id in entry.subentries):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
