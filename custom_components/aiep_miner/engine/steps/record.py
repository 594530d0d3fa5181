"""Step two of the cycle: telemetry and prices as records."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from ..canonical import canonical
from ..records import PriceRecord, Reading, Record, TelemetryRecord
from ..records.reasons import Reason

_LOGGER = logging.getLogger(__name__)


def record(
    operator_id: str, ts_ms: int, polls: Mapping[str, Reading | Reason], prices: PriceRecord | None
) -> list[Record]:
    """Return a telemetry record for each miner that was polled, and the price record, if any."""
    telemetry = [telemetry_of(miner_id, said, ts_ms) for miner_id, said in sorted(polls.items())]
    if prices is None:
        return [*telemetry]
    return [*telemetry, replace(prices, ts_ms=ts_ms, subject=operator_id)]


def telemetry_of(miner_id: str, said: Reading | Reason, ts_ms: int) -> TelemetryRecord:
    """Return the record of one poll."""
    if isinstance(said, Reason):
        return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, error=said)
    return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, reading=said)


def as_recordable(record: Record) -> Record:
    """Return a record; of a poll that no ledger can hold, a bad reply instead."""
    if not isinstance(record, TelemetryRecord):
        return record
    try:
        canonical(record.body())
    except ValueError as err:
        _LOGGER.debug("%s said what no record can hold: %s", record.subject, err)
        return replace(record, reading=None, error=Reason.BAD_REPLY)
    return record
