"""One miner explained: what it does, why, since when and until when, and on which records."""

from collections.abc import Iterator
from typing import Any

from homeassistant.core import HomeAssistant

from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import LedgerError
from ..engine.records import DecisionRecord, Evidence, RecordKind
from ..engine.records.entry import LedgerEntry
from .decision import decision_attributes, status_of
from .status_text import async_person, async_sentence, iso_time


async def async_explain(
    hass: HomeAssistant, site: AiepMinerCoordinator, miner_id: str
) -> dict[str, Any]:
    """Return the explanation of a miner; unknown is null. Raises KeyError for an unknown miner."""
    miner = site.miner(miner_id)
    status, decision, receipt = status_of(site.data, miner), miner.decision, miner.last_receipt
    held = miner.hold_until_ms is not None
    return {
        "miner_id": miner_id,
        "name": site.title(miner_id),
        "mode": site.data.mode.value,
        "mining": miner.is_mining,
        "sentence": async_sentence(hass, status) if status else None,
        "status": status.key.value if status else None,
        "since": iso_time(status.since_ms if status else None),
        "until": iso_time(status.until_ms if status else None),
        "numbers": dict(status.placeholders) if status else {},
        "held_by": async_person(hass, miner.hold_user_id) if held else None,
        "held_until": iso_time(miner.hold_until_ms),
        "decision": await _decision(site, decision) if decision else None,
        "last_command": {
            "action": receipt.record.action.value,
            "outcome": receipt.record.outcome.value,
            "reason": receipt.record.reason.value,
            "at": iso_time(receipt.record.ts_ms),
            "record_seq": receipt.seq,
            "record_hash": receipt.hash,
        }
        if receipt
        else None,
    }


async def _decision(
    site: AiepMinerCoordinator, entry: LedgerEntry[DecisionRecord]
) -> dict[str, Any]:
    """Return the last decision, what the governor found, and the records that it rests on."""
    evaluation = entry.record.evaluation
    return {
        **decision_attributes(entry),
        "at": iso_time(entry.record.ts_ms),
        "trust_level": evaluation.trust_level if evaluation else None,
        "score": evaluation.score if evaluation else None,
        "governor_reasons": list(evaluation.reasons) if evaluation else [],
        "record_seq": entry.seq,
        "record_hash": entry.hash,
        "rests_on": [
            await _record(site, kind, record_hash, entry.seq)
            for kind, record_hash in _cited(entry.record.evidence)
        ],
    }


def _cited(evidence: Evidence) -> Iterator[tuple[RecordKind, str]]:
    """Yield kind and hash of each record that a decision names."""
    for kind, record_hash in (
        (RecordKind.TELEMETRY, evidence.telemetry),
        (RecordKind.PRICE, evidence.price),
        (RecordKind.PROFIT, evidence.profit),
        (RecordKind.POLICY, evidence.policy),
        (RecordKind.PLAN, evidence.plan),
        (RecordKind.PROPOSAL, evidence.proposal),
    ):
        if record_hash is not None:
            yield kind, record_hash
    for record_hash in evidence.divergences:
        yield RecordKind.DIVERGENCE, record_hash


async def _record(
    site: AiepMinerCoordinator, kind: RecordKind, record_hash: str, to_seq: int
) -> dict[str, Any]:
    """Return where a record is in the ledger; null where it cannot be read, or holds it no longer."""
    try:
        stored = await site.controller.ledger.get_by_hash(record_hash, kinds=(kind,), to_seq=to_seq)
    except LedgerError:
        stored = None
    return {
        "kind": kind.value,
        "at": iso_time(stored.ts_ms) if stored else None,
        "record_seq": stored.seq if stored else None,
        "record_hash": record_hash,
    }
