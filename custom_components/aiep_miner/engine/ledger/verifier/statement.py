"""Service statements: what each miner did over a time, folded from a log's records.

Pure and of the standard library only, so that the one who gives a statement and the one who checks
it run the same fold. Telemetry decides what a miner did; decisions, orders and proposals decide
whether a time without service is excused. Each poll holds until the next one.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .export import Export, lines_of, read_blocks
from .lines import MAX_LINE_BYTES, Record, parse
from .note import Note
from .report import NotALedgerError

FORMAT = "aiep-statement/1"
WINDOW_MS = 300_000
"""Times are counted exactly; a line covers windows of this length with the same main state."""
LOOK_BACK_MS = 92 * 86_400_000
"""How long before a statement's begin commands and orders are taken into account."""
POLLS_BACK_MS = 3_600_000
"""The same for polls and prices."""
MAX_BYTES = 256 * 1024 * 1024

RUNNING, EXCUSED, FAULT = "running", "excused", "fault"
PRICE, CURTAILMENT, MAINTENANCE, CUSTOMER = "price", "curtailment", "maintenance", "customer"
OFFLINE, OVERHEATED, UNSAFE, NOT_CONFIRMED, LOW_HASHRATE, SITE_LIMIT, OTHER_STOP, NOT_OBSERVED = (
    "offline", "overheated", "unsafe", "not_confirmed", "low_hashrate", "site_limit",
    "other_stop", "not_observed",
)  # fmt: skip
EXCUSES = (PRICE, CURTAILMENT, MAINTENANCE, CUSTOMER)
FAULTS = (
    OFFLINE, OVERHEATED, UNSAFE, NOT_CONFIRMED, LOW_HASHRATE, SITE_LIMIT, OTHER_STOP,
    NOT_OBSERVED,
)  # fmt: skip

EVENT_KINDS = frozenset({"decision", "receipt", "proposal", "curtailment"})
POLL_KINDS = frozenset({"telemetry", "price"})
STOP = "stop"
_ON = frozenset({"run", "restart"})
_REDUCES = frozenset({"set_power", "set_level"})
_BY_PRICE = frozenset({"unprofitable", "plan_below_break_even", "plan_not_worth_a_start"})
_BY_LIMIT = frozenset({"site_limit_exceeded", "plan_limit"})
_BY_HEAT = frozenset({"overheat", "cooling_down", "thermal_override"})
_BY_DANGER = frozenset(
    {
        "fan_failure",
        "hashrate_collapse",
        "phantom_hashrate",
        "hashrate_low",
        "restart_limit_latched",
    }
)

Rule = tuple[str, str]
"""A state, and for other states than running what it is called after."""
Because = tuple[Rule, tuple[int, ...]]
"""A rule, and the seqs of what it rests on."""


@dataclass(frozen=True)
class Terms:
    """What a statement is about."""

    from_ms: int
    to_ms: int
    agreed_ths: "dict[str, float]"
    """The miners, each with its agreed hash rate in TH/s; 0 where none is agreed."""
    share: float = 0.9
    """A running miner below this share of its agreed hash rate is at fault."""
    customers: "tuple[str, ...]" = ()
    """Users whose commands are the customer's own; other persons' are maintenance."""
    max_gap_ms: int = WINDOW_MS
    """A poll holds no longer than this; what follows is not observed."""
    start_ms: int = WINDOW_MS
    """After a start was ordered, the time before it stays what it was for so long."""

    def as_dict(self) -> "dict[str, Any]":
        """Return them as plain JSON types."""
        return {
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "agreed_ths": self.agreed_ths,
            "share": self.share,
            "customers": list(self.customers),
            "max_gap_ms": self.max_gap_ms,
            "start_ms": self.start_ms,
        }

    @classmethod
    def from_dict(cls, given: "dict[str, Any]") -> "Terms":
        """Return what ``as_dict`` wrote. Raises ValueError."""
        try:
            terms = cls(
                int(given["from_ms"]),
                int(given["to_ms"]),
                {str(key): float(value) for key, value in given["agreed_ths"].items()},
                float(given["share"]),
                tuple(map(str, given["customers"])),
                int(given["max_gap_ms"]),
                int(given["start_ms"]),
            )
        except (LookupError, TypeError, AttributeError) as err:
            raise ValueError("no terms of a statement") from err
        if not 0 <= terms.from_ms < terms.to_ms or terms.max_gap_ms <= 0:
            raise ValueError("the terms span no time")
        return terms


@dataclass
class _Command:
    """A command that was to start, stop or reduce a miner."""

    seq: int
    ts: int
    action: str
    rule: Rule
    """What a time without service is called after it."""
    cites: "tuple[int, ...]"
    before: "_Command | None" = None
    is_done: bool = False
    """Whether the miner ran after a start."""


@dataclass
class _Order:
    """An order to curtail."""

    seq: int
    from_ms: int
    until_ms: "int | None"

    def holds(self, at: int, start_ms: int) -> bool:
        """Return whether it excuses a moment: while in force, and while miners start after it."""
        return self.from_ms <= at and (self.until_ms is None or at < self.until_ms + start_ms)


Orders = dict[str, _Order]


@dataclass
class _Sums:
    """What adds up."""

    ms: "dict[Rule, int]" = field(default_factory=dict)
    kwh: float = 0.0
    unmetered_ms: int = 0
    """How long it ran without its power being known; that energy is missing in the sum."""
    thd: float = 0.0
    coins: float = 0.0
    cost: float = 0.0

    def add(self, other: "_Sums") -> None:
        """Add what another time came to."""
        for rule, span_ms in other.ms.items():
            self.ms[rule] = self.ms.get(rule, 0) + span_ms
        self.kwh += other.kwh
        self.unmetered_ms += other.unmetered_ms
        self.thd += other.thd
        self.coins += other.coins
        self.cost += other.cost

    def main(self) -> Rule:
        """Return the rule that held longest."""
        return max(sorted(self.ms), key=lambda rule: self.ms[rule])

    def figures(self) -> "dict[str, float]":
        """Return energy, hashes, coins and cost, rounded."""
        return {
            "kwh": round(self.kwh, 6),
            "minutes_without_power": round(self.unmetered_ms / 60_000, 4),
            "thd_delivered": round(self.thd, 6),
            "coins_expected": round(self.coins, 12),
            "energy_cost": round(self.cost, 6),
        }

    def minutes(self) -> "dict[str, float]":
        """Return the minutes of each rule, such as ``excused_price``."""
        return {
            "_".join(filter(None, rule)): round(span_ms / 60_000, 4)
            for rule, span_ms in sorted(self.ms.items())
        }


@dataclass
class _Line:
    """A span of windows with the same main rule."""

    from_ms: int
    to_ms: int
    sums: _Sums = field(default_factory=_Sums)
    cites: "set[int]" = field(default_factory=set)
    """Seqs of commands and orders."""
    polls: "tuple[int, ...]" = ()
    """Seqs of the first and the last poll."""

    def cite(self, polls: "tuple[int, ...]", others: "Iterable[int]") -> None:
        """Add what the line rests on."""
        self.polls = (*self.polls, *polls)
        self.polls = tuple(dict.fromkeys((self.polls[0], self.polls[-1]))) if self.polls else ()
        self.cites.update(others)

    def join(self, other: "_Line") -> None:
        """Take in the line that follows."""
        self.to_ms = other.to_ms
        self.sums.add(other.sums)
        self.cite(other.polls, other.cites)

    def as_dict(self, miner: str) -> "dict[str, Any]":
        """Return it as plain JSON types."""
        state, rule = self.sums.main()
        return {
            "miner": miner,
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "state": state,
            "rule": rule,
            "minutes": self.sums.minutes(),
            **self.sums.figures(),
            "seqs": sorted(self.cites | set(self.polls)),
        }


@dataclass
class _Prices:
    energy: "float | None" = None
    coins_per_thd: float = 0.0

    def take(self, body: "dict[str, Any]") -> None:
        self.energy = body.get("energy_price_per_kwh")
        difficulty, reward = body.get("network_difficulty"), body.get("block_reward")
        # A block takes difficulty · 2^32 hashes on average; a terahash-day is 10^12 · 86400.
        self.coins_per_thd = (
            reward * 86_400e12 / (difficulty * 2**32) if difficulty and reward else 0.0
        )


class _Meter:
    """One miner's time."""

    def __init__(self, terms: Terms, agreed_ths: float) -> None:
        self.terms, self.agreed_ths = terms, agreed_ths
        self.at = terms.from_ms
        """How far its time is counted."""
        self.poll: Record | None = None
        self.command: _Command | None = None
        """The last one that was to start or stop it …"""
        self.reduction: _Command | None = None
        """… and the last one that was to change its power or level."""
        self.lines: list[_Line] = []
        self.window = _Line(self.at, self.at)

    def take(self, poll: Record) -> None:
        """Take a poll."""
        self.poll = poll
        if self.command is not None and (poll.body.get("reading") or {}).get("mining"):
            self.command.is_done = True

    def advance(self, to_ms: int, prices: _Prices, orders: Orders) -> None:
        """Count the time up to a moment, by what the last poll said."""
        to_ms = min(to_ms, self.terms.to_ms)
        while self.at < to_ms:
            end = min(to_ms, self.at - self.at % WINDOW_MS + WINDOW_MS)
            end = min([end, *(item for item in self._borders(orders) if item > self.at)])
            self._count(end, prices, orders)
            self.at = end
            if end % WINDOW_MS == 0 or end == self.terms.to_ms:
                self._close()

    def _borders(self, orders: Orders) -> "Iterator[int]":
        """Yield the moments at which something begins or ends without a record that says so."""
        if self.poll is not None:
            yield self.poll.ts + self.terms.max_gap_ms
        if self.command is not None:
            yield self.command.ts + self.terms.start_ms
        for order in orders.values():
            yield order.from_ms
            if order.until_ms is not None:
                yield order.until_ms + self.terms.start_ms

    def _count(self, end: int, prices: _Prices, orders: Orders) -> None:
        span_ms, (rule, cites) = end - self.at, self._rule(orders)
        sums, poll = self.window.sums, self.poll
        sums.ms[rule] = sums.ms.get(rule, 0) + span_ms
        self.window.to_ms = end
        self.window.cite((poll.seq,) if poll else (), cites)
        if poll is None or rule == (FAULT, NOT_OBSERVED):
            return
        reading, days = poll.body.get("reading") or {}, span_ms / 86_400_000
        thd = (reading.get("hashrate_ths") or 0.0) * days
        kwh = (reading.get("power_w") or 0.0) * span_ms / 3_600_000_000
        sums.thd += thd
        sums.coins += thd * prices.coins_per_thd
        sums.kwh += kwh
        sums.cost += kwh * (prices.energy or 0.0)
        if reading.get("mining") and reading.get("power_w") is None:
            sums.unmetered_ms += span_ms

    def _close(self) -> None:
        """End a window: it continues the line before it, or begins another one."""
        if self.lines and self.lines[-1].sums.main() == self.window.sums.main():
            self.lines[-1].join(self.window)
        else:
            self.lines.append(self.window)
        self.window = _Line(self.at, self.at)

    def _rule(self, orders: Orders) -> Because:
        """Return what the present time counts as, and the commands and orders that say so."""
        poll = self.poll
        if poll is None or self.at >= poll.ts + self.terms.max_gap_ms:
            return (FAULT, NOT_OBSERVED), ()
        reading = poll.body.get("reading")
        if reading is None:
            return self._offline(orders)
        return self._reduced(reading, orders) if reading.get("mining") else self._stopped(orders)

    def _offline(self, orders: Orders) -> Because:
        """Return what a miner that cannot be read counts as: a fault, unless a person stopped it."""
        rule, cites = self._stopped(orders)
        is_ordered = self.command is not None and self.command.action == STOP
        if is_ordered and rule in ((EXCUSED, MAINTENANCE), (EXCUSED, CUSTOMER)):
            return rule, cites
        return (FAULT, OFFLINE), ()

    def _reduced(self, reading: "dict[str, Any]", orders: Orders) -> Because:
        """Return what a running miner counts as: it may have been ordered to deliver less."""
        if (reading.get("hashrate_ths") or 0.0) >= self.terms.share * self.agreed_ths:
            return (RUNNING, ""), ()
        if self.reduction is not None:
            rule, cites = self._ordered(self.reduction, orders)
            if rule[0] == EXCUSED:
                return rule, cites
        return (FAULT, LOW_HASHRATE), ()

    def _stopped(self, orders: Orders) -> Because:
        """Return why a miner does not run, as its last command says."""
        command = self.command
        if command is None:
            return (FAULT, OTHER_STOP), ()
        if command.action == STOP:
            return self._ordered(command, orders)
        if command.is_done:
            return (FAULT, OTHER_STOP), ()
        before = command.before
        is_starting = self.at < command.ts + self.terms.start_ms
        if is_starting and before is not None and before.action == STOP:
            rule, cites = self._ordered(before, orders)
            return rule, (*cites, command.seq)
        return (FAULT, NOT_CONFIRMED), (command.seq,)

    def _ordered(self, command: _Command, orders: Orders) -> Because:
        """Return what a command counts as: for a limit, whether an order set it."""
        if command.rule != (FAULT, SITE_LIMIT):
            return command.rule, command.cites
        start_ms = self.terms.start_ms
        named = [order.seq for order in orders.values() if order.holds(self.at, start_ms)]
        return ((EXCUSED, CURTAILMENT) if named else command.rule), (*command.cites, *named)


def _fault_of(reasons: "set[str]") -> Rule:
    """Return what the rules stopped a miner for."""
    if reasons & _BY_HEAT:
        return FAULT, OVERHEATED
    if reasons & _BY_DANGER:
        return FAULT, UNSAFE
    if reasons & _BY_LIMIT:
        return FAULT, SITE_LIMIT
    if reasons & _BY_PRICE:
        return EXCUSED, PRICE
    return FAULT, OTHER_STOP


class Fold:
    """Folds records, in their order, into a statement."""

    def __init__(self, terms: Terms) -> None:
        """Begin with nothing known."""
        self.terms = terms
        self._meters = {
            miner: _Meter(terms, agreed) for miner, agreed in sorted(terms.agreed_ths.items())
        }
        self._prices = _Prices()
        self._orders: Orders = {}
        self._proposals: dict[int, Record] = {}

    def feed(self, record: Record) -> None:
        """Take the next record; those that do not matter are passed over."""
        terms = self.terms
        back_ms = POLLS_BACK_MS if record.kind in POLL_KINDS else LOOK_BACK_MS
        if not terms.from_ms - back_ms <= record.ts < terms.to_ms:
            return
        if record.kind in ("price", "curtailment"):
            self._advance_all(record.ts)
            if record.kind == "price":
                self._prices.take(record.body)
            else:
                self._order(record)
        elif (meter := self._meters.get(record.subject)) is not None:
            meter.advance(record.ts, self._prices, self._orders)
            self._take(record, meter)

    def _take(self, record: Record, meter: _Meter) -> None:
        if record.kind == "telemetry":
            meter.take(record)
        elif record.kind == "proposal":
            self._proposals[record.seq] = record
        elif record.kind == "decision" and record.body.get("authorised"):
            self._command(record, meter)
        elif record.kind == "receipt" and record.body.get("outcome") == "failed":
            command = meter.command
            if command is not None and command.seq == record.body.get("decision"):
                meter.command = command.before

    def _order(self, record: Record) -> None:
        """Take an order, or the release of one; forget those that excuse nothing any more."""
        name, known = str(record.body.get("order_id")), self._orders
        until_ms = record.body.get("until_ms")
        if record.body.get("limit_w") is not None:
            begin = max(int(record.body.get("from_ms", 0)), record.ts)
            known[name] = _Order(record.seq, begin, until_ms)
        elif name in known:
            known[name].until_ms = min(record.ts, known[name].until_ms or record.ts)
        start_ms = self.terms.start_ms
        self._orders = {
            key: order
            for key, order in known.items()
            if order.until_ms is None or record.ts <= order.until_ms + start_ms
        }

    def _command(self, record: Record, meter: _Meter) -> None:
        """Take a decision that was to change whether, or how fast, a miner runs."""
        body = record.body
        action = str(body.get("action"))
        if action != STOP and action not in _ON and action not in _REDUCES:
            return
        named = (body.get("evidence") or {}).get("proposal")
        proposal = self._proposals.pop(named, None) if named is not None else None
        cites = (record.seq,) if proposal is None else (proposal.seq, record.seq)
        rule = self._rule_of(body, proposal)
        if action in _REDUCES:
            meter.reduction = _Command(record.seq, record.ts, action, rule, cites)
            return
        before = meter.command
        if before is not None and before.before is not None:
            before.before.before = None  # two back are enough
        meter.command = _Command(record.seq, record.ts, action, rule, cites, before)

    def _rule_of(self, body: "dict[str, Any]", proposal: "Record | None") -> Rule:
        origin = body.get("origin", "strategy")
        if origin == "person":
            user = proposal.body.get("user_id") if proposal else None
            return EXCUSED, CUSTOMER if user in self.terms.customers else MAINTENANCE
        if origin not in ("strategy", "planner"):
            return FAULT, OTHER_STOP
        reasons = {str(reason) for reason in body.get("reasons") or ()}
        if proposal is not None:
            reasons |= {str(reason) for reason in proposal.body.get("reasons") or ()}
        return _fault_of(reasons)

    def _advance_all(self, ts: int) -> None:
        for meter in self._meters.values():
            meter.advance(ts, self._prices, self._orders)

    def result(self) -> "dict[str, Any]":
        """Return lines and totals; the fold is at its end."""
        self._advance_all(self.terms.to_ms)
        lines, totals, whole = [], {}, _Sums()
        agreed = {"agreed": 0.0, "due": 0.0}
        for miner, meter in self._meters.items():
            sums = _Sums()
            for line in meter.lines:
                sums.add(line.sums)
            lines += [line.as_dict(miner) for line in meter.lines]
            totals[miner] = _totals(sums, _agreed(sums, meter.agreed_ths))
            whole.add(sums)
            for key, value in _agreed(sums, meter.agreed_ths).items():
                agreed[key] += value
        return {"lines": lines, "miners": totals, "totals": _totals(whole, agreed)}


def _agreed(sums: _Sums, agreed_ths: float) -> "dict[str, float]":
    """Return the terahash-days that are agreed, and what is due without the excused times."""
    whole_ms = sum(sums.ms.values())
    excused_ms = sum(span for (state, _), span in sums.ms.items() if state == EXCUSED)
    return {
        "agreed": agreed_ths * whole_ms / 86_400_000,
        "due": agreed_ths * (whole_ms - excused_ms) / 86_400_000,
    }


def _totals(sums: _Sums, agreed: "dict[str, float]") -> "dict[str, Any]":
    hours = {
        state: round(sum(span for rule, span in sums.ms.items() if rule[0] == state) / 3_600_000, 6)
        for state in (RUNNING, EXCUSED, FAULT)
    }
    return {
        "hours": hours,
        "minutes": sums.minutes(),
        **sums.figures(),
        "thd_agreed": round(agreed["agreed"], 6),
        "thd_due": round(agreed["due"], 6),
    }


def fold(records: "Iterable[Record]", terms: Terms) -> "dict[str, Any]":
    """Return the lines and totals that records come to."""
    folding = Fold(terms)
    for record in records:
        folding.feed(record)
    return folding.result()


# Checking


def read(path: Path) -> "dict[str, Any]":
    """Return a statement's content. Raises ValueError and OSError."""
    with path.open("rb") as file:
        statement = json.loads(file.read(MAX_BYTES))
    if type(statement) is not dict or statement.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    return statement


def check(statement: "dict[str, Any]", path: Path) -> "str | None":
    """Return how a statement differs from what an export's records come to; None if it follows.

    The export itself is verified elsewhere. Raises NotALedgerError, and ValueError.
    """
    terms = Terms.from_dict(statement.get("terms") or {})
    with path.open("rb") as file:
        export = Export(file.readline(MAX_LINE_BYTES))
        for name, own in (("operator_id", export.operator_id), ("segment", export.segment)):
            if statement.get(name) != own:
                return f"the statement is of another {name}"
        records = list(_records(export, file, terms))
    if export.from_block and (not records or records[0].ts > terms.from_ms - POLLS_BACK_MS):
        raise NotALedgerError("the export begins after the statement does")
    found = fold(records, terms)
    for name in ("totals", "miners", "lines"):
        if statement.get(name) != found[name]:
            return f"its {name} do not follow from the log"
    return None


def _records(export: Export, file: Any, terms: Terms) -> "Iterator[Record]":
    """Yield an export's records that matter, in order."""
    for block in read_blocks(lines_of(file), export.from_seq - 1):
        if isinstance(block, Note):
            return
        kept = block.observations if isinstance(block.observations, list) else []
        records = [parse(line) for line in (*kept, *block.events)]
        for record in sorted(records, key=lambda item: item.seq):
            if record.kind in EVENT_KINDS or record.kind in POLL_KINDS:
                yield record
