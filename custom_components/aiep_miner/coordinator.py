"""An operator's parts, and the coordinator that runs its governed cycle."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_ID, CONF_MODE
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util.signal_type import SignalType

from .const import (
    CONF_CURRENCY,
    CONF_SIGNAL,
    DOMAIN,
    ISSUE_LEDGER_UNWRITABLE,
    SECTION_DISPLAY,
    SECTION_HOUSE,
    SUBENTRY_MINER,
)
from .engine.command import Command, CommandOrigin, proposal_of
from .engine.command_result import CommandResult
from .engine.controller import Controller
from .engine.events import CycleEvent, GovernorEvent
from .engine.ledger import LedgerError
from .engine.miners.base import Identity, MinerAdapter
from .engine.read_model import MinerReadModel, ReadModel
from .engine.records import InputRecord, Mode, PriceRecord
from .entities.devices import async_update_devices
from .errors import ledger_unavailable, translated_errors
from .federation.witnesses import witness_settings
from .flows.adapters import create_adapter
from .flows.options import policy_of
from .inputs.curtailment_signal import CurtailmentSignal
from .inputs.house import read_house
from .inputs.linked_power import with_linked_power
from .inputs.linked_switch import with_linked_switch
from .inputs.planning import Planning
from .inputs.prices import read_prices
from .inputs.tariff import tariff_of, with_tariff
from .issues.ledger import async_report, async_withdraw
from .issues.passwords import async_report_logins
from .ledger_service.service import LedgerService, now_ms
from .ledger_service.trust_store import TrustStore, ledger_path
from .ledger_service.verification import Verification

_LOGGER = logging.getLogger(__name__)


type AiepMinerConfigEntry = ConfigEntry[RuntimeData]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeData:
    """The parts of an operator that runs."""

    coordinator: AiepMinerCoordinator
    controller: Controller
    ledger_service: LedgerService
    trust_store: TrustStore


def create_runtime_data(
    hass: HomeAssistant, entry: AiepMinerConfigEntry, version: str
) -> RuntimeData:
    """Make an operator's parts from its settings; nothing runs yet.

    Raises ValueError, KeyError or TypeError for settings that cannot be used.
    """
    read_prices(hass, entry.entry_id, entry.data)  # raises for what is missing there
    witness_settings(entry.options)
    events = EventBus(hass, entry)
    controller = Controller(
        operator_id=entry.entry_id,
        ledger_path=ledger_path(hass, entry.entry_id),
        adapters=_adapters(hass, entry),
        policy=policy_of(entry),
        clock=now_ms,
        on_event=events.fire,
        on_governor_event=events.dispatch,
        version=version,
    )
    trust_store = TrustStore(hass, entry.entry_id)
    ledger_service = LedgerService(hass, entry, controller, trust_store)
    return RuntimeData(
        coordinator=AiepMinerCoordinator(hass, entry, controller, ledger_service),
        controller=controller,
        ledger_service=ledger_service,
        trust_store=trust_store,
    )


def _adapters(hass: HomeAssistant, entry: AiepMinerConfigEntry) -> dict[str, MinerAdapter]:
    return {
        subentry.subentry_id: with_linked_switch(
            hass,
            with_linked_power(
                hass, create_adapter(hass, subentry.data, subentry.unique_id), subentry.data
            ),
            subentry.data,
        )
        for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
    }


def governor_signal(entry_id: str) -> SignalType[GovernorEvent]:
    """Return the signal of an operator's governor events."""
    return SignalType(f"{DOMAIN}_governor_{entry_id}")


class EventBus:
    """Brings the engine's events to Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Take the operator."""
        self._hass = hass
        self._entry_id = entry.entry_id

    @callback
    def dispatch(self, event: GovernorEvent) -> None:
        """Send a governor event to the operator's event entity."""
        async_dispatcher_send(self._hass, governor_signal(self._entry_id), event)

    @callback
    def fire(self, event: CycleEvent) -> None:
        """Fire an event on the bus."""
        data: dict[str, Any] = {
            "operator_id": self._entry_id,
            ATTR_DEVICE_ID: device_id_of(self._hass, self._entry_id, event.miner_id),
            "miner_id": event.miner_id,
            "action": event.action.value,
            "reason": event.reason.value,
            "trust_level": event.trust_level,
            "record_seq": event.seq,
            "record_hash": event.hash,
        }
        if event.outcome is not None:
            data["outcome"] = event.outcome.value
        self._hass.bus.async_fire(f"{DOMAIN}_{event.kind}", data)


@callback
def device_id_of(hass: HomeAssistant, entry_id: str, miner_id: str) -> str | None:
    """Return the id of a miner's device."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, miner_id), entry_id)
    return device.id if device else None


class AiepMinerCoordinator(DataUpdateCoordinator[ReadModel]):
    """One operator: each update is one governed cycle."""

    config_entry: AiepMinerConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AiepMinerConfigEntry,
        controller: Controller,
        ledger_service: LedgerService,
    ) -> None:
        """Take the parts that the coordinator works with."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=controller.view.policy.interval_s),
        )
        self.controller = controller
        self.ledger_service = ledger_service
        self.planning = Planning(hass, entry, controller, self._show)
        self.signal = CurtailmentSignal(hass, entry, controller)
        ledger_service.async_on_change(self._show)
        self.data = controller.view
        self._set_up_with = _needs_reload(entry)
        self._reloads = False
        self._set_by: str | None = None
        """The user whose setting is being put into force."""
        self._lost: set[str] = set()
        self._identities: dict[str, Identity] = {}
        """What the device registry holds of each miner."""

    @property
    def currency(self) -> str:
        """Return the ISO 4217 code that prices are in."""
        return str(self.config_entry.data[CONF_CURRENCY])

    def miner(self, miner_id: str) -> MinerReadModel:
        """Return what there is to show of a miner; raises KeyError for an unknown one."""
        return self.data.miners[miner_id]

    @translated_errors
    async def async_propose(
        self, miner_id: str, command: Command, origin: CommandOrigin
    ) -> CommandResult:
        """Bring a command before the governor, and carry it out if it may be.

        Raises HomeAssistantError when the ledger fails, ValueError for what no record can hold.
        """
        try:
            return await self.controller.submit(
                proposal_of(miner_id, command, origin), self._prices()
            )
        finally:
            self._show()

    @translated_errors
    async def async_run_cycle(self) -> ReadModel:
        """Run a governed cycle now. Raises HomeAssistantError when it failed."""
        await self.async_refresh()
        if self.data.ledger_error is not None:
            raise ledger_unavailable(self.data.ledger_error)
        if not self.last_update_success:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="cycle_failed",
                translation_placeholders={"error": str(self.last_exception)},
            )
        return self.data

    @translated_errors
    async def async_hand_back(self, miner_id: str, context: Context) -> None:
        """Give a miner back to the automation; raises HomeAssistantError when the ledger fails."""
        await self.controller.hand_back(miner_id, context.user_id)
        self._show()

    @translated_errors
    async def async_review(
        self, decision: str, context: Context, *, approved: bool, note: str | None = None
    ) -> None:
        """Record a verdict on a supervised decision, named by its record hash.

        Raises ServiceValidationError when no such decision waits for one, HomeAssistantError
        when the ledger fails.
        """
        try:
            await self.controller.review(
                decision, approved=approved, user_id=context.user_id, note=note
            )
        except KeyError as err:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="nothing_to_review"
            ) from err
        self._show()

    @translated_errors
    async def async_verify_ledger(self) -> Verification:
        """Verify the whole ledger, up to the head that is known here; return what was found."""
        return await self.ledger_service.async_verify()

    @translated_errors
    async def async_set_mode(self, mode: Mode, context: Context | None) -> None:
        """Save a mode, put it into force and record who set it.

        Raises HomeAssistantError when the ledger fails.
        """
        options = {**self.config_entry.options, CONF_MODE: mode.value}
        self._set_by = context.user_id if context else None
        try:
            self.hass.config_entries.async_update_entry(self.config_entry, options=options)
            await self._apply_settings()
        finally:
            self._set_by = None

    async def async_entry_updated(self) -> None:
        """Follow a change of the entry: options at once, anything else by a reload."""
        if self._set_up_with != _needs_reload(self.config_entry):
            # Several miners may be added at once; one reload takes them all in.
            if not self._reloads:
                self._reloads = True
                self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
            return
        try:
            await self._apply_settings()
        except LedgerError as err:
            _LOGGER.warning("%s: the settings wait for the ledger: %s", self.name, err)
        self.ledger_service.witnesses.async_go_on()

    @override
    async def async_shutdown(self) -> None:
        """Run no more cycles; stop the ledger service, then the controller."""
        await super().async_shutdown()
        await self.planning.async_stop()
        await self.ledger_service.async_stop()
        head = await self.controller.stop()
        if head is not None:
            await self.ledger_service.async_keep_head(head)

    @override
    async def _async_setup(self) -> None:
        """Open the ledger and pick up where it ends; without one, only stops are carried out."""
        trusted = await self.ledger_service.async_begin_run()
        await self.controller.start(
            private_key=trusted.signing_key,
            trusted=trusted.of_ledger,
            broken_at=trusted.broken.seq if trusted.broken else None,
        )
        await self.ledger_service.async_start()
        self.signal.async_listen(self._async_signalled)
        self._report_ledger(self.controller.view.ledger_error)

    @override
    async def _async_update_data(self) -> ReadModel:
        """Run one governed cycle."""
        await self.ledger_service.async_sign_daily()
        await self.signal.async_follow()
        prices = self._prices()
        view = await self.controller.run_cycle(prices, self._house(prices))
        await self.ledger_service.async_take_up()
        self.ledger_service.async_follow()
        self._report_ledger(view.ledger_error)
        self._log_contact(view)
        async_update_devices(self.hass, self.config_entry, view, self._identities)
        async_report_logins(self.hass, self.config_entry, view)
        self.planning.async_follow(view)
        return view

    @callback
    def _async_signalled(self) -> None:
        """Run a cycle at once: an order does not wait for the next one."""
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{self.name} signal"
        )

    async def _apply_settings(self) -> None:
        policy = replace(policy_of(self.config_entry), user_id=self._set_by)
        interval = timedelta(seconds=policy.interval_s)
        if interval != self.update_interval:
            self.update_interval = interval
            # The next cycle would otherwise still come after the old interval.
            self._schedule_refresh()
        await self.controller.set_policy(policy)
        self._show()

    @callback
    def _show(self) -> None:
        """Show the latest picture without touching the schedule of the cycles."""
        self.data = self.controller.view
        self.ledger_service.async_follow()
        self.async_update_listeners()

    def _prices(self) -> PriceRecord:
        entry = self.config_entry
        prices = read_prices(self.hass, entry.entry_id, entry.data)
        return with_tariff(self.hass, prices, tariff_of(entry.data, entry.options))

    def _house(self, prices: PriceRecord) -> InputRecord | None:
        entry = self.config_entry
        return read_house(self.hass, entry.entry_id, entry.options.get(SECTION_HOUSE, {}), prices)

    @callback
    def device_id(self, miner_id: str) -> str | None:
        """Return the id of a miner's device."""
        return device_id_of(self.hass, self.config_entry.entry_id, miner_id)

    @callback
    def _report_ledger(self, error: str | None) -> None:
        """Keep a repair issue while the ledger cannot be written."""
        if error is None:
            async_withdraw(self.hass, self.config_entry.entry_id, ISSUE_LEDGER_UNWRITABLE)
        else:
            async_report(self.hass, self.config_entry, ISSUE_LEDGER_UNWRITABLE, error=error)

    @callback
    def _log_contact(self, view: ReadModel) -> None:
        """Log once when a miner falls silent, and once when it is back."""
        for miner_id, miner in view.miners.items():
            error = miner.telemetry.error if miner.telemetry else None
            if error is not None and miner_id not in self._lost:
                _LOGGER.warning("%s cannot be read: %s", self.title(miner_id), error)
                self._lost.add(miner_id)
            elif error is None and miner_id in self._lost:
                _LOGGER.info("%s can be read again", self.title(miner_id))
                self._lost.discard(miner_id)

    def title(self, miner_id: str) -> str:
        """Return the name that the user gave a miner."""
        subentry = self.config_entry.subentries.get(miner_id)
        return subentry.title if subentry else miner_id


def _needs_reload(entry: ConfigEntry[Any]) -> Any:
    """Return everything of an entry that cannot be changed while it runs."""
    return (
        entry.title,
        dict(entry.data),
        entry.options.get(SECTION_DISPLAY),
        _signal_of(entry),
        {
            key: (item.title, item.unique_id, dict(item.data))
            for key, item in entry.subentries.items()
            if item.subentry_type == SUBENTRY_MINER
        },
    )


def _signal_of(entry: ConfigEntry[Any]) -> dict[str, Any] | None:
    """Return what is set of the curtailment signal; None without one."""
    house = entry.options.get(SECTION_HOUSE, {})
    if not house.get(CONF_SIGNAL):
        return None
    return {key: value for key, value in house.items() if key.startswith(CONF_SIGNAL)}
