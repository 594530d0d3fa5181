"""The ledger service: trusted head, verification, housekeeping, checkpoints, backup mode."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from ..const import (
    DATA_BACKUP,
    DOMAIN,
    EVENT_LEDGER_ACCEPTED,
    EVENT_LEDGER_TAMPERED,
    EVENT_LEDGER_VERIFIED,
    ISSUE_LEDGER_BROKEN,
    ISSUE_LEDGER_SET_ASIDE,
)
from ..engine.controller import Controller
from ..engine.ledger import Cause, Head, Known, LedgerError, LedgerReason, Note, Recovery
from ..engine.ledger import LedgerEntry as Stored
from ..engine.ledger.verifier.note import Checkpoint, to_base64
from ..engine.outage import Phase
from ..engine.records import RecordKind
from ..federation.witnesses import Witnesses
from ..issues.ledger import async_report, async_withdraw
from .trust_store import THIS_PROCESS, Break, Trusted, TrustStore, Walked
from .verification import Verification

_LOGGER = logging.getLogger(__name__)

DAY_MS: Final = 24 * 3_600_000
START_DELAY: Final = timedelta(minutes=1)
"""Delay of the first housekeeping, so that it does not slow down the start."""
HOUSEKEEPING_EVERY: Final = timedelta(hours=1)
PAUSE_S: Final = 0.05
"""Pause between background steps; a step takes tens of milliseconds on a small machine."""
SHOW_EVERY_S: Final = 2.0
EVIDENCE_WAIT_S: Final = 10.0
"""How long evidence under a new checkpoint waits for its cosignatures."""
DISPUTES: Final = "disputes"
"""Folder beside the ledger, for checkpoints that contradict it."""
MAX_CHECKPOINTS_BEHIND: Final = 32
"""So many checkpoint records behind what a checkpoint covers leave it the newest."""


def now_ms() -> int:
    """Return the time in ms since the Unix epoch."""
    return round(dt_util.utcnow().timestamp() * 1000)


def is_due(at_ms: int) -> bool:
    """Return whether a day has passed since a time; a time in the future counts as due."""
    return not 0 <= now_ms() - at_ms < DAY_MS


def ledger_signal(entry_id: str) -> SignalType[()]:
    """Return the signal that an operator's ledger may have grown."""
    return SignalType(f"{DOMAIN}_ledger_{entry_id}")


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel those tasks that are running, and wait until they have ended."""
    running = [task for task in tasks if task is not None and not task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _keep_dispute(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


class LedgerService:
    """The ledger service of one operator."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        controller: Controller,
        trust_store: TrustStore,
    ) -> None:
        """Take the operator, its controller and its trust store."""
        self.trust_store = trust_store
        self.signal = ledger_signal(entry.entry_id)
        self.verification: Verification | None = None
        """The result of the last verification since the start."""
        self.progress: float | None = None
        """Progress (0…1) of a verification under way."""
        self.signed: Stored | None = None
        """The last checkpoint."""
        self._hass = hass
        self._entry = entry
        self._controller = controller
        self._listeners: list[Callable[[], None]] = []
        self._signed_at_s: float | None = None
        """Time of this process' last signature in s, by the monotonic clock."""
        self.witnesses = Witnesses(hass, entry, controller, self._on_change, self._on_contradiction)
        self._taken_up = False
        self._recovery: Recovery | None = None
        """The last new segment that was noted."""
        self._whole: asyncio.Task[Verification] | None = None
        self._background: asyncio.Task[None] | None = None
        self._stops: list[CALLBACK_TYPE] = []

    @property
    def broken(self) -> Break | None:
        """Return the break that no person has accepted yet."""
        return self.trust_store.trusted.broken

    @property
    def public_key(self) -> str:
        """Return the public key of the checkpoints' signatures, in hex; see ``Ledger.verifier_key``."""
        return self.trust_store.trusted.public_key.hex()

    # From the start to the stop

    @callback
    def async_on_change(self, listener: Callable[[], None]) -> None:
        """Call a listener when there is something new to show."""
        self._listeners.append(listener)

    @callback
    def _on_change(self) -> None:
        for listener in self._listeners:
            listener()

    async def async_begin_run(self) -> Trusted:
        """Load and return the trust store.

        From then on it says that the ledger may have grown beyond the head that it knows.
        """
        await self.trust_store.async_load()
        trusted = self.trust_store.trusted
        held_by = trusted.held_by
        if held_by == THIS_PROCESS and not self._hass.data.get(DATA_BACKUP):
            held_by = None  # the backup ended while the operator was not loaded
        if trusted.is_clean or held_by != trusted.held_by:
            await self.trust_store.async_save(is_clean=False, held_by=held_by)
        return trusted

    async def async_start(self) -> None:
        """Handle what the opening of the ledger found, and schedule housekeeping."""
        await self.async_take_up()
        self.async_follow()
        self._stops = [
            # Records written while the operator is being loaded are announced once it is loaded.
            self._entry.async_on_state_change(self._tell_followers),
            async_call_later(self._hass, START_DELAY, self._housekeep),
            async_track_time_interval(self._hass, self._housekeep, HOUSEKEEPING_EVERY),
        ]

    async def async_take_up(self) -> None:
        """Once the ledger is open: read the last checkpoint, handle a break that was found."""
        if self._taken_up or not self._controller.is_running:
            return
        try:
            self.signed = await self._controller.ledger.latest(RecordKind.CHECKPOINT)
            if self.signed is not None:
                await self.witnesses.async_resume(self.signed)
        except LedgerError as err:
            _LOGGER.warning("The last checkpoint of %s cannot be read: %s", self._entry.title, err)
            return
        self._taken_up = True
        if self.trust_store.trusted.of_ledger.is_copy:
            await self.trust_store.async_save(held_by=None)
        if self._hass.data.get(DATA_BACKUP):
            await self.async_hold_still()
        finding = self._controller.finding
        if self.broken is not None:
            self._report_break(self.broken)
        elif finding is not None:
            await self._found_break(Break(seq=self._controller.known_seq, fault=str(finding)))

    async def async_stop(self) -> None:
        """Cancel verification and housekeeping, and sign; the controller is stopped after this."""
        while self._stops:
            self._stops.pop()()
        await self.witnesses.async_stop()
        await self._stop_verifying()
        await self._sign_at_stop()

    async def _sign_at_stop(self) -> None:
        """Sign what is recorded; not a broken ledger, nor one that cannot be written now."""
        is_still = self._hass.data.get(DATA_BACKUP)
        if self.broken is not None or is_still or self._controller.phase is not Phase.RECORDING:
            return
        try:
            await self.async_sign()
        except LedgerError as err:
            _LOGGER.debug("%s stops without a checkpoint: %s", self._entry.title, err)

    async def async_keep_head(self, head: Head) -> None:
        """Save the head that the ledger was closed with: at the next start nothing may follow it."""
        self._note(head)
        await self.trust_store.async_save(is_clean=str(head) == self.trust_store.trusted.head)

    @callback
    def async_follow(self) -> None:
        """Note the present head, notify followers, report a file that was set aside."""
        if not self._controller.is_running:
            return
        ledger = self._controller.ledger
        self._note(ledger.head)
        self._tell_followers()
        if self._taken_up and ledger.finding is not None and self.broken is None:
            found = Break(seq=self._controller.known_seq, fault=str(ledger.finding))
            self._hass.async_create_task(self._found_break(found), f"break of {self._entry.title}")
        recovery = ledger.recovery
        if recovery is not None and recovery is not self._recovery:
            self._recovery = recovery
            self._hass.async_create_task(
                self.trust_store.async_save(), f"new segment of {self._entry.title}"
            )
            self._report_recovery(recovery)

    @callback
    def _report_recovery(self, recovery: Recovery) -> None:
        """Tell of a ledger that could not be continued, unless that is told as a break."""
        ledger = self._controller.ledger
        if recovery.file is None or ledger.finding is not None:
            return
        if recovery.cause is Cause.RESTORED:
            _LOGGER.info(
                "%s was restored from a backup: its ledger goes on in a new segment",
                self._entry.title,
            )
        if recovery.cause in (Cause.CORRUPT, Cause.FOREIGN):
            async_report(
                self._hass,
                self._entry,
                ISSUE_LEDGER_SET_ASIDE,
                file=str(ledger.path.with_name(recovery.file or "")),
                head=str(recovery.previous or "-"),
            )

    @callback
    def _tell_followers(self) -> None:
        async_dispatcher_send(self._hass, self.signal)

    @callback
    def _note(self, head: Head) -> None:
        """Put a head into the trust store; not during a backup, which must match its ledger file."""
        if self._hass.data.get(DATA_BACKUP):
            return
        text = str(head)
        if text != self.trust_store.trusted.head:
            checkpoint = self.signed.body["note"] if self.signed else None
            self.trust_store.async_change(head=text, checkpoint=checkpoint)

    # Breaks

    async def _found_break(self, found: Break) -> None:
        """Hold automatic actions until a person has accepted the break; report it."""
        if self.broken is not None:
            return
        _LOGGER.error("The ledger of %s is not intact: %s", self._entry.title, found.fault)
        await self.trust_store.async_save(broken=found)
        self._report_break(found)
        self._fire(EVENT_LEDGER_TAMPERED, fault=found.fault, first_bad_seq=found.seq)
        try:
            await self._controller.distrust(found.seq)
        except LedgerError as err:
            _LOGGER.warning("The break is recorded as soon as the ledger can be written: %s", err)

    async def _on_contradiction(self, blocks: int, fault: str, note: str) -> None:
        """Take a checkpoint that this ledger's key signed and that contradicts it for a break.

        It is kept beside the ledger with the ledger's own last one: together they are the proof.
        """
        ledger = self._controller.ledger
        own = self.signed.body["note"] if self.signed else ""
        path = ledger.path.parent / DISPUTES / f"{blocks}-{now_ms()}.txt"
        await self._hass.async_add_executor_job(_keep_dispute, path, f"{note}\n{own}")
        seq = await ledger.read(lambda reader: reader.first_seq(blocks - 1)) if blocks else 0
        await self._found_break(Break(seq=seq, fault=fault))

    @callback
    def _report_break(self, found: Break) -> None:
        async_report(self._hass, self._entry, ISSUE_LEDGER_BROKEN, error=found.fault)

    async def async_accept_break(self, user_id: str | None) -> None:
        """Begin a new segment, because a person accepted the break.

        Raises LedgerError.
        """
        await self._stop_verifying()
        await self._controller.accept_break(user_id)
        self.verification = self.signed = None
        self.witnesses.async_forget()
        ledger = self._controller.ledger
        await self.trust_store.async_save(
            broken=None, walked=None, head=str(ledger.head), checkpoint=None
        )
        async_withdraw(self._hass, self._entry.entry_id, ISSUE_LEDGER_BROKEN)
        recovery = ledger.recovery
        file = recovery.file if recovery else None
        self._fire(EVENT_LEDGER_ACCEPTED, user_id=user_id, previous_file=file)
        self._on_change()

    # Verification

    async def async_verify(self) -> Verification:
        """Verify the ledger from its first record to its last. Raises LedgerError.

        Callers during a verification get the same result.
        """
        if self._whole is None or self._whole.done():
            self._whole = self._hass.async_create_task(
                self._verify_whole(), f"verify {self._entry.title}"
            )
        whole = self._whole
        try:
            return await asyncio.shield(whole)
        except asyncio.CancelledError:
            if whole.cancelled():
                raise LedgerError(LedgerReason.CLOSED, "the verification was ended") from None
            raise

    async def _verify_whole(self) -> Verification:
        await _end(self._background)
        return await self._verify(None, now_ms(), is_hurried=True)

    async def _verify_on(self) -> None:
        """Continue the last verification once after a start; each day start from the first record."""
        walked = self.trust_store.trusted.walked
        if walked is None or (walked.done and is_due(walked.began_ms)):
            await self._verify(None, now_ms())
        elif not walked.done or self.verification is None:
            await self._verify(walked.state, walked.began_ms)

    async def _verify(
        self, state: dict[str, Any] | None, began_ms: int, *, is_hurried: bool = False
    ) -> Verification:
        """Verify, and act on the result: hold on a break, fire the event."""
        shown_at = 0.0

        def progress(state: dict[str, Any], count: int) -> None:
            nonlocal shown_at
            self.progress = state["blocks"] / count
            is_done = state["blocks"] >= count
            walked = Walked(state=state, began_ms=began_ms, done=is_done)
            self.trust_store.async_change(walked=walked)
            if (now := self._hass.loop.time()) >= shown_at + SHOW_EVERY_S:
                shown_at = now
                self._on_change()

        try:
            found = await self._walk(state, progress, is_hurried=is_hurried)
        finally:
            self.progress = None
        self.verification = found
        if found.fault is not None:
            await self._found_break(Break(seq=found.first_bad_seq or 0, fault=found.fault))
        self._fire(EVENT_LEDGER_VERIFIED, **found.as_dict())
        self._on_change()
        return found

    async def _walk(
        self,
        state: dict[str, Any] | None,
        progress: Callable[[dict[str, Any], int], None],
        *,
        is_hurried: bool,
    ) -> Verification:
        ledger = self._controller.ledger
        segment = ledger.recovery
        try:
            report = await ledger.verify(
                known=self._known(), state=state, progress=progress, is_hurried=is_hurried
            )
        except LedgerError as err:
            is_there = await self._hass.async_add_executor_job(ledger.path.exists)
            if is_there and err.reason is not LedgerReason.CORRUPT:
                raise
            return Verification(intact=False, records=0, fault=str(err))
        if ledger.recovery is not segment:
            raise LedgerError(LedgerReason.CLOSED, "a new segment began meanwhile")
        return Verification.of(report)

    def _known(self) -> Known:
        """Return what the present segment must hold. Raises LedgerError."""
        ledger, trusted = self._controller.ledger, self.trust_store.trusted
        heads = [
            (head.blocks, head.hash)
            for head in (trusted.known_head, ledger.head)
            if head is not None and head.segment == ledger.segment and head.blocks
        ]
        note = Note.parse(trusted.checkpoint) if trusted.checkpoint else None
        is_of_segment = note is not None and note.text.startswith(f"{ledger.origin}\n")
        return Known(
            checkpoints=(note,) if note is not None and is_of_segment else (),
            heads=tuple(heads),
            keys=(ledger.verifier_key,),
        )

    async def _stop_verifying(self) -> None:
        """Cancel verifications under way; their progress is kept."""
        await _end(self._background, self._whole)

    # Housekeeping

    @callback
    def _housekeep(self, _now: datetime) -> None:
        """Start housekeeping and verification in the background, unless one of them runs."""
        self.witnesses.async_check()
        busy = (self._background, self._whole)
        if any(task is not None and not task.done() for task in busy):
            return
        self._background = self._entry.async_create_background_task(
            self._hass, self._keep_house(), f"housekeeping of {self._entry.title}"
        )

    async def _keep_house(self) -> None:
        for step in (self._tidy, self._verify_on):  # what fails keeps the other from nothing
            try:
                await step()
            except LedgerError as err:
                _LOGGER.warning("The housekeeping of %s goes on later: %s", self._entry.title, err)

    async def _tidy(self) -> None:
        """Seal and drop in small steps; a broken ledger is evidence and is not changed."""
        keep_ms = round(self._controller.view.policy.keep_bodies_days * DAY_MS)
        while self.broken is None and not self._hass.data.get(DATA_BACKUP):
            if not await self._controller.maintain(keep_ms):
                break
            await asyncio.sleep(PAUSE_S)
        self.async_follow()  # a pruning is a record, too

    # Signatures

    async def async_sign(self) -> Stored:
        """Append a signed checkpoint of the ledger's head. Raises LedgerError."""
        self.signed = await self._controller.checkpoint()
        self._signed_at_s = time.monotonic()
        self.witnesses.async_send(self.signed)
        self.async_follow()
        return self.signed

    async def async_covering_note(self, seq: int | None = None) -> Note:
        """Return a checkpoint that covers a record; without one, all that is recorded.

        A new one is signed only where something was recorded that the last does not cover, and
        waits for its cosignatures for a while. For a broken ledger, which is not signed any more,
        it is the last one. Raises LedgerError, and ValueError when there is no such record.
        """
        last_seq = self._controller.ledger.head.seq
        wanted_seq = last_seq if seq is None else seq
        if wanted_seq > last_seq:
            raise ValueError(f"record {seq} is not there")
        note = self.newest_note()
        if note is not None and (self.broken is not None or await self._covers(note, wanted_seq)):
            return note
        if self.broken is not None:
            raise LedgerError(LedgerReason.CORRUPT, "the ledger is broken and was never signed")
        signed = await self.async_sign()
        await self.witnesses.async_settle(EVIDENCE_WAIT_S)
        return self.newest_note() or Note.parse(signed.body["note"])

    def newest_note(self) -> Note | None:
        """Return the last checkpoint, with the cosignatures that it has."""
        if self.signed is None:
            return None
        note, cosigned = Note.parse(self.signed.body["note"]), self.witnesses.note
        return cosigned if cosigned is not None and cosigned.text == note.text else note

    async def _covers(self, note: Note, seq: int) -> bool:
        """Return whether a checkpoint covers a record, or nothing but checkpoints follow it.

        Raises LedgerError.
        """
        ledger = self._controller.ledger
        try:
            covered_seq = await ledger.covered_seq(note)
        except ValueError:  # of a segment that was given up
            return False
        if seq <= covered_seq:
            return True
        if ledger.head.seq - covered_seq > MAX_CHECKPOINTS_BEHIND:
            return False
        behind = await ledger.query(from_seq=covered_seq + 1, limit=MAX_CHECKPOINTS_BEHIND)
        return all(entry.kind == RecordKind.CHECKPOINT for entry in behind)

    async def async_consistency(self, old: int) -> dict[str, Any]:
        """Return the proof that the log only grew since it had ``old`` blocks, up to a checkpoint.

        Plain JSON types; hashes in base64. Raises LedgerError, and ValueError when the checkpoint
        does not cover so many blocks.
        """
        note = await self.async_covering_note()
        new = Checkpoint.parse(note.text).size
        path = await self._controller.ledger.consistency(old, new)
        proof = [to_base64(node) for node in path]
        return {"old": old, "new": new, "proof": proof, "checkpoint": str(note)}

    async def async_sign_daily(self) -> None:
        """Append a checkpoint once a day; not to a broken ledger, nor to one that is not open."""
        if self.broken is not None or not self._controller.is_running:
            return
        if self._hass.data.get(DATA_BACKUP):
            return
        if self.signed is not None and not is_due(self.signed.ts_ms):
            return
        if self._signed_at_s is not None and time.monotonic() - self._signed_at_s < DAY_MS / 1000:
            return  # the ledger's time is ahead of the clock: one signature a day all the same
        try:
            await self.async_sign()
        except LedgerError as err:
            _LOGGER.debug("The checkpoint of %s waits: %s", self._entry.title, err)

    # Backups

    async def async_hold_still(self) -> None:
        """Keep the ledger's files unchanged for a copy, and save the trust store as it is."""
        try:
            await self._controller.ledger.hold_still()
        except LedgerError as err:
            _LOGGER.warning("The ledger of %s may change meanwhile: %s", self._entry.title, err)
        await self.trust_store.async_save(held_by=THIS_PROCESS)

    async def async_let_go(self) -> None:
        """End the backup mode."""
        try:
            await self._controller.ledger.let_go()
        except LedgerError as err:
            _LOGGER.warning("The ledger of %s stays as it is: %s", self._entry.title, err)
        await self.trust_store.async_save(held_by=None)

    @callback
    def _fire(self, event: str, **data: Any) -> None:
        self._hass.bus.async_fire(event, {"operator_id": self._entry.entry_id, **data})
