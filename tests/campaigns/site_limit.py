"""A site above its power limit: for how long, and whether every second of it is on record.

Machines start drawing more by themselves, obey late or not at all; limits come late, twice and
contradictory, and the controller restarts. What is checked is the truth of the machines, not what they report.
"""

import itertools
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from custom_components.aiep_miner.engine.miners.base import (
    Capabilities,
    Command,
    Identity,
    MinerInfo,
)
from custom_components.aiep_miner.engine.records import (
    Action,
    DeviceLevel,
    MinerPolicy,
    MiningPolicy,
    PolicyRecord,
    Reading,
)
from custom_components.aiep_miner.engine.steps.shed import RESTORE_EVERY_MS
from tests.engine.rig import (
    GOOD_PRICES,
    START_MS,
    Site,
    assert_replays,
    assert_settled,
    policy_of,
    temperatures,
)

MINERS: Final = 12
CYCLE_S: Final = 30
FULL_W: Final = 3250.0
LIMITS_W: Final = (45_000.0, 36_000.0, 30_000.0, 20_000.0, 8_000.0)
CYCLES_A_DAY: Final = 120
WARM_UP: Final = 22
SLOWEST_S: Final = 50
"""The longest that a firmware takes to obey."""
DISOBEDIENT: Final = 2
"""Machines at a time that do not obey."""
WINDOW_S: Final = 90
"""After this a command without effect counts as not confirmed."""
LEVELS: Final = (
    DeviceLevel(name="eco", power_w=1800.0, hashrate_ths=65.0),
    DeviceLevel(name="full", power_w=FULL_W, hashrate_ths=100.0),
)


@dataclass
class Machine:
    """A machine with a firmware that takes its time."""

    site: LimitSite
    chance: random.Random
    kind: str
    power_w: float = FULL_W
    mining: bool = True
    level: str | None = None
    more_w: float = 0.0
    """What it draws above what it was set to."""
    obeys: bool = True
    due: list[tuple[int, Command]] = field(default_factory=list)
    """What it will do, and when."""
    commands: list[Command] = field(default_factory=list)

    @property
    def drawn_w(self) -> float:
        """Return the power in W that it really draws."""
        return self.power_w + self.more_w if self.mining else 15.0

    async def connect(self) -> MinerInfo:
        actions = {Action.RUN, Action.STOP}
        if self.kind == "levels":
            self.level = "full"
            capabilities = Capabilities(
                actions=frozenset({*actions, Action.SET_LEVEL}), levels=LEVELS
            )
        elif self.kind == "power":
            capabilities = Capabilities(
                actions=frozenset({*actions, Action.SET_POWER}),
                power_min_w=1500.0,
                power_max_w=3600.0,
            )
        else:
            capabilities = Capabilities(actions=frozenset(actions))
        return MinerInfo(identity=Identity(make="Test"), capabilities=capabilities)

    def live(self, now_ms: int) -> None:
        """Do what is due by now."""
        for command in [item for at_ms, item in self.due if at_ms <= now_ms]:
            self._obey(command)
        self.due = [item for item in self.due if item[0] > now_ms]

    def _obey(self, command: Command) -> None:
        self.mining = command.action is not Action.STOP
        if command.action is Action.SET_POWER:
            self.power_w, self.more_w = command.value or FULL_W, 0.0
        if command.action is Action.SET_LEVEL:
            level = next(item for item in LEVELS if item.name == command.option)
            self.power_w, self.level, self.more_w = level.power_w or FULL_W, level.name, 0.0
        if command.action is Action.RUN:
            self.more_w = 0.0

    async def poll(self) -> Reading:
        uptime_s = (self.site.now_ms - START_MS) // 1000 + 100_000
        rate = 100.0 * self.drawn_w / FULL_W if self.mining else 0.0
        return Reading(
            mining=self.mining,
            hashrate_ths=rate * self.chance.uniform(0.99, 1.01),
            power_w=self.drawn_w,
            power_limit_w=self.power_w if self.kind == "power" else None,
            level=self.level if self.kind == "levels" else None,
            temperatures=temperatures(*(self.chance.uniform(60, 61) for _ in range(4))),
            uptime_s=uptime_s,
            shares_accepted=uptime_s // 10,
        )

    async def execute(self, command: Command) -> None:
        self.commands.append(command)
        if self.obeys:
            after_s = self.chance.randint(0, SLOWEST_S)
            self.due.append((self.site.now_ms + after_s * 1000, command))

    async def close(self) -> None:
        self.due.clear()


class LimitSite(Site[Machine]):
    """A site that lives second by second, and knows the truth."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.over_since_ms: int | None = None
        """Since when the machines have truly drawn more than the limit."""
        self.allowed_ms = 0
        """Until when the site may be above its limit."""
        kinds = ("plain", "levels", "power")
        miners = {
            f"m{number:02}": Machine(self, self.chance, kinds[number % 3])
            for number in range(MINERS)
        }
        super().__init__(path, miners, limited(LIMITS_W[0]))
        self.prices = replace(GOOD_PRICES, energy_price_per_kwh=0.04)

    @property
    def limit_w(self) -> float:
        limit_w = self.policy.governor.max_power_watts
        assert limit_w is not None
        return limit_w

    async def second(self) -> None:
        """Live for a second, and check it."""
        self.now_ms += 1000
        for miner in self.miners.values():
            miner.live(self.now_ms)
        drawn_w = sum(miner.drawn_w for miner in self.miners.values())
        if drawn_w <= self.limit_w:
            self.over_since_ms = None
            return
        self.done["seconds over"] += 1
        self.over_since_ms = self.over_since_ms or self.now_ms
        assert self.now_ms <= self.allowed_ms, (
            self.now_ms, self.over_since_ms, drawn_w, self.limit_w,
        )  # fmt: skip

    def excuse(self) -> None:
        """Allow one cycle and the firmware's time from now on, more for each that disobeys.

        A machine that does not obey is found out after its window; then another one follows.
        """
        disobedient = sum(not miner.obeys for miner in self.miners.values())
        seconds = CYCLE_S + SLOWEST_S + disobedient * (WINDOW_S + CYCLE_S)
        self.allowed_ms = self.now_ms + (seconds + 1) * 1000

    async def cycle(self) -> None:
        for _ in range(CYCLE_S):
            await self.second()
        await self.controller.run_cycle(self.prices)

    async def trouble(self) -> None:
        """Let something happen."""
        name = self.chance.choice(sorted(self.miners))
        miner, which = self.miners[name], self.chance.randrange(6)
        match which:
            case 0 | 1:
                before = limited(self.chance.choice(LIMITS_W))
                for policy in (before, limited(self.chance.choice(LIMITS_W))) * 2:
                    await self.set_policy(policy)
            case 2:
                miner.more_w = self.chance.choice((0.0, 300.0, 800.0))
            case 3:
                others = sum(not item.obeys for item in self.miners.values())
                miner.obeys = not miner.obeys or others >= DISOBEDIENT
            case 4:
                await self.restart()
            case _:
                miner.obeys = True
        self.done[f"trouble {which}"] += 1
        self.excuse()


def limited(limit_w: float) -> PolicyRecord:
    return policy_of(
        sheds_over_limit=True,
        max_proposals_per_hour=1000,
        governor=MiningPolicy(max_power_watts=limit_w),
        miners=tuple(
            MinerPolicy(
                miner_id=f"m{number:02}", nominal_hashrate_ths=100.0, nominal_power_w=FULL_W
            )
            for number in range(MINERS)
        ),
    )


async def _live(path: Path, seed: int, cycles: int) -> Counter[str]:
    site = LimitSite(path / "ledger.db", seed)
    await site.controller.start()
    try:
        site.allowed_ms = site.now_ms + 3_600_000
        for _ in range(WARM_UP):
            await site.cycle()
        site.excuse()
        for number in range(cycles):
            if number % 8 == 0:
                await site.trouble()
            await site.cycle()
        await _check_records(site)
        await assert_settled(site)
    finally:
        await site.controller.stop()
    assert_replays(site.path)
    return site.done


async def _check_records(site: LimitSite) -> None:
    """Check that the ledger says of each poll above the limit that it was, and who caused it."""
    over: dict[str, Any] | None = None
    drawn: dict[str, float] = {}
    limit_w = LIMITS_W[0]
    restored_ms: list[int] = []
    kinds = ("telemetry", "policy", "divergence", "proposal", "decision")
    for item in await site.records(*kinds):
        match item["kind"]:
            case "telemetry":
                drawn[item["subject"]] = item.get("reading", {}).get("power_w", 0.0)
            case "policy":
                limit_w = item["governor"]["max_power_watts"]
            case "divergence" if item["code"] == "site_limit_exceeded":
                over = item if item["active"] else None
            case "proposal" if item.get("reasons") == ["site_limit_room"]:
                restored_ms.append(item["ts"])
            case "decision" if len(drawn) == MINERS:
                exceeds = sum(drawn.values()) > limit_w
                site.done["decisions while over"] += exceeds
                assert exceeds is (over is not None), (item, drawn, limit_w)
                started = item["action"] == "run" and item["authorised"]
                assert not (exceeds and started), item
    gaps = [after - before for before, after in itertools.pairwise(restored_ms)]
    assert all(gap >= RESTORE_EVERY_MS for gap in gaps), gaps
    site.done["restored"] += len(restored_ms)


async def site_limit(n: int = 20, seed: int = 1) -> dict[str, int]:
    """Live through ``n`` seeded hours; return what happened."""
    done: Counter[str] = Counter()
    for life in range(n):
        with tempfile.TemporaryDirectory() as folder:
            try:
                done += await _live(Path(folder), seed * 1_000_003 + life, CYCLES_A_DAY)
            except AssertionError as err:
                raise AssertionError(f"seed {seed}, life {life}: {err}") from err
    return dict(sorted(done.items()))
