"""Which miners gave up power for the site's limit, and what they go back to."""

from dataclasses import dataclass, replace
from typing import Final

from ..records import (
    Action,
    NegativeProofRecord,
    Origin,
    Outcome,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Record,
)
from ..records.reasons import Reason

SENT: Final = frozenset({Outcome.ACCEPTED, Outcome.UNKNOWN})
TARGETS: Final = frozenset(
    {Action.SET_LEVEL, Action.SET_POWER, Action.SET_HASHRATE, Action.SET_POWER_PERCENT}
)
"""What takes the place of the level or power limit of before."""
SAME_POWER: Final = 0.98
"""A power limit of at least this share of the one of before is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shed:
    """What one miner gave up, and since when."""

    since_ms: int
    is_off: bool = False
    """It was stopped."""
    level: str | None = None
    """The level of before, of a miner that was put on a lower one."""
    power_w: float | None = None
    """The power limit in W of before, of a miner that was given a lower one."""

    def keeps_off(self, reading: Reading | None) -> bool:
        """Tell whether the miner is off since it was stopped for the limit."""
        return self.is_off and reading is not None and reading.mining is False

    def holds_down(self, reading: Reading | None) -> bool:
        """Tell whether the miner is below its level or power limit of before."""
        if reading is None:
            return False
        if self.level is not None:
            return reading.level != self.level
        limit_w = reading.power_limit_w or reading.power_w
        if self.power_w is None or limit_w is None:
            return self.power_w is not None
        return limit_w < self.power_w * SAME_POWER


class Sheds:
    """A fold over proposals and what became of them, in ledger order."""

    def __init__(self) -> None:
        """Begin with nothing given up."""
        self.miners: dict[str, Shed] = {}
        self.last_ms = 0
        """When a miner last gave up power …"""
        self.restored_ms = 0
        """… and when one was last given it back."""
        self._proposed: dict[str, ProposalRecord] = {}

    def follow(self, record: Record) -> None:
        """Take a record in; kinds that tell nothing of power given up change nothing."""
        match record:
            case ProposalRecord():
                self._proposed[record.subject] = record
            case NegativeProofRecord():
                self._proposed.pop(record.subject, None)
            case ReceiptRecord() if record.outcome in SENT:
                self._take_effect(record)

    def _take_effect(self, receipt: ReceiptRecord) -> None:
        proposal = self._proposed.pop(receipt.subject, None)
        reasons = proposal.reasons if proposal and proposal.action is receipt.action else ()
        known = self.miners.pop(receipt.subject, None)
        is_own = proposal is not None and proposal.origin is Origin.PLANNER
        if is_own and Reason.SITE_LIMIT_EXCEEDED in reasons:
            self.last_ms = receipt.ts_ms
            after: Shed | None = _given_up(proposal, receipt, known)
        else:
            is_back = is_own and Reason.SITE_LIMIT_ROOM in reasons
            self.restored_ms = receipt.ts_ms if is_back else self.restored_ms
            after = _given_back(receipt, known, is_staged=is_back) if known else None
        if after is not None:
            self.miners[receipt.subject] = after


def _given_up(proposal: ProposalRecord | None, receipt: ReceiptRecord, known: Shed | None) -> Shed:
    shed = replace(known or Shed(since_ms=0), since_ms=receipt.ts_ms)
    if receipt.action is Action.STOP:
        return replace(shed, is_off=True)
    if shed.level is not None or shed.power_w is not None or proposal is None:
        return shed
    return replace(shed, level=proposal.former_option, power_w=proposal.former_value)


def _given_back(receipt: ReceiptRecord, known: Shed, *, is_staged: bool) -> Shed | None:
    """Return what is still given up after a command; None for nothing."""
    after = known
    if receipt.action in (Action.RUN, Action.STOP):
        after = replace(known, is_off=False)
    elif receipt.action in TARGETS:
        is_part = is_staged and (receipt.option, receipt.value) != (known.level, known.power_w)
        after = known if is_part else replace(known, level=None, power_w=None)
    return after if after.is_off or after.level is not None or after.power_w is not None else None
