"""What an operator keeps in Home Assistant's storage, outside of its ledger."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from mashumaro import DataClassDictMixin

from ..const import DOMAIN
from ..engine.ledger import Head, Signer, generate_key
from ..engine.ledger import Trusted as KnownLedger
from ..web.credentials import Access

STORAGE_VERSION: Final = 1
WITNESS_FILE: Final = "witness.json"
"""Names a removed operator's last head and public key."""
THIS_PROCESS: Final = token_hex(8)
"""Tells the installation that takes a backup from the one that is started from it."""
SAVE_DELAY_S: Final = 60
"""The ledger itself is written much more often; this bounds what a crash hides of its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(DataClassDictMixin):
    """Where the ledger was found broken; kept until a person has accepted it."""

    seq: int
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked(DataClassDictMixin):
    """How far the ledger is verified."""

    state: dict[str, Any]
    """What the verification goes on from."""
    began_ms: int
    """When it began at the first record."""
    done: bool
    """Whether it has come to the ledger's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted(DataClassDictMixin):
    """All that is kept. It holds secrets: nothing of it is for logs and diagnostics."""

    private_key: str = field(default_factory=lambda: generate_key().hex(), repr=False)
    """Ed25519, hex."""
    head: str | None = None
    """The ledger's last known head: a ``Head``'s text, or ``SEQ:HEXHASH`` of format 1."""
    is_clean: bool = False
    """Whether the head was kept after the ledger was closed: then nothing may follow it."""
    checkpoint: str | None = None
    """The last signed checkpoint, a whole note."""
    held_by: str | None = None
    """The process that holds the ledger's files still for a backup; None while there is none.

    Another process that reads this was started from that backup.
    """
    broken: Break | None = None
    walked: Walked | None = None
    access: Access | None = None
    """The operator's own credentials; None while they are switched off."""

    @property
    def of_ledger(self) -> KnownLedger:
        """Return what the ledger is compared with when it is opened."""
        is_format_1 = self.head is not None and self.head.count(":") == 1
        if is_format_1:
            return KnownLedger(format_1_head=self.head)
        return KnownLedger(
            head=self.known_head,
            is_clean=self.is_clean,
            checkpoint=self.checkpoint,
            is_copy=self.held_by not in (None, THIS_PROCESS),
        )

    @property
    def known_head(self) -> Head | None:
        """Return the last known head; None also for one of format 1."""
        return Head.parse(self.head) if self.head and self.head.count(":") == 3 else None

    @property
    def signing_key(self) -> bytes:
        """Return the private key, 32 secret bytes."""
        return bytes.fromhex(self.private_key)

    @property
    def public_key(self) -> bytes:
        """Return the public key, 32 bytes."""
        return Signer(self.signing_key).public_key


async def async_stored_access(hass: HomeAssistant, operator_id: str) -> Access | None:
    """Return the credentials of an operator that is not loaded; nothing is created or changed."""
    stored = await _store(hass, operator_id).async_load()
    return Trusted.from_dict(stored).access if stored is not None else None


async def async_hold(hass: HomeAssistant, operator_id: str, *, is_held: bool) -> None:
    """Mark the trust store of an operator that is not loaded for a backup, or end that."""
    store = _store(hass, operator_id)
    stored = await store.async_load()
    if stored is not None:
        await store.async_save({**stored, "held_by": THIS_PROCESS if is_held else None})


def _store(hass: HomeAssistant, operator_id: str) -> Store[dict[str, Any]]:
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{operator_id}", private=True, atomic_writes=True)


class TrustStore:
    """One operator's file in Home Assistant's storage."""

    def __init__(self, hass: HomeAssistant, operator_id: str) -> None:
        """Prepare; ``async_load`` comes first."""
        self.trusted = Trusted()
        self._store = _store(hass, operator_id)
        self._is_due = False

    async def async_load(self) -> None:
        """Read what is kept; a new operator gets its keys, kept at once."""
        stored = await self._store.async_load()
        if stored is None:
            await self.async_save()
        else:
            self.trusted = Trusted.from_dict(stored)

    @callback
    def async_change(self, **changes: Any) -> None:
        """Keep something else from now on, written within ``SAVE_DELAY_S``."""
        self.trusted = replace(self.trusted, **changes)
        if not self._is_due:
            self._is_due = True
            self._store.async_delay_save(self._take, SAVE_DELAY_S)

    async def async_save(self, **changes: Any) -> None:
        """Keep something else from now on, written at once."""
        self.trusted = replace(self.trusted, **changes)
        await self._store.async_save(self._take())

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    @callback
    def _take(self) -> dict[str, Any]:
        self._is_due = False
        return self.trusted.to_dict()


def ledger_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where an operator's ledger lies; it stays there when the operator is removed."""
    return Path(hass.config.path(DOMAIN, entry_id, "ledger.db"))


async def async_leave(hass: HomeAssistant, entry_id: str) -> None:
    """Forget a removed operator's secrets; beside its ledger stays what it takes to verify it."""
    trust_store = TrustStore(hass, entry_id)
    try:
        await trust_store.async_load()
        trusted = trust_store.trusted
        witness = {
            "operator_id": entry_id,
            "head": trusted.head,
            "public_key": trusted.public_key.hex(),
        }
        path = ledger_path(hass, entry_id).with_name(WITNESS_FILE)
        if await hass.async_add_executor_job(path.parent.exists):
            text = json.dumps(witness, indent=2)
            await hass.async_add_executor_job(path.write_text, text, "utf-8")
    finally:
        await trust_store.async_remove()
