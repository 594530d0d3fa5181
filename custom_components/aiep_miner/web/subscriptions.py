"""Sends subscribers what is new in a ledger: one follower an operator reads and encodes it once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.messages import construct_event_message
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.json import json_bytes
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Head, Ledger, LedgerEntry, LedgerError
from ..ledger_service.service import ledger_signal
from .pages import record_json, records_json

CHUNK_RECORDS: Final = 200
MAX_PER_CONNECTION: Final = 20
MAX_PER_OPERATOR: Final = 200

DATA_FOLLOWERS: Final[HassKey[dict[str, Follower]]] = HassKey("aiep_miner_ledger_followers")
"""By operator id."""


@dataclass(kw_only=True, eq=False)
class Subscriber:
    """One subscription: what it wants, and the record that it has seen last."""

    connection: ActiveConnection
    message_id: int
    kinds: Collection[str]
    """Empty for all."""
    miner_id: str | None
    seen_seq: int

    def wants(self, stored: LedgerEntry) -> bool:
        """Return whether a record is new to the subscriber and of its kinds and miner."""
        return (
            stored.seq > self.seen_seq
            and (not self.kinds or stored.kind in self.kinds)
            and self.miner_id in (None, stored.subject)
        )

    def send(self, event: bytes) -> None:
        """Send an encoded event."""
        self.connection.send_message(construct_event_message(self.message_id, event))


class Follower:
    """Follows one operator's ledger while it has subscribers, also when it is loaded anew."""

    def __init__(self, hass: HomeAssistant, operator_id: str, head: Head) -> None:
        """Begin after a head."""
        self.subscribers: list[Subscriber] = []
        self._hass = hass
        self._operator_id = operator_id
        self._seen = head
        self._is_sending = False
        self._disconnect: CALLBACK_TYPE = async_dispatcher_connect(
            hass, ledger_signal(operator_id), self._ledger_grew
        )

    @callback
    def async_add(self, subscriber: Subscriber) -> Callable[[], None]:
        """Send to a subscriber from now on; return what ends that."""
        self.subscribers.append(subscriber)

        @callback
        def remove() -> None:
            self.subscribers.remove(subscriber)
            if not self.subscribers:
                self._disconnect()
                del self._hass.data[DATA_FOLLOWERS][self._operator_id]

        return remove

    @callback
    def _ledger_grew(self) -> None:
        if not self._is_sending:
            self._is_sending = True
            self._hass.async_create_task(self._send(), f"ledger of {self._operator_id}")

    async def _send(self) -> None:
        try:
            while self.subscribers and (ledger := self._ledger()) is not None:
                if ledger.head == self._seen:
                    return
                await self._send_next(ledger)
        except LedgerError as err:
            event = json_bytes({"error": str(err)})
            for subscriber in self.subscribers:
                subscriber.send(event)
        finally:
            self._is_sending = False

    def _ledger(self) -> Ledger | None:
        site = running_site(self._hass, self._operator_id)
        return site.controller.ledger if site else None

    async def _send_next(self, ledger: Ledger) -> None:
        """Read the next new records and send each subscriber its own. Raises LedgerError."""
        head = ledger.head
        from_seq = self._seen.seq + 1
        if head.segment != self._seen.segment:  # nobody has seen anything of it
            from_seq = 1
            for subscriber in self.subscribers:
                subscriber.seen_seq = 0
        found = await ledger.query(from_seq=from_seq, to_seq=head.seq, limit=CHUNK_RECORDS)
        encoded = await self._hass.async_add_executor_job(_encode, found)
        for subscriber in [*self.subscribers]:
            wanted = [
                text
                for stored, text in zip(found, encoded, strict=True)
                if subscriber.wants(stored)
            ]
            if wanted:
                subscriber.send(records_json(wanted))
        is_all = len(found) < CHUNK_RECORDS
        self._seen = head if is_all else replace(head, seq=found[-1].seq)


def _encode(records: Collection[LedgerEntry]) -> list[bytes]:
    return [record_json(stored) for stored in records]


@callback
def running_site(hass: HomeAssistant, operator_id: str) -> AiepMinerCoordinator | None:
    """Return an operator's coordinator while it is loaded."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        if entry.entry_id == operator_id:
            site: AiepMinerCoordinator = entry.runtime_data.coordinator
            return site
    return None


@callback
def async_follower(hass: HomeAssistant, operator_id: str, head: Head) -> Follower:
    """Return the one follower of an operator; a new one begins after the head."""
    followers = hass.data.setdefault(DATA_FOLLOWERS, {})
    if operator_id not in followers:
        followers[operator_id] = Follower(hass, operator_id, head)
    return followers[operator_id]


@callback
def is_full(follower: Follower, connection: ActiveConnection) -> bool:
    """Return whether the connection or the operator has as many subscriptions as it may."""
    own = sum(subscriber.connection is connection for subscriber in follower.subscribers)
    return own >= MAX_PER_CONNECTION or len(follower.subscribers) >= MAX_PER_OPERATOR
