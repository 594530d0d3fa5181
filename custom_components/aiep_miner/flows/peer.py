"""Adds and changes peers: other parties' logs that this Home Assistant witnesses."""

from collections.abc import Mapping
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from ..const import CONF_ORIGIN, CONF_VERIFIER_KEY
from ..engine.ledger.verifier.cosignature import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44
from ..engine.ledger.verifier.note import ED25519, VerifierKey
from ..federation.own_witness import async_own_witness, known_logs
from ..federation.witness_view import PREFIX

MAX_NAME_BYTES: Final = 255
"""Of an origin, as the ML-DSA-44 cosignature holds it."""
PEER_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_VERIFIER_KEY): TextSelector(TextSelectorConfig(multiline=True)),
        vol.Optional(CONF_ORIGIN): TextSelector(),
    }
)


class PeerFlow(ConfigSubentryFlow):
    """Adds a peer to an operator, or changes one."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a peer's name and the verifier key of its log."""
        return await self._async_form("user", user_input, {})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a peer, for example after its log began a new segment."""
        peer = self._get_reconfigure_subentry()
        return await self._async_form(
            "reconfigure", user_input, {CONF_NAME: peer.title, **peer.data}
        )

    async def _async_form(
        self, step_id: str, user_input: dict[str, Any] | None, known: Mapping[str, Any]
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            details = {key: str(value).strip() for key, value in user_input.items()}
            if not (errors := self._errors(details)):
                return self._keep(details)
        cosigner = await async_own_witness(self.hass).async_cosigner()
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(PEER_SCHEMA, user_input or known),
            description_placeholders={
                "prefix": PREFIX,
                "ed25519_key": str(cosigner.ed25519_key),
                "ml_dsa_key": str(cosigner.ml_dsa_key),
            },
            errors=errors,
        )

    def _errors(self, details: Mapping[str, str]) -> dict[str, str]:
        """Return what is wrong with the input, by field."""
        if not details[CONF_NAME]:
            return {CONF_NAME: "name_needed"}
        try:
            key = VerifierKey.parse(details[CONF_VERIFIER_KEY])
        except ValueError:
            return {CONF_VERIFIER_KEY: "not_a_key"}
        origin = details.get(CONF_ORIGIN) or key.name
        if key.kind not in (ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44):
            return {CONF_VERIFIER_KEY: "not_a_key"}
        if len(origin.encode()) > MAX_NAME_BYTES or "\n" in origin:
            return {CONF_ORIGIN: "not_an_origin"}
        if key in known_logs(self.hass).get(origin, ()) and not self._is_own(details):
            return {CONF_VERIFIER_KEY: "known_peer"}
        return {}

    def _is_own(self, details: Mapping[str, str]) -> bool:
        """Return whether the peer that is changed keeps its key."""
        if self.source != SOURCE_RECONFIGURE:
            return False
        kept = self._get_reconfigure_subentry().data
        return bool(kept[CONF_VERIFIER_KEY] == details[CONF_VERIFIER_KEY])

    def _keep(self, details: dict[str, str]) -> SubentryFlowResult:
        """Add the peer, or change the one that is reconfigured."""
        title = details.pop(CONF_NAME)
        data = {key: value for key, value in details.items() if value}
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data)
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=title, data=data
        )
