"""What the integration shows to programs: actions, REST and WebSocket answer with the same."""

from typing import Any, Final

import probatio as vol

from ..coordinator import AiepMinerCoordinator
from ..engine.ledger import Head, Ledger
from ..engine.ledger import LedgerEntry as Stored
from ..engine.ledger.proofs import Prover
from ..engine.read_model import ReadModel

MAX_RECORDS: Final = 500
MAX_SEQ: Final = 2**63 - 1
SEQ: Final = vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_SEQ))
TIME: Final = vol.All(vol.Coerce(int), vol.Range(min=0, max=MAX_SEQ))
PAGE_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("miner_id"): vol.All(str, vol.Length(max=255)),
        vol.Optional("from_ts"): TIME,
        vol.Optional("to_ts"): TIME,
        vol.Optional("cursor"): SEQ,
        vol.Optional("limit", default=100): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=MAX_RECORDS)
        ),
        vol.Optional("order", default="newest_first"): vol.In(["newest_first", "oldest_first"]),
    }
)
"""Which records are wanted; times in ms since the Unix epoch, bounds included."""


def record_report(stored: Stored) -> dict[str, Any]:
    """Return a record as it stands in an export."""
    return {
        "seq": stored.seq,
        "ts": stored.ts_ms,
        "kind": str(stored.kind),
        "subject": stored.subject,
        "body": stored.body,
        "hash": stored.hash_hex,
    }


def head_text(head: Head) -> str:
    """Return a head for people: the last record's number and the last block's hash."""
    return f"{head.seq}:{head.hash.hex()}"


async def block_of(ledger: Ledger, seq: int) -> int:
    """Return the block that a record is in; the first one when it was dropped. Raises LedgerError."""
    return await ledger.read(lambda reader: reader.block_of(seq)) or 0


async def chain_report(ledger: Ledger, stored: Stored) -> dict[str, Any]:
    """Return a record with its place in the log. Raises LedgerError."""
    head = ledger.head
    root, (entry, proof) = await ledger.read(
        lambda reader: (
            (prover := Prover(reader)).root(head.blocks),
            prover.record(stored.seq, head.blocks),
        )
    )
    return {
        "operator_id": ledger.operator_id,
        "record": record_report(entry),
        "chain": {
            "block": proof.header.number,
            "block_hash": proof.header.hash.hex(),
            "prev_hash": proof.header.previous.hex(),
            "part": proof.part,
            "position": proof.position,
            "follows": proof.root(entry.hash, head.blocks) == root,
            "blocks": head.blocks,
            "root": root.hex(),
            "head": head_text(head),
        },
    }


def ledger_report(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return how an operator's ledger is."""
    ledger_service, view = site.ledger_service, site.data
    ledger = site.controller.ledger
    broken, verification, signed = (
        ledger_service.broken,
        ledger_service.verification,
        ledger_service.signed,
    )
    recovery = ledger.recovery
    return {
        "operator_id": ledger.operator_id,
        "segment": ledger.segment,
        "blocks": ledger.head.blocks,
        "records": ledger.head.seq,
        "head": head_text(ledger.head),
        "last_ts": ledger.last_ts_ms,
        "public_key": ledger_service.public_key,
        "verifier_key": str(ledger.verifier_key),
        "error": view.ledger_error,
        "broken": broken.to_dict() if broken else None,
        "verification": verification.as_dict() if verification else None,
        "verifying": ledger_service.progress,
        "signed": {"seq": signed.seq, "ts": signed.ts_ms} if signed else None,
        "set_aside": recovery.file if recovery else None,
        "keep_bodies_days": view.policy.keep_bodies_days,
    }


def cycle_report(view: ReadModel) -> dict[str, Any]:
    """Return what a cycle came to."""
    return {
        "ledger_records": view.ledger_records,
        "ledger_head": view.ledger_head,
        "ledger_error": view.ledger_error,
        "decisions": [
            {
                "miner_id": miner_id,
                "action": filed.record.action.value,
                "authorised": filed.record.authorised,
                "reasons": [reason.value for reason in filed.record.reasons],
                "record_seq": filed.seq,
                "record_hash": filed.hash,
            }
            for miner_id, miner in view.miners.items()
            if (filed := miner.decision) is not None
        ],
    }


def health_report(site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return how an operator is, in a line."""
    view = site.data
    return {
        "operator_id": view.operator_id,
        "name": site.config_entry.title,
        "mode": view.mode.value,
        "miners": len(view.miners),
        "miners_read": sum(site.miner(key).reading is not None for key in view.miners),
        "last_cycle_ts": view.ts_ms,
        "divergences": sorted(item.code.value for item in view.divergences),
        "ledger_writable": view.ledger_error is None,
        "ledger_intact": site.ledger_service.broken is None,
    }


def miner_report(site: AiepMinerCoordinator, miner_id: str) -> dict[str, Any]:
    """Return how a miner is; unknown is null, never zero."""
    miner = site.miner(miner_id)
    view, reading = miner, miner.reading
    decision = view.decision
    return {
        "miner_id": miner_id,
        "name": site.title(miner_id),
        "make": miner.info.identity.make,
        "model": miner.info.identity.model,
        "mining": reading.mining if reading else None,
        "hashrate_ths": miner.hashrate_ths,
        "power_w": miner.power_w,
        "temperature_c": reading.hottest_c if reading else None,
        "profit_per_day": miner.earnings.profit_per_day,
        "currency": site.currency,
        "decision": decision.record.action.value if decision else None,
        "reasons": [reason.value for reason in decision.record.reasons] if decision else [],
        "divergences": sorted(item.code.value for item in view.divergences),
    }
