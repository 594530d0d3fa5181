"""Step two of the cycle: what was read, and the prices that count, as records."""

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
    """Return the record of one poll; one that no ledger can hold counts as a bad reply."""
    if isinstance(said, Reason):
        return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, error=said)
    found = TelemetryRecord(ts_ms=ts_ms, subject=miner_id, reading=said)
    try:
        canonical(found.body())
    except ValueError as err:
        _LOGGER.debug("%s said what no record can hold: %s", miner_id, err)
        return replace(found, reading=None, error=Reason.BAD_REPLY)
    return found
