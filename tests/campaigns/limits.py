"""Random proposals against a site of liars: no limit is passed, nothing starts in danger.

The engine's own steps run in memory, without ledger and event loop, so that a hundred thousand
sequences take minutes. What is checked is the truth of the devices, not what they report.

A lie that nothing contradicts is no part of it: a device that reports half of its power, always
and steadily, is believed.
"""

import math
import random
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from custom_components.aiep_miner.engine import cycle
from custom_components.aiep_miner.engine.journal import Block
from custom_components.aiep_miner.engine.records import (
    Action,
    Board,
    DecisionRecord,
    DeviceLevel,
    LedgerEntry,
    LifecycleEvent,
    LifecycleRecord,
    MinerPolicy,
    MiningPolicy,
    Origin,
    Outcome,
    PolicyRecord,
    Pool,
    ProposalRecord,
    Reading,
    ReceiptRecord,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.state import State
from custom_components.aiep_miner.engine.steps import decide
from custom_components.aiep_miner.engine.steps import execute as execution
from custom_components.aiep_miner.engine.steps import record as recording
from tests.engine.rig import GOOD_PRICES, START_MS

OPERATOR: Final = "operator"
MINERS: Final = ("m1", "m2", "m3")
SITE_W: Final = 7000.0
OWN_W: Final = 3600.0
LEVELS: Final = (
    DeviceLevel(name="low", power_w=2400.0),
    DeviceLevel(name="high", power_w=3500.0),
)
LIMIT_C: Final = 85.0
WALK: Final = 0.30
TOLERANCE: Final = 0.02
"""What a device draws above its target, and by how much a reading is off."""
LIFE: Final = 20
"""Sequences that one site lives through."""
WARM_UP: Final = 12
CALM_CYCLES: Final = 6
STEPS: Final = (2, 6)
HOUR_MS: Final = 3_600_000
ABLE: Final = tuple(action for action in Action if action is not Action.HOLD)
CALMS: Final = frozenset({Action.STOP, Action.POWER_OFF, Action.FAULT_LIGHT, Action.IDENTIFY})
SENSORS: Final = ("honest", "frozen", "silent", "low", "high", "over_range", "blind")

POLICY: Final = PolicyRecord(
    ts_ms=START_MS,
    subject=OPERATOR,
    profit_dwell_min=2.0,
    collapse_min=1.0,
    max_proposals_per_hour=1000,
    governor=MiningPolicy(max_power_watts=SITE_W),
    miners=tuple(
        MinerPolicy(
            miner_id=miner_id,
            nominal_hashrate_ths=100.0,
            nominal_power_w=3250.0,
            max_power_w=OWN_W,
            actions=ABLE,
            power_max_w=4000.0,
            levels=LEVELS,
        )
        for miner_id in MINERS
    ),
)


@dataclass
class Device:
    """What a machine truly does, and how its sensors report it."""

    chance: random.Random
    running: bool = False
    full_w: float = 3250.0
    """Its power with all boards."""
    boards: int = 3
    level: str | None = None
    hot: bool = False
    fan_dead: bool = False
    sensors: str = "honest"
    obeys: bool = True
    uptime_s: int = 1000
    last: Reading | None = None
    trail: deque[tuple[int, float, int]] = field(default_factory=lambda: deque(maxlen=2000))
    """Time in ms, hash rate in TH/s, and boards."""

    @property
    def power_w(self) -> float:
        return self.full_w * self.boards / 3 if self.running else 20.0

    @property
    def rate_ths(self) -> float:
        share = self.boards / 3
        return 100.0 * share * (self.full_w / 3250.0) ** (2 / 3) if self.running else 0.0

    def tell(self) -> Reading | Reason:
        """Return what a poll gives."""
        self.uptime_s += 30
        if self.sensors == "silent":
            return Reason.TIMEOUT
        if self.sensors == "frozen" and self.last is not None:
            return self.last
        self.last = self._reading()
        return self.last

    def _reading(self) -> Reading:
        noise = self.chance.uniform(0.995, 1.005)
        factor = {"low": 0.03, "high": 12.0}.get(self.sensors, 1.0)
        hottest_c = 92.0 if self.hot else 66.0 if self.running else 40.0
        if self.sensors == "over_range":
            hottest_c = 255.0
        sensors = () if self.sensors == "blind" else (hottest_c - 4, hottest_c - 2, hottest_c)
        rpm = 4200 if self.running else 0
        return Reading(
            mining=self.running,
            hashrate_ths=self.rate_ths * noise * (factor if factor > 1 else 1.0),
            power_w=self.power_w * noise * factor,
            temperatures=tuple(
                Temperature(sensor=f"board_{index}", temperature_c=value + noise)
                for index, value in enumerate(sensors)
            ),
            boards=tuple(Board(index=index, enabled=index < self.boards) for index in range(3)),
            pools=(
                Pool(index=0, url="tcp://a:1", active=True, shares_accepted=99, shares_rejected=1),
                Pool(index=1, url="tcp://b:1", active=False, shares_accepted=99, shares_rejected=1),
            ),
            fans_rpm=(rpm, 0 if self.fan_dead else rpm),
            uptime_s=self.uptime_s,
            shares_accepted=self.uptime_s // 10,
            level=self.level,
        )

    def obey(self, record: DecisionRecord) -> None:
        """Do as a firmware does that restarts and runs at every setting."""
        value = record.value or 0.0
        match record.action:
            case Action.STOP | Action.POWER_OFF:
                self.running = False
                return
            case (
                Action.FAULT_LIGHT
                | Action.IDENTIFY
                | Action.SET_FAN
                | Action.SET_POOL
                | Action.SET_TARGET_TEMPERATURE
            ):
                return
            case Action.SET_POWER:
                self.full_w, self.level = value * 3 / self.boards, None
            case Action.SET_HASHRATE:
                full_ths = value * 3 / self.boards
                self.full_w, self.level = 3250.0 * (full_ths / 100.0) ** 1.5, None
            case Action.SET_LEVEL:
                self.level = record.option
                self.full_w = _level_w(record.option)
            case Action.SET_BOARD:
                self.boards = max(1, min(3, self.boards + (1 if record.option == "on" else -1)))
        self.running = True


class World:
    """A site whose engine lives in memory."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.devices = {miner_id: Device(self.chance) for miner_id in MINERS}
        self.devices["m1"].running = self.devices["m2"].running = True
        self.devices["m2"].boards = self.chance.choice((2, 3))
        self.now_ms = START_MS
        self.prices = GOOD_PRICES
        self.state = State(OPERATOR)
        self.records: list[LedgerEntry[Any]] = []
        self.slow: list[tuple[int, ReceiptRecord]] = []
        """Steps until a receipt arrives, and the receipt."""
        self.done: Counter[str] = Counter()
        self.stage([POLICY])
        for _ in range(WARM_UP):
            self.cycle()

    def stage(self, records: Iterable[Any]) -> list[LedgerEntry[Any]]:
        """Apply records as a block does; none is written."""
        filed = []
        for record in records:
            seq = len(self.records) + 1
            filed.append(LedgerEntry(record=record, seq=seq, hash=f"{seq:064x}"))
            self.records.append(filed[-1])
            self.state.apply(filed[-1])
        return filed

    @property
    def block(self) -> Block:
        """Return what the cycle's steps stage their records on."""
        return cast("Block", self)

    def restart(self) -> None:
        """Rebuild the state from the records; what was on its way ends as unknown."""
        self.state = State(OPERATOR)
        for entry in self.records:
            self.state.apply(entry)
        late = [replace(item, ts_ms=self.now_ms, outcome=Outcome.UNKNOWN) for _, item in self.slow]
        self.slow.clear()
        start = LifecycleRecord(ts_ms=self.now_ms, subject=OPERATOR, event=LifecycleEvent.START)
        self.stage([start, *late])
        self.cycle()

    def cycle(self) -> None:
        """Run a governed cycle for all miners."""
        self.now_ms += 30_000
        self._observe(MINERS)
        for miner_id in MINERS:
            self._decide(decide.propose(self.state, miner_id, self.now_ms))

    def propose(self, miner_id: str, origin: Origin, action: Action, **target: Any) -> None:
        """Run what a proposal from outside runs."""
        self.now_ms += 1000
        self._observe((miner_id,))
        reason = Reason.PERSON_COMMAND if origin is Origin.PERSON else Reason.OUTSIDE_PROPOSAL
        self._decide(
            ProposalRecord(
                ts_ms=self.now_ms,
                subject=miner_id,
                action=action,
                origin=origin,
                reasons=(reason,),
                # A source of its own each time: a track record is another limit.
                origin_id=f"{origin}.{len(self.records)}",
                confidence=0.95,
                **target,
            )
        )

    def _observe(self, miners: tuple[str, ...]) -> None:
        self._receive()
        polls = {miner_id: self.devices[miner_id].tell() for miner_id in miners}
        ts_ms = self.now_ms
        self.stage(recording.record(OPERATOR, ts_ms, polls, self.prices))
        cycle.divergence(self.block, ts_ms, list(miners))
        cycle.economics(self.block, ts_ms, list(miners))
        for device in self.devices.values():
            if device.running:
                device.trail.append((ts_ms, device.rate_ths, device.boards))

    def _decide(self, proposal: ProposalRecord) -> None:
        (decision,) = cycle.govern(self.block, self.now_ms, [proposal]).decisions
        if proposal.action is Action.HOLD:
            return
        outside = proposal.origin not in (Origin.STRATEGY, Origin.PERSON)
        if not decision.record.authorised:
            self.done["refused"] += outside
            return
        self.done[f"{decision.record.action}"] += outside
        self._check_dispatch(decision.record)
        self._dispatch(decision)

    def _dispatch(self, decision: LedgerEntry[DecisionRecord]) -> None:
        record = decision.record
        self.stage(execution.superseded(self.state, [decision], self.now_ms))
        device = self.devices[record.subject]
        if device.obeys:
            device.obey(record)
        outcome = self.chance.choice((Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.UNKNOWN))
        receipt = execution.receipt_of(decision, outcome, Reason.DISPATCH_ACCEPTED)
        if self.chance.random() < 0.2:
            self.slow.append((self.chance.randint(1, 4), receipt))
        else:
            self.stage([receipt])
        self._check_power()

    def _receive(self) -> None:
        """File the receipts of slow miners that have come."""
        due = [item for steps, item in self.slow if steps <= 1]
        self.slow = [(steps - 1, item) for steps, item in self.slow if steps > 1]
        self.stage([replace(item, ts_ms=self.now_ms) for item in due])

    def _check_power(self) -> None:
        powers = {miner_id: device.power_w for miner_id, device in self.devices.items()}
        assert sum(powers.values()) <= SITE_W * (1 + TOLERANCE), powers
        assert max(powers.values()) <= OWN_W * (1 + TOLERANCE), powers

    def _check_dispatch(self, record: DecisionRecord) -> None:
        """Check that what is about to be sent neither starts in danger nor walks off."""
        device, miner = self.devices[record.subject], self.state.miner(record.subject)
        if record.action in CALMS:
            return
        drawn_w = device.power_w * (1 + TOLERANCE)
        lowered_w = record.value or 0.0
        if record.action is Action.SET_LEVEL:
            lowered_w = _level_w(record.option) if device.running else math.inf
        lowers = record.action in (Action.SET_POWER, Action.SET_LEVEL)
        is_reduction = lowers and lowered_w < drawn_w
        shown = miner.telemetry.record.reading if miner.telemetry else None
        hottest_c = shown.hottest_c if shown else None
        if hottest_c is not None and hottest_c >= LIMIT_C:
            assert is_reduction, (record, shown)
        if record.origin is Origin.PERSON:
            return
        assert shown is not None, record
        assert not miner.dangers or is_reduction, record
        if record.action is Action.SET_HASHRATE:
            self._check_walk(device, record.value or 0.0)

    def _check_walk(self, device: Device, target_ths: float) -> None:
        """Compare the target with the hour's beginning, as a whole and by the board.

        A board that is switched on is no walk, nor is one that is switched off.
        """
        hour_ago = [item for item in device.trail if item[0] >= self.now_ms - HOUR_MS][:10]
        if not hour_ago:
            return
        whole = max(rate for _, rate, _ in hour_ago)
        board = max(rate / boards for _, rate, boards in hour_ago)
        highest_ths = max(whole, board * device.boards) * (1 + WALK + TOLERANCE)
        present_ths = device.rate_ths * (1 + TOLERANCE)
        assert target_ths <= max(highest_ths, present_ths), (target_ths, hour_ago)


def _level_w(name: str | None) -> float:
    return next(item.power_w or 0.0 for item in LEVELS if item.name == name)


def _trouble(world: World) -> None:
    """Let something happen to a device, the clock or the engine."""
    chance = world.chance
    device = world.devices[chance.choice(MINERS)]
    match chance.randrange(8):
        case 0 | 1:
            device.sensors = chance.choice(SENSORS)
        case 2:
            device.sensors = "honest"
        case 3:
            device.hot = not device.hot
        case 4:
            device.fan_dead = not device.fan_dead
        case 5:
            device.obeys = not device.obeys
        case 6:
            world.now_ms += chance.choice((600_000, 3 * HOUR_MS, 365 * 24 * HOUR_MS))
        case _:
            world.restart()


def _target(world: World, action: Action) -> dict[str, Any]:
    chance = world.chance
    match action:
        case Action.SET_POWER:
            return {"value": chance.choice((1500.0, 2500.0, 3200.0, 3300.0, 3500.0, 4000.0, 1e9))}
        case Action.SET_HASHRATE:
            return {"value": chance.choice((50.0, 90.0, 100.0, 105.0, 110.0, 120.0, 150.0))}
        case Action.SET_LEVEL:
            return {"option": chance.choice(("low", "high"))}
        case Action.SET_BOARD:
            return {"value": float(chance.randrange(3)), "option": chance.choice(("on", "off"))}
        case Action.SET_POOL:
            return {"value": float(chance.randrange(2))}
        case Action.FAULT_LIGHT:
            return {"option": chance.choice(("on", "off"))}
        case _:
            return {}


def _mend(world: World) -> None:
    """Put every device in order, and let the rules start what pays."""
    for device in world.devices.values():
        device.sensors, device.obeys, device.hot, device.fan_dead = "honest", True, False, False
    for _ in range(CALM_CYCLES):
        world.cycle()


def _sequence(world: World) -> None:
    """Run a few proposals, with trouble and cycles between them."""
    chance = world.chance
    if chance.random() < 0.4:
        _mend(world)
    for _ in range(chance.randint(*STEPS)):
        if chance.random() < 0.3:
            _trouble(world)
        if chance.random() < 0.3:
            world.cycle()
        origin = chance.choice((Origin.AUTOMATION, Origin.AUTOMATION, Origin.LLM, Origin.PERSON))
        action = chance.choice(ABLE)
        world.propose(chance.choice(MINERS), origin, action, **_target(world, action))


def limits(n: int = 100_000, seed: int = 1) -> dict[str, int]:
    """Run sequences of proposals; return how often which action from outside was sent or refused."""
    done: Counter[str] = Counter()
    for life in range((n + LIFE - 1) // LIFE):
        try:
            done += _live(seed * 1_000_003 + life, min(LIFE, n - life * LIFE))
        except AssertionError as err:
            raise AssertionError(f"seed {seed}, life {life}: {err}") from err
    return dict(done)


def _live(seed: int, sequences: int) -> Counter[str]:
    world = World(seed)
    for _ in range(sequences):
        _sequence(world)
    return world.done
