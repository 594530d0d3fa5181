"""Checks what a proposal cites: each record must exist, and say what is claimed.

A claim is a field of the record's body and its value. What a language model makes up, copies from
another miner or remembers from yesterday is found here, before the proposal is recorded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from .ledger import Ledger, LedgerEntry
from .records import Citation, ProposalRecord, RecordKind
from .records.reasons import Reason

SHORTEST_HASH: Final = 12
"""Hexadecimal digits of a record's hash that must be given: 48 bits."""
MOST_CITATIONS: Final = 20
SAME: Final = 0.005
"""Relative difference up to which a number counts as the one that is cited, which may be rounded."""
OBSERVED: Final[frozenset[str]] = frozenset(
    {RecordKind.TELEMETRY, RecordKind.PRICE, RecordKind.PROFIT}
)
OBSERVED_MAX_AGE_MS: Final = 3_600_000
"""What was observed longer ago says nothing about the present."""


async def checked(ledger: Ledger, proposal: ProposalRecord, now_ms: int) -> ProposalRecord:
    """Return a proposal with the first fault of its citations, if any. Raises LedgerError."""
    if len(proposal.citations) > MOST_CITATIONS:
        return replace(proposal, citation_fault=Reason.INPUT_TOO_LONG)
    for citation in proposal.citations:
        entry = await ledger.get(citation.seq)
        fault = fault_of(citation, entry, (proposal.subject, ledger.operator_id), now_ms)
        if fault is not None:
            return replace(proposal, citation_fault=fault)
    return proposal


def fault_of(
    citation: Citation, entry: LedgerEntry | None, subjects: tuple[str, ...], now_ms: int
) -> Reason | None:
    """Return what is wrong with a citation of a record of one of the subjects."""
    cited = citation.hash.lower()
    is_named = len(cited) >= SHORTEST_HASH
    if entry is None or not is_named or not entry.hash_hex.startswith(cited):
        return Reason.CITATION_UNRESOLVED
    if entry.subject not in subjects or not _says(entry.body, citation):
        return Reason.CITATION_FALSE
    if entry.kind in OBSERVED and now_ms - entry.ts_ms > OBSERVED_MAX_AGE_MS:
        return Reason.CITATION_OUTDATED
    return None


def facts(body: Mapping[str, Any] | list[Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field of a record's body that can be cited, with its value as a text."""
    items: Iterable[tuple[Any, Any]]
    items = body.items() if isinstance(body, Mapping) else enumerate(body)
    for key, value in items:
        where = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping | list):
            yield from facts(value, where)
        elif value is not None:
            yield where, text_of(value)


def text_of(value: Any) -> str:
    """Return a value of a body as a text: true, 58.5, accepted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _says(body: Mapping[str, Any], citation: Citation) -> bool:
    """Tell whether the field has the value."""
    found: Any = body
    for part in citation.field.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return False
    if found is None or isinstance(found, Mapping | list):
        return False
    said = citation.says.strip()
    if isinstance(found, int | float) and not isinstance(found, bool):
        return _is_number(said, found)
    return said.lower() == text_of(found).lower()


def _is_number(said: str, found: float) -> bool:
    try:
        value = float(said)
    except ValueError:
        return False
    return abs(value - found) <= SAME * abs(found)
