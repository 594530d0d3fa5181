"""Service statements: a simulated month against an independent recount, cases, and the verifier."""

import asyncio
import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.ledger import Ledger
from custom_components.aiep_miner.engine.ledger.verifier.lines import Record
from custom_components.aiep_miner.engine.ledger.verifier.note import Note
from custom_components.aiep_miner.engine.ledger.verifier.statement import (
    FORMAT,
    WINDOW_MS,
    Terms,
    fold,
)
from custom_components.aiep_miner.engine.records import (
    Action,
    CurtailmentRecord,
    DecisionRecord,
    Origin,
    PriceRecord,
    ProposalRecord,
    Reading,
    TelemetryRecord,
)
from custom_components.aiep_miner.engine.records import Record as EngineRecord
from custom_components.aiep_miner.engine.records.decisions import Evidence
from custom_components.aiep_miner.engine.records.reasons import Reason

from .samples import OPERATOR, PRIVATE_KEY, VERIFIER

MINUTE_MS = 60_000
START_MS = 1_799_971_200_000
assert START_MS % WINDOW_MS == 0
CUSTOMER = "customer-user"


@dataclass
class Log:
    """Records as a ledger would number them."""

    records: list[EngineRecord] = field(default_factory=list)

    def add(self, record: EngineRecord) -> int:
        self.records.append(record)
        return len(self.records)

    def lines(self) -> Iterator[Record]:
        for seq, item in enumerate(self.records, 1):
            yield Record(seq, item.ts_ms, item.kind.value, item.subject, item.body(), b"")

    def price(self, ts_ms: int, energy: float = 0.1) -> None:
        self.add(
            PriceRecord(
                ts_ms=ts_ms, subject=OPERATOR, currency="EUR", energy_price_per_kwh=energy,
                network_difficulty=1e14, block_reward=3.125,
            )
        )  # fmt: skip

    def poll(self, ts_ms: int, miner: str = "a", rate: float | None = 100.0, **more: Any) -> int:
        """Add a poll; a rate of None is a miner that cannot be read, 0 one that stands still."""
        if rate is None:
            record = TelemetryRecord(ts_ms=ts_ms, subject=miner, error=Reason.UNREACHABLE)
        else:
            values = {"power_w": 30.0 * rate if rate else 10.0, **more}
            reading = Reading(mining=rate > 0, hashrate_ths=rate, **values)
            record = TelemetryRecord(ts_ms=ts_ms, subject=miner, reading=reading)
        return self.add(record)

    def command(
        self,
        ts_ms: int,
        action: Action,
        *reasons: Reason,
        miner: str = "a",
        origin: Origin = Origin.STRATEGY,
        user: str | None = None,
    ) -> int:
        named = None
        if origin is not Origin.STRATEGY:
            named = self.add(
                ProposalRecord(
                    ts_ms=ts_ms, subject=miner, action=action, origin=origin, user_id=user
                )
            )
        return self.add(
            DecisionRecord(
                ts_ms=ts_ms, subject=miner, action=action, authorised=True, reasons=reasons,
                origin=origin, evidence=Evidence(proposal=named),
            )
        )  # fmt: skip


def terms(days: float = 1, miners: tuple[str, ...] = ("a",)) -> Terms:
    return Terms(
        START_MS,
        START_MS + round(days * 86_400_000),
        dict.fromkeys(miners, 100.0),
        customers=(CUSTOMER,),
    )


# A month, minute by minute, and its recount

CAUSES = (
    ("running", 100.0, None),
    ("excused_price", 0.0, (Action.STOP, (Reason.UNPROFITABLE,), Origin.STRATEGY, None)),
    ("excused_price", 0.0, (Action.STOP, (Reason.PLAN_BELOW_BREAK_EVEN,), Origin.PLANNER, None)),
    ("excused_curtailment", 0.0, (Action.STOP, (Reason.PLAN_LIMIT,), Origin.PLANNER, None)),
    ("excused_curtailment", 55.0, (Action.SET_POWER, (Reason.PLAN_LIMIT,), Origin.PLANNER, None)),
    ("excused_maintenance", None, (Action.STOP, (Reason.PERSON_COMMAND,), Origin.PERSON, "tech")),
    ("excused_maintenance", 0.0, (Action.STOP, (Reason.PERSON_COMMAND,), Origin.PERSON, "tech")),
    ("excused_customer", 0.0, (Action.STOP, (Reason.PERSON_COMMAND,), Origin.PERSON, CUSTOMER)),
    ("fault_overheated", 0.0, (Action.STOP, (Reason.OVERHEAT,), Origin.STRATEGY, None)),
    ("fault_unsafe", 0.0, (Action.STOP, (Reason.FAN_FAILURE,), Origin.STRATEGY, None)),
    ("fault_site_limit", 0.0, (Action.STOP, (Reason.SITE_LIMIT_EXCEEDED,), Origin.PLANNER, None)),
    ("fault_other_stop", 0.0, (Action.STOP, (Reason.OUTSIDE_PROPOSAL,), Origin.AUTOMATION, None)),
    ("fault_offline", None, None),
    ("fault_low_hashrate", 70.0, None),
    ("fault_other_stop", 0.0, None),
)
"""What an episode is to count as, the hash rate meanwhile, and the command that begins it."""
STARTING_MIN = 3


def simulate(  # noqa: C901 - minute by minute, apart from the code that it is to check
    days: int, miners: tuple[str, ...], seed: int
) -> tuple[Log, dict[str, Any]]:
    """Return a log, and a recount made of the raw series while it is written, in minutes."""
    dice, log = random.Random(seed), Log()
    minutes: dict[str, Any] = {miner: defaultdict(int) for miner in miners}
    figures: dict[str, Any] = {miner: defaultdict(float) for miner in miners}
    episode: dict[str, Any] = dict.fromkeys(miners, CAUSES[0])
    ends = {miner: dice.randrange(30, 900) for miner in miners}
    starting: dict[str, tuple[int, Any]] = {}
    orders = 0
    for minute in range(days * 1440):
        ts_ms, energy = START_MS + minute * MINUTE_MS, 0.05 + (minute // 60 % 24) / 100
        log.price(ts_ms, energy)
        for miner in miners:
            if minute == ends[miner]:
                before = episode[miner]
                if before[0] != "running":
                    if before[2] is not None:
                        if before[0] == "excused_curtailment":
                            log.add(
                                CurtailmentRecord(
                                    ts_ms=ts_ms, subject=OPERATOR, order_id=f"{miner}",
                                    origin=Origin.AUTOMATION,
                                )
                            )  # fmt: skip
                        is_reduced = before[2][0] is Action.SET_POWER
                        log.command(
                            ts_ms, Action.SET_POWER if is_reduced else Action.RUN,
                            Reason.PROFITABLE, miner=miner,
                        )  # fmt: skip
                        if not is_reduced:
                            starting[miner] = (minute + STARTING_MIN, before)
                    episode[miner] = CAUSES[0]
                    ends[miner] = minute + dice.randrange(30, 900)
                else:
                    # Only one miner is curtailed at a time: an order is the whole site's.
                    choices = CAUSES[1:]
                    if (
                        any(item[0] == "excused_curtailment" for item in episode.values())
                        or any(item[0] == "fault_site_limit" for item in episode.values())
                        or starting
                    ):
                        choices = tuple(
                            item for item in choices
                            if item[0] not in ("excused_curtailment", "fault_site_limit")
                        )  # fmt: skip
                    chosen = episode[miner] = dice.choice(choices)
                    ends[miner] = minute + dice.randrange(5, 400)
                    if chosen[0] == "excused_curtailment":
                        orders += 1
                        log.add(
                            CurtailmentRecord(
                                ts_ms=ts_ms, subject=OPERATOR, order_id=f"{miner}", limit_w=1.0,
                                from_ms=ts_ms, origin=Origin.AUTOMATION,
                            )
                        )  # fmt: skip
                    if chosen[2] is not None:
                        action, reasons, origin, user = chosen[2]
                        log.command(ts_ms, action, *reasons, miner=miner, origin=origin, user=user)
            name, rate, _ = episode[miner]
            if miner in starting:
                until, before = starting[miner]
                if minute < until:
                    name, rate = before[0], 0.0
                else:
                    del starting[miner]
            log.poll(ts_ms, miner, rate)
            minutes[miner][name] += 1
            if rate is not None:
                kwh = (30.0 * rate if rate else 10.0) / 60_000
                figures[miner]["kwh"] += kwh
                figures[miner]["energy_cost"] += kwh * energy
                figures[miner]["thd_delivered"] += rate / 1440
                figures[miner]["coins_expected"] += (
                    rate * 1e12 * 60 / (1e14 * 2**32) * 3.125
                )  # fmt: skip
            is_excused = name.startswith("excused")
            figures[miner]["thd_agreed"] += 100 / 1440
            figures[miner]["thd_due"] += 0.0 if is_excused else 100 / 1440
    return log, {"minutes": minutes, "figures": figures, "orders": orders}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_month_equals_an_independent_recount_to_the_minute(seed: int) -> None:
    miners = ("a", "b", "c")
    log, recount = simulate(30, miners, seed)
    found = fold(log.lines(), terms(30, miners))
    seen: set[str] = set()
    for miner in miners:
        totals = found["miners"][miner]
        assert totals["minutes"] == dict(sorted(recount["minutes"][miner].items())), miner
        for name, value in recount["figures"][miner].items():
            assert totals[name] == pytest.approx(value, rel=1e-6, abs=1e-5), (miner, name)
        assert sum(totals["hours"].values()) == pytest.approx(30 * 24)
        seen |= set(totals["minutes"])
        lines = [line for line in found["lines"] if line["miner"] == miner]
        assert lines[0]["from_ms"] == START_MS
        assert lines[-1]["to_ms"] == START_MS + 30 * 86_400_000
        assert all(one["to_ms"] == two["from_ms"] for one, two in pairwise(lines))
        assert all(line["seqs"] for line in lines)
        assert all((line["to_ms"] - line["from_ms"]) % WINDOW_MS == 0 for line in lines)
        summed: dict[str, float] = defaultdict(float)
        for line in lines:
            for name, value in line["minutes"].items():
                summed[name] += value
        assert dict(sorted(summed.items())) == totals["minutes"]
    assert recount["orders"] > 3
    assert len(seen) >= 10
    whole = found["totals"]
    for name in ("kwh", "thd_delivered", "thd_due"):
        parts = sum(found["miners"][miner][name] for miner in miners)
        assert whole[name] == pytest.approx(parts, abs=1e-4)


def minutes_of(log: Log, hours: float = 1, **given: Any) -> Any:
    base = terms(hours / 24)
    return fold(log.lines(), Terms(**{**base.__dict__, **given}))["miners"]["a"]["minutes"]


def test_a_stop_long_before_the_statement_counts() -> None:
    log = Log()
    log.command(START_MS - 80 * 86_400_000, Action.STOP, Reason.UNPROFITABLE)
    for minute in range(60):
        log.poll(START_MS + minute * MINUTE_MS, rate=0.0)
    assert minutes_of(log) == {"excused_price": 60}


def test_a_start_that_has_no_effect_is_a_fault_after_its_time() -> None:
    log = Log()
    for minute in range(60):
        if minute == 0:
            log.command(START_MS, Action.STOP, Reason.UNPROFITABLE)
        if minute == 20:
            log.command(START_MS + 20 * MINUTE_MS, Action.RUN, Reason.PROFITABLE)
        log.poll(START_MS + minute * MINUTE_MS, rate=0.0)
    assert minutes_of(log) == {"excused_price": 25, "fault_not_confirmed": 35}


def test_polls_that_are_missing_are_no_service() -> None:
    log = Log()
    for minute in (0, 1, 2, 30, 31):
        log.poll(START_MS + minute * MINUTE_MS)
    assert minutes_of(log) == {"fault_not_observed": 23 + 24, "running": 7 + 6}
    assert minutes_of(Log()) == {"fault_not_observed": 60}


def test_miners_start_after_an_order_without_it_being_their_fault() -> None:
    log = Log()
    order = CurtailmentRecord(
        ts_ms=START_MS, subject=OPERATOR, order_id="1", limit_w=5.0, from_ms=START_MS,
        until_ms=START_MS + 20 * MINUTE_MS, origin=Origin.AUTOMATION,
    )  # fmt: skip
    seq = log.add(order)
    log.command(START_MS, Action.STOP, Reason.SITE_LIMIT_EXCEEDED, origin=Origin.PLANNER)
    for minute in range(60):
        log.poll(START_MS + minute * MINUTE_MS, rate=0.0)
    assert minutes_of(log) == {"excused_curtailment": 25, "fault_site_limit": 35}
    lines = fold(log.lines(), terms(1 / 24))["lines"]
    assert seq in lines[0]["seqs"]
    assert seq not in lines[1]["seqs"]


def test_power_that_is_not_known_is_named() -> None:
    log = Log()
    for minute in range(60):
        log.poll(START_MS + minute * MINUTE_MS, power_w=None)
    found = fold(log.lines(), terms(1 / 24))["totals"]
    assert (found["kwh"], found["minutes_without_power"]) == (0, 60)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"from_ms": 2, "to_ms": 1},
        {**terms().as_dict(), "agreed_ths": 5},
        {**terms().as_dict(), "share": "much"},
        {**terms().as_dict(), "max_gap_ms": 0},
    ],
)
def test_what_are_no_terms(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        Terms.from_dict(given)
    assert Terms.from_dict(terms().as_dict()) == terms()


# The ledger, and the stand-alone verifier


async def written(folder: Path) -> tuple[dict[str, Any], Path]:
    """Return a statement of a ledger, and the ledger's export."""
    log, _ = simulate(2, ("a", "b"), 7)
    ledger = await Ledger.open(
        folder / "ledger.db", OPERATOR, private_key=PRIVATE_KEY, now_ms=START_MS
    )
    block: list[EngineRecord] = []
    for record in log.records:
        if block and record.ts_ms != block[-1].ts_ms:
            await ledger.append(block)
            block = []
        block.append(record)
    await ledger.append(block)
    asked = terms(2, ("a", "b"))
    found = await ledger.statement(asked)
    note = Note.parse((await ledger.checkpoint(START_MS)).body["note"])
    export = folder / "export.jsonl"
    export.write_bytes(b"".join([chunk async for chunk in ledger.export(note=note)]))
    statement = {
        "format": FORMAT, "operator_id": OPERATOR, "segment": ledger.segment,
        "terms": asked.as_dict(), **found,
    }  # fmt: skip
    await ledger.close()
    return statement, export


def run(export: Path, statement: Any) -> tuple[int, str]:
    file = export.with_name("statement.json")
    file.write_text(json.dumps(statement))
    found = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(export), "--statement", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.returncode, found.stdout + found.stderr


def test_the_verifier_recomputes_a_statement(tmp_path: Path) -> None:
    statement, export = asyncio.run(written(tmp_path))
    assert len(statement["lines"]) > 10
    status, said = run(export, statement)
    assert (status, "the statement follows from it" in said) == (0, True), said
    better = json.loads(json.dumps(statement))
    better["totals"]["hours"]["fault"] = 0.0
    status, said = run(export, better)
    assert (status, "its totals do not follow from the log" in said) == (1, True)
    better = json.loads(json.dumps(statement))
    better["lines"][0]["rule"] = "price"
    assert run(export, better)[0] == 1
    for name in ("operator_id", "segment"):
        assert run(export, {**statement, name: "other"})[0] == 1
    assert run(export, {**statement, "terms": {}})[0] == 1
    assert run(export, {**statement, "format": "x"})[0] == 2
