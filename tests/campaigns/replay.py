"""A simulated day, replayed: every decision comes out the same, and one flipped bit is found."""

import random
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, override

from custom_components.aiep_miner.engine.ledger.verifier.database import verify
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES, MachineFault
from custom_components.aiep_miner.engine.records import (
    Action,
    CurtailmentRecord,
    InputRecord,
    MiningPolicy,
    Mode,
    Origin,
    PolicyRecord,
    Strategy,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.replay import replay
from custom_components.aiep_miner.engine.steps.planning import PricesAhead, SunAhead
from tests.engine.rig import GOOD_PRICES, PRIVATE_KEY, Site, assert_replays

MINERS = 10
CYCLES_OF_A_DAY = 2880
HOUR_MS = 3_600_000
POLICY = PolicyRecord(
    ts_ms=0, subject="", strategy=Strategy.PLAN, profit_dwell_min=2.0, collapse_min=2.0
)
PRICES = replace(
    GOOD_PRICES, energy_price_per_kwh=0.2, coin_price=60_000.0, network_difficulty=1.0e14
)


class Day(Site[SimulatedMiner]):
    """A site on which much happens, by a seed."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        profiles = list(PROFILES.values())
        miners = {
            f"miner-{number}": SimulatedMiner(
                f"{seed}-{number}",
                profiles[number % len(profiles)],
                clock=lambda: self.now_ms / 1000,
            )
            for number in range(MINERS)
        }
        super().__init__(path, miners, POLICY)
        self.prices = PRICES
        self.sun_w: float | None = None
        """What the sun makes; None while nothing of the house is set up."""
        self.room_c = 20.0
        self.fault: Reason | None = None

    @override
    async def cycles(self, count: int = 1, seconds: float = 30.0) -> None:
        """Run cycles in a house with sun, a battery and a room to heat."""
        for _ in range(count):
            self.now_ms += round(seconds * 1000)
            await self.controller.run_cycle(self.prices, self._house_now())
            house = self.controller.view.house
            if self.sun_w is not None and house is not None:
                self.done["moves"] += len(house.moves)

    def _house_now(self) -> InputRecord | None:
        if self.sun_w is None:
            return None
        drawn_w = self.controller.view.total(lambda miner: miner.power_w) or 0.0
        return InputRecord(
            ts_ms=0,
            subject="",
            grid_w=None if self.fault else round(drawn_w + 400.0 - self.sun_w, 1),
            battery_w=self.chance.choice((0.0, -800.0, 600.0)),
            battery_pct=self.chance.choice((20.0, 80.0)),
            feed_in_price_per_kwh=0.03,
            room_c=round(self.room_c, 2),
            wanted_c=20.0,
            heat_price_per_kwh=0.09,
            faults={"grid_w": self.fault} if self.fault else {},
        )

    async def live(self, cycles: int) -> None:
        """Run cycles; now and then something happens between them."""
        await self.controller.start(private_key=PRIVATE_KEY)
        events = (
            *(self._restart, self.crash, self._policy, self._price, self._fault, self._propose),
            *(self._plan, self._order, self._house),
        )
        for _ in range(cycles):
            await self.cycles()
            if self.chance.random() < 0.08:
                event = self.chance.choices(events, (1, 1, 3, 8, 12, 30, 30, 4, 16))[0]
                self.done[event.__name__.strip("_")] += 1
                await event()

    async def _restart(self) -> None:
        await self.controller.stop()
        self.now_ms += self.chance.choice((5_000, 600_000, 9_000_000))
        await self.revive()

    async def _policy(self) -> None:
        changed = replace(
            self.policy,
            mode=self.chance.choice((Mode.AUTO, Mode.AUTO, Mode.MANUAL)),
            safety_stops_in_manual=self.chance.random() < 0.5,
            sheds_over_limit=self.chance.random() < 0.5,
            strategy=self.chance.choice((Strategy.THRESHOLD, *[Strategy.PLAN] * 3)),
            min_run_min=self.chance.choice((0.0, 15.0)),
            min_idle_min=self.chance.choice((0.0, 15.0)),
            governor=MiningPolicy(
                min_trust_for_action=self.chance.choice((1, 2, 2, 3)),
                thermal_throttle_temp_c=self.chance.choice((78.0, 85.0, 90.0)),
                max_power_watts=self.chance.choice((None, 20_000.0, 12_000.0)),
            ),
        )
        await self.set_policy(changed)

    async def _price(self) -> None:
        energy_price = self.chance.uniform(-0.02, 0.3)
        self.prices = replace(self.prices, energy_price_per_kwh=energy_price)

    async def _plan(self) -> None:
        """Make a plan over random hours, some of them not published."""
        begin_ms = self.now_ms - self.now_ms % HOUR_MS
        hours = self.chance.randrange(1, 30)
        ahead = PricesAhead(
            from_ms=tuple(begin_ms + n * HOUR_MS for n in range(hours)),
            prices_per_kwh=tuple(self.chance.uniform(-0.02, 0.3) for _ in range(hours)),
            until_ms=begin_ms + hours * HOUR_MS,
        )
        sun = SunAhead(
            from_ms=ahead.from_ms,
            powers_w=tuple(self.chance.uniform(0, 9_000) for _ in ahead.from_ms),
            house_w=400.0,
        )
        await self.controller.plan(
            self.chance.choice((ahead, ahead, None)), self.chance.choice((sun, None))
        )

    async def _order(self) -> None:
        """Order the site to draw less for a while, or release that."""
        order = CurtailmentRecord(
            ts_ms=0,
            subject="",
            order_id=self.chance.choice("ab"),
            limit_w=self.chance.choice((None, 0.0, 5_000.0, 15_000.0)),
            from_ms=self.now_ms + self.chance.choice((0, 600_000)),
            until_ms=self.now_ms + self.chance.choice((300_000, 1_800_000)),
            origin=Origin.AUTOMATION,
        )
        await self.controller.order(order)

    async def _house(self) -> None:
        """Let the weather change, and now and then the meter fail, jump, or be taken away."""
        self.sun_w = self.chance.choice((None, 0.0, 9_000.0, 30_000.0, 50_000.0, 900_000.0))
        self.room_c = self.chance.uniform(18.0, 22.0)
        self.fault = self.chance.choice((*[None] * 7, Reason.READING_STALE))

    async def _fault(self) -> None:
        miner = self.chance.choice(list(self.miners.values()))
        miner.inject(self.chance.choice(list(MachineFault)), self.chance.uniform(60, 1800))

    async def _propose(self) -> None:
        origin = self.chance.choice((Origin.PERSON, Origin.AUTOMATION, Origin.LLM))
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
        await self.command(
            action,
            miner_id,
            origin,
            value=values.get(action),
            confidence=round(self.chance.uniform(0.3, 1.0), 2),
            origin_id=self.chance.choice(("automation.a", "automation.b")),
        )
        if origin is Origin.PERSON and self.chance.random() < 0.7:
            await self.controller.hand_back(miner_id, None)


def flip_a_bit(path: Path, chance: random.Random) -> int:
    """Flip one bit of one block's observations; return the block's number."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        blocks = file.execute(
            "SELECT number, observations FROM blocks WHERE length(observations) > 0"
        ).fetchall()
        number, observations = chance.choice(blocks)
        changed = bytearray(observations)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.execute("UPDATE blocks SET observations = ? WHERE number = ?", (changed, number))
    return int(number)


async def replay_day(n: int = CYCLES_OF_A_DAY, seed: int = 1) -> dict[str, Any]:
    """Live n cycles of ten miners with restarts, crashes, changed policies, plans, orders, sun,
    heat and proposals; replay them, then flip a bit of an observation: the verifier and the replay both
    find it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        day = Day(path, seed)
        try:
            await day.live(n)
        finally:
            await day.controller.stop()
        report = assert_replays(path)
        assert report.matched >= n * MINERS
        number = flip_a_bit(path, random.Random(seed))
        verified = verify(path)
        assert verified.fault is not None
        assert verified.fault.block == number
        assert replay(path).difference is not None
        return {
            "records": report.records,
            "matched": report.matched,
            "plans": report.plans,
            **day.done,
        }
