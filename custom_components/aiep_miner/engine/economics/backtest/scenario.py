"""Reading a scenario: currency, site and miners, checked field by field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ..model import Level, MinerModel


class BadInput(ValueError):  # noqa: N818 - what it is, not what it does
    """An input that cannot be used; the message is one line that names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A site and its miners."""

    currency: str
    time_zone: ZoneInfo
    """Where midnight and 13:00 of the published prices are read."""
    max_power_w: float
    """Inf where the site has no limit."""
    heat_price_per_kwh: float
    pool_fee_pct: float
    miners: tuple[MinerModel, ...]
    ignored: tuple[str, ...] = ()
    """Keys that mean nothing here."""


SITE_KEYS = {"max_power_w", "heat_price_per_kwh", "pool_fee_pct", "time_zone", "timezone"}
MINER_KEYS = {
    "standby_w": math.inf,
    "min_run_min": 14 * 1440,
    "min_idle_min": 14 * 1440,
    "start_min": 14 * 1440,
    "change_min": 1440,
    "heat_share": 1.0,
}
"""Optional numbers of a miner, with the most that each may be."""


def read_scenario(document: object) -> Scenario:
    """Return the scenario of a parsed YAML document. Raises BadInput."""
    root = _mapping(document, "the scenario")
    site = _mapping(root.get("site") or {}, "site")
    listed = root.get("miners")
    if not isinstance(listed, list) or not listed:
        raise BadInput("miners: a list of at least one miner is needed")
    miners = tuple(_miner(entry, f"miners[{n}]") for n, entry in enumerate(listed))
    names = [miner.name for miner in miners]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"miners: the name {twice[0]!r} occurs twice")
    zone = root.get("time_zone") or root.get("timezone")
    zone = zone or site.get("time_zone") or site.get("timezone") or "UTC"
    return Scenario(
        currency=str(root.get("currency", "EUR")),
        time_zone=_zone(zone),
        max_power_w=_number(site, "max_power_w", "site", missing=math.inf),
        heat_price_per_kwh=_number(site, "heat_price_per_kwh", "site", least=-math.inf),
        pool_fee_pct=_number(site, "pool_fee_pct", "site", most=100.0),
        miners=miners,
        ignored=_ignored(root, site, listed),
    )


def _ignored(
    root: Mapping[str, Any], site: Mapping[str, Any], miners: list[Any]
) -> tuple[str, ...]:
    top = set(root) - {"currency", "site", "miners", "time_zone", "timezone"}
    known = {"name", "levels", "priority", *MINER_KEYS}
    of_miners = {f"miners: {key}" for miner in miners for key in set(miner) - known}
    of_site = {f"site: {key}" for key in set(site) - SITE_KEYS}
    return tuple(sorted(map(str, top | of_site | of_miners)))


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, OSError, ValueError) as err:
        raise BadInput(f"time_zone: {name!r} is not a time zone") from err


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{where}: must be a mapping of names to values")
    return value


def _number(
    fields: Mapping[str, Any],
    key: str,
    where: str,
    *,
    missing: float | None = 0.0,
    least: float = 0.0,
    most: float = math.inf,
) -> float:
    value = fields.get(key)
    if value is None:
        if missing is None:
            raise BadInput(f"{where}.{key}: a number is needed")
        return missing
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{where}.{key}: must be a finite number, is {value!r}")
    if not least <= value <= most:
        raise BadInput(f"{where}.{key}: must be between {least:g} and {most:g}, is {value!r}")
    return float(value)


def _miner(entry: object, where: str) -> MinerModel:
    fields = _mapping(entry, where)
    if not fields.get("name") and fields.get("name") != 0:
        raise BadInput(f"{where}.name: a name is needed")
    levels = fields.get("levels")
    if not isinstance(levels, list) or not levels:
        raise BadInput(f"{where}.levels: a list of at least one level is needed")
    numbers = {key: _number(fields, key, where, most=most) for key, most in MINER_KEYS.items()}
    return MinerModel(
        name=str(fields["name"]),
        levels=tuple(_level(level, f"{where}.levels[{n}]") for n, level in enumerate(levels)),
        priority=_number(fields, "priority", where, missing=1.0, least=1e-6),
        **numbers,
    )


def _level(entry: object, where: str) -> Level:
    fields = _mapping(entry, where)
    return Level(
        hashrate_ths=_number(fields, "hashrate_ths", where, missing=None),
        power_w=_number(fields, "power_w", where, missing=None),
    )
