"""WebSocket commands that show an operator's ledger to the frontend. None of them acts."""

from collections.abc import Callable, Coroutine
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
from homeassistant.components.websocket_api.messages import construct_result_message
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import Unauthorized

from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Ledger, LedgerEntry, LedgerError
from ..engine.records import RecordKind
from .evidence import async_evidence, async_story
from .pages import async_page
from .permissions import may_read
from .serializers import MAX_SEQ, PAGE_SCHEMA, SEQ, chain_report, ledger_report
from .subscriptions import Subscriber, async_follower, is_full, running_site

ERR_TOO_MANY: Final = "too_many_subscriptions"

_OPERATOR: Final[dict[str | vol.Marker, Any]] = {vol.Required("operator_id"): str}
_KINDS: Final[dict[str | vol.Marker, Any]] = {
    vol.Optional("kinds", default=[]): vol.All(
        [vol.In([kind.value for kind in RecordKind])], vol.Length(max=len(RecordKind))
    )
}

_SEQ: Final[dict[str | vol.Marker, Any]] = {
    vol.Required("seq"): vol.All(int, vol.Range(min=1, max=MAX_SEQ))
}

type Message = dict[str, Any]
type Answer = Callable[
    [HomeAssistant, ActiveConnection, Message, AiepMinerCoordinator], Coroutine[Any, Any, None]
]


@callback
def async_setup_websocket_api(hass: HomeAssistant) -> None:
    """Register the commands."""
    for command in (ws_status, ws_records, ws_record, ws_evidence, ws_story, ws_subscribe):
        async_register_command(hass, command)


def _of_operator(answer: Answer) -> AsyncWebSocketCommandHandler:
    """Find the operator that is meant; answer with an error for none, or for a ledger that fails.

    Raises Unauthorized for users whom the operator does not let read.
    """

    @wraps(answer)
    async def handle(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
        site = running_site(hass, msg["operator_id"])
        if not may_read(site.config_entry if site else None, connection.user):
            raise Unauthorized
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
    """Return how the ledger is."""
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
    page = await async_page(hass, site.controller.ledger, kinds, msg)
    connection.send_message(construct_result_message(msg["id"], page))


async def _answer_record(
    connection: ActiveConnection,
    msg: Message,
    ledger: Ledger,
    report: Callable[[Ledger, LedgerEntry], Coroutine[Any, Any, Message]],
) -> None:
    """Answer with a report on the record with a seq, or with an error for none."""
    stored = await ledger.get(msg["seq"])
    if stored is None:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "no such record")
        return
    connection.send_result(msg["id"], await report(ledger, stored))


@websocket_command({vol.Required("type"): "aiep_miner/ledger/record", **_OPERATOR, **_SEQ})
@async_response
@_of_operator
async def ws_record(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Return one record with its place in the chain."""
    await _answer_record(connection, msg, site.controller.ledger, chain_report)


@websocket_command({vol.Required("type"): "aiep_miner/ledger/evidence", **_OPERATOR, **_SEQ})
@async_response
@_of_operator
async def ws_evidence(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Return one record with what it rests on and what came of it."""
    await _answer_record(connection, msg, site.controller.ledger, async_evidence)


@websocket_command(
    {
        vol.Required("type"): "aiep_miner/ledger/story",
        **_OPERATOR,
        vol.Required("miner_id"): vol.All(str, vol.Length(max=255)),
        vol.Optional("limit", default=40): vol.All(int, vol.Range(min=1, max=100)),
        vol.Optional("cursor"): SEQ,
    }
)
@async_response
@_of_operator
async def ws_story(
    hass: HomeAssistant, connection: ActiveConnection, msg: Message, site: AiepMinerCoordinator
) -> None:
    """Return what happened to a miner, and why."""
    records, next_cursor = await async_story(
        site.controller.ledger, msg["miner_id"], msg["limit"], msg.get("cursor")
    )
    connection.send_result(msg["id"], {"records": records, "next_cursor": next_cursor})


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
    head = site.controller.ledger.head
    follower = async_follower(hass, msg["operator_id"], head)
    if is_full(follower, connection):
        connection.send_error(msg["id"], ERR_TOO_MANY, "too many subscriptions")
        return
    subscriber = Subscriber(
        connection=connection,
        message_id=msg["id"],
        kinds=frozenset(msg["kinds"]),
        miner_id=msg.get("miner_id"),
        seen_seq=head.seq,
    )
    connection.subscriptions[msg["id"]] = follower.async_add(subscriber)
    connection.send_result(msg["id"])
