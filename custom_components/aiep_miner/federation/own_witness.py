"""This Home Assistant as a witness: its keys, the logs that it knows, what it cosigned last.

It has one identity for all operators. Each log's state is a file of its own, so that a request
costs the same however many logs there are.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.dt import utcnow
from homeassistant.util.file import write_utf8_file_atomic
from homeassistant.util.hass_dict import HassKey
from mashumaro import DataClassDictMixin

from ..const import CONF_ORIGIN, CONF_VERIFIER_KEY, DOMAIN, SUBENTRY_PEER
from ..engine.federation.cosigner import SEED_BYTES, Cosigner
from ..engine.federation.submission import Submission
from ..engine.federation.witness import Refusal, judge, origin_hash
from ..engine.ledger import Note
from ..engine.ledger.verifier.note import Checkpoint, VerifierKey

STORAGE_VERSION: Final = 1
STORAGE_KEY: Final = f"{DOMAIN}.witness"
FOLDER: Final = "witness"
"""Below the folder of the operators' ledgers."""
MAX_BUSY: Final = 4
"""Requests that are examined at the same time; others are asked to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(DataClassDictMixin):
    """The witness's name and secrets, made when they are first needed."""

    name: str = field(default_factory=lambda: f"aiep-miner/witness/{secrets.token_hex(8)}")
    ed25519: str = field(default_factory=lambda: secrets.token_hex(SEED_BYTES), repr=False)
    ml_dsa: str = field(default_factory=lambda: secrets.token_hex(SEED_BYTES), repr=False)

    def cosigner(self) -> Cosigner:
        """Return what signs with them."""
        return Cosigner(self.name, bytes.fromhex(self.ed25519), bytes.fromhex(self.ml_dsa))


class BusyError(Exception):
    """Too many requests are being examined."""


class OwnWitness:
    """The witness that this Home Assistant is."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; keys are made and read when they are first needed."""
        self._hass = hass
        self._store: Store[dict[str, Any]] = Store(
            hass, STORAGE_VERSION, STORAGE_KEY, private=True, atomic_writes=True
        )
        self._folder = Path(hass.config.path(DOMAIN, FOLDER))
        self._cosigner: Cosigner | None = None
        self._loading = asyncio.Lock()
        self._turns: dict[str, asyncio.Lock] = {}
        self._busy = 0

    async def async_cosigner(self) -> Cosigner:
        """Return the keys; the first time they are made, and kept at once."""
        async with self._loading:
            if self._cosigner is None:
                stored = await self._store.async_load()
                identity = Identity.from_dict(stored) if stored else Identity()
                if stored is None:
                    await self._store.async_save(identity.to_dict())
                self._cosigner = await self._hass.async_add_executor_job(identity.cosigner)
            return self._cosigner

    async def async_add(self, submission: Submission) -> str | Refusal:
        """Return the cosignatures of a checkpoint, or why there are none.

        What was cosigned is on disk before this returns. Raises ValueError for a note that is no
        checkpoint, BusyError, OSError and HomeAssistantError when it cannot be kept.
        """
        origin = Checkpoint.parse(submission.note.text).origin
        keys = known_logs(self._hass).get(origin, ())
        if not keys and (refusal := judge(submission, (), None)) is not None:
            return refusal
        if self._busy >= MAX_BUSY:
            raise BusyError
        self._busy += 1
        try:
            cosigner = await self.async_cosigner()
            # Compared and kept in one turn: a smaller checkpoint must never replace a greater one.
            async with self._turns.setdefault(origin, asyncio.Lock()):
                return await self._hass.async_add_executor_job(
                    self._add, submission, origin, keys, cosigner, int(utcnow().timestamp())
                )
        finally:
            self._busy -= 1

    def _add(
        self,
        submission: Submission,
        origin: str,
        keys: tuple[VerifierKey, ...],
        cosigner: Cosigner,
        time_s: int,
    ) -> str | Refusal:
        note = submission.note
        latest = self._read(origin_hash(origin))
        known = Checkpoint.parse(latest.text) if latest else None
        if (refusal := judge(submission, keys, known)) is not None:
            return refusal
        own = tuple(item for item in note.signatures if any(item.is_by(key) for key in keys))
        cosigned = cosigner.cosign(note, time_s)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_utf8_file_atomic(
            str(self._path(origin_hash(origin))),
            str(Note(note.text, (*dict.fromkeys(own), *cosigned))),
            private=True,
        )
        return "".join(line.line() for line in cosigned)

    async def async_latest(self, log: str) -> Note | None:
        """Return the checkpoint that was cosigned last of the log that an origin's hash names."""
        return await self._hass.async_add_executor_job(self._read, log)

    def _read(self, log: str) -> Note | None:
        try:
            return Note.parse(self._path(log).read_bytes())
        except FileNotFoundError:
            return None

    def _path(self, log: str) -> Path:
        return self._folder / f"{log}.txt"


DATA_WITNESS: Final[HassKey[OwnWitness]] = HassKey("aiep_miner_own_witness")


@callback
def async_own_witness(hass: HomeAssistant) -> OwnWitness:
    """Return the witness that this Home Assistant is."""
    return hass.data.setdefault(DATA_WITNESS, OwnWitness(hass))


@callback
def known_logs(hass: HomeAssistant) -> Mapping[str, tuple[VerifierKey, ...]]:
    """Return the keys of the peers' logs, by origin."""
    logs: dict[str, tuple[VerifierKey, ...]] = {}
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        for peer in entry.get_subentries_of_type(SUBENTRY_PEER):
            key = VerifierKey.parse(peer.data[CONF_VERIFIER_KEY])
            origin = peer.data.get(CONF_ORIGIN) or key.name
            logs[origin] = (*logs.get(origin, ()), key)
    return logs
