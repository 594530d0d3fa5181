"""The witnesses of an operator's log: sends them checkpoints, keeps and records cosignatures.

After C2SP tlog-witness. A witness that fails is asked again after a growing pause and costs
nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

import aiohttp
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.util.dt import utcnow

from ..const import (
    CONF_MISSED_AFTER,
    CONF_QUORUM,
    CONF_VERIFIER_KEY,
    CONF_WITNESSES,
    ISSUE_QUORUM_MISSED,
    ISSUE_WITNESS_REFUSES,
)
from ..engine.controller import Controller
from ..engine.federation.answers import AnswerError, conflicting_size, cosignatures_of
from ..engine.federation.submission import MAX_BYTES, PATH, Submission
from ..engine.federation.witness import Status, is_signed, origin_hash
from ..engine.ledger import Ledger, LedgerEntry, LedgerError, Note
from ..engine.ledger.verifier.cosignature import Verdict, check_all
from ..engine.ledger.verifier.note import Checkpoint, Signature, VerifierKey
from ..engine.records import RecordKind
from ..issues.ledger import async_report, async_withdraw

_LOGGER = logging.getLogger(__name__)

DEADLINE_S: Final = 10.0
"""Of one request, answer included."""
FIRST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 3600.0
MAX_CONFLICTS: Final = 2
"""How often a witness may answer 409 before it is left for later."""
MAX_WITNESSES: Final = 16
DEFAULT_MISSED_AFTER_H: Final = 48
RECENT_CHECKPOINTS: Final = 8
"""How many checkpoint records are searched for cosignatures after a start."""

type Report = Callable[[int, str, str], Awaitable[None]]
"""Reports a break: number of blocks that are still sure, what is wrong, the witness's note."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as the options name it."""

    url: str
    """Submission prefix, without a slash at its end."""
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """What the options say of witnesses."""

    witnesses: tuple[Witness, ...]
    quorum: int
    """How many are to cosign each checkpoint; 0 reports nothing."""
    missed_after_h: float


def parse_witness(given: Mapping[str, Any]) -> Witness:
    """Return a witness of the options' form. Raises ValueError."""
    keys = tuple(map(VerifierKey.parse, str(given[CONF_VERIFIER_KEY]).split()))
    url = str(given["url"]).strip().rstrip("/").removesuffix(f"/{PATH}")
    if not keys or not url.startswith(("http://", "https://")):
        raise ValueError("a witness has an address and a key")
    return Witness(url, keys)


def witness_settings(options: Mapping[str, Any]) -> WitnessSettings:
    """Return what an operator's options say of witnesses. Raises ValueError."""
    section = options.get(CONF_WITNESSES, {})
    return WitnessSettings(
        tuple(map(parse_witness, section.get(CONF_WITNESSES, ()))),
        int(section.get(CONF_QUORUM, 0)),
        float(section.get(CONF_MISSED_AFTER, DEFAULT_MISSED_AFTER_H)),
    )


class _FailedError(Exception):
    """A witness did not cosign."""


class _RefusedError(_FailedError):
    """A witness says that the log does not continue what it knows."""


@dataclass(slots=True)
class Standing:
    """What is known of one witness."""

    size: int = 0
    """Size of the tree that it cosigned last, as far as it is known here."""
    time_s: int | None = None
    """Time of its last cosignature."""
    failures: int = 0
    retry_at_s: float = 0.0
    """Before that time it is not asked again."""

    def may_ask(self, now_s: float) -> bool:
        """Return whether it may be asked; a time too far ahead is a clock that went back."""
        return not now_s < self.retry_at_s <= now_s + LONGEST_RETRY_S

    error: str | None = None


@dataclass(slots=True)
class _Sending:
    """A checkpoint on its way."""

    note: Note
    head: Checkpoint
    from_s: float
    """When it was signed."""
    cosigned: set[str] = field(default_factory=set)
    """Addresses of the witnesses that cosigned it."""

    @classmethod
    def of(cls, signed: LedgerEntry) -> Self:
        """Return a checkpoint record's checkpoint."""
        note = Note.parse(signed.body["note"])
        return cls(note, Checkpoint.parse(note.text), signed.ts_ms / 1000)


class Witnesses:
    """The witnesses of one operator."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        controller: Controller,
        on_change: Callable[[], None],
        on_break: Report,
    ) -> None:
        """Take the operator; nothing is sent yet."""
        self._hass = hass
        self._entry = entry
        self._controller = controller
        self._on_change = on_change
        self._on_break = on_break
        self._standings: dict[str, Standing] = {}
        self._signed: LedgerEntry | None = None
        """The last checkpoint."""
        self._sending: _Sending | None = None
        self._round: asyncio.Task[None] | None = None
        self._timer: CALLBACK_TYPE | None = None
        self._is_stopped = False
        self._quorum_at_s: float | None = None
        """When a checkpoint last had its quorum, or since when one is expected."""

    @property
    def settings(self) -> WitnessSettings:
        """Return what the options say."""
        return witness_settings(self._entry.options)

    @property
    def note(self) -> Note | None:
        """Return the last checkpoint with the cosignatures that it has."""
        return self._sending.note if self._sending else None

    @property
    def last_time(self) -> datetime | None:
        """Return the time of the last cosignature."""
        times = [item.time_s for item in self._standings.values() if item.time_s is not None]
        return datetime.fromtimestamp(max(times), tz=utcnow().tzinfo) if times else None

    def standings(self) -> list[dict[str, Any]]:
        """Return how each witness is, as plain JSON types."""
        return [self._standing_of(witness) for witness in self.settings.witnesses]

    def _standing_of(self, witness: Witness) -> dict[str, Any]:
        standing = self._standings.get(witness.url, Standing())
        cosigned = self._sending.cosigned if self._sending else set()
        return {
            "name": witness.keys[0].name,
            "url": witness.url,
            "blocks": standing.size,
            "cosigned_at": standing.time_s,
            "is_up_to_date": witness.url in cosigned,
            "error": standing.error,
        }

    # From the start to the stop

    async def async_resume(self, signed: LedgerEntry) -> None:
        """Take up the last checkpoint of a ledger that was opened. Raises LedgerError."""
        settings = self.settings
        if not settings.witnesses:
            return
        ledger = self._controller.ledger
        recent = await ledger.query(
            kinds=(RecordKind.CHECKPOINT,), limit=RECENT_CHECKPOINTS, newest_first=True
        )
        notes = [Note.parse(entry.body["note"]) for entry in reversed(recent)]
        found = await self._hass.async_add_executor_job(_cosigned_before, notes, settings)
        for size, times in found:
            for url, time_s in times.items():
                self._standings[url] = Standing(size=size, time_s=time_s)
            if len(times) >= settings.quorum:
                self._quorum_at_s = float(max(times.values()))
        self.async_send(signed)

    async def async_stop(self) -> None:
        """Send nothing any more."""
        self._is_stopped = True
        self._cancel_timer()
        if self._round is not None and not self._round.done():
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)

    @callback
    def async_forget(self) -> None:
        """Forget what witnesses know of a segment that was given up."""
        self._standings.clear()
        self._signed = self._sending = None

    @callback
    def async_send(self, signed: LedgerEntry) -> None:
        """Send a checkpoint to all witnesses, in the background."""
        self._signed, self._sending = signed, None
        self.async_go_on()

    @callback
    def async_go_on(self) -> None:
        """Ask the witnesses that have not cosigned the last checkpoint, those whose turn it is."""
        if self._quorum_at_s is None:
            self._quorum_at_s = utcnow().timestamp()
        if self._is_stopped or self._signed is None or not self.settings.witnesses:
            return
        if self._sending is None:
            self._sending = _Sending.of(self._signed)
        if self._round is not None and not self._round.done():
            return  # it goes on with the newest checkpoint by itself
        self._cancel_timer()
        self._round = self._entry.async_create_background_task(
            self._hass, self._ask_all(), f"witnesses of {self._entry.title}"
        )

    async def async_settle(self, deadline_s: float) -> None:
        """Wait until all witnesses have answered or failed, but not longer than so many seconds."""
        if self._round is not None:
            await asyncio.wait({self._round}, timeout=deadline_s)

    @callback
    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None

    # Asking

    async def _ask_all(self) -> None:
        """Ask in turn what is due, record what came of it, and say when to go on."""
        asked: _Sending | None = None
        while self._sending is not None and self._sending is not asked:
            asked = self._sending
            now_s = utcnow().timestamp()
            due = [
                witness
                for witness in self.settings.witnesses
                if witness.url not in asked.cosigned
                and self._standings.setdefault(witness.url, Standing()).may_ask(now_s)
            ]
            answers = await asyncio.gather(*(self._ask(witness, asked) for witness in due))
            await self._record(asked, [line for lines in answers for line in lines])
        self.async_check()
        self._on_change()
        self._schedule()

    async def _record(self, sent: _Sending, lines: Sequence[Signature]) -> None:
        """Add cosignatures to the note, and record it."""
        if not lines:
            return
        newest = {(line.name, line.key_id): line for line in (*sent.note.signatures, *lines)}
        sent.note = Note(sent.note.text, tuple(newest.values()))
        try:
            await self._controller.append_cosigned(sent.note)
        except (LedgerError, ValueError) as err:
            _LOGGER.warning("The cosignatures of %s are not recorded: %s", self._entry.title, err)

    @callback
    def _schedule(self) -> None:
        """Go on when the first of the witnesses that failed has its turn again."""
        if self._is_stopped or self._sending is None:
            return
        waiting = [
            standing.retry_at_s
            for witness in self.settings.witnesses
            if witness.url not in self._sending.cosigned
            and (standing := self._standings.get(witness.url)) is not None
        ]
        if not waiting:
            return
        job = HassJob(self._on_time, "witnesses", cancel_on_shutdown=True)
        delay_s = max(1.0, min(waiting) - utcnow().timestamp())
        self._timer = async_call_later(self._hass, delay_s, job)

    @callback
    def _on_time(self, _now: datetime) -> None:
        self._timer = None
        self.async_go_on()

    async def _ask(self, witness: Witness, sent: _Sending) -> tuple[Signature, ...]:
        """Return a witness's cosignatures; none when it fails."""
        standing = self._standings[witness.url]
        try:
            lines = await self._cosignatures(witness, standing, sent)
        except _RefusedError as err:
            self._fail(witness, standing, str(err))
            async_report(self._hass, self._entry, ISSUE_WITNESS_REFUSES, error=str(err))
            return ()
        except (_FailedError, AnswerError, LedgerError, ValueError) as err:
            self._fail(witness, standing, str(err))
            return ()
        if standing.failures:
            _LOGGER.info("%s cosigns the log of %s again", witness.url, self._entry.title)
        standing.size, standing.failures, standing.error = sent.head.size, 0, None
        standing.retry_at_s = 0.0
        standing.time_s = max(int.from_bytes(line.data[:8], "big") for line in lines)
        sent.cosigned.add(witness.url)
        return lines

    def _fail(self, witness: Witness, standing: Standing, error: str) -> None:
        """Note a failure, and when to ask again; log the first of a row."""
        if not standing.failures:
            _LOGGER.warning(
                "%s does not cosign the log of %s: %s", witness.url, self._entry.title, error
            )
        pause_s = min(FIRST_RETRY_S * 2**standing.failures, LONGEST_RETRY_S)
        standing.failures = min(standing.failures + 1, 16)
        standing.retry_at_s = utcnow().timestamp() + pause_s
        standing.error = error

    async def _cosignatures(
        self, witness: Witness, standing: Standing, sent: _Sending
    ) -> tuple[Signature, ...]:
        """Send a checkpoint; follow a witness that knows another size to that size."""
        ledger = self._controller.ledger
        old = min(standing.size, sent.head.size)
        for _ in range(1 + MAX_CONFLICTS):
            proof = await ledger.consistency(old, sent.head.size)
            own = tuple(item for item in sent.note.signatures if item.is_by(ledger.verifier_key))
            submission = Submission(
                old_size=old, proof=tuple(proof), note=Note(sent.note.text, own)
            )
            status, kind, body = await self._post(witness, submission)
            if status == Status.OK:
                return await self._hass.async_add_executor_job(
                    _believed, body, sent, witness, utcnow().timestamp()
                )
            if status == Status.INCONSISTENT:
                await self._contest(witness, ledger, old)
            if status != Status.CONFLICT:
                raise _FailedError(_meaning(status))
            known = conflicting_size(kind, body)
            if known == old:
                raise _FailedError("the witness contradicts itself about the size that it knows")
            if known > ledger.head.blocks:
                await self._contest(witness, ledger, known)
            if known > sent.head.size:
                await self._examine(witness, ledger)
                raise _FailedError(f"it knows {known} blocks already")
            old = standing.size = known
        raise _FailedError("the witness names another size each time")

    async def _post(self, witness: Witness, submission: Submission) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer. Raises _FailedError."""
        return await self._fetch("POST", f"{witness.url}/{PATH}", submission.body())

    async def _fetch(
        self, method: str, url: str, data: bytes | None = None
    ) -> tuple[int, str, bytes]:
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        session = async_get_clientsession(self._hass)
        try:
            async with session.request(
                method, url, data=data, timeout=timeout, allow_redirects=False
            ) as response:
                body = b""
                async for packet in response.content.iter_any():
                    body += packet
                    if len(body) > MAX_BYTES:
                        raise _FailedError("the answer is too long")
                return response.status, response.content_type, body
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as err:
            raise _FailedError(f"not reached: {type(err).__name__}") from err

    # A witness that knows another log

    async def _contest(self, witness: Witness, ledger: Ledger, known: int) -> None:
        """Report a witness that does not recognise the log; always raises."""
        head = ledger.head.blocks
        await self._examine(witness, ledger)
        detail = (
            f"knows {known} blocks of this log, which has {head}"
            if known > head
            else f"does not accept that the log continues the {known} blocks that it knows"
        )
        raise _RefusedError(f"{witness.keys[0].name} ({witness.url}) {detail}")

    async def _examine(self, witness: Witness, ledger: Ledger) -> None:
        """Report a break when a witness shows a checkpoint of this log that contradicts it.

        Only one that this log's own key signed counts: otherwise any witness could stop a site by
        an answer.
        """
        try:
            seen = await self._seen_by(witness, ledger)
        except _FailedError, ValueError:
            return
        if seen is not None and (fault := await _difference(ledger, seen)) is not None:
            size = Checkpoint.parse(seen.text).size
            await self._on_break(min(ledger.head.blocks, size), fault, str(seen))

    async def _seen_by(self, witness: Witness, ledger: Ledger) -> Note | None:
        """Return the checkpoint that a witness shows of this log, if this log's key signed it."""
        url = f"{witness.url}/{origin_hash(ledger.origin)}/checkpoint"
        status, _, body = await self._fetch("GET", url)
        if status != Status.OK:
            return None
        note = Note.parse(body)
        is_own = await self._hass.async_add_executor_job(is_signed, note, (ledger.verifier_key,))
        is_of_log = Checkpoint.parse(note.text).origin == ledger.origin
        return note if is_own and is_of_log else None

    # The quorum

    @callback
    def async_check(self) -> None:
        """Report a quorum that is missed for too long; withdraw what is over."""
        settings, sent = self.settings, self._sending
        present = {witness.url for witness in settings.witnesses}
        if sent is not None and len(sent.cosigned & present) >= settings.quorum:
            self._quorum_at_s = utcnow().timestamp()
        standings = [self._standings.get(url, Standing()) for url in present]
        if not any(standing.failures for standing in standings):
            async_withdraw(self._hass, self._entry.entry_id, ISSUE_WITNESS_REFUSES)
        missed_h = self._missed_h()
        if settings.quorum and present and missed_h > settings.missed_after_h:
            errors = [
                f"{witness.keys[0].name}: {standing.error}"
                for witness in settings.witnesses
                if (standing := self._standings.get(witness.url)) and standing.error
            ]
            async_report(
                self._hass, self._entry, ISSUE_QUORUM_MISSED, error="\n\n".join(errors) or "-"
            )
        else:
            async_withdraw(self._hass, self._entry.entry_id, ISSUE_QUORUM_MISSED)

    def _missed_h(self) -> float:
        """Return for how many hours no checkpoint had its quorum."""
        since_s = self._quorum_at_s
        return 0.0 if since_s is None else (utcnow().timestamp() - since_s) / 3600


def _cosigned_before(
    notes: Sequence[Note], settings: WitnessSettings
) -> list[tuple[int, dict[str, int]]]:
    """Return the sizes of checkpoints, each with the witnesses' addresses and times."""
    found = []
    for note in notes:
        times = {
            witness.url: item.time_s
            for witness in settings.witnesses
            for item in check_all(note, witness.keys)
            if item.verdict is Verdict.VALID and item.time_s
        }
        if times:
            found.append((Checkpoint.parse(note.text).size, times))
    return found


def _believed(body: bytes, sent: _Sending, witness: Witness, now_s: float) -> tuple[Signature, ...]:
    return cosignatures_of(body, sent.note, witness.keys, from_s=sent.from_s, to_s=now_s)


def _meaning(status: int) -> str:
    """Return what a status means here, in a few words."""
    return {
        Status.MALFORMED: "it does not understand the request (400)",
        Status.UNTRUSTED: "it does not trust the log's key (403)",
        Status.UNKNOWN: "it does not know this log (404)",
        429: "it is asked too often (429)",
    }.get(status, f"status {status}")


async def _difference(ledger: Ledger, seen: Note) -> str | None:
    """Return how a checkpoint that the log's key signed differs from the log; None if it does not.

    Raises LedgerError.
    """
    head = Checkpoint.parse(seen.text)
    if head.size > ledger.head.blocks:
        return f"the log ends at {ledger.head.blocks} blocks; a witness has {head.size}"
    if await ledger.root_at(head.size) != head.root:
        return f"the log's root at {head.size} blocks differs from the one that a witness has"
    return None
