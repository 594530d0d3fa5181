"""A site for engine tests: scripted miners, a clock that the test moves, a real ledger."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.miners.base import (
    Capabilities,
    Command,
    Identity,
    MinerError,
    MinerInfo,
)
from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import (
    Action,
    GovernorPolicy,
    MinerPolicy,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    Reading,
    Source,
    Temperature,
)
from custom_components.aiep_miner.engine.views import GovernorEvent, Notice, Verdict

OPERATOR = "operator"
START_MS = 1_790_000_000_000
EVERYTHING = frozenset({Action.RUN, Action.STOP, Action.RESTART, Action.SET_POWER})

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


@dataclass
class ScriptedMiner:
    """A miner that says what the test wants and remembers what it was told."""

    reading: Reading | MinerError = RUNNING
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(actions=EVERYTHING))
    obeys: bool = True
    refusal: MinerError | None = None
    commands: list[Command] = field(default_factory=list)
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


class Site:
    """A controller with its miners, its clock and what it told."""

    def __init__(self, path: Path, miners: dict[str, ScriptedMiner], policy: PolicyRecord) -> None:
        self.path = path
        self.miners = miners
        self.policy = policy
        self.now_ms = START_MS
        self.notices: list[Notice] = []
        self.governor_events: list[GovernorEvent] = []
        self.prices = GOOD_PRICES
        self.controller = self._controller()

    def _controller(self) -> Controller:
        return Controller(
            operator_id=OPERATOR,
            ledger_path=self.path,
            adapters=self.miners,
            policy=self.policy,
            clock=lambda: self.now_ms,
            on_notice=self.notices.append,
            on_governor_event=self.governor_events.append,
            version="test",
        )

    async def restart(self) -> None:
        """Stop the controller and start another one on the same ledger."""
        await self.controller.stop()
        await self.revive()

    async def revive(self) -> None:
        """Start another controller on the same ledger, as after a crash."""
        self.controller = self._controller()
        await self.controller.start()

    async def cycles(self, count: int = 1, seconds: float = 30.0) -> None:
        """Run cycles with time passing before each."""
        for _ in range(count):
            self.now_ms += round(seconds * 1000)
            await self.controller.run_cycle(self.prices)

    async def command(
        self, action: Action, miner_id: str = "m1", source: Source = Source.PERSON, **more: Any
    ) -> Verdict:
        """Propose something as a person, or as another source."""
        self.now_ms += 1000
        return await self.controller.submit(
            ProposalRecord(
                ts_ms=0,
                subject=miner_id,
                action=action,
                source=source,
                reasons=(Reason.PERSON_COMMAND,),
                **more,
            ),
            self.prices,
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
                **json.loads(item.body or b"{}"),
            }
            for item in stored
        ]

    @property
    def view(self) -> Any:
        """Return the view of the first miner."""
        return self.controller.view.miners["m1"]


def policy_of(**changes: Any) -> PolicyRecord:
    """Return a policy that reacts at once, unless changed."""
    values: dict[str, Any] = {
        "profit_dwell_min": 0.0,
        "collapse_min": 1.0,
        "cooldown_min": 1.0,
        "governor": GovernorPolicy(),
        "miners": (MinerPolicy(miner_id="m1", nominal_hashrate_ths=100, nominal_power_w=3250),),
    }
    return PolicyRecord(ts_ms=0, subject="", **{**values, **changes})


@asynccontextmanager
async def site(
    path: Path, policy: PolicyRecord | None = None, miners: Iterable[str] = ("m1",)
) -> AsyncIterator[Site]:
    """Run a site until the block ends."""
    rig = Site(
        path / "ledger.db", {name: ScriptedMiner() for name in miners}, policy or policy_of()
    )
    await rig.controller.start()
    try:
        yield rig
    finally:
        await rig.controller.stop()
