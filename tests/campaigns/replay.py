"""A simulated day, replayed: every decision comes out the same, and one flipped bit is found."""

import random
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.controller import Controller
from custom_components.aiep_miner.engine.ledger import verify
from custom_components.aiep_miner.engine.miners.machine import PROFILES, MachineFault
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import (
    Action,
    GovernorPolicy,
    Mode,
    PolicyRecord,
    PriceRecord,
    ProposalRecord,
    Source,
)
from custom_components.aiep_miner.engine.replay import replay

OPERATOR = "campaign"
MINERS = 10
INTERVAL_MS = 30_000
CYCLES_OF_A_DAY = 2880
START_MS = 1_790_000_000_000


class Day:
    """A site on which much happens, by a seed."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.chance = random.Random(seed)
        self.now_ms = START_MS
        self.policy = PolicyRecord(ts_ms=0, subject="", profit_dwell_min=2.0, collapse_min=2.0)
        self.energy_price = 0.05
        self.done: Counter[str] = Counter()
        profiles = list(PROFILES.values())
        self.miners = {
            f"miner-{number}": SimulatedMiner(
                f"{seed}-{number}",
                profiles[number % len(profiles)],
                clock=lambda: self.now_ms / 1000,
            )
            for number in range(MINERS)
        }
        self.controller = self._controller()

    def _controller(self) -> Controller:
        return Controller(
            operator_id=OPERATOR,
            ledger_path=self.path,
            adapters=self.miners,
            policy=self.policy,
            clock=lambda: self.now_ms,
            on_notice=lambda _: None,
            on_governor_event=lambda _: None,
            version="campaign",
        )

    @property
    def prices(self) -> PriceRecord:
        return PriceRecord(
            ts_ms=0,
            subject="",
            currency="EUR",
            energy_price_per_kwh=self.energy_price,
            coin_price=60_000.0,
            network_difficulty=1.0e14,
            block_reward=3.125,
        )

    async def live(self, cycles: int) -> None:
        """Run cycles; now and then something happens between them."""
        await self.controller.start()
        events = (self._restart, self._crash, self._policy, self._price, self._fault, self._propose)
        for _ in range(cycles):
            self.now_ms += INTERVAL_MS
            await self.controller.run_cycle(self.prices)
            if self.chance.random() < 0.08:
                event = self.chance.choices(events, (1, 1, 2, 8, 12, 40))[0]
                self.done[event.__name__.strip("_")] += 1
                await event()
        await self.controller.stop()

    async def _restart(self) -> None:
        await self.controller.stop()
        self.now_ms += self.chance.choice((5_000, 600_000, 9_000_000))
        self.controller = self._controller()
        await self.controller.start()

    async def _crash(self) -> None:
        """Leave the ledger as a process leaves it that is killed."""
        await self.controller.ledger.close()
        self.controller = self._controller()
        await self.controller.start()

    async def _policy(self) -> None:
        self.policy = replace(
            self.policy,
            mode=self.chance.choice((Mode.AUTO, Mode.AUTO, Mode.MANUAL)),
            safety_stops_in_manual=self.chance.random() < 0.5,
            governor=GovernorPolicy(
                min_trust_for_action=self.chance.choice((1, 2, 2, 3)),
                thermal_throttle_temp_c=self.chance.choice((78.0, 85.0, 90.0)),
                max_power_watts=self.chance.choice((None, 20_000.0)),
            ),
        )
        await self.controller.set_policy(self.policy)

    async def _price(self) -> None:
        self.energy_price = self.chance.uniform(-0.02, 0.14)

    async def _fault(self) -> None:
        miner = self.chance.choice(list(self.miners.values()))
        miner.inject(self.chance.choice(list(MachineFault)), self.chance.uniform(60, 1800))

    async def _propose(self) -> None:
        source = self.chance.choice((Source.PERSON, Source.AUTOMATION, Source.LLM))
        action = self.chance.choice(
            (Action.RUN, Action.STOP, Action.RESTART, Action.SET_POWER, Action.SET_HASHRATE,
             Action.SET_POOL)
        )  # fmt: skip
        values = {
            Action.SET_POWER: self.chance.uniform(-100, 7000),
            Action.SET_HASHRATE: self.chance.uniform(0, 300),
            Action.SET_POOL: float(self.chance.randrange(3)),
        }
        miner_id = self.chance.choice(list(self.miners))
        self.now_ms += 1000
        await self.controller.submit(
            ProposalRecord(
                ts_ms=0,
                subject=miner_id,
                action=action,
                source=source,
                reasons=(Reason.OUTSIDE_PROPOSAL,),
                value=values.get(action),
                confidence=round(self.chance.uniform(0.3, 1.0), 2),
                source_id=self.chance.choice(("automation.a", "automation.b")),
            ),
            self.prices,
        )
        if source is Source.PERSON and self.chance.random() < 0.7:
            await self.controller.hand_back(miner_id, None)


def flip_a_bit(path: Path, chance: random.Random) -> int:
    """Flip one bit of one telemetry body; return the record's seq."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        bodies = file.execute(
            "SELECT seq, body FROM records WHERE kind = 'telemetry' AND codec = 'raw'"
        ).fetchall()
        seq, body = chance.choice(bodies)
        changed = bytearray(body)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.execute("UPDATE records SET body = ? WHERE seq = ?", (bytes(changed), seq))
    return int(seq)


async def replay_day(n: int = CYCLES_OF_A_DAY, seed: int = 1) -> dict[str, Any]:
    """Live n cycles of ten miners with restarts, crashes, policy changes and proposals; replay
    them, then flip a bit of one telemetry body: the verifier and the replay both find it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        day = Day(path, seed)
        try:
            await day.live(n)
        finally:
            with suppress(Exception):
                await day.controller.stop()
        report = replay(path)
        assert report.difference is None, report.difference
        assert report.matched >= n * MINERS
        seq = flip_a_bit(path, random.Random(seed))
        verified = verify.verify(path, {})
        assert verified.fault is not None
        assert verified.fault.seq == seq
        found = replay(path).difference
        assert found is not None
        assert found.seq == seq
        return {"records": report.records, "matched": report.matched, **day.done}
