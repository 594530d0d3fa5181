"""The actions that hand evidence out: signed heads, exports, bundles; and take exports in."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
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
from homeassistant.util.json import JsonValueType

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Ledger, LedgerError, Note, Query, Reader, import_export
from ..engine.records import RecordKind
from ..errors import ledger_unavailable
from ..services import ATTR_RECORD_HASH, SITE_SCHEMA, site_of
from ..web.serializers import MAX_SEQ, SEQ, block_of
from .statements import (
    ACTION_SERVICE_STATEMENT,
    STATEMENT_SCHEMA,
    async_service_statement,
    csv_of,
    html_of,
    totals_of,
)

ACTION_EXPORT_EVIDENCE: Final = "export_evidence"
ACTION_EXPORT_LEDGER: Final = "export_ledger"
ACTION_IMPORT_LEDGER: Final = "import_ledger"
ACTION_SIGN_LEDGER: Final = "sign_ledger"

ATTR_FROM_BLOCKS: Final = "from_blocks"
ATTR_FILENAME: Final = "filename"
ATTR_FROM_SEQ: Final = "from_seq"
ATTR_RECORD_SEQ: Final = "record_seq"

EXPORTS: Final = "exports"
"""Folder beside the ledger."""
IMPORTS: Final = "imports"
"""Folder beside the operators'."""

EXPORT_SCHEMA: Final = SITE_SCHEMA.extend({vol.Optional(ATTR_FROM_SEQ, default=1): SEQ})
EVIDENCE_SCHEMA: Final = vol.All(
    SITE_SCHEMA.extend(
        {
            vol.Optional(ATTR_FROM_BLOCKS): vol.All(vol.Coerce(int), vol.Range(min=0, max=MAX_SEQ)),
            vol.Exclusive(ATTR_RECORD_SEQ, "record"): SEQ,
            vol.Exclusive(ATTR_RECORD_HASH, "record"): vol.All(
                cv.string, vol.Match(r"^[0-9a-f]{64}\Z")
            ),
        }
    ),
    cv.has_at_least_one_key(ATTR_RECORD_SEQ, ATTR_RECORD_HASH),
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
        (ACTION_EXPORT_EVIDENCE, _evidence, EVIDENCE_SCHEMA),
        (ACTION_IMPORT_LEDGER, _import, IMPORT_SCHEMA),
        (ACTION_SERVICE_STATEMENT, _statement, STATEMENT_SCHEMA),
    ):
        async_register_admin_service(
            hass, DOMAIN, name, handler, schema, supports_response=SupportsResponse.OPTIONAL
        )


async def _sign(call: ServiceCall) -> ServiceResponse:
    """Append a signed checkpoint of the whole ledger."""
    site = site_of(call)
    try:
        stored = await site.ledger_service.async_sign()
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    return {
        "record_seq": stored.seq,
        "record_hash": stored.hash_hex,
        "ts": stored.ts_ms,
        "checkpoint": stored.body["note"],
        **_keys(site),
    }


async def _export(call: ServiceCall) -> ServiceResponse:
    """Write the ledger, or its end, to a file."""
    site, from_seq = site_of(call), call.data[ATTR_FROM_SEQ]
    ledger = _ledger(site)
    if from_seq > ledger.head.seq:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="beyond_the_ledger")
    try:
        from_block = await block_of(ledger, from_seq)
        note = await site.ledger_service.async_covering_note()
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    name = f"ledger-{ledger.segment}-{from_block}.jsonl"
    path = await _hand_out(call.hass, site, name, ledger.export(from_block, note=note))
    return {"file": str(path), "checkpoint": str(note), **_keys(site)}


async def _evidence(call: ServiceCall) -> ServiceResponse:
    """Write a decision's evidence bundle and its tlog-proof to files; answer a consistency proof."""
    site = site_of(call)
    ledger = _ledger(site)
    try:
        seq = call.data.get(ATTR_RECORD_SEQ) or await _seq_of(ledger, call.data[ATTR_RECORD_HASH])
        note = await site.ledger_service.async_covering_note(seq)
        bundle, proof = await ledger.bundle(seq, note), await ledger.proof(seq, note)
        more: dict[str, JsonValueType] = {}
        if (from_blocks := call.data.get(ATTR_FROM_BLOCKS)) is not None:
            more["consistency"] = await site.ledger_service.async_consistency(from_blocks)
    except LedgerError as err:
        raise ledger_unavailable(err) from err
    except ValueError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_such_decision"
        ) from err
    name = f"decision-{ledger.segment}-{seq}"
    text = json.dumps(bundle, ensure_ascii=False, indent=1).encode()
    file = await _hand_out(call.hass, site, f"{name}.json", _once(text))
    proof_file = await _hand_out(call.hass, site, f"{name}.tlog-proof", _once(proof.encode()))
    files: dict[str, JsonValueType] = {"file": str(file), "proof_file": str(proof_file)}
    return {**files, "record_seq": seq, **more, **_keys(site)}


async def _statement(call: ServiceCall) -> ServiceResponse:
    """Write a service statement to files: JSON, CSV, a page to print, and the ledger's export."""
    site, statement = await async_service_statement(call)
    ledger, terms = _ledger(site), statement["terms"]
    name = f"statement-{ledger.segment}-{terms['from_ms']}-{terms['to_ms']}"
    text = json.dumps(statement, ensure_ascii=False, indent=1)
    page = html_of(call.hass, site.config_entry.title, statement)
    note = Note.parse(statement["checkpoint"])
    files = {
        "file": (f"{name}.json", _once(text.encode())),
        "csv_file": (f"{name}.csv", _once(csv_of(statement).encode())),
        "page_file": (f"{name}.html", _once(page.encode())),
        "export_file": (f"{name}.jsonl", ledger.export(0, note=note)),
    }
    paths = {
        key: str(await _hand_out(call.hass, site, file, blocks))
        for key, (file, blocks) in files.items()
    }
    return {**paths, **totals_of(statement), **_keys(site)}


async def _seq_of(ledger: Ledger, record_hash: str) -> int:
    """Return the seq of the decision with a hash. Raises LedgerError, ValueError for none."""
    digest = bytes.fromhex(record_hash)

    def look(reader: Reader) -> int | None:
        everything = Query(kinds=(RecordKind.DECISION,), limit=MAX_SEQ, newest_first=True)
        found = (entry for batch in reader.find(everything) for entry in batch)
        return next((entry.seq for entry in found if entry.hash == digest), None)

    seq = await ledger.read(look)
    if seq is None:
        raise ValueError("no such decision")
    return seq


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _keys(site: AiepMinerCoordinator) -> dict[str, JsonValueType]:
    """Return what signatures are verified with."""
    return {
        "public_key": site.ledger_service.public_key,
        "verifier_key": str(_ledger(site).verifier_key),
    }


async def _import(call: ServiceCall) -> ServiceResponse:
    """Make a ledger file of a whole export, verified, beside it."""
    hass = call.hass
    source = Path(hass.config.path(DOMAIN, IMPORTS, call.data[ATTR_FILENAME]))
    target = source.with_suffix(".db")
    try:
        report = await hass.async_add_executor_job(import_export, source, target)
    except (ValueError, OSError, LedgerError) as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="import_failed",
            translation_placeholders={"error": str(err)},
        ) from err
    return {"file": str(target), "blocks": report.blocks, "root": report.root.hex()}


def _ledger(site: AiepMinerCoordinator) -> Ledger:
    """Return the open ledger; raises HomeAssistantError."""
    try:
        return site.controller.ledger
    except LedgerError as err:
        raise ledger_unavailable(err) from err


async def _hand_out(
    hass: HomeAssistant, site: AiepMinerCoordinator, name: str, blocks: AsyncIterator[bytes]
) -> Path:
    """Write a file beside the ledger; return its path. Raises HomeAssistantError."""
    path = _ledger(site).path.parent / EXPORTS / name
    try:
        await _write(hass, path, blocks)
    except (LedgerError, ValueError) as err:
        raise ledger_unavailable(str(err)) from err
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="file_unwritable",
            translation_placeholders={"error": str(err)},
        ) from err
    return path


async def _write(hass: HomeAssistant, path: Path, blocks: AsyncIterator[bytes]) -> None:
    """Write a file whole or not at all. Raises OSError and LedgerError."""
    # Several files of the same name may be written at once.
    part = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.part")
    file = await hass.async_add_executor_job(_begin, part)
    try:
        async for block in blocks:
            await hass.async_add_executor_job(file.write, block)
        await hass.async_add_executor_job(file.close)
        await hass.async_add_executor_job(part.replace, path)
    except BaseException:
        await hass.async_add_executor_job(_discard, file, part)
        raise


def _begin(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("xb")


def _discard(file: BinaryIO, part: Path) -> None:
    with suppress(OSError):
        file.close()
    part.unlink(missing_ok=True)
