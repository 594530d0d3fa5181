"""Pages of a ledger, read and encoded off the event loop, a few at once."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..engine.ledger import Ledger, LedgerEntry
from ..engine.records import RecordKind

MAX_READS: Final = 2
"""Pages that are read at the same time, over all operators; others wait for their turn."""

_DATA_READS: Final[HassKey[asyncio.Semaphore]] = HassKey("aiep_miner_ledger_reads")


async def async_page(
    hass: HomeAssistant, ledger: Ledger, kinds: tuple[RecordKind, ...], wanted: Mapping[str, Any]
) -> bytes:
    """Return a page of records with the ``cursor`` of the next one, as JSON. Raises LedgerError.

    ``wanted`` satisfies ``PAGE_SCHEMA``.
    """
    newest_first = wanted["order"] == "newest_first"
    bound = "to_seq" if newest_first else "from_seq"
    limit = wanted["limit"]
    async with hass.data.setdefault(_DATA_READS, asyncio.Semaphore(MAX_READS)):
        found = await ledger.query(
            kinds=kinds,
            subject=wanted.get("miner_id"),
            from_ts=wanted.get("from_ts"),
            to_ts=wanted.get("to_ts"),
            limit=limit + 1,
            newest_first=newest_first,
            **{bound: wanted.get("cursor")},
        )
        next_cursor = found[limit].seq if len(found) > limit else None
        return await hass.async_add_executor_job(
            _page_json, ledger.operator_id, found[:limit], next_cursor
        )


def record_json(entry: LedgerEntry) -> bytes:
    """Return a record's line, byte for byte as it was hashed, with its hash as a further member."""
    return b'%b,"hash":"%b"}' % (entry.line[:-1], entry.hash_hex.encode())


def records_json(records: Iterable[bytes]) -> bytes:
    """Return encoded records as the event of a subscription."""
    return b'{"records":[%b]}' % b",".join(records)


def _page_json(operator_id: str, records: Iterable[LedgerEntry], next_cursor: int | None) -> bytes:
    return b'{"operator_id":%b,"records":[%b],"next_cursor":%b}' % (
        json.dumps(operator_id).encode(),
        b",".join(map(record_json, records)),
        json.dumps(next_cursor).encode(),
    )
