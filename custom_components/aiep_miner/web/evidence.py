"""What a record on the ledger rests on, and what came of it: the links of the evidence view."""

from collections.abc import Iterator
from typing import Any, Final

from ..engine.ledger import Ledger
from ..engine.ledger import LedgerEntry as Stored
from ..engine.records import RecordKind
from .serializers import chain_report, record_report

type Json = dict[str, Any]

STORY_KINDS: Final = (
    RecordKind.RECEIPT,
    RecordKind.NEGATIVE_PROOF,
    RecordKind.DIVERGENCE,
    RecordKind.OVERRIDE,
)
"""What happened to a miner, without the cycles in which nothing did."""
MAX_OUTCOMES: Final = 4
OUTCOME_SPAN: Final = 20_000
"""How many records after a decision what came of it is looked for."""
_NAMED: Final = ("decision", "telemetry")
"""Fields of records other than decisions that name a record."""


async def async_story(
    ledger: Ledger, miner_id: str, limit: int, cursor: int | None
) -> tuple[list[Json], int | None]:
    """Return what happened to a miner, newest first, and where the next page begins.

    What was commanded or refused has the reasons of its decision. Raises LedgerError.
    """
    found = await ledger.query(
        kinds=STORY_KINDS, subject=miner_id, to_seq=cursor, limit=limit + 1, newest_first=True
    )
    records = [await _with_decision(ledger, stored) for stored in found[:limit]]
    return records, found[limit].seq if len(found) > limit else None


async def _with_decision(ledger: Ledger, stored: Stored) -> Json:
    record = record_report(stored)
    decision = await ledger.get(record["body"].get("decision") or 0)
    if decision is not None:
        body = decision.body
        own = {key: body.get(key) for key in ("reasons", "origin", "evaluation")}
        record["decision"] = {"seq": decision.seq, **own}
    return record


async def async_evidence(ledger: Ledger, stored: Stored) -> Json:
    """Return a record in its place in the chain, what it names, and what came of a decision.

    Raises LedgerError.
    """
    named = [
        {"name": name, "seq": seq} | await _record(ledger, seq) for name, seq in _links(stored.body)
    ]
    return {
        **await chain_report(ledger, stored),
        "named": named,
        "outcomes": await _outcomes(ledger, stored),
    }


def _links(body: Json) -> Iterator[tuple[str, int]]:
    """Yield name and seq of each record that a body names."""
    for name, value in (body.get("evidence") or {}).items():
        for seq in [value] if isinstance(value, int) else value:
            yield name, seq
    for name in _NAMED:
        if body.get(name):
            yield name, body[name]


async def _record(ledger: Ledger, seq: int) -> Json:
    """Return a record that is named; null when the ledger does not have it any more."""
    found = await ledger.get(seq)
    return {"record": None if found is None else record_report(found)}


async def _outcomes(ledger: Ledger, stored: Stored) -> list[Json]:
    """Return the receipts and the negative proof of a decision."""
    if stored.kind != RecordKind.DECISION:
        return []
    later = await ledger.query(
        kinds=(RecordKind.RECEIPT, RecordKind.NEGATIVE_PROOF, RecordKind.REVIEW),
        subject=stored.subject,
        from_seq=stored.seq + 1,
        to_seq=stored.seq + OUTCOME_SPAN,
        limit=20,
    )
    records = [record_report(item) for item in later]
    own = [item for item in records if item["body"].get("decision") == stored.seq]
    return own[:MAX_OUTCOMES]
