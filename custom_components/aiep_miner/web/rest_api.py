"""REST under /api/aiep_miner/, for Home Assistant's tokens and for operators' own credentials.

See docs/rest-api.md. Operator credentials open their own operator and nothing else; wrong ones
count towards Home Assistant's IP ban.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import probatio as vol
from aiohttp import hdrs, web
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import KEY_AUTHENTICATED, KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import AiepMinerConfigEntry, AiepMinerCoordinator
from ..engine.ledger import Ledger, LedgerError
from ..engine.ledger.verifier.note import Note
from ..engine.records import RecordKind
from ..ledger_service.statements import (
    DEFAULT_SHARE_PCT,
    async_statement,
    csv_of,
    html_of,
    terms_of,
)
from ..ledger_service.trust_store import async_stored_access
from .body import async_read_body
from .credentials import (
    TIMESTAMP_HEADER,
    WINDOW_S,
    Access,
    Claim,
    UsedSignatures,
    is_signed_by,
    read_claim,
)
from .pages import async_page
from .permissions import may_read
from .serializers import (
    PAGE_SCHEMA,
    SEQ,
    TIME,
    block_of,
    cycle_report,
    health_report,
    ledger_report,
    miner_report,
)

ROOT: Final = "/api/aiep_miner"
MAX_BODY_BYTES: Final = 4096
"""No request needs a body; a signed one may have a short one."""
KEY_HEADER: Final = "X-AIEP-Public-Key"

KINDS: Final = {
    "telemetry": RecordKind.TELEMETRY,
    "prices": RecordKind.PRICE,
    "profits": RecordKind.PROFIT,
    "decisions": RecordKind.DECISION,
    "receipts": RecordKind.RECEIPT,
    "negative-proofs": RecordKind.NEGATIVE_PROOF,
}
"""What the records of a kind are called in an address."""
_DATA_USED_SIGNATURES: Final[HassKey[UsedSignatures]] = HassKey("aiep_miner_used_signatures")
_STATEMENT_SCHEMA: Final = vol.Schema(
    {
        vol.Required("from_ts"): TIME,
        vol.Required("to_ts"): TIME,
        vol.Optional("miner_ids"): vol.All(str, vol.Length(max=50_000)),
        vol.Optional("share_pct", default=DEFAULT_SHARE_PCT): vol.All(
            vol.Coerce(float), vol.Range(min=0, max=100)
        ),
        vol.Optional("format", default="json"): vol.In(["json", "csv", "html"]),
    }
)
_NO_SCRIPTS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_EXPORT_SCHEMA: Final = vol.Schema({vol.Optional("from_seq", default=1): SEQ})


@callback
def async_setup_api(hass: HomeAssistant) -> None:
    """Register the views."""
    hass.data[_DATA_USED_SIGNATURES] = UsedSignatures()
    for view in (
        HealthView,
        MinersView,
        StatusView,
        RecordsView,
        ExportView,
        BundleView,
        ProofView,
        StatementView,
        ConsistencyView,
        CycleView,
    ):
        hass.http.register_view(view())


def refusal[E: web.HTTPException](error: type[E], message: str) -> E:
    """Return an error with a message in JSON."""
    return error(text=json.dumps({"message": message}), content_type="application/json")


def _entry(hass: HomeAssistant, operator_id: str | None) -> AiepMinerConfigEntry | None:
    """Return an operator; the only one when none is named."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    if operator_id is None:
        return entries[0] if len(entries) == 1 else None
    return next((entry for entry in entries if entry.entry_id == operator_id), None)


def _loaded(entry: AiepMinerConfigEntry) -> AiepMinerCoordinator:
    """Return an operator's coordinator; raises HTTPServiceUnavailable."""
    if entry.state is not ConfigEntryState.LOADED:
        raise refusal(web.HTTPServiceUnavailable, "the operator is not running")
    return entry.runtime_data.coordinator


async def _authenticate(request: web.Request, *, acts: bool) -> AiepMinerConfigEntry | None:
    """Return the operator whose credentials a request carries; None for a Home Assistant user.

    Raises HTTPUnauthorized for wrong credentials, HTTPForbidden for what they do not allow.
    """
    if request[KEY_AUTHENTICATED]:
        if acts and not request[KEY_HASS_USER].is_admin:
            raise refusal(web.HTTPForbidden, "only administrators may do this")
        return None
    entry, access, claim = await _signer(request)
    if acts:
        _allow_action(request, access, claim)
    return entry


async def _signer(request: web.Request) -> tuple[AiepMinerConfigEntry, Access, Claim]:
    """Return the operator whose secret signed a request; raises HTTPUnauthorized.

    Nothing is said of an operator, not even whether it is loaded, before its signature is verified.
    """
    claim, body = await async_claim(request)
    entry = _entry(request.app[KEY_HASS], claim.operator_id)
    access = await _access(request.app[KEY_HASS], entry)
    require_signature(request, access, claim, body)
    assert entry is not None  # noqa: S101 - without an operator there is no access
    assert access is not None  # noqa: S101 - without access nothing is signed
    return entry, access, claim


async def async_claim(request: web.Request) -> tuple[Claim, bytes]:
    """Return what a request's headers claim, and its body; raises HTTPUnauthorized."""
    headers = request.headers
    claim = read_claim(headers.get(hdrs.AUTHORIZATION, ""), headers.get(TIMESTAMP_HEADER, ""))
    if claim is None or abs(dt_util.utcnow().timestamp() - claim.at_s) > WINDOW_S:
        raise refusal(web.HTTPUnauthorized, "no valid credentials")
    try:
        return claim, await async_read_body(request, MAX_BODY_BYTES)
    except TimeoutError as err:
        raise refusal(web.HTTPRequestTimeout, "the body did not arrive in time") from err


def require_signature(
    request: web.Request, access: Access | None, claim: Claim, body: bytes
) -> None:
    """Raise HTTPUnauthorized unless a secret signed a request."""
    if not is_signed_by(access, claim, method=request.method, target=request.raw_path, body=body):
        raise refusal(web.HTTPUnauthorized, "no valid credentials")


async def _access(hass: HomeAssistant, entry: AiepMinerConfigEntry | None) -> Access | None:
    """Return an operator's credentials, also while it is not loaded."""
    if entry is None:
        return None
    if entry.state is ConfigEntryState.LOADED:
        return entry.runtime_data.trust_store.trusted.access
    return await async_stored_access(hass, entry.entry_id)


def _allow_action(request: web.Request, access: Access, claim: Claim) -> None:
    """Let a signed request act, once; raises HTTPForbidden or HTTPConflict."""
    if not access.may_act:
        raise refusal(web.HTTPForbidden, "the credentials allow only reading")
    used = request.app[KEY_HASS].data[_DATA_USED_SIGNATURES]
    if not used.take(claim, dt_util.utcnow().timestamp()):
        raise refusal(web.HTTPConflict, "this request was made before; sign a new one")


async def site_of(
    request: web.Request, operator_id: str | None, *, acts: bool = False, ledger: bool = False
) -> AiepMinerCoordinator:
    """Return the operator that a request is about, if it may have it; raises HTTPException.

    ``ledger`` says that the request reads the operator's ledger.
    """
    own = await _authenticate(request, acts=acts)
    entry = _entry(request.app[KEY_HASS], operator_id)
    if own is not None and operator_id not in (None, own.entry_id):
        raise refusal(web.HTTPForbidden, "the credentials are another operator's")
    if own is None and ledger and not may_read(entry, request[KEY_HASS_USER]):
        raise refusal(web.HTTPForbidden, "the operator does not let this user read its ledger")
    if entry is None:
        raise refusal(web.HTTPNotFound, "no such operator")
    return _loaded(entry)


def query_of(request: web.Request, schema: vol.Schema) -> Mapping[str, Any]:
    """Return what an address asks for; raises HTTPBadRequest."""
    if len(request.query) != len(set(request.query)):
        raise refusal(web.HTTPBadRequest, "a parameter is given twice")
    given = {key: value for key, value in request.query.items() if key != "authSig"}
    try:
        asked: Mapping[str, Any] = schema(given)
    except vol.Invalid as err:
        raise refusal(web.HTTPBadRequest, str(err)) from err
    return asked


def ledger_of(site: AiepMinerCoordinator) -> Ledger:
    """Return the open ledger; raises HTTPServiceUnavailable."""
    try:
        return site.controller.ledger
    except LedgerError as err:
        raise refusal(web.HTTPServiceUnavailable, str(err)) from err


class OperatorView(HomeAssistantView):
    """A view of one operator; who may have it is found out by ``_site``."""

    requires_auth = False

    def __init_subclass__(cls, *, path: str, **kwargs: Any) -> None:
        """Put it where the operator is named, and where it need not be with only one."""
        super().__init_subclass__(**kwargs)
        cls.url = f"{ROOT}/operators/{{operator_id}}/{path}"
        cls.extra_urls = [f"{ROOT}/{path}"]


class HealthView(HomeAssistantView):
    """How the operators are."""

    requires_auth = False
    url = f"{ROOT}/health"
    name = "api:aiep_miner:health"

    async def get(self, request: web.Request) -> web.Response:
        """Return the own operator's health, or that of all for a Home Assistant user."""
        own = await _authenticate(request, acts=False)
        entries = request.app[KEY_HASS].config_entries.async_loaded_entries(DOMAIN)
        sites = [_loaded(own)] if own else [entry.runtime_data.coordinator for entry in entries]
        return self.json({"operators": [health_report(site) for site in sites]})


class MinersView(OperatorView, path="miners"):
    """The miners of an operator."""

    name = "api:aiep_miner:miners"

    async def get(self, request: web.Request, operator_id: str | None = None) -> web.Response:
        """Return how each miner is."""
        site = await site_of(request, operator_id)
        miners = [miner_report(site, miner_id) for miner_id in sorted(site.data.miners)]
        return self.json({"operator_id": site.config_entry.entry_id, "miners": miners})


class StatusView(OperatorView, path="ledger/status"):
    """The state of an operator's ledger."""

    name = "api:aiep_miner:ledger:status"

    async def get(self, request: web.Request, operator_id: str | None = None) -> web.Response:
        """Return how the ledger is."""
        site = await site_of(request, operator_id, ledger=True)
        ledger_of(site)
        return self.json(ledger_report(site))


class RecordsView(OperatorView, path=f"ledger/{{kind:{'|'.join(KINDS)}}}"):
    """The records of a kind, page by page."""

    name = "api:aiep_miner:ledger:records"

    async def get(
        self, request: web.Request, kind: str, operator_id: str | None = None
    ) -> web.Response:
        """Return a page of records."""
        ledger = ledger_of(await site_of(request, operator_id, ledger=True))
        wanted = query_of(request, PAGE_SCHEMA)
        try:
            page = await async_page(request.app[KEY_HASS], ledger, (KINDS[kind],), wanted)
        except LedgerError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
        return web.Response(body=page, content_type="application/json")


def _saved_as(name: str) -> dict[str, str]:
    """Return the header that has a browser save an answer as a file."""
    return {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}


async def stream(
    request: web.Request, name: str, blocks: AsyncIterator[bytes], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Stream a file of evidence; raises HTTPServiceUnavailable before its first block."""
    try:
        first = await anext(blocks)
    except (LedgerError, ValueError) as err:
        raise refusal(web.HTTPServiceUnavailable, str(err)) from err
    response = web.StreamResponse(headers={**headers, **_saved_as(name)})
    response.content_type = "application/x-ndjson"
    await response.prepare(request)
    await response.write(first)
    async for block in blocks:
        await response.write(block)
    await response.write_eof()
    return response


async def _covered[T](
    site: AiepMinerCoordinator, seq: int, make: Callable[[int, Note], Awaitable[T]]
) -> T:
    """Return evidence of a record under a checkpoint that covers it.

    Raises HTTPServiceUnavailable, and HTTPNotFound for a seq of which there is none.
    """
    try:
        return await make(seq, await site.ledger_service.async_covering_note(seq))
    except LedgerError as err:
        raise refusal(web.HTTPServiceUnavailable, str(err)) from err
    except ValueError as err:
        raise refusal(web.HTTPNotFound, str(err)) from err


class ExportView(OperatorView, path="ledger/export"):
    """The whole ledger, or its end, in JSON Lines."""

    name = "api:aiep_miner:ledger:export"

    async def get(self, request: web.Request, operator_id: str | None = None) -> web.StreamResponse:
        """Stream the export. One that fails on the way ends without its proper end."""
        site = await site_of(request, operator_id, ledger=True)
        ledger = ledger_of(site)
        asked = query_of(request, _EXPORT_SCHEMA)
        if asked["from_seq"] > ledger.head.seq:
            raise refusal(web.HTTPBadRequest, "the ledger ends before that")
        try:
            note = await site.ledger_service.async_covering_note()
            first_block = await block_of(ledger, asked["from_seq"])
        except LedgerError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
        name = f"ledger-{ledger.segment}-{asked['from_seq']}-{ledger.head.seq}.jsonl"
        blocks = ledger.export(first_block, note=note)
        return await stream(request, name, blocks, {KEY_HEADER: str(ledger.verifier_key)})


class BundleView(OperatorView, path="ledger/bundle/{seq:[0-9]{1,18}}"):
    """The evidence bundle of one decision."""

    name = "api:aiep_miner:ledger:bundle"

    async def get(
        self, request: web.Request, seq: str, operator_id: str | None = None
    ) -> web.Response:
        """Return a decision with all that it rests on, and their proofs."""
        site = await site_of(request, operator_id, ledger=True)
        ledger = ledger_of(site)
        bundle = await _covered(site, int(seq), ledger.bundle)
        name = f"decision-{ledger.segment}-{seq}.json"
        return self.json(bundle, headers=_saved_as(name) | {KEY_HEADER: str(ledger.verifier_key)})


class ProofView(OperatorView, path="ledger/proof/{seq:[0-9]{1,18}}"):
    """A record's tlog-proof file."""

    name = "api:aiep_miner:ledger:proof"

    async def get(
        self, request: web.Request, seq: str, operator_id: str | None = None
    ) -> web.Response:
        """Return the proof of the record with a seq."""
        site = await site_of(request, operator_id, ledger=True)
        ledger = ledger_of(site)
        text = await _covered(site, int(seq), ledger.proof)
        headers = _saved_as(f"record-{ledger.segment}-{seq}.tlog-proof")
        return web.Response(text=text, headers=headers | {KEY_HEADER: str(ledger.verifier_key)})


class StatementView(OperatorView, path="statement"):
    """A service statement."""

    name = "api:aiep_miner:statement"

    async def get(self, request: web.Request, operator_id: str | None = None) -> web.Response:
        """Return what miners did over a time, as JSON, CSV or a page to print."""
        site = await site_of(request, operator_id, ledger=True)
        ledger_of(site)
        asked = query_of(request, _STATEMENT_SCHEMA)
        miners = asked.get("miner_ids")
        try:
            terms = terms_of(
                site,
                from_ms=asked["from_ts"],
                to_ms=asked["to_ts"],
                miners=miners.split(",") if miners else None,
                share_pct=asked["share_pct"],
            )
            statement = await async_statement(site, terms)
        except ValueError as err:
            raise refusal(web.HTTPBadRequest, str(err)) from err
        except LedgerError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
        if asked["format"] == "csv":
            headers = _saved_as("statement.csv")
            return web.Response(text=csv_of(statement), content_type="text/csv", headers=headers)
        if asked["format"] == "html":
            page = html_of(request.app[KEY_HASS], site.config_entry.title, statement)
            return web.Response(text=page, content_type="text/html", headers=_NO_SCRIPTS)
        return self.json(statement)


class ConsistencyView(OperatorView, path="ledger/consistency/{blocks:[0-9]{1,18}}"):
    """The proof that the log only grew since it had so many blocks."""

    name = "api:aiep_miner:ledger:consistency"

    async def get(
        self, request: web.Request, blocks: str, operator_id: str | None = None
    ) -> web.Response:
        """Return the proof from a checkpoint of so many blocks to the newest one."""
        site = await site_of(request, operator_id, ledger=True)
        key = str(ledger_of(site).verifier_key)
        try:
            found = await site.ledger_service.async_consistency(int(blocks))
        except LedgerError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
        except ValueError as err:
            raise refusal(web.HTTPNotFound, str(err)) from err
        return self.json(found, headers={KEY_HEADER: key})


class CycleView(OperatorView, path="cycle"):
    """A governed cycle."""

    name = "api:aiep_miner:cycle"

    async def post(self, request: web.Request, operator_id: str | None = None) -> web.Response:
        """Run a cycle now and return what it came to."""
        site = await site_of(request, operator_id, acts=True)
        try:
            return self.json(cycle_report(await site.async_run_cycle()))
        except HomeAssistantError as err:
            raise refusal(web.HTTPServiceUnavailable, str(err)) from err
