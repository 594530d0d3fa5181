"""A site for engine tests: scripted miners, a clock that the test moves, a real ledger."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from custom_components.aiep_miner.engine.command_result import CommandResult
from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.events import CycleEvent, GovernorEvent
from custom_components.aiep_miner.engine.ledger import (
    Finding,
    LedgerError,
    LedgerReason,
    Trusted,
)
from custom_components.aiep_miner.engine.ledger.blocks import NewBlock
from custom_components.aiep_miner.engine.ledger.store import IsWanted, Store
from custom_components.aiep_miner.engine.miners.base import (
    Capabilities,
    Command,
    Identity,
    MinerAdapter,
    MinerError,
    MinerInfo,
)
from custom_components.aiep_miner.engine.records import (
    Action,
    DeviceLevel,
    MinerPolicy,
    MiningPolicy,
    Origin,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    Reading,
    RecordKind,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.replay import ReplayReport, replay

OPERATOR = "operator"
PRIVATE_KEY = bytes(range(32))
START_MS = 1_790_000_000_000
DISPATCHED = frozenset({"accepted", "failed", "unknown"})
"""How a dispatch can end; a receipt with another outcome closes it later."""
EVERYTHING = frozenset({Action.RUN, Action.STOP, Action.RESTART, Action.SET_POWER})
LEVELS = (DeviceLevel(name="low"), DeviceLevel(name="high"))

GOOD_PRICES = PriceRecord(
    ts_ms=0,
    subject="",
    currency="EUR",
    energy_price_per_kwh=0.05,
    coin_price=90_000.0,
    network_difficulty=1.2e14,
    block_reward=3.125,
)
BAD_PRICES = replace(GOOD_PRICES, energy_price_per_kwh=0.60)


def temperatures(*values: float) -> tuple[Temperature, ...]:
    """Return board sensors with these temperatures in °C."""
    return tuple(
        Temperature(sensor=f"board_{index}", temperature_c=value)
        for index, value in enumerate(values)
    )


RUNNING = Reading(
    mining=True,
    hashrate_ths=100.0,
    power_w=3250.0,
    temperatures=temperatures(60.0, 62.0, 64.0, 66.0),
    fans_rpm=(4200, 4260),
)
HOT = replace(RUNNING, temperatures=temperatures(80.0, 92.0, 84.0, 83.0))
FAN_FAILED = replace(RUNNING, fans_rpm=(4200, 0))
COLLAPSED = replace(RUNNING, hashrate_ths=3.0)
STOPPED = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)


@dataclass
class ScriptedMiner:
    """A miner that says what the test wants and remembers what it was told."""

    reading: Reading | MinerError = RUNNING
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(actions=EVERYTHING))
    obeys: bool = True
    refusal: MinerError | None = None
    commands: list[Command] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a command has reached it."""
    gate: asyncio.Event | None = None
    """What a command waits for before the miner answers it."""
    uptime_s: int = 100_000
    polls: int = 0
    closed: bool = False

    async def connect(self) -> MinerInfo:
        return MinerInfo(identity=Identity(make="Test"), capabilities=self.capabilities)

    async def poll(self) -> Reading:
        self.polls += 1
        self.uptime_s += 30
        if isinstance(self.reading, MinerError):
            raise self.reading
        accepted = self.uptime_s // 10
        return replace(self.reading, uptime_s=self.uptime_s, shares_accepted=accepted)

    async def execute(self, command: Command) -> None:
        self.commands.append(command)
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        if self.obeys and isinstance(self.reading, Reading):
            self._obey(command)

    def _obey(self, command: Command) -> None:
        assert isinstance(self.reading, Reading)
        if command.action is Action.STOP:
            self.reading = replace(self.reading, mining=False, hashrate_ths=0.0, power_w=20.0)
        elif command.action is Action.RUN:
            self.reading = replace(self.reading, mining=True, hashrate_ths=100.0, power_w=3250.0)
        elif command.action is Action.RESTART:
            self.uptime_s = 0
            self.reading = replace(self.reading, mining=True, hashrate_ths=100.0)

    async def close(self) -> None:
        self.closed = True


class Site[Miner: MinerAdapter = ScriptedMiner]:
    """A controller with its miners, its clock and what it told."""

    def __init__(self, path: Path, miners: dict[str, Miner], policy: PolicyRecord) -> None:
        self.path = path
        self.miners = miners
        self.policy = policy
        self.now_ms = START_MS
        self.clock_off_ms = 0
        """By how much the wall clock is wrong; ``now_ms`` is what the monotonic clock follows."""
        self.notices: list[CycleEvent] = []
        self.governor_events: list[GovernorEvent] = []
        self.prices = GOOD_PRICES
        self.controller = self._controller()

    def _controller(self) -> Controller:
        return Controller(
            operator_id=OPERATOR,
            ledger_path=self.path,
            adapters=self.miners,
            policy=self.policy,
            clock=lambda: self.now_ms + self.clock_off_ms,
            on_event=self.notices.append,
            on_governor_event=self.governor_events.append,
            version="test",
            monotonic=lambda: self.now_ms / 1000,
        )

    async def restart(self, **known: Any) -> Finding | None:
        """Stop the controller and start another one on the same ledger."""
        await self.controller.stop()
        return await self.revive(**known)

    async def crash(self) -> None:
        """Leave the ledger as a killed process leaves it, and start another controller on it."""
        self.controller.journal.close()
        await self.controller.ledger.close()
        await self.revive()

    async def revive(
        self, trusted: Trusted | None = None, broken_at: int | None = None
    ) -> Finding | None:
        """Start another controller on the same ledger, with what is known from outside of it."""
        self.controller = self._controller()
        return await self.controller.start(
            private_key=PRIVATE_KEY, trusted=trusted, broken_at=broken_at
        )

    async def set_policy(self, policy: PolicyRecord) -> None:
        """Put a policy into force, also for controllers to come."""
        self.policy = policy
        await self.controller.set_policy(policy)

    async def cycles(self, count: int = 1, seconds: float = 30.0) -> None:
        """Run cycles with time passing before each."""
        for _ in range(count):
            self.now_ms += round(seconds * 1000)
            await self.controller.run_cycle(self.prices)

    async def command(
        self, action: Action, miner_id: str = "m1", origin: Origin = Origin.PERSON, **more: Any
    ) -> CommandResult:
        """Propose something as a person, or as another source."""
        self.now_ms += 1000
        proposal = self.proposal(action, miner_id, origin, **more)
        return await self.controller.submit(proposal, self.prices)

    def proposal(
        self, action: Action, miner_id: str = "m1", origin: Origin = Origin.PERSON, **more: Any
    ) -> ProposalRecord:
        """Return a proposal of a person, or of another source."""
        reason = Reason.PERSON_COMMAND if origin is Origin.PERSON else Reason.OUTSIDE_PROPOSAL
        return ProposalRecord(
            ts_ms=0, subject=miner_id, action=action, origin=origin, reasons=(reason,), **more
        )

    async def records(self, *kinds: str, subject: str | None = None) -> list[dict[str, Any]]:
        """Return the bodies of the ledger's records of some kinds, oldest first, with seq and hash."""
        stored = await self.controller.ledger.query(kinds=kinds, subject=subject, limit=100_000)
        return [
            {
                "seq": item.seq,
                "hash": item.hash.hex(),
                "kind": str(item.kind),
                "subject": item.subject,
                "ts": item.ts_ms,
                **item.body,
            }
            for item in stored
        ]

    async def outcomes(self) -> list[str]:
        """Return the outcomes of all receipts, oldest first."""
        return [item["outcome"] for item in await self.records("receipt")]

    @property
    def miner(self) -> Miner:
        """Return the first miner."""
        return self.miners["m1"]

    @property
    def view(self) -> Any:
        """Return the view of the first miner."""
        return self.controller.view.miners["m1"]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the reasons of the last decision on the first miner."""
        reasons: tuple[Reason, ...] = self.view.decision.record.reasons
        return reasons

    def actions(self, miner_id: str = "m1") -> list[Action]:
        """Return what a scripted miner was told, oldest first."""
        return [command.action for command in self.miners[miner_id].commands]


def miner_policy(miner_id: str = "m1", **changes: Any) -> MinerPolicy:
    """Return the policy of a miner like the scripted ones."""
    values = {"nominal_hashrate_ths": 100, "nominal_power_w": 3250, **changes}
    return MinerPolicy(miner_id=miner_id, **values)


def policy_of(**changes: Any) -> PolicyRecord:
    """Return a policy that reacts at once, unless changed."""
    values: dict[str, Any] = {
        "profit_dwell_min": 0.0,
        "collapse_min": 1.0,
        "cooldown_min": 1.0,
        "governor": MiningPolicy(),
        "miners": (miner_policy(),),
    }
    return PolicyRecord(ts_ms=0, subject="", **{**values, **changes})


@asynccontextmanager
async def site(
    path: Path,
    policy: PolicyRecord | None = None,
    miners: Iterable[str] = ("m1",),
    trusted: Trusted | None = None,
) -> AsyncIterator[Site]:
    """Run a site until the block ends."""
    rig = Site(
        path / "ledger.db", {name: ScriptedMiner() for name in miners}, policy or policy_of()
    )
    await rig.controller.start(private_key=PRIVATE_KEY, trusted=trusted)
    try:
        yield rig
    finally:
        await rig.controller.stop()


@contextmanager
def ledger_refuses(
    kinds: Collection[RecordKind] = frozenset(RecordKind),
    reason: LedgerReason = LedgerReason.DISK_FULL,
) -> Iterator[None]:
    """Let the ledger fail to write records of some kinds, in all transactions that hold one.

    ``kinds`` is looked at anew for each transaction, so that a set may change meanwhile.
    """
    write = Store._write

    def refuse(store: Store, block: NewBlock, is_wanted: IsWanted) -> None:
        is_live = not store.path.stem.endswith(".next")
        if is_live and any(entry.kind in kinds for entry in block.entries):
            raise LedgerError(reason, "refused by the test")
        write(store, block, is_wanted)

    with patch.object(Store, "_write", refuse):
        yield


def edit_record(path: Path, kind: str, old: bytes, new: bytes) -> int:
    """Change the newest record of a kind that holds a text; return its seq."""
    with closing(sqlite3.connect(path)) as file, file:
        rows = file.execute("SELECT number, observations, events FROM blocks ORDER BY number DESC")
        for number, *parts in rows.fetchall():
            for name, part in zip(("observations", "events"), parts, strict=True):
                for line in reversed(part.splitlines()):
                    if b'"kind":"%b"' % kind.encode() in line and old in line:
                        changed = part.replace(line, line.replace(old, new))
                        file.execute(
                            f"UPDATE blocks SET {name} = ? WHERE number = ?", (changed, number)
                        )
                        return int(json.loads(line)["seq"])
    raise AssertionError


async def assert_settled(rig: Site[Any]) -> None:
    """Check that each decision that asked for a change ends once and is closed at most once.

    An authorised one ends in a receipt, any other in a proof; later a second receipt may close
    what was dispatched.
    """
    wanted = [item for item in await rig.records("decision") if item["action"] != "hold"]
    authorised = [item["seq"] for item in wanted if item["authorised"]]
    suppressed = [item["seq"] for item in wanted if not item["authorised"]]
    receipts = await rig.records("receipt")
    sent = [item["decision"] for item in receipts if item["outcome"] in DISPATCHED]
    closed = [item["decision"] for item in receipts if item["outcome"] not in DISPATCHED]
    proven = [item["decision"] for item in await rig.records("negative_proof")]
    problems = {
        "authorised, but not ended in one receipt": _unlike(sent, authorised),
        "suppressed, but not ended in one proof": _unlike(proven, suppressed),
        "closed more than once": _unlike(closed, set(closed)),
        "closed, but never sent": sorted(set(closed) - set(sent)),
    }
    assert not any(problems.values()), problems


def _unlike(found: Iterable[int], expected: Iterable[int]) -> list[int]:
    """Return what is not as often among the one as among the other."""
    have, want = Counter(found), Counter(expected)
    return sorted((have - want) + (want - have))


def assert_replays(path: Path) -> ReplayReport:
    """Check that every decision of a ledger but the late ones follows from the records before it."""
    report = replay(path)
    assert report.difference is None, report.difference
    assert report.unproven == 0
    assert report.matched > 0
    return report
