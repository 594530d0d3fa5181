"""Runs an operator's governed cycle and lets the rest of the integration look at it."""

import logging
from datetime import timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_ID, CONF_MODE
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util.signal_type import SignalType

from .const import CONF_CURRENCY, DOMAIN, ISSUE_LEDGER_UNWRITABLE, SUBENTRY_MINER
from .engine.command_result import CommandResult
from .engine.controller import Controller
from .engine.events import CycleEvent, GovernorEvent
from .engine.ledger import LedgerError
from .engine.read_model import ReadModel
from .engine.records import Action, Mode, Origin, PriceRecord, ProposalRecord
from .engine.records.reasons import Reason
from .entities.devices import async_update_devices
from .entities.miner_values import Miner, miner_of
from .errors import ledger_unavailable
from .flows.adapters import create_adapter
from .flows.options import policy_of
from .inputs.commanders import DATA_RUNS
from .inputs.linked_power import with_linked_power
from .inputs.prices import read_prices
from .issues.ledger import async_report, async_withdraw
from .issues.passwords import async_report_logins
from .ledger_service.service import LedgerService, now_ms
from .ledger_service.trust_store import ledger_path
from .ledger_service.verification import Verification

_LOGGER = logging.getLogger(__name__)


type AiepMinerConfigEntry = ConfigEntry[AiepMinerCoordinator]


class AiepMinerCoordinator(DataUpdateCoordinator[ReadModel]):
    """One operator: each update is one governed cycle."""

    config_entry: AiepMinerConfigEntry

    def __init__(self, hass: HomeAssistant, entry: AiepMinerConfigEntry, version: str) -> None:
        """Prepare the cycle with the entry's settings; nothing runs yet.

        Raises ValueError, KeyError or TypeError for settings that cannot be used.
        """
        policy = policy_of(entry)
        read_prices(hass, entry.entry_id, entry.data)  # what is missing there is told now
        adapters = {
            subentry.subentry_id: with_linked_power(
                hass, create_adapter(hass, subentry.data, subentry.unique_id), subentry.data
            )
            for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
        }
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=policy.interval_s),
        )
        self.controller = Controller(
            operator_id=entry.entry_id,
            ledger_path=ledger_path(hass, entry.entry_id),
            adapters=adapters,
            policy=policy,
            clock=now_ms,
            on_notice=self._fire,
            on_governor_event=self._dispatch,
            version=version,
        )
        self.ledger_service = LedgerService(hass, entry, self.controller, self._show)
        self.governor_signal = SignalType[GovernorEvent](f"{DOMAIN}_governor_{entry.entry_id}")
        self._set_up_with = _needs_reload(entry)
        self._reloads = False
        self._lost: set[str] = set()

    @property
    def currency(self) -> str:
        """Return the ISO 4217 code that prices are in."""
        return str(self.config_entry.data[CONF_CURRENCY])

    def miner(self, miner_id: str) -> Miner:
        """Return what there is to show of a miner; raises KeyError for an unknown one."""
        return miner_of(self.data, miner_id)

    async def async_propose(
        self,
        miner_id: str,
        action: Action,
        context: Context,
        *,
        value: float | None = None,
        option: str | None = None,
        confidence: float | None = None,
        note: str | None = None,
    ) -> CommandResult:
        """Bring what somebody wants before the governor, and carry it out if it may be.

        A command (``confidence`` None) is a person's when its context carries a user; whatever
        states a confidence is a proposal. Raises HomeAssistantError when the ledger fails.
        """
        person = confidence is None and context.user_id is not None
        proposal = ProposalRecord(
            ts_ms=now_ms(),
            subject=miner_id,
            action=action,
            origin=Origin.PERSON if person else Origin.AUTOMATION,
            reasons=(Reason.PERSON_COMMAND if person else Reason.OUTSIDE_PROPOSAL,),
            value=value,
            option=option,
            confidence=1.0 if confidence is None else confidence,
            user_id=context.user_id,
            origin_id=None if person else self._source_of(context),
            note=note,
        )
        return await self._submit(proposal)

    async def async_hand_back(self, miner_id: str, context: Context) -> None:
        """Give a miner back to the automation; raises HomeAssistantError when the ledger fails."""
        try:
            await self.controller.hand_back(miner_id, context.user_id)
        except LedgerError as err:
            raise ledger_unavailable(err) from err
        self._show()

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
        except LedgerError as err:
            raise ledger_unavailable(err) from err
        self._show()

    async def async_verify_ledger(self) -> Verification:
        """Verify the whole ledger, up to the head that is known here; tell what came of it."""
        try:
            return await self.ledger_service.async_verify()
        except LedgerError as err:
            raise ledger_unavailable(err) from err

    async def async_set_mode(self, mode: Mode) -> None:
        """Keep a mode and put it into force; raises HomeAssistantError when the ledger fails."""
        options = {**self.config_entry.options, CONF_MODE: mode.value}
        self.hass.config_entries.async_update_entry(self.config_entry, options=options)
        try:
            await self._apply_settings()
        except LedgerError as err:
            raise ledger_unavailable(err) from err

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

    @override
    async def async_shutdown(self) -> None:
        """Run no more cycles, let go of the miners and close the ledger."""
        await super().async_shutdown()
        await self.ledger_service.async_stop()

    @override
    async def _async_setup(self) -> None:
        """Open the ledger and pick up where it ends."""
        try:
            await self.ledger_service.async_start()
        except LedgerError as err:
            self._report_ledger(str(err))
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN,
                translation_key=Reason.LEDGER_UNAVAILABLE,
                translation_placeholders={"error": str(err)},
            ) from err

    @override
    async def _async_update_data(self) -> ReadModel:
        """Run one governed cycle."""
        await self.ledger_service.async_sign_daily()
        view = await self.controller.run_cycle(self._prices())
        self.ledger_service.async_follow()
        self._report_ledger(view.ledger_error)
        self._log_contact(view)
        async_update_devices(self.hass, self.config_entry, view)
        async_report_logins(self.hass, self.config_entry, view)
        return view

    async def _submit(self, proposal: ProposalRecord) -> CommandResult:
        try:
            return await self.controller.submit(proposal, self._prices())
        except LedgerError as err:
            raise ledger_unavailable(err) from err
        finally:
            self._show()

    async def _apply_settings(self) -> None:
        policy = policy_of(self.config_entry)
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
        return read_prices(self.hass, self.config_entry.entry_id, self.config_entry.data)

    @callback
    def _source_of(self, context: Context) -> str | None:
        """Return the automation or script that runs under a context, else the user, else None."""
        return self.hass.data[DATA_RUNS].of(context) or context.user_id

    @callback
    def device_id(self, miner_id: str) -> str | None:
        """Return the id of a miner's device."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, miner_id), self.config_entry.entry_id
        )
        return device.id if device else None

    @callback
    def _dispatch(self, event: GovernorEvent) -> None:
        """Tell the operator's event entity."""
        async_dispatcher_send(self.hass, self.governor_signal, event)

    @callback
    def _fire(self, notice: CycleEvent) -> None:
        """Tell the Home Assistant bus."""
        data: dict[str, Any] = {
            "operator_id": self.config_entry.entry_id,
            ATTR_DEVICE_ID: self.device_id(notice.miner_id),
            "miner_id": notice.miner_id,
            "action": notice.action.value,
            "reason": notice.reason.value,
            "trust_level": notice.trust_level,
            "record_seq": notice.seq,
            "record_hash": notice.hash,
        }
        if notice.outcome is not None:
            data["outcome"] = notice.outcome.value
        self.hass.bus.async_fire(f"{DOMAIN}_{notice.kind}", data)

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
        {
            key: (item.title, item.unique_id, dict(item.data))
            for key, item in entry.subentries.items()
        },
    )
