"""The actions that hand evidence out: signed heads, exports, bundles; and take exports in."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

import probatio as vol
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Head, Ledger, LedgerError, import_export
from ..engine.records import RecordKind
from ..errors import ledger_unavailable
from ..services import ATTR_RECORD_HASH, SITE_SCHEMA, site_of
from ..web.serializers import SEQ

ACTION_EVIDENCE_BUNDLE: Final = "evidence_bundle"
ACTION_EXPORT_LEDGER: Final = "export_ledger"
ACTION_IMPORT_LEDGER: Final = "import_ledger"
ACTION_SIGN_LEDGER: Final = "sign_ledger"

ATTR_FILENAME: Final = "filename"
ATTR_FROM_SEQ: Final = "from_seq"

EXPORTS: Final = "exports"
"""Folder beside the ledger."""
IMPORTS: Final = "imports"
"""Folder beside the operators'."""

EXPORT_SCHEMA: Final = SITE_SCHEMA.extend({vol.Optional(ATTR_FROM_SEQ, default=1): SEQ})
BUNDLE_SCHEMA: Final = SITE_SCHEMA.extend(
    {vol.Required(ATTR_RECORD_HASH): vol.All(cv.string, vol.Match(r"^[0-9a-f]{64}\Z"))}
)
IMPORT_SCHEMA: Final = vol.Schema(
    {vol.Required(ATTR_FILENAME): vol.All(cv.string, vol.Match(r"^\w[\w.-]{0,200}\.jsonl\Z"))}
)


@callback
def async_setup_evidence_actions(hass: HomeAssistant) -> None:
    """Register the actions; they are for administrators."""
    for name, handler, schema in (
        (ACTION_SIGN_LEDGER, _sign, SITE_SCHEMA),
        (ACTION_EXPORT_LEDGER, _export, EXPORT_SCHEMA),
        (ACTION_EVIDENCE_BUNDLE, _bundle, BUNDLE_SCHEMA),
        (ACTION_IMPORT_LEDGER, _import, IMPORT_SCHEMA),
    ):
        async_register_admin_service(
            hass, DOMAIN, name, handler, schema, supports_response=SupportsResponse.OPTIONAL
        )


async def _sign(call: ServiceCall) -> ServiceResponse:
    """Append a signed checkpoint of the ledger's head."""
    site = site_of(call)
    try:
        stored = await site.ledger_service.async_sign()
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    body = stored.record().body()
    return {
        "record_seq": stored.seq,
        "record_hash": stored.hash_hex,
        "head": f"{body['seq']}:{body['head']}",
        "ts": stored.ts_ms,
        "signature": body["signature"],
        "public_key": site.ledger_service.public_key,
    }


async def _export(call: ServiceCall) -> ServiceResponse:
    """Write the ledger, or its end, to a file."""
    site, from_seq = site_of(call), call.data[ATTR_FROM_SEQ]
    ledger = _ledger(site)
    head = ledger.head
    if from_seq > head.seq:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="beyond_the_ledger")
    blocks = ledger.export(
        from_seq, head.seq, public_key=site.ledger_service.trust_store.trusted.public_key
    )
    return await _hand_out(call.hass, site, f"ledger-{from_seq}-{head.seq}.jsonl", blocks, head)


async def _bundle(call: ServiceCall) -> ServiceResponse:
    """Write a decision with all that it rests on, and the chain from there on, to a file."""
    site, record_hash = site_of(call), call.data[ATTR_RECORD_HASH]
    ledger = _ledger(site)
    try:
        stored = await ledger.get_by_hash(record_hash, kinds=(RecordKind.DECISION,))
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    if stored is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_such_decision")
    blocks = ledger.bundle(
        stored.seq, public_key=site.ledger_service.trust_store.trusted.public_key
    )
    name = f"decision-{stored.seq}-{record_hash[:8]}.jsonl"
    return await _hand_out(call.hass, site, name, blocks, ledger.head)


async def _import(call: ServiceCall) -> ServiceResponse:
    """Make a ledger file of a whole export, verified, beside it."""
    hass = call.hass
    source = Path(hass.config.path(DOMAIN, IMPORTS, call.data[ATTR_FILENAME]))
    target = source.with_suffix(".db")
    try:
        head = await hass.async_add_executor_job(import_export, source, target)
    except (ValueError, OSError, LedgerError) as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="import_failed",
            translation_placeholders={"error": str(err)},
        ) from err
    return {"file": str(target), "head": str(head)}


def _ledger(site: AiepMinerCoordinator) -> Ledger:
    """Return the open ledger; raises HomeAssistantError."""
    try:
        return site.controller.ledger
    except LedgerError as err:
        raise ledger_unavailable(err) from err


async def _hand_out(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    name: str,
    blocks: AsyncIterator[bytes],
    head: Head,
) -> ServiceResponse:
    """Write a file and tell where it lies, and what it is to be verified with."""
    path = _ledger(site).path.parent / EXPORTS / name
    try:
        await _write(hass, path, blocks)
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="file_unwritable",
            translation_placeholders={"error": str(err)},
        ) from err
    return {"file": str(path), "head": str(head), "public_key": site.ledger_service.public_key}


async def _write(hass: HomeAssistant, path: Path, blocks: AsyncIterator[bytes]) -> None:
    """Write a file whole or not at all. Raises OSError and LedgerError."""
    part = path.with_suffix(".part")
    file = await hass.async_add_executor_job(_begin, part)
    try:
        async for block in blocks:
            await hass.async_add_executor_job(file.write, block)
    finally:
        await hass.async_add_executor_job(file.close)
    await hass.async_add_executor_job(os.replace, part, path)


def _begin(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("wb")
