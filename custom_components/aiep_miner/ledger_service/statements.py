"""Service statements: what each miner did over a time, as JSON, CSV and a page to print."""

import csv
import io
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

import probatio as vol
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Ledger, LedgerError, Note, Reader
from ..engine.ledger.proofs import Prover
from ..engine.ledger.verifier.note import Checkpoint
from ..engine.ledger.verifier.proof import proof_file
from ..engine.ledger.verifier.statement import EXCUSES, FAULTS, FORMAT, WINDOW_MS, Terms
from ..entities.status_text import async_text
from ..errors import ledger_unavailable
from ..services import SITE_SCHEMA, site_of

ACTION_SERVICE_STATEMENT: Final = "service_statement"
ATTR_CUSTOMERS: Final = "customers"
ATTR_FROM: Final = "from_time"
ATTR_LABEL: Final = "label"
ATTR_SHARE: Final = "share_pct"
ATTR_TO: Final = "to_time"
ATTR_USER_ID: Final = "user_id"
"""Attribute of a person."""

DEFAULT_SHARE_PCT: Final = 90.0
MAX_SPAN: Final = timedelta(days=400)
MAX_PROOFS: Final = 500
"""Of commands and orders that a statement cites; the export proves all of them."""
_POLL_INTERVALS: Final = 3
"""A poll holds for so many intervals, at least for a window."""

STATEMENT_SCHEMA: Final = SITE_SCHEMA.extend(
    {
        vol.Required(ATTR_FROM): cv.datetime,
        vol.Required(ATTR_TO): cv.datetime,
        vol.Optional(ATTR_LABEL): cv.string,
        vol.Optional(ATTR_SHARE, default=DEFAULT_SHARE_PCT): vol.All(
            vol.Coerce(float), vol.Range(min=0, max=100)
        ),
        vol.Optional(ATTR_CUSTOMERS, default=[]): cv.entity_ids,
    }
)

type Json = dict[str, Any]


def terms_of(
    site: AiepMinerCoordinator,
    *,
    from_ms: int,
    to_ms: int,
    miners: Iterable[str] | None = None,
    share_pct: float = DEFAULT_SHARE_PCT,
    customers: Iterable[str] = (),
) -> Terms:
    """Return the terms of a statement; what is agreed is a miner's nominal hash rate.

    Raises ValueError for a time that is none or too long, and without a miner.
    """
    if not 0 <= from_ms < to_ms or to_ms - from_ms > MAX_SPAN / timedelta(milliseconds=1):
        raise ValueError("not a time of at most 400 days")
    policy = site.data.policy
    agreed = {item.miner_id: item.nominal_hashrate_ths or 0.0 for item in policy.miners}
    wanted = set(agreed) if miners is None else set(miners) & set(agreed)
    if not wanted:
        raise ValueError("no such miners")
    return Terms(
        from_ms,
        to_ms,
        {miner: agreed[miner] for miner in sorted(wanted)},
        share=share_pct / 100,
        customers=tuple(customers),
        max_gap_ms=max(WINDOW_MS, math.ceil(_POLL_INTERVALS * policy.interval_s * 1000)),
        start_ms=round(policy.start_min * 60_000),
    )


async def async_statement(site: AiepMinerCoordinator, terms: Terms) -> Json:
    """Return a statement with a checkpoint, and proofs of the events that it cites.

    Raises LedgerError.
    """
    ledger = site.controller.ledger
    found = await ledger.statement(terms)
    note = await site.ledger_service.async_covering_note()
    seqs = sorted({seq for line in found["lines"] for seq in line["seqs"]})
    names = {miner: site.title(miner) for miner in terms.agreed_ths}
    return {
        "format": FORMAT,
        "operator_id": ledger.operator_id,
        "segment": ledger.segment,
        "currency": site.currency,
        "names": names,
        "terms": terms.as_dict(),
        **found,
        "checkpoint": str(note),
        "verifier_key": str(ledger.verifier_key),
        "proofs": await _proofs(ledger, seqs, note),
    }


async def _proofs(ledger: Ledger, seqs: list[int], note: Note) -> dict[str, str]:
    """Return tlog-proof files of those records that are events, by seq."""
    size = Checkpoint.parse(note.text).size

    def prove(reader: Reader) -> dict[str, str]:
        prover = Prover(reader)
        proofs: dict[str, str] = {}
        for seq in seqs:
            if len(proofs) < MAX_PROOFS and reader.is_event(seq):
                entry, found = prover.record(seq, size)
                proofs[str(seq)] = proof_file(found, entry.hash, note)
        return proofs

    return await ledger.read(prove)


# As text


def csv_of(statement: Json) -> str:
    """Return a statement's lines as CSV; times in ISO 8601, UTC."""
    rules = [f"excused_{name}" for name in EXCUSES] + [f"fault_{name}" for name in FAULTS]
    figures = ("kwh", "minutes_without_power", "thd_delivered", "coins_expected", "energy_cost")
    out = io.StringIO()
    writer = csv.writer(out)
    states = ["running", *rules]
    writer.writerow(
        ["miner_id", "name", "from", "to", "state", "rule", *figures]
        + [f"minutes_{state}" for state in states]
        + ["seqs"]
    )
    for line in statement["lines"]:
        name = str(statement["names"].get(line["miner"], ""))
        writer.writerow(
            [line["miner"], _no_formula(name), _iso(line["from_ms"]), _iso(line["to_ms"])]
            + [line["state"], line["rule"]]
            + [line[figure] for figure in figures]
            + [line["minutes"].get(state, 0) for state in states]
            + [" ".join(map(str, line["seqs"]))]
        )
    return out.getvalue()


def _no_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _iso(at_ms: int) -> str:
    return dt_util.utc_from_timestamp(at_ms / 1000).isoformat()


_STYLE: Final = """
body { font: 10pt/1.4 system-ui, sans-serif; margin: 2em; color: #111; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1em 0 }
th, td { padding: .2em .6em .2em 0; text-align: right; border-bottom: 1px solid #ccc }
th { border-bottom: 2px solid #111 } th:first-child, td:first-child, .t { text-align: left }
tr { break-inside: avoid } thead { display: table-header-group }
.fault { color: #a00000 } pre { white-space: pre-wrap; word-break: break-all; font-size: 8pt }
@page { margin: 15mm }
"""


@callback
def html_of(hass: HomeAssistant, title: str, statement: Json) -> str:
    """Return a statement as a page to print, in the system's language and local times."""

    def word(key: str) -> str:
        return escape(async_text(hass, "common", f"common.statement_{key}"))

    def row(tag: str, cells: Iterable[str], kind: str = "") -> str:
        inner = "".join(f"<{tag}>{cell}</{tag}>" for cell in cells)
        return f'<tr class="{kind}">{inner}</tr>'

    def sums(name: str, totals: Json) -> str:
        hours = [f"{totals['hours'][state]:.2f}" for state in ("running", "excused", "fault")]
        return row("td", [escape(name), *hours, *_figures(totals)])

    def line(item: Json) -> str:
        state = word(item["rule"] or item["state"])
        times = (_local(item["from_ms"]), _local(item["to_ms"]))
        seqs = " ".join(map(str, item["seqs"]))
        kind = "fault" if item["state"] == "fault" else ""
        cells = (escape(statement["names"].get(item["miner"], "")), *times, word(item["state"]))
        return row("td", (*cells, state, f"{item['kwh']:.2f}", seqs), kind)

    heads = ("miner", "running", "excused", "fault", "energy", "delivered", "due", "coins", "cost")
    spans = ("miner", "from", "to", "state", "rule", "energy", "records")
    terms, names = statement["terms"], statement["names"]
    parts = (
        f"<h1>{word('title')}: {escape(title)}</h1>",
        f"<p>{_local(terms['from_ms'])} … {_local(terms['to_ms'])} · {escape(statement['currency'])}</p>",
        f"<table><thead>{row('th', map(word, heads))}</thead><tbody>",
        *(sums(names.get(key, key), value) for key, value in statement["miners"].items()),
        sums("Σ", statement["totals"]),
        f"</tbody></table><table><thead>{row('th', map(word, spans))}</thead><tbody>",
        *map(line, statement["lines"]),
        f"</tbody></table><p>{word('how')}</p><pre>{escape(statement['checkpoint'])}</pre>",
    )
    language = escape(hass.config.language)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{word('title')}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>"
    )


def _figures(totals: Json) -> list[str]:
    return [
        f"{totals['kwh']:.2f}",
        f"{totals['thd_delivered']:.3f}",
        f"{totals['thd_due']:.3f}",
        f"{totals['coins_expected']:.8f}",
        f"{totals['energy_cost']:.2f}",
    ]


def _local(at_ms: int) -> str:
    at = dt_util.as_local(dt_util.utc_from_timestamp(at_ms / 1000))
    return f"{at:%Y-%m-%d %H:%M}"


# The action


async def async_service_statement(call: ServiceCall) -> tuple[AiepMinerCoordinator, Json]:
    """Return a statement that an action asks for. Raises HomeAssistantError."""
    site = site_of(call)
    try:
        terms = terms_of(
            site,
            from_ms=_ms(call.data[ATTR_FROM]),
            to_ms=_ms(call.data[ATTR_TO]),
            miners=_labelled(site, call.data.get(ATTR_LABEL)),
            share_pct=call.data[ATTR_SHARE],
            customers=_users(call.hass, call.data[ATTR_CUSTOMERS]),
        )
    except ValueError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_statement"
        ) from err
    try:
        return site, await async_statement(site, terms)
    except LedgerError as err:
        raise ledger_unavailable(err) from err


def totals_of(statement: Json) -> Json:
    """Return what of a statement goes into an action's response."""
    return {key: statement[key] for key in ("terms", "names", "miners", "totals", "lines")}


def _ms(at: datetime) -> int:
    """Return a time in ms; one without a zone is local."""
    return round(dt_util.as_utc(at).timestamp() * 1000)


def _labelled(site: AiepMinerCoordinator, label: str | None) -> list[str] | None:
    """Return the miners whose device has a label; None without one."""
    if label is None:
        return None
    devices = dr.async_entries_for_label(dr.async_get(site.hass), label)
    return [name for device in devices for domain, name in device.identifiers if domain == DOMAIN]


def _users(hass: HomeAssistant, persons: Iterable[str]) -> list[str]:
    """Return the users of persons. Raises ValueError for what is no person with a user."""
    states = [hass.states.get(person) for person in persons]
    users = [state.attributes.get(ATTR_USER_ID) if state else None for state in states]
    if None in users:
        raise ValueError("a person without a user")
    return [str(user) for user in users]
