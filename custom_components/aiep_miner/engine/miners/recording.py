"""What a device replied, for a bug report that becomes a test: without secrets and whereabouts.

Numbers stay as they are, and so do texts, but for what a name or its own form gives away.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from .base import MinerError, Reads

MAC: Final = "02:00:00:00:00:00"
POOL_URL: Final = "stratum+tcp://pool.example:3333"
POOL_HOST: Final = "pool.example"
ADDRESS: Final = "192.0.2.1"
REMOVED: Final = "removed"

_SECRET_NAME: Final = re.compile(
    r"pass|^pw$|pwd|token|secret|salt|user|login|worker|account|wallet|ssid|wifi|host|serial"
    r"|serinum|^sn$|[-_ ]sn$|pcbsn|^dna$|chipid|address|^ip|gateway|dns|netmask|email|cert|key$",
    re.IGNORECASE,
)
_FORMS: Final = (
    (re.compile(r"[a-z0-9+]+://[^\s\"'\]|,]+", re.IGNORECASE), POOL_URL),
    (re.compile(r"[^\s@\"'\]|,]+@[^\s@\"'\]|,]+"), REMOVED),
    (re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f])", re.IGNORECASE), MAC),
    (re.compile(r"(DNA|MAC)\[[^\]]*\]"), r"\1[removed]"),
    (
        re.compile(
            r"(?:[a-z0-9-]+\.)+(?:com|net|org|io|pool|local|lan|home|example)\b\S*", re.IGNORECASE
        ),
        REMOVED,
    ),
    (re.compile(r"\b(?:bc1|[13])[a-z0-9]{25,}\S*", re.IGNORECASE), REMOVED),
)
_ADDRESS: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_VERSION_NAME: Final = re.compile(r"ver|^api|^fw|miner$", re.IGNORECASE)
"""A version may look like an address."""
_BARE_MAC: Final = re.compile(r"[0-9a-f]{12}", re.IGNORECASE)
_MAC_NAME: Final = re.compile(r"mac", re.IGNORECASE)
_URL_NAME: Final = re.compile(r"url|pool$|stratum", re.IGNORECASE)


async def record(reads: Reads, known: Iterable[str] = ()) -> dict[str, Any]:
    """Return each reply, or why there was none; ``known`` texts are removed wherever they are."""
    replies = {}
    for request, read in reads.items():
        try:
            replies[request] = without_secrets(await read(), known)
        except MinerError as err:
            replies[request] = {"no_reply": err.reason.value}
    return replies


def without_secrets(value: Any, known: Iterable[str] = (), name: str = "") -> Any:
    """Return a reply's value without what tells who somebody is, or where, or opens a door."""
    if isinstance(value, dict):
        return {key: without_secrets(item, known, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item, known, name) for item in value]
    if not isinstance(value, str) or not value:
        return value
    return _instead(name, value) or _cleaned(name, value, known)


def _instead(name: str, value: str) -> str | None:
    """Return what takes the place of a text whose name says what it is."""
    if _MAC_NAME.search(name) and (":" in value or _BARE_MAC.fullmatch(value)):
        return MAC
    if _SECRET_NAME.search(name):
        return REMOVED
    if not _URL_NAME.search(name):
        return None
    return POOL_URL if "://" in value else POOL_HOST


def _cleaned(name: str, text: str, known: Iterable[str]) -> str:
    for item in known:
        text = re.sub(re.escape(item), REMOVED, text, flags=re.IGNORECASE)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text if _VERSION_NAME.search(name) else _ADDRESS.sub(ADDRESS, text)
