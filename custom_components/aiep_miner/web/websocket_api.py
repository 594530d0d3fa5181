"""WebSocket commands that show an operator's ledger to the frontend. None of them acts."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import wraps
from typing import Any, Final

import probatio as vol
from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import (
    ERR_HOME_ASSISTANT_ERROR,
    ERR_NOT_FOUND,
    AsyncWebSocketCommandHandler,
)
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Head, Ledger, LedgerError, Query
from ..engine.records import RecordKind
from ..ledger_service.service import ledger_signal
from .serializers import (
    MAX_SEQ,
    PAGE_SCHEMA,
    chain_report,
    ledger_report,
    page_report,
    record_report,
)

CHUNK_RECORDS: Final = 200

_OPERATOR: Final[dict[str | vol.Marker, Any]] = {vol.Required("operator_id"): str}
_KINDS: Final[dict[str | vol.Marker, Any]] = {
    vol.Optional("kinds", default=[]): vol.All(
        [vol.In([kind.value for kind in RecordKind])], vol.Length(max=len(RecordKind))
    )
}

type Message = dict[str, Any]
type Answer = Callable[
    [HomeAssistant, ActiveConnection, Message, AiepMinerCoordinator], Coroutine[Any, Any, None]
]


@callback
def async_setup_websocket_api(hass: HomeAssistant) -> None:
    """Register the commands."""
    for command in (ws_status, ws_records, ws_record, ws_subscribe):
        async_register_command(hass, command)


def _site(hass: HomeAssistant, operator_id: str) -> AiepMinerCoordinator | None:
    """Return an operator that is running."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        if entry.entry_id == operator_id:
            site: AiepMinerCoordinator = entry.runtime_data.coordinator
            return site
    return None


def _of_operator(answer: Answer) -> AsyncWebSocketCommandHandler:
    """Find the operator that is meant, and tell when there is none or its ledger fails."""

    @wraps(answer)
    async def handle(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
        site = _site(hass, msg["operator_id"])
        if site is None:
            connection.send_error(msg["id"], ERR_NOT_FOUND, "no such operator is running")
            return
        try:
            await answer(hass, connection, msg, site)
        except LedgerError as err:
            connection.send_error(msg["id"], ERR_HOME_ASSISTANT_ERROR, str(err))

    return handle


@websocket_command({vol.Required("type"): "aiep_miner/ledger/status", **_OPERATOR})
@async_response
@_of_operator
async def ws_status(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Tell how the ledger is."""
    connection.send_result(msg["id"], ledger_report(site))


@websocket_command(
    {
        vol.Required("type"): "aiep_miner/ledger/records",
        **_OPERATOR,
        **_KINDS,
        **PAGE_SCHEMA.schema,
    }
)
@async_response
@_of_operator
async def ws_records(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Return a page of records."""
    kinds = tuple(map(RecordKind, msg["kinds"]))
    connection.send_result(msg["id"], await page_report(site.controller.ledger, kinds, msg))


@websocket_command(
    {
        vol.Required("type"): "aiep_miner/ledger/record",
        **_OPERATOR,
        vol.Required("seq"): vol.All(int, vol.Range(min=1, max=MAX_SEQ)),
    }
)
@async_response
@_of_operator
async def ws_record(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Return one record with its place in the chain."""
    ledger = site.controller.ledger
    stored = await ledger.get(msg["seq"])
    if stored is None:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "no such record")
        return
    connection.send_result(msg["id"], await chain_report(ledger, stored))


@websocket_command(
    {
        vol.Required("type"): "aiep_miner/ledger/subscribe",
        **_OPERATOR,
        **_KINDS,
        vol.Optional("miner_id"): str,
    }
)
@async_response
@_of_operator
async def ws_subscribe(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Send each record from now on, as soon as it is in the ledger."""
    follower = Follower(hass, connection, msg, site.controller.ledger.head)
    connection.subscriptions[msg["id"]] = follower.async_begin()
    connection.send_result(msg["id"])


class Follower:
    """Sends a connection what is new in an operator's ledger."""

    def __init__(
        self, hass: HomeAssistant, connection: ActiveConnection, msg: Message, head: Head
    ) -> None:
        """Begin after a head."""
        self._hass = hass
        self._connection = connection
        self._id = msg["id"]
        self._operator_id = msg["operator_id"]
        self._kinds = tuple(map(RecordKind, msg["kinds"]))
        self._miner_id = msg.get("miner_id")
        self._seen = head
        self._is_sending = False

    @callback
    def async_begin(self) -> Callable[[], None]:
        """Follow from now on, also when the operator is loaded anew; return what ends that."""
        return async_dispatcher_connect(
            self._hass, ledger_signal(self._operator_id), self._ledger_grew
        )

    @callback
    def _ledger_grew(self) -> None:
        if not self._is_sending:
            self._is_sending = True
            self._hass.async_create_task(self._send(), f"ledger subscription {self._id}")

    async def _send(self) -> None:
        try:
            while (site := _site(self._hass, self._operator_id)) is not None:
                ledger = site.controller.ledger
                if ledger.head == self._seen:
                    return
                await self._send_next(ledger)
        except LedgerError as err:
            self._connection.send_event(self._id, {"error": str(err)})
        finally:
            self._is_sending = False

    async def _send_next(self, ledger: Ledger) -> None:
        """Send the next new records that are wanted, if there are any. Raises LedgerError."""
        head = ledger.head
        is_new_segment = head.segment != self._seen.segment
        query = Query(
            kinds=self._kinds,
            subject=self._miner_id,
            from_seq=1 if is_new_segment else self._seen.seq + 1,
            to_seq=head.seq,
            limit=CHUNK_RECORDS,
        )
        found = await ledger.query(query)
        if found:
            records = [record_report(stored) for stored in found]
            self._connection.send_event(self._id, {"records": records})
        is_all = len(found) < CHUNK_RECORDS
        self._seen = head if is_all else replace(head, seq=found[-1].seq)
