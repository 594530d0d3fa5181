"""What a language model is told: each miner in short, and the facts that it may cite."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.citations import SHORTEST_HASH, facts
from ..engine.ledger import LedgerEntry, LedgerError
from ..engine.records import RecordKind
from ..entities.decision import status_of
from ..entities.status_text import async_sentence, iso_time
from ..inputs.exposed import exposed_miners
from ..inputs.questions import sayable

HASH_DIGITS: Final = SHORTEST_HASH + 4
"""Digits of a hash that models are shown; they copy whole ones badly."""
MAX_FACTS: Final = 60
"""Facts of one record."""
LEFT_OUT: Final = ("reading.boards.", "reading.pools.")
"""Parts of telemetry that are not offered for citing: a miner has hundreds of them."""
OF_A_MINER: Final = (RecordKind.TELEMETRY, RecordKind.PROFIT, RecordKind.DECISION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """A miner that a language model may know of."""

    site: AiepMinerCoordinator
    miner_id: str
    entity_id: str
    names: tuple[str, ...]
    """Its name and aliases, as they are spoken."""

    @property
    def name(self) -> str:
        """Return the name that its user gave it."""
        return self.site.title(self.miner_id)


async def async_exposed(
    hass: HomeAssistant, assistant: str, context: Context | None
) -> list[Exposed]:
    """Return the miners that are exposed to an assistant and that its user may read."""
    user = None
    if context is not None and context.user_id is not None:
        user = await hass.auth.async_get_user(context.user_id)
    found = []
    for entity, miner_id in exposed_miners(hass, assistant):
        entry = hass.config_entries.async_get_entry(entity.config_entry_id or "")
        if entry not in hass.config_entries.async_loaded_entries(DOMAIN):
            continue
        if user and not user.permissions.check_entity(entity.entity_id, POLICY_READ):
            continue
        site: AiepMinerCoordinator = entry.runtime_data.coordinator
        spoken = [site.title(miner_id), *er.async_get_entity_aliases(hass, entity)]
        found.append(
            Exposed(
                site=site,
                miner_id=miner_id,
                entity_id=entity.entity_id,
                names=tuple(sayable(name) for name in spoken),
            )
        )
    return found


@callback
def brief_of(hass: HomeAssistant, site: AiepMinerCoordinator, miner_id: str) -> dict[str, Any]:
    """Return a miner in short; unknown is null."""
    miner = site.miner(miner_id)
    status = status_of(site.data, miner)
    return {
        "miner": site.title(miner_id),
        "operator": site.config_entry.title,
        "mining": miner.is_mining,
        "sentence": async_sentence(hass, status, "en") if status else None,
        "hash_rate_ths": miner.hashrate_ths,
        "power_w": miner.power_w,
        "temperature_c": miner.reading.hottest_c if miner.reading else None,
        "temperature_limit_c": miner.limit_c,
        "profit_per_day": miner.earnings.profit_per_day,
        "currency": site.currency,
        "held_until": iso_time(miner.hold_until_ms),
        "problems": [record.code.value for record in miner.divergences],
    }


def troubled_first(brief: Mapping[str, Any]) -> tuple[bool, str]:
    """Return what sorts miners in short: those with problems first, then by name."""
    return not brief["problems"], brief["miner"]


async def async_citable(site: AiepMinerCoordinator, miner_id: str) -> list[dict[str, Any]]:
    """Return the records that a proposal for a miner may cite, with their fields and values."""
    try:
        ledger = site.controller.ledger
        latest = [await ledger.latest(kind, miner_id) for kind in OF_A_MINER]
        latest.append(await ledger.latest(RecordKind.PRICE))
    except LedgerError:
        return []
    return [record_with_fields(entry) for entry in latest if entry is not None]


def record_with_fields(entry: LedgerEntry) -> dict[str, Any]:
    """Return a record as it can be cited."""
    offered = (fact for fact in facts(entry.body) if not fact[0].startswith(LEFT_OUT))
    return {
        "record_seq": entry.seq,
        "record_hash": entry.hash_hex[:HASH_DIGITS],
        "kind": str(entry.kind),
        "at": iso_time(entry.ts_ms),
        "fields": dict(islice(offered, MAX_FACTS)),
    }


@callback
def async_track_record(site: AiepMinerCoordinator, source: str) -> dict[str, Any] | None:
    """Return what became of a source's proposals; None while there is none."""
    known = site.data.governor.sources.get(source)
    return None if known is None else known.as_dict()
