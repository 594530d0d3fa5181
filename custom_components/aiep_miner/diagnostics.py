"""Shows what there is to know for a bug report, without secrets and whereabouts."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .const import CONF_PUBLIC_SOURCE, CONF_SECRET, DOMAIN
from .coordinator import AiepMinerConfigEntry
from .engine.read_model import MinerReadModel, ReadModel
from .engine.records import Record
from .engine.records.entry import LedgerEntry
from .web.serializers import ledger_report

TO_REDACT: Final = {
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PUBLIC_SOURCE,
    CONF_SECRET,
    CONF_USERNAME,
    "hostname",
    "mac",
    "serial_number",
    "origin_id",
    "unique_id",
    "url",
    "user_id",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AiepMinerConfigEntry
) -> dict[str, Any]:
    """Return an operator's settings and, while it runs, its latest picture."""
    settings = entry.as_dict()
    found = {
        "config_entry": {**settings, "subentries": [_named(it) for it in settings["subentries"]]}
    }
    if entry.state is ConfigEntryState.LOADED:
        found["site"] = _site(entry.runtime_data.coordinator.data)
        if entry.runtime_data.controller.is_running:
            found["ledger"] = ledger_report(entry.runtime_data.coordinator)
    return async_redact_data(found, TO_REDACT)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AiepMinerConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return a miner's settings and its latest picture; an operator's for its own device."""
    miner_id = next(key for domain, key in device.identifiers if domain == DOMAIN)
    if miner_id not in entry.subentries:
        return await async_get_config_entry_diagnostics(hass, entry)
    found = {"subentry": _named(entry.subentries[miner_id].as_dict())}
    if (
        entry.state is ConfigEntryState.LOADED
        and miner_id in entry.runtime_data.coordinator.data.miners
    ):
        found["miner"] = _miner(entry.runtime_data.coordinator.data.miners[miner_id])
        # Its secrets are out already, and what is left of a URL has to be one for a test.
        replies = await entry.runtime_data.controller.record_replies(miner_id)
        return {**async_redact_data(found, TO_REDACT), "replies": replies}
    return async_redact_data(found, TO_REDACT)


def _named(subentry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a miner's settings without a title that holds its address or identity."""
    host, title = str(subentry["data"].get(CONF_HOST, "")), subentry["title"]
    mark = (subentry["unique_id"] or "").replace(":", "")[-4:].upper()
    is_revealing = (host and host in title) or (mark and title.endswith(f" {mark}"))
    return {**subentry, "title": REDACTED} if is_revealing else dict(subentry)


def _site(view: ReadModel) -> dict[str, Any]:
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


def _miner(miner: MinerReadModel) -> dict[str, Any]:
    info = asdict(miner.info) if miner.reached else None
    if info is not None:
        info["capabilities"]["actions"] = sorted(info["capabilities"]["actions"])
    return {
        "info": info,
        "telemetry": _body(miner.telemetry),
        "profit": _body(miner.profit),
        "earnings": asdict(miner.earnings),
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


def _filed[R: Record](filed: LedgerEntry[R] | None) -> dict[str, Any] | None:
    return {"seq": filed.seq, "hash": filed.hash, **filed.record.body()} if filed else None
