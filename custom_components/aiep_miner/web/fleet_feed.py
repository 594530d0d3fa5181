"""Sends dashboards what changes in the fleet: one subscription for all operators, rows by field.

The rows are made once a cycle, in slices, and only while somebody looks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import probatio as vol
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_NOT_FOUND
from homeassistant.components.websocket_api.decorators import websocket_command
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from ..entities.plan import plan_response
from ..entities.state_writer import Slices
from .fleet_rows import (
    Json,
    Sentences,
    async_miner_details,
    async_miner_row,
    async_operator_row,
    changes,
    review_rows,
)
from .permissions import may_read
from .subscriptions import running_site
from .websocket_api import ERR_TOO_MANY, Message

MAX_PER_CONNECTION: Final = 20
MAX_SUBSCRIBERS: Final = 200

DATA_FEED: Final[HassKey[FleetFeed]] = HassKey("aiep_miner_fleet_feed")


class Subscriber:
    """One dashboard: what its user may read, and where it is sent to."""

    def __init__(self, connection: ActiveConnection, message_id: int) -> None:
        """Take the connection and the number of its subscription."""
        self.connection = connection
        self._message_id = message_id
        self._sees_all = connection.user.permissions.access_all_entities(POLICY_READ)

    def send(self, rows: Mapping[str, Json], event: Json) -> None:
        """Send an event of an operator, without what the user may not read.

        ``rows`` are the operator's miners as they are now.
        """
        if not self._sees_all:
            visible = {key for key, row in rows.items() if may_see(self.connection.user, row)}
            if rows and not visible:
                return
            event = event | {
                "miners": {key: row for key, row in event["miners"].items() if key in visible}
            }
        self.connection.send_message(event_message(self._message_id, event))


def may_see(user: User, row: Json) -> bool:
    """Return whether a user may read a miner: its main entity."""
    entity_id = row["entity_id"]
    if entity_id is None:
        return user.is_admin
    return user.permissions.check_entity(entity_id, POLICY_READ)


class OperatorFeed:
    """The rows of one operator that runs."""

    def __init__(
        self, site: AiepMinerCoordinator, send: Callable[[OperatorFeed, Json], None]
    ) -> None:
        """Follow a coordinator; ``send`` is given each event."""
        self.site = site
        self.operator: Json | None = None
        """The operator's row; None until the first is made."""
        self.miners: dict[str, Json] = {}
        self._send = send
        self._sentences = Sentences()
        self._is_stale = self._is_writing = False
        self._unsubscribe: CALLBACK_TYPE = site.async_add_listener(self.async_refresh)

    @property
    def operator_id(self) -> str:
        """Return the operator's id."""
        return self.site.config_entry.entry_id

    @callback
    def async_refresh(self) -> None:
        """Look for what changed, soon."""
        self._is_stale = True
        if not self._is_writing:
            self._is_writing = True
            self.site.hass.async_create_task(self._write(), "aiep_miner fleet rows")

    @callback
    def close(self) -> None:
        """Follow no more."""
        self._unsubscribe()
        self._is_stale = False

    def everything(self) -> Json:
        """Return the operator and all its miners as one event."""
        return self._event(self.operator or {}, self.miners) | {"full": True}

    async def _write(self) -> None:
        try:
            while self._is_stale:
                self._is_stale = False
                operator, miners, removed = await self._changes()
                if operator or miners or removed:
                    self._send(self, self._event(operator, miners, removed))
        finally:
            self._is_writing = False

    async def _changes(self) -> tuple[Json, dict[str, Json], list[str]]:
        site, view, slices = self.site, self.site.data, Slices()
        found: dict[str, Json] = {}
        for miner_id, miner in view.miners.items():
            sentence = self._sentences.async_of(site.hass, view, miner)
            now = async_miner_row(site.hass, site, miner, sentence)
            if changed := changes(self.miners.get(miner_id), now):
                found[miner_id] = changed
                self.miners[miner_id] = now
            await slices.breathe()
        removed = [key for key in self.miners if key not in view.miners]
        for key in removed:
            del self.miners[key]
        now = async_operator_row(site)
        operator, self.operator = changes(self.operator, now), now
        return operator, found, removed

    def _event(
        self, operator: Json, miners: Mapping[str, Json], removed: list[str] | None = None
    ) -> Json:
        return {
            "operator_id": self.operator_id,
            "operator": operator,
            "miners": miners,
            "removed": removed or [],
        }


class FleetFeed:
    """All operators and all dashboards; follows the operators while somebody looks."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without dashboards."""
        self._hass = hass
        self.subscribers: list[Subscriber] = []
        self.operators: dict[str, OperatorFeed] = {}
        self._disconnect: CALLBACK_TYPE | None = None

    def is_full(self, connection: ActiveConnection) -> bool:
        """Return whether there are as many dashboards as there may be."""
        own = sum(subscriber.connection is connection for subscriber in self.subscribers)
        return own >= MAX_PER_CONNECTION or len(self.subscribers) >= MAX_SUBSCRIBERS

    @callback
    def async_add(self, subscriber: Subscriber) -> CALLBACK_TYPE:
        """Send a dashboard everything, then what changes; return what ends that."""
        self.subscribers.append(subscriber)
        for feed in self.operators.values():
            if feed.operator is not None:
                subscriber.send(feed.miners, feed.everything())
        if self._disconnect is None:
            self._disconnect = async_dispatcher_connect(
                self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
            )
            for entry in self._hass.config_entries.async_loaded_entries(DOMAIN):
                self._follow(entry)

        @callback
        def remove() -> None:
            self.subscribers.remove(subscriber)
            if not self.subscribers:
                self._end()

        return remove

    def _end(self) -> None:
        if self._disconnect is not None:
            self._disconnect()
            self._disconnect = None
        for feed in self.operators.values():
            feed.close()
        self.operators.clear()

    @callback
    def _entry_changed(self, _change: ConfigEntryChange, entry: AiepMinerConfigEntry) -> None:
        if entry.domain == DOMAIN:
            self._follow(entry)

    @callback
    def _follow(self, entry: AiepMinerConfigEntry) -> None:
        """Follow an operator that runs, and take one that does not off the dashboards."""
        site = running_site(self._hass, entry.entry_id)
        feed = self.operators.get(entry.entry_id)
        if feed is not None and feed.site is site:
            return
        if feed is not None:
            feed.close()
            del self.operators[entry.entry_id]
            gone: Json = {
                "operator_id": entry.entry_id,
                "operator": None,
                "miners": {},
                "removed": [],
            }
            for subscriber in self.subscribers:
                subscriber.send({}, gone)
        if site is not None:
            feed = self.operators[entry.entry_id] = OperatorFeed(site, self._send)
            feed.async_refresh()

    @callback
    def _send(self, feed: OperatorFeed, event: Json) -> None:
        for subscriber in self.subscribers:
            subscriber.send(feed.miners, event)


@callback
def async_setup_fleet_feed(hass: HomeAssistant) -> None:
    """Register the commands."""
    hass.data[DATA_FEED] = FleetFeed(hass)
    async_register_command(hass, ws_subscribe)
    async_register_command(hass, ws_miner)
    async_register_command(hass, ws_reviews)
    async_register_command(hass, ws_plan)


@websocket_command({vol.Required("type"): "aiep_miner/fleet/subscribe"})
@callback
def ws_subscribe(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
    """Send the fleet, and from then on each field that changes."""
    feed = hass.data[DATA_FEED]
    if feed.is_full(connection):
        connection.send_error(msg["id"], ERR_TOO_MANY, "too many subscriptions")
        return
    connection.send_result(msg["id"])
    connection.subscriptions[msg["id"]] = feed.async_add(Subscriber(connection, msg["id"]))


@websocket_command(
    {
        vol.Required("type"): "aiep_miner/fleet/miner",
        vol.Required("operator_id"): str,
        vol.Required("miner_id"): str,
    }
)
@callback
def ws_miner(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
    """Return what the page of one miner shows. Raises Unauthorized for who may not read it."""
    site = running_site(hass, msg["operator_id"])
    miner = site.data.miners.get(msg["miner_id"]) if site else None
    if site is None or miner is None:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "no such miner of a running operator")
        return
    if not may_see(connection.user, async_miner_row(hass, site, miner, None)):
        raise Unauthorized
    details: dict[str, Any] = async_miner_details(hass, site, miner)
    details["may_read_ledger"] = may_read(site.config_entry, connection.user)
    connection.send_result(msg["id"], details)


@websocket_command({vol.Required("type"): "aiep_miner/fleet/reviews"})
@callback
def ws_reviews(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
    """Return the decisions that wait for a review, of each operator whose ledger the user may read."""
    entries = hass.config_entries.async_loaded_entries(DOMAIN)
    reviews = {
        entry.entry_id: review_rows(entry.runtime_data.coordinator)
        for entry in entries
        if may_read(entry, connection.user)
    }
    connection.send_result(msg["id"], {"reviews": reviews})


@websocket_command(
    {vol.Required("type"): "aiep_miner/fleet/plan", vol.Required("operator_id"): str}
)
@callback
def ws_plan(hass: HomeAssistant, connection: ActiveConnection, msg: Message) -> None:
    """Return the plan in force, of the miners that the user may read; null without one.

    Raises Unauthorized for who may read none.
    """
    site = running_site(hass, msg["operator_id"])
    if site is None:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "no such operator is running")
        return
    seen = {
        miner_id
        for miner_id, miner in site.data.miners.items()
        if may_see(connection.user, async_miner_row(hass, site, miner, None))
    }
    if not seen:
        raise Unauthorized
    plan = plan_response(hass, site, site.data.plan) if site.data.plan else None
    if plan is not None:
        plan["miners"] = [item for item in plan["miners"] if item["miner_id"] in seen]
    connection.send_result(msg["id"], {"plan": plan})
