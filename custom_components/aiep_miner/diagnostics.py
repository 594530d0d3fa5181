"""Shows what there is to know for a bug report, without secrets and whereabouts."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .const import DOMAIN
from .coordinator import AiepMinerConfigEntry
from .engine.records import Record
from .engine.views import Filed, MinerView, SiteView
from .reports import ledger_report

TO_REDACT: Final = {
    CONF_HOST,
    CONF_PASSWORD,
    CONF_USERNAME,
    "hostname",
    "mac",
    "serial_number",
    "source_id",
    "unique_id",
    "url",
    "user_id",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AiepMinerConfigEntry
) -> dict[str, Any]:
    """Return an operator's settings and its latest picture."""
    return async_redact_data(
        {
            "config_entry": entry.as_dict(),
            "site": _site(entry.runtime_data.data),
            "ledger": ledger_report(entry.runtime_data),
        },
        TO_REDACT,
    )


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AiepMinerConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return a miner's settings and its latest picture; an operator's for its own device."""
    miner_id = next(key for domain, key in device.identifiers if domain == DOMAIN)
    miner = entry.runtime_data.data.miners.get(miner_id)
    if miner is None:
        return await async_get_config_entry_diagnostics(hass, entry)
    return async_redact_data(
        {"subentry": entry.subentries[miner_id].as_dict(), "miner": _miner(miner)}, TO_REDACT
    )


def _site(view: SiteView) -> dict[str, Any]:
    return {
        "ts_ms": view.ts_ms,
        "cycles": view.cycles,
        "policy": view.policy.body(),
        "price": _body(view.price),
        "divergences": [item.body() for item in view.divergences],
        "ledger_records": view.ledger_records,
        "ledger_head": view.ledger_head,
        "ledger_error": view.ledger_error,
        "miners": {miner_id: _miner(miner) for miner_id, miner in view.miners.items()},
    }


def _miner(miner: MinerView) -> dict[str, Any]:
    info = asdict(miner.info) if miner.info else None
    if info is not None:
        info["capabilities"]["actions"] = sorted(info["capabilities"]["actions"])
    return {
        "info": info,
        "telemetry": _body(miner.telemetry),
        "profit": _body(miner.profit),
        "earnings": asdict(miner.earnings) if miner.earnings else None,
        "decision": _filed(miner.decision),
        "last_receipt": _filed(miner.last_receipt),
        "divergences": [item.body() for item in miner.divergences],
        "hold_until_ms": miner.hold_until_ms,
        "latched": miner.latched,
        "pending": miner.pending,
        "not_confirmed": miner.not_confirmed,
    }


def _body(record: Record | None) -> dict[str, Any] | None:
    return record.body() if record else None


def _filed[R: Record](filed: Filed[R] | None) -> dict[str, Any] | None:
    return {"seq": filed.seq, "hash": filed.hash, **filed.record.body()} if filed else None
