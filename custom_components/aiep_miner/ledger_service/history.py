"""A backtest over what an operator's ledger recorded, beside the event loop."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.economics.backtest.forecast import Forecast
from ..engine.economics.backtest.recorded import (
    Comparison,
    Recorder,
    TooFewRecords,
    compare,
    scenario_of,
)
from ..engine.economics.model import STEP_MS, STEPS_PER_DAY
from ..engine.ledger import Query, Reader
from ..engine.ledger.errors import translated
from ..engine.ledger.verifier.database import Database
from ..engine.records import InputRecord, PriceRecord, RecordKind

DAY_MS: Final = STEP_MS * STEPS_PER_DAY
RECORDS_PER_DAY: Final = 100_000
"""Above what a cycle every five seconds writes."""

type Progress = Callable[[float], None]


async def async_backtest(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    days: int,
    forecast: Forecast = Forecast.PUBLISHED,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Return what the last days would have been with the present settings, by strategy.

    ``on_progress`` is called in the event loop with a share, 0…1. Raises ServiceValidationError
    where the records do not suffice, LedgerError where they cannot be read.
    """
    miners = await site.controller.known_miners()
    policy, path = site.data.policy, site.controller.ledger.path
    last_ms = site.controller.clock.now_ms() // STEP_MS * STEP_MS
    first_ms = last_ms - days * DAY_MS

    def report(share: float) -> None:
        if on_progress is not None:
            hass.loop.call_soon_threadsafe(on_progress, share)

    def run() -> Comparison:
        recorder = _read(path, first_ms, days, report)
        scenario = scenario_of(
            policy,
            miners,
            currency=site.currency,
            time_zone=hass.config.time_zone,
            heat_price_per_kwh=recorder.heat_price_per_kwh,
        )
        return compare(recorder, scenario, forecast)

    try:
        found = await hass.async_add_executor_job(run)
    except TooFewRecords as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="too_few_records"
        ) from err
    return {
        "from": dt_util.utc_from_timestamp(first_ms / 1000).isoformat(),
        "until": dt_util.utc_from_timestamp(last_ms / 1000).isoformat(),
        "currency": site.currency,
        "forecast": forecast.value,
        "steps": found.steps,
        "steps_without_records": found.missing,
        "plan": asdict(found.result.strategy),
        "threshold": asdict(found.threshold),
        "always_on": asdict(found.result.always_on),
        "hindsight": asdict(found.result.hindsight) | {"bound": found.result.bound},
    }


def _read(path: Path, first_ms: int, days: int, report: Progress) -> Recorder:
    """Read the records day by day; they are too many for one piece."""
    recorder = Recorder(first_ms, days * STEPS_PER_DAY)
    with translated(), closing(Reader(Database(path))) as reader:
        for day in range(days):
            query = Query(
                kinds=(RecordKind.PRICE, RecordKind.INPUT),
                from_ts=first_ms + day * DAY_MS,
                to_ts=first_ms + (day + 1) * DAY_MS - 1,
                limit=RECORDS_PER_DAY,
            )
            for stored in reader.select(query):
                record = stored.record()
                if isinstance(record, PriceRecord | InputRecord):
                    recorder.take(record)
            report((day + 1) / days * 0.5)
    return recorder
