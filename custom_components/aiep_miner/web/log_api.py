"""An operator's log for those who follow it: a customer's miners in full, everything else as hashes.

A customer's credentials are those of a subentry; they open this and nothing else.
"""

import asyncio
from typing import Final

import probatio as vol
from aiohttp import web
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.http import KEY_AUTHENTICATED, KEY_HASS
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_MINERS, CONF_SECRET, DOMAIN, SUBENTRY_CUSTOMER
from ..coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from ..engine.ledger import LedgerError
from ..engine.ledger.sharing import Miners
from .credentials import Access
from .rest_api import (
    KEY_HEADER,
    OperatorView,
    async_claim,
    ledger_of,
    query_of,
    refusal,
    require_signature,
    site_of,
    stream,
)

MAX_BLOCKS: Final = 10_000
MAX_WAIT_S: Final = 50
MAX_WAITING: Final = 20
"""Requests that wait for new blocks at the same time, over all operators."""
_BLOCKS_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("from", default=0): vol.All(vol.Coerce(int), vol.Range(min=0, max=2**53)),
        vol.Optional("limit", default=256): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=MAX_BLOCKS)
        ),
        vol.Optional("wait_s", default=0): vol.All(
            vol.Coerce(int), vol.Range(min=0, max=MAX_WAIT_S)
        ),
    }
)
_DATA_WAITING: Final[HassKey[set[object]]] = HassKey("aiep_miner_log_waiting")


@callback
def async_setup_log_api(hass: HomeAssistant) -> None:
    """Register the view."""
    hass.data[_DATA_WAITING] = set()
    hass.http.register_view(BlocksView())


@callback
def _customer(
    hass: HomeAssistant, name: str
) -> tuple[AiepMinerConfigEntry, ConfigSubentry] | tuple[None, None]:
    """Return the customer whose credentials have a name, and whose operator's it is."""
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        subentry = entry.subentries.get(name)
        if subentry is not None and subentry.subentry_type == SUBENTRY_CUSTOMER:
            return entry, subentry
    return None, None


async def _reader(
    request: web.Request, operator_id: str | None
) -> tuple[AiepMinerCoordinator, Miners]:
    """Return whose log a request may read, and of which miners; raises HTTPException."""
    hass = request.app[KEY_HASS]
    if request[KEY_AUTHENTICATED]:
        return await site_of(request, operator_id, ledger=True), None
    claim, body = await async_claim(request)
    entry, customer = _customer(hass, claim.operator_id)
    if entry is None or customer is None:
        return await site_of(request, operator_id, ledger=True), None
    access = Access(secret=str(customer.data[CONF_SECRET]))
    require_signature(request, access, claim, body)
    if operator_id not in (None, entry.entry_id):
        raise refusal(web.HTTPForbidden, "the credentials are another operator's")
    if entry.state is not ConfigEntryState.LOADED:
        raise refusal(web.HTTPServiceUnavailable, "the operator is not running")
    return entry.runtime_data.coordinator, frozenset(customer.data[CONF_MINERS])


class BlocksView(OperatorView, path="log/blocks"):
    """The blocks of an operator's log."""

    name = "api:aiep_miner:log:blocks"

    async def get(self, request: web.Request, operator_id: str | None = None) -> web.StreamResponse:
        """Stream blocks; wait for the next one where none is there yet."""
        site, miners = await _reader(request, operator_id)
        ledger, asked = ledger_of(site), query_of(request, _BLOCKS_SCHEMA)
        if asked["from"] > ledger.head.blocks:
            raise refusal(web.HTTPNotFound, "the log ends before that")
        if asked["wait_s"] and asked["from"] == ledger.head.blocks:
            await _wait(site, asked["from"], asked["wait_s"])
        service = site.ledger_service
        try:
            note = service.newest_note() or await service.async_covering_note()
        except LedgerError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
        blocks = ledger.share(asked["from"], asked["limit"], miners, note=note)
        name = f"log-{ledger.segment}-{asked['from']}.jsonl"
        return await stream(request, name, blocks, {KEY_HEADER: str(ledger.verifier_key)})


async def _wait(site: AiepMinerCoordinator, blocks: int, wait_s: int) -> None:
    """Wait until the log has more blocks, but not longer than so many seconds.

    Raises HTTPTooManyRequests when too many wait already.
    """
    hass, ledger, turn = site.hass, ledger_of(site), object()
    waiting = hass.data[_DATA_WAITING]
    if len(waiting) >= MAX_WAITING:
        raise refusal(web.HTTPTooManyRequests, "too many wait already")
    grew = asyncio.Event()

    @callback
    def note_growth() -> None:
        grew.set()

    waiting.add(turn)
    disconnect = async_dispatcher_connect(hass, site.ledger_service.signal, note_growth)
    try:
        async with asyncio.timeout(wait_s):
            while ledger.head.blocks <= blocks:
                await grew.wait()
                grew.clear()
    except TimeoutError:
        return
    finally:
        disconnect()
        waiting.discard(turn)
